"""Pipeline: what the deliverer does with a channel that is slow: no crowd at one client, and nobody else waits."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime

from conftest import NOW
from reformwatch.channels.base import Envelope
from reformwatch.model.alert import AlertForRouting, AlertKind, NewAlert, SendOutcome, Sent
from reformwatch.model.message import Message
from reformwatch.model.notification import Code, Decision, Notification
from reformwatch.model.subscriber import ChannelKind, NewSubscriber
from reformwatch.settings import Settings
from reformwatch.store import Store, alerts, notifications
from reformwatch.store.subscribers import add_subscriber, find_subscriber
from reformwatch.wiring.delivery import build_deliverer

EACH = 30
SLOW, QUICK = "slow", "quick"
PATIENCE_S = 60.0


class TwoAddresses:
    """A channel to two addresses: what is sent to one stays under way until told otherwise, the other takes all."""

    def __init__(self, *, most_wanted: int) -> None:
        self._most_wanted = most_wanted
        self._counting = threading.Lock()
        self._under_way: Counter[str] = Counter()
        self.most_at_once: Counter[str] = Counter()
        self.sent: list[str] = []
        self.is_full, self.may_end = threading.Event(), threading.Event()

    def send(self, message: Message, envelope: Envelope, *, now: datetime) -> SendOutcome:
        address = envelope.address
        with self._counting:
            self._under_way[address] += 1
            self.most_at_once[address] = max(self.most_at_once[address], self._under_way[address])
            if self.most_at_once[SLOW] >= self._most_wanted:
                self.is_full.set()
            if self.most_at_once[SLOW] > self._most_wanted:
                self.may_end.set()  # there is nothing more to see
        if address == SLOW:
            self.may_end.wait(PATIENCE_S)
        else:
            self.is_full.wait(PATIENCE_S)
        with self._counting:
            self._under_way[address] -= 1
            self.sent.append(address)
            if self.sent.count(QUICK) == EACH:
                self.may_end.set()
        return Sent()

    def close(self) -> None:
        """There is nothing to give back."""


def queue(store: Store, address: str, new_id: Callable[[], str]) -> None:
    """Messages for one subscriber, all due."""
    with store.write() as tx:
        add_subscriber(
            tx,
            NewSubscriber(name=address, channel=ChannelKind.WEBHOOK, address=address, unsubscribe_token=address),
            now=NOW,
        )
        subscriber = find_subscriber(tx, address)
        for number in range(EACH):
            new = NewAlert(kind=AlertKind.STORY, headline=f"Message {number}", entries=(), topics=())
            alert_id = alerts.add_alert(tx, new, entry_ids=(), story_id=None, now=NOW)
            sent = Notification(
                subscriber_id=subscriber.id, decision=Decision.SEND, code=Code.INSTANT, topic_ids=()
            )  # fmt: skip
            routed = AlertForRouting(id=alert_id, kind=new.kind, topics=(), stories=frozenset())
            notifications.add_notifications(tx, routed, [sent], now=NOW, new_message_id=new_id)


def test_never_more_than_eight_messages_of_one_subscriber_are_under_way_and_the_others_go_on(
    store: Store, new_id: Callable[[], str]
) -> None:
    queue(store, SLOW, new_id)
    queue(store, QUICK, new_id)
    clients = TwoAddresses(most_wanted=8)
    report = build_deliverer(
        Settings(), store, {ChannelKind.WEBHOOK: clients}, owner="test", clock=lambda: NOW
    ).deliver_due()
    assert report.sent == 2 * EACH
    assert clients.most_at_once[SLOW] == 8
    last_quick = max(place for place, address in enumerate(clients.sent) if address == QUICK)
    assert SLOW not in clients.sent[:last_quick], "somebody else waited for the slow one"
