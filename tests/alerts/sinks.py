"""Targets on this machine that write down what they get, or misbehave."""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HANGING = 30.0


class HttpSink(ThreadingHTTPServer):
    """Takes POSTs. ``answer`` is the status; ``delay`` the seconds before it; a redirect leads to ``/elsewhere``."""

    daemon_threads = True

    def __init__(self, answer: int = 200, delay: float = 0.0) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer, self.delay = answer, delay
        self.bodies: list[dict[str, Any]] = []
        self.methods: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook/S3CRETPATH"


class _Handler(BaseHTTPRequestHandler):
    server: HttpSink

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.methods.append("POST")
        time.sleep(self.server.delay)
        if self.server.answer < 300:
            self.server.bodies.append(json.loads(body))
        with contextlib.suppress(OSError):
            self.send_response(self.server.answer)
            if 300 <= self.server.answer < 400:
                self.send_header("Location", "/elsewhere")
            self.end_headers()

    def do_GET(self) -> None:
        self.server.methods.append("GET")
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it
        """Keep quiet."""


class SmtpSink(socketserver.ThreadingTCPServer):
    """Speaks enough SMTP to take mails; with a certificate it offers STARTTLS, with a password it wants a login."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, tls: ssl.SSLContext | None = None, password: str | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _SmtpHandler)
        self.tls, self.password = tls, password
        self.mails: list[Message] = []
        self.was_encrypted: list[bool] = []
        self.greets = True

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _SmtpHandler(socketserver.BaseRequestHandler):
    server: SmtpSink

    def handle(self) -> None:
        if not self.server.greets:
            time.sleep(HANGING)
            return
        with contextlib.suppress(OSError, EOFError):
            self._talk()

    def _talk(self) -> None:
        connection: socket.socket = self.request
        stream, encrypted = connection.makefile("rwb"), False

        def say(text: str) -> None:
            stream.write(f"{text}\r\n".encode())
            stream.flush()

        say("220 sink")
        while line := stream.readline():
            word = line.split()[0].upper() if line.split() else b""
            if word == b"EHLO":
                offers = ["STARTTLS"] * bool(self.server.tls and not encrypted)
                offers += ["AUTH PLAIN"] * bool(self.server.password)
                lines = ["sink", *offers]
                for place, each in enumerate(lines):
                    say(f"250{' ' if place == len(lines) - 1 else '-'}{each}")
            elif word == b"STARTTLS" and self.server.tls:
                say("220 go")
                connection = self.server.tls.wrap_socket(connection, server_side=True)
                stream, encrypted = connection.makefile("rwb"), True
            elif word == b"AUTH":
                say("235 welcome" if self._knows(line) else "535 no")
            elif word == b"DATA":
                say("354 go on")
                body = b"".join(iter(stream.readline, b".\r\n"))
                self.server.mails.append(message_from_bytes(body, policy=policy.default))
                self.server.was_encrypted.append(encrypted)
                say("250 taken")
            elif word == b"QUIT":
                say("221 bye")
                return
            else:
                say("250 ok")

    def _knows(self, line: bytes) -> bool:
        import base64

        secret = base64.b64decode(line.split()[2]).split(b"\0")[2].decode()
        return secret == self.server.password


@contextlib.contextmanager
def serving(sink: Any) -> Iterator[Any]:
    """The sink at work for the duration of the block."""
    thread = threading.Thread(target=sink.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        sink.shutdown()
        sink.server_close()
        thread.join()


def refusing_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
