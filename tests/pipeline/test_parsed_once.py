"""The dbt project is parsed once for all homes of a user; what is kept is compared before it is used."""

from __future__ import annotations

from pathlib import Path

import pytest

from retention_pipeline.core.home import Home
from retention_pipeline.defs import dbt_parsed
from retention_pipeline.defs.dbt_parsed import MANIFEST, PARSED, STAMP, ensure_manifest


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Path]:
    """The homes that parsed; parsing itself is replaced by two small files."""
    homes: list[Path] = []

    def parse(home: Home) -> None:
        homes.append(home.root)
        (home.dbt_target / MANIFEST).write_text("{}", encoding="utf-8")
        (home.dbt_target / PARSED).write_bytes(b"packed")

    monkeypatch.setattr(dbt_parsed, "_parse", parse)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return homes


def test_the_second_home_takes_what_the_first_one_parsed(parses: list[Path], tmp_path: Path) -> None:
    for name in ("one", "two", "one"):
        home = Home(tmp_path / name)
        assert ensure_manifest(home).read_text(encoding="utf-8") == "{}"
        assert (home.dbt_target / PARSED).read_bytes() == b"packed"
    assert parses == [tmp_path / "one"]


@pytest.mark.parametrize("name", [MANIFEST, PARSED, STAMP])
def test_what_is_kept_and_damaged_is_not_used_and_replaced(parses: list[Path], tmp_path: Path, name: str) -> None:
    ensure_manifest(Home(tmp_path / "one"))
    (kept,) = (tmp_path / "cache" / "retention_pipeline").iterdir()
    (kept / name).write_bytes(b"damaged")
    for home in ("two", "three"):
        assert ensure_manifest(Home(tmp_path / home)).read_text(encoding="utf-8") == "{}"
    assert parses == [tmp_path / "one", tmp_path / "two"]


def test_another_text_of_the_project_is_parsed_anew(
    parses: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_manifest(Home(tmp_path / "one"))
    monkeypatch.setattr(dbt_parsed, "directory_hash", lambda folder: f"another text of {folder}")
    for _ in range(2):
        ensure_manifest(Home(tmp_path / "one"))
    assert parses == [tmp_path / "one", tmp_path / "one"]


def test_a_home_needs_no_cache(parses: list[Path], tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder would be", encoding="utf-8")
    for name in ("one", "two"):
        ensure_manifest(Home(tmp_path / name))
    assert parses == [tmp_path / "one", tmp_path / "two"]


def test_nobody_else_may_read_or_replace_what_is_kept(parses: list[Path], tmp_path: Path) -> None:
    ensure_manifest(Home(tmp_path / "one"))
    assert parses
    for path in (tmp_path / "cache" / "retention_pipeline").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
