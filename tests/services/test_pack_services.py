"""Services, packs: a second installation changes nothing, and what somebody edited is theirs."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from conftest import NOW
from reformwatch.errors import BadInput, NotFound
from reformwatch.model.feed import NewFeed
from reformwatch.model.topic import NewTopic
from reformwatch.services import packs, topics
from reformwatch.services.pack_files import Pack
from reformwatch.store import Store

PACK = Pack(
    slug="desk",
    name="Desk",
    version=1,
    description="",
    feeds=(NewFeed(url="https://news.example/rss", name="News", pack="desk"),),
    topics=tuple(NewTopic(slug=slug, name=slug, queries={"en": slug}, pack="desk") for slug in ("akims", "reactors")),
)


def test_a_second_installation_changes_nothing(store: Store) -> None:
    first, second = (packs.install(store, PACK, now=NOW) for _ in range(2))
    assert (first.feeds_added, first.topics_added, first.has_changed) == (("News",), ("akims", "reactors"), True)
    assert not second.has_changed


def test_a_new_version_updates_what_nobody_edited_and_keeps_the_rest(store: Store) -> None:
    packs.install(store, PACK, now=NOW)
    topics.edit(store, "akims", topics.TopicEdit(name="Mine"), burst_limit=10, now=NOW)
    newer = replace(PACK, topics=tuple(replace(topic, description="new") for topic in PACK.topics))
    report = packs.install(store, newer, now=NOW)
    assert (report.topics_updated, report.topics_kept, report.topics_added) == (("reactors",), ("akims",), ())
    assert topics.find(store, "akims").name == "Mine"
    assert topics.find(store, "reactors").description == "new"


def test_what_is_exported_can_be_installed_elsewhere(sqlite_store: Store, tmp_path: Path) -> None:
    packs.install(sqlite_store, PACK, now=NOW)
    path = tmp_path / "desk.toml"
    path.write_text(packs.export(sqlite_store, "copy", topics=["reactors"]), encoding="utf-8")
    view = packs.show(str(path))
    assert (view.slug, view.name) == ("copy", "copy")
    assert [feed.url for feed in view.feeds] == ["https://news.example/rss"]
    assert [(topic.slug, topic.queries) for topic in view.topics] == [("reactors", {"en": "reactors"})]


def test_an_export_names_a_topic_that_is_not_there_and_refuses_a_bad_slug(sqlite_store: Store) -> None:
    with pytest.raises(NotFound, match="reactors"):
        packs.export(sqlite_store, "copy", topics=["reactors"])
    with pytest.raises(BadInput, match="small letters"):
        packs.export(sqlite_store, "Not A Slug")


def test_a_pack_is_loaded_by_name_or_by_path(tmp_path: Path) -> None:
    assert packs.load("kazakhstan") == packs.load_builtin("kazakhstan")
    with pytest.raises(NotFound):
        packs.load(str(tmp_path / "nothing.toml"))
    (tmp_path / "no.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadInput, match="can't be read"):
        packs.load(str(tmp_path / "no.toml"))
