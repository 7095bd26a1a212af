"""HTTP requests to servers outside: which addresses may be reached, and how long one exchange may take.

The name of a server is resolved once. Every address that it has must be allowed, and the connection is made to one of
these addresses, so that a second answer of the name server changes nothing. Behind a proxy, which only the environment
of the server process names, it is the proxy that resolves names and decides.

The time limit covers the exchange as a whole: connection, TLS, headers and body. A timeout of ``requests`` begins anew
with each byte.
"""

import contextlib
import ipaddress
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    NameResolutionError,
    NewConnectionError,
)
from urllib3.util.connection import create_connection

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class ForbiddenAddress(Exception):
    """The server's name leads to an address that may not be reached."""


class TooSlow(requests.Timeout):
    """The exchange did not end within its time."""


def parse_networks(text: str) -> list[Network]:
    """Return the networks in ``text``, e.g. ``10.1.0.0/16, ::1``, separated by commas or spaces.

    :raises ValueError: when one of them is none
    """
    return [ipaddress.ip_network(part) for part in text.replace(",", " ").split()]


def is_reachable(address: str, allowed: Sequence[Network] = ()) -> bool:
    """Return whether ``address`` belongs to the public internet or to one of the networks in ``allowed``."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        ip = ip.ipv4_mapped or ip
    return _is_public(ip) or any(ip in network for network in allowed)


def _is_public(ip: Address) -> bool:
    """``is_global`` alone takes multicast, site-local and 6to4 addresses for global."""
    if isinstance(ip, ipaddress.IPv6Address) and (ip.is_site_local or ip.sixtofour):
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


@contextlib.contextmanager
def exchange(
    url: str, seconds: float, allowed: Sequence[Network] = ()
) -> Iterator[requests.Session]:
    """Open a session for one exchange with ``url``, which is cut off after ``seconds``.

    Plain http is spoken with loopback addresses only, and past any proxy, which would carry it off the machine.

    :param allowed: networks that may be reached beside the public internet
    :raises ForbiddenAddress: when the server has another address; nothing has been sent then
    :raises TooSlow: when the time is over before the exchange is
    """
    adapter = _Adapter(seconds, allowed)
    session = _Session()
    session.trust_env = url.startswith("https:")
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    timer = threading.Timer(seconds, adapter.cut)
    timer.daemon = True
    timer.start()
    try:
        with session:
            yield session
    except (
        OSError
    ) as error:  # what is cut off fails in many ways, all of them of this kind
        if adapter.is_cut:
            raise TooSlow(f"no whole answer within {seconds} s") from error
        raise
    finally:
        timer.cancel()
        adapter.release()
    if adapter.is_cut:
        raise TooSlow(f"no whole answer within {seconds} s")


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return none: looking for it, ``requests`` would read the body of a redirect whatever its length."""


class _Adapter(HTTPAdapter):
    """Opens the connections of one exchange, and keeps a second handle on each to cut it off."""

    def __init__(self, seconds: float, allowed: Sequence[Network]) -> None:
        self._end = time.monotonic() + seconds
        self._allowed = allowed
        self._handles: list[socket.socket] = []
        self.is_cut = False
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> Any:
        result = super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _make_pools(self._connect)
        return result

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _make_pools(self._connect_proxy)
        return manager

    def cut(self) -> None:
        """End all connections: whoever waits for data on one of them gets the end of the stream."""
        self.is_cut = True
        for handle in list(self._handles):
            _shut_down(handle)

    def release(self) -> None:
        """Close the second handles."""
        for handle in self._handles:
            handle.close()

    def _connect(self, connection: HTTPConnection) -> socket.socket:
        """Return a socket that is connected to one of the server's addresses, all of which are allowed.

        :raises ForbiddenAddress: when one of them is not
        """
        addresses = _resolve(connection)
        is_plain = not isinstance(connection, HTTPSConnection)
        for address in addresses:
            if not is_reachable(address, self._allowed):
                raise ForbiddenAddress(f"{connection.host} has the address {address}")
            if is_plain and not ipaddress.ip_address(address).is_loopback:
                raise ForbiddenAddress(f"plain http to {address}")
        for address in addresses[:-1]:
            with contextlib.suppress(OSError):
                return self._watch(self._open(connection, address))
        try:
            return self._watch(self._open(connection, addresses[-1]))
        except TimeoutError as error:
            raise ConnectTimeoutError(connection, str(error)) from error
        except OSError as error:
            raise NewConnectionError(connection, str(error)) from error

    def _connect_proxy(self, connection: HTTPConnection) -> socket.socket:
        return self._watch(HTTPConnection._new_conn(connection))

    def _open(self, connection: HTTPConnection, address: str) -> socket.socket:
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the time is over")
        if connection.timeout is not None:
            seconds = min(seconds, connection.timeout)
        return create_connection(
            (address, connection.port),
            seconds,
            socket_options=connection.socket_options,
        )

    def _watch(self, line: socket.socket) -> socket.socket:
        """Keep a handle that stays when TLS takes ``line`` over."""
        handle = line.dup()
        self._handles.append(handle)
        if self.is_cut:
            _shut_down(handle)
        return line


def _make_pools(connect: Any) -> dict[str, type]:
    """Return ``{scheme: class of connection pools}`` whose connections are opened by ``connect(connection)``."""
    opening = {"_new_conn": lambda connection: connect(connection)}
    plain = type("Connection", (HTTPConnection,), opening)
    secure = type("SecureConnection", (HTTPSConnection,), opening)
    return {
        "http": type("Pool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
    }


def _resolve(connection: HTTPConnection) -> list[str]:
    """Return the addresses of the server, at least one, in the order in which they are tried."""
    try:
        found = socket.getaddrinfo(
            connection.host, connection.port, type=socket.SOCK_STREAM
        )
    except socket.gaierror as error:
        raise NameResolutionError(connection.host, connection, error) from error
    except UnicodeError as error:
        raise NewConnectionError(connection, "the name is not valid") from error
    return list(dict.fromkeys(str(row[4][0]) for row in found))


def _shut_down(handle: socket.socket) -> None:
    with contextlib.suppress(OSError):  # not connected any more
        handle.shutdown(socket.SHUT_RDWR)
