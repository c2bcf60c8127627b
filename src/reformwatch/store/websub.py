"""Store: WebSub: each feed's subscription at its hub, and the partings from hubs that are not wanted any more.

A feed that is removed takes its subscription along, and its hub will still ask whether that is meant. What is left of
a subscription is therefore kept beside it, as a line of ``meta``, until the hub has let go.
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
#: States in which the hub may hold a subscription of ours.
_AT_THE_HUB: Final = frozenset({HubState.PENDING, HubState.ACTIVE})
_MISSED: Final = Problem.of(ProblemCode.HUB_MISSED_PUSH)
_SILENT: Final = Problem.of(ProblemCode.HUB_SILENT)
_LAPSED: Final = Problem.of(ProblemCode.HUB_LEASE_ENDED)


# --- what others ask ----------------------------------------------------------------------------------------------


def find(tx: Tx, feed_id: int) -> HubSubscription | None:
    """A feed's subscription; None where the feed names no hub."""
    return next(_read(tx, websub.c.feed_id == feed_id), None)


def find_by_token(tx: Tx, token: str) -> HubSubscription | None:
    """The subscription of a callback address."""
    return next(_read(tx, websub.c.token == token), None)


def is_active(tx: Tx, feed_id: int, now: datetime) -> bool:
    """Whether a hub has promised to push a feed's news, so that polling is a safety net only."""
    return bool(active_among(tx, [feed_id], now))


def active_among(tx: Tx, feed_ids: Iterable[int], now: datetime) -> frozenset[int]:
    """Those of some feeds of which :func:`is_active` is true."""
    found: set[int] = set()
    for chunk in chunks(feed_ids):
        found |= set(tx.execute(active_feeds(now).where(websub.c.feed_id.in_(chunk))).scalars())
    return frozenset(found)


def active_feeds(now: datetime) -> sa.Select[Any]:
    """The numbers of the feeds of which :func:`is_active` is true, for a statement of this room."""
    return sa.select(websub.c.feed_id).where(websub.c.state == HubState.ACTIVE.value, websub.c.lease_until > now)


def with_hubs(tx: Tx) -> frozenset[int]:
    """The feeds that named a hub in their last document."""
    return frozenset(tx.execute(sa.select(websub.c.feed_id)).scalars())


def count_by_state(tx: Tx) -> dict[HubState, int]:
    """How many subscriptions are in each state that occurs."""
    rows = tx.execute(sa.select(websub.c.state, sa.func.count()).group_by(websub.c.state))
    return {HubState(state): count for state, count in rows}


def _read(tx: Tx, condition: sa.ColumnElement[bool]) -> Iterator[HubSubscription]:
    statement = sa.select(websub, feeds.c.name, feeds.c.url).join(feeds).where(condition).order_by(websub.c.feed_id)
    for row in tx.execute(statement):
        given = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name
        name, url = given.pop("name"), given.pop("url")
        given |= {"state": HubState(given["state"]), "problem": problem_from(given["problem"])}
        yield HubSubscription(**given, feed_name=name or origin_of(url))


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
    """Remember the hub that a feed's document names; None: it names none any more. Whether anything changed.

    Costs one look-up where nothing changed. Another hub, or another topic, is another subscription: it begins anew
    under a token of its own, and the old hub is asked to let go.
    """
    held = tx.execute(sa.select(websub.c.hub, websub.c.topic).where(websub.c.feed_id == feed_id)).first()
    if (held.hub, held.topic) == (hub, topic) if held else not (hub and topic):
        return False
    if held:
        leave(tx, feed_id, now=now)
    if hub and topic:
        row = {"feed_id": feed_id, "hub": hub, "topic": topic, "token": new_token(), "secret": new_secret()}
        # on PostgreSQL another process may have noted the same at this moment
        insert_or_ignore(tx, websub, {**row, "state": HubState.WANTED.value, "next_act_at": now})
    return True


