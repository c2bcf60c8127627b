"""Porch: delivery: the HTTP client for webhooks, the channels, the deliverer.

A channel is built at its first message, since each imports libraries of its own.
"""

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING, Generic, Self, TextIO, TypeVar

from reformwatch.channels.base import Channel, Post, PostReply, Resources, SmtpAccount, Tls, declared
from reformwatch.channels.email import valid_address
from reformwatch.errors import ConfigError, NotPermitted
from reformwatch.messages.catalogues import ENGLISH
from reformwatch.messages.problems import problem_sentence
from reformwatch.messages.render import Renderer
from reformwatch.model.alert import SendOutcome, TryLater
from reformwatch.model.subscriber import ChannelKind, Subscriber
from reformwatch.pipeline.checkpoints import Hook, no_hook
from reformwatch.pipeline.deliver import Deliverer, OnDelivered, no_listener
from reformwatch.pipeline.memory import keep_little
from reformwatch.pipeline.send import Sender
from reformwatch.store import Store
from reformwatch.wiring.basics import build_router, build_runtime, catalogues, new_message_id, user_agent, utc_now, zone

if TYPE_CHECKING:
    from reformwatch.net.client import HttpClient
    from reformwatch.settings import Settings

T = TypeVar("T")


class Lazy(Generic[T]):
    """A value that is built at the first call. Threads may share it. ``value`` None: it was not built yet."""

    def __init__(self, build: Callable[[], T]) -> None:
        self._build, self._lock = build, threading.Lock()
        self.value: T | None = None

    def __call__(self) -> T:
        """The value."""
        with self._lock:
            if self.value is None:
                self.value = self._build()
            return self.value


class Channels(Mapping[ChannelKind, Channel]):
    """Channels by their kind, each built at its first use."""

    def __init__(self, builders: Mapping[ChannelKind, Callable[[], Channel]]) -> None:
        self._channels = {kind: Lazy(build) for kind, build in builders.items()}

    def __getitem__(self, kind: ChannelKind) -> Channel:
        return self._channels[kind]()

    def __iter__(self) -> Iterator[ChannelKind]:
        return iter(self._channels)

    def __len__(self) -> int:
        return len(self._channels)


def build_webhook_client(settings: "Settings") -> "HttpClient":
    """The HTTP client for webhooks: replies up to 64 kB; 16 connections kept, since one receiver gets many messages."""
    from reformwatch.net.address_policy import AddressPolicy
    from reformwatch.net.client import HttpClient

    return HttpClient(
        user_agent=user_agent(settings),
        policy=AddressPolicy(settings.http.allow_private),
        deadline=timedelta(seconds=settings.webhook.deadline_s),
        max_bytes=64 * 1024,
        max_connections=32,
        keep_alive=16,
    )


def webhook_post(client: "HttpClient") -> Post:
    """The function by which channels POST."""
    from reformwatch.net.errors import RequestError

    def post(url: str, body: bytes, headers: Mapping[str, str], now: datetime) -> PostReply | TryLater:
        try:
            reply = client.post(url, body, headers)
        except RequestError as error:
            return TryLater(reason=problem_sentence(error.problem, ENGLISH))
        return PostReply(status=reply.status, body=reply.body, retry_after=reply.retry_after(now=now))

    return post


def check_webhook(settings: "Settings", address: str) -> str | None:
    """Why a webhook's address can't be reached now; None: it can. Raises NotPermitted for a private address."""
    from reformwatch.net.errors import ErrorKind, RequestError

    with build_webhook_client(settings) as client:
        try:
            client.check(address)
        except RequestError as error:
            if error.kind is ErrorKind.REFUSED_ADDRESS:
                raise NotPermitted(f"--webhook: {problem_sentence(error.problem, ENGLISH)}") from error
            return problem_sentence(error.problem, ENGLISH)
    return None


