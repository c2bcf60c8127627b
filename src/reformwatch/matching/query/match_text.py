"""Matching: the words of an entry with their places, looked up by form, prefix or name key.

A *place* is a whole number: the words of all parts are counted through, and each part begins a gap later that no phrase
and no NEAR can bridge; ``place % GAP`` is the word's number, ``place // GAP`` its part's.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final

from reformwatch.language.forms import forms_of
from reformwatch.language.names import names_of
from reformwatch.language.words import WORD, is_capitalised

#: Wider than any phrase and any NEAR, and more than an entry has words.
GAP: Final = 100_000
PREFIX_BUCKET: Final = 4
_NO_PLACES: Final[list[int]] = []

#: Half-open stretches of places.
Ranges = tuple[tuple[int, int], ...]


class MatchText:
    """The parts of an entry cut into words, once. ``texts`` maps a part's name to its text."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts
        self.parts = tuple(texts)
        self.surfaces: list[str] = []
        self.places: list[int] = []
        self._first: list[int] = []  # number of each part's first word
        for number, part in enumerate(self.parts):
            first = len(self.surfaces)
            self._first.append(first)
            self.surfaces.extend(WORD.findall(texts[part]))
            self.places.extend(range(number * GAP + first, number * GAP + len(self.surfaces)))
        self._primed: Mapping[str, list[int]] | None = None

    @cached_property
    def _starts(self) -> list[int]:
        """Where each word begins in its part's text, in characters: the first occurrence after the word before it."""
        starts: list[int] = []
        for part, first, end in zip(self.parts, self._first, [*self._first[1:], len(self.surfaces)], strict=True):
            at, find = 0, self.texts[part].find
            for surface in self.surfaces[first:end]:
                at = find(surface, at)
                starts.append(at)
                at += len(surface)
        return starts

    @cached_property
    def forms(self) -> list[tuple[str, ...]]:
        """The forms of each word, its own folded form first."""
        return [forms_of(surface) for surface in self.surfaces]

    @cached_property
    def _every_form(self) -> dict[str, list[int]]:
        index: dict[str, list[int]] = {}
        for place, forms in zip(self.places, self.forms, strict=True):
            for form in forms:
                index.setdefault(form, []).append(place)
        return index

    def prime(self, places: Mapping[str, list[int]] | None) -> None:
        """Use the places that an index has gathered for the forms of its queries; None: gather those of all forms."""
        self._primed = places

    @cached_property
    def _buckets(self) -> Mapping[str, list[int]]:
        buckets: dict[str, list[int]] = {}
        for place in self.places:
            buckets.setdefault(self.form_at(place)[:PREFIX_BUCKET], []).append(place)
        return buckets

    @cached_property
    def _names(self) -> Mapping[str, list[int]]:
        index: dict[str, list[int]] = {}
        for place, surface in zip(self.places, self.surfaces, strict=True):
            if is_capitalised(surface):
                for key in names_of(surface):
                    index.setdefault(key, []).append(place)
        return index

    def with_form(self, form: str) -> Sequence[int]:
        """The places of the words that are, or may be an inflection of, this form."""
        index = self._every_form if self._primed is None else self._primed
        return index.get(form, _NO_PLACES)

    def with_exact(self, form: str) -> Sequence[int]:
        """The places of the words whose own folded form is this form."""
        return [place for place in self.with_form(form) if self.form_at(place) == form]

    def with_prefix(self, prefix: str) -> Sequence[int]:
        """The places of the words whose own folded form begins with ``prefix``."""
        places = self._buckets.get(prefix[:PREFIX_BUCKET], _NO_PLACES)
        return [place for place in places if self.form_at(place).startswith(prefix)]

    def with_name(self, keys: frozenset[str]) -> Sequence[int]:
        """The places of the capitalised words that have any of these name keys."""
        places = {place for key in keys for place in self._names.get(key, _NO_PLACES)}
        return sorted(places)

    def form_at(self, place: int) -> str:
        """The folded form of the word at a place."""
        return forms_of(self.surfaces[place % GAP])[0]

    def part_of(self, place: int) -> str:
        """The part in which a place lies."""
        return self.parts[place // GAP]

    def span(self, place: int) -> tuple[int, int]:
        """The character offsets, in its part's text, of the word at a place."""
        start = self._starts[place % GAP]
        return (start, start + len(self.surfaces[place % GAP]))

    def range_until(self, part: str, offset: int) -> tuple[int, int]:
        """The places of a part's words that begin before a character offset."""
        number = self.parts.index(part)
        first = self._first[number]
        last = self._first[number + 1] if number + 1 < len(self._first) else len(self.surfaces)
        return (number * GAP, number * GAP + bisect_left(self._starts, offset, first, last))


def range_of(number: int) -> tuple[int, int]:
    """The places of the part with this number: from the first to before the second."""
    return (number * GAP, (number + 1) * GAP)