def leave(tx: Tx, feed_id: int, *, now: datetime) -> bool:
    """Forget a feed's subscription and have its hub asked to let go, before the feed is removed. Whether it had one."""
    gone = find(tx, feed_id)
    if gone is None:
        return False
    if gone.is_active(now):
        poll_soon(tx, [feed_id], now=now)
    tx.execute(sa.delete(websub).where(websub.c.feed_id == feed_id))
    _part(tx, gone, now)
    return True


def _part(tx: Tx, gone: HubSubscription, now: datetime) -> None:
    if gone.state in _AT_THE_HUB:
        parting = Parting(hub=gone.hub, topic=gone.topic, token=gone.token, since=now, next_act_at=now)
        insert_or_update(tx, meta, _parting_row(parting), key=["key"])


# --- what the daemon does at its tick -----------------------------------------------------------------------------


def has_work(tx: Tx, now: datetime) -> bool:
    """Whether there is anything to do, so that a tick without work writes nothing."""
    is_due = sa.and_(websub.c.state != HubState.OFF.value, websub.c.next_act_at <= now)
    conditions = sa.or_(is_due, _has_lapsed(now), _must_stop(), _may_go_on())
    found = tx.execute(sa.select(websub.c.feed_id).join(feeds).where(conditions).limit(1)).first()
    return found is not None or any(parting.next_act_at <= now for parting in list_partings(tx))


def follow_feeds(
    tx: Tx, *, now: datetime, new_token: Callable[[], str], new_secret: Callable[[], str]
) -> list[HubSubscription]:
    """Bring subscriptions in line with their feeds and the clock; those whose lease ended come back, as they were.

    A feed that is not polled wants no pushes; one that is polled again wants them again, under a new token. Where a
    lease has ended the feed is polled as ever.
    """
    for one in list(_read(tx, _must_stop())):
        _part(tx, one, now)
        values = {"state": HubState.OFF.value, "token": new_token(), "secret": new_secret(), "problem": None}
        _update(tx, one.feed_id, **values, lease_until=None, next_act_at=None, attempts=0)
    for one in list(_read(tx, _may_go_on())):
        _update(tx, one.feed_id, state=HubState.WANTED.value, next_act_at=now)
    lapsed = list(_read(tx, _has_lapsed(now)))
    for one in lapsed:
        problem = problem_row(one.problem or _LAPSED)
        _update(tx, one.feed_id, state=HubState.PENDING.value, lease_until=None, problem=problem)
    poll_soon(tx, [one.feed_id for one in lapsed], now=now)
    return lapsed


