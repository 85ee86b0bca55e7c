"""Spark: raw files into it, its cluster, what is refused, and in which words."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import random_raw
import spark_cluster
from dbt_runs import PROJECT, SALT, DbtRuns, copy_project
from spark import Spark
from test_parity import BUILD, SEED, build_on_duckdb, differences, read_marts

SALES = "transaction_id,customer_id,transacted_at,amount\n"
FEW = ["--quiet", "run", "--select", "base_crm__transactions"]


@pytest.fixture
def lasting(spark) -> Iterator[Spark]:
    """The cluster, which runs again after the test."""
    yield spark
    spark.start()


def wait_for(done, log: Path, words: str, start: int = 0) -> None:
    """Wait until a log says something after its first bytes, while what writes it runs."""
    while not (log.exists() and words.encode() in log.read_bytes()[start:]):
        assert not done.done(), done.result().output
        time.sleep(0.1)


@pytest.fixture
def built(cluster, tmp_path) -> Iterator[Spark]:
    """The cluster with marts, those that the test before has left if any; it runs afterwards."""
    cluster.start()
    if ("marts",) not in cluster.execute("show schemas"):
        random_raw.write_raw(random_raw.make_raw(SEED), tmp_path / "raw")
        assert cluster.load(tmp_path / "raw").exit_code == 0
        cluster.dbt(*BUILD)
    yield cluster
    cluster.start()


# the first of these tests: others empty the cluster, and to build the marts takes minutes
def test_a_server_that_goes_away_during_a_build_leaves_whole_marts(built, duck):
    old = read_marts(built.read)
    sample = PROJECT / "data/sample"
    duck.forget()
    # what Spark builds undisturbed is what DuckDB builds: test_parity.py
    new = build_on_duckdb(duck, built, sample)
    assert built.load(sample).exit_code == 0
    with ThreadPoolExecutor(1) as pool:
        # not quiet, so that its output says how far it is
        done = pool.submit(built.dbt, *BUILD[1:], succeeds=False)
        wait_for(done, built.runs.folder / "output.txt", "sql table model marts.fct_customer_rfm")
        built.kill()
        result = done.result()
    assert result.exit_code and "Traceback" not in result.output, result.output
    assert "the database server went away or ended the connection" in result.text
    assert result.output.count(" ERROR ") < 100, result.output
    built.start()
    found = read_marts(built.read)
    half = [
        mart
        for mart in found
        if all(differences({mart: found[mart]}, {mart: one[mart]}) for one in (old, new))
    ]
    assert not half, half
    # of Parquet, those that were being written are not there
    assert len(old.keys() - found.keys()) <= 4, sorted(old.keys() - found.keys())
    result = built.dbt(*BUILD, succeeds=None)
    if result.exit_code:
        # nor does Spark take away what it had written of them
        assert "remove that folder" in result.text, result.output
        for folder in built.warehouse.glob("*.db/*"):
            if (folder / "_temporary").exists():
                shutil.rmtree(folder)
        built.dbt(*BUILD)
    assert not (messages := differences(new, read_marts(built.read))), messages


def test_a_build_without_raw_tables_says_how_to_load_them(spark):
    result = spark.dbt(*FEW, succeeds=False)
    assert "load the raw files first with `python scripts/load_raw.py --target spark`" in (
        result.text
    )


def test_text_arrives_as_it_is_and_is_replaced(spark, raw, tmp_path):
    for _ in range(2):
        result = spark.load(raw)
        assert result.exit_code == 0, result.output
        assert "Loaded 2 rows of 1 tables" in result.text
    columns = "transaction_id, customer_id, amount, channel"
    rows = spark.execute(f"select {columns} from raw.transactions order by 1")
    assert rows == [("t1", " c1 ", "1,5", None), ("t2", None, 'say "hi"\n\\N', None)]
    assert spark.execute("select count(*) from raw.leads") == [(0,)]
    # what the cluster reads goes through a folder that can be named
    (raw / "transactions.csv").write_text(SALES + "t3,c3,2024-01-01,3\n", encoding="utf-8")
    shared = tmp_path / "shared"
    shared.mkdir()
    assert spark.load(raw, "--through", str(shared)).exit_code == 0
    assert spark.execute("select transaction_id from raw.transactions") == [("t3",)]
    assert not list(shared.iterdir())


def test_a_wrong_file_is_named_and_nothing_is_loaded(spark, raw):
    assert spark.load(raw).exit_code == 0
    (raw / "transactions.csv").write_text(SALES + "t1,c1\n", encoding="utf-8")
    result = spark.load(raw)
    assert result.exit_code == 1
    assert "line 2 has fewer fields than the header" in result.text
    assert spark.execute("select count(*) from raw.transactions") == [(2,)]


def test_tables_of_others_are_not_touched(spark, raw):
    spark.execute("create schema raw")
    spark.execute("create table raw.products (product_id string)")
    result = spark.load(raw)
    assert result.exit_code == 1
    assert "raw.products was not made by this command" in result.text
    assert spark.execute("select count(*) from raw.transactions") == [(0,)]


def test_typed_tables_of_ones_own_are_read_and_completed(spark):
    spark.execute("create schema raw")
    spark.execute(
        "create table raw.transactions (transaction_id bigint, customer_id int,"
        " transacted_at timestamp, amount double, loaded_at date, status varchar(20))"
    )
    spark.execute(
        "insert into raw.transactions values"
        " (1, 7, timestamp '2024-01-01 01:00:00+02:00', 12.345, date '2024-01-05', ' Completed '),"
        " (2, null, timestamp '+12345-01-01 00:00:00', 1, null, null),"
        " (3, 7, timestamp '2024-01-01 00:00:00', double('NaN'), null, null),"
        " (4, 7, timestamp '2024-01-01 00:00:00', 123456789012.345, null, null)"
    )
    spark.dbt(*FEW, environment={"CRM_RAW_PATH": ""})
    rows = spark.execute(
        "select transaction_id, customer_id, cast(transacted_at as string), cast(amount as string),"
        " status, rejection_reason, channel from staging.base_crm__transactions order by 1"
    )
    assert rows == [
        ("1", "7", "2023-12-31 23:00:00", "12.35", "completed", None, None),
        ("2", None, None, "1.00", "completed", "transacted_at_invalid", None),
        ("3", "7", "2024-01-01 00:00:00", None, "completed", "amount_invalid", None),
        ("4", "7", "2024-01-01 00:00:00", "123456789012.35", "completed", None, None),
    ]
    # absent tables were made, and may be loaded later
    assert spark.execute("select count(*) from raw.leads") == [(0,)]


def test_a_server_that_goes_away_during_a_load_says_at_which_table(lasting, raw):
    assert lasting.load(raw).exit_code == 0
    log = lasting.warehouse.parent / "thrift-server.log"
    start = log.stat().st_size
    with ThreadPoolExecutor(1) as pool:
        load = pool.submit(lasting.load, raw)
        wait_for(load, log, "insert overwrite raw.customers", start)
        lasting.kill()
        result = load.result()
    assert result.exit_code == 1
    assert "Spark went away before raw." in result.text
    assert "See that its Thrift server runs, then run this again." in result.text
    assert len(result.output.strip().splitlines()) == 1, result.output
    lasting.start()
    assert lasting.load(raw).exit_code == 0
    assert lasting.execute("select count(*) from raw.transactions") == [(2,)]


def test_a_session_with_another_time_zone_is_refused(spark, folder, tmp_path):
    copy = copy_project(tmp_path / "project")
    profiles = copy / "profiles.yml"
    text = profiles.read_text("utf-8")
    assert text.count('timeZone": UTC') == 1
    profiles.write_text(text.replace('timeZone": UTC', 'timeZone": Asia/Tokyo'), "utf-8")
    runs = DbtRuns(folder / "copy", copy)
    result = runs(*FEW, "--target", "spark", environment=spark.settings, succeeds=False)
    assert "The time zone of the Spark session is Asia/Tokyo" in result.text


def test_the_salt_stands_in_no_log(spark, raw):
    assert spark.load(raw).exit_code == 0
    spark.dbt("--debug", *FEW)
    assert spark.execute("select salt from staging.erasure_salt") == [(SALT,)]
    log = (spark.runs.folder / "logs/dbt.log").read_text("utf-8")
    assert "${clientele.erasure_salt}" in log and SALT not in log
    # the server blackens what it has put in
    served = (spark.warehouse.parent / "thrift-server.log").read_text("utf-8", errors="replace")
    assert "select count(*) from staging.erasure_salt" in served and SALT not in served
    # another one takes its place; one that would not arrive as it is never gets there
    result = spark.dbt("run", "--select", FEW[-1], environment={"CRM_ERASURE_SALT": "other"})
    assert "CRM_ERASURE_SALT is another salt" in result.text
    assert spark.execute("select salt from staging.erasure_salt") == [("other",)]
    result = spark.dbt(*FEW, environment={"CRM_ERASURE_SALT": "it's"}, succeeds=False)
    assert "choose a salt of letters and digits" in result.text


def test_the_server_has_the_memory_that_it_is_meant_to_have(spark):
    server = spark_cluster.processes(spark.warehouse.parent)["thrift-server"]
    command = ["ps", "-ww", "-o", "args=", "-p", str(server)]
    program = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert f" -Xmx{spark_cluster.DRIVER_MEMORY} " in program and program.count("-Xmx") == 1


def test_two_workers_share_the_work(spark):
    spark.execute("create schema raw")
    spark.execute(
        "create table raw.spread as select /*+ repartition(8) */ id from range(0, 100000, 1, 8)"
    )
    hosts = spark.execute(
        "select count(distinct worker) from"
        " (select java_method('java.lang.ProcessHandle', 'current') as worker from raw.spread)"
    )
    assert hosts == [(2,)]
