"""Core: a fast reader of ordinary feed documents. It says of them what feedparser says, or nothing.

feedparser is the reference: an entry keeps its identity whichever of the two read it. This reader therefore follows
feedparser's own rules (``mixin.py`` and ``namespaces/`` of feedparser 6), on the same XML parser (expat), for what
:mod:`parse` takes from it, and only for documents in which each element is one of these:

* an element whose bearing on the result is written down here (``_LEAVES``, ``_BEGINNINGS``),
* one that feedparser has no rule for: it is kept under its name, where nobody looks.

At anything else it gives up: markup that is not well-formed, a document type, ``xml:base``, inline XHTML, other content
types, elements inside a text, prefixes with two meanings, characters that feedparser mends. It also gives up where
:mod:`guard` would refuse; it is for the guard to say so. ``tests/core/test_quick.py`` holds the two against each other.
"""

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from xml.parsers import expat

from feedparser.api import StrictFeedParser
from feedparser.datetimes import _parse_date  # there is no public name for it

from reformwatch.core.guard import MAX_ATTRIBUTES, MAX_DEPTH, MAX_ELEMENTS, MAX_NAMESPACES, has_endless_author

Attributes = Mapping[str, str]
Said = dict[str, Any]

#: More than this of an entry is read at most (30), and looking for the same one among many takes time.
_MAX_TAGS: Final = 100
_XML: Final = "http://www.w3.org/XML/1998/namespace"
_XLINK: Final = "http://www.w3.org/1999/xlink"
_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
#: feedparser takes whatever begins like this for RSS.
_ANY_RSS: Final = "backend.userland.com/rss"
#: By address in small letters, the prefix of feedparser's rules; "" for the elements of RSS and Atom themselves.
_PREFIXES: Final[Mapping[str, str]] = {
    uri.lower(): prefix.lower() for uri, prefix in StrictFeedParser.namespaces.items() if uri
}
_RSS_VERSIONS: Final = {"0.91": "rss091u", "0.92": "rss092", "0.93": "rss093", "0.94": "rss094"}
_ATOM_VERSIONS: Final = {"0.1": "atom01", "0.2": "atom02", "0.3": "atom03"}
_ROOTS: Final = frozenset({"rss", "feed", "rdf_rdf"})
#: All else makes feedparser treat what follows as if the image had ended.
_PARTS_OF_IMAGE: Final = frozenset({"title", "link", "description", "url", "width", "height"})
_PARTS_OF_PERSON: Final = frozenset({"name", "email", "uri", "url", "homepage"})
#: What feedparser has no rule for is kept under its own name; these names are feedparser's own notes.
_TAKEN: Final = re.compile(r"authors|links|contributors|publishers|.*_(?:parsed|detail)")
#: The types that feedparser takes as they are; from others it decodes base64 or builds XHTML.
_PLAIN_TYPES: Final = frozenset({"text", "plain", "html", "text/plain", "text/html"})
_PAGE_TYPES: Final = frozenset({"html", "text/html", "xhtml", "application/xhtml+xml"})
#: Attributes that mean something, wherever they stand; feedparser takes them from any namespace.
_MEANT: Final = frozenset(
    {
        "domain", "href", "ispermalink", "label", "lang", "lastmod", "mode",
        "rel", "scheme", "term", "type", "uri", "url", "version",
    }
)  # fmt: skip
_AMPERSAND: Final = re.compile("&([A-Za-z0-9_]+);")
#: What feedparser takes for letters of Windows-1252.
_CONTROLS: Final = re.compile("[\x80-\x9f]")
#: How a document in UTF-8 may spell one of them: as it is, or by a reference.
_SPELLED: Final = (
    re.compile(rb"\xc2[\x80-\x9f]"),
    re.compile(rb"&#(?:0*1[2-5][0-9]|[xX]0*[89][0-9a-fA-F]);"),
)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a document says, under feedparser's keys: those that :mod:`parse` asks for."""

    version: str
    feed: Mapping[str, Any]
    entries: list[Said]


class _Doubt(Exception):
    """Something that this reader does not know: the document is feedparser's."""


