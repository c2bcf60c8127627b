"""Services: topics: added and changed after a trial on the archive, listed, shown, tested, paused, removed."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import field
from msgspec.structs import asdict, replace

from reformwatch.errors import BadInput
from reformwatch.language.names import transliterated
from reformwatch.matching.index import CompiledTopic, compile_topic, match_entry, match_text_of
from reformwatch.messages.catalogues import ENGLISH
from reformwatch.messages.sentences import unread_sentence
from reformwatch.model.entry import Entry
from reformwatch.model.health import Coverage, FeedCoverage
from reformwatch.model.topic import NewTopic, Topic, TopicKind, TopicState
from reformwatch.model.value import Value
from reformwatch.planning.backtest import Hit, HitSearch, Trial, find_hits, report_terms, try_out
from reformwatch.planning.coverage import coverage
from reformwatch.services.entries import entry_view, match_view
from reformwatch.services.pack_files import SLUG, check_queries
from reformwatch.services.track import Track, untracked
from reformwatch.services.views import (
    CoverageView,
    FeedCoverageView,
    HitView,
    MatchView,
    TopicDetailView,
    TopicMatchesView,
    TopicView,
    TrialView,
    TrialWindowView,
    UnreadView,
)
from reformwatch.store import Store, topics
from reformwatch.store.entries import all_entries, count_entries
from reformwatch.store.gaps import readings_of

#: A topic with more alerts a day than this on the archive is refused unless it is forced: nobody reads so many.
MAX_ALERTS_A_DAY: Final = 20
_TRIAL_DAYS: Final = (30, 90)
#: A topic's words are common where more than this share of the entries (of at least so many) has one of them.
_COMMON_SHARE: Final = 0.05
_ENOUGH_ENTRIES: Final = 200
_COVERAGE_SHOWN: Final = timedelta(days=30)

OnTrial = Callable[[TrialView], None]


class TopicEdit(Value, frozen=True, kw_only=True):
    """Changes of a topic; None: unchanged. ``dropped``: the languages whose queries are removed."""

    name: str | None = None
    kind: TopicKind | None = None
    description: str | None = None
    queries: Mapping[str, str] = field(default_factory=dict)
    dropped: Sequence[str] = ()


def slug_of(name: str) -> str:
    """A slug from a name: Latin letters, digits, hyphens."""
    plain = unicodedata.normalize("NFKD", transliterated(name)).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")


def no_listener(_trial: TrialView) -> None:
    """The default of ``on_trial``: does nothing."""


def add(
    store: Store, new: NewTopic, *, burst_limit: int, now: datetime, is_forced: bool = False,
    on_trial: OnTrial = no_listener, track: Track[Entry] = untracked,
) -> TopicView:  # fmt: skip
    """Store a topic, matched from the next poll on; an empty slug is made from its name. Raises BadInput or QueryError.

    Its queries are matched against the archive first, and ``on_trial`` is called with the result. A topic with more
    than ``MAX_ALERTS_A_DAY`` there is refused with BadInput, and not stored, unless it is forced.
    """
    slug = new.slug or slug_of(new.name)
    if not SLUG.fullmatch(slug):
        raise BadInput(f"--slug {slug!r}: small letters, digits and hyphens")
    queries = check_queries(new.queries, where=f"topic {slug}")
    with store.read() as tx:
        topics.require_free_slug(tx, slug)
    trial = _try_out(store, compile_topic(0, slug, queries), burst_limit=burst_limit, now=now, track=track)
    on_trial(trial)
    if not is_forced:
        _refuse_noise(slug, trial)
    checked = replace(new, slug=slug, name=" ".join(new.name.split()), queries=queries)
    with store.write() as tx:
        return topic_view(topics.add_topic(tx, checked, now=now))


def edit(
    store: Store, slug: str, changes: TopicEdit, *, burst_limit: int, now: datetime, is_forced: bool = False,
    on_trial: OnTrial = no_listener, track: Track[Entry] = untracked,
) -> TopicView:  # fmt: skip
    """Change a topic. Changed queries are matched against the archive first, as in :func:`add`. Raises NotFound too."""
    with store.read() as tx:
        topic = topics.find_topic(tx, slug)
    changed = replace(
        topic,
        name=changes.name or topic.name,
        kind=changes.kind or topic.kind,
        description=topic.description if changes.description is None else changes.description,
        queries=_changed_queries(topic, changes),
    )
    if changed.queries != topic.queries:
        compiled = compile_topic(topic.id, slug, changed.queries)
        trial = _try_out(store, compiled, burst_limit=burst_limit, now=now, track=track)
        on_trial(trial)
        if not is_forced:
            _refuse_noise(slug, trial)
    with store.write() as tx:
        return topic_view(topics.change_topic(tx, changed, now=now))


def _changed_queries(topic: Topic, changes: TopicEdit) -> dict[str, str]:
    for language in changes.dropped:
        if language not in topic.queries:
            raise BadInput(f"--drop-query {language}: the topic has no query in this language")
    kept = {language: query for language, query in topic.queries.items() if language not in changes.dropped}
    return check_queries({**kept, **changes.queries}, where=f"topic {topic.slug}")


def _try_out(
    store: Store, compiled: CompiledTopic, *, burst_limit: int, now: datetime, track: Track[Entry]
) -> TrialView:
    trial_days = max(_TRIAL_DAYS)
    since = now - timedelta(days=trial_days)
    with store.read() as tx:
        entries = all_entries(tx, since=since)
        result = find_hits(track(entries, count_entries(tx, since=since)), compiled)
    trials = [try_out(result.hits, now=now, days=days, burst_limit=burst_limit) for days in _TRIAL_DAYS]
    terms = report_terms(compiled, result.hits)
    return TrialView(
        entries=result.entries,
        evaluated=result.evaluated,
        evaluated_a_day=result.evaluated / trial_days,
        is_common=_is_common(result),
        windows=tuple(map(_window_view, trials)),
        examples=tuple(map(hit_view, trials[-1].examples)),
        workhorse=terms.workhorse if result.hits else None,
        idle=terms.idle if result.hits else (),
    )


def _is_common(search: HitSearch) -> bool:
    return search.entries >= _ENOUGH_ENTRIES and search.evaluated > _COMMON_SHARE * search.entries


def _refuse_noise(slug: str, trial: TrialView) -> None:
    a_day = trial.windows[0].alerts_a_day
    if a_day > MAX_ALERTS_A_DAY:
        count = f"{a_day:.0f} alerts a day, more than {MAX_ALERTS_A_DAY}"
        raise BadInput(f"topic {slug}: it would bring {count}; narrow it, or add --force; nothing was stored")


def list_topics(store: Store) -> list[TopicView]:
    """All topics by slug."""
    with store.read() as tx:
        return [topic_view(topic) for topic in topics.list_topics(tx)]


def find(store: Store, slug: str) -> TopicView:
    """A topic by its slug. Raises NotFound."""
    with store.read() as tx:
        return topic_view(topics.find_topic(tx, slug))


def show(store: Store, slug: str, *, now: datetime) -> TopicDetailView:
    """A topic, with the coverage of its feeds in the last 30 days. Raises NotFound."""
    with store.read() as tx:
        topic = topics.find_topic(tx, slug)
        since = max(now - _COVERAGE_SHOWN, topic.created_at)
        covered = coverage(readings_of(tx, topic, since=since), since=since, until=now, now=now)
    return TopicDetailView(**asdict(topic_view(topic)), coverage=_coverage_view(covered))


def remove(store: Store, slug: str, *, now: datetime) -> TopicView:
    """Remove a topic with its matches. Raises NotFound."""
    with store.write() as tx:
        topic = topics.find_topic(tx, slug)
        topics.remove_topic(tx, topic.id, now=now)
    return topic_view(topic)


def pause(store: Store, slug: str, *, now: datetime) -> TopicView:
    """Stop matching a topic for a while. Raises NotFound."""
    return _set_state(store, slug, TopicState.PAUSED, now=now)


def resume(store: Store, slug: str, *, now: datetime) -> TopicView:
    """Match a topic again. Raises NotFound."""
    return _set_state(store, slug, TopicState.ACTIVE, now=now)


def _set_state(store: Store, slug: str, state: TopicState, *, now: datetime) -> TopicView:
    with store.write() as tx:
        return topic_view(topics.change_topic(tx, replace(topics.find_topic(tx, slug), state=state), now=now))


def find_matches(
    store: Store, slug: str, *, since: datetime | None = None, track: Track[Entry] = untracked
) -> TopicMatchesView:
    """The archived entries that match a topic; only those first seen from ``since`` on. Raises NotFound."""
    with store.read() as tx:
        topic = topics.find_topic(tx, slug)
    compiled = (compile_topic(topic.id, topic.slug, topic.queries),)
    matches: list[MatchView] = []
    with store.read() as tx:
        for entry in track(all_entries(tx, since=since), count_entries(tx, since=since)):
            text = match_text_of(entry, source=entry.feed_name, language=entry.language)
            matches.extend(match_view(entry, match) for match in match_entry(text, compiled))
    return TopicMatchesView(topic=slug, matches=tuple(matches))


def topic_view(topic: Topic) -> TopicView:
    """The view of a topic."""
    return TopicView(
        slug=topic.slug,
        name=topic.name,
        names=dict(topic.names),
        kind=topic.kind,
        description=topic.description,
        state=topic.state,
        pack=topic.pack,
        queries=dict(topic.queries),
        created=topic.created_at,
        updated=topic.updated_at,
    )


def hit_view(hit: Hit) -> HitView:
    """The view of an entry that matches a query, with the time at which it was news."""
    return HitView(**asdict(entry_view(hit.entry)), moment=hit.moment)


def _window_view(trial: Trial) -> TrialWindowView:
    return TrialWindowView(days=trial.days, about=trial.about, mentions=trial.mentions, alerts_a_day=trial.alerts_a_day)


def _coverage_view(covered: Coverage) -> CoverageView:
    return CoverageView(
        since=covered.since,
        until=covered.until,
        complete=covered.is_complete,
        blind=covered.is_blind,
        feeds=tuple(map(_feed_coverage_view, covered.feeds)),
    )


def _feed_coverage_view(feed: FeedCoverage) -> FeedCoverageView:
    views = (
        UnreadView(since=unread.since, until=unread.until, why=unread_sentence(unread, ENGLISH), why_code=unread.code)
        for unread in feed.unread
    )
    return FeedCoverageView(id=feed.feed_id, name=feed.name, unread=tuple(views))
