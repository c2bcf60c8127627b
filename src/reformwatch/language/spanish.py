"""Language: Spanish: the dictionary forms that a word may be an inflection of. Words come folded: without accents, ñ kept.

Plural and gender of nouns and adjectives, the verb's regular endings to its infinitive with the common vowel changes, and
irregular forms that occur in news. Derivations (-cion, -dor, -mente) are words of their own.
"""

import re
from collections.abc import Iterator
from typing import Final

from reformwatch.language.base import LATIN, Language
from reformwatch.language.endings import Endings

_VOWELS: Final = frozenset("aeiou")

_AR: Final = ["o", "as", "a", "amos", "ais", "an", "e", "es", "emos", "eis", "en", "aste", "o", "asteis", "aron", "aba", "abas", "abamos", "aban", "are", "aras", "ara", "aremos", "areis", "aran", "aria", "arias", "ariamos", "arian", "ando", "ado", "ada", "ados", "adas", "ad", "ase", "asen", "aramos"]  # fmt: skip
_ER_IR: Final = ["o", "es", "e", "emos", "eis", "en", "imos", "is", "i", "iste", "io", "isteis", "ieron", "ia", "ias", "iamos", "ian", "ere", "eras", "era", "eremos", "eran", "eria", "erias", "eriamos", "erian", "ire", "iras", "ira", "iremos", "iran", "iria", "irias", "iriamos", "irian", "iendo", "yendo", "ido", "ida", "idos", "idas", "a", "as", "amos", "an", "iera", "ieran", "iese", "iesen", "yo", "yeron"]  # fmt: skip
_IRREGULAR: Final = {
    "es": "ser", "son": "ser", "fue": "ser ir", "fueron": "ser ir", "era": "ser", "eran": "ser", "sera": "ser", "seran": "ser",
    "sido": "ser", "esta": "estar", "estan": "estar", "estuvo": "estar", "estuvieron": "estar", "ha": "haber", "han": "haber",
    "habia": "haber", "hubo": "haber", "habra": "haber", "tiene": "tener", "tienen": "tener", "tuvo": "tener",
    "tuvieron": "tener", "tendra": "tener", "hace": "hacer", "hacen": "hacer", "hizo": "hacer", "hicieron": "hacer",
    "hara": "hacer", "hecho": "hacer", "dice": "decir", "dicen": "decir", "dijo": "decir", "dijeron": "decir",
    "dicho": "decir", "dira": "decir", "puede": "poder", "pueden": "poder", "pudo": "poder", "podra": "poder",
    "quiere": "querer", "quieren": "querer", "quiso": "querer", "va": "ir", "van": "ir", "iba": "ir", "da": "dar",
    "dan": "dar", "dio": "dar", "dieron": "dar", "pone": "poner", "puso": "poner", "puesto": "poner", "pusieron": "poner",
    "propuso": "proponer", "propuesto": "proponer", "viene": "venir", "vino": "venir", "vinieron": "venir",
    "trajo": "traer", "condujo": "conducir", "produjo": "producir", "introdujo": "introducir", "redujo": "reducir",
    "visto": "ver", "vio": "ver", "abierto": "abrir", "escrito": "escribir", "muerto": "morir", "murio": "morir",
    "murieron": "morir", "vuelto": "volver", "devuelto": "devolver", "disuelto": "disolver", "resuelto": "resolver",
    "roto": "romper", "cubierto": "cubrir", "elige": "elegir", "eligen": "elegir", "eligio": "elegir", "eligieron": "elegir",
    "elija": "elegir", "electo": "elegir", "pide": "pedir", "pidio": "pedir", "pidieron": "pedir", "impide": "impedir",
    "sigue": "seguir", "siguen": "seguir", "siguio": "seguir", "ordena": "ordenar", "supo": "saber", "sabe": "saber",
}  # fmt: skip
#: How many letters to take off, and the infinitives' endings to put there.
_VERB_ENDINGS: Final = Endings(
    (ending, (len(ending), infinitives))
    for endings, infinitives in ((_AR, ("ar",)), (_ER_IR, ("er", "ir")))
    for ending in endings
)
_CLITICS: Final = ("se", "lo", "la", "los", "las", "le", "les")
_AFTER_INFINITIVE: Final = tuple(f"r{clitic}" for clitic in _CLITICS)
_IRREGULAR_FUTURE: Final = re.compile("(.+n)dr(?:e|as|a|emos|eis|an|ia|ias|iamos|ian)$")
_STEM_CHANGES: Final = (("ie", "e"), ("ue", "o"), ("i", "e"))
_MIN_STEM: Final = 3


def lemmas(word: str) -> tuple[str, ...]:
    """The dictionary forms that a folded word may come from, itself left out."""
    forms = dict.fromkeys(_IRREGULAR.get(word, "").split())
    if len(word) > _MIN_STEM:
        forms.update(dict.fromkeys([*_nominal(word), *_verbal(word)]))
    forms.pop(word, None)
    return tuple(forms)


def _nominal(word: str) -> Iterator[str]:
    singulars = [word]
    if word.endswith("s"):
        singulars.append(word[:-1])
        if word.endswith("ces"):
            singulars.append(f"{word[:-3]}z")
        if word.endswith("es") and word[-3] not in _VOWELS:
            singulars.append(word[:-2])
    for singular in singulars:
        yield singular
        if singular.endswith("a"):
            yield f"{singular[:-1]}o"
            if singular.endswith(("ora", "ona", "esa", "ola")):
                yield singular[:-1]
            if singular.endswith("enta"):
                yield f"{singular[:-1]}e"


def _verbal(word: str) -> Iterator[str]:
    plain = word
    if word.endswith(_AFTER_INFINITIVE):
        plain = word[: word.rindex("r") + 1]
        yield plain
    future = _IRREGULAR_FUTURE.match(plain) if "ndr" in plain else None
    if future:
        yield from (f"{future.group(1)}{infinitive}" for infinitive in ("er", "ir"))  # propondra: proponer
    for size, infinitives in _VERB_ENDINGS.of(plain):
        stem = plain[:-size]
        if len(stem) >= _MIN_STEM - 1 and not _VOWELS.isdisjoint(stem):
            for variant in _stems(stem):
                for infinitive in infinitives:
                    yield variant + infinitive


def _stems(stem: str) -> Iterator[str]:
    """A verb's stem, and what it may have been before a change of its vowel or its last letter."""
    yield stem
    if stem.endswith("uy"):
        yield stem[:-1]  # construye: construir
    if stem.endswith("qu"):
        yield f"{stem[:-2]}c"
    elif stem.endswith("gu"):
        yield stem[:-1]
    elif stem.endswith("c"):
        yield f"{stem[:-1]}z"
    elif stem.endswith("j"):
        yield f"{stem[:-1]}g"
    for changed, original in _STEM_CHANGES:
        at = stem.rfind(changed)
        if at >= 0 and len(stem) > 2:
            yield stem[:at] + original + stem[at + len(changed) :]


SPANISH: Final = Language(
    code="es",
    lemmas=lemmas,
    scripts={LATIN: re.compile("[ñ¿¡áéíóú]")},
    common=frozenset(["de", "la", "que", "el", "en", "y", "los", "del", "las", "por", "un", "una", "con", "para", "se", "al", "no", "su", "es", "como", "más", "lo", "sus", "ha", "este", "entre", "sobre"]),
    abbreviations=("sr", "sra", "srta", "dra", r"ee\.?uu", "núm", "art"),
    other_codes=("spa",),
)  # fmt: skip
