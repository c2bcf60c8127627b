"""An archive for tests: entries stored as a poll stores them."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from conftest import NOW
from reformwatch.model.entry import EntryStatus, ParsedEntry
from reformwatch.model.feed import NewFeed, PollState
from reformwatch.model.plan import NewEntry, PollPlan
from reformwatch.store import Store, plans
from reformwatch.store.feeds import add_feed, claim, find_feed

FEED = NewFeed(url="https://news.example/rss", name="News", language="en")


def store_entries(store: Store, titles: Iterable[tuple[str, timedelta]], *, now: datetime = NOW) -> None:
    """One feed with an entry for each title and its age."""
    with store.write() as tx:
        add_feed(tx, FEED, now=now)
        [feed] = claim(tx, [find_feed(tx, FEED.url).id], token="t", now=now, lease=timedelta(minutes=5))
        done = PollState(next_poll_at=now, last_polled_at=now, last_ok_at=now, last_new_at=now)
        entries = tuple(_entry(number, title, now - age) for number, (title, age) in enumerate(titles))
        plan = PollPlan(feed_id=feed.id, lease_token=feed.lease_token, after=done, entries=entries)
        plans.apply(tx, plan, now=now)


def _entry(number: int, title: str, published: datetime) -> NewEntry:
    parsed = ParsedEntry(
        key=f"guid:{number}",
        reuse_key=f"page:{number}",
        twin_key=f"twin:{number}",
        guid=f"{number}",
        url=f"https://news.example/{number}",
        title=title,
        summary="",
        content="",
        author="",
        tags=(),
        published=published,
        text_hash=f"hash-{number}",
    )
    return NewEntry(entry=parsed, status=EntryStatus.NEWS)
