"""Documents: malformed, odd and malicious documents: none raises, and what comes out is bounded and clean."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from reformwatch.documents.feed import (
    MAX_CONTENT,
    MAX_ENTRIES,
    MAX_GUID,
    MAX_KEY,
    MAX_SUMMARY,
    MAX_TITLE,
    parse_feed,
)
from reformwatch.model.entry import ParsedEntry, ParsedFeed, Unreadable
from spoken import what_came

URL = "https://courier.example/feed.xml"
_UNCLEAN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ue000\ue001\ud800-\udfff]"
)
#: Documents are dealt to so many tests, so that workers can share them.
SHARES = 4


def documents(shared: Path) -> list[Path]:
    """All the documents, in one order."""
    found = [path for name in ("hostile", "feeds_captured") for path in (shared / "data" / name).rglob("*")]
    return sorted(path for path in found if path.is_file() and path.name not in {"SOURCE.txt", "LICENSE"})


def assert_bounded_and_clean(entry: ParsedEntry) -> None:
    """An entry that both databases, a mail and a terminal can take."""
    assert 0 < len(entry.key) <= MAX_KEY
    assert 0 < len(entry.reuse_key) <= MAX_KEY
    assert len(entry.guid or "") <= MAX_GUID
    assert len(entry.title) <= MAX_TITLE
    assert len(entry.summary) <= MAX_SUMMARY
    assert len(entry.content) <= MAX_CONTENT
    assert len(entry.author) <= 200
    assert len(entry.tags) <= 30
    assert entry.title or entry.url or entry.guid
    assert entry.url is None or entry.url.startswith(("http://", "https://"))
    assert len(entry.title.splitlines()) <= 1
    assert entry.published is None or 1970 <= entry.published.year < 2200
    for text in (
        entry.title,
        entry.summary,
        entry.content,
        entry.author,
        entry.guid or "",
        entry.url or "",
        *entry.tags,
    ):
        text.encode()
        assert not _UNCLEAN.search(text), ascii(text[:200])
    entry.key.encode()


def assert_bounded(feed: ParsedFeed) -> None:
    """The same for the whole."""
    assert len(feed.entries) <= MAX_ENTRIES
    assert len({entry.key for entry in feed.entries}) == len(feed.entries)
    assert len(feed.title) <= 200
    assert feed.site_url is None or feed.site_url.startswith("http")
    assert feed.language is None or re.fullmatch("[a-z]{2,3}", feed.language)
    for entry in feed.entries:
        assert_bounded_and_clean(entry)


#: feedparser warns of its own fallbacks; the reader's own test is in test_parse.py.
@pytest.mark.filterwarnings("ignore:To avoid breaking existing software while fixing issue 310:DeprecationWarning")
@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("share", range(SHARES))
def test_no_document_breaks_the_reader(shared: Path, share: int) -> None:
    # trust: D01, D02, D08, D09, D10, D11, D12, D13
    mine = documents(shared)[share::SHARES]
    assert len(mine) > 500
    outcomes: Counter[str] = Counter()
    for path in mine:
        try:
            parsed = parse_feed(path.read_bytes(), url=URL)
            if isinstance(parsed, ParsedFeed):
                assert_bounded(parsed)
            else:
                assert what_came(parsed)
                assert len(what_came(parsed)) < 300
        except Exception as broken:
            broken.add_note(f"document: {path.relative_to(shared)}")
            raise
        outcomes[type(parsed).__name__] += 1
    assert outcomes["ParsedFeed"] > len(mine) / 2
    assert outcomes["Unreadable"] > 0


@pytest.mark.filterwarnings("ignore:To avoid breaking existing software while fixing issue 310:DeprecationWarning")
@pytest.mark.slow
def test_every_captured_feed_is_read_with_dates_and_links(shared: Path) -> None:
    for path in sorted((shared / "data/feeds_captured").glob("*.xml")):
        parsed = parse_feed(path.read_bytes(), url=URL)
        if "NewsML" in path.name:
            assert isinstance(parsed, Unreadable)
            assert "NewsML" in what_came(parsed)
            continue
        assert isinstance(parsed, ParsedFeed), f"{path.name}: {parsed}"
        assert_bounded(parsed)
        assert parsed.entries, path.name
        assert sum(entry.url is not None for entry in parsed.entries) >= 0.9 * len(parsed.entries), path.name
        assert sum(entry.published is not None for entry in parsed.entries) >= 0.5 * len(parsed.entries), path.name


_AUDIT = """
import json, sys
from reformwatch.documents.feed import parse_feed
paths = sys.stdin.read().splitlines()
bodies = [open(path, "rb").read() for path in paths]
parse_feed(b"<rss version='2.0'><channel><item><title>warm</title></item></channel></rss>", url="https://a.example/")
seen = []
sys.addaudithook(lambda event, args: seen.append([event, str(args[0] if args else "")]) if event in {
    "open", "os.listdir", "socket.connect", "socket.getaddrinfo", "subprocess.Popen", "urllib.Request"} else None)
for body in bodies:
    parse_feed(body, url="https://a.example/feed")
print(json.dumps(seen))
"""


@pytest.mark.slow
def test_malicious_documents_open_nothing_and_connect_nowhere(shared: Path) -> None:
    # trust: D01
    bombs = sorted((shared / "data/hostile/defusedxml_xmltestdata").glob("*.x[ms]l"))
    bombs += sorted((shared / "data/hostile/generated").glob("*.xml"))
    bombs = [path for path in bombs if path.stat().st_size < 1_000_000]  # the largest is only long
    assert len(bombs) > 10
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _AUDIT],
        input="\n".join(map(str, bombs)),
        capture_output=True,
        text=True,
        check=True,
    )
    seen = re.findall(r'\["([\w.]+)", "([^"]*)"\]', ran.stdout)
    assert {event for event, _ in seen} <= {"open"}
    assert all(name.endswith((".py", ".pyc")) for _, name in seen), seen
