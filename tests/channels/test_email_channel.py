"""Mail against real mail servers on loopback, good and bad, and every mail parsed back."""

import email
import email.policy
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from email.headerregistry import Address
from email.message import EmailMessage
from email.message import Message as AnyMail
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reformwatch.channels.base import SmtpAccount, Tls
from reformwatch.channels.email import EmailChannel, compose, valid_address
from reformwatch.documents.feed import parse_feed
from reformwatch.model.alert import AddressDead, Rejected, SendOutcome, Sent, TryLater
from reformwatch.model.entry import ParsedFeed
from reformwatch.model.message import Message
from sample_messages import NOW, a_message, an_alert, an_entry, an_envelope, an_item, rendered
from servers import CUT, Certificate, MailBox, SmtpServer, Wire, mail_server, make_certificate

SENDER = "alerts@watch.example"
READER = "reader@example.org"
EXPECTED_HEADERS = {
    "from", "to", "subject", "date", "message-id", "in-reply-to", "references", "list-id", "list-unsubscribe",
    "auto-submitted", "mime-version", "content-type",
}  # fmt: skip


def assert_the_usual_headers(mail: AnyMail) -> None:
    """Each of them once, and no other."""
    names = sorted(name.lower() for name, _ in mail.items() if name.lower() != "content-language")
    assert names == sorted(EXPECTED_HEADERS)


def an_account(
    port: int, *, tls: Tls = Tls.NONE, username: str | None = None, password: str | None = None
) -> SmtpAccount:
    return SmtpAccount(host="127.0.0.1", port=port, tls=tls, sender=SENDER, username=username, password=password)


ACCOUNT = an_account(25)


def parsed(data: bytes) -> EmailMessage:
    mail = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    assert not mail.defects
    return mail


def composed(message: Message, *, unsubscribe_url: str | None = None) -> tuple[bytes, EmailMessage]:
    data = compose(message, an_envelope(READER, unsubscribe_url=unsubscribe_url), ACCOUNT).as_bytes()
    return data, parsed(data)


def header_lines(data: bytes) -> list[bytes]:
    return data.partition(b"\r\n\r\n")[0].split(b"\r\n")


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    text = found.get_content()
    assert isinstance(text, str)
    return text


def sent_once(account: SmtpAccount, address: str = READER, message: Message | None = None) -> SendOutcome:
    channel = EmailChannel(account)
    try:
        return channel.send(message or a_message(), an_envelope(address), now=NOW)
    finally:
        channel.close()


@pytest.fixture
def post_office() -> Iterator[MailBox]:
    with mail_server() as running:
        yield running


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


# --- the mail itself --------------------------------------------------------------------------------------------------


def test_an_alert_mail_has_every_header_and_both_parts(post_office: MailBox) -> None:
    # trust: E01
    outcome = sent_once(an_account(post_office.port))
    assert outcome == Sent(detail="250 taken")
    (taken,) = post_office.mails
    assert (taken.sender, taken.recipients) == (SENDER, [READER])
    mail = parsed(taken.data)
    assert_the_usual_headers(mail)
    assert mail["From"].addresses[0].addr_spec == SENDER
    assert [a.addr_spec for a in mail["To"].addresses] == [READER]
    assert mail["Message-ID"] == "<msg_0123456789abcdef@watch.example>"
    assert parsedate_to_datetime(mail["Date"]) == NOW
    assert mail["List-Id"] == "reformwatch alerts <alerts.watch.example>"
    assert mail["List-Unsubscribe"] == f"<mailto:{SENDER}?subject=unsubscribe>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "multipart/alternative"
    assert [p.get_content_type() for p in mail.iter_parts()] == ["text/plain", "text/html"]
    for kind in ("plain", "html"):
        assert "Prosecutors give first results of the January investigation" in part(mail, kind)
        assert "https://wire.example/1" in part(mail, kind)


def test_a_mail_says_its_language() -> None:
    # trust: E01
    assert composed(a_message(language="ru"))[1]["Content-Language"] == "ru"


