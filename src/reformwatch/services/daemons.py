"""Services: the daemon's database work outside its loops: lock, stale leases, heartbeat, the address for hubs.

Only the daemon calls these, no command.
"""

from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import partial

from reformwatch.planning.schedule import after_deaths
from reformwatch.store import Store, feeds, hosts, lock, outbox, websub
from reformwatch.store import status as stored
from reformwatch.store.status import DaemonBeat


def exclusive(store: Store, *, now: datetime) -> AbstractContextManager[None]:
    """Lock an SQLite database for one daemon; PostgreSQL may have many. Raises TryAgain where a daemon has the lock."""
    return lock.exclusive(store, now=now)


def release_leases(store: Store, owner: str, *, gap: timedelta, now: datetime) -> int:
    """Release the leases that an earlier daemon of this owner name left; returns how many feeds and deliveries.

    Its leases of hosts are released too, and no request is sent to these hosts for ``gap``: the last one may be recent.
    """
    with store.write() as tx:
        polls = feeds.release_all_of(tx, owner, next_after=partial(after_deaths, now=now))
        deliveries = outbox.release_all_of(tx, owner)
        hosts.release_all_of(tx, owner, rest_until=now + gap)
        return polls + deliveries


def beat(store: Store, *, name: str, host: str, pid: int, version: str, started_at: datetime, now: datetime) -> None:
    """Store a daemon's heartbeat."""
    with store.write() as tx:
        daemon = DaemonBeat(name=name, host=host, pid=pid, version=version, started_at=started_at, beat_at=now)
        stored.beat(tx, daemon)


def forget(store: Store, name: str) -> None:
    """Remove a daemon that has ended."""
    with store.write() as tx:
        stored.forget_daemon(tx, name)


def set_callback(store: Store, callback: str | None, *, floor: timedelta, now: datetime) -> int:
    """Store the daemon's callback address for hubs; returns how many feeds name a hub.

    Feeds whose hubs may have pushed while no daemon ran become due, ``floor`` after their last poll at the earliest.
    ``callback`` is None where hubs can't reach this daemon. That is stored in an SQLite database only: on PostgreSQL
    another daemon may have pages.
    """
    with store.write() as tx:
        count = sum(websub.count_by_state(tx).values())
        if callback or store.sqlite_path is not None:
            websub.note_callback(tx, callback or "", now=now)
        websub.catch_up(tx, now=now, floor=floor)
    return count


def clear_callback(store: Store, *, now: datetime) -> None:
    """Store that hubs have no callback address, so that all feeds are polled; nothing on PostgreSQL (other daemons)."""
    if store.sqlite_path is not None:
        with store.write() as tx:
            websub.note_callback(tx, "", now=now)
