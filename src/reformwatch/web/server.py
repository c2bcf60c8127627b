"""Porch: the web server (waitress) under the pages, in a thread of its own."""

import copy
import logging
import threading
from typing import Any, Final

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer, create_server
from waitress.wasyncore import close_all

from reformwatch.web.pages import PUSHES, Pages

_GRACE_S: Final = 2.0
_MAX_BODY: Final = 65_536


class _Parser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    """Lets a hub push more than any other page takes: the bound is chosen when the path is known, before the body."""

    adj: Any

    def parse_header(self, header_plus: bytes) -> None:
        """Waitress's hook: the head has come in whole."""
        super().parse_header(header_plus)
        if self.path.startswith(PUSHES):
            self.adj = self.adj.for_pushes


class _Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    parser_class = _Parser


class WebServer:
    """The pages on an address, in a thread of their own. ``push_bytes`` bounds what a hub may push."""

    def __init__(self, pages: Pages, *, host: str, port: int, push_bytes: int = _MAX_BODY) -> None:
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it warns of a request that waits for a moment
        self._sockets: dict[int, Any] = {}  # waitress keeps here what it listens on, its connections, its alarm
        self._server = create_server(
            pages, map=self._sockets, host=host, port=port, threads=4, ident=None, max_request_body_size=_MAX_BODY
        )
        listening = [one for one in self._sockets.values() if isinstance(one, TcpWSGIServer)]
        for one in listening:
            for_pushes = copy.copy(one.adj)
            for_pushes.max_request_body_size = push_bytes + 1  # waitress refuses from this size on
            one.adj.for_pushes, one.channel_class = for_pushes, _Channel
        self._alarm, self.port = listening[0].trigger, int(listening[0].effective_port)
        self._thread = threading.Thread(target=self._server.run, name="web", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Let requests under way be answered, for a moment; then stop answering and close all connections."""
        if not self._thread.is_alive():
            return
        self._server.task_dispatcher.shutdown(timeout=_GRACE_S)
        self._alarm.pull_trigger(self._let_go)
        self._thread.join(_GRACE_S)

    def _let_go(self) -> None:
        """Close all sockets; in the thread that waits on them, since in another its wait would fail, or not end."""
        try:
            for one in list(self._sockets.values()):
                if one.writable():
                    one.handle_write()
        finally:
            close_all(self._sockets)
