"""Documents: the limits of a document, checked before a parser reads it.

The time of feedparser 6.0 grows with the square of the number of attributes and namespaces; a pre-scan with expat takes
0.07 s for 10 MB and refuses such documents. In a document that is not well-formed expat ends early; then a plain scan
of its markup checks the same limits. # trust: D01, D02, D21
"""

import re
from collections.abc import Iterator
from typing import Any, Final
from xml.parsers import expat

from reformwatch.model.problem import Fact, Problem, ProblemCode

MAX_DEPTH: Final = 200
MAX_ELEMENTS: Final = 400_000
MAX_ATTRIBUTES: Final = 200
MAX_NAMESPACES: Final = 200
MAX_TAG_CHARACTERS: Final = 200_000
MAX_AUTHOR_CHARACTERS: Final = 2_000

_TAG: Final = re.compile(r"<[A-Za-z/!?][^<>]*")
_NAME: Final = re.compile(r"<([A-Za-z][^\s<>/]*)")
_NAMESPACE: Final = re.compile(r"xmlns[:=]")
#: Elements of HTML that are never closed, except those with a meaning in feeds (link, source).
_VOID: Final = frozenset({"area", "br", "col", "embed", "hr", "img", "input", "meta", "track", "wbr"})
#: Sections without markup, and the loosest end of each that a parser accepts, so that the scan ends no later.
_SECTIONS: Final = {"<![CDATA[": re.compile(r"\]\]>"), "<!--": re.compile(r"--\s*>")}
#: Elements in whose text feedparser searches a mail address; its time grows with the square of the length. # trust: D08
_AUTHOR: Final = re.compile(
    r"<(?:[\w.-]++:)?+(?=[acmwpon])(?:author|creator|managingeditor|webmaster|publisher|owner|name)(?:\s[^<>]*)?+>",
    re.IGNORECASE,
)

#: The same with the text after it; the group is empty unless the text is short and ends at a tag.
_SHORT_AUTHOR: Final = re.compile(
    rf"{_AUTHOR.pattern}(?:[^<]{{0,{MAX_AUTHOR_CHARACTERS}}}+(?=(<)(?!!)))?+", re.IGNORECASE
)


class RefusedMarkup(Exception):
    """A document exceeds a limit; ``problem`` has the code and the facts."""

    def __init__(self, code: ProblemCode, **facts: Fact) -> None:
        self.problem = Problem.of(code, **facts)
        super().__init__(self.problem)


def too_many_attributes(element: str, count: int) -> RefusedMarkup:
    """The error for an element with more than ``MAX_ATTRIBUTES`` attributes."""
    code = ProblemCode.MARKUP_REFUSED_ATTRIBUTES
    return RefusedMarkup(code, element=element[:40], count=count, limit=MAX_ATTRIBUTES)


def check_markup(text: str) -> None:
    """Raise :class:`RefusedMarkup` where a document is too deep, too wide, or declares entities of its own."""
    scan = _Scan()
    parser = expat.ParserCreate("utf-8")  # not what the document declares: it was decoded already
    parser.StartElementHandler = scan.start
    parser.EndElementHandler = scan.end
    parser.EntityDeclHandler = scan.entity
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)  # noqa: FBT003 - expat accepts it by position only
    except (expat.ExpatError, ValueError, LookupError):
        _check_loose_markup(text)


def without_endless_authors(text: str) -> str:
    """The document with author texts of more than ``MAX_AUTHOR_CHARACTERS`` cut at a word, or left out."""
    pieces, at = [], 0
    for start, end in _author_texts(text):
        pieces += [text[at:start], _bounded(text[start:end])]
        at = end
    return "".join([*pieces, text[at:]])


def has_endless_author(text: str) -> bool:
    """Whether :func:`without_endless_authors` would change the document."""
    if "" not in _SHORT_AUTHOR.findall(text):
        return False
    return any(end - start > MAX_AUTHOR_CHARACTERS for start, end in _author_texts(text))


def _author_texts(text: str) -> Iterator[tuple[int, int]]:
    """The offsets at which the authors' texts begin and end."""
    at, ends = 0, _Ends(text)
    while match := _AUTHOR.search(text, at):
        at = _end_of_text(text, match.end(), ends)
        yield match.end(), at


