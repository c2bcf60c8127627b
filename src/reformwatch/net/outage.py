"""Net: whether the feeds fail, or this machine's own network.

When nothing at all can be reached, on several hosts in a row, the fault is near; feeds are not to be blamed for it.
"""

from collections import deque
from typing import Final

#: So many requests in a row, to so many hosts, must have reached nothing.
_IN_A_ROW: Final = 6
_HOSTS: Final = 3


class NetworkWatch:
    """Watches the outcomes of requests; ``is_down`` after a row of them reached nothing, until one does."""

    def __init__(self) -> None:
        self._row: deque[str] = deque(maxlen=_IN_A_ROW)

    def note(self, host: str, *, is_reached: bool) -> None:
        """A request to a host ended."""
        if is_reached:
            self._row.clear()
        else:
            self._row.append(host)

    @property
    def is_down(self) -> bool:
        """Whether this machine's own network seems to be down."""
        return len(self._row) == _IN_A_ROW and len(set(self._row)) >= _HOSTS