def test_a_mail_with_a_page_to_unsubscribe_offers_one_click() -> None:
    # trust: E01
    _, mail = composed(a_message(), unsubscribe_url="https://watch.example/unsubscribe/abc")
    assert mail["List-Unsubscribe"] == "<https://watch.example/unsubscribe/abc>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = "https://watch.example/unsubscribe/abc"
    message = rendered(unsubscribe_url=url)
    assert url in message.text
    assert f'href="{url}"' in message.html


def test_mails_of_one_topic_form_one_thread() -> None:
    # trust: E16
    first, second = (composed(a_message(title=title))[1] for title in ("One", "Two"))
    assert first["References"] == second["References"] == first["In-Reply-To"]
    assert first["References"] == "<topic.january-investigation-1@watch.example>"


@pytest.mark.parametrize("length", range(60, 401, 17))
@pytest.mark.parametrize("filler", ["a", "-", "%20", "a/", "="])
def test_an_unsubscribe_address_of_any_length_is_one_unmangled_line(length: int, filler: str) -> None:
    # trust: E02
    url = "https://watch.example/u/"
    url += (filler * 400)[: length - len(url)]
    data, mail = composed(a_message(), unsubscribe_url=url)
    (line,) = [line for line in header_lines(data) if line.lower().startswith(b"list-unsubscribe:")]
    assert line == f"List-Unsubscribe: <{url}>".encode()
    assert len(line) <= 998
    assert b"=?" not in line
    assert mail["List-Unsubscribe"] == f"<{url}>"


def test_no_line_of_a_mail_is_longer_than_smtp_allows_and_all_is_ascii() -> None:
    # trust: E02
    data, _ = composed(a_message(title="Жолдау " * 60, summary="ұ" * 3_000 + " a" * 2_000))
    assert max(len(line) for line in data.split(b"\r\n")) <= 998
    assert data.isascii()
    assert b"\n" not in data.replace(b"\r\n", b"")


def test_a_line_that_is_a_single_dot_survives_the_way(post_office: MailBox) -> None:
    message = replace(a_message(), marked_text="before\n.\n..\n.after\nend\n")
    assert isinstance(sent_once(an_account(post_office.port), message=message), Sent)
    assert part(parsed(post_office.mails[0].data), "plain").replace("\r\n", "\n") == "before\n.\n..\n.after\nend\n"


def test_the_mail_is_the_same_bytes_at_every_attempt() -> None:
    # trust: E04
    assert composed(a_message())[0] == composed(a_message())[0]


def test_no_text_of_a_feed_ends_a_part_of_the_mail() -> None:
    # trust: D15
    boundary = composed(a_message())[1].get_boundary()
    _, mail = composed(a_message(title=f"--{boundary}", summary=f"x\r\n--{boundary}--\r\n--{boundary}\r\n\r\ny"))
    assert mail.get_boundary() == boundary
    assert [p.get_content_type() for p in mail.iter_parts()] == ["text/plain", "text/html"]
    assert f"--{boundary}" in part(mail, "plain")


# --- hostile titles ---------------------------------------------------------------------------------------------------

