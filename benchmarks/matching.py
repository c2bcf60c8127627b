"""What holding an entry against stored queries costs: tokenise, word forms, probe, evaluate, evidence for matches.

1,000 to 100,000 stored queries of two mixes (phrase-like; mixed forms), drawn from the vocabulary of generated news in
English, Russian and Kazakh; articles of 273 words and entries of 40. Beside it in the same run, on the same texts and
queries: brute force (every query tried), SQLite FTS5 with one document, and with batches of 256 documents. FTS5 knows no
word forms, so it gets the texts in dictionary forms, and finds as much. Medians, in microseconds a document, and ratios.

    python benchmarks/matching.py [--sizes 1000 10000 100000] [--documents 60]
"""

import argparse
import bisect
import gc
import itertools
import random
import sqlite3
import statistics
import time
import tracemalloc
from collections.abc import Callable, Sequence

from reformwatch.core.language.words import WORD
from reformwatch.core.match import CompiledTopic, TopicIndex, compile_topic, learned_frequency, match_entry
from reformwatch.core.query import Document

SEED = 20220312
#: A daemon that has run for a while has met most words before: so many articles are matched first.
WARM_UP = 1_000
STEMS = {
    "en": ["elect", "govern", "minist", "parliament", "region", "budget", "harvest", "court", "energy", "school", "water", "border", "treaty", "export", "price", "bank", "protest", "investigat", "reform", "commit", "report", "president", "mayor", "village", "law", "propos", "announc", "commission", "inquir", "arrest", "charg", "trial", "verdict", "order", "decree", "sign", "vote"],
    "ru": ["выбор", "правительств", "министр", "парламент", "регион", "бюджет", "урожа", "суд", "энерг", "школ", "вод", "границ", "договор", "экспорт", "цен", "банк", "протест", "расследован", "реформ", "комитет", "доклад", "президент", "аким", "сел", "закон", "предложен", "объявлен", "комисси", "арест", "обвинен", "процесс", "приговор", "приказ", "указ", "подпис", "голос"],
    "kk": ["сайлау", "үкімет", "министр", "парламент", "аймақ", "бюджет", "өнім", "сот", "энергия", "мектеп", "су", "шекара", "шарт", "экспорт", "баға", "банк", "наразылық", "тергеу", "реформа", "комитет", "баяндама", "президент", "әкім", "ауыл", "заң", "ұсыныс", "жариялау", "комиссия", "қамау", "айып", "процесс", "үкім", "бұйрық", "жарлық", "қол", "дауыс"],
}  # fmt: skip
ENDINGS = {
    "en": ["", "s", "ed", "ing", "ion", "er"],
    "ru": ["", "а", "ы", "ов", "ам", "ами", "ах", "ом", "е", "ной"],
    "kk": ["", "лар", "дың", "ға", "ды", "да", "дан", "мен", "ы", "лардың"],
}
SYLLABLES = {
    "en": [
        "ba",
        "co",
        "di",
        "fe",
        "gu",
        "ha",
        "jo",
        "ka",
        "le",
        "mi",
        "no",
        "pu",
        "ra",
        "se",
        "ti",
        "vo",
        "wa",
        "xe",
        "yo",
        "zi",
    ],
    "ru": [
        "ба",
        "во",
        "ги",
        "до",
        "жу",
        "за",
        "ки",
        "ла",
        "мо",
        "ну",
        "по",
        "ри",
        "се",
        "то",
        "фу",
        "ха",
        "цы",
        "че",
        "ши",
        "ща",
    ],
    "kk": [
        "ба",
        "қа",
        "ге",
        "ді",
        "жұ",
        "за",
        "кө",
        "ла",
        "мо",
        "ну",
        "пы",
        "рі",
        "се",
        "то",
        "үй",
        "ғы",
        "шы",
        "ты",
        "ың",
        "әл",
    ],
}


def vocabulary(language: str, rng: random.Random) -> list[str]:
    """Some 6,000 words, the commonest first."""
    syllables = SYLLABLES[language]
    made = dict.fromkeys("".join(rng.choices(syllables, k=rng.choice((1, 2, 2, 3, 3, 4)))) for _ in range(12_000))
    return [*STEMS[language], *list(made)[:6_000]]


