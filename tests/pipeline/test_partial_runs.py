"""A part of the graph materialised alone works on a consistent state, or says what to select as well."""

from __future__ import annotations

import datetime as dt

import dagster as dg
import pytest

from retention_pipeline.core.errors import BusyError, InconsistentStateError
from retention_pipeline.definitions import build_definitions
from retention_pipeline.warehouse.lock import writer_lock
from tests.pipeline.conftest import ShopFolder


def materialise(shop: ShopFolder, *groups: str, as_of: dt.date | None = None) -> dg.ExecuteInProcessResult:
    """What the web interface does when these groups are selected."""
    definitions = build_definitions(shop.settings)
    selection = dg.AssetSelection.groups(*groups)
    job = dg.Definitions(
        assets=definitions.assets,
        asset_checks=definitions.asset_checks,
        resources=definitions.resources,
        jobs=[dg.define_asset_job("part", selection=selection)],
        executor=dg.in_process_executor,
    ).resolve_job_def("part")
    clock = {"as_of": as_of.isoformat() if as_of else None}
    return job.execute_in_process(
        run_config={
            "resources": {
                "clock": {"config": clock},
                "writer": {"config": {"home_dir": str(shop.settings.home_dir)}},
            }
        }
    )


def test_a_later_stage_alone_works_on_the_state_that_is_there(shop: ShopFolder) -> None:
    served = shop.served_bytes()
    result = materialise(shop, "metrics", "published")
    assert result.success
    assert shop.served_bytes() == served


def test_a_stage_on_another_date_than_the_one_below_is_refused(shop: ShopFolder) -> None:
    served = shop.served_bytes()
    with pytest.raises(InconsistentStateError, match=r"(?s)marts .*select also marts"):
        materialise(shop, "metrics", as_of=dt.date(2023, 3, 1))
    assert shop.served_bytes() == served


def test_publishing_alone_after_new_deliveries_is_refused(shop: ShopFolder) -> None:
    landing = shop.folder / "landing" / "orders"
    header = min(landing.iterdir()).read_text(encoding="utf-8").splitlines()[0]
    (landing / "orders_2023-05-01.csv").write_text(header + "\n", encoding="utf-8")
    materialise(shop, "raw")
    with pytest.raises(InconsistentStateError, match="select also"):
        materialise(shop, "published")
    assert shop.version() == "v000001"


def test_a_second_writer_is_turned_away_by_name(shop: ShopFolder) -> None:
    with writer_lock(shop.settings.home, run="nightly-of-yesterday"):
        with pytest.raises(BusyError, match="nightly-of-yesterday"):
            shop.run()
        done = shop.command("run")
    assert done.returncode == 75
    assert "Traceback" not in done.stderr
