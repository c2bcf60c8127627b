"""Services: what a daemon does beside its loops: lock, take up the last one's work, heartbeat, say where hubs reach it.

Not for a person: the daemon on the porch asks for it.
"""

from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import partial

from reformwatch.planning.schedule import after_deaths
from reformwatch.store import Store, feeds, hosts, lock, outbox, websub
from reformwatch.store import status as stored
from reformwatch.store.status import DaemonBeat


def exclusive(store: Store, *, now: datetime) -> AbstractContextManager[None]:
    """Hold an SQLite database alone; a PostgreSQL database may have many daemons. Raises TryAgain where one runs."""
    return lock.exclusive(store, now=now)


def take_up(store: Store, owner: str, *, gap: timedelta, now: datetime) -> int:
    """Give back the feeds and deliveries that a dead daemon of this owner's name still held; how many.

    Its hosts are given back too, and rest for ``gap``: it may have asked them a moment ago.
    """
    with store.write() as tx:
        polls = feeds.release_all_of(tx, owner, next_after=partial(after_deaths, now=now))
        deliveries = outbox.release_all_of(tx, owner)
        hosts.release_all_of(tx, owner, rest_until=now + gap)
        return polls + deliveries


def beat(store: Store, *, name: str, host: str, pid: int, version: str, started_at: datetime, now: datetime) -> None:
    """Say that a daemon is alive."""
    with store.write() as tx:
        alive = DaemonBeat(name=name, host=host, pid=pid, version=version, started_at=started_at, beat_at=now)
        stored.beat(tx, alive)


def forget(store: Store, name: str) -> None:
    """Say that a daemon has ended."""
    with store.write() as tx:
        stored.forget_daemon(tx, name)


def meet_hubs(store: Store, callback: str | None, *, floor: timedelta, now: datetime) -> int:
    """Say where hubs reach the daemon, and make due what they pushed while it was away; how many feeds name a hub.

    ``callback`` is None where hubs can't reach it: an SQLite database notes that, but on PostgreSQL another daemon may
    have pages. A feed is due ``floor`` after its last poll at the earliest.
    """
    with store.write() as tx:
        named = sum(websub.count_by_state(tx).values())
        if callback or store.sqlite_path is not None:
            websub.note_callback(tx, callback or "", now=now)
        websub.catch_up(tx, now=now, floor=floor)
    return named


def leave_hubs(store: Store, *, now: datetime) -> None:
    """Note that nobody listens for hubs, where no other daemon can: feeds are polled as ever."""
    if store.sqlite_path is not None:
        with store.write() as tx:
            websub.note_callback(tx, "", now=now)
