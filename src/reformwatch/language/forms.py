"""Language: the forms of a word in a text: its own, and every dictionary form that it may be an inflection of.

A query's term stays as typed, and matches a word where it is among the word's forms. The rules of every language of the
word's script are applied, since the language of the text may be unknown.
"""

from functools import lru_cache

from reformwatch.language.registry import WRITTEN_IN, script_of
from reformwatch.language.words import MAX_WORD, fold


def forms_of(surface: str) -> tuple[str, ...]:
    """The folded form of a word of a text, then the dictionary forms it may come from."""
    return _forms(surface[: MAX_WORD + 2])


@lru_cache(maxsize=1 << 17)
def _forms(surface: str) -> tuple[str, ...]:
    form = fold(surface)
    script = None if len(form) < 3 or form[0].isdigit() else script_of(form)
    if script is None:
        return (form,)
    forms = [form]
    for language in WRITTEN_IN[script]:
        if language.script is script:
            forms += language.lemmas(form)
            if form in language.uninflected:
                break
    for language in WRITTEN_IN[script]:
        if language.script is not script:
            forms += language.respelled(surface)
    return tuple(dict.fromkeys(forms))
