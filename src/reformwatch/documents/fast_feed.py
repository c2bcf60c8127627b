"""Documents: a fast reader of ordinary feed documents. Its result equals feedparser's, or is None.

feedparser is the reference: an entry must have the same keys, whichever reader read it. This reader therefore follows
feedparser's own rules (``mixin.py`` and ``namespaces/`` of feedparser 6), on the same XML parser (expat), for the keys
that :mod:`feed` reads. ElementTree builds a tree of the document in C: expat's three calls into Python for each element
would take longer. A document is read only if each of its elements is of these kinds:

* an element whose effect on the result is implemented here (``_LEAVES``, ``_BEGINNINGS``),
* an element for which feedparser has no rule: feedparser stores it under its own name, which :mod:`feed` does not read.

For all other documents the result is None: markup that is not well-formed, a document type, ``xml:base``, inline XHTML,
other content types, elements inside a text, prefixes with two meanings, characters that feedparser repairs. It is also
None where :mod:`limits` refuses the document, so that the problem is reported from there.
``tests/documents/test_fast_feed.py`` compares the two readers.
"""

import functools
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from reformwatch.documents.feedparser_names import PREFIXES, RULED
from reformwatch.documents.limits import MAX_ATTRIBUTES, MAX_DEPTH, MAX_ELEMENTS, MAX_NAMESPACES, has_endless_author

Attributes = Mapping[str, str]
Fields = dict[str, Any]
_NONE: Final[Attributes] = {}

#: :mod:`feed` reads 30 tags of an entry at most; a search for repetitions among many tags takes time.
_MAX_TAGS: Final = 100
_XML: Final = "http://www.w3.org/XML/1998/namespace"
_XLINK: Final = "http://www.w3.org/1999/xlink"
_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
#: feedparser takes any namespace with this in its address for RSS.
_ANY_RSS: Final = "backend.userland.com/rss"
_RSS_VERSIONS: Final = {"0.91": "rss091u", "0.92": "rss092", "0.93": "rss093", "0.94": "rss094"}
_ATOM_VERSIONS: Final = {"0.1": "atom01", "0.2": "atom02", "0.3": "atom03"}
_ROOTS: Final = frozenset({"rss", "feed", "rdf_rdf"})
#: After any other element feedparser continues as if the image had ended.
_PARTS_OF_IMAGE: Final = frozenset({"title", "link", "description", "url", "width", "height"})
_PARTS_OF_PERSON: Final = frozenset({"name", "email", "uri", "url", "homepage"})
#: feedparser stores an element without a rule under its own name; these names it uses itself.
_RESERVED: Final = re.compile(r"authors|links|contributors|publishers|.*_(?:parsed|detail)")
#: The types whose text feedparser does not change; for others it decodes base64 or builds XHTML.
_PLAIN_TYPES: Final = frozenset({"text", "plain", "html", "text/plain", "text/html"})
_PAGE_TYPES: Final = frozenset({"html", "text/html", "xhtml", "application/xhtml+xml"})
#: Attributes with an effect on the result; feedparser reads them in any namespace.
_READ_ATTRIBUTES: Final = frozenset(
    {
        "domain", "href", "ispermalink", "label", "lang", "lastmod", "mode",
        "rel", "scheme", "term", "type", "uri", "url", "version",
    }
)  # fmt: skip
_RFC_3339: Final = re.compile(
    r"((?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]{1,9})?(Z|[+-][0-9]{2}:?[0-9]{2})"
)
_RFC_822: Final = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?([0-9]{1,2}) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) "
    r"((?:19|20)[0-9]{2}) ([0-9]{2}:[0-9]{2}:[0-9]{2}) (?:GMT|UTC?|Z|([+-][0-9]{2}):?([0-9]{2}))"
)
_MONTHS: Final = "JanFebMarAprMayJunJulAugSepOctNovDec"
_AMPERSAND: Final = re.compile("&([A-Za-z0-9_]+);")
#: ``<a/>``
_SHORTEST: Final = 4
#: Characters that feedparser replaces by letters of Windows-1252.
_CONTROLS: Final = re.compile("[\x80-\x9f]")
#: These characters in a document in UTF-8: themselves, or as a reference.
_CONTROLS_IN_UTF8: Final = (
    re.compile(rb"\xc2[\x80-\x9f]"),
    re.compile(rb"&#(?:0*1[2-5][0-9]|[xX]0*[89][0-9a-fA-F]);"),
)


