"""Matching: the index of queries against trying every query: the same matches, the same evidence."""

import itertools
from collections.abc import Callable
from zlib import crc32

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conftest import examples
from reformwatch.matching.index import (
    CompiledTopic,
    TopicIndex,
    compile_topic,
    learned_frequency,
    match_entry,
    rough_frequency,
)
from reformwatch.matching.query import MatchText
from reformwatch.matching.query.anchors import Name, Pair, Prefix, Word, anchors_of
from reformwatch.matching.query.grammar import parse_query
from reformwatch.model.topic import Match, Strength

PARTS = ("title", "summary", "content", "author", "source", "tag", "url", "lang")
Texts = dict[str, str]


def match_text(texts: Texts) -> MatchText:
    """A text of its own for each use: matching leaves traces in it."""
    return MatchText({part: texts.get(part, "") for part in PARTS})


def topic(number: int, *queries: str) -> CompiledTopic:
    """A topic with queries in so many languages."""
    return compile_topic(number, f"t{number}", dict(zip(("any", "en", "ru", "kk", "es"), queries, strict=False)))


def assert_the_same(index: TopicIndex, topics: list[CompiledTopic], texts: Texts) -> tuple[Match, ...]:
    """The index finds what trying every query finds, evidence and all, and finds it again."""
    tried = match_entry(match_text(texts), topics)
    held = match_text(texts)
    assert index.match(held) == tried
    assert index.match(held) == tried
    return tried


# --- random queries and texts ----------------------------------------------------------------------------------------

#: Small worlds of words and of terms that find them, so that matches happen often: each language with inflected forms,
#: words of their own, Latin look-alikes (T, o, p, c, i), names in both scripts and in small letters, Kazakh in Latin.
WORLDS = (
    ("law laws Law's new news reform reforms voted", "law new =law =Laws reform vote refor* ~Law ~Reform"),
    ("закон законах Законы зaкoнaх новый новых ёлки", "закон законы новый =закон =новых зако* ёлка ~Закон"),
    ("аким акимов Акима акимат реформа peформы", "аким акимов =акимов реформа рефо* акимат* ~Аким"),
    ("ley Leyes nueva nuevas votó votaron reforma reform", "ley nuevo votar =leyes reforma =nueva refor* ~Ley"),
    ("әкім әкімнің Әкімдер әкімдік әкiм заң заңы жаңа", "әкім заң =әкімнің жаңа әкім* әкімдік ~Әкім"),
    ("Мәжіліс мәжілісте Mäjılıs Mazhilis мажилисе Мажилис", "мәжіліс Mäjılıs мажилис =мәжіліс мажил* ~Mazhilis"),
    (
        "Тоқаев Тоқаевтың Токаевым Tokayev Tokayev's токаев Tоқаев Toqaevtyñ",
        "тоқаев токаев tokayev =Tokayev тоқа* toka* ~Tokayev ~Тоқаев ~Toqaevtyñ",
    ),
    ("Кассым-Жомарт Қасым-Жомарт Қасым Жомарт Kassym Jomart", "~Kassym-Jomart ~Жомарт қасым жомарт* қасы* =Жомарт"),
    ("x y x y z xyz 2022", "x y =x z xyz 2022 2022*"),
)
FIELDS = ["title", "text", "author", "source", "tag", "url", "lang"]

World = tuple[st.SearchStrategy[str], st.SearchStrategy[Texts]]
_GAPS = st.sampled_from([" ", " ", " ", ", ", ". ", "; ", "\n", " — ", "-"])
_SLOP = st.sampled_from(["", "", "~0", "~1", "~4"])
_NEAR = st.tuples(st.sampled_from(["NEAR", "ONEAR"]), st.integers(1, 5)).map(lambda p: f"{p[0]}/{p[1]}")


