"""Store, snapshot and apply: what a poll decided is written as a whole or not at all, and nobody is told twice."""

import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import NoReturn

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from conftest import NOW
from reformwatch.model.alert import AlertKind, Burst, NewAlert
from reformwatch.model.delivery import DeliveryState
from reformwatch.model.entry import EntryStatus, KnownEntry, ParsedEntry
from reformwatch.model.feed import Feed, FeedState, NewFeed, PollState, Validators
from reformwatch.model.notification import AlertTopic, Code, Decision, Suppressed
from reformwatch.model.plan import EditedEntry, FeedFacts, NewEntry, PollPlan, Snapshot
from reformwatch.model.problem import Problem, ProblemCode
from reformwatch.model.story import HEADLINE_WINDOW
from reformwatch.model.subscriber import ChannelKind, NewSubscriber
from reformwatch.model.topic import Evidence, Match, NewTopic, Strength
from reformwatch.pipeline.route import Router
from reformwatch.store import Store, Tx, feeds, outbox, plans, tables
from reformwatch.store.alerts import list_alerts
from reformwatch.store.entries import all_entries, matches_of, suppressed_of
from reformwatch.store.notifications import has_unrouted
from reformwatch.store.subscribers import add_subscriber, list_subscribers, pause, remove_subscriber, resume
from reformwatch.store.topics import add_topic
from routing_desk import BY_OPERATOR, Routed, a_router, apply_and_route, codes, records
from sample_feeds import changed

LEASE = timedelta(minutes=5)
ENDED = Problem.of(ProblemCode.GONE, status=410)
PAGE, HEADLINE = "page:1", "headline:akims elected for the first time"


@dataclass
class World:
    """A topic, two subscribers who follow it, and two feeds; every poll has a token of its own."""

    store: Store
    topic_id: int
    readers: list[int]
    feed_ids: list[int]
    polls: int = 0
    messages: int = 0

    def new_id(self) -> str:
        self.messages += 1
        return f"msg_{self.messages}"

    def claim(self, tx: Tx, which: int = 0, *, now: datetime = NOW) -> Feed:
        self.polls += 1
        [feed] = feeds.claim(tx, [self.feed_ids[which]], token=f"t:{self.polls}", now=now, lease=LEASE)
        return feed

    def match(self, *evidence: Evidence) -> Match:
        return Match(topic_id=self.topic_id, slug="akims", language="en", strength=Strength.ABOUT, evidence=evidence)

    def news(self, entry: ParsedEntry, *keys: str, evidence: tuple[Evidence, ...] = ()) -> NewEntry:
        return NewEntry(entry=entry, status=EntryStatus.NEWS, matches=(self.match(*evidence),), story_keys=keys)

    def alert(self, *places: int) -> NewAlert:
        topic = AlertTopic(topic_id=self.topic_id, strength=Strength.ABOUT)
        return NewAlert(kind=AlertKind.STORY, headline="Akims", entries=places, topics=(topic,))

    @property
    def router(self) -> Router:
        return a_router(self.store, self.new_id)

    def apply(self, plan: PollPlan, *, now: datetime = NOW) -> Routed:
        """Apply and route, as a poll does."""
        with self.store.write() as tx:
            return apply_and_route(tx, plan, self.router, now=now)

    def poll(self, *new: NewEntry, which: int = 0, alerts: tuple[NewAlert, ...] = (), now: datetime = NOW) -> Routed:
        """Claim, apply and route in one go."""
        with self.store.write() as tx:
            feed = self.claim(tx, which, now=now)
        return self.apply(plan_for(feed, *new, alerts=alerts, now=now), now=now)

    def poll_while_paused(self, reader: int, *new: NewEntry, alerts: tuple[NewAlert, ...]) -> Routed:
        """A poll whose alerts one reader does not hear of, since they are paused meanwhile."""
        with self.store.write() as tx:
            pause(tx, reader, because=BY_OPERATOR)
        routed = self.poll(*new, alerts=alerts)
        with self.store.write() as tx:
            resume(tx, reader)
        return routed

    def told(self) -> list[tuple[int, str]]:
        """Subscriber and message of each delivery."""
        with self.store.read() as tx:
            names = {s.name: s.id for s in list_subscribers(tx)}
            return sorted((names[d.subscriber], d.message_id) for d in outbox.list_deliveries(tx))

    def counts(self) -> dict[str, int]:
        """Rows of each table that a poll writes."""
        watched = ("entries", "matches", "suppressions", "stories", "story_keys", "alerts", "alert_entries")
        with self.store.read() as tx:
            return {
                name: tx.execute(sa.select(sa.func.count()).select_from(tables.metadata.tables[name])).scalar_one()
                for name in (*watched, "alert_topics", "notifications", "deliveries", "notified", "entry_versions")
            }


