"""Pipeline: writing a group of polls: snapshot, plan, apply and route, feed after feed, in one transaction.

The group saves syncs to disk; a feed's entries, alerts and validators are written together or not at all. Where one
feed makes trouble, each is written in a savepoint of its own: one feed's fault must not undo the others' polls.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from reformwatch.errors import ReformwatchError
from reformwatch.matching.index import TopicIndex
from reformwatch.messages.catalogues import ENGLISH
from reformwatch.messages.sentences import notice_sentence
from reformwatch.model.entry import ParsedFeed, Unreadable
from reformwatch.model.feed import FailureKind, Feed, Fetched, FetchFailed, Notice, NoticeKind, NotModified
from reformwatch.model.plan import PollPlan
from reformwatch.model.value import Value
from reformwatch.net.outage import NetworkWatch
from reformwatch.pipeline.fetch_driver import failed_by
from reformwatch.pipeline.fetch_flow import Outcome
from reformwatch.pipeline.log_names import feed_named, poll_fields
from reformwatch.pipeline.route import Router
from reformwatch.pipeline.runtime import Runtime
from reformwatch.pipeline.topic_index_cache import TopicIndexCache
from reformwatch.planning.fingerprints import without_known
from reformwatch.planning.poll_plan import Reply, plan_failure, plan_outage, plan_reply, plan_unchanged, plan_unreadable
from reformwatch.planning.schedule import PollPolicy
from reformwatch.planning.stories import stories_of
from reformwatch.planning.websub import ASK_AGAIN_AFTER_MISS
from reformwatch.store import Store, Tx, is_database_error, plans, websub
from reformwatch.store.notices import add_notices
from reformwatch.urls import host_of

log = logging.getLogger(__name__)


class Written(Value, frozen=True, kw_only=True):
    """One poll that was written: its outcome, its plan, the numbers of its alerts, and how many deliveries these made.

    ``deliveries`` are those made in the same transaction; alerts with very many followers are routed after it.
    """

    outcome: Outcome
    plan: PollPlan
    alerts: tuple[int, ...] = ()
    deliveries: int = 0


class GroupWriter:
    """Writes groups of polls, one group after another. Threads may share one."""

    def __init__(self, store: Store, *, router: Router, policy: PollPolicy, runtime: Runtime) -> None:
        self._store, self._router, self._policy, self._runtime = store, router, policy, runtime
        self._network = NetworkWatch()
        self._topic_indexes = TopicIndexCache()
        self._writing = threading.Lock()  # polls and pushes are planned one after another

    def write(self, outcomes: Sequence[Outcome], *, at_end: Callable[[Tx], None]) -> list[Written]:
        """Plan and write these outcomes; ``at_end`` is called last in the same transaction: feeds are locked first."""
        with self._writing:
            notices = self._watch_network(outcomes)
            with self._store.write() as tx:
                written = self.apply(tx, outcomes)
                add_notices(tx, notices)
                at_end(tx)
                self._runtime.hook("applied")
            self._runtime.hook("committed")
        return written

    def apply(self, tx: Tx, outcomes: Sequence[Outcome]) -> list[Written]:
        """Plan and write these outcomes in a transaction of the caller's; those whose lease was lost are left out."""
        documents = [outcome for outcome in outcomes if isinstance(outcome.parsed, ParsedFeed)]
        written = self._apply_documents(tx, documents) if documents else []
        others = [outcome for outcome in outcomes if not isinstance(outcome.parsed, ParsedFeed)]
        return written + self._apply_without_documents(tx, others)

    def _watch_network(self, outcomes: Sequence[Outcome]) -> list[Notice]:
        """Note which hosts were reached; the operator gets a notice when none is, and one when one is again."""
        network, notices = self._network, []
        for outcome in outcomes:
            was_down = network.is_down
            is_lost = isinstance(outcome.fetched, FetchFailed) and outcome.fetched.kind.is_soft
            network.note(host_of(outcome.feed.url), is_reached=not is_lost)
            if network.is_down != was_down:
                kind = NoticeKind.NETWORK_BACK if was_down else NoticeKind.NETWORK
                notice = Notice(at=self._runtime.clock(), kind=kind)
                notices.append(notice)
                log.warning("poll: %s", notice_sentence(notice, ENGLISH))
        return notices

    def _apply_without_documents(self, tx: Tx, outcomes: Sequence[Outcome]) -> list[Written]:
        """Polls that brought no document change their feeds' rows alone: all in one statement."""
        written = [Written(outcome=outcome, plan=self._plan_without_document(outcome)) for outcome in outcomes]
        count = plans.apply_feeds_only(tx, [poll.plan for poll in written], now=self._runtime.clock())
        if count < len(written):
            lost = len(written) - count
            log.warning("poll: %d feeds had been taken over by another process, nothing written", lost)
        return written

    def _plan_without_document(self, outcome: Outcome) -> PollPlan:
        self._runtime.hook("planned")
        now, policy, jitter = self._runtime.clock(), self._policy, self._runtime.random()
        match outcome.fetched, outcome.parsed:
            case NotModified() as same, _:
                return plan_unchanged(outcome.feed, same, policy=policy, now=now, jitter=jitter)
            case Fetched() as fetched, Unreadable() as unreadable:
                return plan_unreadable(outcome.feed, fetched, unreadable, policy=policy, now=now, jitter=jitter)
            case FetchFailed() as failed, _ if failed.kind.is_soft and self._network.is_down:
                return plan_outage(outcome.feed, failed, policy=policy, now=now, jitter=jitter)
            case FetchFailed() as failed, _:
                return plan_failure(outcome.feed, failed, policy=policy, now=now, jitter=jitter)
        raise AssertionError(f"{outcome.fetched!r} is no outcome without a document")

    def _apply_documents(self, tx: Tx, outcomes: Sequence[Outcome]) -> list[Written]:
        """Plan and write all of them in one savepoint; where one makes trouble, each in a savepoint of its own."""
        context = _Context(index=self._topic_indexes.get(tx), with_hubs=websub.with_hubs(tx))
        leased = plans.still_leased(tx, {outcome.feed.id: outcome.feed.lease_token for outcome in outcomes})
        for outcome in outcomes:
            if outcome.feed.id not in leased:
                extra = poll_fields(outcome.feed)
                log.warning(
                    "poll: another process took over, nothing written: %s", feed_named(outcome.feed), extra=extra
                )
        ours = [outcome for outcome in outcomes if outcome.feed.id in leased]
        try:
            return self._apply_together(tx, ours, context)
        except ReformwatchError:
            raise
        except Exception as fault:
            if is_database_error(fault):
                raise
            log.warning("plan: a bug (%s) in one of %d documents", type(fault).__name__, len(ours))
        return [self._apply_alone(tx, outcome, context) for outcome in ours]

    def _apply_together(self, tx: Tx, outcomes: Sequence[Outcome], context: "_Context") -> list[Written]:
        written: list[Written] = []
        with tx.begin_nested():
            batch = plans.Batch(tx)
            for outcome in outcomes:
                now = self._runtime.clock()
                plan = self._plan_document(tx, outcome, context, now)
                self._runtime.hook("planned")
                alerts = batch.add(plan, now=now)
                self._note_hub(tx, outcome.feed, plan, context, now)
                deliveries = self._router.route_within(tx, alerts)
                written.append(Written(outcome=outcome, plan=plan, alerts=alerts, deliveries=deliveries))
            batch.flush()
        return written

    def _apply_alone(self, tx: Tx, outcome: Outcome, context: "_Context") -> Written:
        try:
            return self._apply_together(tx, [outcome], context)[0]
        except ReformwatchError:
            raise
        except Exception as fault:
            if is_database_error(fault):
                raise
            log.exception("plan: a bug: %s", feed_named(outcome.feed), extra=poll_fields(outcome.feed))
            now, jitter = self._runtime.clock(), self._runtime.random()
            failed = failed_by(fault, FailureKind.PARSER)
            plan = plan_failure(outcome.feed, failed, policy=self._policy, now=now, jitter=jitter)
            plans.apply(tx, plan, now=now)
            return Written(outcome=outcome, plan=plan)

    def _plan_document(self, tx: Tx, outcome: Outcome, context: "_Context", now: datetime) -> PollPlan:
        assert isinstance(outcome.fetched, Fetched)  # noqa: S101 - only what was fetched is parsed
        assert isinstance(outcome.parsed, ParsedFeed)  # noqa: S101 - what ``apply`` sorted out
        entries = without_known([*outcome.parsed.entries, *outcome.older], outcome.feed.poll.fingerprints)
        snapshot = plans.snapshot(tx, outcome.feed, entries, now=now, stories_of=stories_of)
        reply = Reply(
            fetched=outcome.fetched,
            parsed=outcome.parsed,
            older=outcome.older,
            pages=outcome.pages,
            is_pushed=outcome.is_pushed,
        )
        jitter = self._runtime.random()
        return plan_reply(snapshot, reply, context.index, policy=self._policy, now=now, jitter=jitter)

    def _note_hub(self, tx: Tx, feed: Feed, plan: PollPlan, context: "_Context", now: datetime) -> None:
        """Store the hub that a document names, and that a poll found what the hub should have pushed."""
        hub, new_secret = plan.hub, self._runtime.new_secret
        if hub is None or (hub.url is None and feed.id not in context.with_hubs):
            return
        websub.note_hub(tx, feed.id, hub.url, hub.topic, now=now, new_token=new_secret, new_secret=new_secret)
        if plan.entries and feed.pushed_until is not None:
            websub.note_missed(tx, feed.id, now=now, again_at=now + ASK_AGAIN_AFTER_MISS)


class _Context(Value, frozen=True, kw_only=True):
    """What is the same for all feeds of a group: the topics' index, and the numbers of the feeds that have a hub."""

    index: TopicIndex
    with_hubs: frozenset[int]