def read_quickly(document: str) -> Reading | None:
    """The document as feedparser would read it; None where that is not certain, or it is no feed."""
    if "<!DOCTYPE" in document or "<!ENTITY" in document or has_endless_author(document):
        return None
    body = document.encode("utf-8", "replace")
    reader = _Reader(may_have_controls=any(spelled.search(body) for spelled in _SPELLED))
    parser = expat.ParserCreate("utf-8", " ")
    parser.namespace_prefixes = True
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.StartNamespaceDeclHandler = reader.declare
    try:
        parser.Parse(body, True)  # noqa: FBT003 - expat takes it by position only
    except (_Doubt, expat.ExpatError):
        return None
    return Reading(version=reader.version, feed=reader.feed, entries=reader.entries) if reader.version else None


class _Names:
    """feedparser's names for the elements and attributes of one document: ``dc_creator``, ``title``, ``rdf:about``."""

    def __init__(self) -> None:
        self._elements: dict[str, str] = {}
        self._attributes: dict[str, str] = {}
        self._meanings: dict[str, str] = {}
        self._unknown: dict[str, str] = {}
        self._declared = 0

    def declare(self, prefix: str | None, uri: str) -> None:
        """Remember a namespace. Left alone: a prefix with two meanings, an unknown namespace with two prefixes."""
        self._declared += 1
        known = _PREFIXES.get(uri.lower())
        if self._declared > MAX_NAMESPACES // 2 or uri == _XLINK or uri.split() != [uri]:
            raise _Doubt
        for name in {(prefix or "").lower(), known or ""} - {""}:
            if self._meanings.setdefault(name, uri) != uri:
                raise _Doubt
        if known is None and (_ANY_RSS in uri.lower() or self._unknown.setdefault(uri, prefix or "") != (prefix or "")):
            raise _Doubt

    def element(self, raw: str) -> str:
        """``raw`` is expat's: address, name and prefix with blanks between them."""
        if raw not in self._elements:
            *namespace, local = raw.split(" ")[:2]
            uri = namespace[0] if namespace else ""
            prefix = _PREFIXES.get(uri.lower(), self._unknown.get(uri, "").lower()) if uri else ""
            name = f"{prefix}_{local.lower()}" if prefix else local.lower()
            if not _is_understood(name):
                raise _Doubt
            self._elements[raw] = name
        return self._elements[raw]

    def attributes(self, raw: Mapping[str, str]) -> Attributes:
        """The attributes of an element; the values of ``rel`` and ``type`` in small letters."""
        if len(raw) > MAX_ATTRIBUTES // 2:
            raise _Doubt
        found = {}
        for raw_name, value in raw.items():
            name = self._attributes.get(raw_name) or self._attribute(raw_name)
            found[name] = value.lower() if name in {"rel", "type"} else value
        return found

    def _attribute(self, raw: str) -> str:
        *uri, local = raw.split(" ")[:2]
        local = local.lower()
        if local == "base" or local.startswith("xmlns"):
            raise _Doubt
        if uri and uri[0] not in {_XML, _RDF} and local in _MEANT:
            raise _Doubt
        prefix = {_XML: "xml:", _RDF: "rdf:"}.get(uri[0], "other:") if uri else ""
        self._attributes[raw] = f"{prefix}{local}"
        return f"{prefix}{local}"


def _is_understood(name: str) -> bool:
    """Whether it is written down here, or feedparser has no rule for it."""
    if name in _LEAVES or name in _BEGINNINGS or name in _IDLE:
        return True
    is_ruled = hasattr(StrictFeedParser, f"_start_{name}") or hasattr(StrictFeedParser, f"_end_{name}")
    return not is_ruled and not _TAKEN.fullmatch(name)


