"""A full disk: a sentence, the last marts stay readable, and with room the next build is clean.

Two ways: a small disk of its own, where this user may mount one (root), and a limit on the size of
every file (RLIMIT_FSIZE), which needs no right and which DuckDB meets as "File too large".
"""

import os
import shutil
import subprocess

import compare
import pytest
from faults import BUILD, marts, sentence_of, shell

DISK = 160 << 20


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of 160 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode:
        pytest.skip("this user may not mount a disk; the limit of a file's size is tested")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def assert_whole(found: dict, one: dict, other: dict) -> None:
    """Every mart is as one of two builds made it."""
    assert found.keys() >= one.keys()
    half = [name for name in one if found[name] not in (one[name], other[name])]
    assert not half, half


@pytest.mark.parametrize("room", [100_000, 3_000_000])
def test_a_full_disk(dbt, raws, small_disk, room):
    dbt(*BUILD, raw=raws["other"])
    clean = marts(dbt.database)
    database = small_disk / dbt.database.name
    environment = {"CRM_DATABASE": str(database)}
    dbt(*BUILD, raw=raws["one"], environment=environment)
    before = marts(database)
    filler = small_disk / "filler"
    filler.write_bytes(bytes(shutil.disk_usage(small_disk).free - room))

    said = sentence_of(dbt(*BUILD, raw=raws["other"], environment=environment, succeeds=False))
    assert "disk" in said and "full" in said and "ake room" in said and str(database) in said, said
    assert_whole(marts(database), before, clean)

    filler.unlink()
    dbt(*BUILD, raw=raws["other"], environment=environment)
    messages = compare.snapshot_differences(clean, marts(database))
    assert not messages, "\n".join(messages)


def test_a_limit_on_the_size_of_a_file(dbt, raws):
    dbt(*BUILD, raw=raws["other"])
    clean = marts(dbt.database)
    dbt.forget()
    dbt(*BUILD, raw=raws["one"])
    before = marts(dbt.database)
    limit = dbt.database.stat().st_size + 500_000
    result = shell(dbt, *BUILD, raw=raws["other"], limits=("prlimit", f"--fsize={limit}"))
    said = sentence_of(result)
    assert result.exit_code
    assert "disk" in said and "full" in said and "ake room" in said, said
    assert_whole(marts(dbt.database), before, clean)
    dbt(*BUILD, raw=raws["other"])
    messages = compare.snapshot_differences(clean, marts(dbt.database))
    assert not messages, "\n".join(messages)


def test_memory_that_does_not_suffice(dbt, raws):
    dbt(*BUILD, raw=raws["one"])
    before = marts(dbt.database)
    said = sentence_of(
        dbt(*BUILD, raw=raws["one"], environment={"CRM_MEMORY_LIMIT": "2MB"}, succeeds=False)
    )
    assert "CRM_MEMORY_LIMIT" in said, said
    assert marts(dbt.database) == before
