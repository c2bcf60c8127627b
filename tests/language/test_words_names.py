"""Language: words with their offsets, the folded form of a word, and the one key of a name in several scripts."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reformwatch.language.names import _keys, names_of, transliterated
from reformwatch.language.words import MAX_WORD, WORD, fold, is_capitalised
from reformwatch.matching.query import MatchText
from reformwatch.matching.query.match_text import GAP
from reformwatch.text import clean


def name_key(name: str) -> str:
    """The first key of a name as written; empty where it has no letters."""
    return next(iter(_keys(name)), "")


@pytest.mark.parametrize(
    ("word", "form"),
    [
        ("Reform", "reform"),
        ("РЕФОРМА", "реформа"),
        ("ЖОЛДАУ", "жолдау"),
        ("Қазақстан", "қазақстан"),
        ("Әкім", "әкім"),
        ("Ёлка", "елка"),
        ("е\u0308лка", "елка"),
        ("политика", "политика"),
        ("política", "politica"),
        ("poli\u0301tica", "politica"),
        ("Ünïcödé", "unicode"),
        ("José", "jose"),
        ("año", "año"),
        ("AÑO", "año"),
        ("an\u0303o", "año"),
        ("мой", "мой"),
        ("мои\u0306", "мой"),
        ("МОЙ", "мой"),
        ("їжак", "їжак"),
        ("Быкаў", "быкаў"),
        ("straße", "strasse"),
        ("ﬁnance", "finance"),
        ("Ｒｅｆｏｒｍ", "reform"),
        ("re\u00adform", "reform"),
        ("рефор\u00adма", "реформа"),
        ("Kazakhstan's", "kazakhstan"),
        ("Kazakhstan’s", "kazakhstan"),
        ("Kazakhstanʼs", "kazakhstan"),
        ("Әкім's", "әкім"),
        ("s", "s"),
        ("2022", "2022"),
    ],
)
def test_a_word_folds_to_this_form(word: str, form: str) -> None:
    assert fold(word) == form


@pytest.mark.parametrize("word", ["Президе\u0301нт", "зако\u0301н", "вы\u0301боры"])
def test_a_stress_mark_of_a_russian_word_is_taken_off(word: str) -> None:
    assert fold(word) == word.replace("\u0301", "").lower()


def test_a_capital_i_with_a_dot_folds_to_i() -> None:
    assert fold("İstanbul") == "istanbul"


@pytest.mark.parametrize(
    ("one", "other"), [("ano", "año"), ("мои", "мой"), ("жана", "жаңа"), ("кой", "қой"), ("s", "ş")]
)
def test_letters_of_their_own_are_not_folded_together(one: str, other: str) -> None:
    assert fold(other) != fold(one) or (one, other) == ("s", "ş")  # ş is taken for an accented s


@given(st.text(max_size=80))
def test_folding_twice_is_folding_once(word: str) -> None:
    # a possessive is taken off once, and a stress mark may stay (see above)
    once = fold(word)
    if not once.endswith(("'s", "’s", "ʼs")):
        assert fold(once) == once


def test_the_longest_word_is_compared_by_its_beginning() -> None:
    assert fold("ж" * 10_000) == "ж" * MAX_WORD


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" — … ", []),
        ("One two", ["One", "two"]),
        ("one,two;three", ["one", "two", "three"]),
        ("Kassym-Jomart", ["Kassym", "Jomart"]),
        ("Kazakhstan's law", ["Kazakhstan's", "law"]),
        ("the mayors' vote", ["the", "mayors", "vote"]),
        ("it'st", ["it", "st"]),
        ("Kazakhstan'S", ["Kazakhstan", "S"]),
        ("don't", ["don", "t"]),
        ("рефор\u00adма идёт", ["рефор\u00adма", "идёт"]),
        ("a\u0301b c", ["a\u0301b", "c"]),
        ("\u0301a", ["a"]),
        ("snake_case", ["snake", "case"]),
        ("16 наурыз 2022", ["16", "наурыз", "2022"]),
        ("1,5%", ["1", "5"]),
        ("новый\nзакон", ["новый", "закон"]),
        ("«Жаңа Қазақстан»", ["Жаңа", "Қазақстан"]),
        ("法律 改革", ["法律", "改革"]),
        ("a😀b", ["a", "b"]),
    ],
)
def test_a_text_has_these_words(text: str, expected: list[str]) -> None:
    assert WORD.findall(text) == expected


@given(st.text(max_size=200))
def test_words_stand_where_they_say_in_order_and_apart(text: str) -> None:
    end = 0
    for word in WORD.finditer(text):
        assert end <= word.start() < word.end() <= len(text)
        end = word.end()
    covered = {at for word in WORD.finditer(text) for at in range(*word.span())}
    assert {at for at, c in enumerate(text) if c.isalnum()} <= covered


@pytest.mark.parametrize("invisible", ["\u200b", "\ufeff", "\u2060", "\u200e", "\u202e", "\x00"])
def test_what_is_invisible_does_not_break_a_word_of_cleaned_text(invisible: str) -> None:
    # trust: D09
    (word,) = WORD.findall(clean(f"То{invisible}каев", limit=100))
    assert fold(word) == "токаев"


@pytest.mark.parametrize(
    ("word", "is_name"),
    [
        ("Tokayev", True),
        ("Әкім", True),
        ("ЖОЛДАУ", True),
        ("ǅ", True),
        ("reform", False),
        ("әкім", False),
        ("2022", False),
    ],
)
def test_a_name_begins_with_a_capital(word: str, is_name: bool) -> None:
    assert is_capitalised(word) == is_name


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spellings",
    [
        ["Tokayev", "Tokaev", "Toqayev", "Toqaev", "Tokaïev", "Токаев", "Тоқаев", "TOKAYEV", "Tokayev's", "Tokayev’s"],
        ["Khamitov", "Hamitov", "Хамитов", "Қамитов"],
        ["Zhumabay", "Jumabai", "Жұмабай", "Жумабай"],
        ["Shakirov", "Şakirov"],
        ["Shchukin", "Schukin"],
        ["Tsoi", "Tsoy", "Цой"],
        ["Vladimirow", "Vladimirov", "Владимиров"],
        ["Bolat", "Болат", "Bulat", "Болатъ"],
        ["Äset", "Аset", "Әсет", "Асет", "Aset"],
        ["Gennady", "Genady", "Геннадий"],
        ["Alexander", "Aleksander", "Александер"],
        ["Philip", "Filip", "Филип"],
        ["Yuliya", "Юлия"],
        ["Nikolaev", "Nikolayev", "Николаев"],
        ["Ғани", "Гани", "Gani", "Ghani"],
    ],
)
def test_the_spellings_of_a_name_have_one_key(spellings: list[str]) -> None:
    assert len({name_key(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(
    ("latin", "cyrillic"),
    [
        ("Shakirov", "Шакиров"),
        ("Chekhov", "Чехов"),
        ("Shchukin", "Щукин"),
        ("Ashimov", "Әшімов"),
        ("Erlik-Sha", "Ерлік-Ша"),
    ],
)
def test_a_name_with_a_hissing_letter_has_one_key_in_both_scripts(latin: str, cyrillic: str) -> None:
    assert name_key(latin) == name_key(cyrillic)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tokayev", "Takaev"),
        ("Tokayev", "Tokarev"),
        ("Nazarbayev", "Nazarov"),
        ("Almaty", "Altai"),
        ("Bolat", "Polat"),
        ("Aset", "Asan"),
    ],
)
def test_different_names_have_different_keys(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


@given(st.text(max_size=60))
def test_a_name_key_of_any_text_is_made_of_letters(text: str) -> None:
    key = name_key(text)
    assert key == "" or key.isalpha()
    assert all(a != b for a, b in pairwise(key))


@given(st.text(alphabet=st.characters(max_codepoint=0x24F, categories=["L"]), max_size=40))
def test_a_name_key_knows_no_case(name: str) -> None:
    assert name_key(name.swapcase().swapcase()) == name_key(name.swapcase())


def test_a_name_of_marks_and_digits_has_no_key() -> None:
    assert [name_key(text) for text in ("", "42", "—", "ь")] == ["", "", "", ""]


def test_only_capitalised_words_have_a_name_key() -> None:
    held = MatchText({"title": "take our Our"})
    assert held.with_name(names_of("Our")) == [2]
    assert held.with_name(names_of("take")) == []


def test_a_prefix_finds_places_in_order() -> None:
    held = MatchText({"title": "reform reformer x", "summary": "Reforms"})
    assert held.with_prefix("reform") == [0, 1, GAP + 3]
    assert held.with_prefix("reforme") == [1]
    assert held.with_prefix("zzzz") == []
    assert held.with_form("missing") == []


def test_most_spellings_of_the_shared_names_have_the_key_of_their_group(shared: Path) -> None:
    lines = (shared / "data/morphology/names.tsv").read_text("utf-8").splitlines()
    groups = [[name for name in line.split("\t") if name] for line in lines if line]
    assert len(groups) >= 5
    for group in groups:
        same = [name for name in group if name_key(name).startswith(name_key(group[0]))]
        assert len(same) >= len(group) / 2, f"{group[0]}: only {same}"


def test_the_shared_names_do_not_fall_together(shared: Path) -> None:
    lines = (shared / "data/morphology/names.tsv").read_text("utf-8").splitlines()
    firsts = [name_key(line.split("\t")[0]) for line in lines if line]
    assert len(set(firsts)) == len(firsts)


@pytest.mark.parametrize(
    ("text", "latin"),
    [("Жаңа Қазақстан", "zhana qazaqstan"), ("Щука", "shchuka"), ("Reform 1", "reform 1"), ("Әділ сөз", "adil soz")],
)
def test_transliterated_text_is_readable(text: str, latin: str) -> None:
    assert transliterated(text) == latin
