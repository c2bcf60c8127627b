"""Matching: a query against a text: what is met, by which words, at which offsets, and laws for all queries."""

from itertools import product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bounds import at_most_lines
from reformwatch.errors import QueryError
from reformwatch.language.words import WORD
from reformwatch.matching.index import CompiledTopic, compile_topic, head_of, match_entry, match_text_of
from reformwatch.matching.query import MatchText, evaluate, parse_query
from reformwatch.matching.query.evaluate import MAX_EVIDENCE
from reformwatch.matching.query.match_text import GAP
from reformwatch.matching.query.scope import whole
from reformwatch.model.entry import ParsedEntry
from reformwatch.model.topic import Evidence, Strength

PARTS = ("title", "summary", "content", "author", "source", "tag", "url", "lang")


def match_text(**texts: str) -> MatchText:
    """A text with the parts that are given; the others are empty."""
    assert set(texts) <= set(PARTS)
    return MatchText({part: texts.get(part, "") for part in PARTS})


def found(query: str, **texts: str) -> tuple[Evidence, ...] | None:
    """The evidence, each piece of which is the text between its offsets."""
    evidence = evaluate(parse_query(query), match_text(**texts))
    for one in evidence or ():
        assert texts[one.field][one.start : one.end] == one.word
    return evidence


def is_met(query: str, text: str) -> bool:
    return found(query, summary=text) is not None


