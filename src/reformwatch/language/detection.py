"""Language: the language of an entry whose feed declares none: for ``lang:``, for display, for counts.

Letters that only one of the languages has decide first; then, among the languages of the text's script, the commonest
short words and what only one of them has. Matching does not need it.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from reformwatch.language.base import Language, Script
from reformwatch.language.registry import LANGUAGES, WRITTEN_IN, script_of
from reformwatch.language.words import WORD

_MIN_WORDS: Final = 2
_SAMPLE: Final = 4_000


def detect(text: str) -> str | None:
    """The code of a text's language; None where the text is too short or in another language."""
    words = list(map(str.casefold, WORD.findall(text[:_SAMPLE])))
    sample = " ".join(words)
    for language in LANGUAGES.values():
        if language.decisive is not None and len(language.decisive.findall(sample)) >= _MIN_WORDS:
            return language.code
    script = script_of(sample)
    if script is None:
        return None
    counts = Counter({language.code: _count(language, script, words, sample) for language in WRITTEN_IN[script]})
    (best, hits), *others = counts.most_common()
    if hits < _MIN_WORDS or (others and others[0][1] == hits):
        return None
    return best


def _count(language: Language, script: Script, words: Sequence[str], sample: str) -> int:
    pattern = language.scripts[script]
    marks = 0 if pattern is None else len(pattern.findall(sample))
    return language.weight * (sum(map(language.common.__contains__, words)) + marks)
