"""Net: one deadline for a whole exchange, redirects included; libraries limit each read alone. # trust: D05."""

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Final

#: The longest wait for a connection, and for a name, in seconds.
CONNECT_S: Final = 10.0


class Deadlines:
    """The deadline of the exchange that runs in each thread; ``abort`` ends all of them."""

    def __init__(self) -> None:
        self._local = threading.local()
        self.is_aborted = False

    @contextlib.contextmanager
    def running(self, seconds: float) -> Iterator[None]:
        """Let this thread's exchange take so many seconds."""
        self._local.deadline = time.monotonic() + seconds
        try:
            yield
        finally:
            self._local.deadline = None

    def abort(self) -> None:
        """Let every exchange end at its next wait, and no new one begin."""
        self.is_aborted = True

    def left(self) -> float:
        """Seconds until this thread's deadline; 0 where it has passed or all were aborted."""
        if self.is_aborted:
            return 0.0
        deadline: float | None = getattr(self._local, "deadline", None)
        return CONNECT_S if deadline is None else max(0.0, deadline - time.monotonic())
