"""A small OpenID Connect provider in the test's own process: discovery, keys, token, userinfo."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "vitalfew-client", "s3cret"


@dataclass
class Issuer:
    """What the provider says; a test changes it to make it lie."""

    address: str = ""
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048))
    signing_key: Any = None
    algorithm: str = "RS256"
    named: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    id_token: bool = True
    challenge: str = ""
    asked: list[str] = field(default_factory=list)

    def discovery(self) -> dict[str, Any]:
        """Its description of itself."""
        return {
            "issuer": self.named or self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "userinfo_endpoint": f"{self.address}/userinfo",
            "jwks_uri": f"{self.address}/keys",
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def keys(self) -> dict[str, Any]:
        """Its public keys."""
        made = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**made, "kid": "k1", "use": "sig", "alg": "RS256"}]}

    def token(self, given: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        """What the token endpoint answers: it checks client and code verifier (PKCE)."""
        verifier = base64.urlsafe_b64encode(hashlib.sha256(given.get("code_verifier", [""])[0].encode()).digest()).rstrip(b"=")
        if given.get("client_secret") != [SECRET] or given.get("code") != ["good"] or verifier.decode() != self.challenge:
            return 400, {"error": "invalid_grant"}
        answer: dict[str, Any] = {"access_token": "access", "token_type": "Bearer", "expires_in": 60}
        if self.id_token:
            now = int(time.time())
            claims = {"iss": self.address, "aud": CLIENT, "sub": "person-1", "iat": now, "exp": now + 60, **self.claims}
            key = self.key if self.signing_key is None else self.signing_key
            answer["id_token"] = jwt.encode(
                {name: value for name, value in claims.items() if value is not None},
                None if self.algorithm == "none" else key,
                algorithm=self.algorithm,
                headers={"kid": "k1"},
            )
        return 200, answer


@contextmanager
def running() -> Iterator[Issuer]:
    """An issuer that answers on a free port of this machine."""
    issuer = Issuer()

    class Answers(BaseHTTPRequestHandler):
        """Its addresses."""

        def do_GET(self) -> None:
            """Discovery, keys, userinfo."""
            issuer.asked.append(self.path)
            if self.path == "/.well-known/openid-configuration":
                self._say(200, issuer.discovery())
            elif self.path == "/keys":
                self._say(200, issuer.keys())
            elif self.path == "/userinfo" and self.headers["Authorization"] == "Bearer access":
                self._say(200, {"sub": "person-1", **issuer.userinfo})
            else:
                self._say(404, {})

        def do_POST(self) -> None:
            """The token endpoint."""
            length = int(self.headers["Content-Length"])
            self._say(*issuer.token(parse_qs(self.rfile.read(length).decode())))

        def _say(self, status: int, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    issuer.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
