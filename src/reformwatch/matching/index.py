"""Matching: entries against topics.

Prospective search: the queries are stored, and each entry is matched against all of them. A query has *anchors*, any of
which must occur in the entry; dictionaries map anchors to queries; the words of a text are looked up in them, and
only the queries that they reach are evaluated (:class:`TopicIndex`). :func:`match_entry` evaluates every query: tests
and benchmarks compare the index with it.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from msgspec import Struct

from reformwatch.language.forms import forms_of
from reformwatch.language.names import names_of
from reformwatch.language.registry import LANGUAGES
from reformwatch.language.words import MAX_WORD, is_capitalised
from reformwatch.matching.query import MatchText, Node, evaluate, parse_query
from reformwatch.matching.query.anchors import Anchors, Name, Pair, Prefix, Word, anchors_of, words_of
from reformwatch.matching.query.evaluate import Span, evidence_of, is_met, lies_in, span_of
from reformwatch.matching.query.match_text import PREFIX_BUCKET
from reformwatch.matching.query.scope import Scope, head, whole
from reformwatch.matching.query.tree import How, Or, Phrase
from reformwatch.model.entry import Entry, ParsedEntry
from reformwatch.model.topic import Match, Strength

#: The end of a sentence, or of an item in a list of subjects.
_STOP: Final = re.compile(r"[.!?…]{1,3}[\"'»”)]{0,2}\s+|;\s|\n")
_ABBREVIATIONS: Final = "|".join(
    abbreviation for language in LANGUAGES.values() for abbreviation in language.abbreviations
)
_ABBREVIATION: Final = re.compile(rf"(?:^|[\s(«\"“])(?:[^\W\d_]|{_ABBREVIATIONS})$", re.IGNORECASE)
_LOOK_BACK: Final = 12
#: At most this many different words are cached with what they reach.
_MAX_REACHED: Final = 200_000
_UNKNOWN: Final = 0.0005
_SHORT_WORD: Final = 0.05


class CompiledTopic(Struct, frozen=True, kw_only=True):
    """A topic with the trees of its queries, each with its language."""

    topic_id: int
    slug: str
    queries: tuple[tuple[str, Node], ...]


def compile_topic(topic_id: int, slug: str, queries: Mapping[str, str]) -> CompiledTopic:
    """Parse the queries of a topic, by language. Raises QueryError."""
    parsed = tuple((language, parse_query(text)) for language, text in queries.items())
    return CompiledTopic(topic_id=topic_id, slug=slug, queries=parsed)


def match_text_of(entry: ParsedEntry | Entry, *, source: str, language: str | None) -> MatchText:
    """The text of an entry. ``source`` is the feed's name; ``language`` is that of the entry (None: unknown)."""
    return MatchText(
        {
            "title": entry.title,
            "summary": entry.summary,
            "content": entry.content,
            "author": entry.author,
            "source": source,
            "tag": " \n ".join(entry.tags),
            "url": entry.url or "",
            "lang": (language or "").partition("-")[0],
        }
    )


def head_of(text: MatchText) -> Scope:
    """The headline and the first sentence: a topic that occurs there is what the entry is about.

    Of a headline that lists several subjects (``;``) only the first counts.
    """
    title = text.texts["title"]
    part = "summary" if text.texts["summary"] else "content"
    return head(text, title_end=_first_item(title), part=part, sentence_end=_sentence_end(text.texts[part]))


def _first_item(title: str) -> int:
    at = title.find("; ")
    return at if at > 0 else len(title)


def _sentence_end(text: str) -> int:
    for stop in _STOP.finditer(text):
        before = text[max(0, stop.start() - _LOOK_BACK) : stop.start()]
        after = text[stop.end() : stop.end() + 1]
        is_sentence = stop.group()[0] in ";\n" or not (after.islower() or _ABBREVIATION.search(before))
        if is_sentence and stop.start() > 0:
            return stop.start()
    return len(text)


