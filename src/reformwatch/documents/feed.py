"""Documents: the parsing of a feed: bytes to a :class:`~reformwatch.model.entry.ParsedFeed`, or the problem.

RSS 0.9x to 2.0, RDF and Atom are read by feedparser, ordinary documents by :mod:`fast_feed`, with the same result in a
fifth of the time; JSON Feed 1 and 1.1 are read here (feedparser 6 has no reader for it). feedparser gets a document as
a stream, never as str or bytes, which it would try as a file name first. # trust: D26

Runs in a worker process that can be killed; the pre-scan in :mod:`limits` refuses documents that would require that.
"""

import calendar
import contextlib
import functools
import hashlib
import html
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import feedparser
import nh3
from msgspec.structs import replace

from reformwatch.documents.charset import decoded, without_declaration, without_impossible_references
from reformwatch.documents.dates import language_of_tag, plausible
from reformwatch.documents.fast_feed import RawFeed, read_fast
from reformwatch.documents.feed_head import read_head
from reformwatch.documents.limits import RefusedMarkup, check_markup, without_endless_authors
from reformwatch.language.detection import detect
from reformwatch.model.entry import ParsedEntry, ParsedFeed, Unreadable
from reformwatch.model.problem import Fact, Problem, ProblemCode
from reformwatch.text import clean, clean_line, without_surrogates
from reformwatch.urls import canonical_url, safe_link, strip_tracking

MAX_ENTRIES: Final = 2_000
MAX_TITLE: Final = 500
MAX_SUMMARY: Final = 10_000
MAX_CONTENT: Final = 60_000
MAX_KEY: Final = 512
MAX_GUID: Final = 2_000

_BLANKS: Final = b"\xef\xbb\xbf \t\r\n"
_DECLARATION: Final = "<?xml version='1.0' encoding='utf-8'?>\n"
_BLOCK: Final = re.compile(r"<(?:br|/?p|/?div|/?li|/?h[1-6]|/?tr|/?blockquote|/?ul|/?ol)\b[^<>]*>", re.IGNORECASE)
#: The group of comments is atomic, so that the pattern does not backtrack into it.
_LOOKS_HTML: Final = re.compile(
    r"(?>(?:\s*<!--.*?-->)*)\s*<(?:!doctype\s+html|html|head|body)", re.IGNORECASE | re.DOTALL
)


def parse_feed(body: bytes, *, url: str, content_type: str | None = None) -> ParsedFeed | Unreadable:
    """Parse a feed document that was fetched from ``url``, against which relative links are resolved."""
    return _parse(body, url, content_type, reader=_read)


def parse_thoroughly(body: bytes, *, url: str, content_type: str | None = None) -> ParsedFeed | Unreadable:
    """The same by feedparser alone; tests and benchmarks compare the fast reader with it."""
    return _parse(body, url, content_type, reader=_read_thoroughly)


def _parse(
    body: bytes, url: str, content_type: str | None, *, reader: Callable[[str], RawFeed]
) -> ParsedFeed | Unreadable:
    start = body.lstrip(_BLANKS)[:1]
    if not start:
        return _unreadable(ProblemCode.NOT_A_FEED_EMPTY)
    if start in b"{[":
        return _parse_json(body, url)
    try:
        document = without_impossible_references(without_declaration(decoded(body, content_type)))
        raw = reader(document)
    except RefusedMarkup as error:
        return Unreadable(problem=error.problem)
    except Exception as error:  # noqa: BLE001 - feedparser raises many kinds on broken documents; each is an outcome
        return _unreadable(ProblemCode.PARSER_FAILED, error=type(error).__name__)
    if not raw.version:
        return Unreadable(problem=what_came_instead(document, content_type))
    return _feed_from(raw, document, url)


def _read(document: str) -> RawFeed:
    """The result of the fast reader, or of feedparser for documents that are not ordinary."""
    return read_fast(document) or _read_thoroughly(document)


def _read_thoroughly(document: str) -> RawFeed:
    """The result of feedparser. It does not get the document's address, with which it would make links of plain guids.

    Raises RefusedMarkup where the document would take it too long. # trust: D18
    """
    check_markup(document)
    stream = io.BytesIO((_DECLARATION + without_endless_authors(document)).encode("utf-8", "replace"))
    parsed = feedparser.parse(stream, sanitize_html=False, resolve_relative_uris=False)
    return RawFeed(version=parsed["version"], feed=parsed.feed, entries=parsed.entries)


def _unreadable(code: ProblemCode, **facts: Fact) -> Unreadable:
    return Unreadable(problem=Problem.of(code, **facts))


