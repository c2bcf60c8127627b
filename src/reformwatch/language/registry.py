"""Language: the languages of this program. A new language is a file in this folder and a line here."""

from collections.abc import Mapping
from typing import Final

from reformwatch.language.base import LATIN, Language, Script
from reformwatch.language.english import ENGLISH
from reformwatch.language.kazakh import KAZAKH
from reformwatch.language.russian import RUSSIAN
from reformwatch.language.spanish import SPANISH

_ALL: Final[tuple[Language, ...]] = (
    ENGLISH,
    RUSSIAN,
    KAZAKH,
    SPANISH,
)
#: The languages by their code, in the order in which they are shown and tried.
LANGUAGES: Final[Mapping[str, Language]] = {language.code: language for language in _ALL}

#: The languages that are written in each script. Latin is the last: a word with letters of several is not Latin.
WRITTEN_IN: Final[Mapping[Script, tuple[Language, ...]]] = {
    script: tuple(language for language in _ALL if script in language.scripts)
    for script in sorted((script for language in _ALL for script in language.scripts), key=LATIN.__eq__)
}


def script_of(text: str) -> Script | None:
    """The script of a folded word or text; None where it is none of the languages' scripts."""
    return next((script for script in WRITTEN_IN if script.search(text)), None)
