"""Plans stored and routed as a poll does it, and alerts that are stored and wait to be routed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from conftest import NOW
from reformwatch.model.alert import AlertKind, Burst, NewAlert
from reformwatch.model.entry import EntryStatus, ParsedEntry
from reformwatch.model.feed import NewFeed, PollState
from reformwatch.model.notification import AlertTopic, NotificationRecord
from reformwatch.model.plan import NewEntry, PollPlan
from reformwatch.model.subscriber import ChannelKind, NewSubscriber, Pause, PauseCode
from reformwatch.model.topic import Match, NewTopic, Strength
from reformwatch.pipeline.checkpoints import Hook, no_hook
from reformwatch.pipeline.fetch_flow import FeedFetcher, Fetchers
from reformwatch.pipeline.parsing import ParserPool
from reformwatch.pipeline.poll import Poller, PollLimits
from reformwatch.pipeline.route import SLICE, Router
from reformwatch.pipeline.runtime import Runtime
from reformwatch.store import Store, Tx, alerts, feeds, plans
from reformwatch.store.notifications import notifications_of
from reformwatch.store.subscribers import add_subscriber
from reformwatch.store.topics import add_topic

LEASE = timedelta(minutes=5)

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
    hook: Hook = no_hook,
) -> Router:
    """A router whose clock stands still."""
    return Router(store, clock=lambda: now, new_message_id=new_message_id, slice_size=slice_size, hook=hook)


def a_poller(
    store: Store,
    fetch: FeedFetcher,
    parser: ParserPool,
    *,
    router: Router | None = None,
    clock: Callable[[], datetime] = lambda: NOW,
    limits: PollLimits | None = None,
    random: Callable[[], float] = lambda: 0.0,
    hook: Hook = no_hook,
) -> Poller:
    """A poller without chance, and without a gap between two requests where no limits are given."""
    numbers = count()
    runtime = Runtime(
        clock=clock,
        random=random,
        new_token=lambda: f"test:{next(numbers)}",
        new_secret=lambda: f"secret-{next(numbers)}",
        hook=hook,
    )
    router = router or a_router(store, lambda: f"msg_{next(numbers)}")
    limits = limits or PollLimits(gap=timedelta())
    return Poller(store, Fetchers(feed=fetch), parser, router, runtime=runtime, limits=limits)


def apply_and_route(tx: Tx, plan: PollPlan, router: Router, *, now: datetime = NOW) -> Routed:
    """Store a plan, and route its alerts within the same transaction."""
    alert_ids = plans.apply(tx, plan, now=now)
    if alert_ids is None:
        return Routed(is_stale=True)
    return Routed(alerts=len(alert_ids), deliveries=router.route_within(tx, alert_ids))


def records(store: Store, alert_ids: Sequence[int] | None = None) -> list[NotificationRecord]:
    """The notifications of alerts, of all where none are named; by alert and subscriber's name."""
    with store.read() as tx:
        wanted = alert_ids if alert_ids is not None else [alert.id for alert in alerts.list_alerts(tx, limit=1_000)]
        return notifications_of(tx, wanted)


def codes(store: Store, alert_ids: Sequence[int] | None = None) -> list[tuple[str, str]]:
    """The same, as pairs of subscriber and code."""
    return [(one.subscriber, one.code.value) for one in records(store, alert_ids)]


class AlertDesk:
    """Subscribers to all topics, a feed and two topics; alerts are stored here, and wait to be routed."""

    def __init__(self, store: Store, names: Iterable[str]) -> None:
        self.store = store
        self._numbers = count(1)
        with store.write() as tx:
            self.topics = {
                slug: add_topic(tx, NewTopic(slug=slug, name=slug), now=NOW).id for slug in ("akims", "dams")
            }
            feeds.add_feed(tx, NewFeed(url="https://a.example/rss", name="a"), now=NOW)
        self.readers = {name: self.add(name) for name in names}

    def add(self, name: str, *topics: str) -> int:
        """A subscriber, to all topics where none are named; their number."""
        new = NewSubscriber(name=name, channel=ChannelKind.CONSOLE, address="-", topics=topics, unsubscribe_token=name)
        with self.store.write() as tx:
            return add_subscriber(tx, new, now=NOW).id

    def new_id(self) -> str:
        """Another one each time."""
        return f"msg_{next(self._numbers)}"

    def router(self, slice_size: int, *, hook: Hook = no_hook) -> Router:
        """A router of slices of this size."""
        return a_router(self.store, self.new_id, slice_size=slice_size, hook=hook)

    def plan(self, *pages: str, slugs: Sequence[str] = ("akims",), kind: AlertKind = AlertKind.STORY) -> PollPlan:
        """A plan of one alert with an entry for each of these pages; each page is a story."""
        topics = tuple(AlertTopic(topic_id=self.topics[slug], strength=Strength.ABOUT) for slug in slugs)
        burst = Burst(feed="a", stories=len(pages)) if kind is AlertKind.SUMMARY else None
        alert = NewAlert(kind=kind, headline="h", entries=tuple(range(len(pages))), topics=topics, burst=burst)
        return PollPlan(
            feed_id=1,
            lease_token="poll:1",
            after=PollState(next_poll_at=NOW, last_polled_at=NOW, last_ok_at=NOW, last_new_at=NOW),
            entries=tuple(self._entry(page, slugs) for page in pages),
            alerts=(alert,),
        )

    def _entry(self, page: str, slugs: Sequence[str]) -> NewEntry:
        key = f"guid:{next(self._numbers)}"
        entry = ParsedEntry(
            key=key, reuse_key="", twin_key="", guid=None, url=None, title=f"Akim {key}", summary="", content="",
            author="", tags=(), published=None, text_hash="h",
        )  # fmt: skip
        matches = tuple(
            Match(topic_id=self.topics[slug], slug=slug, language="en", strength=Strength.ABOUT, evidence=())
            for slug in slugs
        )
        return NewEntry(entry=entry, status=EntryStatus.NEWS, matches=matches, story_keys=(page,))

    def store_plan(self, tx: Tx, plan: PollPlan) -> int:
        """Claim the feed and store a plan; the number of its alert."""
        feeds.claim(tx, [plan.feed_id], token="poll:1", now=NOW, lease=LEASE)
        [number] = plans.apply(tx, plan, now=NOW) or ()
        return number

    def born(self, *pages: str, slugs: Sequence[str] = ("akims",), kind: AlertKind = AlertKind.STORY) -> int:
        """An alert that waits to be routed; its number."""
        with self.store.write() as tx:
            return self.store_plan(tx, self.plan(*pages, slugs=slugs, kind=kind))
