"""Pipeline: polling: many feeds at once, planned and written in groups.

1. Claim what is due, with a lease on the feeds and on their hosts; at most so many of one host, so that no
   feed waits behind one host's queue.
2. Drive their fetch flows (:mod:`reformwatch.pipeline.fetch_driver`): requests in threads, one at a time to a host and
   a gap between two (:mod:`reformwatch.pipeline.host_access`); documents in worker processes. A host that a flow leads
   to is leased before the request to it.
3. Write those that came in meanwhile (:mod:`reformwatch.pipeline.group_writer`): snapshot, plan, apply, route, in one
   write transaction. Hosts that are not needed any more are released in it. Alerts with very many followers are routed
   after it, slice by slice (:mod:`reformwatch.pipeline.route`).
4. Log one line for each feed.

Whatever dies before the commit of step 3 is fetched again after its lease; whatever dies after it is routed and
delivered later.
"""

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import field

from reformwatch.messages.catalogues import ENGLISH
from reformwatch.messages.log_lines import poll_line
from reformwatch.messages.sentences import notice_sentence
from reformwatch.model.entry import ParsedFeed
from reformwatch.model.feed import Feed, Fetched
from reformwatch.model.plan import PollPlan, PollReport
from reformwatch.model.value import Value
from reformwatch.net.host_limiter import HostLimiter
from reformwatch.pipeline.fetch_driver import FetchDriver
from reformwatch.pipeline.fetch_flow import Fetchers, FetchFlow, FetchFlows, Outcome
from reformwatch.pipeline.group_writer import GroupWriter, Written
from reformwatch.pipeline.host_access import HostAccess
from reformwatch.pipeline.host_leases import HostLeases, leased_for_a_request
from reformwatch.pipeline.log_names import feed_named, poll_fields, without_user
from reformwatch.pipeline.parsing import ParserPool
from reformwatch.pipeline.route import Router
from reformwatch.pipeline.runtime import Runtime
from reformwatch.planning.schedule import PollPolicy, out_of_skips
from reformwatch.store import Store, Tx, feeds, hosts
from reformwatch.urls import origin_of

log = logging.getLogger(__name__)

_MAX_GROUP: Final = 100
_CLAIM_AGAIN_S: Final = 0.5
_CLAIM_SOON_S: Final = 0.05
_GROUP_WITHIN_S: Final = 0.05
#: A feed's first request begins in this part of its lease.
_BEGINS_WITHIN: Final = 0.7
_PUSH_AGAIN_S: Final = 0.1
#: So long a person who adds a feed waits for a host that others send requests to, in seconds.
_PATIENCE_S: Final = 5.0


class PollLimits(Value, frozen=True, kw_only=True):
    """The operator's bounds. ``gap`` lies between two requests to one host; ``workers`` requests are made at once."""

    policy: PollPolicy = field(default_factory=PollPolicy)
    workers: int = 32
    gap: timedelta = timedelta(seconds=2)
    lease: timedelta = timedelta(minutes=5)


class Claimed(Value, frozen=True, kw_only=True):
    """Feeds that were leased, and the hosts that were leased with them."""

    feeds: Sequence[Feed] = ()
    hosts: Collection[str] = ()


#: Takes the hosts to be left out, and how many feeds are wanted at most.
Claim = Callable[[Tx, Collection[str], int], Claimed]
#: From when on something can be claimed that a claim has left out, since its host rests; None where nothing is left.
NextClaimAt = Callable[[Tx], datetime | None]
OnPolled = Callable[[Feed, PollPlan], None]


def no_listener(feed: Feed, plan: PollPlan) -> None:
    """The default listener."""


