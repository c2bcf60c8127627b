"""Store: every field of a feed's poll state is written and read again, whatever fields it will have."""

from datetime import datetime, timedelta
from types import UnionType
from typing import Any, get_args, get_type_hints

from msgspec import Struct

from conftest import NOW
from reformwatch.model.feed import Feed, FeedHints, NewFeed, PollState
from reformwatch.model.plan import PollPlan
from reformwatch.model.problem import Problem, ProblemCode
from reformwatch.store import Store, feeds, plans
from reformwatch.store.poll_state import COLUMNS
from reformwatch.store.tables import feeds as table


def distinct(kind: Any, number: int) -> Any:
    """A value of a type, another for each number; never the type's default."""
    if isinstance(kind, UnionType):
        return distinct(next(one for one in get_args(kind) if one is not type(None)), number)
    if kind is FeedHints:
        return FeedHints(ttl=timedelta(minutes=number), skip_hours=frozenset({3, 4}), skip_days=frozenset({6}))
    if kind is Problem:
        return Problem.of(ProblemCode.TIMED_OUT, host="a.example", seconds=0.5 + number)
    if isinstance(kind, type) and issubclass(kind, Struct):
        return state_of(kind, number * 100)
    made = {datetime: NOW + timedelta(days=number), timedelta: timedelta(minutes=number), int: number}
    return made.get(kind) or kind(f"value {number}", *(["ascii"] if kind is bytes else []))


def state_of(kind: type[Struct], begin: int = 1) -> Any:
    hints = get_type_hints(kind)
    return kind(**{name: distinct(hints[name], begin + i) for i, name in enumerate(kind.__struct_fields__)})


def test_a_poll_writes_every_field_of_the_state_and_a_claim_reads_it(store: Store) -> None:
    after: PollState = state_of(PollState)
    with store.write() as tx:
        feeds.add_feed(tx, NewFeed(url="https://a.example/feed", name="A"), now=NOW)
        feed = feeds.claim(tx, [1], token="us:1", now=NOW, lease=timedelta(minutes=5))[0]
        assert feed.poll == PollState(next_poll_at=NOW)
        plan = PollPlan(feed_id=feed.id, lease_token="us:1", after=after)
        plans.apply(tx, plan, now=NOW)
    with store.read() as tx:
        written = feeds.find_feed(tx, "1")
    assert isinstance(written, Feed)
    differing = {
        name: (getattr(written.poll, name), getattr(after, name))
        for name in PollState.__struct_fields__
        if getattr(written.poll, name) != getattr(after, name)
    }
    assert not differing


def test_every_column_of_a_feed_is_either_polled_or_its_own() -> None:
    own = {
        "id", "url", "origin", "name", "kind", "language", "state", "site_url", "pack", "backfill_days", "added_at",
        "lease_token", "lease_until", "unfinished", "source_type", "item_selector", "full_text", "interval",
    }  # fmt: skip
    assert own | {column.name for column in COLUMNS} == {column.name for column in table.c}
    assert not own & {column.name for column in COLUMNS}
