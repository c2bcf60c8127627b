"""Messages: catalogues: the translated texts of the program, by language.

English texts are in the source. The other languages are gettext's ``.po`` files, whose texts are arguments here. Babel
parses them, and formats numbers and dates; it is imported at the first use of another language, since commands started
by cron mostly write English.
"""

import io
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from gettext import GNUTranslations


class Counted(Struct, frozen=True):
    """A text that depends on a number: its English singular and plural. ``by``: that number's name in the text."""

    singular: str
    plural: str
    by: str = "count"


def msg(text: str) -> str:
    """Mark a text for the catalogues; it is returned as it is, and translated where it is shown."""
    return text


def counted(singular: str, plural: str, *, by: str = "count") -> Counted:
    """Mark a text that depends on a number for the catalogues."""
    return Counted(singular, plural, by)


class Words:
    """The texts and formats of a language; of this base class: English, as in the source."""

    language = "en"

    def gettext(self, text: str) -> str:
        """A text translated into this language."""
        return text

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        """A text translated into this language, in its plural form for ``count``."""
        return singular if count == 1 else plural

    def number(self, number: int) -> str:
        """A whole number with separated thousands."""
        return f"{number:,}"

    def day(self, moment: datetime) -> str:
        """The date of a time, in UTC."""
        return f"{moment.astimezone(UTC):%d %B %Y}"

    def moment(self, moment: datetime) -> str:
        """The date, hour and minute of a time, in UTC."""
        return f"{self.day(moment)} {moment.astimezone(UTC):%H:%M} UTC"


ENGLISH: Final = Words()

WordsOf = Callable[[str], Words]


class _TranslatedWords(Words):
    """The texts of a catalogue, and its language's formats."""

    def __init__(self, language: str, translations: "GNUTranslations") -> None:
        self.language, self._translations = language, translations

    def gettext(self, text: str) -> str:
        return self._translations.gettext(text)

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        return self._translations.ngettext(singular, plural, count)

    def number(self, number: int) -> str:
        from babel.numbers import format_decimal

        return format_decimal(number, locale=self.language)

    def day(self, moment: datetime) -> str:
        from babel.dates import format_date

        return format_date(moment.astimezone(UTC), "long", locale=self.language)


class Catalogues:
    """The words of all languages. ``texts``: the contents of the ``.po`` files, by language. Threads may share it."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts, self._lock = dict(texts), threading.Lock()
        self._words: dict[str, Words] = {}

    def words(self, language: str) -> Words:
        """The words of a language; of English where the language has no catalogue."""
        if language not in self._texts:
            return ENGLISH
        with self._lock:
            if language not in self._words:
                self._words[language] = _TranslatedWords(language, _compiled(self._texts[language], language))
            return self._words[language]


def _compiled(text: str, language: str) -> "GNUTranslations":
    from gettext import GNUTranslations

    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.StringIO(text), locale=language))
    compiled.seek(0)
    return GNUTranslations(compiled)
