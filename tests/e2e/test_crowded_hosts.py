"""Many feeds of one host due at once: one at a time, with a gap between two, all of them in one run, and no burst."""

import logging
import threading

import pytest

from crowd import Crowd, add, reading
from reformwatch.pipeline.parsing import ParserPool
from reformwatch.store import Store

GAP_S = 0.05
#: Numbers are rounded; the clock is one.
SLACK_S = 0.001


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="reformwatch")


@pytest.mark.slow
def test_fifty_of_one_host_are_asked_one_by_one_with_a_gap_and_hold_up_nobody(
    sqlite_store: Store, parser: ParserPool
) -> None:
    # trust: C09, FRB033, FRB034
    many, others = [f"many/{i}" for i in range(50)], [f"host{i}/1" for i in range(50)]
    add(sqlite_store, [*many, *others])
    are_done = threading.Event()
    crowd = Crowd(held={"many.example": are_done})
    reads = reading(sqlite_store, crowd, parser, workers=8, gap_s=GAP_S, first=others, are_first_done=are_done)
    with crowd, reads as run:
        report = run.poller.poll_due()
    assert (report.polled, report.failed) == (100, 0)
    assert crowd.most_of_a_host["many.example"] == 1
    assert min(crowd.gaps()["many.example"]) >= GAP_S - SLACK_S
    assert crowd.most_at_once <= 8
    assert sorted(run.done[:50]) == sorted(others), "the others waited for the crowded host"


@pytest.mark.slow
def test_six_hundred_after_a_long_stop_are_no_burst_and_a_restart_asks_nobody(
    sqlite_store: Store, parser: ParserPool
) -> None:
    # trust: C09, FRB037, F04
    add(sqlite_store, (f"host{i % 60}/{i}" for i in range(600)))
    with Crowd() as crowd:
        with reading(sqlite_store, crowd, parser, workers=16, gap_s=GAP_S) as run:
            report = run.poller.poll_due()
        with reading(sqlite_store, crowd, parser, workers=16, gap_s=GAP_S) as run:
            again = run.poller.poll_due()
    assert (report.polled, report.failed, again.polled) == (600, 0, 0)
    assert len(crowd.served) == 600
    assert crowd.most_at_once <= 16
    assert max(crowd.most_of_a_host.values()) == 1
    assert min(gap for row in crowd.gaps().values() for gap in row) >= GAP_S - SLACK_S
