"""Porch: what delivers: the door for webhooks, the channels, the deliverer.

A channel is made when the first message goes its way, since each brings libraries of its own.
"""

import random
import ssl
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING, Generic, TextIO, TypeVar

from reformwatch.channels.base import Channel
from reformwatch.channels.email import EmailChannel, SmtpAccount, Tls, valid_address
from reformwatch.errors import ConfigError
from reformwatch.messages.render import Renderer
from reformwatch.model.subscriber import ChannelKind, Subscriber
from reformwatch.pipeline.deliver import Deliverer, OnDelivered, no_listener
from reformwatch.pipeline.memory import keep_little
from reformwatch.pipeline.steps import Watcher, nobody_watches
from reformwatch.settings import Settings
from reformwatch.store import Store
from reformwatch.wiring.basics import token_maker, user_agent, utc_now, zone

if TYPE_CHECKING:
    from reformwatch.net.client import Door

T = TypeVar("T")


class Once(Generic[T]):
    """Something that is made when it is first asked for. Threads may ask."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make, self._lock = make, threading.Lock()
        self.made: T | None = None

    def __call__(self) -> T:
        """The one."""
        with self._lock:
            if self.made is None:
                self.made = self._make()
            return self.made


class Channels(Mapping[ChannelKind, Channel]):
    """Channels by their kind."""

    def __init__(self, makers: Mapping[ChannelKind, Callable[[], Channel]]) -> None:
        self._channels = {kind: Once(make) for kind, make in makers.items()}

    def __getitem__(self, kind: ChannelKind) -> Channel:
        return self._channels[kind]()

    def __iter__(self) -> Iterator[ChannelKind]:
        return iter(self._channels)

    def __len__(self) -> int:
        return len(self._channels)


def build_webhook_door(settings: Settings) -> "Door":
    """The door for webhooks: short replies, connections kept for a moment, since many messages go to one receiver."""
    from reformwatch.net.client import AddressPolicy, Door

    return Door(
        user_agent=user_agent(settings),
        policy=AddressPolicy(settings.http.allow_private),
        deadline=timedelta(seconds=settings.webhook.deadline_s),
        max_bytes=64 * 1024,
        max_connections=32,
        keep_alive=16,
    )


def build_channels(settings: Settings, webhook_door: Callable[[], "Door"], *, stdout: TextIO | None = None) -> Channels:
    """The channels that can be used; mail only where a server is configured. Raises ConfigError where it is wrongly."""

    def console() -> Channel:
        from reformwatch.channels.console import ConsoleChannel

        return ConsoleChannel(stdout or sys.stdout)

    def webhook() -> Channel:
        from reformwatch.channels.webhook import WebhookChannel

        return WebhookChannel(webhook_door())

    def apprise() -> Channel:
        from reformwatch.channels.apprise import AppriseChannel

        return AppriseChannel()

    makers = {ChannelKind.CONSOLE: console, ChannelKind.WEBHOOK: webhook, ChannelKind.APPRISE: apprise}
    if settings.smtp.host:
        makers[ChannelKind.EMAIL] = partial(EmailChannel, smtp_account(settings))
    return Channels(makers)


def smtp_account(settings: Settings) -> SmtpAccount:
    """The mail server and sender. Raises ConfigError."""
    smtp = settings.smtp
    if not valid_address(smtp.sender):
        raise ConfigError(f"[smtp] from: {smtp.sender!r} is not a mail address; mails need a sender")
    context = None
    if smtp.ca_file is not None:
        try:
            context = ssl.create_default_context(cafile=str(smtp.ca_file))
        except (OSError, ssl.SSLError) as bad:
            raise ConfigError(f"[smtp] ca_file: {smtp.ca_file} can't be used ({bad})") from None
    return SmtpAccount(
        host=smtp.host,
        port=smtp.port,
        tls=Tls(smtp.tls),
        sender=smtp.sender,
        username=smtp.username or None,
        password=settings.smtp_password() or None,
        ssl_context=context,
    )


def build_renderer() -> Renderer:
    """The renderer with the templates of this package."""
    folder = files("reformwatch") / "messages" / "templates"
    return Renderer({p.name: p.read_text(encoding="utf-8") for p in folder.iterdir() if p.name.startswith("mail.")})


def unsubscribe_url(settings: Settings, subscriber: Subscriber) -> str | None:
    """The address that ends a subscription; None where the daemon has no public pages."""
    if not settings.alerts.base_url or not settings.web.listen:
        return None
    return f"{settings.alerts.base_url.rstrip('/')}/unsubscribe/{subscriber.unsubscribe_token}"


def build_deliverer(
    settings: Settings,
    store: Store,
    channels: Mapping[ChannelKind, Channel],
    *,
    owner: str,
    watcher: Watcher = nobody_watches,
    on_delivered: OnDelivered = no_listener,
    clock: Callable[[], datetime] = utc_now,
) -> Deliverer:
    """The deliverer."""
    return Deliverer(
        store=store,
        channels=channels,
        renderer=build_renderer(),
        zone=zone,
        unsubscribe_url=partial(unsubscribe_url, settings),
        clock=clock,
        chance=random.random,
        new_token=token_maker(owner),
        lease=timedelta(seconds=settings.poll.lease_s),
        watcher=watcher,
        on_delivered=on_delivered,
    )


class DeliverTools:
    """What delivering works with, built from one set of settings and closed together."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        *,
        owner: str,
        watcher: Watcher = nobody_watches,
        on_delivered: OnDelivered = no_listener,
        stdout: TextIO | None = None,
    ) -> None:
        keep_little()
        self.door = Once(partial(build_webhook_door, settings))
        self.channels = build_channels(settings, self.door, stdout=stdout)
        self.deliverer = build_deliverer(
            settings, store, self.channels, owner=owner, watcher=watcher, on_delivered=on_delivered
        )

    def close(self) -> None:
        """Give everything back but the store."""
        if self.door.made is not None:
            self.door.made.close()
