from __future__ import annotations

import random
from pathlib import Path

import pytest

import retention_pipeline
from retention_pipeline.core.errors import CorruptFileError, NothingPublishedError
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse.read import current_version, open_published, published_manifest
from retention_pipeline.warehouse.verify import verify_version
from retention_pipeline.warehouse.versions import Pointer, parse_pointer, pointer_bytes
from tests.warehouse.support import numbers_in, publish_number

DAMAGES = 200


def damage(data: bytes, chance: random.Random) -> bytes:
    """One flipped bit, or a part cut off the end."""
    if chance.random() < 0.7:
        position = chance.randrange(len(data))
        return data[:position] + bytes([data[position] ^ 1 << chance.randrange(8)]) + data[position + 1 :]
    return data[: chance.randrange(len(data))]


def pointer_of(home: Home) -> Pointer:
    pointer = parse_pointer(pointer_bytes(home))
    assert pointer is not None
    return pointer


def test_every_flipped_bit_and_every_truncation_of_a_version_is_detected(home: Home) -> None:
    folder = publish_number(home, 1).path
    expected = pointer_of(home).manifest_sha256
    paths = sorted(folder.iterdir())
    chance = random.Random(7)
    undetected = []
    for attempt in range(DAMAGES):
        path = paths[attempt % len(paths)]
        intact = path.read_bytes()
        path.write_bytes(damage(intact, chance))
        try:
            verify_version(folder, expected=expected)
            undetected.append(path.name)
        except CorruptFileError:
            pass
        finally:
            path.write_bytes(intact)
    assert undetected == []
    verify_version(folder, expected=expected)


def test_every_flipped_bit_and_every_truncation_of_the_pointer_is_detected(home: Home) -> None:
    for number in range(1, 5):
        publish_number(home, number, keep=10)
    intact = home.current_pointer.read_bytes()
    damaged = [intact[:length] for length in range(len(intact))] + [
        intact[:at] + bytes([intact[at] ^ 1 << bit]) + intact[at + 1 :] for at in range(len(intact)) for bit in range(8)
    ]
    for data in damaged[:: len(damaged) // DAMAGES]:
        home.current_pointer.write_bytes(data)
        with pytest.raises(CorruptFileError, match=r"CURRENT|cannot be used"):
            published_manifest(home)
    home.current_pointer.write_bytes(intact.replace(b"v000004", b"v000003"))
    with pytest.raises(CorruptFileError, match=r"v000003 cannot be used(.|\n)*version v000004 is intact"):
        open_published(home)


def test_a_damaged_database_is_refused_and_an_intact_version_named(home: Home) -> None:
    publish_number(home, 1)
    path = publish_number(home, 2).path / "retention.duckdb"
    path.write_bytes(damage(path.read_bytes(), random.Random(1)))
    with pytest.raises(CorruptFileError, match=r"retention\.duckdb differs(.|\n)*version v000001 is intact"):
        retention_pipeline.connect(home.root)
    assert numbers_in(home, "v000001") == {1}


def test_a_file_that_has_been_verified_is_verified_again_once_it_has_changed(home: Home) -> None:
    path = publish_number(home, 1).path / "retention.duckdb"
    assert numbers_in(home) == {1}
    intact = path.read_bytes()
    path.write_bytes(damage(intact, random.Random(2)))
    with pytest.raises(CorruptFileError):
        open_published(home)
    path.write_bytes(intact)
    assert numbers_in(home) == {1}


@pytest.mark.parametrize("name", ["manifest.json", "manifest.json.sha256", "retention.duckdb", "facts.parquet"])
def test_a_missing_file_is_damage(home: Home, name: str) -> None:
    folder = publish_number(home, 1).path
    (folder / name).unlink()
    with pytest.raises(CorruptFileError):
        verify_version(folder)


def test_a_pointer_that_leads_nowhere_is_damage(home: Home) -> None:
    publish_number(home, 1)
    published = publish_number(home, 2)
    published.path.rename(home.root / "elsewhere")
    with pytest.raises(CorruptFileError, match=r"v000002 is gone(.|\n)*version v000001 is intact"):
        retention_pipeline.connect(home.root)
    with pytest.raises(
        CorruptFileError, match=r"v000002 cannot be used: its files do not exist(.|\n)*version v000001 is intact"
    ):
        published_manifest(home)


@pytest.mark.parametrize("content", [None, b"v000002\n"], ids=["missing", "cut"])
def test_a_lost_pointer_is_damage_and_names_the_newest_version(home: Home, content: bytes | None) -> None:
    publish_number(home, 1)
    publish_number(home, 2)
    home.current_pointer.unlink()
    if content is not None:
        home.current_pointer.write_bytes(content)
    with pytest.raises(CorruptFileError, match=r"CURRENT is (missing|damaged)(.|\n)*version v000002 is intact"):
        retention_pipeline.connect(home.root)


def test_an_empty_home_says_that_nothing_has_been_published(tmp_path: Path) -> None:
    for root in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(NothingPublishedError, match="nothing has been published there"):
            retention_pipeline.connect(root)
        assert current_version(Home(root)) is None


def test_an_unknown_version_is_named_with_those_that_exist(home: Home) -> None:
    publish_number(home, 1)
    for version in ("v000002", "../../etc", ""):
        with pytest.raises(NothingPublishedError, match="versions: v000001"):
            retention_pipeline.connect(home.root, version=version)
        with pytest.raises(NothingPublishedError, match="versions: v000001"):
            published_manifest(home, version)
