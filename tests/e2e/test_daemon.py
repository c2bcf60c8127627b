"""The daemon as a process, with real signals."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from house import Desk, free_port, open_house, publish, set_up, until

CONFIG = """
[log]
format = "json"
"""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_house() as house:
        yield Desk(tmp_path, house)


def has_all(desk: Desk, titles: set[str]) -> bool:
    return desk.house.hook_headlines() == titles and len(desk.house.mail_subjects()) == len(titles)


def deliver_the_rest(desk: Desk, titles: set[str]) -> None:
    """Start again until all is delivered: what met a busy receiver is tried again after 5 seconds."""
    deadline = time.monotonic() + 600
    while not has_all(desk, titles):
        waiting = [d["last_error"] for d in desk.json("delivery", "list") if d["state"] != "sent"]
        assert time.monotonic() < deadline, (waiting, titles - desk.house.hook_headlines())
        desk.run("run", "--once")


def test_once_polls_and_delivers_one_mail_and_one_webhook_for_a_new_entry(desk: Desk) -> None:
    set_up(desk)
    desk.run("run", "--once")
    assert not desk.house.mails
    titles = publish(desk.house, 1)
    desk.run("run", "--once")
    desk.run("run", "--once")
    assert len(desk.house.mails) == len(desk.house.hooks) == 1
    assert has_all(desk, titles)


def test_a_new_entry_reaches_its_readers_while_the_daemon_runs_and_sigterm_ends_it_well(desk: Desk) -> None:
    set_up(desk)
    with desk.daemon() as process:
        until(lambda: "started" in desk.log(), what="the daemon starts")
        titles = publish(desk.house, 2)
        until(lambda: has_all(desk, titles), what="both channels hear of both entries")
        assert desk.json("status")["running"] is True
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0
    assert desk.json("status")["running"] is False
    assert "poll: 2 entries" in desk.log() or "poll: 3 entries" in desk.log()
    assert "deliver: sent at attempt 1" in desk.log()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_under_load_finishes_or_gives_back_what_is_in_flight(desk: Desk, number: signal.Signals) -> None:
    # trust: A15
    set_up(desk, feeds=20)
    with desk.daemon() as process:
        until(lambda: "started" in desk.log(), what="the daemon starts")
        titles = publish(desk.house, 200, feeds=20)
        until(lambda: len(desk.house.hooks) > 5, what="deliveries are under way")
        process.send_signal(number)
        assert process.wait(120) == 0
    deliver_the_rest(desk, titles)
    assert max(desk.house.hook_ids().values()) == 1
    assert max(desk.house.mail_ids().values()) == 1


def test_kill_nine_under_load_loses_nothing(desk: Desk) -> None:
    # trust: A01
    set_up(desk, feeds=20)
    titles: set[str] = set()
    for round_ in range(3):
        with desk.daemon() as process:
            titles |= publish(desk.house, 60, feeds=20, word=f"Akims of round {round_}")
            want = len(desk.house.hooks) + 10
            until(lambda want=want: len(desk.house.hooks) > want, what="deliveries are under way")  # type: ignore[misc]
            process.send_signal(signal.SIGKILL)
            process.wait(120)
    deliver_the_rest(desk, titles)
    assert max(desk.house.hook_ids().values()) <= 1 + 3
    assert len(desk.house.hook_ids()) == len(titles)


def test_a_second_daemon_on_the_same_file_says_who_holds_it(desk: Desk) -> None:
    # trust: A16
    set_up(desk)
    with desk.daemon() as process:
        until(lambda: "started" in desk.log(), what="the daemon starts")
        refused = desk.run("run", code=75)
        assert f"process {process.pid}" in refused.stderr
        assert desk.run("run", "--once", code=75).stderr.count("\n") == 1


def test_a_lock_of_a_dead_process_holds_nobody_up(desk: Desk) -> None:
    set_up(desk)
    with desk.daemon() as process:
        until(lambda: "started" in desk.log(), what="the daemon starts")
        process.send_signal(signal.SIGKILL)
        process.wait(120)
    desk.run("run", "--once")


def test_hangup_reads_the_configuration_again_and_keeps_the_old_one_if_the_new_is_bad(desk: Desk) -> None:
    # trust: G02
    set_up(desk)
    config = desk.folder / "config.toml"
    config.write_text(CONFIG, encoding="utf-8")
    with desk.daemon() as process:
        until(lambda: "started" in desk.log(), what="the daemon starts")
        config.write_text("[log]\nformat = 'json'\nvolume = 11\n", encoding="utf-8")
        process.send_signal(signal.SIGHUP)
        until(lambda: "the old configuration stays" in desk.log(), what="the bad configuration is refused")
        assert "volume" in desk.log()
        titles = publish(desk.house, 1)
        until(lambda: has_all(desk, titles), what="it goes on with the old one")
        config.write_text(CONFIG + "level = 'debug'\n", encoding="utf-8")
        process.send_signal(signal.SIGHUP)
        until(lambda: "the new configuration is in use" in desk.log(), what="the good configuration is taken")
        more = publish(desk.house, 1, word="Akims once more")
        until(lambda: has_all(desk, titles | more), what="it goes on with the new one")
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0
    lines = [json.loads(line) for line in desk.log().splitlines()]
    assert {"time", "level", "message"} <= set(lines[0])
    # trust: G14
    [poll, *_] = [line for line in lines if line.get("alerts") and "poll_id" in line]
    sent = [line for line in lines if "delivery" in line and set(line["alerts"]) & set(poll["alerts"])]
    assert {line["subscriber"] for line in sent} == {"Mail", "Hook"}
    polls = [line["poll_id"] for line in lines if "poll_id" in line]
    assert len(set(polls)) == len(polls) > 1


def test_systemd_is_told_when_it_is_ready_alive_and_stopping(desk: Desk) -> None:
    # trust: G02
    set_up(desk)
    path = str(desk.folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(path)
        listener.settimeout(120)
        with desk.daemon(NOTIFY_SOCKET=path, WATCHDOG_USEC="300000") as process:
            told = listener.recv(4096).decode()
            assert "READY=1" in told
            assert "WATCHDOG=1" in listener.recv(4096).decode()
            process.send_signal(signal.SIGTERM)
            while "STOPPING=1" not in told:
                told = listener.recv(4096).decode()
            assert process.wait(120) == 0


def test_a_daemon_that_can_not_start_never_says_ready(desk: Desk) -> None:
    path = str(desk.folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(path)
        listener.settimeout(0.5)
        with desk.daemon(NOTIFY_SOCKET=path, REFORMWATCH_POLL__TICK_S="soon") as process:
            assert process.wait(120) == 78
        with pytest.raises(TimeoutError):
            listener.recv(4096)


def test_the_pages_answer_health_and_unsubscribe(desk: Desk) -> None:
    # trust: E03, G03
    port = free_port()
    desk.extra |= {
        "REFORMWATCH_WEB__LISTEN": f"127.0.0.1:{port}",
        "REFORMWATCH_ALERTS__BASE_URL": f"http://127.0.0.1:{port}",
    }
    set_up(desk)
    with desk.daemon() as process:
        until(lambda: "started" in desk.log(), what="the daemon starts")
        titles = publish(desk.house, 1)
        until(lambda: has_all(desk, titles), what="the alert arrives")
        for page in ("healthz", "readyz"):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/{page}", timeout=60) as reply:
                assert reply.status == 200
        header = str(desk.house.parsed_mails()[0]["List-Unsubscribe"])
        url = header.strip("<>")
        with urllib.request.urlopen(url, timeout=60) as reply:
            assert b"<form" in reply.read()
        assert next(s for s in desk.json("subscriber", "list") if s["name"] == "Mail")["state"] == "active"
        with urllib.request.urlopen(url, data=b"List-Unsubscribe=One-Click", timeout=60) as reply:
            assert reply.status == 200
        assert next(s for s in desk.json("subscriber", "list") if s["name"] == "Mail")["state"] == "paused"
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0


def test_a_receiver_that_hangs_holds_up_neither_the_mail_nor_the_end(desk: Desk) -> None:
    # trust: B08
    desk.extra["REFORMWATCH_WEBHOOK__DEADLINE_S"] = "3"
    set_up(desk, hook="/held")
    with desk.daemon() as process:
        until(lambda: "started" in desk.log(), what="the daemon starts")
        publish(desk.house, 3)
        until(lambda: len(desk.house.mails) == 3, what="the mails are sent")
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0
    waiting = [d for d in desk.json("delivery", "list") if d["channel"] == "webhook"]
    assert {d["state"] for d in waiting} == {"pending"}


def test_a_receiver_that_is_gone_pauses_its_subscriber_and_the_operator_can_see_it(desk: Desk) -> None:
    # trust: B05
    set_up(desk)
    desk.house.hook_status = 410
    publish(desk.house, 1)
    done = desk.run("run", "--once")
    assert "subscriber paused" in done.stderr
    paused = {s["name"]: s["why"] for s in desk.json("status")["paused_subscribers"]}
    assert "answered 410" in paused["Hook"]


def test_the_burst_of_a_feed_comes_as_one_summary(desk: Desk) -> None:
    # trust: D19
    desk.extra["REFORMWATCH_ALERTS__BURST_LIMIT"] = "5"
    set_up(desk)
    publish(desk.house, 30)
    desk.run("run", "--once")
    assert len(desk.house.mails) == len(desk.house.hooks) == 1
    assert json.loads(desk.house.hooks[0][1])["type"] == "alert.summary"


def test_conditional_requests_carry_the_validators_and_nothing_else(desk: Desk) -> None:
    # trust: C15, C16
    set_up(desk)
    desk.run("poll", "--all")
    first, second = desk.house.hits
    assert "if-none-match" not in first.headers
    assert second.headers["if-none-match"]
    assert second.status == 304
    for hit in (first, second):
        assert set(hit.headers) <= {"host", "user-agent", "accept", "accept-encoding", "if-none-match", "connection"}


def test_feed_add_asks_once_and_that_is_the_baseline(desk: Desk) -> None:
    # trust: C16
    desk.run("init", "--no-pack")
    desk.run("topic", "add", "Akims", "--query", "any=akim*")
    desk.house.feeds["/news"] = ["Akims of old"]
    added = desk.run("feed", "add", f"{desk.house.base}/news")
    assert "baseline" in added.stderr
    assert len(desk.house.hits) == 1
    assert desk.json("alert", "list") == []


def test_one_run_delivers_all_that_is_due_to_one_subscriber(desk: Desk) -> None:
    # trust: F01
    set_up(desk)
    publish(desk.house, 150)
    assert desk.json("poll", "--all")["deliveries"] == 300
    assert desk.json("deliver")["sent"] == 300
    assert (len(desk.house.mails), len(desk.house.hooks)) == (150, 150)


def test_many_due_at_once_are_all_polled_with_few_workers(desk: Desk) -> None:
    # trust: F01
    desk.extra["REFORMWATCH_HTTP__WORKERS"] = "10"
    set_up(desk, feeds=200)
    assert len({hit.path for hit in desk.house.hits}) == 200
    assert all(feed["last_ok"] for feed in desk.json("feed", "list"))


def test_the_demo_shows_the_whole_job_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with open_house() as house:
        desk = Desk(tmp_path, house, extra={"TMPDIR": str(tmp_path)})
        told = desk.run("demo").stdout
    assert "5 mails" in told
    assert "2 webhooks" in told
    assert "signature verified" in told
    assert "WRONG" not in told
    assert "its story has had its alert, and no follower is left to notify" in told
    assert "late: dated" in told
    assert not list(tmp_path.glob("reformwatch-demo-*"))


def test_a_stopped_reader_of_standard_output_is_no_traceback(desk: Desk) -> None:
    desk.run("init")
    read, write = os.pipe()
    os.close(read)
    with subprocess.Popen(
        [sys.executable, "-m", "reformwatch", "pack", "show", "kazakhstan"],
        env=desk.environment, cwd=desk.folder, stdout=write, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        os.close(write)
        _, said = process.communicate(timeout=120)
    assert "Traceback" not in said
