"""Messages, catalogues: every text of the program stands in every language, whole and with the same values."""

import io
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from functools import cache
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po

from conftest import ROOT
from reformwatch.language.registry import LANGUAGES
from reformwatch.messages.catalogues import ENGLISH, Catalogues
from reformwatch.wiring.basics import catalogues

TRANSLATED = [language for language in LANGUAGES if language != "en"]
KEYWORDS = DEFAULT_KEYWORDS | {"msg": None, "counted": (1, 2)}
LOCALE = ROOT / "src" / "reformwatch" / "messages" / "locale"

Text = str | tuple[str, ...]


@cache
def texts() -> frozenset[Text]:
    """All texts in the sources and templates, as `make words` finds them."""
    babel = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["babel"]
    methods = [(mapping["pattern"], mapping["method"]) for mapping in babel["mappings"]]
    found = extract_from_dir(str(ROOT), methods, {}, keywords=KEYWORDS)
    return frozenset(text if isinstance(text, str) else tuple(text) for _, _, text, _, _ in found)


@cache
def catalogue(language: str) -> Catalog:
    return read_po(io.StringIO((LOCALE / f"{language}.po").read_text("utf-8")))


def messages(language: str) -> Iterator[Message]:
    """The texts of a catalogue without its head."""
    return (message for message in catalogue(language) if message.id)


def fields_of(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def forms_of(text: Text | list[str] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


def test_there_is_a_catalogue_for_each_language_and_no_other() -> None:
    assert {path.stem for path in LOCALE.iterdir()} == set(TRANSLATED)


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_holds_the_very_texts_of_the_program(language: str) -> None:
    """What is missing, or stands there for nothing, is brought in by `make words`."""
    assert len(texts()) > 10
    assert {
        message.id if isinstance(message.id, str) else tuple(message.id) for message in messages(language)
    } == texts()
    assert not catalogue(language).obsolete


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated_in_all_its_forms_with_the_same_values(language: str) -> None:
    plurals = get_plural(language).num_plurals
    assert catalogue(language).num_plurals == plurals
    for message in messages(language):
        forms = forms_of(message.string)
        assert len(forms) == (plurals if message.pluralizable else 1), message.id
        assert all(form.strip() for form in forms), message.id
        assert not message.fuzzy, message.id
        wanted = fields_of(forms_of(message.id)[-1])
        assert all(fields_of(form) == wanted for form in forms), message.id
        assert all(form == form.strip() for form in forms), message.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_is_in_the_letters_of_its_language(language: str) -> None:
    script = re.compile("[a-zñáéíóúü]" if language == "es" else "[а-яәғқңөұүһі]", re.IGNORECASE)
    for message in messages(language):
        for form in forms_of(message.string):
            words = re.sub(r"{\w+}|`[^`]*`", "", form)
            assert script.search(words) or not re.search(r"\w", words), form


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_say_texts_counts_numbers_and_times(language: str) -> None:
    words = catalogues().words(language)
    assert words.language == language
    assert (words.gettext("Unsubscribe") == "Unsubscribe") is (language == "en")
    assert re.fullmatch(r"12\D345", words.number(12_345))
    told = words.moment(datetime(2022, 3, 7, 14, 5, tzinfo=timezone(timedelta(hours=5))))
    assert "2022" in told
    assert told.endswith(" 09:05 UTC")


def test_a_language_without_a_catalogue_is_spoken_to_in_english() -> None:
    assert catalogues().words("de") is ENGLISH
    assert Catalogues({}).words("ru") is ENGLISH


def test_a_text_that_a_catalogue_lacks_is_english() -> None:
    words = Catalogues({"ru": 'msgid ""\nmsgstr ""\n'}).words("ru")
    assert words.gettext("Unsubscribe") == "Unsubscribe"
    assert [words.ngettext("{count} day", "{count} days", count) for count in (1, 2)] == ["{count} day", "{count} days"]


def test_english_is_spoken_without_babel() -> None:
    asked = """
import sys
from reformwatch.wiring.basics import catalogues
words = catalogues().words("en")
assert words.ngettext("a", "b", 2) + words.gettext("c") == "bc"
print("babel" in sys.modules)
print(catalogues().words("ru").gettext("Unsubscribe") != "Unsubscribe", "babel" in sys.modules)
"""
    ran = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=False)
    assert ran.stdout.splitlines() == ["False", "True True"], ran.stderr
