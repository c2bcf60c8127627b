"""Net: why a request has no reply."""

from enum import StrEnum

from reformwatch.model.problem import Fact, Problem, ProblemCode


class ErrorKind(StrEnum):
    """The sort of an error, by the step of a request that failed."""

    NAME = "name"  # the host's name was not resolved
    CONNECT = "connect"  # no connection, or it broke
    TIMEOUT = "timeout"  # no whole reply before the deadline
    TLS = "tls"  # the certificate or the handshake was refused
    PROTOCOL = "protocol"  # the address can't be requested, or the reply is not HTTP
    TOO_LARGE = "too_large"  # the reply is larger than the limit
    REFUSED_ADDRESS = "refused_address"  # the address policy refuses an address of the host
    REDIRECTS = "redirects"  # too many redirects, or one that may not be followed


class RequestError(Exception):
    """A request failed: ``kind`` decides what to do, ``problem`` is shown to people."""

    def __init__(self, kind: ErrorKind, code: ProblemCode, **facts: Fact) -> None:
        self.kind, self.problem = kind, Problem.of(code, **facts)
        super().__init__(kind.value, self.problem)
