"""A build after any sequence of loads gives, row for row, what a build from nothing gives.

Each history begins with hostile random data and goes on with loads of edits: rows that come with a
new or an old stamp, corrections, rows that change in place or go, merges, requests to be forgotten,
whole tables that go and come back, other variables and seeds, runs of a part of the models. One
database sees every load, the other is built from nothing.
"""

import csv
import os
import re
import shutil
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import by_hand
import duckdb
import pandas as pd
import pytest
import random_raw
from compare import share_of_changed, snapshot, snapshot_differences
from dbt_runs import PROJECT, DbtRuns, copy_project
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

# CRM_HISTORIES=50 pytest tests/python/test_increments.py, where there is the time: others each time
HISTORIES = int(os.environ.get("CRM_HISTORIES", "4"))
LOADS = 3
# of the models that are kept by customers, those that have to be, in all loads together; most loads
# change few enough customers, others a rule
LEAST_KEPT = 0.4
# without the files that dbt writes beside, which nobody reads here and take a second
BUILD = ("--quiet", "--no-write-json", "build", "--exclude-resource-type", "test", "unit_test")
# few enough of them are touched by a load that the rest is kept
CUSTOMERS, TRANSACTIONS = 60, 300
# what may be run alone between two builds
PARTS = (
    "path:models/staging",
    "stg_crm__transactions",
    "int_sales_checksums",
    "int_engagement_checksums+",
    "int_customer_days",
    "int_campaign_contacts",
    "+fct_transactions",
    "path:models/marts",
    "+int_engagement_checksums --full-refresh",
    "+int_sales_checksums --full-refresh",
)
VARIABLES = (
    {"rfm_window_days": 30},
    {"vip_definition": "loyalty_member"},
    {"reporting_timezone": "Pacific/Auckland"},
    {"ecommerce_channels": ["app", "store"]},
)
# a line of a seed, and another in its place
SEEDS = (
    ("attribution_windows", "email,120", "email,30"),
    ("rfm_scale", "monetary,1,90,amount", "monetary,1,140,amount"),
    ("segment_lookup", "customer_360,444,Champion,", "customer_360,444,Loyal,"),
    ("interaction_types", "call,consideration,true,false", "call,awareness,true,false"),
)
NEW_STAMP = "2031-01-{:02} 03:00:00"
# what is kept from build to build, beside the marts
SCHEMAS = ("staging", "intermediate", "marts", "pii")
# what it holds is a matter of what was built before
LEFT_OUT = (
    "batches_read",
    "changes_read",
    "int_sales_checksums",
    "int_engagement_checksums",
    "int_scale_checksums",
    "dim_customers_history",
)


def rows_of(draw, frame: pd.DataFrame, most: int = 6) -> list[int]:
    """Draw positions of rows."""
    if frame.empty:
        return []
    positions = st.lists(st.integers(0, len(frame) - 1), min_size=1, max_size=most, unique=True)
    return draw(positions)


def stamped(rows: pd.DataFrame, stamp: str | None) -> pd.DataFrame:
    """Rows that say they came in at another time; None: when their copy did."""
    rows = rows.copy()
    if stamp is not None and "loaded_at" in rows:
        rows["loaded_at"] = stamp
    return rows


def edit_table(draw, table: str, frame: pd.DataFrame, other: pd.DataFrame, stamp: str):
    """Draw what a load does to one table."""
    kind = draw(st.sampled_from(["arrive", "late", "correct", "alter", "go"]))
    if kind in ("arrive", "late"):
        rows = other.iloc[rows_of(draw, other, 12)]
        return pd.concat([frame, stamped(rows, stamp if kind == "arrive" else None)])
    chosen = rows_of(draw, frame)
    if kind == "go":
        return frame.drop(index=frame.index[chosen])
    if frame.empty:
        return frame
    column = draw(st.sampled_from(list(frame.columns)))
    values = frame[column].iloc[rows_of(draw, frame, 1)[0]]
    rows = frame.iloc[chosen].copy()
    rows[column] = values
    if kind == "correct":
        return pd.concat([frame, stamped(rows, stamp if column != "loaded_at" else None)])
    altered = frame.copy()
    altered.iloc[chosen, frame.columns.get_loc(column)] = values
    return altered


