"""Matching: the part of a text in which a query is evaluated: all of it, or its head alone."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from msgspec import Struct

from reformwatch.matching.query.match_text import MatchText, Ranges, range_of
from reformwatch.matching.query.tree import DEFAULT_PARTS, FIELDS


class Scope(Struct, frozen=True):
    """The places that count: ``default`` for a term without a field, ``fields`` by the field that a term names."""

    default: Ranges
    fields: Mapping[str, Ranges]


def whole(text: MatchText) -> Scope:
    """The scope of a whole text."""
    return _whole(text.parts)


@lru_cache(maxsize=16)
def _whole(parts: tuple[str, ...]) -> Scope:
    """The scope is the same for all texts with these parts."""
    fields = {field: _ranges(parts, named) for field, named in FIELDS.items()}
    return Scope(default=_ranges(parts, DEFAULT_PARTS), fields=fields)


def _ranges(parts: tuple[str, ...], named: Iterable[str]) -> Ranges:
    """The places of the named parts; adjacent parts become a single range."""
    joined: list[tuple[int, int]] = []
    for low, high in sorted(range_of(parts.index(part)) for part in named if part in parts):
        if joined and joined[-1][1] == low:
            joined[-1] = (joined[-1][0], high)
        else:
            joined.append((low, high))
    return tuple(joined)


def head(text: MatchText, *, title_end: int, part: str, sentence_end: int) -> Scope:
    """The title and a text part, each up to a character offset; all other fields whole."""
    everything = whole(text)
    title = (text.range_until("title", title_end),)
    sentence = (text.range_until(part, sentence_end),)
    return Scope(default=(*title, *sentence), fields={**everything.fields, "title": title, "text": sentence})
