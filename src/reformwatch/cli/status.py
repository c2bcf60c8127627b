"""Porch: how it goes: daemon, feeds, outbox, subscribers."""

from datetime import datetime, timedelta
from typing import Any

import click
from rich.text import Text

from reformwatch.cli.context import Invocation
from reformwatch.cli.feed import gap_dict, gap_line, health
from reformwatch.cli.output import ago, duration, emit_json, facts, iso, json_option, say, stdout, table
from reformwatch.model.feed import Feed, FeedState, Gap, Notice
from reformwatch.model.health import HealthState
from reformwatch.model.subscriber import Subscriber, SubscriberState
from reformwatch.planning.feed_health import health_of
from reformwatch.store import websub
from reformwatch.store.feeds import list_feeds
from reformwatch.store.gaps import gaps_since
from reformwatch.store.notices import notices_since
from reformwatch.store.status import Archive, DaemonBeat, Outbox, archive_state, list_daemons, outbox_state
from reformwatch.store.subscribers import list_subscribers
from reformwatch.wiring.basics import utc_now

_ALIVE_WITHIN = timedelta(minutes=1)
_LATELY = timedelta(days=7)
_MOST_GAPS = 10


@click.command()
@json_option
@click.pass_obj
def status(invocation: Invocation, as_json: bool) -> None:
    """Say whether it runs, how the feeds are, and what waits to be sent.

    Example: reformwatch status
    """
    now = utc_now()
    with invocation.store() as store, store.read() as tx:
        daemons, feeds, outbox = list_daemons(tx), list_feeds(tx), outbox_state(tx)
        archive, subscribers = archive_state(tx), list_subscribers(tx)
        hubs = websub.count_by_state(tx)
        gaps, notices = gaps_since(tx, now - _LATELY, only_open=True), notices_since(tx, now - _LATELY)
        where = str(store.sqlite_path or store.shown_url)
    running = [d for d in daemons if now - d.beat_at < _ALIVE_WITHIN]
    if as_json:
        told = _as_json(running, feeds, outbox, archive, subscribers, where, now)
        told["gaps"] = [gap_dict(gap) for gap in gaps]
        told["notices"] = [_notice_dict(one) for one in notices]
        emit_json(told | {"hubs": {state.value: count for state, count in hubs.items()}})
        return
    facts(
        [
            ("daemon", _daemon_line(running, daemons, now)),
            ("database", where),
            ("feeds", _feeds_line(feeds, now)),
            ("archive", f"{archive.entries} entries, {archive.matches} matches, {archive.alerts} alerts"),
            ("outbox", _outbox_line(outbox, now)),
            *((("hubs", ", ".join(f"{count} {state.value}" for state, count in hubs.items())),) if hubs else ()),
        ]
    )
    _show_feeds(feeds, gaps, now)
    if notices:
        stdout().print(Text("\ntold lately", style="bold"))
        table(["when", "what"], ([ago(one.at, now=now), one.text] for one in notices), empty="")
    paused = [s for s in subscribers if s.state is SubscriberState.PAUSED]
    if paused:
        stdout().print(Text("\npaused subscribers", style="bold"))
        table(["name", "channel", "why"], ([s.name, s.channel.value, s.paused_because] for s in paused), empty="")


def _show_feeds(feeds: list[Feed], gaps: list[Gap], now: datetime) -> None:
    """The feeds that can't be read, those that can and bring nothing, and the times in which something was missed."""
    by_state = {one.id: health_of(one, now=now).state for one in feeds}
    for heading, states in (
        ("feeds that are not read well", {HealthState.FAILING, HealthState.GONE}),
        ("feeds that are read well and bring nothing", {HealthState.QUIET}),
    ):
        some = [one for one in feeds if by_state[one.id] in states]
        if some:
            stdout().print(Text(f"\n{heading}", style="bold"))
            table(
                ["no", "name", "what", "last read well"],
                ([f.id, f.name or f.url, health(f, now=now), ago(f.poll.last_ok_at, now=now)] for f in some),
                empty="",
            )
    if gaps:
        names = {one.id: one.name or one.url for one in feeds}
        stdout().print(Text("\ngaps: what these feeds brought may have been missed", style="bold"))
        shown = ([gap.feed_id, names.get(gap.feed_id), gap_line(gap)] for gap in gaps[:_MOST_GAPS])
        table(["no", "name", "when"], shown, empty="")
        if len(gaps) > _MOST_GAPS:
            say(f"and {len(gaps) - _MOST_GAPS} more; see `reformwatch feed show`")


