"""Webhooks against real receivers on loopback, checked with the library that receivers use."""

import base64
import gzip
import hashlib
import hmac
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from msgspec.structs import replace
from standardwebhooks import Webhook, WebhookVerificationError

from reformwatch.channels.base import Envelope
from reformwatch.channels.webhook import WebhookChannel, body_of, new_secret, outcome_of, sign
from reformwatch.messages.payload import payload_of
from reformwatch.model.alert import AddressDead, SendOutcome, Sent, TryLater
from reformwatch.model.message import Message
from reformwatch.net.address_policy import AddressPolicy
from reformwatch.net.client import HttpClient
from reformwatch.wiring.delivery import webhook_post
from sample_messages import NOW, a_message, a_topic, an_alert, an_entry, an_envelope, an_item, evidence_in, rendered
from servers import (
    Answer,
    Asked,
    Certificate,
    HttpServer,
    LoopbackDialler,
    RecordingResolver,
    RefusingDialler,
    Wire,
    make_certificate,
    redirect,
    reply,
)

SECRET = new_secret()
KIB = 1024


@pytest.fixture
def receiver() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


@pytest.fixture
def channel() -> Iterator[WebhookChannel]:
    with a_client() as client:
        yield WebhookChannel(webhook_post(client))


def a_client(deadline_s: float = 20.0) -> HttpClient:
    """As wiring.build_webhook_client makes it, but for the deadline."""
    return HttpClient(
        user_agent="reformwatch/0",
        policy=AddressPolicy(["127.0.0.1"]),
        deadline=timedelta(seconds=deadline_s),
        max_bytes=64 * KIB,
        max_connections=32,
        keep_alive=16,
    )


def an_address(url: str, *, message_id: str = "msg_0123456789abcdef", secret: str = SECRET) -> Envelope:
    return an_envelope(url, message_id=message_id, secret=secret)


def sent(channel: WebhookChannel, url: str, *, message: Message | None = None, now: datetime = NOW) -> SendOutcome:
    return channel.send(message or a_message(), an_address(url), now=now)


# --- the signature ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("title", ["Plain", "Жолдау — «Жаңа Қазақстан» 🗳️", 'quotes " and \\ and </script>', "\u2028"])
def test_the_standard_library_of_receivers_verifies_every_signature(
    receiver: HttpServer, channel: WebhookChannel, title: str
) -> None:
    # trust: B01
    url, now = receiver.on("/hook", reply(204)), datetime.now(UTC)
    assert isinstance(sent(channel, url, message=a_message(title=title), now=now), Sent)
    (asked,) = receiver.asked
    payload = Webhook(SECRET).verify(asked.body, asked.text_headers)
    assert payload["type"] == "alert.story"
    assert asked.headers[b"webhook-id"] == b"msg_0123456789abcdef"
    assert asked.headers[b"webhook-timestamp"] == str(int(now.timestamp())).encode()
    assert asked.headers[b"webhook-signature"].startswith(b"v1,")
    assert asked.headers[b"content-type"] == b"application/json; charset=utf-8"


def test_a_receiver_with_another_secret_or_another_body_refuses_it(
    receiver: HttpServer, channel: WebhookChannel
) -> None:
    # trust: B01
    sent(channel, receiver.on("/hook", reply(204)), now=datetime.now(UTC))
    (asked,) = receiver.asked
    for secret, body in ((new_secret(), asked.body), (SECRET, asked.body + b" ")):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, asked.text_headers)


def test_each_attempt_has_its_own_timestamp_and_the_same_id(receiver: HttpServer, channel: WebhookChannel) -> None:
    # trust: B01, A03
    url = receiver.on("/hook", reply(500), reply(204))
    for minutes in (0, 5):
        sent(channel, url, now=NOW + timedelta(minutes=minutes))
    first, second = (asked.headers for asked in receiver.asked)
    assert first[b"webhook-id"] == second[b"webhook-id"]
    assert int(second[b"webhook-timestamp"]) - int(first[b"webhook-timestamp"]) == 300
    assert first[b"webhook-signature"] != second[b"webhook-signature"]


