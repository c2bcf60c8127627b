"""Documents: a sitemap as a feed: Google's news sitemaps, plain ones with or without dates, text, compressed or not.

Sources: sitemaps.org/protocol.html and Google's "News sitemaps". An element is identified by its path,
``url/news/title`` or ``url/image/title``, and not by its namespace, which many sites misspell. A sitemap needs no
document type, so that a document with one is refused.
"""

import html
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from lxml import etree
from msgspec.structs import replace

from reformwatch.documents.charset import decoded, without_declaration, without_impossible_references
from reformwatch.documents.dates import language_of_tag, w3c_time
from reformwatch.documents.feed import MAX_ENTRIES, make_entry, what_came_instead
from reformwatch.documents.limits import RefusedMarkup, check_markup
from reformwatch.model.entry import ParsedEntry, ParsedFeed, Unreadable
from reformwatch.model.problem import Problem, ProblemCode
from reformwatch.model.value import Value
from reformwatch.text import clean_line
from reformwatch.urls import safe_link

#: In bytes. The protocol allows 50 MB; a worker has 1 GB of memory, and 50,000 addresses fit into this.
MAX_INFLATED: Final = 20_000_000

_GZIP: Final = b"\x1f\x8b"
_DOCTYPE: Final = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_BARE_AMPERSAND: Final = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});)")
_ADDRESS: Final = re.compile(r"https?://\S+", re.IGNORECASE)
#: The problem of a sitemap, by that of a feed.
_INSTEAD: Final = {
    ProblemCode.NOT_A_FEED_WEB_PAGE: ProblemCode.NOT_A_SITEMAP_WEB_PAGE,
    ProblemCode.NOT_A_FEED_XML: ProblemCode.NOT_A_SITEMAP_XML,
    ProblemCode.NOT_A_FEED_TEXT: ProblemCode.NOT_A_SITEMAP_TEXT,
}
#: How many characters of addresses the sentence about an index may have.
_MAX_LINKS: Final = 200
_LONG_AGO: Final = datetime(1, 1, 1, tzinfo=UTC)

_BETWEEN_WORDS: Final = re.compile(r"[\s_+.,;:~-]+")
_FILE_ENDING: Final = re.compile(r"\.(?:s?html?|php\d?|aspx?|jsp|amp)$", re.IGNORECASE)
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_NUMBER_OF_ITEM: Final = re.compile(r"\d{5,}|[a-z]?\d{5,}[a-z]?", re.ASCII | re.IGNORECASE)
_UUID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)


class _Page(Value, frozen=True, kw_only=True):
    """An address of a sitemap, with the elements beside it; empty or None where they are missing."""

    link: str
    published: datetime | None = None
    title: str = ""
    keywords: str = ""
    publication: str = ""
    language: str | None = None


def parse_sitemap(body: bytes, *, url: str, content_type: str | None = None) -> ParsedFeed | Unreadable:
    """Parse a sitemap: entries newest first, at most ``MAX_ENTRIES``; those without a date come last, in its order.

    An index of sitemaps is Unreadable, with a problem that names some of them; :func:`sitemaps_in` returns all.
    """
    try:
        text = _text(body, content_type)
        if not text.startswith("<"):
            return _from_lines(text, url, content_type)
        if _DOCTYPE.search(text):
            return _with_document_type(text, content_type)
        root = _root(text)
    except RefusedMarkup as error:
        return Unreadable(problem=error.problem)
    match None if root is None else _name(root):
        case "urlset":
            pages = list(_pages(root))
            return _feed(pages, url, form="news-sitemap" if any(page.title for page in pages) else "sitemap")
        case "sitemapindex":
            return Unreadable(problem=_index(_listed(root)))
        case "rss" | "feed" | "RDF":
            return Unreadable(problem=Problem.of(ProblemCode.NOT_A_SITEMAP_FEED))
        case _:
            return _other(text, content_type)


