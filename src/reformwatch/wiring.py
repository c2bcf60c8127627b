"""Porch: the only place where objects are built: settings in, tools out."""

import os
import random
import secrets
import socket
import ssl
import sys
import threading
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reformwatch import __version__
from reformwatch.channels.apprise import AppriseChannel
from reformwatch.channels.base import Channel
from reformwatch.channels.console import ConsoleChannel
from reformwatch.channels.email import EmailChannel, SmtpAccount, Tls, valid_address
from reformwatch.channels.webhook import WebhookChannel
from reformwatch.core.render import Renderer
from reformwatch.core.schedule import PollPolicy
from reformwatch.errors import ConfigError
from reformwatch.fetch.conditional import ask_for_feed, ask_for_page
from reformwatch.http import AddressPolicy, Door
from reformwatch.model.subscriber import ChannelKind, NewSubscriber, Subscriber
from reformwatch.pipeline.deliver import Deliverer, OnDelivered
from reformwatch.pipeline.deliver import no_listener as no_listener_for_deliveries
from reformwatch.pipeline.memory import keep_little
from reformwatch.pipeline.parsing import ParserPool
from reformwatch.pipeline.poll import OnPolled, Poller
from reformwatch.pipeline.poll import no_listener as no_listener_for_polls
from reformwatch.pipeline.steps import Watcher, nobody_watches
from reformwatch.pipeline.websub import HubCaller
from reformwatch.settings import Settings
from reformwatch.store import Store
from reformwatch.store.migrate import current_revision, quick_check, require_current, upgrade
from reformwatch.store.subscribers import add_subscriber, has_any

DEFAULT_SUBSCRIBER = "console"


def utc_now() -> datetime:
    """The clock."""
    return datetime.now(UTC)


def new_message_id() -> str:
    """A delivery's id, the same at every attempt."""
    return f"msg_{uuid.uuid4().hex}"


def new_unsubscribe_token() -> str:
    """What a mail's unsubscribe link carries; 122 random bits."""
    return uuid.uuid4().hex


def new_hub_token() -> str:
    """What the address holds under which a hub reaches a feed's subscription; 160 random bits."""
    return secrets.token_hex(20)


def new_hub_secret() -> str:
    """What a hub signs its pushes with; 64 characters, where WebSub allows 199."""
    return secrets.token_hex(32)


def token_maker(owner: str) -> Callable[[], str]:
    """Lease tokens that begin with their owner, so that a dead process's leases can be told from others'."""
    return lambda: f"{owner}:{uuid.uuid4().hex}"


def owner_name(store: Store) -> str:
    """The daemon's name as an owner of leases: an SQLite file has one daemon, a PostgreSQL database many."""
    return "daemon" if store.sqlite_path is not None else f"daemon.{socket.gethostname()}.{os.getpid()}"


def open_store(settings: Settings) -> Store:
    """The database for a command: made where there is none, refused where its version is not this program's."""
    store = Store(settings.database.url)
    if store.is_missing():
        return create_store(settings)
    if store.sqlite_path is None and current_revision(store) is None:
        return create_store(settings)
    require_current(store)
    return store


def create_store(settings: Settings) -> Store:
    """The database, made or brought up to date, with a console subscriber where it was empty."""
    store = Store(settings.database.url)
    quick_check(store)
    upgrade(store, now=utc_now())
    with store.write() as tx:
        if not has_any(tx):
            console = NewSubscriber(
                name=DEFAULT_SUBSCRIBER,
                channel=ChannelKind.CONSOLE,
                address="-",
                unsubscribe_token=new_unsubscribe_token(),
            )
            add_subscriber(tx, console, now=utc_now())
    return store


def user_agent(settings: Settings) -> str:
    """Who asks: name, version, and how to reach the operator."""
    contact = settings.http.contact.strip()
    return f"reformwatch/{__version__}" + (f" (+{contact})" if contact else "")


def build_door(settings: Settings) -> Door:
    """The door for feeds: a new connection for each request, since each is to another host."""
    return Door(
        user_agent=user_agent(settings),
        policy=AddressPolicy(settings.http.allow_private),
        deadline=timedelta(seconds=settings.http.deadline_s),
        max_bytes=settings.http.max_bytes,
        max_connections=settings.http.workers,
    )


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


