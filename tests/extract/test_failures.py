"""What goes wrong between here and the database: said in words, without a secret, tried again where that helps."""

from __future__ import annotations

import re
import socket
import types
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from retention_pipeline.core.errors import (
    ConfigError,
    ExitCode,
    InputRefusedError,
    RetentionError,
    SourceUnavailableError,
)
from retention_pipeline.extract import connection, stream
from tests.extract.server import READER_PASSWORD
from tests.extract.shop import DatabaseShop

SECRETS = ("s3cret", "odd@signs", "odd%40signs", READER_PASSWORD, "127.0.0.1", "reader")


def failure(shop: DatabaseShop, kind: type[RetentionError]) -> RetentionError:
    """The failure of an intake, which names the source and no secret, and keeps no library error to print."""
    with pytest.raises(kind) as raised:
        shop.ingest("2026-03-02")
    error = raised.value
    assert "sources.orders" in error.message
    assert error.remedy
    assert not [secret for secret in SECRETS if secret in str(error)]
    chain: BaseException | None = error
    while chain is not None:
        assert not isinstance(chain, psycopg.Error)
        chain = chain.__cause__ or chain.__context__
    return error


class Clock(types.SimpleNamespace):
    """A clock whose sleep is something else; the tests' own clock goes on."""

    def __init__(self, sleep: Callable[[float], object]) -> None:
        super().__init__(sleep=sleep)


def use(monkeypatch: pytest.MonkeyPatch, dsn: str) -> None:
    monkeypatch.setenv("RETENTION_POSTGRES_DSN", dsn)


@pytest.mark.parametrize(
    ("user", "password", "database"),
    [
        ("reader", "s3cret-but-wrong", "postgres"),
        ("nobody", "s3cret", "postgres"),
        ("reader", READER_PASSWORD, "elsewhere"),
    ],
)
def test_wrong_credentials_are_a_setting_to_correct_and_not_tried_again(
    shop: DatabaseShop, monkeypatch: pytest.MonkeyPatch, user: str, password: str, database: str
) -> None:
    use(monkeypatch, shop.server.dsn(database, user, password))
    monkeypatch.setattr(connection, "time", Clock(lambda _: pytest.fail("tried again")))
    error = failure(shop, ConfigError)
    assert "refused user, password or database of RETENTION_POSTGRES_DSN" in error.message
    assert error.exit_code == ExitCode.USAGE


@pytest.mark.parametrize("dsn", ["s3cret", "host=s3cret password", "postgresql://reader:s3cret@h/shop?odd@signs"])
def test_a_malformed_connection_string_is_not_repeated(
    shop: DatabaseShop, monkeypatch: pytest.MonkeyPatch, dsn: str
) -> None:
    use(monkeypatch, dsn)
    assert "is not a connection string" in failure(shop, ConfigError).message


def test_a_password_that_is_not_encoded_is_not_shown_as_a_host(
    shop: DatabaseShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*asked: object, **options: object) -> list[object]:
        raise socket.gaierror("no such host")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)  # what is taken for a host must not be asked for in earnest
    use(monkeypatch, "postgresql://reader:s3cret:odd@signs@127.0.0.1:x/shop")
    assert "%40" in str(failure(shop, SourceUnavailableError).remedy)