def sitemaps_in(body: bytes) -> tuple[str, ...]:
    """The sitemaps that an index names, each once, those for news first; empty for any other document."""
    try:
        text = _text(body, None)
        root = None if _DOCTYPE.search(text) or not text.startswith("<") else _root(text)
    except RefusedMarkup:
        return ()
    return _listed(root) if root is not None and _name(root) == "sitemapindex" else ()


# -- the document


def _text(body: bytes, content_type: str | None) -> str:
    """The document as text, without declaration, blanks around it, and invalid character references."""
    text = decoded(_inflated(body) if body.startswith(_GZIP) else body, content_type)
    return without_impossible_references(without_declaration(text)).strip()


def _inflated(body: bytes) -> bytes:
    """The decompressed body. Raises RefusedMarkup where it is broken, or larger than ``MAX_INFLATED``."""
    stream = zlib.decompressobj(wbits=31)
    try:
        inflated = stream.decompress(body, MAX_INFLATED + 1)
    except zlib.error:
        raise RefusedMarkup(ProblemCode.GZIP_BROKEN) from None
    if len(inflated) > MAX_INFLATED:
        raise RefusedMarkup(ProblemCode.GZIP_TOO_LARGE, limit=MAX_INFLATED)
    if not stream.eof:
        raise RefusedMarkup(ProblemCode.GZIP_CUT_SHORT)
    return inflated


def _root(text: str) -> Any:
    """The root element, None if there is none; bare ``&`` and other faults are repaired. Raises RefusedMarkup."""
    try:
        check_markup(text)
        return etree.fromstring(text.encode(), _parser())
    except (RefusedMarkup, etree.XMLSyntaxError):  # the pre-scan is stricter where a document is not well-formed
        text = _BARE_AMPERSAND.sub("&amp;", text)
    check_markup(text)
    try:
        return etree.fromstring(text.encode(), _parser(recover=True))
    except etree.XMLSyntaxError:
        return None


def _parser(**options: Any) -> etree.XMLParser:
    return etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True, collect_ids=False, **options,
    )  # fmt: skip


def _name(element: Any) -> str:
    """An element's name without its namespace, or without a prefix that is not declared."""
    return str(element.tag).rpartition("}")[2].rpartition(":")[2]


def _part(element: Any, name: str) -> Any:
    return next((child for child in element if _name(child) == name), None)


def _text_of(element: Any, name: str) -> str:
    part = None if element is None else _part(element, name)
    return "" if part is None else (part.text or "").strip()


def _other(text: str, content_type: str | None) -> Unreadable:
    """The problem of a document that is not a sitemap."""
    problem = what_came_instead(text, content_type)
    return Unreadable(problem=replace(problem, code=_INSTEAD[problem.code]))


def _with_document_type(text: str, content_type: str | None) -> Unreadable:
    """The problem of a document with a document type: it is a web page, or else refused, since it may be a sitemap."""
    other = _other(text, content_type)
    if other.problem.code is ProblemCode.NOT_A_SITEMAP_WEB_PAGE:
        return other
    return Unreadable(problem=Problem.of(ProblemCode.MARKUP_REFUSED_DOCTYPE))


# -- an index


def _listed(index: Any) -> tuple[str, ...]:
    """The sitemaps of an index, each once, those for news first: of hundreds these are needed."""
    links = (safe_link(_text_of(sitemap, "loc"), base="") for sitemap in index if _name(sitemap) == "sitemap")
    return tuple(sorted(dict.fromkeys(filter(None, links)), key=lambda link: "news" not in link.lower()))


def _index(links: tuple[str, ...]) -> Problem:
    """The problem of an index, with as many of its sitemaps as fit into a line, at least the first."""
    if not links:
        return Problem.of(ProblemCode.SITEMAP_INDEX_EMPTY)
    shown = clean_line(links[0], limit=_MAX_LINKS)
    count = 1
    for link in links[1:]:
        if len(shown) + len(link) > _MAX_LINKS:
            break
        shown, count = f"{shown}, {link}", count + 1
    return Problem.of(ProblemCode.SITEMAP_INDEX, count=len(links), links=shown, more=len(links) - count or None)


# -- addresses


