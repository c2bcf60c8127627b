"""Services: pack files: feeds and topics in TOML, read, checked, compared and written.

A topic whose fingerprint differs from that of its pack was edited after the installation.
"""

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

import tomli_w

from reformwatch.errors import BadInput, QueryError
from reformwatch.language.registry import LANGUAGES
from reformwatch.matching.query import parse_query
from reformwatch.messages.catalogues import ENGLISH
from reformwatch.messages.problems import document_phrase
from reformwatch.model.feed import MIN_INTERVAL, Feed, FeedKind, NewFeed, SourceType
from reformwatch.model.topic import ANY_LANGUAGE, NewTopic, Topic, TopicKind
from reformwatch.model.value import Value
from reformwatch.text import shorten
from reformwatch.urls import safe_link

SLUG: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_TOP_KEYS: Final = {"pack", "feeds", "topics"}
_HEAD_KEYS: Final = {"slug", "name", "version", "description"}
_FEED_KEYS: Final = {"name", "url", "language", "kind", "site_url", "source_type", "item", "full_text", "interval_s"}
_TOPIC_KEYS: Final = {"slug", "name", "kind", "description", "names", "queries"}


class Pack(Value, frozen=True, kw_only=True):
    """The feeds and topics of one file."""

    slug: str
    name: str
    version: int
    description: str
    feeds: tuple[NewFeed, ...]
    topics: tuple[NewTopic, ...]


