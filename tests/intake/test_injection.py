"""Fault X4: whatever stands in a configured text or in the name of a file is data, or is refused in words."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from pathlib import Path

import pytest
import yaml

from retention_pipeline.cli.tables import visible
from retention_pipeline.config import load_settings
from retention_pipeline.core.errors import ConfigError
from retention_pipeline.defs.dbt_variables import vars_text
from tests.intake.conftest import HEADER, Shop, new_store

HOSTILE = (
    "'; drop table raw.orders; --", '"; drop table raw.orders; --', "{{ env_var('HOME') }}", "{% do run_query('x') %}",
    "back\\slash\\", "new\nline", "carriage\rreturn", "tab\tstop", "$source", "%s {0} {table}", "Süd 客户 🥇", "/* x",
    "-- x", "\u2028\u0085\u007f",
    "[/bold] [red]", "\x1b[31m", "\u202egnp.exe", "' || getenv('HOME') || '", "=cmd()", "null",
)  # fmt: skip


def toml(text: str) -> str:
    """A text as a TOML string."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(f"\\u{ord(mark):04x}" if ord(mark) == 0x7F else mark for mark in quoted)


def csv_text(*rows: tuple[str, ...]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue()


def test_column_names_words_and_file_names_are_data(shop: Shop) -> None:
    for text in HOSTILE:
        name = text.replace("/", "_")
        shop.configure(
            f"path = {toml(f'in {name}.csv')}\n[sources.orders.columns]\norder_id = {toml(text)}\n"
            f"[sources.orders.status]\n{toml(text)} = 'refunded'",
            rest=f"[sources.feedback]\npath = 'f.csv'\n[sources.feedback.scales]\n{toml(text)}"
            " = { measure = 'nps', min = 0, max = 10 }\n[sources.spend]\npath = 's.csv'\n[sources.spend.kinds]\n"
            f"{toml(text)} = 'retention'\n[sources.tickets]\npath = 't.csv'\n[sources.tickets.kinds]\n"
            f"{toml(text)} = 'complaint'\n[sources.control_totals]\npath = 'c.csv'\n[sources.control_totals.measures]\n"
            f"{toml(text)} = 'orders'",
        )
        header = (text, *HEADER.split(",")[1:])
        shop.write(csv_text(header, (text, "c", "2026-03-01", text, "EUR", "1", "")), f"in {name}.csv")
        shop.write(csv_text(("feedback_id", "submitted_at", "score"), (text, "2026-03-01", "9")), "f.csv")
        shop.write(csv_text(("spent_at", "kind", "channel", "amount"), ("2026-03-01", text, text, "1")), "s.csv")
        shop.write(csv_text(("ticket_id", "opened_at", "kind"), (text, "2026-03-01", text)), "t.csv")
        shop.write(csv_text(("grain", "period_start", "measure", "value"), ("day", "2026-03-01", text, "1")), "c.csv")
        shop.store.close()
        shop.store = new_store()
        report = shop.ingest()
        assert (text, [str(refusal) for refusal in report.refused]) == (text, [])
        kept = text.strip(" \t\r\n\u00a0")
        assert shop.query("SELECT order_id, status FROM raw.orders") == [(kept, "refunded")]
        assert shop.query("SELECT path FROM raw.deliveries WHERE source = 'orders'") == [(f"in {name}.csv",)]
        assert shop.query("SELECT feedback_id, measure FROM raw.feedback") == [(kept, "nps")]
        assert shop.query("SELECT kind, channel FROM raw.spend") == [("retention", kept)]
        assert shop.query("SELECT ticket_id, kind FROM raw.tickets") == [(kept, "complaint")]
        assert shop.query("SELECT measure FROM raw.control_totals") == [("orders",)]


@pytest.mark.parametrize("word", ["İptal", "ΑΚΥΡΟΣ", "ANNULÉ", "Storniert ", "ẞ"])
def test_a_word_is_found_in_upper_and_lower_case_of_any_script(shop: Shop, word: str) -> None:
    shop.configure(f"path = 'orders.csv'\n[sources.orders.status]\n{toml(word)} = 'cancelled'")
    spelt = [word, word.upper(), word.strip()]
    shop.rows(*(f'"o{n}",c,2026-03-01,"{text}",EUR,1,' for n, text in enumerate(spelt)))
    assert shop.ingest().warnings() == []
    assert set(shop.current("status")) == {"cancelled"}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_timestamp_format_is_a_format_or_refused(shop: Shop, text: str) -> None:
    shop.rows("o1,c,2026-03-01,paid,EUR,1,")
    for form in (text, f"%Y{text}", f"{text}%z"):
        shop.configure(f"path = 'orders.csv'\ntimestamp_format = {toml(form)}")
        with contextlib.suppress(ConfigError):
            shop.ingest()
        assert shop.query("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'orders'") == [(1,)]


@pytest.mark.parametrize("mark", ["'", "\\", "$", "{", "é", "🥇", " ", "-"])
def test_any_letter_may_separate_columns(shop: Shop, mark: str) -> None:
    shop.configure(f"path = 'orders.csv'\ndelimiter = {toml(mark)}")
    header = ("order_id", "customer_id", "ordered_at", "amount")
    rows = [header, ("o1", "c", "20260301", "1")]
    shop.configure(f"path = 'orders.csv'\ndelimiter = {toml(mark)}\ntimestamp_format = '%Y%m%d'")
    shop.write("".join(mark.join(row) + "\n" for row in rows))
    assert shop.ingest().refused == []
    assert shop.current("order_id") == ["o1"]


@pytest.mark.parametrize("mark", ['"', "\n", "\r"])
def test_a_letter_that_cannot_separate_columns_is_refused(shop: Shop, mark: str) -> None:
    shop.configure(f"path = 'orders.csv'\ndelimiter = {toml(mark)}")
    shop.rows("o1,c,2026-03-01,paid,EUR,1,")
    with pytest.raises(ConfigError, match="cannot separate columns"):
        shop.ingest()


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("segments = [{}]", "shop.segments"),
        ("currency = {}", "shop.currency"),
        ("timezone = {}", "shop.timezone"),
        ("grains = [{}]", "shop.grains"),
        ("week_start = {}", "shop.week_start"),
        ("channel_segment = {}", "shop"),
        ("derived_segments = [{}]", "shop.derived_segments"),
    ],
)
def test_names_that_become_part_of_statements_are_refused(tmp_path: Path, key: str, told: str) -> None:
    defaults = {"name": "'t'", "timezone": "'UTC'", "currency": "'EUR'"}
    defaults.pop(key.split(" ", maxsplit=1)[0], None)
    for text in HOSTILE:
        lines = [f"{name} = {value}" for name, value in defaults.items()] + [key.format(toml(text))]
        path = tmp_path / "retention.toml"
        path.write_text("[shop]\n" + "\n".join(lines) + "\n[sources.orders]\npath = 'o.csv'\n", encoding="utf-8")
        with pytest.raises(ConfigError, match=told):
            load_settings(path, tmp_path / "home")


