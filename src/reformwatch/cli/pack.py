"""Porch: packs."""

from collections.abc import Sequence
from pathlib import Path

import click

from reformwatch.cli.context import Invocation
from reformwatch.cli.output import emit_json, facts, json_option, say, table
from reformwatch.errors import CantCreate
from reformwatch.services import packs
from reformwatch.wiring.basics import utc_now


@click.group()
def pack() -> None:
    """Packs: feeds and topics in a file, to install, export and share."""


@pack.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the packs that come with the program.

    Example: reformwatch pack list
    """
    listed = packs.list_builtin()
    if as_json:
        emit_json(listed)
        return
    table(["slug", "name", "feeds", "topics"], ([p.slug, p.name, p.feeds, p.topics] for p in listed), empty="none")


@pack.command("show")
@click.argument("which", metavar="PACK-or-FILE")
@json_option
def show(which: str, as_json: bool) -> None:
    """Show what a pack holds.

    Example: reformwatch pack show kazakhstan
    """
    view = packs.show(which)
    if as_json:
        emit_json(view)
        return
    facts([("pack", f"{view.slug}: {view.name}, version {view.version}"), ("what for", view.description)])
    table(
        ["topic", "name", "kind", "queries"],
        ([t.slug, t.name, t.kind.value, " ".join(t.queries)] for t in view.topics),
        empty="no topics",
    )
    table(
        ["feed", "kind", "lang", "address"],
        ([f.name, f.kind.value, f.language, f.url] for f in view.feeds),
        empty="no feeds",
    )


@pack.command("install")
@click.argument("which", metavar="PACK-or-FILE")
@click.pass_obj
def install(invocation: Invocation, which: str) -> None:
    """Install a pack, or bring it up to date. What you edited is kept; a second time changes nothing.

    Example: reformwatch pack install ./georgia.toml
    """
    loaded = packs.load(which)
    with invocation.store() as store:
        report = packs.install(store, loaded, now=utc_now())
    if not report.has_changed:
        say(f"pack {loaded.slug}: nothing to change")
    else:
        topics = f"{len(report.topics_added)} topics added, {len(report.topics_updated)} updated"
        say(f"pack {loaded.slug}: {len(report.feeds_added)} feeds added, {topics}")
    if report.topics_kept:
        say(f"kept as you edited them: {', '.join(report.topics_kept)}")


@pack.command("export")
@click.argument("slug")
@click.option("--name", help="The pack's name (default: its slug).")
@click.option("--topic", "topics", metavar="SLUG", multiple=True, help="Only these topics; may be repeated.")
@click.option("--out", type=click.Path(path_type=Path), help="File to write (default: standard output).")
@click.pass_obj
def export(invocation: Invocation, slug: str, name: str | None, topics: Sequence[str], out: Path | None) -> None:
    """Write the feeds and topics you have as a pack.

    Example: reformwatch pack export my-desk --out my-desk.toml
    """
    with invocation.store() as store:
        text = packs.export(store, slug, name=name, topics=topics)
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CantCreate(f"{out}: can't be written ({error.strerror})") from error
    say(f"wrote {out}")
