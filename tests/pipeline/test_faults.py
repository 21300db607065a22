"""What goes wrong in nights: broken files, failing gates, kills. Consumers keep what they had."""

from __future__ import annotations

import os
import re
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from retention_pipeline.core.errors import ExitCode, GateFailedError, InputRefusedError, StorageError
from retention_pipeline.warehouse.lock import writer_lock
from retention_pipeline.warehouse.seal import Seal, read_seal
from tests.pipeline.conftest import ShopFolder

PACKAGE = Path(__file__).parents[2] / "retention_pipeline"
NEXT_DAY = "2023-05-01"

HEADER = "order_no,customer_no,placed_at,changed_at,state,currency,total,refunded"
ROW = "Z1,C000001,2023-05-01T10:00:00,2023-05-01T10:00:00,completed,EUR,10.00,0.00"


def orders_file(shop: ShopFolder) -> Path:
    return shop.folder / "landing" / "orders" / f"orders_{NEXT_DAY}.csv"


def header_of(shop: ShopFolder) -> str:
    first = min((shop.folder / "landing" / "orders").iterdir())
    return first.read_text(encoding="utf-8").splitlines()[0]


def rows_of(shop: ShopFolder, count: int) -> list[str]:
    """Real rows of a delivered day, under new order numbers and dated to the next day."""
    width = len(header_of(shop).split(","))
    lines = [
        line
        for path in sorted((shop.folder / "landing" / "orders").iterdir())
        for line in path.read_text(encoding="utf-8").splitlines()[1:]
    ]
    return ["N" + line for line in lines if len(line.split(",")) == width][:count]


BROKEN: dict[str, tuple[Callable[[list[str], str], bytes], str]] = {
    "zero bytes": (lambda rows, header: b"", "empty"),
    "utf-16 without being told": (lambda rows, header: "\n".join([header, *rows]).encode("utf-16"), "utf-16"),
    "latin-1 without being told": (
        lambda rows, header: "\n".join([header, *rows, rows[0].replace("N", "\xe9", 1)]).encode("latin-1"),
        "latin-1",
    ),
    "a NUL byte": (lambda rows, header: "\n".join([header, rows[0] + "\0", *rows]).encode(), "NUL"),
    "an unclosed quote": (lambda rows, header: "\n".join([header, *rows, '"' + rows[0]]).encode(), "quote"),
    "a column removed": (
        lambda rows, header: "\n".join(line.partition(",")[2] for line in [header, *rows]).encode(),
        "order_no",
    ),
    "a column renamed": (
        lambda rows, header: "\n".join([header.replace("total", "sum_total"), *rows]).encode(),
        "total",
    ),
    "a header twice": (
        lambda rows, header: "\n".join([header + ",total", *(r + ",1" for r in rows)]).encode(),
        "total",
    ),
    "another delimiter": (
        lambda rows, header: "\n".join(line.replace(",", ";") for line in [header, *rows]).encode(),
        "delimiter",
    ),
    "amounts nobody can read": (
        lambda rows, header: "\n".join([header, *(re.sub(r"\d+\.\d\d", "n/a", r) for r in rows)]).encode(),
        "quarantined",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_stops_the_run_and_says_why(kind: str, shop: ShopFolder) -> None:
    content, word = BROKEN[kind]
    served = shop.served_bytes()
    path = orders_file(shop)
    path.write_bytes(content(rows_of(shop, 40), header_of(shop)))
    with pytest.raises(InputRefusedError) as refused:
        shop.run()
    message = str(refused.value)
    assert path.name in message
    assert word.lower() in message.lower()
    assert "still served: v000001" in message
    assert "remedy:" in message
    assert shop.served_bytes() == served


@pytest.mark.long
def test_a_broken_file_that_is_replaced_blocks_no_longer(shop: ShopFolder) -> None:
    path = orders_file(shop)
    path.write_bytes(b"")
    with pytest.raises(InputRefusedError):
        shop.run()
    path.write_text("\n".join([header_of(shop), *rows_of(shop, 5)]) + "\n", encoding="utf-8")
    for name in ("customers", "feedback"):
        folder = shop.folder / "landing" / name
        header = min(folder.iterdir()).read_text(encoding="utf-8").splitlines()[0]
        (folder / f"{name}_{NEXT_DAY}.csv").write_text(header + "\n", encoding="utf-8")
    shop.run()
    assert shop.version() == "v000002"
    daily = "select data_through from _freshness where source in ('orders', 'customers', 'feedback')"
    assert {str(day) for (day,) in shop.rows(daily)} == {NEXT_DAY}


@pytest.mark.long
def test_a_missing_day_holds_freshness_back_and_an_empty_day_does_not(shop: ShopFolder) -> None:
    header = header_of(shop)
    orders_file(shop).write_text(header + "\n", encoding="utf-8")
    later = orders_file(shop).with_name("orders_2023-05-03.csv")
    later.write_text("\n".join([header, *rows_of(shop, 3)]) + "\n", encoding="utf-8")
    printed = shop.run()
    assert "orders: the file of 2023-05-02 is missing, so periods that hold a later day stay provisional" in printed
    through = dict(shop.rows("select source, data_through from _freshness"))
    assert str(through["orders"]) == NEXT_DAY
    assert shop.rows("select max(as_of) from _freshness")[0][0].isoformat() == "2023-05-03"


def test_a_failing_gate_publishes_nothing(fresh_shop: ShopFolder) -> None:
    for path in (fresh_shop.folder / "landing" / "orders").iterdir():
        path.write_text(header_of(fresh_shop) + "\n", encoding="utf-8")
    with pytest.raises(GateFailedError) as failed:
        fresh_shop.run()
    assert "raw.orders" in str(failed.value)
    assert "nothing has been published yet" in str(failed.value)
    assert fresh_shop.version() is None
    done = fresh_shop.command("run")
    assert done.returncode == 4
    assert "Traceback" not in done.stderr


def failpoints() -> list[str]:
    """Every place that the code itself names, so that a new durable step cannot escape."""
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        found |= set(re.findall(r'failpoint\("([a-z_.]+)"\)', path.read_text(encoding="utf-8")))
    return sorted(name for name in found if not name.startswith("erase."))  # tests/privacy kills there


MARKS = {
    "publish.before_swap": [pytest.mark.long],
    "intake.before_commit": [pytest.mark.long],
    "build.before_mark": [pytest.mark.long],
}
"""Three kills in `make test-long`, all in `make test-all`; `tests/warehouse` has those of a publication alone."""


def test_the_failpoints_named_here_exist() -> None:
    assert set(failpoints()) >= set(MARKS)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=MARKS.get(name, [pytest.mark.slow])) for name in failpoints()]
)
def test_a_kill_leaves_the_last_version_and_the_next_run_heals(
    name: str, shop: ShopFolder, published_shop: ShopFolder, tmp_path: Path
) -> None:
    header = header_of(shop)
    orders_file(shop).write_text("\n".join([header, *rows_of(shop, 8)]) + "\n", encoding="utf-8")
    untouched = shop.copy(tmp_path / "untouched", with_home=True)
    served = shop.served_bytes()
    killed = shop.command("run", RETENTION_FAILPOINT=f"{name}:kill")
    reached = killed.returncode == -signal.SIGKILL
    assert reached or killed.returncode == 0, killed.stderr
    if reached and name != "publish.after_swap":
        assert shop.served_bytes() == served
    shop.run()
    untouched.run()
    assert shop.table_hashes() == untouched.table_hashes()
    leftovers = [path.name for path in shop.settings.home.published.iterdir() if path.name.startswith(".tmp")]
    assert leftovers == []


