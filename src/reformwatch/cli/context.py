"""Porch: settings, database and log of one invocation of the command line, each opened at its first use.

The settings import pydantic, which `--help` does not need.
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
    """Gives a command its configuration, database and log."""

    def __init__(self, config_path: Path | None, *, is_verbose: bool) -> None:
        self._config_option, self.is_verbose = config_path, is_verbose
        self._settings: Settings | None = None

    @property
    def config_path(self) -> Path | None:
        """The configuration file: see :func:`reformwatch.settings.find_config`. None: defaults are used."""
        from reformwatch.settings import find_config

        return find_config(self._config_option)

    def load(self) -> "Settings":
        """The configuration, read again. Raises ConfigError."""
        from reformwatch.settings import load_settings

        return load_settings(self.config_path)

    @property
    def settings(self) -> "Settings":
        """The configuration, read at the first use. Raises ConfigError."""
        if self._settings is None:
            self._settings = self.load()
        return self._settings

    @contextlib.contextmanager
    def store(self) -> Iterator["Store"]:
        """The database, closed at the end. It is created where there is none."""
        from reformwatch.wiring.basics import open_store

        store = open_store(self.settings)
        try:
            yield store
        finally:
            store.close()

    def log_quietly(self) -> None:
        """Log warnings only, or everything with ``--verbose``: for commands that are not daemons."""
        set_up_logging(level="debug" if self.is_verbose else "warning", form=self.settings.log.format)

    def log_as_configured(self) -> None:
        """Log at the configured level, or everything with ``--verbose``: for the daemon."""
        level = "debug" if self.is_verbose else self.settings.log.level
        set_up_logging(level=level, form=self.settings.log.format)
