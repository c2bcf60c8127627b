"""What reading a feed costs: feedparser alone, fastfeedparser where it is installed, and ours, in the same run.

    python benchmarks/parse.py [--rounds 15]                      generated feeds of 30 entries (40 to 80 kB)
    python benchmarks/parse.py --documents FOLDER [--rounds 15]   the documents of a folder, each as often

Milliseconds a document: the median over the rounds of a round's mean, and the ratio to feedparser. feedparser cleans
markup by default; "bare" is without that. These stop at what the document says; "ours, the whole" makes entries of it as
well (plain text, links, keys, language), and stands beside the same work on feedparser's reading.
"""

import argparse
import contextlib
import gc
import io
import random
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from xml.sax.saxutils import escape

import feedparser

from reformwatch.documents.charset import decoded, without_declaration, without_impossible_references
from reformwatch.documents.fast_feed import read_fast
from reformwatch.documents.feed import parse_feed, parse_thoroughly

SEED = 20220312
ENTRIES = 30
URL = "https://courier.example/feed"
#: Words of four languages, so that letters of two scripts and marks are among them.
WORDS = {
    "en": "the ministry of energy and a parliament in region budget harvest court school water border treaty export price",
    "ru": "в правительстве и на министр парламент регион бюджет урожай суд энергия школа вода граница договор экспорт цена",
    "kk": "және үкімет министр парламент аймақ бюджет өнім сот энергия мектеп су шекара шарт экспорт баға үшін бойынша",
    "es": "el gobierno de la región y ley elección consejo tribunal carretera ciudad frontera presupuesto escuela gas año",
}
Read = Callable[[bytes], object]


def rss(language: str, rng: random.Random) -> bytes:
    """An RSS 2.0 feed as news sites write it."""
    items = "".join(
        f"<item><title>{title}</title><link>{URL}/{n}?utm_source=rss&amp;id={n}</link>"
        f'<guid isPermaLink="false">{language}-{n}</guid><pubDate>{format_datetime(at)}</pubDate>'
        f"<dc:creator><![CDATA[A. Person]]></dc:creator><category>{title.split()[0]}</category>"
        f'<description><![CDATA[{text[:300]}]]></description><media:content url="{URL}/{n}.jpg" medium="image"/>'
        f"<content:encoded><![CDATA[<p>{text}</p>]]></content:encoded></item>"
        for n, title, text, at in _entries(language, rng)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/">'
        f"<channel><title>Feed</title><link>{URL}</link><language>{language}</language>{items}</channel></rss>"
    ).encode()


def atom(language: str, rng: random.Random) -> bytes:
    """An Atom feed with escaped HTML."""
    entries = "".join(
        f'<entry><title type="html">{title}</title><link rel="alternate" type="text/html" href="{URL}/{n}"/>'
        f"<id>tag:courier.example,2022:{language}-{n}</id><published>{at.isoformat()}</published>"
        f"<updated>{at.isoformat()}</updated><author><name>A. Person</name></author>"
        f'<category term="{title.split()[0]}"/><content type="html">{escape(f"<p>{text}</p>")}</content></entry>'
        for n, title, text, at in _entries(language, rng)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{language}">'
        f'<title>Feed</title><link href="{URL}"/><id>{URL}</id>{entries}</feed>'
    ).encode()


def _entries(language: str, rng: random.Random) -> Iterable[tuple[int, str, str, datetime]]:
    words = WORDS[language].split()
    start = datetime(2022, 3, 12, 10, tzinfo=UTC)
    width = 1 if language in {"en", "es"} else 2
    for n in range(ENTRIES):
        text = " ".join(rng.choices(words, k=240 // width))
        yield n, " ".join(rng.choices(words, k=9)), text, start - timedelta(minutes=n)


def generated() -> dict[str, bytes]:
    """RSS and Atom in four languages."""
    rng = random.Random(SEED)  # noqa: S311 - the same text in every run, not a secret
    return {f"{write.__name__} {code}": write(code, rng) for write in (rss, atom) for code in WORDS}


def quick_or_not(body: bytes) -> object:
    """What our reader does before entries are made; None where the document would be feedparser's."""
    return read_fast(without_impossible_references(without_declaration(decoded(body))))


def readers() -> dict[str, Read]:
    """By name, what is measured; the first is the measure."""
    found: dict[str, Read] = {
        "feedparser": lambda body: feedparser.parse(io.BytesIO(body)),
        "feedparser, bare": lambda body: feedparser.parse(
            io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False
        ),
        "ours": quick_or_not,
        "feedparser, the whole": lambda body: parse_thoroughly(body, url=URL),
        "ours, the whole": lambda body: parse_feed(body, url=URL),
    }
    try:
        import fastfeedparser  # type: ignore[import-not-found, unused-ignore]  # measured where it is there
    except ImportError:
        return found
    return found | {"fastfeedparser": fastfeedparser.parse}


def mean_ms(read: Read, bodies: Sequence[bytes]) -> float:
    """One round: milliseconds a document. What can't be read is read as far as that goes."""
    gc.collect()
    started = time.perf_counter()
    for body in bodies:
        with contextlib.suppress(Exception):  # fastfeedparser and feedparser raise on some of what is no feed
            read(body)
    return (time.perf_counter() - started) * 1000 / len(bodies)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--documents", type=Path)
    given = parser.parse_args()
    documents = generated()
    if given.documents:
        paths = sorted(path for path in given.documents.rglob("*.xml") if path.is_file())
        documents = {path.name: path.read_bytes() for path in paths}
    sizes = sorted(len(body) for body in documents.values())
    taken = sum(quick_or_not(body) is not None for body in documents.values())
    print(
        f"{len(documents)} documents of {sizes[0]:,} to {sizes[-1]:,} bytes (median {statistics.median(sizes):,.0f});"
    )
    print(f"{taken} of them are read by the fast reader; {given.rounds} rounds\n")
    every, bodies = readers(), list(documents.values())
    rounds: dict[str, list[float]] = {name: [] for name in every}
    for round_ in range(given.rounds + 1):
        for name, read in every.items():
            took = mean_ms(read, bodies)
            if round_:  # the first warms up
                rounds[name].append(took)
    measure = statistics.median(rounds["feedparser"])
    print(f"{'':24}{'ms a document':>14}{'feedparser is':>16}")
    for name, took_ms in rounds.items():
        middle = statistics.median(took_ms)
        print(f"{name:24}{middle:14.2f}{measure / middle:14.1f} x")


if __name__ == "__main__":
    main()
