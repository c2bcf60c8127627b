"""Store: the versions of the database that this program's migration scripts declare.

The scripts are in ``migrations/`` at the top of the project, and in the wheel as ``reformwatch/migrations``.
"""

import re
from pathlib import Path
from typing import Final

from reformwatch.errors import DatabaseMismatch

VERSION_TABLE: Final = "alembic_version"

_HERE: Final = Path(__file__).resolve()
_NAMED: Final = re.compile(r'^(revision|down_revision) = (?:"(\w+)"|None)$', re.MULTILINE)


def migrations_folder() -> Path:
    """The scripts' folder: in the installed package, else at the top of a source tree. Raises DatabaseMismatch."""
    for folder in (_HERE.parents[1] / "migrations", _HERE.parents[3] / "migrations"):
        if (folder / "env.py").is_file():
            return folder
    raise DatabaseMismatch("the package carries no migrations: it was built wrongly, install it again")


def known_revisions() -> dict[str, str | None]:
    """The versions of the scripts, each with the version before it (None: it is the first)."""
    revisions: dict[str, str | None] = {}
    for script in sorted((migrations_folder() / "versions").glob("*.py")):
        declared = {name: value or None for name, value in _NAMED.findall(script.read_text(encoding="utf-8"))}
        if (revision := declared.get("revision")) is not None:
            revisions[revision] = declared.get("down_revision")
    return revisions


def head_revision() -> str:
    """The version that this program needs: the last. Raises DatabaseMismatch where there is not exactly one last."""
    known = known_revisions()
    heads = set(known) - set(known.values())
    if len(heads) != 1:
        raise DatabaseMismatch("the package's migrations have no single end: it was built wrongly, install it again")
    return heads.pop()
