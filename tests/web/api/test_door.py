"""The door opens for addresses of the public internet and for nothing else."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from vitalfew.web.api import door
from vitalfew.web.api.door import Door, Failed, Refused

OPEN = [
    "1.1.1.1",
    "8.8.8.8",
    "9.9.9.9",
    "93.184.215.14",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.254",
    "11.0.0.1",
    "2606:4700:4700::1111",
    "2a00:1450:4001:82b::200e",
    "2620:fe::fe",
    "::ffff:8.8.8.8",
]
SHUT = [
    "127.0.0.1",
    "127.0.0.53",
    "127.255.255.254",
    "0.0.0.0",  # noqa: S104 - judged, not bound
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "168.63.129.16",
    "169.254.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.9",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.168.255.255",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "224.0.1.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:a00:1",
    "::ffff:100.64.0.1",
    "::ffff:0.0.0.0",
    "64:ff9b::7f00:1",
    "64:ff9b::8.8.8.8",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:53aa:64c:0:ffff:f5ff:fffe",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:a00:1::",
    "2002:808:808::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fdff:ffff::1",
    "fe80::1",
    "fe80::1%eth0",
    "febf::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "2a00:1450::5efe:10.0.0.1",
    "2a00:1450::200:5efe:192.168.1.1",
    "4000::1",
    "e000::1",
    "not an address",
    "",
    "1.2.3",
    "0x7f.0.0.1",
    "2130706433",
]


def test_the_table_is_long_enough() -> None:
    assert len(set(OPEN + SHUT)) == len(OPEN + SHUT) >= 60


@pytest.mark.parametrize("address", OPEN)
def test_public_addresses_are_open(address: str) -> None:
    assert door.why_not(address) == ""


@pytest.mark.parametrize("address", SHUT)
def test_everything_else_is_shut(address: str) -> None:
    assert door.why_not(address)
    with pytest.raises(Refused):
        Door().judged([address])
    with pytest.raises(Refused):
        Door().judged(["8.8.8.8", address])  # one bad address among good ones shuts the door


@pytest.mark.parametrize("address", SHUT)
def test_with_loopback_for_tests_only_loopback_is_open_besides(address: str) -> None:
    is_loopback = address in ("127.0.0.1", "127.0.0.53", "127.255.255.254", "::1", "::ffff:127.0.0.1")
    assert bool(door.why_not(address, loopback=True)) is not is_loopback


@pytest.mark.parametrize(
    "url",
    [
        "ftp://hooks.example/",
        "file:///etc/passwd",
        "gopher://hooks.example/",
        "//hooks.example/",
        "hooks.example/in",
        "https://",
        "https:///in",
        "https://hooks.example:8443/",
        "https://hooks.example:80/",
        "http://hooks.example:443/",
        "http://hooks.example:22/",
        "https://hooks.example:99999/",
        "https://user:secret@hooks.example/",
        "https://user@hooks.example/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://hooks.example/a b",
        "https://hooks.example/\r\nHost: inner",
        "https://hooks.example\\@inner/",
        "https://hooks.example/\x00",
        "https://hooks.example/ü",
        "https://" + "a" * 64 + ".example/",
        "https://hooks.example/" + "a" * 1000,
    ],
)
def test_addresses_the_door_never_opens_for(url: str) -> None:
    with pytest.raises(Refused):
        door.parse(url)


def test_an_address_is_taken_apart() -> None:
    target = door.parse("https://Hooks.Example./in?x=1#part")
    assert (target.scheme, target.host, target.port, target.path, target.named) == (
        "https",
        "hooks.example",
        443,
        "/in?x=1",
        "hooks.example",
    )
    assert door.parse("https://bücher.example/").host == "xn--bcher-kva.example"
    assert door.parse("https://[2606:4700:4700::1111]/").named == "[2606:4700:4700::1111]"


def test_names_written_as_numbers_are_judged_by_what_they_resolve_to() -> None:
    # The system's resolver reads these as 127.0.0.1; the text itself looks like no address.
    for url in ("http://2130706433/", "http://0x7f.1/", "http://127.1/", "http://0177.0.0.1/", "http://localhost/"):
        with pytest.raises(Refused, match="this machine"):
            Door().post(url, b"{}", {})


class Peer:
    """A server on this machine that does one thing to each connection."""

    def __init__(self, act: Callable[[socket.socket], None], context: ssl.SSLContext | None = None) -> None:
        self.act, self.context = act, context
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.socket.getsockname()[1])
        self.heard = b""
        self.count = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.count += 1
            try:
                if self.context:
                    connection = self.context.wrap_socket(connection, server_side=True)
                self.heard = _request(connection)
                self.act(connection)
            except OSError:
                pass
            finally:
                connection.close()


def _request(connection: socket.socket) -> bytes:
    heard = b""
    while b"\r\n\r\n" not in heard:
        heard += connection.recv(65536)
    head, _, body = heard.partition(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@pytest.fixture
def peer() -> Iterator[Callable[..., Peer]]:
    made: list[Peer] = []

    def make(act: Callable[[socket.socket], None], context: ssl.SSLContext | None = None) -> Peer:
        made.append(Peer(act, context))
        return made[-1]

    yield make
    for each in made:
        each.socket.close()


def says(text: str) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(text.encode())


OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def test_a_request_as_it_is_sent(peer: Callable[..., Peer]) -> None:
    server = peer(says(OK))
    answer = Door(loopback=True).post(
        f"http://127.0.0.1:{server.port}/in?x=1", b'{"a":1}', {"Content-Type": "application/json", "X-One": "1"}
    )
    assert (answer.status, answer.body) == (200, b"ok")
    head, _, body = server.heard.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /in?x=1 HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{server.port}".encode() in head
    assert b"X-One: 1" in head
    assert body == b'{"a":1}'


def test_a_redirect_is_an_answer_and_not_followed(peer: Callable[..., Peer]) -> None:
    inner = peer(says(OK))
    server = peer(says(f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{inner.port}/\r\nContent-Length: 0\r\n\r\n"))
    assert Door(loopback=True).post(f"http://127.0.0.1:{server.port}/", b"", {}).status == 302
    assert inner.count == 0


def test_the_name_is_resolved_once_and_the_judged_address_is_spoken_to(
    peer: Callable[..., Peer], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = peer(says(OK))
    asked: list[str] = []

    def rebinding(host: str, port: int, *_: object, **__: object) -> list[object]:
        """Public at the first question, this machine ever after."""
        if host == "rebinding.example":
            asked.append(host)
            first = "93.184.215.14" if len(asked) == 1 else "127.0.0.1"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (first, port))]
        return real(host, port, *_, **__)  # type: ignore[arg-type]

    spoken: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], timeout: float | None = None) -> socket.socket:
        spoken.append(address)
        raise ConnectionRefusedError("not in a test")

    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(Failed):
        Door().post("http://rebinding.example/", b"", {})
    assert asked == ["rebinding.example"]
    assert spoken == [("93.184.215.14", 80)]
    # The second time the name is this machine, and the door stays shut before anything is sent.
    with pytest.raises(Refused, match="this machine"):
        Door().post("http://rebinding.example/", b"", {})
    assert len(spoken) == 1
    assert server.count == 0


def test_one_private_address_of_several_shuts_the_door(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 443)) for each in ("93.184.215.14", "10.0.0.5")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: rows)
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("it connected"))
    with pytest.raises(Refused, match=r"10\.0\.0\.5"):
        Door().post("https://mixed.example/", b"", {})


def test_proxies_of_the_environment_are_not_used(peer: Callable[..., Peer], monkeypatch: pytest.MonkeyPatch) -> None:
    proxy, server = peer(says(OK)), peer(says(OK))
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    Door(loopback=True).post(f"http://127.0.0.1:{server.port}/", b"", {})
    assert (proxy.count, server.count) == (0, 1)


def test_an_answer_that_drips_is_cut_off_in_time(peer: Callable[..., Peer]) -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        for number in range(200):
            connection.sendall(f"X-{number}: 1\r\n".encode())
            time.sleep(0.05)

    server = peer(drip)
    began = time.monotonic()
    with pytest.raises(Failed, match="in time"):
        Door(loopback=True, seconds=0.6).post(f"http://127.0.0.1:{server.port}/", b"", {})
    assert time.monotonic() - began < 2


def test_silence_and_slow_names_are_cut_off_in_time(peer: Callable[..., Peer], monkeypatch: pytest.MonkeyPatch) -> None:
    server = peer(lambda connection: time.sleep(3))
    with pytest.raises(Failed, match="in time"):
        Door(loopback=True, seconds=0.3).post(f"http://127.0.0.1:{server.port}/", b"", {})
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(2) or [])
    began = time.monotonic()
    with pytest.raises(Failed, match="not resolved in time"):
        Door(seconds=0.3).post("https://slow.example/", b"", {})
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize(
    "text",
    [
        "HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + "x" * 3_000_000,
        "HTTP/1.1 200 OK\r\nX: " + "x" * 70_000 + "\r\n\r\n",
        "HTTP/1.1 200 OK\r\n" + "X: 1\r\n" * 200 + "\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n" * 50_000,
        "not http at all\r\n\r\n",
        "HTTP/1.1 999999 ?\r\n\r\n",
        "",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["body", "header line", "headers", "continues", "no http", "status", "nothing", "chunk"],
)
def test_answers_too_large_or_not_http_fail_clearly(peer: Callable[..., Peer], text: str) -> None:
    server = peer(says(text))
    with pytest.raises(Failed):
        Door(loopback=True, seconds=3).post(f"http://127.0.0.1:{server.port}/", b"", {})


def test_headers_cannot_be_broken_out_of(peer: Callable[..., Peer]) -> None:
    server = peer(says(OK))
    with pytest.raises(Refused):
        Door(loopback=True).post(f"http://127.0.0.1:{server.port}/", b"", {"X-One": "1\r\nX-Two: 2"})


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate for `localhost`, and a client's that trusts who made it."""
    folder: Path = tmp_path_factory.mktemp("certificates")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return server, ssl.create_default_context(cafile=str(folder / "certificate.pem"))


def test_https_checks_the_certificate_against_the_name(
    peer: Callable[..., Peer], certificates: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    context, trusting = certificates
    names: list[str | None] = []
    context.sni_callback = lambda _, name, __: names.append(name)
    server = peer(says(OK), context)
    assert Door(loopback=True, context=trusting).post(f"https://localhost:{server.port}/", b"", {}).status == 200
    assert names == ["localhost"]
    with pytest.raises(Failed, match="certificate is not valid"):
        Door(loopback=True).post(f"https://localhost:{server.port}/", b"", {})
    with pytest.raises(Failed, match="certificate is not valid"):
        Door(loopback=True, context=trusting).post(f"https://127.0.0.1:{server.port}/", b"", {})
