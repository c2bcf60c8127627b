"""What a poll is planned from, for tests of pure functions: a feed read before, entries, subscribers, replies."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from reformwatch.documents.feed import make_entry
from reformwatch.matching.index import CompiledTopic, TopicIndex, compile_topic
from reformwatch.model.entry import KnownEntry, ParsedEntry, ParsedFeed
from reformwatch.model.feed import Feed, FeedKind, FeedState, Fetched, ServerHints, Validators
from reformwatch.model.plan import PollPlan, Snapshot
from reformwatch.model.subscriber import ChannelKind, Subscriber, SubscriberState
from reformwatch.planning.poll_plan import Reply, plan_reply
from reformwatch.planning.schedule import PollPolicy
from sample_feeds import make_feed

NOW = datetime(2022, 3, 16, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
POLICY = PollPolicy()
OLD_VALIDATORS = Validators(etag='"old"', last_modified="yesterday")
NEW_VALIDATORS = Validators(etag='W/"new"')

LAW = compile_topic(1, "law", {"en": "law"})
VOTE = compile_topic(2, "vote", {"en": "vote"})
TOPICS = (LAW, VOTE)


def feed(**told: Any) -> Feed:
    """A feed that was read well before."""
    usual: dict[str, Any] = {
        "id": 5,
        "url": "https://courier.example/feed.xml",
        "name": "The Courier",
        "kind": FeedKind.INDEPENDENT,
        "language": "en",
        "state": FeedState.ACTIVE,
        "site_url": None,
        "pack": None,
        "backfill_days": None,
        "added_at": NOW - 30 * DAY,
        "next_poll_at": NOW,
        "last_ok_at": NOW - HOUR,
        "last_new_at": NOW - DAY,
        "validators": OLD_VALIDATORS,
        "body_hash": "old",
        "lease_token": "lease",
    }
    return make_feed(**(usual | told))


def entry(number: int = 1, **told: Any) -> ParsedEntry:
    """An entry; each number another page and headline."""
    usual: dict[str, Any] = {
        "guid": f"g{number}",
        "link": f"https://courier.example/{number}",
        "base": "https://courier.example/",
        "title": f"Headline number {number} on a law",
        "summary": "Text.",
        "content": "",
        "author": "",
        "tags": (),
        "published": NOW - HOUR,
    }
    made = make_entry(**(usual | told))
    assert made is not None
    return made


def known(one: ParsedEntry, *, id: int = 100, **told: Any) -> KnownEntry:  # noqa: A002 - as in KnownEntry
    """An entry as the store remembers it."""
    usual: dict[str, Any] = {
        "id": id,
        "key": one.key,
        "twin_key": one.twin_key,
        "url": one.url,
        "title": one.title,
        "text_hash": one.text_hash,
        "version": 1,
    }
    return KnownEntry(**(usual | told))


def subscriber(number: int = 1, **told: Any) -> Subscriber:
    """A subscriber to all topics."""
    usual: dict[str, Any] = {
        "id": number,
        "name": f"reader-{number}",
        "channel": ChannelKind.EMAIL,
        "address": f"reader-{number}@example.org",
        "secret": None,
        "language": "en",
        "timezone": "UTC",
        "state": SubscriberState.ACTIVE,
        "pause": None,
        "topic_ids": None,
        "unsubscribe_token": f"token-{number}",
        "created_at": NOW,
    }
    return Subscriber(**(usual | told))


def reply(*entries: ParsedEntry, **told: Any) -> Reply:
    """A 200 reply that was read as these entries."""
    fetched = Fetched(
        body=b"",
        body_hash="new",
        url="https://courier.example/feed.xml",
        content_type=None,
        validators=NEW_VALIDATORS,
        hints=told.pop("hints", ServerHints()),
        moved_to=told.pop("moved_to", None),
    )
    usual: dict[str, Any] = {"format": "rss20", "title": "Title", "site_url": None, "language": None}
    return Reply(fetched=fetched, parsed=ParsedFeed(**(usual | {"entries": entries} | told)))


def plan(
    *entries: ParsedEntry,
    snapshot: Snapshot | None = None,
    topics: Sequence[CompiledTopic] = TOPICS,
    policy: PollPolicy = POLICY,
    **told: Any,
) -> PollPlan:
    """The plan of a reply with these entries; where nothing else is said, no story is known."""
    before = snapshot or Snapshot(feed=feed())
    return plan_reply(before, reply(*entries, **told), TopicIndex.of(topics), policy=policy, now=NOW, jitter=0.0)
