"""Fetch: one request at a time to a host, and a gap between two (FRB033, FRB034)."""

from typing import Final

_MANY_HOSTS: Final = 10_000


class Turnstile:
    """Who may be asked now. Times are seconds of a monotonic clock, passed in; used from one thread."""

    def __init__(self, gap_s: float) -> None:
        self._gap_s = gap_s
        self._busy: set[str] = set()
        self._free_at: dict[str, float] = {}

    def wait_s(self, host: str, *, now: float) -> float | None:
        """Seconds until a host may be asked; None while a request to it is under way."""
        if host in self._busy:
            return None
        return max(0.0, self._free_at.get(host, now) - now)

    def enter(self, host: str) -> None:
        """A request begins."""
        self._busy.add(host)

    def leave(self, host: str, *, now: float) -> None:
        """A request has ended; the gap begins."""
        self._busy.discard(host)
        if self._gap_s > 0:
            self._free_at[host] = now + self._gap_s
            if len(self._free_at) > _MANY_HOSTS:
                self._free_at = {name: at for name, at in self._free_at.items() if at > now}

    def closed_hosts(self, *, now: float) -> set[str]:
        """The hosts that may not be asked at this moment."""
        return self._busy | {host for host, at in self._free_at.items() if at > now}