def test_the_signature_is_over_the_very_bytes_that_are_sent(receiver: HttpServer, channel: WebhookChannel) -> None:
    # trust: B02
    sent(channel, receiver.on("/hook", reply(204)), message=a_message(title="Жолдау"))
    (asked,) = receiver.asked
    stamp = asked.headers[b"webhook-timestamp"]
    key = base64.b64decode(SECRET.removeprefix("whsec_"))

    def expected(body: bytes) -> bytes:
        signed = b".".join((asked.headers[b"webhook-id"], stamp, body))
        return b"v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256))

    assert asked.headers[b"webhook-signature"] == expected(asked.body)
    assert asked.headers[b"webhook-signature"] != expected(json.dumps(json.loads(asked.body)).encode())


def test_a_known_signature_of_the_specification_comes_out() -> None:
    # trust: B01
    # The example of github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    signature = sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_secrets_are_fresh_and_long() -> None:
    secrets = {new_secret() for _ in range(50)}
    assert len(secrets) == 50
    assert all(len(base64.b64decode(secret.removeprefix("whsec_"))) == 32 for secret in secrets)


# --- what a reply means -----------------------------------------------------------------------------------------------


def test_an_error_three_times_and_then_success_is_sent_once(receiver: HttpServer, channel: WebhookChannel) -> None:
    # trust: B04
    url = receiver.on("/hook", reply(500, b"down"), reply(502), reply(503), reply(200))
    outcomes = [sent(channel, url) for _ in range(4)]
    assert [type(outcome) for outcome in outcomes] == [TryLater] * 3 + [Sent]
    assert outcomes[0] == TryLater(reason="answered 500: down")
    assert len({asked.headers[b"webhook-id"] for asked in receiver.asked}) == 1


def test_gone_is_the_end_of_the_address(receiver: HttpServer, channel: WebhookChannel) -> None:
    # trust: B05
    url = receiver.on("/hook", reply(410, b"no longer here"))
    assert sent(channel, url) == AddressDead(reason="answered 410: no longer here")


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "wish"),
    [
        ("3600", timedelta(hours=1)),
        (format_datetime(NOW + timedelta(hours=2), usegmt=True), timedelta(hours=2)),
        ("soon", None),
        (None, None),
    ],
)
def test_a_receivers_wish_to_wait_is_kept(
    receiver: HttpServer, channel: WebhookChannel, status: int, header: str | None, wish: timedelta | None
) -> None:
    # trust: B06
    url = receiver.on("/hook", reply(status, b"", {"Retry-After": header} if header else {}))
    assert sent(channel, url) == TryLater(reason=f"answered {status}", retry_after=wish)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_the_reason_says_what_to_do(
    receiver: HttpServer, channel: WebhookChannel, status: int
) -> None:
    # trust: B07
    url = receiver.on("/hook", redirect(status, receiver.on("/new", reply(200))))
    assert sent(channel, url) == TryLater(
        reason=f"answered {status}: redirects are not followed, give the final address"
    )
    assert [asked.target for asked in receiver.asked] == [b"/hook"]


def silence(wire: Wire, _asked: Asked) -> None:
    wire.wait_for_hangup()


def drip(wire: Wire, _asked: Asked) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    wire.drip(b"x" * 1_000, every_s=0.1)


def drip_headers(wire: Wire, _asked: Asked) -> None:
    wire.drip(b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 1_000, every_s=0.1)


@pytest.mark.parametrize("misbehaviour", [silence, drip, drip_headers], ids=lambda f: f.__name__)
def test_a_receiver_that_drags_is_cut_at_the_deadline(receiver: HttpServer, misbehaviour: Answer) -> None:
    # trust: B08
    with a_client(deadline_s=0.7) as client:
        outcome = sent(WebhookChannel(webhook_post(client)), receiver.on("/hook", misbehaviour))
    assert outcome == TryLater(reason=f"no whole answer from 127.0.0.1:{receiver.port} within 0.7 s")


