"""Pipeline: which hosts may be sent a request now: one at a time, a gap between two, under a lease of this run.

The limiter (:class:`HostLimiter`) needs no query: the database is queried only where it allows the request.
"""

import time
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta

from reformwatch.net.host_limiter import HostLimiter
from reformwatch.pipeline.fetch_flow import Request
from reformwatch.pipeline.host_leases import HostLeases
from reformwatch.store import Store, Tx
from reformwatch.urls import origin_of


class HostAccess:
    """The hosts of one run. Used by one thread; the limiter is shared by all runs of the process.

    ``gap`` is the shortest time between two requests to a host.
    """

    def __init__(
        self, limiter: HostLimiter, leases: HostLeases, *, gap: timedelta, clock: Callable[[], datetime]
    ) -> None:
        self._limiter, self._leases, self._gap, self._clock = limiter, leases, gap, clock

    def not_now(self, requests: Iterable[Request[object]]) -> set[str]:
        """The hosts whose feeds a claim leaves out: those of waiting requests, and those that may not be asked now."""
        return self._limiter.closed_hosts(now=time.monotonic(), also=(origin_of(request.url) for request in requests))

    def begin(self, request: Request[object]) -> float:
        """Begin a request, if its host may be asked: 0; else the seconds until the answer may change."""
        origin, now_s = origin_of(request.url), time.monotonic()
        if self._leases.may_begin(origin, now=self._clock()):
            return self._limiter.enter(origin, now=now_s)
        return self._limiter.wait_s(origin, now=now_s) or self._leases.want(origin, now_s=now_s)

    def end(self, request: Request[object]) -> None:
        """A request has ended; the gap of its host begins, and is as long as the host itself asks for."""
        origin, gap = origin_of(request.url), max(request.gap or timedelta(), self._gap)
        self._limiter.leave(origin, now=time.monotonic(), gap_s=gap.total_seconds())
        self._leases.keep_gap(origin, until=self._clock() + gap)

    def claim_wanted(self, store: Store) -> bool:
        """Lease the hosts that requests wait for; whether one of these may begin now."""
        if not self._leases.wanted:
            return False
        return self._leases.claim_wanted(store, now=self._clock(), now_s=time.monotonic())

    def note_leased(self, origins: Collection[str], *, now: datetime) -> None:
        """These were leased with their feeds, at ``now``."""
        self._leases.note(origins, now=now)

    def move(self, before: str | None, after: str | None) -> None:
        """A fetch goes on at another host, begins at one (``before`` is None), or ends (``after`` is None)."""
        self._leases.move(before, after)

    @property
    def is_release_due(self) -> bool:
        """Whether hosts have been idle for so long that they are released without a write of feeds."""
        return time.monotonic() >= self._leases.release_at

    def idle(self) -> frozenset[str]:
        """The hosts that are leased, and where no fetch is."""
        return self._leases.idle()

    def release(self, tx: Tx, origins: Collection[str]) -> None:
        """Release hosts with the ends of their gaps; call :meth:`forget` when that is committed."""
        self._leases.release(tx, origins)

    def forget(self, origins: Collection[str]) -> None:
        """These were released."""
        self._leases.forget(origins)
