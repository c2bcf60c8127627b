"""Language: text to words with offsets, and the folded form under which a word is compared.

Folding: NFKC, casefold, ё to е, combining accents off, except those that make another letter (ñ, й, ў, ї).
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

#: Letters and digits with their combining marks; soft hyphens do not break a word, hyphens and apostrophes do. An
#: English possessive belongs to its word.
WORD: Final = re.compile(r"[^\W_]+(?:[\u0300-\u036f\u00ad]+[^\W_]*)*(?:['’ʼ]s(?![^\W_]))?")

_KEPT: Final = frozenset({"n\u0303", "и\u0306", "у\u0306", "і\u0308"})
#: Words of these letters only, as most Russian and Kazakh words are, need no more than small letters.
_PLAIN_CYRILLIC: Final = re.compile("[А-ЯЁӘҒҚҢӨҰҮҺІа-яёәғқңөұүһі]+")
_CYRILLIC: Final = re.compile("[а-яәғқңөұүһі]")
_LATIN_IN_CYRILLIC: Final = re.compile("[a-zəıñë]")
#: Latin letters that occur in Cyrillic words by mistake or on purpose, and the letters meant.
_LOOK_ALIKES: Final = str.maketrans("aeopcyxkmthiəbëAEOPCYXKMTHIƏB", "аеорсухкмтһіәвеАЕОРСУХКМТНІӘВ")
_POSSESSIVES: Final = ("'s", "’s", "ʼs")
#: The longest word that is compared; longer ones are addresses, keys and the like.
MAX_WORD: Final = 64


@lru_cache(maxsize=1 << 16)
def fold(word: str) -> str:
    """The form under which a word is compared; at most :data:`MAX_WORD` characters."""
    if word.endswith(_POSSESSIVES):
        word = word[:-2]
    word = word[:MAX_WORD]
    if word.isascii():
        return word.lower()
    if _PLAIN_CYRILLIC.fullmatch(word):
        return word.lower().replace("ё", "е")
    word = _without_accents(unicodedata.normalize("NFKC", word))
    lowered = word.casefold()
    if _LATIN_IN_CYRILLIC.search(lowered) and _CYRILLIC.search(lowered):
        lowered = word.translate(_LOOK_ALIKES).casefold()
    return _without_accents(lowered.replace("\u00ad", "").replace("ё", "е"))[:MAX_WORD]


def _without_accents(word: str) -> str:
    """A word without combining marks, except those that make another letter."""
    decomposed = unicodedata.normalize("NFD", word)
    if not any(map(unicodedata.combining, decomposed)):
        return word
    kept: list[str] = []
    for c in decomposed:
        if not unicodedata.combining(c) or (kept and (kept[-1] + c).casefold() in _KEPT):
            kept.append(c)
    return unicodedata.normalize("NFC", "".join(kept))


def is_capitalised(word: str) -> bool:
    """Whether a word begins with a capital, as names do in most languages."""
    return word[:1].isupper() or word[:1].istitle()
