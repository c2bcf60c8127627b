"""Pipeline: the index of the active topics, kept between polls; a change of a topic replaces that topic alone."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from reformwatch.matching.index import TopicIndex, compile_topic, learned_frequency, match_text_of, rough_frequency
from reformwatch.matching.query import MatchText
from reformwatch.model.topic import Topic
from reformwatch.store import Tx
from reformwatch.store.entries import all_entries
from reformwatch.store.topics import list_topics, topics_version

#: With fewer queries the choice of anchors saves less time than reading a sample of the archive takes.
_LEARN_FROM: Final = 200
_SAMPLE: Final = 1_000


class TopicIndexCache:
    """The active topics, ready to be matched; a change takes effect at the next poll, without rebuilding the rest."""

    def __init__(self) -> None:
        self._version: str | None = None
        self._topics: dict[int, tuple[str, dict[str, str]]] = {}
        self._index: TopicIndex | None = None

    def get(self, tx: Tx) -> TopicIndex:
        """The index of all active topics, as the database has them now."""
        version = topics_version(tx)
        if self._index is None or version != self._version:
            self._bring_up_to_date(tx, list_topics(tx, only_active=True))
            self._version = version
        assert self._index is not None  # noqa: S101 - made a line above
        return self._index

    def _bring_up_to_date(self, tx: Tx, topics: list[Topic]) -> None:
        if self._index is None:
            queries = sum(len(topic.queries) for topic in topics)
            known = learned_frequency(_sample(tx)) if queries >= _LEARN_FROM else rough_frequency
            self._index = TopicIndex(known)
        wanted = {topic.id: (topic.slug, dict(topic.queries)) for topic in topics}
        for topic_id, indexed in list(self._topics.items()):
            if wanted.get(topic_id) != indexed:
                self._index.remove(topic_id)
                del self._topics[topic_id]
        for topic_id, (slug, queries_of) in wanted.items():
            if topic_id not in self._topics:
                self._index.add(compile_topic(topic_id, slug, queries_of))
                self._topics[topic_id] = (slug, queries_of)


def _sample(tx: Tx) -> Iterator[MatchText]:
    for entry in islice(all_entries(tx), _SAMPLE):
        yield match_text_of(entry, source=entry.feed_name, language=entry.language)