class Zipf:
    """Draws words by rank, as texts do."""

    def __init__(self, words: Sequence[str], rng: random.Random) -> None:
        self.words, self.rng = words, rng
        self.sums = list(itertools.accumulate((rank + 2.7) ** -1.15 for rank in range(len(words))))

    def draw(self) -> str:
        """One word."""
        return self.words[bisect.bisect(self.sums, self.rng.random() * self.sums[-1])]


def text(zipf: Zipf, language: str, words: int) -> tuple[str, str]:
    """Words with endings, a capital now and then; and the same in dictionary forms."""
    drawn = [zipf.draw() for _ in range(words)]
    endings = ENDINGS[language]
    weights = [1 / (rank + 1) ** 1.5 for rank in range(len(endings))]
    inflected = [word + ending for word, ending in zip(drawn, zipf.rng.choices(endings, weights, k=words), strict=True)]
    return " ".join(word.capitalize() if i % 9 == 0 else word for i, word in enumerate(inflected)), " ".join(drawn)


def query_words(zipf: Zipf) -> Zipf:
    """Nobody asks for the commonest hundred words."""
    return Zipf(zipf.words[100:], zipf.rng)


def phrase_like(zipf: Zipf) -> str:
    """Two or three words side by side, sometimes two such alternatives."""

    def phrase() -> str:
        return '"' + " ".join(zipf.draw() for _ in range(zipf.rng.choice((2, 2, 3)))) + '"'

    return phrase() if zipf.rng.random() < 0.8 else f"{phrase()} OR {phrase()}"