INJECTED = "Bcc: victim@evil.example"
HOSTILE_TITLES = {
    "cr lf": f"News\r\n{INJECTED}",
    "lf": f"News\n{INJECTED}",
    "cr": f"News\r{INJECTED}",
    "double": f"News\r\n\r\n<script>alert(1)</script>\r\n{INJECTED}",
    "folded": f"News\r\n {INJECTED}",
    "nel": f"News\x85{INJECTED}",
    "line separator": f"News\u2028{INJECTED}",
    "paragraph separator": f"News\u2029{INJECTED}",
    "vertical tab": f"News\x0b{INJECTED}",
    "form feed": f"News\x0c{INJECTED}",
    "file separator": f"News\x1c{INJECTED}",
    "nul": f"News\x00\r\n{INJECTED}",
    "encoded word q": "=?utf-8?q?News=0D=0ABcc=3A_victim=40evil.example?=",
    "encoded word q bare lf": "=?utf-8?q?News=0ABcc:_victim@evil.example?= more",
    "encoded word b": "=?utf-8?b?TmV3cw0KQmNjOiB2aWN0aW1AZXZpbC5leGFtcGxl?=",
    "two encoded words": "=?utf-8?q?News?= =?utf-8?q?=0ABcc:_victim@evil.example?=",
    "encoded word in cyrillic": "Новости =?utf-8?q?=0ABcc:_victim@evil.example?= дня",
    "encoded word, other charset": "=?iso-8859-1?q?x=0D=0ABcc:_v=40evil.example?=",
    "encoded word with language": "=?utf-8*en?q?x=0ABcc:_v=40evil.example?=",
    "split by zero width": "=\u200b?utf-8?q?News=0ABcc:_victim@evil.example?=",
    "split by nul": "=\x00?utf-8?q?News=0ABcc:_victim@evil.example?\x00=",
    "split by bidi": "=\u202e?utf-8?q?News=0ABcc:_victim@evil.example?=",
    "split by a mark of ours": "=\ue000?utf-8?q?News=0ABcc:_victim@evil.example?=",
    "doubled": "==??utf-8?q?News=0ABcc:_victim@evil.example?=",
    "rfc 2231": "News; filename*=utf-8''%0D%0ABcc%3A%20victim",
    "address": '"<victim@evil.example>, reader@example.org',
}


def hostile() -> list[object]:
    return [pytest.param(title, id=name) for name, title in HOSTILE_TITLES.items()]


@pytest.mark.parametrize("title", hostile())
@pytest.mark.parametrize("language", ["en", "ru"])
def test_no_title_adds_a_header_and_the_mail_still_goes(title: str, language: str) -> None:
    # trust: D15
    data, mail = composed(a_message(title=title, language=language))
    assert_the_usual_headers(mail)
    for line in header_lines(data):
        assert re.match(rb"[A-Za-z-]+:( |$)|[ \t]+\S", line), line
        assert not line.lower().startswith(b"bcc")
    as_read_by_old_parsers = email.message_from_bytes(data, policy=email.policy.compat32)
    assert_the_usual_headers(as_read_by_old_parsers)
    assert [p.get_content_type() for p in mail.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize("title", hostile())
def test_a_title_that_looks_like_an_encoded_word_is_shown_as_it_is_and_not_decoded(title: str) -> None:
    # trust: D15
    _, mail = composed(replace(a_message(), subject=title))
    assert_the_usual_headers(mail)
    assert "\n" not in mail["Subject"]
    assert ("=0ABcc" in mail["Subject"]) == ("=0ABcc" in title)


@pytest.mark.parametrize("title", hostile())
def test_a_hostile_title_from_a_feed_reaches_one_recipient_only(title: str, post_office: MailBox) -> None:
    # trust: D15
    assert isinstance(sent_once(an_account(post_office.port), message=a_message(title=title)), Sent)
    (taken,) = post_office.mails
    assert taken.recipients == [READER]
    mail = parsed(taken.data)
    assert_the_usual_headers(mail)
    assert mail["Bcc"] is None


@pytest.mark.parametrize(
    "subject",
    [
        "Тоқаев 16 наурызда Қазақстан халқына Жолдау жолдайды",
        "Генеральная прокуратура назвала первые результаты расследования январских событий: 46 дел о терактах, 94 об у",
        "Новый Казахстан: " + " ".join("аб" * n for n in range(1, 12)),
        "а " * 99 + "я",
        "mixed Жолдау ascii in between Жолдау and again plain ascii words until the line must be folded twice Жолдау",
        "Investigación: «¿Qué pasó en enero?» – resultados preliminares, según la Fiscalía General de Kazajistán",
        "Emoji 🗳️ and 👩‍👩‍👧‍👧 in a subject that is long enough to be folded somewhere in the middle, 🇰🇿 twice 🇰🇿",
        "خطاب الرئيس توقاييف إلى الأمة في السادس عشر من مارس حول كازاخستان الجديدة والإصلاحات السياسية المعلنة",
        "plain ascii that is long enough to be folded: " + "word " * 25 + "end",
        "one_very_long_word_" + "x" * 150,
        "э" * 200,
        "= ? = ?? _ __ =20 %20 ?=",
    ],
    ids=lambda s: s[:20],
)
def test_a_subject_comes_back_exactly_with_its_spaces(subject: str) -> None:
    # trust: E15
    data, mail = composed(replace(a_message(), subject=subject))
    assert mail["Subject"] == subject
    legacy = email.header.decode_header(email.message_from_bytes(data)["Subject"])
    decoded = "".join(t.decode(c or "ascii") if isinstance(t, bytes) else t for t, c in legacy)
    assert " ".join(decoded.split()) == subject
    assert all(len(line) <= 998 for line in header_lines(data))


def test_a_subject_of_five_kilobytes_is_cut_to_200_characters() -> None:
    # trust: E15
    _, mail = composed(replace(a_message(), subject="Жолдау туралы " * 400))
    assert len(mail["Subject"]) <= 200
    assert mail["Subject"].endswith("…")
    assert mail["Subject"].startswith("Жолдау туралы Жолдау")


# --- hostile text -----------------------------------------------------------------------------------------------------

XSS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<iframe src='javascript:alert(1)'></iframe>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href=\"jav&#x09;ascript:alert(1)\">x</a>",
    "<body onload=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<form action='https://evil.example/'><button>go</button></form>",
    "<object data='data:text/html,<script>alert(1)</script>'></object>",
    "<embed src='data:text/html;base64,PHNjcmlwdD4='>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<link rel=stylesheet href='https://evil.example/x.css'>",
    "<style>@import 'https://evil.example/x.css';</style>",
    "<base href='https://evil.example/'>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "\"'><script>alert(1)</script>",
    "</title></p></div><script>alert(1)</script><!--",
    "{{ 7*7 }}{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    "<img src=https://evil.example/pixel.gif>",
]  # fmt: skip


