"""Store: problems as JSON, in both directions: ``{"code": ..., "facts": {...}}``."""

from collections.abc import Mapping
from typing import Any

from reformwatch.model.problem import Problem, ProblemCode


def problem_row(problem: Problem | None) -> dict[str, Any] | None:
    """The JSON value of a problem, for a column; None for None."""
    return None if problem is None else {"code": problem.code.value, "facts": dict(problem.facts)}


def problem_from(row: Mapping[str, Any] | None) -> Problem | None:
    """The problem of a JSON value; None for None."""
    return None if row is None else Problem(code=ProblemCode(row["code"]), facts=row["facts"])
