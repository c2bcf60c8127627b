"""What holding an entry against stored queries costs: tokenise, word forms, probe, evaluate, evidence for matches.

1,000 to 100,000 stored queries of two mixes (phrase-like; mixed forms) against articles of 273 words and entries of 40.
The texts are generated news in English, Russian and Kazakh: words by rank as texts have them, inflected, each with a few
preferred followers, so that words stand side by side again as they do in news. Queries are drawn from words that stand
side by side in further texts of the same kind, none of which is measured; nobody asks for the commonest hundred words.

``--texts`` runs the same on real texts instead: JSON lines with ``title``, ``lead`` or ``text``, and ``language`` where
known. Texts of one language are joined to articles; queries come from the part that is not measured.

Beside it in the same run, on the same texts and queries: brute force (every query tried), SQLite FTS5 with one document,
and with a batch of all measured documents. FTS5 knows no word forms: of generated texts it gets the dictionary forms, and
finds as much; of real texts it gets what is printed, and finds what stands there in the query's very form. "FTS5
inflected" gets the texts as they are printed, as ours does, and each word of a phrase in all forms that were seen before.

Microseconds of CPU time a document, medians and means. FTS5 is measured in whole batches, so the ratio to it is one of means.

    python benchmarks/matching.py [--sizes 1000 10000 100000] [--documents 256] [--texts FILE.jsonl ...]
"""

import argparse
import gc
import itertools
import json
import math
import random
import sqlite3
import statistics
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reformwatch.language.detection import detect
from reformwatch.language.forms import forms_of
from reformwatch.language.words import WORD
from reformwatch.matching.index import TopicIndex, compile_topic, learned_frequency, match_entry
from reformwatch.matching.query import MatchText

SEED = 20220312
ARTICLE, ENTRY, SENTENCE = 273, 40, 13
#: A daemon that has run for a week or two has met most words before: so many articles are matched first.
WARM_UP = 3_000
#: Word frequencies are learned from so many of them.
LEARN_FROM = 1_000
#: So many queries come and go.
COMING = 200
#: Nobody asks for the commonest words.
STOP_WORDS = 100
STEMS = {
    "en": "elect govern minist parliament region budget harvest court energy school water border treaty export price bank protest investigat reform commit report president mayor village law propos announc commission inquir arrest charg trial verdict order decree sign vote",
    "ru": "выбор правительств министр парламент регион бюджет урожа суд энерг школ вод границ договор экспорт цен банк протест расследован реформ комитет доклад президент аким сел закон предложен объявлен комисси арест обвинен процесс приговор приказ указ подпис голос",
    "kk": "сайлау үкімет министр парламент аймақ бюджет өнім сот энергия мектеп су шекара шарт экспорт баға банк наразылық тергеу реформа комитет баяндама президент әкім ауыл заң ұсыныс жариялау комиссия қамау айып процесс үкім бұйрық жарлық қол дауыс",
}
#: Inflections, the commonest first; of Kazakh ones the back and the front form.
ENDINGS = {
    "en": "- s ed ing",
    "ru": "- а ы ов ам ами ах ом е у",
    "kk": "- лар/лер ның/нің ға/ге ны/ні да/де дан/ден мен/мен сы/сі лардың/лердің",
}
SYLLABLES = {
    "en": "ba co di fe gu ha jo ka le mi no pu ra se ti vo wa xe yo zi",
    "ru": "ба во ги до жу за ки ла мо ну по ри се то фу ха цы че ши ща",
    "kk": "ба қа ге ді жұ за кө ла мо рө пы рі се то бү ғы шы ты нә әлі",
}
#: What Russian nouns end in.
LAST = {"en": [""], "ru": [*"внрткс"], "kk": [""]}
#: How often a word is followed by one of those it prefers, and how many those are.
PREFERENCE, PREFERRED = 0.35, 4

Words = Sequence[str]