@pytest.mark.long
def test_a_kill_at_the_very_end_is_healed_by_the_next_run(shop: ShopFolder) -> None:
    """The shortest kill and rerun there is: nothing new has come, and the seals are not closed."""
    served = shop.served_bytes()
    killed = shop.command("run", RETENTION_FAILPOINT="seal.before_close:kill")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert read_seal(shop.settings.home.store) == Seal(None)
    shop.run()
    assert read_seal(shop.settings.home.store) not in {None, Seal(None)}
    assert shop.served_bytes() == served


def test_a_full_disk_while_files_are_taken_in(shop: ShopFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    served = shop.served_bytes()
    orders_file(shop).write_text("\n".join([header_of(shop), *rows_of(shop, 8)]) + "\n", encoding="utf-8")
    monkeypatch.setattr("retention_pipeline.core.failpoints._hits", Counter())  # other tests came by here
    monkeypatch.setenv("RETENTION_FAILPOINT", "intake.before_commit:enospc")
    with pytest.raises(StorageError, match=r"(?s)still served: v000001.*remedy: ") as full:
        shop.run()
    assert full.value.exit_code == ExitCode.STORAGE
    assert shop.served_bytes() == served


def test_a_second_run_ends_at_once_and_names_the_first(shop: ShopFolder) -> None:
    with writer_lock(shop.settings.home, run="nightly-of-yesterday"):
        second = shop.command("run")
    assert second.returncode == ExitCode.BUSY
    assert f"process {os.getpid()} (run nightly-of-yesterday" in " ".join(second.stderr.split())


@pytest.mark.long
@pytest.mark.parametrize("sent", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_a_run_that_is_told_to_stop_stops_cleanly(sent: signal.Signals, shop: ShopFolder) -> None:
    served = shop.served_bytes()
    orders_file(shop).write_text("\n".join([header_of(shop), *rows_of(shop, 8)]) + "\n", encoding="utf-8")
    running = shop.start("run", RETENTION_FAILPOINT="publish.before_swap:sleep")
    deadline = time.monotonic() + 120
    while not any(shop.settings.home.published.glob("v000002")) and time.monotonic() < deadline:
        time.sleep(0.2)
    began = time.monotonic()
    running.send_signal(sent)
    _, error = running.communicate(timeout=60)
    assert running.returncode == ExitCode.INTERRUPTED, error
    assert time.monotonic() - began < 10
    assert "Traceback" not in error
    assert shop.served_bytes() == served
    shop.run()
    assert (shop.version() or "") > "v000001"
