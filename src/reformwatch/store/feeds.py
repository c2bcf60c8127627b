"""Store: feeds: added, claimed with a lease on each feed and its host, released."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec.structs import asdict, replace

from reformwatch.errors import BadInput, NotFound
from reformwatch.model.feed import (
    Feed,
    FeedAddress,
    FeedKind,
    FeedState,
    NewFeed,
    SourceType,
)
from reformwatch.model.websub import HubState
from reformwatch.store import hosts
from reformwatch.store.engine import Tx
from reformwatch.store.poll_state import take_state
from reformwatch.store.sql import chunks, insert_or_ignore
from reformwatch.store.tables import feeds, websub
from reformwatch.store.tables import hosts as host_rows
from reformwatch.urls import origin_of

_RESULT = [column for column in feeds.c if column.name not in {"origin", "lease_until", "unfinished"}]


def feed_from(row: Any) -> Feed:
    """The feed of a row of the table."""
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name
    values |= {"kind": FeedKind(values["kind"]), "state": FeedState(values["state"])}
    return Feed(poll=take_state(values), **values | {"source_type": SourceType(values["source_type"])})


def add_feed(tx: Tx, new: NewFeed, *, now: datetime) -> bool:
    """Store a feed that is due at ``now``; False where a feed with its address exists."""
    row = {**asdict(new), "kind": new.kind.value, "source_type": new.source_type.value, "origin": origin_of(new.url)}
    row |= {"state": FeedState.ACTIVE.value}
    return insert_or_ignore(tx, feeds, {**row, "added_at": now, "next_poll_at": now})


def list_feeds(tx: Tx) -> list[Feed]:
    """All feeds by name."""
    return [feed_from(row) for row in tx.execute(sa.select(*_RESULT).order_by(sa.func.lower(feeds.c.name), feeds.c.id))]


def list_addresses(tx: Tx) -> list[FeedAddress]:
    """The addresses of all active feeds and the times of their last polls, in order of name."""
    statement = sa.select(feeds.c.id, feeds.c.url, feeds.c.last_polled_at).where(
        feeds.c.state == FeedState.ACTIVE.value
    )
    rows = tx.execute(statement.order_by(sa.func.lower(feeds.c.name), feeds.c.id))
    return [FeedAddress(id=row.id, url=row.url, last_polled_at=row.last_polled_at) for row in rows]


def find_feed(tx: Tx, which: str) -> Feed:
    """A feed by id, address, or name. Raises NotFound, or BadInput where several feeds have the name."""
    condition = feeds.c.id == int(which) if which.isdecimal() and len(which) < 15 else feeds.c.url == which
    row = tx.execute(sa.select(*_RESULT).where(condition)).first()
    if row is not None:
        return feed_from(row)
    rows = tx.execute(sa.select(*_RESULT).where(sa.func.lower(feeds.c.name) == which.lower())).all()
    if not rows:
        raise NotFound(f"feed {which!r}: there is none with this number, address or name; see `reformwatch feed list`")
    if len(rows) > 1:
        raise BadInput(f"feed {which!r}: {len(rows)} feeds bear this name; give the number")
    return feed_from(rows[0])


def is_read_well(tx: Tx, url: str) -> bool:
    """Whether an active feed with this address exists whose last poll succeeded."""
    last_poll_succeeded = sa.and_(feeds.c.last_ok_at.is_not(None), feeds.c.failing_since.is_(None))
    statement = sa.select(feeds.c.id).where(
        feeds.c.url == url, feeds.c.state == FeedState.ACTIVE.value, last_poll_succeeded
    )
    return tx.execute(statement).first() is not None


def remove_feed(tx: Tx, feed_id: int) -> None:
    """Delete a feed with its entries."""
    tx.execute(sa.delete(feeds).where(feeds.c.id == feed_id))


def set_state(tx: Tx, feed_id: int, state: FeedState, *, now: datetime) -> None:
    """Pause a feed, or resume it: it is due at ``now``, and its failures are reset."""
    values: dict[str, Any] = {"state": state.value}
    if state is FeedState.ACTIVE:
        values |= {"next_poll_at": now, "failures": 0, "failing_since": None, "problem": None}
    tx.execute(sa.update(feeds).where(feeds.c.id == feed_id).values(values))


def change_feed(tx: Tx, feed: Feed, *, due_at: datetime | None = None) -> None:
    """Store the fields that the operator may change; the next poll is at ``due_at`` at the latest (None: unchanged)."""
    values: dict[str, Any] = {"name": feed.name, "kind": feed.kind.value, "language": feed.language}
    values |= {"interval": feed.interval, "full_text": feed.full_text, "item_selector": feed.item_selector}
    tx.execute(sa.update(feeds).where(feeds.c.id == feed.id).values(values))
    if due_at is not None:
        later = sa.and_(feeds.c.id == feed.id, feeds.c.next_poll_at > due_at)
        tx.execute(sa.update(feeds).where(later).values(next_poll_at=due_at))


def claim_due(
    tx: Tx,
    *,
    token: str,
    now: datetime,
    lease: timedelta,
    limit: int,
    per_host: int,
    excluding: Collection[str] = (),
    due_by: datetime | None = None,
) -> list[Feed]:
    """Lease feeds that are due at ``due_by`` (None: ``now``), and their hosts, under the same token.

    At most ``limit`` feeds, and ``per_host`` of a host. Left out are the hosts in ``excluding``, those leased under
    another token, and those that rest.
    """
    rank = sa.func.row_number().over(partition_by=feeds.c.origin, order_by=(feeds.c.next_poll_at, feeds.c.id))
    due = sa.select(feeds.c.id, feeds.c.next_poll_at, rank.label("rank")).where(
        _is_free(now),
        feeds.c.next_poll_at <= (due_by or now),
        feeds.c.origin.not_in(hosts.closed(token=token, now=now)),
    )
    if excluding:
        due = due.where(feeds.c.origin.not_in(list(excluding)))
    ranked = due.subquery()
    chosen = (
        sa.select(ranked.c.id)
        .where(ranked.c.rank <= per_host)
        .order_by(ranked.c.rank, ranked.c.next_poll_at)
        .limit(limit)
    )
    claimed = _claim(tx, chosen, token=token, now=now, lease=lease)
    return _with_hosts(tx, claimed, token=token, now=now, lease=lease)


def _with_hosts(tx: Tx, claimed: list[Feed], *, token: str, now: datetime, lease: timedelta) -> list[Feed]:
    """The feeds whose hosts could be leased too; the others, whose hosts have another lease, are released."""
    leased_hosts = hosts.claim(tx, {origin_of(feed.url) for feed in claimed}, token=token, now=now, lease=lease)
    without_host = [feed.id for feed in claimed if origin_of(feed.url) not in leased_hosts]
    if without_host:
        release(tx, without_host, token=token)
    return [feed for feed in claimed if origin_of(feed.url) in leased_hosts]


def in_turns(tx: Tx, feed_ids: Iterable[int]) -> list[int]:
    """Feed ids in turns: the first feed of each host, then the second of each, and so on."""
    rank = sa.func.row_number().over(partition_by=feeds.c.origin, order_by=feeds.c.id)
    turns: list[tuple[int, int]] = []
    for chunk in chunks(feed_ids):
        rows = tx.execute(sa.select(rank.label("turn"), feeds.c.id).where(feeds.c.id.in_(chunk)))
        turns += [(row.turn, row.id) for row in rows]
    return [feed_id for _, feed_id in sorted(turns)]


def claim(tx: Tx, feed_ids: Iterable[int], *, token: str, now: datetime, lease: timedelta) -> list[Feed]:
    """Lease these feeds, due or not, without their hosts; those that another process leases are left out."""
    return _claim(tx, sa.select(feeds.c.id).where(feeds.c.id.in_(list(feed_ids))), token=token, now=now, lease=lease)


def _claim(tx: Tx, chosen: sa.Select[Any], *, token: str, now: datetime, lease: timedelta) -> list[Feed]:
    locked = sa.select(feeds.c.id).where(feeds.c.id.in_(chosen), _is_free(now)).with_for_update(skip_locked=True)
    statement = (
        sa.update(feeds)
        .where(feeds.c.id.in_(locked))
        .values(lease_token=token, lease_until=now + lease, unfinished=feeds.c.unfinished + 1)
        .returning(*_RESULT)
    )
    claimed = _with_pushes(tx, [feed_from(row) for row in tx.execute(statement).all()], now)
    return sorted(claimed, key=lambda feed: (feed.poll.next_poll_at, feed.id))


def _with_pushes(tx: Tx, claimed: list[Feed], now: datetime) -> list[Feed]:
    """The feeds with the time until which a hub pushes their new entries (``pushed_until``)."""
    pushed = sa.select(websub.c.feed_id, websub.c.lease_until).where(
        websub.c.state == HubState.ACTIVE.value, websub.c.lease_until > now
    )
    until = {row.feed_id: row.lease_until for row in tx.execute(pushed)} if claimed else {}
    return [replace(feed, pushed_until=until[feed.id]) if feed.id in until else feed for feed in claimed]


def _is_free(now: datetime) -> sa.ColumnElement[bool]:
    unleased = sa.or_(feeds.c.lease_until.is_(None), feeds.c.lease_until <= now)
    return sa.and_(feeds.c.state == FeedState.ACTIVE.value, unleased)


def release(tx: Tx, feed_ids: Iterable[int], *, token: str) -> None:
    """Release leases under this token, without a poll."""
    leased = sa.and_(feeds.c.id.in_(list(feed_ids)), feeds.c.lease_token == token)
    tx.execute(sa.update(feeds).where(leased).values(lease_token=None, lease_until=None, unfinished=0))


def postpone(tx: Tx, feed: Feed, *, until: datetime, token: str) -> None:
    """Release a lease under this token; the feed's next poll is at ``until``."""
    leased = sa.and_(feeds.c.id == feed.id, feeds.c.lease_token == token)
    values = {"lease_token": None, "lease_until": None, "unfinished": 0, "next_poll_at": until}
    tx.execute(sa.update(feeds).where(leased).values(values))