@pytest.fixture
def world(store: Store) -> World:
    return world_in(store)


def world_in(store: Store) -> World:
    with store.write() as tx:
        topic = add_topic(tx, NewTopic(slug="akims", name="Akims", queries={"en": "akim"}), now=NOW)
        readers = [
            add_subscriber(
                tx,
                NewSubscriber(name=name, channel=ChannelKind.CONSOLE, address="-", unsubscribe_token=name),
                now=NOW,
            ).id
            for name in ("Aliya", "Bolat")
        ]
        for name in ("a", "b"):
            feeds.add_feed(tx, NewFeed(url=f"https://{name}.example/rss", name=name), now=NOW)
        ids = [feed.id for feed in feeds.list_feeds(tx)]
    return World(store=store, topic_id=topic.id, readers=readers, feed_ids=ids)


def no_stories(_entry: ParsedEntry) -> tuple[str, ...]:
    return ()


def parsed(name: str, *, title: str = "", text: str = "", hash_: str = "h1") -> ParsedEntry:
    return ParsedEntry(
        key=f"guid:{name}",
        reuse_key=f"page:{name}",
        twin_key=f"twin:{name}",
        guid=name,
        url=f"https://a.example/{name}",
        title=title or f"Akim {name}",
        summary=text,
        content="",
        author="",
        tags=(),
        published=None,
        text_hash=hash_,
    )


def plan_for(
    feed: Feed,
    *new: NewEntry,
    alerts: tuple[NewAlert, ...] = (),
    edits: tuple[EditedEntry, ...] = (),
    moved_to: str | None = None,
    now: datetime = NOW,
) -> PollPlan:
    after = PollState(
        next_poll_at=now + timedelta(hours=1),
        last_polled_at=now,
        last_ok_at=now,
        last_new_at=now,
        validators=Validators(etag='W/"é"', last_modified="odd date"),
        body_hash="body",
    )
    facts = FeedFacts(moved_to=moved_to, site_url="https://a.example/", language="kk")
    return PollPlan(
        feed_id=feed.id,
        lease_token=feed.lease_token,
        after=after,
        facts=facts,
        entries=new,
        edits=edits,
        alerts=alerts,
    )


# -- one transaction


def test_a_plan_is_written_as_a_whole(world: World) -> None:
    evidence = Evidence(field="title", start=0, end=4, word="Akim", term="akim", how="same form")
    told = world.news(parsed("one"), PAGE, HEADLINE, evidence=(evidence,))
    quiet = NewEntry(entry=parsed("two"), status=EntryStatus.LATE, suppressed=(Suppressed(code=Code.LATE),))
    assert world.poll(told, quiet, alerts=(world.alert(0),)) == Routed(alerts=1, deliveries=2)
    with world.store.read() as tx:
        feed = feeds.find_feed(tx, str(world.feed_ids[0]))
        two, one = all_entries(tx)
        assert (one.title, one.status, two.title, two.status) == ("Akim one", "news", "Akim two", "late")
        assert matches_of(tx, [one.id, two.id]) == {one.id: (world.match(evidence),)}
        assert suppressed_of(tx, two.id) == [Suppressed(code=Code.LATE)]
        [alert] = list_alerts(tx, limit=10)
        assert [topic.slug for topic in alert.topics] == ["akims"]
        assert (alert.kind, alert.headline, alert.burst, alert.created_at) == (AlertKind.STORY, "Akims", None, NOW)
        assert [item.entry for item in alert.items] == [one]
        deliveries = outbox.list_deliveries(tx)
    assert feed.poll.validators == Validators(etag='W/"é"', last_modified="odd date")
    assert (feed.poll.next_poll_at, feed.poll.last_ok_at, feed.poll.body_hash) == (
        NOW + timedelta(hours=1),
        NOW,
        "body",
    )
    assert (feed.lease_token, feed.site_url, feed.language, feed.name) == (None, "https://a.example/", "kk", "a")
    assert {(d.subscriber, d.message_id, d.state, d.attempts, d.next_attempt_at) for d in deliveries} == {
        ("Aliya", "msg_1", DeliveryState.PENDING, 0, NOW),
        ("Bolat", "msg_2", DeliveryState.PENDING, 0, NOW),
    }
    assert {d.alert_ids for d in deliveries} == {(alert.id,)}
    found = {(one.subscriber, one.decision, one.code, one.delivery_id) for one in records(world.store, [alert.id])}
    assert found == {(d.subscriber, Decision.SEND, Code.INSTANT, d.id) for d in deliveries}


