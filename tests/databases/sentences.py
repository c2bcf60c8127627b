"""The sentences that 0.1 stored, each with the code and the facts that it has become; frozen, as that release is."""

from typing import Any, Final

URL: Final = "https://news.example/rss"
HOST: Final = "news.example"
_ADVICE: Final = "name it in [http] allow_private if it is meant to be reached"

#: What was wrong with a feed or at its hub.
PROBLEMS: Final[tuple[tuple[str, str, dict[str, Any]], ...]] = (
    ("name not found: news.example", "name_not_found", {"host": HOST}),
    ("the name server does not answer for news.example", "name_server_silent", {"host": HOST}),
    (
        "no connection to news.example:81 ([Errno 111] Connection refused)",
        "connection_failed",
        {"host": "news.example:81", "detail": "[Errno 111] Connection refused"},
    ),
    (
        "the connection to news.example broke (peer closed (badly))",
        "connection_broken",
        {"host": HOST, "detail": "peer closed (badly)"},
    ),
    ("no whole answer from news.example within 0.7 s", "timed_out", {"host": HOST, "seconds": 0.7}),
    ("no whole answer from news.example within 30 s", "timed_out", {"host": HOST, "seconds": 30.0}),
    (
        "the certificate of news.example is not accepted (self-signed certificate)",
        "certificate_refused",
        {"host": HOST, "detail": "self-signed certificate"},
    ),
    (
        "news.example does not speak HTTP properly (illegal status line)",
        "not_http",
        {"host": HOST, "detail": "illegal status line"},
    ),
    (
        "news.example does not speak HTTP properly (the compressed reply ends too early)",
        "reply_cut_short",
        {"host": HOST},
    ),
    ("the reply is larger than 10,240 kB", "too_large", {"limit_kb": 10_240}),
    ("answers in an encoding it was not asked for (br)", "encoding_not_asked", {"encoding": "br"}),
    (
        f"news.example is a private or special address (10.0.0.1); {_ADVICE}",
        "private_address",
        {"host": HOST, "address": "10.0.0.1"},
    ),
    (f"more than 5 redirects, the last to {URL}", "too_many_redirects", {"limit": 5, "url": URL}),
    (f"news.example redirects from https to {URL}", "redirect_to_http", {"host": HOST, "url": URL}),
    (
        "news.example redirects to 'http://[', which can't be asked",
        "redirect_unusable",
        {"host": HOST, "url": "'http://['"},
    ),
    ("'http://[' is not an address that can be asked", "address_unusable", {"url": "'http://['"}),
    ("ftp://news.example is not an http or https address", "address_not_web", {"url": "ftp://news.example"}),
    ("the program is stopping", "program_stopping", {}),
    (f"no time was left for {URL}", "no_time_left", {"url": URL}),
    (f"no way to {URL}", "not_fetched", {"url": URL}),
    ("a fault of this program (KeyError)", "program_fault", {"error": "KeyError"}),
    ("answers 404: the feed is not there", "http_status", {"status": 404}),
    ("answers 503: the server is not available", "http_status", {"status": 503}),
    ("answers 418", "http_status", {"status": 418}),
    ("answers 410: the feed is gone for good", "gone", {"status": 410}),
    ("answers 403, a block page against robots", "robots_blocked", {"status": 403}),
    ("answers 302, a redirect to nowhere", "redirect_nowhere", {"status": 302}),
    ("answers 304 to a question that was not conditional", "not_modified_unasked", {}),
    (
        f"has moved for good to {URL}, which is feed 12",
        "moved_to_known_feed",
        {"url": URL, "feed": 12},
    ),
    ("answers with an empty reply, not a feed", "not_a_feed_empty", {}),
    ("answers with a web page, not a feed", "not_a_feed_web_page", {}),
    (
        "answers with a web page, not a feed (“Soon (or so)”)",
        "not_a_feed_web_page",
        {"title": "Soon (or so)"},
    ),
    ("answers with an XML document <svg>, not a feed", "not_a_feed_xml", {"element": "svg"}),
    ("answers with JSON, but not a JSON Feed (“{}”)", "not_a_feed_json", {"text": "{}"}),
    ("answers with broken JSON, not a feed", "not_a_feed_broken_json", {}),
    ("answers with no feed but text (“hello”)", "not_a_feed_text", {"text": "hello"}),
    ("answers with no feed but image/png (“PNG”)", "not_a_feed_text", {"kind": "image/png", "text": "PNG"}),
    ("answers with an empty reply, not a sitemap", "not_a_sitemap_empty", {}),
    ("answers with a web page, not a sitemap (“Soon”)", "not_a_sitemap_web_page", {"title": "Soon"}),
    ("answers with an XML document <svg>, not a sitemap", "not_a_sitemap_xml", {"element": "svg"}),
    ("answers with a feed, not a sitemap; it can be added as one", "not_a_sitemap_feed", {}),
    ("answers with no sitemap but text (“hello”)", "not_a_sitemap_text", {"text": "hello"}),
    (
        "answers with an index of 2 sitemaps; add the one that is meant: a.xml, b.xml",
        "sitemap_index",
        {"count": 2, "links": "a.xml, b.xml"},
    ),
    (
        "answers with an index of 1 sitemap; add the one that is meant: a.xml",
        "sitemap_index",
        {"count": 1, "links": "a.xml"},
    ),
    (
        "answers with an index of 21 sitemaps; add the one that is meant: a.xml and 20 more",
        "sitemap_index",
        {"count": 21, "links": "a.xml", "more": 20},
    ),
    ("answers with an index without sitemaps", "sitemap_index_empty", {}),
    ("answers with an empty reply, not a web page", "not_a_page_empty", {}),
    ("answers with a web page, but without markup", "not_a_page_without_markup", {}),
    ("answers with an XML document <svg>, but without markup", "not_a_page_xml", {"element": "svg"}),
    ("answers with no web page but text (“hello”)", "not_a_page_text", {"text": "hello"}),
    ("answers with a page, and no selector says what its items are", "selector_missing", {}),
    (
        "answers with selector 'div': longer than 500 characters",
        "selector_too_long",
        {"selector": "div", "limit": 500},
    ),
    (
        "answers with selector \"a['\": no CSS selector (Expected ']'); one is: article h3 a",
        "selector_wrong",
        {"selector": "a['", "detail": "Expected ']'"},
    ),
    (
        "answers with the selector finds nothing on this page (“Rebuilt”): div.x",
        "selector_finds_nothing",
        {"selector": "div.x", "title": "Rebuilt"},
    ),
    (
        "answers with the selector finds 3 items without link or text on this page: div.x",
        "selector_finds_no_entries",
        {"selector": "div.x", "count": 3},
    ),
    ("answers with refused: elements nested deeper than 200", "markup_refused_depth", {"limit": 200}),
    ("answers with refused: more than 400,000 elements", "markup_refused_elements", {"limit": 400_000}),
    (
        "answers with refused: an element <p> with 100000 attributes (limit 200)",
        "markup_refused_attributes",
        {"element": "p", "count": 100_000, "limit": 200},
    ),
    ("answers with refused: an element with far too many attributes", "markup_refused_wide_element", {}),
    ("answers with refused: more than 200 namespaces", "markup_refused_namespaces", {"limit": 200}),
    (
        "answers with refused: a document type that declares the entity 'lol'",
        "markup_refused_entity",
        {"entity": "lol"},
    ),
    ("answers with refused: a broken document that declares entities", "markup_refused_broken_entities", {}),
    ("answers with refused: a sitemap with a document type", "markup_refused_doctype", {}),
    (
        "answers with refused: a document in the encoding 'utf-7', which can hide markup",
        "markup_refused_encoding",
        {"encoding": "utf-7"},
    ),
    (
        "answers with refused: a page of 10,000,001 characters (limit 10,000,000)",
        "page_too_long",
        {"count": 10_000_001, "limit": 10_000_000},
    ),
    ("answers with refused: a gzip file that is broken", "gzip_broken", {}),
    (
        "answers with refused: a gzip file that inflates to more than 20,000,000 bytes",
        "gzip_too_large",
        {"limit": 20_000_000},
    ),
    ("answers with refused: a gzip file that ends too early", "gzip_cut_short", {}),
    ("answers with a document that can't be read (KeyError)", "parser_failed", {"error": "KeyError"}),
    ("answers with a document that takes more than 20 s to read", "parser_time_limit", {"seconds": 20.0}),
    ("answers with a document that makes the parser die", "parser_died", {}),
    ("answers with a document that needs too much memory to read", "parser_memory", {}),
    ("the hub hub.example answers 503", "hub_status", {"host": "hub.example", "status": 503}),
    ("the hub refuses: no feeds of this kind", "hub_refused", {"reason": "no feeds of this kind"}),
    ("the hub refuses", "hub_refused", {}),
    ("a poll found news that had not been pushed", "hub_missed_push", {}),
    ("polls found news that had not been pushed, twice in a row", "hub_silent", {}),
    ("the lease ended before the hub renewed it", "hub_lease_ended", {}),
    ("it hums", "unknown", {"text": "it hums"}),
    ("answers with a song, not a feed", "unknown", {"text": "answers with a song, not a feed"}),
)

