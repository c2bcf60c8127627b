"""What is too long for ``make test``: ``python tests/nightly.py [SEED]``, which ``make nightly`` runs.

First the property tests, with new examples and twenty times as many; then the mutations (``tests/mutations.py``). The
seed of the examples is chosen by chance and printed; the same seed tries the same examples again. Each part has a bound
on its time. Ends with 1 where something failed, a mutation survived, or the time was over.
"""

import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
PROPERTIES_S: Final = 1_200
MUTATIONS_S: Final = 900
#: How long a part that was interrupted may clean up.
_LAST_WORDS_S: Final = 30
#: For one test: the slowest of them tries its examples on a database.
_TEST_TIMEOUT_S: Final = 1_000


def main(words: list[str]) -> int:
    """Run both parts; the exit code."""
    seed = int(words[0]) if words else secrets.randbelow(1 << 32)
    say(f"nightly: property tests, seed {seed}, at most {PROPERTIES_S // 60} minutes")
    pytest = [
        sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "worksteal", "-m", "hypothesis",
        "--hypothesis-profile=nightly", f"--hypothesis-seed={seed}", f"--timeout={_TEST_TIMEOUT_S}",
    ]  # fmt: skip
    properties = ended(pytest, within_s=PROPERTIES_S)
    if properties != "passed":
        say(f"nightly: the same examples again: make nightly SEED={seed}")
    say(f"nightly: mutations, at most {MUTATIONS_S // 60} minutes")
    mutations = ended([sys.executable, str(ROOT / "tests" / "mutations.py")], within_s=MUTATIONS_S)
    say(f"nightly: property tests {properties} (seed {seed}), mutations {mutations}")
    return 0 if properties == mutations == "passed" else 1


def ended(command: list[str], *, within_s: float) -> str:
    """Run a part: passed, failed, or stopped because its time was over."""
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
    try:
        code = process.wait(within_s)
    except subprocess.TimeoutExpired:
        interrupt(process)
        return f"stopped after {within_s:.0f} s"
    except KeyboardInterrupt:
        interrupt(process)
        raise
    say(f"nightly: that took {time.monotonic() - began:.0f} s")
    return "passed" if code == 0 else "failed"


def interrupt(process: "subprocess.Popen[bytes]") -> None:
    """End a part and what it started; it may put its things away first."""
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(_LAST_WORDS_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def say(line: str) -> None:
    """A line, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