@dataclass(frozen=True, kw_only=True)
class RawFeed:
    """The values of a document under feedparser's keys, as far as :mod:`feed` reads them.

    ``version`` is feedparser's; empty: it is not a feed. A date is an aware datetime, or feedparser's tuple in UTC
    where feedparser read the document.
    """

    version: str
    feed: Mapping[str, Any]
    entries: list[Fields]


class _NotOrdinary(Exception):
    """This reader's result might differ from feedparser's, so that feedparser must read the document."""


def read_fast(document: str) -> RawFeed | None:
    """The result of feedparser for a document; None where that is not certain, or the document is not a feed."""
    if "<!DOCTYPE" in document or "<!ENTITY" in document or has_endless_author(document):
        return None
    body = document.encode("utf-8", "replace")
    if len(body) > MAX_ELEMENTS * _SHORTEST and body.count(b"</") + body.count(b"/>") > MAX_ELEMENTS:
        return None
    tree = _Tree()
    parser = XMLParser(target=tree, encoding="utf-8")  # noqa: S314 - entities are refused above, and the size is bounded
    try:
        parser.feed(body)
        root = parser.close()
        reader = _Reader(tree.declared, may_have_controls=any(pattern.search(body) for pattern in _CONTROLS_IN_UTF8))
        reader.read(root)
    except (_NotOrdinary, ParseError):
        return None
    return RawFeed(version=reader.version, feed=reader.feed, entries=reader.entries) if reader.version else None


class _Tree(TreeBuilder):
    """Builds the elements; ``declared`` are the namespaces (prefix and address) in the order of the document."""

    def __init__(self) -> None:
        super().__init__()
        self.declared: list[tuple[str, str]] = []

    def start_ns(self, prefix: str | None, uri: str | None) -> None:
        """Called for each namespace, before the element that declares it."""
        if uri:
            self.declared.append((prefix or "", uri))


class _Names:
    """feedparser's names for the elements and attributes of a document: ``dc_creator``, ``title``, ``rdf:about``."""

    def __init__(self) -> None:
        self._attributes: dict[str, str] = {}
        self._meanings: dict[str, str] = {}
        self._unknown: dict[str, str] = {}
        self._declared = 0

    def declare(self, prefix: str, uri: str) -> None:
        """Store a namespace. Refused: a prefix with two meanings, an unknown namespace with two prefixes."""
        self._declared += 1
        known = PREFIXES.get(uri.lower())
        if self._declared > MAX_NAMESPACES // 2 or uri == _XLINK or uri.split() != [uri] or "}" in uri:
            raise _NotOrdinary
        for name in {prefix.lower(), known or ""} - {""}:
            if self._meanings.setdefault(name, uri) != uri:
                raise _NotOrdinary
        if known is None and (_ANY_RSS in uri.lower() or self._unknown.setdefault(uri, prefix) != prefix):
            raise _NotOrdinary

    def element(self, tag: str) -> str:
        """feedparser's name of an element. ``tag`` is ElementTree's: the namespace in braces, if any, and the name."""
        uri, _, local = tag.removeprefix("{").rpartition("}")
        prefix = PREFIXES.get(uri.lower(), self._unknown.get(uri, "").lower()) if uri else ""
        name = f"{prefix}_{local.lower()}" if prefix else local.lower()
        if not _is_understood(name):
            raise _NotOrdinary
        return name

    def attributes(self, items: Collection[tuple[str, str]]) -> Attributes:
        """The attributes of an element by feedparser's names; the values of ``rel`` and ``type`` in lower case."""
        if len(items) > MAX_ATTRIBUTES // 2:
            raise _NotOrdinary
        attributes = {}
        for tag, value in items:
            name = self._attributes.get(tag) or self._attribute(tag)
            attributes[name] = value.lower() if name in {"rel", "type"} else value
        return attributes

    def _attribute(self, tag: str) -> str:
        uri, _, local = tag.removeprefix("{").rpartition("}")
        local = local.lower()
        if local == "base" or local.startswith("xmlns"):
            raise _NotOrdinary
        if uri and uri not in {_XML, _RDF} and local in _READ_ATTRIBUTES:
            raise _NotOrdinary
        prefix = {_XML: "xml:", _RDF: "rdf:"}.get(uri, "other:") if uri else ""
        self._attributes[tag] = f"{prefix}{local}"
        return f"{prefix}{local}"


