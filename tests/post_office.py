"""A mail server and a Teams of our own, on loopback: real sockets, real TLS, and whatever may go wrong there."""

from __future__ import annotations

import base64
import email
import email.policy
import ipaddress
import json
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

USER, PASSWORD = "gwylio", "cyfrinair post"


@dataclass
class PostOffice:
    """What came, and how the next messages are met.

    `refuse_recipient` and `refuse_message` are the codes to answer with, by address or for all (`*`).
    `hang_up_after_message`: the message is taken, and the line breaks before anybody hears of it.
    """

    port: int = 0
    asks_for_user: bool = False
    encrypts: ssl.SSLContext | None = None
    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    signed_in: list[bool] = field(default_factory=list)
    connections: int = 0
    refuse_recipient: dict[str, int] = field(default_factory=dict)
    refuse_message: dict[str, int] = field(default_factory=dict)
    hang_up_after_message: bool = False

    def to(self, address: str) -> list[EmailMessage]:
        return [message for message in self.messages if message["To"] == address]


class _Counter(socketserver.StreamRequestHandler):
    """One conversation.  Only what a client of ours says is understood."""

    def __init__(self, *given: Any, office: PostOffice) -> None:
        self.office = office
        super().__init__(*given)

    def handle(self) -> None:
        self.office.connections += 1
        self.recipient, self.known = "", False
        with suppress(ConnectionError, ssl.SSLError):
            self._say("220 post.example")
            while line := self.rfile.readline():
                verb, _, rest = line.decode("ascii", "replace").strip().partition(" ")
                if not getattr(self, f"_{verb.lower()}", self._what)(rest):
                    return

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()
        with suppress(OSError):
            self.connection.close()

    def _say(self, line: str) -> bool:
        self.wfile.write(f"{line}\r\n".encode())
        self.wfile.flush()
        return True

    def _what(self, _rest: str) -> bool:
        return self._say("502 what?")

    def _ehlo(self, _rest: str) -> bool:
        offers = ["post.example", "8BITMIME"]
        if self.office.encrypts and not isinstance(self.connection, ssl.SSLSocket):
            offers.append("STARTTLS")
        if self.office.asks_for_user:
            offers.append("AUTH PLAIN")
        return all(
            self._say(f"250{' ' if number == len(offers) else '-'}{each}") for number, each in enumerate(offers, 1)
        )

    def _starttls(self, _rest: str) -> bool:
        assert self.office.encrypts is not None
        self._say("220 go on")
        self.connection = self.office.encrypts.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb")
        return True

    def _auth(self, rest: str) -> bool:
        said = base64.b64decode(rest.removeprefix("PLAIN ")).decode().split("\0")
        self.known = said[1:] == [USER, PASSWORD]
        return self._say("235 welcome" if self.known else "535 no")

    def _noop(self, _rest: str) -> bool:
        return self._say("250 yes")

    def _mail(self, _rest: str) -> bool:
        return self._say("250 yes" if self.known or not self.office.asks_for_user else "530 who are you?")

    def _rcpt(self, rest: str) -> bool:
        self.recipient = rest.partition("<")[2].partition(">")[0]
        code = _for(self.office.refuse_recipient, self.recipient)
        return self._say(f"{code} {self.recipient} is not here" if code else "250 yes")

    def _data(self, _rest: str) -> bool:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) and line != b".\r\n":
            lines.append(line[1:] if line.startswith(b".") else line)
        code = _for(self.office.refuse_message, self.recipient)
        if code:
            return self._say(f"{code} not that")
        built = email.message_from_bytes(b"".join(lines), policy=email.policy.SMTP)
        assert isinstance(built, EmailMessage)
        self.office.messages.append(built)
        self.office.recipients.append(self.recipient)
        self.office.encrypted.append(isinstance(self.connection, ssl.SSLSocket))
        self.office.signed_in.append(self.known)
        return not self.office.hang_up_after_message and self._say("250 taken")

    def _quit(self, _rest: str) -> bool:
        self._say("221 goodbye")
        return False


def _for(codes: dict[str, int], address: str) -> int:
    return codes.get(address, codes.get("*", 0))


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    tls: ssl.SSLContext | None = None

    def get_request(self) -> tuple[Any, Any]:
        line, address = super().get_request()
        return (self.tls.wrap_socket(line, server_side=True) if self.tls else line), address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not trust us hangs up, and that is all."""


@contextmanager
def post_office(*, certificate: Path | None = None, tls_at_once: bool = False, **facts: Any) -> Iterator[PostOffice]:
    """A mail server; with a certificate it offers STARTTLS, or speaks TLS from the first byte."""
    office = PostOffice(**facts)
    trusted = None
    if certificate:
        trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trusted.load_cert_chain(certificate)
        office.encrypts = None if tls_at_once else trusted
    with _Server(("127.0.0.1", 0), partial(_Counter, office=office)) as server:
        server.tls = trusted if tls_at_once else None
        office.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield office
        finally:
            server.shutdown()
            thread.join()


def certificate_in(folder: Path) -> Path:
    """A key and a certificate of our own making for this machine, in one file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "post.example")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "post.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@dataclass
class TeamsRoom:
    """What was posted, by path; `answers` are the statuses to come (202 after them), `mute` breaks the line instead."""

    url: str = ""
    cards: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    mute: bool = False


class _Webhook(BaseHTTPRequestHandler):
    def __init__(self, *given: Any, room: TeamsRoom) -> None:
        self.room = room
        super().__init__(*given)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.room.cards.append((self.path, json.loads(body)))
        if self.room.mute:
            self.close_connection = True
            return
        self.send_response(self.room.answers.pop(0) if self.room.answers else 202)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the standard library names it
        """Nobody reads it."""


@contextmanager
def teams_room() -> Iterator[TeamsRoom]:
    """Where webhooks of Teams are posted to."""
    room = TeamsRoom()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Webhook, room=room)) as server:
        room.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield room
        finally:
            server.shutdown()
            thread.join()
