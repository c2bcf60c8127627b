"""Matching: where in a text a query is looked for: all of it, or its head alone."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from msgspec import Struct

from reformwatch.matching.query.match_text import MatchText, Ranges, range_of
from reformwatch.matching.query.tree import DEFAULT_PARTS, FIELDS


class Scope(Struct, frozen=True):
    """The places that count: ``default`` where a term names no field, ``fields`` where it does."""

    default: Ranges
    fields: Mapping[str, Ranges]


def whole(text: MatchText) -> Scope:
    """All of a text."""
    return _whole(text.parts)


@lru_cache(maxsize=16)
def _whole(parts: tuple[str, ...]) -> Scope:
    """The same for all texts that have these parts."""
    fields = {field: _ranges(parts, named) for field, named in FIELDS.items()}
    return Scope(default=_ranges(parts, DEFAULT_PARTS), fields=fields)


def _ranges(parts: tuple[str, ...], named: Iterable[str]) -> Ranges:
    """The places of some parts; parts that follow one another are one stretch."""
    joined: list[tuple[int, int]] = []
    for low, high in sorted(range_of(parts.index(part)) for part in named if part in parts):
        if joined and joined[-1][1] == low:
            joined[-1] = (joined[-1][0], high)
        else:
            joined.append((low, high))
    return tuple(joined)


def head(text: MatchText, *, title_end: int, part: str, sentence_end: int) -> Scope:
    """The title up to a character offset, and a text part's beginning up to one; other fields whole."""
    everything = whole(text)
    title = (text.range_until("title", title_end),)
    sentence = (text.range_until(part, sentence_end),)
    return Scope(default=(*title, *sentence), fields={**everything.fields, "title": title, "text": sentence})
