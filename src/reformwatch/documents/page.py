"""Documents: a web page without a feed as one: a CSS selector finds its items.

Dates are read only where the page states them for machines; "3 марта" and "hace dos días" are not guessed, since a
wrong date makes news of what is old, and the other way round. lxml has the tree, cssselect reads the selector.
"""

import html
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Any, Final
from urllib.parse import urldefrag

from cssselect import HTMLTranslator, SelectorError
from cssselect.xpath import XPathExpr
from lxml import etree
from msgspec.structs import replace

from reformwatch.documents.dates import language_of_tag, w3c_time
from reformwatch.documents.feed import MAX_ENTRIES, MAX_SUMMARY, MAX_TITLE, make_entry, what_came_instead
from reformwatch.documents.html import page_text, page_tree, text_of
from reformwatch.documents.limits import RefusedMarkup
from reformwatch.model.entry import ParsedEntry, ParsedFeed, Unreadable
from reformwatch.model.problem import Fact, Problem, ProblemCode
from reformwatch.text import clean_line
from reformwatch.urls import safe_link

MAX_SELECTOR: Final = 500

_MAX_HUBS: Final = 5
#: Elements that are looked at in one item.
_MAX_PARTS: Final = 500
_HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")


class _UnusableSelector(Exception):
    """A selector that can't be used; ``problem`` says why."""

    def __init__(self, code: ProblemCode, **facts: Fact) -> None:
        self.problem = Problem.of(code, **facts)
        super().__init__(self.problem)


def selector_problem(selector: str) -> Problem | None:
    """Why a text is no CSS selector, or one that can't be used here (``a::text``, ``svg|a``); None where it can."""
    try:
        _compiled(selector)
    except _UnusableSelector as wrong:
        return wrong.problem
    return None


def parse_page(body: bytes, *, url: str, selector: str, content_type: str | None = None) -> ParsedFeed | Unreadable:
    """Read the items of a page in its own order. ``url`` is where it came from; ``selector`` finds the items."""
    try:
        find = _compiled(selector)
        text = page_text(body, content_type)
        root = page_tree(text) if "<" in text else None
    except (_UnusableSelector, RefusedMarkup) as refused:
        return Unreadable(problem=refused.problem)
    if root is None:
        return Unreadable(problem=_what_came(text, content_type))
    base, title = _base(root, url), clean_line(root.findtext(".//title") or "", limit=200)
    items = find(root)
    entries = _each_page_once(filter(None, (_entry(item, base, url) for item in items[:MAX_ENTRIES])))
    if not entries:
        return Unreadable(problem=_nothing_found(selector, items=len(items), title=title))
    hubs = tuple(dict.fromkeys(_links(root, base, rel="hub")))
    return ParsedFeed(
        format="page",
        title=title,
        site_url=safe_link(url, base=""),
        language=language_of_tag(root.get("lang") or root.get("xml:lang")),
        entries=entries,
        dropped=max(0, len(items) - MAX_ENTRIES),
        hubs=hubs[:_MAX_HUBS],
        self_url=next(_links(root, base, rel="self"), None),
    )


# -- the selector


class _FromTheRight(HTMLTranslator):
    """Selectors as conditions on the element that is sought, checked from the right as browsers do.

    cssselect's own XPath walks from the left and gathers on the way: 50 s for ``div + div`` on 25,000 siblings.
    """

    def xpath_descendant_combinator(self, left: XPathExpr, right: XPathExpr) -> XPathExpr:
        return right.add_condition(f"ancestor::{left}")

    def xpath_child_combinator(self, left: XPathExpr, right: XPathExpr) -> XPathExpr:
        return right.add_condition(f"parent::{left}")

    def xpath_direct_adjacent_combinator(self, left: XPathExpr, right: XPathExpr) -> XPathExpr:
        return right.add_condition(f"preceding-sibling::*[1][self::{left}]")

    def xpath_indirect_adjacent_combinator(self, left: XPathExpr, right: XPathExpr) -> XPathExpr:
        return right.add_condition(f"preceding-sibling::{left}")


@lru_cache(maxsize=256)
def _compiled(selector: str) -> etree.XPath:
    """What finds the items. It is tried out once, since some faults show only then. Raises _UnusableSelector."""
    shown = clean_line(selector, limit=80)
    if len(selector) > MAX_SELECTOR:
        raise _UnusableSelector(ProblemCode.SELECTOR_TOO_LONG, selector=shown, limit=MAX_SELECTOR)
    try:
        find = etree.XPath(_FromTheRight().css_to_xpath(selector))
        find(etree.Element("html"))
    except (SelectorError, etree.XPathError, ValueError, RecursionError) as wrong:
        why = clean_line(str(wrong), limit=120).rstrip(".")
        raise _UnusableSelector(ProblemCode.SELECTOR_WRONG, selector=shown, detail=why) from None
    return find


