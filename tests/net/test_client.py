"""The one client to the network, against servers on loopback that misbehave and recorders that open nothing."""

import contextlib
import gzip
import ipaddress
import json
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpcore
import pytest

from reformwatch.model.feed import FailureKind
from reformwatch.net.address_policy import AddressPolicy, is_public
from reformwatch.net.client import HttpClient
from reformwatch.net.errors import ErrorKind, RequestError
from reformwatch.net.reply import Reply
from servers import (
    Answer,
    Asked,
    Certificate,
    CountingStream,
    HttpServer,
    LoopbackDialler,
    RawServer,
    RecordingResolver,
    RefusingDialler,
    Wire,
    basic_auth,
    gzip_bomb,
    make_certificate,
    many_member_bomb,
    redirect,
    reply,
    sending,
)
from spoken import sentence

KIB = 1024
AGENT = "reformwatch/0.1 (+https://example.org/contact)"
PUBLIC = "93.184.216.34"
OTHER_PUBLIC = "1.1.1.1"


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def client() -> Iterator[HttpClient]:
    with client_to_loopback() as opened:
        yield opened


def client_to_loopback(*, deadline_s: float = 20.0, max_bytes: int = 256 * KIB, keep_alive: int = 0) -> HttpClient:
    return HttpClient(
        user_agent=AGENT,
        policy=AddressPolicy(["127.0.0.1"]),
        deadline=timedelta(seconds=deadline_s),
        max_bytes=max_bytes,
        keep_alive=keep_alive,
    )


@contextlib.contextmanager
def public_client(server: HttpServer, resolver: RecordingResolver, *, allow: tuple[str, ...] = ()) -> Iterator[
    tuple[HttpClient, LoopbackDialler]
]:  # fmt: skip
    """A client for public names only; whatever it dials is that server."""
    dialler = LoopbackDialler(server.port)
    with HttpClient(user_agent=AGENT, policy=AddressPolicy(allow), resolver=resolver, dialler=dialler) as client:
        yield client, dialler


def failure(client: HttpClient, url: str) -> RequestError:
    with pytest.raises(RequestError) as caught:
        client.get(url)
    return caught.value


# --- the deadline -----------------------------------------------------------------------------------------------------


def drip_headers(wire: Wire, _asked: Asked) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    wire.drip(b"a" * 2_000, every_s=0.05)


def drip_body(wire: Wire, _asked: Asked) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n")
    wire.drip(b"a" * 2_000, every_s=0.05)


def drip_chunks(wire: Wire, _asked: Asked) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(1_000):
        wire.send(b"1\r\na\r\n")
        if wire.closing.wait(0.05):
            return


def endless_interim_replies(wire: Wire, _asked: Asked) -> None:
    while not wire.closing.wait(0.01):
        wire.send(b"HTTP/1.1 102 Processing\r\n\r\n")


def endless_empty_members(wire: Wire, _asked: Asked) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
    wire.pour(gzip.compress(b"") * 1_000)


def silence(wire: Wire, _asked: Asked) -> None:
    wire.wait_for_hangup()


@pytest.mark.parametrize(
    "misbehaviour",
    [drip_headers, drip_body, drip_chunks, endless_interim_replies, endless_empty_members, silence],
    ids=lambda f: f.__name__,
)
def test_the_deadline_ends_whatever_a_server_drags_out(server: HttpServer, misbehaviour: Answer) -> None:
    # trust: D05
    url = server.on("/slow", misbehaviour)
    with client_to_loopback(deadline_s=0.7) as client:
        failed = failure(client, url)
    assert failed.kind is ErrorKind.TIMEOUT
    assert sentence(failed.problem) == f"no whole answer from 127.0.0.1:{server.port} within 0.7 s"


def test_the_deadline_is_of_the_whole_exchange_not_of_each_redirect(server: HttpServer) -> None:
    # trust: D05
    def slow_redirect(wire: Wire, asked: Asked) -> None:
        wire.closing.wait(0.4)
        wire.send(redirect(302, f"/hop{int(asked.target[4:]) + 1}"))

    for hop in range(7):
        server.on(f"/hop{hop}", slow_redirect)
    with client_to_loopback(deadline_s=1.0) as client:
        failed = failure(client, server.url("/hop0"))
    assert failed.kind is ErrorKind.TIMEOUT
    assert len(server.asked) < 5


def test_closing_the_client_ends_a_request_under_way(server: HttpServer) -> None:
    is_asked = threading.Event()

    def never(wire: Wire, _asked: Asked) -> None:
        is_asked.set()
        wire.wait_for_hangup()

    url = server.on("/never", never)
    client = client_to_loopback(deadline_s=120)
    failed: list[RequestError] = []
    asking = threading.Thread(target=lambda: failed.append(failure(client, url)))
    asking.start()
    assert is_asked.wait(60)
    client.close()
    asking.join(60)
    assert not asking.is_alive()
    assert len(failed) == 1


