"""Matching: the words around a hit, and the parts of a query that were not met."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reformwatch.matching.explain import Part, parts_of
from reformwatch.matching.query import MatchText, evaluate, parse_query
from reformwatch.matching.snippets import Piece, marked, snippet
from reformwatch.model.topic import Evidence


def hit(start: int, end: int, *, field: str = "summary", text: str = "") -> Evidence:
    """Evidence at these offsets."""
    return Evidence(field=field, start=start, end=end, word=text[start:end], term="t", how="same form")


def shown(pieces: tuple[Piece, ...]) -> str:
    """Pieces on one line, hits in brackets."""
    return "".join(f"[{piece.text}]" if piece.is_hit else piece.text for piece in pieces)


@pytest.mark.parametrize(
    ("text", "hits", "expected"),
    [
        ("a law on mayors", [], "a law on mayors"),
        ("a law on mayors", [(2, 5)], "a [law] on mayors"),
        ("a law on mayors", [(9, 15), (2, 5)], "a [law] on [mayors]"),
        ("a law on mayors", [(2, 5), (2, 5)], "a [law] on mayors"),
        ("a law on mayors", [(2, 8), (6, 15)], "a [law on mayors]"),
        ("a law on mayors", [(0, 1), (9, 15)], "[a] law on [mayors]"),
        ("lawmaker", [(0, 3), (3, 8)], "[lawmaker]"),
        ("law", [(0, 3)], "[law]"),
        ("", [], ""),
    ],
)
def test_a_whole_field_is_shown_with_its_hits_marked(text: str, hits: list[tuple[int, int]], expected: str) -> None:
    evidence = [hit(*place) for place in hits] + [hit(0, 1, field="title")]
    assert shown(marked(text, evidence, field="summary")) == expected


def test_a_field_without_hits_has_no_snippet() -> None:
    assert snippet("a law", [hit(0, 1, field="title")], field="summary") == ()
    assert snippet("a law", [], field="summary") == ()


def test_a_short_text_is_shown_whole() -> None:
    assert shown(snippet("a law on mayors", [hit(2, 5)], field="summary")) == "a [law] on mayors"


def test_a_long_text_is_cut_at_words_on_both_sides() -> None:
    text = "word " * 100 + "law " + "word " * 100
    found = shown(snippet(text, [hit(500, 503)], field="summary"))
    assert found.startswith("… word ")
    assert found.endswith(" word …")
    assert "[law]" in found
    assert len(found) < 250


def test_the_first_hits_are_shown_and_those_far_away_are_not() -> None:
    text = "law " + "word " * 20 + "vote " + "word " * 200 + "mayor"
    evidence = [hit(0, 3), hit(104, 108), hit(len(text) - 5, len(text))]
    found = shown(snippet(text, evidence, field="summary"))
    assert found.startswith("[law] word")
    assert "[vote]" in found
    assert "mayor" not in found


_HITS = st.lists(st.tuples(st.integers(0, 900), st.integers(1, 40)), min_size=1, max_size=8)


@given(st.text(alphabet="ab жң\n", min_size=1, max_size=900), _HITS)
def test_a_snippet_is_a_bounded_part_of_the_text_with_the_first_hit_in_it(
    text: str, places: list[tuple[int, int]]
) -> None:
    evidence = [hit(start % len(text), min(start % len(text) + width, len(text))) for start, width in places]
    pieces = snippet(text, evidence, field="summary")
    body = "".join(piece.text for piece in pieces).removeprefix("… ").removesuffix(" …")
    assert body in text
    first = min(evidence, key=lambda one: one.start)
    marks = [piece.text for piece in pieces if piece.is_hit]
    assert marks
    assert marks[0].startswith(text[first.start : first.end])
    longest = 8 * 40  # hits that touch are one
    assert len(body) <= 320 + 90 + longest


@given(st.text(alphabet="ab жң\n", min_size=1, max_size=300), _HITS)
def test_marking_a_field_loses_nothing(text: str, places: list[tuple[int, int]]) -> None:
    evidence = [hit(start % len(text), min(start % len(text) + width, len(text))) for start, width in places]
    pieces = marked(text, evidence, field="summary")
    assert "".join(piece.text for piece in pieces) == text
    at, is_marked = 0, set[int]()
    for piece in pieces:
        is_marked |= set(range(at, at + len(piece.text))) if piece.is_hit else set()
        at += len(piece.text)
    assert is_marked == {i for one in evidence for i in range(one.start, one.end)}


# --- explain ---------------------------------------------------------------------------------------------------------


def parts(query: str, text: str) -> tuple[Part, ...]:
    """The parts of a query against a text, each checked against the evaluator."""
    match_text = MatchText({"title": "", "summary": text, "content": ""})
    found = parts_of(parse_query(query), query, match_text)
    assert all(part.is_met or part.evidence == () for part in found)
    return found


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("law", "a law", [("law", True)]),
        ("law", "a vote", [("law", False)]),
        ("law vote", "a law", [("law", True), ("vote", False)]),
        ("law NOT vote", "a law", [("law", True), ("NOT vote", True)]),
        ("law NOT vote", "a law, a vote", [("law", True), ("NOT vote", False)]),
        ("law -vote", "a vote", [("law", False), ("-vote", False)]),
        ('"new law" vote', "a law", [('"new law"', False), ("vote", False)]),
        ('"new law"~3 vote', "new big law", [('"new law"~3', True), ("vote", False)]),
        ("law NEAR/3 vote mayor", "mayor", [("law NEAR/3 vote", False), ("mayor", True)]),
        ("(law OR act) vote", "act", [("(law OR act)", True), ("vote", False)]),
        ("law NOT (vote OR poll)", "law", [("law", True), ("NOT (vote OR poll)", True)]),
        ("law title:(vote OR poll)", "law", [("law", True), ("title:(vote OR poll)", False)]),
        ("law title:vote", "law vote", [("law", True), ("title:vote", False)]),
        # of alternatives the nearest miss
        ("(a b) OR (c d e)", "a", [("a", True), ("b", False)]),
        ("(a b) OR (c d e)", "c d", [("c", True), ("d", True), ("e", False)]),
        ("a b OR c", "x", [("a", False), ("b", False)]),
    ],
)
def test_the_parts_of_a_query_say_which_were_met(query: str, text: str, expected: list[tuple[str, bool]]) -> None:
    # trust: G15
    assert [(part.text, part.is_met) for part in parts(query, text)] == expected


def test_a_part_that_was_met_has_its_evidence() -> None:
    (law, vote) = parts("law vote", "a law")
    assert [(one.start, one.word) for one in law.evidence] == [(2, "law")]
    assert vote.evidence == ()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("law title:(vote poll)", "title:(vote poll)"),
        ("law NOT (vote poll)", "NOT (vote poll)"),
        ("law ((vote OR poll) NEAR/3 mayor)", "((vote OR poll) NEAR/3 mayor)"),
        ("law (vote NEAR/3 (mayor OR akim))", "(vote NEAR/3 (mayor OR akim))"),
    ],
)
def test_a_part_is_shown_as_it_was_written(query: str, expected: str) -> None:
    assert parts(query, "law")[1].text == expected


@pytest.mark.parametrize("term", ["=law", "~Tokayev", "reform*"])
def test_a_term_is_shown_with_its_mark(term: str) -> None:
    assert parts(f"{term} vote", "x")[0].text == term


_WORDS = st.lists(st.sampled_from("abcd"), max_size=6).map(" ".join)
_PART = st.sampled_from(["a", "b", "NOT c", '"a b"', "a NEAR/2 d", "(a OR d)"])


@given(st.lists(_PART, min_size=1, max_size=4).map(lambda some: " ".join(["x", *some])), _WORDS)
def test_a_query_is_met_where_all_its_parts_are(query: str, text: str) -> None:
    match_text = MatchText({"title": "x", "summary": text, "content": ""})
    tree = parse_query(query)
    found = parts_of(tree, query, match_text)
    assert all(part.is_met for part in found) == (evaluate(tree, match_text) is not None)
