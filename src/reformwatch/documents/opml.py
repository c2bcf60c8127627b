"""Documents: OPML lists of feeds, read and written (OPML 2.0, http://opml.org/spec2.opml)."""

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
    """An outline with a feed. ``kind``, ``language`` and ``site_url`` are None where the list has none."""

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
    except ElementTree.ParseError as error:
        raise BadInput(f"OPML: not well-formed XML ({error})") from None
    if root.tag.lower() != "opml":
        raise BadInput(f"OPML: an XML document <{root.tag[:40]}>, not <opml>")
    feeds: dict[str, OpmlFeed] = {}
    for outline in root.iter("outline"):
        attributes = {name.lower(): value for name, value in outline.attrib.items()}
        url = safe_link(attributes.get("xmlurl"), base="")
        if url is not None:
            feeds.setdefault(url, _feed(url, attributes))
        if len(feeds) > MAX_FEEDS:
            raise BadInput(f"OPML: more than {MAX_FEEDS:,} feeds")
    return tuple(feeds.values())


def _root(text: str) -> ElementTree.Element:
    """The root element; a text that is not well-formed is parsed with bare ``&`` escaped: real lists have them."""
    try:
        return _checked(text)
    except ElementTree.ParseError:
        return _checked(_BARE_AMPERSAND.sub("&amp;", text))


def _checked(text: str) -> ElementTree.Element:
    check_markup(text)
    return ElementTree.fromstring(text)  # noqa: S314 - the markup was checked: no entities, bounded depth and size


def _feed(url: str, attributes: dict[str, str]) -> OpmlFeed:
    return OpmlFeed(
        url=url,
        name=clean_line(attributes.get("title") or attributes.get("text") or "", limit=200),
        site_url=safe_link(attributes.get("htmlurl"), base=""),
        language=attributes.get("language") or None,
        kind=attributes.get("category") or None,
    )


def write_opml(feeds: Iterable[Feed], *, title: str) -> bytes:
    """An OPML 2.0 list of feeds; ``category`` carries the kind, ``language`` the language.

    Sitemaps and pages are left out: other programs can't read them as feeds; a pack can have them.
    """
    root = ElementTree.Element("opml", version="2.0")
    ElementTree.SubElement(ElementTree.SubElement(root, "head"), "title").text = title
    body = ElementTree.SubElement(root, "body")
    for feed in (feed for feed in feeds if feed.source_type is SourceType.FEED):
        name, kind = feed.name, feed.kind.value
        attributes = {"type": "rss", "text": name, "title": name, "xmlUrl": feed.url, "category": kind}
        if feed.site_url:
            attributes["htmlUrl"] = feed.site_url
        if feed.language:
            attributes["language"] = feed.language
        ElementTree.SubElement(body, "outline", attributes)
    ElementTree.indent(root)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"
