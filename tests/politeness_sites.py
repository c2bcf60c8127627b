"""The sites of the world of :mod:`politeness`: each has one behaviour that a polite reader of feeds must handle."""

from collections.abc import Callable
from datetime import timedelta

from conftest import NOW as START
from politeness import DAY, HOUR, Answer, Episode, Headers, Site, Stamps, http_time

MINUTE = timedelta(minutes=1)
_OLD = http_time(START - 30 * DAY)


# --- validators -------------------------------------------------------------------------------------------------------


def written(*, etag: str | None = None, modified: str | None = None) -> Stamps:
    """Validators by a pattern with the edition's number in it."""

    def stamps(edition: int, _age: timedelta) -> tuple[str | None, str | None]:
        return (
            None if etag is None else etag.format(edition),
            None if modified is None else modified.format(edition),
        )

    return stamps


def changing(before: Stamps, after: Stamps, *, at: timedelta) -> Stamps:
    """One kind of validators until an age of the world, another from then on."""
    return lambda edition, age: (before if age < at else after)(edition, age)


def dated(edition: int, _age: timedelta) -> tuple[None, str]:
    """Last-Modified alone, as an honest server says it."""
    return None, http_time(START - 100 * DAY + edition * HOUR)


def both(edition: int, age: timedelta) -> tuple[str, str]:
    """ETag and Last-Modified."""
    return f'"{edition}"', dated(edition, age)[1]


ETAG = written(etag='"{}"')


def validator_sites() -> list[Site]:
    """All kinds of validators, and what becomes of them."""
    odd = {
        "etag-weak": 'W/"{}"', "etag-lower-weak": 'w/"{}"', "etag-bare": "{}", "etag-blanks": '"a b, c; d {}"',
        "etag-latin": '"\xe9\xff\x80 {}"', "etag-quotes": '"a""b\\{}"', "etag-zip": '"{}-gzip"', "etag-null": "null-{}",
        "etag-long": '"' + "e" * 3_000 + '{}"',
    }  # fmt: skip
    odd_dates = {"date-iso": "2022-03-12 10:{}", "date-words": "edition {}", "date-latin": "s\xe1bado {} \xff"}
    return [
        Site(host="etag-only", stamps=ETAG),
        Site(host="date-only", stamps=dated),
        Site(host="both-stamps", stamps=both),
        Site(host="no-stamps"),
        *(Site(host=host, stamps=written(etag=text)) for host, text in odd.items()),
        *(Site(host=host, stamps=written(modified=text)) for host, text in odd_dates.items()),
        Site(host="etag-blank", stamps=written(etag="", modified="edition {}")),
        Site(host="drops-etag", stamps=changing(both, dated, at=2.1 * DAY)),
        Site(host="drops-date", stamps=changing(both, ETAG, at=2.1 * DAY)),
        Site(host="drops-both", stamps=changing(both, written(), at=2.1 * DAY)),
        Site(host="gains-etag", stamps=changing(dated, both, at=2.1 * DAY)),
        Site(host="other-etag-in-304", stamps=ETAG, also_304=lambda _age: (("ETag", '"other"'),)),
    ]


# --- when to come again -----------------------------------------------------------------------------------------------


def cache(value: str) -> Callable[[timedelta], Headers]:
    """A Cache-Control header."""
    return lambda _age: (("Cache-Control", value),)


def expires(after: timedelta, *, wrong_by: timedelta = timedelta()) -> Callable[[timedelta], Headers]:
    """Expires and Date of a server whose clock may be wrong."""

    def headers(age: timedelta) -> Headers:
        date = START + age + wrong_by
        return (("Date", http_time(date)), ("Expires", http_time(date + after)))

    return headers


def busy(host: str, *, stamps: Stamps, also: Callable[[timedelta], Headers], leave: timedelta | None) -> Site:
    """For two hours on the third day entries push one another out of a short document."""
    news = tuple(2 * DAY + n * 4 * MINUTE for n in range(30))
    return Site(
        host=host, stamps=stamps, also=also, also_304=also, news=news, window=3, every=None, wish=leave, by="max-age",
        leave=leave, is_lost=True, turns_over=True,
    )  # fmt: skip