def texts_of(words: list[str]) -> st.SearchStrategy[Texts]:
    """Entries that use these words, in some or all of their parts."""
    text = st.lists(st.tuples(st.sampled_from(words), _GAPS).map("".join), max_size=7).map("".join)
    some = dict.fromkeys(("content", "author", "source", "tag", "url", "lang"), text)
    return st.fixed_dictionaries({"title": text, "summary": text}, optional=some)


def queries_of(terms: list[str]) -> st.SearchStrategy[str]:
    """Queries with every operator over these terms."""
    term = st.sampled_from(terms)
    phrase = st.tuples(st.lists(term, min_size=2, max_size=3), _SLOP).map(lambda p: f'"{" ".join(p[0])}"{p[1]}')
    plain = st.sampled_from([one for one in terms if len(one) > 1 and one[0].isalpha()])
    hyphened = st.tuples(term, plain).map("-".join)
    positional = st.recursive(
        term | phrase | hyphened.filter(lambda one: "*-" not in one and not (one[0] in "=~" and one[-1] == "*")),
        lambda inner: (
            st.tuples(inner, _NEAR, inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})")
            | st.tuples(inner, inner).map(lambda p: f"({p[0]} OR {p[1]})")
        ),
        max_leaves=4,
    )
    return st.recursive(
        term | positional,
        lambda inner: (
            st.tuples(inner, inner).map(lambda p: f"({p[0]} {p[1]})")
            | st.tuples(inner, inner).map(lambda p: f"({p[0]} OR {p[1]})")
            | st.tuples(inner, inner).map(lambda p: f"({p[0]} NOT {p[1]})")
            | st.tuples(inner, inner, inner).map(lambda p: f"({p[0]} ({p[1]} OR NOT {p[2]}))")
            | st.tuples(inner, inner).map(lambda p: f"({p[0]} NOT NOT {p[1]})")
            | st.tuples(st.sampled_from(FIELDS), inner).map(lambda p: f"{p[0]}:{p[1]}")
        ),
        max_leaves=6,
    )


def world_of(words: str, terms: str) -> World:
    return queries_of(terms.split()), texts_of(words.split())


WORDS, TERMS = (list(dict.fromkeys(" ".join(some).split())) for some in zip(*WORLDS, strict=True))
_WORLDS = st.sampled_from([*(world_of(*world) for world in WORLDS), (queries_of(TERMS), texts_of(WORDS))])


def frequency(seed: int) -> Callable[[str], float]:
    """Some word is rare, some common: each seed another, and so other anchors."""
    if seed == 0:
        return rough_frequency
    return lambda word: (crc32(f"{seed}{word}".encode()) % 1000) / 1000


_SEEDS = st.integers(0, 50)


def _topics_and_texts(world: World) -> st.SearchStrategy[tuple[list[list[str]], list[Texts]]]:
    queries, texts = world
    topics = st.lists(st.lists(queries, min_size=1, max_size=3), min_size=1, max_size=6)
    return st.tuples(topics, st.lists(texts, min_size=1, max_size=4))


@examples(300)
@given(_WORLDS.flatmap(_topics_and_texts), _SEEDS)
def test_an_index_matches_what_trying_every_query_matches(
    drawn: tuple[list[list[str]], list[Texts]], seed: int
) -> None:
    some, texts = drawn
    topics = [topic(number, *queries) for number, queries in enumerate(some)]
    index = TopicIndex(frequency(seed))
    for one in topics:
        index.add(one)
    for one_text in texts:
        assert_the_same(index, topics, one_text)


def _phrases_and_texts(world: tuple[str, str]) -> st.SearchStrategy[tuple[list[str], list[Texts]]]:
    words, terms = (some.split() for some in world)
    plain = st.sampled_from([one for one in terms if one[0] != "~" and one[-1] != "*"])
    phrases = st.lists(plain, min_size=2, max_size=3).map(lambda some: f'"{" ".join(some)}"')
    return st.tuples(st.lists(phrases, min_size=1, max_size=5), st.lists(texts_of(words), min_size=1, max_size=4))


