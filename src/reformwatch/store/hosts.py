"""Store: hosts: each is leased by at most a single process, and rests after a request.

A host is the name and port that ``urls.origin_of`` returns for an address. It is *closed* for a token while it is
leased under another token, or while it rests: the gap after its last request has not passed yet. Rows are made on
demand.

A transaction locks feeds before hosts, and hosts in the order of their names, so that processes on PostgreSQL that wait
for each other's rows can't deadlock.
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
    """A subquery of the hosts to which no request may be sent now under ``token``."""
    is_others = sa.and_(hosts.c.lease_until > now, hosts.c.lease_token != token)
    return sa.select(hosts.c.origin).where(sa.or_(is_others, hosts.c.rest_until > now))


def claim(tx: Tx, origins: Iterable[str], *, token: str, now: datetime, lease: timedelta) -> frozenset[str]:
    """Lease these hosts, or extend leases under ``token``; returns those leased under it now. The others are closed."""
    sorted_origins = sorted(set(origins))
    rows = [
        {"origin": origin, "lease_token": token, "lease_until": now + lease, "this_moment": now}
        for origin in sorted_origins
    ]
    if execute_many(tx, _claiming(tx.dialect.name), rows) == len(sorted_origins):
        return frozenset(sorted_origins)
    leased: set[str] = set()
    for chunk in chunks(sorted_origins):
        is_leased = sa.and_(hosts.c.origin.in_(chunk), hosts.c.lease_token == token, hosts.c.lease_until > now)
        leased |= set(tx.execute(sa.select(hosts.c.origin).where(is_leased)).scalars())
    return frozenset(leased)


@functools.cache
def _claiming(dialect: str) -> Any:
    """An upsert that does not change a closed host: of two processes at the same time exactly one leases the host."""
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
    """Release hosts, each with the end of its rest: end of its last request plus the gap (None: no request was sent).

    A host that meanwhile has a lease under another token is not changed.
    """
    rows = [{"this_origin": origin, "our_token": token, "new_rest": rests[origin]} for origin in sorted(rests)]
    execute_many(tx, _RELEASE, rows)


def release_all_of(tx: Tx, owner: str, *, rest_until: datetime) -> int:
    """Release the hosts of a dead process; returns how many. They rest, since it may just have sent them a request.

    Tokens begin with their owner's name, as those of feeds do.
    """
    is_of_owner = hosts.c.lease_token.startswith(f"{owner}:", autoescape=True)
    values = {"lease_token": None, "lease_until": None, "rest_until": rest_until}
    return tx.execute(sa.update(hosts).where(is_of_owner).values(values)).rowcount


def remove_idle(tx: Tx, *, now: datetime) -> int:
    """Delete the rows of hosts without a lease that no longer rest; returns how many."""
    is_unleased = sa.or_(hosts.c.lease_until.is_(None), hosts.c.lease_until <= now)
    is_rested = sa.or_(hosts.c.rest_until.is_(None), hosts.c.rest_until <= now)
    idle = sa.select(hosts.c.origin).where(is_unleased, is_rested).with_for_update(skip_locked=True)
    return tx.execute(sa.delete(hosts).where(hosts.c.origin.in_(idle))).rowcount
