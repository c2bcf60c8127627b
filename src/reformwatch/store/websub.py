"""Store: WebSub: each feed's subscription at its hub, and the subscriptions that are to be ended (partings).

The subscription of a removed feed is deleted with it, but its hub will still verify the end of it. Therefore the fields
that this needs are stored in a row of ``meta`` until the hub has verified the end.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from msgspec.structs import asdict

from reformwatch.model.feed import FeedState
from reformwatch.model.problem import Problem, ProblemCode
from reformwatch.model.websub import Confirmed, Denied, HubState, HubSubscription, Parting
from reformwatch.store.engine import Tx
from reformwatch.store.problems import problem_from, problem_row
from reformwatch.store.sql import chunks, insert_or_ignore, insert_or_update
from reformwatch.store.tables import feeds, meta, websub
from reformwatch.urls import origin_of

_PARTING: Final = "websub.parting."
_CALLBACK: Final = "websub.callback"
#: States in which the hub may have the subscription.
_AT_THE_HUB: Final = frozenset({HubState.PENDING, HubState.ACTIVE})
_MISSED: Final = Problem.of(ProblemCode.HUB_MISSED_PUSH)
_SILENT: Final = Problem.of(ProblemCode.HUB_SILENT)
_LAPSED: Final = Problem.of(ProblemCode.HUB_LEASE_ENDED)


# --- reading ------------------------------------------------------------------------------------------------------


def find(tx: Tx, feed_id: int) -> HubSubscription | None:
    """A feed's subscription; None where the feed names no hub."""
    return next(_read(tx, websub.c.feed_id == feed_id), None)


def find_by_token(tx: Tx, token: str) -> HubSubscription | None:
    """The subscription whose callback address has this token; None where there is none."""
    return next(_read(tx, websub.c.token == token), None)


def is_active(tx: Tx, feed_id: int, now: datetime) -> bool:
    """Whether a hub pushes a feed's new entries at ``now``, so that polling is a safety net only."""
    return bool(active_among(tx, [feed_id], now))


def active_among(tx: Tx, feed_ids: Iterable[int], now: datetime) -> frozenset[int]:
    """The feeds among ``feed_ids`` for which :func:`is_active` is true."""
    active: set[int] = set()
    for chunk in chunks(feed_ids):
        active |= set(tx.execute(active_feeds(now).where(websub.c.feed_id.in_(chunk))).scalars())
    return frozenset(active)


def active_feeds(now: datetime) -> sa.Select[Any]:
    """A subquery of the ids of the feeds for which :func:`is_active` is true."""
    return sa.select(websub.c.feed_id).where(websub.c.state == HubState.ACTIVE.value, websub.c.lease_until > now)


def with_hubs(tx: Tx) -> frozenset[int]:
    """The ids of the feeds whose last document named a hub."""
    return frozenset(tx.execute(sa.select(websub.c.feed_id)).scalars())


def count_by_state(tx: Tx) -> dict[HubState, int]:
    """The number of subscriptions by state; states that do not occur are left out."""
    rows = tx.execute(sa.select(websub.c.state, sa.func.count()).group_by(websub.c.state))
    return {HubState(state): count for state, count in rows}


def _read(tx: Tx, condition: sa.ColumnElement[bool]) -> Iterator[HubSubscription]:
    statement = sa.select(websub, feeds.c.name, feeds.c.url).join(feeds).where(condition).order_by(websub.c.feed_id)
    for row in tx.execute(statement):
        values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name
        name, url = values.pop("name"), values.pop("url")
        values |= {"state": HubState(values["state"]), "problem": problem_from(values["problem"])}
        yield HubSubscription(**values, feed_name=name or origin_of(url))


# --- a feed's document names a hub --------------------------------------------------------------------------------


