"""Language: keys for a name in Cyrillic, Kazakh and Latin spelling; spellings with a common key are of the same name.

Used on capitalised words and ``~Name`` terms only: on ordinary words it merges too much. Letters that transliterations
confuse are folded together: x kh q k h; zh j; sh ch shch; ts s; w v; y i; o u. A Latin j can be zh (Latin Kazakh), y
(German, Polish) or kh (Spanish), an initial y can be zh (Spanish), an s between vowels can be z (German): further keys.
Each dictionary form of the word has keys of its own, so that Тоқаевтың and Токаевым reach Tokayev.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from reformwatch.language.forms import forms_of
from reformwatch.language.words import MAX_WORD

_CYRILLIC: Final = str.maketrans(
    {
        "а": "a", "ә": "a", "б": "b", "в": "v", "г": "g", "ғ": "g", "д": "d", "е": "e", "ё": "e", "є": "e",
        "ж": "j", "з": "z", "и": "i", "і": "i", "ї": "i", "й": "i", "к": "k", "қ": "k", "л": "l", "м": "m",
        "н": "n", "ң": "n", "о": "u", "ө": "u", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ұ": "u",
        "ү": "u", "ў": "u", "ф": "f", "х": "k", "һ": "k", "ц": "s", "ч": "C", "ш": "C", "щ": "C", "ъ": "",
        "ы": "i", "ь": "", "э": "e", "ю": "iu", "я": "ia",
    }
)  # fmt: skip
_DIGRAPHS: Final = (
    ("shch", "C"), ("sch", "C"), ("sh", "C"), ("ch", "C"), ("kh", "k"), ("zh", "j"), ("gh", "g"), ("ts", "s"),
    ("tz", "s"), ("ck", "k"), ("ph", "f"),
)  # fmt: skip
_LATIN: Final = str.maketrans(
    {"q": "k", "c": "k", "h": "k", "x": "ks", "w": "v", "y": "i", "o": "u", "ı": "i", "ə": "a", "C": "c", "ş": "c"}
)
_FEMININE: Final = re.compile("(?:[ey]ev|ev|ov|in)a$")
_SOFT_S: Final = re.compile("(?<=[aeiou])s(?=[aeiou])")
_DOUBLES: Final = re.compile(r"(.)\1+")
#: For slugs and the like: transliterations that are common in English.
_READABLE: Final = str.maketrans(
    {
        "а": "a", "ә": "a", "б": "b", "в": "v", "г": "g", "ғ": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z",
        "и": "i", "і": "i", "й": "i", "к": "k", "қ": "q", "л": "l", "м": "m", "н": "n", "ң": "n", "о": "o", "ө": "o",
        "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ұ": "u", "ү": "u", "ф": "f", "х": "kh", "һ": "h", "ц": "ts",
        "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "iu", "я": "ia",
    }
)  # fmt: skip
_MAX_FORMS: Final = 16


def names_of(word: str) -> frozenset[str]:
    """The name keys of a word as written, and of its dictionary forms."""
    return _names_of(word[: MAX_WORD + 2])


@lru_cache(maxsize=1 << 15)
def _names_of(word: str) -> frozenset[str]:
    spellings = [word, *forms_of(word)[:_MAX_FORMS]]
    if _FEMININE.search(word.casefold()):
        spellings.append(word[:-1])  # Nazarbayeva, as Назарбаева
    return frozenset(key for spelling in spellings for key in _keys(spelling) if len(key) > 1)


def _keys(name: str) -> tuple[str, ...]:
    lowered = unicodedata.normalize("NFKC", name).casefold()
    if lowered.endswith(("'s", "’s", "ʼs")):
        lowered = lowered[:-2]
    is_latin = bool(re.search("[a-z]", lowered))
    plain = _plain(lowered)
    readings = [plain]
    if is_latin:
        if "j" in plain and "zh" not in lowered:
            readings += [plain.replace("j", "i"), plain.replace("j", "k")]
        if lowered.startswith("y"):
            readings.append("j" + plain[1:])
        readings += [_SOFT_S.sub("z", reading) for reading in readings]
    return tuple(dict.fromkeys(_finished(reading) for reading in readings))


def _plain(lowered: str) -> str:
    lowered = lowered.replace("ş", "sh").translate(_CYRILLIC)
    plain = "".join(c for c in unicodedata.normalize("NFD", lowered) if c.isalpha())
    for digraph, letter in _DIGRAPHS:
        plain = plain.replace(digraph, letter)
    return plain.translate(_LATIN)


def _finished(reading: str) -> str:
    key = _DOUBLES.sub(r"\1", reading.replace("ie", "e"))
    return f"{key[:-5]}stan" if key.endswith("istan") and len(key) > 6 else key  # Kazajistán, Kazajstán, Kazakhstan


def transliterated(text: str) -> str:
    """Text in small Latin letters, readable rather than exact."""
    return text.casefold().translate(_READABLE)
