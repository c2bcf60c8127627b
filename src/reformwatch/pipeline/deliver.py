"""Pipeline: delivering: claim, render, send, settle.

The numbered steps of one run, which goes round until nothing is due and nothing under way:

0. Route the alerts that are not routed yet, such as those of a process that died.
1. Claim due deliveries with a lease and a token.
2. Render and send in threads, under an id that is the same at every attempt; a few of each subscriber at a time, so
   that a slow one delays nobody else.
3. Settle what has ended, and claim more, in one write transaction: sent, retry at, or dead. A stale token settles
   nothing.

At least once: a second sending is only possible when a reply was lost, or the process died between 2 and 3, and then
it bears the same id.
"""

import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from reformwatch.errors import ReformwatchError
from reformwatch.model.alert import ClaimedDelivery, Delivered, GiveUp, RetryAt, SendOutcome, Settlement, TryLater
from reformwatch.model.delivery import Closed, DeliverReport
from reformwatch.pipeline.checkpoints import Hook, no_hook
from reformwatch.pipeline.route import Router
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
    """Sends what the outbox holds, with the tools it is given. One run at a time."""

    def __init__(
        self,
        *,
        store: Store,
        router: Router,
        sender: Sender,
        clock: Callable[[], datetime],
        chance: Callable[[], float],
        new_token: Callable[[], str],
        workers: int = 16,
        lease: timedelta = timedelta(minutes=5),
        hook: Hook = no_hook,
        on_delivered: OnDelivered = no_listener,
    ) -> None:
        self.store, self.router, self.sender = store, router, sender
        self.clock, self.chance, self.new_token = clock, chance, new_token
        self.workers, self.lease, self.hook, self.on_delivered = workers, lease, hook, on_delivered
        self.progress_at = time.monotonic()
        self.running = threading.Lock()  # held while a run is under way

    def _note_progress(self) -> None:
        self.progress_at = time.monotonic()

    def deliver_due(self, stop: threading.Event | None = None) -> DeliverReport:
        """Send all that is due, until nothing is."""
        try:
            with self.running:
                self.router.route_all(stop, on_slice=self._note_progress)
                return _Run(self, stop or threading.Event()).run()
        finally:
            self.sender.close()


