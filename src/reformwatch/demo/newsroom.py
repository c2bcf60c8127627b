"""Porch: the demo's newsroom: feeds served on loopback with ETags, in two editions.

The outlets are invented; their items are about events of March 2022 in Kazakhstan.
"""

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Item:
    """An item of a feed. ``age``: how long ago it was published. ``edition``: the first edition that contains it."""

    title: str
    text: str
    edition: int
    age: timedelta = timedelta(minutes=5)


@dataclass(frozen=True)
class Outlet:
    """An outlet with one feed."""

    path: str
    name: str
    language: str
    kind: str
    items: tuple[Item, ...]


OUTLETS: tuple[Outlet, ...] = (
    Outlet(
        "press-office",
        "Press Office (demo)",
        "kk",
        "official",
        (
            Item("Мемлекет басшысы елшілерді қабылдады", "Ақордада бес елдің елшісі сенім грамоталарын тапсырды.", 1),
            Item(
                "Қасым-Жомарт Тоқаев 16 наурызда Қазақстан халқына Жолдау жолдайды",
                "Парламент палаталарының отырысында Президент «Жаңа Қазақстан» саяси реформаларын жариялайды.",
                2,
            ),
        ),
    ),
    Outlet(
        "steppe-wire",
        "Steppe Wire (demo)",
        "en",
        "agency",
        (
            Item("Grain exports through the Caspian ports up by a fifth", "Shippers report short queues in Aktau.", 1),
            Item(
                "Kazakh prosecutors give first figures on the January unrest: 46 terrorism cases, 94 of murder",
                "More than 3,000 criminal cases are open over the January events, the Prosecutor General's office told "
                "reporters in Nur-Sultan; results of the investigation are promised for next week.",
                2,
            ),
            Item(
                "Frost expected in the north of the country", "Drivers are asked to stay off the roads after dark.", 2
            ),
        ),
    ),
    Outlet(
        "vestnik",
        "Вестник степи (demo)",
        "ru",
        "independent",
        (
            Item("Курс тенге к доллару на четверг", "Биржа закрылась без больших изменений.", 1),
            Item(
                "Айман Умарова: комиссия по январским событиям проверит сообщения о пытках задержанных",
                "В Казахстане общественная комиссия расследует гибель людей в Алматы и жалобы на насилие полиции.",
                2,
            ),
            Item(
                "Закон о выборах сельских акимов внесут в мажилис Казахстана до конца сессии",
                "Токаев поручил подготовить прямые выборы акимов районов и городов.",
                2,
            ),
        ),
    ),
    Outlet(
        "zharyq",
        "Жарық (demo)",
        "ru",
        "independent",
        (
            Item("Что смотреть в театрах Алматы на выходных", "Три премьеры и один фестиваль.", 1),
            Item(
                "Закон о выборах сельских акимов внесут в мажилис Казахстана до конца сессии",
                "Перепечатка сообщения «Вестника степи».",
                2,
            ),
            Item(
                "Кандидаты на выборах сельских акимов в Казахстане: как всё начиналось",
                "Статья прошлого лета, которую редакция снова поставила в ленту.",
                2,
                age=timedelta(days=240),
            ),
        ),
    ),
    Outlet(
        "meridiano",
        "Meridiano (demo)",
        "es",
        "foreign",
        (
            Item("La bolsa cierra la semana en verde", "El euro apenas se mueve frente al dólar.", 1),
            Item(
                "Kazajistán elegirá a sus alcaldes: Tokáyev anuncia una ley para la elección directa de los akims",
                "El presidente quiere que los alcaldes de distrito y de ciudad salgan de las urnas.",
                2,
            ),
        ),
    ),
)


class Newsroom:
    """Serves the outlets' feeds, with 304 for conditional requests while ``edition`` stays; receives webhooks."""

    def __init__(self) -> None:
        self.edition = 1
        self.now = datetime.now(UTC)
        self.requests: list[tuple[str, int]] = []
        self.received: list[tuple[dict[str, str], bytes]] = []
        newsroom = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                newsroom.answer(self)

            def do_POST(self) -> None:
                newsroom.receive(self)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
                """Log nothing: the demo writes its own lines."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def base(self) -> str:
        """The base address of the feeds."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Respond with a feed, 304 or 404."""
        outlet = next((o for o in OUTLETS if request.path == f"/{o.path}.rss"), None)
        body = self._document(outlet) if outlet else b""
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        status = 404 if outlet is None else 304 if request.headers.get("If-None-Match") == etag else 200
        self.requests.append((request.path, status))
        request.send_response(status)
        if outlet:
            request.send_header("ETag", etag)
        if status == 200:
            request.send_header("Content-Type", "application/rss+xml; charset=utf-8")
        request.send_header("Content-Length", str(len(body) if status == 200 else 0))
        request.end_headers()
        if status == 200:
            request.wfile.write(body)

    def receive(self, request: BaseHTTPRequestHandler) -> None:
        """Store a webhook's headers and body; respond with 204."""
        body = request.rfile.read(int(request.headers.get("Content-Length", "0")))
        self.received.append(({k.lower(): v for k, v in request.headers.items()}, body))
        request.send_response(204)
        request.end_headers()

    def _document(self, outlet: Outlet) -> bytes:
        items = [item for item in outlet.items if item.edition <= self.edition]
        return _rss(outlet, items, base=self.base, now=self.now)

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


def _rss(outlet: Outlet, items: Sequence[Item], *, base: str, now: datetime) -> bytes:
    written = []
    for item in reversed(items):
        number = outlet.items.index(item) + 1
        link = f"{base}/{outlet.path}/{number}?utm_source=rss"
        date = format_datetime(now - item.age)
        written.append(
            f"<item><title>{escape(item.title)}</title><link>{escape(link)}</link><guid>{outlet.path}-{number}</guid>"
            f"<pubDate>{date}</pubDate><description>{escape(item.text)}</description></item>"
        )
    head = f"<title>{escape(outlet.name)}</title><link>{base}/</link><language>{outlet.language}</language>"
    channel = f"<channel>{head}{''.join(written)}</channel>"
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0">{channel}</rss>'.encode()
