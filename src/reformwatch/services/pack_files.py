"""Services: packs: a TOML text of feeds and topics, read, checked, compared and written.

A topic's fingerprint says whether somebody edited what a pack installed.
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
    """Feeds and topics that belong together."""

    slug: str
    name: str
    version: int
    description: str
    feeds: tuple[NewFeed, ...]
    topics: tuple[NewTopic, ...]


def read_pack(text: str, *, source: str) -> Pack:
    """A pack from its text. Raises BadInput or QueryError with the place; ``source`` names the file in messages."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as bad:
        raise BadInput(f"pack {source}: not valid TOML: {bad}") from None
    _refuse_unknown(given, _TOP_KEYS, source)
    head = given.get("pack")
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
        feeds=tuple(_feed(one, slug, source) for one in _tables(given, "feeds", source)),
        topics=tuple(_topic(one, slug, source) for one in _tables(given, "topics", source)),
    )


def _text(given: Mapping[str, Any], key: str, where: str) -> str:
    """A text, or nothing. Raises BadInput for anything else."""
    value = given.get(key, "")
    if not isinstance(value, str):
        raise BadInput(f"pack {where}: {key} is {_shown(value)}, not a text")
    return value


def _number(given: Mapping[str, Any], key: str, where: str, *, default: int) -> int:
    value = given.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadInput(f"pack {where}: {key} is {_shown(value)}, not a whole number")
    return value


def _truth(given: Mapping[str, Any], key: str, where: str) -> bool:
    value = given.get(key, False)
    if not isinstance(value, bool):
        raise BadInput(f"pack {where}: {key} is {_shown(value)}, not true or false")
    return value


def _texts(given: Mapping[str, Any], key: str, where: str) -> dict[str, str]:
    """A table of texts, or an empty one. Raises BadInput for anything else."""
    value = given.get(key, {})
    if not isinstance(value, dict):
        raise BadInput(f'pack {where}: {key} is {_shown(value)}, not a table such as {key} = {{ en = "..." }}')
    return {inner: _text(value, inner, f"{where}, {key}") for inner in value}


def _tables(given: Mapping[str, Any], key: str, source: str) -> list[dict[str, Any]]:
    value = given.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise BadInput(f"pack {source}: {key} is {_shown(value)}; each is written as [[{key}]]")
    return value


def _shown(value: object) -> str:
    return shorten(repr(value), limit=60)


def _refuse_unknown(given: Mapping[str, Any], known: set[str], where: str) -> None:
    for key in given:
        if key not in known:
            raise BadInput(f"pack {where}: there is no key {key!r} here (keys: {', '.join(sorted(known))})")


def _feed(given: Mapping[str, Any], pack: str, source: str) -> NewFeed:
    where = f"{source}: feed {given.get('name', given.get('url', '?'))!r}"
    _refuse_unknown(given, _FEED_KEYS, where)
    url = safe_link(_text(given, "url", where), base="")
    if url is None:
        raise BadInput(f"pack {where}: it needs a url that begins with http:// or https://")
    kind = _text(given, "kind", where) or FeedKind.INDEPENDENT.value
    if kind not in set(FeedKind):
        raise BadInput(f"pack {where}: there is no kind {kind!r} (kinds: {', '.join(FeedKind)})")
    source_type = _text(given, "source_type", where) or SourceType.FEED.value
    if source_type not in set(SourceType):
        raise BadInput(f"pack {where}: there is no source_type {source_type!r} (types: {', '.join(SourceType)})")
    selector = _text(given, "item", where) or None
    if (source_type == SourceType.PAGE) is not (selector is not None):
        raise BadInput(f"pack {where}: a page, and only a page, needs an item: the CSS selector of its items")
    if selector is not None:
        from reformwatch.documents.page import selector_problem  # with the HTML parser, for the few packs with pages

        if (wrong := selector_problem(selector)) is not None:
            raise BadInput(document_phrase(wrong, ENGLISH))
    interval_s = _number(given, "interval_s", where, default=0)
    if interval_s and interval_s < MIN_INTERVAL.total_seconds():
        raise BadInput(f"pack {where}: interval_s is {interval_s}, at least {MIN_INTERVAL.total_seconds():g} is needed")
    return NewFeed(
        url=url,
        name=_text(given, "name", where),
        kind=FeedKind(kind),
        language=_text(given, "language", where) or None,
        site_url=safe_link(_text(given, "site_url", where), base=""),
        pack=pack,
        source_type=SourceType(source_type),
        item_selector=selector,
        full_text=_truth(given, "full_text", where),
        interval=timedelta(seconds=interval_s) if interval_s else None,
    )


def _topic(given: Mapping[str, Any], pack: str, source: str) -> NewTopic:
    slug = given.get("slug", "")
    where = f"{source}: topic {slug!r}"
    _refuse_unknown(given, _TOPIC_KEYS, where)
    if not isinstance(slug, str) or not SLUG.fullmatch(slug):
        raise BadInput(f"pack {where}: it needs a slug of small letters, digits and hyphens")
    kind = _text(given, "kind", where) or TopicKind.CUSTOM.value
    if kind not in set(TopicKind):
        raise BadInput(f"pack {where}: there is no kind {kind!r} (kinds: {', '.join(TopicKind)})")
    return NewTopic(
        slug=slug,
        name=_text(given, "name", where) or slug,
        kind=TopicKind(kind),
        description=_text(given, "description", where),
        names=_texts(given, "names", where),
        queries=check_queries(_texts(given, "queries", where), where=f"pack {where}"),
        pack=pack,
    )


def check_queries(queries: Mapping[str, str], *, where: str) -> dict[str, str]:
    """The queries of a topic, each parsed once. Raises BadInput, or QueryError as the grammar does."""
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
        except QueryError as bad:
            raise QueryError(bad.query, bad.position, f"{bad.reason} [{where}, {language}]") from None
        checked[language] = text
    return checked


def fingerprint(topic: NewTopic | Topic) -> str:
    """Equal for topics that say the same."""
    parts = {
        "name": topic.name,
        "names": dict(topic.names),
        "kind": topic.kind.value,
        "description": topic.description,
        "queries": dict(topic.queries),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def write_pack(*, slug: str, name: str, feeds: Iterable[Feed], topics: Iterable[Topic]) -> str:
    """A pack's text from what is stored."""
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
    """A feed's own properties, those left out that say nothing."""
    parts = {
        "language": feed.language,
        "source_type": None if feed.source_type is SourceType.FEED else feed.source_type.value,
        "item": feed.item_selector,
        "full_text": feed.full_text or None,
        "interval_s": round(feed.interval.total_seconds()) if feed.interval else None,
    }
    said = {key: value for key, value in parts.items() if value is not None}
    return {"name": feed.name, "url": feed.url, "kind": feed.kind.value, **said}