@pytest.mark.parametrize("ids_before_the_fault", [0, 1, 2, 3])
def test_a_plan_that_fails_midway_leaves_nothing_at_all(world: World, ids_before_the_fault: int) -> None:
    # trust: A04
    with world.store.write() as tx:
        feed = world.claim(tx)
    before = world.counts()
    plan = plan_for(
        feed,
        world.news(parsed("one"), PAGE),
        world.news(parsed("two"), "page:2"),
        alerts=(world.alert(0), world.alert(1)),
    )

    def breaks() -> str:
        if world.messages == ids_before_the_fault:
            raise RuntimeError("midway")
        return world.new_id()

    with pytest.raises(RuntimeError, match="midway"), world.store.write() as tx:
        apply_and_route(tx, plan, a_router(world.store, breaks))
    assert world.counts() == before
    with world.store.read() as tx:
        assert feeds.find_feed(tx, str(feed.id)) == feed, "validators, next poll and lease are as they were"
    world.messages = 0
    assert world.apply(plan) == Routed(alerts=2, deliveries=4)


def test_a_plan_that_the_database_refuses_midway_leaves_nothing_at_all(world: World) -> None:  # trust: A04
    with world.store.write() as tx:
        feed = world.claim(tx)
    before = world.counts()
    unknown = replace(world.alert(0), topics=(AlertTopic(topic_id=4711, strength=Strength.ABOUT),))
    with pytest.raises(sa.exc.IntegrityError):
        world.apply(plan_for(feed, world.news(parsed("one"), PAGE), alerts=(unknown,)))
    assert world.counts() == before
    with world.store.read() as tx:
        assert feeds.find_feed(tx, str(feed.id)) == feed


def test_a_plan_whose_deliveries_the_database_refuses_leaves_nothing_at_all(world: World) -> None:  # trust: A04
    with world.store.write() as tx:
        feed = world.claim(tx)
    before = world.counts()
    plan = plan_for(feed, world.news(parsed("one"), PAGE), alerts=(world.alert(0),))
    with pytest.raises(sa.exc.IntegrityError), world.store.write() as tx:
        apply_and_route(tx, plan, a_router(world.store, lambda: "msg_same"))
    assert world.counts() == before
    with world.store.read() as tx:
        assert feeds.find_feed(tx, str(feed.id)) == feed


def test_one_plan_that_fails_in_a_savepoint_does_not_undo_its_neighbour(world: World) -> None:
    def breaks() -> NoReturn:
        raise RuntimeError("midway")

    with world.store.write() as tx:
        good, bad = world.claim(tx, 0), world.claim(tx, 1)
        good_plan = plan_for(good, world.news(parsed("one"), PAGE), alerts=(world.alert(0),))
        bad_plan = plan_for(bad, world.news(parsed("two"), "page:2"), alerts=(world.alert(0),))
        apply_and_route(tx, good_plan, world.router)
        with pytest.raises(RuntimeError), tx.begin_nested():
            apply_and_route(tx, bad_plan, a_router(world.store, breaks))
    with world.store.read() as tx:
        assert [entry.title for entry in all_entries(tx)] == ["Akim one"]
        assert feeds.find_feed(tx, str(bad.id)).lease_token == bad.lease_token
        assert not has_unrouted(tx), "the bad plan's alert is gone with it"
    assert len(world.told()) == 2


_DIES = """
import os, pickle, sys
from reformwatch.pipeline.route import Router
from reformwatch.store import Store, plans
url, plan, now = pickle.load(sys.stdin.buffer)
store = Store(url)
with store.write() as tx:
    alerts = plans.apply(tx, plan, now=now)
    Router(store, clock=lambda: now, new_message_id=lambda: os._exit(137)).route_within(tx, alerts)
"""


def test_a_process_that_dies_between_entries_and_outbox_leaves_neither(world: World) -> None:  # trust: A04
    with world.store.write() as tx:
        feed = world.claim(tx)
    before = world.counts()
    plan = plan_for(feed, world.news(parsed("one"), PAGE), alerts=(world.alert(0),))
    died = subprocess.run(
        [sys.executable, "-c", _DIES],
        input=pickle.dumps((world.store.url, plan, NOW)),
        capture_output=True,
        check=False,
        env=dict(os.environ),
    )
    assert died.returncode == 137, died.stderr
    assert world.counts() == before
    assert world.apply(plan) == Routed(alerts=1, deliveries=2), "the same plan is applied by the next process"


# -- leases


def test_a_stale_lease_writes_nothing(world: World) -> None:  # trust: A05
    with world.store.write() as tx:
        stale = world.claim(tx)
    with world.store.write() as tx:
        taken = world.claim(tx, now=NOW + LEASE)
    before = world.counts()
    plan = plan_for(stale, world.news(parsed("one"), PAGE), alerts=(world.alert(0),), moved_to="https://new.example/")
    assert world.apply(plan) == Routed(is_stale=True)
    assert world.counts() == before
    with world.store.read() as tx:
        assert feeds.find_feed(tx, str(stale.id)) == taken


