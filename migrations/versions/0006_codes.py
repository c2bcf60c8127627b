"""Codes in place of sentences: what is wrong with a feed, what is wrong at a hub, what the operator was told.

The sentences of 0.1 are recognised by their form and become a code with its facts; one that is not recognised is kept
as the fact ``text`` of the code ``unknown``.

Revision: 0006
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _number(text: str) -> int:
    return int(text.replace(",", ""))


#: How a fact is read that is no text.
_READ: dict[str, Callable[[str], Any]] = {
    "status": _number, "limit": _number, "limit_kb": _number, "count": _number, "more": _number, "feed": _number,
    "seconds": float,
}  # fmt: skip
_STATUS_WORDS = (
    "(?:: it calls the request bad|: it wants a password|: it refuses this program|: the feed is not there|"
    ": it asks for fewer requests|: a fault of the server|: a fault behind the server|: the server is not available)?"
)
_LIMIT = r"(?P<limit>[\d,]+)"
_COUNT = r"(?P<count>[\d,]+)"
_TITLE = "(?: \\(“(?P<title>.*)”\\))?"

#: What came instead of a document, as a sentence named it after "answers with".
_DOCUMENTS = (
    ("not_a_feed_empty", "an empty reply, not a feed"),
    ("not_a_feed_web_page", f"a web page, not a feed{_TITLE}"),
    ("not_a_feed_xml", "an XML document <(?P<element>.*)>, not a feed"),
    ("not_a_feed_json", r"JSON, but not a JSON Feed \(“(?P<text>.*)”\)"),
    ("not_a_feed_broken_json", "broken JSON, not a feed"),
    ("not_a_feed_text", r"no feed but text \(“(?P<text>.*)”\)"),
    ("not_a_feed_text", r"no feed but (?P<kind>\S+) \(“(?P<text>.*)”\)"),
    ("not_a_sitemap_empty", "an empty reply, not a sitemap"),
    ("not_a_sitemap_web_page", f"a web page, not a sitemap{_TITLE}"),
    ("not_a_sitemap_xml", "an XML document <(?P<element>.*)>, not a sitemap"),
    ("not_a_sitemap_feed", "a feed, not a sitemap; it can be added as one"),
    ("not_a_sitemap_text", r"no sitemap but text \(“(?P<text>.*)”\)"),
    ("not_a_sitemap_text", r"no sitemap but (?P<kind>\S+) \(“(?P<text>.*)”\)"),
    (
        "sitemap_index",
        rf"an index of {_COUNT} sitemaps?; add the one that is meant: (?P<links>.*?)(?: and (?P<more>[\d,]+) more)?",
    ),
    ("sitemap_index_empty", "an index without sitemaps"),
    ("not_a_page_empty", "an empty reply, not a web page"),
    ("not_a_page_without_markup", f"a web page, but without markup{_TITLE}"),
    ("not_a_page_xml", "an XML document <(?P<element>.*)>, but without markup"),
    ("not_a_page_text", r"no web page but text \(“(?P<text>.*)”\)"),
    ("not_a_page_text", r"no web page but (?P<kind>\S+) \(“(?P<text>.*)”\)"),
    ("selector_missing", "a page, and no selector says what its items are"),
    ("selector_too_long", rf"selector (['\"])(?P<selector>.*)\1: longer than {_LIMIT} characters"),
    ("selector_wrong", r"selector (['\"])(?P<selector>.*)\1: no CSS selector \((?P<detail>.*)\); one is: article h3 a"),
    ("selector_finds_nothing", f"the selector finds nothing on this page{_TITLE}: (?P<selector>.*)"),
    (
        "selector_finds_no_entries",
        f"the selector finds {_COUNT} items without link or text on this page{_TITLE}: (?P<selector>.*)",
    ),
    ("markup_refused_depth", f"refused: elements nested deeper than {_LIMIT}"),
    ("markup_refused_elements", f"refused: more than {_LIMIT} elements"),
    (
        "markup_refused_attributes",
        rf"refused: an element <(?P<element>.*)> with {_COUNT} attributes \(limit {_LIMIT}\)",
    ),
    ("markup_refused_wide_element", "refused: an element with far too many attributes"),
    ("markup_refused_namespaces", f"refused: more than {_LIMIT} namespaces"),
    ("markup_refused_entity", r"refused: a document type that declares the entity (['\"])(?P<entity>.*)\1"),
    ("markup_refused_broken_entities", "refused: a broken document that declares entities"),
    ("markup_refused_doctype", "refused: a sitemap with a document type"),
    (
        "markup_refused_encoding",
        r"refused: a document in the encoding (['\"])(?P<encoding>.*)\1, which can hide markup",
    ),
    ("page_too_long", rf"refused: a page of {_COUNT} characters \(limit {_LIMIT}\)"),
    ("gzip_broken", "refused: a gzip file that is broken"),
    ("gzip_too_large", f"refused: a gzip file that inflates to more than {_LIMIT} bytes"),
    ("gzip_cut_short", "refused: a gzip file that ends too early"),
    ("parser_failed", r"a document that can't be read \((?P<error>\w+)\)"),
    ("parser_time_limit", r"a document that takes more than (?P<seconds>[\d.e+-]+) s to read"),
    ("parser_died", "a document that makes the parser die"),
    ("parser_memory", "a document that needs too much memory to read"),
)
#: Whole sentences; the first that fits is taken.
_SENTENCES = (
    ("name_not_found", r"name not found: (?P<host>\S+)"),
    ("name_server_silent", r"the name server does not answer for (?P<host>\S+)"),
    ("connection_failed", r"no connection to (?P<host>\S+) \((?P<detail>.*)\)"),
    ("connection_broken", r"the connection to (?P<host>\S+) broke \((?P<detail>.*)\)"),
    ("timed_out", r"no whole answer from (?P<host>\S+) within (?P<seconds>[\d.e+-]+) s"),
    ("certificate_refused", r"the certificate of (?P<host>\S+) is not accepted \((?P<detail>.*)\)"),
    ("reply_cut_short", r"(?P<host>\S+) does not speak HTTP properly \(the compressed reply ends too early\)"),
    ("not_http", r"(?P<host>\S+) does not speak HTTP properly \((?P<detail>.*)\)"),
    ("too_large", r"the reply is larger than (?P<limit_kb>[\d,]+) kB"),
    ("encoding_not_asked", r"answers in an encoding it was not asked for \((?P<encoding>.*)\)"),
    (
        "private_address",
        r"(?P<host>\S+) is a private or special address \((?P<address>\S+)\); name it in \[http\] .*",
    ),
    ("too_many_redirects", f"more than {_LIMIT} redirects, the last to (?P<url>.*)"),
    ("redirect_to_http", r"(?P<host>\S+) redirects from https to (?P<url>.*)"),
    ("redirect_unusable", r"(?P<host>\S+) redirects to (?P<url>.*), which can't be asked"),
    ("address_unusable", "(?P<url>.*) is not an address that can be asked"),
    ("address_not_web", "(?P<url>.*) is not an http or https address"),
    ("program_stopping", "the program is stopping"),
    ("no_time_left", "no time was left for (?P<url>.*)"),
    ("not_fetched", "no way to (?P<url>.*)"),
    ("program_fault", r"a fault of this program \((?P<error>\w+)\)"),
    ("gone", r"answers (?P<status>\d+): the feed is gone for good"),
    ("robots_blocked", r"answers (?P<status>\d+), a block page against robots"),
    ("redirect_nowhere", r"answers (?P<status>\d+), a redirect to nowhere"),
    ("not_modified_unasked", "answers 304 to a question that was not conditional"),
    ("http_status", rf"answers (?P<status>\d+){_STATUS_WORDS}"),
    ("moved_to_known_feed", r"has moved for good to (?P<url>\S+), which is feed (?P<feed>\d+)"),
    ("hub_status", r"the hub (?P<host>\S+) answers (?P<status>\d+)"),
    ("hub_refused", "the hub refuses(?:: (?P<reason>.*))?"),
    ("hub_missed_push", "a poll found news that had not been pushed"),
    ("hub_silent", "polls found news that had not been pushed, twice in a row"),
    ("hub_lease_ended", "the lease ended before the hub renewed it"),
    *((code, f"answers with {form}") for code, form in _DOCUMENTS),
)
_PROBLEMS = tuple((code, re.compile(form, re.DOTALL)) for code, form in _SENTENCES)

_SINCE = r"(?P<since>\d\d \w+ \d{4} \d\d:\d\d) UTC"
#: What the operator was told: the kind it is now, and the form of its sentence.
_NOTICES = tuple(
    (kind, re.compile(form, re.DOTALL))
    for kind, form in (
        ("failing", f"feed (?P<feed>.*): fails since {_SINCE}: (?P<problem>.*)"),
        ("back", f"feed (?P<feed>.*): it can be read again, after failing since {_SINCE}"),
        ("back", "feed (?P<feed>.*): it can be read again"),
        ("gone", r"feed (?P<feed>\d+) (?P<problem>has moved for good to .*?) \(.*\); it is polled no more"),
        ("gone", "feed (?P<feed>.*?): (?P<problem>answers .*); it is polled no more"),
        ("network", "nothing can be reached: this machine's network seems to be down"),
        ("network_back", "the network is back"),
    )
)
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def _problem(text: str) -> dict[str, Any]:
    """A sentence as a code with its facts."""
    for code, form in _PROBLEMS:
        if found := form.fullmatch(text):
            given = {name: value for name, value in found.groupdict().items() if value is not None}
            return {"code": code, "facts": {name: _READ.get(name, str)(value) for name, value in given.items()}}
    return {"code": "unknown", "facts": {"text": text}}


def _notice(kind: str, text: str) -> tuple[str, dict[str, Any]]:
    """The kind and the facts of what the operator was told."""
    for told, form in _NOTICES:
        if found := form.fullmatch(text):
            facts: dict[str, Any] = found.groupdict()
            if "since" in facts:
                facts["since"] = _moment(facts["since"])
            if "problem" in facts:
                facts["problem"] = _problem(facts["problem"])
            return told, facts
    return kind, {"problem": {"code": "unknown", "facts": {"text": text}}}


def _moment(text: str) -> str:
    """``27 November 2026 14:38`` in ISO form; the month's name is English, whatever the locale."""
    day, month, year, time = text.split()
    hour, minute = time.split(":")
    return datetime(int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), tzinfo=UTC).isoformat()


