"""Planning: the whole path replayed on an archive: which alerts a topic would have brought, and which silences.

Matching, strength, once per story, one summary for a burst of a feed: the same functions that plan a poll. Time is each
entry's own date, so that a topic can be tried on what was there before it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from reformwatch.matching.index import CompiledTopic, TopicIndex, document_of
from reformwatch.matching.query.anchors import terms_of
from reformwatch.model.entry import Entry
from reformwatch.model.story import HEADLINE_WINDOW, is_headline_key
from reformwatch.model.topic import Match, Strength
from reformwatch.model.value import Value
from reformwatch.planning.stories import story_keys


class Hit(Value, frozen=True, kw_only=True):
    """An archived entry that a topic matches, at its own time."""

    entry: Entry
    match: Match
    moment: datetime


class ReplayedAlert(Value, frozen=True, kw_only=True):
    """An alert that would have been sent; more than one hit where it is a summary of a burst."""

    hits: tuple[Hit, ...]

    @property
    def moment(self) -> datetime:
        """When."""
        return self.hits[0].moment

    @property
    def week(self) -> date:
        """The Monday of its week."""
        day = self.moment.date()
        return day - timedelta(days=day.weekday())


class Replay(Value, frozen=True, kw_only=True):
    """What a topic would have brought. ``silences`` counts by reason what would not have been told."""

    alerts: tuple[ReplayedAlert, ...]
    silences: Mapping[str, int]
    entries: int


def moment_of(entry: Entry) -> datetime:
    """When an entry was news: its own date, or when it was first seen, whichever is earlier."""
    return min(entry.published or entry.first_seen, entry.first_seen)


class Found(Value, frozen=True, kw_only=True):
    """What a topic matches of an archive, oldest first; ``evaluated`` is how many entries it had to be run on."""

    hits: tuple[Hit, ...]
    entries: int
    evaluated: int


def find_hits(entries: Iterable[Entry], topic: CompiledTopic) -> Found:
    """Hold entries against a topic."""
    index = TopicIndex.of([topic])
    hits: list[Hit] = []
    count = 0
    for entry in entries:
        count += 1
        document = document_of(entry, source=entry.feed_name, language=entry.language)
        hits += [Hit(entry=entry, match=match, moment=moment_of(entry)) for match in index.match(document)]
    hits.sort(key=lambda hit: (hit.moment, hit.entry.id))
    return Found(hits=tuple(hits), entries=count, evaluated=index.evaluated)


@dataclass(kw_only=True)
class _Told:
    """Who has heard of which story: one imagined subscriber."""

    stories: dict[str, datetime] = field(default_factory=dict)

    def knows(self, hit: Hit) -> bool:
        """Whether the story of an entry was told; from now on it was."""
        keys = story_keys(url=hit.entry.url, title=hit.entry.title)
        known = any(self._is_alive(key, hit.moment) for key in keys)
        self.stories.update(dict.fromkeys(keys, hit.moment))
        return known

    def _is_alive(self, key: str, moment: datetime) -> bool:
        told = self.stories.get(key)
        return told is not None and (not is_headline_key(key) or moment - told <= HEADLINE_WINDOW)


def replay(hits: Sequence[Hit], *, entries: int, burst_limit: int, with_mentions: bool) -> Replay:
    """The alerts of these hits, in the order of time.

    1. A mention is told only to who wants mentions. 2. A story is told once. 3. What a feed brings in one hour beyond
    the burst limit is one summary.
    """
    told, silences = _Told(), Counter[str]()
    batches: dict[tuple[int, datetime], list[Hit]] = defaultdict(list)
    for hit in hits:
        if hit.match.strength is Strength.MENTION and not with_mentions:
            silences["only a mention"] += 1
        elif told.knows(hit):
            silences["the story had been told"] += 1
        else:
            hour = hit.moment.replace(minute=0, second=0, microsecond=0)
            batches[hit.entry.feed_id, hour].append(hit)
    alerts: list[ReplayedAlert] = []
    for batch in batches.values():
        if len(batch) > burst_limit:
            alerts.append(ReplayedAlert(hits=tuple(batch)))
            silences["one summary for a burst"] += len(batch) - 1
        else:
            alerts += [ReplayedAlert(hits=(hit,)) for hit in batch]
    return Replay(alerts=tuple(sorted(alerts, key=lambda one: one.moment)), silences=dict(silences), entries=entries)


class Difference(Value, frozen=True, kw_only=True):
    """What a new version of a topic finds and an old one does not, and the reverse."""

    gained: tuple[Hit, ...]
    lost: tuple[Hit, ...]


def difference(old: Sequence[Hit], new: Sequence[Hit]) -> Difference:
    """By entry and strength: an entry that only becomes a mention is lost, one that becomes about is gained."""
    before = {hit.entry.id for hit in old if hit.match.strength is Strength.ABOUT}
    after = {hit.entry.id for hit in new if hit.match.strength is Strength.ABOUT}
    return Difference(
        gained=tuple(h for h in new if h.entry.id in after - before),
        lost=tuple(h for h in old if h.entry.id in before - after),
    )


class Trial(Value, frozen=True, kw_only=True):
    """What a query would have brought, before it is saved."""

    days: int
    about: int
    mentions: int
    alerts_a_day: float
    examples: tuple[Hit, ...]


def try_out(hits: Sequence[Hit], *, now: datetime, days: int, burst_limit: int) -> Trial:
    """Count what the last days would have brought; the newest as examples."""
    since = now - timedelta(days=days)
    recent = [hit for hit in hits if hit.moment >= since]
    about = [hit for hit in recent if hit.match.strength is Strength.ABOUT]
    told = replay(recent, entries=len(recent), burst_limit=burst_limit, with_mentions=False).alerts
    return Trial(
        days=days,
        about=len(about),
        mentions=len(recent) - len(about),
        alerts_a_day=len(told) / days,
        examples=tuple(reversed(about[-3:])),
    )


class TermReport(Value, frozen=True, kw_only=True):
    """Which terms of a topic never occur in what it finds, and which one is in nearly all of it."""

    idle: tuple[str, ...]
    workhorse: str | None


_NEARLY_ALL = 0.9
_ENOUGH = 5


def report_terms(topic: CompiledTopic, hits: Sequence[Hit]) -> TermReport:
    """Judge the terms of the queries by the evidence of their hits."""
    shown: dict[str, None] = {}
    for _, tree in topic.queries:
        shown.update((term.shown, None) for term in terms_of(tree))
    counts = Counter(term for hit in hits for term in {evidence.term for evidence in hit.match.evidence})
    idle = tuple(term for term in shown if term not in counts)
    best = counts.most_common(1)
    is_workhorse = bool(best) and len(hits) >= _ENOUGH and best[0][1] >= _NEARLY_ALL * len(hits)
    return TermReport(idle=idle, workhorse=best[0][0] if is_workhorse else None)


class Score(Value, frozen=True, kw_only=True):
    """Right, false and missed alerts."""

    right: int = 0
    false: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """The share of alerts that are right; 1 where there is none."""
        return self.right / (self.right + self.false) if self.right + self.false else 1.0

    @property
    def recall(self) -> float:
        """The share of what should be told that is told; 1 where there is none."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        """Their harmonic mean."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def add_up(verdicts: Iterable[tuple[bool, bool]]) -> Score:
    """The score of (should be told, is told) pairs."""
    counts = Counter(verdicts)
    return Score(right=counts[True, True], false=counts[False, True], missed=counts[True, False])
