"""Porch: alerts and deliveries."""

from collections.abc import Sequence

import click

from reformwatch.cli.context import Invocation
from reformwatch.cli.output import ago, emit_json, facts, json_option, say, table
from reformwatch.cli.topic import show_match
from reformwatch.model.delivery import DeliveryState
from reformwatch.services import alerts as services
from reformwatch.services import deliveries as outbox
from reformwatch.services.views import AlertView, DeliveryView
from reformwatch.wiring.basics import utc_now

_SHOWN = 5


@click.group()
def alert() -> None:
    """Alerts: what subscribers are notified of."""


@alert.command("list")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@json_option
@click.pass_obj
def list_(invocation: Invocation, limit: int, as_json: bool) -> None:
    """List the newest alerts and what became of them.

    Example: reformwatch alert list --json
    """
    with invocation.store() as store:
        alerts = services.list_alerts(store, limit=limit)
    if as_json:
        emit_json(alerts)
        return
    now = utc_now()
    table(
        ["no", "when", "topics", "headline", "deliveries"],
        ([a.id, ago(a.created, now=now), ", ".join(a.topics), a.headline, _summary(a)] for a in alerts),
        empty="no alerts yet",
    )


def _summary(alert: AlertView) -> str:
    shown = ", ".join(f"{delivery.subscriber} {delivery.state}" for delivery in alert.deliveries[:_SHOWN])
    return shown + (" …" if len(alert.deliveries) > _SHOWN else "")


@alert.command("show")
@click.argument("number", type=int)
@json_option
@click.pass_obj
def show(invocation: Invocation, number: int, as_json: bool) -> None:
    """Show one alert with its entries, the words that matched, and its deliveries.

    Example: reformwatch alert show 17
    """
    with invocation.store() as store:
        alert = services.show_alert(store, number)
        if as_json:
            emit_json(alert)
            return
        deliveries = outbox.list_deliveries(store, alert=number, limit=100_000)
    facts(
        [
            ("alert", f"{alert.id}, {alert.kind}"),
            ("topics", ", ".join(alert.topic_names)),
            ("when", alert.created),
        ]
    )
    for match in alert.matches:
        show_match(match.archived, match)
    _delivery_table(list(reversed(deliveries)))
    others = [notification for notification in alert.notifications if notification.decision != "send"]
    if others:
        say(f"not notified: {', '.join(f'{other.subscriber} ({other.code})' for other in others)}")


def _delivery_table(deliveries: Sequence[DeliveryView]) -> None:
    now = utc_now()
    table(
        ["no", "alert", "subscriber", "channel", "state", "attempts", "next", "last error"],
        (
            [
                d.id,
                ", ".join(map(str, d.alerts)) or None,
                d.subscriber,
                d.channel,
                d.state,
                d.attempts,
                ago(d.next_attempt, now=now) if d.next_attempt else None,
                d.last_error,
            ]
            for d in deliveries
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
    with invocation.store() as store:
        deliveries = outbox.list_deliveries(store, state=DeliveryState(state) if state else None, limit=limit)
    if as_json:
        emit_json(deliveries)
        return
    _delivery_table(deliveries)


@delivery.command("show")
@click.argument("number", type=int)
@json_option
@click.pass_obj
def show_delivery(invocation: Invocation, number: int, as_json: bool) -> None:
    """Show one delivery with every attempt.

    Example: reformwatch delivery show 4
    """
    with invocation.store() as store:
        view = outbox.show_delivery(store, number)
    if as_json:
        emit_json(view)
        return
    alerts = ", ".join(map(str, view.alerts)) or "none"
    facts(
        [
            ("delivery", f"{view.id} of alert {alerts}"),
            ("id", view.message_id),
            ("to", f"{view.subscriber} ({view.channel})"),
            ("state", view.state),
            ("attempts", view.attempts),
            ("next", view.next_attempt),
        ]
    )
    rows = ([attempt.at, attempt.outcome, attempt.detail] for attempt in view.history)
    table(["when", "outcome", "reply"], rows, empty="not tried yet")


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
    with invocation.store() as store:
        now = utc_now()
        count = outbox.retry_dead(store, now=now) if all_dead else outbox.retry(store, numbers, now=now)
    say(f"{count} deliveries are due again")
