"""Ground: what all values share."""

from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache


@dataclass(frozen=True, kw_only=True)
class Value:
    """A frozen value that refuses naive times."""

    def __post_init__(self) -> None:
        for name in _times_of(type(self)):
            value = getattr(self, name)
            if value is not None and value.tzinfo is None:
                raise ValueError(f"{type(self).__name__}.{name} must be an aware datetime, got {value!r}")


@cache
def _times_of(kind: type[Value]) -> tuple[str, ...]:
    """The fields of a class that hold a time, or none; looked up once, since values are made by the million."""
    times = (datetime, datetime | None)
    return tuple(field.name for field in fields(kind) if field.type in times)