@pytest.mark.parametrize("status", [200, 500])
def test_of_an_endless_reply_little_is_read(receiver: HttpServer, status: int) -> None:
    # trust: B08
    def endless(wire: Wire, _asked: Asked) -> None:
        wire.send(b"HTTP/1.1 %d Whatever\r\n\r\n" % status)
        wire.pour(b"x" * 4_096)

    dialler = LoopbackDialler(receiver.port)
    with HttpClient(
        user_agent="t", policy=AddressPolicy(["127.0.0.1"]), max_bytes=64 * KIB, dialler=dialler, keep_alive=4
    ) as client:
        outcome = sent(WebhookChannel(webhook_post(client)), receiver.on("/hook", endless))
    assert isinstance(outcome, Sent if status == 200 else TryLater)
    assert dialler.streams[0].read_bytes <= 2 * 64 * KIB  # the bound, and what one more read of the socket brings


def test_a_receiver_that_answers_late_but_in_time_has_it(receiver: HttpServer) -> None:
    # trust: B16
    def late(wire: Wire, _asked: Asked) -> None:
        wire.closing.wait(1.2)
        wire.send(reply(200))

    with a_client(deadline_s=20) as client:
        assert sent(WebhookChannel(webhook_post(client)), receiver.on("/hook", late)) == Sent(detail="answered 200")


def continues(wire: Wire, _asked: Asked) -> None:
    wire.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + reply(202))


def no_content_with_a_body(wire: Wire, _asked: Asked) -> None:
    wire.send(b"HTTP/1.1 204 No Content\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody")


@pytest.mark.parametrize(
    "answer",
    [
        continues,
        no_content_with_a_body,
        reply(204),
        reply(201, b"created"),
        reply(299, b"x"),
        b"HTTP/1.0 200 OK\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok",
        reply(200, gzip.compress(b"thanks"), {"Content-Encoding": "gzip"}),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        reply(200, b"", {"Content-Encoding": "gzip"}),
    ],
    ids=["100", "204 body", "204", "201", "299", "1.0", "1.0 length", "gzip", "chunked", "empty gzip"],
)
def test_every_kind_of_success_is_one(receiver: HttpServer, channel: WebhookChannel, answer: Answer) -> None:
    # trust: B19
    url = receiver.on("/hook", answer)
    for _ in range(3):
        assert isinstance(sent(channel, url), Sent)
    assert len(receiver.asked) == 3


@pytest.mark.parametrize(
    "answer",
    [
        reply(200, b"\x0b\x02\x80ok\x03", {"Content-Encoding": "br"}),
        reply(200, b"ok", {"Content-Encoding": "gzip"}),
    ],
    ids=["brotli", "not gzip"],
)
def test_a_success_is_one_whatever_its_body_is(receiver: HttpServer, channel: WebhookChannel, answer: Answer) -> None:
    # trust: B19
    assert isinstance(sent(channel, receiver.on("/hook", answer)), Sent)


def test_gone_is_the_end_of_the_address_whatever_its_body_is(receiver: HttpServer, channel: WebhookChannel) -> None:
    # trust: B05
    url = receiver.on("/hook", reply(410, b"\x0b\x02\x80gone\x03", {"Content-Encoding": "br"}))
    assert isinstance(sent(channel, url), AddressDead)


def test_several_messages_go_over_one_connection(receiver: HttpServer, channel: WebhookChannel) -> None:
    url = receiver.on("/hook", b"HTTP/1.1 204 No Content\r\n\r\n")
    for _ in range(3):
        assert isinstance(sent(channel, url), Sent)
    assert receiver.connections == 1