class Elements(HTMLParser):
    """What a browser would see."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in {"href", "src", "action", "data"}]


HARMLESS_TAGS = {"html", "head", "meta", "title", "body", "div", "p", "h1", "a", "mark", "span", "b", "br"}
HARMLESS_ATTRIBUTES = {"lang", "charset", "name", "content", "style", "href"}


@pytest.mark.parametrize("sample", XSS)
@pytest.mark.parametrize("place", ["title", "summary", "everywhere", "through the parser"])
def test_hostile_markup_is_shown_as_text_and_adds_no_element(sample: str, place: str) -> None:
    # trust: D14
    entry = {
        "title": an_entry(title=f"News {sample}"),
        "summary": an_entry(summary=f"News {sample}"),
        "everywhere": an_entry(
            title=f"News {sample}", summary=sample, feed_name=sample, language=sample, author=sample
        ),
        "through the parser": an_entry(title=f"News {through_the_parser(sample)}", summary=through_the_parser(sample)),
    }[place]
    _, mail = composed(rendered(an_alert(an_item(entry))))
    page = part(mail, "html")
    seen = Elements(page)
    assert set(seen.tags) <= HARMLESS_TAGS
    assert seen.attributes <= HARMLESS_ATTRIBUTES
    assert seen.links == ["https://wire.example/1"]
    assert seen.tags.count("meta") == 3
    assert "49" not in page.replace("1949", "")


def through_the_parser(sample: str) -> str:
    """What is left of a sample that stood in a feed's title."""
    item = f"<item><guid>1</guid><title><![CDATA[{sample}]]></title></item>"
    feed = f"<rss version='2.0'><channel><title>x</title>{item}</channel></rss>"
    read = parse_feed(feed.encode(), url="http://wire.example/rss", content_type="text/xml")
    assert isinstance(read, ParsedFeed)
    return read.entries[0].title


