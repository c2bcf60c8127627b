"""Die after each named step of poll and deliver, start again, count what was received."""

import subprocess
import sys
from pathlib import Path

import pytest

from house import Desk, open_house, publish, set_up
from reformwatch.pipeline.steps import DELIVER_STEPS, POLL_STEPS

RUNNER = Path(__file__).with_name("crash_runner.py")
ENTRIES = 3


def crash(desk: Desk, step: str, nth: int) -> int:
    """One round that dies at the step; its exit code."""
    return subprocess.run(
        [sys.executable, str(RUNNER), step, str(nth)], env=desk.environment, cwd=desk.folder, timeout=60, check=False
    ).returncode


@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("step", [*POLL_STEPS, *DELIVER_STEPS])
def test_nothing_is_lost_and_no_id_comes_more_than_twice(step: str, nth: int, tmp_path: Path) -> None:
    # trust: A01, A03, A04
    with open_house() as house:
        desk = Desk(tmp_path, house)
        set_up(desk, feeds=2)
        titles = publish(house, ENTRIES, feeds=2)
        code = crash(desk, step, nth)
        assert code in {0, 9}
        assert code == 9 or nth == 2, "the step never happened"
        desk.run("run", "--once")
        desk.run("run", "--once")
        assert house.hook_headlines() == titles
        assert {subject.removeprefix("Akims: ") for subject in house.mail_subjects()} == titles
        for ids in (house.hook_ids(), house.mail_ids()):
            assert len(ids) == ENTRIES
            assert max(ids.values()) <= 2
        entries = [match["entry"]["url"] for match in desk.json("topic", "test", "akims")["matches"]]
        assert len(entries) == len(set(entries)) == ENTRIES
        deliveries = desk.json("delivery", "list")
        assert [d["state"] for d in deliveries] == ["sent"] * 2 * ENTRIES


def test_a_death_between_the_receivers_yes_and_ours_sends_the_same_id_again(tmp_path: Path) -> None:
    # trust: A03
    with open_house() as house:
        desk = Desk(tmp_path, house)
        set_up(desk)
        publish(house, 1)
        assert crash(desk, "sent", 2) == 9
        desk.run("run", "--once")
        counts = [*house.hook_ids().values(), *house.mail_ids().values()]
        assert len(counts) == 2
        assert 3 <= sum(counts) <= 4
