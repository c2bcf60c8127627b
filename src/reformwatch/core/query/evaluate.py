"""Core: a tree against a document, with evidence. Plain and complete: the yardstick for anything faster."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, product
from typing import Final

from reformwatch.core.query.document import Document, Place
from reformwatch.core.query.tree import (
    DEFAULT_PARTS,
    FIELDS,
    And,
    How,
    InField,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Term,
)
from reformwatch.model.topic import Evidence

#: At most so much evidence is kept for one match; the first of each part of the query comes first.
MAX_EVIDENCE: Final = 24
_MAX_SPANS: Final = 2_000

Hit = tuple[Place, Term]


@dataclass(frozen=True, slots=True)
class _Span:
    """A positional match: words ``first`` to ``last`` of one part, and the hits in it."""

    part: int
    first: int
    last: int
    hits: tuple[Hit, ...]


def evaluate(node: Node, document: Document) -> tuple[Evidence, ...] | None:
    """The evidence that the document meets the query, in order of place; None where it does not."""
    hits = _hits(node, document, _numbers(document, DEFAULT_PARTS))
    return None if hits is None else _evidence(hits, document)


def _numbers(document: Document, parts: Iterable[str]) -> frozenset[int]:
    return frozenset(document.number[part] for part in parts if part in document.number)


def _hits(node: Node, document: Document, parts: frozenset[int]) -> list[Hit] | None:
    """What satisfied the node, empty for a NOT; None where it is not met."""
    match node:
        case Term() | Phrase() | Near():
            spans = _spans(node, document, parts)
            return [hit for span in spans for hit in span.hits] if spans else None
        case And():
            every = [_hits(child, document, parts) for child in node.children]
            return None if any(part is None for part in every) else [hit for part in every if part for hit in part]
        case Or():
            met = [part for child in node.children if (part := _hits(child, document, parts)) is not None]
            return [hit for part in met for hit in part] if met else None
        case Not():
            return [] if _hits(node.child, document, parts) is None else None
        case InField():
            return _hits(node.child, document, _numbers(document, FIELDS[node.field]))


def _spans(node: Node, document: Document, parts: frozenset[int]) -> list[_Span]:
    match node:
        case Term():
            return [_Span(part, at, at, (((part, at), node),)) for part, at in _places(node, document, parts)]
        case Phrase(slop=None):
            return _adjacent(node, document, parts)
        case Phrase(slop=int(slop)):
            return _within(node, slop, document, parts)
        case Near():
            return _near(node, document, parts)
        case Or():
            return [span for child in node.children for span in _spans(child, document, parts)]
        case _:  # pragma: no cover - the grammar lets no other node in here
            raise AssertionError(f"{type(node).__name__} has no place in a text")


def _places(term: Term, document: Document, parts: frozenset[int]) -> list[Place]:
    match term.how:
        case How.PREFIX:
            places = document.with_prefix(term.word)
        case How.NAME:
            places = document.with_name(term.word)
        case How.FORM | How.EXACT:
            places = document.with_form(term.word)
    return [place for place in places if place[0] in parts]


def _adjacent(phrase: Phrase, document: Document, parts: frozenset[int]) -> list[_Span]:
    first, *others = phrase.terms
    rest = [(i, term, set(_places(term, document, parts))) for i, term in enumerate(others, 1)]
    spans = []
    for part, at in _places(first, document, parts):
        if all((part, at + i) in places for i, _, places in rest):
            hits = (((part, at), first), *(((part, at + i), term) for i, term, _ in rest))
            spans.append(_Span(part, at, at + len(others), hits))
    return spans


def _within(phrase: Phrase, slop: int, document: Document, parts: frozenset[int]) -> list[_Span]:
    """All words of the phrase, each at its own place, with at most ``slop`` other words among them."""
    width = len(phrase.terms) + slop
    places = [_places(term, document, parts) for term in phrase.terms]
    spans: dict[tuple[int, int, int], _Span] = {}
    for part, at in sorted({place for some in places for place in some}):
        window = [[p for p in some if p[0] == part and at <= p[1] < at + width] for some in places]
        chosen = next((c for c in islice(product(*window), 10_000) if len(set(c)) == len(c) and (part, at) in c), None)
        if chosen is not None:
            last = max(p[1] for p in chosen)
            spans.setdefault((part, at, last), _Span(part, at, last, tuple(zip(chosen, phrase.terms, strict=True))))
    return list(spans.values())


def _near(node: Near, document: Document, parts: frozenset[int]) -> list[_Span]:
    lefts, rights = _spans(node.left, document, parts), _spans(node.right, document, parts)
    spans: dict[tuple[int, int, int], _Span] = {}
    for left in lefts:
        for right in rights:
            if _are_near(left, right, node):
                key = (left.part, min(left.first, right.first), max(left.last, right.last))
                spans.setdefault(key, _Span(*key, left.hits + right.hits))
        if len(spans) > _MAX_SPANS:
            break
    return list(spans.values())


def _are_near(left: _Span, right: _Span, node: Near) -> bool:
    if left.part != right.part:
        return False
    if left.last < right.first:
        return right.first - left.last <= node.distance
    return not node.ordered and right.last < left.first and left.first - right.last <= node.distance


def _evidence(hits: list[Hit], document: Document) -> tuple[Evidence, ...]:
    chosen = islice(_first_of_each_term(hits), MAX_EVIDENCE)
    return tuple(_as_evidence(place, term, document) for place, term in sorted(chosen, key=_order))


def _order(hit: Hit) -> tuple[Place, int]:
    return hit[0], hit[1].start


def _first_of_each_term(hits: list[Hit]) -> Iterator[Hit]:
    distinct = sorted(set(hits), key=_order)
    seen: set[Term] = set()
    later = []
    for hit in distinct:
        if hit[1] in seen:
            later.append(hit)
        else:
            seen.add(hit[1])
            yield hit
    yield from later


def _as_evidence(place: Place, term: Term, document: Document) -> Evidence:
    part = document.parts[place[0]]
    word = document.words[place[0]][place[1]]
    return Evidence(
        field=part,
        start=word.start,
        end=word.end,
        word=document.texts[part][word.start : word.end],
        term=term.shown,
        how=term.how.value,
    )
