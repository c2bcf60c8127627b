"""Ground: what all values share."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Value:
    """A frozen value that refuses naive times."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, datetime) and value.tzinfo is None:
                raise ValueError(f"{type(self).__name__}.{name} must be an aware datetime, got {value!r}")
