"""Store: hosts: leased by one process at a time, and at rest after a request.

A host is what ``urls.origin_of`` makes of an address: name and port. It is *closed* to the holder of a token while
somebody else leases it, or while it rests: the gap after its last request has not passed yet. Rows are made on demand.

A transaction that locks feeds as well locks the feeds first, and hosts always in the order of their names: two
processes on PostgreSQL that wait for each other's rows never wait in a circle.
"""

import functools
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from reformwatch.store.engine import Tx
from reformwatch.store.sql import chunks, execute_many, insert_into
from reformwatch.store.tables import hosts

_RELEASE: Final = (
    sa.update(hosts)
    .where(hosts.c.origin == sa.bindparam("this_origin"), hosts.c.lease_token == sa.bindparam("our_token"))
    .values(lease_token=None, lease_until=None, rest_until=sa.bindparam("new_rest"))
)


def closed(*, token: str, now: datetime) -> sa.Select[Any]:
    """The hosts that the holder of ``token`` may not ask now, as a subquery."""
    is_others = sa.and_(hosts.c.lease_until > now, hosts.c.lease_token != token)
    return sa.select(hosts.c.origin).where(sa.or_(is_others, hosts.c.rest_until > now))


def claim(tx: Tx, origins: Iterable[str], *, token: str, now: datetime, lease: timedelta) -> frozenset[str]:
    """Lease these hosts, or extend the leases that ``token`` has; which of them it holds now. The others are closed."""
    wanted = sorted(set(origins))
    rows = [
        {"origin": origin, "lease_token": token, "lease_until": now + lease, "this_moment": now} for origin in wanted
    ]
    if execute_many(tx, _claiming(tx.dialect.name), rows) == len(wanted):
        return frozenset(wanted)
    held: set[str] = set()
    for chunk in chunks(wanted):
        ours = sa.and_(hosts.c.origin.in_(chunk), hosts.c.lease_token == token, hosts.c.lease_until > now)
        held |= set(tx.execute(sa.select(hosts.c.origin).where(ours)).scalars())
    return frozenset(held)


@functools.cache
def _claiming(dialect: str) -> Any:
    """An upsert that leaves a closed host as it is: of two processes at the same moment exactly one gets the host."""
    insert = insert_into(dialect, hosts).values(
        {name: sa.bindparam(name) for name in ("origin", "lease_token", "lease_until")}
    )
    now = sa.bindparam("this_moment", type_=hosts.c.lease_until.type)
    is_unleased = sa.or_(hosts.c.lease_until.is_(None), hosts.c.lease_until <= now)
    is_ours = hosts.c.lease_token == insert.excluded.lease_token
    is_rested = sa.or_(hosts.c.rest_until.is_(None), hosts.c.rest_until <= now)
    return insert.on_conflict_do_update(
        index_elements=[hosts.c.origin],
        set_={name: insert.excluded[name] for name in ("lease_token", "lease_until")},
        where=sa.and_(sa.or_(is_unleased, is_ours), is_rested),
    )


def release(tx: Tx, rests: Mapping[str, datetime | None], *, token: str) -> None:
    """Give hosts back, each with the end of its rest: its last request's end and the gap; None where none was made.

    A host that somebody else has leased meanwhile is theirs, and stays as it is.
    """
    rows = [{"this_origin": origin, "our_token": token, "new_rest": rests[origin]} for origin in sorted(rests)]
    execute_many(tx, _RELEASE, rows)


def release_all_of(tx: Tx, owner: str, *, rest_until: datetime) -> int:
    """Give back the hosts of a dead process; how many. They rest, since it may have asked them a moment ago.

    Tokens begin with their owner's name, as those of feeds do.
    """
    theirs = hosts.c.lease_token.startswith(f"{owner}:", autoescape=True)
    values = {"lease_token": None, "lease_until": None, "rest_until": rest_until}
    return tx.execute(sa.update(hosts).where(theirs).values(values)).rowcount


def remove_idle(tx: Tx, *, now: datetime) -> int:
    """Delete the rows of hosts that nobody leases and that rest no more; how many."""
    is_unleased = sa.or_(hosts.c.lease_until.is_(None), hosts.c.lease_until <= now)
    is_rested = sa.or_(hosts.c.rest_until.is_(None), hosts.c.rest_until <= now)
    idle = sa.select(hosts.c.origin).where(is_unleased, is_rested).with_for_update(skip_locked=True)
    return tx.execute(sa.delete(hosts).where(hosts.c.origin.in_(idle))).rowcount
