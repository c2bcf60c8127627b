"""Porch: deliver."""

import sys

import click

from reformwatch.cli.context import Invocation
from reformwatch.cli.output import emit_json, json_option, say
from reformwatch.services import sending
from reformwatch.services.views import DeliverReportView
from reformwatch.wiring.delivery import DeliverTools


@click.command()
@json_option
@click.pass_obj
def deliver(invocation: Invocation, as_json: bool) -> None:
    """Send what the outbox holds and is due. With --json, alerts for the console go to standard error.

    Example: reformwatch deliver
    """
    invocation.log_quietly()
    report = _deliver_due(invocation, as_json=as_json)
    if as_json:
        emit_json(report)
        return
    say(f"delivered {report.sent}, to be tried again {report.to_retry}, given up {report.dead}")


def _deliver_due(invocation: Invocation, *, as_json: bool) -> DeliverReportView:
    with invocation.store() as store:
        tools = DeliverTools(invocation.settings, store, owner="cli", stdout=sys.stderr if as_json else None)
        try:
            return sending.deliver_due(tools.deliverer)
        finally:
            tools.close()