def test_a_plan_is_applied_once_and_its_second_application_is_stale(world: World) -> None:  # trust: B17
    with world.store.write() as tx:
        feed = world.claim(tx)
    plan = plan_for(feed, world.news(parsed("one"), PAGE), alerts=(world.alert(0),))
    world.apply(plan)
    after = world.counts()
    assert world.apply(plan).is_stale
    assert world.counts() == after


def test_only_what_is_leased_under_its_token_is_held(world: World) -> None:  # trust: A05
    with world.store.write() as tx:
        ours, theirs = world.claim(tx, 0), world.claim(tx, 1)
        feeds.release(tx, [theirs.id], token=theirs.lease_token or "")
        leases = {ours.id: ours.lease_token, theirs.id: theirs.lease_token, 4711: "nobody's"}
        assert plans.still_leased(tx, leases) == {ours.id}
        assert plans.still_leased(tx, {ours.id: "another's"}) == frozenset()
        assert plans.still_leased(tx, {}) == frozenset()


def test_plans_that_are_written_together_are_each_written_as_alone(world: World) -> None:
    """What waits for the end of a batch (entries that match nothing, the feeds) and what does not, in any order."""
    with world.store.write() as tx:
        first, second = world.claim(tx, 0), world.claim(tx, 1)
        quiet = [NewEntry(entry=parsed(f"quiet {i}"), status=EntryStatus.BASELINE) for i in range(3)]
        batch = plans.Batch(tx)
        alone = batch.add(plan_for(first, *quiet), now=NOW)
        plan = plan_for(second, quiet[0], world.news(parsed("one"), PAGE), alerts=(world.alert(1),))
        told = batch.add(plan, now=NOW)
        assert world.router.route_within(tx, told) == 2, "before the end of the batch"
        batch.flush()
        batch.flush()
        [alert] = list_alerts(tx, limit=9)
    assert (alone, told) == ((), (alert.id,))
    counts = world.counts()
    assert (counts["entries"], counts["matches"], counts["alerts"], counts["deliveries"]) == (5, 1, 1, 2)
    with world.store.read() as tx:
        after = feeds.list_feeds(tx)
        found = {entry.key: entry.feed_id for entry in all_entries(tx)}
        of_match = [entry.key for entry in all_entries(tx) if matches_of(tx, [entry.id])]
    assert [(feed.poll.last_ok_at, feed.poll.body_hash, feed.language) for feed in after] == [(NOW, "body", "kk")] * 2
    assert (found["guid:quiet 2"], found["guid:one"], of_match) == (first.id, second.id, ["guid:one"])


def test_a_plan_for_a_feed_that_was_removed_meanwhile_is_stale(world: World) -> None:
    with world.store.write() as tx:
        feed = world.claim(tx)
        feeds.remove_feed(tx, feed.id)
    assert world.apply(plan_for(feed, world.news(parsed("one"), PAGE))).is_stale


def test_a_feed_that_was_paused_while_it_was_polled_stays_paused(world: World) -> None:
    with world.store.write() as tx:
        feed = world.claim(tx)
    with world.store.write() as tx:
        feeds.set_state(tx, feed.id, FeedState.PAUSED, now=NOW)
    world.apply(plan_for(feed))
    with world.store.read() as tx:
        assert feeds.find_feed(tx, str(feed.id)).state is FeedState.PAUSED


def test_a_feed_that_was_paused_while_it_brought_nothing_stays_paused_too(world: World) -> None:
    with world.store.write() as tx:
        paused, other = world.claim(tx, 0), world.claim(tx, 1)
    with world.store.write() as tx:
        feeds.set_state(tx, paused.id, FeedState.PAUSED, now=NOW)
    with world.store.write() as tx:
        assert plans.apply_feeds_only(tx, [plan_for(paused), plan_for(other)], now=NOW) == 2
    with world.store.read() as tx:
        states = {feed.id: (feed.state, feed.lease_token) for feed in feeds.list_feeds(tx)}
    assert states == {paused.id: (FeedState.PAUSED, None), other.id: (FeedState.ACTIVE, None)}


def test_a_feed_that_was_paused_while_its_server_said_410_is_gone(world: World) -> None:
    with world.store.write() as tx:
        feed = world.claim(tx)
    with world.store.write() as tx:
        feeds.set_state(tx, feed.id, FeedState.PAUSED, now=NOW)
    plan = plan_for(feed)
    world.apply(replace(plan, is_gone=True, after=replace(plan.after, problem=ENDED)))
    with world.store.read() as tx:
        assert feeds.find_feed(tx, str(feed.id)).state is FeedState.GONE


