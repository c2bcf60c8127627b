"""The audit of the pinned versions: what it says by invented advisories, and where nobody can be asked."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT

PINS = """\
invented-news==2.4.1 \\
    --hash=sha256:00
    # via reformwatch
Other.Thing[extra]==1.0 ; sys_platform == 'win32' \\
    --hash=sha256:00
"""


def advisory(*ranges: dict[str, str], name: str = "Invented_News", **more: Any) -> dict[str, Any]:
    """An advisory in the OSV format about a package, in a range of versions given by its events."""
    affected = {
        "package": {"ecosystem": "PyPI", "name": name},
        "ranges": [{"type": "ECOSYSTEM", "events": list(ranges)}],
        "versions": [],
    }
    about = {"id": "PYSEC-2022-1", "aliases": ["CVE-2022-1"], "summary": "Feeds of a certain form run code"}
    return {"schema_version": "1.6.0", **about, "affected": [affected], **more}


def audit(folder: Path, *options: str, pins: str = PINS, asks: str = "") -> "subprocess.CompletedProcess[str]":
    """Run the audit on pins; ``asks`` is the source of a program that stands in for pip-audit."""
    (folder / "pins.txt").write_text(pins)
    (folder / "pip_audit.py").write_text(asks or "raise AssertionError('nothing is to be asked')")
    return subprocess.run(
        [sys.executable, str(ROOT / "packaging" / "audit.py"), *options, "pins.txt"],
        cwd=folder, capture_output=True, text=True, timeout=100, check=False,
        env={**os.environ, "PYTHONPATH": str(folder)},
    )  # fmt: skip


def audited_by(folder: Path, *advisories: dict[str, Any], pins: str = PINS) -> tuple[int, str]:
    """Exit code and output of the audit by a file of advisories."""
    (folder / "osv.json").write_text(json.dumps(advisories))
    ran = audit(folder, "--advisories", "osv.json", pins=pins)
    assert ran.stderr == ""
    return ran.returncode, ran.stdout


def test_a_pin_in_the_range_of_an_advisory_is_named_with_its_identifiers(tmp_path: Path) -> None:
    code, text = audited_by(tmp_path, advisory({"introduced": "2.0"}, {"fixed": "2.10"}))
    assert code == 1
    assert text.splitlines() == [
        "invented-news 2.4.1: PYSEC-2022-1, CVE-2022-1: Feeds of a certain form run code",
        "audited 2 pins by 1 advisories of osv.json: 1 known vulnerabilities",
    ]


def test_a_pin_for_another_system_is_audited_too(tmp_path: Path) -> None:
    code, text = audited_by(tmp_path, advisory({"introduced": "0"}, name="other-thing"))
    assert (code, text.split(":")[0]) == (1, "other-thing 1.0")


@pytest.mark.parametrize(
    ("version", "events", "is_found"),
    [
        ("2.4.1", [{"introduced": "0"}], True),
        ("2.4.1", [{"introduced": "0"}, {"fixed": "2.4.1"}], False),
        ("2.4.1", [{"introduced": "0"}, {"last_affected": "2.4.1"}], True),
        ("2.4.2", [{"introduced": "0"}, {"last_affected": "2.4.1"}], False),
        ("2.10", [{"introduced": "0"}, {"fixed": "2.9"}], False),
        ("2.10rc1", [{"introduced": "2.10"}], False),
        ("2.10", [{"introduced": "0"}, {"fixed": "1.2"}, {"introduced": "2.0"}, {"fixed": "2.11"}], True),
        ("1.5", [{"introduced": "0"}, {"fixed": "1.2"}, {"introduced": "2.0"}, {"fixed": "2.11"}], False),
        ("2.10", [{"fixed": "2.11"}, {"introduced": "2.0"}], True),
        ("1.0", [{"introduced": "0"}, {"fixed": "a version that is none"}], True),
        ("1.0", [], False),
    ],
)
def test_versions_are_compared_as_versions(
    tmp_path: Path, version: str, events: list[dict[str, str]], is_found: bool
) -> None:
    code, _ = audited_by(tmp_path, advisory(*events), pins=f"invented-news=={version}\n")
    assert code == int(is_found)


def test_a_version_that_is_listed_is_found_without_a_range(tmp_path: Path) -> None:
    listed = advisory()
    listed["affected"][0]["versions"] = ["2.4.0", "2.4.1"]
    assert audited_by(tmp_path, listed)[0] == 1


def test_what_was_withdrawn_or_is_about_another_package_or_ecosystem_is_no_finding(tmp_path: Path) -> None:
    everywhere = {"introduced": "0"}
    elsewhere = advisory(everywhere)
    elsewhere["affected"][0]["package"]["ecosystem"] = "npm"
    others = [advisory(everywhere, name="news"), advisory(everywhere, withdrawn="2022-02-01T00:00:00Z"), elsewhere]
    code, text = audited_by(tmp_path, *others)
    assert (code, text) == (0, "audited 2 pins by 3 advisories of osv.json: no known vulnerabilities\n")


def test_a_folder_and_a_zip_are_read_as_a_file_is(tmp_path: Path) -> None:
    text = json.dumps(advisory({"introduced": "0"}))
    (tmp_path / "folder" / "PyPI").mkdir(parents=True)
    (tmp_path / "folder" / "PyPI" / "PYSEC-2022-1.json").write_text(text)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as packed:
        packed.writestr("PYSEC-2022-1.json", text)
    for path in ("folder", "all.zip"):
        assert audit(tmp_path, "--advisories", path).returncode == 1


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        ("{", 65, "could not audit: osv.json is no JSON"),
        ("{}", 65, "could not audit: osv.json is no advisory in the OSV format: it has no id"),
        ("[]", 65, "could not audit: osv.json holds no advisory"),
        (None, 66, "could not audit: there is no osv.json"),
    ],
)
def test_advisories_that_are_none_are_no_clean_audit(tmp_path: Path, content: str | None, code: int, says: str) -> None:
    if content is not None:
        (tmp_path / "osv.json").write_text(content)
    ran = audit(tmp_path, "--advisories", "osv.json")
    assert (ran.returncode, ran.stderr) == (code, "")
    assert ran.stdout.startswith(says)


# -- by a service: what pip-audit says, in its own form

UNREACHABLE = "raise ConnectionError('Name or service not known')"
ALL_UNKNOWN = """
import json, sys
pins = [line.split("==") for line in open(sys.argv[sys.argv.index("-r") + 1]).read().split()]
print(json.dumps({"dependencies": [{"name": name, "skip_reason": "not found"} for name, _ in pins], "fixes": []}))
"""
ANSWERS = """
import json, sys
pins = [line.split("==") for line in open(sys.argv[sys.argv.index("-r") + 1]).read().split()]
flaw = {"id": "PYSEC-2022-1", "aliases": ["CVE-2022-1"], "description": "Feeds run\\ncode", "fix_versions": ["2.5"]}
known = [one for one in pins if one[0] in KNOWN]
said = [{"name": n, "version": v, "vulns": [flaw] if n in FLAWED else []} for n, v in known]
said += [{"name": one[0], "skip_reason": "not found"} for one in pins if one not in known]
print(json.dumps({"dependencies": said, "fixes": []}))
sys.exit(bool(FLAWED))
"""


@pytest.mark.parametrize("asks", [UNREACHABLE, ALL_UNKNOWN, "", "import sys; sys.exit(1)"])
def test_where_no_service_answers_it_says_so_and_does_not_end_as_after_a_clean_audit(tmp_path: Path, asks: str) -> None:
    ran = audit(tmp_path, asks=asks)
    says = "could not audit: no vulnerability service is reachable; 2 pins not checked\n"
    assert (ran.returncode, ran.stdout, ran.stderr) == (75, says, "")


@pytest.mark.parametrize(
    ("known", "flawed", "code", "says"),
    [
        ("invented-news other-thing", "", 0, ["audited 2 pins by pypi: no known vulnerabilities"]),
        (
            "invented-news other-thing", "invented-news", 1,
            ["invented-news 2.4.1: PYSEC-2022-1, CVE-2022-1: Feeds run code (fixed in 2.5)",
             "audited 2 pins by pypi: 1 known vulnerabilities"],
        ),
        (
            "invented-news", "", 75,
            ["audited 1 pins by pypi: no known vulnerabilities",
             "could not audit all: pypi did not answer for 1 pins; 1 pins not checked"],
        ),
    ],
)  # fmt: skip
def test_only_pins_that_the_service_knew_count_as_checked(
    tmp_path: Path, known: str, flawed: str, code: int, says: list[str]
) -> None:
    ran = audit(tmp_path, asks=f"KNOWN, FLAWED = {known.split()}, {flawed.split()}\n{ANSWERS}")
    assert (ran.returncode, ran.stdout.splitlines(), ran.stderr) == (code, says, "")
