"""A plan stored and routed as a poll does it: in one transaction, so that its notifications stand or fall with it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from conftest import NOW
from reformwatch.model.notification import NotificationRecord
from reformwatch.model.plan import PollPlan
from reformwatch.model.subscriber import Pause, PauseCode
from reformwatch.pipeline.route import SLICE, Router
from reformwatch.pipeline.steps import Watcher, nobody_watches
from reformwatch.store import Store, Tx, alerts, plans
from reformwatch.store.notifications import notifications_of

#: The usual reason why a subscriber of a test is paused.
BY_OPERATOR = Pause(code=PauseCode.OPERATOR)


@dataclass(frozen=True)
class Routed:
    """What became of a plan: how many alerts were born, and how many deliveries they made at once."""

    is_stale: bool = False
    alerts: int = 0
    deliveries: int = 0


def a_router(
    store: Store,
    new_message_id: Callable[[], str],
    *,
    slice_size: int = SLICE,
    now: datetime = NOW,
    watcher: Watcher = nobody_watches,
) -> Router:
    """A router whose clock stands still."""
    return Router(store, clock=lambda: now, new_message_id=new_message_id, slice_size=slice_size, watcher=watcher)


def apply_and_route(tx: Tx, plan: PollPlan, router: Router, *, now: datetime = NOW) -> Routed:
    """Store a plan, and route its alerts within the same transaction."""
    applied = plans.apply(tx, plan, now=now)
    deliveries = router.route_within(tx, applied.alerts)
    return Routed(is_stale=applied.is_stale, alerts=len(applied.alerts), deliveries=deliveries)


def records(store: Store, alert_ids: Sequence[int] | None = None) -> list[NotificationRecord]:
    """The notifications of alerts, of all where none are named; by alert and subscriber's name."""
    with store.read() as tx:
        wanted = alert_ids if alert_ids is not None else [alert.id for alert in alerts.list_alerts(tx, limit=1_000)]
        return notifications_of(tx, wanted)


def codes(store: Store, alert_ids: Sequence[int] | None = None) -> list[tuple[str, str]]:
    """The same, as pairs of subscriber and code."""
    return [(one.subscriber, one.code.value) for one in records(store, alert_ids)]