def build_channels(
    settings: "Settings", webhook_client: Callable[[], "HttpClient"], *, stdout: TextIO | None = None
) -> Channels:
    """The usable channels: e-mail only where a mail server is configured. Raises ConfigError for bad mail settings."""
    resources = Resources(
        post=lambda: webhook_post(webhook_client()),
        smtp=smtp_account(settings) if settings.smtp.host else None,
        stdout=stdout,
    )
    kinds = {kind: declared(kind) for kind in ChannelKind}
    return Channels(
        {
            kind: partial(declaration.build, resources)
            for kind, declaration in kinds.items()
            if declaration.is_usable(resources)
        }
    )


def smtp_account(settings: "Settings") -> SmtpAccount:
    """The configured mail server and sender. Raises ConfigError."""
    smtp = settings.smtp
    if not valid_address(smtp.sender):
        raise ConfigError(f"[smtp] from: {smtp.sender!r} is not a mail address; mails need a sender")
    context = None
    if smtp.ca_file is not None:
        try:
            context = ssl.create_default_context(cafile=str(smtp.ca_file))
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"[smtp] ca_file: {smtp.ca_file} can't be used ({error})") from None
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
    templates = {p.name: p.read_text(encoding="utf-8") for p in folder.iterdir() if p.name.startswith("mail.")}
    return Renderer(templates, catalogues().words)


def unsubscribe_url(settings: "Settings", subscriber: Subscriber) -> str | None:
    """The unsubscribe link of a subscriber; None where the daemon has no public pages."""
    if not settings.alerts.base_url or not settings.web.listen:
        return None
    return f"{settings.alerts.base_url.rstrip('/')}/unsubscribe/{subscriber.unsubscribe_token}"


def build_sender(
    settings: "Settings",
    channels: Mapping[ChannelKind, Channel],
    *,
    clock: Callable[[], datetime] = utc_now,
    hook: Hook = no_hook,
) -> Sender:
    """The sender, which sends single messages."""
    return Sender(
        channels=channels,
        renderer=build_renderer(),
        zone=zone,
        unsubscribe_url=partial(unsubscribe_url, settings),
        clock=clock,
        hook=hook,
    )


def build_deliverer(
    settings: "Settings",
    store: Store,
    channels: Mapping[ChannelKind, Channel],
    *,
    owner: str,
    hook: Hook = no_hook,
    on_delivered: OnDelivered = no_listener,
    clock: Callable[[], datetime] = utc_now,
) -> Deliverer:
    """The deliverer, which claims and sends what is due in the outbox."""
    return Deliverer(
        store,
        build_router(store, clock=clock, hook=hook),
        build_sender(settings, channels, clock=clock, hook=hook),
        runtime=build_runtime(owner, clock=clock, hook=hook),
        lease=timedelta(seconds=settings.poll.lease_s),
        on_delivered=on_delivered,
    )


class DeliverTools:
    """The objects for delivery, built from the settings and closed together."""

    def __init__(
        self,
        settings: "Settings",
        store: Store,
        *,
        owner: str,
        hook: Hook = no_hook,
        on_delivered: OnDelivered = no_listener,
        stdout: TextIO | None = None,
    ) -> None:
        keep_little()
        self.client = Lazy(partial(build_webhook_client, settings))
        self.channels = build_channels(settings, self.client, stdout=stdout)
        self.deliverer = build_deliverer(
            settings, store, self.channels, owner=owner, hook=hook, on_delivered=on_delivered
        )

    def close(self) -> None:
        """Close all but the store."""
        if self.client.value is not None:
            self.client.value.close()


class TestTools:
    """The objects for sending test messages, as a context manager."""

    def __init__(self, settings: "Settings", *, stdout: TextIO | None = None) -> None:
        self._client = Lazy(partial(build_webhook_client, settings))
        self._sender = build_sender(settings, build_channels(settings, self._client, stdout=stdout))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sender.close()
        if self._client.value is not None:
            self._client.value.close()

    def send(self, subscriber: Subscriber) -> SendOutcome:
        """Send a test message, once."""
        return self._sender.send_test(subscriber, message_id=new_message_id())
