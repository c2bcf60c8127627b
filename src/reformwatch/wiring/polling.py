"""Porch: polling: the HTTP client for feeds, the parsers, the poller, the client of hubs."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from reformwatch.net.address_policy import AddressPolicy
from reformwatch.net.client import HttpClient
from reformwatch.net.conditional import fetch_feed, fetch_page
from reformwatch.pipeline.checkpoints import Hook, no_hook
from reformwatch.pipeline.fetch_flow import Fetchers
from reformwatch.pipeline.memory import keep_little
from reformwatch.pipeline.parsing import ParserPool
from reformwatch.pipeline.poll import OnPolled, Poller, PollLimits, no_listener
from reformwatch.pipeline.runtime import Runtime
from reformwatch.pipeline.websub import Callback, HubCaller, PushQueue
from reformwatch.planning.schedule import PollPolicy
from reformwatch.store import Store
from reformwatch.wiring.basics import build_router, build_runtime, new_hub_secret, new_hub_token, user_agent, utc_now

if TYPE_CHECKING:
    from reformwatch.settings import Settings

#: How many pushed documents of the largest size may wait in memory.
_PUSHES_KEPT: Final = 4


def build_client(settings: "Settings") -> HttpClient:
    """The HTTP client for feeds: a new connection for each request, since each is to another host."""
    return HttpClient(
        user_agent=user_agent(settings),
        policy=AddressPolicy(settings.http.allow_private),
        deadline=timedelta(seconds=settings.http.deadline_s),
        max_bytes=settings.http.max_bytes,
        max_connections=settings.http.workers,
    )


def poll_policy(settings: "Settings") -> PollPolicy:
    """The configured limits of intervals, late entries and bursts."""
    return PollPolicy(
        min_interval=timedelta(seconds=settings.poll.min_interval_s),
        max_interval=timedelta(seconds=settings.poll.max_interval_s),
        late_after=timedelta(days=settings.alerts.late_after_days),
        burst_limit=settings.alerts.burst_limit,
    )


def poll_limits(settings: "Settings") -> PollLimits:
    """The configured limits of polling."""
    return PollLimits(
        policy=poll_policy(settings),
        workers=settings.http.workers,
        gap=timedelta(seconds=settings.http.per_host_gap_s),
        lease=timedelta(seconds=settings.poll.lease_s),
    )


def build_poller(
    settings: "Settings",
    store: Store,
    client: HttpClient,
    parser: ParserPool,
    *,
    owner: str,
    hook: Hook = no_hook,
    on_polled: OnPolled = no_listener,
    clock: Callable[[], datetime] = utc_now,
) -> Poller:
    """The poller, which fetches, parses, matches and stores."""
    fetchers = Fetchers(
        feed=lambda feed, now, after: fetch_feed(client, feed, now=now, after=after),
        page=lambda url, after: fetch_page(client, url, after=after),
    )
    router = build_router(store, clock=clock, hook=hook)
    runtime = build_runtime(owner, clock=clock, hook=hook)
    return Poller(store, fetchers, parser, router, runtime=runtime, limits=poll_limits(settings), on_polled=on_polled)


def hub_callback(settings: "Settings") -> str | None:
    """The address below which hubs reach the daemon; None where it has no public pages."""
    if not settings.alerts.base_url or not settings.web.listen:
        return None
    return f"{settings.alerts.base_url.rstrip('/')}/websub"


def build_hub_caller(settings: "Settings", store: Store, client: HttpClient) -> HubCaller | None:
    """The client of hubs; None without a callback address, by which hubs verify subscriptions."""
    callback = hub_callback(settings)
    if callback is None:
        return None
    runtime = Runtime(clock=utc_now, random=random.random, new_token=new_hub_token, new_secret=new_hub_secret)
    return HubCaller(store, client.post_to_hub, callback, runtime)


def build_push_queue(
    store: Store, *, poller: Callable[[], Poller], on_alerts: Callable[[], None], max_bytes: int
) -> PushQueue:
    """The queue of pushed documents. ``poller`` is called for each document, since a reload builds another poller.

    ``max_bytes`` is the size limit of one document.
    """
    return PushQueue(
        store,
        push=lambda feed_id, fetched: poller().push(feed_id, fetched),
        on_alerts=on_alerts,
        clock=utc_now,
        max_bytes=_PUSHES_KEPT * max_bytes,
    )


def build_callback(store: Store, pushes: PushQueue) -> Callback:
    """The callback, which answers verifications and pushes of hubs."""
    return Callback(store, offer=pushes.offer, clock=utc_now)


class PollTools:
    """The objects for polling, built from the settings and closed together."""

    def __init__(
        self,
        settings: "Settings",
        store: Store,
        *,
        owner: str,
        hook: Hook = no_hook,
        on_polled: OnPolled = no_listener,
    ) -> None:
        keep_little()
        self.client = build_client(settings)
        self.parser = ParserPool()
        self.poller = build_poller(
            settings, store, self.client, self.parser, owner=owner, hook=hook, on_polled=on_polled
        )

    def close(self) -> None:
        """Close all but the store."""
        self.client.close()
        self.parser.close()
