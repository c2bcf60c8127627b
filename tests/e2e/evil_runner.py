"""The program of ``test_evil_replies.py``: polls all feeds of a database some times over; what it holds, as JSON lines.

python evil_runner.py DATABASE ROUNDS
"""

import contextlib
import json
import logging
import os
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from reformwatch.settings import build_settings
from reformwatch.store import Store
from reformwatch.store.feeds import list_feeds
from reformwatch.wiring.tools import Tools

PATIENCE_S = 30.0
STEADY_TIMES = 5


def main(database: str, rounds: int) -> None:
    logging.getLogger("reformwatch").setLevel(logging.CRITICAL)
    settings = build_settings({
        "http": {"allow_private": ["127.0.0.1"], "per_host_gap_s": 0, "workers": 8, "deadline_s": 8.0},
    })  # fmt: skip
    store = Store(f"sqlite:///{database}")
    with store.read() as tx:
        ids = [feed.id for feed in list_feeds(tx)]
    tools = Tools(settings, store, owner="cli")
    first: dict[str, int] = {}
    for _ in range(rounds):
        report = tools.poller.poll_feeds(ids)
        assert report.polled == len(ids), report
        now = held_at_rest(first)
        first = first or now
        sys.stdout.write(f"{json.dumps(now)}\n")
    tools.close()
    store.close()


def held_at_rest(first: Mapping[str, int]) -> dict[str, int]:
    """What is held when the threads of a run have ended: they may take a while, and what stays is left over."""
    give_up_at = time.monotonic() + PATIENCE_S
    now = held()
    is_steady = 0
    while time.monotonic() < give_up_at and not is_steady >= STEADY_TIMES:
        time.sleep(0.1)
        before, now = now, held()
        is_same = (before["threads"], before["files"]) == (now["threads"], now["files"])
        is_as_first = all(now[name] <= first.get(name, now[name]) for name in ("threads", "files"))
        is_steady = is_steady + 1 if is_same and is_as_first else 0
    return now


def held() -> dict[str, int]:
    """Memory of this process and its workers, threads and open files."""
    memory = sum(resident_bytes(process) for process in [os.getpid(), *below(os.getpid())])
    files = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - only how many
    return {"memory": memory, "threads": threading.active_count(), "files": files}


def below(parent: int) -> list[int]:
    """The processes that a process started, and theirs."""
    children: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{parent}/task").iterdir():
            children += [int(child) for child in (task / "children").read_text().split()]
    return children + [deeper for child in children for deeper in below(child)]


def resident_bytes(process: int) -> int:
    """What a process has in memory."""
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
