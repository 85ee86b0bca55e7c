"""A full disk: a sentence, the last marts stay readable, and with room the next build is clean.

The disk is a small one of its own, in memory, so mounting must be allowed: to root, or by sudo
without a password. (A limit on the size of files will not do: what DuckDB cannot write into its
file at the end stays in the log beside it, and nothing fails.)
"""

import contextlib
import os
import shutil
import subprocess

import compare
import pytest
from dbt_runs import Result
from faults import BUILD, HISTORY, marts, put_away, rebuilt, sentence_of, start, wait_until

DISK = 160 << 20


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of 160 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    mount = [*as_root, "mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)]
    if (as_root and not shutil.which("sudo")) or subprocess.run(mount, check=False).returncode:
        pytest.skip("this user may not mount a small disk")
    yield folder
    subprocess.run([*as_root, "umount", "--lazy", str(folder)], check=True)


def assert_whole(found: dict, one: dict, other: dict) -> None:
    """Every mart is as one of two builds made it."""
    assert found.keys() >= one.keys()
    half = [name for name in one if found[name] not in (one[name], other[name])]
    assert not half, half


def fill(disk) -> None:
    """Leave no room."""
    with (disk / "filler").open("wb") as filler, contextlib.suppress(OSError):
        while filler.write(bytes(1 << 16)):
            filler.flush()


@pytest.mark.parametrize("moment", ["before the build", "in the middle"])
def test_a_full_disk(dbt, raws, small_disk, moment):
    dbt(*BUILD, raw=raws["other"])
    clean = rebuilt(marts(dbt.database))
    database = small_disk / dbt.database.name
    environment = {"CRM_DATABASE": str(database)}
    dbt(*BUILD, raw=raws["one"], environment=environment)
    put_away(database)
    before = marts(database)

    if moment == "before the build":
        fill(small_disk)
        result = dbt(*BUILD, raw=raws["other"], environment=environment, succeeds=False)
        assert f"The database {database} cannot be written, as its disk is full" in result.text
    else:
        started = start(dbt, *BUILD[1:], raw=raws["other"], environment=environment)
        wait_until(dbt, started, "created sql table model")
        fill(small_disk)
        started.join()
        result = Result(started.exitcode, (dbt.folder / "started.txt").read_text("utf-8"))
        assert result.exit_code
        assert "failed; the disk of the database is full" in result.text, result.text[-3000:]
        assert "No space left on device" in result.text
    assert "ake room, then run dbt again." in sentence_of(result)
    found = marts(database)
    assert_whole(rebuilt(found), rebuilt(before), clean)

    (small_disk / "filler").unlink()
    dbt(*BUILD, raw=raws["other"], environment=environment)
    again = marts(database)
    messages = compare.snapshot_differences(clean, rebuilt(again))
    assert not messages, "\n".join(messages)
    assert found[HISTORY] in (before[HISTORY], again[HISTORY])


def test_memory_that_does_not_suffice(dbt, raws):
    dbt(*BUILD, raw=raws["one"])
    before = marts(dbt.database)
    said = sentence_of(
        dbt(*BUILD, raw=raws["one"], environment={"CRM_MEMORY_LIMIT": "24MB"}, succeeds=False)
    )
    assert "CRM_MEMORY_LIMIT" in said, said
    assert marts(dbt.database) == before
