"""Pipeline: how feeds and addresses are named in the log: without user and password. # trust: D25."""

import re
from typing import Final

from reformwatch.model.feed import Feed

_USER_PART: Final = re.compile(r"//[^/@]*@")


def without_user(text: str) -> str:
    """A text whose addresses have no user and no password."""
    return _USER_PART.sub("//", text)


def poll_fields(feed: Feed) -> dict[str, str]:
    """The fields of log records of one poll of a feed: its address, and an id that all of them share."""
    run = (feed.lease_token or "").rpartition(":")[2][:12]
    return {"feed": without_user(feed.url), "poll_id": f"{run}-{feed.id}"}


def feed_named(feed: Feed) -> str:
    """A feed by name and address."""
    url = without_user(feed.url)
    return f"{feed.name} <{url}>" if feed.name else url
