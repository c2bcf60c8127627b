"""Services: the demo's beginning: a pack's topics, feeds and subscribers of its own."""

from collections.abc import Iterable
from datetime import datetime

from msgspec.structs import replace

from reformwatch.model.feed import NewFeed
from reformwatch.model.subscriber import NewSubscriber
from reformwatch.services.pack_files import Pack
from reformwatch.services.packs import install
from reformwatch.store import Store
from reformwatch.store.feeds import add_feed
from reformwatch.store.subscribers import add_subscriber, find_subscriber, remove_subscriber


def set_up(
    store: Store,
    pack: Pack,
    *,
    feeds: Iterable[NewFeed],
    subscribers: Iterable[NewSubscriber],
    instead_of: str,
    now: datetime,
) -> None:
    """Fill a new database: the topics of a pack, these feeds, and these subscribers instead of the one it came with."""
    install(store, replace(pack, feeds=()), now=now)
    with store.write() as tx:
        remove_subscriber(tx, find_subscriber(tx, instead_of).id)
        for feed in feeds:
            add_feed(tx, feed, now=now)
        for subscriber in subscribers:
            add_subscriber(tx, subscriber, now=now)
