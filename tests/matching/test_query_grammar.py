"""Matching: a query's text to its tree: precedence, marks, refusals with their place, and nothing but QueryError."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounds import at_most_lines
from reformwatch.errors import BadInput, QueryError
from reformwatch.language.names import names_of
from reformwatch.language.words import WORD, fold
from reformwatch.matching.query import Node, parse_query
from reformwatch.matching.query.grammar import MAX_DEPTH, MAX_DISTANCE, MAX_LENGTH
from reformwatch.matching.query.tree import And, How, InField, Near, Not, Or, Phrase, Term, children_of

_MARKS = {How.FORM: "", How.EXACT: "=", How.NAME: "~", How.PREFIX: ""}


def shape(node: Node) -> str:
    """A tree on one line: ``(and a (not b))``; phrases in brackets; a prefix with its star."""
    match node:
        case Term():
            return f"{_MARKS[node.how]}{node.word}{'*' if node.how is How.PREFIX else ''}"
        case Phrase():
            slop = "" if node.slop is None else f"~{node.slop}"
            return f"[{' '.join(shape(term) for term in node.terms)}]{slop}"
        case Near():
            return f"({'o' * node.ordered}near/{node.distance} {shape(node.left)} {shape(node.right)})"
        case InField():
            return f"({node.field}: {shape(node.child)})"
        case And() | Or() | Not():
            name = type(node).__name__.lower()
            return f"({name} {' '.join(shape(child) for child in children_of(node))})"


def terms_of(node: Node) -> Iterator[Term]:
    """All the terms of a tree."""
    if isinstance(node, Term):
        yield node
    elif isinstance(node, Phrase):
        yield from node.terms
    else:
        for child in children_of(node):
            yield from terms_of(child)


def nodes_of(node: Node) -> Iterator[Node]:
    """All the parts of a tree, the terms of its phrases too, in the order in which they are written."""
    yield node
    for child in node.terms if isinstance(node, Phrase) else children_of(node):
        yield from nodes_of(child)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("reform", "reform"),
        ("  reform \u00a0", "reform"),
        ("Реформа", "реформа"),
        ("Жолдау Елбасы", "(and жолдау елбасы)"),
        ("a b c", "(and a b c)"),
        ("a AND b", "(and a b)"),
        ("a & b && c", "(and a b c)"),
        ("a&b", "(and a b)"),
        ("a OR b", "(or a b)"),
        ("a | b || c", "(or a b c)"),
        ("a|b", "(or a b)"),
        ("a b OR c d", "(or (and a b) (and c d))"),
        ("a (b OR c) d", "(and a (or b c) d)"),
        ("((a))", "a"),
        ("a NEAR/3 b", "(near/3 a b)"),
        ("a ONEAR/1 b", "(onear/1 a b)"),
        ("a NEAR/50 b", "(near/50 a b)"),
        ("a b NEAR/3 c d", "(and a (near/3 b c) d)"),
        ("a NEAR/3 b ONEAR/2 c", "(onear/2 (near/3 a b) c)"),
        ("(a OR b) NEAR/3 (c OR d)", "(near/3 (or a b) (or c d))"),
        ("a NEAR/3 b OR c", "(or (near/3 a b) c)"),
        ('"new mayor" NEAR/4 ~Almaty', "(near/4 [new mayor] ~almaty)"),
        ("a NOT b", "(and a (not b))"),
        ("a -b", "(and a (not b))"),
        ("a !b", "(and a (not b))"),
        ("a AND NOT b", "(and a (not b))"),
        ("a NOT NOT b", "(and a (not (not b)))"),
        ("a NOT b c", "(and a (not b) c)"),
        ("a NOT (b c)", "(and a (not (and b c)))"),
        ('a -"b c"', "(and a (not [b c]))"),
        ("a -title:b", "(and a (not (title: b)))"),
        ("a(b)", "(and a b)"),
        ("title:a b", "(and (title: a) b)"),
        ("TITLE:a", "(title: a)"),
        ("text:a", "(text: a)"),
        ("author:a source:b tag:c url:d lang:kk", "(and (author: a) (source: b) (tag: c) (url: d) (lang: kk))"),
        ("title:(a OR b)", "(title: (or a b))"),
        ('title:"a b"', "(title: [a b])"),
        ("title: a", "(title: a)"),
        ('"a b c"', "[a b c]"),
        ('"a  b"', "[a b]"),
        ('"a b"~5', "[a b]~5"),
        ('"a b"~0', "[a b]~0"),
        ('"a"', "a"),
        ('"a"~5', "a"),
        ("«Жаңа Қазақстан»", "[жаңа қазақстан]"),
        ("“new parliament”", "[new parliament]"),
        ("„neue Regierung“", "[neue regierung]"),
        ("„neue Regierung”", "[neue regierung]"),
        ('"reform* law"', "[reform* law]"),
        ('"=Law ~Tokayev"', "[=law ~tokayev]"),
        ("reform*", "reform*"),
        ("=reform", "=reform"),
        ("=Reform", "=reform"),
        ("~Tokayev", "~tokayev"),
        ("~Тоқаев", "~тоқаев"),
        ("Kassym-Jomart", "[kassym jomart]"),
        ("~Kassym-Jomart", "[~kassym ~jomart]"),
        ("сто-процент*", "[сто процент*]"),
        ("don't", "[don t]"),
        ("U.S.", "[u s]"),
        ("Tokayev's", "tokayev"),
        ("2022", "2022"),
        ("10:30", "[10 30]"),
        ("https://example.org/a", "[https example org a]"),
        ("Ёлка", "елка"),
        ("señor", "señor"),
        ("or", "or"),
        ("and", "and"),
        ("not", "not"),
        ("near", "near"),
        ("ORDER ANDROID NOTE NEARBY", "(and order android note nearby)"),
        ("b-", "b"),
        ("a\tb\nc", "(and a b c)"),
    ],
)
def test_a_query_has_this_tree(query: str, expected: str) -> None:
    assert shape(parse_query(query)) == expected


@pytest.mark.parametrize(
    ("query", "position", "said"),
    [
        ("", 0, "empty"),
        ("   ", 0, "empty"),
        ("a OR", 4, "ends here"),
        ("OR a", 0, "not OR"),
        ("a AND", 5, "ends here"),
        ("a AND OR b", 6, "not OR"),
        ("a NOT", 5, "ends here"),
        ("(a", 2, "( at character 1"),
        ("x (a b", 6, "( at character 3"),
        ("a)", 1, "there is no ( for this )"),
        ("()", 1, "before this )"),
        ("a ()", 3, "before this )"),
        ('a "b c', 2, "not closed"),
        ("a «b c", 2, "» was expected"),
        ('""', 0, "no word between"),
        ('a "—"', 2, "no word between"),
        ("a — b", 2, "no letter or digit"),
        ("a -", 2, "no letter or digit"),
        ("=", 0, "no letter or digit"),
        ("~", 0, "no letter or digit"),
        ("***", 0, "no letter or digit"),
        ("кот*", 0, "at least 4 letters"),
        ("a b*c", 2, "* stands at the end"),
        ("=reform*", 0, "* stands at the end"),
        ("~Tokayev*", 0, "* stands at the end"),
        ("~A", 1, "at least two letters"),
        ("a NEAR b", 2, "NEAR needs a distance"),
        ("a NEAR/ b", 2, "NEAR needs a distance"),
        ("a ONEAR/x b", 2, "ONEAR needs a distance"),
        ("a NEAR/-1 b", 2, "needs a distance"),
        ("a NEAR/² b", 2, "needs a distance"),
        ("a NEAR/0 b", 2, "1 to 50"),
        ("a NEAR/51 b", 2, "1 to 50"),
        ("a NEAR/1000001 b", 2, "1 to 50"),
        ("a NEAR/5", 8, "ends here"),
        ("a NEAR/5 NOT b", 9, "NEAR takes words"),
        ("(a b) NEAR/5 c", 0, "NEAR takes words"),
        ("a NEAR/5 title:b", 9, "NEAR takes words"),
        ("(a OR b c) NEAR/5 d", 0, "NEAR takes words"),
        ('"a b"~', 6, "0 to 50"),
        ('"a b"~x', 6, "0 to 50"),
        ('"a b"~51', 6, "0 to 50"),
        ("a body:b", 2, "no field 'body'"),
        ("title:", 6, "ends here"),
        ("title:NOT a", 6, "not NOT"),
        ("NOT a", 0, "must occur"),
        ("-a", 0, "must occur"),
        ("-a -b", 0, "must occur"),
        ("a OR NOT b", 0, "must occur"),
        ("title:(NOT a)", 0, "must occur"),
        ("(-a)", 0, "must occur"),
        ("NOT (a OR b)", 0, "must occur"),
    ],
)
def test_a_refused_query_names_the_place_and_what_was_expected(query: str, position: int, said: str) -> None:
    with pytest.raises(QueryError) as refused:
        parse_query(query)
    assert refused.value.position == position
    assert said in refused.value.reason
    assert str(refused.value).startswith(f"query: at character {position + 1}: ")


def test_a_query_error_is_bad_input_and_ends_with_code_2() -> None:
    with pytest.raises(BadInput) as refused:
        parse_query("a )")
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("before", [0, 10, 200, 3000])
def test_the_caret_stands_under_the_place_of_the_error(before: int) -> None:
    query = "word " * (before // 5) + ") tail"
    with pytest.raises(QueryError) as refused:
        parse_query(query)
    shown, caret = refused.value.with_caret().splitlines()
    assert shown[caret.index("^")] == ")"
    assert len(shown) <= 100


def test_the_caret_is_right_even_where_the_query_has_line_breaks_and_tabs() -> None:
    with pytest.raises(QueryError) as refused:
        parse_query("a\n\tb )")
    shown, caret = refused.value.with_caret().splitlines()
    assert shown == "a  b )"
    assert caret.index("^") == shown.index(")")


def test_terms_remember_what_was_typed() -> None:
    tree = parse_query('=Reform ~Тоқаев парламент* "Жаңа Қазақстан"')
    assert [term.shown for term in terms_of(tree)] == ["=Reform", "~Тоқаев", "парламент*", "Жаңа", "Қазақстан"]


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("=law", ["=law"]),
        ("~Tokayev", ["~Tokayev"]),
        ("reform*", ["reform*"]),
        ("new law", ["new law", "new", "law"]),
        ("(law)", ["(law)"]),
        ("( law OR act ) vote", ["( law OR act ) vote", "( law OR act )", "law", "act", "vote"]),
        ("((law OR act)) vote", ["((law OR act)) vote", "((law OR act))", "law", "act", "vote"]),
        ("NOT =law act", ["NOT =law act", "NOT =law", "=law", "act"]),
        ("a -(b OR c)", ["a -(b OR c)", "a", "-(b OR c)", "(b OR c)", "b", "c"]),
        ("title:(law vote)", ["title:(law vote)", "(law vote)", "law", "vote"]),
        ("a NEAR/3 (b OR c)", ["a NEAR/3 (b OR c)", "a", "(b OR c)", "b", "c"]),
        ('"new =law"~3 vote', ['"new =law"~3 vote', '"new =law"~3', "new", "=law", "vote"]),
        ("«новый закон*»", ["«новый закон*»", "новый", "закон*"]),
        ("~Kassym-Jomart", ["~Kassym-Jomart", "Kassym", "Jomart"]),
    ],
)
def test_the_parts_of_a_query_cover_their_marks_quotes_and_brackets(query: str, shown: list[str]) -> None:
    assert [query[node.start : node.end] for node in nodes_of(parse_query(query))] == shown


@pytest.mark.parametrize(
    ("query", "name", "is_it"),
    [
        ("~Tokayev", "Тоқаев", True),
        ("~Tokayev", "Тоқаевтың", True),
        ("~Токаевым", "Tokayev", True),
        ("~Tokayev", "Назарбаев", False),
        ("~Jomart", "Жомарт", True),
    ],
)
def test_the_keys_of_a_name_are_those_of_its_spellings(query: str, name: str, is_it: bool) -> None:
    [term] = terms_of(parse_query(query))
    assert bool(term.keys & names_of(name)) == is_it


def test_only_a_name_has_keys() -> None:
    assert [bool(term.keys) for term in terms_of(parse_query('Law =Law ~Law Laws* "Law ~Law"'))] == [
        False, False, True, False, False, True,
    ]  # fmt: skip


def test_a_word_stays_as_it_is_typed_whatever_it_may_be_an_inflection_of() -> None:
    words = "реформы laws leyes әкімнің акимов"
    assert [term.word for term in terms_of(parse_query(words))] == words.split()


def test_kazakh_in_latin_letters_stays_as_it_is_typed() -> None:
    assert [term.word for term in terms_of(parse_query("Toqaevtyñ Mäjılıs äkım ğylym"))] == [
        "toqaevtyñ", "majılıs", "akım", "gylym",
    ]  # fmt: skip


def test_a_query_of_the_greatest_length_is_read_and_one_character_more_is_not() -> None:
    parse_query("a" * MAX_LENGTH)
    with pytest.raises(QueryError, match=f"at most {MAX_LENGTH}"):
        parse_query("a" * (MAX_LENGTH + 1))


@pytest.mark.parametrize(("opening", "closing"), [("(", ")"), ("NOT ", ""), ("title:(", ")")])
def test_a_query_that_nests_too_deep_is_refused(opening: str, closing: str) -> None:
    levels = opening.count("(") + ("title" in opening or "NOT" in opening)
    fits, too_deep = MAX_DEPTH // levels, MAX_DEPTH // levels + 1
    parse_query("x " + opening * fits + "a" + closing * fits)
    with pytest.raises(QueryError, match=f"at most {MAX_DEPTH} deep"):
        parse_query("x " + opening * too_deep + "a" + closing * too_deep)


def test_depth_counts_what_is_open_and_not_what_was_closed() -> None:
    parse_query("(a) " * 200 + "NOT b " * 200 + "title:c " * 200)


@pytest.mark.parametrize(
    "query",
    [
        "(" * MAX_LENGTH,
        ")" * MAX_LENGTH,
        "-" * MAX_LENGTH,
        "!" * (MAX_LENGTH - 1) + "a",
        '"' * MAX_LENGTH,
        '"a ' * (MAX_LENGTH // 3),
        "«" * MAX_LENGTH,
        "~" * MAX_LENGTH,
        "*" * MAX_LENGTH,
        "a*" * (MAX_LENGTH // 2),
        ":" * MAX_LENGTH,
        "title:" * (MAX_LENGTH // 6),
        "NEAR/" * (MAX_LENGTH // 5),
        "a NEAR/" + "9" * 9000 + " b",
        "a NEAR/1 " * (MAX_LENGTH // 9),
        "a OR " * (MAX_LENGTH // 5) + "a",
        "a|" * (MAX_LENGTH // 2 - 1) + "a",
        "OR" * (MAX_LENGTH // 2),
        "a\u00ad" * (MAX_LENGTH // 2),
        "a\u0301" * (MAX_LENGTH // 2),
        "\u0301" * MAX_LENGTH,
        "'s" * (MAX_LENGTH // 2),
        "\x00" * MAX_LENGTH,
        "\ud800" * MAX_LENGTH,
    ],
    ids=lambda query: f"{query[:8]!r}",
)
def test_a_nasty_query_is_read_or_refused_at_once(query: str) -> None:
    # trust: D08
    try:
        with at_most_lines(2_000_000):
            parse_query(query)
    except QueryError as refused:
        assert 0 <= refused.position <= len(query)  # noqa: PT017 - both ends are right; this one has a place


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_with_a_place_in_it(text: str) -> None:
    assert_read_or_refused(text)


_PIECES = ["a", "ё", "2", '"', "«", "»", "“", "”", "„", "(", ")", "OR", "AND", "NOT", "NEAR", "ONEAR", "/", "3", "~"]
_PIECES += ["=", "*", "-", "!", "|", "&", ":", "title", "http", " ", " ", "'s", "\u00ad", "\u0301", "\u00a0", "reform"]


@given(st.lists(st.sampled_from(_PIECES), max_size=40).map("".join))
def test_any_heap_of_operators_is_read_or_refused_with_a_place_in_it(text: str) -> None:
    assert_read_or_refused(text)


def assert_read_or_refused(text: str) -> None:
    """A tree whose parts stand where they say, or a QueryError with a place and a caret."""
    try:
        tree = parse_query(text)
    except QueryError as refused:
        assert 0 <= refused.position <= len(text)  # noqa: PT017 - both ends are right; this one has a place
        assert "^" in refused.with_caret()  # noqa: PT017
        return
    assert 0 <= tree.start < tree.end <= len(text)
    for term in terms_of(tree):
        [piece] = WORD.findall(text[term.start : term.end])
        assert term.word == fold(piece)
        assert term.keys == (names_of(piece) if term.how is How.NAME else frozenset())
        assert bool(term.keys) == (term.how is How.NAME)


@given(st.integers(min_value=0, max_value=200))
def test_a_phrase_takes_a_slop_within_bounds_only(slop: int) -> None:
    if slop <= MAX_DISTANCE:
        tree = parse_query(f'"a b"~{slop}')
        assert isinstance(tree, Phrase)
        assert tree.slop == slop
    else:
        with pytest.raises(QueryError):
            parse_query(f'"a b"~{slop}')


def test_a_slop_behind_leading_zeros_is_bounded_too() -> None:
    with pytest.raises(QueryError):
        parse_query('"a b"~0000009999')


def test_a_slop_of_thousands_of_digits_is_refused_as_any_other() -> None:
    assert_read_or_refused('"a b"~' + "0" * 5000)
