"""Matching: the evaluation of a query's tree for a text: whether the query is met, and the words that meet it.

An index only chooses which trees are evaluated (:mod:`reformwatch.matching.index`).
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from msgspec import Struct

from reformwatch.matching.query.match_text import MatchText, Ranges
from reformwatch.matching.query.scope import Scope, whole
from reformwatch.matching.query.tree import And, How, InField, Near, Node, Not, Or, Phrase, Term
from reformwatch.model.topic import Evidence

#: The most evidence that a match keeps; the first word of each term of the query has precedence.
MAX_EVIDENCE: Final = 24
_MAX_SPANS: Final = 2_000

Hit = tuple[int, Term]


class Span(Struct, frozen=True):
    """A positional match: the places ``first`` to ``last``, and the hits in it."""

    first: int
    last: int
    hits: tuple[Hit, ...]


def evaluate(node: Node, text: MatchText, scope: Scope | None = None) -> tuple[Evidence, ...] | None:
    """The evidence that the text meets the query, in order of place; None where it does not."""
    scope = scope or whole(text)
    hits = _hits(node, text, scope, scope.default)
    return None if hits is None else _evidence(hits, text)


def is_met(node: Node, text: MatchText, scope: Scope) -> bool:
    """Whether the text meets the query; as :func:`evaluate`, without evidence."""
    return _is_met(node, text, scope, scope.default)


def _is_met(node: Node, text: MatchText, scope: Scope, ranges: Ranges) -> bool:
    kind = type(node)
    if kind is Term:
        return _occurs(node, text, ranges)  # type: ignore[arg-type]  # narrowed by `kind`, which is faster
    if isinstance(node, And):
        return all(_is_met(child, text, scope, ranges) for child in node.children)
    if isinstance(node, Or):
        return any(_is_met(child, text, scope, ranges) for child in node.children)
    if isinstance(node, Not):
        return not _is_met(node.child, text, scope, ranges)
    if isinstance(node, InField):
        return _is_met(node.child, text, scope, scope.fields[node.field])
    if isinstance(node, Phrase) and node.slop is None:
        return _phrase_occurs(node, text, ranges)
    return next(iter(_spans(node, text, ranges)), None) is not None


def _hits(node: Node, text: MatchText, scope: Scope, ranges: Ranges) -> list[Hit] | None:
    """The hits of the node, empty for a NOT; None where it is not met."""
    match node:
        case Term() | Phrase() | Near():
            hits = [hit for span in _spans(node, text, ranges) for hit in span.hits]
            return hits or None
        case And():
            gathered: list[Hit] = []
            for child in node.children:
                child_hits = _hits(child, text, scope, ranges)
                if child_hits is None:
                    return None
                gathered += child_hits
            return gathered
        case Or():
            met = [
                child_hits for child in node.children if (child_hits := _hits(child, text, scope, ranges)) is not None
            ]
            return [hit for child_hits in met for hit in child_hits] if met else None
        case Not():
            return None if _is_met(node.child, text, scope, ranges) else []
        case InField():
            return _hits(node.child, text, scope, scope.fields[node.field])


def _spans(node: Node, text: MatchText, ranges: Ranges) -> Iterator[Span]:
    match node:
        case Term():
            yield from (Span(place, place, ((place, node),)) for place in _places(node, text, ranges))
        case Phrase(slop=None):
            yield from _adjacent(node, text, ranges)
        case Phrase(slop=int(slop)):
            yield from _within(node, slop, text, ranges)
        case Near():
            yield from _near(node, text, ranges)
        case Or():
            for child in node.children:
                yield from _spans(child, text, ranges)
        case _:  # pragma: no cover - the grammar lets no other node in here
            raise AssertionError(f"{type(node).__name__} has no place in a text")


def _occurs(term: Term, text: MatchText, ranges: Ranges) -> bool:
    if term.how is How.FORM:
        places = text.with_form(term.word)
        if not places:
            return False
        low, high = ranges[0] if ranges else (0, 0)
        if low <= places[0] < high:
            return True
    return bool(_places(term, text, ranges))


def _phrase_occurs(phrase: Phrase, text: MatchText, ranges: Ranges) -> bool:
    """Whether a phrase occurs; for plain words, the most common case, their places are enough."""
    all_places: list[Sequence[int]] = []
    for term in phrase.terms:
        if term.how is not How.FORM:
            return next(_adjacent(phrase, text, ranges), None) is not None
        places = text.with_form(term.word)
        if not places:
            return False
        all_places.append(places)
    starts, *others = all_places
    for at in starts:
        if all(at + i in places for i, places in enumerate(others, 1)):
            last = at + len(others)
            if any(low <= at and last < high for low, high in ranges):
                return True
    return False


def _places(term: Term, text: MatchText, ranges: Ranges) -> Sequence[int]:
    how = term.how
    if how is How.FORM:
        places = text.with_form(term.word)
    elif how is How.PREFIX:
        places = text.with_prefix(term.word)
    elif how is How.NAME:
        places = text.with_name(term.keys)
    else:
        places = text.with_exact(term.word)
    if not places:
        return places
    if len(ranges) == 1:
        low, high = ranges[0]
        return [place for place in places if low <= place < high]
    return [place for place in places if any(low <= place < high for low, high in ranges)]


def _adjacent(phrase: Phrase, text: MatchText, ranges: Ranges) -> Iterator[Span]:
    first, *others = phrase.terms
    starts = _places(first, text, ranges)
    for i, term in enumerate(others, 1):
        if not starts:
            return
        places = frozenset(_places(term, text, ranges))
        starts = [at for at in starts if at + i in places]
    for at in starts:
        yield span_of(phrase, at)


def span_of(phrase: Phrase, at: int) -> Span:
    """The span of a phrase whose first word is at the place ``at``, and whose words follow one another."""
    return Span(at, at + len(phrase.terms) - 1, tuple((at + i, term) for i, term in enumerate(phrase.terms)))


def lies_in(span: Span, ranges: Ranges) -> bool:
    """Whether the whole span lies in any of the ranges."""
    return any(low <= span.first and span.last < high for low, high in ranges)


def evidence_of(spans: Iterable[Span], text: MatchText) -> tuple[Evidence, ...]:
    """The evidence of spans, in order of place."""
    return _evidence([hit for span in spans for hit in span.hits], text)


def _within(phrase: Phrase, slop: int, text: MatchText, ranges: Ranges) -> Iterator[Span]:
    """All words of the phrase, each at a place of its own, with at most ``slop`` other words among them."""
    width = len(phrase.terms) + slop
    places = [_places(term, text, ranges) for term in phrase.terms]
    if not all(places):
        return
    rarest = min(places, key=lambda term_places: len(term_places))
    for at in sorted(set(rarest)):
        for first in range(at - width + 1, at + 1):
            window = [_between(term_places, first, first + width) for term_places in places]
            if all(window) and any(first in term_places for term_places in window):
                chosen = _distinct_places(window)
                if chosen is not None:
                    yield Span(min(chosen), max(chosen), tuple(zip(chosen, phrase.terms, strict=True)))
                    break


def _distinct_places(window: Sequence[Sequence[int]]) -> list[int] | None:
    """A place of its own for each word (augmenting paths: a word may move another to its next place), or None."""
    word_at: dict[int, int] = {}

    def assign(word: int, tried: set[int]) -> bool:
        for place in window[word]:
            if place not in tried:
                tried.add(place)
                if place not in word_at or assign(word_at[place], tried):
                    word_at[place] = word
                    return True
        return False

    if not all(assign(word, set()) for word in range(len(window))):
        return None
    return [place for _, place in sorted((word, place) for place, word in word_at.items())]


def _between(places: Sequence[int], low: int, high: int) -> Sequence[int]:
    """The places from ``low`` to before ``high``; ``places`` are in order."""
    return places[bisect_left(places, low) : bisect_left(places, high)]


def _near(node: Near, text: MatchText, ranges: Ranges) -> Iterator[Span]:
    lefts = sorted(_spans(node.left, text, ranges), key=_first)
    if not lefts:
        return
    rights = sorted(_spans(node.right, text, ranges), key=_first)
    by_end = sorted(rights, key=_last)
    seen: set[tuple[int, int]] = set()
    for left in lefts:
        after = rights[
            bisect_left(rights, left.last + 1, key=_first) : bisect_left(
                rights, left.last + node.distance + 1, key=_first
            )
        ]
        before = (
            []
            if node.ordered
            else by_end[
                bisect_left(by_end, left.first - node.distance, key=_last) : bisect_left(by_end, left.first, key=_last)
            ]
        )
        for right in (*after, *before):
            key = (min(left.first, right.first), max(left.last, right.last))
            if key not in seen:
                seen.add(key)
                yield Span(*key, left.hits + right.hits)
        if len(seen) > _MAX_SPANS:
            return


def _first(span: Span) -> int:
    return span.first


def _last(span: Span) -> int:
    return span.last


def _evidence(hits: list[Hit], text: MatchText) -> tuple[Evidence, ...]:
    """In order of place; the same word is listed once for each term of the query."""
    distinct = {(place, term.start): (place, term) for place, term in hits}
    ordered = [distinct[key] for key in sorted(distinct)]
    if len(ordered) > MAX_EVIDENCE:
        ordered = sorted(islice(_first_of_each_term(ordered), MAX_EVIDENCE), key=_order)
    pieces = {(place, term.shown, _how(place, term, text)): None for place, term in ordered}
    return tuple(_as_evidence(place, shown, how, text) for place, shown, how in pieces)


def _order(hit: Hit) -> tuple[int, int]:
    return hit[0], hit[1].start


def _first_of_each_term(ordered: list[Hit]) -> Iterator[Hit]:
    seen: set[int] = set()
    later = []
    for hit in ordered:
        if hit[1].start in seen:
            later.append(hit)
        else:
            seen.add(hit[1].start)
            yield hit
    yield from later


def _how(place: int, term: Term, text: MatchText) -> str:
    if term.how is How.FORM and text.form_at(place) != term.word:
        return f"inflection of {term.word}"
    return term.how.value


def _as_evidence(place: int, shown: str, how: str, text: MatchText) -> Evidence:
    part = text.part_of(place)
    start, end = text.span(place)
    return Evidence(field=part, start=start, end=end, word=text.texts[part][start:end], term=shown, how=how)
