"""Pipeline: delivering: claim, render, send, settle.

The steps of one run, repeated until no delivery is due and none is under way:

0. Route the alerts that are not routed yet, such as those of a process that died.
1. Claim due deliveries with a lease and a token.
2. Render and send in threads, under an id that is the same at every attempt; a few of each subscriber at a time, so
   that a slow receiver does not delay the others.
3. Settle the attempts that have ended (sent, retry at, or dead) and claim more deliveries, in one write transaction.
   A stale token settles nothing.

At least once: a delivery is sent twice only where a reply was lost, or the process died between 2 and 3, and then under
the same id.
"""

import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from reformwatch.errors import ReformwatchError
from reformwatch.model.alert import ClaimedDelivery, Delivered, GiveUp, RetryAt, SendOutcome, Settlement, TryLater
from reformwatch.model.delivery import Closed, DeliverReport
from reformwatch.pipeline.route import Router
from reformwatch.pipeline.runtime import Runtime
from reformwatch.pipeline.send import Sender
from reformwatch.planning.retry import settle
from reformwatch.store import Store, Tx, outbox

log = logging.getLogger(__name__)

_CLAIM: Final = 256
_WAITING_PER_SUBSCRIBER: Final = 64
_SENDING_PER_SUBSCRIBER: Final = 8
_CLAIM_AGAIN_S: Final = 0.5


OnDelivered = Callable[[ClaimedDelivery, Settlement], None]


def no_listener(delivery: ClaimedDelivery, settlement: Settlement) -> None:
    """The default listener."""


class Deliverer:
    """Sends the due deliveries of the outbox. One run at a time."""

    def __init__(
        self,
        store: Store,
        router: Router,
        sender: Sender,
        *,
        runtime: Runtime,
        workers: int = 16,
        lease: timedelta = timedelta(minutes=5),
        on_delivered: OnDelivered = no_listener,
    ) -> None:
        self.store, self.router, self.sender, self.runtime = store, router, sender, runtime
        self.workers, self.lease, self.on_delivered = workers, lease, on_delivered
        self.progress_at = time.monotonic()
        self.running = threading.Lock()  # held while a run is under way

    def _note_progress(self) -> None:
        self.progress_at = time.monotonic()

    def deliver_due(self, stop: threading.Event | None = None) -> DeliverReport:
        """Route all alerts, then send all deliveries that are due, until none is."""
        try:
            with self.running:
                self.router.route_all(stop, on_slice=self._note_progress)
                return _Run(self, stop or threading.Event()).run()
        finally:
            self.sender.close()


