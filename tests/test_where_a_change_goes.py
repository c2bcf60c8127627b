"""ARCHITECTURE.md says where a change goes. Here a language and a channel come in: a file each, and its registration.

The program is copied, the file is added and registered in the copy, and the commands are run from there.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import ROOT
from house import Desk, House, open_house

ESPERANTO = r'''
"""Language: Esperanto: plurals and the accusative."""

from typing import Final

from reformwatch.language.base import LATIN, Language


def lemmas(word: str) -> tuple[str, ...]:
    """The dictionary form that a folded word may come from, itself left out."""
    stem = word.removesuffix("n").removesuffix("j")
    return (stem,) if stem != word and stem.endswith(("o", "a")) else ()


ESPERANTO: Final = Language(
    code="eo",
    lemmas=lemmas,
    scripts={LATIN: None},
    common=frozenset(["la", "kaj", "estas", "ne", "pri", "kiu"]),
    abbreviations=("ktp",),
    other_codes=("epo",),
)
'''
PAGER = r'''
"""Channels: pagers: the subject of a message to an address of our own, as plain text."""

from datetime import datetime
from typing import Final

from reformwatch.channels.base import Envelope, Kind, Post
from reformwatch.errors import BadInput
from reformwatch.model.alert import SendOutcome, Sent, TryLater
from reformwatch.model.message import Message


class PagerChannel:
    """POSTs the subject."""

    def __init__(self, post: Post) -> None:
        self._post = post

    def send(self, message: Message, envelope: Envelope, *, now: datetime) -> SendOutcome:
        """Try once."""
        headers = {"content-type": "text/plain; charset=utf-8", "x-id": envelope.message_id}
        reply = self._post(envelope.address, message.subject.encode(), headers, now)
        return reply if isinstance(reply, TryLater) else Sent(detail=f"answered {reply.status}")

    def close(self) -> None:
        """Nothing to give back."""


def _address(text: str) -> str:
    if not text.startswith("http"):
        raise BadInput(f"--pager {text!r}: it is no address of a pager")
    return text


KIND: Final = Kind(
    option="pager",
    help="Address of a pager",
    address=_address,
    build=lambda resources: PagerChannel(resources.post()),
    shown=lambda address: address.partition("?")[0],
)
'''


class Copy:
    """The program in a folder of its own, with commands run from there."""

    def __init__(self, folder: Path, house: House) -> None:
        self.package = folder / "copy" / "reformwatch"
        unwanted = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "src" / "reformwatch", self.package, ignore=unwanted)
        shutil.copytree(ROOT / "migrations", self.package / "migrations", ignore=unwanted)
        self.desk = Desk(folder, house, extra={"PYTHONPATH": str(self.package.parent)})

    def add(self, path: str, source: str) -> None:
        """A new file."""
        assert not (self.package / path).exists()
        (self.package / path).write_text(source.lstrip(), encoding="utf-8")

    def register(self, path: str, *after: str, lines: tuple[str, ...]) -> None:
        """Lines, each after one that is there."""
        text = (self.package / path).read_text(encoding="utf-8")
        for found, line in zip(after, lines, strict=True):
            assert text.count(f"{found}\n") == 1
            text = text.replace(f"{found}\n", f"{found}\n{line}\n")
        (self.package / path).write_text(text, encoding="utf-8")

    def evaluated(self, source: str) -> str:
        """What a few lines of Python print there."""
        ran = subprocess.run(
            [sys.executable, "-c", source], env=self.desk.environment, cwd=self.desk.folder,
            capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.strip()

    def json(self, *imports: str, value: str) -> object:
        """A value there, by way of JSON."""
        return json.loads(
            self.evaluated("\n".join(["import json, reformwatch", *imports, f"print(json.dumps({value}))"]))
        )


@pytest.fixture
def house() -> Iterator[House]:
    with open_house() as house:
        yield house


@pytest.fixture
def with_esperanto(tmp_path: Path, house: House) -> Copy:
    """The program with one more language."""
    copy = Copy(tmp_path, house)
    copy.add("language/esperanto.py", ESPERANTO)
    copy.register(
        "language/registry.py", "from reformwatch.language.english import ENGLISH", "    SPANISH,",
        lines=("from reformwatch.language.esperanto import ESPERANTO", "    ESPERANTO,"),
    )  # fmt: skip
    assert copy.json(value="reformwatch.__file__") == str(copy.package / "__init__.py")
    return copy


@pytest.fixture
def with_pager(tmp_path: Path, house: House) -> Copy:
    """The program with one more channel."""
    copy = Copy(tmp_path, house)
    copy.add("channels/pager.py", PAGER)
    copy.register("model/subscriber.py", '    APPRISE = "apprise"', lines=('    PAGER = "pager"',))
    return copy


# -- a language


def test_a_new_language_is_known_wherever_the_program_asks_for_one(with_esperanto: Copy) -> None:
    ask = with_esperanto.json
    forms = "from reformwatch.language.forms import forms_of"
    assert ask(forms, value='forms_of("Leĝojn")') == ["legojn", "lego"]
    assert ask(forms, value='forms_of("elections")') == ["elections", "election"], "and the others are as they were"
    names = "from reformwatch.language.names import names_of"
    assert ask(names, value='len(names_of("Tokajevon") & names_of("Tokajevo"))')
    detect = "from reformwatch.language.detection import detect"
    assert ask(detect, value='detect("La prezidento kaj la parlamento ne parolis pri reformoj")') == "eo"
    assert ask(detect, value='detect("La ley que el presidente firmó para los alcaldes")') == "es"
    stated = "from reformwatch.documents.dates import language_of_tag"
    assert ask(stated, value='language_of_tag("epo-XX")') == "eo"
    ends = "from reformwatch.matching.index import _sentence_end"
    assert ask(ends, value='_sentence_end("Leĝoj, dekretoj ktp. Poste oni voĉdonis. Fino")') == 39


def test_a_query_in_a_new_language_finds_inflected_words(with_esperanto: Copy, house: House) -> None:
    desk = with_esperanto.desk
    house.feeds["/feed"] = ["Nenio"]
    desk.run("feed", "add", f"{house.base}/feed")
    desk.run("poll", "--all")
    desk.run("topic", "add", "Laws", "--query", "eo=leĝo NEAR/9 parlamento", "--slug", "laws")
    house.feeds["/feed"] += ["La parlamento kaj la registaro ne parolis pri leĝojn"]
    desk.run("poll", "--all", "--force")
    [alert] = desk.json("alert", "list")
    assert "laws" in json.dumps(alert)
    assert desk.json("feed", "show", "1")["languages"]["eo"] == 1

    refused = desk.run("topic", "add", "No", "--query", "zz=word", code=2)
    assert "en, ru, kk, es, eo, any" in refused.stderr
    assert "en, ru, kk, es, eo, any" in " ".join(desk.run("topic", "add", "--help").stdout.split())


def test_a_pack_may_have_queries_in_a_new_language(with_esperanto: Copy) -> None:
    desk = with_esperanto.desk
    desk.run("topic", "add", "Laws", "--query", "eo=leĝo", "--slug", "laws")
    pack = desk.folder / "pack.toml"
    pack.write_text(desk.run("pack", "export", "mine").stdout, encoding="utf-8")
    desk.run("topic", "remove", "laws", "--yes")
    desk.run("pack", "install", str(pack))
    assert desk.json("topic", "show", "laws")["queries"] == {"eo": "leĝo"}


def test_a_subscriber_who_reads_a_language_without_a_catalogue_gets_english(with_esperanto: Copy, house: House) -> None:
    desk = with_esperanto.desk
    desk.run("subscriber", "add", "Zamenhof", "--email", "z@example.org", "--language", "eo")
    assert "eo" in desk.run("subscriber", "add", "No", "--email", "z@example.org", "--language", "zz", code=2).stderr
    desk.run("subscriber", "test", "Zamenhof")
    [mail] = house.parsed_mails()
    assert "Test message" in str(mail["Subject"])
    assert desk.json("subscriber", "show", "Zamenhof")["language"] == "eo"


# -- a channel


def test_a_new_channel_takes_addresses_and_delivers(with_pager: Copy, house: House) -> None:
    desk = with_pager.desk
    assert "--pager TEXT Address of a pager." in " ".join(desk.run("subscriber", "add", "--help").stdout.split())
    added = desk.run("subscriber", "add", "me", "--pager", f"{house.base}/pager?key=secret")
    assert "pager" in added.stderr
    assert "secret" not in added.stderr
    assert "--pager 'x'" in desk.run("subscriber", "add", "you", "--pager", "x", code=2).stderr
    assert "give one of --email, --webhook, --channel, --pager" in desk.run("subscriber", "add", "you", code=2).stderr

    desk.run("subscriber", "test", "me")
    [(headers, body)] = house.hooks
    assert headers["content-type"] == "text/plain; charset=utf-8"
    assert b"Test message" in body

    listed = desk.json("subscriber", "list")
    [mine] = [one for one in listed if one["name"] == "me"]
    assert (mine["channel"], mine["address"]) == ("pager", f"{house.base}/pager")
    assert "pager" in desk.run("subscriber", "list").stdout


def test_an_alert_goes_through_a_new_channel_and_its_state_is_shown(with_pager: Copy, house: House) -> None:
    desk = with_pager.desk
    house.feeds["/feed"] = ["An old entry"]
    desk.run("feed", "add", f"{house.base}/feed")
    desk.run("poll", "--all")
    desk.run("topic", "add", "Akims", "--query", "any=akim*", "--slug", "akims")
    desk.run("subscriber", "add", "me", "--pager", f"{house.base}/pager", "--topic", "akims")
    desk.run("subscriber", "pause", "console")
    house.feeds["/feed"] += ["Akims elected in every village"]
    desk.run("poll", "--all", "--force")
    desk.run("deliver")
    [(headers, body)] = house.hooks
    assert "Akims elected in every village" in body.decode()
    [delivery] = desk.json("delivery", "list")
    assert (delivery["channel"], delivery["state"], delivery["message_id"]) == ("pager", "sent", headers["x-id"])
    desk.run("subscriber", "pause", "me")
    assert "pager" in desk.run("status").stdout
    assert "me" in [one["name"] for one in desk.json("status")["paused_subscribers"]]