def _end_of_text(text: str, start: int, ends: "_Ends") -> int:
    """The offset of the next tag; sections without markup are part of the text."""
    at = text.find("<", start)
    while at >= 0 and (end := ends.of_section(at)) is not None:
        at = text.find("<", end)
    return at if at >= 0 else len(text)


def _bounded(author: str) -> str:
    """A long text is cut at a blank, so that no reference is cut in two; a text with sections is left out."""
    if len(author) <= MAX_AUTHOR_CHARACTERS:
        return author
    return "" if "<" in author else author[:MAX_AUTHOR_CHARACTERS].rpartition(" ")[0]


class _Ends:
    """The ends of sections. A kind without an end is searched once only: each search scans the rest of the text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._endless: set[str] = set()

    def of_section(self, at: int) -> int | None:
        """The end of the CDATA section or comment that begins at ``at``; None if there is none, or it has no end."""
        for opening, closing in _SECTIONS.items():
            if opening not in self._endless and self._text.startswith(opening, at):
                match = closing.search(self._text, at + len(opening))
                if match:
                    return match.end()
                self._endless.add(opening)
        return None


class _Scan:
    def __init__(self) -> None:
        self.depth = self.elements = self.namespaces = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        self.elements += 1
        if attributes:
            if len(attributes) > MAX_ATTRIBUTES:
                raise too_many_attributes(name, len(attributes))
            self.namespaces += sum(attribute.startswith("xmlns") for attribute in attributes)
            if self.namespaces > MAX_NAMESPACES:
                raise RefusedMarkup(ProblemCode.MARKUP_REFUSED_NAMESPACES, limit=MAX_NAMESPACES)
        if self.depth > MAX_DEPTH:
            raise RefusedMarkup(ProblemCode.MARKUP_REFUSED_DEPTH, limit=MAX_DEPTH)
        if self.elements > MAX_ELEMENTS:
            raise RefusedMarkup(ProblemCode.MARKUP_REFUSED_ELEMENTS, limit=MAX_ELEMENTS)

    def end(self, _name: str) -> None:
        self.depth -= 1

    def entity(self, name: str, _is_parameter: bool, value: str | None, *_rest: Any) -> None:  # noqa: FBT001 - expat's signature
        if value is None or "&" in value or "%" in value or len(value) > 100:
            raise RefusedMarkup(ProblemCode.MARKUP_REFUSED_ENTITY, entity=name[:40])


def _check_loose_markup(text: str) -> None:
    namespaces = depth = 0
    for elements, (tag, step) in enumerate(_loose_tags(text), 1):
        depth = max(0, depth + step)
        if len(tag) > MAX_TAG_CHARACTERS or tag.count("=") > 20 * MAX_ATTRIBUTES:
            raise RefusedMarkup(ProblemCode.MARKUP_REFUSED_WIDE_ELEMENT)
        namespaces += len(_NAMESPACE.findall(tag)) if "xmlns" in tag else 0
        if tag[:8].upper() == "<!ENTITY":
            raise RefusedMarkup(ProblemCode.MARKUP_REFUSED_BROKEN_ENTITIES)
        if elements > MAX_ELEMENTS:
            raise RefusedMarkup(ProblemCode.MARKUP_REFUSED_ELEMENTS, limit=MAX_ELEMENTS)
        if namespaces > MAX_NAMESPACES:
            raise RefusedMarkup(ProblemCode.MARKUP_REFUSED_NAMESPACES, limit=MAX_NAMESPACES)
        if depth > 20 * MAX_DEPTH:
            raise RefusedMarkup(ProblemCode.MARKUP_REFUSED_DEPTH, limit=MAX_DEPTH)


def _loose_tags(text: str) -> Iterator[tuple[str, int]]:
    """The tags, without ``>``, each with the change of depth: 1, 0 or -1.

    Tags in CDATA sections and comments do not change the depth but are counted, since parsers of broken documents do
    not agree on what such a section is (it may begin in an attribute).
    """
    end, ends = 0, _Ends(text)
    for match in _TAG.finditer(text):
        if match.start() >= end:
            end = ends.of_section(match.start()) or 0
        yield match.group(), 0 if match.start() < end else _step(match.group())


def _step(tag: str) -> int:
    if tag.startswith("</"):
        return -1
    name = _NAME.match(tag)
    is_open = name is not None and not tag.endswith("/") and name.group(1).lower() not in _VOID
    return 1 if is_open else 0
