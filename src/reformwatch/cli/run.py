"""Porch: init, demo, run, poll, deliver."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from reformwatch.cli.context import Invocation
from reformwatch.cli.output import duration, emit_json, json_option, progress, say
from reformwatch.core.pack import read_pack
from reformwatch.core.schedule import LEAST
from reformwatch.errors import CantCreate
from reformwatch.model.feed import Feed, FeedState
from reformwatch.model.plan import PollPlan
from reformwatch.packs import builtin_text
from reformwatch.pipeline.packing import install_pack
from reformwatch.settings import load_settings
from reformwatch.store.feeds import find_feed, list_feeds
from reformwatch.urls import host_of
from reformwatch.wiring import Tools, create_store, example_config, utc_now

DEFAULT_PACK = "kazakhstan"


@click.command()
@click.option("--dir", "folder", type=click.Path(path_type=Path), default=Path(), help="Where to write config.toml.")
@click.option("--pack", "packs", multiple=True, help=f"Pack to install (default: {DEFAULT_PACK}); may be repeated.")
@click.option("--no-pack", is_flag=True, help="Install no pack.")
def init(folder: Path, packs: Sequence[str], no_pack: bool) -> None:
    """Write a commented config.toml, create the database, install the starter pack.

    Example: reformwatch init --dir /etc/reformwatch --pack kazakhstan
    """
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
        wanted = read_pack(builtin_text(name), source=name)
        with store.write() as tx:
            report = install_pack(tx, wanted, now=utc_now())
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
    except OSError as no:
        raise CantCreate(f"{path}: can't be written ({no.strerror})") from no


@click.command()
@click.option("--keep", is_flag=True, help="Keep the demo's folder, to look around in it.")
def demo(keep: bool) -> None:
    """Show the main job on a newsroom of its own: feeds, mail and webhook on this machine, no network.

    Example: reformwatch demo --keep
    """
    from reformwatch.demo import run_demo  # with a mail server, which no other command needs

    run_demo(keep=keep)


@click.command()
@click.option("--once", is_flag=True, help="Poll all that is due, deliver all that is due, then exit.")
@click.pass_obj
def run(invocation: Invocation, once: bool) -> None:
    """Run the daemon: poll, match, alert, until SIGTERM. SIGHUP reads the configuration again.

    Example: reformwatch --config /etc/reformwatch/config.toml run
    """
    from reformwatch.daemon import Daemon  # with a clock and a web server, which no other command needs

    invocation.log_as_configured()
    daemon = Daemon(invocation.settings, reload=invocation.load)
    if once:
        daemon.run_once()
    else:
        daemon.run_forever()


@click.command()
@click.option("--all", "everything", is_flag=True, help="Poll every active feed, due or not.")
@click.argument("which", metavar="[FEED]...", nargs=-1)
@click.option("--force", is_flag=True, help="Ask feeds that were asked a moment ago, too.")
@json_option
@click.pass_obj
def poll(invocation: Invocation, everything: bool, which: Sequence[str], force: bool, as_json: bool) -> None:
    """Poll what is due, or the named feeds, or all; alerts go to the outbox.

    A feed that was asked within the last five minutes is left in peace, unless its host is one of [http] allow_private.

    Example: reformwatch poll --all
    """
    invocation.log_quietly()
    with invocation.store() as store, progress("polling") as bar:
        task = bar.add_task("polling", total=None)

        def advance(_feed: Feed, _plan: PollPlan) -> None:
            bar.advance(task)

        tools = Tools(invocation.settings, store, owner="cli", on_polled=advance)
        try:
            if everything or which:
                with store.read() as tx:
                    chosen = list_feeds(tx) if everything else [find_feed(tx, one) for one in which]
                ids = _to_ask(chosen, tools, force=force)
                bar.update(task, total=len(ids))
                report = tools.poller.poll_feeds(ids)
            else:
                report = tools.poller.poll_due(is_once=True)
        finally:
            tools.close()
    if as_json:
        emit_json(vars(report))
        return
    say(
        f"polled {report.polled} feeds ({report.failed} failed): {report.new_entries} new entries, "
        f"{report.alerts} alerts, {report.deliveries} deliveries waiting"
    )


def _to_ask(chosen: Sequence[Feed], tools: Tools, *, force: bool) -> list[int]:
    """The active feeds of these; a host that is not the operator's own is not asked again at once. # trust: C27."""
    active = [feed for feed in chosen if feed.state is FeedState.ACTIVE]
    lately = utc_now() - LEAST
    fresh = [
        feed
        for feed in active
        if feed.last_polled_at is not None
        and feed.last_polled_at > lately
        and not tools.door.policy.is_own(host_of(feed.url))
    ]
    if fresh and force:
        say(f"--force: {len(fresh)} of these were asked within the last {duration(LEAST)}; their owners may mind")
    elif fresh:
        say(f"{len(fresh)} were asked within the last {duration(LEAST)} and are left in peace; --force asks them, too")
    return [feed.id for feed in active if force or feed not in fresh]


@click.command()
@json_option
@click.pass_obj
def deliver(invocation: Invocation, as_json: bool) -> None:
    """Send what the outbox holds and is due. With --json, alerts for the console go to standard error.

    Example: reformwatch deliver
    """
    invocation.log_quietly()
    with invocation.store() as store:
        tools = Tools(invocation.settings, store, owner="cli", stdout=sys.stderr if as_json else None)
        try:
            report = tools.deliverer.deliver_due()
        finally:
            tools.close()
    if as_json:
        emit_json(vars(report))
        return
    say(f"delivered {report.sent}, to be tried again {report.to_retry}, given up {report.dead}")