class Load(NamedTuple):
    """What the raw folder holds, and how it is built."""

    raw: Mapping[str, pd.DataFrame]
    variables: Mapping = {}
    # models that are run alone before the build
    part: str | None = None
    # one of SEEDS, in place of what the project brings
    seed: tuple[str, str, str] | None = None

    def __repr__(self) -> str:
        """Tell what a load is by the number of its rows."""
        counts = {table: len(frame) for table, frame in self.raw.items()}
        return f"Load({counts}, {self.variables}, {self.part}, {self.seed})"


def day_of(text: str | None) -> date | None:
    """The day of a text that is a timestamp."""
    try:
        return date.fromisoformat((text or "")[:10])
    except ValueError:
        return None


def draw_variables(draw, raw: Mapping[str, pd.DataFrame]) -> dict:
    """Draw variables: mostly none, at times a day of the data as D, or another one."""
    days = sorted({day for text in raw["transactions"]["transacted_at"] if (day := day_of(text))})
    days = [str(day) for day in days if 2000 < day.year < 2030]
    kind = draw(st.sampled_from(["none", "none", "none", "late day", "day", "other"]))
    if kind.endswith("day") and days:
        return {"as_of_date": draw(st.sampled_from(days[-5:] if kind == "late day" else days))}
    return draw(st.sampled_from(VARIABLES)) if kind == "other" else {}


@st.composite
def histories(draw) -> list[Load]:
    """Draw a first load and what becomes of it."""
    seed = draw(st.integers(0, 500))
    raw, other = (random_raw.make_raw(seed + n, CUSTOMERS, TRANSACTIONS) for n in (0, 1))
    loads = [Load(raw)]
    for number in range(1, LOADS + 1):
        raw = dict(raw)
        stamp = NEW_STAMP.format(number)
        for table in draw(st.lists(st.sampled_from(sorted(raw)), min_size=1, max_size=4)):
            empty = pd.DataFrame(columns=raw[table].columns, dtype=object)
            rows = other.get(table, empty).reindex(columns=raw[table].columns)
            raw[table] = edit_table(draw, table, raw[table], rows, stamp)
        # an optional column: some data have none
        customers = raw["transactions"].get("customer_id", [])
        people = list(dict.fromkeys(value for value in customers if value))
        if len(people) > 1 and draw(st.booleans()):
            one, two = draw(st.permutations(people))[:2]
            for table, row in (
                ("customer_merges", {"duplicate_customer_id": one, "customer_id": two}),
                ("erasure_requests", {"customer_id": two}),
            ):
                if table in raw and draw(st.booleans()):
                    row = pd.DataFrame([{**row, "loaded_at": stamp}], dtype=object)
                    raw[table] = pd.concat([raw[table], row.reindex(columns=raw[table].columns)])
        raw = {
            table: frame.astype(object).where(frame.notna(), None).reset_index(drop=True)
            for table, frame in raw.items()
        }
        part = draw(st.one_of(st.none(), st.sampled_from(PARTS)))
        seed = draw(st.sampled_from([None, None, None, *SEEDS]))
        loads.append(Load(raw, draw_variables(draw, raw), part, seed))
        absent = draw(st.lists(st.sampled_from(sorted(raw)), max_size=1))
        raw = {t: frame for t, frame in raw.items() if t == "transactions" or t not in absent}
    return loads


def contents(runs: DbtRuns) -> dict[str, tuple]:
    """Everything that a build leaves."""
    with duckdb.connect(str(runs.database), read_only=True) as connection:
        return snapshot(connection, SCHEMAS, LEFT_OUT)


def write_seed(project: Path, seed: tuple[str, str, str] | None) -> None:
    """Put the project's seeds into a copy of it, one line changed."""
    assert project != PROJECT
    for name, line, changed in SEEDS:
        text = (PROJECT / f"seeds/{name}.csv").read_text("utf-8")
        assert text.count(f"{line}\n") == 1, line
        if seed == (name, line, changed):
            text = text.replace(f"{line}\n", f"{changed}\n")
        (project / f"seeds/{name}.csv").write_text(text, "utf-8")


@pytest.fixture(scope="session")
def seeded_runs(worker_folder) -> DbtRuns:
    """Runs of dbt on a copy of the project whose seeds may be changed."""
    return DbtRuns(worker_folder / "seeded", copy_project(worker_folder / "seeded_project"))