def test_no_connection_string(shop: DatabaseShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RETENTION_POSTGRES_DSN")
    assert "RETENTION_POSTGRES_DSN is not set" in failure(shop, ConfigError).message


def test_without_the_library_the_message_says_what_to_install(
    shop: DatabaseShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert "psycopg[binary]" in str(failure(shop, ConfigError).remedy)


def test_a_server_that_is_down_is_tried_again_and_then_reported(
    shop: DatabaseShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound and not listening: refused
        use(monkeypatch, f"postgresql://reader:s3cret@127.0.0.1:{unused.getsockname()[1]}/shop")
        waits: list[float] = []
        monkeypatch.setattr(connection, "RETRY_DELAYS", (1.0, 3.0, 9.0))
        monkeypatch.setattr(connection, "time", Clock(waits.append))
        error = failure(shop, SourceUnavailableError)
    assert "connection refused" in error.message
    assert error.exit_code == ExitCode.UNAVAILABLE
    assert waits == [1.0, 3.0, 9.0]


def test_a_server_that_comes_back_is_read(shop: DatabaseShop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.order(1, "2026-03-01 12:00+00")
    shop.server.stop()
    monkeypatch.setattr(connection, "time", Clock(lambda _: shop.server.start()))
    try:
        shop.ingest("2026-03-02")
    finally:
        if shop.server.is_stopped:
            shop.server.start()
    assert set(shop.state()) == {"1"}


def test_a_connection_that_breaks_while_rows_come_is_begun_anew(
    shop: DatabaseShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.owner.execute(
        "insert into shop.orders (order_id, ordered_at, status, amount, updated_at)"
        " select n, '2026-02-01', 'paid', 1, '2026-02-01' from generate_series(1, 50000) n"
    )
    broken: list[int] = []

    def break_once(name: str) -> None:
        if name == "extract.within_rows" and not broken:
            broken.append(1)
            shop.owner.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'reader'")

    monkeypatch.setattr(stream, "failpoint", break_once)
    assert shop.ingest("2026-03-02").sources["orders"].loaded == 50_000
    assert broken == [1]
    assert any("trying again in" in line for line in shop.told.warnings)


CASES: dict[str, tuple[str, type[RetentionError], str]] = {
    "no such table": ('table = "shop.sales"\ncursor = "updated_at"', InputRefusedError, '"shop.sales" does not exist'),
    "no such schema": ('table = "nowhere.orders"\ncursor = "updated_at"', InputRefusedError, "does not exist"),
    "the case of names counts": ('table = "shop.Orders"\ncursor = "updated_at"', InputRefusedError, "shop.Orders"),
    "no such column": (
        "query = 'select id from shop.orders'\ncursor = 'updated_at'", InputRefusedError, 'column "id" does not exist',
    ),
    "a column is missing": (
        "query = 'select order_id, customer_id, ordered_at, updated_at from shop.orders'\ncursor = 'updated_at'",
        InputRefusedError, "no column 'amount'; postgresql: select order_id, customer_id",
    ),
    "not allowed": ('table = "shop.secret"\ncursor = "updated_at"', InputRefusedError, "permission denied for"),
    "no SQL": ("query = 'selekt 1'\ncursor = 'updated_at'", ConfigError, "syntax error"),
    "two statements": (
        "query = 'select 1) as q; drop table shop.orders; select * from (select 1'\ncursor = 'updated_at'",
        ConfigError, "cannot insert multiple commands",
    ),
    "a comment to its end": (
        "query = 'select * from shop.orders) as q --'\ncursor = 'updated_at'", ConfigError, "syntax error",
    ),
    "a query that writes": (
        "query = \"select setval('shop.numbers', 1) as n, o.* from shop.orders o\"\ncursor = 'updated_at'",
        ConfigError, "read-only transaction",
    ),
    "a row that cannot be computed": (
        "query = 'select o.* from shop.orders o where status::int = 1'\ncursor = 'updated_at'", InputRefusedError,
        "cannot be computed (InvalidTextRepresentation)",
    ),
    "it takes too long": (
        "query = 'select o.* from shop.orders o, pg_sleep(20)'\ncursor = 'updated_at'\ntimeout_seconds = 1",
        SourceUnavailableError, "timeout_seconds = 1",
    ),
    "another cursor": ('table = "shop.orders"\ncursor = "ordered_at"', ConfigError, "is not what updated_at is read"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_read_is_said_in_words(shop: DatabaseShop, case: str) -> None:
    options, kind, words = CASES[case]
    shop.owner.execute("create sequence shop.numbers; grant all on shop.numbers to reader")
    shop.owner.execute("create table shop.secret (order_id int); revoke all on shop.secret from reader")
    shop.order(1, "2026-03-01 12:00+00", status="canary-value")
    shop.configure('database = "postgresql"\n' + options)
    error = failure(shop, kind)
    assert words in error.message
    assert "canary-value" not in str(error)
    assert shop.owner.execute("select count(*) from shop.orders").fetchone() == (1,)
    assert shop.query("SELECT count(*) FROM raw.deliveries") == [(0,)]


def test_spend_has_no_number_to_tell_changes_by(shop: DatabaseShop) -> None:
    shop.configure(rest='[sources.spend]\ndatabase = "postgresql"\ntable = "shop.spend"\ncursor = "spent_at"\n')
    with pytest.raises(ConfigError, match="cannot be told from new ones"):
        shop.ingest("2026-03-02")


def test_the_session_says_who_it_is_and_only_reads(shop: DatabaseShop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.order(1, "2026-03-01 12:00+00")
    seen: list[tuple[Any, ...]] = []

    def look(name: str) -> None:
        if name == "extract.before_rows":
            seen.extend(
                shop.owner.execute(
                    "select application_name, state from pg_stat_activity where usename = 'reader'"
                ).fetchall()
            )

    monkeypatch.setattr(stream, "failpoint", look)
    shop.ingest("2026-03-02")
    assert seen == [("retention_pipeline", "idle in transaction")]
    left = shop.owner.execute("select count(*) from pg_stat_activity where usename = 'reader'").fetchone()
    assert left == (0,)
    assert not re.search("s3cret", shop.server.log())
