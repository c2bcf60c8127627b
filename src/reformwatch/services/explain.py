"""Services: why an entry matched a topic or did not, who was notified of it, and who was not and why."""

from collections.abc import Iterable, Mapping, Sequence

from reformwatch.matching.explain import Part, parts_of
from reformwatch.matching.index import compile_topic, match_entry, match_text_of
from reformwatch.matching.query import MatchText, parse_query
from reformwatch.messages.catalogues import ENGLISH
from reformwatch.messages.reasons import why_not_sent, why_suppressed
from reformwatch.model.alert import Delivery
from reformwatch.model.entry import Entry
from reformwatch.model.notification import Code, Decision, NotificationRecord
from reformwatch.model.subscriber import Subscriber
from reformwatch.model.topic import Match, Topic
from reformwatch.services.entries import entry_view
from reformwatch.services.views import (
    EntryView,
    ExplainedDelivery,
    ExplainedEntry,
    ExplainedMatch,
    Explanation,
    PartView,
    SuppressedView,
    VerdictView,
)
from reformwatch.store import Store, Tx, alerts, notifications, outbox
from reformwatch.store.entries import find_entries, suppressed_of
from reformwatch.store.subscribers import list_subscribers
from reformwatch.store.topics import find_topic, list_topics

_ALL = 10_000
_MAX_WORDS = 4


def explain(store: Store, which: str, *, slug: str | None = None) -> list[Explanation]:
    """The explanations of the entries with this number or address.

    ``slug``: of this topic only; None: of all. Raises NotFound.
    """
    with store.read() as tx:
        entries = find_entries(tx, which)
        topics = [find_topic(tx, slug)] if slug else list_topics(tx)
        subscribers = list_subscribers(tx)
        return [_explained(tx, entry, topics, subscribers) for entry in entries]


def _explained(tx: Tx, entry: Entry, topics: Sequence[Topic], subscribers: Sequence[Subscriber]) -> Explanation:
    text = match_text_of(entry, source=entry.feed_name, language=entry.language)
    own_alerts = alerts.alerts_of_entry(tx, entry.id)
    alert_ids = [alert.id for alert in own_alerts]
    deliveries = outbox.list_deliveries(tx, alert_ids=alert_ids, limit=_ALL) if own_alerts else []
    pauses = {subscriber.name: subscriber.pause for subscriber in subscribers}
    names = {subscriber.id: subscriber.name for subscriber in subscribers}
    viewed = entry_view(entry)
    return Explanation(
        entry=ExplainedEntry(
            **{name: getattr(viewed, name) for name in EntryView.__struct_fields__},
            status=entry.status,
            archived=entry,
            first_seen=entry.first_seen,
        ),
        topics=tuple(_verdict(topic, text) for topic in topics),
        alerts=tuple(alert_ids),
        deliveries=tuple(
            _delivery(delivery, why_not_sent(delivery, pauses.get(delivery.subscriber), ENGLISH))
            for delivery in deliveries
        ),
        suppressed=tuple(_suppressed(tx, entry, alert_ids, names)),
    )


def _verdict(topic: Topic, text: MatchText) -> VerdictView:
    matches = match_entry(text, (compile_topic(topic.id, topic.slug, topic.queries),))
    missing = {} if matches else {
        language: tuple(_part(part) for part in parts_of(parse_query(query), query, text))
        for language, query in topic.queries.items()
    }  # fmt: skip
    match = _match(matches[0]) if matches else None
    return VerdictView(topic=topic.slug, state=topic.state, match=match, missing=missing)


def _match(match: Match) -> ExplainedMatch:
    return ExplainedMatch(strength=match.strength, evidence=match.evidence)


def _part(part: Part) -> PartView:
    words = dict.fromkeys(evidence.word for evidence in part.evidence[:_MAX_WORDS])
    return PartView(part=part.text, met=part.is_met, words=tuple(words))


def _delivery(delivery: Delivery, last_error: str | None) -> ExplainedDelivery:
    return ExplainedDelivery(
        id=delivery.id,
        subscriber=delivery.subscriber,
        channel=delivery.channel.value,
        state=delivery.state.value,
        last_error=last_error,
    )


def _suppressed(tx: Tx, entry: Entry, alert_ids: Sequence[int], names: Mapping[int, str]) -> Iterable[SuppressedView]:
    """Why notifications were suppressed: codes of the entry, of its alerts, or of earlier alerts of its story."""
    suppressed = suppressed_of(tx, entry.id)
    story_alerts = alerts.alerts_of_story_of(tx, entry.id)
    for suppression in suppressed:
        if suppression.code is not Code.NOBODY_LEFT or not story_alerts:
            name = names.get(suppression.subscriber_id) if suppression.subscriber_id is not None else None
            yield _suppressed_view(entry, suppression.code, name)
    records = notifications.notifications_of(tx, alert_ids)
    if alert_ids and not records:
        yield _suppressed_view(entry, Code.NO_FOLLOWER, None)
    for record in records:
        if record.decision is Decision.SUPPRESS:
            yield _suppressed_view(entry, record.code, record.subscriber)
    if any(suppression.code is Code.NOBODY_LEFT for suppression in suppressed):
        yield from _earlier(entry, notifications.notifications_of(tx, story_alerts))


def _earlier(entry: Entry, records: Iterable[NotificationRecord]) -> Iterable[SuppressedView]:
    """One view per subscriber: already notified of the story, or why the earlier notification was suppressed."""
    codes: dict[str, Code] = {}
    for record in records:
        if record.decision is Decision.SEND:
            codes[record.subscriber] = Code.ALREADY_NOTIFIED
        else:
            codes.setdefault(record.subscriber, record.code)
    for name, code in codes.items():
        yield _suppressed_view(entry, code, name)


def _suppressed_view(entry: Entry, code: Code, name: str | None) -> SuppressedView:
    reason = why_suppressed(code, ENGLISH, published=entry.published, first_seen=entry.first_seen, name=name)
    return SuppressedView(subscriber=name, code=code.value, reason=reason)
