"""The two profiles of the property tests: the same examples in every run, and new ones at night."""

import re
import subprocess
import sys
from pathlib import Path

from conftest import ROOT

PROPERTIES = """
import sys
from hypothesis import given, strategies as st
from conftest import examples

@given(st.integers())
def test_plain(number): sys.stdout.write(f"{number} ")

@examples(50)
@given(st.integers())
def test_scaled(number): sys.stdout.write(f"{number} ")
"""


def examples_tried(folder: Path, *options: str) -> list[list[str]]:
    """The examples of two property tests under the options of pytest."""
    path = folder / "test_of_properties.py"
    path.write_text(PROPERTIES)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rP", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(folder),
         "-p", "conftest", "-p", "no:randomly", "-p", "no:cacheprovider", *options, str(path)],
        cwd=folder, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return [line.split() for line in ran.stdout.splitlines() if re.fullmatch(r"(-?\d+ ){40,}", line)]


def test_an_ordinary_run_tries_the_same_examples_again(tmp_path: Path) -> None:
    first = examples_tried(tmp_path)
    assert [len(one) for one in first] == [100, 50]
    assert examples_tried(tmp_path) == first


def test_a_night_tries_twenty_times_as_many_and_its_seed_repeats_them(tmp_path: Path) -> None:
    night = ["--hypothesis-profile=nightly", "--hypothesis-seed"]
    first = examples_tried(tmp_path, *night, "1")
    assert [len(one) for one in first] == [2_000, 1_000]
    assert examples_tried(tmp_path, *night, "1") == first
    assert examples_tried(tmp_path, *night, "2") != first


def test_no_test_fixes_its_number_of_examples() -> None:
    fixed = re.compile(r"\bmax_examples\b|\bderandomize\b|\.load_profile\(")
    mine = {ROOT / "tests" / "conftest.py", Path(__file__)}
    assert [
        path for path in (ROOT / "tests").rglob("*.py") if fixed.search(path.read_text()) and path not in mine
    ] == []
