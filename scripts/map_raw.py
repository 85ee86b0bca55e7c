"""Map a user's own files to the raw contract, write the raw folder and build the marts from it.

    python scripts/map_raw.py examples/online_retail --source online_retail.parquet

The folder holds a `mapping.sql` in DuckDB's SQL. It reads each file of the source as a table
`source.<file name>` and creates one view per raw table, named and with columns named as in the raw
contract; a temp view is a step on the way. A `vars.yml` beside it holds the project's variables
that this data needs. examples/README.md tells more.
"""

import argparse
import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import yaml
from rich.console import Console
from rich.progress import track
from rich.table import Table

PROJECT = Path(__file__).resolve().parent.parent
CONTRACT = PROJECT / "models/staging/crm/_crm__sources.yml"


class MappingError(Exception):
    """What is wrong, in one sentence for the user."""


def read_contract() -> dict[str, dict[str, bool]]:
    """Per raw table its columns in order, and whether each is required."""
    tables = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))["sources"][0]["tables"]
    return {
        table["name"]: {
            column["name"]: bool(column.get("config", {}).get("meta", {}).get("required"))
            for column in table["columns"]
        }
        for table in tables
    }


def name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def literal(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def in_one_line(error: duckdb.Error) -> str:
    """DuckDB's message with the file it is about, without its advice and its excerpt of the SQL."""
    message = re.split(r"\n\n|\nPossible", str(error))[0]
    file = re.search(r"^ +file = (.+)$", str(error), re.MULTILINE)
    return " ".join(message.split()) + (f" in {file[1]}" if file else "")


def reader(file: Path) -> str:
    """The table function that reads a file of the source; ValueError where it cannot."""
    if file.suffix.lower() == ".parquet":
        return f"read_parquet({literal(file)})"
    # Every value stays text, so that the mapping says what it is. Nothing is guessed: a row with
    # another number of fields than the header is an error with its line.
    with file.open(encoding="utf-8-sig", newline="") as lines:
        header = next(csv.reader(lines), None)
    if not header:
        raise ValueError("it is empty")
    columns = ", ".join(f"{name(column)}: 'varchar'" for column in header)
    return (
        f"read_csv({literal(file)}, header = true, auto_detect = false, delim = ',',"
        f" quote = '\"', escape = '\"', columns = {{{columns}}})"
    )


def open_source(connection: duckdb.DuckDBPyConnection, source: Path) -> None:
    """Make each file of the source a view `source.<file name>`."""
    if not source.exists():
        raise MappingError(f"The source {source} does not exist.")
    files: dict[str, Path] = {}
    for file in sorted(source.iterdir()) if source.is_dir() else [source]:
        if file.suffix.lower() in (".parquet", ".csv"):
            if other := files.get(file.stem.lower()):
                raise MappingError(f"{other} and {file} would both be source.{file.stem}.")
            files[file.stem.lower()] = file
    if not files:
        raise MappingError(f"The source {source} holds no .parquet or .csv file.")
    connection.execute("create schema source")
    for file in files.values():
        try:
            connection.execute(f"create view source.{name(file.stem)} as from {reader(file)}")
        except duckdb.Error as error:
            raise MappingError(f"{file} cannot be read: {in_one_line(error)}") from error
        except ValueError as error:  # an encoding that is not UTF-8 is one too
            raise MappingError(f"{file} cannot be read: {error}") from error


def run_mapping(connection: duckdb.DuckDBPyConnection, mapping: Path) -> dict[str, list[str]]:
    """Run the mapping and return, per raw table it makes, the columns in the contract's order."""
    if not mapping.exists():
        raise MappingError(f"There is no {mapping}.")
    try:
        connection.execute(mapping.read_text(encoding="utf-8"))
    except duckdb.Error as error:
        files = connection.execute(
            "select string_agg(table_name, ', ' order by table_name)"
            " from information_schema.tables where table_schema = 'source'"
        ).fetchone()[0]
        raise MappingError(
            f"{mapping} does not run on this source, which holds {files}: {in_one_line(error)}"
        ) from error
    # A temp view lives in another catalog than the views that are raw tables.
    columns_by_table: dict[str, list[str]] = {}
    for table, column in connection.execute(
        "select table_name, column_name from information_schema.columns"
        " where table_catalog = current_database() and table_schema = 'main'"
        " order by table_name, ordinal_position"
    ).fetchall():
        columns_by_table.setdefault(table, []).append(column)

    contract = read_contract()
    if "transactions" not in columns_by_table:
        raise MappingError(f"{mapping} creates no view transactions, the one table required.")
    for table, columns in columns_by_table.items():
        if table not in contract:
            raise MappingError(
                f"{mapping} creates {table}, which is no raw table ({', '.join(contract)}):"
                " make a step on the way a temp view."
            )
        if unknown := [column for column in columns if column not in contract[table]]:
            raise MappingError(
                f"{mapping} gives {table} the column {unknown[0]}, which the raw contract"
                f" does not have ({', '.join(contract[table])})."
            )
        for column, required in contract[table].items():
            if required and column not in columns:
                raise MappingError(f"{mapping} leaves out {table}.{column}, which is required.")
    return {
        table: [column for column in contract[table] if column in columns_by_table[table]]
        for table in contract
        if table in columns_by_table
    }


def check_raw_folder(raw: Path, source: Path, tables: dict[str, list[str]]) -> None:
    """Never write over the source, nor beside raw files that would be built along."""
    if raw.resolve() == (source if source.is_dir() else source.parent).resolve():
        raise MappingError(f"{raw} is the source: name another folder with --raw.")
    contract = read_contract()
    written = {f"{table}.parquet" for table in tables}
    for entry in sorted(raw.iterdir()) if raw.is_dir() else []:
        if entry.stem in contract and entry.name not in written:
            raise MappingError(
                f"{entry} is not from this mapping but would be built with it:"
                " remove it or name another folder with --raw."
            )


def write_raw_folder(
    connection: duckdb.DuckDBPyConnection, tables: dict[str, list[str]], raw: Path, console: Console
) -> None:
    """Write one Parquet file a table, rows in the order of their columns; all of them or none."""
    raw.mkdir(parents=True, exist_ok=True)
    summary = Table("raw table", "rows", "columns")
    summary.columns[1].justify = "right"
    with tempfile.TemporaryDirectory(dir=raw, prefix=".writing-") as unfinished:
        for table in track(tables, "writing the raw folder", console=console, transient=True):
            columns = tables[table]
            file = Path(unfinished, f"{table}.parquet")
            selected = ", ".join(name(column) for column in columns)
            try:
                rows = connection.execute(
                    f"copy (select {selected} from main.{table} order by all)"
                    f" to {literal(file)} (format parquet, compression zstd)"
                ).fetchone()[0]
            except duckdb.Error as error:
                raise MappingError(f"{table} cannot be written: {in_one_line(error)}") from error
            summary.add_row(table, f"{rows:,}", ", ".join(columns))
        for table in tables:
            os.replace(Path(unfinished, f"{table}.parquet"), raw / f"{table}.parquet")
    console.print(summary)
    console.print(f"written to {raw}", soft_wrap=True)


def map_raw(folder: Path, source: Path, raw: Path, console: Console) -> None:
    with duckdb.connect() as connection:
        # A timestamp with a zone is written as that moment, whatever zone this machine is in.
        connection.execute("set TimeZone = 'UTC'")
        open_source(connection, source)
        tables = run_mapping(connection, folder / "mapping.sql")
        check_raw_folder(raw, source, tables)
        write_raw_folder(connection, tables, raw, console)


def read_variables(file: Path) -> list[str]:
    """What the build is told of the folder's variables: nothing where there is no such file."""
    if not file.exists():
        return []
    try:
        variables = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise MappingError(f"{file} is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(variables, dict):
        raise MappingError(f"{file} holds no variables: it takes lines such as churn_days: 60.")
    # a date that YAML reads as one is written back as text
    return ["--vars", json.dumps(variables, default=str)]


def build(raw: Path, database: Path, variables: list[str]) -> int:
    """Build the marts from the raw folder and show what came out; returns the exit code."""
    dbt = shutil.which("dbt", path=str(Path(sys.executable).parent))
    if dbt is None:
        raise MappingError(
            f"There is no dbt beside {sys.executable}: run this in the project's .venv."
        )
    database.parent.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"CRM_RAW_PATH": str(raw), "CRM_DATABASE": str(database)}
    built = subprocess.run(
        [dbt, "build", "--exclude-resource-type", "unit_test", *variables],
        cwd=PROJECT,
        env=environment,
        check=False,
    )
    show_results = PROJECT / "scripts/show_results.py"
    if built.returncode or not show_results.exists():
        return built.returncode
    command = [sys.executable, str(show_results), "--database", str(database)]
    return subprocess.run(command, cwd=PROJECT, check=False).returncode


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder with a mapping.sql")
    parser.add_argument("--source", type=Path, required=True, help="file or folder to map")
    parser.add_argument("--raw", type=Path, help="default: build/<folder>/raw")
    parser.add_argument("--database", type=Path, help="default: build/<folder>/clientele.duckdb")
    parser.add_argument("--no-build", action="store_true", help="stop after the raw folder")
    options = parser.parse_args(arguments)
    work = PROJECT / "build" / options.folder.resolve().name
    # dbt runs in the project's folder, the user may stand anywhere
    raw = (options.raw or work / "raw").resolve()
    database = (options.database or work / "clientele.duckdb").resolve()
    try:
        variables = read_variables(options.folder / "vars.yml")
        map_raw(options.folder, options.source, raw, Console())
        return 0 if options.no_build else build(raw, database, variables)
    except MappingError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
