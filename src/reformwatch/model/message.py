"""Ground: the message of a delivery, as its subscriber will see it."""

from collections.abc import Mapping
from typing import Any, Final

from reformwatch.model.value import Value

#: Private characters around the words that matched; foreign text has none of them (``text.clean`` removes them).
MARK_ON: Final = "\ue000"
MARK_OFF: Final = "\ue001"


class Message(Value, frozen=True, kw_only=True):
    """All forms of a message; a channel sends the form that it can carry.

    ``thread`` names the topic whose mails form a thread; ``payload`` is the webhook's body before it is signed.
    """

    subject: str
    marked_text: str
    html: str
    thread: str
    payload: Mapping[str, Any]
    language: str

    @property
    def text(self) -> str:
        """Plain text, the words that matched between asterisks."""
        return self.marked_text.replace(MARK_ON, "*").replace(MARK_OFF, "*")