def read_pack(text: str, *, source: str) -> Pack:
    """A pack from its text. Raises BadInput or QueryError with the place; ``source`` names the file in messages."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"pack {source}: not valid TOML: {error}") from None
    _refuse_unknown(tables, _TOP_KEYS, source)
    head = tables.get("pack")
    if not isinstance(head, dict) or not SLUG.fullmatch(str(head.get("slug", ""))):
        raise BadInput(f"pack {source}: it needs a [pack] with a slug of small letters, digits and hyphens")
    where = f"{source}: [pack]"
    _refuse_unknown(head, _HEAD_KEYS, where)
    slug = str(head["slug"])
    return Pack(
        slug=slug,
        name=_text(head, "name", where) or slug,
        version=_number(head, "version", where, default=1),
        description=_text(head, "description", where),
        feeds=tuple(_feed(table, slug, source) for table in _tables(tables, "feeds", source)),
        topics=tuple(_topic(table, slug, source) for table in _tables(tables, "topics", source)),
    )


def _text(table: Mapping[str, Any], key: str, where: str) -> str:
    """The text of a key, empty where the key is missing. Raises BadInput for another type."""
    value = table.get(key, "")
    if not isinstance(value, str):
        raise BadInput(f"pack {where}: {key} is {_shown(value)}, not a text")
    return value


def _number(table: Mapping[str, Any], key: str, where: str, *, default: int) -> int:
    value = table.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadInput(f"pack {where}: {key} is {_shown(value)}, not a whole number")
    return value


def _truth(table: Mapping[str, Any], key: str, where: str) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise BadInput(f"pack {where}: {key} is {_shown(value)}, not true or false")
    return value


def _texts(table: Mapping[str, Any], key: str, where: str) -> dict[str, str]:
    """The table of texts of a key, empty where the key is missing. Raises BadInput for another type."""
    value = table.get(key, {})
    if not isinstance(value, dict):
        raise BadInput(f'pack {where}: {key} is {_shown(value)}, not a table such as {key} = {{ en = "..." }}')
    return {inner: _text(value, inner, f"{where}, {key}") for inner in value}


def _tables(table: Mapping[str, Any], key: str, source: str) -> list[dict[str, Any]]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise BadInput(f"pack {source}: {key} is {_shown(value)}; each is written as [[{key}]]")
    return value


def _shown(value: object) -> str:
    return shorten(repr(value), limit=60)


def _refuse_unknown(table: Mapping[str, Any], known: set[str], where: str) -> None:
    for key in table:
        if key not in known:
            raise BadInput(f"pack {where}: there is no key {key!r} here (keys: {', '.join(sorted(known))})")


def _feed(table: Mapping[str, Any], pack: str, source: str) -> NewFeed:
    where = f"{source}: feed {table.get('name', table.get('url', '?'))!r}"
    _refuse_unknown(table, _FEED_KEYS, where)
    url = safe_link(_text(table, "url", where), base="")
    if url is None:
        raise BadInput(f"pack {where}: it needs a url that begins with http:// or https://")
    kind = _text(table, "kind", where) or FeedKind.INDEPENDENT.value
    if kind not in set(FeedKind):
        raise BadInput(f"pack {where}: there is no kind {kind!r} (kinds: {', '.join(FeedKind)})")
    source_type = _text(table, "source_type", where) or SourceType.FEED.value
    if source_type not in set(SourceType):
        raise BadInput(f"pack {where}: there is no source_type {source_type!r} (types: {', '.join(SourceType)})")
    selector = _text(table, "item", where) or None
    if (source_type == SourceType.PAGE) is not (selector is not None):
        raise BadInput(f"pack {where}: a page, and only a page, needs an item: the CSS selector of its items")
    if selector is not None:
        from reformwatch.documents.page import selector_problem  # imports the HTML parser, for packs with pages only

        if (problem := selector_problem(selector)) is not None:
            raise BadInput(document_phrase(problem, ENGLISH))
    interval_s = _number(table, "interval_s", where, default=0)
    if interval_s and interval_s < MIN_INTERVAL.total_seconds():
        raise BadInput(f"pack {where}: interval_s is {interval_s}, at least {MIN_INTERVAL.total_seconds():g} is needed")
    return NewFeed(
        url=url,
        name=_text(table, "name", where),
        kind=FeedKind(kind),
        language=_text(table, "language", where) or None,
        site_url=safe_link(_text(table, "site_url", where), base=""),
        pack=pack,
        source_type=SourceType(source_type),
        item_selector=selector,
        full_text=_truth(table, "full_text", where),
        interval=timedelta(seconds=interval_s) if interval_s else None,
    )


def _topic(table: Mapping[str, Any], pack: str, source: str) -> NewTopic:
    slug = table.get("slug", "")
    where = f"{source}: topic {slug!r}"
    _refuse_unknown(table, _TOPIC_KEYS, where)
    if not isinstance(slug, str) or not SLUG.fullmatch(slug):
        raise BadInput(f"pack {where}: it needs a slug of small letters, digits and hyphens")
    kind = _text(table, "kind", where) or TopicKind.CUSTOM.value
    if kind not in set(TopicKind):
        raise BadInput(f"pack {where}: there is no kind {kind!r} (kinds: {', '.join(TopicKind)})")
    return NewTopic(
        slug=slug,
        name=_text(table, "name", where) or slug,
        kind=TopicKind(kind),
        description=_text(table, "description", where),
        names=_texts(table, "names", where),
        queries=check_queries(_texts(table, "queries", where), where=f"pack {where}"),
        pack=pack,
    )


def check_queries(queries: Mapping[str, str], *, where: str) -> dict[str, str]:
    """A topic's queries, trimmed and each parsed once. Raises BadInput, or QueryError where a query can't be parsed."""
    if not queries:
        raise BadInput(f"{where}: it needs at least one query: --query LANG=QUERY")
    checked = {}
    for language, query in queries.items():
        if language not in {*LANGUAGES, ANY_LANGUAGE}:
            known = ", ".join([*LANGUAGES, ANY_LANGUAGE])
            raise BadInput(f"{where}: there is no query language {language!r} (one of {known})")
        text = " ".join(query.split()) if "\n" in query else query.strip()
        try:
            parse_query(text)
        except QueryError as error:
            raise QueryError(error.query, error.position, f"{error.reason} [{where}, {language}]") from None
        checked[language] = text
    return checked


def fingerprint(topic: NewTopic | Topic) -> str:
    """SHA-256 of a topic's names, kind, description and queries, in hexadecimal digits."""
    parts = {
        "name": topic.name,
        "names": dict(topic.names),
        "kind": topic.kind.value,
        "description": topic.description,
        "queries": dict(topic.queries),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def write_pack(*, slug: str, name: str, feeds: Iterable[Feed], topics: Iterable[Topic]) -> str:
    """The text of a pack with these stored feeds and topics."""
    table: dict[str, Any] = {"pack": {"slug": slug, "name": name, "version": 1, "description": ""}}
    table["feeds"] = [_feed_table(feed) for feed in feeds]
    table["topics"] = [
        {
            "slug": topic.slug,
            "name": topic.name,
            "kind": topic.kind.value,
            "description": topic.description,
            "names": dict(topic.names),
            "queries": dict(topic.queries),
        }
        for topic in topics
    ]
    return tomli_w.dumps(table, multiline_strings=True)


def _feed_table(feed: Feed) -> dict[str, Any]:
    """A feed's table, without the keys that have their default."""
    parts = {
        "language": feed.language,
        "source_type": None if feed.source_type is SourceType.FEED else feed.source_type.value,
        "item": feed.item_selector,
        "full_text": feed.full_text or None,
        "interval_s": round(feed.interval.total_seconds()) if feed.interval else None,
    }
    not_default = {key: value for key, value in parts.items() if value is not None}
    return {"name": feed.name, "url": feed.url, "kind": feed.kind.value, **not_default}
