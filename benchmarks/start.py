"""What a command costs before it does anything: an empty database, nothing due.

The floors are Python itself, and Python with the two libraries of every command that works with the database. All take
turns; medians of several rounds, and the ratio to the second floor.

    python benchmarks/start.py [--rounds 15]
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PYTHON = "python"
LIBRARIES = "python + sqlalchemy + click"


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=15)
    given = options.parse_args()
    ours = [sys.executable, "-m", "reformwatch"]
    commands = {
        PYTHON: [sys.executable, "-c", "pass"],
        LIBRARIES: [sys.executable, "-c", "import click, sqlalchemy.dialects.sqlite"],
        "deliver, nothing due": [*ours, "deliver"],
        "poll, nothing due": [*ours, "poll"],
        "topic list": [*ours, "topic", "list"],
        "status": [*ours, "status"],
    }
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "REFORMWATCH_DATABASE__URL": f"sqlite:///{Path(folder, 'start.sqlite')}"}

        def seconds(command: list[str]) -> float:
            began = time.perf_counter()
            subprocess.run(command, env=environment, cwd=folder, check=True, capture_output=True)
            return time.perf_counter() - began

        for command in commands.values():  # the database is made, what is compiled is kept
            seconds(command)
        found = [{name: seconds(command) for name, command in commands.items()} for _ in range(given.rounds)]
    medians = {name: statistics.median(one[name] for one in found) for name in commands}
    print(f"{'':32} {'ms':>6} {'ratio':>6}")
    for name, median in medians.items():
        print(f"{name:32} {median * 1000:6.0f} {median / medians[LIBRARIES]:6.2f}")


if __name__ == "__main__":
    main()
