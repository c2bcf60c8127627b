"""Pipeline: polling: claim, fetch, parse, plan, apply.

The numbered steps of one run, which goes round until nothing is due and nothing under way:

1. Claim due feeds with a lease (a short write), a few of each host.
2. Fetch in threads, one request at a time to a host; no transaction is open.
3. Parse in worker processes. A 304, or the bytes of last time, skips this.
4. Of all that came in meanwhile: take a snapshot, plan, apply, feed after feed, in one write transaction. The group
   saves syncs to disk; a feed's entries, alerts, outbox rows and validators still stand or fall together.
5. Say one line for each feed.

Whatever dies before the commit of step 4 is fetched again after its lease; whatever dies after it is in the outbox.
"""

import logging
import queue
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from reformwatch.core.plan import Reply, plan_failure, plan_reply, plan_unchanged, plan_unreadable
from reformwatch.core.schedule import PollPolicy
from reformwatch.errors import ReformwatchError
from reformwatch.fetch.manners import Turnstile
from reformwatch.model.entry import ParsedFeed, Unreadable
from reformwatch.model.feed import FailureKind, Feed, Fetched, FetchFailed, FetchOutcome, NotModified
from reformwatch.model.plan import PollPlan
from reformwatch.model.subscriber import Subscriber
from reformwatch.model.value import Value
from reformwatch.pipeline.parsing import ParserPool
from reformwatch.pipeline.steps import Watcher, nobody_watches
from reformwatch.pipeline.topicbook import TopicBook
from reformwatch.store import Store, Tx, feeds, plans
from reformwatch.store.subscribers import list_subscribers
from reformwatch.urls import origin_of

log = logging.getLogger(__name__)

_MAX_BATCH: Final = 100
#: A user name and password in an address; they are not for the log.
_USER_PART: Final = re.compile(r"//[^/@]*@")
_CLAIM_AGAIN_S: Final = 0.5
_STARTS_BEFORE_LEASE_END: Final = 0.7

Fetcher = Callable[[Feed, datetime], FetchOutcome]
Claim = Callable[[Tx, Collection[str], int], list[Feed]]


@dataclass(frozen=True, kw_only=True)
class Outcome(Value):
    """What came of one feed: a fetch's outcome, or a reply with what the parser made of it.

    ``is_unparsed``: no parser could run; the feed is given back and polled again.
    """

    feed: Feed
    fetched: FetchOutcome
    parsed: ParsedFeed | Unreadable | None = None
    is_unparsed: bool = False
    took_ms: int = 0


@dataclass(kw_only=True)
class PollReport:
    """What a run did."""

    polled: int = 0
    failed: int = 0
    new_entries: int = 0
    alerts: int = 0
    deliveries: int = 0


OnPolled = Callable[[Feed, PollPlan], None]


def no_listener(feed: Feed, plan: PollPlan) -> None:
    """The default listener."""


class Poller:
    """Polls feeds with the tools it is given. One run at a time."""

    def __init__(
        self,
        *,
        store: Store,
        fetch: Fetcher,
        parser: ParserPool,
        policy: PollPolicy,
        clock: Callable[[], datetime],
        chance: Callable[[], float],
        new_message_id: Callable[[], str],
        new_token: Callable[[], str],
        workers: int = 32,
        per_host_gap_s: float = 2.0,
        lease: timedelta = timedelta(minutes=5),
        watcher: Watcher = nobody_watches,
        on_polled: OnPolled = no_listener,
    ) -> None:
        self.store, self.fetch, self.parser, self.policy = store, fetch, parser, policy
        self.clock, self.chance, self.new_message_id, self.new_token = clock, chance, new_message_id, new_token
        self.workers, self.lease, self.watcher, self.on_polled = workers, lease, watcher, on_polled
        self.per_host_gap_s = per_host_gap_s
        self.book = TopicBook()
        self.progress_at = time.monotonic()
        self.running = threading.Lock()  # held while a run is under way

    def poll_due(self, stop: threading.Event | None = None) -> PollReport:
        """Poll all that is due, until nothing is."""
        token = self.new_token()
        per_host = max(1, min(50, int(self.lease.total_seconds() / 4 / (self.per_host_gap_s + 1))))

        def claim(tx: Tx, excluding: Collection[str], limit: int) -> list[Feed]:
            now = self.clock()
            return feeds.claim_due(
                tx, token=token, now=now, lease=self.lease, limit=limit, per_host=per_host, excluding=excluding
            )

        with self.running:
            return _Run(self, claim, token, stop or threading.Event()).run()

    def poll_feeds(self, feed_ids: Sequence[int], stop: threading.Event | None = None) -> PollReport:
        """Poll these feeds, due or not; one that another process holds is left to it."""
        token = self.new_token()
        left = deque(feed_ids)

        def claim(tx: Tx, _excluding: Collection[str], limit: int) -> list[Feed]:
            some = [left.popleft() for _ in range(min(limit, len(left)))]
            return feeds.claim(tx, some, token=token, now=self.clock(), lease=self.lease) if some else []

        with self.running:
            return _Run(self, claim, token, stop or threading.Event()).run()


