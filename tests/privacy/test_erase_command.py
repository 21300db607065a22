"""``retention erase`` on a shop that has published: versions, ledger, run history, and what a rebuild gives."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from retention_pipeline.core.errors import ExitCode
from retention_pipeline.warehouse.erasure.tables import hits_in_tables
from retention_pipeline.warehouse.erasure.traces import Needles, places_of, search
from retention_pipeline.warehouse.read import open_published
from retention_pipeline.warehouse.verify import verify_version
from retention_pipeline.warehouse.versions import parse_pointer, pointer_bytes, version_names
from tests.privacy.shop import ADA, ADA_HASH, MAIL, Tiny

pytestmark = pytest.mark.long


CORRECTED = ("15.50,paid", "25.50,paid")
"""Other amounts in the orders of one customer."""


@dataclass
class Story:
    """What happened to one shop, step by step."""

    shop: Tiny
    said: dict[str, Any] = field(default_factory=dict)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with open_published(self.shop.home) as published:
            return published.execute(sql).fetchall()


def current(shop: Tiny) -> str:
    pointer = parse_pointer(pointer_bytes(shop.home))
    assert pointer is not None
    verify_version(shop.home.published / pointer.version, expected=pointer.manifest_sha256)
    return pointer.version


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Two versions, an error message that named her, an erasure, and a run over corrected files afterwards."""
    shop = Tiny(tmp_path_factory.mktemp("erase") / "tiny")
    shop.with_parsed().write()
    told = Story(shop)
    assert shop.command("run", "--as-of", "2024-03-31").returncode == 0
    orders = shop.folder / "landing" / "orders.csv"
    orders.write_text(orders.read_text(encoding="utf-8").replace(*CORRECTED), encoding="utf-8")
    assert shop.command("run").returncode == 0
    assert shop.command("report").returncode == 0
    told.said["before"] = version_names(shop.home)
    told.said["orders before"] = told.rows("select sum(orders_count) from fct_period where segment_set = 'all'"
                                           " and basis = 'calendar' and grain = 'month'")[0][0]  # fmt: skip
    for folder in (shop.home.dbt_target, shop.home.dagster):
        (folder / "logs").mkdir(exist_ok=True)
        (folder / "logs" / "dbt.log").open("a", encoding="utf-8").write(f"a value: {ADA_HASH}\n")
    told.said["look"] = shop.command("erase", ADA, "--dry-run")
    told.said["unanswered"] = shop.command("erase", ADA, given="")
    told.said["refused"] = shop.command("erase", ADA, given="no\n")
    told.said["unknown"] = shop.command("erase", "KUNDE-0", "--yes")
    told.said["untouched"] = version_names(shop.home)
    told.said["erase"] = shop.command("erase", "--from", "-", "--yes", given=f"{ADA}\t{MAIL}\n")
    return told


def test_looking_and_not_answering_change_nothing(story: Story) -> None:
    assert story.said["look"].returncode == 0
    assert re.search(r"store raw.orders\s+8", story.said["look"].stdout)
    assert re.search(r"v000002 dim_customer\s+1", story.said["look"].stdout)
    assert story.said["unanswered"].returncode == ExitCode.USAGE
    assert story.said["refused"].returncode == 0
    assert "nothing was changed" in story.said["refused"].stdout
    assert story.said["unknown"].returncode == ExitCode.USAGE
    assert "nothing is stored of any of them" in story.said["unknown"].stderr
    assert story.said["untouched"] == story.said["before"] == ["v000001", "v000002"]


def test_the_only_version_is_whole_and_without_her(story: Story) -> None:
    done = story.said["erase"]
    assert done.returncode == 0, done.stderr
    assert "erasure 1 is complete" in done.stdout
    assert version_names(story.shop.home) == [current(story.shop)] == ["v000003"]
    assert story.rows(f"select count(*) from dim_customer where customer_id = '{ADA_HASH}'") == [(0,)]
    assert story.rows("select version, is_kept from _versions order by 1") == [
        ("v000001", False), ("v000002", False), ("v000003", True),
    ]  # fmt: skip


def test_she_is_in_no_byte_and_no_table(story: Story) -> None:
    home = story.shop.home
    paths = [path for path in home.root.rglob("*") if path.is_file()]
    texts = [text.encode(coding) for text in (ADA, ADA_HASH, MAIL) for coding in ("utf-8", "utf-16-le")]
    found = [path for path in paths for text in texts if text in path.read_bytes()]
    assert found == []
    assert hits_in_tables(home, story.shop.log.erased) == 0
    looked = search(places_of(home), Needles(story.shop.log.erased, [ADA, ADA_HASH, MAIL, "O0001"]))
    assert (looked.hits, looked.files > 20) == (0, True)
    assert not home.report.exists()
    said = "".join(done.stdout + done.stderr for done in story.said.values() if hasattr(done, "stdout"))
    assert ADA_HASH not in said
    assert MAIL not in said


