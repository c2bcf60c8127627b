"""Bounds on work that a busy machine does not stretch: lines that were run, memory, the processor's time."""

import contextlib
import signal
import sys
import tracemalloc
from collections.abc import Iterator
from types import FrameType
from typing import Any


class _TooMuch(BaseException):
    """No reader of odd documents takes this for one of their faults."""


@contextlib.contextmanager
def at_most_lines(limit: int) -> Iterator[None]:
    """Fails as soon as more lines than that were run, each turn of a loop counted: a bound that needs no clock."""
    lines = 0

    def count(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        if lines > limit:
            raise _TooMuch(f"more than {limit:,} lines")
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        with _as_failure():
            yield
    finally:
        sys.settrace(before)


@contextlib.contextmanager
def at_most_bytes(limit: int) -> Iterator[None]:
    """Fails where Python took more memory than that for something, even for a moment."""
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= limit, f"{peak:,} bytes, more than {limit:,}"


@contextlib.contextmanager
def at_most_processor_s(limit: float) -> Iterator[None]:
    """Fails as soon as this process has worked for longer, in C too where that lets signals in, as ``re`` does.

    For what can't be counted. Whoever else wants the processor does not count; still, give it many times what it needs.
    """

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise _TooMuch(f"more than {limit:g} s of the processor's time")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, limit)
    try:
        with _as_failure():
            yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@contextlib.contextmanager
def _as_failure() -> Iterator[None]:
    try:
        yield
    except _TooMuch as much:
        raise AssertionError(str(much)) from None