def test_a_feed_that_is_gone_is_no_longer_polled(world: World) -> None:
    with world.store.write() as tx:
        feed = world.claim(tx)
    plan = plan_for(feed)
    world.apply(replace(plan, is_gone=True, after=replace(plan.after, problem=ENDED)))
    with world.store.write() as tx:
        assert feeds.find_feed(tx, str(feed.id)).state is FeedState.GONE
        assert feeds.claim(tx, [feed.id], token="z:1", now=NOW + timedelta(days=9), lease=LEASE) == []


def test_plans_that_change_nothing_but_their_feed_are_written_together_the_stale_ones_left_out(world: World) -> None:
    # trust: A05
    with world.store.write() as tx:
        fresh, stale = world.claim(tx, 0), world.claim(tx, 1)
    with world.store.write() as tx:
        taken = world.claim(tx, 1, now=NOW + LEASE)
    with world.store.write() as tx:
        assert plans.apply_feeds_only(tx, [plan_for(fresh), plan_for(stale)], now=NOW) == 1
        assert plans.apply_feeds_only(tx, [], now=NOW) == 0
    with world.store.read() as tx:
        written, untouched = (feeds.find_feed(tx, str(i)) for i in world.feed_ids)
    assert (written.poll.next_poll_at, written.poll.last_ok_at, written.lease_token) == (
        NOW + timedelta(hours=1),
        NOW,
        None,
    )
    assert (written.poll.validators.etag, written.name, written.language) == ('W/"é"', "a", "kk")
    assert untouched == taken


# -- moved


def test_a_feed_that_moved_for_good_has_its_new_address_and_host(world: World) -> None:  # trust: C10
    with world.store.write() as tx:
        feed = world.claim(tx)
    world.apply(plan_for(feed, moved_to="https://new.example/feed"))
    with world.store.write() as tx:
        moved = feeds.find_feed(tx, "https://new.example/feed")
        assert (moved.id, moved.name) == (feed.id, "a")
        later = NOW + timedelta(hours=2)
        claimed = feeds.claim_due(
            tx, token="z:1", now=later, lease=LEASE, limit=9, per_host=9, excluding=["new.example"]
        )
        assert feed.id not in {one.id for one in claimed}, "the host that is asked is the new one"


def test_a_feed_that_moved_to_another_feed_s_address_keeps_its_own(world: World) -> None:  # trust: C10
    with world.store.write() as tx:
        feed = world.claim(tx)
    applied = world.apply(plan_for(feed, world.news(parsed("one"), PAGE), moved_to="https://b.example/rss"))
    assert not applied.is_stale
    with world.store.read() as tx:
        assert {one.url for one in feeds.list_feeds(tx)} == {"https://a.example/rss", "https://b.example/rss"}
        assert [entry.title for entry in all_entries(tx)] == ["Akim one"]


# -- edits


def known(world: World) -> KnownEntry:
    with world.store.write() as tx:
        feed = feeds.find_feed(tx, str(world.feed_ids[0]))
        return plans.snapshot(tx, feed, [parsed("one")], now=NOW, stories_of=no_stories).known["guid:one"]


def edit(world: World, new: ParsedEntry, *matches: Match, now: datetime = NOW) -> None:
    was = known(world)
    with world.store.write() as tx:
        feed = world.claim(tx, now=now)
    world.apply(plan_for(feed, edits=(EditedEntry(known=was, entry=new, matches=matches),), now=now), now=now)


def test_an_edit_becomes_a_version_and_the_old_text_is_kept(world: World) -> None:
    world.poll(world.news(parsed("one", text="first"), PAGE), alerts=(world.alert(0),))
    told = world.told()
    edit(world, parsed("one", title="Second", text="second", hash_="h2"))
    edit(world, parsed("one", title="Third", text="third", hash_="h3"), now=NOW + timedelta(hours=1))
    with world.store.read() as tx:
        [entry] = all_entries(tx)
        versions = tx.execute(sa.select(tables.entry_versions).order_by(tables.entry_versions.c.version)).all()
    assert (entry.title, entry.summary, entry.version, entry.text_hash) == ("Third", "third", 3, "h3")
    assert (entry.first_seen, entry.status) == (NOW, EntryStatus.NEWS)
    assert [(v.version, v.title, v.summary, v.replaced_at) for v in versions] == [
        (1, "Akim one", "first", NOW),
        (2, "Second", "second", NOW + timedelta(hours=1)),
    ]
    assert world.told() == told, "an edit tells nobody"