def test_hostile_evidence_and_topic_names_are_text_too() -> None:
    # trust: D14
    title = "<script>alert(1)</script> News"
    item = an_item(an_entry(title=title))
    assert item.matches[0].evidence[0].word == "<script>alert(1)</script>"
    seen = Elements(part(composed(rendered(an_alert(item)))[1], "html"))
    assert set(seen.tags) <= HARMLESS_TAGS
    assert "mark" in seen.tags


def test_the_real_host_of_a_link_stands_beside_it() -> None:
    # trust: D17
    entry = an_entry(url="https://bank.example@xn--e1afmkfd.example/x")
    page = part(composed(rendered(an_alert(an_item(entry))))[1], "html")
    assert "· xn--e1afmkfd.example</p>" in page


# --- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", ["a@b.example", "first.last+tag@sub.example.org", "x@localhost", "o'hara@example.org"]
)
def test_plain_addresses_are_valid(address: str) -> None:
    assert valid_address(address)


@pytest.mark.parametrize(
    "address",
    ["", "a", "a@", "a@b@c.example", "Name <a@b.example>", "a@b.example, c@d.example", "a@b.example\r\nBcc: x@y.z",
     "a@b.example\n", " a@b.example", "a b@c.example", "ж@b.example", "a@ж.example", "<a@b.example>",
     "a@b.example;c@d.example", "a" * 250 + "@b.example", "a@b.example\x00", "a\x0b@b.example", '"a\nb"@c.example',
     "a@[127.0.0.1",
     "@b.example", "a@b..example", "a..b@c.example", ".@b.example", "a@.example", "a@@b", "[]@b.example"],
)  # fmt: skip
def test_what_is_not_one_plain_address_is_refused(address: str) -> None:
    # trust: D15
    assert not valid_address(address)


@given(st.text(alphabet=st.sampled_from([*'ab.@[]()\\"<>,;:+ \t\r\n\x00=?ж']), max_size=12))
def test_no_text_makes_the_question_for_a_valid_address_fail(address: str) -> None:
    # trust: D15
    if valid_address(address):
        assert str(Address(addr_spec=address)) == address


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def smtp() -> Iterator[Callable[..., SmtpServer]]:
    """Makes scripted mail servers and closes them."""
    made: list[SmtpServer] = []

    def make(**script: object) -> SmtpServer:
        made.append(SmtpServer(**script))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for server in made:
        server.close()


@pytest.mark.parametrize(
    "reply", ["450 4.2.0 greylisted, try again", "451 4.7.1 later", "452 4.2.2 mailbox full", "421 4.7.0 too many"]
)
@pytest.mark.parametrize("step", ["mail", "rcpt", "data", "taken"])
def test_a_passing_refusal_is_tried_later_and_says_what_the_server_said(
    smtp: Callable[..., SmtpServer], step: str, reply: str
) -> None:
    # trust: E05, E11
    outcome = sent_once(an_account(smtp(**{step: reply if step == "mail" else [reply]}).port))
    assert isinstance(outcome, TryLater)
    assert outcome.reason == f"the mail server answered {reply}"


def test_greylisting_ends_with_the_mail_delivered_on_the_same_channel(smtp: Callable[..., SmtpServer]) -> None:
    # trust: E05
    server = smtp(rcpt=["450 4.2.0 greylisted", "250 ok"])
    channel = EmailChannel(an_account(server.port))
    envelope = an_envelope(READER)
    outcomes = [channel.send(a_message(), envelope, now=NOW) for _ in range(2)]
    channel.close()
    assert isinstance(outcomes[0], TryLater)
    assert isinstance(outcomes[1], Sent)
    assert len(server.mails) == 1


@pytest.mark.parametrize("reply", ["550 5.1.1 no such user", "553 5.1.3 bad address", "551 5.1.6 user not local"])
def test_an_unknown_recipient_is_a_dead_address(smtp: Callable[..., SmtpServer], reply: str) -> None:
    # trust: E06
    server = smtp(rcpt=[reply])
    assert sent_once(an_account(server.port)) == AddressDead(reason=f"the mail server answered {reply}")
    assert server.mails == []


