"""Store: a feed's :class:`~reformwatch.model.feed.PollState` as columns of ``feeds``, in both directions.

The columns are derived from the fields of the value: a field without a column fails at import.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from msgspec import Struct

from reformwatch.model.feed import FeedHints, PollState, Rhythm, Validators
from reformwatch.store.problems import problem_from, problem_row
from reformwatch.store.tables import feeds

#: The fields that are stored in several columns, with the names of the value's own fields.
_NESTED: Final[dict[str, type[Struct]]] = {"validators": Validators, "rhythm": Rhythm}
_PLAIN: Final = tuple(name for name in PollState.__struct_fields__ if name not in {*_NESTED, "hints", "problem"})

COLUMNS: Final = tuple(
    feeds.c[name]
    for name in (
        *_PLAIN,
        "hints",
        "problem",
        *(name for nested in _NESTED.values() for name in nested.__struct_fields__),
    )
)


def row_of(state: PollState) -> dict[str, Any]:
    """The values of a state for :data:`COLUMNS`, by column name."""
    row = {name: getattr(state, name) for name in _PLAIN}
    for name, nested in _NESTED.items():
        row |= {inner: getattr(getattr(state, name), inner) for inner in nested.__struct_fields__}
    return row | {"hints": _hints_row(state.hints), "problem": problem_row(state.problem)}


def take_state(row: dict[str, Any]) -> PollState:
    """The state of a row; its columns are removed from the row."""
    nested: dict[str, Any] = {
        name: kind(**{inner: row.pop(inner) for inner in kind.__struct_fields__}) for name, kind in _NESTED.items()
    }
    hints, problem = _hints_from(row.pop("hints")), problem_from(row.pop("problem"))
    return PollState(**{name: row.pop(name) for name in _PLAIN}, **nested, hints=hints, problem=problem)


def _hints_row(hints: FeedHints) -> dict[str, Any] | None:
    """A document's hints as JSON, durations in seconds; None where it has none."""
    if hints == FeedHints():
        return None
    return {
        "ttl": None if hints.ttl is None else round(hints.ttl.total_seconds()),
        "update_period": None if hints.update_period is None else round(hints.update_period.total_seconds()),
        "skip_hours": sorted(hints.skip_hours),
        "skip_days": sorted(hints.skip_days),
    }


def _hints_from(row: Mapping[str, Any] | None) -> FeedHints:
    if row is None:
        return FeedHints()
    ttl, period = row["ttl"], row["update_period"]
    return FeedHints(
        ttl=None if ttl is None else timedelta(seconds=ttl),
        update_period=None if period is None else timedelta(seconds=period),
        skip_hours=frozenset(row["skip_hours"]),
        skip_days=frozenset(row["skip_days"]),
    )
