"""Language: what a language is to this program: one value in a file of its own; ``registry.py`` lists them."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec import Struct, field

#: The letters of a script, folded. A language in another script brings a pattern of its own.
Script = re.Pattern[str]
LATIN: Final[Script] = re.compile("[a-z]")
CYRILLIC: Final[Script] = re.compile("[а-яёәғқңөұүһі]")


def as_it_stands(surface: str) -> Sequence[str]:  # noqa: ARG001 - the common form of what may stand here
    """No other forms."""
    return ()


class Language(Struct, frozen=True, kw_only=True):
    """A language: how its words are inflected, and how a text in it is recognised.

    Only the first three are needed. ``code`` is that of ISO 639-1. ``lemmas`` gives the dictionary forms that a folded word
    may come from, itself left out. ``scripts`` are those it is written in, first that of ``lemmas``; to each belongs a
    pattern of what only this language has in that script, None where there is no such thing.

    ``common`` are its commonest short words. A text is taken for the language that has most of these and of the patterns
    of its script; ``weight`` is how much each of them counts. ``decisive``: letters of which two decide alone.

    ``uninflected`` are words from which no language that is listed later may take an ending. ``respelled`` gives the forms
    of a word, as it stands in a text, that is written in another than the first script. ``abbreviations`` do not end a
    sentence: alternatives of a regular expression, without the full stop. ``stated_as``: other codes that documents write.
    """

    code: str
    lemmas: Callable[[str], Sequence[str]]
    scripts: Mapping[Script, Script | None]
    common: frozenset[str] = frozenset()
    weight: int = 1
    decisive: Script | None = None
    uninflected: frozenset[str] = frozenset()
    respelled: Callable[[str], Sequence[str]] = as_it_stands
    abbreviations: Sequence[str] = ()
    stated_as: Sequence[str] = field(default_factory=tuple)

    @property
    def script(self) -> Script:
        """The script of ``lemmas``."""
        return next(iter(self.scripts))