def test_the_ledger_says_erasure_and_gives_no_difference(story: Story) -> None:
    causes = story.rows("select cause, count(*) from metric_restatements where version = 'v000003' group by 1")
    assert [cause for cause, _ in causes] == ["erasure"]
    shown = story.rows(
        "select count(*) from metric_restatements where version = 'v000003' and (old_value is not null"
        " or old_numerator is not null or old_denominator is not null or old_n is not null or old_ci_low is not null)"
    )
    assert shown == [(0,)]
    earlier = story.rows(
        "select count(*) filter (old_value is not null or new_value is not null), count(*) from"
        " metric_restatements as former where version = 'v000002' and exists (select 1 from metric_restatements as r"
        " where r.version = 'v000003' and (r.metric, r.variant, r.basis, r.grain, r.period_start, r.segment_set,"
        " r.segment_key) = (former.metric, former.variant, former.basis, former.grain, former.period_start,"
        " former.segment_set, former.segment_key) and r.cohort_start is not distinct from former.cohort_start"
        " and r.cohort_age is not distinct from former.cohort_age)"
    )
    assert earlier[0][0] == 0
    assert earlier[0][1] > 0, "the story restates nothing that the erasure changes again"
    known = story.rows(
        "select seen_in, status, value from as_known_at(date '2024-03-31') where metric = 'customers'"
        " and variant = 'ordering' and grain = 'month' and period_start = date '2024-02-01' and segment_set = 'all'"
        " and basis = 'calendar'"
    )
    assert known == [("v000001", "suppressed", None)]


def test_totals_are_honest_about_what_is_missing(story: Story) -> None:
    orders = story.rows(
        "select records, loaded, quarantined, suppressed, erased from _freshness where source = 'orders'"
    )
    records, loaded, quarantined, suppressed, erased = orders[0]
    assert records == loaded + quarantined + suppressed + erased
    assert erased > 0
    listed = story.rows("select count(*) from _deliveries where records <> loaded + quarantined + suppressed")
    assert listed == [(0,)], "per file the erased are not counted: on which days she bought is nobody's business"
    left = story.rows("select sum(orders_count) from fct_period where segment_set = 'all' and basis = 'calendar'"
                      " and grain = 'month'")[0][0]  # fmt: skip
    assert story.said["orders before"] - left == 4


def test_the_proof_says_what_was_done_and_names_nobody(story: Story) -> None:
    listed = story.shop.command("erase", "--list")
    assert listed.returncode == 0
    assert "the log is intact" in listed.stdout
    erasure = story.shop.log.erasures[0]
    assert erasure.done is not None
    assert erasure.searched is not None
    assert erasure.done["version"] == "v000003"
    assert (erasure.done["searched"]["hits"], erasure.searched["hits"]) == (0, 0)
    assert erasure.removed is not None
    assert erasure.removed["rows"]["raw.orders"] == 8  # of two deliveries
    assert erasure.removed["places"] >= 1
    text = story.shop.home.erasures.read_text(encoding="utf-8")
    assert [each for each in (ADA, ADA_HASH, MAIL, "O0001") if each in text] == []


def test_asked_again_there_is_nothing_left_to_erase(story: Story) -> None:
    again = story.shop.command("erase", ADA, "--yes")
    assert again.returncode == ExitCode.USAGE
    assert "erased before" in again.stdout


@pytest.mark.slow
def test_a_rebuild_from_the_same_files_is_as_if_she_had_never_been(story: Story, tmp_path: Path) -> None:
    other = Tiny(tmp_path / "without")
    other.with_parsed().write(is_there=False)
    orders = other.folder / "landing" / "orders.csv"
    orders.write_text(orders.read_text(encoding="utf-8").replace(*CORRECTED), encoding="utf-8")
    assert other.command("run").returncode == 0
    path = story.shop.folder / "landing" / "orders.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text + "\n", encoding="utf-8")  # other bytes, the same records
    assert story.shop.command("run", "--rebuild").returncode == 0
    path.write_text(text, encoding="utf-8")
    assert hits_in_tables(story.shop.home, story.shop.log.erased) == 0
    hashes = []
    for shop in (story.shop, other):
        manifest = json.loads((shop.home.published / current(shop) / "manifest.json").read_text(encoding="utf-8"))
        hashes.append({
            name: table["content_hash"] for name, table in manifest["tables"].items()
            if table["counts_for_content"] and name not in {"_freshness", "_check_results"}
        })  # fmt: skip
    assert hashes[0] == hashes[1]


@pytest.mark.slow
@pytest.mark.parametrize("place", ["publish.before_swap", "publish.after_swap", "publish.before_collect",
                                   "erase.after_done"])  # fmt: skip
def test_killed_while_publishing_without_her_the_next_run_completes_it(tmp_path: Path, place: str) -> None:
    shop = Tiny(tmp_path / "tiny")
    shop.with_parsed().write()
    assert shop.command("run").returncode == 0
    killed = shop.command("erase", ADA, "--yes", RETENTION_FAILPOINT=f"{place}:kill")
    assert killed.returncode == -9
    assert current(shop) in {"v000001", "v000002"}
    assert shop.command("run").returncode == 0
    assert current(shop) != "v000001"
    assert "v000001" not in version_names(shop.home)
    assert shop.log.unfinished == []
    assert hits_in_tables(shop.home, shop.log.erased) == 0


@pytest.mark.slow
def test_a_run_that_fails_leaves_the_erasure_open_and_says_so(tmp_path: Path) -> None:
    shop = Tiny(tmp_path / "tiny")
    shop.with_parsed().write()
    assert shop.command("run").returncode == 0
    failed = shop.command("erase", ADA, "--yes", RETENTION_FAILPOINT="publish.before_rename:enospc")
    assert failed.returncode == ExitCode.STORAGE
    assert "the next run that publishes completes the erasure" in failed.stderr
    assert "still served: v000001" in failed.stderr
    assert "the next publication completes it" in shop.command("erase", "--list").stdout
    assert shop.count(f"select count(*) from raw.orders where customer_id = '{ADA_HASH}'") == 0
    assert shop.command("run").returncode == 0
    assert version_names(shop.home) == [current(shop)]
    assert shop.log.unfinished == []
