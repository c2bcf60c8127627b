"""Porch: packs."""

from collections.abc import Sequence
from pathlib import Path

import click

from reformwatch.cli.context import Invocation
from reformwatch.cli.output import emit_json, facts, json_option, say, table
from reformwatch.errors import BadInput, CantCreate, NotFound
from reformwatch.packs import builtin_names, builtin_text
from reformwatch.services.pack_files import SLUG, Pack, read_pack, write_pack
from reformwatch.services.packs import install_pack
from reformwatch.store.feeds import list_feeds
from reformwatch.store.topics import list_topics
from reformwatch.wiring.basics import utc_now


@click.group()
def pack() -> None:
    """Packs: feeds and topics in a file, to install, export and share."""


def load(which: str) -> Pack:
    """A pack by its name, or by its file's path. Raises NotFound or BadInput."""
    if which in builtin_names():
        return read_pack(builtin_text(which), source=which)
    path = Path(which)
    if not path.is_file():
        raise NotFound(f"pack {which!r}: neither a file nor one of: {', '.join(builtin_names())}")
    try:
        return read_pack(path.read_text(encoding="utf-8"), source=which)
    except (OSError, UnicodeError) as no:
        raise BadInput(f"pack {which}: can't be read ({no})") from None


@pack.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the packs that come with the program.

    Example: reformwatch pack list
    """
    packs = [load(name) for name in builtin_names()]
    if as_json:
        emit_json(
            [
                {"slug": p.slug, "name": p.name, "version": p.version, "feeds": len(p.feeds), "topics": len(p.topics)}
                for p in packs
            ]
        )
        return
    table(
        ["slug", "name", "feeds", "topics"],
        ([p.slug, p.name, len(p.feeds), len(p.topics)] for p in packs),
        empty="none",
    )


@pack.command("show")
@click.argument("which", metavar="PACK-or-FILE")
@json_option
def show(which: str, as_json: bool) -> None:
    """Show what a pack holds.

    Example: reformwatch pack show kazakhstan
    """
    one = load(which)
    if as_json:
        emit_json(
            {
                "slug": one.slug,
                "name": one.name,
                "version": one.version,
                "description": one.description,
                "feeds": [
                    {"name": f.name, "url": f.url, "kind": f.kind.value, "language": f.language} for f in one.feeds
                ],
                "topics": [
                    {"slug": t.slug, "name": t.name, "kind": t.kind.value, "queries": dict(t.queries)}
                    for t in one.topics
                ],
            }
        )
        return
    facts([("pack", f"{one.slug}: {one.name}, version {one.version}"), ("what for", one.description)])
    table(
        ["topic", "name", "kind", "queries"],
        ([t.slug, t.name, t.kind.value, " ".join(t.queries)] for t in one.topics),
        empty="no topics",
    )
    table(
        ["feed", "kind", "lang", "address"],
        ([f.name, f.kind.value, f.language, f.url] for f in one.feeds),
        empty="no feeds",
    )


@pack.command("install")
@click.argument("which", metavar="PACK-or-FILE")
@click.pass_obj
def install(invocation: Invocation, which: str) -> None:
    """Install a pack, or bring it up to date. What you edited is kept; a second time changes nothing.

    Example: reformwatch pack install ./georgia.toml
    """
    wanted = load(which)
    with invocation.store() as store, store.write() as tx:
        report = install_pack(tx, wanted, now=utc_now())
    if not report.has_changed:
        say(f"pack {wanted.slug}: nothing to change")
    else:
        topics = f"{len(report.topics_added)} topics added, {len(report.topics_updated)} updated"
        say(f"pack {wanted.slug}: {len(report.feeds_added)} feeds added, {topics}")
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
    if not SLUG.fullmatch(slug):
        raise BadInput(f"{slug!r}: a pack's slug has small letters, digits and hyphens")
    with invocation.store() as store, store.read() as tx:
        chosen = [t for t in list_topics(tx) if not topics or t.slug in topics]
        text = write_pack(slug=slug, name=name or slug, feeds=list_feeds(tx), topics=chosen)
    for wanted in topics:
        if wanted not in {t.slug for t in chosen}:
            raise NotFound(f"topic {wanted!r}: there is none; see `reformwatch topic list`")
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as no:
        raise CantCreate(f"{out}: can't be written ({no.strerror})") from no
    say(f"wrote {out}")
