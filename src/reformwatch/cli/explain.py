"""Porch: why an entry matched, why it did not, and what became of it."""

from collections.abc import Sequence
from typing import Any

import click
from rich.text import Text

from reformwatch.cli.context import Invocation
from reformwatch.cli.output import emit_json, iso, json_option, stdout
from reformwatch.cli.topic import show_match
from reformwatch.matching.explain import Part, parts_of
from reformwatch.matching.index import compile_topic, document_of, match_entry
from reformwatch.matching.query import Document, parse_query
from reformwatch.model.alert import Alert, Delivery
from reformwatch.model.entry import Entry, Standing
from reformwatch.model.plan import Silence
from reformwatch.model.topic import Match, Topic, TopicState
from reformwatch.services.entries import entry_view, match_view
from reformwatch.services.views import as_json as plain
from reformwatch.store import Tx, outbox
from reformwatch.store.entries import find_entries, silences_of
from reformwatch.store.subscribers import list_subscribers
from reformwatch.store.topics import find_topic, list_topics
from reformwatch.text import printable

_STANDINGS = {
    Standing.NEWS: "news when it was first seen",
    Standing.BASELINE: "there at the first poll of its feed: nobody is told of a baseline",
    Standing.LATE: "late: its date was too old when it was first seen",
}


@click.command()
@click.argument("which", metavar="ENTRY-or-URL")
@click.option("--topic", "slug", metavar="SLUG", help="Only this topic.")
@json_option
@click.pass_obj
def explain(invocation: Invocation, which: str, slug: str | None, as_json: bool) -> None:
    """Say why an entry matched a topic, or why not, who was told of it, and who was not and why.

    Example: reformwatch explain https://example.org/news/1 --topic mayoral-elections
    """
    with invocation.store() as store, store.read() as tx:
        entries = find_entries(tx, which)
        topics = [find_topic(tx, slug)] if slug else list_topics(tx)
        names = {s.id: s.name for s in list_subscribers(tx)}
        told = [_explained(tx, entry, topics, names) for entry in entries]
    if as_json:
        emit_json({"entries": [one["json"] for one in told]})
        return
    for one in told:
        _show(one)


def _explained(tx: Tx, entry: Entry, topics: Sequence[Topic], names: dict[int, str]) -> dict[str, Any]:
    document = document_of(entry, source=entry.feed_name, language=entry.language)
    verdicts = [(topic, *_verdict(topic, document)) for topic in topics]
    alerts = outbox.alerts_of_entry(tx, entry.id)
    deliveries = outbox.list_deliveries(tx, alert_ids=[a.id for a in alerts], limit=10_000) if alerts else []
    silences = silences_of(tx, entry.id)
    return {
        "entry": entry,
        "verdicts": verdicts,
        "deliveries": deliveries,
        "silences": silences,
        "json": _as_json(entry, verdicts, alerts, deliveries, silences, names),
    }


def _verdict(topic: Topic, document: Document) -> tuple[Match | None, dict[str, tuple[Part, ...]]]:
    """The match, or for each query the parts of its nearest miss."""
    found = match_entry(document, (compile_topic(topic.id, topic.slug, topic.queries),))
    if found:
        return found[0], {}
    return None, {language: parts_of(parse_query(query), query, document) for language, query in topic.queries.items()}


def _as_json(
    entry: Entry,
    verdicts: Sequence[tuple[Topic, Match | None, dict[str, tuple[Part, ...]]]],
    alerts: Sequence[Alert],
    deliveries: Sequence[Delivery],
    silences: Sequence[Silence],
    names: dict[int, str],
) -> dict[str, Any]:
    return {
        "entry": plain(entry_view(entry)) | {"standing": entry.standing.value, "first_seen": iso(entry.first_seen)},
        "topics": [
            {
                "topic": topic.slug,
                "state": topic.state.value,
                "match": {k: v for k, v in plain(match_view(entry, match)).items() if k != "entry"} if match else None,
                "missing": {
                    language: [{"part": part.text, "met": part.is_met} for part in parts]
                    for language, parts in misses.items()
                },
            }
            for topic, match, misses in verdicts
        ],
        "alerts": [alert.id for alert in alerts],
        "deliveries": [
            {"id": d.id, "subscriber": d.subscriber, "channel": d.channel.value, "state": d.state.value}
            for d in deliveries
        ],
        "silences": [
            {"subscriber": names.get(s.subscriber_id) if s.subscriber_id else None, "reason": s.reason}
            for s in silences
        ],
    }


def _show(told: dict[str, Any]) -> None:
    out = stdout()
    entry: Entry = told["entry"]
    out.print(Text(printable(entry.title), style="bold"), soft_wrap=True)
    out.print(
        Text(printable(f"entry {entry.id} of {entry.feed_name}, {entry.url or 'no link'}"), style="dim"), soft_wrap=True
    )
    out.print(f"first seen {entry.first_seen:%Y-%m-%d %H:%M}: {_STANDINGS[entry.standing]}", markup=False)
    out.print()
    for topic, match, misses in told["verdicts"]:
        if match is not None:
            out.print(Text.assemble(("matches ", "green"), (topic.slug, "bold"), _paused(topic)))
            show_match(entry, match)
        else:
            _show_miss(topic, misses)
    out.print()
    for delivery in told["deliveries"]:
        said = f"delivery {delivery.id} to {delivery.subscriber} ({delivery.channel.value}): {delivery.state.value}"
        out.print(
            printable(said + (f", {delivery.last_error}" if delivery.last_error else "")), markup=False, soft_wrap=True
        )
    for silence in told["silences"]:
        out.print(printable(f"not told: {silence.reason}"), markup=False, soft_wrap=True)
    if not told["deliveries"] and not told["silences"]:
        out.print("nobody was told: it matched no topic when it was first seen, or it was not news then", markup=False)


def _paused(topic: Topic) -> str:
    return " (paused)" if topic.state is TopicState.PAUSED else ""


def _show_miss(topic: Topic, misses: dict[str, tuple[Part, ...]]) -> None:
    out = stdout()
    nearest = max(misses.items(), key=lambda item: sum(p.is_met for p in item[1]) / len(item[1]), default=None)
    out.print(Text.assemble(("does not match ", "dim"), (topic.slug, "bold"), _paused(topic)))
    if nearest is None or not any(part.is_met for part in nearest[1]):
        return
    language, parts = nearest
    for part in parts:
        mark, style = ("has", "green") if part.is_met else ("lacks", "red")
        words = ", ".join(dict.fromkeys(e.word for e in part.evidence[:4]))
        shown = part.text if len(part.text) <= 160 else part.text[:157] + "..."
        out.print(
            Text.assemble(
                f"  {language}: ", (mark, style), f" {printable(shown)}", f" ({printable(words)})" if words else ""
            ),
            soft_wrap=True,
        )
