"""Are vulnerabilities known in the pinned versions? ``python packaging/audit.py [--advisories PATH] FILE...``

FILE is a requirements file. Without ``--advisories`` it is pip-audit that asks: PyPI, or OSV where PyPI does not
answer. pip-audit ends well where its service knows none of the packages; here a pin counts as checked only where the
service knew it. With ``--advisories`` nothing is asked, and advisories in the OSV format (ossf.github.io/osv-schema)
are read: a JSON file, a folder of them, or a zip such as OSV's own export ``PyPI/all.zip``. pip-audit can't do that
(its issue 698).

Exit codes: 0 none known, 1 some known, 65 the advisories are not in the OSV format, 66 there is no such file,
75 not all of the pins could be checked.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

FOUND: Final = 1
BAD_ADVISORIES: Final = 65
NO_FILE: Final = 66
NOT_CHECKED: Final = 75
SERVICES: Final = ("pypi", "osv")
#: Whether a service answers is tried with one pin; both tries together stay below 20 s.
_TRY_S: Final = 9
_ALL_S: Final = 900
_PIN: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)")

Advisory = Mapping[str, Any]


class Pin(NamedTuple):
    """A package at a version; the name is normalised."""

    name: str
    version: str


class Flaw(NamedTuple):
    """A known vulnerability of a pin: its identifiers and what is said of it."""

    pin: Pin
    ids: tuple[str, ...]
    summary: str


class Unreadable(Exception):
    """Advisories that are not in the OSV format."""


def main(arguments: list[str]) -> int:
    """Audit; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--advisories", type=Path, metavar="PATH", help="OSV advisories: a file, a folder or a zip")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a requirements file")
    given = parser.parse_args(arguments)
    try:
        pins = sorted({pin for path in given.files for pin in pins_of(path.read_text(encoding="utf-8"))})
        return by_advisories(pins, given.advisories) if given.advisories else by_service(pins)
    except FileNotFoundError as missing:
        print(f"could not audit: there is no {missing.filename}")
        return NO_FILE
    except Unreadable as bad:
        print(f"could not audit: {bad}")
        return BAD_ADVISORIES


def pins_of(requirements: str) -> Iterator[Pin]:
    """The pins of a requirements file, those for other systems too."""
    for line in requirements.splitlines():
        if found := _PIN.match(line):
            yield Pin(canonicalize_name(found[1]), found[2])


def report(flaws: Iterable[Flaw], *, checked: int, by: str) -> int:
    """Print what was found; the exit code."""
    listed = sorted(flaws)
    for flaw in listed:
        print(f"{flaw.pin.name} {flaw.pin.version}: {', '.join(flaw.ids)}: {flaw.summary}")
    print(f"audited {checked} pins by {by}: {len(listed) or 'no'} known vulnerabilities")
    return FOUND if listed else 0


# -- by a service


def by_service(pins: list[Pin]) -> int:
    """Ask the first service that answers."""
    for service in SERVICES:
        tried = asked(service, pins[:1], within_s=_TRY_S)
        if tried is not None and all("vulns" in one for one in tried):
            break
    else:
        print(f"could not audit: no vulnerability service is reachable; {len(pins)} pins not checked")
        return NOT_CHECKED
    found = asked(service, pins, within_s=_ALL_S) or []
    checked = [one for one in found if "vulns" in one]
    flaws = [
        Flaw(
            Pin(canonicalize_name(one["name"]), one["version"]),
            (flaw["id"], *flaw["aliases"]),
            f"{one_line(flaw['description'])} (fixed in {', '.join(flaw['fix_versions']) or 'no version'})",
        )
        for one in checked
        for flaw in one["vulns"]
    ]
    code = report(flaws, checked=len(checked), by=service)
    if missed := len(pins) - len(checked):
        print(f"could not audit all: {service} did not answer for {missed} pins; {missed} pins not checked")
        return code or NOT_CHECKED
    return code


