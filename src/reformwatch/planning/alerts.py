"""Planning: what is worth telling, and to whom. Whatever is not told has a reason (:class:`Silence`)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from reformwatch.model.alert import AlertKind
from reformwatch.model.entry import ParsedEntry, Standing
from reformwatch.model.feed import Feed
from reformwatch.model.plan import AlertDraft, NewEntry, Recipient, Silence, Snapshot
from reformwatch.model.subscriber import Subscriber, SubscriberState
from reformwatch.model.topic import Strength


def standing_of(entry: ParsedEntry, feed: Feed, *, late_after: timedelta, now: datetime) -> tuple[Standing, str]:
    """Whether a new entry is news, and why not.

    Without a date, or dated in the future, it counts as seen now. The first good poll of a feed is a baseline, but for
    entries younger than the feed's ``backfill_days``.
    """
    seen = min(entry.published or now, now)
    if not feed.has_baseline:
        if feed.backfill_days and entry.published and seen >= now - timedelta(days=feed.backfill_days):
            return Standing.NEWS, ""
        return Standing.BASELINE, "it was there at the first poll of this feed (baseline)"
    if seen < now - late_after:
        return Standing.LATE, f"late: dated {seen:%d %B %Y}, first seen {now:%d %B %Y}"
    return Standing.NEWS, ""


def with_silences(entry: NewEntry, reason: str) -> NewEntry:
    """The entry with one more reason why nobody hears of it."""
    return replace(entry, silences=(*entry.silences, Silence(reason=reason)))


def plan_alerts(
    entries: Sequence[NewEntry], snapshot: Snapshot, *, burst_limit: int
) -> tuple[tuple[NewEntry, ...], tuple[AlertDraft, ...]]:
    """The alerts that a poll's entries are worth; the entries come back with the silences they met.

    1. Entries that match and are news are grouped to stories: known ones, else one another.
    2. For each story, each subscriber who follows one of its topics and has not heard of it is a recipient.
    3. More than ``burst_limit`` stories at once become one summary.
    """
    groups = _by_story(entries, snapshot)
    silences: dict[int, list[Silence]] = defaultdict(list)
    drafts = []
    for places in groups:
        told = _told(places, entries, snapshot)
        recipients = _recipients(places, entries, snapshot.subscribers, told, silences)
        if recipients:
            drafts.append(_draft(places, entries, recipients))
    if len(drafts) > burst_limit:
        drafts = [_burst(drafts, snapshot.feed)]
    quiet = tuple(
        replace(entry, silences=(*entry.silences, *silences[i])) if i in silences else entry
        for i, entry in enumerate(entries)
    )
    return quiet, tuple(drafts)


def _by_story(entries: Sequence[NewEntry], snapshot: Snapshot) -> list[list[int]]:
    """Places of the entries that may be told, one list a story."""
    group_of: dict[str, list[int]] = {}
    groups: list[list[int]] = []
    for i, entry in enumerate(entries):
        if entry.standing is not Standing.NEWS or not entry.matches:
            continue
        names = [*entry.story_keys, *(f"id:{snapshot.stories[k]}" for k in entry.story_keys if k in snapshot.stories)]
        met = list({id(group_of[name]): group_of[name] for name in names if name in group_of}.values())
        group = sorted({*(place for one in met for place in one), i})
        for other in met:
            groups.remove(other)
        groups.append(group)
        for name, one in list(group_of.items()):
            if one in met:
                group_of[name] = group
        group_of.update(dict.fromkeys(names, group))
    return sorted(groups)


def _told(places: Iterable[int], entries: Sequence[NewEntry], snapshot: Snapshot) -> frozenset[int]:
    stories = {snapshot.stories[key] for i in places for key in entries[i].story_keys if key in snapshot.stories}
    return frozenset().union(*(snapshot.told.get(story, frozenset()) for story in stories))


def _recipients(
    places: Sequence[int],
    entries: Sequence[NewEntry],
    subscribers: Iterable[Subscriber],
    told: frozenset[int],
    silences: Mapping[int, list[Silence]],
) -> tuple[Recipient, ...]:
    topic_ids = _topic_ids(places, entries)
    recipients = []
    followers = [s for s in subscribers if any(s.follows(topic) for topic in topic_ids)]
    mentioned = set(topic_ids) - set(_topic_ids(places, entries, only=Strength.ABOUT))
    for subscriber in followers:
        theirs = tuple(topic for topic in topic_ids if subscriber.follows(topic))
        reason = _silence(subscriber, told, is_mention=mentioned.issuperset(theirs))
        if reason is None:
            recipients.append(Recipient(subscriber_id=subscriber.id, topic_ids=theirs))
        else:
            for i in places:
                silences[i].append(Silence(reason=reason, subscriber_id=subscriber.id))
    if not followers:
        for i in places:
            silences[i].append(Silence(reason="no subscriber follows its topics"))
    return tuple(recipients)


def _silence(subscriber: Subscriber, told: frozenset[int], *, is_mention: bool) -> str | None:
    if subscriber.state is SubscriberState.PAUSED:
        return f"{subscriber.name} is paused"
    if subscriber.id in told:
        return f"{subscriber.name} has already heard of this story"
    if is_mention and not subscriber.wants_mentions:
        return f"it only mentions the topic, and {subscriber.name} wants what is about it"
    return None


def _topic_ids(places: Iterable[int], entries: Sequence[NewEntry], *, only: Strength | None = None) -> tuple[int, ...]:
    """The topics that these entries match, in order; with ``only``, those they match with this strength."""
    found = (match for i in places for match in entries[i].matches if only is None or match.strength is only)
    return tuple(dict.fromkeys(match.topic_id for match in found))


def _draft(places: Sequence[int], entries: Sequence[NewEntry], recipients: tuple[Recipient, ...]) -> AlertDraft:
    return AlertDraft(
        kind=AlertKind.STORY,
        headline=entries[places[0]].entry.title,
        entries=tuple(places),
        topic_ids=_topic_ids(places, entries),
        recipients=recipients,
    )


def _burst(drafts: Sequence[AlertDraft], feed: Feed) -> AlertDraft:
    """One summary in place of many alerts; each recipient with all the topics it concerns them for."""
    theirs: dict[int, dict[int, None]] = defaultdict(dict)
    for draft in drafts:
        for recipient in draft.recipients:
            theirs[recipient.subscriber_id].update(dict.fromkeys(recipient.topic_ids))
    return AlertDraft(
        kind=AlertKind.BURST,
        headline=f"{len(drafts)} · {feed.name}",
        entries=tuple(place for draft in drafts for place in draft.entries),
        topic_ids=tuple(dict.fromkeys(topic for draft in drafts for topic in draft.topic_ids)),
        recipients=tuple(Recipient(subscriber_id=i, topic_ids=tuple(topics)) for i, topics in theirs.items()),
    )