NOTHING = None


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        # one word: the same form, whatever its case, accents and soft hyphens
        ("reform", "A reform is near", [(2, "reform")]),
        ("reform", "REFORM", [(0, "REFORM")]),
        ("REFORM", "reform", [(0, "reform")]),
        ("reform", "reforms", [(0, "reforms")]),
        ("reforms", "reform", NOTHING),
        ("reform", "reformer", NOTHING),
        ("reform", "preform", NOTHING),
        ("reform", "a re-form", NOTHING),
        ("reform", "", NOTHING),
        ("reform", "reform, reform", [(0, "reform"), (8, "reform")]),
        ("елка", "Новая ёлка", [(6, "ёлка")]),
        ("ёлка", "Новая елка", [(6, "елка")]),
        ("jose", "José", [(0, "José")]),
        ("jose", "Jose\u0301", [(0, "Jose\u0301")]),
        ("реформа", "рефор\u00adма идёт", [(0, "рефор\u00adма")]),
        ("politica", "La política", [(3, "política")]),
        ("ano", "el año", NOTHING),
        ("año", "el ano", NOTHING),
        ("año", "el an\u0303o", [(3, "an\u0303o")]),
        ("мои", "мой", NOTHING),
        ("мой", "мои\u0306 дом", [(0, "мои\u0306")]),
        ("kazakhstan", "Kazakhstan's law", [(0, "Kazakhstan's")]),
        ("kazakhstan", "Kazakhstan’s law", [(0, "Kazakhstan’s")]),
        ("kazakhstan's", "Kazakhstan law", [(0, "Kazakhstan")]),
        ("жана", "жаңа", NOTHING),
        # any inflected form of what is typed, which itself stays as typed
        ("реформа", "о реформах, реформу", [(2, "реформах"), (12, "реформу")]),
        ("реформах", "реформа", NOTHING),
        ("аким", "слова акимов", [(6, "акимов")]),
        ("акимов", "слова акима", NOTHING),
        ("акимов", "Акимову, акиму", [(0, "Акимову")]),
        ("әкім", "Әкімнің сөзі", [(0, "Әкімнің")]),
        ("әкім", "әкімдіктің сөзі", NOTHING),
        ("ley", "las leyes", [(4, "leyes")]),
        ("vote", "voted, voting, voter", [(0, "voted"), (7, "voting")]),
        ("мәжіліс", "Mäjılıs", [(0, "Mäjılıs")]),
        ('"новый закон"', "о новых законах", [(2, "новых"), (8, "законах")]),
        ('"новый =закон"', "новые законы", NOTHING),
        ("закон NEAR/2 сенат", "Сенатом принят закон", [(0, "Сенатом"), (15, "закон")]),
        # exactly this word, and beginnings
        ("=reform", "Reform", [(0, "Reform")]),
        ("=reform", "reforms", NOTHING),
        ("реформ*", "реформа, реформы, информация", [(0, "реформа"), (9, "реформы")]),
        ("reform*", "reform", [(0, "reform")]),
        ("reform*", "refor", NOTHING),
        ("казах*", "Қазах", NOTHING),
        # names: any script and spelling, but capitalised
        ("~Tokayev", "Сегодня Токаев сказал", [(8, "Токаев")]),
        ("~Tokayev", "Бүгін Тоқаев айтты", [(6, "Тоқаев")]),
        ("~Токаев", "Today Tokayev spoke", [(6, "Tokayev")]),
        ("~Tokayev", "Toqayev's words", [(0, "Toqayev's")]),
        ("~Tokayev", "tokayev", NOTHING),
        ("~Mazhilis", "Мәжіліс", [(0, "Мәжіліс")]),
        ("~Kassym-Jomart", "Қасым-Жомарт", [(0, "Қасым"), (6, "Жомарт")]),
        # phrases: side by side, in this order
        ('"new parliament"', "a new parliament", [(2, "new"), (6, "parliament")]),
        ('"new parliament"', "new, parliament", [(0, "new"), (5, "parliament")]),
        ('"new parliament"', "parliament new", NOTHING),
        ('"new parliament"', "new big parliament", NOTHING),
        ('"a b a"', "a b b a", NOTHING),
        ('"a b a"', "b a b a", [(2, "a"), (4, "b"), (6, "a")]),
        ('"a a"', "a b a", NOTHING),
        ('"a a"', "a a", [(0, "a"), (2, "a")]),
        ('"new parliam*"', "new parliaments", [(0, "new"), (4, "parliaments")]),
        ("new-born", "a new born", [(2, "new"), (6, "born")]),
        ("new-born", "a new-born", [(2, "new"), (6, "born")]),
        # phrases with words among them, in any order
        ('"a b"~0', "b a", [(0, "b"), (2, "a")]),
        ('"a b"~1', "a x b", [(0, "a"), (4, "b")]),
        ('"a b"~1', "b x a", [(0, "b"), (4, "a")]),
        ('"a b"~1', "a x x b", NOTHING),
        ('"a b c"~1', "c a x b", [(0, "c"), (2, "a"), (6, "b")]),
        ('"a a"~3', "a x", NOTHING),
        ('"a a"~1', "a x a", [(0, "a"), (4, "a")]),
        # NEAR: either order, at most so many words apart
        ("a NEAR/1 b", "a b", [(0, "a"), (2, "b")]),
        ("a NEAR/1 b", "b a", [(0, "b"), (2, "a")]),
        ("a NEAR/1 b", "a x b", NOTHING),
        ("a NEAR/2 b", "a x b", [(0, "a"), (4, "b")]),
        ("a NEAR/5 a", "a x x", NOTHING),
        ("a NEAR/5 a", "a x a", [(0, "a"), (4, "a")]),
        ("a ONEAR/3 b", "a x b", [(0, "a"), (4, "b")]),
        ("a ONEAR/3 b", "b x a", NOTHING),
        ('"a b" NEAR/1 c', "c a b", [(0, "c"), (2, "a"), (4, "b")]),
        ('"a b" NEAR/1 "b c"', "a b c", NOTHING),
        ('"a b" NEAR/1 "b c"', "a b b c", [(0, "a"), (2, "b"), (4, "b"), (6, "c")]),
        ("(a OR b) NEAR/1 c", "b c", [(0, "b"), (2, "c")]),
        ("a NEAR/1 b NEAR/1 c", "a b x c", NOTHING),
        ("a NEAR/1 b NEAR/1 c", "c b a", [(0, "c"), (2, "b"), (4, "a")]),
        ("reform* NEAR/2 ~Tokayev", "Токаев и reforms", [(0, "Токаев"), (9, "reforms")]),
        # AND, OR, NOT
        ("a b", "b x a", [(0, "b"), (4, "a")]),
        ("a b", "a x", NOTHING),
        ("a OR b", "x b", [(2, "b")]),
        ("a OR b", "b a", [(0, "b"), (2, "a")]),
        ("a OR b", "x", NOTHING),
        ("a NOT b", "a x", [(0, "a")]),
        ("a NOT b", "a b", NOTHING),
        ("a -b", "b", NOTHING),
        ("a NOT NOT b", "a b", [(0, "a")]),
        ("a NOT NOT b", "a", NOTHING),
        ('a NOT "b c"', "a b x c", [(0, "a")]),
        ('a NOT "b c"', "a b c", NOTHING),
        ("a (b OR NOT c)", "a x", [(0, "a")]),
        ("a (b OR NOT c)", "a b c", [(0, "a"), (2, "b")]),
        ("a (b OR NOT c)", "a c", NOTHING),
        # fields that the word is not in
        ("title:a", "a", NOTHING),
        ("a NOT title:a", "a", [(0, "a")]),
        ("text:a", "a", [(0, "a")]),
    ],
)
def test_a_query_is_met_by_these_words_of_a_text(query: str, text: str, expected: list[tuple[int, str]] | None) -> None:
    evidence = found(query, summary=text)
    assert expected == (None if evidence is None else [(one.start, one.word) for one in evidence])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("one", ["title"]),
        ("two", ["summary"]),
        ("three", ["content"]),
        ("four", None),
        ("title:one", ["title"]),
        ("title:two", None),
        ("text:two", ["summary"]),
        ("text:three", ["content"]),
        ("text:one", None),
        ("author:four", ["author"]),
        ("source:five", ["source"]),
        ("tag:six", ["tag"]),
        ("tag:seven", ["tag"]),
        ('tag:"six seven"', ["tag", "tag"]),
        ("url:eight", ["url"]),
        ("lang:kk", ["lang"]),
        ("lang:ru", None),
        ("one two three", ["title", "summary", "content"]),
        ('"one two"', None),
        ("one NEAR/5 two", None),
        ("text:(two three)", ["summary", "content"]),
        ("text:(one two)", None),
        ("title:(one OR two)", ["title"]),
        ("one -lang:ru", ["title"]),
        ("one -lang:kk", None),
        ("one NOT text:one", ["title"]),
        ("one NOT text:(two NOT three)", ["title"]),
        ("title:(one author:four)", ["title", "author"]),
    ],
)
def test_a_field_of_a_query_is_a_field_of_the_entry(query: str, expected: list[str] | None) -> None:
    evidence = found(
        query,
        title="one",
        summary="two",
        content="three",
        author="four",
        source="five",
        tag="six seven",
        url="https://example.org/eight",
        lang="kk",
    )
    assert expected == (None if evidence is None else [one.field for one in evidence])