def timing_sites() -> list[Site]:
    """max-age, Expires, ttl, skipHours, skipDays; feeds that rarely or never have news."""
    hours, days = frozenset({0, 1, 2, 3, 4, 5, 12}), frozenset({5, 6})
    skip_hours = f"<skipHours>{''.join(f'<hour>{hour}</hour>' for hour in hours)}</skipHours>"
    skip_days = "<skipDays><day>Saturday</day><day>Sunday</day></skipDays>"
    never = cache("no-store, no-cache")
    period = "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>"
    return [
        Site(host="age-2-days", stamps=ETAG, also=cache("max-age=172800"), wish=2 * DAY, by="max-age"),
        Site(host="age-on-200", stamps=ETAG, also=cache("public, max-age=18000"), wish=5 * HOUR, by="max-age"),
        Site(host="age-on-304", stamps=ETAG, also_304=cache("max-age=28800"), wish_304=8 * HOUR, by="max-age"),
        busy("busy-with-leave", stamps=ETAG, also=cache("max-age=600"), leave=10 * MINUTE),
        busy("busy", stamps=ETAG, also=lambda _age: (), leave=None),
        Site(host="expires", stamps=ETAG, also=expires(7 * HOUR), also_304=expires(7 * HOUR), wish=7 * HOUR,
             by="expires"),
        Site(host="wrong-clock", also=expires(6 * HOUR, wrong_by=400 * DAY), wish=6 * HOUR, by="expires"),
        Site(host="slow-clock", also=expires(6 * HOUR, wrong_by=-400 * DAY), wish=6 * HOUR, by="expires"),
        Site(host="expires-0", stamps=ETAG, also=lambda age: (("Expires", "0"), *never(age)), also_304=never),
        Site(host="ttl", channel="<ttl>240</ttl>", wish=4 * HOUR, by="ttl"),
        Site(host="ttl-304", stamps=both, channel="<ttl>2160</ttl>", wish=36 * HOUR, by="ttl"),
        Site(host="update-period", stamps=ETAG, channel=period, wish=12 * HOUR, by="update period"),
        Site(host="skip-hours", channel=skip_hours, skip_hours=hours),
        Site(host="skip-hours-304", stamps=ETAG, channel=skip_hours, skip_hours=hours),
        Site(host="skip-days-304", stamps=ETAG, channel=skip_days, skip_days=days),
        Site(host="rare", stamps=both, news=(24.3 * DAY,)),
        Site(host="rare-undated", stamps=both, news=(24.3 * DAY,), every=None),
        Site(host="silent", stamps=ETAG, news=()),
        Site(host="empty-dates", stamps=ETAG, news=(5 * DAY,), every=None),
        Site(host="deaf", is_deaf=True, stamps=both),
        Site(host="deaf-silent", is_deaf=True, news=()),
        Site(host="deaf-noisy", is_deaf=True, stamps=ETAG, noise=True),
        Site(host="turns-over", stamps=ETAG, window=3, turns_over=True,
             news=(7 * DAY, 7 * DAY + MINUTE, 7 * DAY + 2 * MINUTE)),
    ]  # fmt: skip


# --- errors -----------------------------------------------------------------------------------------------------------


def error(status: int, *headers: tuple[str, str], body: bytes = b"no", wish: timedelta | None = None) -> Answer:
    """A reply that is no document."""
    return Answer(status=status, headers=headers, body=body, wish=wish, by="retry-after" if wish else "")


def slow_down(host: str, begins: timedelta, status: int, text: str = "", *, wish: timedelta | None = None) -> Site:
    """For two days it asks for fewer requests."""
    headers = (("Retry-After", text),) if text else ()
    episode = Episode(begins=begins, ends=begins + 2 * DAY, answer=lambda _age: error(status, *headers, wish=wish))
    return Site(host=host, stamps=both, every=None, episodes=(episode,))


def _until(wait: timedelta, age: timedelta) -> Answer:
    return error(503, ("Retry-After", http_time(START + age + wait)), wish=wait)


def trouble(host: str, answer: Answer, *, begins: timedelta, ends: timedelta | None = None, told: str = "") -> Site:
    """An error for some time, or from some time on."""
    episode = Episode(begins=begins, ends=ends or 1_000 * DAY, answer=lambda _age: answer)
    return Site(host=host, stamps=both, episodes=(episode,), trouble=told, is_lost=ends is None)


_PAGE = b"<!doctype html><html><head><title>Welcome</title></head><body>Log in</body></html>"
PAGE = Answer(headers=(("Content-Type", "text/html"), ("ETag", '"page"'), ("Last-Modified", _OLD)), body=_PAGE)
_CHALLENGE = error(403, ("cf-mitigated", "challenge"), body=b"<html>Just a moment...</html>")


