"""Net: which addresses a request may connect to, and the names that are resolved to them. # trust: D06, B13."""

import contextlib
import functools
import ipaddress
import socket
from collections.abc import Callable, Iterable
from typing import Final

from reformwatch.model.problem import ProblemCode
from reformwatch.net.errors import ErrorKind, RequestError

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_V4_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")

#: What some Python from 3.11.7 to 3.14 calls global, out of the registries iana.org/assignments/
#: iana-ipv4-special-registry and iana-ipv6-special-registry. A few single addresses of the first and the fourth are
#: reachable in truth (anycast services of protocols); no feed is served there.
_SPECIAL: Final = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",  # protocol assignments, RFC 6890; Oracle's cloud answers for metadata at 192.0.0.192
        "192.88.99.0/24",  # relays of 6to4, ended by RFC 7526
        "64:ff9b:1::/48",  # NAT64 of a network's own, RFC 8215
        "2001::/23",  # protocol assignments, RFC 2928
        "100:0:0:1::/64",  # dummy prefix, RFC 9780
        "3fff::/20",  # documentation, RFC 9637
        "5f00::/16",  # SRv6 segments, RFC 9602
        "fec0::/10",  # site-local, RFC 3879
    )
)

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
#: All addresses of a host, by its name and a port. Raises OSError or UnicodeError where there are none.
Resolver = Callable[[str, int], list[str]]


class AddressPolicy:
    """Which addresses may be dialled: public ones, and what the operator names (networks, or host names)."""

    def __init__(self, allow_private: Iterable[str] = ()) -> None:
        self._networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
        self._hosts: set[str] = set()
        for allowed in allow_private:
            try:
                self._networks.append(ipaddress.ip_network(allowed, strict=False))
            except ValueError:
                self._hosts.add(allowed.lower().rstrip("."))

    def is_own(self, host: str) -> bool:
        """Whether a host, by its name or as an address, is one that the operator named."""
        if host.lower().rstrip(".") in self._hosts:
            return True
        with contextlib.suppress(ValueError):
            address = ipaddress.ip_address(host.strip("[]"))
            return any(address in network for network in self._networks)
        return False

    def check(self, host: str, addresses: Iterable[str]) -> None:
        """Raise RequestError unless every address of the host may be dialled."""
        if host.lower().rstrip(".") in self._hosts:
            return
        for text in addresses:
            address, may_be_dialled = _parsed(text.partition("%")[0])
            if not may_be_dialled and not any(address in network for network in self._networks):
                kind, code = ErrorKind.REFUSED_ADDRESS, ProblemCode.PRIVATE_ADDRESS
                raise RequestError(kind, code, host=host, address=str(address))


@functools.lru_cache(maxsize=4_096)
def _parsed(text: str) -> tuple[IpAddress, bool]:
    """An address, and whether it is public."""
    address = ipaddress.ip_address(text)
    return address, is_public(address)


def is_public(address: IpAddress) -> bool:
    """Whether an address is on the public internet, seen through every way to wrap an IPv4 address in an IPv6 one."""
    if isinstance(address, ipaddress.IPv6Address):
        teredo = address.teredo
        inner = address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)
        if inner is None and (address in _NAT64 or address in _V4_COMPATIBLE):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    if any(address in network for network in _SPECIAL):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def resolve(host: str, port: int) -> list[str]:
    """All addresses of a host, from the system's resolver. Raises OSError, UnicodeError."""
    infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in infos))