def test_the_evidence_of_a_match_points_to_its_words_after_an_edit_too(world: World) -> None:
    evidence = Evidence(field="title", start=0, end=4, word="Akim", term="akim", how="same form")
    world.poll(world.news(parsed("one"), PAGE, evidence=(evidence,)), alerts=(world.alert(0),))
    moved = replace(evidence, start=11, end=15)
    edit(world, parsed("one", title="Corrected: Akim one", hash_="h2"), world.match(moved))
    with world.store.read() as tx:
        [alert] = list_alerts(tx, limit=1)
    assert [match.evidence for item in alert.items for match in item.matches] == [(moved,)]
    for item in alert.items:
        for found in (e for match in item.matches for e in match.evidence):
            text = getattr(item.entry, found.field)
            assert text[found.start : found.end] == found.word


def test_an_edit_that_matches_no_longer_has_no_match_and_its_alert_stays(world: World) -> None:
    world.poll(world.news(parsed("one"), PAGE), alerts=(world.alert(0),))
    told = world.told()
    edit(world, parsed("one", title="Weather", hash_="h2"))
    with world.store.read() as tx:
        [entry] = all_entries(tx)
        [alert] = list_alerts(tx, limit=2)
        assert matches_of(tx, [entry.id]) == {}
        assert suppressed_of(tx, entry.id) == []
    assert [item.entry.title for item in alert.items] == ["Weather"]
    assert world.told() == told


def test_an_edit_that_matches_only_now_tells_nobody_and_says_why(world: World) -> None:
    world.poll(NewEntry(entry=parsed("one", title="Weather"), status=EntryStatus.NEWS))
    edit(world, parsed("one", hash_="h2"), world.match())
    edit(world, parsed("one", title="Akims", hash_="h3"), world.match())
    with world.store.read() as tx:
        [entry] = all_entries(tx)
        assert matches_of(tx, [entry.id]) == {entry.id: (world.match(),)}
        assert suppressed_of(tx, entry.id) == [Suppressed(code=Code.EDITED)], "once: the second edit matched already"
        assert list_alerts(tx, limit=1) == []
    assert world.told() == []


# -- snapshots


def test_a_snapshot_knows_the_entries_of_its_own_feed_by_key_reused_key_and_twin(world: World) -> None:
    world.poll(world.news(parsed("one"), PAGE))
    world.poll(world.news(parsed("two"), "page:2"), which=1)
    with world.store.read() as tx:
        feed = feeds.find_feed(tx, str(world.feed_ids[0]))
        asked = [
            parsed("one"),
            parsed("two"),
            replace(parsed("new guid"), twin_key="twin:one"),
            replace(parsed("reused"), reuse_key="guid:one"),
        ]
        seen = plans.snapshot(tx, feed, asked, now=NOW, stories_of=no_stories)
    assert set(seen.known) == {"guid:one"}
    assert {key: twin.key for key, twin in seen.twins.items()} == {"twin:one": "guid:one"}
    assert seen.known["guid:one"].title == "Akim one"


def test_a_snapshot_knows_stories_and_who_was_notified_of_them(world: World) -> None:
    aliya, bolat = world.readers
    world.poll_while_paused(bolat, world.news(parsed("one"), PAGE), alerts=(world.alert(0),))
    fresh = parsed("two")

    def snapshot(feed: Feed, *keys: str) -> Snapshot:
        return plans.snapshot(tx, feed, [fresh], now=NOW, stories_of=lambda _: keys)

    with world.store.read() as tx:
        other = feeds.find_feed(tx, str(world.feed_ids[1]))
        assert snapshot(other, PAGE) == Snapshot(feed=other), "a baseline makes no stories"
        read_before = changed(other, last_ok_at=NOW)
        unknown = snapshot(read_before, "page:unknown")
        seen = snapshot(read_before, PAGE, "page:unknown")
        backfilled = snapshot(replace(other, backfill_days=2), PAGE, "page:unknown")
    [story] = set(seen.stories.values())
    assert seen.stories == backfilled.stories == {PAGE: story}
    assert seen.notified == backfilled.notified == {story: frozenset({aliya})}
    assert {one.id for one in seen.subscribers} == {one.id for one in backfilled.subscribers} == {aliya, bolat}
    assert (unknown.stories, unknown.subscribers) == ({}, ()), "a new story is an alert, whoever follows it"


def test_ten_thousand_entries_are_one_snapshot(world: World) -> None:
    world.poll(world.news(parsed("9999"), PAGE))
    with world.store.read() as tx:
        feed = changed(feeds.find_feed(tx, str(world.feed_ids[0])), last_ok_at=NOW)
        many = [parsed(str(i)) for i in range(10_000)]
        seen = plans.snapshot(tx, feed, many, now=NOW, stories_of=lambda one: (f"page:{one.guid}", one.key))
    assert set(seen.known) == {"guid:9999"}


# -- stories


