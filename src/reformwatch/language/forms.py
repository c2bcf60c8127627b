"""Language: the lattice: a word of a text under its own form and under every dictionary form it may be an inflection of.

The query's term stays as typed, and a match is membership. Each word is tried under the rules of every language its
script can be written in: which language a text is in need not be known.
"""

from functools import lru_cache

from reformwatch.language.registry import WRITTEN_IN, script_of
from reformwatch.language.words import MAX_WORD, fold


def forms_of(surface: str) -> tuple[str, ...]:
    """The folded form of a word as it stands in a text, then the dictionary forms it may come from."""
    return _forms(surface[: MAX_WORD + 2])


@lru_cache(maxsize=1 << 17)
def _forms(surface: str) -> tuple[str, ...]:
    form = fold(surface)
    script = None if len(form) < 3 or form[0].isdigit() else script_of(form)
    if script is None:
        return (form,)
    found = [form]
    for language in WRITTEN_IN[script]:
        if language.script is script:
            found += language.lemmas(form)
            if form in language.uninflected:
                break
    for language in WRITTEN_IN[script]:
        if language.script is not script:
            found += language.respelled(surface)
    return tuple(dict.fromkeys(found))