def asked(service: str, pins: Iterable[Pin], *, within_s: float) -> list[dict[str, Any]] | None:
    """What pip-audit says of each pin, without ``vulns`` where the service does not know it; None: no answer."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "pins.txt")
        path.write_text("".join(f"{pin.name}=={pin.version}\n" for pin in pins), encoding="utf-8")
        command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--no-deps", "-r", str(path)]
        options = ["-s", service, "-f", "json", "--progress-spinner", "off", "--timeout", str(_TRY_S - 2)]
        try:
            ran = subprocess.run([*command, *options], capture_output=True, text=True, check=False, timeout=within_s)
            said = json.loads(ran.stdout)["dependencies"]
        except (subprocess.TimeoutExpired, ValueError, KeyError, TypeError):
            return None
    return said if isinstance(said, list) and said else None


# -- by advisories that are there


def by_advisories(pins: list[Pin], path: Path) -> int:
    """Hold the pins against the advisories of a file, a folder or a zip."""
    count, by_name = 0, defaultdict[str, list[tuple[Advisory, Advisory]]](list)
    for advisory in advisories_of(path):
        count += 1
        for name, affected in affected_packages(advisory):
            by_name[name].append((advisory, affected))
    if not count:
        raise Unreadable(f"{path} holds no advisory")
    flaws = {
        Flaw(
            pin,
            (advisory["id"], *advisory.get("aliases", [])),
            one_line(advisory.get("summary") or advisory.get("details") or ""),
        )
        for pin in pins
        for advisory, affected in by_name[pin.name]
        if is_affected(pin.version, affected)
    }
    return report(flaws, checked=len(pins), by=f"{count} advisories of {path.name}")


def advisories_of(path: Path) -> Iterator[Advisory]:
    """The advisories in a JSON file (one, or a list), a folder of such files, or a zip of them."""
    if path.is_dir():
        texts = _texts_of_folder(path)
    elif zipfile.is_zipfile(path):
        texts = _texts_of_zip(path)
    else:
        texts = iter([(path.name, path.read_bytes())])
    for name, text in texts:
        try:
            found = json.loads(text)
        except ValueError as bad:
            raise Unreadable(f"{name} is no JSON ({bad})") from None
        for one in found if isinstance(found, list) else [found]:
            if not isinstance(one, dict) or not isinstance(one.get("id"), str):
                raise Unreadable(f"{name} is no advisory in the OSV format: it has no id")
            yield one


def _texts_of_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    yield from ((path.name, path.read_bytes()) for path in sorted(folder.rglob("*.json")))


def _texts_of_zip(path: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as packed:
        yield from ((name, packed.read(name)) for name in packed.namelist() if name.endswith(".json"))


def affected_packages(advisory: Advisory) -> Iterator[tuple[str, Advisory]]:
    """The packages of PyPI that an advisory is about, by their normalised name; none where it was withdrawn."""
    if advisory.get("withdrawn"):
        return
    for affected in advisory.get("affected", []):
        package = affected.get("package", {})
        if package.get("ecosystem") == "PyPI":
            yield canonicalize_name(package.get("name", "")), affected


def is_affected(version: str, affected: Advisory) -> bool:
    """Whether a version is listed, or lies in a range. A range whose bounds can't be read counts as holding it."""
    if version in affected.get("versions", []):
        return True
    ranges = (one["events"] for one in affected.get("ranges", []) if one.get("type") == "ECOSYSTEM")
    try:
        return any(_lies_in(Version(version), events) for events in ranges)
    except InvalidVersion:
        return True


def _lies_in(version: Version, events: Iterable[Mapping[str, str]]) -> bool:
    """After the last bound at or below the version: is that where the vulnerability came in?"""
    is_in = False
    bounds = [(Version(bound), kind) for event in events for kind, bound in event.items() if kind != "limit"]
    for bound, kind in sorted(bounds, key=lambda one: one[0]):
        if kind == "introduced" and bound <= version:
            is_in = True
        elif (kind == "fixed" and bound <= version) or (kind == "last_affected" and bound < version):
            is_in = False
    return is_in


def one_line(text: str) -> str:
    """The beginning of a text, on one line."""
    return " ".join(text.split())[:200] or "no summary"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
