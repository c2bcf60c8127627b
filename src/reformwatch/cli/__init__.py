"""Porch: the command line. One file per noun; here errors are written as one line and become an exit code."""

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

#: The module of each command, imported when the command runs, since most commands need a small part of the program.
#: Module ``backtest`` adds its own command to ``topic``.
_COMMANDS: Final = {
    "init": "run", "demo": "run", "run": "run", "poll": "poll", "deliver": "deliver", "feed": "feed",
    "topic": "backtest", "subscriber": "subscriber", "alert": "alert", "delivery": "alert", "explain": "explain",
    "status": "status", "pack": "pack", "db": "db", "config": "config",
}  # fmt: skip


class _Commands(click.Group):
    """A group that imports a command's module when the command is looked up."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's hook
        """Command names in the order of the help text."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's hook
        """The command of a name; None where there is none."""
        if cmd_name not in _COMMANDS:
            return None
        command = getattr(importlib.import_module(f"reformwatch.cli.{_COMMANDS[cmd_name]}"), cmd_name)
        assert isinstance(command, click.Command)  # noqa: S101 - a test checks each of them
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
    importlib.import_module("reformwatch.settings")  # all commands read them; --help and --version end above
    gc.enable()
    context.obj = Invocation(config_path, is_verbose=verbose)


def _refuse_undecodable(arguments: Sequence[str]) -> None:
    """Raise BadInput for an argument with bytes that the locale can't decode: they can't be stored or written."""
    for number, argument in enumerate(arguments, 1):
        if without_surrogates(argument) != argument:
            raise BadInput(f"argument {number}: its bytes are no text in this locale; write it in UTF-8")


def main() -> None:
    """The console script: run a command, write an error as one line, exit with its code."""
    try:
        _refuse_undecodable(sys.argv[1:])
        cli.main(standalone_mode=False)
    except QueryError as error:
        say_error(f"{error}\n{error.with_caret()}")
        sys.exit(error.exit_code)
    except ReformwatchError as error:
        say_error(str(error))
        sys.exit(error.exit_code)
    except PermissionError as error:
        say_error(f"{error.filename or 'a file'}: no permission ({error.strerror}); check its folders as well")
        sys.exit(NotPermitted.exit_code)
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        say_error("stopped")
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader closed the pipe: discard the rest
        sys.exit(0)