@pytest.mark.parametrize(
    ("query", "text", "term", "how"),
    [
        ("Reform", "reform", "Reform", "same form"),
        ("=Reform", "reform", "=Reform", "exact"),
        ("Reform", "reforms", "Reform", "inflection of reform"),
        ("Ёлка", "ёлки", "Ёлка", "inflection of елка"),
        ("әкім", "әкімнің", "әкім", "inflection of әкім"),
        ("рефо*", "реформа", "рефо*", "prefix"),
        ("~Tokayev", "Тоқаевтың", "~Tokayev", "name"),
        ("~Tokayev", "Токаев", "~Tokayev", "name"),
    ],
)
def test_evidence_says_which_term_was_met_and_how(query: str, text: str, term: str, how: str) -> None:
    evidence = found(query, summary=text)
    assert evidence is not None
    assert [(one.term, one.how) for one in evidence] == [(term, how)]


@pytest.mark.parametrize(
    ("query", "text", "how"),
    [
        ("=Mäjılıs", "Mäjılıs", "exact"),
        ("=Şahin", "Şahin", "exact"),
        ("=Iraq", "Iraq", "exact"),
        ("Iraq", "Iraq", "same form"),
        ("Mäjılıs", "Mäjılıs", "same form"),
    ],
)
def test_a_word_in_latin_letters_of_kazakh_is_found_as_it_is_typed(query: str, text: str, how: str) -> None:
    evidence = found(query, summary=text)
    assert evidence is not None
    assert [one.how for one in evidence] == [how]


@pytest.mark.parametrize(("query", "text"), [("Mäjı*", "Mäjılıs"), ("Präsi*", "Präsident"), ("Qaza*", "Qazaqstan")])
def test_a_prefix_in_latin_letters_of_kazakh_is_found_as_it_is_typed(query: str, text: str) -> None:
    evidence = found(query, summary=text)
    assert evidence is not None
    assert [one.how for one in evidence] == ["prefix"]


def test_evidence_is_bounded_and_keeps_something_of_each_part() -> None:
    evidence = found("a b c", summary="a " * 100 + "b " * 100 + "c")
    assert evidence is not None
    assert len(evidence) == MAX_EVIDENCE
    assert {one.word for one in evidence} == {"a", "b", "c"}
    assert list(evidence) == sorted(evidence, key=lambda one: one.start)


