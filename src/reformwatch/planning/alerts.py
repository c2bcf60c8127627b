"""Planning: which entries cause an alert. Who is notified of it is decided by :mod:`reformwatch.planning.routing`.

An entry that matches and causes no alert has a code for the reason (:class:`Suppressed`).
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
    """The status of a new entry, and the code of the reason where it is not news (None: it is).

    An entry without a date, or dated in the future, counts as seen now. All entries of a feed's first successful poll
    are baseline, except those younger than the feed's ``backfill_days``.
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
    """The entry with the code of the reason why it causes no alert."""
    return replace(entry, suppressed=(*entry.suppressed, Suppressed(code=code)))


def plan_alerts(
    entries: Sequence[NewEntry], snapshot: Snapshot, *, burst_limit: int
) -> tuple[tuple[NewEntry, ...], tuple[NewAlert, ...]]:
    """A poll's entries, with codes where they cause no alert, and the alerts of the others.

    1. Entries that match and are news are grouped by story: a stored story, or one that they share.
    2. A new story is an alert; a stored story is an alert only if a follower has not been notified of it.
    3. More than ``burst_limit`` alerts become a single summary; alerts that nobody follows are counted apart.
    """
    planned = list(entries)
    alerts = []
    for places in _by_story(entries, snapshot):
        alert = _story_alert(places, entries)
        code = _suppression_code(alert, places, entries, snapshot)
        if code is None:
            alerts.append(alert)
        else:
            for place in places:
                planned[place] = suppress(planned[place], code)
    followed = [alert for alert in alerts if _is_followed(alert, snapshot)]
    others = [alert for alert in alerts if not _is_followed(alert, snapshot)]
    summarised = [*_summarised(followed, snapshot.feed, burst_limit), *_summarised(others, snapshot.feed, burst_limit)]
    return tuple(planned), tuple(sorted(summarised, key=lambda alert: alert.entries))


def _is_followed(alert: NewAlert, snapshot: Snapshot) -> bool:
    return snapshot.followed is None or any(topic.topic_id in snapshot.followed for topic in alert.topics)


def _summarised(alerts: Sequence[NewAlert], feed: Feed, burst_limit: int) -> Sequence[NewAlert]:
    return [_summary(alerts, feed)] if len(alerts) > burst_limit else alerts


def _by_story(entries: Sequence[NewEntry], snapshot: Snapshot) -> list[list[int]]:
    """The indexes of the entries that may cause an alert, in a list for each story."""
    group_of: dict[str, list[int]] = {}
    groups: list[list[int]] = []
    for i, entry in enumerate(entries):
        if entry.status is not EntryStatus.NEWS or not entry.matches:
            continue
        names = [*entry.story_keys, *(f"id:{snapshot.stories[k]}" for k in entry.story_keys if k in snapshot.stories)]
        same_story = list({id(group_of[name]): group_of[name] for name in names if name in group_of}.values())
        group = sorted({*(place for earlier in same_story for place in earlier), i})
        for earlier in same_story:
            groups.remove(earlier)
        groups.append(group)
        if same_story:
            group_of |= {name: group for name, earlier in group_of.items() if earlier in same_story}
        group_of.update(dict.fromkeys(names, group))
    return sorted(groups)


def _story_alert(places: Sequence[int], entries: Sequence[NewEntry]) -> NewAlert:
    return NewAlert(
        kind=AlertKind.STORY,
        headline=entries[places[0]].entry.title,
        entries=tuple(places),
        topics=_topics(match for place in places for match in entries[place].matches),
    )


def _topics(matches: Iterable[Match | AlertTopic]) -> tuple[AlertTopic, ...]:
    """Each topic once, in order, with the strongest of its strengths."""
    strengths: dict[int, Strength] = {}
    for match in matches:
        if match.strength is Strength.ABOUT or match.topic_id not in strengths:
            strengths[match.topic_id] = match.strength
    return tuple(AlertTopic(topic_id=topic_id, strength=strength) for topic_id, strength in strengths.items())


def _suppression_code(
    alert: NewAlert, places: Sequence[int], entries: Sequence[NewEntry], snapshot: Snapshot
) -> Code | None:
    """The code of the reason why a story causes no alert; None where it causes an alert."""
    keys = {key for place in places for key in entries[place].story_keys}
    stories = frozenset(snapshot.stories[key] for key in keys if key in snapshot.stories)
    if not stories:
        return None
    known = AlertForRouting(id=0, kind=alert.kind, topics=alert.topics, stories=stories)
    notifications = route(known, snapshot.subscribers, snapshot.notified)
    if not notifications:
        return Code.NO_FOLLOWER
    return None if any(notification.is_sent for notification in notifications) else Code.NOBODY_LEFT


def _summary(alerts: Sequence[NewAlert], feed: Feed) -> NewAlert:
    """The summary that replaces the alerts."""
    return NewAlert(
        kind=AlertKind.SUMMARY,
        headline="",
        entries=tuple(place for alert in alerts for place in alert.entries),
        topics=_topics(topic for alert in alerts for topic in alert.topics),
        burst=Burst(feed=feed.name, stories=len(alerts)),
    )