class _Run:
    """One run of a poller: what waits, what is under way."""

    def __init__(self, poller: Poller, claim: Claim, token: str, stop: threading.Event) -> None:
        self.poller, self.claim, self.token, self.stop = poller, claim, token, stop
        self.turnstile = Turnstile(poller.per_host_gap_s)
        self.waiting: deque[tuple[Feed, float]] = deque()
        self.events: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self.fetching = self.parsing = 0
        self.claim_at = 0.0
        self.report = PollReport()

    def run(self) -> PollReport:
        with ThreadPoolExecutor(self.poller.workers, thread_name_prefix="fetch") as threads:
            while True:
                self.poller.progress_at = time.monotonic()
                self._refill()
                wait_s = self._start(threads)
                if not self._is_busy():
                    return self.report  # and the claim of a moment ago found nothing more
                self._apply(self._collect(wait_s))

    def _is_busy(self) -> bool:
        return bool(self.fetching or self.parsing or self.waiting)

    def _refill(self) -> None:
        """Step 1."""
        if self.stop.is_set():
            self._release([feed for feed, _ in self.waiting])
            self.waiting.clear()
            return
        room = 4 * self.poller.workers - len(self.waiting) - self.fetching
        if room < 2 * self.poller.workers or (self._is_busy() and time.monotonic() < self.claim_at):
            return
        hosts = self.turnstile.closed_hosts(now=time.monotonic()) | {origin_of(feed.url) for feed, _ in self.waiting}
        with self.poller.store.write() as tx:
            claimed = self.claim(tx, hosts, room)
        if not claimed:
            self.claim_at = time.monotonic() + _CLAIM_AGAIN_S
            return
        self.poller.watcher("feeds claimed")
        start_by = time.monotonic() + self.poller.lease.total_seconds() * _STARTS_BEFORE_LEASE_END
        self.waiting.extend((feed, start_by) for feed in claimed)

    def _start(self, threads: ThreadPoolExecutor) -> float:
        """Step 2: begin what may begin now; seconds until something more may."""
        now, wait_s, kept = time.monotonic(), 1.0, deque[tuple[Feed, float]]()
        expired: list[Feed] = []
        while self.waiting and self.fetching < self.poller.workers:
            feed, start_by = self.waiting.popleft()
            host = origin_of(feed.url)
            host_wait_s = self.turnstile.wait_s(host, now=now)
            if now > start_by:
                expired.append(feed)
            elif host_wait_s == 0:
                self.turnstile.enter(host)
                self.fetching += 1
                threads.submit(self._fetch, feed)
            else:
                wait_s = min(wait_s, host_wait_s or wait_s)
                kept.append((feed, start_by))
        self.waiting = kept + self.waiting
        if not self.waiting and self.fetching:
            self.claim_at = min(self.claim_at, now + _CLAIM_AGAIN_S / 10)
        self._release(expired)
        return wait_s

    def _fetch(self, feed: Feed) -> None:
        started = time.monotonic()
        try:
            fetched = self.poller.fetch(feed, self.poller.clock())
        except Exception as bug:
            log.exception("fetch: a bug: %s", feed.url)
            fetched = FetchFailed(kind=FailureKind.PROTOCOL, reason=f"a fault of this program ({type(bug).__name__})")
        self.events.put(Outcome(feed=feed, fetched=fetched, took_ms=int((time.monotonic() - started) * 1000)))

    def _collect(self, wait_s: float) -> list[Outcome]:
        """Wait for what comes in; step 3 begins here for each new document. What is ready to be planned comes back."""
        ready: list[Outcome] = []
        try:
            event = self.events.get(timeout=max(0.01, wait_s))
            while True:
                ready += self._take(event)
                if len(ready) >= _MAX_BATCH:
                    break
                event = self.events.get_nowait()
        except queue.Empty:
            pass
        return ready

    def _take(self, event: Outcome) -> list[Outcome]:
        if event.is_unparsed:
            self.parsing -= 1
            self._release([event.feed])
            return []
        if event.parsed is not None:
            self.parsing -= 1
            self.poller.watcher("parsed")
            return [event]
        self.fetching -= 1
        self.turnstile.leave(origin_of(event.feed.url), now=time.monotonic())
        self.poller.watcher("fetched")
        if isinstance(event.fetched, Fetched):
            self.parsing += 1
            self.poller.parser.submit(event.fetched, lambda parsed: self._parsed(event, parsed))
            return []
        if self.stop.is_set() and isinstance(event.fetched, FetchFailed):
            self._release([event.feed])
            return []
        return [event]

    def _parsed(self, event: Outcome, parsed: ParsedFeed | Unreadable | None) -> None:
        self.events.put(replace(event, parsed=parsed, is_unparsed=parsed is None))

    def _apply(self, ready: Sequence[Outcome]) -> None:
        """Step 4."""
        if not ready:
            return
        done: list[tuple[Outcome, PollPlan, plans.Applied]] = []
        documents = [one for one in ready if isinstance(one.parsed, ParsedFeed)]
        quiet = [(one, self._plan_quiet(one)) for one in ready if not isinstance(one.parsed, ParsedFeed)]
        with self.poller.store.write() as tx:
            subscribers = list_subscribers(tx) if documents else []
            done.extend((one, *self._apply_document(tx, one, subscribers)) for one in documents)
            written = plans.apply_quiet(tx, [plan for _, plan in quiet])
            self.poller.watcher("applied")
        self.poller.watcher("committed")
        if written < len(quiet):
            log.warning("poll: %d feeds had been taken over by another process, nothing written", len(quiet) - written)
        for one, plan, applied in [*done, *((one, plan, plans.Applied()) for one, plan in quiet)]:
            self._tell(one, plan, applied)

    def _plan_quiet(self, one: Outcome) -> PollPlan:
        """The plan of a poll that brought no document: it changes the feed's row alone."""
        self.poller.watcher("planned")
        now, policy, jitter = self.poller.clock(), self.poller.policy, self.poller.chance()
        match one.fetched, one.parsed:
            case NotModified() as same, _:
                return plan_unchanged(one.feed, same, policy=policy, now=now, jitter=jitter)
            case Fetched() as fetched, Unreadable() as unreadable:
                return plan_unreadable(one.feed, fetched, unreadable, policy=policy, now=now, jitter=jitter)
            case FetchFailed() as failed, _:
                return plan_failure(one.feed, failed, policy=policy, now=now, jitter=jitter)
        raise AssertionError(f"{one.fetched!r} is no outcome without a document")

    def _apply_document(
        self, tx: Tx, one: Outcome, subscribers: Sequence[Subscriber]
    ) -> tuple[PollPlan, plans.Applied]:
        now = self.poller.clock()
        try:
            with tx.begin_nested():
                plan = self._plan_document(tx, one, subscribers, now)
                self.poller.watcher("planned")
                return plan, plans.apply(tx, plan, now=now, new_message_id=self.poller.new_message_id)
        except ReformwatchError:
            raise
        except Exception as bug:  # one feed's fault must not undo the others' polls
            if _is_of_database(bug):
                raise
            log.exception("plan: a bug: %s", one.feed.url)
            failed = FetchFailed(kind=FailureKind.PARSER, reason=f"a fault of this program ({type(bug).__name__})")
            plan = plan_failure(one.feed, failed, policy=self.poller.policy, now=now, jitter=self.poller.chance())
            return plan, plans.apply(tx, plan, now=now, new_message_id=self.poller.new_message_id)

    def _plan_document(self, tx: Tx, one: Outcome, subscribers: Sequence[Subscriber], now: datetime) -> PollPlan:
        assert isinstance(one.fetched, Fetched)  # noqa: S101 - what _take let through
        assert isinstance(one.parsed, ParsedFeed)  # noqa: S101 - what _apply sorted out
        snapshot = plans.snapshot(tx, one.feed, one.parsed.entries, subscribers, now=now)
        reply = Reply(fetched=one.fetched, parsed=one.parsed)
        index, policy = self.poller.book.index(tx), self.poller.policy
        return plan_reply(snapshot, reply, index, policy=policy, now=now, jitter=self.poller.chance())

    def _tell(self, one: Outcome, plan: PollPlan, applied: plans.Applied) -> None:
        """Step 5."""
        if applied.is_stale:
            log.warning("poll: another process took over, nothing written: %s", one.feed.url)
            return
        has_failed = plan.after.failing_since is not None
        self.report.polled += 1
        self.report.failed += has_failed
        self.report.new_entries += len(plan.entries)
        self.report.alerts += applied.alerts
        self.report.deliveries += applied.deliveries
        level = logging.WARNING if has_failed else logging.INFO
        extra = {"feed": _USER_PART.sub("//", one.feed.url), "outcome": plan.summary, "took_ms": one.took_ms}
        log.log(level, "poll: %s (%d ms): %s", plan.summary, one.took_ms, _named(one.feed), extra=extra)
        self.poller.on_polled(one.feed, plan)

    def _release(self, some: Collection[Feed]) -> None:
        if some:
            with self.poller.store.write() as tx:
                feeds.release(tx, [feed.id for feed in some], token=self.token)


def _named(feed: Feed) -> str:
    url = _USER_PART.sub("//", feed.url)
    return f"{feed.name} <{url}>" if feed.name else url


def _is_of_database(bug: Exception) -> bool:
    """Whether an error came from the database, so that nothing more can be written in this transaction."""
    return type(bug).__module__.startswith("sqlalchemy.")
