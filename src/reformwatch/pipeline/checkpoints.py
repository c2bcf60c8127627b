"""Pipeline: the named checkpoints of the two loops; a hook is called at each of them.

Tests kill the process after each checkpoint and count what was received; the demo prints its lines at them.
"""

from collections.abc import Callable
from typing import Final

POLL_CHECKPOINTS: Final = ("feeds claimed", "fetched", "parsed", "planned", "applied", "committed")
#: Only alerts with more followers than a slice holds are routed in slices.
ROUTE_CHECKPOINTS: Final = ("slice routed",)
DELIVER_CHECKPOINTS: Final = ("deliveries claimed", "rendered", "sent", "settled", "settlement committed")

#: Takes the name of a checkpoint; called in the thread that passes it.
Hook = Callable[[str], None]


def no_hook(checkpoint: str) -> None:
    """The default hook does nothing."""
