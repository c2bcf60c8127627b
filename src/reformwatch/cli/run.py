"""Porch: init, demo, run."""

from collections.abc import Sequence
from pathlib import Path

import click

from reformwatch.cli.context import Invocation
from reformwatch.cli.output import say
from reformwatch.errors import CantCreate
from reformwatch.services.packs import install, load_builtin
from reformwatch.wiring.basics import create_store, example_config, utc_now

DEFAULT_PACK = "kazakhstan"


@click.command()
@click.option("--dir", "folder", type=click.Path(path_type=Path), default=Path(), help="Where to write config.toml.")
@click.option("--pack", "packs", multiple=True, help=f"Pack to install (default: {DEFAULT_PACK}); may be repeated.")
@click.option("--no-pack", is_flag=True, help="Install no pack.")
def init(folder: Path, packs: Sequence[str], no_pack: bool) -> None:
    """Write a commented config.toml, create the database, install the starter pack.

    Example: reformwatch init --dir /etc/reformwatch --pack kazakhstan
    """
    from reformwatch.settings import load_settings

    path = folder / "config.toml"
    if path.exists():
        say(f"{path} is there already and stays as it is")
    else:
        _write(path, example_config())
        say(f"wrote {path}")
    settings = load_settings(path)
    store = create_store(settings)
    say(f"database ready: {store.sqlite_path or store.shown_url}")
    for name in () if no_pack else packs or (DEFAULT_PACK,):
        report = install(store, load_builtin(name), now=utc_now())
        say(f"pack {name}: {len(report.feeds_added)} feeds and {len(report.topics_added)} topics added")
    store.close()
    option = "" if folder == Path() else f" --config {path}"
    say(f"next: `reformwatch{option} run --once` reads the feeds for the first time (that alerts nobody), then")
    say(f"      `reformwatch{option} subscriber add NAME --email ADDRESS` and `reformwatch{option} run`")


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise CantCreate(f"{path}: can't be written ({error.strerror})") from error


@click.command()
@click.option("--keep", is_flag=True, help="Keep the demo's folder, to look around in it.")
def demo(keep: bool) -> None:
    """Show the main job on a newsroom of its own: feeds, mail and webhook on this machine, no network.

    Example: reformwatch demo --keep
    """
    from reformwatch.demo import run_demo  # imports a mail server, which only the demo needs

    run_demo(keep=keep)


@click.command()
@click.option("--once", is_flag=True, help="Poll all that is due, deliver all that is due, then exit.")
@click.pass_obj
def run(invocation: Invocation, once: bool) -> None:
    """Run the daemon: poll, match, alert, until SIGTERM. SIGHUP reads the configuration again.

    Example: reformwatch --config /etc/reformwatch/config.toml run
    """
    from reformwatch.daemon import Daemon  # imports a scheduler and a web server, which only the daemon needs

    invocation.log_as_configured()
    daemon = Daemon(invocation.settings, reload=invocation.load)
    if once:
        daemon.run_once()
    else:
        daemon.run_forever()