@pytest.mark.parametrize(
    "reply",
    ["554 5.7.1 relay access denied", "550 5.7.1 blocked, your server is listed", "550 5.7.26 unauthenticated sender",
     "553 5.1.8 sender's domain not found", "550-5.7.1 blocked\r\n550 5.7.1 see https://list.example/"],
)  # fmt: skip
def test_a_relay_that_does_not_want_us_is_not_the_reader_s_fault(smtp: Callable[..., SmtpServer], reply: str) -> None:
    # trust: E06
    assert isinstance(sent_once(an_account(smtp(rcpt=[reply]).port)), TryLater)


def test_a_mail_that_is_refused_for_its_content_is_rejected_and_the_address_lives(
    smtp: Callable[..., SmtpServer],
) -> None:
    # trust: E06
    server = smtp(taken=["554 5.7.1 looks like spam"])
    assert sent_once(an_account(server.port)) == Rejected(reason="the mail server answered 554 5.7.1 looks like spam")


def test_a_refusal_of_the_data_command_is_a_rejection_too(smtp: Callable[..., SmtpServer]) -> None:
    # trust: E06
    assert isinstance(sent_once(an_account(smtp(data=["554 5.5.1 no valid recipients"]).port)), Rejected)


def test_a_sender_that_is_refused_is_the_operators_matter_and_tried_later(smtp: Callable[..., SmtpServer]) -> None:
    outcome = sent_once(an_account(smtp(mail="550 5.7.1 sender not allowed").port))
    assert isinstance(outcome, TryLater)
    assert "sender not allowed" in outcome.reason


def test_one_bad_of_fifty_recipients_costs_only_its_own_mail(tmp_path: Path) -> None:
    # trust: E07
    with mail_server(refused={"r17@example.org": "550 5.1.1 no such user"}) as server:
        channel = EmailChannel(an_account(server.port))
        outcomes = {
            f"r{n}@example.org": channel.send(
                a_message(), an_envelope(f"r{n}@example.org", message_id=f"msg_{n}"), now=NOW
            )
            for n in range(50)
        }
        channel.close()
    assert isinstance(outcomes.pop("r17@example.org"), AddressDead)
    assert len(outcomes) == 49
    assert all(isinstance(outcome, Sent) for outcome in outcomes.values())
    assert [mail.recipients for mail in server.mails] == [[address] for address in outcomes]
    for mail in server.mails:
        assert [a.addr_spec for a in parsed(mail.data)["To"].addresses] == mail.recipients


def test_the_words_of_a_mail_server_are_shown_without_escape_sequences(smtp: Callable[..., SmtpServer]) -> None:
    # trust: D27
    server = smtp(rcpt=["550 5.1.1 \x1b[2J\x1b]0;owned\x07<b>no\u202euser</b>\x00\x9b31m"])
    outcome = sent_once(an_account(server.port))
    assert isinstance(outcome, AddressDead)
    assert outcome.reason.isprintable()
    assert "user" in outcome.reason


# --- connections that break -------------------------------------------------------------------------------------------


def test_a_connection_cut_after_the_data_is_tried_later_with_the_same_message_id(
    smtp: Callable[..., SmtpServer],
) -> None:
    # trust: E04
    server = smtp(taken=[CUT, "250 taken"])
    channel = EmailChannel(an_account(server.port))
    envelope = an_envelope(READER)
    first = channel.send(a_message(), envelope, now=NOW)
    second = channel.send(a_message(), envelope, now=NOW)
    channel.close()
    assert isinstance(first, TryLater)
    assert isinstance(second, Sent)
    assert [parsed(data)["Message-ID"] for data in server.mails] == ["<msg_0123456789abcdef@watch.example>"] * 2


@pytest.mark.parametrize(
    "script", [{"greeting": CUT}, {"mail": CUT}, {"rcpt": [CUT]}, {"data": [CUT]}, {"taken": [CUT]}]
)
def test_a_connection_cut_at_any_step_is_a_value(smtp: Callable[..., SmtpServer], script: dict[str, object]) -> None:
    # trust: E04
    server = smtp(**script)
    outcome = sent_once(an_account(server.port))
    assert isinstance(outcome, TryLater)
    assert f"127.0.0.1:{server.port}" in outcome.reason


