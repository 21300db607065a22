"""Secrets and personal data are planted, runs succeed and fail in many ways, every byte that was written is searched.

Planted: ids, names, e-mail addresses, telephone numbers and free text in the delivered files (in columns that are read,
in columns that are not, in records that are set aside, in rows that cannot be read at all); passwords and tokens in the
environment. Allowed is one place: the text of quarantined records, in ``raw.quarantine`` of the store (mode 600).
"""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

from retention_pipeline.core.errors import ExitCode
from retention_pipeline.intake.identity import hash_id
from retention_pipeline.warehouse.store import open_store
from tests.privacy.leaks import Search, spellings
from tests.privacy.shop import Tiny

PEOPLE = {
    "id": "CANARY-PERSON-77",
    "name": "Canaria Vogelsang",
    "mail": "canaria.vogelsang@example.org",
    "telephone": "+49-30-555-0177",
    "free text": "the canary sang all night",
    "shifted": "canary-in-the-wrong-column",
    "status": "status.canary@example.org",
    "ragged": "canary beyond the last column",
    "letter": "because my canary died, dear shop",
}
SECRETS = {
    "RETENTION_ID_KEY": "canary-id-key-5f1d",
    "RETENTION_SLACK_URL": "http://127.0.0.1:9/services/canary-slack-token",
    "RETENTION_WEBHOOK_URL": "http://127.0.0.1:9/canary-webhook-token",
    "RETENTION_SMTP_PASSWORD": "canary-smtp-password",
    "RETENTION_POSTGRES_DSN": "postgresql://canary_user:canary-db-password@127.0.0.1:9/canary_db",
    "PGPASSWORD": "canary-pg-password",
}
TOKENS = ["canary-id-key-5f1d", "canary-slack-token", "canary-webhook-token", "canary-smtp-password",
          "canary-db-password", "canary-pg-password"]  # fmt: skip
HASH = hash_id(SECRETS["RETENTION_ID_KEY"].encode(), PEOPLE["id"]) or ""
QUARANTINE = ".retention/store.duckdb raw.quarantine"
STORE = ".retention/store.duckdb"
SET_ASIDE = {"shifted", "status", "mail", "free text"}
"""What stands in columns that are read of records that are set aside."""


def plant(shop: Tiny) -> None:
    """Put the canaries into the delivered files."""
    shop.write()
    landing = shop.folder / "landing"
    one = PEOPLE
    rows = {
        "customers": [f"{one['id']},2024-01-01T00:00:00,DE"],
        "orders": [
            f"C1,{one['id']},2024-02-03T10:00:00,12.50,paid",
            f"C2,{one['id']},2024-02-03T10:00:00,{one['shifted']},paid",
            f"C3,{one['id']},{one['mail']},12.50,paid",
            f"C4,{one['id']},2024-02-03T10:00:00,12.50,paid,{one['ragged']}",
            f"C5,{one['id']},2024-02-31T10:00:00,12.50,{one['status']}",
            f"C6,{one['id']},2024-02-28T10:00:00,12.50,{one['status']}",
        ],
        "feedback": [f"CF1,{one['id']},C1,2024-02-20T10:00:00,nps,{one['free text']},"],
    }
    for name, added in rows.items():
        path = landing / f"{name}.csv"
        header, *lines = path.read_text(encoding="utf-8").splitlines()
        if name == "customers":  # columns that nobody reads
            header += ",full_name,mail,telephone,remarks"
            extra = f",{one['name']},{one['mail']},{one['telephone']},{one['free text']}"
            lines = [*(line + ",,,," for line in lines), *(line + extra for line in added)]
        else:
            lines += added
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    (landing / "reasons.csv").write_text(
        f'customer_id,given_at,reason\n{one["id"]},2024-03-01T00:00:00,"{one["letter"]}"\n'
        "KUNDE-0003,2024-03-01T00:00:00,price\n",
        encoding="utf-8",
    )
    text = shop.config.read_text(encoding="utf-8")
    section = '[sources.churn_reasons]\npath = "landing/reasons.csv"\n[limits]\n'
    shop.config.write_text(text.replace("[limits]\n", section), encoding="utf-8")


