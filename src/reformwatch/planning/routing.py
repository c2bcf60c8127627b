"""Planning: alert x subscriber: who hears of an alert now, and why somebody does not.

Whatever gave birth to the alert (a poll, the clock, an operator), the same rules hold. They look at one subscriber at a
time, so an alert may be routed in slices of subscribers; the order of the slices does not matter.
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

    ``notified`` maps a story to the ids of the subscribers who were notified of it.
    """
    routed = []
    for subscriber in subscribers:
        theirs = tuple(topic.topic_id for topic in alert.topics if subscriber.follows(topic.topic_id))
        if theirs:
            code = _code(alert, subscriber, theirs, has_heard=_has_heard(alert, subscriber.id, notified))
            decision = Decision.SEND if code is Code.INSTANT else Decision.SUPPRESS
            routed.append(Notification(subscriber_id=subscriber.id, decision=decision, code=code, topic_ids=theirs))
    return tuple(routed)


def _code(alert: AlertForRouting, subscriber: Subscriber, theirs: Collection[int], *, has_heard: bool) -> Code:
    if subscriber.state is SubscriberState.PAUSED:
        return Code.PAUSED
    if has_heard:
        return Code.ALREADY_NOTIFIED
    is_about = any(topic.strength is Strength.ABOUT for topic in alert.topics if topic.topic_id in theirs)
    if not is_about and not subscriber.wants_mentions:
        return Code.ONLY_MENTION
    return Code.INSTANT


def _has_heard(alert: AlertForRouting, subscriber_id: int, notified: Mapping[int, Collection[int]]) -> bool:
    """Whether a subscriber was notified of the story; of a summary, of all its stories."""
    heard = [subscriber_id in notified.get(story, ()) for story in alert.stories]
    return all(heard) and bool(heard) if alert.kind is AlertKind.SUMMARY else any(heard)