class Language:
    """Generated news in one language: some 6,000 words with endings, drawn by rank, each with preferred followers."""

    def __init__(self, name: str, rng: random.Random) -> None:
        syllables = SYLLABLES[name].split()
        made = dict.fromkeys(
            "".join(rng.choices(syllables, k=rng.choice((1, 2, 2, 3, 3, 4)))) + rng.choice(LAST[name])
            for _ in range(12_000)
        )
        self.rng, self.endings = rng, ENDINGS[name].replace("-", "").split(" ")
        self.words = [*STEMS[name].split(), *list(made)[:6_000]]
        self.sums = list(itertools.accumulate((rank + 2.7) ** -1.15 for rank in range(len(self.words))))
        self.ending_sums = list(itertools.accumulate((rank + 1) ** -1.5 for rank in range(len(self.endings))))
        followers = rng.choices(self.words, cum_weights=self.sums, k=PREFERRED * len(self.words))
        self.followers = {word: followers[i * PREFERRED :][:PREFERRED] for i, word in enumerate(self.words)}

    def draw(self, count: int) -> list[str]:
        """Words in dictionary form, one after the other."""
        rng = self.rng
        drawn = rng.choices(self.words, cum_weights=self.sums, k=count)
        for i in range(1, count):
            if rng.random() < PREFERENCE:
                drawn[i] = rng.choice(self.followers[drawn[i - 1]])
        return drawn

    def inflected(self, words: Words) -> str:
        """A text: the words with endings, in sentences."""
        endings = self.rng.choices(self.endings, cum_weights=self.ending_sums, k=len(words))
        shown = [word + in_harmony(word, ending) for word, ending in zip(words, endings, strict=True)]
        sentences = (shown[i : i + SENTENCE] for i in range(0, len(shown), SENTENCE))
        return " ".join(f"{' '.join(sentence)}.".capitalize() for sentence in sentences)


def in_harmony(word: str, ending: str) -> str:
    """The form of a Kazakh ending that fits the word's last vowel; any other ending as it is."""
    back, _, front = ending.partition("/")
    last = next((letter for letter in reversed(word) if letter in "аоұыәөүіе"), "")
    return front if front and last in "әөүіе" else back


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """What is measured, what came before it, and what queries are made of; ``plain`` are the articles as FTS5 gets them."""

    warm_up: Sequence[str]
    articles: Sequence[str]
    plain: Sequence[str]
    entries: Sequence[str]
    material: Sequence["Material"]


