"""Language: Kazakh: the dictionary forms that a word may be an inflection of.

A noun or adjective is STEM + plural + possessive + case (+ attributive), each optional; every allomorph occurs only after
certain sounds, in harmony with one of the stem's last two vowels. Derivations (-лы, -шы, -сыз, -дық) are words
of their own and are not taken off: әкім is not әкімдік, жолдау is not жол.

Sources: Rakhimova and Turganbayeva 2020 (doi 10.17586/2226-1494-2020-20-4-545-551); Tukeyev 2015 (TurkLang); Barakhnin
et al. 2017.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final, NamedTuple

from reformwatch.language.base import CYRILLIC, LATIN, Language
from reformwatch.language.endings import Endings
from reformwatch.language.words import fold

_BACK: Final = frozenset("аоұыуяёю")
_FRONT: Final = frozenset("әөүіеэию")
_VOWELS: Final = frozenset("аәоөұүыіеэуияёю")
#: Sounds after which an allomorph occurs. и and у are vowels and glides; б в г д at the end count as voiceless.
_OPEN: Final = _VOWELS
_NASAL: Final = frozenset("мнң")
_FULL_VOWELS: Final = _VOWELS - frozenset("уию")
_LIQUID: Final = frozenset("рлйуияюь")
_SIBILANT: Final = frozenset("зж")
_VOICELESS: Final = frozenset("пфкқтсшщчцхһбвгдь")
_FOREIGN_ENDS: Final = frozenset("иуюькгхвя")
_FOREIGN_LETTERS: Final = frozenset("яэёюцщьъф")


class _Suffix(NamedTuple):
    """An allomorph: the sounds it occurs after, and the vowels it is in harmony with (None: with all)."""

    size: int
    after: frozenset[str]
    harmony: frozenset[str] | None


class _Possessive(NamedTuple):
    """A possessive suffix, which follows a vowel or begins with a vowel."""

    text: str
    is_after_vowel: bool
    harmony: frozenset[str] | None


def _suffixes(*rows: tuple[str, frozenset[str]]) -> Endings[_Suffix]:
    return Endings((text, _Suffix(len(text), after, _harmony(text))) for texts, after in rows for text in texts.split())


def _possessives(*rows: tuple[str, bool]) -> Endings[_Possessive]:
    return Endings((text, _Possessive(text, after, _harmony(text))) for text, after in rows)


def _harmony(suffix: str) -> frozenset[str] | None:
    vowel = next((c for c in suffix if c in _VOWELS), None)
    if vowel is None or suffix in {"мен", "бен", "пен"}:
        return None
    return _BACK if vowel in "аыо" else _FRONT


_CASES: Final = _suffixes(
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
_PLURALS: Final = _suffixes(
    ("лар лер", _OPEN | frozenset("рйуия")),
    ("дар дер", _NASAL | _SIBILANT | frozenset("ль")),
    ("тар тер", _VOICELESS),
)
_THEIRS: Final = (("сы", True), ("сі", True), ("ы", False), ("і", False), ("ысы", False), ("ісі", False))
_OURS: Final = (
    ("мыз", True), ("міз", True), ("ңыз", True), ("ңіз", True), ("м", True), ("ң", True),
    ("ымыз", False), ("іміз", False), ("ыңыз", False), ("іңіз", False), ("ым", False), ("ім", False), ("ың", False),
    ("ің", False),
)  # fmt: skip
_THEIRS_AFTER_CONSONANT: Final = ("ы", "і")
_THEIRS_AFTER_TWO: Final = ("ысы", "ісі")  # фактісі
_POSSESSIVES: Final = _possessives(*_THEIRS, *_OURS)
#: Cases after a third person's possessive only, and after a first or second person's: үйіме, үйіңе.
_CASES_OF_THEIRS: Final = ("ның", "нің", "на", "не", "н", "нда", "нде", "ндағы", "ндегі", "нан", "нен", "мен")
_CASES_OF_OURS: Final = ("ма", "ме", "ңа", "ңе")
#: The possessives under a case, and how many letters the case has.
_OWNED: Final = Endings(
    [
        *((case, (len(case), _possessives(*_THEIRS))) for case in _CASES_OF_THEIRS),
        *((end, (1, _possessives(*_OURS))) for end in _CASES_OF_OURS),
    ]
)
_HARDENED: Final = {"б": "п", "г": "к", "ғ": "қ"}


def lemmas(word: str) -> tuple[str, ...]:
    """The dictionary forms that a folded word may come from, itself left out."""
    forms = dict.fromkeys(_stems(word))
    forms.pop(word, None)
    return tuple(stem for stem in forms if len(stem) >= 2 and not _VOWELS.isdisjoint(stem))


def _stems(word: str) -> Iterator[str]:
    for stem in (word, *_without_case(word)):
        yield stem
        for bare_stem in _without_possessive(stem):
            yield bare_stem
            yield from _without_plural(bare_stem)
        yield from _without_plural(stem)
    for bare_stem in _without_case_and_owner(word):
        yield bare_stem
        yield from _without_plural(bare_stem)


def _without_case(word: str) -> Iterator[str]:
    for size, after, harmony in _CASES.of(word):
        stem = word[:-size]
        if stem and stem[-1] in after and _in_harmony(stem, harmony):
            yield stem


def _without_case_and_owner(word: str) -> Iterator[str]:
    """Stems under a possessive and a case that occurs only after a possessive."""
    for size, possessives in _OWNED.of(word):
        yield from _without_possessive(word[:-size], possessives)


def _without_possessive(word: str, possessives: Endings[_Possessive] = _POSSESSIVES) -> Iterator[str]:
    for possessive in possessives.of(word):
        yield from _without(word, possessive)


def _without(word: str, possessive: _Possessive) -> Iterator[str]:
    """The stems under a possessive, with the changes that it causes."""
    ending, is_after_vowel, harmony = possessive
    stem = word[: -len(ending)]
    if len(stem) < 2:
        return
    last = stem[-1]
    if last not in _VOWELS and ending in _THEIRS_AFTER_CONSONANT:
        yield f"{stem}ь"  # моделі: модель; a soft sign takes either harmony
    if not _in_harmony(stem, harmony):
        return
    if is_after_vowel:
        if last in _VOWELS:
            yield stem
        return
    if last in _FULL_VOWELS or (ending in _THEIRS_AFTER_TWO and stem[-2] in _VOWELS):
        return
    yield from _with_final_restored(stem)


def _with_final_restored(stem: str) -> Iterator[str]:
    """A stem under a possessive that begins with a vowel, and the words it may come from."""
    last = stem[-1]
    yield stem
    if last in _HARDENED:
        yield stem[:-1] + _HARDENED[last]  # кітабы: кітап
    if len(stem) > 2 and stem[-2] not in _FULL_VOWELS and last not in _VOWELS:
        softened = stem[:-1] + _HARDENED.get(last, last)
        for vowel, harmony in (("ы", _BACK), ("і", _FRONT)):  # халқы: халық, ерні: ерін, аузы: ауыз
            if _in_harmony(stem[:-1], harmony):
                yield f"{softened[:-1]}{vowel}{softened[-1]}"


def _without_plural(word: str) -> Iterator[str]:
    for size, after, harmony in _PLURALS.of(word):
        stem = word[:-size]
        if stem and stem[-1] in after and _in_harmony(stem, harmony):
            yield stem
            if stem[-1] in "ыі" and len(stem) > 3 and _VOWELS.isdisjoint(stem[-3:-1]):
                yield stem[:-1]  # фактілер: факт


def _in_harmony(stem: str, harmony: frozenset[str] | None) -> bool:
    """Whether a suffix may follow either of the stem's last two vowels; foreign stems take all."""
    if harmony is None or stem[-1] in _FOREIGN_ENDS or not _FOREIGN_LETTERS.isdisjoint(stem):
        return True
    vowels = [c for c in stem if c in _VOWELS][-2:]
    return not harmony.isdisjoint(vowels)


