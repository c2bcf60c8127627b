"""Matching: the tree of a query.

``start`` and ``end`` are character offsets into the query's text, so that ``explain`` can show the part.
"""

from enum import Enum

from msgspec import Struct

#: The fields that a query can name, each with its parts of a text.
FIELDS: dict[str, tuple[str, ...]] = {
    "title": ("title",),
    "text": ("summary", "content"),
    "author": ("author",),
    "source": ("source",),
    "tag": ("tag",),
    "url": ("url",),
    "lang": ("lang",),
}
#: The parts in which a term without a field is looked up.
DEFAULT_PARTS = ("title", "summary", "content")


class How(Enum):
    """How a term is compared with the words of a text."""

    FORM = "same form"  # or an inflection of it
    EXACT = "exact"
    PREFIX = "prefix"
    NAME = "name"


class Term(Struct, frozen=True, kw_only=True):
    """A word: ``word`` is folded; ``keys`` are a name's keys, empty otherwise; ``shown`` is what the user typed."""

    word: str
    keys: frozenset[str] = frozenset()
    how: How
    shown: str
    start: int
    end: int


class Phrase(Struct, frozen=True, kw_only=True):
    """Words side by side in this order; with ``slop``, in any order with at most that many other words among them."""

    terms: tuple[Term, ...]
    slop: int | None
    start: int
    end: int


class Near(Struct, frozen=True, kw_only=True):
    """Two positional parts that do not overlap, at most ``distance`` words apart (1: side by side)."""

    left: "Node"
    right: "Node"
    distance: int
    ordered: bool
    start: int
    end: int


class And(Struct, frozen=True, kw_only=True):
    """A query that is met where all ``children`` are."""

    children: tuple["Node", ...]
    start: int
    end: int


class Or(Struct, frozen=True, kw_only=True):
    """A query that is met where any of ``children`` is."""

    children: tuple["Node", ...]
    start: int
    end: int


class Not(Struct, frozen=True, kw_only=True):
    """A query that is met where ``child`` is not."""

    child: "Node"
    start: int
    end: int


class InField(Struct, frozen=True, kw_only=True):
    """A query that is met where ``child`` is met within the field."""

    field: str
    child: "Node"
    start: int
    end: int


Node = Term | Phrase | Near | And | Or | Not | InField


def children_of(node: Node) -> tuple[Node, ...]:
    """The parts of a node that are queries themselves."""
    match node:
        case And() | Or():
            return node.children
        case Near():
            return (node.left, node.right)
        case Not() | InField():
            return (node.child,)
        case _:
            return ()


def is_positional(node: Node) -> bool:
    """Whether a node's matches have places in the text, which NEAR requires."""
    match node:
        case Term() | Phrase() | Near():
            return True
        case Or():
            return all(is_positional(child) for child in node.children)
        case _:
            return False


def has_positive(node: Node) -> bool:
    """Whether the node can be met only by a text in which a term occurs."""
    match node:
        case Not():
            return False
        case Or():
            return all(has_positive(child) for child in node.children)
        case And():
            return any(has_positive(child) for child in node.children)
        case InField():
            return has_positive(node.child)
        case _:
            return True