def what_came_instead(document: str, content_type: str | None) -> Problem:
    """The problem of a document that is not a feed: it is a web page, another XML document, or other text."""
    kind = (content_type or "").partition(";")[0].strip().lower()
    if _LOOKS_HTML.match(document[:4096]) or kind in {"text/html", "application/xhtml+xml"}:
        match = re.search(r"<title[^<>]*>([^<]{0,200})", document[:65536], re.IGNORECASE)
        shown_title = clean_line(html.unescape(match.group(1)), limit=80) if match else ""
        return Problem.of(ProblemCode.NOT_A_FEED_WEB_PAGE, title=shown_title or None)
    root = re.search(r"<([A-Za-z][\w:.-]{0,60})", document[:4096], re.ASCII)
    if root:
        return Problem.of(ProblemCode.NOT_A_FEED_XML, element=root.group(1))
    return Problem.of(ProblemCode.NOT_A_FEED_TEXT, kind=kind or None, text=clean_line(document[:200], limit=60))


def _feed_from(raw: RawFeed, document: str, url: str) -> ParsedFeed:
    feed = raw.feed
    site_url = safe_link(feed.get("link"), base=url)
    base = site_url or url
    head = read_head(document, url=url)
    items = raw.entries[:MAX_ENTRIES]
    language = _declared(feed.get("language"))
    entries = distinct(filter(None, (_entry_from(item, base, detects=language is None) for item in items)))
    return ParsedFeed(
        format=raw.version,
        title=clean_line(to_text(feed.get("title", "")), limit=200),
        site_url=site_url,
        language=language,
        entries=entries,
        hints=replace(head.hints, ttl=_ttl(feed)),
        dropped=len(raw.entries) - len(items),
        hubs=head.hubs,
        self_url=head.self_url,
        archive_url=head.archive_url,
    )


def _entry_from(item: Mapping[str, Any], base: str, *, detects: bool) -> ParsedEntry | None:
    contents = [content.get("value", "") for content in item.get("content", ()) if isinstance(content, Mapping)]
    return make_entry(
        guid=item.get("id"),
        link=item.get("link"),
        base=base,
        title=item.get("title", ""),
        summary=item.get("summary", ""),
        content=max(contents, key=len, default=""),
        author=item.get("author", ""),
        tags=[tag.get("label") or tag.get("term") or "" for tag in item.get("tags", ()) if isinstance(tag, Mapping)],
        published=_time(_first_date(item)),
        detects=detects,
    )


def _first_date(item: Mapping[str, Any]) -> Any:
    """The first parsed date, or None. ``in`` first: ``get("updated_parsed")`` warns where only another date is set."""
    names = ("published_parsed", "updated_parsed", "created_parsed")
    return next((date for name in names if name in item and (date := item[name])), None)


def make_entry(
    *, guid: object, link: object, base: str, title: object, summary: object, content: object, author: object,
    tags: Iterable[object], published: datetime | None, detects: bool = True,
) -> ParsedEntry | None:  # fmt: skip
    """An entry of a document: plain bounded text, absolute link, keys. None without title, text, link and guid.

    ``detects``: its language is detected from its words; not needed where the document declares a language.
    """
    url = safe_link(link if isinstance(link, str) else None, base=base)
    url = strip_tracking(url) if url else None
    plain_title = clean_line(to_text(title), limit=MAX_TITLE)
    plain_summary = clean(to_text(summary), limit=MAX_SUMMARY)
    plain_content = clean(to_text(content), limit=MAX_CONTENT)
    if plain_content.startswith(plain_summary.rstrip("…")) and len(plain_summary) < MAX_SUMMARY and plain_content:
        plain_summary, plain_content = (plain_content, "") if len(plain_content) <= MAX_SUMMARY else ("", plain_content)
    if not plain_title:
        plain_title = clean_line(plain_summary or plain_content, limit=120)
    plain_guid = clean_line(str(guid), limit=MAX_GUID) if isinstance(guid, str | int) and str(guid).strip() else None
    if not (plain_title or url or plain_guid):
        return None
    return ParsedEntry(
        **_keys(plain_guid, url, plain_title, published),
        guid=plain_guid,
        url=url,
        title=plain_title,
        summary=plain_summary,
        content=plain_content,
        author=_plain_line(author, 200) if isinstance(author, str) else "",
        tags=tuple(filter(None, (_plain_line(tag, 80) for tag in list(tags)[:30] if isinstance(tag, str)))),
        published=published,
        text_hash=_digest("\x00".join([plain_title, plain_summary, plain_content])),
        language=detect(f"{plain_title} {plain_summary or plain_content}") if detects else None,
    )


@functools.lru_cache(maxsize=1_024)  # all entries of a document have the same few authors and tags
def _plain_line(markup: str, limit: int) -> str:
    return clean_line(to_text(markup), limit=limit)


