"""Invented newspapers for the database that :mod:`databases.make` makes: their documents, and what they tell."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Final
from xml.sax.saxutils import escape, quoteattr

#: Topics as a pack brings them, one for each kind but ``custom``; ``{feed}`` is the address of the pack's feed.
PACK: Final = """
[pack]
slug = "velmora"
name = "Velmora after the flood"
version = 1
description = "What became of the promises that were made after the flood."

[[feeds]]
name = "Velmora Gazette"
url = "{feed}"
language = "en"
kind = "official"

[[topics]]
slug = "mayors"
name = "Elections of mayors"
kind = "law"
description = "A law, a date, a vote."
names = {{ ru = "Выборы мэров", kk = "Әкімдер сайлауы", es = "Elección de alcaldes" }}
[topics.queries]
en = "mayor AND elect*"
ru = "мэр AND выборы"
kk = "әкім AND сайлау"
es = "alcalde AND elección"

[[topics]]
slug = "dam"
name = "Inquiry into the dam"
kind = "investigation"
description = "What the inquiry finds, and who is charged."
names = {{ ru = "Расследование о плотине" }}
[topics.queries]
en = "dam AND inquiry"
ru = "плотина AND расследование"
kk = "бөгет AND тергеу"
es = "presa AND investigación"

[[topics]]
slug = "address"
name = "Address to the province"
kind = "address"
description = ""
[topics.queries]
en = "address AND province"

[[topics]]
slug = "bridges"
name = "Twelve new bridges"
kind = "programme"
description = "Each bridge that is begun or opened."
[topics.queries]
any = "bridge OR мост OR көпір OR puente"
"""

#: A page of an entry, with enough text to be an article; its last paragraph alone speaks of the dam.
ARTICLE: Final = """<!doctype html><html lang="en"><head><title>The winter market opens</title></head><body>
<main><article>
<h1>The winter market opens</h1>
<p>The winter market on the old square of Velmora opened on Saturday with forty stalls, two choirs and a queue for
chestnuts that reached as far as the post office. The council had moved it there from the river bank.</p>
<p>Traders said that the new place was smaller but dry, and that visitors stayed longer than in other years. The market
stays open until the last Sunday of the month, and the tram runs an hour later on its account.</p>
<p>Asked about the inquiry into the dam, the head of the council said between two stalls that its report was being
printed and that nobody in the town hall had seen it so far.</p>
</article></main></body></html>"""

SITEMAP: Final = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
{urls}</urlset>"""

_PAGE: Final = """<!doctype html><html lang="es"><head><title>Ayuntamiento de Velmora: avisos</title></head><body>
<ul>{items}</ul></body></html>"""


def days_ago(days: float) -> datetime:
    """A time that lies so many days back."""
    return datetime.now(UTC) - timedelta(days=days)


def item(
    title: str,
    *,
    link: str | None = None,
    guid: str | None = None,
    days: float | None = None,
    text: str = "",
    more: str = "",
) -> str:
    """An item of an RSS document; ``days`` is its age, None for no date; ``more`` is markup as it stands."""
    parts = {"title": title, "link": link, "description": text}
    if days is not None:
        parts["pubDate"] = format_datetime(days_ago(days))
    said = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in parts.items() if value)
    named = f'<guid isPermaLink="false">{escape(guid)}</guid>' if guid else ""
    return f"<item>{said}{named}{more}</item>"


@dataclass(kw_only=True)
class Paper:
    """A feed as its server shows it, newest item first. ``head`` is markup of the channel, ``headers`` of the reply."""

    path: str
    title: str
    language: str = "en"
    head: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    items: list[str] = field(default_factory=list)

    def document(self, base: str) -> bytes:
        """The RSS document; ``base`` is the address of the server."""
        head = f"<title>{escape(self.title)}</title><link>{base}/</link><language>{self.language}</language>{self.head}"
        names = 'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
        more = 'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        channel = f"<channel>{head}{''.join(self.items)}</channel>"
        return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0" {names} {more}>{channel}</rss>'.encode()


def atom_link(relation: str, target: str) -> str:
    """A link of a document to another one."""
    return f"<atom:link rel={quoteattr(relation)} href={quoteattr(target)}/>"


def old_items(of: str, titles: Mapping[str, float]) -> list[str]:
    """Items that are there at the first poll, with their ages in days."""
    return [
        item(title, link=f"https://{of}.example/{i}", guid=f"{of}-{i}", days=days)
        for i, (title, days) in enumerate(titles.items())
    ]


def sitemap(pages: Mapping[str, tuple[str, float]]) -> bytes:
    """A news sitemap of these pages, each with its title and its age in days."""
    publication = "<news:publication><news:name>Velmora Now</news:name><news:language>en</news:language>"
    urls = "".join(
        f"<url><loc>{link}</loc><news:news>{publication}</news:publication>"
        f"<news:publication_date>{days_ago(days).isoformat()}</news:publication_date>"
        f"<news:title>{escape(title)}</news:title></news:news></url>\n"
        for link, (title, days) in pages.items()
    )
    return SITEMAP.format(urls=urls).encode()


def web_page(notes: Mapping[str, float]) -> bytes:
    """A page of notes, each with its age in days."""
    items = "".join(
        f'<li class="note"><h3><a href="/notes/{i}">{escape(title)}</a></h3>'
        f'<time datetime="{days_ago(days).isoformat()}"></time></li>'
        for i, (title, days) in enumerate(notes.items())
    )
    return _PAGE.format(items=items).encode()


def opml(feeds: Mapping[str, str]) -> str:
    """A list of feeds, their addresses by name."""
    outlines = "".join(
        f'<outline type="rss" text={quoteattr(name)} xmlUrl={quoteattr(url)}/>' for name, url in feeds.items()
    )
    return f'<?xml version="1.0"?><opml version="2.0"><head/><body>{outlines}</body></opml>'


COURIER: Final = Paper(
    path="/courier.xml",
    title="The Velmora Courier",
    headers={
        "ETag": '"courier-1"',
        "Last-Modified": "Tue, 01 Mar 2022 08:00:00 GMT",
        "Cache-Control": "max-age=1800",
    },
    head="<ttl>45</ttl><skipHours><hour>2</hour><hour>3</hour></skipHours><skipDays><day>Sunday</day></skipDays>",
    items=old_items(
        "courier",
        {
            "Council sits late over the budget": 2.5,
            "Snow closes the pass for a day": 4,
            "Library lends its thousandth atlas": 7,
            "Bridge at the mill is painted green": 12,
        },
    ),
)
VESTNIK: Final = Paper(
    path="/vestnik.xml",
    title="Вельморский вестник",
    language="ru",
    head="<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>",
    items=old_items("vestnik", {"Каток на площади открыт": 1.5, "Ярмарка переносится на воскресенье": 3}),
)
TAN: Final = Paper(
    path="/tan.xml",
    title="Велмора таңы",
    language="kk",
    items=old_items("tan", {"Кітапханаға жаңа кітаптар әкелінді": 1, "Ауылда той өтті": 6}),
)
DIARIO: Final = Paper(
    path="/diario.xml",
    title="Diario de Velmora",
    language="es",
    items=old_items("diario", {"El mercado abre el domingo": 2, "Llueve sobre la sierra": 5}),
)
FULL_TEXT: Final = Paper(
    path="/market.xml", title="Market Letter", items=old_items("market", {"Chestnuts are dear": 3})
)
BACKFILLED: Final = Paper(
    path="/annals.xml",
    title="Annals of Velmora",
    items=old_items("annals", {"Inquiry into the dam hears its first witness": 9, "A chronicle of bells": 60}),
)
