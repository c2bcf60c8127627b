"""Core: packs: a TOML text of feeds and topics, read, checked, compared and written.

A topic's fingerprint says whether somebody edited what a pack installed.
"""

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import tomli_w

from reformwatch.core.query import parse_query
from reformwatch.errors import BadInput, QueryError
from reformwatch.model.feed import Feed, FeedKind, NewFeed
from reformwatch.model.topic import ANY_LANGUAGE, LANGUAGES, NewTopic, Topic, TopicKind
from reformwatch.model.value import Value
from reformwatch.urls import safe_link

SLUG: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_TOP_KEYS: Final = {"pack", "feeds", "topics"}
_FEED_KEYS: Final = {"name", "url", "language", "kind", "site_url"}
_TOPIC_KEYS: Final = {"slug", "name", "kind", "description", "names", "queries"}


@dataclass(frozen=True, kw_only=True)
class Pack(Value):
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
    slug = str(head["slug"])
    return Pack(
        slug=slug,
        name=str(head.get("name", slug)),
        version=int(head.get("version", 1)),
        description=str(head.get("description", "")),
        feeds=tuple(_feed(one, slug, source) for one in given.get("feeds", ())),
        topics=tuple(_topic(one, slug, source) for one in given.get("topics", ())),
    )


def _refuse_unknown(given: Mapping[str, Any], known: set[str], where: str) -> None:
    for key in given:
        if key not in known:
            raise BadInput(f"pack {where}: there is no key {key!r} here (keys: {', '.join(sorted(known))})")


def _feed(given: Mapping[str, Any], pack: str, source: str) -> NewFeed:
    where = f"{source}: feed {given.get('name', given.get('url', '?'))!r}"
    _refuse_unknown(given, _FEED_KEYS, where)
    url = safe_link(str(given.get("url", "")), base="")
    if url is None:
        raise BadInput(f"pack {where}: it needs a url that begins with http:// or https://")
    kind = str(given.get("kind", FeedKind.INDEPENDENT.value))
    if kind not in set(FeedKind):
        raise BadInput(f"pack {where}: there is no kind {kind!r} (kinds: {', '.join(FeedKind)})")
    return NewFeed(
        url=url,
        name=str(given.get("name", "")),
        kind=FeedKind(kind),
        language=given.get("language"),
        site_url=safe_link(given.get("site_url"), base=""),
        pack=pack,
    )


def _topic(given: Mapping[str, Any], pack: str, source: str) -> NewTopic:
    slug = str(given.get("slug", ""))
    where = f"{source}: topic {slug!r}"
    _refuse_unknown(given, _TOPIC_KEYS, where)
    if not SLUG.fullmatch(slug):
        raise BadInput(f"pack {where}: it needs a slug of small letters, digits and hyphens")
    kind = str(given.get("kind", TopicKind.CUSTOM.value))
    if kind not in set(TopicKind):
        raise BadInput(f"pack {where}: there is no kind {kind!r} (kinds: {', '.join(TopicKind)})")
    return NewTopic(
        slug=slug,
        name=str(given.get("name", slug)),
        kind=TopicKind(kind),
        description=str(given.get("description", "")),
        names={str(k): str(v) for k, v in given.get("names", {}).items()},
        queries=check_queries(given.get("queries", {}), where=f"pack {where}"),
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
        text = " ".join(str(query).split()) if "\n" in str(query) else str(query).strip()
        try:
            parse_query(text)
        except QueryError as bad:
            raise QueryError(bad.query, bad.position, f"{bad.reason} [{where}, {language}]") from None
        checked[language] = text
    return checked


def fingerprint(topic: NewTopic | Topic) -> str:
    """Equal for topics that say the same."""
    told = {
        "name": topic.name,
        "names": dict(topic.names),
        "kind": topic.kind.value,
        "description": topic.description,
        "queries": dict(topic.queries),
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def write_pack(*, slug: str, name: str, feeds: Iterable[Feed], topics: Iterable[Topic]) -> str:
    """A pack's text from what is stored."""
    told: dict[str, Any] = {"pack": {"slug": slug, "name": name, "version": 1, "description": ""}}
    told["feeds"] = [
        {"name": f.name, "url": f.url, "kind": f.kind.value} | ({"language": f.language} if f.language else {})
        for f in feeds
    ]
    told["topics"] = [
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
    return tomli_w.dumps(told, multiline_strings=True)
