"""Porch: the command line. One file a noun; errors become one line and an exit code here."""

import gc
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from reformwatch import __version__
from reformwatch.cli.context import Invocation
from reformwatch.cli.output import say_error
from reformwatch.errors import BadInput, NotPermitted, QueryError, ReformwatchError
from reformwatch.text import without_surrogates

#: Where each command is; it is imported when it is asked for, since most need little of the program. ``backtest`` adds
#: its own command to ``topic``.
_COMMANDS: Final = {
    "init": "run", "demo": "run", "run": "run", "poll": "poll", "deliver": "deliver", "feed": "feed",
    "topic": "backtest", "subscriber": "subscriber", "alert": "alert", "delivery": "alert", "explain": "explain",
    "status": "status", "pack": "pack", "db": "db", "config": "config",
}  # fmt: skip


class _Commands(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's hook
        """The names, in the order of the help."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's hook
        """A command by its name."""
        if cmd_name not in _COMMANDS:
            return None
        command = getattr(importlib.import_module(f"reformwatch.cli.{_COMMANDS[cmd_name]}"), cmd_name)
        assert isinstance(command, click.Command)  # noqa: S101 - the table above says so, a test asks each
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="reformwatch")
@click.option("--config", "config_path", type=click.Path(path_type=Path), help="Configuration file.")
@click.option("-v", "--verbose", is_flag=True, help="Say more on standard error.")
@click.pass_context
def cli(context: click.Context, config_path: Path | None, verbose: bool) -> None:
    """Watch news feeds for the follow-ups of announced reforms, and be notified once, with the reason.

    Begin with `reformwatch demo`, which needs no network, or with `reformwatch init`.
    """
    importlib.import_module("reformwatch.settings")  # every command reads them; --help and --version do not come here
    gc.freeze()  # the command is imported; no collection needs to look at that again
    gc.enable()
    context.obj = Invocation(config_path, is_verbose=verbose)


def _refuse_what_is_no_text(arguments: Sequence[str]) -> None:
    """Bytes that the locale can't read arrive as lone surrogates, which nothing can store or print."""
    for number, argument in enumerate(arguments, 1):
        if without_surrogates(argument) != argument:
            raise BadInput(f"argument {number}: its bytes are no text in this locale; write it in UTF-8")


def main() -> None:
    """The console script: run a command, turn errors into one line and an exit code."""
    try:
        _refuse_what_is_no_text(sys.argv[1:])
        cli.main(standalone_mode=False)
    except QueryError as bad:
        say_error(f"{bad}\n{bad.with_caret()}")
        sys.exit(bad.exit_code)
    except ReformwatchError as bad:
        say_error(str(bad))
        sys.exit(bad.exit_code)
    except PermissionError as no:
        say_error(f"{no.filename or 'a file'}: no permission ({no.strerror}); check its folders as well")
        sys.exit(NotPermitted.exit_code)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.ClickException as usage:
        usage.show()
        sys.exit(usage.exit_code)
    except (click.Abort, KeyboardInterrupt):
        say_error("stopped")
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read has gone; say nothing more
        sys.exit(0)
