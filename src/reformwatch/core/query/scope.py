"""Core: where in a document a query is looked for: all of it, or its head alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reformwatch.core.query.document import Document, Ranges
from reformwatch.core.query.tree import DEFAULT_PARTS, FIELDS


@dataclass(frozen=True, slots=True)
class Scope:
    """The places that count: ``default`` where a term names no field, ``fields`` where it does."""

    default: Ranges
    fields: Mapping[str, Ranges]


def whole(document: Document) -> Scope:
    """All of a document."""
    fields = {field: _ranges(document, parts) for field, parts in FIELDS.items()}
    return Scope(default=_ranges(document, DEFAULT_PARTS), fields=fields)


def _ranges(document: Document, parts: Iterable[str]) -> Ranges:
    """The places of some parts; parts that follow one another are one stretch."""
    joined: list[tuple[int, int]] = []
    for low, high in sorted(document.range_of(part) for part in parts if part in document.parts):
        if joined and joined[-1][1] == low:
            joined[-1] = (joined[-1][0], high)
        else:
            joined.append((low, high))
    return tuple(joined)


def head(document: Document, *, title_end: int, part: str, sentence_end: int) -> Scope:
    """The title up to a character offset, and a text part's beginning up to one; other fields whole."""
    everything = whole(document)
    title = (document.range_until("title", title_end),)
    sentence = (document.range_until(part, sentence_end),)
    return Scope(default=(*title, *sentence), fields={**everything.fields, "title": title, "text": sentence})