# -- an item


def _entry(item: Any, base: str, page_url: str) -> ParsedEntry | None:
    parts = _parts(item)
    heading = next((part for part in parts if part.tag in _HEADINGS and text_of(part, limit=MAX_TITLE)), None)
    anchor = _anchor(item, parts, heading, base, page_url)
    named = heading if heading is not None else anchor
    title = "" if named is None else text_of(named, limit=MAX_TITLE)
    times = [part for part in parts if part.tag == "time" or part.get("itemprop") == "datePublished"]
    summary = text_of(item, without={*times, *([named] if title and named is not item else [])}, limit=MAX_SUMMARY)
    if not title:
        title = text_of(item, without=times, limit=MAX_TITLE)
    dates = (w3c_time(part.get("datetime") or part.get("content")) for part in times)
    return make_entry(
        guid=None,
        link=None if anchor is None else safe_link(anchor.get("href"), base=base),
        base=base,
        title=html.escape(title),
        summary="" if summary == title else html.escape(summary),
        content="",
        author="",
        tags=(),
        published=next(filter(None, dates), None),
    )


def _parts(item: Any) -> list[Any]:
    """The item and what is in it, as far as an item of a list goes."""
    return list(islice(item.iter(), _MAX_PARTS))


def _anchor(item: Any, parts: list[Any], heading: Any, base: str, page_url: str) -> Any:
    """The link that the item is about; None if there is none.

    The item itself; the one in its heading or around it (a link to the section may stand before it); the first with
    text; one around the item; the first at all, which is a picture's.
    """
    inside = [part for part in parts if part.tag == "a"]
    around = list(item.iterancestors("a"))
    headed = [] if heading is None else [*heading.iter("a"), *heading.iterancestors("a")]
    with_text = [link for link in inside if text_of(link, limit=MAX_TITLE)]
    wanted = [*([item] if item.tag == "a" else []), *headed, *with_text, *around, *inside]
    return next((link for link in wanted if _leads_somewhere(link.get("href"), base, page_url)), None)


def _leads_somewhere(href: str | None, base: str, page_url: str) -> bool:
    """Whether a link leads to another page; ``#`` and ``javascript:`` are buttons."""
    link = safe_link(href, base=base)
    return link is not None and urldefrag(link).url != urldefrag(page_url).url


def _each_page_once(entries: Iterable[ParsedEntry]) -> tuple[ParsedEntry, ...]:
    """One entry a page, the first with a title: pictures are links too, and often come first."""
    by_key: dict[str, ParsedEntry] = {}
    for entry in entries:
        known = by_key.setdefault(entry.key, entry)
        if entry.title and not known.title:
            by_key[entry.key] = entry
    return tuple(by_key.values())


# -- the page


#: What came instead of a feed, where a web page was wanted.
_INSTEAD: Final = {
    ProblemCode.NOT_A_FEED_WEB_PAGE: ProblemCode.NOT_A_PAGE_WITHOUT_MARKUP,
    ProblemCode.NOT_A_FEED_XML: ProblemCode.NOT_A_PAGE_XML,
    ProblemCode.NOT_A_FEED_TEXT: ProblemCode.NOT_A_PAGE_TEXT,
}


def _what_came(text: str, content_type: str | None) -> Problem:
    """What a reply is that has no markup."""
    if not text.strip():
        return Problem.of(ProblemCode.NOT_A_PAGE_EMPTY)
    came = what_came_instead(text, content_type)
    return replace(came, code=_INSTEAD[came.code])


def _nothing_found(selector: str, *, items: int, title: str) -> Problem:
    """That a page has no entries: the selector finds nothing, or only items without link or text."""
    facts = {"selector": clean_line(selector, limit=80), "title": clean_line(title, limit=80) or None}
    if not items:
        return Problem.of(ProblemCode.SELECTOR_FINDS_NOTHING, **facts)
    return Problem.of(ProblemCode.SELECTOR_FINDS_NO_ENTRIES, count=items, **facts)


def _base(root: Any, url: str) -> str:
    return next((link for tag in root.iter("base") if (link := safe_link(tag.get("href"), base=url))), url)


def _links(root: Any, base: str, *, rel: str) -> Iterator[str]:
    """What the head links to (WebSub, section 4); a link in the body may be a reader's comment."""
    for tag in root.iterfind("head//link"):
        link = safe_link(tag.get("href"), base=base)
        if link and rel in (tag.get("rel") or "").lower().split():
            yield link
