"""The rules for feed readers, judged by the record of a world of feeds (:mod:`politeness`), and the score as a table.

The ids in a rule's name are rows of docs/faults.md. A judge yields a sentence for each request that it looked at: an
empty one, or what was wrong with it.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from politeness import CONTACT, DAY, HOUR, Record, Visit
from reformwatch.model.feed import FeedState, NoticeKind
from spoken import sentence

Sentences = Iterator[str]

_LONGEST_WISH = timedelta(days=30)
_GIVEN_UP_AFTER = timedelta(days=14)
_JITTER = 1.1
_USER_AGENT = re.compile(rf"reformwatch/\d+\.\d+\S* \(\+{re.escape(CONTACT)}\)")
_HEADERS = {b"host", b"user-agent", b"accept", b"accept-encoding", b"if-none-match", b"if-modified-since"}
_NO_VALIDATOR = {b"", b"null", b"none", b"undefined"}


@dataclass(frozen=True)
class Rule:
    """A rule, and who judges it. ``needs_all``: only the whole month shows whether it was kept."""

    name: str
    words: str
    judge: Callable[[Record], Sentences]
    needs_all: bool = False


@dataclass(frozen=True)
class Score:
    """What came of a rule."""

    rule: Rule
    judged: int
    violations: list[str]


def scores(record: Record, *, is_whole: bool = True) -> list[Score]:
    """The score of each rule that can be judged by this record: a month, or some part of it."""
    found = []
    for rule in RULES if is_whole else [rule for rule in RULES if not rule.needs_all]:
        sentences = list(rule.judge(record))
        found.append(Score(rule, len(sentences), [sentence for sentence in sentences if sentence]))
    return found


def table(found: Iterable[Score]) -> str:
    """The scores for a person."""
    head = f"{'rule':34} {'judged':>7} {'violations':>10}  what it asks for"
    rows = [f"{s.rule.name:34} {s.judged:7} {len(s.violations):10}  {s.rule.words}" for s in found]
    return "\n".join([head, "-" * 120, *rows])


def complaints(found: Iterable[Score], *, most: int = 5) -> str:
    """The first violations of each rule that was broken."""
    lines: list[str] = []
    for score in found:
        if score.violations:
            lines.append(f"{score.rule.name}: {score.rule.words}: {len(score.violations)} violations of {score.judged}")
            lines += [f"    {sentence}" for sentence in score.violations[:most]]
    return "\n".join(lines)


def _said(is_fine: object, visit: object, wrong: str = "") -> str:
    return "" if is_fine else f"{wrong + ': ' if wrong else ''}{visit}"


def _pairs(record: Record) -> Iterator[tuple[Visit, Visit]]:
    """A poll of a feed and its next."""
    for site in record.added:
        yield from pairwise(record.ends_of(site.name))


def _gap(earlier: Visit, later: Visit) -> timedelta:
    return later.at - earlier.at


# --- validators -------------------------------------------------------------------------------------------------------


def _of_feeds(record: Record) -> list[Visit]:
    return [visit for visit in record.visits if visit.is_of_feed]


def judge_modified(record: Record) -> Sentences:
    for visit in _of_feeds(record):
        if visit.held and visit.held[1] is not None:
            yield _said(visit.sent[1] == visit.held[1], visit)


def judge_etag(record: Record) -> Sentences:
    for visit in _of_feeds(record):
        if visit.held and visit.held[0] is not None:
            yield _said(visit.sent[0] == visit.held[0], visit)


def judge_nothing_invented(record: Record) -> Sentences:
    for visit in _of_feeds(record):
        held = visit.held or (None, None)
        for sent, given in zip(visit.sent, held, strict=True):
            if given is None:
                yield _said(sent is None, visit, "invented")
            else:
                yield _said(sent is None or sent.strip().lower() not in _NO_VALIDATOR, visit, "blank")


def judge_one_set(record: Record) -> Sentences:
    for visit in _of_feeds(record):
        if visit.held:
            yield _said(visit.sent == visit.held, visit)


def judge_kept_through_errors(record: Record) -> Sentences:
    for earlier, later in _pairs(record):
        if earlier.answer.is_error and later.held:
            yield _said(later.sent == later.held, later, f"after {earlier.answer.status}")


def judge_one_unconditional(record: Record) -> Sentences:
    """Feeds whose first document had validators, and which never dropped them."""
    for site in record.added:
        visits = record.ends_of(site.name)
        documents = [visit.answer for visit in visits if visit.answer.is_feed]
        if documents and all(answer.header("ETag") or answer.header("Last-Modified") for answer in documents):
            first = next(n for n, visit in enumerate(visits) if visit.answer.is_feed)
            bare = [visit for visit in visits[first + 1 :] if visit.sent == (None, None)]
            yield _said(not bare, bare[0] if bare else "", f"{1 + len(bare)} unconditional requests")


# --- when -------------------------------------------------------------------------------------------------------------


def _judge_wish(by: str) -> Callable[[Record], Sentences]:
    """The owner's wish is kept, within 30 days."""

    def judge(record: Record) -> Sentences:
        for site in record.added:
            visits = record.ends_of(site.name)
            for earlier, later in pairwise(visits):
                if earlier.answer.wish is not None and earlier.answer.by == by:
                    wish = min(earlier.answer.wish, _LONGEST_WISH)
                    yield _said(_gap(earlier, later) >= wish, later, f"{wish} were asked for")
            if visits and visits[-1].answer.by == by:
                yield ""  # the last one is kept until the end of the world

    return judge


