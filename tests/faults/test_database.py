"""A database that cannot be opened or written: one sentence, and nothing is lost."""

import os
import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import compare
import duckdb
import pytest
from dbt_runs import PROJECT
from faults import (
    BUILD,
    HISTORY,
    MOUNTED,
    marts,
    put_away,
    sentence_of,
    shell,
    start,
    wait_until,
    without_override,
)

ONE_MODEL = ["--quiet", "run", "--select", "base_crm__products"]


@pytest.fixture(scope="module")
def built(worker_runs, raws):
    """A database with the marts of one set of raw data, to be copied."""
    worker_runs.forget()
    worker_runs(*BUILD, raw=raws["one"])
    put_away(worker_runs.database)
    copy = worker_runs.folder / "built"
    shutil.copy(worker_runs.database, copy)
    return copy


@pytest.fixture
def dbt(worker_runs, built):
    """Runs of dbt on a database that is built."""
    worker_runs.forget()
    shutil.copy(built, worker_runs.database)
    return worker_runs


def test_a_second_build_waits_for_nobody_and_the_first_ends_well(dbt, raws):
    before = marts(dbt.database)
    first = start(dbt, *BUILD[1:], raw=raws["other"])
    wait_until(dbt, first, MOUNTED)
    said = sentence_of(dbt(*BUILD, raw=raws["one"], succeeds=False))
    assert f"The database {dbt.database} is in use by another process (process {first.pid}" in said
    assert "Wait until that one ends" in said
    # a reader is kept out while the build runs: DuckDB lets one process write or many read
    with pytest.raises(duckdb.IOException, match="lock"):
        marts(dbt.database)
    first.join()
    assert first.exitcode == 0
    after = marts(dbt.database)
    assert after["marts.fct_transactions"] != before["marts.fct_transactions"]


def test_a_reader_keeps_a_build_out_and_is_named(dbt, raws):
    before = marts(dbt.database)
    with duckdb.connect(str(dbt.database), read_only=True):
        said = sentence_of(dbt(*ONE_MODEL, raw=raws["one"], succeeds=False))
    assert f"The database {dbt.database} is in use by another process (process " in said
    assert marts(dbt.database) == before