class _Line:
    """The claimed deliveries that wait in this process; threads take from it, a few of each subscriber at once."""

    def __init__(self) -> None:
        self._waiting: list[ClaimedDelivery] = []
        self._sending: Counter[int] = Counter()
        self._changed = threading.Condition()
        self._is_closed = False

    def put(self, claimed: Sequence[ClaimedDelivery]) -> None:
        """Let more wait."""
        with self._changed:
            self._waiting.extend(claimed)
            self._changed.notify_all()

    def take(self) -> ClaimedDelivery | None:
        """The next that may be sent, as soon as there is one; None when the line is closed."""
        with self._changed:
            while not self._is_closed:
                for i, delivery in enumerate(self._waiting):
                    if self._sending[delivery.subscriber.id] < _SENDING_PER_SUBSCRIBER:
                        self._sending[delivery.subscriber.id] += 1
                        return self._waiting.pop(i)
                self._changed.wait()
            return None

    def done(self, delivery: ClaimedDelivery) -> None:
        """A sending has ended."""
        with self._changed:
            self._sending[delivery.subscriber.id] -= 1
            self._changed.notify()

    def clear(self) -> list[ClaimedDelivery]:
        """Take out what was not begun."""
        with self._changed:
            left, self._waiting = self._waiting, []
            return left

    def close(self) -> None:
        """Let the worker threads go."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def subscribers_with(self, many: int) -> list[int]:
        """Who has that many waiting already."""
        with self._changed:
            counted = Counter(delivery.subscriber.id for delivery in self._waiting)
        return [subscriber for subscriber, n in counted.items() if n >= many]

    def __len__(self) -> int:
        with self._changed:
            return len(self._waiting)


class _Run:
    """One run of a deliverer. Worker threads render and send; this thread alone speaks with the database."""

    def __init__(self, deliverer: Deliverer, stop: threading.Event) -> None:
        self.deliverer, self.stop = deliverer, stop
        self.token = deliverer.new_token()
        self.line = _Line()
        self.events: queue.SimpleQueue[tuple[ClaimedDelivery, SendOutcome]] = queue.SimpleQueue()
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
            self.line.close()
            for thread in threads:
                thread.join()

    def _work(self) -> None:
        """Step 2, in a thread."""
        while (delivery := self.line.take()) is not None:
            outcome = self._outcome(delivery)
            self.line.done(delivery)
            self.events.put((delivery, outcome))

    def _outcome(self, delivery: ClaimedDelivery) -> SendOutcome:
        try:
            return self.deliverer.sender.send(delivery)
        except ReformwatchError as no:
            return TryLater(reason=str(no))
        except Exception as bug:
            log.exception("deliver: a bug: %s", delivery.message_id)
            return TryLater(reason=f"a fault of this program ({type(bug).__name__})")

    def _collect(self) -> list[tuple[ClaimedDelivery, SendOutcome]]:
        ended = []
        try:
            ended.append(self.events.get(timeout=1.0))
            while True:
                ended.append(self.events.get_nowait())
        except queue.Empty:
            pass
        return ended

    def _settle_and_claim(self, ended: Sequence[tuple[ClaimedDelivery, SendOutcome]]) -> None:
        """Steps 3 and 1, in one write."""
        wants_more = self._wants_more(is_idle=self.under_way == len(ended))
        left = self.line.clear() if self.stop.is_set() else []
        if not (ended or wants_more or left):
            return
        claimed: list[ClaimedDelivery] = []
        with self.deliverer.store.write() as tx:
            done = self._settle(tx, ended)
            if wants_more:
                claimed = self._claim(tx)
            outbox.release(tx, left)
        if ended:
            self.deliverer.hook("settlement committed")
        self.under_way += len(claimed) - len(ended) - len(left)
        self.line.put(claimed)
        if claimed:
            self.deliverer.hook("deliveries claimed")
        elif wants_more:
            self.claim_at = time.monotonic() + (_CLAIM_AGAIN_S if not len(self.line) else _CLAIM_AGAIN_S / 20)
        for delivery, settlement, is_ours in done:
            if is_ours:
                self._tell(delivery, settlement)
            else:
                log.warning("deliver: the lease had ended, another process settles it: %s", delivery.message_id)

    def _wants_more(self, *, is_idle: bool) -> bool:
        """An idle run always asks once more before it ends; a busy one not at every turn."""
        is_low = len(self.line) < 2 * self.deliverer.workers
        return not self.stop.is_set() and is_low and (is_idle or time.monotonic() >= self.claim_at)

    def _claim(self, tx: Tx) -> list[ClaimedDelivery]:
        return outbox.claim_due(
            tx,
            token=self.token,
            now=self.deliverer.clock(),
            lease=self.deliverer.lease,
            limit=_CLAIM,
            per_subscriber=_WAITING_PER_SUBSCRIBER,
            excluding=self.line.subscribers_with(_WAITING_PER_SUBSCRIBER // 2),
        )

    def _settle(
        self, tx: Tx, ended: Sequence[tuple[ClaimedDelivery, SendOutcome]]
    ) -> list[tuple[ClaimedDelivery, Settlement, bool]]:
        now = self.deliverer.clock()
        done = []
        for delivery, outcome in ended:
            settlement = settle(outcome, attempts=delivery.attempts, now=now, jitter=self.deliverer.chance())
            done.append((delivery, settlement, outbox.settle(tx, delivery, settlement, now=now)))
        if ended:
            self.deliverer.hook("settled")
        return done

    def _tell(self, delivery: ClaimedDelivery, settlement: Settlement) -> None:
        subscriber = delivery.subscriber
        to = f"{delivery.message_id} to {subscriber.name} ({subscriber.channel.value})"
        extra = {"delivery": delivery.message_id, "subscriber": subscriber.name}
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
