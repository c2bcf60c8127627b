"""Pipeline: polling: many readings of feeds at once, planned and written one after another.

1. Claim what is due, with a lease on the feeds and on their hosts; at most so many of one host, so that nobody waits
   behind one host's queue.
2. Drive the readings (:mod:`reformwatch.pipeline.reading`): requests in threads, one at a time to a host and a gap
   between two; documents in worker processes. A host that a reading leads to is leased before it is asked.
3. For those that came in meanwhile: take a snapshot, plan, apply, route, feed after feed, in one write transaction. The
   group saves syncs to disk; a feed's entries, alerts and validators still stand or fall together. Hosts that are not
   wanted any more are given back with it. Alerts with very many followers are routed after it, slice by slice
   (:mod:`reformwatch.pipeline.route`).
4. Say one line for each feed.

Whatever dies before the commit of step 3 is fetched again after its lease; whatever dies after it is routed and
delivered later.
"""

import contextlib
import logging
import queue
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from reformwatch.errors import ReformwatchError
from reformwatch.matching.index import TopicIndex
from reformwatch.messages.catalogues import ENGLISH
from reformwatch.messages.log_lines import poll_line
from reformwatch.messages.sentences import notice_sentence
from reformwatch.model.entry import ParsedFeed, Unreadable
from reformwatch.model.feed import Elsewhere, FailureKind, Feed, Fetched, FetchFailed, Notice, NoticeKind, NotModified
from reformwatch.model.plan import PollPlan, PollReport
from reformwatch.model.problem import Problem, ProblemCode
from reformwatch.net.host_limiter import HostLimiter
from reformwatch.net.outage import NetworkWatch
from reformwatch.pipeline.held_hosts import HeldHosts, held_for_a_request
from reformwatch.pipeline.parsing import ParserPool
from reformwatch.pipeline.reading import Ask, FeedFetcher, Look, Outcome, PageFetcher, Reader, Reading, Work
from reformwatch.pipeline.route import Router
from reformwatch.pipeline.steps import Watcher, nobody_watches
from reformwatch.pipeline.topic_index_cache import TopicIndexCache
from reformwatch.planning.fingerprints import unmarked
from reformwatch.planning.poll_plan import Reply, plan_failure, plan_outage, plan_reply, plan_unchanged, plan_unreadable
from reformwatch.planning.schedule import PollPolicy, out_of_skips
from reformwatch.planning.stories import stories_of
from reformwatch.planning.websub import SILENCE
from reformwatch.store import Store, Tx, feeds, hosts, plans, websub
from reformwatch.store.notices import add_notices
from reformwatch.urls import host_of, origin_of

log = logging.getLogger(__name__)

_MAX_BATCH: Final = 100
#: A user name and password in an address; they are not for the log.
_USER_PART: Final = re.compile(r"//[^/@]*@")
_CLAIM_AGAIN_S: Final = 0.5
_CLAIM_SOON_S: Final = 0.05
_TOGETHER_S: Final = 0.05
_STARTS_BEFORE_LEASE_END: Final = 0.7

_PUSH_TRIES_AGAIN_S: Final = 0.1
#: So long a person who adds a feed waits for a host that others ask.
_PATIENCE_S: Final = 5.0

Fetcher = FeedFetcher


class Claimed(Struct, frozen=True, kw_only=True):
    """Feeds that were leased, and the hosts that were leased with them."""

    feeds: Sequence[Feed] = ()
    hosts: Collection[str] = ()


#: Takes the hosts to be left out, and how many feeds are wanted at most.
Claim = Callable[[Tx, Collection[str], int], Claimed]
#: From when on something can be claimed that a claim has left out, since its host rests; None where nothing is left.
NextClaimAt = Callable[[Tx], datetime | None]


