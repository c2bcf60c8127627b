"""Core: the language of an entry among the four, where its feed does not say: for ``lang:``, for display, for counts.

Letters that only one of the languages has decide first; then the commonest short words. Matching does not need it.
"""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Final

from reformwatch.core.language.words import WORD

_KAZAKH_LETTERS: Final = re.compile("[әғқңөұүһі]")
_KAZAKH_LATIN: Final = re.compile("[ğşı]|q(?!u)")
_KAZAKH_ARABIC: Final = re.compile("[ەۇۋڭٴ]")
_RUSSIAN_LETTERS: Final = re.compile("[ыэщъ]")
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
    words = [word.casefold() for word in WORD.findall(text[:_SAMPLE])]
    counts = Counter({language: sum(word in common for word in words) for language, common in _COMMON.items()})
    sample = " ".join(words)
    if len(_KAZAKH_ARABIC.findall(sample)) >= _MIN_WORDS:
        return "kk"
    if _CYRILLIC.search(sample):
        kazakh = sum(bool(_KAZAKH_LETTERS.search(word)) for word in words)
        counts = Counter(
            {
                "ru": counts["ru"] + sum(bool(_RUSSIAN_LETTERS.search(w)) for w in words),
                "kk": 2 * (counts["kk"] + kazakh),
            }
        )
    else:
        counts = Counter({language: counts[language] for language in ("en", "es")})
        counts["es"] += len(re.findall("[ñ¿¡áéíóú]", sample))
        counts["kk"] = 2 * sum(bool(_KAZAKH_LATIN.search(word)) for word in words)
    (best, hits), *others = counts.most_common()
    if hits < _MIN_WORDS or (others and others[0][1] == hits):
        return None
    return best
