"""Time the same models on DuckDB, Spark and PostgreSQL, on the same machine and data.

1. Makes the data (scripts/make_sample_data.py, Parquet), or takes a folder made before (--raw).
2. For each engine, one after another, on an empty database: starts its server (a Spark cluster of
   scripts/spark_cluster.py, set up for much data; scripts/postgres_server.py), loads the raw files
   (scripts/load_raw.py; DuckDB reads them where they are), loads the seeds, and times `dbt run` of
   the path to fct_customer_rfm, fct_segment_split and fct_period_kpis; then the same once more with
   `--full-refresh`, since a server that has just started is slow. Then the server is stopped.
3. Compares the three results with DuckDB's cell by cell: any difference is an error (exit code 1).

Prints seconds, the ratio to DuckDB and peak memory: the resident memory of dbt, the server and
their children, polled. With --write the table goes into docs/benchmarks.md. Servers, databases and
data are deleted at the end.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import duckdb
import postgres_server
import spark_cluster
from benchmark import (
    PROJECT,
    REPORT,
    RESULTS,
    BenchmarkError,
    Run,
    add_arguments,
    compare_tables,
    count_rows,
    dbt,
    environment_of_dbt,
    folder,
    gigabytes,
    lines_of_table,
    machine,
    make_data,
    measured,
    parse,
    paths_to_results,
    write_section,
)
from postgres_server import ServerError
from rich.console import Console
from rich.table import Table

LEAST_SHOWN = 1.0  # seconds on any engine; models below it are left out


@dataclass(frozen=True)
class Started:
    """A server that runs, if the engine has one: how to reach it, and its processes."""

    settings: dict[str, str]
    servers: list[int]


@dataclass
class Measured:
    """What one engine took."""

    engine: "Engine"
    load: Run | None
    first: Run
    again: Run


class Engine:
    """DuckDB, and what the others say differently. Everything of it is in the folder `place`."""

    target = "duckdb"
    name = "DuckDB"
    threads = 2

    def __init__(self, place: Path) -> None:
        """Name the folder, which is made."""
        self.place = folder(place)

    def check(self) -> None:
        """Say what is not installed, before anything is done."""

    def start(self) -> Started:
        """Start the server."""
        return Started({}, [])

    def stop(self) -> None:
        """Stop it."""

    def version(self) -> str:
        """Of the engine and of its adapter."""
        return f"{duckdb.__version__}, dbt-duckdb {version('dbt-duckdb')}"

    def read(self, connection, result: str, types: dict[str, str], started: Started) -> str:
        """SQL of a result's rows for DuckDB; `types` are those that DuckDB has built."""
        file = self.place / "clientele_benchmark.duckdb"
        connection.execute(f"attach if not exists '{file}' as built (read_only)")
        return f"built.marts.{result}"

    def keep(self, kept: Path, started: Started) -> None:
        """Write the results to Parquet files, which outlast the server."""
        with duckdb.connect() as connection:
            for result in RESULTS:
                types = types_of(connection, kept, result)
                rows = self.read(connection, result, types, started)
                connection.execute(f"copy (from {rows}) to '{kept_file(kept, self, result)}'")


class Spark(Engine):
    """A standalone cluster of two executors and a Thrift server."""

    target = "spark"
    name = "Spark"
    threads = 4

    def __init__(self, place: Path, executor_memory: str) -> None:
        """Name the folder, and how much memory each of the two executors has."""
        super().__init__(place)
        self.cluster = self.place / "cluster"
        self.size = replace(spark_cluster.LARGE, executor_memory=executor_memory)

    def check(self) -> None:
        """See spark_cluster.install; the adapter comes with what the other engines need."""
        spark_cluster.install()
        want("pyhive", "dbt-spark")

    def start(self) -> Started:
        """Start the cluster."""
        settings = dict(spark_cluster.start(self.cluster, self.size).settings)
        return Started(settings, list(spark_cluster.processes(self.cluster).values()))

    def stop(self) -> None:
        """Stop it and remove its tables."""
        spark_cluster.stop(self.cluster, remove=True)

    def version(self) -> str:
        """Of the engine and of its adapter."""
        return f"{version('pyspark')}, dbt-spark {version('dbt-spark')}"

    def read(self, connection, result: str, types: dict[str, str], started: Started) -> str:
        """The files of a table: over the server's protocol its types would be lost."""
        files = f"read_parquet('{self.cluster}/warehouse/marts.db/{result}/*.parquet')"
        columns = spark_cluster.columns_of(files, connection)
        return f"(select {', '.join(columns)} from {files})"


