"""Messages, lines of the log: what a poll brought, in a few words."""

from typing import Any

import pytest

from conftest import NOW
from reformwatch.messages.log_lines import not_asked_line, poll_line
from reformwatch.model.alert import AlertKind, NewAlert
from reformwatch.model.entry import EntryStatus, KnownEntry, ParsedEntry
from reformwatch.model.feed import Feed, FeedKind, FeedState, Gap, PollState
from reformwatch.model.plan import EditedEntry, NewEntry, PollPlan
from reformwatch.model.problem import Problem, ProblemCode
from reformwatch.model.topic import Match, Strength
from reformwatch.model.websub import NotAskedCode
from sample_feeds import make_feed

PROBLEM = Problem.of(ProblemCode.HTTP_STATUS, status=404)
ENTRY = ParsedEntry(
    key="k", reuse_key="r", twin_key="t", guid=None, url=None, title="T", summary="", content="", author="", tags=(),
    published=None, text_hash="h",
)  # fmt: skip
KNOWN = KnownEntry(id=1, key="k", twin_key="t", url=None, title="T", text_hash="g", version=1)
MATCH = Match(topic_id=1, slug="s", language="en", strength=Strength.ABOUT, evidence=())
ALERT = NewAlert(kind=AlertKind.STORY, headline="T", entries=(0,), topics=())


def feed(**told: Any) -> Feed:
    usual: dict[str, Any] = {
        "id": 1, "url": "https://a.example/", "name": "A", "kind": FeedKind.AGENCY, "language": None,
        "state": FeedState.ACTIVE, "site_url": None, "pack": None, "backfill_days": None, "added_at": NOW,
        "next_poll_at": NOW, "last_ok_at": NOW,
    }  # fmt: skip
    return make_feed(**(usual | told))


def new(status: EntryStatus = EntryStatus.NEWS, **told: Any) -> NewEntry:
    return NewEntry(entry=ENTRY, status=status, **told)


def line(before: Feed | None = None, **told: Any) -> str:
    plan = PollPlan(feed_id=1, lease_token=None, after=PollState(next_poll_at=NOW), **told)
    return poll_line(before or feed(), plan)


def test_a_poll_without_a_document() -> None:
    assert line() == "nothing new"
    assert line(problem=PROBLEM) == "failed: answers 404: the feed is not there"
    lost = Problem.of(ProblemCode.NAME_NOT_FOUND, host="a.example")
    down = "this machine's network seems to be down (name not found: a.example)"
    assert line(problem=lost, is_outage=True) == down


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"listed": 1}, "1 entry, 0 new"),
        ({"listed": 3, "dropped": 7}, "3 entries, 0 new, 7 beyond the limit left out"),
        ({"listed": 2, "entries": (new(), new(EntryStatus.LATE))}, "2 entries, 2 new, 1 late"),
        ({"listed": 2, "edits": (EditedEntry(known=KNOWN, entry=ENTRY),)}, "2 entries, 0 new, 1 edited"),
        (
            {"listed": 1, "entries": (new(matches=(MATCH,)),), "alerts": (ALERT,)},
            "1 entry, 1 new, 1 matching, 1 alert",
        ),
        ({"listed": 1, "alerts": (ALERT, ALERT)}, "1 entry, 0 new, 2 alerts"),
        (
            {"listed": 1, "gap": Gap(feed_id=1, since=NOW, until=NOW)},
            "1 entry, 0 new, all had changed since 12 March 10:00 UTC, some may have been missed",
        ),
        (
            {"listed": 1, "gap": Gap(feed_id=1, since=NOW, until=NOW, pages=1, found=4, recovered_at=NOW)},
            "1 entry, 0 new, all had changed since 12 March 10:00 UTC, 4 found on older pages",
        ),
    ],
)
def test_a_document_in_counts(told: dict[str, Any], said: str) -> None:
    assert line(**told) == said


def test_a_first_document_is_called_a_baseline() -> None:
    assert line(feed(last_ok_at=None), listed=2) == "2 entries, 0 new, baseline"


def test_every_reason_not_to_confirm_a_hub_s_question_has_a_line() -> None:
    assert len({not_asked_line(code) for code in NotAskedCode}) == len(NotAskedCode)
