"""Channels: Slack-compatible webhook, generic webhook, mail.

Belongs here: one send of one message, and what its failure is called. Not here: what is sent to whom and when
(``sending``), the texts (``wording``).

A channel is switched on by its secret (or its section of the configuration). No error text of a library is passed on:
it may hold the address, and the address is the secret.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import smtplib
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Any, Protocol

from retention_pipeline import __version__
from retention_pipeline.alerts.wording import Announcement, mail, slack_payload, webhook_payload
from retention_pipeline.config import Alerts, Smtp
from retention_pipeline.config_alerts import SLACK_URL, SMTP_PASSWORD, WEBHOOK_URL

TARGET_SECONDS = 5.0
"""How long a target may keep silent, at each step of a conversation."""


class UndeliveredError(Exception):
    """A target did not take a message; the text names no secret."""


class Channel(Protocol):
    """A way to reach people or programs."""

    @property
    def name(self) -> str:
        """What the register and the command line call it."""

    def send(self, announcement: Announcement) -> None:
        """Deliver one message, or raise."""


@dataclass(frozen=True)
class Webhook:
    """A POST of JSON to a secret address."""

    name: str
    variable: str
    url: str = field(repr=False)
    payload: Callable[[Announcement], dict[str, Any]]

    def send(self, announcement: Announcement) -> None:
        """Post; anything but a 2xx answer raises.

        Raises:
            UndeliveredError: The variable does not hold a web address.
            OSError: The target could not be reached or did not take it.
        """
        if not self.url.startswith(("https://", "http://")):
            raise UndeliveredError(f"{self.variable} does not hold a web address")
        headers = {"Content-Type": "application/json", "User-Agent": f"retention-pipeline/{__version__}"}
        body = json.dumps(self.payload(announcement)).encode()
        request = urllib.request.Request(self.url, body, headers, method="POST")  # noqa: S310  # the scheme is checked
        with _OPENER.open(request, timeout=TARGET_SECONDS):
            pass


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirected POST would arrive as a GET without its body and count as delivered."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> None:
        """Take no redirect; the answer is an error then."""


_OPENER = urllib.request.build_opener(_NoRedirect)


@dataclass(frozen=True)
class Mail:
    """A plain text mail over SMTP."""

    smtp: Smtp
    password: str | None = field(repr=False)
    name: str = "mail"

    def send(self, announcement: Announcement) -> None:
        """Hand the mail to the server; at least one recipient must be accepted.

        Raises:
            UndeliveredError: There is a user name and no password.
            OSError: The server could not be reached or did not take it.
        """
        smtp = self.smtp
        if smtp.username is not None and self.password is None:
            raise UndeliveredError(f"alerts.smtp.username is set and {SMTP_PASSWORD} is not")
        message = mail(announcement, smtp.sender, smtp.recipients)
        server = smtplib.SMTP(smtp.host, smtp.port, timeout=TARGET_SECONDS)
        try:
            if smtp.starttls:
                server.starttls(context=ssl.create_default_context())
            if smtp.username is not None and self.password is not None:
                server.login(smtp.username, self.password)
            server.send_message(message)
            with contextlib.suppress(OSError):  # the mail has been taken
                server.quit()
        finally:
            server.close()


def configured_channels(alerts: Alerts) -> list[Channel]:
    """The channels that configuration and environment switch on."""
    found: list[Channel] = []
    if url := os.environ.get(SLACK_URL):
        found.append(Webhook("slack", SLACK_URL, url, slack_payload))
    if url := os.environ.get(WEBHOOK_URL):
        found.append(Webhook("webhook", WEBHOOK_URL, url, webhook_payload))
    if alerts.smtp is not None:
        found.append(Mail(alerts.smtp, os.environ.get(SMTP_PASSWORD)))
    return found


def reason_of(error: BaseException) -> str:
    """Why a message was not delivered, in words that hold no address."""
    behind = error.reason if isinstance(error, urllib.error.URLError) else error.__context__
    if isinstance(error, urllib.error.HTTPError):
        words = f"it answered {error.code}"
    elif isinstance(error, urllib.error.URLError | smtplib.SMTPServerDisconnected) and isinstance(behind, OSError):
        words = reason_of(behind)  # both only wrap what happened
    elif isinstance(error, UndeliveredError):
        words = str(error)
    else:
        words = next((words for kind, words in _REASONS if isinstance(error, kind)), type(error).__name__)
    return words


_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (ssl.SSLCertVerificationError, "its certificate is not valid"),
    (TimeoutError, "no answer in time"),
    (ConnectionRefusedError, "connection refused"),
    (socket.gaierror, "its name is not known"),
    (smtplib.SMTPAuthenticationError, "it rejected user name or password"),
    (smtplib.SMTPRecipientsRefused, "it refused every recipient"),
    (smtplib.SMTPNotSupportedError, "it does not offer what starttls or username ask for"),
    (http.client.InvalidURL, "its address is not valid"),
    (ValueError, "its address is not valid"),
    (urllib.error.URLError, "its address is not valid"),
    (smtplib.SMTPResponseException, "it did not take the mail"),
)