class Postgres(Engine):
    """A server with the settings of scripts/postgres_server.py."""

    target = "postgres"
    name = "PostgreSQL"

    def __init__(self, place: Path) -> None:
        """Name the folder; the server runs as another user and has to get to its data."""
        super().__init__(place)
        self.server = self.place / "server"

    def check(self) -> None:
        """See postgres_server.install; the adapter comes with what the other engines need."""
        postgres_server.install()
        want("psycopg2", "dbt-postgres")

    def start(self) -> Started:
        """Start the server."""
        settings = dict(postgres_server.start(self.server).settings)
        pid = (self.server / "data/postmaster.pid").read_text("utf-8").splitlines()[0]
        return Started(settings, [int(pid)])

    def stop(self) -> None:
        """Stop it and remove its data."""
        postgres_server.stop(self.server, remove=True)

    def version(self) -> str:
        """Of the engine and of its adapter."""
        program = postgres_server.install() / "postgres"
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
        return f"{said.stdout.split()[2]}, dbt-postgres {version('dbt-postgres')}"

    def read(self, connection, result: str, types: dict[str, str], started: Started) -> str:
        """A file that the server writes; its types are those of the contract, which dbt holds."""
        import psycopg2

        file = self.place / f"{result}.csv"
        connection = psycopg2.connect(
            host=started.settings["PGHOST"],
            port=started.settings["PGPORT"],
            user=started.settings["PGUSER"],
            password=started.settings["PGPASSWORD"],
            dbname=started.settings["PGDATABASE"],
        )
        try:
            with connection.cursor() as cursor, file.open("w", encoding="utf-8") as rows:
                cursor.copy_expert(
                    f"copy (select {', '.join(types)} from marts.{result}) to stdout"
                    " (format csv, force_quote *)",
                    rows,
                )
        finally:
            connection.close()
        return (
            f"read_csv('{file}', header = false, delim = ',', quote = '\"', escape = '\"',"
            f" allow_quoted_nulls = false, columns = {types})"
        )


def want(module: str, package: str) -> None:
    """Say that an adapter is not installed."""
    if not find_spec(module):
        raise BenchmarkError(
            f"{package} is not installed in this environment: `pip install --no-deps"
            " --require-hashes -r requirements-engines.txt` installs it."
        )


def kept_file(kept: Path, engine: Engine, result: str) -> Path:
    """Where a result of an engine is kept."""
    return kept / f"{engine.target}_{result}.parquet"


def types_of(connection: duckdb.DuckDBPyConnection, kept: Path, result: str) -> dict[str, str]:
    """Columns of a result and their types on DuckDB, the first to be built; none before."""
    file = kept / f"duckdb_{result}.parquet"
    if not file.exists():
        return {}
    return {
        row[0]: row[1]
        for row in connection.execute(f"describe from read_parquet('{file}')").fetchall()
    }