def _keys(guid: str | None, url: str | None, title: str, published: datetime | None) -> dict[str, str]:
    page = canonical_url(url) if url else ""
    if guid:
        key = f"guid:{guid}"
    elif url:
        key = f"link:{page}"
    else:
        key = f"hash:{_digest(f'{title}|{published}')}"
    if len(key) > MAX_KEY:
        key = f"{key[:5]}sha256:{_digest(key)}"
    page_and_title = _digest(f"{page}|{title}")
    return {
        "key": key,
        "reuse_key": f"{key[: MAX_KEY - 40]}#{page_and_title[:32]}",
        "twin_key": page_and_title if url else "",
    }


def distinct(entries: Iterable[ParsedEntry]) -> tuple[ParsedEntry, ...]:
    """The entries of a document, each once; entries with the same guid and different pages get keys of their own."""
    listed = list(entries)
    pages = {entry.key: set[str]() for entry in listed}
    for entry in listed:
        pages[entry.key].add(entry.twin_key or entry.reuse_key)
    shared = {key for key, pages_of_key in pages.items() if len(pages_of_key) > 1}
    by_key: dict[str, ParsedEntry] = {}
    for entry in listed:
        key = entry.reuse_key if entry.key in shared else entry.key
        by_key.setdefault(key, entry if key == entry.key else replace(entry, key=key))
    return tuple(by_key.values())


def to_text(markup: object) -> str:
    """The plain text of HTML: without tags and scripts, entities resolved, line breaks at blocks; else empty."""
    if not isinstance(markup, str):
        return ""
    markup = without_surrogates(markup[: 4 * MAX_CONTENT])
    if "&" not in markup and "<" not in markup:
        return markup
    markup = without_impossible_references(markup)
    if "<" in markup:
        markup = without_tags(_BLOCK.sub("\n", markup))
    return html.unescape(markup)


def without_tags(markup: str) -> str:
    """The text of HTML without its tags, scripts and styles, as a browser parses it; its references stay."""
    return nh3.clean(markup, tags=set(), clean_content_tags={"script", "style"})


def _time(parsed: Any) -> datetime | None:
    """A datetime, or feedparser's UTC ``struct_time``, as an aware datetime; None where it is not plausible."""
    if parsed is None:
        return None
    if isinstance(parsed, datetime):
        return plausible(parsed)
    try:
        return plausible(datetime.fromtimestamp(calendar.timegm(parsed), UTC))
    except (ValueError, OverflowError, OSError, TypeError):
        return None


def _declared(language: object) -> str | None:
    return language_of_tag(language) if isinstance(language, str) else None


def _ttl(feed: Mapping[str, Any]) -> timedelta | None:
    minutes = str(feed.get("ttl", "")).strip()
    return timedelta(minutes=int(minutes)) if minutes.isascii() and minutes.isdigit() and len(minutes) < 7 else None


def _parse_json(body: bytes, url: str) -> ParsedFeed | Unreadable:
    try:
        document = json.loads(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return _unreadable(ProblemCode.NOT_A_FEED_BROKEN_JSON)
    if not isinstance(document, dict) or "jsonfeed.org" not in str(document.get("version", "")):
        text = clean_line(json.dumps(document, ensure_ascii=False)[:200], limit=60)
        return _unreadable(ProblemCode.NOT_A_FEED_JSON, text=text)
    items = [item for item in _list(document.get("items")) if isinstance(item, dict)]
    site_url = _link(document.get("home_page_url"), url)
    entries = (_entry_from_json(item, site_url or url) for item in items[:MAX_ENTRIES])
    return ParsedFeed(
        format="json",
        title=clean_line(str(document.get("title") or ""), limit=200),
        site_url=site_url,
        language=_declared(document.get("language")),
        entries=distinct(filter(None, entries)),
        dropped=max(0, len(items) - MAX_ENTRIES),
        hubs=tuple(filter(None, (_link(hub.get("url"), url) for hub in _list(document.get("hubs")) if _is_hub(hub)))),
        self_url=_link(document.get("feed_url"), url),
        archive_url=_link(document.get("next_url"), url),
    )


def _link(value: object, base: str) -> str | None:
    return safe_link(value if isinstance(value, str) else None, base=base)


def _is_hub(value: object) -> bool:
    return isinstance(value, dict) and str(value.get("type")).lower() == "websub"


def _entry_from_json(item: Mapping[str, Any], base: str) -> ParsedEntry | None:
    authors = [author for author in [*_list(item.get("authors")), item.get("author")] if isinstance(author, dict)]
    return make_entry(
        guid=item.get("id"),
        link=item.get("url") or item.get("external_url"),
        base=base,
        title=item.get("title"),
        summary=item.get("summary"),
        content=item.get("content_html") or html.escape(str(item.get("content_text") or "")),
        author=", ".join(str(author.get("name") or "") for author in authors[:3]),
        tags=_list(item.get("tags")),
        published=_rfc3339(item.get("date_published") or item.get("date_modified")),
    )


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _rfc3339(text: object) -> datetime | None:
    with contextlib.suppress(ValueError, OverflowError):
        time = datetime.fromisoformat(str(text))
        return plausible(time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC))
    return None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
