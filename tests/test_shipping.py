"""What is shipped besides the package: the unit, the image, the compose file, the webhook's schema."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from conftest import ROOT
from house import Desk, open_house, publish, set_up
from reformwatch import __version__


def test_the_unit_is_hardened_as_the_readme_says() -> None:
    # trust: G01
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not on this machine")
    said = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", str(ROOT / "packaging/reformwatch.service")],
        capture_output=True, text=True, timeout=200, check=False,
    ).stdout  # fmt: skip
    level = re.search(r"exposure level for \S+: ([\d.]+)", said)
    assert level is not None, said
    assert float(level.group(1)) <= 1.5


def test_the_unit_notifies_and_ends_for_good_on_what_trying_again_does_not_mend() -> None:
    # trust: G02
    unit = (ROOT / "packaging/reformwatch.service").read_text("utf-8")
    for line in ("Type=notify", "DynamicUser=yes", "RestartPreventExitStatus=75 78", "LoadCredential=smtp_password:"):
        assert line in unit
    assert re.search(r"^WatchdogSec=\d+", unit, re.MULTILINE)


def test_the_image_is_not_root_and_has_a_health_check_and_a_volume() -> None:
    # trust: G03, G07
    lines = (ROOT / "Dockerfile").read_text("utf-8")
    assert re.search(r"^USER reformwatch$", lines, re.MULTILINE)
    assert re.search(r"^VOLUME /data$", lines, re.MULTILINE)
    assert "HEALTHCHECK" in lines
    for copied in re.findall(r"^COPY (?!--from)(.+) \S+$", lines, re.MULTILINE):
        for source in copied.split():
            assert (ROOT / source).exists(), source


def test_every_dependency_is_pinned_with_hashes_and_names_no_index() -> None:
    # trust: G16
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    for name in ("run", "dev", "audit"):
        text = (ROOT / f"requirements/{name}.txt").read_text("utf-8")
        assert "://" not in text
        pinned = {line.split("==")[0] for line in text.splitlines() if re.match(r"[a-z0-9]", line)}
        for requirement in wanted if name != "audit" else ["pip-audit"]:
            assert re.split(r"[<>=\[]", requirement)[0].lower() in pinned
        for line in text.splitlines():
            if re.match(r"[a-z0-9]", line):
                assert "==" in line


def test_a_webhook_that_was_received_fits_the_schema_in_the_docs(tmp_path: Any) -> None:
    # trust: G05
    schema = json.loads((ROOT / "docs/webhook.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    with open_house() as house:
        desk = Desk(tmp_path, house, extra={"REFORMWATCH_ALERTS__BURST_LIMIT": "2"})
        set_up(desk)
        publish(house, 1)
        desk.run("run", "--once")
        publish(house, 5, word="Akims of another time")
        desk.run("poll", "--all")
        desk.run("deliver")
        desk.run("subscriber", "test", "Hook")
        bodies = [json.loads(body) for _, body in house.hooks]
    assert [body["type"] for body in bodies] == ["alert.story", "alert.summary", "test"]
    for body in bodies:
        jsonschema.validate(body, schema, cls=jsonschema.Draft202012Validator)


def bill_of_materials(folder: Path) -> Path:
    """The file that ``make wheel`` puts beside the wheel."""
    folder.mkdir()
    made = subprocess.run(
        [sys.executable, str(ROOT / "packaging" / "sbom.py"), str(folder)],
        capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    [path] = folder.iterdir()
    assert made.stdout == f"{path}\n"
    return path


def test_the_bill_of_materials_has_every_pin_with_its_version_and_hashes(tmp_path: Path) -> None:
    path = bill_of_materials(tmp_path / "dist")
    assert path.name == f"reformwatch-{__version__}.cdx.json"
    bill = json.loads(path.read_text("utf-8"))
    assert bill["bomFormat"] == "CycloneDX"
    main = bill["metadata"]["component"]
    assert (main["name"], main["version"], main["type"]) == ("reformwatch", __version__, "application")
    text = (ROOT / "requirements/run.txt").read_text("utf-8").replace("\\\n", " ")
    pins = re.findall(r"^([a-z0-9._-]+)(?:\[\S*\])?==(\S+)(.*)$", text, re.MULTILINE)
    wanted = {(name, version): set(re.findall("sha256:([0-9a-f]{64})", hashes)) for name, version, hashes in pins}
    found = {
        (part["name"], part["version"]): {
            one["content"] for reference in part["externalReferences"] for one in reference["hashes"]
        }
        for part in bill["components"]
    }
    assert len(wanted) > 20
    assert found == wanted
    assert all(wanted.values())
    assert {part["purl"] for part in bill["components"]} == {f"pkg:pypi/{name}@{version}" for name, version in wanted}


def test_the_bill_of_materials_is_the_same_each_time(tmp_path: Path) -> None:
    first, second = (bill_of_materials(tmp_path / name).read_bytes() for name in ("one", "two"))
    assert first == second
    assert str(ROOT).encode() not in first