def poll_policy(settings: Settings) -> PollPolicy:
    """The operator's bounds as durations."""
    return PollPolicy(
        min_interval=timedelta(seconds=settings.poll.min_interval_s),
        max_interval=timedelta(seconds=settings.poll.max_interval_s),
        late_after=timedelta(days=settings.alerts.late_after_days),
        burst_limit=settings.alerts.burst_limit,
    )


def build_poller(
    settings: Settings,
    store: Store,
    door: Door,
    parser: ParserPool,
    *,
    owner: str,
    watcher: Watcher = nobody_watches,
    on_polled: OnPolled = no_listener_for_polls,
    clock: Callable[[], datetime] = utc_now,
) -> Poller:
    """The poller."""
    return Poller(
        store=store,
        fetch=lambda feed, now, after: ask_for_feed(door, feed, now=now, after=after),
        fetch_page=lambda url, after: ask_for_page(door, url, after=after),
        parser=parser,
        policy=poll_policy(settings),
        clock=clock,
        chance=random.random,
        new_message_id=new_message_id,
        new_token=token_maker(owner),
        new_secret=new_hub_secret,
        workers=settings.http.workers,
        per_host_gap_s=settings.http.per_host_gap_s,
        lease=timedelta(seconds=settings.poll.lease_s),
        watcher=watcher,
        on_polled=on_polled,
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


def zone(name: str) -> ZoneInfo:
    """A time zone by name. Raises ConfigError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(f"time zone {name!r}: there is none of this name (example: Asia/Almaty)") from None


def build_deliverer(
    settings: Settings,
    store: Store,
    channels: Mapping[ChannelKind, Channel],
    *,
    owner: str,
    watcher: Watcher = nobody_watches,
    on_delivered: OnDelivered = no_listener_for_deliveries,
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


def hub_callback(settings: Settings) -> str | None:
    """The address under which hubs reach the daemon; None where it has no public pages."""
    if not settings.alerts.base_url or not settings.web.listen:
        return None
    return f"{settings.alerts.base_url.rstrip('/')}/websub"


def build_hub_caller(settings: Settings, store: Store, door: Door) -> HubCaller | None:
    """What asks hubs; None where they could not ask back."""
    callback = hub_callback(settings)
    if callback is None:
        return None
    return HubCaller(
        store=store,
        post=door.post_to_hub,
        callback=callback,
        clock=utc_now,
        chance=random.random,
        new_token=new_hub_token,
        new_secret=new_hub_secret,
    )


class Tools:
    """What a command or the daemon works with, built from one set of settings and closed together."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        *,
        owner: str,
        watcher: Watcher = nobody_watches,
        on_polled: OnPolled = no_listener_for_polls,
        on_delivered: OnDelivered = no_listener_for_deliveries,
        stdout: TextIO | None = None,
    ) -> None:
        keep_little()
        self.settings, self.store = settings, store
        self.door = build_door(settings)
        self.webhook_door = build_webhook_door(settings)
        self.parser = ParserPool()
        self.channels = build_channels(settings, self.webhook_door, stdout=stdout)
        self.poller = build_poller(
            settings, store, self.door, self.parser, owner=owner, watcher=watcher, on_polled=on_polled
        )
        self.deliverer = build_deliverer(
            settings, store, self.channels, owner=owner, watcher=watcher, on_delivered=on_delivered
        )
        self.hubs = build_hub_caller(settings, store, self.webhook_door)

    def hurry(self) -> None:
        """End requests that are under way."""
        self.door.close()
        self.webhook_door.close()

    def close(self) -> None:
        """Give everything back but the store."""
        self.hurry()
        self.parser.close()


def run_once(tools: Tools, stop: threading.Event) -> None:
    """Poll all that is due, deliver all that is due."""
    tools.poller.poll_due(stop, is_once=True)
    tools.deliverer.deliver_due(stop)


def example_config() -> str:
    """The commented configuration that ``init`` writes."""
    inside = files("reformwatch") / "config.example.toml"
    if inside.is_file():
        return inside.read_text(encoding="utf-8")
    return (Path(__file__).parents[2] / "config.example.toml").read_text(encoding="utf-8")


def host_and_port(listen: str) -> tuple[str, int]:
    """``host:port`` of ``[web] listen``. Raises ConfigError."""
    try:
        parts = urlsplit(f"//{listen}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or port is None:
        raise ConfigError(f"[web] listen: {listen!r} is not host:port, such as 127.0.0.1:8080")
    return host, port
