"""Services: backtests: a topic replayed on the archive, compared with another version, scored on labelled rows."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import asdict

from reformwatch.errors import BadInput
from reformwatch.matching.index import CompiledTopic, compile_topic, match_entry
from reformwatch.matching.query import MatchText
from reformwatch.model.entry import Entry
from reformwatch.model.topic import Strength
from reformwatch.model.value import Value
from reformwatch.planning.backtest import Replay, ReplayedAlert, Score, add_up, difference, find_hits, polls_of
from reformwatch.planning.backtest import replay as replay_polls
from reformwatch.services.entries import entry_view
from reformwatch.services.pack_files import check_queries
from reformwatch.services.topics import hit_view
from reformwatch.services.track import Track, untracked
from reformwatch.services.views import (
    BacktestView,
    ComparisonView,
    ReplayedAlertView,
    ReplayView,
    ScoreView,
    WeekView,
)
from reformwatch.store import Store
from reformwatch.store.entries import all_entries, count_entries
from reformwatch.store.topics import find_topic


class Window(Value, frozen=True, kw_only=True):
    """A half-open window of time: ``since`` is in it, ``until`` is not. None: no bound."""

    since: datetime | None = None
    until: datetime | None = None

    def has(self, entry: Entry) -> bool:
        """Whether an entry was first seen in this window; that is the time of its poll, not the entry's own date."""
        first_seen = entry.first_seen
        return (self.since is None or first_seen >= self.since) and (self.until is None or first_seen < self.until)


def replay(
    store: Store, slug: str, *, changed: Mapping[str, str], window: Window, burst_limit: int,
    wants_mentions: bool = False, track: Track[Entry] = untracked,
) -> BacktestView | ComparisonView:  # fmt: skip
    """The alerts that a topic would have made in a window; with ``changed`` queries, compared with that version.

    Raises NotFound, BadInput or QueryError. Nothing is stored.
    """
    versions = _versions(store, slug, changed)
    results = [find_hits(_entries(store, track), version) for version in versions]
    entries = _count(store, window)
    replays = [
        replay_polls(
            polls_of(result.hits),
            entries=entries,
            burst_limit=burst_limit,
            with_mentions=wants_mentions,
            since=window.since,
            until=window.until,
        )
        for result in results
    ]
    first = {"topic": slug, **asdict(_replay_view(replays[0]))}
    if len(results) == 1:
        return BacktestView(**first)
    between = difference(*([hit for hit in result.hits if window.has(hit.entry)] for result in results))
    return ComparisonView(
        **first,
        changed=_replay_view(replays[1]),
        gained=tuple(map(hit_view, between.gained)),
        lost=tuple(map(hit_view, between.lost)),
    )


def score(store: Store, slug: str, *, changed: Mapping[str, str], rows: str, where: str) -> list[ScoreView]:
    """The scores of a topic, and of its version with ``changed`` queries, on labelled rows: by language, then on all.

    ``rows`` are JSON Lines: title, lead, language, host, and about (a list of slugs); rows with a context are left out.
    Raises NotFound, QueryError, or BadInput where a line is not such a row; ``where`` names the rows in its message.
    """
    versions = _versions(store, slug, changed)
    labelled = list(_labelled(rows, where=where))
    languages = [*sorted({str(row.get("language", "")) for row in labelled}), "all"]
    views = []
    for version in versions:
        verdicts = [(row, _is_about(version, row)) for row in labelled]
        views += [_score_view(slug, language, _score_of(slug, verdicts, language)) for language in languages]
    return views


def _versions(store: Store, slug: str, changed: Mapping[str, str]) -> list[CompiledTopic]:
    with store.read() as tx:
        stored = find_topic(tx, slug)
    versions = [compile_topic(stored.id, stored.slug, stored.queries)]
    if changed:
        checked = check_queries({**stored.queries, **changed}, where=f"topic {stored.slug}")
        versions.append(compile_topic(stored.id, stored.slug, checked))
    return versions


def _entries(store: Store, track: Track[Entry]) -> Iterator[Entry]:
    with store.read() as tx:
        yield from track(all_entries(tx), count_entries(tx))


def _count(store: Store, window: Window) -> int:
    with store.read() as tx:
        return count_entries(tx, since=window.since, until=window.until)


def _replay_view(replayed: Replay) -> ReplayView:
    weeks = Counter(alert.week for alert in replayed.alerts)
    return ReplayView(
        entries=replayed.entries,
        alerts=tuple(map(_alert_view, replayed.alerts)),
        weeks=tuple(WeekView(week=week, alerts=count) for week, count in sorted(weeks.items())),
        suppressed={code.value: count for code, count in replayed.suppressed.items()},
    )


def _alert_view(alert: ReplayedAlert) -> ReplayedAlertView:
    return ReplayedAlertView(
        when=alert.at,
        week=alert.week,
        strength=alert.hits[0].match.strength,
        entries=tuple(entry_view(hit.entry) for hit in alert.hits),
    )


def _labelled(rows: str, *, where: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(rows.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict) or not isinstance(row.get("about"), list) or not isinstance(row.get("title"), str):
            raise BadInput(f"{where}: line {number} is no row with a title and a list about")
        if not row.get("context"):
            yield row


def _is_about(version: CompiledTopic, row: Mapping[str, Any]) -> bool:
    host = str(row.get("host") or "")
    text = MatchText(
        {
            "title": str(row["title"]),
            "summary": str(row.get("lead") or ""),
            "content": "",
            "author": "",
            "source": host,
            "tag": "",
            "url": f"https://{host}/" if host else "",
            "lang": str(row.get("language") or ""),
        }
    )
    return any(match.strength is Strength.ABOUT for match in match_entry(text, [version]))


def _score_of(slug: str, verdicts: Sequence[tuple[Mapping[str, Any], bool]], language: str) -> Score:
    pairs: Iterable[tuple[bool, bool]] = (
        (slug in row["about"], is_about)
        for row, is_about in verdicts
        if language == "all" or row.get("language", "") == language
    )
    return add_up(pairs)


def _score_view(slug: str, language: str, result: Score) -> ScoreView:
    return ScoreView(
        topic=slug,
        language=language,
        right=result.right,
        false=result.false,
        missed=result.missed,
        precision=round(result.precision, 4),
        recall=round(result.recall, 4),
        f1=round(result.f1, 4),
        exact=(result.precision, result.recall, result.f1),
    )
