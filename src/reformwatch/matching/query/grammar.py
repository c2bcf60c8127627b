r"""Matching: a query's text to its tree, by recursive descent.

::

    OR  <  AND (or juxtaposition)  <  NEAR/n, ONEAR/n  <  NOT, -, !  <  field:
    word      any inflected form    word*     prefix, at least 4 letters
    =word     this form only        "a b c"   phrase                   "a b"~5   with at most 5 words among them
    ~Tokayev  a name in any script  A NEAR/8 B  either order           A ONEAR/8 B  this order

``|``, ``||``, ``&&`` are accepted; guillemets and curly quotes are quotes; operators are written in capitals.
"""

import re
from typing import Final, NoReturn

from msgspec import Struct
from msgspec.structs import replace

from reformwatch.errors import QueryError
from reformwatch.language.names import names_of
from reformwatch.language.words import WORD, fold
from reformwatch.matching.query.tree import (
    FIELDS,
    And,
    How,
    InField,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Term,
    has_positive,
    is_positional,
)

MAX_LENGTH: Final = 10_000
MAX_DEPTH: Final = 50
MAX_DISTANCE: Final = 50
MIN_PREFIX: Final = 4

_QUOTES: Final = {'"': '"', "«": "»", "“": "”", "„": "“”"}
_LEXEME: Final = re.compile(
    r"""(?P<space>[\s\u00a0]+)
      | (?P<open>\() | (?P<close>\))
      | (?P<or>\|\|? | OR(?![^\s()"«“„]))
      | (?P<and>&&?  | AND(?![^\s()"«“„]))
      | (?P<near>O?NEAR(?:/(?P<distance>[^\s()"«“„]*))?(?![^\s()"«“„]))
      | (?P<not>NOT(?![^\s()"«“„]) | !|-(?=[^\s)]))
      | (?P<field>(?!https?:)[A-Za-z]+):
      | (?P<quote>["«“„])
      | (?P<bare>[^\s()"«“„|&]+)
    """,
    re.VERBOSE,
)


class _Lexeme(Struct, frozen=True):
    kind: str
    text: str
    start: int
    end: int
    value: str = ""


def parse_query(text: str) -> Node:
    """The tree of a query.

    Raises :class:`~reformwatch.errors.QueryError` with the position (characters from 0) and what was expected there.
    """
    if len(text) > MAX_LENGTH:
        raise QueryError(text, MAX_LENGTH, f"a query has at most {MAX_LENGTH} characters, this one {len(text)}")
    return _Parser(text).parse()


def _lex(text: str) -> list[_Lexeme]:
    lexemes: list[_Lexeme] = []
    place = 0
    while place < len(text):
        match = _LEXEME.match(text, place)
        if match is None:  # pragma: no cover - every character belongs to one of the kinds
            raise QueryError(text, place, "a word was expected")
        kind = match.lastgroup or ""
        if kind == "distance":
            kind = "near"
        end = match.end()
        if kind == "quote":
            end = _end_of_quote(text, place)
            slop = re.compile(r"~(\w*)").match(text, end)
            inner = text[place + 1 : end - 1]
            lexemes.append(_Lexeme("phrase", inner, place, slop.end() if slop else end, slop.group(1) if slop else "-"))
            end = slop.end() if slop else end
        elif kind == "near":
            lexemes.append(_Lexeme("near", match.group("near"), place, end, match.group("distance") or ""))
        elif kind == "field":
            lexemes.append(_Lexeme("field", match.group("field"), place, end))
        elif kind != "space":
            lexemes.append(_Lexeme(kind, match.group(), place, end))
        place = end
    return lexemes


def _end_of_quote(text: str, place: int) -> int:
    closing = _QUOTES[text[place]]
    for i in range(place + 1, len(text)):
        if text[i] in closing:
            return i + 1
    raise QueryError(text, place, f"this quote is not closed: {closing[0]} was expected")


def _number(text: str) -> int | None:
    """A whole number, of which the first nine digits are enough here; None for any other text."""
    if not text.isascii() or not text.isdigit():
        return None
    return int((text.lstrip("0") or "0")[:9])


