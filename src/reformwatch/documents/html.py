"""Documents: a web page as a tree, for the readers that want more of it than its links.

libxml2 reads HTML of any kind in linear time, but for two things: an element's attributes (200,000 take it 87 s), and
what is nested deeper than 256 elements, which it leaves out. A first pass that builds nothing stops such pages. It is
made by the same parser, so that no trick of quotes or comments can show it another page than the one that is read.
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
#: Large portals have 10,000. At their worst 20,000 take an extractor or an odd selector some seconds.
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
#: Bits of text that are looked at in one element; what has more of them is no item of a list.
_MAX_PIECES: Final = 1_500


def page_text(body: bytes, content_type: str | None) -> str:
    """The text of a page, in the encoding that HTTP or else the page itself says. Raises RefusedMarkup."""
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
    except (etree.LxmlError, ValueError, AssertionError):  # the last is lxml's word for a page of comments only
        return None


def text_of(element: Any, *, without: Collection[Any] = (), limit: int) -> str:
    """What a reader sees of an element, ``without`` some of what is in it: plain lines, a break where a block ends."""
    kept: list[str] = []
    size = 0
    for piece in islice(_pieces(element, without), _MAX_PIECES):
        kept.append(piece if piece == "\n" else _BLANKS.sub(" ", piece[: 4 * limit]))
        size += len(kept[-1])
        if size > 4 * limit:
            break
    return clean("".join(kept), limit=limit)


def _pieces(element: Any, without: Collection[Any]) -> Iterator[str]:
    """The text in order. It calls itself as deep as a page is nested: ``MAX_DEPTH`` at most."""
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
    """Counts what a page has; its methods are those that lxml calls instead of building a tree."""

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
        """Nothing was built."""
