"""Ground: the base class of all values. It is a msgspec struct, since these are made and compared in C."""

from datetime import datetime
from typing import ClassVar, Final

from msgspec import Struct
from msgspec.structs import asdict


class Value(Struct, frozen=True, kw_only=True):
    """A frozen value that refuses naive times. ``hidden`` names the fields that are not shown: secrets."""

    hidden: ClassVar[frozenset[str]] = frozenset()

    def __post_init__(self) -> None:
        for name in _times_of(type(self)):
            value = getattr(self, name)
            if value is not None and value.tzinfo is None:
                raise ValueError(f"{type(self).__name__}.{name} must be an aware datetime, got {value!r}")

    def __repr__(self) -> str:
        shown = (f"{name}={value!r}" for name, value in asdict(self).items() if name not in self.hidden)
        return f"{type(self).__name__}({', '.join(shown)})"


#: The fields of each class that hold a time, computed once for each class.
_TIMES: Final[dict[type, tuple[str, ...]]] = {}


def _times_of(kind: type[Value]) -> tuple[str, ...]:
    """The fields of a class whose type is datetime, or datetime or None."""
    if kind not in _TIMES:
        types = {
            name: annotation
            for base in kind.__mro__
            for name, annotation in getattr(base, "__annotations__", {}).items()
        }
        times = (datetime, datetime | None)
        _TIMES[kind] = tuple(name for name in kind.__struct_fields__ if types[name] in times)
    return _TIMES[kind]
