"""What Apprise carries, to a receiver on loopback (Apprise makes its own connections)."""

import json
from collections.abc import Iterator

import pytest

from reformwatch.channels.apprise import AppriseChannel, is_known
from reformwatch.model.alert import Sent, TryLater
from sample_messages import NOW, TITLE, a_message, an_envelope, rendered
from servers import HttpServer, reply

#: A library that Apprise loads imports a module that Python is about to lose.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
pytest.importorskip("apprise", reason="the extra is not installed: pip install 'reformwatch[apprise]'")


@pytest.fixture
def receiver() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


def test_an_alert_goes_through_apprise_with_its_subject_and_text(receiver: HttpServer) -> None:
    receiver.on("/hook", reply(200))
    channel = AppriseChannel()
    message = rendered()
    outcome = channel.send(message, an_envelope(f"json://127.0.0.1:{receiver.port}/hook"), now=NOW)
    channel.close()
    assert outcome == Sent(detail="taken by Apprise")
    (asked,) = receiver.asked
    said = json.loads(asked.body)
    assert said["title"] == f"January investigation: {TITLE}"
    assert "https://wire.example/1" in said["message"]
    assert "*Prosecutors* give first results" in said["message"]


def test_letters_of_every_script_arrive_as_they_were(receiver: HttpServer) -> None:
    receiver.on("/hook", reply(200))
    message = a_message(title="Жолдау — «Жаңа Қазақстан» 🗳️", language="kk")
    AppriseChannel().send(message, an_envelope(f"json://127.0.0.1:{receiver.port}/hook"), now=NOW)
    assert "Жолдау — «Жаңа Қазақстан» 🗳️" in json.loads(receiver.asked[0].body)["title"]


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_what_apprise_could_not_deliver_is_tried_later(receiver: HttpServer, status: int) -> None:
    receiver.on("/hook", reply(status))
    outcome = AppriseChannel().send(a_message(), an_envelope(f"json://127.0.0.1:{receiver.port}/hook"), now=NOW)
    assert isinstance(outcome, TryLater)
    assert "could not deliver" in outcome.reason


def test_a_receiver_that_is_not_there_is_tried_later() -> None:
    with HttpServer() as closed:
        address = f"json://127.0.0.1:{closed.port}/hook"
    assert isinstance(AppriseChannel().send(a_message(), an_envelope(address), now=NOW), TryLater)


def test_an_address_that_apprise_does_not_know_is_a_value() -> None:
    outcome = AppriseChannel().send(a_message(), an_envelope("nonsense://example"), now=NOW)
    assert outcome == TryLater(reason="Apprise does not know this kind of address")


@pytest.mark.parametrize(
    ("address", "known"),
    [("json://127.0.0.1/hook", True), ("ntfy://topic", True), ("nonsense://x", False), ("", False), ("-", False)],
)
def test_addresses_that_apprise_knows_can_be_told(address: str, known: bool) -> None:
    assert is_known(address) is known


def test_a_token_in_an_address_is_in_no_reason(receiver: HttpServer) -> None:
    # trust: B20
    receiver.on("/hook", reply(500))
    address = f"json://user:hunter2@127.0.0.1:{receiver.port}/hook"
    assert "hunter2" not in repr(AppriseChannel().send(a_message(), an_envelope(address), now=NOW))