@pytest.mark.parametrize("greeting", ["554 no service", "HTTP/1.1 400 Bad Request", "220", "\x00\x01"])
def test_a_server_that_greets_oddly_is_a_value(smtp: Callable[..., SmtpServer], greeting: str) -> None:
    server = smtp(greeting=greeting, mail="500 what")
    assert isinstance(sent_once(an_account(server.port)), TryLater)


def test_a_server_that_is_not_there_is_tried_later(smtp: Callable[..., SmtpServer]) -> None:
    server = smtp()
    server.close()
    outcome = sent_once(an_account(server.port))
    assert isinstance(outcome, TryLater)
    assert outcome.reason.startswith(f"no answer from the mail server 127.0.0.1:{server.port}")


def test_several_mails_go_over_one_connection(smtp: Callable[..., SmtpServer]) -> None:
    server = smtp()
    channel = EmailChannel(an_account(server.port))
    for number in range(3):
        assert isinstance(channel.send(a_message(), an_envelope(f"r{number}@example.org"), now=NOW), Sent)
    channel.close()
    assert server.connections == 1
    assert server.lines[-1].upper() == "QUIT"


def test_a_kept_connection_that_the_server_closed_is_opened_anew(smtp: Callable[..., SmtpServer]) -> None:
    server = smtp(after_taken=CUT)
    channel = EmailChannel(an_account(server.port))
    outcomes = [channel.send(a_message(), an_envelope(READER), now=NOW) for _ in range(3)]
    channel.close()
    assert [type(outcome) for outcome in outcomes] == [Sent] * 3
    assert server.connections == 3


def test_a_connection_is_opened_anew_only_once(smtp: Callable[..., SmtpServer]) -> None:
    server = smtp()
    channel = EmailChannel(an_account(server.port))
    outcomes = [channel.send(a_message(), an_envelope(READER), now=NOW)]
    server.mail = CUT
    outcomes.append(channel.send(a_message(), an_envelope(READER), now=NOW))
    channel.close()
    assert [type(outcome) for outcome in outcomes] == [Sent, TryLater]
    assert server.connections == 2
    assert len(server.mails) == 1


class DripsItsReplies(SmtpServer):
    """Every byte comes soon enough, no reply ever does."""

    def serve(self, wire: Wire) -> None:
        wire.drip(b"220 " + b"a" * 50_000, every_s=0.05)


def test_a_mail_server_that_drags_is_left_at_the_deadline() -> None:
    # trust: E11
    server = DripsItsReplies()
    channel = EmailChannel(an_account(server.port), dialogue_s=0.5)
    outcome = channel.send(a_message(), an_envelope(READER), now=NOW)  # it would drip for most of an hour
    channel.close()
    server.close()
    assert isinstance(outcome, TryLater)
    assert outcome.reason.startswith(f"no answer from the mail server 127.0.0.1:{server.port}")


def test_each_thread_has_its_own_connection_and_all_are_closed(smtp: Callable[..., SmtpServer]) -> None:
    server = smtp()
    channel = EmailChannel(an_account(server.port))
    together = threading.Barrier(4)
    outcomes: list[SendOutcome] = []

    def send() -> None:
        together.wait(60)
        outcomes.extend(channel.send(a_message(), an_envelope(READER), now=NOW) for _ in range(5))

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    channel.close()
    assert [type(outcome) for outcome in outcomes] == [Sent] * 20
    assert server.connections == 4
    assert [line.upper() for line in server.lines].count("QUIT") == 4


# --- secrecy ----------------------------------------------------------------------------------------------------------


def nothing_was_said_in_clear(server: SmtpServer) -> bool:
    return {line.partition(" ")[0].upper() for line in server.clear_lines} <= {"EHLO", "HELO", "STARTTLS", "QUIT"}


