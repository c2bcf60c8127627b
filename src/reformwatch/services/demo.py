"""Services: the demo's database: a pack's topics, the demo's feeds and subscribers."""

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
    """Store a pack's topics, these feeds and these subscribers in a new database, without subscriber ``instead_of``."""
    install(store, replace(pack, feeds=()), now=now)
    with store.write() as tx:
        remove_subscriber(tx, find_subscriber(tx, instead_of).id)
        for feed in feeds:
            add_feed(tx, feed, now=now)
        for subscriber in subscribers:
            add_subscriber(tx, subscriber, now=now)
