"""What somebody who uses the Python API gets wrong: the answer says what is accepted, it is no library's own error."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

import retention_pipeline
from retention_pipeline.core.errors import ConfigError, NothingPublishedError
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse.ledger.known import day_of
from tests.warehouse.support import publish_number


@pytest.mark.parametrize(
    "date", ["12.3.2023", "", "2023-02-30", "yesterday", None, 20230312, 1.5, pd.NaT, b"2023-03-12"]
)
def test_what_is_no_date_is_refused_with_the_form_of_one(date: object) -> None:
    with pytest.raises(ConfigError, match="is not a date") as refused:
        day_of(date)
    assert "2026-01-31" in str(refused.value)


@pytest.mark.parametrize("date", ["2023-03-12", "20230312", dt.date(2023, 3, 12), dt.datetime(2023, 3, 12, 23, 59),  # noqa: DTZ001
                                  pd.Timestamp("2023-03-12 08:00", tz="Asia/Tokyo")])  # fmt: skip
def test_dates_instants_and_text_are_the_day_they_name(date: object) -> None:
    assert day_of(date) == dt.date(2023, 3, 12)
    assert type(day_of(date)) is dt.date


def test_the_public_function_says_the_same(tmp_path: Path) -> None:
    publish_number(Home(tmp_path / "home"), 1)
    with pytest.raises(ConfigError, match=r"'12\.3\.2023' is not a date"):
        retention_pipeline.as_known_at(tmp_path / "home", "12.3.2023")


@pytest.mark.parametrize("home", [None, 5, ["home"]])
def test_a_home_that_is_no_path_is_refused(home: object) -> None:
    with pytest.raises(ConfigError, match="is not a path"):
        retention_pipeline.connect(home)  # type: ignore[arg-type]  # the mistake
    with pytest.raises(ConfigError, match="is not a path"):
        retention_pipeline.as_known_at(home, "2023-01-01")  # type: ignore[arg-type]


def test_a_place_that_is_no_home_is_named_with_the_home_nearby(tmp_path: Path) -> None:
    home = tmp_path / "shop" / ".retention"
    publish_number(Home(home), 1)
    (tmp_path / "shop" / "retention.toml").touch()
    for place, said in (
        (tmp_path / "nowhere", "does not exist"),
        (tmp_path / "shop" / "retention.toml", "is a file"),
        (tmp_path / "shop", "holds no published/"),
        (home / "published", "holds no published/"),
        (home / "published" / "current", "holds no published/"),
    ):
        with pytest.raises(NothingPublishedError, match=said) as refused:
            retention_pipeline.connect(place)
        assert (f"did you mean {home}?" in str(refused.value)) == (place != tmp_path / "nowhere"), place


def test_a_tilde_is_the_users_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    publish_number(Home(tmp_path / "home"), 1)
    with retention_pipeline.connect("~/home") as published:
        assert published.execute("select count(*) from _versions").fetchall() == [(1,)]


def test_an_unknown_version_is_refused_with_those_there_are(tmp_path: Path) -> None:
    publish_number(Home(tmp_path / "home"), 1)
    for version in ("v9", "", "../v000001"):
        with pytest.raises(NothingPublishedError, match="versions: v000001"):
            retention_pipeline.connect(tmp_path / "home", version=version)
