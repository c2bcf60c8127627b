"""Pipeline: one message: rendered for its subscriber, and sent by the channel of the subscriber's address."""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo

from reformwatch.channels.base import Channel, Envelope
from reformwatch.messages.render import Recipient, Renderer
from reformwatch.model.alert import ClaimedDelivery, SendOutcome, TryLater
from reformwatch.model.message import Message
from reformwatch.model.subscriber import ChannelKind, Subscriber
from reformwatch.pipeline.checkpoints import Hook, no_hook


class Sender:
    """Sends single messages. Threads may share one."""

    def __init__(
        self,
        *,
        channels: Mapping[ChannelKind, Channel],
        renderer: Renderer,
        zone: Callable[[str], tzinfo],
        unsubscribe_url: Callable[[Subscriber], str | None],
        clock: Callable[[], datetime],
        hook: Hook = no_hook,
    ) -> None:
        self._channels, self._renderer, self._zone = channels, renderer, zone
        self._unsubscribe_url, self._clock, self._hook = unsubscribe_url, clock, hook
        self._used: set[ChannelKind] = set()
        self._lock = threading.Lock()

    def send(self, delivery: ClaimedDelivery) -> SendOutcome:
        """Try once to send what a delivery carries."""
        [alert] = delivery.alerts
        recipient = self._recipient(delivery.subscriber)
        message = self._renderer.render(alert, recipient)
        self._hook("rendered")
        outcome = self._send(message, recipient, message_id=delivery.message_id, created_at=delivery.created_at)
        self._hook("sent")
        return outcome

    def send_test(self, subscriber: Subscriber, *, message_id: str) -> SendOutcome:
        """Try once to send a test message."""
        recipient, now = self._recipient(subscriber), self._clock()
        message = self._renderer.render_test(recipient, now=now)
        return self._send(message, recipient, message_id=message_id, created_at=now)

    def _recipient(self, subscriber: Subscriber) -> Recipient:
        url = self._unsubscribe_url(subscriber)
        return Recipient(subscriber=subscriber, zone=self._zone(subscriber.timezone), unsubscribe_url=url)

    def _send(self, message: Message, recipient: Recipient, *, message_id: str, created_at: datetime) -> SendOutcome:
        subscriber = recipient.subscriber
        channel = self._channels.get(subscriber.channel)
        if channel is None:
            return TryLater(reason=f"no {subscriber.channel.value} channel is configured")
        with self._lock:
            self._used.add(subscriber.channel)
        envelope = Envelope(
            message_id=message_id,
            address=subscriber.address,
            created_at=created_at,
            secret=subscriber.secret,
            unsubscribe_url=recipient.unsubscribe_url,
        )
        return channel.send(message, envelope, now=self._clock())

    def close(self) -> None:
        """Give back the connections of the channels that were used."""
        with self._lock:
            used, self._used = self._used, set()
        for kind in used:
            self._channels[kind].close()
