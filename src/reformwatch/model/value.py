"""Ground: what all values share."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Value:
    """A frozen value that refuses naive times."""

    def __post_init__(self) -> None:
        for name in _times_of(type(self)):
            value = getattr(self, name)
            if value is not None and value.tzinfo is None:
                raise ValueError(f"{type(self).__name__}.{name} must be an aware datetime, got {value!r}")


#: Looked up once a class, since values are made by the million.
_TIMES: Final[dict[type, tuple[str, ...]]] = {}


def _times_of(kind: type[Value]) -> tuple[str, ...]:
    """The fields of a class that hold a time, or a time or nothing."""
    if kind not in _TIMES:
        times = (datetime, datetime | None)
        _TIMES[kind] = tuple(field.name for field in fields(kind) if field.type in times)
    return _TIMES[kind]