class _Verdict:
    """The best match of each topic for a text; evidence is gathered only for the matches that are kept."""

    def __init__(self, text: MatchText) -> None:
        self._text = text
        self._whole = whole(text)
        self._head: Scope | None = None
        self._best: dict[int, tuple[Strength, str, str, Node, tuple[Span, ...]]] = {}

    def consider(self, topic_id: int, slug: str, language: str, tree: Node) -> None:
        """Evaluate a query; of a topic's matches the strongest is kept, and of equal ones the first."""
        best = self._best.get(topic_id)
        if (best is not None and best[0] is Strength.ABOUT) or not is_met(tree, self._text, self._whole):
            return
        strength = Strength.ABOUT if is_met(tree, self._text, self._head_scope()) else Strength.MENTION
        if best is None or strength is Strength.ABOUT:
            self._best[topic_id] = (strength, slug, language, tree, ())

    def take(self, topic_id: int, slug: str, language: str, tree: Node, spans: tuple[Span, ...]) -> None:
        """The same for a query whose spans are known already."""
        best = self._best.get(topic_id)
        if best is not None and best[0] is Strength.ABOUT:
            return
        is_about = any(lies_in(span, self._head_scope().default) for span in spans)
        if best is None or is_about:
            strength = Strength.ABOUT if is_about else Strength.MENTION
            self._best[topic_id] = (strength, slug, language, tree, spans)

    def _head_scope(self) -> Scope:
        if self._head is None:
            self._head = head_of(self._text)
        return self._head

    def matches(self) -> tuple[Match, ...]:
        """The match of each topic, in the order of the topics' ids."""
        return tuple(
            Match(
                topic_id=topic_id,
                slug=slug,
                language=language,
                strength=strength,
                evidence=evidence_of(spans, self._text) if spans else evaluate(tree, self._text, self._whole) or (),
            )
            for topic_id, (strength, slug, language, tree, spans) in sorted(
                self._best.items(), key=lambda item: item[0]
            )
        )


def match_entry(text: MatchText, topics: Sequence[CompiledTopic]) -> tuple[Match, ...]:
    """The topics that an entry matches; every query is evaluated."""
    verdict = _Verdict(text)
    for topic in topics:
        for language, tree in topic.queries:
            verdict.consider(topic.topic_id, topic.slug, language, tree)
    return verdict.matches()


class _Slot:
    """The entry of a form in the index: the queries it anchors, alone or as the first of a pair, and its uses."""

    __slots__ = ("pairs", "queries", "seconds", "uses")

    def __init__(self) -> None:
        self.queries: set[int] = set()
        self.pairs: dict[str, set[int]] = {}
        self.seconds = 0  # number of queries that are anchored by a pair with this form as its second
        self.uses = 0  # number of queries that have this form


class _Reached:
    """What a word reaches in the index."""

    __slots__ = ("anchored", "firsts", "forms", "seconds")

    def __init__(
        self,
        forms: tuple[str, ...],
        anchored: tuple[set[int], ...],
        firsts: tuple[dict[str, set[int]], ...],
        seconds: tuple[str, ...],
    ) -> None:
        self.forms = forms  #: those of its forms that a query has
        self.anchored = anchored  #: queries that this word anchors alone
        self.firsts = firsts  #: queries that it anchors with the next word, by that word's form
        self.seconds = seconds  #: those of its forms that are the second of a pair


#: The number of a word in its text, and the queries that it anchors together with the next word.
_Neighbours = tuple[int, set[int]]
#: What most words reach.
_NOTHING: Final = _Reached((), (), (), ())


class _PlainPhrase(NamedTuple):
    """A phrase of plain words: ``lead`` of them come before the pair that is its anchor."""

    phrase: Phrase
    words: tuple[str, ...]
    lead: int


class _Query(Struct, frozen=True):
    topic_id: int
    slug: str
    language: str
    tree: Node
    anchors: Anchors
    words: tuple[str, ...]
    phrases: tuple[_PlainPhrase, ...]  # see :func:`_phrases_of`


def rough_frequency(word: str) -> float:
    """An estimate of a word's share of texts (0 to 1) without an archive: short words are common."""
    return _SHORT_WORD / len(word) if len(word) <= 3 else _UNKNOWN / len(word)


