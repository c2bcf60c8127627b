"""Ground: topics, their queries, and their matches in entries."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import field

from reformwatch.model.value import Value

ANY_LANGUAGE = "any"


class TopicKind(StrEnum):
    """What kind of promise a topic is about."""

    INVESTIGATION = "investigation"
    ADDRESS = "address"
    LAW = "law"
    PROGRAMME = "programme"
    CUSTOM = "custom"


class TopicState(StrEnum):
    """Whether a topic is matched."""

    ACTIVE = "active"
    PAUSED = "paused"


class NewTopic(Value, frozen=True, kw_only=True):
    """A topic to be added. ``queries`` maps a language code, or ``any``, to a query's text."""

    slug: str
    name: str
    kind: TopicKind = TopicKind.CUSTOM
    description: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    queries: Mapping[str, str] = field(default_factory=dict)
    pack: str | None = None


class Topic(NewTopic, frozen=True, kw_only=True):
    """A topic as it is stored."""

    id: int
    state: TopicState
    created_at: datetime
    updated_at: datetime

    def name_in(self, language: str | None) -> str:
        """The topic's name in a language; ``name`` where it has none in that language, or ``language`` is None."""
        return self.names.get(language or "", self.name)


class Strength(StrEnum):
    """Whether an entry is about a topic, or only mentions it."""

    ABOUT = "about"
    MENTION = "mention"


class Evidence(Value, frozen=True, kw_only=True):
    """A word or phrase of an entry that a part of a query matched.

    ``start`` and ``end`` are character offsets into the entry's ``field`` as stored; ``word`` is the text between
    them; ``term`` is the part of the query; ``how``: same form, prefix, name, exact.
    """

    field: str
    start: int
    end: int
    word: str
    term: str
    how: str


class Match(Value, frozen=True, kw_only=True):
    """A match of an entry by the query of a topic in a language."""

    topic_id: int
    slug: str
    language: str
    strength: Strength
    evidence: tuple[Evidence, ...]
