"""Pipeline: the topics, compiled anew only when one has changed."""

from reformwatch.core.match import CompiledTopic, compile_topics
from reformwatch.store import Tx
from reformwatch.store.topics import list_topics, topics_version


class TopicBook:
    """The active topics, ready to be matched; a change takes effect at the next poll."""

    def __init__(self) -> None:
        self._version: str | None = None
        self._topics: tuple[CompiledTopic, ...] = ()

    def topics(self, tx: Tx) -> tuple[CompiledTopic, ...]:
        """What is to be matched now."""
        version = topics_version(tx)
        if version != self._version:
            self._topics = compile_topics(list_topics(tx, only_active=True))
            self._version = version
        return self._topics
