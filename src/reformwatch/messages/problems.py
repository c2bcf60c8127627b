"""Messages: problems: the sentence of each code, in the language of ``words``.

A code has one text or several: the first is used whose values are all among the facts.
"""

from collections.abc import Mapping
from functools import lru_cache
from string import Formatter
from typing import Final

from reformwatch.messages.catalogues import Counted, Words, counted, msg
from reformwatch.model.problem import Fact, Problem, ProblemCode

Text = str | Counted

#: Facts that are counts, formatted by the language; other numbers are ids (a status, a feed).
_COUNTS: Final = frozenset({"count", "limit", "limit_kb", "more"})

#: The text of a problem stored by an earlier version, shown unchanged.
_AS_IT_IS: Final = "{text}"

_SENTENCES: Final[Mapping[ProblemCode, tuple[Text, ...]]] = {
    ProblemCode.NAME_NOT_FOUND: (msg("name not found: {host}"),),
    ProblemCode.NAME_SERVER_SILENT: (msg("the name server does not answer for {host}"),),
    ProblemCode.CONNECTION_FAILED: (msg("no connection to {host} ({detail})"),),
    ProblemCode.CONNECTION_BROKEN: (msg("the connection to {host} broke ({detail})"),),
    ProblemCode.TIMED_OUT: (msg("no whole answer from {host} within {seconds} s"),),
    ProblemCode.CERTIFICATE_REFUSED: (msg("the certificate of {host} is not accepted ({detail})"),),
    ProblemCode.NOT_HTTP: (msg("{host} does not speak HTTP properly ({detail})"),),
    ProblemCode.REPLY_CUT_SHORT: (msg("{host} does not speak HTTP properly (the compressed reply ends too early)"),),
    ProblemCode.TOO_LARGE: (msg("the reply is larger than {limit_kb} kB"),),
    ProblemCode.ENCODING_NOT_ASKED: (msg("answers in an encoding it was not asked for ({encoding})"),),
    ProblemCode.PRIVATE_ADDRESS: (
        msg(
            "{host} is a private or special address ({address}); "
            "name it in [http] allow_private if it is meant to be reached"
        ),
    ),
    ProblemCode.TOO_MANY_REDIRECTS: (
        counted(
            "more than {limit} redirect, the last to {url}",
            "more than {limit} redirects, the last to {url}",
            by="limit",
        ),
    ),
    ProblemCode.REDIRECT_TO_HTTP: (msg("{host} redirects from https to {url}"),),
    ProblemCode.REDIRECT_UNUSABLE: (msg("{host} redirects to {url}, which can't be asked"),),
    ProblemCode.ADDRESS_UNUSABLE: (msg("{url} is not an address that can be asked"),),
    ProblemCode.ADDRESS_NOT_WEB: (msg("{url} is not an http or https address"),),
    ProblemCode.PROGRAM_STOPPING: (msg("the program is stopping"),),
    ProblemCode.NO_TIME_LEFT: (msg("no time was left for {url}"),),
    ProblemCode.NOT_FETCHED: (msg("no way to {url}"),),
    ProblemCode.PROGRAM_FAULT: (msg("a fault of this program ({error})"),),
    ProblemCode.HTTP_STATUS: (msg("answers {status}"),),
    ProblemCode.GONE: (msg("answers {status}: the feed is gone for good"),),
    ProblemCode.ROBOTS_BLOCKED: (msg("answers {status}, a block page against robots"),),
    ProblemCode.REDIRECT_NOWHERE: (msg("answers {status}, a redirect to nowhere"),),
    ProblemCode.NOT_MODIFIED_UNASKED: (msg("answers 304 to a question that was not conditional"),),
    ProblemCode.MOVED_TO_KNOWN_FEED: (msg("has moved for good to {url}, which is feed {feed}"),),
    ProblemCode.HUB_STATUS: (msg("the hub {host} answers {status}"),),
    ProblemCode.HUB_REFUSED: (msg("the hub refuses: {reason}"), msg("the hub refuses")),
    ProblemCode.HUB_MISSED_PUSH: (msg("a poll found news that had not been pushed"),),
    ProblemCode.HUB_SILENT: (msg("polls found news that had not been pushed, twice in a row"),),
    ProblemCode.HUB_LEASE_ENDED: (msg("the lease ended before the hub renewed it"),),
    ProblemCode.UNKNOWN: (_AS_IT_IS,),
}