def note_hub(
    tx: Tx,
    feed_id: int,
    hub: str | None,
    topic: str | None,
    *,
    now: datetime,
    new_token: Callable[[], str],
    new_secret: Callable[[], str],
) -> bool:
    """Store the hub that a feed's document names (None: it names none); returns whether anything changed.

    Takes a single look-up where nothing changed. Another hub or topic is another subscription: it is requested under a
    new token, and the old subscription is ended.
    """
    stored = tx.execute(sa.select(websub.c.hub, websub.c.topic).where(websub.c.feed_id == feed_id)).first()
    if (stored.hub, stored.topic) == (hub, topic) if stored else not (hub and topic):
        return False
    if stored:
        leave(tx, feed_id, now=now)
    if hub and topic:
        row = {"feed_id": feed_id, "hub": hub, "topic": topic, "token": new_token(), "secret": new_secret()}
        # on PostgreSQL another process may have stored the same at this time
        insert_or_ignore(tx, websub, {**row, "state": HubState.WANTED.value, "next_act_at": now})
    return True


def leave(tx: Tx, feed_id: int, *, now: datetime) -> bool:
    """Delete a feed's subscription, and store a parting from its hub; returns whether it had a subscription."""
    subscription = find(tx, feed_id)
    if subscription is None:
        return False
    if subscription.is_active(now):
        poll_soon(tx, [feed_id], now=now)
    tx.execute(sa.delete(websub).where(websub.c.feed_id == feed_id))
    _add_parting(tx, subscription, now)
    return True


def _add_parting(tx: Tx, subscription: HubSubscription, now: datetime) -> None:
    if subscription.state in _AT_THE_HUB:
        parting = Parting(
            hub=subscription.hub, topic=subscription.topic, token=subscription.token, since=now, next_act_at=now
        )
        insert_or_update(tx, meta, _parting_row(parting), key=["key"])


# --- at a daemon's tick -------------------------------------------------------------------------------------------


def has_work(tx: Tx, now: datetime) -> bool:
    """Whether a request is due or a state must change, so that a tick without work writes nothing."""
    is_due = sa.and_(websub.c.state != HubState.OFF.value, websub.c.next_act_at <= now)
    conditions = sa.or_(is_due, _has_lapsed(now), _must_stop(), _may_resume())
    row = tx.execute(sa.select(websub.c.feed_id).join(feeds).where(conditions).limit(1)).first()
    return row is not None or any(parting.next_act_at <= now for parting in list_partings(tx))


def follow_feeds(
    tx: Tx, *, now: datetime, new_token: Callable[[], str], new_secret: Callable[[], str]
) -> list[HubSubscription]:
    """Update subscriptions to the states of their feeds and leases; returns those whose lease ended, unchanged.

    The subscription of a feed that is not polled is ended; that of a feed that is polled again is requested again,
    under a new token. A feed whose lease ended is polled at its own pace.
    """
    for subscription in list(_read(tx, _must_stop())):
        _add_parting(tx, subscription, now)
        values = {"state": HubState.OFF.value, "token": new_token(), "secret": new_secret(), "problem": None}
        _update(tx, subscription.feed_id, **values, lease_until=None, next_act_at=None, attempts=0)
    for subscription in list(_read(tx, _may_resume())):
        _update(tx, subscription.feed_id, state=HubState.WANTED.value, next_act_at=now)
    lapsed = list(_read(tx, _has_lapsed(now)))
    for subscription in lapsed:
        problem = problem_row(subscription.problem or _LAPSED)
        _update(tx, subscription.feed_id, state=HubState.PENDING.value, lease_until=None, problem=problem)
    poll_soon(tx, [subscription.feed_id for subscription in lapsed], now=now)
    return lapsed


