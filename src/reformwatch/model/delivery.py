"""Ground: where deliveries stand, and what a run of them did."""

from dataclasses import dataclass
from enum import StrEnum


class DeliveryState(StrEnum):
    """Where a delivery stands. ``dead``: given up, listed, can be retried."""

    PENDING = "pending"
    SENT = "sent"
    DEAD = "dead"


class Closed(StrEnum):
    """Why a delivery ended without being sent."""

    GIVEN_UP = "given_up"  # every attempt failed
    REJECTED = "rejected"  # the receiver never takes this message
    ADDRESS_DEAD = "address_dead"  # the receiver never takes any message for this address
    SUBSCRIBER_PAUSED = "subscriber_paused"


@dataclass(kw_only=True)
class DeliverReport:
    """What a run did."""

    sent: int = 0
    to_retry: int = 0
    dead: int = 0