def judge_bare_slow_down(record: Record) -> Sentences:
    row: Counter[str] = Counter()
    for earlier, later in _pairs(record):
        if earlier.answer.status in {429, 503} and earlier.answer.wish is None:
            row[earlier.site.name] += 1
            least = HOUR * min(2 ** row[earlier.site.name], 4)
            yield _said(_gap(earlier, later) >= least, later, f"{least} after a bare {earlier.answer.status}")
        else:
            row[earlier.site.name] = 0


def judge_never_early(record: Record) -> Sentences:
    for visit in record.visits:
        if not visit.answer.is_redirect and visit.is_of_feed:
            yield _said(visit.at >= visit.due, visit)


def judge_spread(record: Record) -> Sentences:
    """The waits of one length differ, upwards only."""
    for site in record.added:
        waits = [
            plan.after.next_poll_at - plan.after.last_polled_at
            for name, plan in record.plans
            if name == site.name and plan.after.last_polled_at is not None
        ]
        daily = [wait for wait in waits if DAY <= wait <= DAY * _JITTER]
        if len(daily) >= 12:
            yield _said(max(daily) - min(daily) >= 0.05 * DAY, site.host, "all waits alike")


def judge_hourly(record: Record) -> Sentences:
    """An address is asked once an hour at most; more often with its owner's leave only."""
    last: dict[tuple[str, bytes], Visit] = {}
    for visit in record.visits:
        address = (visit.site.host, visit.asked.target)
        earlier, last[address] = last.get(address), visit
        if earlier is not None:
            least = visit.site.leave or HOUR
            yield _said(_gap(earlier, visit) >= least, visit, f"after {_gap(earlier, visit)}")


def judge_growth(record: Record) -> Sentences:
    """Two weeks without news, and no wish of anybody: once a day."""
    for site in record.added:
        for earlier, later in pairwise(record.ends_of(site.name)):
            if site.wish or site.wish_304 or site.leave or site.skip_hours or site.skip_days or site.episodes:
                continue
            if _still_since(record, earlier) > timedelta(days=14):
                gap, most = _gap(earlier, later), DAY * _JITTER + record.step
                yield _said(DAY <= gap <= most, later, f"a wait of {gap}")


def _still_since(record: Record, visit: Visit) -> timedelta:
    """For how long a feed had brought nothing new when it was asked."""
    age = visit.at - record.visits[0].at
    site = next(site for site in record.sites if site.host == visit.site.host)
    return age - max([at for at in site.news if at <= age], default=timedelta())


def judge_back_on_change(record: Record) -> Sentences:
    """After the first news in a long while, the pace is that of the beginning: six hours at most."""
    for site in record.added:
        if site.wish or site.skip_hours or site.skip_days:
            continue
        known = 0
        for before, earlier, later in zip(*(record.ends_of(site.name)[n:] for n in range(3)), strict=False):
            known = max(known, before.answer.edition)
            if _gap(before, earlier) >= DAY and earlier.answer.edition > known > 0 and later.answer.status < 400:
                most = 6 * HOUR * _JITTER + record.step
                yield _said(_gap(earlier, later) <= most, later, f"{_gap(earlier, later)} after news")