def next_claim_at(tx: Tx, *, token: str, now: datetime, due_by: datetime | None = None) -> datetime | None:
    """When the next of the feeds that are due at ``due_by`` (None: ``now``) can be claimed: when its host's rest ends.

    None where there is no such feed, or only feeds that are leased or whose hosts have a lease under another token.
    """
    rest = sa.func.coalesce(host_rows.c.rest_until, sa.literal(now, feeds.c.next_poll_at.type))
    is_unleased = sa.or_(host_rows.c.lease_until.is_(None), host_rows.c.lease_until <= now)  # or has no row yet
    due = (
        sa.select(sa.func.min(rest))
        .select_from(feeds.outerjoin(host_rows, host_rows.c.origin == feeds.c.origin))
        .where(_is_free(now), feeds.c.next_poll_at <= (due_by or now))
        .where(sa.or_(is_unleased, host_rows.c.lease_token == token))
    )
    at: datetime | None = tx.execute(due).scalar()
    return None if at is None else max(at, now)


def release_all_of(tx: Tx, owner: str, *, next_after: Callable[[int], datetime]) -> int:
    """Release the feeds that a dead process of this owner leased; returns how many. Tokens begin with the owner.

    ``next_after`` returns when to poll again a feed during whose last polls, so many in a row, a process died.
    """
    is_of_owner = feeds.c.lease_token.startswith(f"{owner}:", autoescape=True)
    rows = tx.execute(sa.select(feeds.c.id, feeds.c.unfinished, feeds.c.next_poll_at).where(is_of_owner)).all()
    for row in rows:
        due = max(row.next_poll_at, next_after(row.unfinished))
        values = {"lease_token": None, "lease_until": None, "next_poll_at": due}
        tx.execute(sa.update(feeds).where(feeds.c.id == row.id).values(values))
    return len(rows)