def test_evidence_tells_each_word_once() -> None:
    evidence = found("(a NEAR/3 b) OR (a NEAR/3 c)", summary="a b c")
    assert evidence is not None
    assert [one.word for one in evidence] == ["a", "b", "c"]


def test_places_count_the_words_of_all_parts_and_no_phrase_bridges_two() -> None:
    held = MatchText({"title": "one two", "summary": "", "content": "three one"})
    assert held.places == [0, 1, 2 * GAP + 2, 2 * GAP + 3]
    assert list(held.with_form("one")) == [0, 2 * GAP + 3]
    assert [held.part_of(place) for place in held.places] == ["title", "title", "content", "content"]
    assert [held.span(place) for place in held.places] == [(0, 3), (4, 7), (0, 5), (6, 9)]
    assert [held.form_at(place) for place in held.places] == ["one", "two", "three", "one"]
    assert whole(held).fields["text"] == ((GAP, 3 * GAP),)
    assert whole(held).fields["author"] == ()


@pytest.mark.parametrize(("offset", "words"), [(0, 0), (1, 1), (4, 1), (5, 2), (100, 3)])
def test_the_words_of_a_part_that_begin_before_an_offset_are_a_range(offset: int, words: int) -> None:
    held = MatchText({"title": "zero", "summary": "one two three", "content": "four"})
    assert held.range_until("summary", offset) == (GAP, GAP + 1 + words)


# --- laws ------------------------------------------------------------------------------------------------------------

_WORD = st.sampled_from(
    ["a", "b", "c", "d", "reform", "reforms", "Токаев", "Тоқаев", "ёлка", "елка", "Kazakhstan's", "законах", "әкімнің"]
)
_TEXT = st.lists(_WORD, max_size=10).flatmap(
    lambda some: st.lists(st.sampled_from([" ", ", ", " — ", "\n"]), min_size=len(some), max_size=len(some)).map(
        lambda gaps: "".join(word + gap for word, gap in zip(some, gaps, strict=True))
    )
)
_TERM = st.sampled_from(["a", "b", "c", "=a", "reform*", "reform", "~Tokayev", "ёлка", "kazakhstan", "закон", "әкім"])
_DISTANCE = st.integers(min_value=1, max_value=6)
_POSITIONAL = st.recursive(
    _TERM | st.lists(_TERM, min_size=2, max_size=3).map(lambda some: f'"{" ".join(some)}"'),
    lambda inner: (
        st.tuples(inner, st.sampled_from(["NEAR", "ONEAR"]), _DISTANCE, inner).map(
            lambda parts: f"({parts[0]} {parts[1]}/{parts[2]} {parts[3]})"
        )
        | st.tuples(inner, inner).map(lambda parts: f"({parts[0]} OR {parts[1]})")
    ),
    max_leaves=4,
)
_QUERY = st.recursive(
    _POSITIONAL,
    lambda inner: (
        st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})")
        | st.tuples(inner, inner).map(lambda parts: f"({parts[0]} NOT {parts[1]})")
    ),
    max_leaves=5,
)


@given(_QUERY, _TEXT, _TEXT)
def test_every_word_of_evidence_is_the_text_between_its_offsets(query: str, title: str, text: str) -> None:
    evidence = found(query, title=title, summary=text)  # compares each word with the text between its offsets
    words = {word for text in (title, text) for word in WORD.findall(text)}
    assert {one.word for one in evidence or ()} <= words
    assert evidence is None or len(evidence) > 0


@given(_QUERY, _QUERY, _TEXT)
def test_and_is_met_where_both_are(one: str, other: str, text: str) -> None:
    assert is_met(f"{one} AND {other}", text) == (is_met(one, text) and is_met(other, text))


@given(_QUERY, _QUERY, _TEXT)
def test_or_is_met_where_either_is(one: str, other: str, text: str) -> None:
    assert is_met(f"{one} OR {other}", text) == (is_met(one, text) or is_met(other, text))


@given(_QUERY, _TEXT)
def test_not_is_met_where_its_query_is_not(query: str, text: str) -> None:
    assert (found(f"title:z NOT {query}", title="z", summary=text) is not None) != is_met(query, text)


