"""What was true of a customer on earlier days, kept from build to build.

Days are days of D, which is the day of the latest sale here; attributes are told by a city. Every
build runs the data tests of the history too.
"""

import random
from datetime import date

import duckdb
import pytest
import random_raw
from by_hand import frame as rows_of
from by_hand import sale, table
from dbt_runs import DbtRuns

BUILD = ["build", "--select", "+dim_customers_history", "--exclude-resource-type", "unit_test"]
# of all tests those of the history
BUILD += ["--indirect-selection", "cautious", "--exclude", "path:tests"]
BUILD += ["path:models,resource_type:test", "path:seeds,resource_type:test"]
HISTORY = "marts.dim_customers_history"
SPANS = f"select customer_id, city, day(valid_from_date), day(valid_to_date) from {HISTORY}"
# words of DuckDB for the types that the YAML file names
TYPES = {"string": "VARCHAR", "boolean": "BOOLEAN", "timestamp": "TIMESTAMP", "date": "DATE"}


@pytest.fixture
def build(dbt, tmp_path):
    """Build as of a day of June, with customers and their cities; gives what dbt said."""

    def run(day: int | None, cities: dict[str, str | None], *options: str, merges=(), erased=()):
        sales = [sale("first", None, "2024-06-01", "5"), sale("last", None, f"2024-06-{day}", "5")]
        raw = {
            "transactions": rows_of(*(sales if day else [sale("none", None, "2024-06-01", "0")])),
            "customers": table("customer_id city", *cities.items()),
            "customer_merges": table("duplicate_customer_id customer_id", *merges),
            "erasure_requests": table("customer_id", *((name,) for name in erased)),
        }
        folder = tmp_path / f"build_{len(list(tmp_path.iterdir()))}"
        random_raw.write_raw({name: rows for name, rows in raw.items() if len(rows)}, folder)
        return dbt(*BUILD, *options, raw=folder).output

    return run


def spans(dbt: DbtRuns) -> list[tuple]:
    """Customer, city, day of June from which, and day before which it was so."""
    return dbt.query(f"{SPANS} order by customer_id, valid_from_date")


def everything(dbt: DbtRuns) -> list[tuple]:
    """All columns of the history."""
    return dbt.query(f"from {HISTORY} order by all")


def test_each_change_begins_a_span(dbt, build):
    build(10, {"moves": "Bonn", "stays": "Kiel", "goes": "Ulm"})
    build(12, {"moves": "Bonn", "stays": "Kiel", "goes": "Ulm"})
    build(14, {"moves": None, "stays": "Kiel", "comes": "Jena"})
    expected = [
        ("comes", "Jena", 14, None),
        ("goes", "Ulm", 10, 14),
        ("moves", "Bonn", 10, 14),
        ("moves", None, 14, None),
        ("stays", "Kiel", 10, None),
    ]
    assert spans(dbt) == expected
    # built again, and in full, it is the same to the last column
    before = everything(dbt)
    build(14, {"moves": None, "stays": "Kiel", "comes": "Jena"})
    assert everything(dbt) == before
    build(14, {"moves": None, "stays": "Kiel", "comes": "Jena"}, "--full-refresh")
    assert everything(dbt) == before
    # who comes back begins again
    build(20, {"moves": "Bonn", "stays": "Kiel", "comes": "Jena", "goes": "Ulm"})
    assert spans(dbt) == sorted(
        [*expected[:3], ("goes", "Ulm", 20, None), ("moves", None, 14, 20),
         ("moves", "Bonn", 20, None), expected[4]],
        key=lambda span: (span[0], span[2]),
    )  # fmt: skip


def test_the_last_build_of_a_day_stands(dbt, build):
    build(10, {"a": "Bonn", "b": "Kiel"})
    build(12, {"a": "Ulm", "c": "Jena"})
    build(12, {"a": "Gera", "b": "Kiel"})
    assert spans(dbt) == [("a", "Bonn", 10, 12), ("a", "Gera", 12, None), ("b", "Kiel", 10, None)]
    # what was never so at the end of a day leaves no trace, on the first day neither
    build(12, {"a": "Bonn", "b": "Kiel"})
    assert spans(dbt) == [("a", "Bonn", 10, None), ("b", "Kiel", 10, None)]