def error_sites(begins: timedelta) -> list[Site]:
    """429 and 503 in all spellings, errors for days and for ever."""
    ends, never = begins + 4 * DAY, timedelta()
    date = Episode(begins=begins, ends=begins + 2 * DAY, answer=lambda age: _until(9 * HOUR, age))
    years = Episode(ends=HOUR, answer=lambda _age: error(429, ("Retry-After", "315360000"), wish=3_650 * DAY))
    return [
        slow_down("429-seconds", begins, 429, "43200", wish=12 * HOUR),
        slow_down("503-seconds", begins, 503, "43200", wish=12 * HOUR),
        Site(host="503-date", stamps=both, every=None, episodes=(date,)),
        *(slow_down(f"429-{n}", begins, 429, text) for n, text in enumerate(["0", "-5", "soon", "1e9", "1.5"])),
        slow_down("429-bare", begins, 429),
        slow_down("503-bare", begins, 503),
        Site(host="429-ten-years", stamps=both, episodes=(years,)),
        trouble("410-later", error(410), begins=begins + 7 * DAY, told="410"),
        trouble("404-for-days", error(404), begins=begins, ends=ends),
        trouble("404-for-ever", error(404), begins=begins, told="404"),
        trouble("500-for-days", error(500), begins=begins, ends=ends),
        trouble("page-for-days", PAGE, begins=begins, ends=ends),
        trouble("page-for-ever", PAGE, begins=never, told="a web page, not a feed"),
        trouble("challenge-for-days", _CHALLENGE, begins=begins, ends=ends),
        trouble("challenge-for-ever", _CHALLENGE, begins=never, told="a block page against robots"),
        trouble("empty-for-ever", Answer(headers=(("ETag", '"0"'),)), begins=never, told="empty"),
    ]


# --- redirects, and what must not be sent -----------------------------------------------------------------------------


def leads(status: int, host: str, *, begins: timedelta = timedelta(), ends: timedelta | None = None) -> Episode:
    """A redirect to another host's feed."""
    to = (("Location", f"http://{host}.example/feed.xml"),)
    return Episode(begins=begins, ends=ends or 1_000 * DAY, answer=lambda _age: Answer(status=status, headers=to))


def way(family: str, *statuses: int, ends_at: bool, begins: timedelta) -> list[Site]:
    """Redirects one after the other, the last one to a working feed."""
    hosts = [family, *(f"{family}-{n}" for n in range(1, len(statuses) + 1))]
    end = hosts[-1] if ends_at else ""
    first = Site(host=family, stamps=both, episodes=(leads(statuses[0], hosts[1], begins=begins),), ends_at=end)
    between = [
        Site(host=hosts[n], family=family, is_added=False, episodes=(leads(status, hosts[n + 1]),))
        for n, status in enumerate(statuses[1:], 1)
    ]
    return [first, *between, Site(host=hosts[-1], family=family, stamps=both, is_added=False)]


def redirect_sites(begins: timedelta) -> list[Site]:
    """Feeds that moved for good, for a while, or to what is not a feed."""
    for_good = {"301": [301], "308": [308], "301-308-301": [301, 308, 301]}
    for_a_while = {
        "302": [302], "303": [303], "307": [307], "301-302": [301, 302], "302-301": [302, 301], "five-302": [302] * 5,
    }  # fmt: skip
    to_page = leads(301, "portal", begins=begins, ends=begins + 2 * DAY)
    return [
        *(site for name, statuses in for_good.items() for site in way(name, *statuses, ends_at=True, begins=begins)),
        *(
            site
            for name, statuses in for_a_while.items()
            for site in way(name, *statuses, ends_at=False, begins=begins)
        ),
        *way("301-from-the-first", 301, ends_at=True, begins=timedelta()),
        Site(
            host="301-to-404", stamps=both, episodes=(leads(301, "lost", begins=begins),), trouble="404", is_lost=True
        ),
        Site(host="lost", family="301-to-404", is_added=False, episodes=(Episode(answer=lambda _age: error(404)),)),
        Site(host="301-to-page", stamps=both, episodes=(to_page,)),
        Site(host="portal", family="301-to-page", is_added=False, episodes=(Episode(answer=lambda _age: PAGE),)),
    ]


def private_sites() -> list[Site]:
    """What a reader must keep for itself, or send as it was given."""
    cookies = (("Set-Cookie", "id=1; Path=/; Max-Age=99999999"), ("Set-Cookie", "seen=yes"))
    return [
        Site(host="cookies", stamps=both, also=lambda _age: cookies, also_304=lambda _age: cookies),
        Site(host="query", stamps=both, path="/feed?format=rss&utm_source=mail&q=%20a+b&x"),
        Site(host="password", stamps=both, user="reader:secret@"),
        Site(host="password-302", stamps=both, user="reader:secret@", episodes=(leads(302, "password-other"),)),
        Site(host="password-other", family="password-302", stamps=both, is_added=False),
    ]


def all_sites(*, begins: timedelta = 3 * DAY) -> list[Site]:
    """Every behaviour; trouble and redirects begin at this age of the world."""
    usual = [*validator_sites(), *timing_sites(), *private_sites()]
    return [*usual, *error_sites(begins), *redirect_sites(begins)]
