"""Planning: what is worth an alert. Who hears of it is decided by :mod:`reformwatch.planning.routing`.

An entry that brings no alert has a code that says why (:class:`Suppressed`).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from reformwatch.model.alert import AlertForRouting, AlertKind, Burst, NewAlert
from reformwatch.model.entry import EntryStatus, ParsedEntry
from reformwatch.model.feed import Feed
from reformwatch.model.notification import AlertTopic, Code, Suppressed
from reformwatch.model.plan import NewEntry, Snapshot
from reformwatch.model.topic import Match, Strength
from reformwatch.planning.routing import route


def status_of(
    entry: ParsedEntry, feed: Feed, *, late_after: timedelta, now: datetime
) -> tuple[EntryStatus, Code | None]:
    """Whether a new entry is news, and the code of why it is not.

    An entry without a date, or dated in the future, counts as seen now. The first good poll of a feed is a baseline,
    but for entries younger than the feed's ``backfill_days``.
    """
    seen = min(entry.published or now, now)
    if not feed.has_baseline:
        if feed.backfill_days and entry.published and seen >= now - timedelta(days=feed.backfill_days):
            return EntryStatus.NEWS, None
        return EntryStatus.BASELINE, Code.BASELINE
    if seen < now - late_after:
        return EntryStatus.LATE, Code.LATE
    return EntryStatus.NEWS, None


def suppress(entry: NewEntry, code: Code) -> NewEntry:
    """The entry with a code of why it brings no alert."""
    return replace(entry, suppressed=(*entry.suppressed, Suppressed(code=code)))


def plan_alerts(
    entries: Sequence[NewEntry], snapshot: Snapshot, *, burst_limit: int
) -> tuple[tuple[NewEntry, ...], tuple[NewAlert, ...]]:
    """The alerts of a poll's entries; the entries come back with the codes of those that bring none.

    1. Entries that match and are news are grouped to stories: known ones, else one another.
    2. A story that is new is an alert; one that is known is an alert only where a follower has yet to hear of it.
    3. More than ``burst_limit`` alerts of one poll become one summary; those that nobody follows are counted apart.
    """
    planned = list(entries)
    alerts = []
    for places in _by_story(entries, snapshot):
        alert = _story_alert(places, entries)
        code = _code_against(alert, places, entries, snapshot)
        if code is None:
            alerts.append(alert)
        else:
            for place in places:
                planned[place] = suppress(planned[place], code)
    followed = [alert for alert in alerts if _is_followed(alert, snapshot)]
    others = [alert for alert in alerts if not _is_followed(alert, snapshot)]
    folded = [*_folded(followed, snapshot.feed, burst_limit), *_folded(others, snapshot.feed, burst_limit)]
    return tuple(planned), tuple(sorted(folded, key=lambda alert: alert.entries))


def _is_followed(alert: NewAlert, snapshot: Snapshot) -> bool:
    return snapshot.followed is None or any(topic.topic_id in snapshot.followed for topic in alert.topics)


def _folded(alerts: Sequence[NewAlert], feed: Feed, burst_limit: int) -> Sequence[NewAlert]:
    return [_summary(alerts, feed)] if len(alerts) > burst_limit else alerts


def _by_story(entries: Sequence[NewEntry], snapshot: Snapshot) -> list[list[int]]:
    """Places of the entries that may bring an alert, one list a story."""
    group_of: dict[str, list[int]] = {}
    groups: list[list[int]] = []
    for i, entry in enumerate(entries):
        if entry.status is not EntryStatus.NEWS or not entry.matches:
            continue
        names = [*entry.story_keys, *(f"id:{snapshot.stories[k]}" for k in entry.story_keys if k in snapshot.stories)]
        met = list({id(group_of[name]): group_of[name] for name in names if name in group_of}.values())
        group = sorted({*(place for one in met for place in one), i})
        for other in met:
            groups.remove(other)
        groups.append(group)
        if met:
            group_of |= {name: group for name, earlier in group_of.items() if earlier in met}
        group_of.update(dict.fromkeys(names, group))
    return sorted(groups)


def _story_alert(places: Sequence[int], entries: Sequence[NewEntry]) -> NewAlert:
    return NewAlert(
        kind=AlertKind.STORY,
        headline=entries[places[0]].entry.title,
        entries=tuple(places),
        topics=_topics(match for place in places for match in entries[place].matches),
    )


def _topics(found: Iterable[Match | AlertTopic]) -> tuple[AlertTopic, ...]:
    """Each topic once, in order, with the strongest of its strengths."""
    strengths: dict[int, Strength] = {}
    for one in found:
        if one.strength is Strength.ABOUT or one.topic_id not in strengths:
            strengths[one.topic_id] = one.strength
    return tuple(AlertTopic(topic_id=topic_id, strength=strength) for topic_id, strength in strengths.items())


def _code_against(
    alert: NewAlert, places: Sequence[int], entries: Sequence[NewEntry], snapshot: Snapshot
) -> Code | None:
    """Why a story is not worth an alert; None where it is."""
    keys = {key for place in places for key in entries[place].story_keys}
    stories = frozenset(snapshot.stories[key] for key in keys if key in snapshot.stories)
    if not stories:
        return None
    known = AlertForRouting(id=0, kind=alert.kind, topics=alert.topics, stories=stories)
    notifications = route(known, snapshot.subscribers, snapshot.notified)
    if not notifications:
        return Code.NO_FOLLOWER
    return None if any(one.is_sent for one in notifications) else Code.NOBODY_LEFT


def _summary(alerts: Sequence[NewAlert], feed: Feed) -> NewAlert:
    """One summary in place of many alerts."""
    return NewAlert(
        kind=AlertKind.SUMMARY,
        headline="",
        entries=tuple(place for alert in alerts for place in alert.entries),
        topics=_topics(topic for alert in alerts for topic in alert.topics),
        burst=Burst(feed=feed.name, stories=len(alerts)),
    )
