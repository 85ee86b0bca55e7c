"""A server that is not there, PostgreSQL that goes away in the middle: a sentence and whole marts.

The server is one of this file's own, since it is stopped. A lock that a reader holds makes a load
or a build wait in the middle, so that a fault always comes at the same point.
"""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import postgres_server
import psycopg2
import pytest
import random_raw
from dbt_runs import PROJECT, Result
from engine import started
from postgres import Postgres
from spark import Spark
from spark_cluster import Cluster
from test_parity import BUILD, differences, next_day, read_marts, read_sample

SAMPLE = PROJECT / "data/sample"
# of the settings that lead to a server, one that leads nowhere
WRONG = {"PGPORT": "1", "PGPASSWORD": "another", "PGDATABASE": "nowhere", "PGUSER": "nobody"}
# what a run that is told of a server that is gone may take to end, on a busy machine
SECONDS_TO_END = 60


@pytest.fixture(scope="module")
def place(folder) -> Iterator[Path]:
    """The folder of a server that may be stopped; both are gone after the tests."""
    place = folder / "server_gone"
    with started(postgres_server, place, "PostgreSQL"):
        yield place


@pytest.fixture
def postgres(place, folder) -> Postgres:
    """An empty database; the server runs, whatever the test before did to it."""
    return Postgres(postgres_server.start(place), "gone", folder / "postgres_gone").create()


def stop(place: Path) -> None:
    """Stop the server at once, as when it crashes."""
    pid = int((place / "data/postmaster.pid").read_text("utf-8").splitlines()[0])
    os.kill(pid, signal.SIGQUIT)
    while postgres_server.running(place):
        time.sleep(0.05)


def waiting(postgres: Postgres) -> list[int]:
    """Sessions that wait for a lock."""
    found = postgres.execute(
        "select pid from pg_stat_activity where wait_event_type = 'Lock'"
        " and datname = current_database()"
    )
    return [pid for (pid,) in found]


@contextmanager
def held_at(postgres: Postgres, relation: str, run, *arguments) -> Iterator[tuple[Future, int]]:
    """A run that waits where it wants to replace a relation, and the session that waits."""
    reader = postgres.connect()
    reader.autocommit = False
    reader.cursor().execute(f"lock table {relation} in access share mode")
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(run, *arguments)
        try:
            while not (pids := waiting(postgres)):
                assert not done.done(), done.result().output
                time.sleep(0.1)
            yield done, pids[0]
        finally:
            # the run, which the pool waits for, is not to wait any more
            with suppress(psycopg2.Error):
                reader.close()


def sentence_of(result: Result) -> str:
    """What dbt said before it told which macro said it, on one line; never a traceback."""
    assert "Traceback" not in result.output, result.output
    return result.text.split("> in macro")[0]


@pytest.mark.parametrize("name", WRONG)
def test_a_server_that_cannot_be_reached_is_one_sentence(name, place, folder):
    postgres = Postgres(postgres_server.start(place), "postgres", folder / "postgres_gone")
    settings = {name: WRONG[name]}
    began = time.monotonic()
    result = postgres.dbt("--quiet", "build", environment=settings, succeeds=False)
    assert time.monotonic() - began < SECONDS_TO_END
    assert result.exit_code == 2
    said = sentence_of(result)
    port = settings.get("PGPORT", postgres.server.port)
    assert f"PostgreSQL at 127.0.0.1, port {port}, cannot be reached, or does not let" in said
    assert "check that it runs and that PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE" in said
    assert said.count("cannot be reached") == 1
    # the sentence, and where it is said
    assert len(result.output.strip().splitlines()) <= 9, result.output
    # what the server answered is not lost
    log = postgres.runs.folder / "logs/dbt.log"
    assert f"{log}." in said and "connection to server at" in log.read_text("utf-8")


def test_a_thrift_server_that_cannot_be_reached_is_one_sentence(folder, raw):
    """No cluster is needed for it, so it stands here and not with what is tried on one."""
    nowhere = Spark(Cluster(1), folder / "nowhere", folder / "spark_nowhere")
    result = nowhere.dbt("--quiet", "build", succeeds=False)
    assert result.exit_code == 2
    said = sentence_of(result)
    assert "Spark's Thrift server at 127.0.0.1, port 1, cannot be reached" in said
    assert "check that it runs and that CRM_SPARK_HOST, CRM_SPARK_PORT, CRM_SPARK_USER and" in said
    assert said.count("cannot be reached") == 1
    # the driver has a line of its own for each of the five schemas
    assert len(result.output.strip().splitlines()) <= 15, result.output
    result = nowhere.load(raw)
    assert result.exit_code == 1 and len(result.output.strip().splitlines()) == 1, result.output
    assert "Spark cannot be reached" in result.text
    assert "Check that its Thrift server" in result.text


