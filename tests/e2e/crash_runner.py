"""Run one round of the daemon's work and die at a named step. Not a test itself.

``crash_runner.py STEP NTH [SLICE]``; SLICE is how many followers of an alert are routed in one write.
"""

import os
import sys
import threading
from collections.abc import Callable

from reformwatch.daemon import Daemon
from reformwatch.settings import load_settings
from reformwatch.wiring.basics import create_store
from reformwatch.wiring.tools import Tools, run_once


def main() -> None:
    step, nth = sys.argv[1], int(sys.argv[2])
    lock = threading.Lock()
    seen = 0

    def watch(happened: str) -> None:
        nonlocal seen
        if happened == step:
            with lock:
                seen += 1
                if seen == nth:
                    os._exit(9)

    if len(sys.argv) > 3:
        run_in_slices(int(sys.argv[3]), watch)
    else:
        Daemon(load_settings(None), reload=lambda: load_settings(None), hook=watch).run_once()


def run_in_slices(size: int, watch: Callable[[str], None]) -> None:
    """The same round with a smaller slice than the program's own, since few followers are made faster than hundreds."""
    settings = load_settings(None)
    store = create_store(settings)
    tools = Tools(settings, store, owner="daemon", hook=watch)
    for router in (tools.poller.router, tools.deliverer.router):
        router._slice_size = size
    run_once(tools, threading.Event())
    tools.close()
    store.close()


if __name__ == "__main__":
    main()