def upgrade() -> None:
    _to_codes("feeds", "id")
    _to_codes("websub", "feed_id")
    with op.batch_alter_table("notices") as notices:
        notices.add_column(sa.Column("facts", sa.JSON()))
    table = sa.table("notices", *_columns("id", "kind", "text"), sa.column("facts", sa.JSON()))
    feeds = sa.table("feeds", *_columns("id", "name"))
    names = {str(row.id): row.name for row in _rows(sa.select(feeds.c.id, feeds.c.name))}
    for row in _rows(sa.select(table.c.id, table.c.kind, table.c.text)):
        kind, facts = _notice(row.kind, row.text)
        if "problem" in facts and facts["problem"]["code"] == "moved_to_known_feed":
            facts["feed"] = names.get(facts["feed"]) or facts["feed"]  # it was told by its number
        op.execute(sa.update(table).where(table.c.id == row.id).values(kind=kind, facts=facts))
    with op.batch_alter_table("notices") as notices:
        notices.alter_column("facts", existing_type=sa.JSON(), nullable=False)
        notices.drop_column("text")


def _to_codes(name: str, key: str) -> None:
    """The column ``problem`` of a table, from sentences to codes; it stays in its place."""
    table = sa.table(name, *_columns(key, "problem"))
    for row in _rows(sa.select(table.c[key], table.c.problem).where(table.c.problem.is_not(None))):
        codes = json.dumps(_problem(row.problem))
        op.execute(sa.update(table).where(table.c[key] == row[0]).values(problem=codes))
    with op.batch_alter_table(name) as changed:
        changed.alter_column(
            "problem",
            existing_type=sa.Text(),
            type_=sa.JSON(),
            existing_nullable=True,
            postgresql_using="problem::json",
        )


def _columns(*names: str) -> Iterator[sa.ColumnClause[Any]]:
    return (sa.column(name) for name in names)


def _rows(statement: sa.Select[Any]) -> list[Any]:
    return list(op.get_bind().execute(statement).all())