class Poller:
    """Polls feeds. One run at a time."""

    def __init__(
        self,
        store: Store,
        fetchers: Fetchers,
        parser: ParserPool,
        router: Router,
        *,
        runtime: Runtime,
        limits: PollLimits | None = None,
        on_polled: OnPolled = no_listener,
    ) -> None:
        self.store, self.parser, self.router = store, parser, router
        self.runtime, self.limits, self.on_polled = runtime, limits or PollLimits(), on_polled
        self.flows = FetchFlows(fetchers, runtime.clock)
        self.writer = GroupWriter(store, router=router, policy=self.limits.policy, runtime=runtime)
        self.host_limiter = HostLimiter(self.limits.gap.total_seconds())
        self.progress_at = time.monotonic()
        self.running = threading.Lock()  # held while a run is under way

    def poll_due(self, stop: threading.Event | None = None, *, is_once: bool = False) -> PollReport:
        """Poll all that is due, until nothing is. ``is_once``: what becomes due meanwhile is left alone."""
        token = self.runtime.new_token()
        due_by = self.runtime.clock() if is_once else None
        gap_s = self.limits.gap.total_seconds()
        per_host = max(1, min(50, int(self.limits.lease.total_seconds() / 4 / (gap_s + 1))))

        def claim(tx: Tx, excluding: Collection[str], limit: int) -> Claimed:
            now, leased = self.runtime.clock(), set[str]()
            while claimed := feeds.claim_due(
                tx,
                token=token,
                now=now,
                lease=self.limits.lease,
                limit=limit,
                per_host=per_host,
                excluding=excluding,
                due_by=due_by,
            ):
                leased |= {origin_of(feed.url) for feed in claimed}
                wanted = [feed for feed in claimed if out_of_skips(now, feed.poll.hints) == now]
                for feed in claimed:
                    if feed not in wanted:  # overdue, in an hour of its skipHours or a day of its skipDays
                        feeds.postpone(tx, feed, until=out_of_skips(now, feed.poll.hints), token=token)
                if wanted:
                    return Claimed(feeds=wanted, hosts=leased)
            return Claimed(hosts=leased)

        def next_at(tx: Tx) -> datetime | None:
            return feeds.next_claim_at(tx, token=token, now=self.runtime.clock(), due_by=due_by)

        with self.running:
            return _Run(self, claim, token, stop=stop, next_at=next_at).run()

    def poll_feeds(self, feed_ids: Sequence[int], stop: threading.Event | None = None) -> PollReport:
        """Poll these feeds, due or not; a feed that another process leases is left to it."""
        token = self.runtime.new_token()
        with self.store.read() as tx:
            left = deque(feeds.in_turns(tx, feed_ids))

        def claim(tx: Tx, _excluding: Collection[str], limit: int) -> Claimed:
            next_ids = [left.popleft() for _ in range(min(limit, len(left)))]
            if not next_ids:
                return Claimed()
            now, lease = self.runtime.clock(), self.limits.lease
            claimed = feeds.claim(tx, next_ids, token=token, now=now, lease=lease)
            origins = {origin_of(feed.url) for feed in claimed}
            return Claimed(feeds=claimed, hosts=hosts.claim(tx, origins, token=token, now=now, lease=lease))

        with self.running:
            return _Run(self, claim, token, stop=stop).run()

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
            time.sleep(_PUSH_AGAIN_S)

    def _push_once(self, feed_id: int, fetched: Fetched) -> PollReport:
        token = self.runtime.new_token()
        left = [feed_id]

        def claim(tx: Tx, _excluding: Collection[str], _limit: int) -> Claimed:
            wanted, left[:] = list(left), []
            if not wanted:
                return Claimed()
            now = self.runtime.clock()
            return Claimed(feeds=feeds.claim(tx, wanted, token=token, now=now, lease=self.limits.lease))

        def flow_of(feed: Feed) -> FetchFlow:
            return self.flows.take(feed, fetched, is_pushed=True)

        return _Run(self, claim, token, flow_of=flow_of).run()

    @contextlib.contextmanager
    def leasing_host_of(self, url: str, *, patience_s: float = _PATIENCE_S) -> Iterator[None]:
        """Lease the host of an address for a request outside of a run, or go on without it after ``patience_s``."""
        with leased_for_a_request(
            self.store,
            origin_of(url),
            token=self.runtime.new_token(),
            clock=self.runtime.clock,
            lease=self.limits.lease,
            gap=self.limits.gap,
            patience_s=patience_s,
        ):
            yield