class _Leaf:
    """An element that is open, and whose text is collected. ``person`` is what the parts of an author say."""

    __slots__ = ("attributes", "person", "pieces", "read")

    def __init__(self, read: "_Read", attributes: Attributes) -> None:
        self.read, self.attributes = read, attributes
        self.pieces: list[str] = []
        self.person: dict[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """What is known of all elements of one name."""

    name: str
    is_root: bool
    read: "_Read | None"
    begin: "Callable[[_Reader, Attributes], None] | None"
    end: "Callable[[_Reader], None] | None"


class _Reader:
    """What expat calls. Its attributes are feedparser's of the same meaning; depth is counted from 1, the root."""

    def __init__(self, *, may_have_controls: bool) -> None:
        self.version = ""
        self.feed: Said = {}
        self.entries: list[Said] = []
        self._mended = _mended if may_have_controls else _read_again
        self._names = _Names()
        self._kinds: dict[str, _Kind] = {}
        self._open: list[_Leaf] = []
        self._depth = self._elements = 0
        self._entry: Said | None = None
        self._depths: dict[str, int] = {}
        self._is_in_feed = self._is_in_image = self._has_content = False
        self._title_depth = -1

    # --- expat's events ---

    def declare(self, prefix: str | None, uri: str | None) -> None:
        """A namespace comes into sight, before the element that declares it."""
        if not uri:
            return
        self._names.declare(prefix, uri)
        if not self.version:
            found = {"http://purl.org/rss/1.0/": "rss10", "http://www.w3.org/2005/atom": "atom10"}.get(uri.lower(), "")
            is_090 = prefix is None and uri.lower() == "http://my.netscape.com/rdf/simple/0.9/"
            self.version = "rss090" if is_090 else found

    def start(self, raw_name: str, raw_attributes: Mapping[str, str]) -> None:
        """An element begins."""
        self._depth += 1
        self._elements += 1
        if self._depth > MAX_DEPTH or self._elements > MAX_ELEMENTS:
            raise _Doubt
        kind = self._kinds.get(raw_name) or self._kind(raw_name)
        attributes = self._names.attributes(raw_attributes) if raw_attributes else raw_attributes
        if (self._depth == 1) != kind.is_root:
            raise _Doubt
        if self._open:
            self._start_in_author(kind.name, attributes)
        elif self._is_in_image:
            self._start_in_image(kind.name, attributes)
        elif kind.read is not None:
            self._open.append(_Leaf(kind.read, attributes))
        elif kind.begin is not None:
            kind.begin(self, attributes)

    def characters(self, text: str) -> None:
        """Text outside of leaves says nothing."""
        if self._open:
            self._open[-1].pieces.append(text)

    def end(self, raw_name: str) -> None:
        """An element ends; a leaf is read now."""
        kind = self._kinds[raw_name]
        if kind.read is not None:
            leaf = self._open[-1]
            leaf.read(self, leaf.attributes, "".join(leaf.pieces).strip())
            self._open.pop()
        elif kind.end is not None:
            kind.end(self)
        self._depth -= 1

    def _kind(self, raw_name: str) -> _Kind:
        name = self._names.element(raw_name)
        read, begin, end = _LEAVES.get(name), _BEGINNINGS.get(name), _ENDINGS.get(name)
        kind = self._kinds[raw_name] = _Kind(name=name, is_root=name in _ROOTS, read=read, begin=begin, end=end)
        return kind

    # --- what has elements inside ---

    def begin_rss(self, attributes: Attributes) -> None:
        """The root of RSS."""
        self._take_language(attributes)
        if not self.version.startswith("rss"):
            said = attributes.get("version", "")
            self.version = _RSS_VERSIONS.get(said) or ("rss20" if said.startswith("2.") else "rss")

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
            raise _Doubt
        self._is_in_feed = True

    def end_channel(self) -> None:
        """What follows a channel says nothing of it; its items may follow (RDF)."""
        self._is_in_feed = False

    def begin_item(self, attributes: Attributes) -> None:
        """An entry."""
        if self._entry is not None or "lastmod" in attributes or "href" in attributes:
            raise _Doubt
        self._entry = {}
        self.entries.append(self._entry)
        self._depths, self._title_depth = {}, -1
        if about := attributes.get("rdf:about"):
            self._entry["id"] = about

    def end_item(self) -> None:
        """The entry is complete."""
        self._entry, self._has_content = None, False

    def begin_image(self, attributes: Attributes) -> None:
        """A feed's picture has a title and a link of its own; an entry's is read if it has no elements inside."""
        self._title_depth = -1
        if self._entry is not None:
            self._open.append(_Leaf(_Reader.read_nothing, attributes))
        else:
            self._is_in_image = True

    def end_image(self) -> None:
        """The picture is over."""
        if self._entry is not None:
            self._open.pop()
        self._is_in_image = False

    def _start_in_image(self, name: str, attributes: Attributes) -> None:
        if name not in _PARTS_OF_IMAGE:
            raise _Doubt
        read = _Reader.read_title_of_image if name == "title" else _Reader.read_nothing
        self._open.append(_Leaf(read, attributes))

    def _start_in_author(self, name: str, attributes: Attributes) -> None:
        """Authors have parts; what feedparser has no rule for leaves its text there if it has attributes."""
        if self._open[-1].read is not _Reader.read_author:
            raise _Doubt
        if name in _PARTS_OF_PERSON:
            self._open.append(_Leaf(_LEAVES[name], attributes))
        elif name in _LEAVES or name in _BEGINNINGS or name in _IDLE or not attributes:
            raise _Doubt

    # --- what has text inside: called at its end ---

    @property
    def _context(self) -> Said:
        """The entry or feed that is spoken of."""
        if self._entry is not None:
            return self._entry
        if self._is_in_feed:
            return self.feed
        raise _Doubt

    def _store(self, key: str, text: str) -> None:
        """An entry's own words go before those of what lies deeper in it; of a feed's, the last go before."""
        if self._entry is not None:
            if self._depth > self._depths.get(key, self._depth):
                return
            self._depths[key] = self._depth
        self._context[key] = text

    def read_nothing(self, _attributes: Attributes, _text: str) -> None:
        """Something that bears on nothing."""

    def read_title(self, attributes: Attributes, text: str) -> None:
        """The first title counts, and a later one above it."""
        _check_plain(attributes)
        title = self._mended(text)
        if not -1 < self._title_depth <= self._depth:
            self._store("title", title)
        if title:
            self._title_depth = self._depth

    def read_media_title(self, attributes: Attributes, text: str) -> None:
        """The title of a picture or film is the entry's where the entry has none before it."""
        before = self._title_depth
        self.read_title(attributes, text)
        self._title_depth = before

    def read_title_of_image(self, attributes: Attributes, text: str) -> None:
        """Not the feed's; but titles as deep as this one are no longer read."""
        _check_plain(attributes)
        if text:
            self._title_depth = self._depth

    def read_source(self, _attributes: Attributes, _text: str) -> None:
        """Where an entry was taken from: after it, titles count anew."""
        self._title_depth = -1

    def read_link(self, attributes: Attributes, text: str) -> None:
        """In RSS the text, in Atom ``href`` of the alternate page."""
        is_self = attributes.get("rel") == "self"
        link = {"rel": "alternate", "type": "application/atom+xml" if is_self else "text/html", **attributes}
        href = link.get("url", link.get("uri", link.get("href"))) or link.get("href")
        context = self._context
        if href is None:
            href = self._mended(_address(text))
            context["link"] = _AMPERSAND.sub(r"&\1", href.replace("&amp;", "&") if self._entry is not None else href)
        elif link["rel"] == "alternate" and link["type"] in _PAGE_TYPES:
            context["link"] = _address(href)

    def read_id(self, attributes: Attributes, text: str) -> None:
        """A guid is a link too, unless it says that it is not, or there is one already."""
        is_link = attributes.get("ispermalink", "true") == "true"
        guid = self._mended(_address(text) if is_link else text)
        self._store("id", guid)
        if is_link:
            self._context.setdefault("link", guid)

    def read_description(self, attributes: Attributes, text: str) -> None:
        """The summary; a second one, before any content, is the content."""
        if "summary" in self._context and not self._has_content:
            self.read_content(attributes, text)
        else:
            _check_plain(attributes)
            self._store("summary" if self._entry is not None else "subtitle", self._mended(text))

    def read_summary(self, attributes: Attributes, text: str) -> None:
        """As a description, under one name for feeds too."""
        if "summary" in self._context and not self._has_content:
            self.read_content(attributes, text)
        else:
            _check_plain(attributes)
            self._store("summary", self._mended(text))

    def read_content(self, attributes: Attributes, text: str) -> None:
        """There may be several; the first is the summary where there is none."""
        _check_plain(attributes)
        self._has_content = True
        content = self._mended(text)
        if self._entry is not None:
            self._entry.setdefault("content", []).append({"value": content})
        self._context.setdefault("summary", content)

    def read_date(self, _attributes: Attributes, text: str, *, key: str) -> None:
        """The last one of its kind counts, even where it can't be read."""
        self._context[key] = _date(self._mended(text))

    def read_language(self, _attributes: Attributes, text: str) -> None:
        """A feed's; nobody asks for an entry's."""
        self._context["language"] = self._mended(text)

    def read_kept(self, attributes: Attributes, text: str, *, key: str) -> None:
        """What feedparser keeps under its own name: the text, or else the attributes."""
        self._context[key] = dict(attributes) if attributes else self._mended(text)

    def read_category(self, attributes: Attributes, text: str) -> None:
        """A term is in the attribute or in the text."""
        self._add_tag(
            attributes.get("term"), attributes.get("scheme", attributes.get("domain")), attributes.get("label")
        )
        if term := self._mended(text):
            tags = self._context["tags"]
            if tags and not tags[-1]["term"]:
                tags[-1]["term"] = term
            else:
                self._add_tag(term, None, None)

    def read_media_category(self, attributes: Attributes, text: str) -> None:
        """The same with a scheme of its own."""
        self.read_category({"scheme": "http://search.yahoo.com/mrss/category_schema", **attributes}, text)

    def read_keywords(self, attributes: Attributes, text: str, *, scheme: str | None) -> None:
        """Terms with commas between them; not read where there are attributes."""
        for term in [] if attributes else self._mended(text).split(","):
            if term.strip():
                self._add_tag(term.strip(), scheme, None)

    def _add_tag(self, term: str | None, scheme: str | None, label: str | None) -> None:
        tags = self._context.setdefault("tags", [])
        tag = {"term": term, "scheme": scheme, "label": label}
        if len(tags) > _MAX_TAGS:
            raise _Doubt
        if (term or scheme or label) and tag not in tags:
            tags.append(tag)

    def read_author(self, _attributes: Attributes, text: str) -> None:
        """The last author counts: the text, or what its parts say."""
        self._store("author", self._mended(text))
        if self._open[-1].person:
            self._write_author(self._open[-1].person)

    def read_part_of_person(self, _attributes: Attributes, text: str, *, key: str) -> None:
        """A part of the author that it stands in; elsewhere it says nothing.

        Before feedparser notes the first part, it takes the author before for this one's name (and looks for a mail
        address in it, which is left to it).
        """
        if len(self._open) < 2:
            return
        person = self._open[-2].person
        before = self._context.get("author")
        if person:
            self._write_author(person)
        elif before and "@" in before:
            raise _Doubt
        else:
            person = self._open[-2].person = {"name": before} if before else {}
        person[key] = text

    def _write_author(self, person: Mapping[str, str]) -> None:
        name, email = person.get("name"), person.get("email")
        if name or email:
            self._context["author"] = f"{name} ({email})" if name and email else name or email


def _check_plain(attributes: Attributes) -> None:
    if attributes and (attributes.get("type", "text") not in _PLAIN_TYPES or attributes.get("mode") == "base64"):
        raise _Doubt


def _address(text: str) -> str:
    """feedparser takes slashes out of ``http:////host``."""
    if ":///" in text:
        raise _Doubt
    return text


def _mended(text: str) -> str:
    """As feedparser leaves a text: read again, and letters of Windows-1252 put in, which is left to it."""
    if text.isascii():
        return text
    text = _read_again(text)
    if _CONTROLS.search(text):
        raise _Doubt
    return text


def _read_again(text: str) -> str:
    """UTF-8 that somebody took for Latin-1. No control comes out of it where none went in."""
    if text.isascii():
        return text
    try:
        return text.encode("iso-8859-1").decode("utf-8")
    except UnicodeError:
        return text


@functools.lru_cache(maxsize=256)  # most entries bear the same date twice, as published and updated
def _date(text: str) -> Any:
    """feedparser's own reading, so that every odd date is the same; where it breaks, it must break there."""
    try:
        return _parse_date(text)
    except Exception as broken:
        raise _Doubt from broken


_Read = Callable[[_Reader, Attributes, str], None]


def _part(key: str) -> _Read:
    return functools.partial(_Reader.read_part_of_person, key=key)


def _kept(*names: str) -> dict[str, _Read]:
    return {name: functools.partial(_Reader.read_kept, key=name) for name in names}


def _all(read: _Read, names: str) -> dict[str, _Read]:
    return dict.fromkeys(names.split(), read)


#: Elements that have text inside, under feedparser's names.
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
    # feedparser has rules for these, but they bear on nothing that is asked for
    **_all(
        _Reader.read_nothing,
        "cloud copyright dc_contributor dc_publisher dc_rights enclosure feedburner_browserfriendly generator "
        "georss_box georss_line georss_point georss_polygon height info itunes_block itunes_explicit itunes_image "
        "itunes_subtitle media_credit media_license media_player media_rating media_restriction media_thumbnail "
        "rights subtitle sy_updatefrequency sy_updateperiod tagline webmaster width",
    ),
}  # fmt: skip

#: Elements that have elements inside.
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
    "image": _Reader.end_image,
}
#: Elements whose own rule bears on nothing; what is inside speaks as if it stood outside.
_IDLE: Final = frozenset(
    {"rdf_rdf", "contributor", "media_group", "media_content", "admin_generatoragent", "admin_errorreportsto"}
)
