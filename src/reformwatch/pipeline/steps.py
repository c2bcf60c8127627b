"""Pipeline: the named steps of the two loops; a watcher is called as they happen.

Tests die after each of them and count what was received; the demo tells the story by them.
"""

from collections.abc import Callable
from typing import Final

#: ``slice routed``: only alerts with more followers than a slice holds are routed so.
POLL_STEPS: Final = ("feeds claimed", "fetched", "parsed", "planned", "applied", "committed")
ROUTE_STEPS: Final = ("slice routed",)
DELIVER_STEPS: Final = ("deliveries claimed", "rendered", "sent", "settled", "settlement committed")

Watcher = Callable[[str], None]


def nobody_watches(step: str) -> None:
    """The default watcher."""