class Runs:
    """Commands on the planted shop; what they print is kept with everything else that is searched."""

    def __init__(self, shop: Tiny) -> None:
        self.shop = shop
        self.scratch = shop.folder / "scratch"
        self.scratch.mkdir()
        self.said = shop.folder / "said"
        self.said.mkdir()
        self.codes: list[int] = []

    def __call__(self, *arguments: str, **more: str) -> int:
        ours = {name: value for name, value in os.environ.items() if not name.startswith("RETENTION_")}
        surroundings = {**ours, **SECRETS, "RETENTION_RECEIVED_ON": "2026-01-01", "TMPDIR": str(self.scratch), **more}
        done = subprocess.run(
            [sys.executable, "-m", "retention_pipeline.cli", "--config", str(self.shop.config), *arguments],
            capture_output=True, env=surroundings, timeout=900, check=False,
        )  # fmt: skip
        (self.said / f"{len(self.codes)}.txt").write_bytes(done.stdout + b"\n" + done.stderr)
        self.codes.append(done.returncode)
        return done.returncode

    def fail_at_intake(self) -> None:
        """A file nobody can read, too many records set aside, a database that does not answer."""
        orders = self.shop.folder / "landing" / "orders.csv"
        text = orders.read_text(encoding="utf-8")
        orders.write_text(f'{text}"{PEOPLE["name"]}\n', encoding="utf-8")
        assert self("run") == ExitCode.INPUT_REFUSED
        orders.write_text(text, encoding="utf-8")
        config = self.shop.config.read_text(encoding="utf-8")
        strict = config.replace(
            "max_quarantined_share = 1.0", "max_quarantined_share = 0\ntolerated_quarantined_rows = 0"
        )
        self.shop.config.write_text(strict, encoding="utf-8")
        assert self("run") == ExitCode.INPUT_REFUSED
        database = config.replace(
            'path = "landing/tickets.csv"', 'database = "postgresql"\nkind = "snapshot"\ntable = "tickets"'
        )
        self.shop.config.write_text(database, encoding="utf-8")
        assert self("run") not in {0, ExitCode.INTERNAL}
        self.shop.config.write_text(config, encoding="utf-8")

    def search(self) -> Search:
        """Everything but what the owner delivered."""
        found = Search([*PEOPLE.values(), *TOKENS])
        found.look_below(self.shop.folder, but_not=("landing", "retention.toml"))
        return found


def tell(capsys: pytest.CaptureFixture[str], text: str) -> None:
    """Print a figure although the test passes."""
    with capsys.disabled():
        print(f"\n{text}")  # noqa: T201  # the figure of the catalogue of faults


def allowed_only(found: Search) -> None:
    """The one place where set aside text may stand, and what of it."""
    assert found.outside(QUARANTINE, STORE) == {}
    texts = {text for place, text in found.hits if place in {QUARANTINE, STORE}}
    assert texts <= {PEOPLE[name] for name in SET_ASIDE}


def test_a_search_finds_what_is_there_however_it_is_packed(tmp_path: Path) -> None:
    for number, spelling in enumerate(spellings("canary")):
        (tmp_path / f"{number}.txt").write_bytes(b"xx" + spelling + b"xx")
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"a canary"))
    found = Search(["canary", "nightingale"])
    found.look_below(tmp_path)
    assert {place for place, _ in found.hits} == {*(f"{number}.txt" for number in range(7)), "a.gz (gzip)"}
    assert {text for _, text in found.hits} == {"canary"}


@pytest.mark.long
def test_planted_secrets_and_people_are_in_no_byte(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop = Tiny(tmp_path / "tiny")
    plant(shop.with_parsed())
    runs = Runs(shop)
    runs("validate")
    assert runs("run") == 0
    runs.fail_at_intake()
    assert runs("run", "--rebuild", RETENTION_FAILPOINT="build.before_mark:raise") == ExitCode.INTERNAL
    runs("alert-test")
    found = runs.search()
    allowed_only(found)
    assert found.hits, "the quarantined texts stand in the store: without them the search would prove nothing"
    assert shop.home.store.stat().st_mode & 0o777 == 0o600
    hashes = Search([HASH])
    hashes.look_below(shop.folder, but_not=("landing",))
    kept = {place.split(" ")[0].split("/")[1] for place, _ in hashes.hits}
    assert kept <= {"store.duckdb", "published", "build"}, "the keyed hash stands in tables only"
    assert "published" in kept
    outside = len(found.outside(QUARANTINE, STORE))
    tell(capsys, f"X1: {outside} hits outside of the quarantine in {found.size} after commands {runs.codes}")


@pytest.mark.slow
def test_the_same_after_more_ways_to_fail_and_all_that_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = Tiny(tmp_path / "tiny")
    plant(shop.with_parsed())
    runs = Runs(shop)
    for place in ("intake.before_commit", "build.before_mark", "publish.before_manifest"):
        assert runs("run", RETENTION_FAILPOINT=f"{place}:kill") == -9
    assert runs("run") == 0
    for place in ("intake.after_commit", "publish.after_parquet", "publish.before_swap"):
        runs("run", "--rebuild", RETENTION_FAILPOINT=f"{place}:enospc")
    runs.fail_at_intake()
    for currency, code in (("eur", ExitCode.GATE_FAILED), ("EUR", 0)):
        with open_store(shop.home) as store:  # no file gets past intake with something that a gate would find
            store.execute(f"update raw.orders set currency = '{currency}'")
        assert runs("run") == code
    for command in (["status"], ["plan"], ["report"], ["watch"], ["alert-test"], ["validate"], ["restatements"],
                    ["query", "select nonsense"], ["query", "select * from customer_scores"],
                    ["explain", "revenue.gross"], ["erase", PEOPLE["id"], "--dry-run"]):  # fmt: skip
        runs(*command)
    allowed_only(runs.search())
    assert runs("erase", PEOPLE["id"], "--yes") == 0
    found = Search([PEOPLE["id"], HASH])
    found.look_below(shop.folder, but_not=("landing", "said"))
    assert found.hits == {}
    allowed_only(whole := runs.search())
    said = f"0 hits outside of the quarantine in {whole.size} after {len(runs.codes)} commands"
    tell(capsys, f"X1, slow: {said}; X2: 0 hits of id and hash in {found.size} after the erasure")
