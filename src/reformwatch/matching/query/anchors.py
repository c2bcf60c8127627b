"""Matching: the anchors of a query: what must occur in a text that it matches, so that an index can skip the query.

Term: its word. Phrase: its rarest pair of neighbours. NEAR: its rarer side. AND: its cheapest part. OR: all of its
parts. NOT: nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from msgspec import Struct

from reformwatch.matching.query.tree import And, How, InField, Near, Node, Not, Or, Phrase, Term, children_of

#: The share of texts that have a word, from 0 to 1.
Frequency = Callable[[str], float]

_PREFIX_COST: Final = 4.0
_NAME_COST: Final = 2.0
#: How much rarer two words are side by side than the rarer of them.
_PAIR_DISCOUNT: Final = 0.2


class Word(Struct, frozen=True):
    """A form that must be in the text."""

    form: str


class Pair(Struct, frozen=True):
    """Two forms side by side."""

    first: str
    second: str


class Prefix(Struct, frozen=True):
    """The beginning of a form that must be in the text."""

    text: str


class Name(Struct, frozen=True):
    """A name key that a word of the text must have."""

    key: str


Anchor = Word | Pair | Prefix | Name


class Anchors(Struct, frozen=True):
    """Any of these anchors must occur; ``cost`` is the estimated share of texts in which any of them does."""

    cost: float
    anchors: tuple[Anchor, ...]


def anchors_of(node: Node, frequency: Frequency) -> Anchors | None:
    """The cheapest anchors of a query; None where it has none (a NOT)."""
    match node:
        case Term():
            return _of_term(node, frequency)
        case Phrase():
            return _of_phrase(node, frequency)
        case Near():
            return _cheapest([anchors_of(node.left, frequency), anchors_of(node.right, frequency)])
        case And():
            return _cheapest([anchors_of(child, frequency) for child in node.children])
        case Or():
            alternatives = [anchors_of(child, frequency) for child in node.children]
            if any(anchors is None for anchors in alternatives):
                return None
            present = [anchors for anchors in alternatives if anchors is not None]
            union = dict.fromkeys(anchor for anchors in present for anchor in anchors.anchors)
            return Anchors(cost=sum(anchors.cost for anchors in present), anchors=tuple(union))
        case InField():
            return anchors_of(node.child, frequency)
        case Not():
            return None


def _cheapest(alternatives: Sequence[Anchors | None]) -> Anchors | None:
    present = (anchors for anchors in alternatives if anchors is not None)
    return min(present, key=lambda anchors: anchors.cost, default=None)


def _of_term(term: Term, frequency: Frequency) -> Anchors:
    if term.how is How.PREFIX:
        return Anchors(cost=_PREFIX_COST * frequency(term.word), anchors=(Prefix(term.word),))
    if term.how is How.NAME:
        return Anchors(cost=_NAME_COST * frequency(term.word), anchors=tuple(Name(key) for key in sorted(term.keys)))
    return Anchors(cost=frequency(term.word), anchors=(Word(term.word),))


def _of_phrase(phrase: Phrase, frequency: Frequency) -> Anchors:
    cheapest = min((_of_term(term, frequency) for term in phrase.terms), key=lambda anchors: anchors.cost)
    if phrase.slop is not None:
        return cheapest
    for first, second in zip(phrase.terms, phrase.terms[1:], strict=False):
        if {first.how, second.how} <= {How.FORM, How.EXACT}:
            cost = _PAIR_DISCOUNT * min(frequency(first.word), frequency(second.word))
            if cost < cheapest.cost:
                cheapest = Anchors(cost=cost, anchors=(Pair(first.word, second.word),))
    return cheapest


def terms_of(node: Node) -> Iterator[Term]:
    """The terms of a query that can be its evidence: all but those under a NOT."""
    match node:
        case Term():
            yield node
        case Phrase():
            yield from node.terms
        case Not():
            return
        case _:
            for child in children_of(node):
                yield from terms_of(child)


def words_of(node: Node) -> set[str]:
    """The forms that an evaluation of the query looks up."""
    match node:
        case Term():
            return {node.word} if node.how in {How.FORM, How.EXACT} else set()
        case Phrase():
            return {word for term in node.terms for word in words_of(term)}
        case Near():
            return words_of(node.left) | words_of(node.right)
        case And() | Or():
            return {word for child in node.children for word in words_of(child)}
        case Not() | InField():
            return words_of(node.child)
