"""Core: one key for a name in Cyrillic, Kazakh and Latin spelling.

Used on capitalised words and ``~Name`` terms only: on ordinary words it merges too much. The classes of letters that
transliterations confuse are folded together: x kh q k h; zh j; sh ch shch; ts s; w v; y i; o u.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

_CYRILLIC: Final = str.maketrans(
    {
        "а": "a", "ә": "a", "б": "b", "в": "v", "г": "g", "ғ": "g", "д": "d", "е": "e", "ё": "e", "є": "e",
        "ж": "j", "з": "z", "и": "i", "і": "i", "ї": "i", "й": "i", "к": "k", "қ": "k", "л": "l", "м": "m",
        "н": "n", "ң": "n", "о": "u", "ө": "u", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ұ": "u",
        "ү": "u", "ў": "u", "ф": "f", "х": "k", "һ": "k", "ц": "s", "ч": "c", "ш": "c", "щ": "c", "ъ": "",
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
#: For slugs and the like: what a reader of Latin letters expects.
_READABLE: Final = str.maketrans(
    {
        "а": "a", "ә": "a", "б": "b", "в": "v", "г": "g", "ғ": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z",
        "и": "i", "і": "i", "й": "i", "к": "k", "қ": "q", "л": "l", "м": "m", "н": "n", "ң": "n", "о": "o", "ө": "o",
        "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ұ": "u", "ү": "u", "ф": "f", "х": "kh", "һ": "h", "ц": "ts",
        "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "iu", "я": "ia",
    }
)  # fmt: skip
_DOUBLES: Final = re.compile(r"(.)\1+")


@lru_cache(maxsize=1 << 15)
def name_key(name: str) -> str:
    """The key of one word of a name; empty where nothing is left."""
    lowered = unicodedata.normalize("NFKC", name).casefold()
    if lowered.endswith(("'s", "’s", "ʼs")):
        lowered = lowered[:-2]
    lowered = lowered.replace("ş", "sh").translate(_CYRILLIC)
    plain = "".join(c for c in unicodedata.normalize("NFD", lowered) if c.isalpha())
    for digraph, letter in _DIGRAPHS:
        plain = plain.replace(digraph, letter)
    plain = plain.translate(_LATIN).replace("ie", "e")
    return _DOUBLES.sub(r"\1", plain)


def transliterated(text: str) -> str:
    """Text in small Latin letters, readable rather than exact."""
    return text.casefold().translate(_READABLE)