class Material:
    """Texts of one language as word lists, of which queries are made."""

    def __init__(self, texts: Iterable[Words], rng: random.Random) -> None:
        self.rng = rng
        self.texts = list(texts)
        counts = Counter(word for words in self.texts for word in words)
        self.asked = [word for word, _ in counts.most_common()[STOP_WORDS:] if len(word) > 1 and word.isalpha()]
        self.pairs, self.triples = list(self._side_by_side(2)), list(self._side_by_side(3))
        self.near = list(self._near(set(self.asked[len(self.asked) // 2 :])))

    def _side_by_side(self, size: int) -> dict[Words, None]:
        """Words that stand side by side, none of them common; each such once."""
        asked = set(self.asked)
        runs = (run for words in self.texts for run in zip(*(words[i:] for i in range(size)), strict=False))
        return dict.fromkeys(run for run in runs if len(set(run)) == size and asked.issuperset(run))

    def _near(self, rare: set[str]) -> dict[Words, None]:
        """A word of the rarer half, and two that stand within five words of it."""
        asked = set(self.asked)
        runs = ((words[i], words[i - 2], words[i - 5]) for words in self.texts for i in range(5, len(words)))
        return dict.fromkeys(run for run in runs if run[0] in rare and len(set(run)) == 3 and asked.issuperset(run))

    def phrase(self) -> str:
        """Two or three words that stand side by side somewhere."""
        return f'"{" ".join(self.rng.choice(self.rng.choice((self.pairs, self.pairs, self.triples))))}"'

    def phrase_like(self) -> str:
        """A phrase, sometimes two alternatives."""
        return self.phrase() if self.rng.random() < 0.8 else f"{self.phrase()} OR {self.phrase()}"

    def mixed(self) -> str:
        """OR lists, NEAR, prefixes, single rare words: of words that stand near each other somewhere."""
        rare, other, third = self.rng.choice(self.near)
        kind = self.rng.random()
        if kind < 0.35:
            return self.phrase_like()
        if kind < 0.55:
            return f"({other} OR {third} OR {self.rng.choice(self.asked)}) {rare}"
        if kind < 0.75:
            return f"{third} NEAR/5 {rare}"
        if kind < 0.9 and len(rare) >= 5:
            return f"{rare[:5]}* {other}"
        return rare


def generated(documents: int) -> Corpus:
    """News in three languages that nobody wrote, the same in every run."""
    rng = random.Random(SEED)  # noqa: S311 - the same texts in every run
    languages = [Language(name, rng) for name in STEMS]
    in_turn = itertools.cycle(languages)

    def texts(count: int, size: int) -> list[tuple[str, str]]:
        drawn = [(language, language.draw(size)) for language in itertools.islice(in_turn, count)]
        return [(language.inflected(words), " ".join(words)) for language, words in drawn]

    articles = texts(documents, ARTICLE)
    return Corpus(
        warm_up=[shown for shown, _ in texts(WARM_UP, ARTICLE)],
        articles=[shown for shown, _ in articles],
        plain=[plain for _, plain in articles],
        entries=[shown for shown, _ in texts(documents, ENTRY)],
        material=[Material((language.draw(ARTICLE) for _ in range(1_500)), rng) for language in languages],
    )


def read(paths: Iterable[Path]) -> Mapping[str, list[str]]:
    """Real texts by language, each once."""
    found: dict[str, dict[str, None]] = {}
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            text = "\n".join(row[key] for key in ("title", "lead", "text") if row.get(key))
            language = row.get("language") or detect(text)
            if language:
                found.setdefault(language, {})[text] = None
    return {language: list(texts) for language, texts in found.items()}


def joined(texts: Iterable[str], size: int) -> list[str]:
    """Texts end to end, cut into documents of so many words."""
    text = "\n".join(texts)
    starts = [found.start() for found in WORD.finditer(text)][::size]
    return [text[start:end] for start, end in itertools.pairwise(starts)]


def real(paths: Iterable[Path], documents: int) -> Corpus:
    """Real texts: a third is measured at most, the rest is what was seen before and what queries are made of."""
    rng = random.Random(SEED)  # noqa: S311 - the same cut in every run
    warm_up, articles, entries, material = list[str](), list[str](), list[str](), list[Material]()
    for _, texts in sorted(read(paths).items()):
        rng.shuffle(texts)
        at, eighth = len(texts) // 3, len(texts) // 24
        articles += joined(texts[eighth:at], ARTICLE)
        entries += joined(texts[:eighth], ENTRY)
        warm_up += joined(texts[at:], ARTICLE)
        material.append(Material((WORD.findall(text.lower()) for text in texts[at:]), rng))
    for some in (warm_up, articles, entries):
        rng.shuffle(some)
    plain = articles[:documents]
    return Corpus(warm_up=warm_up, articles=plain, plain=plain, entries=entries[:documents], material=material)


def match_text(body: str) -> MatchText:
    return MatchText({"title": "", "summary": body, "content": ""})


def took_us(act: Callable[[str], object], texts: Iterable[str]) -> list[float]:
    """Microseconds for each text."""
    took = []
    for one in texts:
        started = time.process_time_ns()
        act(one)
        took.append((time.process_time_ns() - started) / 1000)
    return took


def fts5(texts: Sequence[str], queries: Sequence[str], *, merged: bool) -> tuple[float, float]:
    """SQLite FTS5: the documents are indexed, then every query is run on them by one prepared statement.

    All in one transaction; ``merged``: the index is brought into one piece first, which pays where prefixes are asked
    for. Gives microseconds and matches, both for a document.
    """
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.execute("CREATE VIRTUAL TABLE d USING fts5(t)")
    rows = [(one,) for one in texts]
    found = 0
    started = time.process_time_ns()
    db.execute("BEGIN")
    db.executemany("INSERT INTO d VALUES (?)", rows)
    if merged:
        db.execute("INSERT INTO d(d) VALUES ('optimize')")
    for query in queries:
        found += len(db.execute("SELECT rowid FROM d WHERE d MATCH ?", (query,)).fetchall())
    took = (time.process_time_ns() - started) / 1000
    db.close()
    return took / len(texts), found / len(texts)


def fts_text(query: str) -> str:
    """The same query as FTS5 writes it: its NEAR counts the words between, and AND has to be said."""
    if " NEAR/5 " in query:
        left, right = query.split(" NEAR/5 ")
        return f'NEAR("{left}" "{right}", 4)'
    return query.replace(") ", ") AND ") if query.startswith("(") else query.replace("* ", "* AND ")


def inflections(texts: Iterable[str]) -> dict[str, list[str]]:
    """The printed words of an archive under each dictionary form they may be an inflection of."""
    found: dict[str, dict[str, None]] = {}
    for surface in {word for one in texts for word in WORD.findall(one)}:
        for form in forms_of(surface):
            found.setdefault(form, {})[surface.casefold()] = None
    return {form: sorted(surfaces) for form, surfaces in found.items()}


def fts_inflected(query: str, printed: Mapping[str, Sequence[str]]) -> str:
    """Phrases as FTS5 finds them in texts as they are printed: each word in all forms that the archive has seen.

    FTS5 has no phrase of alternatives, so the words need only be in the text; looking whether they stand side by side
    would come on top.
    """

    def any_form(word: str) -> str:
        return "(" + " OR ".join(f'"{form}"' for form in printed.get(word, [word])) + ")"

    phrases = [phrase.strip('"').split() for phrase in query.split(" OR ")]
    return " OR ".join("(" + " AND ".join(map(any_form, words)) + ")" for words in phrases)


def best_fts5(texts: Sequence[str], queries: Sequence[str]) -> tuple[float, float]:
    """The better of its two ways."""
    return min(fts5(texts, queries, merged=False), fts5(texts, queries, merged=True))


@dataclass(frozen=True, kw_only=True)
class Row:
    """What was measured with one number of queries: microseconds and matches of a document, megabytes."""

    article: Sequence[float]
    entry: Sequence[float]
    matches: float
    brute: float
    fts_one: float
    fts_batch: float
    fts_matches: float
    fts_inflected: float
    memory: float
    update: float

    def shown(self, size: int, first: "Row") -> str:
        """A line of the table."""
        article, mean = statistics.median(self.article), statistics.fmean(self.article)
        return (
            f"{size:12,} {article:8.0f} {mean:6.0f} {statistics.median(self.entry):6.0f} {self.matches:8.1f} {self.brute:9.0f} "
            f"{self.fts_one:9.0f} {self.fts_batch:11.0f} {self.fts_matches:8.1f} {self.fts_batch / mean:8.1f} "
            f"{self.fts_inflected:14.0f} {self.fts_inflected / mean:8.1f} "
            f"{article / statistics.median(first.article):9.2f} {self.memory:5.0f} {self.update:11.1f}"
        )


COLUMNS = (
    f"{'article':>8} {'(mean)':>6} {'entry':>6} {'matches':>8} {'brute':>9} {'FTS5 one':>9} {'FTS5 batch':>11} "
    f"{'matches':>8} {'FTS/ours':>8} {'FTS5 inflected':>14} {'FTS/ours':>8} {'to fewest':>9} {'MB':>5} {'add+remove':>11}"
)


def measure(queries: Sequence[str], coming: Sequence[str], corpus: Corpus, *, with_fts: bool) -> Row:
    """One number of queries; ``coming`` are those that are added and removed."""
    learned = learned_frequency(match_text(one) for one in corpus.warm_up[:LEARN_FROM])
    gc.collect()
    tracemalloc.start()
    topics = [compile_topic(i, f"q{i}", {"any": query}) for i, query in enumerate(queries)]
    index = TopicIndex(learned)
    for topic in topics:
        index.add(topic)
    memory = tracemalloc.get_traced_memory()[0] / 1e6
    tracemalloc.stop()
    gc.collect()
    update = statistics.median(updates(index, coming))
    for one in corpus.warm_up:
        index.match(match_text(one))
    found = list[int]()
    article = took_us(lambda one: found.append(len(index.match(match_text(one)))), corpus.articles)
    entry = took_us(lambda one: index.match(match_text(one)), corpus.entries)
    few = corpus.articles[:3]
    for one in few:
        assert index.match(match_text(one)) == match_entry(match_text(one), topics), (
            "the index and brute force disagree"
        )
    asked = [fts_text(query) for query in queries] if with_fts else []
    fts_batch, fts_matches = best_fts5(corpus.plain, asked) if with_fts else (math.nan, math.nan)
    inflected = math.nan
    if with_fts and all(query.startswith('"') for query in queries):
        printed = inflections(corpus.warm_up)
        inflected = best_fts5(corpus.articles, [fts_inflected(query, printed) for query in queries])[0]
    return Row(
        article=article,
        entry=entry,
        matches=statistics.fmean(found),
        brute=statistics.median(took_us(lambda one: match_entry(match_text(one), topics), few)),
        fts_one=best_fts5(corpus.plain[:1], asked)[0] if with_fts else math.nan,
        fts_batch=fts_batch,
        fts_matches=fts_matches,
        fts_inflected=inflected,
        memory=memory,
        update=update,
    )


def updates(index: TopicIndex, coming: Sequence[str]) -> Iterator[float]:
    """Microseconds to add a topic and take it out again."""
    for number, query in enumerate(coming, 10**9):
        topic = compile_topic(number, f"q{number}", {"any": query})
        started = time.process_time_ns()
        index.add(topic)
        index.remove(number)
        yield (time.process_time_ns() - started) / 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--documents", type=int, default=256)
    parser.add_argument(
        "--texts", type=Path, nargs="+", metavar="FILE.jsonl", help="real texts instead of generated ones"
    )
    parser.add_argument("--no-fts", action="store_true")
    given = parser.parse_args()
    corpus = real(given.texts, given.documents) if given.texts else generated(given.documents)
    describe(corpus)
    for name, mix in (("phrase-like", Material.phrase_like), ("mixed forms", Material.mixed)):
        in_turn = itertools.cycle(corpus.material)
        queries = [mix(material) for material in itertools.islice(in_turn, max(given.sizes) + COMING)]
        coming = queries[-COMING:]
        print(f"\n{name:12} {COLUMNS}")
        rows = list[Row]()
        for size in given.sizes:
            rows.append(measure(queries[:size], coming, corpus, with_fts=not given.no_fts))
            print(rows[-1].shown(size, rows[0]))
    print("\nmicroseconds a document; to fewest: times the fewest queries; MB: index with its queries")


def describe(corpus: Corpus) -> None:
    """How much text there is, how much of it is new, and what cutting it into words costs."""
    seen = {word for one in corpus.warm_up for word in WORD.findall(one)}
    words = [word for one in corpus.articles for word in WORD.findall(one)]
    unseen = sum(word not in seen for word in words) / len(words)
    tokeniser = statistics.median(took_us(WORD.findall, corpus.articles))
    print(f"{len(corpus.articles)} articles of {ARTICLE} words, {len(corpus.entries)} entries of {ENTRY}")
    print(
        f"{unseen:.1%} of the articles' words did not occur in the {len(corpus.warm_up) * ARTICLE:,} words seen before"
    )
    print(f"tokeniser alone {tokeniser:.0f} us an article")


if __name__ == "__main__":
    main()