def test_an_earlier_day_or_none_changes_nothing(dbt, build):
    build(None, {"a": "Bonn"})
    assert spans(dbt) == []
    build(10, {"a": "Bonn", "b": "Kiel"})
    build(14, {"a": "Bonn", "b": "Kiel"})
    before = everything(dbt)
    for day, words in ((10, "as of 2024-06-10"), (None, "as of no day")):
        said = build(day, {"a": "Ulm", "c": "Jena"}).splitlines()
        told = [line for line in said if "was last kept as of 2024-06-14" in line]
        assert len(told) == 1 and words in told[0], said
        assert everything(dbt) == before
    said = build(14, {"a": "Ulm", "b": "Kiel"})
    assert "was last kept" not in said
    assert spans(dbt) == [("a", "Bonn", 10, 14), ("a", "Ulm", 14, None), ("b", "Kiel", 10, None)]
    # without the note of the day its own days tell
    with duckdb.connect(str(dbt.database)) as connection:
        connection.execute("drop table staging.batches_read")
    before = everything(dbt)
    assert "was last kept as of 2024-06-14" in build(12, {"c": "Jena"})
    assert everything(dbt) == before


def test_a_merged_customer_ends_and_the_survivor_goes_on(dbt, build):
    people = {"one": "Bonn", "two": "Kiel"}
    build(10, people)
    build(12, people, merges=[("two", "one")])
    assert spans(dbt) == [("one", "Bonn", 10, None), ("two", "Kiel", 10, 12)]
    build(14, people)
    assert spans(dbt)[1:] == [("two", "Kiel", 10, 12), ("two", "Kiel", 14, None)]


def test_erased_customers_leave_in_the_same_build(dbt, build):
    people = {"secret-one": "Secretville", "secret-two": "Secretshire", "stays": "Kiel"}
    build(10, people)
    build(12, people | {"secret-one": "Secretland"}, merges=[("secret-two", "secret-one")])
    assert len(spans(dbt)) == 4
    # as of an earlier day too, and whoever they were merged with
    build(11, people, merges=[("secret-two", "secret-one")], erased=["secret-two"])
    assert spans(dbt) == [("stays", "Kiel", 10, None)]
    build(14, people, merges=[("secret-two", "secret-one")], erased=["secret-two"])
    assert spans(dbt) == [("stays", "Kiel", 10, None)]
    for schema, name in dbt.query(
        "select table_schema, table_name from information_schema.tables"
        " where table_schema not in ('raw', 'staging')"
    ):
        assert "secret" not in str(dbt.query(f"from {schema}.{name}")).lower(), name


def spans_of(builds: list[tuple[int, dict]]) -> list[tuple]:
    """What a list of builds leaves: of each day the last, and no day before one that was kept."""
    kept: dict[int, dict] = {}
    for day, cities in builds:
        if day >= max(kept, default=day):
            kept[day] = cities
    found = []
    for name in sorted({name for cities in kept.values() for name in cities}):
        opened = None
        for day in sorted(kept):
            city = kept[day].get(name, "gone")
            if opened and city != opened[1]:
                found.append((*opened, day))
                opened = None
            if not opened and city != "gone":
                opened = (name, city, day)
        if opened:
            found.append((*opened, None))
    return found


def test_any_sequence_of_builds(dbt, build):
    draw = random.Random(4)
    builds = []
    for _ in range(8):
        day = max([10, *(day for day, _ in builds)]) + draw.choice([-1, 0, 1, 2])
        names = draw.sample("abcdef", draw.randint(3, 6))
        builds.append((day, {name: draw.choice(["Bonn", "Kiel", None]) for name in names}))
        build(*builds[-1])
        assert spans(dbt) == spans_of(builds), builds
    assert len({day for day, _ in builds}) > 3 and len(spans_of(builds)) > 10


def test_columns_are_those_described(dbt, build):
    build(10, {"a": "Bonn"})
    node = dbt.manifest()["nodes"]["snapshot.clientele.dim_customers_history"]
    described = {c["name"]: TYPES[c["data_type"]] for c in node["columns"].values()}
    assert all(len(c["description"]) > 9 for c in node["columns"].values())
    built = dbt.query(f"select column_name, column_type from (describe {HISTORY})")
    assert dict(built) == described
    assert dbt.query(f"select recorded_as_of_date from {HISTORY}") == [(date(2024, 6, 10),)]
