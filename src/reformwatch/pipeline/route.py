"""Pipeline: routing: alerts become notifications, and those that are sent now become deliveries.

1. Take the oldest alert that is not routed, and the next slice of its followers.
2. Decide for each of them (:mod:`reformwatch.planning.routing`).
3. Store the slice; after the last one the alert is routed.

Each slice is one write transaction. When the process dies between two slices, the next run goes on after the last
subscriber who has a notification: no follower is left out or notified twice. # trust: A04
"""

import threading
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Final

from reformwatch.model.alert import AlertForRouting
from reformwatch.pipeline.checkpoints import Hook, no_hook
from reformwatch.planning.routing import route
from reformwatch.store import Store, Tx, notifications

#: Followers of an alert that are routed in one write, at most.
SLICE: Final = 500
#: Entries of the ledger in one write: a summary of very many stories is routed to fewer followers at a time.
_LEDGER_ROWS: Final = 20_000


class Router:
    """Routes alerts."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Callable[[], datetime],
        new_message_id: Callable[[], str],
        slice_size: int = SLICE,
        hook: Hook = no_hook,
    ) -> None:
        self._store, self._clock, self._new_message_id = store, clock, new_message_id
        self._slice_size, self._hook = slice_size, hook

    def route_within(self, tx: Tx, alert_ids: Collection[int]) -> int:
        """Route alerts that this transaction has just stored, a slice of each; how many deliveries that makes.

        What is left is for :meth:`route_all`: alerts with more followers than a slice holds, and those behind an older
        alert that waits, since of two alerts of one story the older one is sent.
        """
        deliveries = 0
        left = set(alert_ids)
        while left and (alert := notifications.oldest_unrouted(tx)) is not None and alert.id in left:
            left.remove(alert.id)
            deliveries += self._route_slice(tx, alert)
        return deliveries

    def route_all(self, stop: threading.Event | None = None, *, on_slice: Callable[[], None] = lambda: None) -> int:
        """Route all alerts to the end, slice after slice; how many deliveries that makes.

        ``on_slice`` is called after each slice, so that a watchdog knows of a long run.
        """
        deliveries = 0
        while self._has_work() and not (stop is not None and stop.is_set()):
            with self._store.write() as tx:
                notifications.hold_routing(tx)
                if (alert := notifications.oldest_unrouted(tx)) is not None:
                    deliveries += self._route_slice(tx, alert)
            self._hook("slice routed")
            on_slice()
        return deliveries

    def _has_work(self) -> bool:
        with self._store.read() as tx:
            return notifications.has_unrouted(tx)

    def _route_slice(self, tx: Tx, alert: AlertForRouting) -> int:
        """Steps 1 to 3 for the next slice of an alert; how many deliveries it makes."""
        size = min(self._slice_size, max(1, _LEDGER_ROWS // max(1, len(alert.stories))))
        subscribers = notifications.followers(tx, alert, limit=size)
        notified = notifications.notified_of(tx, alert.stories, [subscriber.id for subscriber in subscribers])
        now = self._clock()
        deliveries = notifications.add_notifications(
            tx, alert, route(alert, subscribers, notified), now=now, new_message_id=self._new_message_id
        )
        if len(subscribers) < size:
            notifications.end_routing(tx, alert.id, now=now)
        return deliveries