def _has_lapsed(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(websub.c.state == HubState.ACTIVE.value, websub.c.lease_until <= now)


def _must_stop() -> sa.ColumnElement[bool]:
    return sa.and_(feeds.c.state != FeedState.ACTIVE.value, websub.c.state != HubState.OFF.value)


def _may_resume() -> sa.ColumnElement[bool]:
    return sa.and_(feeds.c.state == FeedState.ACTIVE.value, websub.c.state == HubState.OFF.value)


def _update(tx: Tx, feed_id: int, **values: Any) -> None:
    tx.execute(sa.update(websub).where(websub.c.feed_id == feed_id).values(values))


def claim_due(tx: Tx, *, now: datetime, patience: timedelta, limit: int) -> list[HubSubscription]:
    """Claim subscriptions whose request is due; they can't be claimed again within ``patience``.

    They are pending before the request is sent, since a hub may verify it before it replies. An active subscription
    stays active, since it is renewed long before its lease ends.
    """
    due = (
        sa.select(websub.c.feed_id)
        .where(websub.c.state != HubState.OFF.value, websub.c.next_act_at <= now)
        .order_by(websub.c.next_act_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    state = sa.case((websub.c.state == HubState.ACTIVE.value, websub.c.state), else_=HubState.PENDING.value)
    statement = (
        sa.update(websub)
        .where(websub.c.feed_id.in_(due))
        .values(state=state, attempts=websub.c.attempts + 1, next_act_at=now + patience)
        .returning(websub.c.feed_id)
    )
    return list(_read(tx, websub.c.feed_id.in_(tx.execute(statement).scalars().all())))


def note_asked(tx: Tx, claimed: HubSubscription, *, problem: Problem | None, next_act_at: datetime) -> None:
    """Store the result of a request, unless the hub has verified it meanwhile, which is the later result."""
    is_unchanged = sa.and_(websub.c.token == claimed.token, websub.c.attempts == claimed.attempts)
    tx.execute(sa.update(websub).where(is_unchanged).values(problem=problem_row(problem), next_act_at=next_act_at))


# --- at a hub's request -------------------------------------------------------------------------------------------


def confirm(tx: Tx, subscription: HubSubscription, confirmed: Confirmed) -> None:
    """Store that the hub verified a subscription: it pushes until the lease ends."""
    values = {"state": HubState.ACTIVE.value, "lease_until": confirmed.lease_until, "attempts": 0, "problem": None}
    _update(tx, subscription.feed_id, **values, next_act_at=confirmed.renew_at)


def deny(tx: Tx, subscription: HubSubscription, denied: Denied, *, now: datetime) -> None:
    """Store that the hub denied a subscription: the feed is polled at its own pace."""
    problem = problem_row(Problem.of(ProblemCode.HUB_REFUSED, reason=denied.reason or None))
    values = {"state": HubState.REFUSED.value, "lease_until": None, "attempts": 0, "problem": problem}
    _update(tx, subscription.feed_id, **values, next_act_at=denied.again_at)
    poll_soon(tx, [subscription.feed_id], now=now)


def note_push(tx: Tx, feed_id: int, *, now: datetime) -> None:
    """Store the time of a push that was read and written."""
    _update(tx, feed_id, pushed_at=now, problem=None)


def note_missed(tx: Tx, feed_id: int, *, now: datetime, again_at: datetime) -> bool:
    """Store that a poll, not a push, brought new entries; returns whether the hub therefore counts as silent.

    The first time the poll may have been faster than the hub. The second time without a push in between the hub counts
    as silent: the feed is polled at its own pace, and a new request is sent at ``again_at``.
    """
    subscription = find(tx, feed_id)
    if subscription is None or not subscription.is_active(now):
        return False
    if subscription.problem != _MISSED:
        _update(tx, feed_id, problem=problem_row(_MISSED))
        return False
    values = {"state": HubState.PENDING.value, "lease_until": None, "attempts": 0, "problem": problem_row(_SILENT)}
    _update(tx, feed_id, **values, next_act_at=again_at)
    return True


# --- polling as the safety net ------------------------------------------------------------------------------------


def poll_soon(tx: Tx, feed_ids: Collection[int], *, now: datetime) -> None:
    """Make feeds due at ``now``, except feeds that fail: their next polls are unchanged."""
    for chunk in chunks(feed_ids):
        tx.execute(_earlier(now).where(feeds.c.id.in_(chunk)))


def catch_up(tx: Tx, *, now: datetime, floor: timedelta) -> int:
    """After a start: make pushed feeds due, ``floor`` after their last poll at the earliest; returns how many."""
    pushed, recently = feeds.c.id.in_(active_feeds(now)), now - floor
    is_fresh = feeds.c.last_polled_at > recently
    is_old = sa.or_(feeds.c.last_polled_at.is_(None), feeds.c.last_polled_at <= recently)
    due_later = tx.execute(_earlier(now + floor).where(pushed, is_fresh)).rowcount
    return due_later + tx.execute(_earlier(now).where(pushed, is_old)).rowcount


def _earlier(at: datetime) -> sa.Update:
    """The UPDATE by which feeds that are due later than ``at`` become due at ``at``, except feeds that fail."""
    return sa.update(feeds).where(feeds.c.next_poll_at > at, feeds.c.failing_since.is_(None)).values(next_poll_at=at)


def note_callback(tx: Tx, base: str, *, now: datetime) -> int:
    """Store the callback address (empty: none); returns how many subscriptions its change has reset.

    Pushes to a former address are lost. All subscriptions are requested again, and their feeds are polled at their own
    pace until then; the old subscriptions end with their leases.
    """
    before = tx.execute(sa.select(meta.c.value).where(meta.c.key == _CALLBACK)).scalar()
    if before == base or (before is None and not base):
        return 0
    insert_or_update(tx, meta, {"key": _CALLBACK, "value": base}, key=["key"])
    if before is None:
        return 0
    poll_soon(tx, tx.execute(active_feeds(now)).scalars().all(), now=now)
    tx.execute(sa.delete(meta).where(_is_parting()))
    values = {"state": HubState.WANTED.value, "lease_until": None, "next_act_at": now, "attempts": 0, "problem": None}
    begun = websub.c.state.in_([state.value for state in (*_AT_THE_HUB, HubState.REFUSED)])
    return tx.execute(sa.update(websub).where(begun).values(values)).rowcount


# --- partings -----------------------------------------------------------------------------------------------------


def list_partings(tx: Tx) -> list[Parting]:
    """All partings, in order of their next request."""
    partings = [_parting_from(row) for row in tx.execute(sa.select(meta).where(_is_parting()))]
    return sorted(partings, key=lambda parting: (parting.next_act_at, parting.token))


def find_parting(tx: Tx, token: str) -> Parting | None:
    """The parting whose callback address has this token; None where there is none."""
    row = tx.execute(sa.select(meta).where(meta.c.key == f"{_PARTING}{token}")).first()
    return _parting_from(row) if row else None


def change_parting(tx: Tx, before: Parting, after: Parting) -> bool:
    """Update a parting; False where another process has changed it meanwhile."""
    old, new = _parting_row(before), _parting_row(after)
    is_unchanged = sa.and_(meta.c.key == old["key"], meta.c.value == old["value"])
    return tx.execute(sa.update(meta).where(is_unchanged).values(value=new["value"])).rowcount == 1


def end_partings(tx: Tx, partings: Sequence[Parting]) -> None:
    """Delete partings: the hub has verified the end, or no further request is sent."""
    tx.execute(sa.delete(meta).where(meta.c.key.in_([f"{_PARTING}{parting.token}" for parting in partings])))


def _is_parting() -> sa.ColumnElement[bool]:
    return meta.c.key.startswith(_PARTING, autoescape=True)


def _parting_row(parting: Parting) -> dict[str, str]:
    values = asdict(parting) | {"since": parting.since.isoformat(), "next_act_at": parting.next_act_at.isoformat()}
    return {"key": f"{_PARTING}{parting.token}", "value": json.dumps(values, sort_keys=True)}


def _parting_from(row: Any) -> Parting:
    values = json.loads(row.value)
    times = {name: datetime.fromisoformat(values[name]) for name in ("since", "next_act_at")}
    return Parting(**values | times)