@given(_QUERY, _QUERY, _TEXT)
def test_the_order_of_and_and_of_or_does_not_matter(one: str, other: str, text: str) -> None:
    assert is_met(f"{one} AND {other}", text) == is_met(f"{other} AND {one}", text)
    assert is_met(f"{one} OR {other}", text) == is_met(f"{other} OR {one}", text)


@given(_POSITIONAL, _POSITIONAL, _DISTANCE, _TEXT)
def test_near_is_symmetric(one: str, other: str, distance: int, text: str) -> None:
    assert is_met(f"{one} NEAR/{distance} {other}", text) == is_met(f"{other} NEAR/{distance} {one}", text)


@given(_POSITIONAL, _POSITIONAL, _DISTANCE, _TEXT)
def test_near_is_onear_in_one_order_or_the_other(one: str, other: str, distance: int, text: str) -> None:
    orders = [is_met(f"{a} ONEAR/{distance} {b}", text) for a, b in ((one, other), (other, one))]
    assert is_met(f"{one} NEAR/{distance} {other}", text) == any(orders)


@given(_POSITIONAL, _POSITIONAL, _DISTANCE, _TEXT)
def test_what_is_near_stays_near_when_the_distance_grows(one: str, other: str, distance: int, text: str) -> None:
    if is_met(f"{one} NEAR/{distance} {other}", text):
        assert is_met(f"{one} NEAR/{distance + 1} {other}", text)


@given(_POSITIONAL, _POSITIONAL, _DISTANCE, _TEXT)
def test_near_implies_and(one: str, other: str, distance: int, text: str) -> None:
    if is_met(f"{one} NEAR/{distance} {other}", text):
        assert is_met(f"{one} AND {other}", text)


@given(_TERM, _TERM, _TEXT)
def test_a_phrase_of_two_is_onear_1(one: str, other: str, text: str) -> None:
    assert is_met(f'"{one} {other}"', text) == is_met(f"{one} ONEAR/1 {other}", text)


@given(st.lists(_TERM, min_size=2, max_size=4), _TEXT)
def test_a_phrase_is_met_by_every_phrase_with_slop(terms: list[str], text: str) -> None:
    phrase = f'"{" ".join(terms)}"'
    if is_met(phrase, text):
        assert is_met(f"{phrase}~0", text)
    if is_met(f"{phrase}~1", text):
        assert is_met(f"{phrase}~2", text)


def test_a_phrase_with_slop_finds_a_repeated_word_among_many() -> None:
    text = "a " * 30 + "b " + "a " * 30
    assert is_met('"a a a a b"', text)
    assert is_met('"a a a a b"~12', text)


@pytest.mark.parametrize("apart", range(1, 7))
@pytest.mark.parametrize("distance", [1, 2, 3, 5])
def test_near_reaches_as_far_back_as_forward_and_no_further(distance: int, apart: int) -> None:
    between = "x " * (apart - 1)
    forward, back = f"a {between}b", f"b {between}a"
    assert is_met(f"a NEAR/{distance} b", forward) == (apart <= distance)
    assert is_met(f"a NEAR/{distance} b", back) == (apart <= distance)
    assert is_met(f"a ONEAR/{distance} b", forward) == (apart <= distance)
    assert not is_met(f"a ONEAR/{distance} b", back)


@pytest.mark.parametrize("apart", range(1, 7))
@pytest.mark.parametrize("distance", [1, 2, 3, 5])
def test_the_distance_of_phrases_is_from_the_end_of_one_to_the_beginning_of_the_other(
    distance: int, apart: int
) -> None:
    between = "x " * (apart - 1)
    query = f'"a a a" NEAR/{distance} "b b"'
    assert is_met(query, f"a a a {between}b b") == (apart <= distance)
    assert is_met(query, f"b b {between}a a a") == (apart <= distance)


_LETTERS = st.lists(st.sampled_from("abcx"), max_size=9)


@given(_LETTERS, _LETTERS, _DISTANCE)
def test_near_agrees_with_counting_words_by_hand(title: list[str], text: list[str], distance: int) -> None:
    by_hand = any(
        i != j and abs(i - j) <= distance and (some[i], some[j]) == ("a", "b")
        for some in (title, text)
        for i, j in product(range(len(some)), repeat=2)
    )
    assert (found(f"a NEAR/{distance} b", title=" ".join(title), summary=" ".join(text)) is not None) == by_hand


