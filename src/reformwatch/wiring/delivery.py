"""Porch: what delivers: the door for webhooks, the channels, the deliverer."""

import random
import ssl
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from importlib.resources import files
from typing import TextIO

from reformwatch.channels.apprise import AppriseChannel
from reformwatch.channels.base import Channel
from reformwatch.channels.console import ConsoleChannel
from reformwatch.channels.email import EmailChannel, SmtpAccount, Tls, valid_address
from reformwatch.channels.webhook import WebhookChannel
from reformwatch.core.render import Renderer
from reformwatch.errors import ConfigError
from reformwatch.http import AddressPolicy, Door
from reformwatch.model.subscriber import ChannelKind, Subscriber
from reformwatch.pipeline.deliver import Deliverer, OnDelivered, no_listener
from reformwatch.pipeline.memory import keep_little
from reformwatch.pipeline.steps import Watcher, nobody_watches
from reformwatch.settings import Settings
from reformwatch.store import Store
from reformwatch.wiring.basics import token_maker, user_agent, utc_now, zone


def build_webhook_door(settings: Settings) -> Door:
    """The door for webhooks: short replies, connections kept for a moment, since many messages go to one receiver."""
    return Door(
        user_agent=user_agent(settings),
        policy=AddressPolicy(settings.http.allow_private),
        deadline=timedelta(seconds=settings.webhook.deadline_s),
        max_bytes=64 * 1024,
        max_connections=32,
        keep_alive=16,
    )


def build_channels(
    settings: Settings, webhook_door: Door, *, stdout: TextIO | None = None
) -> dict[ChannelKind, Channel]:
    """The channels that can be used; mail only where a server is configured."""
    channels: dict[ChannelKind, Channel] = {
        ChannelKind.CONSOLE: ConsoleChannel(stdout or sys.stdout),
        ChannelKind.WEBHOOK: WebhookChannel(webhook_door),
        ChannelKind.APPRISE: AppriseChannel(),
    }
    if settings.smtp.host:
        channels[ChannelKind.EMAIL] = EmailChannel(smtp_account(settings))
    return channels


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
    folder = files("reformwatch") / "templates"
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
        self.door = build_webhook_door(settings)
        self.channels = build_channels(settings, self.door, stdout=stdout)
        self.deliverer = build_deliverer(
            settings, store, self.channels, owner=owner, watcher=watcher, on_delivered=on_delivered
        )

    def close(self) -> None:
        """Give everything back but the store."""
        self.door.close()
