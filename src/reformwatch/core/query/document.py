"""Core: an entry as queries see it: words with places, looked up by form, prefix or name key."""

from bisect import bisect_left
from collections.abc import Mapping
from functools import cached_property
from typing import Final

from reformwatch.core.language.names import name_key
from reformwatch.core.language.words import Word, is_capitalised, words

#: A place in a document: the part's number in :attr:`Document.parts`, the word's number in that part.
Place = tuple[int, int]
_NO_PLACES: Final[list[Place]] = []


class Document:
    """The parts of an entry (title, summary, content, author, source, tag, url, lang) cut into words, once."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts
        self.parts = tuple(texts)
        self.number = {part: i for i, part in enumerate(self.parts)}
        self.words: tuple[list[Word], ...] = tuple(words(texts[part]) for part in self.parts)

    @cached_property
    def forms(self) -> Mapping[str, list[Place]]:
        """Folded form to its places, in order."""
        index: dict[str, list[Place]] = {}
        for part, found in enumerate(self.words):
            for at, word in enumerate(found):
                index.setdefault(word.form, []).append((part, at))
        return index

    @cached_property
    def _sorted_forms(self) -> list[str]:
        return sorted(self.forms)

    @cached_property
    def _names(self) -> Mapping[str, list[Place]]:
        index: dict[str, list[Place]] = {}
        for part, found in enumerate(self.words):
            text = self.texts[self.parts[part]]
            for at, word in enumerate(found):
                surface = text[word.start : word.end]
                if is_capitalised(surface):
                    index.setdefault(name_key(surface), []).append((part, at))
        return index

    def with_form(self, form: str) -> list[Place]:
        """Where a word stands in this very form."""
        return self.forms.get(form, _NO_PLACES)

    def with_prefix(self, prefix: str) -> list[Place]:
        """Where a word begins like this."""
        places: list[Place] = []
        for form in self._sorted_forms[bisect_left(self._sorted_forms, prefix) :]:
            if not form.startswith(prefix):
                break
            places.extend(self.forms[form])
        return sorted(places)

    def with_name(self, key: str) -> list[Place]:
        """Where a capitalised word has this name key."""
        return self._names.get(key, _NO_PLACES)

    def cut(self, texts: Mapping[str, str]) -> "Document":
        """Another document made of shortened parts."""
        return Document({**self.texts, **texts})
