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
    """A parser with a larger limit for bodies that hubs push: it is set when the path is known, before the body."""

    adj: Any

    def parse_header(self, header_plus: bytes) -> None:
        """Waitress's hook, called when the whole head of a request was received."""
        super().parse_header(header_plus)
        if self.path.startswith(PUSHES):
            self.adj = self.adj.for_pushes


class _Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    parser_class = _Parser


class WebServer:
    """Serves the pages at an address, in a thread of its own. ``push_bytes``: size limit of a hub's push, in bytes."""

    def __init__(self, pages: Pages, *, host: str, port: int, push_bytes: int = _MAX_BODY) -> None:
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it warns when a request waits for a thread
        self._sockets: dict[int, Any] = {}  # waitress's map: listening sockets, connections, trigger
        self._server = create_server(
            pages, map=self._sockets, host=host, port=port, threads=4, ident=None, max_request_body_size=_MAX_BODY
        )
        servers = [server for server in self._sockets.values() if isinstance(server, TcpWSGIServer)]
        for server in servers:
            for_pushes = copy.copy(server.adj)
            for_pushes.max_request_body_size = push_bytes + 1  # waitress refuses from this size on
            server.adj.for_pushes, server.channel_class = for_pushes, _Channel
        self._trigger, self.port = servers[0].trigger, int(servers[0].effective_port)
        self._thread = threading.Thread(target=self._server.run, name="web", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Wait up to two seconds for running requests, then close all connections and end the thread."""
        if not self._thread.is_alive():
            return
        self._server.task_dispatcher.shutdown(timeout=_GRACE_S)
        self._trigger.pull_trigger(self._close_sockets)
        self._thread.join(_GRACE_S)

    def _close_sockets(self) -> None:
        """Close all sockets. Called in the server's thread: closed elsewhere, its select() would fail or not return."""
        try:
            for connection in list(self._sockets.values()):
                if connection.writable():
                    connection.handle_write()
        finally:
            close_all(self._sockets)
