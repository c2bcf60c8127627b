"""Porch: the command line. One file a noun; errors become one line and an exit code here."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

import reformwatch.cli.backtest  # noqa: F401 - adds its command to `topic`
from reformwatch import __version__
from reformwatch.cli.alert import alert, delivery
from reformwatch.cli.config import config
from reformwatch.cli.context import Invocation
from reformwatch.cli.db import db
from reformwatch.cli.explain import explain
from reformwatch.cli.feed import feed
from reformwatch.cli.output import say_error
from reformwatch.cli.pack import pack
from reformwatch.cli.run import deliver, demo, init, poll, run
from reformwatch.cli.status import status
from reformwatch.cli.subscriber import subscriber
from reformwatch.cli.topic import topic
from reformwatch.errors import BadInput, NotPermitted, QueryError, ReformwatchError
from reformwatch.text import without_surrogates


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="reformwatch")
@click.option("--config", "config_path", type=click.Path(path_type=Path), help="Configuration file.")
@click.option("-v", "--verbose", is_flag=True, help="Say more on standard error.")
@click.pass_context
def cli(context: click.Context, config_path: Path | None, verbose: bool) -> None:
    """Watch news feeds for the follow-ups of announced reforms, and be told once, with the reason.

    Begin with `reformwatch demo`, which needs no network, or with `reformwatch init`.
    """
    context.obj = Invocation(config_path, is_verbose=verbose)


for command in (
    init,
    demo,
    run,
    poll,
    deliver,
    feed,
    topic,
    subscriber,
    alert,
    delivery,
    explain,
    status,
    pack,
    db,
    config,
):
    cli.add_command(command)


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