class _Run:
    """One run of a poller: claims feeds, has them driven, writes groups of outcomes, until nothing is left.

    ``flow_of`` is None for polls; a push has a flow of its own, and does not count as progress of the loop of polls.
    """

    def __init__(
        self,
        poller: Poller,
        claim: Claim,
        token: str,
        *,
        stop: threading.Event | None = None,
        next_at: NextClaimAt = lambda _tx: None,
        flow_of: Callable[[Feed], FetchFlow] | None = None,
    ) -> None:
        self._poller, self._claim, self._token, self._next_at = poller, claim, token, next_at
        self._limits, self._clock, self._hook = poller.limits, poller.runtime.clock, poller.runtime.hook
        self._stop = stop or threading.Event()
        self._is_push, self._flow_of = flow_of is not None, flow_of or poller.flows.poll
        leases = HostLeases(token=token, lease=self._limits.lease)
        self._access = HostAccess(poller.host_limiter, leases, gap=self._limits.gap, clock=self._clock)
        self._claim_at = self._write_at = 0.0  # monotonic seconds
        self._group: list[Outcome] = []
        self._report = PollReport()

    def run(self) -> PollReport:
        """Poll until nothing is left to claim, and return what was done."""
        workers = self._limits.workers
        with FetchDriver(
            self._poller.store, self._poller.parser, self._access, workers=workers, stop=self._stop, hook=self._hook
        ) as driver:
            while True:
                self._note_progress()
                self._refill(driver)
                wait_s = driver.begin_requests()
                if not driver.waiting and driver.requests_under_way:
                    self._claim_at = min(self._claim_at, time.monotonic() + _CLAIM_AGAIN_S / 10)
                if not driver.under_way and not self._group and not self._waits_for_a_host():
                    self._release_hosts()
                    return self._report  # and the claim of a moment ago found nothing more
                if self._group:
                    wait_s = min(wait_s, self._write_at - time.monotonic())
                driver.collect(wait_s, limit=_MAX_GROUP - len(self._group))
                self._take_from(driver)
                if self._is_time_to_write(driver):
                    self._write()
                elif self._access.is_release_due:
                    self._release_hosts()

    def _note_progress(self) -> None:
        if not self._is_push:
            self._poller.progress_at = time.monotonic()

    def _waits_for_a_host(self) -> bool:
        """Whether feeds are due that were not claimed since their hosts rest; if so, after a part of that rest.

        Feeds that others hold, or whose hosts they do, are theirs to poll: this run does not wait for them.
        """
        if self._stop.is_set():
            return False
        with self._poller.store.read() as tx:
            at = self._next_at(tx)
        if at is None:
            return False
        rest_s = (at - self._clock()).total_seconds()
        self._stop.wait(min(max(rest_s, _CLAIM_SOON_S), _CLAIM_AGAIN_S))
        self._claim_at = 0.0
        return True

    def _refill(self, driver: FetchDriver) -> None:
        """Step 1."""
        if self._stop.is_set():
            driver.give_up_waiting()
            self._take_from(driver)
            return
        room = 4 * self._limits.workers - driver.under_way
        if room < 2 * self._limits.workers or (driver.under_way and time.monotonic() < self._claim_at):
            return
        closed, now = self._access.not_now(driver.waiting), self._clock()
        with self._poller.store.write() as tx:
            claimed = self._claim(tx, closed, room)
        self._access.note_leased(claimed.hosts, now=now)
        if not claimed.feeds:
            self._claim_at = time.monotonic() + _CLAIM_AGAIN_S
            return
        self._hook("feeds claimed")
        if not all(feed.has_baseline for feed in claimed.feeds):
            self._poller.parser.prepare()
        start_by = time.monotonic() + self._limits.lease.total_seconds() * _BEGINS_WITHIN
        driver.begin(claimed.feeds, self._flow_of, start_by=start_by)

    def _take_from(self, driver: FetchDriver) -> None:
        """Take the outcomes into the group that is written next, and release what was given up."""
        if not self._group:
            self._write_at = time.monotonic() + _GROUP_WITHIN_S
        given_up, driver.given_up = driver.given_up, []
        outcomes, driver.outcomes = driver.outcomes, []
        for outcome in outcomes:
            if outcome.is_pushed and not isinstance(outcome.parsed, ParsedFeed):
                log.warning("push: a document that can't be read: %s", feed_named(outcome.feed))
                self._report.failed += 1
                given_up.append(outcome.feed)
            else:
                self._group.append(outcome)
        if given_up:
            self._release(given_up)

    def _release(self, given_up: Sequence[Feed]) -> None:
        """Release feeds, to be polled again, and with them the hosts that are idle."""
        idle = self._access.idle()
        with self._poller.store.write() as tx:
            feeds.release(tx, [feed.id for feed in given_up], token=self._token)
            self._access.release(tx, idle)
        self._access.forget(idle)

    def _release_hosts(self) -> None:
        """Release idle hosts, where no write of feeds is due."""
        idle = self._access.idle()
        if idle:
            with self._poller.store.write() as tx:
                self._access.release(tx, idle)
        self._access.forget(idle)

    def _is_time_to_write(self, driver: FetchDriver) -> bool:
        """A write costs a sync to disk, however much is in it: an outcome waits a moment for others."""
        is_complete = not driver.under_way or len(self._group) >= _MAX_GROUP
        return bool(self._group) and (is_complete or time.monotonic() >= self._write_at)

    def _write(self) -> None:
        """Steps 3 and 4."""
        group, self._group = self._group, []
        idle = self._access.idle()
        written = self._poller.writer.write(group, at_end=lambda tx: self._access.release(tx, idle))
        self._access.forget(idle)
        if any(poll.alerts for poll in written):
            self._report.deliveries += self._poller.router.route_all(self._stop, on_slice=self._note_progress)
        for poll in written:
            self._note(poll)

    def _note(self, written: Written) -> None:
        """Count a poll that was written, log it, and call the listener."""
        outcome, plan, report = written.outcome, written.plan, self._report
        has_failed = plan.after.failing_since is not None
        report.polled += 1
        report.failed += has_failed
        report.new_entries += len(plan.entries)
        report.alerts += len(written.alerts)
        report.deliveries += written.deliveries
        level = logging.WARNING if has_failed else logging.INFO
        line, act = poll_line(outcome.feed, plan), "push" if outcome.is_pushed else "poll"
        extra = poll_fields(outcome.feed)
        facts = {"outcome": line, "took_ms": outcome.took_ms} | ({"alerts": written.alerts} if written.alerts else {})
        log.log(level, "%s: %s (%d ms): %s", act, line, outcome.took_ms, feed_named(outcome.feed), extra=extra | facts)
        for notice in plan.notices:
            log.warning("notice: %s", without_user(notice_sentence(notice, ENGLISH)), extra=extra)
        self._poller.on_polled(outcome.feed, plan)
