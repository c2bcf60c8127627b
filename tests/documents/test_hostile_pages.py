"""Documents: malformed, odd and malicious documents through the readers of sitemaps, pages and articles."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from documents.test_hostile_documents import assert_bounded, documents
from reformwatch.documents.feed import MAX_CONTENT
from reformwatch.documents.fulltext import MIN_TEXT, extract_text
from reformwatch.documents.page import parse_page
from reformwatch.documents.sitemap import parse_sitemap, sitemaps_in
from reformwatch.model.entry import ParsedFeed
from spoken import what_came

URL = "https://courier.example/page"
SHARES = 4


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("share", range(SHARES))
def test_no_document_breaks_a_reader(shared: Path, share: int) -> None:
    mine = documents(shared)[share::SHARES]
    assert len(mine) > 500
    read = 0
    for path in mine:
        body = path.read_bytes()
        try:
            for parsed in (
                parse_sitemap(body, url=URL),
                parse_page(body, url=URL, selector="a"),
                parse_page(body, url=URL, selector="item, entry, div, p"),
            ):
                if isinstance(parsed, ParsedFeed):
                    assert_bounded(parsed)
                    read += 1
                else:
                    assert 0 < len(what_came(parsed)) < 300
            text = extract_text(body, url=URL)
            assert text is None or MIN_TEXT <= len(text) <= MAX_CONTENT
            assert sitemaps_in(body) == ()
        except Exception as broken:
            broken.add_note(f"document: {path.relative_to(shared)}")
            raise
    assert read > 100


_AUDIT = """
import json, sys
from reformwatch.documents.fulltext import extract_text
from reformwatch.documents.page import parse_page
from reformwatch.documents.sitemap import parse_sitemap
paths = sys.stdin.read().splitlines()
bodies = [open(path, "rb").read() for path in paths]
def read(body):
    parse_sitemap(body, url="https://a.example/x")
    parse_page(body, url="https://a.example/x", selector="a, item")
    extract_text(body, url="https://a.example/x")
read(b"<html><body><p>" + b"Words to be warm. " * 50 + b"<a href=/x>x</a></body></html>")
seen = []
sys.addaudithook(lambda event, args: seen.append([event, str(args[0] if args else "")]) if event in {
    "open", "os.listdir", "socket.connect", "socket.getaddrinfo", "subprocess.Popen", "urllib.Request"} else None)
for body in bodies:
    read(body)
print(json.dumps(seen))
"""


@pytest.mark.slow
def test_malicious_documents_open_nothing_and_connect_nowhere(shared: Path) -> None:
    # trust: D01
    bombs = sorted((shared / "data/hostile/defusedxml_xmltestdata").glob("*.x[ms]l"))
    bombs += sorted((shared / "data/hostile/generated").glob("*.xml"))
    bombs = [path for path in bombs if path.stat().st_size < 1_000_000]
    assert len(bombs) > 10
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _AUDIT],
        input="\n".join(map(str, bombs)),
        capture_output=True,
        text=True,
        check=True,
    )
    seen = json.loads(ran.stdout)
    assert {event for event, _ in seen} <= {"open"}
    assert all(name.endswith((".py", ".pyc")) for _, name in seen), seen
