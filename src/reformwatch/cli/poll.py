"""Porch: poll. What polls is loaded where something is due: cron asks often."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from reformwatch.cli.context import Invocation
from reformwatch.cli.output import duration, emit_json, json_option, progress, say
from reformwatch.model.feed import Feed, FeedAddress, FeedState
from reformwatch.model.plan import PollPlan, PollReport
from reformwatch.planning.schedule import LEAST
from reformwatch.store.glance import is_a_feed_unread, is_no_feed_due
from reformwatch.urls import host_of

if TYPE_CHECKING:
    from reformwatch.wiring.polling import PollTools


@click.command()
@click.option("--all", "everything", is_flag=True, help="Poll every active feed, due or not.")
@click.argument("which", metavar="[FEED]...", nargs=-1)
@click.option("--force", is_flag=True, help="Ask feeds that were asked a moment ago, too.")
@json_option
@click.pass_obj
def poll(invocation: Invocation, everything: bool, which: Sequence[str], force: bool, as_json: bool) -> None:
    """Poll what is due, or the named feeds, or all; alerts go to the outbox.

    A feed that was asked within the last five minutes is left in peace, unless its host is one of [http] allow_private.

    Example: reformwatch poll --all
    """
    invocation.log_quietly()
    is_idle = not (everything or which) and is_no_feed_due(invocation.settings.database.url, now=datetime.now(UTC))
    report = PollReport() if is_idle else _poll(invocation, which, everything=everything, force=force)
    if as_json:
        emit_json(vars(report))
        return
    say(
        f"polled {report.polled} feeds ({report.failed} failed): {report.new_entries} new entries, "
        f"{report.alerts} alerts, {report.deliveries} deliveries waiting"
    )


def _poll(invocation: Invocation, which: Sequence[str], *, everything: bool, force: bool) -> PollReport:
    if everything and is_a_feed_unread(invocation.settings.database.url):
        from reformwatch.pipeline.parsing import begin_early

        begin_early()
    from reformwatch.store.feeds import find_feed, list_askable
    from reformwatch.wiring.polling import PollTools

    with invocation.store() as store, progress("polling") as bar:

        def advance(_feed: Feed, _plan: PollPlan) -> None:
            bar.advance()

        tools = PollTools(invocation.settings, store, owner="cli", on_polled=advance)
        try:
            if everything or which:
                with store.read() as tx:
                    chosen = list_askable(tx) if everything else [_askable(find_feed(tx, one)) for one in which]
                ids = _to_ask([one for one in chosen if one is not None], tools, force=force)
                bar.expect(len(ids))
                return tools.poller.poll_feeds(ids)
            return tools.poller.poll_due(is_once=True)
        finally:
            tools.close()


def _askable(feed: Feed) -> FeedAddress | None:
    """One that was named, if it is polled at all."""
    is_polled = feed.state is FeedState.ACTIVE
    return FeedAddress(id=feed.id, url=feed.url, last_polled_at=feed.poll.last_polled_at) if is_polled else None


def _to_ask(chosen: Sequence[FeedAddress], tools: "PollTools", *, force: bool) -> list[int]:
    """Those that may be asked: a host that is not the operator's own is not asked again at once. # trust: C27."""
    lately = datetime.now(UTC) - LEAST
    fresh = {
        feed.id
        for feed in chosen
        if feed.last_polled_at is not None
        and feed.last_polled_at > lately
        and not tools.door.policy.is_own(host_of(feed.url))
    }
    if fresh and force:
        say(f"--force: {len(fresh)} of these were asked within the last {duration(LEAST)}; their owners may mind")
    elif fresh:
        say(f"{len(fresh)} were asked within the last {duration(LEAST)} and are left in peace; --force asks them, too")
    return [feed.id for feed in chosen if force or feed.id not in fresh]
