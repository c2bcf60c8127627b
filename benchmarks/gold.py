"""How well a pack's queries find what people labelled: precision, recall and F1 per topic and language, and false alerts.

Rows are headlines with leads, labelled by hand; what counts is the strength "about". Rows that only their date and outlet
explain (``context``) are left out. The stream is one newsroom's in order: a false alert is an entry with a topic too many.
Labelled rows do not come with the project; where they are absent there is nothing to measure.

    python benchmarks/gold.py [--rows FILE] [--stream FILE] [--pack kazakhstan] [--wrong]
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reformwatch.matching.index import TopicIndex, compile_topic
from reformwatch.matching.query import MatchText
from reformwatch.model.topic import Match, Strength
from reformwatch.packs import builtin_names, builtin_text
from reformwatch.services.pack_files import read_pack

GOLD = Path(__file__).resolve().parents[2] / "shared" / "data" / "gold"
LANGUAGES = ("en", "ru", "kk", "es")
OVERALL = "overall"
Row = dict[str, Any]


@dataclass
class Count:
    """What was found and what not."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    @property
    def precision(self) -> float:
        """The share of what was found that is right; 1 where nothing was found."""
        return self.tp / (self.tp + self.fp) if self.tp + self.fp else 1.0

    @property
    def recall(self) -> float:
        """The share of what is right that was found; 1 where there is nothing to find."""
        return self.tp / (self.tp + self.fn) if self.tp + self.fn else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of the two."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    def __str__(self) -> str:
        return f"{self.precision:9.3f} {self.recall:7.3f} {self.f1:7.3f}   {self.tp:4} {self.fp:4} {self.fn:4}"


@dataclass(frozen=True)
class Verdict:
    """A row, the topics it belongs to, and what the queries say of it."""

    row: Row
    expected: frozenset[str]
    matches: tuple[Match, ...]

    @property
    def got(self) -> frozenset[str]:
        """The topics that the queries say it is about."""
        return frozenset(match.slug for match in self.matches if match.strength is Strength.ABOUT)


@dataclass
class Table:
    """Counts by topic and language; ``overall`` stands for all of either."""

    counts: dict[tuple[str, str], Count] = field(default_factory=lambda: defaultdict(Count))

    def add(self, verdict: Verdict, topics: Iterable[str]) -> None:
        """Count a verdict under each of the topics it concerns."""
        for topic in topics:
            is_got, is_expected = topic in verdict.got, topic in verdict.expected
            if not (is_got or is_expected):
                continue
            for key in {(t, s) for t in (topic, OVERALL) for s in (str(verdict.row["language"]), OVERALL)}:
                count = self.counts[key]
                count.tp += is_got and is_expected
                count.fp += is_got and not is_expected
                count.fn += is_expected and not is_got


def read_rows(file: Path) -> list[Row]:
    """The rows of a JSON Lines file, without those that need their date and outlet."""
    rows: list[Row] = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]
    return [row for row in rows if not row.get("context")]


def index_of(pack: str) -> TopicIndex:
    """An index of a pack's topics; the pack by its name or its file."""
    text = builtin_text(pack) if pack in builtin_names() else Path(pack).read_text(encoding="utf-8")
    topics = read_pack(text, source=pack).topics
    return TopicIndex.of(compile_topic(i, topic.slug, topic.queries) for i, topic in enumerate(topics))


def match_text_of_row(row: Row) -> MatchText:
    """A row as an entry of its host's feed, as :func:`reformwatch.matching.index.match_text_of` has it."""
    host = row["host"] or ""
    return MatchText(
        {
            "title": row["title"],
            "summary": row["lead"] or "",
            "content": "",
            "author": "",
            "source": host,
            "tag": "",
            "url": f"https://{host}/",
            "lang": row["language"],
        }
    )


def judge(rows: Iterable[Row], index: TopicIndex) -> list[Verdict]:
    """Every row held against the index."""
    return [Verdict(row, frozenset(row["about"]), index.match(match_text_of_row(row))) for row in rows]


def labelled_topics(verdicts: Iterable[Verdict]) -> list[str]:
    """The topics that labels speak of, in order; others cannot be scored."""
    return sorted({topic for v in verdicts for topic in (*v.expected, *v.row["mention"])})


def table_of(verdicts: Iterable[Verdict], topics: Sequence[str]) -> Table:
    table = Table()
    for verdict in verdicts:
        table.add(verdict, topics)
    return table


def print_table(table: Table, topics: Sequence[str]) -> None:
    print(f"{'topic':32} {'lang':8} {'precision':>9} {'recall':>7} {'F1':>7}   {'tp':>4} {'fp':>4} {'fn':>4}")
    for topic in (*topics, OVERALL):
        for language in (OVERALL, *LANGUAGES):
            if (topic, language) in table.counts:
                name = topic if language == OVERALL else ""
                print(f"{name:32} {'all' if language == OVERALL else language:8} {table.counts[topic, language]}")


def print_stream(verdicts: Sequence[Verdict], topics: Sequence[str]) -> None:
    total = table_of(verdicts, topics).counts[OVERALL, OVERALL]
    false = sum(bool(v.got & set(topics) - v.expected) for v in verdicts)
    print(f"\n{'stream':32} {'all':8} {total}")
    print(f"false alerts: {false} in {len(verdicts)} entries, {1000 * false / max(len(verdicts), 1):.2f} per 1,000")


def wrong(verdicts: Iterable[Verdict], topics: Sequence[str]) -> Iterator[str]:
    """The rows that were wrong, a paragraph each."""
    for v in verdicts:
        got = v.got & set(topics)
        if got == v.expected:
            continue
        yield f"\n{v.row['id']}  {v.row['title']}\n    {v.row['lead']}"
        yield f"    expected {_names(v.expected)}; got {_names(got)}"
        for match in v.matches:
            if match.slug in got ^ v.expected:
                words = ", ".join(f"{e.word} ({e.term})" for e in match.evidence)
                yield f"    {match.slug}, {match.language}, {match.strength.value}: {words}"


def _names(topics: frozenset[str]) -> str:
    return ", ".join(sorted(topics)) or "nothing"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=Path, default=GOLD / "dev.jsonl", help="labelled rows, JSON Lines")
    parser.add_argument("--stream", type=Path, default=GOLD / "stream_ru_dev.jsonl", help="one newsroom's entries")
    parser.add_argument("--pack", default="kazakhstan", help="name of a pack that comes with the program, or a file")
    parser.add_argument("--wrong", action="store_true", help="print the rows that were wrong")
    given = parser.parse_args()
    absent = [str(file) for file in (given.rows, given.stream) if not file.is_file()]
    if absent:
        print(f"not measured, there is no {' and no '.join(absent)}")
    index = index_of(given.pack)
    rows, stream = (judge(read_rows(file), index) if file.is_file() else [] for file in (given.rows, given.stream))
    topics = labelled_topics([*rows, *stream])
    if rows:
        print_table(table_of(rows, topics), topics)
    if stream:
        print_stream(stream, topics)
    if given.wrong:
        for line in (*wrong(rows, topics), *wrong(stream, topics)):
            print(line)


if __name__ == "__main__":
    main()
