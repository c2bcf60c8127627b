"""Documents: the parsing of a web page as a feed: a CSS selector selects its items.

Dates are read only in the notation for machines; "3 марта" and "hace dos días" are not guessed, since with a wrong date
an old entry would be news, or the reverse. lxml builds the tree, cssselect parses the selector.
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
#: The most elements that are read of an item.
_MAX_PARTS: Final = 500
_HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")


class _UnusableSelector(Exception):
    """A selector that can't be used; ``problem`` has the reason."""

    def __init__(self, code: ProblemCode, **facts: Fact) -> None:
        self.problem = Problem.of(code, **facts)
        super().__init__(self.problem)


def selector_problem(selector: str) -> Problem | None:
    """Why a text can't be used as a CSS selector (it is none, or has ``a::text``, ``svg|a``); None where it can."""
    try:
        _compiled(selector)
    except _UnusableSelector as error:
        return error.problem
    return None


def parse_page(body: bytes, *, url: str, selector: str, content_type: str | None = None) -> ParsedFeed | Unreadable:
    """Parse a page fetched from ``url``; ``selector`` selects its items, which are returned in the page's order."""
    try:
        find = _compiled(selector)
        text = page_text(body, content_type)
        root = page_tree(text) if "<" in text else None
    except (_UnusableSelector, RefusedMarkup) as error:
        return Unreadable(problem=error.problem)
    if root is None:
        return Unreadable(problem=_problem_without_markup(text, content_type))
    base, title = _base(root, url), clean_line(root.findtext(".//title") or "", limit=200)
    items = find(root)
    entries = _each_page_once(filter(None, (_entry(item, base, url) for item in items[:MAX_ENTRIES])))
    if not entries:
        return Unreadable(problem=_problem_without_entries(selector, items=len(items), title=title))
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
    """Translates selectors to conditions on the selected element, checked from the right as in browsers.

    cssselect's own XPath searches from the left and collects on the way: 50 s for ``div + div`` on 25,000 siblings.
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
    """The XPath of a selector. It is evaluated once, which shows some faults. Raises _UnusableSelector."""
    shown = clean_line(selector, limit=80)
    if len(selector) > MAX_SELECTOR:
        raise _UnusableSelector(ProblemCode.SELECTOR_TOO_LONG, selector=shown, limit=MAX_SELECTOR)
    try:
        find = etree.XPath(_FromTheRight().css_to_xpath(selector))
        find(etree.Element("html"))
    except (SelectorError, etree.XPathError, ValueError, RecursionError) as error:
        reason = clean_line(str(error), limit=120).rstrip(".")
        raise _UnusableSelector(ProblemCode.SELECTOR_WRONG, selector=shown, detail=reason) from None
    return find


# -- an item


def _entry(item: Any, base: str, page_url: str) -> ParsedEntry | None:
    parts = _parts(item)
    heading = next((part for part in parts if part.tag in _HEADINGS and text_of(part, limit=MAX_TITLE)), None)
    anchor = _anchor(item, parts, heading, base, page_url)
    title_element = heading if heading is not None else anchor
    title = "" if title_element is None else text_of(title_element, limit=MAX_TITLE)
    times = [part for part in parts if part.tag == "time" or part.get("itemprop") == "datePublished"]
    summary = text_of(
        item, without={*times, *([title_element] if title and title_element is not item else [])}, limit=MAX_SUMMARY
    )
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
    """The item and the elements in it, ``_MAX_PARTS`` at most."""
    return list(islice(item.iter(), _MAX_PARTS))


def _anchor(item: Any, parts: list[Any], heading: Any, base: str, page_url: str) -> Any:
    """The link to the item's page; None if there is none. The first of these that leads to another page:

    The item itself; the links in and around its heading (a link to the section may precede it); those with text; those
    around the item; all others, which are images' links.
    """
    inside = [part for part in parts if part.tag == "a"]
    around = list(item.iterancestors("a"))
    headed = [] if heading is None else [*heading.iter("a"), *heading.iterancestors("a")]
    with_text = [link for link in inside if text_of(link, limit=MAX_TITLE)]
    candidates = [*([item] if item.tag == "a" else []), *headed, *with_text, *around, *inside]
    return next((link for link in candidates if _leads_somewhere(link.get("href"), base, page_url)), None)


def _leads_somewhere(href: str | None, base: str, page_url: str) -> bool:
    """Whether a link leads to another page; ``#`` and ``javascript:`` are buttons."""
    link = safe_link(href, base=base)
    return link is not None and urldefrag(link).url != urldefrag(page_url).url


def _each_page_once(entries: Iterable[ParsedEntry]) -> tuple[ParsedEntry, ...]:
    """A single entry for each page, the first with a title: images are links too, and often come first."""
    by_key: dict[str, ParsedEntry] = {}
    for entry in entries:
        known = by_key.setdefault(entry.key, entry)
        if entry.title and not known.title:
            by_key[entry.key] = entry
    return tuple(by_key.values())


# -- the page


#: The problem of a web page, by that of a feed.
_INSTEAD: Final = {
    ProblemCode.NOT_A_FEED_WEB_PAGE: ProblemCode.NOT_A_PAGE_WITHOUT_MARKUP,
    ProblemCode.NOT_A_FEED_XML: ProblemCode.NOT_A_PAGE_XML,
    ProblemCode.NOT_A_FEED_TEXT: ProblemCode.NOT_A_PAGE_TEXT,
}


def _problem_without_markup(text: str, content_type: str | None) -> Problem:
    """The problem of a reply without markup."""
    if not text.strip():
        return Problem.of(ProblemCode.NOT_A_PAGE_EMPTY)
    problem = what_came_instead(text, content_type)
    return replace(problem, code=_INSTEAD[problem.code])


def _problem_without_entries(selector: str, *, items: int, title: str) -> Problem:
    """The problem of a page without entries: the selector selects nothing, or only items without link and text."""
    facts = {"selector": clean_line(selector, limit=80), "title": clean_line(title, limit=80) or None}
    if not items:
        return Problem.of(ProblemCode.SELECTOR_FINDS_NOTHING, **facts)
    return Problem.of(ProblemCode.SELECTOR_FINDS_NO_ENTRIES, count=items, **facts)


def _base(root: Any, url: str) -> str:
    return next((link for element in root.iter("base") if (link := safe_link(element.get("href"), base=url))), url)


def _links(root: Any, base: str, *, rel: str) -> Iterator[str]:
    """The links of the head with a relation (WebSub, section 4); a link in the body may be a reader's comment."""
    for element in root.iterfind("head//link"):
        link = safe_link(element.get("href"), base=base)
        if link and rel in (element.get("rel") or "").lower().split():
            yield link
