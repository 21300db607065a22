"""Single sends, and what their failures are called."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from retention_pipeline.alerts.channels import configured_channels
from retention_pipeline.alerts.evaluate import evaluate, send_test
from retention_pipeline.config import Settings
from retention_pipeline.core.errors import ConfigError
from retention_pipeline.warehouse.fingerprints import config_hash
from tests.alerts.conftest import NOW
from tests.alerts.home import Shop
from tests.alerts.sinks import HttpSink, SmtpSink, refusing_port, serving

PASSWORD = "p4ssw0rd-that-only-mail-knows"


def mail_to(port: int, **keys: object) -> dict[str, object]:
    return {"host": "127.0.0.1", "port": port, "sender": "shop@example.org", "recipients": ["a@example.org"]} | keys


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A certificate for this machine, made for the test and trusted by this process."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    import ipaddress

    begin = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + dt.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, secret = tmp_path / "cert.pem", tmp_path / "key.pem"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(chain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, secret)
    return context


def test_a_channel_is_on_when_its_secret_or_its_section_is_there(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    assert configured_channels(shop.settings().alerts) == []
    monkeypatch.setenv("RETENTION_SLACK_URL", "https://example.org/secret")
    monkeypatch.setenv("RETENTION_WEBHOOK_URL", "https://example.org/secret")
    found = configured_channels(shop.settings(smtp=mail_to(25)).alerts)
    assert [channel.name for channel in found] == ["slack", "webhook", "mail"]
    assert "secret" not in repr(found)


@pytest.mark.parametrize("answer", [302, 307, 404, 500])
def test_anything_but_success_is_a_failure_and_redirects_are_not_followed(
    answer: int, shop: Shop, hook: HttpSink
) -> None:
    hook.answer = answer
    assert send_test(shop.settings()) == {"webhook": f"it answered {answer}"}
    assert hook.methods == ["POST"]


@pytest.mark.parametrize("url", ["file:///etc/passwd", "not a url", "https://", "http://[::1/S3CRETPATH"])
def test_an_address_that_is_none_is_reported_without_being_shown(
    url: str, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETENTION_SLACK_URL", url)
    problem = send_test(shop.settings())["slack"]
    assert problem in {"its address is not valid", "RETENTION_SLACK_URL does not hold a web address"}
    assert url not in problem
    assert "S3CRET" not in problem


def test_a_name_nobody_knows(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*asked: object, **options: object) -> list[object]:
        raise socket.gaierror("no such host")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)  # no test asks the network in earnest
    monkeypatch.setenv("RETENTION_SLACK_URL", "http://name.invalid/S3CRETPATH")
    assert send_test(shop.settings())["slack"] == "its name is not known"


def test_a_mail_is_plain_text_with_one_line_of_subject(shop: Shop) -> None:
    with serving(SmtpSink()) as sink:
        settings = shop.settings(smtp=mail_to(sink.port, starttls=False))
        shop.deliver("orders", dt.date(2025, 2, 27), refusal="empty_file: it has\r\nBcc: x@example.org")
        evaluate(settings, now=NOW)
        evaluate(settings, now=NOW)
    (mail,) = sink.mails
    assert mail["Subject"].strip() == "Test: delivery refused: orders: the delivery for 2025-02-27 was refused"
    assert (mail["From"], mail["To"], mail["Bcc"]) == ("shop@example.org", "a@example.org", None)
    assert mail.get_content_type() == "text/plain"
    body = mail.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert b"still served: v000001" in body
    assert b"what to do: " in body


def test_a_mail_with_login_goes_through_starttls(
    shop: Shop, certificate: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(SmtpSink(certificate, PASSWORD)) as sink:
        settings = shop.settings(smtp=mail_to(sink.port, username="shop"))
        assert send_test(settings) == {"mail": "alerts.smtp.username is set and RETENTION_SMTP_PASSWORD is not"}
        monkeypatch.setenv("RETENTION_SMTP_PASSWORD", "wrong")
        assert send_test(settings) == {"mail": "it rejected user name or password"}
        monkeypatch.setenv("RETENTION_SMTP_PASSWORD", PASSWORD)
        assert send_test(settings) == {"mail": None}
        assert sink.was_encrypted == [True]
        monkeypatch.delenv("SSL_CERT_FILE")
        assert send_test(settings) == {"mail": "its certificate is not valid"}
        assert len(sink.mails) == 1


def test_a_server_without_starttls_gets_neither_mail_nor_password(shop: Shop) -> None:
    with serving(SmtpSink()) as sink:
        problem = send_test(shop.settings(smtp=mail_to(sink.port)))["mail"]
    assert problem == "it does not offer what starttls or username ask for"
    assert sink.mails == []


def test_a_mail_server_that_is_not_there(shop: Shop) -> None:
    settings = shop.settings(smtp=mail_to(refusing_port()))
    assert send_test(settings) == {"mail": "connection refused"}


def test_slack_signs_are_escaped(shop: Shop, slack: HttpSink) -> None:
    shop.deliver("orders", dt.date(2025, 2, 27), refusal="<!channel> & co")
    evaluate(shop.settings(), now=NOW)
    assert "&lt;!channel&gt; &amp; co" in slack.bodies[0]["text"]


def test_secrets_occur_in_no_file_and_no_message(
    shop: Shop, hook: HttpSink, slack: HttpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETENTION_SMTP_PASSWORD", PASSWORD)
    monkeypatch.setenv("RETENTION_ID_KEY", "the key of the customers' hashes")
    slack.answer = 500
    leaking = f"it said {PASSWORD} and the key of the customers' hashes and {slack.url}"
    shop.deliver("orders", dt.date(2025, 2, 27), refusal=leaking)
    settings = shop.settings(smtp=mail_to(refusing_port(), username="shop"))
    found = evaluate(settings, now=NOW)
    said = str([hook.bodies, found.problems])
    written = b"".join(path.read_bytes() for path in shop.home.root.glob("*.json"))
    assert "[RETENTION_SMTP_PASSWORD]" in said
    assert b"told" in written
    for secret in (PASSWORD, "the key of the customers' hashes", "S3CRETPATH"):
        assert secret not in said
        assert secret.encode() not in written


CONFIGS: dict[str, tuple[dict[str, Any], str]] = {
    "alerts.smtp: value error": (
        {"smtp": mail_to(25, host="mail.example.org", username="u", starttls=False)},
        "unencr",
    ),
    "unknown key": ({"fresh_days": 1}, "fresh_days"),
    "no daily source": ({"due_hours": {"customers": 6}}, "alerts.due_hours.customers"),
    "an hour of another day": ({"due_hours": {"orders": 24}}, "due_hours.orders"),
    "no recipient": ({"smtp": mail_to(25, recipients=[])}, "recipients"),
    "two addresses in one": ({"smtp": mail_to(25, sender="a@b.c,\r\nx@y.z")}, "sender"),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_a_mistake_in_the_section_is_an_error(name: str, shop: Shop) -> None:
    alerts, word = CONFIGS[name]
    with pytest.raises(ValueError, match=word):
        shop.settings(**alerts)


def test_alerts_do_not_take_part_in_the_fingerprint_of_a_result(shop: Shop) -> None:
    plain, other = shop.settings(), shop.settings(freshness_days=9, due_hours={"orders": 3}, smtp=mail_to(25))
    assert plain.alerts != other.alerts
    assert config_hash(plain) == config_hash(other)


def test_a_wrong_date_of_arrival_is_a_mistake_of_the_user(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETENTION_RECEIVED_ON", "soon")
    with pytest.raises(ConfigError, match="RETENTION_RECEIVED_ON"):
        evaluate(settings)
