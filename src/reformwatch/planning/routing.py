"""Planning: the routing of alerts: which subscribers are notified of an alert, and why others are not.

The rules are the same for all alerts. Each subscriber is decided on separately, so that an alert may be routed in
slices of subscribers, in any order.
"""

from collections.abc import Collection, Iterable, Mapping

from reformwatch.model.alert import AlertForRouting, AlertKind
from reformwatch.model.notification import Code, Decision, Notification
from reformwatch.model.subscriber import Subscriber, SubscriberState
from reformwatch.model.topic import Strength


def route(
    alert: AlertForRouting, subscribers: Iterable[Subscriber], notified: Mapping[int, Collection[int]]
) -> tuple[Notification, ...]:
    """A notification for each subscriber who follows a topic of the alert.

    ``notified`` maps a story id to the ids of the subscribers who were notified of that story.
    """
    routed = []
    for subscriber in subscribers:
        topic_ids = tuple(topic.topic_id for topic in alert.topics if subscriber.follows(topic.topic_id))
        if topic_ids:
            code = _code(alert, subscriber, topic_ids, was_notified=_was_notified(alert, subscriber.id, notified))
            decision = Decision.SEND if code is Code.INSTANT else Decision.SUPPRESS
            routed.append(Notification(subscriber_id=subscriber.id, decision=decision, code=code, topic_ids=topic_ids))
    return tuple(routed)


def _code(alert: AlertForRouting, subscriber: Subscriber, topic_ids: Collection[int], *, was_notified: bool) -> Code:
    if subscriber.state is SubscriberState.PAUSED:
        return Code.PAUSED
    if was_notified:
        return Code.ALREADY_NOTIFIED
    is_about = any(topic.strength is Strength.ABOUT for topic in alert.topics if topic.topic_id in topic_ids)
    if not is_about and not subscriber.wants_mentions:
        return Code.ONLY_MENTION
    return Code.INSTANT


def _was_notified(alert: AlertForRouting, subscriber_id: int, notified: Mapping[int, Collection[int]]) -> bool:
    """Whether a subscriber was notified of the alert's story; for a summary, of all its stories."""
    notified_of = [subscriber_id in notified.get(story, ()) for story in alert.stories]
    return all(notified_of) and bool(notified_of) if alert.kind is AlertKind.SUMMARY else any(notified_of)