@examples(300)
@given(st.sampled_from(WORLDS).flatmap(_phrases_and_texts), _SEEDS)
@example((['"new law"', '"new laws"', "laws"], [{"title": "new laws"}]), 0)
@example((['"законы новый"', "законах"], [{"title": "законах новых"}]), 0)
def test_phrases_are_found_by_their_pairs_as_by_trying(drawn: tuple[list[str], list[Texts]], seed: int) -> None:
    phrases, texts = drawn
    topics = [topic(number, phrase) for number, phrase in enumerate(phrases)]
    index = TopicIndex(frequency(seed))
    for one in topics:
        index.add(one)
    for one_text in texts:
        assert_the_same(index, topics, one_text)


@given(st.sampled_from(WORDS), st.sampled_from(TERMS))
def test_a_query_of_one_word_finds_one_word_as_trying_does(word: str, term: str) -> None:
    one = topic(1, term)
    assert_the_same(TopicIndex.of([one]), [one], {"title": word})


Step = tuple[str, int, list[str], Texts]
_NUMBERS = st.integers(0, 3)
_NO_QUERIES: list[str] = []
_NO_TEXTS: Texts = {}


def _steps(world: World) -> st.SearchStrategy[list[Step]]:
    queries, texts = world
    step: st.SearchStrategy[Step] = (
        st.tuples(st.just("add"), _NUMBERS, st.lists(queries, min_size=1, max_size=3), st.just(_NO_TEXTS))
        | st.tuples(st.just("remove"), _NUMBERS, st.just(_NO_QUERIES), st.just(_NO_TEXTS))
        | st.tuples(st.just("match"), st.just(0), st.just(_NO_QUERIES), texts)
    )
    last: st.SearchStrategy[Step] = st.tuples(st.just("match"), st.just(0), st.just(_NO_QUERIES), texts)
    return st.tuples(st.lists(step, max_size=12), last).map(lambda steps: [*steps[0], steps[1]])


@examples(300)
@given(_WORLDS.flatmap(_steps), _SEEDS)
def test_an_index_after_any_changes_matches_what_trying_every_query_matches(steps: list[Step], seed: int) -> None:
    index, topics = TopicIndex(frequency(seed)), list[CompiledTopic]()
    for what, number, queries, texts in steps:
        if what == "match":
            assert_the_same(index, topics, texts)
            continue
        topics = [one for one in topics if one.topic_id != number]
        index.remove(number)
        if what == "add":
            topics.append(topic(number, *queries))
            index.add(topics[-1])
        assert len(index) == sum(len(one.queries) for one in topics)
    for number in range(4):
        index.remove(number)
    assert len(index) == 0
    assert index.match(match_text(steps[-1][3])) == ()
    assert (index._queries, index._of_topic, index._slots) == ({}, {}, {})


@pytest.mark.parametrize("query", ["рефо*", "~Tokayev", "law OR (рефо* ~Tokayev)"])
def test_an_index_remembers_nothing_of_a_topic_that_was_removed(query: str) -> None:
    index = TopicIndex.of([topic(1, query)])
    index.remove(1)
    assert (index._queries, index._of_topic, index._slots) == ({}, {}, {})
    assert (index._prefixes, index._names) == ({}, {})


def test_removing_what_is_not_there_changes_nothing() -> None:
    one = topic(1, "law")
    index = TopicIndex.of([one])
    index.remove(2)
    assert len(assert_the_same(index, [one], {"title": "law"})) == 1


@given(
    st.permutations([topic(n, query) for n, query in enumerate(["law", '"new law"', "law OR vote", "refor*", "~Law"])])
)
def test_the_order_in_which_topics_are_added_does_not_matter(topics: list[CompiledTopic]) -> None:
    texts = {"title": "A new Law", "summary": "They voted. Reforms."}
    found = TopicIndex.of(topics).match(match_text(texts))
    assert [match.topic_id for match in found] == [0, 1, 2, 3, 4]