def main() -> int:
    asked = arguments()
    console = Console()
    try:
        with tempfile.TemporaryDirectory(prefix="engines-", dir=folder(asked.work)) as scratch:
            # PostgreSQL runs as a user of its own
            Path(scratch).chmod(0o711)
            counts, found, differences = benchmark(asked, Path(scratch))
    except (BenchmarkError, ServerError, OSError, duckdb.Error) as error:
        console.print(str(error), style="red", markup=False, soft_wrap=True)
        return 1
    show(console, counts, found, differences)
    if asked.write:
        write_section("engines", section(counts, found, differences))
        console.print(f"Written: {REPORT}")
    return 1 if any(differences.values()) else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Time `dbt run` of the path to fct_customer_rfm, fct_segment_split and "
        "fct_period_kpis on each engine, and compare the three results cell by cell.",
        epilog="Exit code 1 where the results differ or a step fails; "
        "times and memory are only reported.",
    )
    add_arguments(parser, "20 GB")
    parser.add_argument(
        "--engines",
        nargs="+",
        choices=["duckdb", "spark", "postgres"],
        default=["duckdb", "spark"],
        help="engines to run; DuckDB, which the others are held against, always runs "
        "(default: duckdb spark)",
    )
    parser.add_argument(
        "--executor-memory",
        default=spark_cluster.LARGE.executor_memory,
        help="memory of each of Spark's two executors "
        f"(default: {spark_cluster.LARGE.executor_memory}); "
        f"its driver has {spark_cluster.DRIVER_MEMORY} beside",
    )
    return parse(parser)


def benchmark(
    asked: argparse.Namespace, scratch: Path
) -> tuple[dict[str, int], list[Measured], dict[str, list[str]]]:
    """Rows of each raw table, what each engine took, and what differs from DuckDB, in words."""
    make: dict[str, Callable[[], Engine]] = {
        "duckdb": lambda: Engine(scratch / "duckdb"),
        "spark": lambda: Spark(scratch / "spark", asked.executor_memory),
        "postgres": lambda: Postgres(scratch / "postgres"),
    }
    engines = [make[target]() for target in dict.fromkeys(["duckdb", *asked.engines])]
    for engine in engines:
        engine.check()
    raw = (asked.raw or make_data(scratch / "raw", ["--transactions", asked.rows])).resolve()
    counts = count_rows(raw)
    kept = folder(scratch / "kept")
    found = [measure(engine, raw, kept) for engine in engines]
    return counts, found, compare(engines[1:], engines[0], kept)


def measure(engine: Engine, raw: Path, kept: Path) -> Measured:
    """Build the results with an engine that nothing else runs beside."""
    try:
        started = engine.start()
        load = load_raw(engine, raw, started)

        def run(title: str, command: list[str]) -> Run:
            return dbt(
                engine.place,
                raw,
                f"{engine.name}, {title}",
                command,
                engine.target,
                engine.threads,
                started.settings,
                started.servers,
            )

        run("load the seeds", ["seed"])
        path = ["run", "--select", *paths_to_results()]
        first = run("dbt run", path)
        again = run("dbt run again", [*path, "--full-refresh"])
        engine.keep(kept, started)
        return Measured(engine, load, first, again)
    finally:
        engine.stop()


def load_raw(engine: Engine, raw: Path, started: Started) -> Run | None:
    """Load the raw files into the server, if there is one."""
    if not started.servers:
        return None
    program = PROJECT / "scripts/load_raw.py"
    return measured(
        f"{engine.name}, load the raw files",
        [sys.executable, program, "--target", engine.target, "--raw", raw],
        engine.place / "load.out",
        {
            **environment_of_dbt(engine.place, raw),
            **started.settings,
            "TMPDIR": str(engine.place),
        },
        started.servers,
    )


def compare(others: list[Engine], first: Engine, kept: Path) -> dict[str, list[str]]:
    """What differs, by engine and result; nothing where they are the same cell by cell."""
    differences: dict[str, list[str]] = {}
    with duckdb.connect() as connection:
        for engine in (first, *others):
            connection.execute(f"create schema on_{engine.target}")
            for result in RESULTS:
                connection.execute(
                    f"create view on_{engine.target}.{result} as"
                    f" from read_parquet('{kept_file(kept, engine, result)}')"
                )
        for engine in others:
            for result, key in RESULTS.items():
                differences[f"{engine.name}, {result}"] = compare_tables(
                    connection,
                    f"on_{first.target}.{result}",
                    f"on_{engine.target}.{result}",
                    key,
                    (f"on {first.name}", f"on {engine.name}"),
                )
    return differences