def _is_understood(name: str) -> bool:
    """Whether the element is implemented here, or feedparser has no rule for it."""
    if name in _LEAVES or name in _BEGINNINGS or name in _TRANSPARENT:
        return True
    return name not in RULED and not _RESERVED.fullmatch(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """How the elements of a name are read: as a leaf, or between ``begin`` and ``end``; None: not so."""

    name: str
    is_root: bool
    read: "_Read | None"
    begin: "Callable[[_Reader, Attributes], None] | None"
    end: "Callable[[_Reader], None] | None"


class _Reader:
    """Reads a document. Its attributes have the meaning of feedparser's; the depth of the root is 1.

    ``declared``: the namespaces of the document, in order.
    """

    def __init__(self, declared: Sequence[tuple[str, str]], *, may_have_controls: bool) -> None:
        self.version = ""
        self.feed: Fields = {}
        self.entries: list[Fields] = []
        self._repaired = _repaired if may_have_controls else _as_utf8
        self._declared = declared
        self._names = _Names()
        self._kinds: dict[str, _Kind] = {}
        self._depth = 0
        self._entry: Fields | None = None
        self._depths: dict[str, int] = {}
        self._is_in_feed = self._has_content = self._is_in_author = False
        self._person: dict[str, str] | None = None
        self._title_depth = -1

    def read(self, root: Element) -> None:
        """Read the document."""
        for prefix, uri in self._declared:
            self._names.declare(prefix, uri)
        kind = self._kind(root)
        if not kind.is_root:
            raise _NotOrdinary
        self.version = self._version_of_namespaces(root, kind)
        attributes = self._attributes(root)
        if kind.begin is not None:
            kind.begin(self, attributes)
        self._depth = 1
        self._walk(root)

    def _version_of_namespaces(self, root: Element, kind: _Kind) -> str:
        """feedparser's version of the document if it is that of its first namespace with a version; empty if not.

        The root elements of RSS and Atom have a version of their own, so that a namespace declared inside comes too
        late; which namespaces those are is unknown here.
        """
        versions = [version for prefix, uri in self._declared if (version := _version_of(prefix, uri))]
        if kind.name == "rss" and any(version.startswith("rss") for version in versions):
            raise _NotOrdinary
        if kind.name == "feed" and versions and root.tag.lower() != "{http://www.w3.org/2005/atom}feed":
            raise _NotOrdinary
        return versions[0] if versions else ""

    def _walk(self, parent: Element) -> None:
        """Read the elements inside of an element."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _NotOrdinary
        kinds, attributes_of = self._kinds, self._names.attributes
        for element in parent:
            kind = kinds.get(element.tag) or self._inner_kind(element)
            items = element.items()
            attributes = attributes_of(items) if items else _NONE
            if kind.read is not None:
                text = self._text_of_author(kind, element) if len(element) else element.text
                kind.read(self, attributes, text.strip() if text else "")
            else:
                if kind.begin is not None:
                    kind.begin(self, attributes)
                if kind.name == "image":
                    self._read_image(element)
                elif len(element):
                    self._walk(element)
                if kind.end is not None:
                    kind.end(self)
        self._depth -= 1

    def _attributes(self, element: Element) -> Attributes:
        items = element.items()
        return self._names.attributes(items) if items else _NONE

    def _kind(self, element: Element) -> _Kind:
        name = self._names.element(element.tag)
        read, begin, end = _LEAVES.get(name), _BEGINNINGS.get(name), _ENDINGS.get(name)
        return _Kind(name=name, is_root=name in _ROOTS, read=read, begin=begin, end=end)

    def _inner_kind(self, element: Element) -> _Kind:
        """The kind of an element inside of another. Raises _NotOrdinary for a root."""
        kind = self._kinds[element.tag] = self._kinds.get(element.tag) or self._kind(element)
        if kind.is_root:
            raise _NotOrdinary
        return kind

    def _text_of_author(self, kind: _Kind, element: Element) -> str:
        """The text of an author, whose parts are read too; _NotOrdinary for other texts with elements inside."""
        if kind.read is not _Reader.read_author:
            raise _NotOrdinary
        self._is_in_author = True
        text = self._text_around_parts(element)
        self._is_in_author = False
        return text

    def _text_around_parts(self, element: Element) -> str:
        """The text around an author's parts, with that of elements without a rule that have attributes."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _NotOrdinary
        pieces = [element.text or ""]
        for part in element:
            kind, attributes = self._inner_kind(part), self._attributes(part)
            if kind.name in _PARTS_OF_PERSON:
                if len(part):
                    raise _NotOrdinary
                _LEAVES[kind.name](self, attributes, (part.text or "").strip())
            elif kind.name in _LEAVES or kind.name in _BEGINNINGS or kind.name in _TRANSPARENT or not attributes:
                raise _NotOrdinary
            else:
                pieces.append(self._text_around_parts(part))
            pieces.append(part.tail or "")
        self._depth -= 1
        return "".join(pieces)

    def _read_image(self, image: Element) -> None:
        """A feed's image has a title and a link of its own; an entry's is read if it has no elements inside."""
        self._depth += 1
        for part in image:
            kind, attributes = self._inner_kind(part), self._attributes(part)
            if self._entry is not None or kind.name not in _PARTS_OF_IMAGE or len(part):
                raise _NotOrdinary
            if kind.name == "title":
                self.read_title_of_image(attributes, (part.text or "").strip())
        self._depth -= 1

    # --- elements with elements inside ---

    def begin_rss(self, attributes: Attributes) -> None:
        """The root of RSS."""
        self._take_language(attributes)
        if not self.version.startswith("rss"):
            version = attributes.get("version", "")
            self.version = _RSS_VERSIONS.get(version) or ("rss20" if version.startswith("2.") else "rss")

    def begin_feed(self, attributes: Attributes) -> None:
        """The root of Atom."""
        self._take_language(attributes)
        self._is_in_feed = True
        if not self.version:
            self.version = _ATOM_VERSIONS.get(attributes.get("version", ""), "atom")

    def _take_language(self, attributes: Attributes) -> None:
        if language := attributes.get("xml:lang", attributes.get("lang")):
            self.feed["language"] = language.replace("_", "-")

    def begin_channel(self, attributes: Attributes) -> None:
        """The feed of RSS."""
        if self._entry is not None or "lastmod" in attributes or "href" in attributes:
            raise _NotOrdinary
        self._is_in_feed = True

    def end_channel(self) -> None:
        """Elements after a channel do not belong to it, except its items (RDF)."""
        self._is_in_feed = False

    def begin_item(self, attributes: Attributes) -> None:
        """An entry."""
        if self._entry is not None or "lastmod" in attributes or "href" in attributes:
            raise _NotOrdinary
        self._entry = {}
        self.entries.append(self._entry)
        self._depths, self._title_depth = {}, -1
        if about := attributes.get("rdf:about"):
            self._entry["id"] = about

    def end_item(self) -> None:
        """The entry is complete."""
        self._entry, self._has_content = None, False

    def begin_image(self, _attributes: Attributes) -> None:
        """The next title counts again."""
        self._title_depth = -1

    # --- elements with text inside: called at their end ---

    @property
    def _context(self) -> Fields:
        """The fields of the entry or feed that the element belongs to. Raises _NotOrdinary outside of both."""
        if self._entry is not None:
            return self._entry
        if self._is_in_feed:
            return self.feed
        raise _NotOrdinary

    def _store(self, key: str, text: str) -> None:
        """Store a text. In an entry a deeper text does not replace another; in a feed the last text counts."""
        if self._entry is not None:
            if self._depth > self._depths.get(key, self._depth):
                return
            self._depths[key] = self._depth
        self._context[key] = text

    def ignore(self, _attributes: Attributes, _text: str) -> None:
        """An element without effect on the result."""

    def read_title(self, attributes: Attributes, text: str) -> None:
        """The first title counts, and a later title at a smaller depth."""
        _check_plain(attributes)
        title = self._repaired(text)
        if not -1 < self._title_depth <= self._depth:
            self._store("title", title)
        if title:
            self._title_depth = self._depth

    def read_media_title(self, attributes: Attributes, text: str) -> None:
        """The title of an image or video counts where the entry has none before it."""
        depth_before = self._title_depth
        self.read_title(attributes, text)
        self._title_depth = depth_before

    def read_title_of_image(self, attributes: Attributes, text: str) -> None:
        """Not the feed's title, but later titles at this depth do not count either."""
        _check_plain(attributes)
        if text:
            self._title_depth = self._depth

    def read_source(self, _attributes: Attributes, _text: str) -> None:
        """The source of an entry; after it the next title counts again."""
        self._title_depth = -1

    def read_link(self, attributes: Attributes, text: str) -> None:
        """The link: in RSS the text, in Atom ``href`` of the alternate page."""
        is_self = attributes.get("rel") == "self"
        link = {"rel": "alternate", "type": "application/atom+xml" if is_self else "text/html", **attributes}
        href = link.get("url", link.get("uri", link.get("href"))) or link.get("href")
        context = self._context
        if href is None:
            href = self._repaired(_address(text))
            context["link"] = _AMPERSAND.sub(r"&\1", href.replace("&amp;", "&") if self._entry is not None else href)
        elif link["rel"] == "alternate" and link["type"] in _PAGE_TYPES:
            context["link"] = _address(href)

    def read_id(self, attributes: Attributes, text: str) -> None:
        """The guid; it is the link too, unless ``isPermaLink`` is false or there is a link already."""
        is_link = attributes.get("ispermalink", "true") == "true"
        guid = self._repaired(_address(text) if is_link else text)
        self._store("id", guid)
        if is_link:
            self._context.setdefault("link", guid)

    def read_description(self, attributes: Attributes, text: str) -> None:
        """The summary; a second summary before any content is the content."""
        if "summary" in self._context and not self._has_content:
            self.read_content(attributes, text)
        else:
            _check_plain(attributes)
            self._store("summary" if self._entry is not None else "subtitle", self._repaired(text))

    def read_summary(self, attributes: Attributes, text: str) -> None:
        """As a description, under the same name for feeds."""
        if "summary" in self._context and not self._has_content:
            self.read_content(attributes, text)
        else:
            _check_plain(attributes)
            self._store("summary", self._repaired(text))

    def read_content(self, attributes: Attributes, text: str) -> None:
        """The contents, of which there may be several; the first is the summary where there is none."""
        _check_plain(attributes)
        self._has_content = True
        content = self._repaired(text)
        if self._entry is not None:
            self._entry.setdefault("content", []).append({"value": content})
        self._context.setdefault("summary", content)

    def read_date(self, _attributes: Attributes, text: str, *, key: str) -> None:
        """The last date of its kind counts, even where it can't be parsed."""
        self._context[key] = _date(self._repaired(text))

    def read_language(self, _attributes: Attributes, text: str) -> None:
        """The language; that of an entry is not read by :mod:`feed`."""
        self._context["language"] = self._repaired(text)

    def read_kept(self, attributes: Attributes, text: str, *, key: str) -> None:
        """An element that feedparser stores under its own name: the attributes, if any, or the text."""
        self._context[key] = dict(attributes) if attributes else self._repaired(text)

    def read_category(self, attributes: Attributes, text: str) -> None:
        """A term is in the attribute or in the text."""
        self._add_tag(
            attributes.get("term"), attributes.get("scheme", attributes.get("domain")), attributes.get("label")
        )
        if term := self._repaired(text):
            tags = self._context["tags"]
            if tags and not tags[-1]["term"]:
                tags[-1]["term"] = term
            else:
                self._add_tag(term, None, None)

    def read_media_category(self, attributes: Attributes, text: str) -> None:
        """As a category, with a scheme of its own."""
        self.read_category({"scheme": "http://search.yahoo.com/mrss/category_schema", **attributes}, text)

    def read_keywords(self, attributes: Attributes, text: str, *, scheme: str | None) -> None:
        """Terms separated by commas; ignored where the element has attributes."""
        for term in [] if attributes else self._repaired(text).split(","):
            if term.strip():
                self._add_tag(term.strip(), scheme, None)

    def _add_tag(self, term: str | None, scheme: str | None, label: str | None) -> None:
        tags = self._context.setdefault("tags", [])
        tag = {"term": term, "scheme": scheme, "label": label}
        if len(tags) > _MAX_TAGS:
            raise _NotOrdinary
        if (term or scheme or label) and tag not in tags:
            tags.append(tag)

    def read_author(self, _attributes: Attributes, text: str) -> None:
        """The last author counts: its parts, if any, or its text."""
        self._store("author", self._repaired(text))
        if self._person:
            self._write_author(self._person)
            self._person = None

    def read_part_of_person(self, _attributes: Attributes, text: str, *, key: str) -> None:
        """A part of the author around it; ignored elsewhere.

        Before its first part feedparser takes the previous author as the name, and searches it for a mail address: a
        document with such an address is left to feedparser.
        """
        if not self._is_in_author:
            return
        previous = self._context.get("author")
        if self._person:
            self._write_author(self._person)
        elif previous and "@" in previous:
            raise _NotOrdinary
        else:
            self._person = {"name": previous} if previous else {}
        self._person[key] = text

    def _write_author(self, person: Mapping[str, str]) -> None:
        name, email = person.get("name"), person.get("email")
        if name or email:
            self._context["author"] = f"{name} ({email})" if name and email else name or email


def _version_of(prefix: str, uri: str) -> str:
    """The version that feedparser reads from a namespace; empty where it reads none."""
    if not prefix and uri.lower() == "http://my.netscape.com/rdf/simple/0.9/":
        return "rss090"
    return {"http://purl.org/rss/1.0/": "rss10", "http://www.w3.org/2005/atom": "atom10"}.get(uri.lower(), "")


def _check_plain(attributes: Attributes) -> None:
    if attributes and (attributes.get("type", "text") not in _PLAIN_TYPES or attributes.get("mode") == "base64"):
        raise _NotOrdinary


def _address(text: str) -> str:
    """An address; _NotOrdinary for ``http:////host``, from which feedparser removes slashes."""
    if ":///" in text:
        raise _NotOrdinary
    return text


def _repaired(text: str) -> str:
    """A text as feedparser repairs it; _NotOrdinary where feedparser would put in letters of Windows-1252."""
    if text.isascii():
        return text
    text = _as_utf8(text)
    if _CONTROLS.search(text):
        raise _NotOrdinary
    return text


def _as_utf8(text: str) -> str:
    """UTF-8 that was decoded as Latin-1, decoded again; the result has controls only if the text has them."""
    if text.isascii():
        return text
    try:
        return text.encode("iso-8859-1").decode("utf-8")
    except UnicodeError:
        return text


@functools.lru_cache(maxsize=256)  # most entries have the same date twice, as published and updated
def _date(text: str) -> datetime | None:
    """A time to the second with its zone, in the notation of Atom (RFC 3339) or RSS (RFC 822); None for an empty text.

    A fraction of a second is cut off, as in feedparser. Raises _NotOrdinary for any other date.
    """
    if not text:
        return None
    if match := _RFC_822.fullmatch(text):
        day, month, year, clock, hours, minutes = match.groups()
        text = f"{year}-{_MONTHS.index(month) // 3 + 1:02}-{day:0>2}T{clock}{f'{hours}:{minutes}' if hours else 'Z'}"
    elif match := _RFC_3339.fullmatch(text):
        text = f"{match[1]}{match[2]}"
    else:
        raise _NotOrdinary
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError as error:
        raise _NotOrdinary from error


_Read = Callable[[_Reader, Attributes, str], None]


def _part(key: str) -> _Read:
    return functools.partial(_Reader.read_part_of_person, key=key)


def _kept(*names: str) -> dict[str, _Read]:
    return {name: functools.partial(_Reader.read_kept, key=name) for name in names}


def _all(read: _Read, names: str) -> dict[str, _Read]:
    return dict.fromkeys(names.split(), read)


#: Elements with text inside, by feedparser's names.
_LEAVES: Final[Mapping[str, _Read]] = {
    **_all(_Reader.read_title, "title dc_title"),
    **_all(_Reader.read_media_title, "media_title"),
    **_all(_Reader.read_link, "link"),
    **_all(_Reader.read_id, "id guid"),
    **_all(_Reader.read_description, "description dc_description media_description"),
    **_all(_Reader.read_summary, "summary itunes_summary"),
    **_all(_Reader.read_content, "content content_encoded fullitem"),
    **_all(functools.partial(_Reader.read_date, key="published_parsed"), "published pubdate issued dcterms_issued"),
    **_all(
        functools.partial(_Reader.read_date, key="updated_parsed"),
        "updated modified lastbuilddate dc_date dcterms_modified",
    ),
    **_all(functools.partial(_Reader.read_date, key="created_parsed"), "created dcterms_created"),
    **_all(_Reader.read_author, "author managingeditor dc_author dc_creator itunes_author"),
    "name": _part("name"),
    "email": _part("email"),
    **_all(_part("href"), "uri url homepage"),
    **_all(_Reader.read_category, "category keywords dc_subject"),
    **_all(_Reader.read_media_category, "media_category"),
    "media_keywords": functools.partial(_Reader.read_keywords, scheme=None),
    "itunes_keywords": functools.partial(_Reader.read_keywords, scheme="http://www.itunes.com/"),
    **_all(_Reader.read_language, "language dc_language"),
    **_all(_Reader.read_source, "source"),
    **_kept("ttl"),
    # feedparser has rules for these, but they have no effect on the keys that are read
    **_all(
        _Reader.ignore,
        "cloud copyright dc_contributor dc_publisher dc_rights enclosure feedburner_browserfriendly generator "
        "georss_box georss_line georss_point georss_polygon height info itunes_block itunes_explicit itunes_image "
        "itunes_subtitle media_credit media_license media_player media_rating media_restriction media_thumbnail "
        "rights subtitle sy_updatefrequency sy_updateperiod tagline webmaster width",
    ),
}  # fmt: skip

#: Elements with elements inside.
_BEGINNINGS: Final[Mapping[str, Callable[[_Reader, Attributes], None]]] = {
    "rss": _Reader.begin_rss,
    "feed": _Reader.begin_feed,
    "channel": _Reader.begin_channel,
    "item": _Reader.begin_item,
    "entry": _Reader.begin_item,
    "image": _Reader.begin_image,
}
_ENDINGS: Final[Mapping[str, Callable[[_Reader], None]]] = {
    "channel": _Reader.end_channel,
    "item": _Reader.end_item,
    "entry": _Reader.end_item,
}
#: Elements whose own rule has no effect; the elements inside are read as if they were outside.
_TRANSPARENT: Final = frozenset(
    {"rdf_rdf", "contributor", "media_group", "media_content", "admin_generatoragent", "admin_errorreportsto"}
)
