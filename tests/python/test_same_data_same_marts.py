"""The same data give the same marts, however they are stored and whatever was built before."""

import compare
import duckdb
import oracle
import pandas as pd
import random_raw

BUILD = [
    "--quiet",
    "build",
    "--exclude-resource-type",
    "test",
    "--exclude-resource-type",
    "unit_test",
]
SEED = 4


def read_marts(dbt, leave_out=()) -> dict[str, tuple]:
    """All marts of the database that dbt has just built."""
    with duckdb.connect(str(dbt.database), read_only=True) as connection:
        return compare.snapshot(connection, leave_out=leave_out)


def test_order_files_formats_and_threads_do_not_matter(dbt, tmp_path):
    raw = random_raw.make_raw(SEED)
    random_raw.write_raw(raw, tmp_path / "one", "csv")
    random_raw.write_raw(raw, tmp_path / "parts", "csv", shuffle_seed=1, parts=3)
    random_raw.write_raw(raw, tmp_path / "parquet", "parquet", shuffle_seed=2, parts=2)

    dbt(*BUILD, "--threads", "1", raw=tmp_path / "one", environment={"TZ": "UTC"})
    first = read_marts(dbt)
    expected = oracle.build_marts(raw)
    with duckdb.connect(str(dbt.database), read_only=True) as connection:
        messages = compare.all_differences(expected, connection)
    assert not messages, "\n".join([f"seed {SEED}, a real build from CSV:", *messages])

    # built again in the same database; the clock of the machine must not matter either
    for folder, threads, zone in (
        ("parts", "4", "Pacific/Apia"),
        ("parquet", "3", "America/St_Johns"),
    ):
        dbt(*BUILD, "--threads", threads, raw=tmp_path / folder, environment={"TZ": zone})
        messages = compare.snapshot_differences(first, read_marts(dbt))
        assert not messages, "\n".join([f"seed {SEED}, {folder}, {threads} threads:", *messages])


def write_typed(tables: dict[str, pd.DataFrame], folder) -> set[str]:
    """Write canonical text as typed Parquet, types changing from column to column."""
    folder.mkdir()
    types_of = {
        "ts": ["timestamp", "timestamptz", "timestamp_ns"],
        "decimal": ["decimal(18, 2)", "double", "decimal(20, 4)"],
        "int": ["bigint", "integer", "smallint"],
        "date": ["date", "timestamp"],
        "bool": ["boolean"],
        "text": ["varchar"],
    }
    used = set()
    for number, (table, frame) in enumerate(tables.items()):
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            fields = ", ".join(f'unnest(?::varchar[]) as "{name}"' for name in frame)
            connection.execute(
                f"create table texts as select {fields}", [list(frame[n]) for n in frame]
            )
            casts = []
            for position, column in enumerate(oracle.CONTRACT[table]):
                kinds = types_of[column.kind]
                choice = kinds[(number + position) % len(kinds)]
                # a key comes out in record_key as it is stored
                if column.name in oracle.KEYS[table] or not survives(
                    connection, column.name, choice
                ):
                    choice = kinds[0]
                used.add(choice)
                casts.append(f"cast({column.name} as {choice}) as {column.name}")
            target = folder / f"{table}.parquet"
            connection.execute(
                f"copy (select {', '.join(casts)} from texts) to '{target}' (format parquet)"
            )
    return used


def survives(connection, column: str, kind: str) -> bool:
    """Whether all values of a column can be stored as a type without loss."""
    plain = "timestamp" if kind.startswith("timestamp") else "decimal(18, 2)"
    (lost,) = connection.execute(
        f"select count(*) from texts where {column} is not null and try_cast(cast(try_cast({column}"
        f" as {kind}) as varchar) as {plain}) is distinct from try_cast({column} as {plain})"
    ).fetchone()
    return lost == 0


def canonical_texts(raw: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Every value as the text that its stored form has; what is not of its type is NULL."""
    tables = {}
    for table, columns in oracle.CONTRACT.items():
        rows = [
            [
                oracle.canonical_text(oracle.PARSERS[column.kind](text)) if text else None
                for column in columns
                for text in [oracle.trim(record.get(column.name))]
            ]
            for record in raw[table].to_dict("records")
        ]
        tables[table] = pd.DataFrame(rows, columns=[c.name for c in columns], dtype=object)
    return tables


def test_typed_parquet_gives_the_marts_of_its_text(dbt, tmp_path):
    tables = canonical_texts(random_raw.make_raw(SEED + 10))
    random_raw.write_raw(tables, tmp_path / "text", "csv")
    used = write_typed(tables, tmp_path / "typed")
    assert {"timestamp", "timestamptz", "timestamp_ns", "double", "date", "boolean"} <= used

    # what hashes and JSON of a raw row hold is its text, which a type writes in its own way
    hashes = ["rejected_records"]
    dbt(*BUILD, raw=tmp_path / "text")
    first = read_marts(dbt, hashes)
    rejected = dbt.query("select table_name, record_key, reason from marts.rejected_records")
    assert rejected and first["marts.fct_transactions"][1]
    dbt(*BUILD, raw=tmp_path / "typed", environment={"TZ": "Asia/Kathmandu"})
    messages = compare.snapshot_differences(first, read_marts(dbt, hashes))
    assert not messages, "\n".join(messages)
    again = dbt.query("select table_name, record_key, reason from marts.rejected_records")
    assert sorted(map(str, again)) == sorted(map(str, rejected))