def test_topics_that_share_words_go_one_by_one() -> None:
    some = [topic(1, "law"), topic(2, "law vote"), topic(3, '"law vote"'), topic(4, "vote OR law", "=law")]
    index, texts = TopicIndex.of(some), {"title": "law vote"}
    for gone in itertools.count(1):
        assert len(assert_the_same(index, some, texts)) == len(some)
        if not some:
            break
        index.remove(gone)
        some = some[1:]


@pytest.mark.parametrize("query", ["vote", '"law vote"', "voti*", "~Vote", "title:(law vote)"])
def test_a_word_that_was_seen_before_leads_to_a_topic_that_comes_later(query: str) -> None:
    some, texts = [topic(1, "law")], {"title": "law Vote voting"}
    index = TopicIndex.of(some)
    assert len(assert_the_same(index, some, texts)) == 1
    some.append(topic(2, query))
    index.add(some[-1])
    assert len(assert_the_same(index, some, texts)) == 2
    index.remove(2)
    assert len(assert_the_same(index, some[:1], texts)) == 1


def test_a_topic_added_again_is_matched_by_its_new_query_only() -> None:
    index = TopicIndex.of([topic(1, "law")])
    index.match(match_text({"title": "law vote"}))
    index.remove(1)
    index.add(topic(1, "vote"))
    assert index.match(match_text({"title": "law"})) == ()
    assert len(index.match(match_text({"title": "law vote"}))) == 1


# --- scripts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "text", "word"),
    [
        ("закон", "новый зaкон", "зaкон"),  # Latin a
        ("закон", "о зaкoнaх", "зaкoнaх"),  # Latin a, o
        ("зaкон", "о законах", "законах"),  # typed with a Latin a
        ("=закон", "Зaкoн принят", "Зaкoн"),
        ("рефо*", "peформы", "peформы"),  # Latin p, e
        ("әкім", "әкiмнің сөзі", "әкiмнің"),  # Latin i
        ("тоқаев", "Tоқаевтың", "Tоқаевтың"),  # Latin T
        ("~Tokayev", "Tоқаевтың", "Tоқаевтың"),
        ('"новый закон"', "нoвый зaкон", "нoвый"),
        ("мәжіліс", "Mäjılısте", None),  # half and half: neither
        ("law", "lаw", None),  # a Cyrillic а makes it no English word
        ("мәжіліс", "Mäjılıs", "Mäjılıs"),
        ("~Tokayev", "Сегодня Токаевым, bugin Toqaevtyñ", "Токаевым"),
        ("law закон ley заң", "laws законы leyes заңдар", "laws"),
        ("~Kassym-Jomart", "Қасым-Жомартқа", "Қасым"),
    ],
)
def test_letters_of_two_scripts_are_read_as_they_look(query: str, text: str, word: str | None) -> None:
    one = topic(1, query)
    found = assert_the_same(TopicIndex.of([one]), [one], {"title": text})
    assert [match.evidence[0].word for match in found] == ([] if word is None else [word])


# --- anchors ---------------------------------------------------------------------------------------------------------

COMMON = {"the": 0.9, "new": 0.5, "law": 0.2, "akim": 0.01, "refor": 0.001}