@pytest.mark.longest
def test_a_sequence_of_loads_gives_what_a_build_from_nothing_gives(seeded_runs, tmp_path_factory):
    models = kept_by_customer(seeded_runs)
    log = seeded_runs.folder / "logs/dbt.log"
    kept_models = []

    @settings(
        max_examples=HISTORIES,
        deadline=None,
        derandomize="CRM_HISTORIES" not in os.environ,
        print_blob=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(loads=histories())
    def follow(loads: list[Load]) -> None:
        seeded_runs.forget()
        folder = tmp_path_factory.mktemp("history")
        for number, load in enumerate(loads):
            write_seed(seeded_runs.project, load.seed)
            raw_folder = folder / f"load_{number}"
            random_raw.write_raw(load.raw, raw_folder, ["csv", "parquet"][number % 2])
            how = {"raw": raw_folder, "variables": load.variables}
            if load.part:
                # what it reads may not be there yet
                part = load.part.split()
                seeded_runs("--quiet", "run", "--select", *part, **how, succeeds=None)
            log.unlink(missing_ok=True)
            seeded_runs(*BUILD, **how)
            if number:
                said = log.read_text("utf-8")
                kept_models.append(len(set(re.findall(r"set variable touched_by_(\w+)", said))))
            increments = contents(seeded_runs)
            with seeded_runs.put_aside():
                seeded_runs(*BUILD, **how)
                found = snapshot_differences(increments, contents(seeded_runs))
            assert not found, f"load {number}:\n" + "\n".join(found)

    follow()
    assert len(kept_models) == HISTORIES * LOADS
    # of a few random ones each may change a rule
    if "CRM_HISTORIES" in os.environ and HISTORIES < 10:
        return
    assert max(kept_models) == len(models), kept_models
    assert sum(kept_models) >= LEAST_KEPT * len(models) * len(kept_models), kept_models


def test_changed_rules_and_models_read_everything_anew(project_copy, tmp_path):
    """A status that is no longer known, another order of superseding, a new column."""
    raw = tmp_path / "raw"
    random_raw.write_raw(random_raw.make_raw(11, 15, 120), raw)
    kept = DbtRuns(tmp_path / "kept", project_copy)
    staging = ("--quiet", "run", "--select", "path:models/staging")
    kept(*staging, raw=raw)
    before = contents(kept)
    crm = project_copy / "models/staging/crm"
    contract, model = crm / "_crm__sources.yml", crm / "stg_crm__leads.sql"
    for file, old, new in (
        (contract, "accepted_values: [completed, cancelled, test]", "accepted_values: [completed]"),
        (contract, "newest: [updated_at, loaded_at]", "newest: [loaded_at]"),
        (contract, "key: [contact_id]", "key: [contact_id]\n            newest: [contacted_at]"),
        (model, "    raw_batch\n", "    raw_batch,\n    upper(source) as loud_source\n"),
    ):
        text = file.read_text("utf-8")
        assert text.count(old) == 1, old
        file.write_text(text.replace(old, new), "utf-8")
    said = kept("run", "--select", "path:models/staging", raw=raw)
    assert "got other rules" in said.output
    whole = DbtRuns(tmp_path / "whole", project_copy)
    whole(*staging, raw=raw)
    after = contents(kept)
    assert not (found := snapshot_differences(after, contents(whole))), "\n".join(found)
    tables = ("transactions", "campaign_contacts")
    assert all(before[t] != after[t] for t in [f"staging.stg_crm__{name}" for name in tables])


def test_a_changed_macro_makes_anew_what_goes_by_it(project_copy, tmp_path):
    """No model has another text, and the data are as they were."""
    raw = tmp_path / "raw"
    random_raw.write_raw(raw_by_hand(False), raw)
    kept = DbtRuns(tmp_path / "kept", project_copy)
    kept(*BUILD, raw=raw)
    before = contents(kept)
    macro = project_copy / "macros/rfm/rfm_score.sql"
    text = macro.read_text("utf-8")
    assert text.count("' > '") == 1
    macro.write_text(text.replace("' > '", "' + 100 > '"), "utf-8")
    said = kept(*BUILD, raw=raw)
    assert "or of a macro" in said.output
    whole = DbtRuns(tmp_path / "whole", project_copy)
    whole(*BUILD, raw=raw)
    after = contents(kept)
    assert not (found := snapshot_differences(after, contents(whole))), "\n".join(found)
    history = "marts.fct_customer_rfm_history"
    assert before[history] != after[history]


def test_rows_that_change_alike_do_not_cancel_out(worker_runs):
    """A checksum is a sum: what a change of the last column adds has to hang on all others."""
    said = worker_runs(
        *("--quiet", "compile", "--inline", "{{ row_hash(['number', 'is_late']) }}"), raw=""
    )
    hashed = said.output.strip().splitlines()[-1]
    (counts,) = duckdb.sql(f"""
        with hashes as (
            select number, is_late, cast({hashed} as hugeint) as row_hash
            from range(2000000) as numbers (number)
            cross join (values (false), (true)) as flags (is_late)
        ),
        differences as (
            select sum(case when is_late then row_hash else -row_hash end) as difference
            from hashes group by number
        )
        select count(*), count(distinct difference) from differences
    """).fetchall()
    assert counts == (2_000_000, 2_000_000)


def test_other_types_with_the_same_bits_are_read_anew(worker_runs, tmp_path):
    """Whole cents and a decimal, numbers and moments: the same hash on DuckDB."""
    worker_runs.forget()
    raw = tmp_path / "raw"
    raw.mkdir()

    def accepted(amount: str, moment: str) -> list[tuple]:
        with duckdb.connect() as connection:
            connection.execute(
                f"copy (select 't1' as transaction_id, {moment} as transacted_at,"
                f" {amount} as amount, date '2024-01-05' as loaded_at)"
                f" to '{raw / 'transactions.parquet'}'"
            )
        worker_runs("--quiet", "run", "--select", "path:models/staging", raw=raw)
        return worker_runs.query("select amount from staging.stg_crm__transactions")

    moment = "timestamp '2024-01-01'"
    assert accepted("1234", moment) == [(Decimal("1234.00"),)]
    assert accepted("cast(12.34 as decimal(9, 2))", moment) == [(Decimal("12.34"),)]
    assert accepted("cast(12.34 as decimal(9, 2))", f"epoch_us({moment})") == []
    assert accepted("cast(12.34 as decimal(9, 2))", moment) == [(Decimal("12.34"),)]


@pytest.mark.parametrize(
    "model", ["stg_crm__transactions", "base_crm__rejected_rows", "base_crm__batch_counts"]
)
def test_a_model_that_alone_has_seen_other_files_is_made_anew(model, worker_runs, tmp_path):
    """The files it has read came and went without their batches being counted."""
    worker_runs.forget()
    random_raw.write_raw(raw_by_hand(False), tmp_path / "raw")
    random_raw.write_raw(random_raw.make_raw(12, 15, 120), tmp_path / "other")
    staging = ("--quiet", "run", "--select", "path:models/staging")
    worker_runs(*staging, raw=tmp_path / "raw")
    before = contents(worker_runs)
    alone = ("--quiet", "run", "--full-refresh", "--select", model)
    worker_runs(*alone, raw=tmp_path / "other")
    assert contents(worker_runs) != before
    worker_runs(*staging, raw=tmp_path / "raw")
    assert not (found := snapshot_differences(before, contents(worker_runs))), "\n".join(found)


def test_files_that_were_replaced_while_a_run_read_them_are_read_anew(project_copy, tmp_path):
    """They are back before the next one, so that no batch has changed."""
    raw, other = tmp_path / "raw", tmp_path / "other"
    random_raw.write_raw(raw_by_hand(False), raw, "parquet")
    random_raw.write_raw(random_raw.make_raw(12, 15, 120), other, "parquet")
    model = project_copy / "models/staging/crm/stg_crm__transactions.sql"
    text = model.read_text("utf-8")
    hook = "    pre_hook=\"{{ env_var('BEFORE_IT', '') }}\",\n    post_hook="
    assert text.count("    post_hook=") == 1
    model.write_text(text.replace("    post_hook=", hook), "utf-8")
    runs = DbtRuns(tmp_path / "runs", project_copy)
    staging = ("run", "--select", "path:models/staging")
    runs(*staging, raw=raw)
    before = contents(runs)
    file = raw / "transactions.parquet"
    shutil.copy2(file, tmp_path)
    replaces = f"copy (from '{other / file.name}') to '{file}' (format parquet)"
    said = runs(*staging, "--full-refresh", raw=raw, environment={"BEFORE_IT": replaces})
    assert said.text.count("were replaced while this run read them: run dbt build once more") == 1
    assert contents(runs) != before
    shutil.copy2(tmp_path / file.name, file)
    assert "were replaced" not in runs(*staging, raw=raw).output
    assert not (found := snapshot_differences(before, contents(runs))), "\n".join(found)


def test_rows_without_a_stamp_are_judged_anew_only_where_the_newest_load_matters(
    worker_runs, tmp_path
):
    """A sale later than a day after the newest load is refused until a newer one comes."""
    worker_runs.forget()
    raw = tmp_path / "raw"
    raw.mkdir()
    late: list[list[tuple[str, str]]] = []

    def accepted_and_read_again(loaded_at: str) -> tuple[set[str], set[str]]:
        (raw / "transactions.csv").write_text(
            "transaction_id,transacted_at,amount,status,loaded_at\n"
            "old,2029-12-30,1,completed,\n"
            "late,2030-01-05,1,completed,\n"
            f"new,2030-01-01,1,completed,{loaded_at}\n",
            "utf-8",
        )
        said = worker_runs("run", "--select", "path:models/staging", raw=raw).output
        late.append(re.findall(r"(\d+) batch\w* of transactions came after newer.*\((.*)\)", said))
        accepted = worker_runs.query("select transaction_id from staging.stg_crm__transactions")
        again = {
            day for day in ("2029-12-01", "2030-01-01") if "judged anew" in said and day in said
        }
        return {key for (key,) in accepted}, again

    assert accepted_and_read_again("2030-01-02") == ({"old", "new"}, set())
    # the batch of `late`, for its month, and that of `new`, which is gone
    assert accepted_and_read_again("2030-01-03") == ({"old", "new"}, {"2030-01-01"})
    assert accepted_and_read_again("2030-01-04") == ({"old", "late", "new"}, {"2030-01-01"})
    assert accepted_and_read_again("2030-01-07") == ({"old", "late", "new"}, {"2030-01-01"})
    assert accepted_and_read_again("2030-01-08") == ({"old", "late", "new"}, set())
    assert accepted_and_read_again("2030-01-02") == ({"old", "new"}, {"2030-01-01"})
    # which came, as it says, before others that had been read
    assert late == [[], [], [], [], [], [("1", "2030-01-02")]]


def kept_by_customer(runs: DbtRuns, variables: Mapping | None = None) -> list[str]:
    """Relations that are kept from build to build by customers."""
    runs("--quiet", "parse", variables=variables)
    return [
        f"{node['schema']}.{node['name']}"
        for node in runs.manifest(variables)["nodes"].values()
        if node["config"].get("incremental_strategy") == "replace_touched"
    ]


def test_checksums_that_are_empty_by_now_make_everything_anew(worker_runs, tmp_path):
    """Built in full as of a day before all data, they have no number that says so."""
    worker_runs.forget()
    raw = PROJECT / "data/sample"
    worker_runs(*BUILD, raw=raw)
    early = {"raw": raw, "variables": {"as_of_date": "2000-01-01"}}
    part = ("--select", "+int_engagement_checksums", "+int_sales_checksums")
    worker_runs("--quiet", "run", "--full-refresh", *part, **early)
    worker_runs(*BUILD, **early)
    for relation in kept_by_customer(worker_runs):
        assert worker_runs.query(f"select count(*) from {relation}") == [(0,)], relation


def test_customers_without_a_change_are_not_made_anew(worker_runs, tmp_path):
    """What is lost of them stays so until they change, or a full refresh."""
    worker_runs.forget()
    raw = shutil.copytree(PROJECT / "data/sample", tmp_path / "raw")
    worker_runs(*BUILD, raw=raw)
    kept = kept_by_customer(worker_runs)
    assert len(kept) == 9, kept
    ((changed,),) = worker_runs.query(
        "select customer_id from intermediate.int_campaign_touches where contact_id is not null"
        " and customer_id in (select customer_id from staging.stg_crm__transactions)"
        " group by 1 order by 1 limit 1"
    )
    with duckdb.connect(str(worker_runs.database)) as connection:
        for relation in kept:
            connection.execute(
                f"delete from {relation} where customer_id is distinct from '{changed}'"
            )
    # one more of the customer's sales, on a day of the past
    with (raw / "transactions.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    late = next(dict(zip(header, row, strict=True)) for row in rows if changed in row)
    late["transaction_id"] = "late"
    with (raw / "transactions.csv").open("a", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerow(late.values())

    def rows_of_all_and_one(*options: str) -> dict[str, tuple[int, int]]:
        worker_runs(*BUILD, *options, raw=raw)
        counts = f"select count(*), count(*) filter (where customer_id = '{changed}') from "
        return {relation: worker_runs.query(counts + relation)[0] for relation in kept}

    found, whole = rows_of_all_and_one(), rows_of_all_and_one("--full-refresh")
    for relation, (count_all, count) in whole.items():
        assert count_all > count > 0, relation
        assert found[relation] == (count, count), relation


# -- each change by itself -------------------------------------------------------------------------
# What every customer has: the keys bear the customer's name. A member who was contacted once, and
# bought once: soon enough for the campaign's channel, too late for another one.
TABLES = {
    "customers": ("customer_id", {"loyalty_joined_at": "2020-01-01"}),
    "transactions": (
        "transaction_id customer_id",
        {
            "transacted_at": "2024-05-20 12:00",
            "amount": "100",
            "channel": "store",
            "branch_id": "b1",
            "campaign_id": None,
            "refunded_transaction_id": None,
            "status": "completed",
        },
    ),
    "campaigns": ("campaign_id", {"channel": "email", "starts_on": "2024-05-01"}),
    "campaign_contacts": (
        "contact_id campaign_id customer_id",
        {
            "contacted_at": "2024-05-18 06:00",
            "is_control": "false",
            "opened_at": "2024-05-18 07:00",
            "clicked_at": "2024-05-18 08:00",
            "unsubscribed_at": None,
        },
    ),
    "interactions": (
        "interaction_id customer_id",
        {"occurred_at": "2024-05-20 09:00", "interaction_type": "complaint"},
    ),
    "leads": ("lead_id customer_id", {"created_at": "2024-05-20 10:00"}),
}
# each is all that a load changes of one customer
CHANGES = (
    ("customers", {"loyalty_joined_at": "2024-05-25"}),
    ("transactions", {"transaction_id": "renamed"}),
    ("transactions", {"customer_id": "taker"}),
    ("transactions", {"transacted_at": "2024-05-20 13:00"}),
    ("transactions", {"transacted_at": "2024-04-20 12:00"}),
    ("transactions", {"amount": "50"}),
    ("transactions", {"channel": "post"}),
    ("transactions", {"channel": "ecommerce"}),
    ("transactions", {"branch_id": "b2"}),
    ("transactions", {"campaign_id": "own"}),
    ("transactions", {"refunded_transaction_id": "unknown"}),
    ("transactions", {"status": "cancelled"}),
    ("campaigns", {"channel": "sms"}),
    ("campaigns", {"starts_on": "2024-05-19"}),
    ("campaign_contacts", {"contact_id": "renamed"}),
    ("campaign_contacts", {"campaign_id": "other"}),
    ("campaign_contacts", {"customer_id": "taker"}),
    ("campaign_contacts", {"contacted_at": "2024-05-18 05:00"}),
    ("campaign_contacts", {"is_control": "true"}),
    ("campaign_contacts", {"opened_at": "2024-05-19 17:00"}),
    ("campaign_contacts", {"clicked_at": "2024-05-19 18:00"}),
    ("campaign_contacts", {"unsubscribed_at": "2024-05-19 19:00"}),
    ("interactions", {"interaction_id": "renamed"}),
    ("interactions", {"customer_id": "taker"}),
    ("interactions", {"occurred_at": "2024-04-20 09:00"}),
    ("interactions", {"interaction_type": "demo"}),
    ("leads", {"lead_id": "renamed"}),
    ("leads", {"customer_id": "taker"}),
    ("leads", {"created_at": "2024-04-20 10:00"}),
)


def raw_by_hand(is_changed: bool) -> dict[str, pd.DataFrame]:
    """Many customers who are alike, and a few more, before and after a load."""
    # enough of them without a change that the rest is kept
    names = [f"c{number:03}" for number in range(4 * len(CHANGES))]
    rows = {
        table: {name: dict.fromkeys(keys.split(), name) | values for name in [*names, "gone"]}
        for table, (keys, values) in TABLES.items()
    }
    sales = rows["transactions"]
    # D moves by a week with the latest sale, and this customer's recency falls with it
    sales["latest"] = sales[names[0]] | {"transaction_id": "latest", "customer_id": "latest"}
    sales["latest"]["transacted_at"] = "2024-06-08" if is_changed else "2024-06-01"
    sales["seldom"] = sales["latest"] | {"transaction_id": "seldom", "customer_id": "seldom"}
    sales["seldom"]["transacted_at"] = "2024-05-05"
    # anonymous sales go by their day
    for day, amount in (("2024-05-10", "70" if is_changed else "60"), ("2024-05-11", "60")):
        sales[day] = sales["latest"] | {"transaction_id": day, "customer_id": None}
        sales[day] |= {"transacted_at": day, "amount": amount}
    raw = {
        "customer_merges": pd.DataFrame(columns=["duplicate_customer_id", "customer_id"]),
        "erasure_requests": pd.DataFrame(columns=["customer_id"]),
    }
    if is_changed:
        for name, (table, values) in zip(names, CHANGES, strict=False):
            rows[table][name] |= values
        one, two, three, four = names[-4:]
        sales["late"] = sales[one] | {"transaction_id": "late", "transacted_at": "2024-05-19"}
        raw["customer_merges"].loc[0] = [two, three]
        raw["erasure_requests"].loc[0] = [four]
        for of_table in rows.values():
            del of_table["gone"]
        del sales["2024-05-11"]
    return raw | {table: by_hand.frame(*of_table.values()) for table, of_table in rows.items()}


def test_each_change_alone_reaches_all_that_is_kept(worker_runs, tmp_path):
    """Random loads change much at once, and one change hides that another goes unnoticed."""
    worker_runs.forget()
    members = {"vip_definition": "loyalty_member"}
    before, after = ({"raw": tmp_path / name, "variables": members} for name in "ab")
    for is_changed, load in enumerate((before, after)):
        random_raw.write_raw(raw_by_hand(bool(is_changed)), load["raw"])
    selected = ("--select", "+config.incremental_strategy:replace_touched")

    def count_rows(relations: list[str]) -> dict[str, int]:
        return {r: worker_runs.query(f"select count(*) from {r}")[0][0] for r in relations}

    def lose_rows(relations: list[str]) -> None:
        with duckdb.connect(str(worker_runs.database)) as connection:
            for relation in relations:
                connection.execute(f"delete from {relation}")

    worker_runs(*BUILD, *selected, **before)
    # A model that was made of contacts before the load has not read what the load changed of them.
    checksums = ("int_sales_checksums", "int_engagement_checksums")
    part = ("path:models/staging", *checksums, "int_customer_best_hours")
    worker_runs("--quiet", "run", "--select", *part, **after)
    worker_runs(*BUILD, *selected, **after)
    for name in checksums:
        assert 0 < share_of_changed(worker_runs.query, name) < 1 / 3, name
    increments = contents(worker_runs)
    worker_runs(*BUILD, *selected, "--full-refresh", **after)
    found = snapshot_differences(increments, contents(worker_runs))
    assert not found, "\n".join(found)

    # Another scale makes anew what scores stand in, and nothing else: what is lost there stays so.
    kept = kept_by_customer(worker_runs, members)
    whole = count_rows(kept)
    assert all(whole.values()), whole
    scored = ["marts.fct_customer_rfm_history", "intermediate.int_campaign_customers"]
    others = ["marts.fct_transactions", "intermediate.int_customer_best_hours"]
    lose_rows(scored + others)
    with duckdb.connect(str(worker_runs.database)) as connection:
        connection.execute("update seeds.rfm_scale set upper_bound = 100 where upper_bound = 90")
    worker_runs("--quiet", "run", *selected, **after)
    assert count_rows(kept) == whole | dict.fromkeys(others, 0)

    # A variable that changes no raw row, no sale and no day makes everything anew.
    lose_rows(kept)
    worker_runs("--quiet", "run", *selected, **after | {"variables": members | VARIABLES[0]})
    assert count_rows(kept) == whole
