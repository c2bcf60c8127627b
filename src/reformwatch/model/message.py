"""Ground: an alert as one subscriber will see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reformwatch.model.value import Value


@dataclass(frozen=True, kw_only=True)
class Message(Value):
    """All the forms of one message; a channel takes the one it can carry.

    ``thread`` names the topic whose mails form one thread; ``payload`` is the webhook's body before it is signed.
    """

    subject: str
    text: str
    html: str
    thread: str
    payload: Mapping[str, Any]
    language: str