def no_pages(url: str, _after: Elsewhere | None) -> Fetched | FetchFailed:
    """The default fetcher of pages: there are none."""
    return FetchFailed(kind=FailureKind.CONNECT, problem=Problem.of(ProblemCode.NOT_FETCHED, url=url))


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
        fetch_page: PageFetcher = no_pages,
        parser: ParserPool,
        policy: PollPolicy,
        clock: Callable[[], datetime],
        chance: Callable[[], float],
        router: Router,
        new_token: Callable[[], str],
        new_secret: Callable[[], str],
        workers: int = 32,
        per_host_gap_s: float = 2.0,
        lease: timedelta = timedelta(minutes=5),
        watcher: Watcher = nobody_watches,
        on_polled: OnPolled = no_listener,
    ) -> None:
        self.store, self.parser, self.policy = store, parser, policy
        self.clock, self.chance, self.router, self.new_token = clock, chance, router, new_token
        self.new_secret = new_secret
        self.workers, self.lease, self.watcher, self.on_polled = workers, lease, watcher, on_polled
        self.per_host_gap_s = per_host_gap_s
        self.host_limiter = HostLimiter(per_host_gap_s)
        self.reader = Reader(fetch=fetch, fetch_page=fetch_page, clock=clock)
        self.network = NetworkWatch()
        self.topic_index_cache = TopicIndexCache()
        self.applying = threading.Lock()  # polls and pushes are planned one after another
        self.progress_at = time.monotonic()
        self.running = threading.Lock()  # held while a run is under way

    def poll_due(self, stop: threading.Event | None = None, *, is_once: bool = False) -> PollReport:
        """Poll all that is due, until nothing is. ``is_once``: what becomes due meanwhile is left alone."""
        token = self.new_token()
        due_by = self.clock() if is_once else None
        per_host = max(1, min(50, int(self.lease.total_seconds() / 4 / (self.per_host_gap_s + 1))))

        def claim(tx: Tx, excluding: Collection[str], limit: int) -> Claimed:
            now, leased = self.clock(), set[str]()
            while claimed := feeds.claim_due(
                tx,
                token=token,
                now=now,
                lease=self.lease,
                limit=limit,
                per_host=per_host,
                excluding=excluding,
                due_by=due_by,
            ):
                leased |= {origin_of(feed.url) for feed in claimed}
                wanted = [feed for feed in claimed if out_of_skips(now, feed.poll.hints) == now]
                for feed in claimed:
                    if feed not in wanted:  # it is late, and its owner wants no requests at this hour
                        feeds.postpone(tx, feed, until=out_of_skips(now, feed.poll.hints), token=token)
                if wanted:
                    return Claimed(feeds=wanted, hosts=leased)
            return Claimed(hosts=leased)

        def next_at(tx: Tx) -> datetime | None:
            return feeds.next_claim_at(tx, token=token, now=self.clock(), due_by=due_by)

        with self.running:
            return _Run(self, claim, token, stop or threading.Event(), next_at=next_at).run()

    def poll_feeds(self, feed_ids: Sequence[int], stop: threading.Event | None = None) -> PollReport:
        """Poll these feeds, due or not; one that another process holds is left to it."""
        token = self.new_token()
        with self.store.read() as tx:
            left = deque(feeds.in_turns(tx, feed_ids))

        def claim(tx: Tx, _excluding: Collection[str], limit: int) -> Claimed:
            some = [left.popleft() for _ in range(min(limit, len(left)))]
            if not some:
                return Claimed()
            now = self.clock()
            claimed = feeds.claim(tx, some, token=token, now=now, lease=self.lease)
            origins = {origin_of(feed.url) for feed in claimed}
            leased = hosts.claim(tx, origins, token=token, now=now, lease=self.lease)
            return Claimed(feeds=claimed, hosts=leased)

        with self.running:
            return _Run(self, claim, token, stop or threading.Event()).run()

    def push(self, feed_id: int, fetched: Fetched, *, patience_s: float = 10.0) -> PollReport | None:
        """Take a document that a hub sent: news of its feed, at once; the feed's polls go on as they were planned.

        None where the feed is not polled (paused, gone), or is held by a poll for longer than ``patience_s``. What
        can't be read counts as ``failed`` and changes nothing: the fault is the hub's, not the feed's.
        """
        give_up_at = time.monotonic() + patience_s
        while True:
            report = self._push_once(feed_id, fetched)
            if report.polled or report.failed:
                return report
            if time.monotonic() > give_up_at:
                return None
            time.sleep(_PUSH_TRIES_AGAIN_S)

    def _push_once(self, feed_id: int, fetched: Fetched) -> PollReport:
        token = self.new_token()
        left = [feed_id]

        def claim(tx: Tx, _excluding: Collection[str], _limit: int) -> Claimed:
            wanted, left[:] = list(left), []
            if not wanted:
                return Claimed()
            return Claimed(feeds=feeds.claim(tx, wanted, token=token, now=self.clock(), lease=self.lease))

        def read(feed: Feed) -> Reading:
            return self.reader.take(feed, fetched, is_pushed=True)

        return _Run(self, claim, token, threading.Event(), read, is_loop=False).run()

    @contextlib.contextmanager
    def holding_host_of(self, url: str, *, patience_s: float = _PATIENCE_S) -> Iterator[None]:
        """Hold the host of an address for a request outside of a run, or go on without it after ``patience_s``."""
        with held_for_a_request(
            self.store,
            origin_of(url),
            token=self.new_token(),
            clock=self.clock,
            lease=self.lease,
            gap=timedelta(seconds=self.per_host_gap_s),
            patience_s=patience_s,
        ):
            yield


