"""Porch: what one invocation of the command line works with, made when it is first asked for.

Settings bring pydantic along, which `--help` does without.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from reformwatch.logs import set_up_logging

if TYPE_CHECKING:
    from reformwatch.settings import Settings
    from reformwatch.wiring.basics import Store


class Invocation:
    """The configuration and database of a command."""

    def __init__(self, config_path: Path | None, *, is_verbose: bool) -> None:
        self._given, self.is_verbose = config_path, is_verbose
        self._settings: Settings | None = None

    @property
    def config_path(self) -> Path | None:
        """The file that is read; None for defaults."""
        from reformwatch.settings import find_config

        return find_config(self._given)

    def load(self) -> "Settings":
        """Read the configuration anew."""
        from reformwatch.settings import load_settings

        return load_settings(self.config_path)

    @property
    def settings(self) -> "Settings":
        """The configuration, read once."""
        if self._settings is None:
            self._settings = self.load()
        return self._settings

    @contextlib.contextmanager
    def store(self) -> Iterator["Store"]:
        """The database, for as long as a command runs."""
        from reformwatch.wiring.basics import open_store

        store = open_store(self.settings)
        try:
            yield store
        finally:
            store.close()

    def log_quietly(self) -> None:
        """Commands that are not daemons log warnings only, unless asked for more."""
        set_up_logging(level="debug" if self.is_verbose else "warning", form=self.settings.log.format)

    def log_as_configured(self) -> None:
        """The daemon's log."""
        level = "debug" if self.is_verbose else self.settings.log.level
        set_up_logging(level=level, form=self.settings.log.format)
