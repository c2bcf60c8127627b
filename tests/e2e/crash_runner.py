"""Run one round of the daemon's work and die at a named step: ``crash_runner.py STEP NTH``. Not a test itself."""

import os
import sys
import threading

from reformwatch.daemon import Daemon
from reformwatch.settings import load_settings


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

    Daemon(load_settings(None), reload=lambda: load_settings(None), watcher=watch).run_once()


if __name__ == "__main__":
    main()