def _pages(urlset: Any) -> Iterator[_Page]:
    for url in urlset:
        if _name(url) != "url" or not (link := _text_of(url, "loc")):
            continue
        news = _part(url, "news")
        publication = None if news is None else _part(news, "publication")
        yield _Page(
            link=link,
            published=w3c_time(_text_of(news, "publication_date")) or w3c_time(_text_of(url, "lastmod")),
            title=_text_of(news, "title"),
            keywords=_text_of(news, "keywords"),
            publication=_text_of(publication, "name"),
            language=language_of_tag(_text_of(publication, "language")),
        )


def _from_lines(text: str, url: str, content_type: str | None) -> ParsedFeed | Unreadable:
    """The result for a text sitemap, which has an address in each line and nothing else."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    pages = [_Page(link=line) for line in lines if _ADDRESS.fullmatch(line)]
    if len(pages) <= len(lines) / 2:
        empty = Unreadable(problem=Problem.of(ProblemCode.NOT_A_SITEMAP_EMPTY))
        return _other(text, content_type) if lines else empty
    return _feed(pages, url, form="text-sitemap")


def _feed(pages: list[_Page], url: str, *, form: str) -> ParsedFeed:
    newest = sorted(pages, key=lambda page: page.published or _LONG_AGO, reverse=True)[:MAX_ENTRIES]
    publications = Counter(page.publication for page in newest if page.publication)
    languages = {page.language for page in newest if page.language}
    return ParsedFeed(
        format=form,
        title=clean_line(publications.most_common(1)[0][0] if publications else "", limit=200),
        site_url=safe_link("/", base=url),
        language=languages.pop() if len(languages) == 1 else None,
        entries=_each_page_once(filter(None, (_entry(page, url) for page in newest))),
        dropped=len(pages) - len(newest),
    )


def _entry(page: _Page, base: str) -> ParsedEntry | None:
    link = safe_link(page.link, base=base)
    if link is None:
        return None
    entry = make_entry(
        guid=None, link=link, base=base, title=page.title or html.escape(_readable(link)), summary="", content="",
        author="", tags=page.keywords.split(","), published=page.published,
    )  # fmt: skip
    if entry is None or entry.language is not None:
        return entry
    return replace(entry, language=page.language)  # a headline alone is often too short for detection


def _each_page_once(entries: Iterable[ParsedEntry]) -> tuple[ParsedEntry, ...]:
    """The first entry of each page. In a sitemap the page identifies an entry, whatever its headline."""
    first: dict[str, ParsedEntry] = {}
    for entry in entries:
        first.setdefault(entry.key, entry)
    return tuple(first.values())


# -- a title for an address without a title


def _readable(link: str) -> str:
    """A title from an address: the words of the last part of its path with at least two words, else the address.

    ``/2022/03/akims-to-be-elected-481516.html`` is "Akims to be elected"; ``/news/481516`` has no words about its page:
    "News" would be the title of every page.
    """
    parts = urlsplit(link)
    segments = [unquote(segment) for segment in parts.path.split("/") if segment]
    last = _words_of(segments[-1]) if segments else []
    for words in (_words_of(segment) for segment in reversed(segments[-3:])):
        if sum(_WORD.search(word) is not None for word in words) >= 2:
            return _sentence(words)
    if len(last) == 1 and _WORD.fullmatch(last[0]):
        return _sentence(last)
    return f"{parts.hostname}{parts.path}{'?' if parts.query else ''}{parts.query}"


def _words_of(segment: str) -> list[str]:
    """The words of a part of a path without its file ending and the item's number at either end."""
    segment = _FILE_ENDING.sub("", segment)
    words = [] if _UUID.fullmatch(segment) else [word for word in _BETWEEN_WORDS.split(segment) if word]
    while words and _NUMBER_OF_ITEM.fullmatch(words[-1]):
        words.pop()
    while words and _NUMBER_OF_ITEM.fullmatch(words[0]):
        words.pop(0)
    return words


def _sentence(words: list[str]) -> str:
    text = " ".join(words)
    return text[:1].upper() + text[1:]
