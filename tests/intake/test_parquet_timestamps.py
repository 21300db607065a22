"""Timestamps of Parquet files that another program wrote: the old INT96 type, and zone flags (fault B7).

``FILES`` were written with pyarrow 26.0.1, ``write_table(table, path, compression="none", use_dictionary=False,
write_statistics=False, store_schema=False)`` over columns order_id, customer_id, ordered_at, amount; the first two with
``use_deprecated_int96_timestamps=True``. DuckDB does not write INT96.
"""

from __future__ import annotations

import base64
import zlib

import pytest

from tests.intake.conftest import Shop

FILES = {
    "int96": (
        "eNqNkkFLwzAUx1/nCKXGY0oDPfTSqODmNt1OCvMojDFkR2GUrOBgW2vXKe7oVQQdHv0KfgQvHgRBv4JXb36CHUzf5lZhiuH1n8c/"
        "+b0kTRoHR0UGrMmaW4yqhDBiA0BGfVRLNCigFlFLqDuou6jlP2GJsERYIiwRlgjLBL7XVCzBoVr5eHQAHq5dgJu3i20d4CXJjfHn"
        "t8/WFrk1qd/e1QGu9tWcWVt/F6Dqdll32QLY3Op/e5blx2WwyECe+D2P6cCom7H0IGr7UavTdqGW1EZzVQ4HcdD74RPlGzjZb7e8"
        "GJihDOL1gmE/BpNym9cE2IxylwBflGVqzByZI6Ef2iw5TAb2TIsTLoCqsikkveicutR+xcgUS+0JqWdNhZikuM00ZUyp2caRGGsq"
        "xNPKEsJ8zZpU6KqDDSf0otOhH+dkGOa8KArOnTM/GnSCvlOq5Av5Ik9+1DwgVDfUUK/zC+X8bB4="
    ),
    "int96_far": (
        "eNp9ksFKw0AQhidRlqX24GWWruQQhASFtjQVe8qhghchh9qzUNJNwErT1G2qT9GLD+Ab+AjePfgMXn0JETfbmkZoXGZnh3/nmx12"
        "d3Ax9BDQR7+JVAUEiQUApprUyH3a0d7Tvqv92b+A0IDQgNCAyIEpTncAsBnN7+vfEIaXR0X89XwM0O99vtoALysHFB9gUFnI6Vet"
        "uM9vzqFBFuI2TkKkgHXHbNBURrEcTSIHgryWFg/EcpGlyR+dKL2mk+NoFGaANSWQMEmXswwY5RYPXLCwzh0CfFsW1R4bs7FLryzM"
        "mzfBZ4eccBeoKltCyocW1F0lRdZUqSUNPRnK3Hdjy52Wqdqa2vStCcmk+2HuyGdve4y6VC1wYs9Deb+Ms5aYz1uhlOmj/RDLxSSd"
        "2d1eu9P2eH5LhUGinmOgPtYPyG9aBQ=="
    ),
    "us_utc": (
        "eNoLcAwyFGUQlRCV0BFlAjLYRNlkGBgYmECYEUTmG+CVTgZJy4jKYJFmONHe8dmbjQG3AjBQdRBlkYwxZZBgK07OSM1NFOVgEOVR"
        "ZZLgyC9KSS2Kz0xRZfAB6QELcieXFpfk56KIswDFucCKU1PiE0tURXx6BGV0wGaLcgHl2BJz80vzShjEmCRlJH3UGGREeSRV2Rgk"
        "ETaIAuXE7MTs1Dg8ZURB7mVisBFjkWSTVAO7FEkLsv1wXW44dbFAdCG5DqzJScxJrYURoUsTWQ8XRA/U1XD1x7CpF2tgEmNS4wBS"
        "DBoKBYlFhaWpJbrJBQW6iUVF+eUKZalFxZn5eQpGZnoGeoaSoOCCI4YyYPgHAGMfAHbCTXU="
    ),
    "us_naive": (
        "eNoLcAwyFGUQlRCV0BFlAjLYRNlkGBgYmECYEUTmG+CVTgZJy4jKYJFmONHe8dmbjQG3AjBQdRBlkYwxZZBgK07OSM1NFOVgEOVR"
        "ZZLgyC9KSS2Kz0xRZfAB6QELcieXFpfk56KIswDFucCKU1PiE0tURXx6hGR0wGaLcgHl2BJz80vzShjEmCRlJH3UGGREeSRV2Rgk"
        "ETaIAuXE7MTs1Dg8ZURB7mVisBFjkWSTVAO7FEkLsv1wXW44dbFAdCG5DqzJScxJrYURoUsTWQ8XRA/U1XD1x7CpF2tgEmNS4wBS"
        "DBoKBYlFhaWpJbrJBQW6iUVF+eUKZalFxZn5eQpGZnoGeoaSoOCCI4YyYPgHAGMfAHfuTXY="
    ),
}
"""Compressed and in base 64. ``int96``: six instants, one with nanoseconds; ``int96_far``: of the years 9999, 1, 1500
and 2026; ``us_utc``, ``us_naive``: ten o'clock on 1 March 2026, with and without the flag ``isAdjustedToUTC``."""
SELECT = 'select = """select order_id, customer_id, {} as ordered_at, amount from source"""'