class _Queue:
    """The claimed deliveries that wait in this process; threads take from it, a few of each subscriber at once."""

    def __init__(self) -> None:
        self._waiting: list[ClaimedDelivery] = []
        self._sending: Counter[int] = Counter()
        self._changed = threading.Condition()
        self._is_closed = False

    def put(self, claimed: Sequence[ClaimedDelivery]) -> None:
        """Add claimed deliveries."""
        with self._changed:
            self._waiting.extend(claimed)
            self._changed.notify_all()

    def take(self) -> ClaimedDelivery | None:
        """The next delivery that may be sent; waits until there is one. None once the queue is closed."""
        with self._changed:
            while not self._is_closed:
                for i, delivery in enumerate(self._waiting):
                    if self._sending[delivery.subscriber.id] < _SENDING_PER_SUBSCRIBER:
                        self._sending[delivery.subscriber.id] += 1
                        return self._waiting.pop(i)
                self._changed.wait()
            return None

    def done(self, delivery: ClaimedDelivery) -> None:
        """The attempt of a delivery has ended."""
        with self._changed:
            self._sending[delivery.subscriber.id] -= 1
            self._changed.notify()

    def clear(self) -> list[ClaimedDelivery]:
        """Remove and return the deliveries whose attempt has not begun."""
        with self._changed:
            left, self._waiting = self._waiting, []
            return left

    def close(self) -> None:
        """Let the worker threads end."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def subscribers_with(self, count: int) -> list[int]:
        """The ids of subscribers of whom at least ``count`` deliveries wait."""
        with self._changed:
            waiting = Counter(delivery.subscriber.id for delivery in self._waiting)
        return [subscriber for subscriber, deliveries in waiting.items() if deliveries >= count]

    def __len__(self) -> int:
        with self._changed:
            return len(self._waiting)


class _Run:
    """One run of a deliverer. Worker threads render and send; only this thread uses the database."""

    def __init__(self, deliverer: Deliverer, stop: threading.Event) -> None:
        self.deliverer, self.stop = deliverer, stop
        self.token = deliverer.runtime.new_token()
        self.queue = _Queue()
        self.results: queue.SimpleQueue[tuple[ClaimedDelivery, SendOutcome]] = queue.SimpleQueue()
        self.under_way = 0
        self.claim_at = 0.0
        self.report = DeliverReport()

    def run(self) -> DeliverReport:
        threads: list[threading.Thread] = []
        try:
            while True:
                self.deliverer.progress_at = time.monotonic()
                self._settle_and_claim(self._collect() if self.under_way else [])
                if not self.under_way:
                    return self.report
                while len(threads) < min(self.deliverer.workers, self.under_way):
                    threads.append(threading.Thread(target=self._work, name=f"deliver-{len(threads)}"))
                    threads[-1].start()
        finally:
            self.queue.close()
            for thread in threads:
                thread.join()

    def _work(self) -> None:
        """Step 2, in a thread."""
        while (delivery := self.queue.take()) is not None:
            outcome = self._outcome(delivery)
            self.queue.done(delivery)
            self.results.put((delivery, outcome))

    def _outcome(self, delivery: ClaimedDelivery) -> SendOutcome:
        try:
            return self.deliverer.sender.send(delivery)
        except ReformwatchError as error:
            return TryLater(reason=str(error))
        except Exception as fault:
            log.exception("deliver: a bug: %s", delivery.message_id)
            return TryLater(reason=f"a fault of this program ({type(fault).__name__})")

    def _collect(self) -> list[tuple[ClaimedDelivery, SendOutcome]]:
        ended = []
        try:
            ended.append(self.results.get(timeout=1.0))
            while True:
                ended.append(self.results.get_nowait())
        except queue.Empty:
            pass
        return ended

    def _settle_and_claim(self, ended: Sequence[tuple[ClaimedDelivery, SendOutcome]]) -> None:
        """Steps 3 and 1, in one write transaction."""
        wants_more = self._wants_more(is_idle=self.under_way == len(ended))
        left = self.queue.clear() if self.stop.is_set() else []
        if not (ended or wants_more or left):
            return
        claimed: list[ClaimedDelivery] = []
        with self.deliverer.store.write() as tx:
            done = self._settle(tx, ended)
            if wants_more:
                claimed = self._claim(tx)
            outbox.release(tx, left)
        if ended:
            self.deliverer.runtime.hook("settlement committed")
        self.under_way += len(claimed) - len(ended) - len(left)
        self.queue.put(claimed)
        if claimed:
            self.deliverer.runtime.hook("deliveries claimed")
        elif wants_more:
            self.claim_at = time.monotonic() + (_CLAIM_AGAIN_S if not len(self.queue) else _CLAIM_AGAIN_S / 20)
        for delivery, settlement, is_ours in done:
            if is_ours:
                self._note(delivery, settlement)
            else:
                log.warning("deliver: the lease had ended, another process settles it: %s", delivery.message_id)

    def _wants_more(self, *, is_idle: bool) -> bool:
        """Whether to claim: an idle run always does before it ends, a busy one only now and then."""
        is_low = len(self.queue) < 2 * self.deliverer.workers
        return not self.stop.is_set() and is_low and (is_idle or time.monotonic() >= self.claim_at)

    def _claim(self, tx: Tx) -> list[ClaimedDelivery]:
        return outbox.claim_due(
            tx,
            token=self.token,
            now=self.deliverer.runtime.clock(),
            lease=self.deliverer.lease,
            limit=_CLAIM,
            per_subscriber=_WAITING_PER_SUBSCRIBER,
            excluding=self.queue.subscribers_with(_WAITING_PER_SUBSCRIBER // 2),
        )

    def _settle(
        self, tx: Tx, ended: Sequence[tuple[ClaimedDelivery, SendOutcome]]
    ) -> list[tuple[ClaimedDelivery, Settlement, bool]]:
        now = self.deliverer.runtime.clock()
        done = []
        for delivery, outcome in ended:
            settlement = settle(outcome, attempts=delivery.attempts, now=now, jitter=self.deliverer.runtime.random())
            done.append((delivery, settlement, outbox.settle(tx, delivery, settlement, now=now)))
        if ended:
            self.deliverer.runtime.hook("settled")
        return done

    def _note(self, delivery: ClaimedDelivery, settlement: Settlement) -> None:
        """Count a settled delivery, log it, and call the listener."""
        subscriber = delivery.subscriber
        to = f"{delivery.message_id} to {subscriber.name} ({subscriber.channel.value})"
        alerts = [alert.id for alert in delivery.alerts]
        extra = {"delivery": delivery.message_id, "subscriber": subscriber.name, "alerts": alerts}
        match settlement:
            case Delivered():
                self.report.sent += 1
                log.info("deliver: sent at attempt %d: %s", delivery.attempts, to, extra=extra)
            case RetryAt(at=at, reason=reason):
                self.report.to_retry += 1
                log.warning("deliver: %s; again at %s: %s", reason, at.strftime("%Y-%m-%dT%H:%M:%SZ"), to, extra=extra)
            case GiveUp(closed=closed, reason=reason):
                self.report.dead += 1
                also = f" (given up after {delivery.attempts} attempts)" if closed is Closed.GIVEN_UP else ""
                if settlement.pauses_subscriber:
                    also = f"; subscriber paused, `reformwatch subscriber resume {subscriber.name!r}` when it is mended"
                log.error("deliver: given up: %s%s: %s", reason, also, to, extra=extra)
        self.deliverer.on_delivered(delivery, settlement)