@pytest.mark.parametrize(
    "damage",
    {
        "garbage for a header": lambda content: b"\x07" * 4096 + content[4096:],
        "garbage": lambda content: bytes(range(256)) * 400,
        "cut in the middle": lambda content: content[: len(content) // 2],
        "cut after the header": lambda content: content[:12288],
        "empty": lambda content: b"",
        "another file": lambda content: b"PK\x03\x04 a spreadsheet, perhaps" * 900,
    }.items(),
    ids=lambda item: item[0],
)
def test_a_damaged_database_is_named_and_left_alone(dbt, raws, damage):
    damaged = damage[1](dbt.database.read_bytes())
    dbt.database.write_bytes(damaged)
    said = sentence_of(dbt(*ONE_MODEL, raw=raws["one"], succeeds=False))
    assert f"The database {dbt.database} is damaged, or no DuckDB database." in said, said
    assert "Put the last backup in its place" in said
    assert dbt.database.read_bytes() == damaged


def test_damaged_pages_end_with_what_to_do(dbt, raws):
    """Header and catalog are good, so that a model finds out, by the checksum of what it reads."""
    with duckdb.connect(str(dbt.database), read_only=True) as connection:
        blocks = connection.execute(
            "select distinct block_id from pragma_storage_info('intermediate.int_customer_days')"
            " where block_id >= 0"
        ).fetchall()
    content = bytearray(dbt.database.read_bytes())
    for (block,) in blocks:
        position = 3 * 4096 + block * 262144
        content[position + 100 : position + 200] = b"\xff" * 100
    dbt.database.write_bytes(content)
    said = sentence_of(dbt(*BUILD, raw=raws["one"], succeeds=False))
    assert "failed; the database is damaged: put the last backup in its place" in said, said


@pytest.mark.parametrize("place", ["file", "folder", "new file in a folder"])
def test_what_cannot_be_written_is_named(dbt, raws, tmp_path, place):
    folder = tmp_path / "folder"
    folder.mkdir()
    database = folder / "kept.duckdb"
    if place != "new file in a folder":
        shutil.copy(dbt.database, database)
    locked = database if place == "file" else folder
    locked.chmod(0o444 if place == "file" else 0o555)
    try:
        result = shell(
            dbt,
            *ONE_MODEL,
            raw=raws["one"],
            environment={"CRM_DATABASE": str(database)},
            limits=without_override(),
        )
    finally:
        locked.chmod(0o755)
    assert result.exit_code
    assert f"The database {database} cannot be written. Give this user the right" in sentence_of(
        result
    )
    if database.exists():
        assert marts(database) == marts(dbt.database)


def test_a_path_that_cannot_be_is_named(dbt, raws, tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder.duckdb").mkdir()
    for path, words in (
        (tmp_path / "file" / "x.duckdb", "a part of its path is a file and no folder"),
        (tmp_path / "folder.duckdb", "is a folder. Let CRM_DATABASE name a file"),
    ):
        said = sentence_of(
            dbt(
                *ONE_MODEL,
                raw=raws["one"],
                environment={"CRM_DATABASE": str(path)},
                succeeds=False,
            )
        )
        assert f"The database {path}" in said and words in said


def test_a_folder_that_is_not_there_is_made(dbt, raws, tmp_path):
    database = tmp_path / "a" / "b" / "new.duckdb"
    dbt(*ONE_MODEL, raw=raws["one"], environment={"CRM_DATABASE": str(database)})
    with duckdb.connect(str(database), read_only=True) as connection:
        assert connection.execute("select count(*) from raw.transactions").fetchone()[0] > 0


def test_a_build_beside_the_marts_is_swapped_in_as_a_whole(dbt, raws):
    """The operator's recipe for readers who may never wait (docs/operations.md)."""
    before = marts(dbt.database)
    beside = dbt.folder / "next" / dbt.database.name
    beside.parent.mkdir(exist_ok=True)
    shutil.copy(dbt.database, beside)
    environment = {"CRM_DATABASE": str(beside)}
    with duckdb.connect(str(dbt.database), read_only=True) as reader:
        assert shell(dbt, *BUILD, raw=raws["other"], environment=environment).exit_code == 0
        assert not beside.with_name(beside.name + ".wal").exists(), "a swap would lose it"
        beside.replace(dbt.database)
        # who reads on sees the old marts to the end, who comes sees the new ones
        assert (
            reader.execute("from marts.fct_transactions order by all").fetchall()
            == (before["marts.fct_transactions"][1])
        )
    after = marts(dbt.database)
    assert after["marts.fct_transactions"] != before["marts.fct_transactions"]
    # views name their database, so that the file has to keep its name
    assert dbt.query("select count(*) from staging.base_crm__transactions")[0][0] > 0


def test_the_recipe_of_the_docs_swaps_in_a_good_build_and_no_other(dbt, tmp_path):
    text = (PROJECT / "docs/operations.md").read_text("utf-8")
    (recipe,) = [block for block in text.split("```") if "mkdir -p /data/marts/next" in block]
    recipe = recipe.removeprefix("sh\n").replace("/data/marts", str(dbt.folder))
    recipe = recipe.replace("clientele.duckdb", dbt.database.name)
    users = {k: v for k, v in os.environ.items() if not k.startswith(("CRM_", "DBT_"))}
    users["PATH"] = f"{Path(sys.executable).parent}:{users['PATH']}"
    shutil.rmtree(dbt.folder / "next", ignore_errors=True)
    before = dbt.database.read_bytes()
    for raw, is_good in ((tmp_path / "nowhere", False), (PROJECT / "data/sample", True)):
        done = subprocess.run(
            ["bash", "-c", recipe],
            cwd=PROJECT,
            env=users | dbt.settings(None) | {"CRM_RAW_PATH": str(raw)},
            capture_output=True,
            text=True,
        )
        assert (done.returncode == 0) == is_good, done.stdout + done.stderr
        assert (dbt.database.read_bytes() == before) == (not is_good)
    assert dbt.query("select count(*) from marts.fct_transactions")[0][0] > 8000


def test_the_recipes_of_the_docs_bring_back_what_no_build_makes_again(dbt, loads, tmp_path):
    """Without the old file: the keys of erased customers, and the history from its first day on."""
    text = (PROJECT / "docs/operations.md").read_text("utf-8")
    (told,) = re.findall(r'`python -c "(.+?)"`', text)
    (recipe,) = [
        block for block in text.split("```") if "copy marts.dim_customers_history" in block
    ]
    out, *back = (
        recipe.removeprefix("sql\n").replace("/backup", str(tmp_path)).strip().split(";")[:-1]
    )
    dbt.forget()
    for day, load in (("2024-06-30", "one"), ("2024-12-31", "other")):
        dbt(*BUILD, raw=loads[load], variables={"as_of_date": day})
    put_away(dbt.database)
    before = marts(dbt.database)
    told = told.replace("/data/marts/clientele.duckdb", str(dbt.database))
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    with duckdb.connect(str(dbt.database)) as connection:
        connection.execute(out)
    dbt.forget()
    with duckdb.connect(str(dbt.database)) as connection:
        for statement in back:
            connection.execute(statement)
    environment = {"CRM_ERASURE_SALT": done.stdout.strip()}
    variables = {"as_of_date": "2024-12-31"}
    dbt(*BUILD, raw=loads["other"], environment=environment, variables=variables)
    messages = compare.snapshot_differences(before, marts(dbt.database))
    assert not messages, "\n".join(messages)
    # a history that begins with the last build would tell of its day alone
    assert dbt.query(f"select min(valid_from_date) from {HISTORY}") == [(date(2024, 6, 30),)]
    erased = "select count(*) from marts.dim_customers where customer_id like 'erased-%'"
    assert dbt.query(erased)[0][0] > 0