def deliver(shop: Shop, name: str, options: str = "") -> Shop:
    shop.configure(f'path = "orders.parquet"\n{options}')
    shop.write(zlib.decompress(base64.b64decode(FILES[name])), "orders.parquet")
    return shop


def instants(shop: Shop) -> list[str]:
    assert shop.ingest().refused == []
    return [str(at) for at in shop.current("ordered_at")]


@pytest.mark.parametrize("options", ["", SELECT.format("ordered_at"), SELECT.format("date_trunc('day', ordered_at)")])
def test_int96_says_no_time_zone_so_somebody_has_to(shop: Shop, options: str) -> None:
    (refusal,) = deliver(shop, "int96", options).ingest().refused
    assert refusal.reason == "zone_unknown"
    assert "do not say whether they are UTC" in refusal.detail
    assert "under [sources.orders]" in refusal.remedy
    assert shop.query("SELECT count(*) FROM raw.orders") == [(0,)]


@pytest.mark.parametrize(
    ("options", "hour"),
    [
        ('timezone = "UTC"', 10),
        ('timezone = "America/New_York"', 15),
        (SELECT.format("ordered_at at time zone 'Asia/Tokyo'"), 1),
    ],
)
def test_int96_is_read_to_the_microsecond_in_the_zone_that_was_named(shop: Shop, options: str, hour: int) -> None:
    found = instants(deliver(shop, "int96", options))
    assert found == [
        f"2026-03-01 {hour:02}:00:00",
        f"2026-03-01 {hour:02}:00:00.123456",
        f"2026-03-01 {hour:02}:00:00.123456",  # with 789 nanoseconds: instants are kept to the microsecond
    ]
    assert shop.quarantined() == [
        (2, "timestamp_in_future", "ordered_at"),
        (5, "timestamp_too_early", "ordered_at"),
        (6, "timestamp_in_future", "ordered_at"),
    ]


def test_int96_of_far_years_is_set_aside_and_not_wrapped_around(shop: Shop) -> None:
    assert instants(deliver(shop, "int96_far", 'timezone = "UTC"')) == ["2026-03-01 10:00:00"]
    assert [reason for _, reason, _ in shop.quarantined()] == [
        "timestamp_in_future", "timestamp_too_early", "timestamp_too_early",
    ]  # fmt: skip


def test_int96_in_a_column_that_nothing_asks_for_does_not_matter(shop: Shop) -> None:
    options = '[sources.orders.columns]\nordered_at = "day"\n'
    select = SELECT.format("date '2026-03-01'").replace(" as ordered_at", " as day")
    assert len(instants(deliver(shop, "int96", f"{select}\n{options}"))) == 6


@pytest.mark.parametrize("zone", ["", 'timezone = "America/New_York"'])
def test_the_flag_of_the_file_is_believed_before_the_configuration(shop: Shop, zone: str) -> None:
    assert instants(deliver(shop, "us_utc", zone)) == ["2026-03-01 10:00:00"]


@pytest.mark.parametrize(("zone", "hour"), [("", "09"), ('timezone = "America/New_York"', "15")])
def test_without_the_flag_the_configuration_says_which_zone_is_meant(shop: Shop, zone: str, hour: str) -> None:
    assert instants(deliver(shop, "us_naive", zone)) == [f"2026-03-01 {hour}:00:00"]