# -- in Latin letters

_ONLY_LATIN_KAZAKH: Final = re.compile("[ğşıäǵńý]|q(?!u)")

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


def _respelled(surface: str) -> list[str]:
    """Forms of a Kazakh word in Latin letters: Cyrillic spelling and dictionary forms, in both scripts; else empty.

    i is и in some of the alphabets and і in others, so both are tried.
    """
    lowered = surface.casefold()
    if lowered.isascii() and "q" not in lowered:
        return []
    lowered = unicodedata.normalize("NFC", lowered)
    if not _ONLY_LATIN_KAZAKH.search(lowered) or CYRILLIC.search(lowered):
        return []
    cyrillic = fold(lowered.replace("sh", "ş").replace("ch", "ч").translate(_TO_CYRILLIC))
    spellings = dict.fromkeys((cyrillic, cyrillic.replace("и", "і")))
    forms = [form for spelling in spellings for form in (spelling, *lemmas(spelling))]
    return [*forms, *(fold(form.translate(_TO_LATIN)) for form in forms)]


KAZAKH: Final = Language(
    code="kk",
    lemmas=lemmas,
    respelled=_respelled,
    scripts={CYRILLIC: re.compile("[әғқңөұүһі][^ ]*"), LATIN: re.compile("(?:[ğşı]|q(?!u))[^ ]*")},
    decisive=re.compile("[ەۇۋڭٴ]"),  # in Arabic letters
    common=frozenset(["және", "мен", "бұл", "үшін", "бойынша", "деп", "туралы", "жылы", "бар", "ол", "осы", "болып", "кейін", "дейін", "қазақстан", "арқылы"]),
    weight=2,
    abbreviations=("ж", "жж", r"т\.б", r"т\.с\.с"),
    other_codes=("kz", "kaz"),
)  # fmt: skip