class ReadsWhenToldTo(CountingStream):
    """Lets the test close the client between two reads."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        super().__init__(stream)
        self.is_reading, self.may_read = threading.Event(), threading.Event()

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self.is_reading.set()
        self.may_read.wait(60)
        return super().read(max_bytes, timeout)


def test_a_request_that_ends_because_the_client_was_closed_says_so(server: HttpServer) -> None:
    streams: list[ReadsWhenToldTo] = []
    is_dialled = threading.Event()

    class Dialler(LoopbackDialler):
        def connect_tcp(self, *args: Any, **more: Any) -> httpcore.NetworkStream:
            streams.append(ReadsWhenToldTo(super().connect_tcp(*args, **more)))
            is_dialled.set()
            return streams[0]

    url = server.on("/never", silence)
    client = HttpClient(user_agent=AGENT, policy=AddressPolicy(["127.0.0.1"]), dialler=Dialler(server.port))
    failed: list[RequestError] = []
    asking = threading.Thread(target=lambda: failed.append(failure(client, url)))
    asking.start()
    assert is_dialled.wait(60)
    assert streams[0].is_reading.wait(60)
    client.close()
    streams[0].may_read.set()
    asking.join(60)
    assert (failed[0].kind, sentence(failed[0].problem)) == (ErrorKind.TIMEOUT, "the program is stopping")


def test_closing_the_client_closes_what_is_kept_and_what_ends_afterwards(server: HttpServer) -> None:
    streams: list[ReadsWhenToldTo] = []
    is_dialled = threading.Event()

    class Dialler(LoopbackDialler):
        def connect_tcp(self, *args: Any, **more: Any) -> httpcore.NetworkStream:
            streams.append(ReadsWhenToldTo(super().connect_tcp(*args, **more)))
            is_dialled.set()
            return streams[-1]

    url = server.on("/", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
    policy = AddressPolicy(["127.0.0.1"])
    client = HttpClient(user_agent=AGENT, policy=policy, dialler=Dialler(server.port), keep_alive=4)
    bodies: list[bytes] = []
    asking = threading.Thread(target=lambda: bodies.append(client.get(url).body))
    asking.start()
    assert is_dialled.wait(60)
    assert streams[0].is_reading.wait(60)
    client.close()
    assert not streams[0].is_closed
    streams[0].may_read.set()
    asking.join(60)
    assert bodies == [b"x"]
    assert streams[0].is_closed


def test_a_closed_client_lets_no_request_begin(server: HttpServer) -> None:
    client = client_to_loopback()
    client.close()
    assert failure(client, server.on("/", reply(200, b"x"))).kind is ErrorKind.TIMEOUT
    assert server.asked == []


# --- sizes ------------------------------------------------------------------------------------------------------------


def endless_body(wire: Wire, _asked: Asked) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n\r\n")
    wire.pour(b"x" * 65_536)


def endless_chunks(wire: Wire, _asked: Asked) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    wire.pour(b"10000\r\n" + b"x" * 65_536 + b"\r\n")


@pytest.mark.parametrize(
    "too_much",
    [
        endless_body,
        endless_chunks,
        reply(200, b"x" * (256 * KIB + 1)),
        reply(200, gzip_bomb(2), {"Content-Encoding": "gzip"}),
        reply(200, many_member_bomb(2), {"Content-Encoding": "gzip"}),
        reply(200, gzip_bomb(2), {"Content-Encoding": "X-GZIP"}),
    ],
    ids=["endless", "endless chunks", "one byte too many", "gzip bomb", "many members", "x-gzip"],
)
def test_a_reply_larger_than_the_cap_is_refused_and_the_limit_is_named(server: HttpServer, too_much: Answer) -> None:
    # trust: D04, D05
    url = server.on("/big", too_much)
    with client_to_loopback(max_bytes=256 * KIB) as client:
        failed = failure(client, url)
    assert failed.kind is ErrorKind.TOO_LARGE
    assert sentence(failed.problem) == "the reply is larger than 256 kB"


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_reply_of_exactly_the_cap_is_taken(server: HttpServer, encoding: str) -> None:
    body = bytes(256 * KIB)
    sent = gzip.compress(body) if encoding == "gzip" else body
    url = server.on("/full", reply(200, sent, {"Content-Encoding": encoding}))
    with client_to_loopback(max_bytes=256 * KIB) as client:
        assert client.get(url).body == body


_MEASURE = """
import json, resource, sys
from pathlib import Path
from reformwatch.net.address_policy import AddressPolicy
from reformwatch.net.client import HttpClient
from reformwatch.net.errors import RequestError

def peak_kib():  # ru_maxrss on Linux begins with the peak of the process that started this one
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

warm_up, bombs = sys.argv[1], sys.argv[2:]
with HttpClient(user_agent="test", policy=AddressPolicy(["127.0.0.1"]), max_bytes=10 * 1024 * 1024) as client:
    client.get(warm_up)
    before, said = peak_kib(), []
    for bomb in bombs:
        try:
            said.append(f"{len(client.get(bomb).body)} bytes")
        except RequestError as no:
            said.append(no.kind.name)