# --- where it does not go ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "2130706433", "localhost", "[::1]", "[::ffff:7f00:1]", "10.1", "169.254.169.254", "x@127.0.0.1"],
)
def test_a_private_address_is_refused_when_sending(host: str) -> None:
    # trust: B12
    recorder, names = RefusingDialler(), RecordingResolver({"localhost": ["127.0.0.1"]})
    with HttpClient(user_agent="t", policy=AddressPolicy(), resolver=names, dialler=recorder) as client:
        outcome = sent(WebhookChannel(webhook_post(client)), f"https://{host}/hook")
    assert isinstance(outcome, TryLater)
    assert "private or special address" in outcome.reason
    assert recorder.dialled == []


def test_a_self_signed_receiver_is_a_failure_with_the_reason(
    channel: WebhookChannel, tmp_path_factory: pytest.TempPathFactory
) -> None:
    # trust: B14
    certificate: Certificate = make_certificate(tmp_path_factory.mktemp("certificate"))
    with HttpServer(certificate=certificate) as receiver:
        outcome = sent(channel, receiver.url("/hook", scheme="https"))
    assert isinstance(outcome, TryLater)
    assert outcome.reason.startswith(f"the certificate of 127.0.0.1:{receiver.port} is not accepted")
    assert receiver.asked == []


def test_a_receiver_that_is_not_there_is_tried_later(channel: WebhookChannel) -> None:
    with HttpServer() as closed:
        url = closed.url("/hook")
    assert isinstance(sent(channel, url), TryLater)


# --- what is in it ----------------------------------------------------------------------------------------------------


def a_long_alert(entries: int, evidence: int, *, title: str = "заголовок " * 30) -> Message:
    items = []
    for number in range(entries):
        entry = an_entry(number, title=title, summary="слово " * 200, url="https://wire.example/" + "u" * 1_900)
        items.append(an_item(entry, [evidence_in(title, title.split()[0])] * evidence))
    return rendered(an_alert(*items))


@pytest.mark.parametrize(("entries", "evidence"), [(40, 1), (40, 12), (12, 0), (9, 3), (200, 12)])
def test_a_body_is_under_20_kilobytes_and_says_when_it_was_truncated(entries: int, evidence: int) -> None:
    # trust: B15
    message = a_long_alert(entries, evidence)
    body = body_of(message.payload)
    assert len(body) < 20_000
    said = json.loads(body)["data"]
    assert said["truncated"] is True
    assert said["story"]["entries"]
    assert said["story"]["headline"] == message.payload["data"]["story"]["headline"]
    assert said["alert_id"] == 7


def test_a_truncated_body_is_still_signed_and_verifies(receiver: HttpServer, channel: WebhookChannel) -> None:
    # trust: B01, B15
    url = receiver.on("/hook", reply(204))
    assert isinstance(sent(channel, url, message=a_long_alert(40, 12), now=datetime.now(UTC)), Sent)
    assert len(receiver.asked[0].body) < 20_000
    Webhook(SECRET).verify(receiver.asked[0].body, receiver.asked[0].text_headers)


def test_a_body_is_under_20_kilobytes_with_any_number_of_topics() -> None:
    # trust: B15
    topics = [a_topic(number, name=f"тема номер {number} " * 4) for number in range(300)]
    assert len(body_of(rendered(an_alert(topics=topics)).payload)) < 20_000


@pytest.mark.parametrize("letter", ["w", "ж", "🗳", '"', "\n"])
def test_a_body_is_under_20_kilobytes_however_long_any_one_text_is(letter: str) -> None:
    # trust: B15
    long = letter * 50_000
    entry = an_entry(title=long, url="https://wire.example/" + "ж" * 1_900, feed_name=long, language=long)
    item = an_item(entry, [evidence_in(f"{long} {long}", long)] * 12)
    payload = rendered(an_alert(item, topics=[a_topic(name=long)], headline=long)).payload
    payload["data"]["evidence"][0]["snippet"] = long
    said = json.loads(body_of(payload))["data"]
    assert len(body_of(payload)) < 20_000
    assert said["truncated"] is True
    assert (len(said["topics"]), len(said["story"]["entries"])) == (1, 1)
    assert said["story"]["entries"][0]["url"] == entry.url