@pytest.mark.parametrize("fault", ["server stopped", "session ended"])
def test_a_server_that_goes_away_during_a_load_leaves_what_was_loaded(fault, place, postgres, raw):
    assert postgres.load(raw).exit_code == 0
    before = postgres.execute("select * from raw.transactions order by 1")
    (raw / "transactions.csv").write_text(
        "transaction_id,transacted_at,amount\nt9,2024-01-01,9\n", encoding="utf-8"
    )
    # transactions are loaded by then
    with held_at(postgres, "raw.erasure_requests", postgres.load, raw) as (load, pid):
        if fault == "server stopped":
            stop(place)
        else:
            postgres.execute(f"select pg_terminate_backend({pid})")
        result = load.result()
    assert result.exit_code == 1
    assert "PostgreSQL went away during the load, so that nothing was loaded (" in result.text
    assert "See that it runs, then run this again." in result.text
    assert len(result.output.strip().splitlines()) == 1, result.output
    postgres_server.start(place)
    assert postgres.execute("select * from raw.transactions order by 1") == before
    assert postgres.load(raw).exit_code == 0
    assert postgres.execute("select transaction_id from raw.transactions") == [("t9",)]


def assert_whole(found: dict, old: dict, new: dict) -> None:
    """Every mart is as one of two builds made it, and there are some of each."""
    assert not (lost := sorted(old.keys() - found.keys())), lost
    marts = {name: content for name, content in found.items() if "__dbt_" not in name}
    is_old = {name for name in marts if not differences_of(name, marts, old)}
    is_new = {name for name in marts if not differences_of(name, marts, new)}
    assert not (half := sorted(marts.keys() - is_old - is_new)), half
    assert is_old - is_new and is_new - is_old, (sorted(is_old), sorted(is_new))


def differences_of(mart: str, one: dict, other: dict) -> list[str]:
    """Where a mart differs between two builds."""
    return differences({mart: one[mart]}, {mart: other[mart]})


def test_a_server_that_goes_away_during_a_build_leaves_whole_marts(place, postgres, tmp_path):
    raws = {"sample": SAMPLE, "later": tmp_path / "later"}
    random_raw.write_raw(next_day(read_sample()), raws["later"])
    build = partial(postgres.dbt, succeeds=False)
    clean = {}
    for name in ("later", "sample"):
        assert postgres.load(raws[name]).exit_code == 0
        postgres.dbt(*BUILD, "--full-refresh")
        clean[name] = read_marts(postgres.read)

    # the server itself, early in a build with all its tests
    assert postgres.load(raws["later"]).exit_code == 0
    with held_at(postgres, "marts.dim_customers", build, "--quiet", "build") as (done, _):
        stop(place)
        began = time.monotonic()
        result = done.result()
        assert time.monotonic() - began < SECONDS_TO_END
    assert result.exit_code and "Traceback" not in result.output, result.output
    # what was at work says so; what comes after it is not tried, and dbt ends with the reason
    assert result.output.count(" ERROR ") < 50, result.output
    last = " ".join(result.output.split("Encountered an error:")[-1].split())
    assert last.startswith("Database Error connection to server at") and "Is the server" in last
    postgres_server.start(place)
    assert_whole(read_marts(postgres.read), clean["sample"], clean["later"])
    postgres.dbt(*BUILD)
    assert not (messages := differences(clean["later"], read_marts(postgres.read))), messages

    # a session alone, late in a build: the rest goes on, and the last line says what to do
    assert postgres.load(raws["sample"]).exit_code == 0
    with held_at(postgres, "marts.customer_360", build, *BUILD) as (done, pid):
        postgres.execute(f"select pg_terminate_backend({pid})")
        result = done.result()
    assert result.exit_code == 1 and "Traceback" not in result.output, result.output
    assert (
        "clientele: customer_360 failed; the database server went away or ended the connection:"
        in result.text
    )
    assert_whole(read_marts(postgres.read), clean["later"], clean["sample"])
    postgres.dbt(*BUILD)
    assert not (messages := differences(clean["sample"], read_marts(postgres.read))), messages
