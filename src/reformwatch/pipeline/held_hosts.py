"""Pipeline: the hosts that a run holds, so that no other process asks them meanwhile.

A run leases the hosts of the feeds it claims in the same transaction, and a host that one of them leads to before it is
asked. It holds a host while one of its readings is there, and gives it back, with the end of its rest, in the next
write: mostly the one that settles the feeds.
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


class HeldHosts:
    """Which hosts a run holds, and by when a request must begin; how many readings are there; when their rests end.

    Used by one thread. Times of leases and rests are the poller's clock's; waits are seconds of a monotonic clock.
    """

    def __init__(self, *, token: str, lease: timedelta) -> None:
        self.wanted: set[str] = set()
        self.release_at = float("inf")
        self._token, self._lease = token, lease
        self._begin_by: dict[str, datetime] = {}
        self._rest_until: dict[str, datetime] = {}
        self._readings: Counter[str] = Counter()
        self._again_at: dict[str, float] = {}

    def note(self, origins: Collection[str], *, now: datetime) -> None:
        """These were leased at ``now``, in a transaction that is committed."""
        self._begin_by |= dict.fromkeys(origins, now + self._lease * _BEGINS_WITHIN)
        self.release_at = min(self.release_at, time.monotonic() + _RELEASE_AFTER_S)

    def is_held(self, origin: str, *, now: datetime) -> bool:
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
        """Lease what is wanted; whether any could be. What others lease, or what rests, is wanted again in a while."""
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
        """A reading goes on at another host, begins at one (``before`` is None), or ends (``after`` is None)."""
        if before == after:
            return
        if after is not None:
            self._readings[after] += 1
        if before is not None:
            self._readings[before] -= 1
            if not self._readings[before]:
                del self._readings[before]
                self.release_at = min(self.release_at, time.monotonic() + _RELEASE_AFTER_S)

    def rest(self, origin: str, *, until: datetime) -> None:
        """A request to a host has ended."""
        self._rest_until[origin] = until

    def idle(self) -> frozenset[str]:
        """The hosts that are held, and where no reading is."""
        return frozenset(origin for origin in self._begin_by if origin not in self._readings)

    def release(self, tx: Tx, origins: Collection[str]) -> None:
        """Give hosts back with their rests; call :meth:`forget` when that is committed."""
        hosts.release(tx, {origin: self._rest_until.get(origin) for origin in origins}, token=self._token)

    def forget(self, origins: Collection[str]) -> None:
        """These were given back."""
        self.release_at = float("inf")
        for origin in origins:
            self._begin_by.pop(origin, None)
            self._rest_until.pop(origin, None)


@contextlib.contextmanager
def held_for_a_request(
    store: Store,
    origin: str,
    *,
    token: str,
    clock: Callable[[], datetime],
    lease: timedelta,
    gap: timedelta,
    patience_s: float,
) -> Iterator[None]:
    """Hold a host for one request that is part of no run.

    While others lease it, or it rests, wait, but no longer than ``patience_s``: a person waits for the answer.
    """
    give_up_at = time.monotonic() + patience_s
    while not (is_held := _is_claimed(store, origin, token=token, now=clock(), lease=lease)):
        if time.monotonic() >= give_up_at:
            break
        time.sleep(_TRY_AGAIN_S)
    try:
        yield
    finally:
        if is_held:
            with store.write() as tx:
                hosts.release(tx, {origin: clock() + gap}, token=token)


def _is_claimed(store: Store, origin: str, *, token: str, now: datetime, lease: timedelta) -> bool:
    with store.write() as tx:
        return bool(hosts.claim(tx, [origin], token=token, now=now, lease=lease))