def test_what_takes_the_most_room_is_left_out_first() -> None:
    # trust: B15
    said = json.loads(body_of(a_long_alert(12, 12).payload))["data"]
    assert said["evidence"]
    topics = [a_topic(number, name=f"тема номер {number} " * 4) for number in range(300)]
    said = json.loads(body_of(rendered(an_alert(topics=topics)).payload))["data"]
    assert len(said["topics"]) > 10
    assert said["evidence"]


def test_a_small_body_is_whole_and_says_nothing_of_truncation() -> None:
    # trust: B15
    payload = payload_of(an_alert())
    assert json.loads(body_of(payload)) == payload
    assert "truncated" not in payload["data"]


def test_truncating_leaves_the_message_itself_alone() -> None:
    message = a_long_alert(40, 12)
    before = json.dumps(message.payload)
    assert body_of(message.payload) == body_of(message.payload)
    assert json.dumps(message.payload) == before


def test_the_payload_has_the_documented_shape() -> None:
    payload = payload_of(an_alert())
    assert set(payload) == {"type", "timestamp", "data"}
    assert datetime.fromisoformat(payload["timestamp"]) == NOW
    data: dict[str, Any] = payload["data"]
    assert data["topics"] == [{"slug": "january-investigation-1", "name": "January investigation"}]
    assert set(data["story"]) == {"id", "headline", "entries"}
    assert set(data["story"]["entries"][0]) == {"title", "url", "feed", "language", "published"}
    assert set(data["evidence"][0]) >= {"field", "term", "word", "how", "snippet"}
    assert data["strength"] == "about"


# --- secrets and strangers' words -------------------------------------------------------------------------------------


def test_the_secret_is_in_no_repr_log_or_reason(
    receiver: HttpServer, channel: WebhookChannel, caplog: pytest.LogCaptureFixture
) -> None:
    # trust: B20
    caplog.set_level(logging.DEBUG)
    bare = SECRET.removeprefix("whsec_")
    envelope = an_address(receiver.on("/hook", reply(500, b"no"), reply(204)))
    shown = [repr(envelope), repr(replace(envelope, message_id="other"))]
    shown += [repr(channel.send(a_message(), envelope, now=NOW)) for _ in range(2)]
    assert all(bare not in text for text in [*shown, caplog.text])
    assert all(bare.encode() not in asked.raw + asked.body for asked in receiver.asked)


@pytest.mark.parametrize("secret", ["whsec_not!base64", "whsec_abc", "abc", "whsec_ж"])
def test_a_secret_that_is_not_one_does_not_show_itself(secret: str) -> None:
    # trust: B20
    said = ""
    try:
        sign(secret, "msg_1", 1, b"{}")
    except ValueError as no:
        said = str(no)
    assert secret.removeprefix("whsec_") not in said


@pytest.mark.parametrize(
    "said",
    [
        b"\x1b[31mred\x1b[0m",
        b"\x1b]0;title\x07",
        b"\x9b31m",
        "\u202etxt.exe".encode(),
        b"a\r\nb\tc",
        b"\xff\xfe\x00",
        "\u2028\u0085".encode(),
        b"<script>alert(1)</script>",
        b"x" * 100_000,
    ],
)
@pytest.mark.parametrize("status", [400, 410, 500])
def test_a_receivers_words_are_shown_in_one_line_without_escape_sequences(
    receiver: HttpServer, channel: WebhookChannel, said: bytes, status: int
) -> None:
    # trust: D27
    outcome = sent(channel, receiver.on("/hook", reply(status, said)))
    assert isinstance(outcome, AddressDead if status == 410 else TryLater)
    assert outcome.reason.isprintable()
    assert outcome.reason.startswith(f"answered {status}")
    assert len(outcome.reason) < 200


def test_every_status_has_a_meaning() -> None:
    for status in range(100, 600):
        expected = Sent if 200 <= status < 300 else AddressDead if status == 410 else TryLater
        assert isinstance(outcome_of(status, b""), expected), status
