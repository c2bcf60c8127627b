"""Services: the status of daemons, feeds, archive, outbox and subscribers."""

from datetime import datetime, timedelta
from typing import Final

from reformwatch.messages.catalogues import ENGLISH
from reformwatch.messages.reasons import why_paused
from reformwatch.messages.sentences import health_sentence, notice_sentence
from reformwatch.model.feed import Feed, FeedState, Notice
from reformwatch.model.subscriber import SubscriberState
from reformwatch.planning.feed_health import health_of
from reformwatch.services.feeds import gap_view, sentence_of
from reformwatch.services.views import (
    ArchiveView,
    DaemonView,
    FeedStatusView,
    NoticeView,
    OutboxView,
    PausedSubscriberView,
    StatusView,
)
from reformwatch.store import Store, Tx, websub
from reformwatch.store.feeds import list_feeds
from reformwatch.store.gaps import gaps_since
from reformwatch.store.notices import notices_since
from reformwatch.store.status import DaemonBeat, archive_state, list_daemons, outbox_state
from reformwatch.store.subscribers import list_subscribers

#: A daemon stores a heartbeat every 15 seconds; without one for longer than this it is not running.
_ALIVE_WITHIN: Final = timedelta(minutes=1)
#: A feed that has been due for longer than this is overdue; up to then it may wait for other feeds of its host.
_OVERDUE_AFTER: Final = timedelta(minutes=5)
_LATELY: Final = timedelta(days=7)


def status(store: Store, *, now: datetime) -> StatusView:
    """The status, read in one transaction. Gaps and notices are those of the last seven days."""
    with store.read() as tx:
        daemons = list_daemons(tx)
        running = [daemon for daemon in daemons if now - daemon.beat_at < _ALIVE_WITHIN]
        last = max(daemons, key=lambda daemon: daemon.beat_at, default=None)
        return StatusView(
            running=bool(running),
            daemons=tuple(map(_daemon_view, running)),
            database=str(store.sqlite_path or store.shown_url),
            feeds=tuple(_feed_view(feed, now=now) for feed in list_feeds(tx)),
            archive=_archive_view(tx),
            outbox=_outbox_view(tx),
            paused_subscribers=_paused(tx),
            gaps=tuple(map(gap_view, gaps_since(tx, now - _LATELY, only_open=True))),
            notices=tuple(map(_notice_view, notices_since(tx, now - _LATELY))),
            hubs=websub.count_by_state(tx),
            last_daemon=_daemon_view(last) if last else None,
        )


def is_overdue(feed: Feed, *, now: datetime) -> bool:
    """Whether a feed has been due for more than five minutes; never for a feed that is paused or gone."""
    return feed.state is FeedState.ACTIVE and feed.poll.next_poll_at < now - _OVERDUE_AFTER


def _feed_view(feed: Feed, *, now: datetime) -> FeedStatusView:
    health = health_of(feed, now=now)
    return FeedStatusView(
        id=feed.id,
        name=feed.name,
        url=feed.url,
        state=feed.state,
        last_ok=feed.poll.last_ok_at,
        next_poll=feed.poll.next_poll_at,
        overdue=is_overdue(feed, now=now),
        health=health.state,
        failing_since=feed.poll.failing_since,
        problem=sentence_of(feed.poll.problem),
        problem_code=feed.poll.problem.code if feed.poll.problem else None,
        health_sentence=health_sentence(health, ENGLISH),
    )


def _daemon_view(daemon: DaemonBeat) -> DaemonView:
    return DaemonView(
        pid=daemon.pid, host=daemon.host, version=daemon.version, started=daemon.started_at, beat=daemon.beat_at
    )


def _archive_view(tx: Tx) -> ArchiveView:
    archive = archive_state(tx)
    return ArchiveView(entries=archive.entries, matches=archive.matches, alerts=archive.alerts)


def _outbox_view(tx: Tx) -> OutboxView:
    outbox = outbox_state(tx)
    return OutboxView(pending=outbox.pending, sent=outbox.sent, dead=outbox.dead, oldest_pending=outbox.oldest_pending)


def _paused(tx: Tx) -> tuple[PausedSubscriberView, ...]:
    return tuple(
        PausedSubscriberView(
            name=subscriber.name,
            why=why_paused(subscriber.pause, ENGLISH),
            channel=subscriber.channel,
        )
        for subscriber in list_subscribers(tx)
        if subscriber.state is SubscriberState.PAUSED
    )


def _notice_view(notice: Notice) -> NoticeView:
    text = notice_sentence(notice, ENGLISH)
    return NoticeView(at=notice.at, kind=notice.kind, feed_id=notice.feed_id, text=text)
