"""Pipeline: delivering: claim, render, send, settle.

The numbered steps of one run, which goes round until nothing is due and nothing under way:

1. Claim due deliveries with a lease and a token, a few of each subscriber, so that a slow one delays nobody else.
2. Render and send in threads, under an id that is the same at every attempt.
3. Settle what has ended, in one write transaction: sent, retry at, or dead. A stale token settles nothing.

At least once: a second sending is only possible when a reply was lost, or the process died between 2 and 3, and then
it bears the same id.
"""

import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final

from reformwatch.channels.base import Channel, Envelope
from reformwatch.core.render import Reader, Renderer
from reformwatch.core.retry import settle
from reformwatch.errors import ReformwatchError
from reformwatch.model.alert import ClaimedDelivery, Delivered, GiveUp, RetryAt, SendOutcome, Settlement, TryLater
from reformwatch.model.subscriber import ChannelKind, Subscriber
from reformwatch.pipeline.steps import Watcher, nobody_watches
from reformwatch.store import Store, outbox

log = logging.getLogger(__name__)

_PER_SUBSCRIBER: Final = 8
_CLAIM_AGAIN_S: Final = 0.5


@dataclass(kw_only=True)
class DeliverReport:
    """What a run did."""

    sent: int = 0
    to_retry: int = 0
    dead: int = 0


OnDelivered = Callable[[ClaimedDelivery, Settlement], None]


def no_listener(delivery: ClaimedDelivery, settlement: Settlement) -> None:
    """The default listener."""


class Deliverer:
    """Sends what the outbox holds, with the tools it is given. One run at a time."""

    def __init__(
        self,
        *,
        store: Store,
        channels: Mapping[ChannelKind, Channel],
        renderer: Renderer,
        zone: Callable[[str], tzinfo],
        unsubscribe_url: Callable[[Subscriber], str | None],
        clock: Callable[[], datetime],
        chance: Callable[[], float],
        new_token: Callable[[], str],
        workers: int = 16,
        lease: timedelta = timedelta(minutes=5),
        watcher: Watcher = nobody_watches,
        on_delivered: OnDelivered = no_listener,
    ) -> None:
        self.store, self.channels, self.renderer = store, channels, renderer
        self.zone, self.unsubscribe_url = zone, unsubscribe_url
        self.clock, self.chance, self.new_token = clock, chance, new_token
        self.workers, self.lease, self.watcher, self.on_delivered = workers, lease, watcher, on_delivered
        self.progress_at = time.monotonic()

    def deliver_due(self, stop: threading.Event | None = None) -> DeliverReport:
        """Send all that is due, until nothing is."""
        try:
            return _Run(self, stop or threading.Event()).run()
        finally:
            for channel in self.channels.values():
                channel.close()

    def try_once(self, delivery: ClaimedDelivery) -> SendOutcome:
        """Step 2 for one delivery."""
        subscriber = delivery.subscriber
        url = self.unsubscribe_url(subscriber)
        reader = Reader(subscriber=subscriber, zone=self.zone(subscriber.timezone), unsubscribe_url=url)
        message = self.renderer.render(delivery, reader)
        self.watcher("rendered")
        channel = self.channels.get(subscriber.channel)
        if channel is None:
            return TryLater(reason=f"no {subscriber.channel.value} channel is configured")
        envelope = Envelope(
            message_id=delivery.message_id,
            address=subscriber.address,
            created_at=delivery.created_at,
            secret=subscriber.secret,
            unsubscribe_url=url,
        )
        outcome = channel.send(message, envelope, now=self.clock())
        self.watcher("sent")
        return outcome


class _Run:
    """One run of a deliverer: what waits, what is under way."""

    def __init__(self, deliverer: Deliverer, stop: threading.Event) -> None:
        self.deliverer, self.stop = deliverer, stop
        self.token = deliverer.new_token()
        self.events: queue.SimpleQueue[tuple[ClaimedDelivery, SendOutcome]] = queue.SimpleQueue()
        self.under_way: Counter[int] = Counter()
        self.claim_at = 0.0
        self.report = DeliverReport()

    def run(self) -> DeliverReport:
        with ThreadPoolExecutor(self.deliverer.workers, thread_name_prefix="deliver") as threads:
            while True:
                self.deliverer.progress_at = time.monotonic()
                for delivery in self._claimed():
                    self.under_way[delivery.subscriber.id] += 1
                    threads.submit(self._send, delivery)
                if not self.under_way.total():
                    return self.report
                self._settle(self._collect())

    def _claimed(self) -> list[ClaimedDelivery]:
        """Step 1."""
        room = 2 * self.deliverer.workers - self.under_way.total()
        if self.stop.is_set() or room < self.deliverer.workers or time.monotonic() < self.claim_at:
            return []
        full = [subscriber for subscriber, n in self.under_way.items() if n >= _PER_SUBSCRIBER]
        with self.deliverer.store.write() as tx:
            claimed = outbox.claim_due(
                tx,
                token=self.token,
                now=self.deliverer.clock(),
                lease=self.deliverer.lease,
                limit=room,
                per_subscriber=_PER_SUBSCRIBER,
                excluding=full,
            )
        if claimed:
            self.deliverer.watcher("deliveries claimed")
        else:
            self.claim_at = time.monotonic() + _CLAIM_AGAIN_S
        return claimed

    def _send(self, delivery: ClaimedDelivery) -> None:
        """Step 2, in a thread."""
        outcome: SendOutcome
        try:
            outcome = self.deliverer.try_once(delivery)
        except ReformwatchError as no:
            outcome = TryLater(reason=str(no))
        except Exception as bug:
            log.exception("deliver: a bug: %s", delivery.message_id)
            outcome = TryLater(reason=f"a fault of this program ({type(bug).__name__})")
        self.events.put((delivery, outcome))

    def _collect(self) -> list[tuple[ClaimedDelivery, SendOutcome]]:
        ended = []
        try:
            ended.append(self.events.get(timeout=1.0))
            while True:
                ended.append(self.events.get_nowait())
        except queue.Empty:
            pass
        return ended

    def _settle(self, ended: Sequence[tuple[ClaimedDelivery, SendOutcome]]) -> None:
        """Step 3."""
        if not ended:
            return
        now = self.deliverer.clock()
        done = []
        with self.deliverer.store.write() as tx:
            for delivery, outcome in ended:
                settlement = settle(outcome, attempts=delivery.attempts, now=now, jitter=self.deliverer.chance())
                done.append((delivery, settlement, outbox.settle(tx, delivery, settlement, now=now)))
            self.deliverer.watcher("settled")
        self.deliverer.watcher("settlement committed")
        self.claim_at = 0.0
        for delivery, settlement, is_ours in done:
            self.under_way[delivery.subscriber.id] -= 1
            if is_ours:
                self._tell(delivery, settlement)
            else:
                log.warning("deliver: the lease had ended, another process settles it: %s", delivery.message_id)

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
            case GiveUp(reason=reason, pauses_subscriber=pauses):
                self.report.dead += 1
                also = (
                    f"; subscriber paused, `reformwatch subscriber resume {subscriber.name!r}` when it is mended"
                    if pauses
                    else ""
                )
                log.error("deliver: given up: %s%s: %s", reason, also, to, extra=extra)
        self.deliverer.on_delivered(delivery, settlement)
