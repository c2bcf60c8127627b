"""Language: the type of a language. Each language is a value in a file of its own; ``registry.py`` lists them."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec import Struct, field

#: The letters of a script, folded. A language in another script brings a pattern of its own.
Script = re.Pattern[str]
LATIN: Final[Script] = re.compile("[a-z]")
CYRILLIC: Final[Script] = re.compile("[а-яёәғқңөұүһі]")


def not_respelled(surface: str) -> Sequence[str]:  # noqa: ARG001 - the signature of ``Language.respelled``
    """The forms of a word in a language with a single script: always empty."""
    return ()


class Language(Struct, frozen=True, kw_only=True):
    """A language: how its words are inflected, and how a text in it is recognised.

    Only the first three are needed. ``code`` is that of ISO 639-1. ``lemmas`` returns the dictionary forms that a folded
    word may come from, itself left out. ``scripts`` are the scripts it is written in, that of ``lemmas`` first; to each
    belongs a pattern that matches only this language among those in that script, None where there is none.

    ``common`` are its commonest short words. The language of a text is that with most matches of its common words and of
    its script's pattern; each match counts ``weight``. ``decisive``: letters of which two are enough.

    ``uninflected`` are words from which the languages listed later must not take an ending. ``respelled`` returns the forms
    of a word (as written in the text) in any script but the first. ``abbreviations`` do not end a sentence: alternatives of
    a regular expression, without the full stop. ``other_codes`` are other codes that documents declare for the language.
    """

    code: str
    lemmas: Callable[[str], Sequence[str]]
    scripts: Mapping[Script, Script | None]
    common: frozenset[str] = frozenset()
    weight: int = 1
    decisive: Script | None = None
    uninflected: frozenset[str] = frozenset()
    respelled: Callable[[str], Sequence[str]] = not_respelled
    abbreviations: Sequence[str] = ()
    other_codes: Sequence[str] = field(default_factory=tuple)

    @property
    def script(self) -> Script:
        """The script of ``lemmas``."""
        return next(iter(self.scripts))
