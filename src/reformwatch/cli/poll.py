"""Porch: poll."""

from collections.abc import Sequence
from datetime import UTC, datetime

import click

from reformwatch.cli.context import Invocation
from reformwatch.cli.output import duration, emit_json, json_option, progress, say
from reformwatch.model.feed import Feed
from reformwatch.model.plan import PollPlan
from reformwatch.services import feeds, polling
from reformwatch.services.views import ManualPollView, PollReportView
from reformwatch.wiring.polling import PollTools


@click.command()
@click.option("--all", "everything", is_flag=True, help="Poll every active feed, due or not.")
@click.argument("which", metavar="[FEED]...", nargs=-1)
@click.option("--force", is_flag=True, help="Ask feeds that were asked a moment ago, too.")
@json_option
@click.pass_obj
def poll(invocation: Invocation, everything: bool, which: Sequence[str], force: bool, as_json: bool) -> None:
    """Poll what is due, or the named feeds, or all; alerts go to the outbox.

    A feed that was asked within the last five minutes is left out, unless its host is one of [http] allow_private.

    Example: reformwatch poll --all
    """
    invocation.log_quietly()
    report = _poll(invocation, which, everything=everything, force=force)
    if as_json:
        emit_json(report)
        return
    say(
        f"polled {report.polled} feeds ({report.failed} failed): {report.new_entries} new entries, "
        f"{report.alerts} alerts, {report.deliveries} deliveries waiting"
    )


def _poll(invocation: Invocation, which: Sequence[str], *, everything: bool, force: bool) -> PollReportView:
    with invocation.store() as store, progress("polling") as bar:

        def advance(_feed: Feed, _plan: PollPlan) -> None:
            bar.advance()

        tools = PollTools(invocation.settings, store, owner="cli", on_polled=advance)
        try:
            if not (everything or which):
                return polling.poll_due(tools.poller)
            names = () if everything else which
            is_own, now = tools.client.policy.is_own, datetime.now(UTC)
            view = feeds.feeds_to_poll(store, names, is_own_host=is_own, now=now, is_forced=force)
            _say_polled_lately(view, force=force)
            bar.expect(len(view.feed_ids))
            return polling.poll_feeds(tools.poller, view.feed_ids)
        finally:
            tools.close()


def _say_polled_lately(view: ManualPollView, *, force: bool) -> None:
    count, lately = view.asked_lately, duration(view.least_gap)
    if count and force:
        say(f"--force: {count} of these were asked within the last {lately}; their owners may mind")
    elif count:
        say(f"{count} were polled within the last {lately} and are left out; --force polls them, too")
