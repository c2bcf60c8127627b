"""Feeds for tests of pure functions, with the fields of their poll state given beside their own."""

from typing import Any

from msgspec.structs import replace

from reformwatch.model.feed import Feed, PollState


def make_feed(**values: Any) -> Feed:
    """A feed; what is a field of :class:`PollState` goes there."""
    polled = {name: values.pop(name) for name in PollState.__struct_fields__ if name in values}
    return Feed(poll=PollState(**polled), **values)


def changed(feed: Feed, **values: Any) -> Feed:
    """The feed with other values, sorted as in :func:`make_feed`."""
    polled = {name: values.pop(name) for name in PollState.__struct_fields__ if name in values}
    return replace(feed, poll=replace(feed.poll, **polled), **values)