class TopicIndex:
    """Queries by their anchors. Adding or removing a topic takes microseconds: the index is not rebuilt."""

    def __init__(self, frequency: Callable[[str], float] = rough_frequency) -> None:
        self._frequency = frequency
        self._queries: dict[int, _Query] = {}
        self._of_topic: dict[int, list[int]] = {}
        self._slots: dict[str, _Slot] = {}
        self._prefixes: dict[str, dict[str, set[int]]] = {}
        self._names: dict[str, set[int]] = {}
        self._next = 0
        self._is_stale = False  # the cached words lack a form, prefix or name that was added since
        self._reached: dict[str, _Reached] = {}
        self.evaluated = 0  # number of texts for which a query was evaluated

    @classmethod
    def of(cls, topics: Iterable[CompiledTopic]) -> "TopicIndex":
        """An index of these topics."""
        index = cls()
        for topic in topics:
            index.add(topic)
        return index

    def __len__(self) -> int:
        return len(self._queries)

    def add(self, topic: CompiledTopic) -> float:
        """Add a topic; returns the estimated share of entries for which its queries will be evaluated (0 to 1)."""
        cost = 0.0
        for language, tree in topic.queries:
            anchors = anchors_of(tree, self._frequency)
            if anchors is None:  # pragma: no cover - the grammar refuses a query without a positive part
                continue
            number = self._next
            self._next += 1
            words = tuple(words_of(tree))
            phrases = _phrases_of(tree, anchors)
            self._queries[number] = _Query(topic.topic_id, topic.slug, language, tree, anchors, words, phrases)
            self._of_topic.setdefault(topic.topic_id, []).append(number)
            self._add_anchors(number, anchors, words)
            cost += anchors.cost
        return min(cost, 1.0)

    def _add_anchors(self, number: int, anchors: Anchors, words: Iterable[str]) -> None:
        slots = self._slots
        for word in words:
            slot = slots.get(word)
            if slot is None:
                slot = slots[word] = _Slot()
                self._is_stale = True
            slot.uses += 1
        for anchor in anchors.anchors:
            match anchor:
                case Word(form):
                    self._is_stale |= not slots[form].queries
                    slots[form].queries.add(number)
                case Pair(first, second):
                    self._is_stale |= not slots[first].pairs or not slots[second].seconds
                    slots[first].pairs.setdefault(second, set()).add(number)
                    slots[second].seconds += 1
                case Prefix(text):
                    self._is_stale = True
                    self._prefixes.setdefault(text[:PREFIX_BUCKET], {}).setdefault(text, set()).add(number)
                case Name(key):
                    self._is_stale = True
                    self._names.setdefault(key, set()).add(number)

    def remove(self, topic_id: int) -> None:
        """Remove a topic; without effect where it is not in the index."""
        for number in self._of_topic.pop(topic_id, ()):
            self._remove_anchors(number, self._queries.pop(number))

    def _remove_anchors(self, number: int, query: _Query) -> None:
        """Cached words may still reach sets that are now empty."""
        for anchor in query.anchors.anchors:
            match anchor:
                case Word(form):
                    self._slots[form].queries.discard(number)
                case Pair(first, second):
                    _discard(self._slots[first].pairs, second, number)
                    self._slots[second].seconds -= 1
                case Prefix(text):
                    bucket = self._prefixes[text[:PREFIX_BUCKET]]
                    _discard(bucket, text, number)
                    if not bucket:
                        del self._prefixes[text[:PREFIX_BUCKET]]
                case Name(key):
                    _discard(self._names, key, number)
        for word in query.words:
            slot = self._slots[word]
            slot.uses -= 1
            if not slot.uses:
                del self._slots[word]

    def match(self, text: MatchText) -> tuple[Match, ...]:
        """The topics that an entry matches; equal to :func:`match_entry` with all topics."""
        reached = self._reached_by_all(text.surfaces)
        candidates, neighbours = _anchored(reached)
        met = self._met_phrases(text, reached, neighbours, candidates)
        if not candidates and not met:
            return ()
        self.evaluated += 1
        if candidates:
            text.prime(_places_by_form(text, reached))
        verdict = _Verdict(text)
        for number in sorted([*candidates, *met]):
            query = self._queries[number]
            if number in met:
                verdict.take(query.topic_id, query.slug, query.language, query.tree, tuple(met[number]))
            else:
                verdict.consider(query.topic_id, query.slug, query.language, query.tree)
        matches = verdict.matches()
        text.prime(None)
        return matches

    def _met_phrases(
        self, text: MatchText, reached: Sequence[_Reached], neighbours: Iterable[_Neighbours], candidates: set[int]
    ) -> dict[int, list[Span]]:
        """The spans of plain phrases, by query, from the words at their anchors; other queries become candidates."""
        met: dict[int, list[Span]] = {}
        everywhere, places = whole(text).default, text.places
        for at, numbers in neighbours:
            for number in numbers:
                phrases = self._queries[number].phrases
                if not phrases:
                    candidates.add(number)
                for phrase, words, lead in phrases:
                    start = at - lead
                    if _occur_at(words, start, reached):
                        span = span_of(phrase, places[start])
                        is_in_one_part = places[start + len(words) - 1] == span.last
                        if is_in_one_part and lies_in(span, everywhere):
                            met.setdefault(number, []).append(span)
        return met

    def _candidates(self, text: MatchText) -> set[int]:
        """The numbers of the queries of which an anchor occurs."""
        candidates, neighbours = _anchored(self._reached_by_all(text.surfaces))
        return candidates.union(*(numbers for _, numbers in neighbours))

    def _reached_by_all(self, surfaces: Sequence[str]) -> list[_Reached]:
        """What each word reaches; cached until a form, prefix or name is added to the index."""
        if self._is_stale or len(self._reached) > _MAX_REACHED:
            self._reached = {}
            self._is_stale = False
        cached = self._reached.get
        return [cached(surface) or self._reached_by(surface) for surface in surfaces]

    def _reached_by(self, surface: str) -> _Reached:
        slots, forms = self._slots, forms_of(surface)
        used_forms = tuple(form for form in forms if form in slots)
        anchored = [slots[form].queries for form in used_forms if slots[form].queries]
        if bucket := self._prefixes.get(forms[0][:PREFIX_BUCKET]):
            anchored += [numbers for prefix, numbers in bucket.items() if forms[0].startswith(prefix)]
        if self._names and is_capitalised(surface):
            anchored += [self._names[key] for key in names_of(surface) if key in self._names]
        reached = _NOTHING
        if used_forms or anchored:
            firsts = tuple(slots[form].pairs for form in used_forms if slots[form].pairs)
            reached = _Reached(
                used_forms, tuple(anchored), firsts, tuple(form for form in used_forms if slots[form].seconds)
            )
        if len(surface) <= MAX_WORD:
            self._reached[surface] = reached
        return reached