@given(_LETTERS, st.sampled_from(["ab", "aa", "aab", "abc", "aba"]), st.integers(min_value=0, max_value=4))
def test_a_phrase_with_slop_agrees_with_trying_all_places(text: list[str], terms: str, slop: int) -> None:
    by_hand = any(
        len(set(places)) == len(terms)
        and max(places) - min(places) + 1 - len(terms) <= slop
        and all(text[place] == term for place, term in zip(places, terms, strict=True))
        for places in product(range(len(text)), repeat=len(terms))
    )
    assert is_met(f'"{" ".join(terms)}"~{slop}', " ".join(text)) == by_hand


@given(_QUERY, _TEXT)
def test_case_of_ordinary_words_does_not_matter(query: str, text: str) -> None:
    assume("~" not in query)
    assert is_met(query, text) == is_met(query, text.upper().replace("'S", "'s"))


@given(_QUERY, _TEXT)
def test_the_same_query_and_text_give_the_same_evidence(query: str, text: str) -> None:
    assert found(query, summary=text) == found(query, summary=text)


# --- entries against topics ------------------------------------------------------------------------------------------


def entry(**texts: str) -> ParsedEntry:
    return ParsedEntry(
        key="guid:1",
        reuse_key="guid:1#",
        twin_key="",
        guid="1",
        url=texts.get("url"),
        title=texts.get("title", ""),
        summary=texts.get("summary", ""),
        content=texts.get("content", ""),
        author=texts.get("author", ""),
        tags=("civic life", "law"),
        published=None,
        text_hash="",
    )


def topic(**queries: str) -> CompiledTopic:
    return compile_topic(7, "mayors", queries)


@pytest.mark.parametrize(
    ("query", "title", "summary", "content", "strength"),
    [
        ("mayor", "A mayor is elected", "", "", Strength.ABOUT),
        ("mayor", "Votes", "The mayor won. More below.", "", Strength.ABOUT),
        ("mayor", "Votes", "They won. The mayor said so.", "", Strength.MENTION),
        ("mayor", "Votes", "They won! “The mayor said so.", "", Strength.MENTION),
        ("mayor", "Votes", "They won\nThe mayor said so.", "", Strength.MENTION),
        ("mayor", "Votes", "At 5 p.m. the mayor spoke.", "", Strength.ABOUT),
        ("мэр", "Выборы", "Итоги подведены. Мэр избран.", "", Strength.MENTION),
        ("әкім", "Сайлау", "Қорытынды шықты. Әкім сайланды.", "", Strength.MENTION),
        ("mayor", "Votes", "They won.", "The mayor said so.", Strength.MENTION),
        ("mayor", "Votes", "", "The mayor won.", Strength.ABOUT),
        ("mayor", "Votes", "", "They won. The mayor said so.", Strength.MENTION),
        ("mayor vote", "A mayor", "They won. A vote is next.", "", Strength.MENTION),
        ("vote NOT mayor", "A vote", "They won. More below.", "", Strength.ABOUT),
        # of a headline that lists several subjects the first counts
        ("mayor", "A mayor is elected; a bridge falls", "", "", Strength.ABOUT),
        ("mayor", "A bridge falls; a mayor is elected", "", "", Strength.MENTION),
        ("mayor", "A bridge falls;a mayor is elected", "", "", Strength.ABOUT),
    ],
)
def test_the_headline_and_the_first_sentence_are_what_an_entry_is_about(
    query: str, title: str, summary: str, content: str, strength: Strength
) -> None:
    held = match_text_of(entry(title=title, summary=summary, content=content), source="S", language="en")
    (match,) = match_entry(held, [topic(en=query)])
    assert (match.topic_id, match.slug, match.language, match.strength) == (7, "mayors", "en", strength)


def test_a_topic_is_matched_by_a_query_of_any_of_its_languages() -> None:
    held = match_text_of(entry(title="Мэр избран"), source="S", language="en")
    (match,) = match_entry(held, [topic(en="mayor", ru="мэр")])
    assert match.language == "ru"


def test_the_strongest_query_of_a_topic_speaks_for_it() -> None:
    held = match_text_of(entry(title="Мэр", summary="A vote. The mayor spoke."), source="S", language=None)
    (match,) = match_entry(held, [topic(en="mayor", ru="мэр")])
    assert (match.language, match.strength) == ("ru", Strength.ABOUT)