@dataclass(kw_only=True, eq=False)
class _Task:
    """A reading under way."""

    feed: Feed
    reading: Reading
    start_by: float
    started: float = field(default_factory=time.monotonic)
    asked: int = 0
    host: str | None = None


#: What one poll came to: its outcome, its plan, what was written, and how many deliveries its alerts made.
_Done = tuple[Outcome, PollPlan, plans.Applied, int]


class _Known(Struct, frozen=True, kw_only=True):
    """What all feeds of one write are held against."""

    index: TopicIndex
    with_hubs: frozenset[int]


class _Run:
    """One run of a poller: what waits, what is under way."""

    def __init__(
        self,
        poller: Poller,
        claim: Claim,
        token: str,
        stop: threading.Event,
        read: Callable[[Feed], Reading] | None = None,
        *,
        next_at: NextClaimAt = lambda _tx: None,
        is_loop: bool = True,
    ) -> None:
        self.next_at = next_at
        self.is_loop = is_loop  # a push that goes round does not say that the loop of polls does
        self.poller, self.claim, self.token, self.stop = poller, claim, token, stop
        self.read = read or poller.reader.read
        self.waiting: deque[tuple[_Task, Ask]] = deque()
        self.events: queue.SimpleQueue[tuple[_Task, Ask | Work, Any]] = queue.SimpleQueue()
        self.hosts = HeldHosts(token=token, lease=poller.lease)
        self.ready: list[Outcome] = []
        self.tasks = self.asking = 0
        self.claim_at = self.write_at = 0.0
        self.report = PollReport()

    def run(self) -> PollReport:
        with ThreadPoolExecutor(self.poller.workers, thread_name_prefix="fetch") as threads:
            while True:
                self._note_progress()
                self._refill()
                wait_s = self._start(threads)
                if not self.tasks and not self.ready and not self._waits_for_a_host():
                    self._release_hosts()
                    return self.report  # and the claim of a moment ago found nothing more
                self._collect(wait_s)
                if self._is_time_to_write():
                    ready, self.ready = self.ready, []
                    self._apply(ready)
                elif time.monotonic() >= self.hosts.release_at:
                    self._release_hosts()

    def _note_progress(self) -> None:
        if self.is_loop:
            self.poller.progress_at = time.monotonic()

    def _is_time_to_write(self) -> bool:
        """A write costs a sync to disk, however much is in it: what is ready waits a moment for company."""
        is_alone = not self.tasks or len(self.ready) >= _MAX_BATCH
        return bool(self.ready) and (is_alone or time.monotonic() >= self.write_at)

    def _waits_for_a_host(self) -> bool:
        """Whether feeds are due that were not claimed since their hosts rest; if so, after a part of that rest.

        Feeds that others hold, or whose hosts they do, are theirs to poll: this run does not wait for them.
        """
        if self.stop.is_set():
            return False
        with self.poller.store.read() as tx:
            at = self.next_at(tx)
        if at is None:
            return False
        rest_s = (at - self.poller.clock()).total_seconds()
        self.stop.wait(min(max(rest_s, _CLAIM_SOON_S), _CLAIM_AGAIN_S))
        self.claim_at = 0.0
        return True

    def _refill(self) -> None:
        """Step 1."""
        if self.stop.is_set():
            self._give_up([task for task, _ in self.waiting])
            self.waiting.clear()
            return
        room = 4 * self.poller.workers - self.tasks
        if room < 2 * self.poller.workers or (self.tasks and time.monotonic() < self.claim_at):
            return
        waited_for = (origin_of(ask.url) for _, ask in self.waiting)
        closed = self.poller.host_limiter.closed_hosts(now=time.monotonic(), also=waited_for)
        now = self.poller.clock()
        with self.poller.store.write() as tx:
            claim = self.claim(tx, closed, room)
        self.hosts.note(claim.hosts, now=now)
        claimed = claim.feeds
        if not claimed:
            self.claim_at = time.monotonic() + _CLAIM_AGAIN_S
            return
        self.poller.watcher("feeds claimed")
        if not all(feed.has_baseline for feed in claimed):
            self.poller.parser.prepare()
        start_by = time.monotonic() + self.poller.lease.total_seconds() * _STARTS_BEFORE_LEASE_END
        self.tasks += len(claimed)
        for feed in claimed:
            self._advance(_Task(feed=feed, reading=self.read(feed), start_by=start_by), None)

    def _start(self, threads: ThreadPoolExecutor) -> float:
        """Step 2: begin the requests that may begin now; seconds until something more may."""
        now, wait_s, kept = time.monotonic(), 1.0, deque[tuple[_Task, Ask]]()
        clock = self.poller.clock()
        while self.waiting and self.asking < self.poller.workers:
            task, ask = self.waiting.popleft()
            if now > task.start_by:
                self._no_time(task, ask)
                continue
            host_wait_s = self._enter(origin_of(ask.url), now, clock)
            if host_wait_s == 0:
                self.asking += 1
                threads.submit(self._act, task, ask)
            else:
                wait_s = min(wait_s, host_wait_s)
                kept.append((task, ask))
        self.waiting = kept + self.waiting
        if not self.waiting and self.asking:
            self.claim_at = min(self.claim_at, now + _CLAIM_AGAIN_S / 10)
        if self.hosts.wanted and self.hosts.claim_wanted(self.poller.store, now=clock, now_s=now):
            return 0.0  # and go round: they may be asked now
        return wait_s

    def _enter(self, origin: str, now_s: float, clock: datetime) -> float:
        """Begin a request, if its host may be asked: 0; else the seconds until that is looked at again.

        What this process knows by itself needs no query: the database is asked only where that says yes.
        """
        host_limiter = self.poller.host_limiter
        if self.hosts.is_held(origin, now=clock):
            return host_limiter.enter(origin, now=now_s)
        return host_limiter.wait_s(origin, now=now_s) or self.hosts.want(origin, now_s=now_s)

    def _no_time(self, task: _Task, ask: Ask) -> None:
        """The lease will end: a feed not begun is given back, one under way is read as far as it came."""
        if task.asked:
            late = Problem.of(ProblemCode.NO_TIME_LEFT, url=_USER_PART.sub("//", ask.url))
            self._advance(task, FetchFailed(kind=FailureKind.TIMEOUT, problem=late))
        else:
            self._give_up([task])

    def _act(self, task: _Task, ask: Ask) -> None:
        try:
            result = ask.act()
        except Exception as bug:
            log.exception("fetch: a bug: %s", _USER_PART.sub("//", ask.url))
            result = _failed_by(bug, FailureKind.PROTOCOL)
        self.events.put((task, ask, result))

    def _collect(self, wait_s: float) -> None:
        """Wait for what comes in, and let the readings go on."""
        if self.ready:
            wait_s = min(wait_s, self.write_at - time.monotonic())
        try:
            event = self.events.get(timeout=max(0.001, wait_s))
            while True:
                self._take(*event)
                if len(self.ready) >= _MAX_BATCH:
                    break
                event = self.events.get_nowait()
        except queue.Empty:
            pass

    def _take(self, task: _Task, step: Ask | Work, result: Any) -> None:
        if isinstance(step, Ask):
            self.asking -= 1
            task.asked += 1
            origin, gap_s = origin_of(step.url), step.gap.total_seconds() if step.gap else 0.0
            self.poller.host_limiter.leave(origin, now=time.monotonic(), gap_s=gap_s)
            rest = timedelta(seconds=max(gap_s, self.poller.per_host_gap_s))
            self.hosts.rest(origin, until=self.poller.clock() + rest)
            self.poller.watcher("fetched")
            if self.stop.is_set() and isinstance(result, FetchFailed):
                self._give_up([task])  # it was cut short by us
                return
        elif result is None:  # no worker process could read it; pages that say nothing are Unreadable
            self._give_up([task])
            return
        else:
            self.poller.watcher("parsed")
        self._advance(task, result)

    def _advance(self, task: _Task, result: Any) -> None:
        """Send a reading what it asked for, and see to what it wants next."""
        try:
            while isinstance(step := task.reading.send(result), Look):
                with self.poller.store.read() as tx:
                    result = step.query(tx)
        except StopIteration as done:
            self._end(task, done.value)
        except ReformwatchError:
            raise
        except Exception as bug:
            if _is_of_database(bug):
                raise
            log.exception("read: a bug: %s", _named(task.feed))
            self._end(task, Outcome(feed=task.feed, fetched=_failed_by(bug, FailureKind.PARSER)))
        else:
            if isinstance(step, Ask):
                self._move(task, origin_of(step.url))
                self.waiting.append((task, step))
            else:
                self._work(task, step)

    def _move(self, task: _Task, host: str | None) -> None:
        """A reading goes on at a host, or ends (None). It stays at the last one that it asked until then."""
        self.hosts.move(task.host, host)
        task.host = host

    def _work(self, task: _Task, step: Work) -> None:
        def done(result: Any) -> None:
            self.events.put((task, step, result))

        self.poller.parser.run(step.function, step.arguments, step.named, done=done)

    def _end(self, task: _Task, outcome: Outcome) -> None:
        if outcome.is_pushed and not isinstance(outcome.parsed, ParsedFeed):
            log.warning("push: a document that can't be read: %s", _named(task.feed))
            self.report.failed += 1
            self._give_up([task])
            return
        self._move(task, None)
        self.tasks -= 1
        if not self.ready:
            self.write_at = time.monotonic() + _TOGETHER_S
        self.ready.append(replace(outcome, took_ms=int((time.monotonic() - task.started) * 1000)))

    def _give_up(self, tasks: Sequence[_Task]) -> None:
        """Give feeds back, to be polled again."""
        for task in tasks:
            task.reading.close()
            self._move(task, None)
        self.tasks -= len(tasks)
        if tasks:
            idle = self.hosts.idle()
            with self.poller.store.write() as tx:
                feeds.release(tx, [task.feed.id for task in tasks], token=self.token)
                self.hosts.release(tx, idle)
            self.hosts.forget(idle)

    def _release_hosts(self) -> None:
        """Give hosts back, where no write of the readings was due anyway."""
        idle = self.hosts.idle()
        if idle:
            with self.poller.store.write() as tx:
                self.hosts.release(tx, idle)
        self.hosts.forget(idle)

    def _apply(self, ready: Sequence[Outcome]) -> None:
        """Step 3."""
        if not ready:
            return
        with self.poller.applying:
            self._write(ready)

    def _write(self, ready: Sequence[Outcome]) -> None:
        notices = self._watch_network(ready)
        done: list[_Done] = []
        idle = self.hosts.idle()
        documents = [one for one in ready if isinstance(one.parsed, ParsedFeed)]
        quiet = [(one, self._plan_quiet(one)) for one in ready if not isinstance(one.parsed, ParsedFeed)]
        with self.poller.store.write() as tx:
            done.extend(self._apply_documents(tx, documents) if documents else ())
            written = plans.apply_quiet(tx, [plan for _, plan in quiet], now=self.poller.clock())
            add_notices(tx, notices)
            self.hosts.release(tx, idle)  # last: feeds are locked before hosts
            self.poller.watcher("applied")
        self.hosts.forget(idle)
        self.poller.watcher("committed")
        if written < len(quiet):
            log.warning("poll: %d feeds had been taken over by another process, nothing written", len(quiet) - written)
        if any(applied.alerts for _, _, applied, _ in done):
            self.report.deliveries += self.poller.router.route_all(self.stop, on_slice=self._note_progress)
        for one, plan, applied, deliveries in [*done, *((one, plan, plans.Applied(), 0) for one, plan in quiet)]:
            self._tell(one, plan, applied, deliveries)

    def _watch_network(self, ready: Sequence[Outcome]) -> list[Notice]:
        """Note what was reached; the operator gets a notice when nothing is, and one when something is again."""
        network, said = self.poller.network, []
        for one in ready:
            was_down = network.is_down
            is_lost = isinstance(one.fetched, FetchFailed) and one.fetched.kind.is_soft
            network.note(host_of(one.feed.url), is_reached=not is_lost)
            if network.is_down != was_down:
                kind = NoticeKind.NETWORK_BACK if was_down else NoticeKind.NETWORK
                notice = Notice(at=self.poller.clock(), kind=kind)
                said.append(notice)
                log.warning("poll: %s", notice_sentence(notice, ENGLISH))
        return said

    def _plan_quiet(self, one: Outcome) -> PollPlan:
        """The plan of a poll that brought no document: it changes the feed's row alone."""
        self.poller.watcher("planned")
        now, policy, jitter = self.poller.clock(), self.poller.policy, self.poller.chance()
        match one.fetched, one.parsed:
            case NotModified() as same, _:
                return plan_unchanged(one.feed, same, policy=policy, now=now, jitter=jitter)
            case Fetched() as fetched, Unreadable() as unreadable:
                return plan_unreadable(one.feed, fetched, unreadable, policy=policy, now=now, jitter=jitter)
            case FetchFailed() as failed, _ if failed.kind.is_soft and self.poller.network.is_down:
                return plan_outage(one.feed, failed, policy=policy, now=now, jitter=jitter)
            case FetchFailed() as failed, _:
                return plan_failure(one.feed, failed, policy=policy, now=now, jitter=jitter)
        raise AssertionError(f"{one.fetched!r} is no outcome without a document")

    def _known(self, tx: Tx) -> "_Known":
        return _Known(index=self.poller.topic_index_cache.get(tx), with_hubs=websub.with_hubs(tx))

    def _apply_documents(self, tx: Tx, documents: Sequence[Outcome]) -> list["_Done"]:
        """Plan and write all of them in one savepoint; where one makes trouble, each in a savepoint of its own."""
        known = self._known(tx)
        held = plans.held(tx, {one.feed.id: one.feed.lease_token for one in documents})
        for one in documents:
            if one.feed.id not in held:
                log.warning("poll: another process took over, nothing written: %s", _named(one.feed))
        ours = [one for one in documents if one.feed.id in held]
        try:
            return self._apply_together(tx, ours, known)
        except ReformwatchError:
            raise
        except Exception as bug:
            if _is_of_database(bug):
                raise
            log.warning("plan: a bug (%s) in one of %d documents", type(bug).__name__, len(ours))
        return [self._apply_alone(tx, one, known) for one in ours]

    def _apply_together(self, tx: Tx, documents: Sequence[Outcome], known: "_Known") -> list["_Done"]:
        done: list[_Done] = []
        with tx.begin_nested():
            batch = plans.Batch(tx)
            for one in documents:
                now = self.poller.clock()
                plan = self._plan_document(tx, one, known, now)
                self.poller.watcher("planned")
                applied = batch.add(plan, now=now)
                if (plan.hub is not None and plan.hub.url is not None) or one.feed.id in known.with_hubs:
                    note_hub(tx, one.feed, plan, now=now, new_secret=self.poller.new_secret)
                done.append((one, plan, applied, self.poller.router.route_within(tx, applied.alerts)))
            batch.flush()
        return done

    def _apply_alone(self, tx: Tx, one: Outcome, known: "_Known") -> "_Done":
        """One feed's fault must not undo the others' polls."""
        try:
            return self._apply_together(tx, [one], known)[0]
        except ReformwatchError:
            raise
        except Exception as bug:
            if _is_of_database(bug):
                raise
            log.exception("plan: a bug: %s", _named(one.feed))
            now = self.poller.clock()
            failed = _failed_by(bug, FailureKind.PARSER)
            plan = plan_failure(one.feed, failed, policy=self.poller.policy, now=now, jitter=self.poller.chance())
            return one, plan, plans.apply(tx, plan, now=now), 0

    def _plan_document(self, tx: Tx, one: Outcome, known: "_Known", now: datetime) -> PollPlan:
        assert isinstance(one.fetched, Fetched)  # noqa: S101 - only what was fetched is parsed
        assert isinstance(one.parsed, ParsedFeed)  # noqa: S101 - what _write sorted out
        entries = unmarked([*one.parsed.entries, *one.older], one.feed.poll.marks)
        snapshot = plans.snapshot(tx, one.feed, entries, now=now, stories_of=stories_of)
        reply = Reply(fetched=one.fetched, parsed=one.parsed, older=one.older, pages=one.pages, is_pushed=one.is_pushed)
        policy, jitter = self.poller.policy, self.poller.chance()
        return plan_reply(snapshot, reply, known.index, policy=policy, now=now, jitter=jitter)

    def _tell(self, one: Outcome, plan: PollPlan, applied: plans.Applied, deliveries: int) -> None:
        """Step 4."""
        has_failed = plan.after.failing_since is not None
        self.report.polled += 1
        self.report.failed += has_failed
        self.report.new_entries += len(plan.entries)
        self.report.alerts += len(applied.alerts)
        self.report.deliveries += deliveries
        level = logging.WARNING if has_failed else logging.INFO
        line = poll_line(one.feed, plan)
        extra = {"feed": _USER_PART.sub("//", one.feed.url), "outcome": line, "took_ms": one.took_ms}
        act = "push" if one.is_pushed else "poll"
        log.log(level, "%s: %s (%d ms): %s", act, line, one.took_ms, _named(one.feed), extra=extra)
        for notice in plan.notices:
            log.warning("notice: %s", _USER_PART.sub("//", notice_sentence(notice, ENGLISH)))
        self.poller.on_polled(one.feed, plan)


def note_hub(tx: Tx, feed: Feed, plan: PollPlan, *, now: datetime, new_secret: Callable[[], str]) -> None:
    """Remember the hub that a document names, and that a poll found what the hub should have pushed."""
    if plan.hub is None:
        return
    named = plan.hub
    websub.note_hub(tx, feed.id, named.url, named.topic, now=now, new_token=new_secret, new_secret=new_secret)
    if plan.entries and feed.pushed_until is not None:
        websub.note_missed(tx, feed.id, now=now, again_at=now + SILENCE)


def _failed_by(bug: Exception, kind: FailureKind) -> FetchFailed:
    """The outcome of a feed in whose poll this program has a fault."""
    return FetchFailed(kind=kind, problem=Problem.of(ProblemCode.PROGRAM_FAULT, error=type(bug).__name__))


def _named(feed: Feed) -> str:
    url = _USER_PART.sub("//", feed.url)
    return f"{feed.name} <{url}>" if feed.name else url


def _is_of_database(bug: Exception) -> bool:
    """Whether an error came from the database, so that nothing more can be written in this transaction."""
    return type(bug).__module__.startswith("sqlalchemy.")
