"""Net: politeness: one request at a time to a host, and a gap between two, among the requests of this process.

Requests of several processes are kept apart by leases on hosts, in the store.
# trust: FRB033, FRB034
"""

import threading
from collections.abc import Iterable
from typing import Final

_MANY_HOSTS: Final = 10_000


class HostLimiter:
    """Which hosts may be sent a request now. Times are monotonic seconds, passed in. Threads may share one."""

    def __init__(self, gap_s: float) -> None:
        self._gap_s = gap_s
        self._busy: set[str] = set()
        self._free_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def enter(self, host: str, *, now: float) -> float:
        """Begin a request, if that may be: 0; else the seconds until it may, infinite while one is under way."""
        with self._lock:
            wait_s = self._wait_s(host, now)
            if wait_s == 0:
                self._busy.add(host)
            return wait_s

    def wait_s(self, host: str, *, now: float) -> float:
        """The answer of :meth:`enter`, without beginning a request."""
        with self._lock:
            return self._wait_s(host, now)

    def _wait_s(self, host: str, now: float) -> float:
        return float("inf") if host in self._busy else max(0.0, self._free_at.get(host, now) - now)

    def leave(self, host: str, *, now: float, gap_s: float = 0.0) -> None:
        """A request has ended; the gap begins. ``gap_s`` is what the host itself asks for."""
        gap_s = max(gap_s, self._gap_s)
        with self._lock:
            self._busy.discard(host)
            if gap_s > 0:
                self._free_at[host] = now + gap_s
                if len(self._free_at) > _MANY_HOSTS:
                    self._free_at = {name: at for name, at in self._free_at.items() if at > now}

    def closed_hosts(self, *, now: float, also: Iterable[str] = ()) -> set[str]:
        """The hosts that may not be asked at this moment, and these."""
        with self._lock:
            return self._busy | {host for host, at in self._free_at.items() if at > now} | set(also)