def mixed(zipf: Zipf) -> str:
    """OR lists, NEAR, prefixes, single rare words."""
    rng = zipf.rng
    rare = zipf.words[rng.randrange(len(zipf.words) // 2, len(zipf.words))]
    kind = rng.random()
    if kind < 0.35:
        return phrase_like(zipf)
    if kind < 0.55:
        return f"({zipf.draw()} OR {zipf.draw()} OR {zipf.draw()}) {rare}"
    if kind < 0.75:
        return f"{zipf.draw()} NEAR/5 {rare}"
    if kind < 0.9 and len(rare) >= 5:
        return f"{rare[:5]}* {zipf.draw()}"
    return rare


def median_us(act: Callable[[str], object], texts: Sequence[str]) -> float:
    """Microseconds a text."""
    took = []
    for one in texts:
        started = time.perf_counter_ns()
        act(one)
        took.append((time.perf_counter_ns() - started) / 1000)
    return statistics.median(took)


def document(body: str) -> Document:
    return Document({"title": "", "summary": body, "content": ""})


def fts5(texts: Sequence[str], topics: Sequence[CompiledTopic], batch: int) -> float:
    """SQLite FTS5: the documents are indexed, every query is run on them; no word forms. Microseconds a document."""
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE d USING fts5(t)")
    started = time.perf_counter_ns()
    db.executemany("INSERT INTO d VALUES (?)", [(one,) for one in texts[:batch]])
    for topic in topics:
        query = FTS_TEXTS[topic.slug]
        db.execute("SELECT rowid FROM d WHERE d MATCH ?", (query,)).fetchall()
    took = (time.perf_counter_ns() - started) / 1000 / min(batch, len(texts))
    db.close()
    return took


FTS_TEXTS: dict[str, str] = {}


def fts_text(query: str) -> str:
    """The same query as FTS5 writes it."""
    said = " ".join(query.replace("(", " ( ").replace(")", " ) ").split())
    if " NEAR/5 " in said:
        left, right = said.split(" NEAR/5 ")
        return f'NEAR("{left}" "{right}", 5)'
    return said.replace(") ", ") AND ") if said.startswith("(") else said.replace("* ", "* AND ")


def remember_texts(mix: Callable[[Zipf], str], zipfs: Sequence[Zipf], count: int) -> list[CompiledTopic]:
    made = []
    for i in range(count):
        query = mix(zipfs[i % len(zipfs)])
        FTS_TEXTS[f"q{i}"] = fts_text(query)
        made.append(compile_topic(i, f"q{i}", {"any": query}))
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--documents", type=int, default=60)
    parser.add_argument("--no-fts", action="store_true")
    given = parser.parse_args()
    rng = random.Random(SEED)  # noqa: S311 - the same texts in every run
    zipfs = [Zipf(vocabulary(language, rng), rng) for language in ("en", "ru", "kk")]
    languages = ("en", "ru", "kk")
    warm_up = [text(zipfs[i % 3], languages[i % 3], 273)[0] for i in range(WARM_UP)]
    both = [text(zipfs[i % 3], languages[i % 3], 273) for i in range(given.documents)]
    articles, plain = [one for one, _ in both], [one for _, one in both]
    entries = [text(zipfs[i % 3], languages[i % 3], 40)[0] for i in range(given.documents)]
    asked = [query_words(zipf) for zipf in zipfs]
    learned = learned_frequency(document(one) for one in articles)
    tokeniser = median_us(WORD.findall, articles)
    cut = median_us(document, articles)
    seen = {word for one in warm_up for word in WORD.findall(one)}
    words = [word for one in articles for word in WORD.findall(one)]
    unseen = sum(word not in seen for word in words) / len(words)
    print(f"{unseen:.1%} of the articles' words did not occur in the {273 * WARM_UP:,} words of the warm-up")
    print(
        f"articles of 273 words: tokeniser alone {tokeniser:.0f} us, with word forms {cut:.0f} us (medians of {given.documents})\n"
    )
    for name, mix in (("phrase-like", phrase_like), ("mixed forms", mixed)):
        print(
            f"{name:12} {'article':>9} {'entry':>9} {'matches':>8} {'brute':>10} {'FTS5 1':>10} {'FTS5 256':>9} {'ratio':>7} {'memory':>8} {'add+remove':>11}"
        )
        first = 0.0
        for size in given.sizes:
            row = measure(mix, asked, size, warm_up, articles, plain, entries, learned, with_fts=not given.no_fts)
            first = first or row["article"]
            print(
                f"{size:12,} {row['article']:9.0f} {row['entry']:9.0f} {row['matches']:8.1f} {row['brute']:10.0f} {row['fts1']:10.0f} "
                f"{row['fts256']:9.0f} {row['fts256'] / row['article']:7.1f} {row['memory']:5.0f} MB {row['update']:8.1f} us"
                f"   {row['article'] / first:.2f} times {given.sizes[0]:,}"
            )
        print()
    print("microseconds a document; ratio: FTS5 in batches of 256 to ours, articles; memory: index with its queries")


def measure(
    mix: Callable[[Zipf], str], zipfs: Sequence[Zipf], size: int, warm_up: Sequence[str], articles: Sequence[str],
    plain: Sequence[str], entries: Sequence[str], learned: Callable[[str], float], *, with_fts: bool,
) -> dict[str, float]:  # fmt: skip
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    topics = remember_texts(mix, zipfs, size)
    index = TopicIndex(learned)
    for topic in topics:
        index.add(topic)
    memory = (tracemalloc.get_traced_memory()[0] - before) / 1e6
    tracemalloc.stop()
    gc.collect()
    gc.freeze()
    extra = [compile_topic(size + i, f"x{i}", {"any": mix(zipfs[i % 3])}) for i in range(200)]
    updates = []
    for topic in extra:
        started = time.perf_counter_ns()
        index.add(topic)
        index.remove(topic.topic_id)
        updates.append((time.perf_counter_ns() - started) / 1000)
    check = document(articles[0])
    assert index.match(document(articles[0])) == match_entry(check, topics), "the index and brute force disagree"
    for one in warm_up:
        index.match(document(one))
    few = articles[: max(1, 40_000 // size)]
    return {
        "article": median_us(lambda one: index.match(document(one)), articles),
        "entry": median_us(lambda one: index.match(document(one)), entries),
        "matches": statistics.fmean(len(index.match(document(one))) for one in articles),
        "brute": median_us(lambda one: match_entry(document(one), topics), few),
        "fts1": fts5(plain, topics, 1) if with_fts else float("nan"),
        "fts256": fts5((list(plain) * 256)[:256], topics, 256) if with_fts else float("nan"),
        "memory": memory,
        "update": statistics.median(updates),
    }


if __name__ == "__main__":
    main()
