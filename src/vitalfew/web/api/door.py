"""The one door through which the application speaks to addresses that people typed (webhooks).

A name is resolved once, every address it has is judged, and the connection goes to an address that was judged: a name that
resolves to something else a moment later (DNS rebinding) changes nothing. Only http on port 80 and https on port 443, with the
certificate checked; no redirects, no proxies of the environment, 1 MiB and 5 seconds for everything together.
"""

from __future__ import annotations

import http.client
import io
import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from vitalfew import __version__

SECONDS = 5.0
MOST_BYTES = 1024 * 1024
PORTS = {"http": 80, "https": 443}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# What `is_global` does not refuse, or refuses only in some versions of Python.
REFUSED = tuple(
    ipaddress.ip_network(each)
    for each in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by carriers; the metadata of one cloud lies in it
        "127.0.0.0/8",
        "168.63.129.16/32",  # the inner address of one cloud, public by its number
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/96",  # IPv4-compatible, and the unspecified address
        "64:ff9b::/96",  # NAT64: an IPv4 address in the last 32 bits
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",  # Teredo, ORCHID and others for protocols
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address inside
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)
# The middle of an interface number that carries an IPv4 address (ISATAP).
ISATAP = (0x00005EFE, 0x02005EFE)


class Refused(Exception):
    """The door does not open for this address; the text says why."""


class Failed(Exception):
    """The other side could not be reached, or did not answer in time and size."""


@dataclass(frozen=True)
class Answer:
    """What the other side answered."""

    status: int
    body: bytes


@dataclass(frozen=True)
class Target:
    """An address as people type it, taken apart."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def named(self) -> str:
        """The host as it stands in the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True)
class Door:
    """How the door is kept. `loopback` lets tests speak to this machine on any port; `context` is how certificates are checked."""

    loopback: bool = False
    context: ssl.SSLContext | None = None
    seconds: float = SECONDS

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send `body` and return what is answered, redirects included as they are. Raises Refused or Failed."""
        deadline = time.monotonic() + self.seconds
        target = parse(url, self.loopback)
        addresses = self.judged(resolve(target.host, target.port, deadline))
        connection = self._connect(target, addresses, deadline)
        try:
            return _exchange(connection, target, body, headers, deadline)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Failed(_told(error)) from error
        finally:
            connection.close()

    def judged(self, addresses: Sequence[str]) -> list[str]:
        """`addresses`, when each of them may be spoken to. Raises Refused for the first that may not."""
        if not addresses:
            raise Failed("the name has no address")
        for each in addresses:
            reason = why_not(each, self.loopback)
            if reason:
                raise Refused(f"{each} is {reason}")
        return list(addresses)

    def _connect(self, target: Target, addresses: Sequence[str], deadline: float) -> socket.socket:
        """A connection to the first of the judged addresses that answers."""
        failure = "no address answered"
        for each in addresses:
            plain: socket.socket | None = None
            try:
                plain = socket.create_connection((each, target.port), timeout=_left(deadline))
                if target.scheme == "http":
                    return plain
                plain.settimeout(_left(deadline))
                context = self.context or ssl.create_default_context()
                # The certificate is checked against the name that was typed, not against the address.
                return context.wrap_socket(plain, server_hostname=target.host)
            except OSError as error:
                failure = _told(error)
                if plain is not None:
                    plain.close()
        raise Failed(failure)


def parse(url: str, loopback: bool = False) -> Target:
    """The parts of an address. Raises Refused for one that the door would never open for."""
    if len(url) > 1000 or any(ord(each) <= 32 or ord(each) == 127 for each in url) or "\\" in url:
        raise Refused("the address holds blanks or control characters, or is too long")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Refused(f"the address cannot be read: {error}") from None
    if parts.scheme not in PORTS:
        raise Refused("the address begins neither with https:// nor with http://")
    if parts.username is not None or parts.password is not None:
        raise Refused("the address holds a user name or a password")
    if not parts.hostname:
        raise Refused("the address names no host")
    if port not in (None, PORTS[parts.scheme]) and not loopback:
        raise Refused("only port 443 for https and port 80 for http are open")
    try:
        host = parts.hostname if ":" in parts.hostname else parts.hostname.rstrip(".").encode("idna").decode()
        path = (parts.path or "/").encode("ascii").decode() + (f"?{parts.query}" if parts.query else "")
        path.encode("ascii")
    except UnicodeError:
        raise Refused("the address holds letters that must be written with %") from None
    if not host:
        raise Refused("the address names no host")
    literal = host.strip("[]")
    if _is_address(literal) and (reason := why_not(literal, loopback)):
        raise Refused(f"{literal} is {reason}")
    return Target(parts.scheme, host, port or PORTS[parts.scheme], path)


def resolve(host: str, port: int, deadline: float) -> list[str]:
    """Every address of a name, each once. Raises Failed when there is none, or none in time."""
    found: queue.Queue[list[str] | OSError] = queue.Queue()

    def ask() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.put(list(dict.fromkeys(str(row[4][0]) for row in rows)))
        except (OSError, UnicodeError) as error:
            found.put(error if isinstance(error, OSError) else OSError("the name cannot be written"))

    # The system's resolver cannot be stopped; what comes too late is left to itself.
    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = found.get(timeout=_left(deadline))
    except queue.Empty:
        raise Failed("the name was not resolved in time") from None
    if isinstance(answer, OSError):
        raise Failed(f"the name cannot be resolved: {answer.strerror or answer}")
    return answer


def why_not(text: str, loopback: bool = False) -> str:
    """Why an address may not be spoken to; '' when it may."""
    if not _is_address(text):
        return "no address"
    address = _unwrapped(ipaddress.ip_address(text))
    if address.is_loopback:
        return "" if loopback else "this machine"
    if any(address in network for network in REFUSED if network.version == address.version):
        return "not an address of the public internet"
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return "an address of one link"
        if (int(address) >> 32) & 0xFFFFFFFF in ISATAP:
            return "a tunnel to an address inside"
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return "not an address of the public internet"
    return ""


def _unwrapped(address: Address) -> Address:
    """An IPv4 address in IPv6 clothes (::ffff:127.0.0.1) as what it is."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


