"""Porch: deliver. What sends is loaded where there is something to send: mostly there is not, and cron asks often."""

import sys
from datetime import UTC, datetime

import click

from reformwatch.cli.context import Invocation
from reformwatch.cli.output import emit_json, json_option, say
from reformwatch.model.delivery import DeliverReport
from reformwatch.store.glance import is_no_delivery_due


@click.command()
@json_option
@click.pass_obj
def deliver(invocation: Invocation, as_json: bool) -> None:
    """Send what the outbox holds and is due. With --json, alerts for the console go to standard error.

    Example: reformwatch deliver
    """
    invocation.log_quietly()
    if is_no_delivery_due(invocation.settings.database.url, now=datetime.now(UTC)):
        report = DeliverReport()
    else:
        report = _deliver_due(invocation, as_json=as_json)
    if as_json:
        emit_json(vars(report))
        return
    say(f"delivered {report.sent}, to be tried again {report.to_retry}, given up {report.dead}")


def _deliver_due(invocation: Invocation, *, as_json: bool) -> DeliverReport:
    from reformwatch.store.due import is_delivery_due
    from reformwatch.wiring.basics import utc_now

    with invocation.store() as store:
        with store.read() as tx:
            if not is_delivery_due(tx, now=utc_now()):
                return DeliverReport()
        from reformwatch.wiring.delivery import DeliverTools

        tools = DeliverTools(invocation.settings, store, owner="cli", stdout=sys.stderr if as_json else None)
        try:
            return tools.deliverer.deliver_due()
        finally:
            tools.close()