def stories_of_entries(world: World) -> dict[str, int | None]:
    with world.store.read() as tx:
        return {row.title: row.story_id for row in tx.execute(sa.select(tables.entries))}


def test_entries_of_two_feeds_on_one_page_or_under_one_headline_are_one_story(world: World) -> None:
    world.poll(world.news(parsed("one"), PAGE, HEADLINE))
    world.poll(
        world.news(parsed("two"), "page:2", HEADLINE),
        world.news(parsed("three"), PAGE),
        world.news(parsed("four"), "page:2"),
        world.news(parsed("five"), "page:5"),
        which=1,
    )
    stories = stories_of_entries(world)
    assert len({stories[f"Akim {name}"] for name in ("one", "two", "three", "four")}) == 1
    assert stories["Akim five"] not in {None, stories["Akim one"]}


def test_a_headline_stands_for_its_story_for_three_days_and_a_page_for_ever(world: World) -> None:
    world.poll(world.news(parsed("one"), PAGE, HEADLINE))
    late = NOW + HEADLINE_WINDOW + timedelta(seconds=1)
    world.poll(world.news(parsed("two"), "page:2", HEADLINE), which=1, now=late)
    world.poll(world.news(parsed("three"), PAGE), now=late)
    world.poll(world.news(parsed("four"), "page:4", HEADLINE), which=1, now=late + timedelta(hours=2))
    stories = stories_of_entries(world)
    assert stories["Akim two"] != stories["Akim one"]
    assert stories["Akim three"] == stories["Akim one"]
    assert stories["Akim four"] == stories["Akim two"], "the headline stands for the newer story now"


def test_a_headline_that_is_repeated_goes_on_standing_for_its_story(world: World) -> None:
    for day in range(6):
        now = NOW + timedelta(days=day)
        world.poll(world.news(parsed(str(day)), f"page:{day}", HEADLINE), which=day % 2, now=now)
    assert len(set(stories_of_entries(world).values())) == 1


def test_an_entry_that_matches_nothing_makes_no_story(world: World) -> None:
    world.poll(NewEntry(entry=parsed("one"), status=EntryStatus.NEWS))
    assert stories_of_entries(world) == {"Akim one": None}
    assert world.counts()["stories"] == 0


# -- the ledger of who has heard of what


def test_nobody_is_told_of_a_story_twice_whichever_feed_brings_it(world: World) -> None:
    # trust: E16
    aliya, bolat = world.readers
    world.poll_while_paused(bolat, world.news(parsed("one"), PAGE, HEADLINE), alerts=(world.alert(0),))
    routed = world.poll(world.news(parsed("two"), "page:2", HEADLINE), which=1, alerts=(world.alert(0),))
    assert routed == Routed(alerts=1, deliveries=1)
    assert world.told() == [(aliya, "msg_1"), (bolat, "msg_2")]
    again = world.poll(world.news(parsed("three"), "page:2"), alerts=(world.alert(0),))
    assert again == Routed(alerts=1, deliveries=0)
    assert codes(world.store) == [
        ("Aliya", "instant"), ("Bolat", "paused"),
        ("Aliya", "already_notified"), ("Bolat", "instant"),
        ("Aliya", "already_notified"), ("Bolat", "already_notified"),
    ]  # fmt: skip


def test_a_summary_is_sent_where_at_least_one_of_its_stories_is_new_to_the_reader(world: World) -> None:
    aliya, bolat = world.readers
    summary = replace(world.alert(0, 1), kind=AlertKind.SUMMARY, headline="", burst=Burst(feed="b", stories=2))
    world.poll_while_paused(bolat, world.news(parsed("one"), PAGE), alerts=(world.alert(0),))
    both = (world.news(parsed("two"), PAGE), world.news(parsed("three"), "page:3"))
    world.poll(*both, which=1, alerts=(summary,))
    assert [reader for reader, _ in world.told()] == [aliya, aliya, bolat]
    world.poll(world.news(parsed("four"), "page:3"), alerts=(world.alert(0),))
    again = (world.news(parsed("five"), PAGE), world.news(parsed("six"), "page:3"))
    assert world.poll(*again, which=1, alerts=(summary,)).deliveries == 0, "both stories of it are known to both"
    assert len(world.told()) == 3
    with world.store.read() as tx:
        kept = [alert for alert in list_alerts(tx, limit=9) if alert.kind is AlertKind.SUMMARY]
    assert [(alert.burst, alert.headline, alert.title) for alert in kept] == [(summary.burst, "", "2 · b")] * 2