@pytest.mark.parametrize(
    ("query", "anchors"),
    [
        ("law", {Word("law")}),
        ("=law", {Word("law")}),
        ("refor*", {Prefix("refor")}),
        ("law akim", {Word("akim")}),
        ("law OR akim", {Word("law"), Word("akim")}),
        ("(law akim) OR (new law)", {Word("akim"), Word("law")}),
        ("law NOT akim", {Word("law")}),
        ("law (akim OR NOT new)", {Word("law")}),
        ('"the new law"', {Pair("new", "law")}),
        ('"the akim"', {Pair("the", "akim")}),
        ('"the law"~3', {Word("law")}),
        ('"new refor*"', {Prefix("refor")}),
        ("law NEAR/3 (akim OR new)", {Word("law")}),
        ("law NEAR/3 akim", {Word("akim")}),
        ("title:(law akim)", {Word("akim")}),
        ("refor* law", {Prefix("refor")}),
    ],
)
def test_the_rarest_that_must_occur_is_looked_for(query: str, anchors: set[Word | Pair | Prefix | Name]) -> None:
    found = anchors_of(parse_query(query), COMMON.__getitem__)
    assert found is not None
    assert set(found.anchors) == anchors


@given(_WORLDS.flatmap(lambda world: world[0]), _SEEDS)
def test_every_query_has_an_anchor(query: str, seed: int) -> None:
    found = anchors_of(parse_query(query), frequency(seed))
    assert found is not None
    assert found.anchors
    assert found.cost >= 0


@pytest.mark.parametrize("title", ["weather in the mountains", "", "2022", "погода", "new new new"])
def test_a_text_without_an_anchor_reaches_no_query(title: str) -> None:
    index = TopicIndex.of([topic(1, "law vote"), topic(2, '"new law"'), topic(3, "рефо*"), topic(4, "~Tokayev")])
    assert index._candidates(match_text({"title": title})) == set()


def test_what_was_learned_of_an_archive_is_the_share_of_texts_that_have_a_form() -> None:
    known = learned_frequency(match_text({"title": title}) for title in ("laws law", "a law", "vote", "voted"))
    assert (known("law"), known("laws"), known("vote")) == (0.5, 0.25, 0.5)
    assert 0 < known("mayor") < 0.25
    assert learned_frequency([])("law") == rough_frequency("law")


def test_adding_a_topic_tells_the_share_of_texts_it_will_be_run_on() -> None:
    index = TopicIndex(COMMON.__getitem__)
    assert index.add(topic(1, "law akim")) == pytest.approx(0.01)
    assert index.add(topic(2, "the", "new")) == 1.0


# --- verdicts --------------------------------------------------------------------------------------------------------


def test_the_strongest_query_of_a_topic_speaks_for_it_and_else_the_first() -> None:
    one = topic(1, "vote", "мэр", "law")
    (match,) = assert_the_same(TopicIndex.of([one]), [one], {"title": "Мэр, law", "summary": "One. A vote."})
    assert (match.language, match.strength) == ("en", Strength.ABOUT)
    (match,) = assert_the_same(TopicIndex.of([one]), [one], {"title": "x", "summary": "One. A law, a vote."})
    assert (match.language, match.strength) == ("any", Strength.MENTION)


def test_matches_come_in_the_order_of_their_topics() -> None:
    some = [topic(number, "law") for number in (5, 2, 9, 1)]
    found = assert_the_same(TopicIndex.of(some), some, {"title": "law"})
    assert [match.topic_id for match in found] == [1, 2, 5, 9]


@given(_WORLDS.flatmap(lambda world: st.tuples(*world)))
@example(("law", {"title": "law"}))
def test_one_text_is_matched_by_two_indexes_one_after_the_other(drawn: tuple[str, Texts]) -> None:
    query, texts = drawn
    held, one, other = match_text(texts), topic(1, query), topic(2, "law OR закон OR әкім OR ley OR ~Tokayev OR refor*")
    first = TopicIndex.of([one]).match(held)
    second = TopicIndex.of([other]).match(held)
    assert first == match_entry(match_text(texts), [one])
    assert second == match_entry(match_text(texts), [other])


def test_a_text_that_an_index_matched_can_be_held_against_another_query() -> None:
    held = match_text({"title": "law vote"})
    TopicIndex.of([topic(1, "law")]).match(held)
    assert len(match_entry(held, [topic(2, "vote")])) == 1
