"""The judges of politeness are judged themselves: a reader that has none is found out."""

import http.client
from collections.abc import Iterator

import pytest

from conftest import NOW as START
from politeness import HOUR, Clock, PolitenessServer, Record, Site
from politeness_rules import scores, table
from politeness_sites import MINUTE, all_sites
from servers import LOOPBACK

#: Judged by what a reader wrote down, or by weeks.
NOT_SEEN = {"C18", "C19", "FRB023 C18 C20", "FRB110-FRB119 C13"}


@pytest.fixture
def record() -> Iterator[Record]:
    """A day and a half of a reader that asks everybody twice an hour, and knows nothing of what it was told."""
    sites = all_sites(begins=4 * HOUR)
    clock = Clock(START)
    with PolitenessServer(sites, clock) as server:
        for tick in range(72):
            server.due = {site.name: clock.now + MINUTE for site in sites}
            for site in sites:
                ask_rudely(site, site.path if tick else "/favicon.ico", server.port, invents=tick % 2 == 0)
            clock.now += 30 * MINUTE
        yield Record(step=30 * MINUTE, sites=sites, visits=server.visits, strays=server.strays)


def ask_rudely(site: Site, target: str, port: int, *, invents: bool) -> None:
    """A POST with a cookie, a referrer, a password that is not the site's, and no validators but invented ones."""
    headers = {"Host": f"{site.host}.example", "Cookie": "id=1", "Referer": "http://other.example/"}
    headers |= {"Authorization": "Basic cmVhZGVyOnNlY3JldA=="} | ({"If-None-Match": "null"} if invents else {})
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=60)
    connection.request("POST", target, headers=headers)
    connection.getresponse().read()
    connection.close()


@pytest.mark.slow
def test_a_reader_without_politeness_breaks_every_rule_that_a_day_can_show(record: Record) -> None:
    found = scores(record, is_whole=False)
    unbroken = {score.rule.name for score in found if not score.violations}
    assert unbroken <= NOT_SEEN, f"not found out: {unbroken - NOT_SEEN}\n{table(found)}"