def test_a_status_that_is_excluded_must_be_one_of_ours(shop: Shop) -> None:
    shop.rows("o1,c,2026-03-01,paid,EUR,1,")
    for text in HOSTILE:
        shop.configure(shop=f"excluded_statuses = [{toml(text)}]")
        with pytest.raises(ConfigError, match="is not one of"):
            shop.ingest()


def test_a_nul_in_the_configuration_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "retention.toml"
    for line in ('name = "a\\u0000b"', 'name = "t"\nloyalty_tiers = ["a", "b\\u0000"]'):
        path.write_text(f"[shop]\n{line}\n", encoding="utf-8")
        with pytest.raises(ConfigError, match=r"shop\.\w+: holds a NUL character"):
            load_settings(path, tmp_path / "home")


def test_variables_reach_dbt_letter_by_letter() -> None:
    variables = {"loyalty_tiers": list(HOSTILE), **{text: text for text in HOSTILE}}
    assert yaml.safe_load(vars_text(variables)) == variables


def test_what_would_command_a_terminal_is_spelt_out() -> None:
    assert visible("a\x1b[31mb\x07\x9b1m\u202ec\r") == "a\\x1b[31mb\\x07\\x9b1m\\x202ec\\x0d"
    assert visible("Süd 客户 🥇\n\t[/bold]") == "Süd 客户 🥇\n\t[/bold]"