def _anchored(reached: Sequence[_Reached]) -> tuple[set[int], list[_Neighbours]]:
    """The queries that a single word anchors; those that two neighbours anchor, with the number of the first word."""
    candidates: set[int] = set()
    neighbours: list[_Neighbours] = []
    firsts: tuple[dict[str, set[int]], ...] = ()
    for number, word in enumerate(reached):
        if word is _NOTHING:
            firsts = ()
            continue
        for numbers in word.anchored:
            candidates |= numbers
        for form in word.seconds:
            neighbours += [(number - 1, pairs[form]) for pairs in firsts if form in pairs]
        firsts = word.firsts
    return candidates, neighbours


def _phrases_of(tree: Node, anchors: Anchors) -> tuple[_PlainPhrase, ...]:
    """The phrases of a query that has only phrases of plain words; empty for any other query.

    The places of these phrases follow from their anchors and the words beside them, without an evaluation.
    """
    phrases: list[_PlainPhrase] = []
    for node in tree.children if isinstance(tree, Or) else (tree,):
        if (
            not isinstance(node, Phrase)
            or node.slop is not None
            or any(term.how is not How.FORM for term in node.terms)
        ):
            return ()
        words = tuple(term.word for term in node.terms)
        lead = next((i for i, pair in enumerate(pairwise(words)) if Pair(*pair) in anchors.anchors), None)
        if lead is None:
            return ()
        phrases.append(_PlainPhrase(node, words, lead))
    return tuple(phrases)


def _occur_at(words: Sequence[str], start: int, reached: Sequence[_Reached]) -> bool:
    """Whether the words follow one another in the text, the first at number ``start``."""
    if start < 0 or start + len(words) > len(reached):
        return False
    for word in words:
        if word not in reached[start].forms:
            return False
        start += 1
    return True


def _discard(numbers: dict[str, set[int]], key: str, number: int) -> None:
    """Remove a query from the set of a key, and the key with its last query."""
    numbers[key].discard(number)
    if not numbers[key]:
        del numbers[key]


def _places_by_form(text: MatchText, reached: Sequence[_Reached]) -> Mapping[str, list[int]]:
    places: dict[str, list[int]] = defaultdict(list)
    for place, word in zip(text.places, reached, strict=True):
        for form in word.forms:
            places[form].append(place)
    return places


def learned_frequency(texts: Iterable[MatchText]) -> Callable[[str], float]:
    """The share of an archive's texts that have a form (0 to 1), as a function; an estimate for all other forms."""
    counts: dict[str, int] = {}
    total = 0
    for text in texts:
        total += 1
        for form in {form for forms in text.forms for form in forms}:
            counts[form] = counts.get(form, 0) + 1
    if total == 0:
        return rough_frequency
    return lambda word: counts[word] / total if word in counts else min(rough_frequency(word), 0.5 / total)
