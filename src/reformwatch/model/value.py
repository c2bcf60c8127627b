"""Ground: what all values share. They are msgspec's structs: made and compared in C, by the million."""

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


#: Looked up once a class.
_TIMES: Final[dict[type, tuple[str, ...]]] = {}


def _times_of(kind: type[Value]) -> tuple[str, ...]:
    """The fields of a class that hold a time, or a time or nothing."""
    if kind not in _TIMES:
        types = {name: said for base in kind.__mro__ for name, said in getattr(base, "__annotations__", {}).items()}
        times = (datetime, datetime | None)
        _TIMES[kind] = tuple(name for name in kind.__struct_fields__ if types[name] in times)
    return _TIMES[kind]