_NOT_THERE: Final = {"code": "http_status", "facts": {"status": 404}}

#: What the operator was told: the kind and the sentence of then, the kind and the facts of now.
NOTICES: Final[tuple[tuple[str, str, str, dict[str, Any]], ...]] = (
    (
        "failing",
        "feed A: the B: fails since 02 March 2022 08:05 UTC: answers 404: the feed is not there",
        "failing",
        {"feed": "A: the B", "since": "2022-03-02T08:05:00+00:00", "problem": _NOT_THERE},
    ),
    (
        "back",
        "feed A: it can be read again, after failing since 27 November 2026 14:38 UTC",
        "back",
        {"feed": "A", "since": "2026-11-27T14:38:00+00:00"},
    ),
    ("back", "feed A: it can be read again", "back", {"feed": "A"}),
    (
        "gone",
        "feed A: the B: answers 410: the feed is gone for good; it is polled no more",
        "gone",
        {"feed": "A: the B", "problem": {"code": "gone", "facts": {"status": 410}}},
    ),
    (
        "gone",
        f"feed 1 has moved for good to {URL}, which is feed 12 (The Courier (daily)); it is polled no more",
        "gone",
        {"feed": "News", "problem": {"code": "moved_to_known_feed", "facts": {"url": URL, "feed": 12}}},
    ),
    ("network", "nothing can be reached: this machine's network seems to be down", "network", {}),
    ("network", "the network is back", "network_back", {}),
    ("network", "it hums", "network", {"problem": {"code": "unknown", "facts": {"text": "it hums"}}}),
)
