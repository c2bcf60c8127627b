"""Language: English: the dictionary forms that a word may be an inflection of.

Plurals, the verb's -s, -ed and -ing, and the irregular forms that occur in news. Derivations (-er, -ion, -ly) are words of
their own.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from reformwatch.language.base import LATIN, Language

_VOWELS: Final = frozenset("aeiouy")
_SIBILANTS: Final = ("s", "x", "z", "ch", "sh", "o")
_DOUBLED: Final = frozenset("bdfglmnprt")

_IRREGULAR: Final = {
    "men": "man", "women": "woman", "children": "child", "people": "person", "lives": "life", "wives": "wife",
    "feet": "foot", "teeth": "tooth", "mice": "mouse", "crises": "crisis", "analyses": "analysis", "criteria": "criterion",
    "phenomena": "phenomenon", "media": "medium", "referenda": "referendum", "memoranda": "memorandum", "data": "datum",
    "was": "be", "were": "be", "is": "be", "are": "be", "been": "be", "am": "be", "being": "be", "has": "have", "had": "have",
    "does": "do", "did": "do", "done": "do", "goes": "go", "went": "go", "gone": "go", "said": "say", "told": "tell",
    "made": "make", "took": "take", "taken": "take", "gave": "give", "given": "give", "came": "come", "became": "become",
    "began": "begin", "begun": "begin", "held": "hold", "upheld": "uphold", "withheld": "withhold", "led": "lead",
    "met": "meet", "kept": "keep", "left": "leave", "lost": "lose", "won": "win", "found": "find", "fought": "fight",
    "sought": "seek", "bought": "buy", "brought": "bring", "thought": "think", "caught": "catch", "taught": "teach",
    "sold": "sell", "sent": "send", "spent": "spend", "built": "build", "rebuilt": "rebuild", "spoke": "speak",
    "spoken": "speak", "broke": "break", "broken": "break", "chose": "choose", "chosen": "choose", "froze": "freeze",
    "frozen": "freeze", "stole": "steal", "stolen": "steal", "drew": "draw", "drawn": "draw", "withdrew": "withdraw",
    "withdrawn": "withdraw", "grew": "grow", "grown": "grow", "knew": "know", "known": "know", "threw": "throw",
    "thrown": "throw", "overthrew": "overthrow", "overthrown": "overthrow", "flew": "fly", "flown": "fly", "saw": "see",
    "seen": "see", "wrote": "write", "written": "write", "rose": "rise", "risen": "rise", "drove": "drive",
    "driven": "drive", "shot": "shoot", "stood": "stand", "understood": "understand", "swore": "swear", "sworn": "swear",
    "struck": "strike", "stuck": "stick", "fell": "fall", "fallen": "fall", "felt": "feel", "dealt": "deal", "meant": "mean",
    "paid": "pay", "laid": "lay", "lay": "lie", "ran": "run", "sat": "sit", "fled": "flee", "fed": "feed", "bled": "bleed",
    "bred": "breed", "sped": "speed", "hung": "hang", "dug": "dig", "swept": "sweep", "slept": "sleep", "wept": "weep",
    "bound": "bind", "wound": "wind", "forgot": "forget", "forgotten": "forget", "got": "get", "hid": "hide",
    "hidden": "hide", "beaten": "beat", "eaten": "eat", "ate": "eat", "sang": "sing", "sank": "sink", "died": "die",
    "dying": "die", "lying": "lie", "tying": "tie",
}  # fmt: skip

_UNINFLECTED: Final = frozenset(
    {"news", "this", "thus", "means", "series", "species", "always", "perhaps", "does", "goes"}
)


@lru_cache(maxsize=1 << 16)
def lemmas(word: str) -> tuple[str, ...]:
    """The dictionary forms that a folded word may come from, itself left out."""
    forms: dict[str, None] = {}
    if word in _IRREGULAR:
        forms[_IRREGULAR[word]] = None
    if len(word) > 3 and word not in _UNINFLECTED:
        forms.update(dict.fromkeys(stem for stem in _stems(word) if _is_stem(stem)))
    forms.pop(word, None)
    return tuple(forms)


def _stems(word: str) -> Iterator[str]:
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        yield from _without_s(word)
    if word.endswith("ed"):
        yield from _without_verb_ending(word[:-2])
        yield word[:-1]
        if word.endswith("ied"):
            yield f"{word[:-3]}y"
    if word.endswith("ing") and len(word) > 4:
        yield from _without_verb_ending(word[:-3])
        yield f"{word[:-3]}e"


def _without_s(word: str) -> Iterator[str]:
    if word.endswith("ies"):
        yield f"{word[:-3]}y"
    if word.endswith("ves"):
        yield f"{word[:-3]}f"
        yield f"{word[:-3]}fe"
    if word.endswith("es") and word[:-2].endswith(_SIBILANTS):
        yield word[:-2]
    if word.endswith("sses"):
        yield word[:-2]
    yield word[:-1]


def _without_verb_ending(stem: str) -> Iterator[str]:
    if len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] in _DOUBLED:
        yield stem[:-1]
    if stem.endswith("ick"):
        yield stem[:-1]  # trafficked: traffic
    yield stem


def _is_stem(stem: str) -> bool:
    return len(stem) >= 2 and not _VOWELS.isdisjoint(stem)


ENGLISH: Final = Language(
    code="en",
    lemmas=lemmas,
    scripts={LATIN: None},
    common=frozenset(["the", "of", "and", "to", "in", "a", "is", "that", "for", "on", "with", "as", "by", "was", "are", "from", "at", "has", "his", "it", "be", "an", "this", "will", "its", "which", "who", "not", "were"]),
    uninflected=_UNINFLECTED,
    abbreviations=("mr", "mrs", "ms", "dr", "st", "sen", "rep", "gov", "gen", "col", "lt", "sgt", "prof", "no", "vs", "inc", "ltd", "jan", "feb", "aug", "sept", "oct", "nov", "dec", r"u\.s", r"u\.n"),
    other_codes=("eng",),
)  # fmt: skip
