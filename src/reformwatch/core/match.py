"""Core: entries against topics.

A topic's queries are compiled once (:func:`compile_topics`); :func:`match_entry` holds one entry against all of them.
A query written in one language is held against every entry: its words decide, language identification does not.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from reformwatch.core.query import Document, Node, evaluate, parse_query
from reformwatch.model.entry import Entry, ParsedEntry
from reformwatch.model.topic import Evidence, Match, Strength, Topic

_SENTENCE_END: Final = re.compile(r"[.!?…]+[\"'»”)]*\s+(?=[\"'«“(]*[^\W\d_a-zа-яё])|\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledTopic:
    """A topic ready to be matched: the trees of its queries by language."""

    topic_id: int
    slug: str
    queries: tuple[tuple[str, Node], ...]


def compile_topics(topics: Iterable[Topic]) -> tuple[CompiledTopic, ...]:
    """Parse the queries of topics, once; they were checked when they were stored."""
    return tuple(compile_topic(topic.id, topic.slug, topic.queries) for topic in topics)


def compile_topic(topic_id: int, slug: str, queries: Mapping[str, str]) -> CompiledTopic:
    """Parse the queries of one topic. Raises QueryError."""
    parsed = tuple((language, parse_query(text)) for language, text in queries.items())
    return CompiledTopic(topic_id=topic_id, slug=slug, queries=parsed)


def document_of(entry: ParsedEntry | Entry, *, source: str, language: str | None) -> Document:
    """An entry as queries see it. ``source`` is the feed's name."""
    return Document(
        {
            "title": entry.title,
            "summary": entry.summary,
            "content": entry.content,
            "author": entry.author,
            "source": source,
            "tag": " \n ".join(entry.tags),
            "url": entry.url or "",
            "lang": (language or "").partition("-")[0],
        }
    )


def match_entry(document: Document, topics: Sequence[CompiledTopic]) -> tuple[Match, ...]:
    """The topics that an entry belongs to, one match a topic: the strongest, else the first query's."""
    head: Document | None = None
    matches = []
    for topic in topics:
        best: Match | None = None
        for language, tree in topic.queries:
            evidence = evaluate(tree, document)
            if evidence is None:
                continue
            if head is None:
                head = head_of(document)
            strength = Strength.MENTION if evaluate(tree, head) is None else Strength.ABOUT
            if best is None or (best.strength, strength) == (Strength.MENTION, Strength.ABOUT):
                best = _match(topic, language, strength, evidence)
        if best is not None:
            matches.append(best)
    return tuple(matches)


def head_of(document: Document) -> Document:
    """The headline and the first sentence: what an entry says first is what it is about."""
    body = document.texts["summary"] or document.texts["content"]
    end = _SENTENCE_END.search(body)
    return document.cut({"summary": body[: end.start()] if end else body, "content": ""})


def _match(topic: CompiledTopic, language: str, strength: Strength, evidence: tuple[Evidence, ...]) -> Match:
    return Match(topic_id=topic.topic_id, slug=topic.slug, language=language, strength=strength, evidence=evidence)
