"""Matching: the text around the evidence, with the hits marked."""

from collections.abc import Sequence
from typing import Final

from reformwatch.model.topic import Evidence
from reformwatch.model.value import Value

_CONTEXT: Final = 90
_MAX_LENGTH: Final = 320


class Piece(Value, frozen=True, kw_only=True):
    """A piece of text; ``is_hit``: it is evidence of a match."""

    text: str
    is_hit: bool = False


def marked(text: str, evidence: Sequence[Evidence], *, field: str) -> tuple[Piece, ...]:
    """The whole text of a field in pieces, hits apart from the rest."""
    return _pieces(text, 0, len(text), _ranges(evidence, field))


def snippet(text: str, evidence: Sequence[Evidence], *, field: str) -> tuple[Piece, ...]:
    """The part of a field around its first hits, cut at words, in pieces; empty where it has no hit."""
    ranges = _ranges(evidence, field)
    if not ranges:
        return ()
    start = _word_start(text, max(0, ranges[0][0] - _CONTEXT))
    reach = (
        max(end for _, end in ranges if end <= start + _MAX_LENGTH - _CONTEXT)
        if _any_within(ranges, start)
        else ranges[0][1]
    )
    end = _word_end(text, min(len(text), reach + _CONTEXT))
    pieces = _pieces(text, start, end, ranges)
    before = (Piece(text="… "),) if start > 0 else ()
    after = (Piece(text=" …"),) if end < len(text) else ()
    return (*before, *pieces, *after)


def _any_within(ranges: Sequence[tuple[int, int]], start: int) -> bool:
    return any(end <= start + _MAX_LENGTH - _CONTEXT for _, end in ranges)


def _ranges(evidence: Sequence[Evidence], field: str) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted({(e.start, e.end) for e in evidence if e.field == field}):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _pieces(text: str, start: int, end: int, ranges: Sequence[tuple[int, int]]) -> tuple[Piece, ...]:
    pieces = []
    at = start
    for first, last in ranges:
        if first < at or last > end:
            continue
        if first > at:
            pieces.append(Piece(text=text[at:first]))
        pieces.append(Piece(text=text[first:last], is_hit=True))
        at = last
    if at < end:
        pieces.append(Piece(text=text[at:end]))
    return tuple(pieces)


def _word_start(text: str, at: int) -> int:
    if at == 0:
        return 0
    space = text.find(" ", at, at + 30)
    return at if space < 0 else space + 1


def _word_end(text: str, at: int) -> int:
    if at >= len(text):
        return len(text)
    space = text.rfind(" ", at - 30, at)
    return at if space < 0 else space
