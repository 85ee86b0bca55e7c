"""Every engine gives the same marts, row for row.

Two load days of the sample, and of random raw data whose every edge occurs often. Doubles, which
only models of chance give, may differ in their last digits; everything else is equal, its type too.
"""

import csv
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import compare
import duckdb
import pandas as pd
import pytest
import random_raw
from dbt_runs import PROJECT, DbtRuns
from engine import Engine
from test_same_data_same_marts import canonical_texts, write_typed

WITH_CHECKS = ["--quiet", "--no-write-json", "build"]
BUILD = [*WITH_CHECKS, "--exclude-resource-type", "test"]
BUILD += ["--exclude-resource-type", "unit_test"]
SHOWN = 5
SEED = 21
VARIABLES = {
    "rfm_method": "quantile",
    "vip_definition": "loyalty_member",
    "reporting_timezone": "America/St_Johns",
    "ecommerce_channels": ["ecommerce", "app"],
}


# -- raw data --------------------------------------------------------------------------------------
def read_sample() -> dict[str, pd.DataFrame]:
    """The committed sample, as text."""
    tables = {}
    for file in sorted((PROJECT / "data/sample").glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as lines:
            header, *rows = csv.reader(lines)
        values = [[value or None for value in row] for row in rows]
        tables[file.stem] = pd.DataFrame(values, columns=header, dtype=object)
    return tables


def moments(values) -> list[datetime]:
    """Those of some texts that are timestamps without an offset."""
    found = []
    for value in values:
        try:
            found.append(datetime.fromisoformat(value))
        except (TypeError, ValueError):
            continue
    return [value for value in found if value.tzinfo is None and value.year < 9000]


def next_day(raw: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """What the folder holds a day later: sales, late ones, corrections, merges and an erasure.

    Of few enough customers that what is kept of the others stays.
    """
    later = {table: frame.copy() for table, frame in raw.items()}
    sales = later["transactions"]
    newest = max(moments(sales["transacted_at"]))
    loaded = (newest + timedelta(days=2)).isoformat(sep=" ", timespec="seconds")

    def changed(rows: pd.DataFrame, **values) -> pd.DataFrame:
        copy = rows.copy()
        for name, value in {"loaded_at": loaded, **values}.items():
            if name in copy:
                copy[name] = value
        return copy

    new = changed(sales.iloc[::61], transacted_at=(newest + timedelta(days=1)).isoformat())
    new["transaction_id"] = [f"new-{number}" for number in range(len(new))]
    late = changed(sales.iloc[3::127])
    late["transaction_id"] = [f"late-{number}" for number in range(len(late))]
    corrected = changed(sales.iloc[1::83], amount="77.77")
    cancelled = changed(sales.iloc[2::151], status="cancelled")
    broken = changed(sales.iloc[4::197], amount="none")
    later["transactions"] = pd.concat([sales, new, late, corrected, cancelled, broken])
    # a correction came and went: the folder holds what the source says today
    later["transaction_lines"] = later["transaction_lines"].iloc[5:]
    customers = list(dict.fromkeys(value for value in sales["customer_id"] if value))
    for table, values in {
        "customer_merges": {"duplicate_customer_id": customers[3], "customer_id": customers[7]},
        "erasure_requests": {"customer_id": customers[11], "requested_at": loaded},
    }.items():
        row = pd.DataFrame([{**values, "loaded_at": loaded}], dtype=object)
        later[table] = pd.concat([later[table], row[[n for n in row if n in later[table]]]])
    return {
        table: frame.astype(object).where(frame.notna(), None).reset_index(drop=True)
        for table, frame in later.items()
    }


def both(one: dict[str, pd.DataFrame], other: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The rows of two raw folders in one; a column that one of them lacks is empty there."""
    tables = {}
    for table in one | other:
        frame = pd.concat([raw[table] for raw in (one, other) if table in raw], ignore_index=True)
        tables[table] = frame.astype(object).where(frame.notna(), None)
    return tables


# -- comparison ------------------------------------------------------------------------------------
def order(row: tuple) -> tuple:
    """What puts rows in order; of doubles only the first digits, and after everything else."""
    doubles = [f"{value:.6g}" for value in row if isinstance(value, float)]
    return tuple(str(value) for value in row if not isinstance(value, float)), tuple(doubles)


def read_marts(
    fetch: Callable[[str], list[tuple]], schemas: tuple[str, ...] = ("marts", "pii")
) -> dict[str, tuple]:
    """Columns and rows in order of every mart, but for that of runs."""
    columns = fetch(
        "select cast(table_schema as varchar), cast(table_name as varchar),"
        " cast(column_name as varchar) from information_schema.columns"
        f" where table_schema in {schemas} order by 1, 2, ordinal_position"
    )
    names: dict[str, list[str]] = {}
    for schema, table, column in columns:
        if table in compare.OF_RUNS:
            continue
        names.setdefault(f"{schema}.{table}", []).append(column)
    return {
        mart: (found, sorted(fetch(f"select {', '.join(found)} from {mart}"), key=order))
        for mart, found in names.items()
    }


def differences(one: dict[str, tuple], other: dict[str, tuple], leave_out=()) -> list[str]:
    """Say where the marts of two engines differ."""
    messages = [f"{mart}: on one engine only" for mart in sorted(one.keys() ^ other.keys())]
    for mart in sorted(one.keys() & other.keys()):
        (columns, rows), (other_columns, other_rows) = one[mart], other[mart]
        if columns != other_columns:
            messages.append(f"{mart}: columns {columns} and {other_columns}")
            continue
        if len(rows) != len(other_rows):
            messages.append(f"{mart}: {len(rows)} rows and {len(other_rows)}")
        found = [
            f"{mart}: {column} is {value!r} and {second!r} in"
            f" {dict(zip(columns, row, strict=True))}"
            for row, other_row in zip(rows, other_rows, strict=False)
            for column, value, second in zip(columns, row, other_row, strict=True)
            if f"{mart}.{column}" not in leave_out and not compare.same(value, second)
        ]
        messages += found[:SHOWN] + ([f"{mart}: {len(found)} cells"] if found else [])
    return messages


# -- tests -----------------------------------------------------------------------------------------
@pytest.fixture(params=["postgres", "spark"])
def other(request) -> Engine:
    """Another engine, without a table."""
    if request.param == "postgres":
        return request.getfixturevalue("database")("parity")
    return request.getfixturevalue("spark")


def build_on_duckdb(duck, other: Engine, raw: Path, variables=None) -> dict[str, tuple]:
    """The marts of a raw folder as DuckDB builds them, without those that another engine lacks."""
    duck(*BUILD, raw=raw, variables=variables)
    with duckdb.connect(str(duck.database), read_only=True) as connection:
        marts = read_marts(lambda sql: connection.execute(sql).fetchall())
    if other.target == "spark":
        # in tables of Parquet Spark keeps no history
        del marts["marts.dim_customers_history"]
    return marts


def build_both(duck, other: Engine, raw: Path, variables=None, command=BUILD) -> tuple[dict, dict]:
    """The marts of a raw folder on DuckDB and, built by a command, on another engine."""
    ours = build_on_duckdb(duck, other, raw, variables)
    loaded = other.load(raw)
    assert loaded.exit_code == 0, loaded.output
    other.dbt(*command, variables=variables)
    return ours, read_marts(other.read)


@pytest.mark.parametrize("name", ["sample", "random"])
def test_two_load_days_give_the_same_marts(name, duck, other, tmp_path):
    assert_two_load_days_give_the_same_marts(name, duck, other, tmp_path)


def assert_two_load_days_give_the_same_marts(
    name: str, duck: DbtRuns, other: Engine, tmp_path: Path
) -> None:
    """Build a set of raw data, then what it holds a day later, on two engines, and compare."""
    duck.forget()
    sample, random = read_sample(), random_raw.make_raw(SEED)
    first = {"sample": sample, "random": random, "both": both(sample, random)}[name]
    second = next_day(first)
    random_raw.write_raw(first, tmp_path / "day_1")
    random_raw.write_raw(second, tmp_path / "day_2", "parquet", shuffle_seed=1, parts=2)
    seen = []
    for day, variables in (("day_1", None), ("day_2", None), ("day_2", VARIABLES)):
        if variables and name != "random":
            continue
        # every unit test and data test holds there too
        command = WITH_CHECKS if (name, day) == ("sample", "day_1") else BUILD
        ours, theirs = build_both(duck, other, tmp_path / day, variables, command)
        messages = differences(ours, theirs)
        assert not messages, "\n".join([f"{name}, {day}, {variables}:", *messages])
        if (other.target, name, day) == ("postgres", "sample", "day_2"):
            share = compare.share_of_changed(other.read, "int_sales_checksums")
            assert 0 < share < 1 / 3, "nothing is kept"
        seen.append({mart: len(rows) for mart, (_, rows) in theirs.items()})
    # nothing is compared with nothing
    assert seen[0] != seen[1]
    assert sum(seen[1].values()) > sum(seen[0].values()) > 1000
    assert not [mart for mart, count in seen[1].items() if not count and name == "sample"]
    shutil.rmtree(tmp_path / "day_2")


def test_typed_parquet_gives_the_same_marts(duck, database, tmp_path):
    duck.forget()
    # what types become is the work of the load command, on Spark as here
    postgres = database("parity_typed")
    tables = canonical_texts(random_raw.make_raw(SEED + 10))
    used = write_typed(tables, tmp_path / "typed")
    assert {"timestamp", "timestamptz", "timestamp_ns", "double", "date", "boolean"} <= used
    ours, theirs = build_both(duck, postgres, tmp_path / "typed")
    # hash and JSON of a rejected row hold the text that its type was loaded as
    texts = {"marts.rejected_records.record_hash", "pii.rejected_records.record_hash"}
    messages = differences(ours, theirs, texts | {"pii.rejected_records.raw_record"})
    assert not messages, "\n".join(messages)
    assert ours["marts.fct_transactions"][1] and ours["marts.rejected_records"][1]


def test_a_difference_of_a_cent_or_a_type_is_told():
    columns, row = ["customer_id", "sales_amount"], ("c1", "10.00")
    one = {"marts.dim": (columns, [row])}
    assert not differences(one, {"marts.dim": (columns, [row])})
    for other in (("c1", "10.01"), ("c1", 10), ("c2", "10.00"), ("c1", None)):
        assert differences(one, {"marts.dim": (columns, [other])})
    assert differences(one, {"marts.dim": (columns, [row, row])})
    assert differences(one, {})
    doubles = {"marts.dim": (columns, [("c1", 0.1 + 0.2)])}
    assert not differences(doubles, {"marts.dim": (columns, [("c1", 0.3)])})
    assert differences(doubles, {"marts.dim": (columns, [("c1", 0.3001)])})
