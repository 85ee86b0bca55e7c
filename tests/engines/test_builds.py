"""What PostgreSQL keeps from build to build is what DuckDB makes from nothing; builds never mix."""

import itertools
import signal
from functools import partial

import duckdb
import random_raw
from compare import OF_RUNS, share_of_changed
from dbt_runs import DbtRuns, copy_project
from hypothesis import HealthCheck, Phase, given, settings
from postgres import Postgres
from test_increments import BUILD, LEFT_OUT, SCHEMAS, Load, histories, raw_by_hand, write_seed
from test_parity import differences, read_marts
from test_server_gone import held_at

# what is kept by customers, and all that it reads
KEPT = ("--select", "+config.incremental_strategy:replace_touched")


def contents(fetch) -> dict[str, tuple]:
    """Rows of everything that is kept, or follows from it."""
    found = read_marts(fetch, SCHEMAS)
    left_out = {*LEFT_OUT, *OF_RUNS, "build_lock", "erasure_salt"}
    return {
        name: rows
        for name, rows in found.items()
        # every engine has a hash of its own
        if name.split(".")[1] not in left_out and "base_crm__batches" not in name
    }


def is_eventful(loads: list[Load]) -> bool:
    """Whether sales change with most loads, contacts, a variable and a seed with one."""
    pairs = list(itertools.pairwise(load.raw for load in loads))
    changed = {
        table: sum(
            not one[table].equals(two[table])
            for one, two in pairs
            if {table} <= one.keys() & two.keys()
        )
        for table in ("transactions", "campaign_contacts")
    }
    return (
        changed["transactions"] > 1
        and changed["campaign_contacts"] > 0
        and any(load.variables for load in loads)
        and any(load.seed for load in loads)
    )


def test_each_change_alone_reaches_all_that_is_kept(database, tmp_path):
    """As on DuckDB: customers who are alike, each with one change; D moves, others stay."""
    postgres = database("builds")
    members = {"vip_definition": "loyalty_member"}
    for is_changed in (False, True):
        random_raw.write_raw(raw_by_hand(is_changed), tmp_path / str(is_changed))
        assert postgres.load(tmp_path / str(is_changed)).exit_code == 0
        postgres.dbt(*BUILD, *KEPT, variables=members)
    for checksums in ("int_sales_checksums", "int_engagement_checksums"):
        assert 0 < share_of_changed(postgres.read, checksums) < 1 / 3, checksums
    increments = contents(postgres.read)
    postgres.dbt(*BUILD, *KEPT, "--full-refresh", variables=members)
    found = differences(increments, contents(postgres.read))
    assert not found, "\n".join(found)
    assert len(increments["marts.fct_transactions"][1]) > 100


@settings(
    max_examples=1,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(loads=histories().filter(is_eventful))
def test_a_sequence_of_loads_gives_what_duckdb_makes_from_nothing(
    loads, database, tmp_path_factory
):
    folder = tmp_path_factory.mktemp("history")
    postgres = database("history")
    # seeds are changed
    duck = DbtRuns(folder / "duckdb", copy_project(folder / "project"))
    postgres.runs = DbtRuns(folder / "postgres", duck.project)
    for number, load in enumerate(loads):
        raw = folder / f"load_{number}"
        random_raw.write_raw(load.raw, raw)
        write_seed(duck.project, load.seed)
        assert postgres.load(raw).exit_code == 0
        if load.part:
            part = ("--quiet", "run", "--select", *load.part.split())
            postgres.dbt(*part, variables=load.variables, succeeds=None)
        postgres.dbt(*BUILD, *KEPT, variables=load.variables)
        duck.forget()
        duck(*BUILD, *KEPT, raw=raw, variables=load.variables)
        with duckdb.connect(str(duck.database), read_only=True) as connection:
            ours = contents(lambda sql: connection.execute(sql).fetchall())
        theirs = contents(postgres.read)
        # a part may hold more models
        found = differences(ours, {name: theirs[name] for name in ours})
        assert not found, f"load {number}:\n" + "\n".join(found)


def test_a_build_that_was_killed_holds_up_the_next_one_for_seconds(database, folder, raw):
    """Also where it was killed in the middle of a statement that has not ended."""
    postgres = database("killed")
    other = Postgres(postgres.server, postgres.name, folder / "postgres_other")
    assert postgres.load(raw).exit_code == 0
    postgres.dbt("--quiet", "seed")
    postgres.dbt("--quiet", "run", "--select", "dim_segments")
    # by then it waits
    postgres.time_limit = 30
    run = partial(postgres.dbt, "--quiet", "run", "--select", "dim_segments", succeeds=None)
    with held_at(postgres, "marts.dim_segments", run) as (build, _):
        assert build.result().exit_code == -signal.SIGKILL
        other.dbt("--quiet", "run", "--select", "int_rfm_cut_points")


def test_two_builds_never_mix(database, folder, raw):
    postgres = database("two_builds")
    other = Postgres(postgres.server, postgres.name, folder / "postgres_other")
    assert postgres.load(raw).exit_code == 0
    run = ("--quiet", "run", "--select", "dim_segments", "int_rfm_cut_points")
    postgres.dbt("--quiet", "seed")
    postgres.dbt(*run)
    with held_at(postgres, "marts.dim_segments", postgres.dbt, *run) as (build, _):
        second = other.dbt(*run, succeeds=False)
        assert second.exit_code == 2
        assert "Another build of the database two_builds is at work, since 2" in second.text
        assert "wait until it has ended, then run dbt again" in second.text
        assert "Traceback" not in second.output
        load = other.load(raw)
        assert load.exit_code == 1
        assert "dbt is at work on the database two_builds, so nothing was loaded" in load.text
    assert build.result().exit_code == 0
    assert postgres.read("select count(*) from staging.build_lock") == [(0,)]
    # a build that was killed has left its name and no session
    dead = "insert into staging.build_lock values ('dead', '2024-01-01 00:00Z')"
    postgres.execute(dead)
    other.dbt(*run)
    assert postgres.read("select count(*) from staging.build_lock") == [(0,)]
    # and one that was thought dead ends where the other has taken over
    postgres.execute(
        "create function staging.take_over() returns trigger language plpgsql as"
        " $$ begin new.run_id = 'another'; return new; end $$;"
        " create trigger take_over before insert on staging.build_lock"
        " for each row execute function staging.take_over()"
    )
    result = postgres.dbt(*run, succeeds=False)
    assert result.exit_code == 1
    assert "Another build of this database has begun meanwhile, so this one ends" in result.text
