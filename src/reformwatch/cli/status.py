"""Porch: the status of daemons, feeds, outbox and subscribers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import click
from rich.text import Text

from reformwatch.cli.context import Invocation
from reformwatch.cli.feed import gap_line, health_words
from reformwatch.cli.output import ago, duration, emit_json, facts, json_option, say, stdout, table
from reformwatch.model.feed import FeedState
from reformwatch.model.health import HealthState
from reformwatch.services.status import status as status_of
from reformwatch.services.views import FeedStatusView, OutboxView, StatusView
from reformwatch.wiring.basics import utc_now

_MOST_GAPS: Final = 10


@click.command()
@json_option
@click.pass_obj
def status(invocation: Invocation, as_json: bool) -> None:
    """Say whether it runs, how the feeds are, and what waits to be sent.

    Example: reformwatch status
    """
    now = utc_now()
    with invocation.store() as store:
        view = status_of(store, now=now)
    if as_json:
        emit_json(view)
        return
    archive, hubs = view.archive, ", ".join(f"{count} {state.value}" for state, count in view.hubs.items())
    facts(
        [
            ("daemon", _daemon_line(view, now)),
            ("database", view.database),
            ("feeds", _feeds_line(view.feeds, now)),
            ("archive", f"{archive.entries} entries, {archive.matches} matches, {archive.alerts} alerts"),
            ("outbox", _outbox_line(view.outbox, now)),
            *((("hubs", hubs),) if hubs else ()),
        ]
    )
    _show_feeds(view.feeds, now)
    _show_gaps(view)
    if view.notices:
        stdout().print(Text("\nrecent notices", style="bold"))
        table(["when", "what"], ([ago(notice.at, now=now), notice.text] for notice in view.notices), empty="")
    if paused := view.paused_subscribers:
        stdout().print(Text("\npaused subscribers", style="bold"))
        table(["name", "channel", "why"], ([p.name, p.channel.value, p.why] for p in paused), empty="")


def _show_feeds(feeds: Sequence[FeedStatusView], now: datetime) -> None:
    """Write the feeds that can't be read, and those that are read but have no new entries for too long."""
    for heading, states in (
        ("feeds that are not read well", {HealthState.FAILING, HealthState.GONE}),
        ("feeds that are read well and bring nothing", {HealthState.QUIET}),
    ):
        listed = [feed for feed in feeds if feed.health in states]
        if listed:
            stdout().print(Text(f"\n{heading}", style="bold"))
            table(
                ["no", "name", "what", "last read well"],
                ([f.id, f.name or f.url, _health(f, now), ago(f.last_ok, now=now)] for f in listed),
                empty="",
            )


def _health(feed: FeedStatusView, now: datetime) -> str:
    return health_words(feed.health, feed.health_sentence, failing_since=feed.failing_since, now=now)


def _show_gaps(view: StatusView) -> None:
    """Write the times in which entries may have been missed."""
    gaps = view.gaps
    if not gaps:
        return
    names = {feed.id: feed.name or feed.url for feed in view.feeds}
    stdout().print(Text("\ngaps: what these feeds brought may have been missed", style="bold"))
    shown = ([gap.feed_id, names.get(gap.feed_id), gap_line(gap)] for gap in gaps[:_MOST_GAPS])
    table(["no", "name", "when"], shown, empty="")
    if len(gaps) > _MOST_GAPS:
        say(f"and {len(gaps) - _MOST_GAPS} more; see `reformwatch feed show`")


def _daemon_line(view: StatusView, now: datetime) -> Text:
    if view.running:
        words = ", ".join(f"process {d.pid} on {d.host}, for {duration(now - d.started)}" for d in view.daemons)
        return Text.assemble(("running", "green"), f": {words}")
    if (last := view.last_daemon) is not None:
        last_beat = f"process {last.pid} on {last.host} last reported {ago(last.beat, now=now)}"
        return Text.assemble(("not running", "red"), f": {last_beat}")
    return Text.assemble(("not running", "red"), ": `reformwatch run`")


def _feeds_line(feeds: Sequence[FeedStatusView], now: datetime) -> str:
    active = [feed for feed in feeds if feed.state is FeedState.ACTIVE]
    failing = sum(feed.failing_since is not None for feed in active)
    quiet = sum(feed.health is HealthState.QUIET for feed in active)
    words = f"{len(feeds)} ({len(active)} active, {failing} failing, {quiet} quiet"
    overdue = [feed.next_poll for feed in active if feed.overdue]
    if overdue:
        longest = duration(now - min(overdue))
        return f"{words}, {len(overdue)} overdue to be polled, the oldest by {longest})"
    return f"{words}, none overdue)"


def _outbox_line(outbox: OutboxView, now: datetime) -> str:
    words = f"{outbox.pending} waiting, {outbox.sent} sent, {outbox.dead} given up"
    if outbox.oldest_pending:
        words += f"; the oldest waits for {duration(now - outbox.oldest_pending)}"
    return words
