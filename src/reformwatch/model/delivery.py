"""Ground: the states of a delivery, and the counts of a run of deliveries."""

from dataclasses import dataclass
from enum import StrEnum


class DeliveryState(StrEnum):
    """The state of a delivery. ``dead``: given up; it is listed and can be retried."""

    PENDING = "pending"
    SENT = "sent"
    DEAD = "dead"


class Closed(StrEnum):
    """Why a delivery ended without being sent."""

    GIVEN_UP = "given_up"  # every attempt failed
    REJECTED = "rejected"  # the receiver will never accept this message
    ADDRESS_DEAD = "address_dead"  # the receiver will accept no message for this address
    SUBSCRIBER_PAUSED = "subscriber_paused"


@dataclass(kw_only=True)
class DeliverReport:
    """How many deliveries a run sent, will retry, and gave up."""

    sent: int = 0
    to_retry: int = 0
    dead: int = 0