class _Parser:
    """One parse: a cursor over the lexemes."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lexemes = _lex(text)
        self.at = 0
        self.depth = 0

    def parse(self) -> Node:
        if not self.lexemes:
            raise QueryError(self.text, 0, "the query is empty: a word was expected")
        node = self._or()
        left = self._peek()
        if left is not None:
            self._fail(left.start, "there is no ( for this )" if left.kind == "close" else "an operator was expected")
        if not has_positive(node):
            self._fail(node.start, "a query needs a part that must occur: this one only says what must not")
        return node

    def _peek(self) -> _Lexeme | None:
        return self.lexemes[self.at] if self.at < len(self.lexemes) else None

    def _take(self, kind: str) -> _Lexeme | None:
        lexeme = self._peek()
        if lexeme is None or lexeme.kind != kind:
            return None
        self.at += 1
        return lexeme

    def _fail(self, place: int, reason: str) -> NoReturn:
        raise QueryError(self.text, place, reason)

    def _or(self) -> Node:
        children = [self._and()]
        while self._take("or"):
            children.append(self._and())
        if len(children) == 1:
            return children[0]
        return Or(children=tuple(children), start=children[0].start, end=children[-1].end)

    def _and(self) -> Node:
        children = [self._near()]
        while (lexeme := self._peek()) is not None and lexeme.kind not in {"or", "close"}:
            self._take("and")
            children.append(self._near())
        if len(children) == 1:
            return children[0]
        return And(children=tuple(children), start=children[0].start, end=children[-1].end)

    def _near(self) -> Node:
        node = self._not()
        chain = 0
        while (lexeme := self._take("near")) is not None:
            distance = _number(lexeme.value)
            if distance is None:
                self._fail(lexeme.start, f"{lexeme.text.partition('/')[0]} needs a distance in words: NEAR/5")
            if not 1 <= distance <= MAX_DISTANCE:
                self._fail(lexeme.start, f"the distance is 1 to {MAX_DISTANCE} words, not {lexeme.value[:20]}")
            chain += 1
            if chain > MAX_DEPTH:
                self._fail(lexeme.start, f"a chain of NEAR has at most {MAX_DEPTH} links")
            right = self._not()
            for side in (node, right):
                if not is_positional(side):
                    self._fail(side.start, "NEAR takes words, phrases, or alternatives (OR) of them")
            node = Near(
                left=node,
                right=right,
                distance=distance,
                ordered=lexeme.text[0] == "O",
                start=node.start,
                end=right.end,
            )
        return node

    def _not(self) -> Node:
        lexeme = self._take("not")
        if lexeme is None:
            return self._primary()
        self._enter(lexeme.start)
        child = self._not()
        self.depth -= 1
        return Not(child=child, start=lexeme.start, end=child.end)

    def _enter(self, place: int) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self._fail(place, f"a query nests at most {MAX_DEPTH} deep")

    def _primary(self) -> Node:
        lexeme = self._peek()
        if lexeme is None:
            self._fail(len(self.text), "the query ends here: a word, a phrase or ( was expected")
        self.at += 1
        match lexeme.kind:
            case "bare":
                return self._term(lexeme.text, lexeme.start)
            case "phrase":
                return self._phrase(lexeme)
            case "field":
                return self._field(lexeme)
            case "open":
                self._enter(lexeme.start)
                node = self._or()
                if self._take("close") is None:
                    after = self._peek()
                    self._fail(
                        after.start if after else len(self.text),
                        f") was expected for the ( at character {lexeme.start + 1}",
                    )
                self.depth -= 1
                return replace(node, start=lexeme.start, end=self.lexemes[self.at - 1].end)
            case "close":
                self._fail(lexeme.start, "a word, a phrase or ( was expected before this )")
            case _:
                self._fail(lexeme.start, f"a word, a phrase or ( was expected, not {lexeme.text}")

    def _field(self, lexeme: _Lexeme) -> Node:
        name = lexeme.text.lower()
        if name not in FIELDS:
            self._fail(
                lexeme.start,
                f"there is no field {lexeme.text!r} (fields: {', '.join(FIELDS)}); quote it to search for the text",
            )
        self._enter(lexeme.start)
        child = self._primary()
        self.depth -= 1
        return InField(field=name, child=child, start=lexeme.start, end=child.end)

    def _phrase(self, lexeme: _Lexeme) -> Node:
        terms: list[Term] = []
        for match in re.finditer(r"\S+", lexeme.text):
            part = self._term_or_none(match.group(), lexeme.start + 1 + match.start())
            terms.extend(part.terms if isinstance(part, Phrase) else [part] if part else [])
        if not terms:
            self._fail(lexeme.start, "there is no word between these quotes")
        slop = self._slop(lexeme)
        if len(terms) == 1:
            return terms[0]
        return Phrase(terms=tuple(terms), slop=slop, start=lexeme.start, end=lexeme.end)

    def _slop(self, lexeme: _Lexeme) -> int | None:
        if lexeme.value == "-":
            return None
        slop = _number(lexeme.value)
        if slop is None or slop > MAX_DISTANCE:
            place = lexeme.end - len(lexeme.value)
            self._fail(place, f'a number of words, 0 to {MAX_DISTANCE}, was expected after ~: "a b"~5')
        return slop

    def _term(self, text: str, start: int) -> Term | Phrase:
        node = self._term_or_none(text, start)
        if node is None:
            self._fail(start, f"a word was expected, {text[:20]!r} has no letter or digit")
        return node

    def _term_or_none(self, text: str, start: int) -> Term | Phrase | None:
        """A word with its marks; a phrase where the word has a hyphen or a dot inside; None where there is no word."""
        how, body = How.FORM, text
        if text[0] in "=~":
            how, body = (How.EXACT, text[1:]) if text[0] == "=" else (How.NAME, text[1:])
        offset = start + len(text) - len(body)
        matches = list(WORD.finditer(body))
        if not matches:
            return None
        is_prefix = body.endswith("*")
        if "*" in body.rstrip("*") or (is_prefix and how is not How.FORM):
            self._fail(start, "* stands at the end of a plain word only: word*")
        terms = []
        for i, match in enumerate(matches):
            kind = How.PREFIX if is_prefix and i == len(matches) - 1 else how
            terms.append(self._word_term(match.group(), kind, offset + match.start(), offset + match.end(), text))
        if len(terms) == 1:
            return replace(terms[0], start=start, end=start + len(text))
        return Phrase(terms=tuple(terms), slop=None, start=start, end=start + len(text))

    def _word_term(self, piece: str, how: How, start: int, end: int, typed: str) -> Term:
        word = fold(piece)
        if how is How.PREFIX and len(word) < MIN_PREFIX:
            self._fail(start, f"a prefix has at least {MIN_PREFIX} letters, {piece}* has {len(word)}")
        keys = names_of(piece) if how is How.NAME else frozenset[str]()
        if how is How.NAME and not any(len(key) > 1 for key in keys):
            self._fail(start, f"a name has at least two letters, ~{piece} is too short")
        mark = {How.EXACT: "=", How.NAME: "~"}.get(how, "")
        shown = f"{mark}{piece}{'*' if how is How.PREFIX else ''}"
        return Term(word=word, keys=keys, how=how, shown=shown if typed else piece, start=start, end=end)