def test_a_server_without_starttls_gets_nothing_in_clear(smtp: Callable[..., SmtpServer]) -> None:
    # trust: E10
    server = smtp(features=("8BITMIME", "AUTH PLAIN LOGIN"))
    outcome = sent_once(an_account(server.port, tls=Tls.STARTTLS, username="user", password="hunter2"))
    assert isinstance(outcome, TryLater)
    assert "offers no STARTTLS" in outcome.reason
    assert nothing_was_said_in_clear(server)
    assert server.mails == []


def test_a_self_signed_certificate_gets_nothing_at_all(
    smtp: Callable[..., SmtpServer], certificate: Certificate
) -> None:
    # trust: E10
    server = smtp(context=certificate.for_server(), features=("AUTH PLAIN",))
    outcome = sent_once(an_account(server.port, tls=Tls.STARTTLS, username="user", password="hunter2"))
    assert isinstance(outcome, TryLater)
    assert outcome.reason.startswith("the certificate of 127.0.0.1 is not accepted")
    assert nothing_was_said_in_clear(server)
    assert server.lines == server.clear_lines
    assert server.mails == []


def test_a_certificate_of_another_host_gets_nothing_at_all(smtp: Callable[..., SmtpServer], tmp_path: Path) -> None:
    # trust: E10
    other = make_certificate(tmp_path, names="DNS:mail.other.example")
    server = smtp(context=other.for_server())
    account = replace(an_account(server.port, tls=Tls.STARTTLS), ssl_context=other.for_client())
    outcome = sent_once(account)
    assert isinstance(outcome, TryLater)
    assert "certificate of 127.0.0.1" in outcome.reason
    assert server.lines == server.clear_lines
    assert nothing_was_said_in_clear(server)


def test_a_server_that_refuses_the_starttls_command_gets_nothing(smtp: Callable[..., SmtpServer]) -> None:
    # trust: E10
    server = smtp(features=("STARTTLS",))  # offered, but the answer is a bare 250 and no TLS follows
    outcome = sent_once(an_account(server.port, tls=Tls.STARTTLS))
    assert isinstance(outcome, TryLater)
    assert nothing_was_said_in_clear(server)


def test_implicit_tls_with_a_plain_server_sends_nothing(smtp: Callable[..., SmtpServer]) -> None:
    # trust: E10
    server = smtp()
    assert isinstance(sent_once(an_account(server.port, tls=Tls.IMPLICIT)), TryLater)
    server.close()
    assert server.mails == []


def test_starttls_with_a_trusted_certificate_and_a_password_works(certificate: Certificate) -> None:
    with mail_server(starttls=certificate.for_server(), login=("user", "hunter2")) as server:
        account = an_account(server.port, tls=Tls.STARTTLS, username="user", password="hunter2")
        account = replace(account, ssl_context=certificate.for_client())
        assert isinstance(sent_once(account), Sent)
        wrong = sent_once(replace(account, password="wrong"))
        nobody = sent_once(replace(account, username=None, password=None))
    assert isinstance(wrong, TryLater)
    assert wrong.reason.startswith("the mail server does not accept the user name and password (535")
    assert isinstance(nobody, TryLater)
    assert len(server.mails) == 1


def test_implicit_tls_with_a_trusted_certificate_works(certificate: Certificate) -> None:
    with mail_server(implicit_tls=certificate.for_server()) as server:
        account = replace(an_account(server.port, tls=Tls.IMPLICIT), ssl_context=certificate.for_client())
        assert isinstance(sent_once(account), Sent)
    assert len(server.mails) == 1


def test_the_password_is_in_no_repr_and_in_no_reason(smtp: Callable[..., SmtpServer]) -> None:
    # trust: D25
    account = an_account(smtp(features=("AUTH PLAIN",)).port, username="user", password="hunter2-secret")
    account = replace(account, ssl_context=ssl.create_default_context())
    outcome = sent_once(account)
    assert "hunter2-secret" not in repr(account)
    assert "hunter2-secret" not in repr(outcome)
    assert "token-of-reader" not in repr(an_envelope(READER, unsubscribe_url="https://x.example/token-of-reader"))
