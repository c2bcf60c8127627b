"""Porch: alerts and deliveries."""

from collections.abc import Sequence
from typing import Any

import click

from reformwatch.cli.context import Invocation
from reformwatch.cli.output import ago, emit_json, facts, iso, json_option, say, table
from reformwatch.cli.topic import show_match
from reformwatch.model.alert import Alert, Attempt, Delivery
from reformwatch.model.delivery import DeliveryState
from reformwatch.services.entries import match_view
from reformwatch.services.views import as_json as plain
from reformwatch.store import outbox
from reformwatch.wiring.basics import utc_now


@click.group()
def alert() -> None:
    """Alerts: what was worth telling."""


@alert.command("list")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@json_option
@click.pass_obj
def list_(invocation: Invocation, limit: int, as_json: bool) -> None:
    """List the newest alerts and what became of them.

    Example: reformwatch alert list --json
    """
    with invocation.store() as store, store.read() as tx:
        alerts = outbox.list_alerts(tx, limit=limit)
        sent = _by_alert(outbox.list_deliveries(tx, alert_ids=[a.id for a in alerts], limit=100_000))
    if as_json:
        emit_json([as_dict(one, sent.get(one.id, [])) for one in alerts])
        return
    table(
        ["no", "when", "topics", "headline", "deliveries"],
        (
            [
                a.id,
                ago(a.created_at, now=utc_now()),
                ", ".join(t.slug for t in a.topics),
                a.headline,
                _summary(sent.get(a.id, [])),
            ]
            for a in alerts
        ),
        empty="no alerts yet",
    )


def _by_alert(deliveries: Sequence[Delivery]) -> dict[int, list[Delivery]]:
    found: dict[int, list[Delivery]] = {}
    for one in reversed(deliveries):
        found.setdefault(one.alert_id, []).append(one)
    return found


def _summary(deliveries: Sequence[Delivery]) -> str:
    return ", ".join(f"{d.subscriber} {d.state.value}" for d in deliveries[:5]) + (" …" if len(deliveries) > 5 else "")


def as_dict(one: Alert, deliveries: Sequence[Delivery]) -> dict[str, Any]:
    """An alert for JSON, as the command line's contract has it."""
    return {
        "id": one.id,
        "kind": one.kind.value,
        "topics": [topic.slug for topic in one.topics],
        "created": iso(one.created_at),
        "headline": one.headline,
        "entries": [{"url": item.entry.url, "title": item.entry.title} for item in one.items],
        "deliveries": [
            {"subscriber": d.subscriber, "channel": d.channel.value, "state": d.state.value, "attempts": d.attempts}
            for d in deliveries
        ],
    }


@alert.command("show")
@click.argument("number", type=int)
@json_option
@click.pass_obj
def show(invocation: Invocation, number: int, as_json: bool) -> None:
    """Show one alert with its entries, the words that matched, and its deliveries.

    Example: reformwatch alert show 17
    """
    with invocation.store() as store, store.read() as tx:
        one = outbox.find_alert(tx, number)
        sent = _by_alert(outbox.list_deliveries(tx, alert_ids=[number], limit=100_000)).get(number, [])
    if as_json:
        matches = [plain(match_view(item.entry, m)) | {"topic": m.slug} for item in one.items for m in item.matches]
        emit_json(as_dict(one, sent) | {"matches": matches})
        return
    facts(
        [
            ("alert", f"{one.id}, {one.kind.value}"),
            ("topics", ", ".join(t.name for t in one.topics)),
            ("when", one.created_at),
        ]
    )
    for item in one.items:
        for match in item.matches:
            show_match(item.entry, match)
    _delivery_table(sent)


def _delivery_table(found: Sequence[Delivery]) -> None:
    now = utc_now()
    table(
        ["no", "alert", "subscriber", "channel", "state", "attempts", "next", "last error"],
        (
            [
                d.id,
                d.alert_id,
                d.subscriber,
                d.channel.value,
                d.state.value,
                d.attempts,
                ago(d.next_attempt_at, now=now) if d.next_attempt_at else None,
                d.last_error,
            ]
            for d in found
        ),
        empty="no deliveries",
    )


@click.group()
def delivery() -> None:
    """Deliveries: the outbox, message by message."""


@delivery.command("list")
@click.option(
    "--state", type=click.Choice([s.value for s in DeliveryState]), help="Only these; `dead` are the dead letters."
)
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@json_option
@click.pass_obj
def list_deliveries(invocation: Invocation, state: str | None, limit: int, as_json: bool) -> None:
    """List deliveries, newest first.

    Example: reformwatch delivery list --state dead
    """
    with invocation.store() as store, store.read() as tx:
        found = outbox.list_deliveries(tx, state=DeliveryState(state) if state else None, limit=limit)
    if as_json:
        emit_json([delivery_dict(one) for one in found])
        return
    _delivery_table(found)


def delivery_dict(one: Delivery, attempts: Sequence[Attempt] | None = None) -> dict[str, Any]:
    """A delivery for JSON."""
    told: dict[str, Any] = {
        "id": one.id,
        "message_id": one.message_id,
        "alert": one.alert_id,
        "subscriber": one.subscriber,
        "channel": one.channel.value,
        "state": one.state.value,
        "attempts": one.attempts,
        "created": iso(one.created_at),
        "next_attempt": iso(one.next_attempt_at),
        "sent": iso(one.sent_at),
        "last_error": one.last_error,
    }
    if attempts is not None:
        told["history"] = [{"at": iso(a.at), "outcome": a.outcome, "detail": a.detail} for a in attempts]
    return told


@delivery.command("show")
@click.argument("number", type=int)
@json_option
@click.pass_obj
def show_delivery(invocation: Invocation, number: int, as_json: bool) -> None:
    """Show one delivery with every attempt.

    Example: reformwatch delivery show 4
    """
    with invocation.store() as store, store.read() as tx:
        one, attempts = outbox.find_delivery(tx, number), outbox.attempts_of(tx, number)
    if as_json:
        emit_json(delivery_dict(one, attempts))
        return
    facts(
        [
            ("delivery", f"{one.id} of alert {one.alert_id}"),
            ("id", one.message_id),
            ("to", f"{one.subscriber} ({one.channel.value})"),
            ("state", one.state.value),
            ("attempts", one.attempts),
            ("next", one.next_attempt_at),
        ]
    )
    table(["when", "outcome", "what was said"], ([a.at, a.outcome, a.detail] for a in attempts), empty="not tried yet")


@delivery.command("retry")
@click.argument("numbers", type=int, nargs=-1)
@click.option("--dead", "all_dead", is_flag=True, help="All dead letters.")
@click.pass_obj
def retry(invocation: Invocation, numbers: Sequence[int], all_dead: bool) -> None:
    """Make dead letters due again, under their old ids.

    Example: reformwatch delivery retry --dead
    """
    if not numbers and not all_dead:
        raise click.UsageError("give the numbers of deliveries, or --dead")
    with invocation.store() as store, store.write() as tx:
        chosen = list(numbers)
        if all_dead:
            chosen = outbox.dead_letters(tx)
        for number in chosen:
            outbox.retry(tx, number, now=utc_now())
    say(f"{len(chosen)} deliveries are due again")
