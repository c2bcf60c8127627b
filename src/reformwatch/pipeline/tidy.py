"""Pipeline: tidying: old entries leave the archive, with the gaps and notices of their time; idle hosts as well."""

import logging
from datetime import datetime, timedelta

from reformwatch.store import Store, hosts
from reformwatch.store.entries import remove_entries_before
from reformwatch.store.gaps import remove_gaps_before
from reformwatch.store.notices import remove_notices_before

log = logging.getLogger(__name__)


def tidy(store: Store, *, keep: timedelta, now: datetime) -> int:
    """Delete entries older than ``keep``, but those of alerts that somebody was sent; how many."""
    with store.write() as tx:
        removed = remove_entries_before(tx, now - keep)
        remove_gaps_before(tx, now - keep)
        remove_notices_before(tx, now - keep)
        hosts.remove_idle(tx, now=now)
    if removed:
        log.info("tidy: %d entries older than %d days removed from the archive", removed, keep.days)
    return removed
