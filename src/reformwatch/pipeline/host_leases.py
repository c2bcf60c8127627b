"""Pipeline: the hosts that a run leases, so that no other process sends them requests meanwhile.

A run leases the hosts of the feeds that it claims in the same transaction, and a host that a redirect or a page names
before the request to it. It keeps a lease while a fetch is at that host, and releases it, with the end of the host's
gap, in the next write: mostly the one that writes the feeds.
"""

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from typing import Final

from reformwatch.store import Store, Tx, hosts

_CLAIM_AGAIN_S: Final = 0.5
_RELEASE_AFTER_S: Final = 1.0
_TRY_AGAIN_S: Final = 0.1
#: A request begins in this part of its host's lease, so that it ends within it.
_BEGINS_WITHIN: Final = 0.7


class HostLeases:
    """Which hosts a run leases, and by when a request must begin; how many fetches are there; when their gaps end.

    Used by one thread. Times of leases and gaps are the poller's clock's; waits are seconds of a monotonic clock.
    """

    def __init__(self, *, token: str, lease: timedelta) -> None:
        self.wanted: set[str] = set()
        self.release_at = float("inf")
        self._token, self._lease = token, lease
        self._begin_by: dict[str, datetime] = {}
        self._free_at: dict[str, datetime] = {}
        self._fetches: Counter[str] = Counter()
        self._again_at: dict[str, float] = {}

    def note(self, origins: Collection[str], *, now: datetime) -> None:
        """These were leased at ``now``, in a transaction that is committed."""
        self._begin_by |= dict.fromkeys(origins, now + self._lease * _BEGINS_WITHIN)
        self.release_at = min(self.release_at, time.monotonic() + _RELEASE_AFTER_S)

    def may_begin(self, origin: str, *, now: datetime) -> bool:
        """Whether a request to a host may begin under its lease."""
        begin_by = self._begin_by.get(origin)
        return begin_by is not None and now <= begin_by

    def want(self, origin: str, *, now_s: float) -> float:
        """Have a host claimed with the next :meth:`claim_wanted`; the seconds until that is worth while."""
        wait_s = self._again_at.get(origin, now_s) - now_s
        if wait_s > 0:
            return wait_s
        self.wanted.add(origin)
        return _CLAIM_AGAIN_S

    def claim_wanted(self, store: Store, *, now: datetime, now_s: float) -> bool:
        """Lease what is wanted; whether any could be. What others lease, or whose gap runs, is wanted later."""
        wanted, self.wanted = self.wanted, set()
        with store.write() as tx:
            leased = hosts.claim(tx, wanted, token=self._token, now=now, lease=self._lease)
        self.note(leased, now=now)
        for origin in wanted - leased:
            self._begin_by.pop(origin, None)
            self._again_at[origin] = now_s + _CLAIM_AGAIN_S
        for origin in leased:
            self._again_at.pop(origin, None)
        return bool(leased)

    def move(self, before: str | None, after: str | None) -> None:
        """A fetch goes on at another host, begins at one (``before`` is None), or ends (``after`` is None)."""
        if before == after:
            return
        if after is not None:
            self._fetches[after] += 1
        if before is not None:
            self._fetches[before] -= 1
            if not self._fetches[before]:
                del self._fetches[before]
                self.release_at = min(self.release_at, time.monotonic() + _RELEASE_AFTER_S)

    def keep_gap(self, origin: str, *, until: datetime) -> None:
        """A request to a host has ended; its gap ends at ``until``."""
        self._free_at[origin] = until

    def idle(self) -> frozenset[str]:
        """The hosts that are leased, and where no fetch is."""
        return frozenset(origin for origin in self._begin_by if origin not in self._fetches)

    def release(self, tx: Tx, origins: Collection[str]) -> None:
        """Release hosts with the ends of their gaps; call :meth:`forget` when that is committed."""
        hosts.release(tx, {origin: self._free_at.get(origin) for origin in origins}, token=self._token)

    def forget(self, origins: Collection[str]) -> None:
        """These were released."""
        self.release_at = float("inf")
        for origin in origins:
            self._begin_by.pop(origin, None)
            self._free_at.pop(origin, None)


@contextlib.contextmanager
def leased_for_a_request(
    store: Store,
    origin: str,
    *,
    token: str,
    clock: Callable[[], datetime],
    lease: timedelta,
    gap: timedelta,
    patience_s: float,
) -> Iterator[None]:
    """Lease a host for one request that is part of no run.

    While others lease it, or its gap runs, wait, but no longer than ``patience_s``: a person waits for the answer.
    """
    give_up_at = time.monotonic() + patience_s
    while not (is_leased := _is_claimed(store, origin, token=token, now=clock(), lease=lease)):
        if time.monotonic() >= give_up_at:
            break
        time.sleep(_TRY_AGAIN_S)
    try:
        yield
    finally:
        if is_leased:
            with store.write() as tx:
                hosts.release(tx, {origin: clock() + gap}, token=token)


def _is_claimed(store: Store, origin: str, *, token: str, now: datetime, lease: timedelta) -> bool:
    with store.write() as tx:
        return bool(hosts.claim(tx, [origin], token=token, now=now, lease=lease))
