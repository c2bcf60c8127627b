"""Messages: sentences about feeds: their health, the times in which they were not read, notices to the operator."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from reformwatch.messages.catalogues import Words, counted, msg
from reformwatch.messages.problems import Text, filled, problem_sentence
from reformwatch.model.feed import Notice, NoticeKind
from reformwatch.model.health import Health, HealthState, Unread, UnreadCode
from reformwatch.model.problem import Fact, Problem

_HEALTH: Final[Mapping[HealthState, tuple[Text, ...]]] = {
    HealthState.NEW: (msg("not read yet"),),
    HealthState.OK: (msg("ok"),),
    HealthState.QUIET: (msg("nothing new for {silent}; its rhythm explains {explained}"),),
    HealthState.FAILING: ("{problem}", msg("can't be read")),
    HealthState.PAUSED: (msg("paused by the operator"),),
    HealthState.GONE: ("{problem}", msg("gone")),
}
_UNREAD: Final[Mapping[UnreadCode, tuple[Text, ...]]] = {
    UnreadCode.NOT_READ_YET: ("{problem}", msg("it was not read yet")),
    UnreadCode.NOT_WATCHED_YET: (msg("it was not watched yet"),),
    UnreadCode.TURNED_OVER: (msg("all its entries had changed between two polls"),),
    UnreadCode.PAUSED: (msg("it is paused"),),
    UnreadCode.GONE: ("{problem}", msg("it is gone")),
    UnreadCode.FAILING: ("{problem}", msg("it can't be read")),
    UnreadCode.OVERDUE: (msg("it was due and was not read"),),
}
#: A notice stored by an earlier version may have no feed; its text is then its problem.
_NOTICES: Final[Mapping[NoticeKind, tuple[Text, ...]]] = {
    NoticeKind.FAILING: (msg("feed {feed}: fails since {since}: {problem}"), "{problem}"),
    NoticeKind.BACK: (
        msg("feed {feed}: it can be read again, after failing since {since}"),
        msg("feed {feed}: it can be read again"),
        "{problem}",
    ),
    NoticeKind.GONE: (msg("feed {feed}: {problem}; it is polled no more"), "{problem}"),
    NoticeKind.NETWORK: ("{problem}", msg("nothing can be reached: this machine's network seems to be down")),
    NoticeKind.NETWORK_BACK: (msg("the network is back"),),
}
_A_DAY: Final = counted("a day", "{count} days")


def health_sentence(health: Health, words: Words) -> str:
    """A feed's health, and why: ``nothing new for 9 days; its rhythm explains 2 days``."""
    facts: dict[str, Fact] = _problem_fact(health.problem, words)
    lengths = {"silent": health.silent, "explained": health.explained}
    facts |= {name: days_phrase(length, words) for name, length in lengths.items() if length is not None}
    return filled(_HEALTH[health.state], facts, words) or health.state.value


def unread_sentence(unread: Unread, words: Words) -> str:
    """Why a feed was not read in a time."""
    return filled(_UNREAD[unread.code], _problem_fact(unread.problem, words), words) or unread.code.value


def notice_sentence(notice: Notice, words: Words) -> str:
    """The sentence of a notice to the operator."""
    facts: dict[str, Fact] = _problem_fact(notice.problem, words)
    if notice.feed_name is not None:
        facts["feed"] = notice.feed_name
    if notice.since is not None:
        facts["since"] = words.moment(notice.since)
    return filled(_NOTICES[notice.kind], facts, words) or notice.kind.value


def days_phrase(length: timedelta, words: Words) -> str:
    """A length of time in whole days, at least one."""
    days = max(1, round(length / timedelta(days=1)))
    return filled((_A_DAY,), {"count": days}, words)


def _problem_fact(problem: Problem | None, words: Words) -> dict[str, Fact]:
    return {} if problem is None else {"problem": problem_sentence(problem, words)}
