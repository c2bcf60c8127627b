"""Documents: the feeds that a web page names (``<link rel="alternate">``, then links that look like feeds)."""

import contextlib
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final

from reformwatch.model.value import Value
from reformwatch.text import clean_line
from reformwatch.urls import safe_link

_FEED_TYPES: Final = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml")
_LOOKS_LIKE_FEED: Final = re.compile(
    r"(?:^|[/._-])(?:rss|atom|feed|feeds)(?:[/._?-]|$)|\.(?:rss|atom|rdf)$", re.IGNORECASE
)
_MAX_CHOICES: Final = 20
_MAX_BYTES: Final = 2_000_000


class FeedLink(Value, frozen=True, kw_only=True):
    """A feed that a page names."""

    url: str
    title: str
    is_declared: bool


def find_feeds(body: bytes, *, url: str, encoding: str = "utf-8") -> tuple[FeedLink, ...]:
    """The feeds that the page at ``url`` declares, each once, comment feeds last; if none, links to likely feeds."""
    collector = _Collector(url)
    with contextlib.suppress(AssertionError):  # html.parser raises it for markup that it can't read
        collector.feed(_text(body[:_MAX_BYTES], encoding).replace("<![", "<! ["))  # HTML has no marked sections
    unique: dict[str, FeedLink] = {}
    for link in sorted(collector.links, key=lambda link: (not link.is_declared, "comment" in link.url)):
        unique.setdefault(link.url, link)
    declared = [link for link in unique.values() if link.is_declared]
    return tuple((declared or list(unique.values()))[:_MAX_CHOICES])


def _text(body: bytes, encoding: str) -> str:
    try:
        return body.decode(encoding, "replace")
    except (LookupError, ValueError):
        return body.decode("utf-8", "replace")


class _Collector(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__(convert_charrefs=True)
        self.base = base
        self.links: list[FeedLink] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "base" and (base := safe_link(attributes.get("href"), base=self.base)):
            self.base = base
        elif tag in {"link", "a"}:
            self.links.extend(self._link(tag, attributes))

    def _link(self, tag: str, attributes: dict[str, str]) -> Iterator[FeedLink]:
        url = safe_link(attributes.get("href"), base=self.base)
        if url is None:
            return
        is_declared = (
            tag == "link"
            and "alternate" in attributes.get("rel", "").lower().split()
            and attributes.get("type", "").partition(";")[0].strip().lower() in _FEED_TYPES
        )
        if is_declared or (tag == "a" and _LOOKS_LIKE_FEED.search(url)):
            yield FeedLink(url=url, title=clean_line(attributes.get("title", ""), limit=100), is_declared=is_declared)
