"""Porch: deliver. What sends is loaded where there is something to send: mostly there is not, and cron asks often."""

import sys
from datetime import UTC, datetime

import click

from reformwatch.cli.context import Invocation
from reformwatch.cli.output import emit_json, json_option, say
from reformwatch.services import sending
from reformwatch.services.views import DeliverReportView


@click.command()
@json_option
@click.pass_obj
def deliver(invocation: Invocation, as_json: bool) -> None:
    """Send what the outbox holds and is due. With --json, alerts for the console go to standard error.

    Example: reformwatch deliver
    """
    invocation.log_quietly()
    now = datetime.now(UTC)
    is_idle = sending.is_no_delivery_due(invocation.settings.database.url, now=now)
    report = DeliverReportView() if is_idle else _deliver_due(invocation, now=now, as_json=as_json)
    if as_json:
        emit_json(report)
        return
    say(f"delivered {report.sent}, to be tried again {report.to_retry}, given up {report.dead}")


def _deliver_due(invocation: Invocation, *, now: datetime, as_json: bool) -> DeliverReportView:
    with invocation.store() as store:
        if not sending.is_delivery_due(store, now=now):
            return DeliverReportView()
        from reformwatch.wiring.delivery import DeliverTools

        tools = DeliverTools(invocation.settings, store, owner="cli", stdout=sys.stderr if as_json else None)
        try:
            return sending.deliver_due(tools.deliverer)
        finally:
            tools.close()