#: Sentences of replies by their status.
_STATUSES: Final[Mapping[Fact, str]] = {
    400: msg("answers {status}: it calls the request bad"),
    401: msg("answers {status}: it wants a password"),
    403: msg("answers {status}: it refuses this program"),
    404: msg("answers {status}: the feed is not there"),
    429: msg("answers {status}: it asks for fewer requests"),
    500: msg("answers {status}: a fault of the server"),
    502: msg("answers {status}: a fault behind the server"),
    503: msg("answers {status}: the server is not available"),
    504: msg("answers {status}: a fault behind the server"),
}

#: Noun phrases for a reply that can't be read as the expected document; they are also used in sentences.
_DOCUMENTS: Final[Mapping[ProblemCode, tuple[Text, ...]]] = {
    ProblemCode.NOT_A_FEED_EMPTY: (msg("an empty reply, not a feed"),),
    ProblemCode.NOT_A_FEED_WEB_PAGE: (msg("a web page, not a feed (“{title}”)"), msg("a web page, not a feed")),
    ProblemCode.NOT_A_FEED_XML: (msg("an XML document <{element}>, not a feed"),),
    ProblemCode.NOT_A_FEED_JSON: (msg("JSON, but not a JSON Feed (“{text}”)"),),
    ProblemCode.NOT_A_FEED_BROKEN_JSON: (msg("broken JSON, not a feed"),),
    ProblemCode.NOT_A_FEED_TEXT: (msg("no feed but {kind} (“{text}”)"), msg("no feed but text (“{text}”)")),
    ProblemCode.NOT_A_SITEMAP_EMPTY: (msg("an empty reply, not a sitemap"),),
    ProblemCode.NOT_A_SITEMAP_WEB_PAGE: (
        msg("a web page, not a sitemap (“{title}”)"),
        msg("a web page, not a sitemap"),
    ),
    ProblemCode.NOT_A_SITEMAP_XML: (msg("an XML document <{element}>, not a sitemap"),),
    ProblemCode.NOT_A_SITEMAP_FEED: (msg("a feed, not a sitemap; it can be added as one"),),
    ProblemCode.NOT_A_SITEMAP_TEXT: (msg("no sitemap but {kind} (“{text}”)"), msg("no sitemap but text (“{text}”)")),
    ProblemCode.SITEMAP_INDEX: (
        counted(
            "an index of {count} sitemap; add the one that is meant: {links} and {more} more",
            "an index of {count} sitemaps; add the one that is meant: {links} and {more} more",
        ),
        counted(
            "an index of {count} sitemap; add the one that is meant: {links}",
            "an index of {count} sitemaps; add the one that is meant: {links}",
        ),
    ),
    ProblemCode.SITEMAP_INDEX_EMPTY: (msg("an index without sitemaps"),),
    ProblemCode.NOT_A_PAGE_EMPTY: (msg("an empty reply, not a web page"),),
    ProblemCode.NOT_A_PAGE_WITHOUT_MARKUP: (
        msg("a web page, but without markup (“{title}”)"),
        msg("a web page, but without markup"),
    ),
    ProblemCode.NOT_A_PAGE_XML: (msg("an XML document <{element}>, but without markup"),),
    ProblemCode.NOT_A_PAGE_TEXT: (msg("no web page but {kind} (“{text}”)"), msg("no web page but text (“{text}”)")),
    ProblemCode.SELECTOR_MISSING: (msg("a page, and no selector says what its items are"),),
    ProblemCode.SELECTOR_TOO_LONG: (
        counted(
            "selector '{selector}': longer than {limit} character",
            "selector '{selector}': longer than {limit} characters",
            by="limit",
        ),
    ),
    ProblemCode.SELECTOR_WRONG: (msg("selector '{selector}': no CSS selector ({detail}); one is: article h3 a"),),
    ProblemCode.SELECTOR_FINDS_NOTHING: (
        msg("the selector finds nothing on this page (“{title}”): {selector}"),
        msg("the selector finds nothing on this page: {selector}"),
    ),
    ProblemCode.SELECTOR_FINDS_NO_ENTRIES: (
        counted(
            "the selector finds {count} item without link or text on this page (“{title}”): {selector}",
            "the selector finds {count} items without link or text on this page (“{title}”): {selector}",
        ),
        counted(
            "the selector finds {count} item without link or text on this page: {selector}",
            "the selector finds {count} items without link or text on this page: {selector}",
        ),
    ),
    ProblemCode.MARKUP_REFUSED_DEPTH: (msg("refused: elements nested deeper than {limit}"),),
    ProblemCode.MARKUP_REFUSED_ELEMENTS: (
        counted("refused: more than {limit} element", "refused: more than {limit} elements", by="limit"),
    ),
    ProblemCode.MARKUP_REFUSED_ATTRIBUTES: (
        counted(
            "refused: an element <{element}> with {count} attribute (limit {limit})",
            "refused: an element <{element}> with {count} attributes (limit {limit})",
        ),
    ),
    ProblemCode.MARKUP_REFUSED_WIDE_ELEMENT: (msg("refused: an element with far too many attributes"),),
    ProblemCode.MARKUP_REFUSED_NAMESPACES: (
        counted("refused: more than {limit} namespace", "refused: more than {limit} namespaces", by="limit"),
    ),
    ProblemCode.MARKUP_REFUSED_ENTITY: (msg("refused: a document type that declares the entity '{entity}'"),),
    ProblemCode.MARKUP_REFUSED_BROKEN_ENTITIES: (msg("refused: a broken document that declares entities"),),
    ProblemCode.MARKUP_REFUSED_DOCTYPE: (msg("refused: a sitemap with a document type"),),
    ProblemCode.MARKUP_REFUSED_ENCODING: (
        msg("refused: a document in the encoding '{encoding}', which can hide markup"),
    ),
    ProblemCode.PAGE_TOO_LONG: (
        counted(
            "refused: a page of {count} character (limit {limit})",
            "refused: a page of {count} characters (limit {limit})",
        ),
    ),
    ProblemCode.GZIP_BROKEN: (msg("refused: a gzip file that is broken"),),
    ProblemCode.GZIP_TOO_LARGE: (
        counted(
            "refused: a gzip file that inflates to more than {limit} byte",
            "refused: a gzip file that inflates to more than {limit} bytes",
            by="limit",
        ),
    ),
    ProblemCode.GZIP_CUT_SHORT: (msg("refused: a gzip file that ends too early"),),
    ProblemCode.PARSER_FAILED: (msg("a document that can't be read ({error})"),),
    ProblemCode.PARSER_TIME_LIMIT: (msg("a document that takes more than {seconds} s to read"),),
    ProblemCode.PARSER_DIED: (msg("a document that makes the parser die"),),
    ProblemCode.PARSER_MEMORY: (msg("a document that needs too much memory to read"),),
}