def _has_lapsed(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(websub.c.state == HubState.ACTIVE.value, websub.c.lease_until <= now)


def _must_stop() -> sa.ColumnElement[bool]:
    return sa.and_(feeds.c.state != FeedState.ACTIVE.value, websub.c.state != HubState.OFF.value)


def _may_go_on() -> sa.ColumnElement[bool]:
    return sa.and_(feeds.c.state == FeedState.ACTIVE.value, websub.c.state == HubState.OFF.value)


def _update(tx: Tx, feed_id: int, **values: Any) -> None:
    tx.execute(sa.update(websub).where(websub.c.feed_id == feed_id).values(values))


def claim_due(tx: Tx, *, now: datetime, patience: timedelta, limit: int) -> list[HubSubscription]:
    """Take subscriptions whose hub is to be asked now; nobody else takes them within ``patience``.

    They are pending from here on, before the request goes out: a hub may ask back before it answers. One that is
    active stays so, since it is asked for again long before its lease ends.
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
    """Write what became of a request, unless the hub has asked back meanwhile, which says more."""
    mine = sa.and_(websub.c.token == claimed.token, websub.c.attempts == claimed.attempts)
    tx.execute(sa.update(websub).where(mine).values(problem=problem_row(problem), next_act_at=next_act_at))


# --- what hubs do -------------------------------------------------------------------------------------------------


def confirm(tx: Tx, subscription: HubSubscription, confirmed: Confirmed) -> None:
    """The hub has asked back and was answered: it pushes until the lease ends."""
    values = {"state": HubState.ACTIVE.value, "lease_until": confirmed.lease_until, "attempts": 0, "problem": None}
    _update(tx, subscription.feed_id, **values, next_act_at=confirmed.renew_at)


def deny(tx: Tx, subscription: HubSubscription, denied: Denied, *, now: datetime) -> None:
    """The hub has refused: the feed is polled as ever."""
    problem = problem_row(Problem.of(ProblemCode.HUB_REFUSED, reason=denied.reason or None))
    values = {"state": HubState.REFUSED.value, "lease_until": None, "attempts": 0, "problem": problem}
    _update(tx, subscription.feed_id, **values, next_act_at=denied.again_at)
    poll_soon(tx, [subscription.feed_id], now=now)


def note_push(tx: Tx, feed_id: int, *, now: datetime) -> None:
    """A push was read and applied."""
    _update(tx, feed_id, pushed_at=now, problem=None)


def note_missed(tx: Tx, feed_id: int, *, now: datetime, again_at: datetime) -> bool:
    """A poll (not a push) has found news of a feed; whether its hub is taken for dead because of it.

    Once may be a poll that was quicker than the hub. Twice without a push between them is a hub that keeps no promise:
    its feed is polled as ever, and the hub is asked anew at ``again_at``.
    """
    held = find(tx, feed_id)
    if held is None or not held.is_active(now):
        return False
    if held.problem != _MISSED:
        _update(tx, feed_id, problem=problem_row(_MISSED))
        return False
    values = {"state": HubState.PENDING.value, "lease_until": None, "attempts": 0, "problem": problem_row(_SILENT)}
    _update(tx, feed_id, **values, next_act_at=again_at)
    return True


# --- polling as the safety net ------------------------------------------------------------------------------------


def poll_soon(tx: Tx, feed_ids: Collection[int], *, now: datetime) -> None:
    """Make feeds due now, but for those that fail: these keep their distance."""
    for chunk in chunks(feed_ids):
        tx.execute(_earlier(now).where(feeds.c.id.in_(chunk)))


def catch_up(tx: Tx, *, now: datetime, floor: timedelta) -> int:
    """At a start: what hubs pushed while nobody listened is fetched, ``floor`` after the last poll at the earliest."""
    pushed, lately = feeds.c.id.in_(active_feeds(now)), now - floor
    is_fresh = feeds.c.last_polled_at > lately
    is_old = sa.or_(feeds.c.last_polled_at.is_(None), feeds.c.last_polled_at <= lately)
    due_later = tx.execute(_earlier(now + floor).where(pushed, is_fresh)).rowcount
    return due_later + tx.execute(_earlier(now).where(pushed, is_old)).rowcount


def _earlier(at: datetime) -> sa.Update:
    """Feeds that are due later than this become due at this time."""
    return sa.update(feeds).where(feeds.c.next_poll_at > at, feeds.c.failing_since.is_(None)).values(next_poll_at=at)


def note_callback(tx: Tx, base: str, *, now: datetime) -> int:
    """Remember where hubs reach us; empty: nowhere. How many subscriptions an address that changed has ended.

    A hub that pushes to an address of the past reaches nobody. All subscriptions begin anew, and their feeds are
    polled as ever until then; the hubs let go of the old ones when their leases end.
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
    """All hubs that have not let go yet, the next to be asked first."""
    found = [_parting_from(row) for row in tx.execute(sa.select(meta).where(_is_parting()))]
    return sorted(found, key=lambda parting: (parting.next_act_at, parting.token))


def find_parting(tx: Tx, token: str) -> Parting | None:
    """The parting of a callback address."""
    row = tx.execute(sa.select(meta).where(meta.c.key == f"{_PARTING}{token}")).first()
    return _parting_from(row) if row else None


def change_parting(tx: Tx, before: Parting, after: Parting) -> bool:
    """Write a parting; False where another process has changed it meanwhile."""
    old, new = _parting_row(before), _parting_row(after)
    mine = sa.and_(meta.c.key == old["key"], meta.c.value == old["value"])
    return tx.execute(sa.update(meta).where(mine).values(value=new["value"])).rowcount == 1


def end_partings(tx: Tx, partings: Sequence[Parting]) -> None:
    """Forget partings: the hub has let go, or was asked often enough."""
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
