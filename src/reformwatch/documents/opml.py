"""Documents: OPML lists of feeds, in and out (OPML 2.0, http://opml.org/spec2.opml)."""

import re
from collections.abc import Iterable
from typing import Final
from xml.etree import ElementTree

from reformwatch.documents.charset import decoded
from reformwatch.documents.limits import check_markup
from reformwatch.errors import BadInput
from reformwatch.model.feed import Feed, SourceType
from reformwatch.model.value import Value
from reformwatch.text import clean_line
from reformwatch.urls import safe_link

MAX_BYTES = 10_000_000
MAX_FEEDS = 20_000

_BARE_AMPERSAND: Final = re.compile(r"&(?!#?\w{1,31};)")


class OpmlFeed(Value, frozen=True, kw_only=True):
    """One outline that names a feed. ``kind`` and ``language`` where the list says them."""

    url: str
    name: str
    site_url: str | None
    language: str | None
    kind: str | None


def read_opml(body: bytes) -> tuple[OpmlFeed, ...]:
    """The feeds of a list, each address once. Raises BadInput or RefusedMarkup. # trust: D21."""
    if len(body) > MAX_BYTES:
        raise BadInput(f"OPML: the file has {len(body):,} bytes, at most {MAX_BYTES:,} are read")
    try:
        root = _root(decoded(body))
    except ElementTree.ParseError as broken:
        raise BadInput(f"OPML: not well-formed XML ({broken})") from None
    if root.tag.lower() != "opml":
        raise BadInput(f"OPML: an XML document <{root.tag[:40]}>, not <opml>")
    feeds: dict[str, OpmlFeed] = {}
    for outline in root.iter("outline"):
        given = {name.lower(): value for name, value in outline.attrib.items()}
        url = safe_link(given.get("xmlurl"), base="")
        if url is not None:
            feeds.setdefault(url, _feed(url, given))
        if len(feeds) > MAX_FEEDS:
            raise BadInput(f"OPML: more than {MAX_FEEDS:,} feeds")
    return tuple(feeds.values())


def _root(text: str) -> ElementTree.Element:
    """The document; where it is not well-formed, the same with every bare ``&`` escaped, as real lists need it."""
    try:
        return _checked(text)
    except ElementTree.ParseError:
        return _checked(_BARE_AMPERSAND.sub("&amp;", text))


def _checked(text: str) -> ElementTree.Element:
    check_markup(text)
    return ElementTree.fromstring(text)  # noqa: S314 - the markup was checked: no entities, bounded depth and size


def _feed(url: str, given: dict[str, str]) -> OpmlFeed:
    return OpmlFeed(
        url=url,
        name=clean_line(given.get("title") or given.get("text") or "", limit=200),
        site_url=safe_link(given.get("htmlurl"), base=""),
        language=given.get("language") or None,
        kind=given.get("category") or None,
    )


def write_opml(feeds: Iterable[Feed], *, title: str) -> bytes:
    """An OPML 2.0 list of feeds; ``category`` carries the kind, ``language`` the language.

    Sitemaps and pages are left out: no other reader could read them as feeds; a pack carries them.
    """
    root = ElementTree.Element("opml", version="2.0")
    ElementTree.SubElement(ElementTree.SubElement(root, "head"), "title").text = title
    body = ElementTree.SubElement(root, "body")
    for feed in (feed for feed in feeds if feed.source_type is SourceType.FEED):
        given = {"type": "rss", "text": feed.name, "title": feed.name, "xmlUrl": feed.url, "category": feed.kind.value}
        if feed.site_url:
            given["htmlUrl"] = feed.site_url
        if feed.language:
            given["language"] = feed.language
        ElementTree.SubElement(body, "outline", given)
    ElementTree.indent(root)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"
