"""Language: the language of an entry among the four, where its feed does not say: for ``lang:``, for display, for counts.

Letters that only one of the languages has decide first; then the commonest short words. Matching does not need it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from reformwatch.language.words import WORD

#: From the letter to the end of its word: as many are found as there are words that have one.
_KAZAKH_LETTERS: Final = re.compile("[әғқңөұүһі][^ ]*")
_KAZAKH_LATIN: Final = re.compile("(?:[ğşı]|q(?!u))[^ ]*")
_KAZAKH_ARABIC: Final = re.compile("[ەۇۋڭٴ]")
_RUSSIAN_LETTERS: Final = re.compile("[ыэщъ][^ ]*")
_CYRILLIC: Final = re.compile("[а-яё]")
_COMMON: Final[Mapping[str, frozenset[str]]] = {
    "en": frozenset(["the", "of", "and", "to", "in", "a", "is", "that", "for", "on", "with", "as", "by", "was", "are", "from", "at", "has", "his", "it", "be", "an", "this", "will", "its", "which", "who", "not", "were"]),
    "es": frozenset(["de", "la", "que", "el", "en", "y", "los", "del", "las", "por", "un", "una", "con", "para", "se", "al", "no", "su", "es", "como", "más", "lo", "sus", "ha", "este", "entre", "sobre"]),
    "ru": frozenset(["в", "и", "на", "с", "что", "по", "не", "из", "за", "о", "для", "это", "как", "к", "от", "его", "был", "до", "при", "после", "также", "или", "его", "она", "они"]),
    "kk": frozenset(["және", "мен", "бұл", "үшін", "бойынша", "деп", "туралы", "жылы", "бар", "ол", "осы", "болып", "кейін", "дейін", "қазақстан", "арқылы"]),
}  # fmt: skip
_MIN_WORDS: Final = 2
_SAMPLE: Final = 4_000


def detect(text: str) -> str | None:
    """``en``, ``ru``, ``kk`` or ``es``; None where the text is too short or belongs to none of them."""
    words = list(map(str.casefold, WORD.findall(text[:_SAMPLE])))
    sample = " ".join(words)
    if len(_KAZAKH_ARABIC.findall(sample)) >= _MIN_WORDS:
        return "kk"
    if _CYRILLIC.search(sample):
        russian, kazakh = len(_RUSSIAN_LETTERS.findall(sample)), len(_KAZAKH_LETTERS.findall(sample))
        counts = Counter({"ru": _common("ru", words) + russian, "kk": 2 * (_common("kk", words) + kazakh)})
    else:
        spanish = len(re.findall("[ñ¿¡áéíóú]", sample))
        counts = Counter({"en": _common("en", words), "es": _common("es", words) + spanish})
        counts["kk"] = 2 * len(_KAZAKH_LATIN.findall(sample))
    (best, hits), *others = counts.most_common()
    if hits < _MIN_WORDS or (others and others[0][1] == hits):
        return None
    return best


def _common(language: str, words: Iterable[str]) -> int:
    return sum(map(_COMMON[language].__contains__, words))