print(json.dumps({"grown_kib": peak_kib() - before, "said": said}))
"""


@pytest.mark.parametrize(
    ("status", "body", "encoding", "outcome"),
    [
        (200, gzip_bomb(1024), "gzip", "TOO_LARGE"),
        (200, many_member_bomb(1024), "gzip", "TOO_LARGE"),
        (500, gzip_bomb(1024), "gzip", "16384 bytes"),
        (200, gzip.compress(gzip_bomb(1024)), "gzip, gzip", "PROTOCOL"),
        (200, gzip_bomb(1024), "br", "PROTOCOL"),
        (200, gzip_bomb(1024), "zstd", "PROTOCOL"),
    ],
    ids=["gzip", "members", "error page", "gzip twice", "brotli", "zstd"],
)
def test_a_bomb_of_a_gigabyte_costs_less_than_64_megabytes_of_memory(
    server: HttpServer, status: int, body: bytes, encoding: str, outcome: str
) -> None:
    # trust: D04
    server.on("/warm", reply(200, gzip.compress(b"warm"), {"Content-Encoding": "gzip"}))
    server.on("/bomb", reply(status, body, {"Content-Encoding": encoding}))
    ran = subprocess.run(
        [sys.executable, "-c", _MEASURE, server.url("/warm"), *[server.url("/bomb")] * 2],
        capture_output=True,
        text=True,
        check=True,
        timeout=200,
    )
    measured = json.loads(ran.stdout)
    assert measured["said"] == [outcome] * 2
    assert measured["grown_kib"] < 64 * KIB


def test_two_megabytes_of_headers_are_refused(server: HttpServer, client: HttpClient) -> None:
    # trust: D05
    url = server.on("/", sending(b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * (2 << 20) + b"\r\n\r\nbody"))
    assert failure(client, url).kind is ErrorKind.PROTOCOL


def test_five_thousand_headers_end_in_a_value_not_in_a_crash(server: HttpServer, client: HttpClient) -> None:
    # trust: D05
    many = b"".join(b"X-%d: %s\r\n" % (n, b"a" * 40) for n in range(5_000))
    url = server.on("/", sending(b"HTTP/1.1 200 OK\r\n" + many + b"Content-Length: 2\r\n\r\nok"))
    assert failure(client, url).kind is ErrorKind.PROTOCOL


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_of_an_error_page_only_the_beginning_is_read(server: HttpServer, client: HttpClient, status: int) -> None:
    url = server.on("/", reply(status, b"sorry " * 100_000))
    answer = client.get(url)
    assert answer.status == status
    assert answer.body == (b"sorry " * 100_000)[:16_384]


def test_a_content_length_that_promises_more_than_comes_is_a_broken_reply(
    server: HttpServer, client: HttpClient
) -> None:
    url = server.on("/", reply(200, b"short", length=500))
    assert failure(client, url).kind is ErrorKind.PROTOCOL


def test_a_content_length_that_promises_less_than_comes_cuts_the_body_there(
    server: HttpServer, client: HttpClient
) -> None:
    assert client.get(server.on("/", reply(200, b"0123456789", length=4))).body == b"0123"


# --- encodings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["gzip", "GZIP", "x-gzip", " gzip "])
def test_gzip_is_asked_for_and_inflated(server: HttpServer, client: HttpClient, name: str) -> None:
    # trust: FRB141
    url = server.on("/", reply(200, gzip.compress(b"<rss/>" * 1_000), {"Content-Encoding": name}))
    assert client.get(url).body == b"<rss/>" * 1_000
    assert server.asked[0].headers[b"accept-encoding"] == b"gzip"


def test_all_members_of_a_gzip_reply_are_read_and_padding_is_not(server: HttpServer, client: HttpClient) -> None:
    # trust: D04
    members = b"".join(gzip.compress(part) for part in (b"one ", b"", b"two ", b"three")) + bytes(512)
    assert client.get(server.on("/", reply(200, members, {"Content-Encoding": "gzip"}))).body == b"one two three"


def test_a_gzip_member_may_begin_anywhere_in_the_stream(server: HttpServer, client: HttpClient) -> None:
    # trust: D04
    second = gzip.compress(b"second")
    bare = gzip.compress(b"first", mtime=0)
    name = b"n" * (65_536 - 1 - len(bare) - 1) + b"\x00"
    first = bare[:3] + b"\x08" + bare[4:10] + name + bare[10:]
    assert len(first) == 65_535
    assert gzip.decompress(first + second) == b"firstsecond"
    url = server.on("/", reply(200, first + second, {"Content-Encoding": "gzip"}))
    assert client.get(url).body == b"firstsecond"


@pytest.mark.parametrize(
    "broken",
    [
        b"<rss/>",
        gzip.compress(b"<rss/>" * 500)[:-20],
        b"\x1f\x8b\x08\x00garbage",
        gzip.compress(b"x" * 99)[:-3] + b"abc",
    ],
    ids=["not gzip", "cut", "garbage", "wrong checksum"],
)
def test_a_broken_gzip_reply_is_a_protocol_failure_with_a_reason(
    server: HttpServer, client: HttpClient, broken: bytes
) -> None:
    failed = failure(client, server.on("/", reply(200, broken, {"Content-Encoding": "gzip"})))
    assert failed.kind is ErrorKind.PROTOCOL
    assert "does not speak HTTP properly" in sentence(failed.problem)


def test_an_empty_reply_that_says_gzip_is_empty(server: HttpServer, client: HttpClient) -> None:
    assert client.get(server.on("/", reply(200, b"", {"Content-Encoding": "gzip"}))).body == b""


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("br", b"\x0b\x02\x80<rss/>\x03"),
        ("deflate", zlib.compress(b"<rss/>")),
        ("zstd", b"\x28\xb5\x2f\xfd\x20\x06\x31\x00\x00<rss/>"),
        ("compress", b"\x1f\x9d\x90"),
        ("gzip, gzip", gzip.compress(gzip.compress(b"<rss/>"))),
        ("br, gzip", gzip.compress(b"")),
        ("nonsense\x80", b"<rss/>"),
    ],
    ids=["br", "deflate", "zstd", "compress", "gzip twice", "br in gzip", "nonsense"],
)  # fmt: skip
def test_an_encoding_that_was_not_asked_for_is_refused_and_named(
    server: HttpServer, client: HttpClient, encoding: str, body: bytes
) -> None:
    # trust: D04
    failed = failure(client, server.on("/", reply(200, body, {"Content-Encoding": encoding})))
    assert failed.kind is ErrorKind.PROTOCOL
    assert f"an encoding it was not asked for ({encoding.split(chr(0x80))[0]}" in sentence(failed.problem)


@pytest.mark.parametrize("status", [404, 410, 429, 503])
def test_an_error_page_in_a_strange_encoding_does_not_hide_its_status(
    server: HttpServer, client: HttpClient, status: int
) -> None:
    # trust: C06, C13
    url = server.on("/", reply(status, b"\x0b\x02\x80sorry\x03", {"Content-Encoding": "br", "Retry-After": "60"}))
    answer = client.get(url)
    assert (answer.status, answer.header("retry-after")) == (status, "60")


@pytest.mark.parametrize("body", [b"", b"not gzip", gzip.compress(b"sorry" * 9_000)[:-9]], ids=["none", "not", "cut"])
def test_an_error_page_that_can_not_be_inflated_does_not_hide_its_status(
    server: HttpServer, client: HttpClient, body: bytes
) -> None:
    # trust: C06
    assert client.get(server.on("/", reply(410, body, {"Content-Encoding": "gzip"}))).status == 410


@pytest.mark.parametrize("size", [1, 2, 7])
def test_a_gzip_reply_may_come_in_any_pieces(server: HttpServer, client: HttpClient, size: int) -> None:
    # trust: D04
    sent = gzip.compress(b"one ") + gzip.compress(b"two") + bytes(5)
    pieces = [sent[at : at + size] for at in range(0, len(sent), size)]
    chunked = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    assert client.get(server.on("/", head + chunked)).body == b"one two"


# --- what is sent -----------------------------------------------------------------------------------------------------


def test_a_request_carries_these_headers_and_no_other(server: HttpServer, client: HttpClient) -> None:
    # trust: C14, C15
    client.get(server.on("/feed.xml", reply(200, b"x")), {"accept": "application/rss+xml"})
    (asked,) = server.asked
    assert asked.raw.startswith(b"GET /feed.xml HTTP/1.1\r\n")
    assert asked.headers == {
        b"host": b"127.0.0.1:%d" % server.port,
        b"user-agent": AGENT.encode(),
        b"accept-encoding": b"gzip",
        b"accept": b"application/rss+xml",
    }


def test_cookies_that_were_set_never_come_back(server: HttpServer, client: HttpClient) -> None:
    # trust: C15
    cookies = [("Set-Cookie", "id=1; Path=/"), ("Set-Cookie", "track=2; Max-Age=99999")]
    server.on("/first", reply(302, headers=[*cookies, ("Location", "/second")]))
    server.on("/second", reply(200, b"x", cookies))
    for _ in range(2):
        client.get(server.url("/first"))
    assert len(server.asked) == 4
    assert all(b"cookie" not in asked.headers for asked in server.asked)


def test_no_referrer_is_sent_along_a_redirect(server: HttpServer, client: HttpClient) -> None:
    # trust: C15
    server.on("/old", redirect(301, "/new"))
    server.on("/new", reply(200, b"x"))
    client.get(server.url("/old"))
    assert [asked.target for asked in server.asked] == [b"/old", b"/new"]
    assert all(b"referer" not in asked.headers for asked in server.asked)


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/?",
        "/feed?a=1&a=2&b=",
        "/f?q=%D0%B6+%20&x=a%2Fb;c",
        "/f?it's=~a!b(c)*",
        "//double//slash",
        "/%7Euser/a:b@c",
    ],
)
def test_the_path_and_query_go_out_as_they_were_given(server: HttpServer, client: HttpClient, target: str) -> None:
    # trust: C15
    with contextlib.suppress(RequestError):
        client.get(server.url(target))
    assert server.asked[0].target == target.encode()


def test_the_fragment_stays_at_home(server: HttpServer, client: HttpClient) -> None:
    client.get(server.on("/feed", reply(200, b"x")) + "#part")
    assert server.asked[0].target == b"/feed"


def test_a_post_is_one_exact_body_with_its_length(server: HttpServer, client: HttpClient) -> None:
    client.post(server.on("/hook", reply(204)), b'{"a":1}', {"content-type": "application/json"})
    (asked,) = server.asked
    assert asked.method == b"POST"
    assert asked.body == b'{"a":1}'
    assert asked.headers == {
        b"host": b"127.0.0.1:%d" % server.port,
        b"user-agent": AGENT.encode(),
        b"accept-encoding": b"identity",
        b"content-type": b"application/json",
        b"content-length": b"7",
    }


# --- redirects --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_five_redirects_are_followed_with_the_request_s_own_headers(
    server: HttpServer, client: HttpClient, status: int
) -> None:
    # trust: C12
    for hop in range(5):
        server.on(f"/{hop}", redirect(status, f"/{hop + 1}"))
    server.on("/5", reply(200, b"there"))
    answer = client.get(server.url("/0"), {"if-none-match": '"v"'})
    assert (answer.body, answer.url) == (b"there", server.url("/5"))
    assert [asked.headers[b"if-none-match"] for asked in server.asked] == [b'"v"'] * 6
    assert answer.moved_permanently is (status in {301, 308})


def test_a_sixth_redirect_is_not_followed(server: HttpServer, client: HttpClient) -> None:
    # trust: C12
    for hop in range(7):
        server.on(f"/{hop}", redirect(302, f"/{hop + 1}"))
    failed = failure(client, server.url("/0"))
    assert failed.kind is ErrorKind.REDIRECTS
    assert sentence(failed.problem).startswith("more than 5 redirects")
    assert len(server.asked) == 6


def test_a_redirect_loop_ends(server: HttpServer, client: HttpClient) -> None:
    server.on("/a", redirect(301, "/b"))
    server.on("/b", redirect(301, "/a"))
    assert failure(client, server.url("/a")).kind is ErrorKind.REDIRECTS
    assert len(server.asked) == 6


@pytest.mark.parametrize(
    ("first", "second", "is_permanent"),
    [(301, 308, True), (308, 301, True), (301, 302, False), (307, 301, False), (303, 303, False)],
)
def test_a_feed_has_moved_only_where_every_redirect_says_so(
    server: HttpServer, client: HttpClient, first: int, second: int, is_permanent: bool
) -> None:
    # trust: C10, C12
    server.on("/a", redirect(first, "/b"))
    server.on("/b", redirect(second, "/c"))
    server.on("/c", reply(200, b"x"))
    assert client.get(server.url("/a")).moved_permanently is is_permanent


def test_an_answer_without_redirects_has_not_moved(server: HttpServer, client: HttpClient) -> None:
    assert client.get(server.on("/", reply(200, b"x"))).moved_permanently is False


def test_a_redirect_without_a_location_is_an_answer(server: HttpServer, client: HttpClient) -> None:
    assert client.get(server.on("/", reply(302))).status == 302


@pytest.mark.parametrize(
    "location",
    ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1:1/", "javascript:alert(1)", "data:text/xml,<rss/>",
     "http://", "http:///x", "http://[::1", "http://a b/", "http://\xff\xfe/", "http://127.0.0.1:port/",
     "\\\\host\\x"],
)  # fmt: skip
def test_a_redirect_to_what_is_no_web_address_ends_in_a_value(server: HttpServer, location: str) -> None:
    dialler = LoopbackDialler(server.port)
    with (
        HttpClient(user_agent=AGENT, policy=AddressPolicy(["127.0.0.1"]), dialler=dialler) as client,
        contextlib.suppress(RequestError),
    ):
        answer = client.get(server.on("/", redirect(302, location)))
        assert answer.status == 404  # taken for a relative address of the same server
    assert {port for _, port in dialler.dialled} == {server.port}
    assert len(server.asked) <= 6


def test_a_post_does_not_follow_redirects(server: HttpServer, client: HttpClient) -> None:
    # trust: B07
    for status in (301, 302, 303, 307, 308):
        assert client.post(server.on("/hook", redirect(status, "/other")), b"{}", {}).status == status
    assert {asked.target for asked in server.asked} == {b"/hook"}


# --- user and password ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user", "sent"),
    [
        ("reader:secret@", basic_auth("reader", "secret")),
        ("reader@", basic_auth("reader", "")),
        ("a%40b:p%3Aq%2F%25@", basic_auth("a@b", "p:q/%")),
        ("%D0%B6:%E2%82%AC@", basic_auth("ж", "€")),
    ],
)
def test_user_and_password_of_an_address_go_as_basic_auth(
    server: HttpServer, client: HttpClient, user: str, sent: bytes
) -> None:
    # trust: C23
    server.on("/feed", reply(200, b"x"))
    client.get(server.url("/feed", user=user))
    (asked,) = server.asked
    assert asked.headers[b"authorization"] == sent
    assert asked.target == b"/feed"
    assert asked.headers[b"host"] == b"127.0.0.1:%d" % server.port


def test_user_and_password_stay_with_a_redirect_on_the_same_origin(server: HttpServer, client: HttpClient) -> None:
    # trust: C23
    server.on("/old", redirect(301, "/new"))
    server.on("/new", reply(200, b"x"))
    answer = client.get(server.url("/old", user="reader:secret@"))
    assert [asked.headers[b"authorization"] for asked in server.asked] == [basic_auth("reader", "secret")] * 2
    assert answer.url == server.url("/new", user="reader:secret@")


def test_user_and_password_do_not_cross_to_another_port(server: HttpServer, client: HttpClient) -> None:
    # trust: C23
    with HttpServer() as other:
        server.on("/old", redirect(301, other.on("/new", reply(200, b"x"))))
        answer = client.get(server.url("/old", user="reader:secret@"))
        assert b"authorization" not in other.asked[0].headers
    assert "secret" not in answer.url


def test_user_and_password_do_not_cross_to_another_host(server: HttpServer) -> None:
    # trust: C23
    server.on("/old", redirect(302, "http://other.example/new"))
    server.on("/new", reply(200, b"x"))
    names = RecordingResolver({"feed.example": [PUBLIC], "other.example": [OTHER_PUBLIC]})
    with public_client(server, names) as (client, dialler):
        client.get("http://reader:secret@feed.example/old")
    assert dialler.dialled == [(PUBLIC, 80), (OTHER_PUBLIC, 80)]
    assert [b"authorization" in asked.headers for asked in server.asked] == [True, False]


def test_user_and_password_do_not_cross_from_https_to_http(
    certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    # trust: C23
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.cert))
    with HttpServer(certificate=certificate) as server, client_to_loopback() as client:
        server.on("/old", redirect(302, server.on("/new", reply(200, b"x"))))
        client.get(server.url("/old", scheme="https", user="reader:secret@"))
    assert [asked.is_tls for asked in server.asked] == [True, False]
    assert b"authorization" not in server.asked[1].headers


@pytest.mark.parametrize(
    "case", ["loop", "scheme", "unreadable", "no host", "slash", "bracket", "to nowhere", "refused", "broken", "gone"]
)
def test_a_password_in_an_address_is_never_in_a_reason(server: HttpServer, client: HttpClient, case: str) -> None:
    # trust: D25
    urls = {
        "loop": server.on("/loop", redirect(301, "/loop")),
        "scheme": "ftp://127.0.0.1/",
        "unreadable": "http://127.0.0.1:port/",
        "no host": "mailto://",
        "slash": "http://a/b:hunter2@127.0.0.1/",
        "bracket": "http://[::1",
        "to nowhere": server.on("/nowhere", redirect(302, "http://reader:hunter2@127.0.0.1:port/")),
        "gone": "http://127.0.0.1:1/",
        "refused": "http://10.0.0.1/",
        "broken": server.on("/broken", b"nonsense\r\n\r\nConnection: close"),
    }
    failed = failure(client, urls[case].replace("://", "://reader:hunter2@"))
    assert "hunter2" not in sentence(failed.problem)


# --- private and special addresses ------------------------------------------------------------------------------------

NAMES_OF_PRIVATE: dict[str, list[str]] = {
    "localhost": ["127.0.0.1"],
    "localhost6": ["::1"],
    "localhost.localdomain": ["127.0.0.1", "::1"],
    "ip6-loopback": ["::1"],
    "foo.localhost": ["127.0.0.1"],
    "127.0.0.1.nip.example": ["127.0.0.1"],
    "metadata.google.internal": ["169.254.169.254"],
    "router.local": ["192.168.1.1"],
    "mixed.example": [PUBLIC, "10.0.0.7"],
    "mixed6.example": [PUBLIC, "fd00::7"],
    "scoped.example": ["fe80::1%lo"],
    "public.example": [PUBLIC],
}

PRIVATE_HOSTS = [
    "127.0.0.1", "127.1", "127.0.1", "127.255.255.254",
    "2130706433", "0x7f000001", "0x7f.0.0.1", "0x7F.1", "017700000001", "0177.1", "127.0.0.0x1",
    "0", "0.0.0.0", "0x0", "00000000000", "0.1.2.3",  # noqa: S104 - nobody binds it
    "10.0.0.1", "10.1", "167772161", "0xa000001", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.257",
    "3232235521", "0300.0250.1", "100.64.0.1", "100.100.100.200", "169.254.169.254", "2852039166", "0xa9fea9fe",
    "192.0.0.1", "192.0.0.8", "192.0.0.170", "192.0.0.192", "192.0.2.1", "192.88.99.1", "198.18.0.1",
    "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[0000:0000:0000:0000:0000:0000:0000:0001]", "[::127.0.0.1]", "[::10.0.0.1]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::FFFF:10.0.0.1]", "[0:0:0:0:0:ffff:a9fe:a9fe]", "[::ffff:0:127.0.0.1]",
    "[2002:7f00:1::]", "[2002:a9fe:a9fe::1]", "[64:ff9b::127.0.0.1]", "[64:ff9b::a00:1]", "[64:ff9b:1::7f00:1]",
    "[2001:0:5ef5:79fd:0:0:80ff:fffe]", "[2001:0000:4136:e378:8000:63bf:f5ff:fffe]",
    "[fe80::1]", "[febf::1]", "[fc00::1]", "[fd12:3456:789a::1]", "[ff02::1]", "[ff0e::1]", "[100::1]",
    "[2001:db8::1]", "[2001:10::1]", "[2001:1::1]", "[2001:20::1]", "[3fff::1]", "[3fff:fff::1]", "[5f00::1]",
    "[100:0:0:1::1]", "[fec0::1]", "[feff::1]", "[::ffff:192.0.0.192]", "[64:ff9b::192.0.0.192]",
    "localhost", "LOCALHOST", "localhost.", "localhost6", "localhost.localdomain", "ip6-loopback", "foo.localhost",
    "127.0.0.1.nip.example", "metadata.google.internal", "router.local", "mixed.example", "mixed6.example",
    "scoped.example",
    "public.example@127.0.0.1", "public.example:80@127.0.0.1", "public.example%23@127.0.0.1", "a:b@localhost",
    "public.example%40x@[::1]", "1.1.1.1@0x7f.1", "127.0.0.1:80", "localhost:8080", "[::1]:6379",
]  # fmt: skip

#: These are not read as addresses at all, or as something public; they must not reach a private address either.
ODD_SPELLINGS = [
    "0177.0.0.1", "0177.0.0.01", "0300.0250.0.1", "0251.0376.0251.0376", "127.0.0.1.", "127.0.0.1..", "01.01.01.01",
    "127。0。0。1", "①②⑦.⓪.⓪.①", "１２７.０.０.１", "127.0.0.1%00.public.example", "[fe80::1%25lo]", "[fe80::1%lo]",
    "[::1", "127.0.0.1#@public.example", "127.0.0.1?@public.example", "127.0.0.1/@public.example", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    "localhost\u200b", "127.0.0.1\\@localhost", "%6c%6f%63%61%6c%68%6f%73%74", "%31%32%37.0.0.1", "127.0.0.1 ",
    "\t127.0.0.1", "[::ffff:127.0.0.1%251]", "localhost%2f", "256.256.256.256", "0x7f.0x0.0x0.0x100", "-1",
    "99999999999999999999", "127.0.0.1.1", "",
]  # fmt: skip


@dataclass
class Guarded:
    """Two clients for public addresses only. ``inside`` dials nobody; what ``outside`` dials is ``server``."""

    server: HttpServer
    inside: HttpClient
    outside: HttpClient
    dialled_inside: list[tuple[str, int]]
    dialled_outside: list[tuple[str, int]]


@pytest.fixture(scope="module")
def clients() -> Iterator[Guarded]:
    """Made once: a client reads all certificate authorities when it is built."""
    with HttpServer() as server:
        refusing, dialler = RefusingDialler(), LoopbackDialler(server.port)
        names, public = RecordingResolver(NAMES_OF_PRIVATE), AddressPolicy()
        with (
            HttpClient(user_agent=AGENT, policy=public, resolver=names, dialler=refusing) as inside,
            HttpClient(user_agent=AGENT, policy=public, resolver=names, dialler=dialler) as outside,
        ):
            yield Guarded(server, inside, outside, refusing.dialled, dialler.dialled)


@pytest.fixture
def guarded(clients: Guarded) -> Guarded:
    clients.dialled_inside.clear()
    clients.dialled_outside.clear()
    return clients


@pytest.mark.parametrize("host", [*PRIVATE_HOSTS, *ODD_SPELLINGS])
@pytest.mark.parametrize("way", ["get", "redirect", "post"])
def test_a_private_address_is_never_dialled_however_it_is_spelt(guarded: Guarded, host: str, way: str) -> None:
    # trust: D06, B12
    if way == "redirect":
        location = f"http://{host}/".encode().decode("latin-1")
        guarded.server.on("/", reply(302, headers={"Location": location}))
        failed = refusal_or_own_404(lambda: guarded.outside.get("http://public.example/"), host)
        assert {address for address, _ in guarded.dialled_outside} == {PUBLIC}
    else:
        ask = partial(guarded.inside.post, f"https://{host}/", b"{}", {})
        if way == "get":
            ask = partial(guarded.inside.get, f"http://{host}/")
        with pytest.raises(RequestError) as caught:
            ask()
        failed = caught.value
        assert guarded.dialled_inside == []
    if host in PRIVATE_HOSTS:
        assert failed is not None
        assert failed.kind is ErrorKind.REFUSED_ADDRESS
        assert "allow_private" in sentence(failed.problem)


def refusal_or_own_404(ask: Callable[[], Reply], host: str) -> RequestError | None:
    """What ends the request; an odd spelling may also be read as a path of the public server itself."""
    try:
        answer = ask()
    except RequestError as failed:
        return failed
    assert host in ODD_SPELLINGS
    assert answer.url.startswith("http://public.example/")
    return None


def test_more_than_35_spellings_are_tried() -> None:
    # trust: D06
    assert len(set(PRIVATE_HOSTS)) > 35


@pytest.mark.parametrize(
    "address",
    ["93.184.216.34", "8.8.8.8", "172.32.0.1", "192.169.0.1", "100.128.0.1", "2606:2800:220:1::1", "2a00:1450:4001::1",
     "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1", "192.0.1.1", "192.31.196.1", "2001:200::1", "3ffe::1"],
)  # fmt: skip
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


def test_a_name_is_looked_up_once_a_connection_and_the_checked_address_is_dialled(server: HttpServer) -> None:
    # trust: B13
    server.on("/", reply(200, b"x"))
    names = RecordingResolver({"flips.example": [[PUBLIC], ["127.0.0.1"]]})
    with public_client(server, names) as (client, dialler):
        client.get("http://flips.example/")
        assert names.looked_up == ["flips.example"]
        assert dialler.dialled == [(PUBLIC, 80)]
        assert failure(client, "http://flips.example/").kind is ErrorKind.REFUSED_ADDRESS
    assert names.looked_up == ["flips.example"] * 2
    assert dialler.dialled == [(PUBLIC, 80)]


def test_a_name_that_turns_private_between_saving_and_sending_is_refused(server: HttpServer) -> None:
    # trust: B13
    names = RecordingResolver({"flips.example": [[PUBLIC], ["10.0.0.1"]]})
    with public_client(server, names) as (client, dialler):
        client.check("https://flips.example/hook")
        with pytest.raises(RequestError, match="private_address"):
            client.post("https://flips.example/hook", b"{}", {})
    assert dialler.dialled == []


def test_a_name_that_turns_private_along_a_redirect_to_itself_is_refused(server: HttpServer) -> None:
    # trust: B13
    server.on("/", redirect(302, "http://flips.example/admin"))
    names = RecordingResolver({"flips.example": [[PUBLIC], ["127.0.0.1"]]})
    with public_client(server, names) as (client, dialler):
        assert failure(client, "http://flips.example/").kind is ErrorKind.REFUSED_ADDRESS
    assert dialler.dialled == [(PUBLIC, 80)]
    assert len(server.asked) == 1


@pytest.mark.parametrize("host", [h for h in PRIVATE_HOSTS if "@" not in h])
def test_the_check_before_saving_refuses_what_sending_would_refuse(guarded: Guarded, host: str) -> None:
    # trust: B12
    with pytest.raises(RequestError) as caught:
        guarded.inside.check(f"https://{host}/hook")
    assert caught.value.kind is ErrorKind.REFUSED_ADDRESS
    assert guarded.dialled_inside == []


@pytest.mark.parametrize(
    ("allowed", "url", "dialled"),
    [
        ("127.0.0.0/8", "http://127.0.0.1/", [("127.0.0.1", 80)]),
        ("127.0.0.1", "http://2130706433/", [("127.0.0.1", 80)]),
        ("10.0.0.0/24", "http://mixed.example/", [(PUBLIC, 80), ("10.0.0.7", 80)]),
        ("10.0.0.0/24", "http://10.0.1.7/", []),
        ("localhost", "http://localhost:8080/", [("127.0.0.1", 8080)]),
        ("LocalHost.", "http://LOCALHOST/", [("127.0.0.1", 80)]),
        ("localhost", "http://127.0.0.1/", []),
        ("localhost", "http://router.local/", []),
        ("router.local", "https://router.local/", [("192.168.1.1", 443)]),
        ("local", "http://router.local/", []),
        ("fd00::/8", "http://[fd00::7]:81/", [("fd00::7", 81)]),
        ("127.0.0.0/8", "http://[::ffff:127.0.0.1]/", []),
        ("0.0.0.0/0", "http://[::1]/", []),
        ("router.local", "http://user:router.local@127.0.0.1/", []),
    ],
)
def test_the_operator_opens_private_addresses_by_network_or_by_name_and_no_other(
    allowed: str, url: str, dialled: list[tuple[str, int]]
) -> None:
    # trust: D06
    recorder, names = RefusingDialler(), RecordingResolver(dict(NAMES_OF_PRIVATE))
    with HttpClient(user_agent=AGENT, policy=AddressPolicy([allowed]), resolver=names, dialler=recorder) as client:
        failed = failure(client, url)
    assert recorder.dialled == dialled
    assert failed.kind is (ErrorKind.CONNECT if dialled else ErrorKind.REFUSED_ADDRESS)


def test_the_next_address_of_a_name_is_dialled_when_one_is_dead(server: HttpServer) -> None:
    server.on("/", reply(200, b"x"))
    names = RecordingResolver({"two.example": [PUBLIC, OTHER_PUBLIC]})
    dialler = LoopbackDialler(server.port, refuses=[PUBLIC])
    with HttpClient(user_agent=AGENT, policy=AddressPolicy(), resolver=names, dialler=dialler) as client:
        assert client.get("http://two.example/").status == 200
    assert dialler.dialled == [(PUBLIC, 80), (OTHER_PUBLIC, 80)]
    assert names.looked_up == ["two.example"]


def test_proxies_of_the_environment_are_not_used(server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://10.0.0.1:3128")
    with client_to_loopback() as client:
        assert client.get(server.on("/", reply(200, b"x"))).status == 200


# --- failures ---------------------------------------------------------------------------------------------------------


def no_such_name(host: str, port: int) -> list[str]:
    raise OSError("Name or service not known")


def empty_answer(host: str, port: int) -> list[str]:
    return []


@pytest.mark.parametrize("resolver", [no_such_name, empty_answer])
def test_the_check_before_saving_tells_a_name_that_is_not_known_from_one_that_is_refused(
    resolver: Callable[[str, int], list[str]],
) -> None:
    # trust: B12
    with (
        HttpClient(user_agent=AGENT, policy=AddressPolicy(), resolver=resolver, dialler=RefusingDialler()) as client,
        pytest.raises(RequestError) as caught,
    ):
        client.check("https://gone.example/hook")
    assert (caught.value.kind, sentence(caught.value.problem)) == (ErrorKind.NAME, "name not found: gone.example")


@pytest.mark.parametrize("url", ["ftp://public.example/", "hook", "", "https://", "https://[::1", "https://a:port/"])
def test_the_check_before_saving_refuses_what_is_no_web_address(url: str) -> None:
    with (
        HttpClient(user_agent=AGENT, policy=AddressPolicy(), resolver=RecordingResolver(NAMES_OF_PRIVATE)) as client,
        pytest.raises(RequestError) as caught,
    ):
        client.check(url)
    assert caught.value.kind is ErrorKind.PROTOCOL


@pytest.mark.parametrize("resolver", [no_such_name, empty_answer])
def test_a_name_that_does_not_resolve_is_a_failure_of_the_name(resolver: Callable[[str, int], list[str]]) -> None:
    recorder = RefusingDialler()
    with HttpClient(user_agent=AGENT, policy=AddressPolicy(), resolver=resolver, dialler=recorder) as client:
        failed = failure(client, "http://gone.example/feed")
    assert (failed.kind, sentence(failed.problem)) == (ErrorKind.NAME, "name not found: gone.example")
    assert FailureKind(failed.kind).is_soft


def test_a_name_server_that_does_not_answer_is_waited_for_until_the_deadline() -> None:
    released = threading.Event()

    def hangs(host: str, port: int) -> list[str]:
        released.wait(60)
        return [PUBLIC]

    recorder = RefusingDialler()
    with HttpClient(
        user_agent=AGENT, policy=AddressPolicy(), deadline=timedelta(seconds=0.3), resolver=hangs, dialler=recorder
    ) as client:
        failed = failure(client, "http://slow.example/")
    released.set()
    assert failed.kind is ErrorKind.NAME
    assert sentence(failed.problem) == "the name server does not answer for slow.example"
    assert recorder.dialled == []


def test_a_refused_connection_is_a_failure_to_connect(client: HttpClient) -> None:
    with HttpServer() as closed:
        url = closed.url("/")
    failed = failure(client, url)
    assert failed.kind is ErrorKind.CONNECT
    assert sentence(failed.problem).startswith(f"no connection to 127.0.0.1:{closed.port} (")


def test_a_failure_after_a_redirect_names_the_host_that_failed(server: HttpServer, client: HttpClient) -> None:
    with HttpServer() as closed:
        url = closed.url("/gone")
    failed = failure(client, server.on("/", redirect(302, url)))
    assert failed.kind is ErrorKind.CONNECT
    assert f"127.0.0.1:{closed.port}" in sentence(failed.problem)


def test_a_self_signed_certificate_is_refused_with_the_reason(certificate: Certificate, client: HttpClient) -> None:
    # trust: B14
    with HttpServer(certificate=certificate) as server:
        server.on("/", reply(200, b"x"))
        failed = failure(client, server.url("/", scheme="https"))
    assert failed.kind is ErrorKind.TLS
    assert "certificate" in sentence(failed.problem)
    assert server.asked == []


def test_a_certificate_of_another_host_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # trust: B14
    other = make_certificate(tmp_path, names="DNS:other.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(other.cert))
    with HttpServer(certificate=other) as server, client_to_loopback() as client:
        failed = failure(client, server.url("/", scheme="https"))
    assert failed.kind is ErrorKind.TLS
    assert "mismatch" in sentence(failed.problem).lower() or "127.0.0.1" in sentence(failed.problem)
    assert server.asked == []


def test_https_with_a_trusted_certificate_works(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    # trust: C21
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.cert))
    with HttpServer(certificate=certificate) as server, client_to_loopback() as client:
        server.on("/", reply(200, b"secret"))
        assert client.get(server.url("/", scheme="https")).body == b"secret"
    assert server.asked[0].is_tls


class PlainTalker(RawServer):
    """Answers a TLS hello with HTTP, as a plain web server does."""

    def serve(self, wire: Wire) -> None:
        wire.read()
        wire.send(reply(400, b"what?"))


def test_a_server_that_does_not_speak_tls_is_a_failure_of_tls(client: HttpClient) -> None:
    with PlainTalker() as server:
        assert failure(client, f"https://127.0.0.1:{server.port}/").kind is ErrorKind.TLS


@pytest.mark.parametrize(
    "nonsense",
    [b"SSH-2.0-OpenSSH_9.6\r\n\r\n", b"HTTP/1.1 abc OK\r\n\r\n", b"\x00" * 64 + b"\r\n\r\n",
     b"HTTP/1.1 200 OK\r\nbad header line\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
     b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
     b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", b"HTTP/1.1 200 OK\r\n"],
    ids=["ssh", "no status", "zeros", "header", "chunk", "length", "negative", "lengths", "cut"],
)  # fmt: skip
def test_what_is_not_http_is_a_protocol_failure(server: HttpServer, nonsense: bytes) -> None:
    def say(wire: Wire, _asked: Asked) -> None:
        wire.send(nonsense)

    with client_to_loopback() as client:
        failed = failure(client, server.on("/", say))
    assert failed.kind is ErrorKind.PROTOCOL
    assert sentence(failed.problem).startswith(f"127.0.0.1:{server.port} does not speak HTTP properly (")
    assert "\n" not in sentence(failed.problem)


def test_a_server_that_hangs_up_without_a_word_is_a_failure(server: HttpServer, client: HttpClient) -> None:
    def hang_up(_wire: Wire, _asked: Asked) -> None:
        return

    assert failure(client, server.on("/", hang_up)).kind in {ErrorKind.PROTOCOL, ErrorKind.CONNECT}


@pytest.mark.parametrize(
    "url",
    ["", "feed", "/feed", "ftp://127.0.0.1/", "file:///etc/passwd", "http://", "http:///feed", "http://[::1",
     "//127.0.0.1/", "http://127.0.0.1:port/", "http://xn--/", "http://a..b/", "http://" + "a" * 300 + "/",
     "http://ex\x00ample/", "http://\ud800/"],
)  # fmt: skip
def test_what_is_no_web_address_is_a_value_too(url: str) -> None:
    recorder = RefusingDialler()
    with HttpClient(user_agent=AGENT, policy=AddressPolicy(), resolver=RecordingResolver(), dialler=recorder) as client:
        failed = failure(client, url)
    assert failed.kind in {ErrorKind.PROTOCOL, ErrorKind.NAME}
    assert "\n" not in sentence(failed.problem)
    assert recorder.dialled == []


def test_http_1_0_and_bodies_that_end_with_the_connection_are_read(server: HttpServer, client: HttpClient) -> None:
    assert client.get(server.on("/", b"HTTP/1.0 200 OK\r\n\r\n<rss/>")).body == b"<rss/>"


def test_connections_are_kept_only_where_that_was_asked_for(server: HttpServer) -> None:
    server.on("/", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
    with client_to_loopback(keep_alive=4) as client:
        for _ in range(3):
            client.get(server.url("/"))
    assert server.connections == 1
    with client_to_loopback() as client:
        for _ in range(3):
            client.get(server.url("/"))
    assert server.connections == 4


def test_a_kept_connection_that_the_server_closed_is_opened_anew(server: HttpServer) -> None:
    is_closed = threading.Event()

    def once(wire: Wire, _asked: Asked) -> None:
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
        wire.connection.shutdown(1)
        is_closed.set()
        wire.wait_for_hangup()

    server.on("/", once)
    with client_to_loopback(keep_alive=4) as client:
        for _ in range(3):
            assert client.get(server.url("/")).body == b"x"
            assert is_closed.wait(60)
            is_closed.clear()
    assert server.connections == 3


def test_threads_may_share_a_client(server: HttpServer) -> None:
    server.on("/", reply(200, b"x" * 1_000))
    bodies: list[bytes] = []
    with client_to_loopback(keep_alive=2) as client:
        threads = [
            threading.Thread(target=lambda: bodies.extend(client.get(server.url("/")).body for _ in range(20)))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert bodies == [b"x" * 1_000] * 160
