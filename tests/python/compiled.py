"""The fast path: compiles the project once, then runs its SQL on any raw data within a second.

What dbt does between compiled SQL and a finished table is little: schema and name from the
manifest, and the contract's types where one is enforced. That is done here in memory. Two things
differ: raw tables are filled from frames of text instead of files, and views are kept as tables,
because a view is planned anew in whatever reads it, and ``data_quality`` reads them all. Tests on
real builds cover both.
"""

import csv
import graphlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import yaml
from dbt_runs import SALT, DbtRuns

# Stands for D while the project is compiled and gives way to the real day when the SQL is run, so
# that one compilation serves every day.
ANY_DAY = "1601-02-03"


def read_nodes(manifest: dict, folder: Path) -> list[dict]:
    """Seeds and models in an order in which they can be built."""
    nodes = {
        name: node
        for name, node in manifest["nodes"].items()
        if node["resource_type"] in ("seed", "model")
    }
    parents = {
        name: {parent for parent in node["depends_on"].get("nodes", []) if parent in nodes}
        for name, node in nodes.items()
    }
    read = []
    for name in graphlib.TopologicalSorter(parents).static_order():
        node = nodes[name]
        columns = {column["name"]: column["data_type"] for column in node["columns"].values()}
        is_seed = node["resource_type"] == "seed"
        read.append(
            {
                "is_seed": is_seed,
                "schema": node["schema"],
                "relation": node["relation_name"],
                "path": node["original_file_path"],
                "sql": None if is_seed else (folder / node["original_file_path"]).read_text(),
                "contract": columns if node["config"]["contract"]["enforced"] else {},
                "seed_types": node["config"].get("column_types") or {},
            }
        )
    return read


class CompiledProject:
    """The project's compiled SQL for one set of variables."""

    def __init__(self, runs: DbtRuns, variables: Mapping | None = None) -> None:
        """Compile the project."""
        self.variables = dict(variables or {})
        if self.variables.get("as_of_date"):
            self.variables["as_of_date"] = ANY_DAY
        self.project = runs.project
        # in full: a model that is kept is compiled otherwise where it is there already
        whole = ("--full-refresh", "--select", "path:models")
        runs("--quiet", "compile", *whole, variables=self.variables)
        compiled = runs.target(self.variables) / "compiled" / "clientele"
        self.nodes = read_nodes(runs.manifest(self.variables), compiled)
        self.database = runs.database.stem
        sources = yaml.safe_load(
            (self.project / "models/staging/crm/_crm__sources.yml").read_text("utf-8")
        )
        self.raw_columns = {
            table["name"]: [column["name"] for column in table["columns"]]
            for source in sources["sources"]
            for table in source["tables"]
        }

    @contextmanager
    def run(
        self, raw: Mapping[str, pd.DataFrame], as_of_date: date | str | None = None
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """Build everything from raw frames of text; gives a connection to the result."""
        with duckdb.connect() as connection:
            # a session's time zone must not matter
            connection.execute("set TimeZone = 'Asia/Kathmandu'; set threads = 1")
            connection.execute(f"attach ':memory:' as {self.database}; use {self.database}")
            for schema in sorted({node["schema"] for node in self.nodes} | {"raw"}):
                connection.execute(f"create schema {schema}")
            connection.execute(f"create table staging.erasure_salt as select '{SALT}' as salt")
            # nothing is kept from an earlier build, and there was no run
            connection.execute(
                "create table staging.changes_read (table_name varchar, change_number bigint)"
            )
            columns = self.columns_of("run_history")
            connection.execute(f"create table staging.runs ({columns})")
            for table, columns in self.raw_columns.items():
                load_raw_table(connection, table, columns, raw.get(table))
            for node in self.nodes:
                self.build(connection, node, as_of_date)
            yield connection

    def columns_of(self, model: str) -> str:
        """Columns and types of a model's contract."""
        node = next(node for node in self.nodes if Path(node["path"]).stem == model)
        return ", ".join(f'"{name}" {kind}' for name, kind in node["contract"].items())

    def build(self, connection, node: dict, as_of_date: date | str | None) -> None:
        """Create the table of one seed or model."""
        relation, sql = node["relation"], node["sql"]
        if node["is_seed"]:
            load_seed(connection, relation, self.project / node["path"], node["seed_types"])
            return
        if ANY_DAY in sql:
            assert as_of_date is not None, "as_of_date is set, so every run has to name a day"
            sql = sql.replace(ANY_DAY, str(as_of_date))
        if not node["contract"]:
            connection.execute(f"create table {relation} as {sql}")
            return
        columns = self.columns_of(Path(node["path"]).stem)
        connection.execute(f"create table {relation} ({columns})")
        connection.execute(f"insert into {relation} by name {sql}")


def load_raw_table(connection, table: str, columns: list[str], frame: pd.DataFrame | None) -> None:
    """Make a raw table of text; what is absent is NULL, and so is empty text, as in a CSV file."""
    count = 0 if frame is None else len(frame)
    lists = [
        [value if isinstance(value, str) and value else None for value in frame[name]]
        if count and name in frame
        else [None] * count
        for name in columns
    ]
    fields = ", ".join(f'unnest(?::varchar[]) as "{name}"' for name in columns)
    connection.execute(f"create table raw.{table} as select {fields}", lists)


def load_seed(connection, relation: str, path: Path, types: dict[str, str]) -> None:
    """Make the table of a seed from its CSV file; types that are not configured are sniffed."""
    with path.open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    given = ", ".join(f"'{name}': '{types[name]}'" for name in header if name in types)
    options = f", types = {{{given}}}" if given else ""
    target = str(path).replace("'", "''")
    connection.execute(
        f"create table {relation} as from"
        f" read_csv('{target}', header = true, delim = ',', quote = '\"'{options})"
    )
