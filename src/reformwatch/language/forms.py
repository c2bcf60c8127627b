"""Language: the lattice: a word of a text under its own form and under every dictionary form it may be an inflection of.

The query's term stays as typed, and a match is membership. Each word is tried under the rules of every language its
script can be written in: which language a text is in need not be known.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from reformwatch.language import english, kazakh, russian, spanish
from reformwatch.language.words import MAX_WORD, fold

_CYRILLIC: Final = re.compile("[а-яёәғқңөұүһі]")
_LATIN: Final = re.compile("[a-z]")
_ONLY_KAZAKH_LATIN: Final = re.compile("[ğşıäǵńý]|q(?!u)")

#: The Latin alphabets of Kazakhstan (2021, and the one with acutes of 2018), and what their letters are in Cyrillic.
_TO_CYRILLIC: Final = str.maketrans(
    {
        "a": "а", "ä": "ә", "b": "б", "v": "в", "g": "г", "ğ": "ғ", "d": "д", "e": "е", "j": "ж", "z": "з", "i": "и",
        "ı": "і", "k": "к", "q": "қ", "l": "л", "m": "м", "n": "н", "ñ": "ң", "o": "о", "ö": "ө", "p": "п", "r": "р",
        "s": "с", "t": "т", "u": "у", "ū": "ұ", "ü": "ү", "f": "ф", "h": "х", "y": "ы", "ş": "ш", "c": "ц",
        "á": "ә", "ǵ": "ғ", "ń": "ң", "ó": "ө", "ú": "ү", "ý": "у",
    }
)  # fmt: skip

_TO_LATIN: Final = {
    cyrillic: chr(latin) for latin, cyrillic in reversed([(k, ord(v)) for k, v in _TO_CYRILLIC.items()])
}


def forms_of(surface: str) -> tuple[str, ...]:
    """The folded form of a word as it stands in a text, then the dictionary forms it may come from."""
    return _forms(surface[: MAX_WORD + 2])


@lru_cache(maxsize=1 << 17)
def _forms(surface: str) -> tuple[str, ...]:
    form = fold(surface)
    if len(form) < 3 or form[0].isdigit():
        return (form,)
    if _CYRILLIC.search(form):
        found = [form, *russian.lemmas(form), *kazakh.lemmas(form)]
    elif _LATIN.search(form):
        found = [form, *english.lemmas(form)]
        if form not in english.NO_PLURALS:
            found += spanish.lemmas(form)
        found += _from_kazakh_latin(surface)
    else:
        return (form,)
    return tuple(dict.fromkeys(found))


def _from_kazakh_latin(surface: str) -> list[str]:
    """Kazakh in Latin letters, where the letters say so: its Cyrillic spelling and dictionary forms, in both scripts.

    i stands for и and for і in different alphabets, so both are tried.
    """
    lowered = surface.casefold()
    if lowered.isascii() and "q" not in lowered:
        return []
    lowered = unicodedata.normalize("NFC", lowered)
    if not _ONLY_KAZAKH_LATIN.search(lowered) or _CYRILLIC.search(lowered):
        return []
    cyrillic = fold(lowered.replace("sh", "ş").replace("ch", "ч").translate(_TO_CYRILLIC))
    spellings = dict.fromkeys((cyrillic, cyrillic.replace("и", "і")))
    found = [form for spelling in spellings for form in (spelling, *kazakh.lemmas(spelling))]
    return [*found, *(fold(form.translate(_TO_LATIN)) for form in found)]
