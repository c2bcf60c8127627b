"""Messages: English texts of log lines: the result of a poll, why a hub's request was not confirmed."""

from collections.abc import Iterator, Mapping
from typing import Final

from reformwatch.messages.catalogues import ENGLISH
from reformwatch.messages.problems import problem_sentence
from reformwatch.model.entry import EntryStatus
from reformwatch.model.feed import Feed, Gap
from reformwatch.model.plan import PollPlan
from reformwatch.model.websub import NotAskedCode

_NOT_ASKED: Final[Mapping[NotAskedCode, str]] = {
    NotAskedCode.UNKNOWN_ADDRESS: "unknown address",
    NotAskedCode.OTHER_TOPIC: "it asks about another topic",
    NotAskedCode.NOT_WANTED: "the subscription is not wanted, or not asked for yet",
    NotAskedCode.UNKNOWN_MODE: "it asks for a mode that nobody asked for",
    NotAskedCode.HAS_REFUSED: "it has refused and was not asked again",
    NotAskedCode.BAD_CHALLENGE: "its challenge is missing or too long",
    NotAskedCode.ONLY_ITS_END: "only its end was asked for",
}


def not_asked_line(code: NotAskedCode) -> str:
    """Why a hub's verification request was not confirmed (WebSub, 5.3)."""
    return _NOT_ASKED[code]


def poll_line(feed: Feed, plan: PollPlan) -> str:
    """The result of a poll; ``feed`` is the feed as it was before the poll."""
    if plan.problem is not None:
        problem = problem_sentence(plan.problem, ENGLISH)
        return f"this machine's network seems to be down ({problem})" if plan.is_outage else f"failed: {problem}"
    return "nothing new" if plan.listed is None else ", ".join(_parts(feed, plan, plan.listed))


def _parts(feed: Feed, plan: PollPlan, listed: int) -> Iterator[str]:
    yield f"{listed} entr{'y' if listed == 1 else 'ies'}"
    yield f"{len(plan.entries)} new"
    if not feed.has_baseline:
        yield "baseline"
    if late := sum(new.status is EntryStatus.LATE for new in plan.entries):
        yield f"{late} late"
    if plan.edits:
        yield f"{len(plan.edits)} edited"
    if matched := sum(bool(new.matches) for new in plan.entries):
        yield f"{matched} matching"
    if plan.alerts:
        yield f"{len(plan.alerts)} alert{'s' if len(plan.alerts) > 1 else ''}"
    if plan.dropped:
        yield f"{plan.dropped} beyond the limit left out"
    if plan.gap is not None:
        yield _gap(plan.gap)


def _gap(gap: Gap) -> str:
    outcome = f"{gap.found} found on older pages" if gap.recovered_at else "some may have been missed"
    return f"all had changed since {gap.since:%d %B %H:%M} UTC, {outcome}"