def problem_sentence(problem: Problem, words: Words) -> str:
    """What is wrong with a feed or a hub, as a sentence without its subject: ``answers 404: the feed is not there``."""
    if problem.code in _DOCUMENTS:
        return words.gettext("answers with {what}").format(what=document_phrase(problem, words))
    if problem.code is ProblemCode.HTTP_STATUS and (text := _STATUSES.get(problem.facts.get("status", 0))):
        return filled((text,), problem.facts, words) or text
    return filled(_SENTENCES[problem.code], problem.facts, words) or problem.code.value


def document_phrase(problem: Problem, words: Words) -> str:
    """A phrase for a reply that can't be read as expected: ``a web page, not a feed``. Else the problem's sentence."""
    if problem.code not in _DOCUMENTS:
        return problem_sentence(problem, words)
    return filled(_DOCUMENTS[problem.code], problem.facts, words) or problem.code.value


def filled(texts: tuple[Text, ...], facts: Mapping[str, Fact], words: Words) -> str:
    """The first text of which all values are among the facts, translated and filled in; empty where there is none."""
    shown = {name: _shown(name, fact, words) for name, fact in facts.items()}
    for text in texts:
        if isinstance(text, str) and _names_in(text) <= facts.keys():
            return words.gettext(text).format_map(shown)
        if isinstance(text, Counted) and {text.by, *_names_in(text.plural)} <= facts.keys():
            number = facts[text.by]
            count = number if isinstance(number, int) else 0
            return words.ngettext(text.singular, text.plural, count).format_map(shown)
    return ""


@lru_cache(maxsize=256)
def _names_in(text: str) -> frozenset[str]:
    """The names of the values in a text."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)


def _shown(name: str, fact: Fact, words: Words) -> str:
    if isinstance(fact, int) and name in _COUNTS:
        return words.number(fact)
    return f"{fact:g}" if isinstance(fact, float) else str(fact)
