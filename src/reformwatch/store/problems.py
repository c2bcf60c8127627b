"""Store: problems as JSON, in both directions: ``{"code": ..., "facts": {...}}``."""

from collections.abc import Mapping
from typing import Any

from reformwatch.model.problem import Problem, ProblemCode


def problem_row(problem: Problem | None) -> dict[str, Any] | None:
    """What stands in a column for a problem."""
    return None if problem is None else {"code": problem.code.value, "facts": dict(problem.facts)}


def problem_from(row: Mapping[str, Any] | None) -> Problem | None:
    """The problem in a column."""
    return None if row is None else Problem(code=ProblemCode(row["code"]), facts=row["facts"])
