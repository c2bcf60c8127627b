"""Porch: what all commands use: the clock, names and tokens, the database, the catalogues."""

import contextlib
import functools
import os
import random
import secrets
import socket
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reformwatch import __version__
from reformwatch.errors import ConfigError
from reformwatch.messages.catalogues import Catalogues
from reformwatch.pipeline.checkpoints import Hook, no_hook
from reformwatch.pipeline.route import Router
from reformwatch.pipeline.runtime import Runtime
from reformwatch.store import Store as Store  # the porch imports the type from here
from reformwatch.store.migrate import current_revision, quick_check, require_current, upgrade

if TYPE_CHECKING:
    from reformwatch.settings import Settings

DEFAULT_SUBSCRIBER = "console"


def utc_now() -> datetime:
    """The current time, in UTC."""
    return datetime.now(UTC)


def new_message_id() -> str:
    """A delivery's id, the same at every attempt."""
    return f"msg_{uuid.uuid4().hex}"


def new_unsubscribe_token() -> str:
    """A token for unsubscribe links: 122 random bits."""
    return uuid.uuid4().hex


def new_hub_token() -> str:
    """A token for the callback address of a hub subscription: 160 random bits."""
    return secrets.token_hex(20)


def new_hub_secret() -> str:
    """A secret that a hub signs its pushes with: 64 characters (WebSub allows 199)."""
    return secrets.token_hex(32)


def token_maker(owner: str) -> Callable[[], str]:
    """A function that makes lease tokens. They begin with the owner, by which a dead process's leases are released."""
    return lambda: f"{owner}:{uuid.uuid4().hex}"


def owner_name(store: Store) -> str:
    """The daemon's name in its leases; with host and process on PostgreSQL, which may have many daemons."""
    return "daemon" if store.sqlite_path is not None else f"daemon.{socket.gethostname()}.{os.getpid()}"


def unchecked_store(settings: "Settings") -> Store:
    """The database in any version, to lock, check or upgrade it."""
    return Store(settings.database.url)


def open_store(settings: "Settings") -> Store:
    """The database for a command, created where there is none. Raises DatabaseMismatch for another version."""
    store = Store(settings.database.url)
    with _closed_on_error(store):
        if store.is_missing() or (store.sqlite_path is None and current_revision(store) is None):
            store.close()
            return create_store(settings)
        require_current(store)
    return store


@contextlib.contextmanager
def _closed_on_error(store: Store) -> Iterator[None]:
    try:
        yield
    except BaseException:
        store.close()
        raise


def create_store(settings: "Settings") -> Store:
    """The database, created or upgraded; with a console subscriber where it has no subscriber."""
    from reformwatch.model.subscriber import ChannelKind, NewSubscriber
    from reformwatch.store.subscribers import add_subscriber, has_any

    store = Store(settings.database.url)
    with _closed_on_error(store):
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


def build_runtime(owner: str, *, clock: Callable[[], datetime] = utc_now, hook: Hook = no_hook) -> Runtime:
    """The clock, chance and tokens of the loops; ``owner`` begins the tokens of leases."""
    return Runtime(
        clock=clock, random=random.random, new_token=token_maker(owner), new_secret=new_hub_secret, hook=hook
    )


def build_router(store: Store, *, clock: Callable[[], datetime] = utc_now, hook: Hook = no_hook) -> Router:
    """The router, which makes notifications and deliveries from alerts."""
    return Router(store, clock=clock, new_message_id=new_message_id, hook=hook)


def user_agent(settings: "Settings") -> str:
    """The User-Agent header: program, version, and the operator's contact."""
    contact = settings.http.contact.strip()
    return f"reformwatch/{__version__}" + (f" (+{contact})" if contact else "")


def zone(name: str) -> ZoneInfo:
    """A time zone by name. Raises ConfigError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(f"time zone {name!r}: there is none of this name (example: Asia/Almaty)") from None


def example_config() -> str:
    """The commented configuration that ``init`` writes."""
    inside = files("reformwatch") / "config.example.toml"
    if inside.is_file():
        return inside.read_text(encoding="utf-8")
    return (Path(__file__).parents[3] / "config.example.toml").read_text(encoding="utf-8")


@functools.cache
def catalogues() -> Catalogues:
    """The catalogues in this package."""
    folder = files("reformwatch") / "messages" / "locale"
    texts = {p.name: p.read_text(encoding="utf-8") for p in folder.iterdir() if p.name.endswith(".po")}
    return Catalogues({name.removesuffix(".po"): text for name, text in texts.items()})


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