def test_among_equals_the_first_query_of_a_topic_speaks_for_it() -> None:
    held = match_text_of(entry(title="Мэр mayor"), source="S", language=None)
    (match,) = match_entry(held, [topic(en="mayor", ru="мэр")])
    assert match.language == "en"


def test_an_entry_that_belongs_nowhere_has_no_match() -> None:
    assert match_entry(match_text_of(entry(title="Weather"), source="S", language="en"), [topic(en="mayor")]) == ()


def test_an_entry_belongs_to_every_topic_that_it_meets() -> None:
    topics = [compile_topic(1, "one", {"en": "vote"}), compile_topic(2, "two", {"en": "weather"})]
    topics += [compile_topic(3, "three", {"en": "mayor"})]
    held = match_text_of(entry(title="A mayor, a vote"), source="S", language="en")
    assert [match.slug for match in match_entry(held, topics)] == ["one", "three"]


@pytest.mark.parametrize(
    ("query", "is_met"),
    [
        ("tag:civic", True),
        ('tag:"civic life"', True),
        ("source:Courier", True),
        ("lang:en", True),
        ("lang:gb", False),
        ("url:politics", True),
        ("author:Person", True),
    ],
)
def test_an_entrys_tags_source_language_address_and_author_can_be_asked_for(query: str, is_met: bool) -> None:
    one = entry(title="x", url="https://example.org/politics/1", author="A. Person")
    held = match_text_of(one, source="The Courier", language="en-GB")
    assert bool(match_entry(held, [topic(en=query)])) == is_met


def test_compiling_a_topic_with_a_broken_query_says_so() -> None:
    with pytest.raises(QueryError):
        compile_topic(1, "broken", {"en": "(a"})


# --- bounded time ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("a NEAR/50 a", "a " * 30_000),
        ("a NEAR/50 b", "a b " * 15_000),
        ('"a a a a"', "a " * 30_000),
        ("aaaa*", "a" * 60_000),
        ("a NOT (b OR c)", "a" * 60_000),
        ("a", "a\u0301" * 30_000),
        ("a", "'s" * 30_000),
        (" OR ".join(f"w{i}" for i in range(1000)), "w1 w2 " * 10_000),
    ],
    ids=["near", "alternating", "phrase", "long word", "not", "accents", "possessives", "or"],
)
def test_a_nasty_text_is_held_against_a_query_in_bounded_time(query: str, text: str) -> None:
    # trust: D08
    with at_most_lines(3_000_000):
        evidence = found(query, summary=text)
    assert evidence is None or len(evidence) <= MAX_EVIDENCE


def test_the_work_of_a_query_grows_with_the_text_and_not_faster() -> None:
    # trust: D08
    tree, held = (
        parse_query('(law NEAR/8 vote) OR "a b c" OR "a b"'),
        match_text(summary="law " + "a b " * 2_000 + "vote"),
    )
    with at_most_lines(500_000):
        assert evaluate(tree, held) is not None


def test_two_words_that_fill_a_text_but_are_seldom_near_cost_no_more() -> None:
    # trust: D08
    tree, held = parse_query("a NEAR/8 b"), match_text(summary="a " * 2_000 + "b " * 2_000)
    with at_most_lines(500_000):
        assert evaluate(tree, held) is not None


def test_a_phrase_with_slop_whose_words_fill_a_text_costs_no_more() -> None:
    # trust: D08
    tree, held = parse_query('"a b"~5'), match_text(summary="a b " * 2_000)
    with at_most_lines(500_000):
        assert evaluate(tree, held) is not None


def test_a_phrase_whose_repeated_word_is_one_too_few_costs_no_more() -> None:
    # trust: D08
    tree, held = parse_query('"a a a a a b"~20'), match_text(summary=("a a a a b " + "x " * 25) * 20)
    with at_most_lines(50_000):
        assert evaluate(tree, held) is None


@pytest.mark.timeout(60)  # a second look at each run of dots takes hours
def test_a_text_of_dots_has_a_head_in_bounded_time() -> None:
    # trust: D08
    held = match_text(content="Law " + "." * 2_000_000)
    assert head_of(held).default == ((0, 0), (2 * GAP, 2 * GAP + 1))


def test_a_long_chain_of_nears_is_refused_or_evaluated() -> None:
    # trust: D08
    try:
        tree = parse_query("a" + " NEAR/1 a" * 1_000)
    except QueryError:
        return
    evaluate(tree, match_text(summary="a a a"))