HEADINGS = [
    *("engine", "load, s", "first run, s", "ratio", "run again, s", "ratio"),
    *("peak memory", "results"),
]


def figures(found: list[Measured], differences: dict[str, list[str]]) -> list[tuple[str, ...]]:
    rows = []
    for one in found:
        different = "; ".join(
            f"{result}: {', '.join(what)}"
            for result, what in differences.items()
            if what and result.startswith(f"{one.engine.name},")
        )
        rows.append(
            (
                one.engine.name,
                f"{one.load.seconds:.1f}" if one.load else "none",
                f"{one.first.seconds:.1f}",
                f"{one.first.seconds / found[0].first.seconds:.1f}",
                f"{one.again.seconds:.1f}",
                f"{one.again.seconds / found[0].again.seconds:.1f}",
                gigabytes(max(one.first.peak_bytes, one.again.peak_bytes)),
                different or ("the same, cell by cell" if one is not found[0] else ""),
            )
        )
    return rows


def models(found: list[Measured]) -> list[tuple[str, ...]]:
    """Seconds of the dearest models when they run again, by engine."""
    dearest = {
        name: max(one.again.models.get(name, 0) for one in found)
        for name in {name for one in found for name in one.again.models}
    }
    return [
        (name, *(f"{one.again.models.get(name, 0):.1f}" for one in found))
        for name in sorted(dearest, key=lambda name: (-dearest[name], name))
        if dearest[name] >= LEAST_SHOWN
    ]


def show(
    console: Console,
    counts: dict[str, int],
    found: list[Measured],
    differences: dict[str, list[str]],
) -> None:
    for head, rows, title in (
        (
            ["model", *(one.engine.name for one in found)],
            models(found),
            "seconds of each model, run again",
        ),
        (HEADINGS, figures(found, differences), f"{counts['transactions']:,} transactions"),
    ):
        table = Table(*head, title=title)
        for row in rows:
            table.add_row(*row)
        console.print(table)


def section(
    counts: dict[str, int], found: list[Measured], differences: dict[str, list[str]]
) -> list[str]:
    """The section of the report, line by line."""
    about = machine()
    versions = "; ".join(f"{one.engine.name} {one.engine.version()}" for one in found)
    return [
        "## Engines",
        "",
        "Written by `python scripts/benchmark_engines.py --write`: `dbt run` of the path to",
        "`fct_customer_rfm`, `fct_segment_split` and `fct_period_kpis` on one machine, dbt's start",
        "included, the server up and raw files and seeds loaded beforehand: first, then once more",
        "with `--full-refresh`, when the server is warm. Spark is a standalone cluster of two",
        "executors with a core each. DuckDB reads the raw files where they are. Ratios are to its",
        "seconds. Memory is the peak of the resident memory of dbt and of all processes of the",
        "server; memory that PostgreSQL's processes share is counted once for each of them. One",
        "machine shows what a cluster costs, not what more machines would bring.",
        "",
        f"On {about['date']}: {about['processor']}, {about['memory']} of memory; {versions}.",
        f"{counts['transactions']:,} transactions of {counts.get('customers', 0):,} customers.",
        "",
        *lines_of_table(HEADINGS, figures(found, differences)),
        "",
        f"Models that took {LEAST_SHOWN:.0f} s or more on any engine when run again, seconds.",
        "Several run at a time, so they add up to more than the run took.",
        "",
        *lines_of_table(["model", *(one.engine.name for one in found)], models(found)),
    ]


if __name__ == "__main__":
    sys.exit(main())