def _notice_dict(one: Notice) -> dict[str, Any]:
    return {"at": iso(one.at), "kind": one.kind.value, "feed_id": one.feed_id, "text": one.text}


def _daemon_line(running: list[DaemonBeat], daemons: list[DaemonBeat], now: datetime) -> Text:
    if running:
        told = ", ".join(f"process {d.pid} on {d.host}, for {duration(now - d.started_at)}" for d in running)
        return Text.assemble(("running", "green"), f": {told}")
    if daemons:
        last = max(daemons, key=lambda d: d.beat_at)
        return Text.assemble(
            ("not running", "red"), f": process {last.pid} on {last.host} was last heard {ago(last.beat_at, now=now)}"
        )
    return Text.assemble(("not running", "red"), ": `reformwatch run`")


def is_overdue(one: Feed, *, now: datetime) -> bool:
    """Whether a feed should have been polled by now."""
    return one.state is FeedState.ACTIVE and one.poll.next_poll_at < now - timedelta(minutes=5)


def _feeds_line(feeds: list[Feed], now: datetime) -> str:
    active = [f for f in feeds if f.state is FeedState.ACTIVE]
    failing = sum(f.poll.failing_since is not None for f in active)
    quiet = sum(health_of(f, now=now).state is HealthState.QUIET for f in active)
    overdue = [f for f in active if is_overdue(f, now=now)]
    said = f"{len(feeds)} ({len(active)} active, {failing} failing, {quiet} quiet"
    if overdue:
        oldest = min(f.poll.next_poll_at for f in overdue)
        return f"{said}, {len(overdue)} overdue to be polled, the oldest by {duration(now - oldest)})"
    return f"{said}, none overdue)"


def _outbox_line(outbox: Outbox, now: datetime) -> str:
    said = f"{outbox.pending} waiting, {outbox.sent} sent, {outbox.dead} given up"
    if outbox.oldest_pending:
        said += f"; the oldest waits for {duration(now - outbox.oldest_pending)}"
    return said


def _as_json(
    running: list[DaemonBeat],
    feeds: list[Feed],
    outbox: Outbox,
    archive: Archive,
    subscribers: list[Subscriber],
    where: str,
    now: datetime,
) -> dict[str, Any]:
    return {
        "running": bool(running),
        "daemons": [
            {"pid": d.pid, "host": d.host, "version": d.version, "started": iso(d.started_at), "beat": iso(d.beat_at)}
            for d in running
        ],
        "database": where,
        "feeds": [_feed_dict(f, now) for f in feeds],
        "archive": {"entries": archive.entries, "matches": archive.matches, "alerts": archive.alerts},
        "outbox": {
            "pending": outbox.pending,
            "sent": outbox.sent,
            "dead": outbox.dead,
            "oldest_pending": iso(outbox.oldest_pending),
        },
        "paused_subscribers": [
            {"name": s.name, "why": s.paused_because} for s in subscribers if s.state is SubscriberState.PAUSED
        ],
    }


def _feed_dict(f: Feed, now: datetime) -> dict[str, Any]:
    return {
        "id": f.id,
        "name": f.name,
        "url": f.url,
        "state": f.state.value,
        "last_ok": iso(f.poll.last_ok_at),
        "next_poll": iso(f.poll.next_poll_at),
        "overdue": is_overdue(f, now=now),
        "health": health_of(f, now=now).state.value,
        "failing_since": iso(f.poll.failing_since),
        "problem": f.poll.problem,
    }