def judge_skips(record: Record) -> Sentences:
    """A tick comes up to a step after the due time, and may come when that hour has just ended."""
    for visit in record.visits:
        if visit.held and (visit.site.skip_hours or visit.site.skip_days):
            meant = max(visit.due, visit.at - record.step)
            is_skipped = meant.hour in visit.site.skip_hours or meant.weekday() in visit.site.skip_days
            yield _said(not is_skipped, visit, f"{visit.at:%A %H:%M}")


# --- the request ------------------------------------------------------------------------------------------------------


def judge_get(record: Record) -> Sentences:
    for visit in record.visits:
        yield _said(visit.asked.method == b"GET", visit)


def judge_user_agent(record: Record) -> Sentences:
    for visit in record.visits:
        agent = visit.asked.headers.get(b"user-agent", b"").decode("latin-1")
        yield _said(_USER_AGENT.fullmatch(agent), visit, agent)


def judge_gzip(record: Record) -> Sentences:
    for visit in record.visits:
        yield _said(visit.asked.headers.get(b"accept-encoding") == b"gzip", visit)


def judge_no_more_headers(record: Record) -> Sentences:
    """No cookie, no referrer, nothing that is not needed."""
    for visit in record.visits:
        more = set(visit.asked.headers) - _HEADERS - ({b"authorization"} if visit.site.user else set())
        yield _said(not more, visit, f"{more}")


def judge_password(record: Record) -> Sentences:
    """A password goes to the origin that it was given for, and nowhere else."""
    for visit in record.visits:
        if any(site.user for site in record.sites if site.name == visit.site.name):
            is_sent = b"authorization" in visit.asked.headers
            yield _said(is_sent == bool(visit.site.user), visit)


def judge_no_guesses(record: Record) -> Sentences:
    """Only stored addresses and where redirects lead; robots.txt once a day where entries may have been missed."""
    for asked in record.strays:
        yield f"a host that nobody named: {asked.raw!r}"
    robots: dict[str, Visit] = {}
    for visit in record.visits:
        if visit.is_of_feed:
            yield ""
            continue
        is_robots = visit.asked.target == b"/robots.txt" and visit.site.turns_over
        earlier, robots[visit.site.host] = robots.get(visit.site.host), visit
        yield _said(is_robots and (earlier is None or _gap(earlier, visit) >= DAY), visit)


# --- redirects and ends -----------------------------------------------------------------------------------------------


def judge_moved(record: Record) -> Sentences:
    """The old address is asked until the new one worked, and the new one is stored."""
    for site in record.added:
        if site.ends_at:
            url = record.feeds[site.name].url
            yield _said(url == f"http://{site.ends_at}.example/feed.xml", url, "stored in the end")
            visits = record.of(site.name)
            works = next((n for n, visit in enumerate(visits) if visit.site.host == site.ends_at and _works(visit)), 0)
            for visit in visits[works:]:
                yield _said(visit.site.host == site.ends_at, visit)


def _works(visit: Visit) -> bool:
    return visit.answer.is_feed or visit.answer.status == 304


def judge_not_moved(record: Record) -> Sentences:
    """Temporary redirects, and permanent ones to what is no feed, are not stored: each poll begins at the old one."""
    for site in record.added:
        if not site.ends_at:
            url = record.feeds[site.name].url
            yield _said(url == site.address, url, f"{site.host} is stored as")
            elsewhere = [v for v in record.ends_of(site.name) if v.site.host != site.host]
            begun = Counter(visit.at for visit in record.of(site.name) if visit.site.host == site.host)
            for visit in elsewhere:
                yield _said(begun[visit.at] == 1, visit, "without asking the stored address")


def judge_errors_told(record: Record) -> Sentences:
    for site in record.added:
        problem = sentence(record.feeds[site.name].poll.problem)
        if site.trouble:
            is_told = site.trouble in problem and len(problem.splitlines()) == 1
            yield _said(is_told, problem, f"{site.host}: told should be {site.trouble!r}, told is")
        else:
            yield _said(not problem, problem, f"{site.host}: nothing is wrong, told is")


