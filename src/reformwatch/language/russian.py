"""Language: Russian: the dictionary forms that a word may be an inflection of.

Endings of nouns, adjectives (with participles), surnames and verbs are taken off by class; every dictionary form that the
rest could have is returned. Over-generation is harmless here: a wrong form matters only if a query has that very word.
Derivations (-ский, -ость, -ник) are words of their own.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from reformwatch.language.base import CYRILLIC, Language
from reformwatch.language.endings import Endings

_VOWELS: Final = frozenset("аеиоуыэюя")

#: (ending of the inflected form, endings of the dictionary form), longest first.
_NOUNS: Final = {
    "иями": "ия ие ий", "иях": "ия ие ий", "иям": "ия ие ий", "ией": "ия", "иею": "ия", "ием": "ие ий", "ии": "ия ий ие",
    "ию": "ия ие ий", "ия": "ие ий", "ие": "ий ия", "ий": "ия ие", "иев": "ий", "ьями": "ья ье ь й", "ьях": "ья ье ь",
    "ьям": "ья ье ь", "ьев": "ь ье й", "ьи": "ья ье", "ье": "ья", "ью": "ь ья ье", "ья": "ь ье", "ьей": "ья", "ьём": "ье",
    "ьем": "ье",
    "ами": "- а о ы и", "ями": "ь я й е ья и", "ах": "- а о ы и", "ях": "ь я й е и", "ам": "- а о ы и", "ям": "ь я й е и",
    "ов": "- ы о и", "ев": "- й ь ы е", "ей": "ь я й е и ья -", "ой": "а", "ою": "а", "ею": "я а", "ом": "- о", "ем": "ь й - е",
    "ём": "ь й -",
    "а": "- о", "я": "ь й е", "у": "- а о", "ю": "ь я й е", "е": "- а я ь й о", "ы": "- а", "и": "- а ь я й о", "о": "а",
    "ь": "я",
}  # fmt: skip
_ADJECTIVES: Final = {
    "ого": "ый ой ий", "его": "ий ый", "ому": "ый ой ий", "ему": "ий ый", "ыми": "ый ой", "ими": "ий ый", "ым": "ый ой -",
    "им": "ий ый", "ом": "ый ой ий", "ем": "ий ый", "ая": "ый ой ий", "яя": "ий", "ой": "ый ий", "ей": "ий ый",
    "ую": "ый ой ий", "юю": "ий", "ое": "ый ой ий", "ее": "ий ый", "ые": "ый ой", "ие": "ий", "ых": "ый ой", "их": "ий ый",
}  # fmt: skip
#: Surnames in -ев, -ов, -ин: masculine and feminine.
_SURNAMES: Final = {"а": "- ", "у": "- а", "ым": "-", "е": "- а", "ой": "а", "ы": "-", "ых": "-", "ыми": "-"}
_SURNAME_ENDS: Final = ("ев", "ов", "ин", "ын")
_VERBS: Final = {
    "ал": "ать", "ала": "ать", "ало": "ать", "али": "ать", "ил": "ить", "ила": "ить", "ило": "ить", "или": "ить",
    "ел": "еть", "ела": "еть", "ело": "еть", "ели": "еть", "ял": "ять", "яла": "ять", "яло": "ять", "яли": "ять",
    "ол": "оть", "ола": "оть", "оло": "оть", "оли": "оть",
    "ул": "уть", "ула": "уть", "ули": "уть", "ыл": "ыть", "ыла": "ыть", "ыло": "ыть", "ыли": "ыть",
    "ает": "ать", "ают": "ать", "аем": "ать", "аете": "ать", "аешь": "ать", "аю": "ать", "яет": "ять", "яют": "ять",
    "яем": "ять", "яю": "ять", "еет": "еть", "еют": "еть", "ует": "овать евать", "уют": "овать евать", "уем": "овать",
    "ую": "овать", "уйте": "овать", "ит": "ить еть ать", "ят": "ить еть ять", "ат": "ить ать", "им": "ить", "ишь": "ить",
    "ите": "ить", "ет": "ать ить оть", "ут": "ать ти", "ют": "ать ить", "ив": "ить", "ав": "ать", "ивший": "ить",
    "ая": "ать", "уя": "овать", "айте": "ать", "нет": "нуть", "нут": "нуть", "ну": "нуть",
}  # fmt: skip
_SHORT_PARTICIPLES: Final = {
    "ан": "ать", "ана": "ать", "ано": "ать", "аны": "ать", "ят": "ять", "ята": "ять", "ято": "ять", "яты": "ять", "ян": "ять", "яна": "ять", "яно": "ять", "яны": "ять",
    "ен": "ить", "ена": "ить", "ено": "ить", "ены": "ить",
}  # fmt: skip
#: Words with these endings are in another case, and not a genitive plural without ending.
_CASE_ENDS: Final = ("ах", "ях", "ам", "ям", "их", "ых", "им", "ым", "ом", "ем")
_IRREGULAR: Final = {
    "времени": "время", "времен": "время", "временем": "время", "имени": "имя", "имен": "имя", "именем": "имя",
    "людьми": "люди", "детьми": "дети", "лет": "год", "денег": "деньги", "земель": "земля", "писем": "письмо",
    "сердец": "сердце", "семей": "семья", "сел": "село", "чисел": "число", "мест": "место", "дел": "дело", "прав": "право",
}  # fmt: skip
_MIN_STEM: Final = 2


class _Rule(NamedTuple):
    """Of an ending: its length, how many letters must be left without it, and the endings to put in its place."""

    size: int
    min_stem: int
    targets: tuple[str, ...]


def _rules(table: Mapping[str, str], *, before: str = "", min_stem: int = _MIN_STEM) -> Iterator[tuple[str, _Rule]]:
    """The rules of a table, short endings first, each with the letters ``before`` it, which are kept."""
    for ending in sorted(table, key=len):
        targets = tuple("" if target == "-" else target for target in table[ending].split())
        yield before + ending, _Rule(len(ending), min_stem, targets)


_OF_VERBS: Final = (
    *_rules(_VERBS),
    *_rules(_SHORT_PARTICIPLES, min_stem=3),
    *_rules(dict.fromkeys(("шел", "шла", "шло", "шли"), "йти")),
    *_rules(dict.fromkeys(("йдет", "йдут", "йду"), "йти"), min_stem=1),
)
_OF_SURNAMES: Final = tuple(rule for end in _SURNAME_ENDS for rule in _rules(_SURNAMES, before=end, min_stem=4))
_VERBAL: Final = Endings(_OF_VERBS)
_ADJECTIVAL_AND_VERBAL: Final = Endings([*_rules(_ADJECTIVES), *_OF_VERBS, *_OF_SURNAMES])
_NOMINAL: Final = Endings(_rules(_NOUNS))


def lemmas(word: str) -> tuple[str, ...]:
    """The dictionary forms that a folded word may come from, itself left out."""
    forms = [_IRREGULAR[word]] if word in _IRREGULAR else []
    if len(word) > 4 and word.endswith(("ся", "сь")):  # adjectives and surnames do not end so
        verbs = [*_replaced(word[:-2], _VERBAL)]
        forms += [f"{verb}ся" for verb in verbs]
        forms += _noun_lemmas(word)
        forms += verbs
    else:
        forms += _noun_lemmas(word)
        forms += _replaced(word, _ADJECTIVAL_AND_VERBAL)
    distinct = dict.fromkeys(forms)
    distinct.pop(word, None)
    return tuple(distinct)


def _replaced(word: str, rules: Endings[_Rule]) -> Iterator[str]:
    letters = len(word)
    for size, min_stem, targets in rules.of(word):
        if letters - size >= min_stem:
            stem = word[:-size]
            for target in targets:
                yield stem + target


def _noun_lemmas(word: str) -> Iterator[str]:
    for size, min_stem, targets in _NOMINAL.of(word):
        if len(word) - size < min_stem:
            continue
        stem = word[:-size]
        for target in targets:
            if not target:
                if stem[-1] not in _VOWELS:
                    yield stem
                    yield from _with_fleeting_vowel(stem)
            elif target == "ь":
                yield f"{stem}ь"
                yield from (f"{fuller}ь" for fuller in _with_fleeting_vowel(stem))
            else:
                yield stem + target
    if word[-1] not in _VOWELS and word[-1] not in "йь" and not word.endswith(_CASE_ENDS):
        yield from (word + ending for ending in "аояы")  # genitive plural without ending: реформ, слов, недель
        yield from _without_fleeting_vowel(word)


def _with_fleeting_vowel(stem: str) -> Iterator[str]:
    """A vowel put back between the last two consonants: рынка: рынок, отца: отец, дня: день."""
    if len(stem) > 1 and stem[-1] not in _VOWELS:
        if stem[-2] not in _VOWELS and stem[-2] not in "ьй":
            yield f"{stem[:-1]}е{stem[-1]}"
            yield f"{stem[:-1]}о{stem[-1]}"
        elif stem[-2] in "ьй":
            yield f"{stem[:-2]}е{stem[-1]}"


def _without_fleeting_vowel(word: str) -> Iterator[str]:
    """The genitive plural's vowel taken out: поездок: поездка, писем: письмо, девушек: девушка."""
    if len(word) > 3 and word[-2] in "ео" and word[-3] not in _VOWELS:
        yield from (f"{word[:-2]}{word[-1]}{ending}" for ending in "ао")
        yield from (f"{word[:-2]}ь{word[-1]}{ending}" for ending in "ао")


RUSSIAN: Final = Language(
    code="ru",
    lemmas=lemmas,
    scripts={CYRILLIC: re.compile("[ыэщъ][^ ]*")},
    common=frozenset(["в", "и", "на", "с", "что", "по", "не", "из", "за", "о", "для", "это", "как", "к", "от", "его", "был", "до", "при", "после", "также", "или", "его", "она", "они"]),
    abbreviations=("г", "гг", "ул", "им", "обл", "млн", "млрд", "тыс", "см", "стр", r"т\.?е", r"т\.?д", r"т\.?п", "др"),
    other_codes=("rus",),
)  # fmt: skip
