"""Core: Kazakh (Cyrillic): the dictionary forms that a word may be an inflection of.

A noun or adjective is STEM + plural + possessive + case (+ attributive), each optional; every allomorph stands only after
the sounds it may follow, in harmony with one of the stem's last two vowels. Derivations (-лы, -шы, -сыз, -дық) are words
of their own and are not taken off: әкім is not әкімдік, жолдау is not жол.

Sources: Rakhimova and Turganbayeva 2020 (doi 10.17586/2226-1494-2020-20-4-545-551); Tukeyev 2015 (TurkLang); Barakhnin
et al. 2017.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

_BACK: Final = frozenset("аоұыуяёю")
_FRONT: Final = frozenset("әөүіеэию")
_VOWELS: Final = frozenset("аәоөұүыіеэуияёю")
#: Sounds after which an allomorph stands. и and у are vowels and glides; б в г д at the end count as voiceless.
_OPEN: Final = _VOWELS
_NASAL: Final = frozenset("мнң")
_GLIDES: Final = frozenset("уию")
_LIQUID: Final = frozenset("рлйуияюь")
_SIBILANT: Final = frozenset("зж")
_VOICELESS: Final = frozenset("пфкқтсшщчцхһбвгдь")
_FOREIGN_ENDS: Final = frozenset("иуюькгхвя")
_FOREIGN_LETTERS: Final = frozenset("яэёюцщьъф")

_CASES: Final = tuple(
    (suffix, after)
    for suffixes, after in (
        ("ның нің", _OPEN | _NASAL),
        ("дың дің", _LIQUID | _SIBILANT),
        ("тың тің", _VOICELESS),
        ("ға ге", _OPEN | _NASAL | _LIQUID | _SIBILANT),
        ("қа ке", _VOICELESS),
        ("ны ні", _OPEN),
        ("ды ді", _NASAL | _LIQUID | _SIBILANT),
        ("ты ті", _VOICELESS),
        ("да де дағы дегі", _OPEN | _NASAL | _LIQUID | _SIBILANT),
        ("та те тағы тегі", _VOICELESS),
        ("дан ден", _OPEN | _LIQUID | _SIBILANT),
        ("тан тен", _VOICELESS),
        ("нан нен", _NASAL),
        ("мен", _OPEN | _NASAL | _LIQUID),
        ("бен", _SIBILANT),
        ("пен", _VOICELESS),
    )
    for suffix in suffixes.split()
)
#: After a third person's possessive.
_CASES_OF_THEIRS: Final = ("ның", "нің", "на", "не", "н", "нда", "нде", "ндағы", "ндегі", "нан", "нен", "мен")
#: After the first or second person's: үйіме, үйіңе.
_CASES_OF_OURS: Final = ("а", "е")
_PLURALS: Final = tuple(
    (suffix, after)
    for suffixes, after in (
        ("лар лер", _OPEN | frozenset("рйуия")),
        ("дар дер", _NASAL | _SIBILANT | frozenset("ль")),
        ("тар тер", _VOICELESS),
    )
    for suffix in suffixes.split()
)
_THEIRS_AFTER_CONSONANT: Final = ("ы", "і")
_THEIRS_AFTER_TWO: Final = ("ысы", "ісі")  # фактісі
_THEIRS: Final = (("сы", True), ("сі", True), ("ы", False), ("і", False), ("ысы", False), ("ісі", False))
_OURS: Final = (
    ("мыз", True), ("міз", True), ("ңыз", True), ("ңіз", True), ("м", True), ("ң", True),
    ("ымыз", False), ("іміз", False), ("ыңыз", False), ("іңіз", False), ("ым", False), ("ім", False), ("ың", False),
    ("ің", False),
)  # fmt: skip
_HARDENED: Final = {"б": "п", "г": "к", "ғ": "қ"}


@lru_cache(maxsize=1 << 16)
def lemmas(word: str) -> tuple[str, ...]:
    """The dictionary forms that a folded word may come from, itself left out."""
    found: dict[str, None] = {}
    for stem in (word, *_without_case(word)):
        found.setdefault(stem)
        for owned in _without_possessive(stem):
            found.setdefault(owned)
            found.update(dict.fromkeys(_without_plural(owned)))
        found.update(dict.fromkeys(_without_plural(stem)))
    for owned in _without_case_and_owner(word):
        found.setdefault(owned)
        found.update(dict.fromkeys(_without_plural(owned)))
    found.pop(word, None)
    return tuple(stem for stem in found if _is_stem(stem))


def _without_case(word: str) -> Iterator[str]:
    for suffix, after in _CASES:
        if word.endswith(suffix):
            stem = word[: -len(suffix)]
            if stem and stem[-1] in after and _in_harmony(stem, suffix):
                yield stem


def _without_case_and_owner(word: str) -> Iterator[str]:
    """Stems under a possessive and a case that stands only after a possessive."""
    for suffix in _CASES_OF_THEIRS:
        if word.endswith(suffix):
            rest = word[: -len(suffix)]
            for ending, is_after_vowel in _THEIRS:
                yield from _off(rest, ending, is_after_vowel=is_after_vowel)
    for suffix in _CASES_OF_OURS:
        if word.endswith(suffix) and word[-2:-1] in {"м", "ң"}:
            rest = word[:-1]
            for ending, is_after_vowel in _OURS:
                yield from _off(rest, ending, is_after_vowel=is_after_vowel)


def _without_possessive(word: str) -> Iterator[str]:
    for ending, is_after_vowel in (*_THEIRS, *_OURS):
        yield from _off(word, ending, is_after_vowel=is_after_vowel)


def _off(word: str, ending: str, *, is_after_vowel: bool) -> Iterator[str]:
    """A possessive taken off, with the repairs it calls for."""
    stem = word[: -len(ending)]
    if not word.endswith(ending) or len(stem) < 2:
        return
    last = stem[-1]
    if last not in _VOWELS and ending in _THEIRS_AFTER_CONSONANT:
        yield f"{stem}ь"  # моделі: модель; a soft sign takes either harmony
    if not _in_harmony(stem, ending):
        return
    if is_after_vowel:
        if last in _VOWELS:
            yield stem
        return
    if last in _VOWELS - _GLIDES or (ending in _THEIRS_AFTER_TWO and stem[-2] in _VOWELS):
        return
    yield from _repaired(stem)


def _repaired(stem: str) -> Iterator[str]:
    """A stem under a possessive that begins with a vowel, and what it may be without it."""
    last = stem[-1]
    yield stem
    if last in _HARDENED:
        yield stem[:-1] + _HARDENED[last]  # кітабы: кітап
    if len(stem) > 2 and stem[-2] not in _VOWELS - _GLIDES and last not in _VOWELS:
        softened = stem[:-1] + _HARDENED.get(last, last)
        for vowel in "ыі":  # халқы: халық, ерні: ерін, аузы: ауыз
            if _in_harmony(stem[:-1], vowel):
                yield f"{softened[:-1]}{vowel}{softened[-1]}"


def _without_plural(word: str) -> Iterator[str]:
    for suffix, after in _PLURALS:
        if word.endswith(suffix):
            stem = word[: -len(suffix)]
            if stem and stem[-1] in after and _in_harmony(stem, suffix):
                yield stem
                if stem[-1] in "ыі" and len(stem) > 3 and _VOWELS.isdisjoint(stem[-3:-1]):
                    yield stem[:-1]  # фактілер: факт


def _in_harmony(stem: str, suffix: str) -> bool:
    """Whether a suffix's vowel may follow either of the stem's last two vowels; foreign stems take both."""
    of_suffix = next((c for c in suffix if c in _VOWELS), None)
    if of_suffix is None or suffix in {"мен", "бен", "пен"}:
        return True
    if stem[-1] in _FOREIGN_ENDS or not _FOREIGN_LETTERS.isdisjoint(stem):
        return True
    vowels = [c for c in stem if c in _VOWELS][-2:]
    kind = _BACK if of_suffix in "аыо" else _FRONT
    return any(vowel in kind for vowel in vowels)


def _is_stem(stem: str) -> bool:
    return len(stem) >= 2 and not _VOWELS.isdisjoint(stem)