def test_an_alert_that_nobody_follows_is_stored_and_notifies_nobody(world: World) -> None:
    with world.store.write() as tx:
        weather = add_topic(tx, NewTopic(slug="weather", name="Weather"), now=NOW)
        for reader in list_subscribers(tx):
            remove_subscriber(tx, reader.id)
        new = NewSubscriber(
            name="Carmen", channel=ChannelKind.CONSOLE, address="-", topics=(weather.slug,), unsubscribe_token="c"
        )
        add_subscriber(tx, new, now=NOW)
    assert world.poll(world.news(parsed("one"), PAGE), alerts=(world.alert(0),)) == Routed(alerts=1, deliveries=0)
    assert codes(world.store) == []
    with world.store.read() as tx:
        assert not has_unrouted(tx)


def test_entries_of_one_story_in_one_reply_are_one_alert(world: World) -> None:
    both = (world.news(parsed("one"), PAGE), world.news(parsed("two"), PAGE))
    assert world.poll(*both, alerts=(world.alert(0, 1),)) == Routed(alerts=1, deliveries=2)
    with world.store.read() as tx:
        [alert] = list_alerts(tx, limit=9)
    assert [item.entry.title for item in alert.items] == ["Akim one", "Akim two"]
    assert alert.story_id is not None


def is_waiting_for_a_lock(store: Store) -> bool:
    with store.read() as tx:
        waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        return tx.exec_driver_sql(waiting).first() is not None


def until(condition: Callable[[], bool], *, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        threading.Event().wait(0.01)


def both_at_once(world: World) -> tuple[Routed, Routed]:
    """Two processes apply plans of two feeds that bring one story; the second begins before the first commits."""
    with world.store.write() as tx:
        first, second = world.claim(tx, 0), world.claim(tx, 1)
    plan_one = plan_for(first, world.news(parsed("one"), PAGE, HEADLINE), alerts=(world.alert(0),))
    plan_two = plan_for(second, world.news(parsed("two"), "page:2", HEADLINE), alerts=(world.alert(0),))
    other, begun = Store(world.store.url), threading.Event()
    results: list[Routed] = []

    def apply_second() -> None:
        begun.set()
        with other.write() as tx:
            results.append(apply_and_route(tx, plan_two, world.router))

    thread = threading.Thread(target=apply_second)
    with world.store.write() as tx:
        one = apply_and_route(tx, plan_one, world.router)
        thread.start()
        assert begun.wait(60)
        if world.store.sqlite_path is None:
            until(lambda: not thread.is_alive() or is_waiting_for_a_lock(world.store), seconds=60)
    thread.join(60)
    other.close()
    assert not thread.is_alive()
    [two] = results
    return one, two


def test_two_processes_that_bring_one_story_at_once_tell_everybody_once_on_sqlite(sqlite_store: Store) -> None:
    world = world_in(sqlite_store)
    one, two = both_at_once(world)
    assert (one.deliveries, two.deliveries) == (2, 0)
    assert len(set(stories_of_entries(world).values())) == 1
    assert [reader for reader, _ in world.told()] == world.readers


def test_two_processes_that_bring_one_story_at_once_tell_everybody_once_on_postgresql(postgres_store: Store) -> None:
    world = world_in(postgres_store)
    one, two = both_at_once(world)
    assert (one.deliveries, two.deliveries) == (2, 0), "the second waits for the first, and then knows its story"
    assert len(set(stories_of_entries(world).values())) == 1
    assert [reader for reader, _ in world.told()] == world.readers


def test_many_processes_that_bring_known_stories_at_once_tell_everybody_once(store: Store) -> None:
    """The stories are known, only the ledger decides: no lost and no second telling on either database."""
    world = world_in(store)
    keys = [f"page:{i}" for i in range(8)]
    world.poll(*(world.news(parsed(f"old {key}"), key) for key in keys))
    with store.write() as tx:
        for number in range(2, 6):
            feeds.add_feed(tx, NewFeed(url=f"https://{number}.example/rss", name=str(number)), now=NOW)
        some = [feed for feed in feeds.list_feeds(tx) if feed.name.isdecimal()]
        claimed = [feeds.claim(tx, [f.id], token=f"c:{f.id}", now=NOW, lease=LEASE)[0] for f in some]
    start, stores = threading.Barrier(len(claimed)), [Store(store.url) for _ in claimed]

    def apply(one: Store, feed: Feed) -> None:
        new = [world.news(parsed(f"{feed.name} {key}"), key) for key in keys]
        plan = plan_for(feed, *new, alerts=tuple(world.alert(i) for i in range(len(keys))))
        numbers = count()
        start.wait(60)
        with one.write() as tx:
            apply_and_route(tx, plan, a_router(one, lambda: f"msg_{feed.id}_{next(numbers)}"))

    threads = [threading.Thread(target=apply, args=pair) for pair in zip(stores, claimed, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for one in stores:
        one.close()
    told = [reader for reader, _ in world.told()]
    assert sorted(told) == sorted(world.readers * len(keys))
