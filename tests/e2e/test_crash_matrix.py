"""Die after each named step of poll and deliver, start again, count what was received."""

import subprocess
import sys
from pathlib import Path

import pytest

from house import Desk, open_house, publish, set_up
from reformwatch.model.subscriber import ChannelKind, NewSubscriber
from reformwatch.pipeline.checkpoints import DELIVER_CHECKPOINTS, POLL_CHECKPOINTS
from reformwatch.store import Store
from reformwatch.store.subscribers import add_subscriber
from reformwatch.wiring.basics import new_unsubscribe_token, utc_now

RUNNER = Path(__file__).with_name("crash_runner.py")
ENTRIES = 3


def crash(desk: Desk, step: str, nth: int, *more: str) -> int:
    """One round that dies at the step; its exit code."""
    command = [sys.executable, str(RUNNER), step, str(nth), *more]
    return subprocess.run(command, env=desk.environment, cwd=desk.folder, timeout=120, check=False).returncode


@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("step", [*POLL_CHECKPOINTS, *DELIVER_CHECKPOINTS])
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


@pytest.mark.parametrize("nth", [1, 2, 3, 5])
@pytest.mark.parametrize("step", ["slice routed", "committed", "deliveries claimed"])
def test_a_death_between_slices_of_routing_leaves_nobody_out_and_sends_nobody_two(
    step: str, nth: int, tmp_path: Path
) -> None:
    # trust: A04
    with open_house() as house:
        desk = Desk(tmp_path, house)
        set_up(desk)
        add_readers(desk, 5)
        titles = publish(house, 2)
        assert crash(desk, step, nth, "2") in ({9} if step == "slice routed" or nth == 1 else {0, 9})
        desk.run("run", "--once")
        sent = [(str(mail["To"]), str(mail["Subject"]).removeprefix("Akims: ")) for mail in house.parsed_mails()]
        readers = {"reader@example.org", *(f"reader{i}@example.org" for i in range(5))}
        assert set(sent) == {(reader, title) for reader in readers for title in titles}
        assert max(house.mail_ids().values()) <= 2
        assert len(house.mail_ids()) == len(set(sent)), "each alert is one message to each reader, whatever died"
        notified = [one for alert in (1, 2) for one in desk.json("alert", "show", str(alert))["notifications"]]
        assert sorted({one["code"] for one in notified}) == ["instant", "paused"]


def add_readers(desk: Desk, count: int) -> None:
    """More subscribers by mail."""
    store = Store(desk.settings().database.url)
    with store.write() as tx:
        for i in range(count):
            new = NewSubscriber(
                name=f"Reader {i}",
                channel=ChannelKind.EMAIL,
                address=f"reader{i}@example.org",
                unsubscribe_token=new_unsubscribe_token(),
            )
            add_subscriber(tx, new, now=utc_now())
    store.close()