class _Stream(io.RawIOBase):
    """What comes from a connection, until the deadline or the most bytes."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self.connection, self.deadline, self.count = connection, deadline, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        # The time left shrinks with each piece: an answer that drips cannot hold the door open.
        self.connection.settimeout(_left(self.deadline))
        got = self.connection.recv_into(cast(bytearray, buffer))
        self.count += got
        if self.count > MOST_BYTES:
            raise ValueError("the answer is larger than 1 MiB")
        return got


class _Wire:
    """The little of a socket that http.client reads an answer from."""

    def __init__(self, stream: _Stream) -> None:
        self.stream = stream

    def makefile(self, *_: object, **__: object) -> io.BufferedReader:
        return io.BufferedReader(self.stream, 8192)


def _exchange(connection: socket.socket, target: Target, body: bytes, headers: Mapping[str, str], deadline: float) -> Answer:
    lines = [f"POST {target.path} HTTP/1.1"]
    sent = {"Host": target.named, "User-Agent": f"VitalFew/{__version__}", "Accept": "*/*", "Connection": "close"}
    for name, value in {**sent, **headers, "Content-Length": str(len(body))}.items():
        if any(each in f"{name}{value}" for each in "\r\n\x00"):
            raise Refused(f"the header {name} holds a line break")
        lines.append(f"{name}: {value}")
    connection.settimeout(_left(deadline))
    connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
    response = http.client.HTTPResponse(cast(socket.socket, _Wire(_Stream(connection, deadline))), method="POST")
    try:
        response.begin()
        return Answer(response.status, response.read(MOST_BYTES))
    finally:
        response.close()


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("no answer in time")
    return left


def _told(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not valid: {error.verify_message}"
    return str(getattr(error, "strerror", None) or error or type(error).__name__)[:300]