def judge_gone(record: Record) -> Sentences:
    """410 is the end, and the operator is told."""
    told = {notice.feed_id for notice in record.notices if notice.kind is NoticeKind.GONE}
    for site in record.added:
        visits = record.ends_of(site.name)
        end = next((n for n, visit in enumerate(visits) if visit.answer.status == 410), None)
        if end is not None:
            yield _said(len(visits) == end + 1, visits[-1], "asked after its end")
            feed = record.feeds[site.name]
            yield _said(feed.state is FeedState.GONE and feed.id in told, site.host, "nobody was told")


def judge_given_up(record: Record) -> Sentences:
    """What has failed by its own fault for two weeks is asked once a week; failures double before that."""
    for site in record.added:
        since = None
        for earlier, later in pairwise(record.ends_of(site.name)):
            is_hard = earlier.answer.is_error and earlier.answer.status < 500
            since = (since or earlier.at) if is_hard else None
            if since is not None and earlier.at - since >= _GIVEN_UP_AFTER:
                yield _said(_gap(earlier, later) >= timedelta(days=7), later, f"fails since {since}")
            elif since is not None and earlier.at > since + DAY:
                yield _said(_gap(earlier, later) >= 12 * HOUR, later, f"fails since {since}")


def judge_news(record: Record) -> Sentences:
    """What appeared is found, but where the owner's own wishes are in the way."""
    for site in record.added:
        if not site.is_lost:
            shown = site.titles(record.ended - 2 * DAY)[max(0, 10 - site.window) :]
            missing = set(shown) - record.titles(site.name)
            yield _said(not missing, sorted(missing), f"{site.host}: not found")


RULES = [
    Rule("FRB001 FRB002 C01 C02", "Last-Modified goes back byte for byte", judge_modified),
    Rule("FRB003 FRB004 C01 C02", "ETag goes back byte for byte", judge_etag),
    Rule("FRB012 FRB013", "no validator is invented, blank or null", judge_nothing_invented),
    Rule("FRB014 C03 C04", "both are one set, from the last 200 alone", judge_one_set),
    Rule("FRB016 C07", "kept through 429, 503 and errors", judge_kept_through_errors),
    Rule("C01", "one unconditional request ever (feeds)", judge_one_unconditional),
    Rule("FRB020 C06", "Retry-After is kept", _judge_wish("retry-after")),
    Rule("FRB021 C06 C07", "a bare 429 or 503 slows down", judge_bare_slow_down),
    Rule("FRB022 C04 C05", "max-age is kept", _judge_wish("max-age")),
    Rule("FRB022 C24", "Expires minus Date is kept", _judge_wish("expires")),
    Rule("FRB023 C18 C20", "what brings nothing is asked once a day", judge_growth),
    Rule("C18", "the first news bring the pace back", judge_back_on_change),
    Rule("FRB024 C17", "ttl is kept, through 304s", _judge_wish("ttl")),
    Rule("FRB024 C17", "updatePeriod slows down", _judge_wish("update period")),
    Rule("FRB024 C17", "nothing in skipHours and skipDays", judge_skips),
    Rule("FRB034 C24", "an hour between two requests to an address", judge_hourly),
    Rule("FRB037 C19", "never earlier than due", judge_never_early),
    Rule("C19", "waits are spread by 5 % or more (feeds)", judge_spread),
    Rule("FRB050", "GET", judge_get),
    Rule("FRB080-FRB090 C14", "User-Agent with version and contact", judge_user_agent),
    Rule(
        "FRB101 FRB102 FRB120 C22 D12", "what is wrong is told, and no more (feeds)", judge_errors_told, needs_all=True
    ),
    Rule("FRB110-FRB119 C13", "410 ends it, and is told", judge_gone, needs_all=True),
    Rule("FRB110-FRB119 C13 C22", "errors slow down, to once a week", judge_given_up),
    Rule("FRB130-FRB132 C10", "301 and 308 to a feed are stored", judge_moved, needs_all=True),
    Rule("FRB133 C11 C12", "302, 303, 307 and bad 301s are not", judge_not_moved, needs_all=True),
    Rule("FRB141", "gzip is accepted", judge_gzip),
    Rule("C15", "no cookies, no referrer, no other headers", judge_no_more_headers),
    Rule("C15", "no guessed addresses, the query as given", judge_no_guesses),
    Rule("C23", "a password stays with its origin", judge_password),
    Rule("all of them", "all news were found (feeds)", judge_news, needs_all=True),
]
