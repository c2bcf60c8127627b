"""Write the software bill of materials of a release: ``python packaging/sbom.py FOLDER``.

CycloneDX in JSON, made by cyclonedx-bom from ``requirements/run.txt``: every pin with its version, package URL and
hashes. It has no time and no serial number: the same pins make the same file. Prints the path of what it wrote.
"""

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Final

import tomli_w

from reformwatch import __version__

ROOT: Final = Path(__file__).parents[1]


def main(folder: Path) -> int:
    """Write it; the exit code of the tool."""
    target = folder / f"reformwatch-{__version__}.cdx.json"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    described = {name: project[name] for name in ("name", "description", "license")}
    with tempfile.TemporaryDirectory() as scratch:
        about = Path(scratch, "pyproject.toml")  # the project's own names no version, which is in the source
        about.write_text(tomli_w.dumps({"project": {**described, "version": __version__}}), encoding="utf-8")
        code = subprocess.run(
            [
                sys.executable, "-W", "ignore::UserWarning", "-m", "cyclonedx_py", "requirements",
                "--pyproject", str(about), "--output-reproducible", "--validate",
                "-o", str(target), str(ROOT / "requirements" / "run.txt"),
            ],
            check=False,
        ).returncode  # fmt: skip
    if code == 0:
        print(target)
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
