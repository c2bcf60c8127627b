"""Ground: where deliveries stand, and what a run of them did."""

from dataclasses import dataclass
from enum import StrEnum


class DeliveryState(StrEnum):
    """Where a delivery stands. ``dead``: given up, listed, can be retried."""

    PENDING = "pending"
    SENT = "sent"
    DEAD = "dead"


@dataclass(kw_only=True)
class DeliverReport:
    """What a run did."""

    sent: int = 0
    to_retry: int = 0
    dead: int = 0
