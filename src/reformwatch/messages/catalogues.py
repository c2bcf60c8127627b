"""Messages: catalogues: what the program says to people, in each language that it speaks.

English stands in the source. The other languages are gettext's ``.po`` files, whose texts are handed in. Babel reads
them, and knows how a language writes numbers and dates; it is imported where the first of them is needed, since what
cron starts speaks English mostly.
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
    """A text that depends on a number: its English singular and plural. ``by`` names the number among its values."""

    singular: str
    plural: str
    by: str = "count"


def msg(text: str) -> str:
    """Mark a text for the catalogues; it is translated where it is shown."""
    return text


def counted(singular: str, plural: str, *, by: str = "count") -> Counted:
    """Mark a text that depends on a number for the catalogues."""
    return Counted(singular, plural, by)


class Words:
    """The words of a language. These are the English ones: the source's own."""

    language = "en"

    def gettext(self, text: str) -> str:
        """A text in this language."""
        return text

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        """A text in the form that this language has for a number."""
        return singular if count == 1 else plural

    def number(self, number: int) -> str:
        """A whole number, its thousands apart."""
        return f"{number:,}"

    def day(self, moment: datetime) -> str:
        """The day of a time in UTC."""
        return f"{moment.astimezone(UTC):%d %B %Y}"

    def moment(self, moment: datetime) -> str:
        """A time in UTC."""
        return f"{self.day(moment)} {moment.astimezone(UTC):%H:%M} UTC"


ENGLISH: Final = Words()

WordsOf = Callable[[str], Words]


class _TranslatedWords(Words):
    """The words of a catalogue."""

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
    """The words of all languages. ``texts`` are those of the ``.po`` files, by language. Threads may share one."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts, self._lock = dict(texts), threading.Lock()
        self._words: dict[str, Words] = {}

    def words(self, language: str) -> Words:
        """The words of a language; English ones where it has no catalogue."""
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
