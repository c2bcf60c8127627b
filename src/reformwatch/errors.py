"""Ground: the errors that reach the operator, each with its exit code (sysexits where one fits).

::

    ReformwatchError            1   failed
    ├── QueryError              2   a query that can't be parsed, with its position
    ├── BadInput                2   an argument, address or file that can't be used
    ├── NotFound               66   a feed, topic, subscriber or alert that does not exist
    ├── Unreachable            69   a service did not answer
    ├── CantCreate             73   a file or folder can't be made
    ├── TryAgain               75   another process holds what is needed, or the disk is full
    ├── NotPermitted           77   read-only database, private address
    └── ConfigError            78   configuration
        └── DatabaseMismatch   78   the database is newer than the program, or damaged

A message is one line: what, which, why, what to do next. Outcomes of the outside world (404, garbage, refused mail)
are values in :mod:`reformwatch.model`, not exceptions.
"""


class ReformwatchError(Exception):
    """Anything that ends a command with one line for the operator."""

    exit_code = 1


class BadInput(ReformwatchError):
    """An argument, address or file of the user can't be used."""

    exit_code = 2


class QueryError(BadInput):
    """A query that can't be parsed.

    ``position`` counts characters from 0 in ``query``; ``reason``: what was expected there.
    """

    def __init__(self, query: str, position: int, reason: str) -> None:
        self.query, self.position, self.reason = query, position, reason
        super().__init__(f"query: at character {position + 1}: {reason}")

    def with_caret(self, width: int = 100) -> str:
        """The part of the query around the error on a line, and below it a caret at ``position``."""
        start = max(0, self.position - width // 2)
        shown = self.query[start : start + width].replace("\n", " ").replace("\t", " ")
        return f"{shown}\n{' ' * (self.position - start)}^ {self.reason}"


class NotFound(ReformwatchError):
    """A feed, topic, subscriber, alert or other named thing does not exist."""

    exit_code = 66


class Unreachable(ReformwatchError):
    """A service did not answer as needed."""

    exit_code = 69


class CantCreate(ReformwatchError):
    """A file or folder can't be made."""

    exit_code = 73


class TryAgain(ReformwatchError):
    """The command can be repeated later: another process holds what is needed, or the disk is full."""

    exit_code = 75


class NotPermitted(ReformwatchError):
    """The operating system or the address policy refuses it."""

    exit_code = 77


class ConfigError(ReformwatchError):
    """The configuration can't be used."""

    exit_code = 78


class DatabaseMismatch(ConfigError):
    """The database does not fit this program: it is newer, damaged, or was not made by it."""
