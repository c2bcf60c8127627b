"""Documents: the parsing of a web page to a tree.

libxml2 parses HTML in linear time, with two exceptions: many attributes of an element (200,000 take 87 s), and elements
nested deeper than 256, which it leaves out. A first pass that builds no tree refuses such pages. It uses the same
parser, so that no trick with quotes or comments can hide elements from it.
"""

import re
from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any, Final

from lxml import etree, html

from reformwatch.documents.charset import decoded
from reformwatch.documents.limits import MAX_ATTRIBUTES, RefusedMarkup, too_many_attributes
from reformwatch.model.problem import ProblemCode
from reformwatch.text import clean

MAX_CHARACTERS: Final = 10_000_000
MAX_DEPTH: Final = 250
#: Large portals have 10,000 elements. In the worst case an extractor or an odd selector takes seconds for 20,000.
MAX_ELEMENTS: Final = 20_000

_META_CHARSET: Final = re.compile(rb"<meta[^<>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
#: Browsers look for it in the first 1,024 bytes; some pages have their scripts before it.
_META_WITHIN: Final = 8_192
_BLANKS: Final = re.compile(r"\s+")
_SILENT: Final = frozenset({"script", "style", "template", "noscript", "svg", "math", "iframe", "object", "select"})
_BLOCKS: Final = frozenset(
    {
        "address", "article", "aside", "blockquote", "br", "caption", "dd", "div", "dl", "dt", "figcaption", "figure",
        "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section",
        "table", "td", "th", "tr", "ul",
    }
)  # fmt: skip
#: The most pieces of text that are read of an element; an item of a list has fewer.
_MAX_PIECES: Final = 1_500


def page_text(body: bytes, content_type: str | None) -> str:
    """The text of a page in the encoding of HTTP, or else of the page's ``<meta>``. Raises RefusedMarkup."""
    declared = _META_CHARSET.search(body[:_META_WITHIN])
    if declared and "charset" not in (content_type or "").lower():
        content_type = f"text/html; charset={declared.group(1).decode('ascii')}"
    text = decoded(body, content_type)
    if len(text) > MAX_CHARACTERS:
        raise RefusedMarkup(ProblemCode.PAGE_TOO_LONG, count=len(text), limit=MAX_CHARACTERS)
    return text


def page_tree(text: str) -> Any:
    """The ``<html>`` element of a page (lxml's), None where there is no markup. Raises RefusedMarkup."""
    document = text.encode("utf-8", "ignore")
    try:
        etree.fromstring(document, _parser(target=_Census()))
        return etree.fromstring(document, _parser())
    except (etree.LxmlError, ValueError, AssertionError):  # lxml raises AssertionError for a page of comments only
        return None


def text_of(element: Any, *, without: Collection[Any] = (), limit: int) -> str:
    """The visible text of an element, except the elements ``without``: plain text with line breaks at blocks."""
    pieces: list[str] = []
    size = 0
    for piece in islice(_pieces(element, without), _MAX_PIECES):
        pieces.append(piece if piece == "\n" else _BLANKS.sub(" ", piece[: 4 * limit]))
        size += len(pieces[-1])
        if size > 4 * limit:
            break
    return clean("".join(pieces), limit=limit)


def _pieces(element: Any, without: Collection[Any]) -> Iterator[str]:
    """The pieces of text in order. The recursion is as deep as the elements, at most ``MAX_DEPTH``."""
    if element.tag in _SILENT or element in without:
        return
    edge = "\n" if element.tag in _BLOCKS else ""
    yield edge
    yield element.text or ""
    for child in element:
        yield from _pieces(child, without)
        yield child.tail or ""
    yield edge


def _parser(**options: Any) -> html.HTMLParser:
    return html.HTMLParser(
        encoding="utf-8", recover=True, huge_tree=False, no_network=True, remove_comments=True, remove_pis=True,
        default_doctype=False, collect_ids=False, **options,
    )  # fmt: skip


class _Census:
    """Counts the elements of a page and refuses large ones; lxml calls its methods instead of building a tree."""

    def __init__(self) -> None:
        self._elements = self._depth = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        self._depth += 1
        if len(attributes) > MAX_ATTRIBUTES:
            raise too_many_attributes(tag, len(attributes))
        if self._depth > MAX_DEPTH:
            raise RefusedMarkup(ProblemCode.MARKUP_REFUSED_DEPTH, limit=MAX_DEPTH)
        if self._elements > MAX_ELEMENTS:
            raise RefusedMarkup(ProblemCode.MARKUP_REFUSED_ELEMENTS, limit=MAX_ELEMENTS)

    def end(self, _tag: str) -> None:
        self._depth -= 1

    def close(self) -> None:
        """Returns None: there is no tree."""
