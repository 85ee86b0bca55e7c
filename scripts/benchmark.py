"""Compare dbt with one hand-written script for the same three marts, on the same files.

1. Makes the data (scripts/make_sample_data.py, Parquet), or takes a folder made before (--raw).
2. Runs scripts/benchmark_by_hand.sql in a fresh database, in a process of its own.
3. Runs `dbt run` of the path to fct_customer_rfm, fct_segment_split and fct_period_kpis in another
   fresh database. The seeds are loaded beforehand; dbt's start counts.
4. Compares the three results cell by cell: any difference is an error (exit code 1).
5. Makes data of a tenth as many customers who buy about as much in all and get two contacts for
   each purchase, and runs `dbt run` of everything on them in a third fresh database.

Prints the ratio of the two times, the seconds of each model and the peak memory of each run: the
resident memory of the process and its children, polled. With --write the same goes into
docs/benchmarks.md. Databases are deleted at the end.
"""

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from pathlib import Path

import duckdb
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

PROJECT = Path(__file__).resolve().parent.parent
BY_HAND = PROJECT / "scripts/benchmark_by_hand.sql"
REPORT = PROJECT / "docs/benchmarks.md"
# sections of the report that other scripts write
SECTIONS = ["the page", "scale", "engines"]
DBT = Path(sys.executable).with_name("dbt")

# The three results and the columns that make their rows' keys.
RESULTS = {
    "fct_customer_rfm": ["customer_id"],
    "fct_segment_split": ["scheme", "segment"],
    "fct_period_kpis": ["period_grain", "period_start_date"],
}
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
GOAL_ROWS = 10_000_000  # the goals are of this size: on small data dbt's start is most of its time
GREATEST_RATIO = 2.5
GREATEST_MEMORY = 8 * 1024**3
GREATEST_SECONDS = 600  # for everything
ROWS_PER_BUSY_CUSTOMER = 10
SALT = "benchmark"  # both have to give erased customers the same keys
SHORTEST_SHOWN = 0.5  # seconds; models below it are added up

RUN_BY_HAND = """
import sys, duckdb
script, database, raw, seeds, salt = sys.argv[1:]
with duckdb.connect(database) as connection:
    connection.execute("set variable raw = $raw", {"raw": raw})
    connection.execute("set variable seeds = $seeds", {"seeds": seeds})
    connection.execute("set variable salt = $salt", {"salt": salt})
    connection.execute(open(script, encoding="utf-8").read())
"""


INTRODUCTION = """\
# Benchmarks

Goals are the project's own: bounds that it has set itself.

Written by `python scripts/benchmark.py --write`. It times `dbt run` of the path to
`fct_customer_rfm`, `fct_segment_split` and `fct_period_kpis`, dbt's start included, against
`scripts/benchmark_by_hand.sql`, one hand-written DuckDB script for the same three results, each in
a fresh database, on the same Parquet files. The results are compared cell by cell. Memory is the
peak of the resident memory of all processes of a run.

The dbt path does more than the script: it judges every column of the raw contract by type and
pattern, keeps what the other marts need, and stores its intermediate tables. It keeps to the memory
limit of `profiles.yml`; the script has none but DuckDB's own.

Everything is built from other data: fewer customers, who buy more and get a newsletter every week.
""".splitlines()


class BenchmarkError(Exception):
    """One sentence for the user."""


@dataclass
class Run:
    """What a command took."""

    seconds: float
    peak_bytes: int
    models: dict[str, float] = field(default_factory=dict)


def main() -> int:
    asked = arguments()
    console = Console()
    try:
        with tempfile.TemporaryDirectory(prefix="benchmark-", dir=folder(asked.work)) as scratch:
            lines, is_identical = benchmark(asked, Path(scratch), console)
    except BenchmarkError as error:
        console.print(str(error), style="red", markup=False, soft_wrap=True)
        return 1
    if asked.write:
        REPORT.parent.mkdir(exist_ok=True)
        REPORT.write_text("\n".join(lines) + "\n" + sections_of_others(), encoding="utf-8")
        console.print(f"Written: {REPORT}")
    return 0 if is_identical else 1


def section_of(name: str) -> re.Pattern:
    """What finds a section of the report that another script writes."""
    return re.compile(rf"\n*<!-- {name}: start -->.*<!-- {name}: end -->\n*", re.DOTALL)


def sections_of_others() -> str:
    """What other scripts wrote into the report; it stays."""
    report = REPORT.read_text(encoding="utf-8") if REPORT.exists() else ""
    found = [match[0] for name in SECTIONS if (match := section_of(name).search(report))]
    return "".join(f"\n{section.strip()}\n" for section in found)


def write_section(name: str, lines: list[str]) -> None:
    """Put a section of another script into the report, in place of the one before."""
    report = REPORT.read_text(encoding="utf-8") if REPORT.exists() else "# Benchmarks\n"
    others = section_of(name).sub("\n\n", report).rstrip()
    text = "\n".join([others, "", f"<!-- {name}: start -->", *lines, f"<!-- {name}: end -->", ""])
    REPORT.write_text(text, encoding="utf-8")


def lines_of_table(head: list[str], rows: list[tuple[str, ...]]) -> list[str]:
    return [
        f"| {' | '.join(head)} |",
        f"|---|{'---:|' * (len(head) - 1)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def add_arguments(parser: argparse.ArgumentParser, needs: str) -> None:
    """Add what this script and the one of the engines both take. needs: of the disk, in words."""
    parser.add_argument(
        "--rows",
        type=int,
        default=GOAL_ROWS,
        help="about how many transactions to make (default: 10000000)",
    )
    parser.add_argument(
        "--raw",
        type=Path,
        help="folder with Parquet files of scripts/make_sample_data.py, instead of making them",
    )
    parser.add_argument(
        "--work",
        type=Path,
        default=PROJECT / "build",
        help="folder for what is made, which is deleted at the end (default: build); "
        f"10 million transactions need about {needs}",
    )
    parser.add_argument("--write", action="store_true", help="write into docs/benchmarks.md too")


def parse(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """The arguments that add_arguments has added, and others."""
    asked = parser.parse_args()
    if asked.rows < 1000:
        parser.error("--rows takes a number of 1000 or more.")
    return asked


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Time `dbt run` of the path to fct_customer_rfm, fct_segment_split and "
        "fct_period_kpis against one hand-written DuckDB script for the same three, hold the "
        "results against each other cell by cell, then run everything. Prints the ratio, the "
        "seconds of each model and peak memory.",
        epilog="Exit code 1 where the results differ or a step fails; "
        "times and memory are only reported.",
    )
    add_arguments(parser, "8 GB")
    parser.add_argument(
        "--busy-raw",
        type=Path,
        help="the same for the run of everything, made with --activity and --newsletters",
    )
    return parse(parser)


def folder(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BenchmarkError(
            f"The folder {path} cannot be made: {error.strerror}; name another with --work."
        ) from None
    return path.resolve()


def benchmark(asked: argparse.Namespace, scratch: Path, console: Console) -> tuple[list[str], bool]:
    raw = asked.raw or make_data(scratch / "raw", ["--transactions", asked.rows])
    row_counts = count_rows(raw.resolve())
    by_hand_database = scratch / "by_hand.duckdb"
    by_hand = measured(
        "by hand",
        [
            *(sys.executable, "-c", RUN_BY_HAND),
            *(BY_HAND, by_hand_database, raw, PROJECT / "seeds", SALT),
        ],
        scratch / "by_hand.log",
    )
    path_folder, whole_folder = folder(scratch / "path"), folder(scratch / "whole")
    dbt(path_folder, raw, "load the seeds", ["seed"])
    of_path = dbt(path_folder, raw, "dbt run, the path", ["run", "--select", *paths_to_results()])
    differences = compare(by_hand_database, path_folder / "clientele_benchmark.duckdb")
    shutil.rmtree(path_folder)
    by_hand_database.unlink()
    busy = ["--customers", max(1, asked.rows // ROWS_PER_BUSY_CUSTOMER), "--activity", 2.8]
    raw = asked.busy_raw or make_data(scratch / "busy", [*busy, "--newsletters"])
    busy_counts = count_rows(raw.resolve())
    dbt(whole_folder, raw, "load the seeds", ["seed"])
    of_whole = dbt(whole_folder, raw, "dbt run, everything", ["run"])
    lines = report(row_counts, busy_counts, by_hand, of_path, of_whole, differences)
    show(console, row_counts, busy_counts, by_hand, of_path, of_whole, differences)
    return lines, not any(differences.values())


def paths_to_results() -> list[str]:
    return [f"+{result}" for result in RESULTS]


def make_data(raw: Path, shape: list) -> Path:
    made = subprocess.run(
        [
            sys.executable,
            PROJECT / "scripts/make_sample_data.py",
            *map(str, shape),
            *("--format", "parquet"),
            *("--out", raw),
        ],
        cwd=PROJECT,
    )
    if made.returncode:
        raise BenchmarkError("scripts/make_sample_data.py failed: its message stands above.")
    return raw


def count_rows(raw: Path) -> dict[str, int]:
    """Rows of each table; every byte is read once, so that both runs find it in the cache."""
    files = sorted(raw.glob("*.parquet"))
    if "transactions.parquet" not in [file.name for file in files]:
        raise BenchmarkError(
            f"There is no {raw / 'transactions.parquet'}: --raw takes a folder that "
            "scripts/make_sample_data.py --format parquet wrote."
        )
    for file in files:
        with file.open("rb") as stream:
            while stream.read(1 << 24):
                pass
    with duckdb.connect() as connection:
        return {
            file.stem: connection.execute(
                "select count(*) from read_parquet($file)", {"file": str(file)}
            ).fetchone()[0]
            for file in files
        }


def environment_of_dbt(place: Path, raw: Path) -> dict[str, str]:
    """Settings of a run with a database, a target and a log folder of its own in `place`."""
    return {
        **os.environ,
        "CRM_RAW_PATH": str(raw),
        "CRM_DATABASE": str(place / "clientele_benchmark.duckdb"),
        "CRM_SCHEMA_PREFIX": "",
        "CRM_ERASURE_SALT": SALT,
        "DBT_PROJECT_DIR": str(PROJECT),
        "DBT_PROFILES_DIR": str(PROJECT),
        "DBT_TARGET_PATH": str(place / "target"),
        "DBT_LOG_PATH": str(place / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


def dbt(
    place: Path,
    raw: Path,
    title: str,
    command: list[str],
    target: str = "duckdb",
    threads: int = 2,
    settings: Mapping[str, str] | None = None,
    servers: Sequence[int] = (),
) -> Run:
    """Run dbt in `place`. Memory is of dbt and of the servers that it works with, if any."""
    run = measured(
        title,
        [DBT, "--no-use-colors", *command, "--target", target, "--threads", str(threads)],
        place / "dbt.out",
        {**environment_of_dbt(place, raw), **(settings or {})},
        servers,
    )
    for result in json.loads((place / "target/run_results.json").read_text())["results"]:
        kind, _, name = result["unique_id"].split(".", 2)
        if kind == "model":
            run.models[name] = result["execution_time"]
    return run


def measured(
    title: str,
    command: list,
    log: Path,
    environment: dict | None = None,
    servers: Sequence[int] = (),
) -> Run:
    """Run a command and poll the memory of its processes; what it prints goes to `log`.

    Memory of `servers`, numbers of processes that work for the command, is counted too.
    """
    command = [str(word) for word in command]
    peak_bytes = 0
    with (
        log.open("w") as output,
        Progress(
            SpinnerColumn(),
            TextColumn("{task.description:20}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[memory]}"),
        ) as progress,
    ):
        task = progress.add_task(title, total=1, memory="")
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=PROJECT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            while process.poll() is None:
                peak_bytes = max(peak_bytes, sum(map(resident_bytes, [process.pid, *servers])))
                progress.update(task, memory=f"peak {gigabytes(peak_bytes)}")
                # servers have many threads to look at
                time.sleep(0.5 if servers else 0.1)
        finally:
            process.kill()
        seconds = time.perf_counter() - start
        progress.update(task, completed=1)
    if process.returncode:
        raise BenchmarkError(f"The step `{title}` failed: {reason(log.read_text())}")
    return Run(seconds, peak_bytes)


def reason(text: str) -> str:
    """What a failed command said: dbt's sentence stands below `... Error in ...`, Python's last."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for number, line in enumerate(lines[:-1]):
        if " Error in " in line:
            return f"{line.split(' Error in ')[1]}: {lines[number + 1]}"
    for line in reversed(lines):
        if "Exception: " in line or "Error: " in line:
            return line
    return lines[-1] if lines else "it said nothing."


def resident_bytes(root: int) -> int:
    """Resident memory of a process and all its descendants."""
    if Path("/proc/self/statm").exists():
        return resident_bytes_of_proc(root)
    listing = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,rss="], capture_output=True, text=True, check=False
    ).stdout
    children: dict[int, list[int]] = {}
    kilobytes: dict[int, int] = {}
    for line in listing.splitlines():
        process, parent, size = map(int, line.split())
        children.setdefault(parent, []).append(process)
        kilobytes[process] = size
    total, waiting = 0, [root]
    while waiting:
        process = waiting.pop()
        total += kilobytes.get(process, 0)
        waiting += children.get(process, [])
    return total * 1024


def resident_bytes_of_proc(root: int) -> int:
    """The same from /proc, without starting a process: polling must not cost what it measures."""
    total, waiting = 0, [root]
    while waiting:
        place = Path("/proc", str(waiting.pop()))
        try:
            total += int((place / "statm").read_text().split()[1]) * PAGE_BYTES
            for thread in (place / "task").iterdir():
                waiting += map(int, (thread / "children").read_text().split())
        except OSError:  # it has ended meanwhile
            continue
    return total


def compare(by_hand_database: Path, dbt_database: Path) -> dict[str, list[str]]:
    """What differs, per result, in words; nothing where the two are the same cell by cell."""
    differences: dict[str, list[str]] = {}
    with duckdb.connect() as connection:
        connection.execute(f"attach '{by_hand_database}' as by_hand (read_only)")
        connection.execute(f"attach '{dbt_database}' as built (read_only)")
        for result, key in RESULTS.items():
            differences[result] = compare_tables(
                connection, f"by_hand.main.{result}", f"built.marts.{result}", key
            )
    return differences


def compare_tables(
    connection: duckdb.DuckDBPyConnection,
    by_hand: str,
    built: str,
    key: list[str],
    names: tuple[str, str] = ("by hand", "from dbt"),
) -> list[str]:
    """What differs between two tables, in words; `names` say where each comes from."""
    columns = {table: types_of(connection, table) for table in (by_hand, built)}
    if columns[by_hand] != columns[built]:
        odd = sorted({name for name, _ in columns[by_hand].items() ^ columns[built].items()})
        return [f"other columns or types: {', '.join(odd)}"]
    # Two keys alike would join to four rows: the sums of rows would not tell.
    found = []
    keys = ", ".join(key)
    for table in (by_hand, built):
        doubled = connection.execute(
            f"select count(*) from (from {table} select {keys} group by all having count(*) > 1)"
        ).fetchone()[0]
        if doubled:
            found.append(f"{doubled} keys more than once in {table}")
    same_key = " and ".join(f"a.{name} is not distinct from b.{name}" for name in key)
    conditions = {
        f"rows only {names[0]}": "b.is_there is null",
        f"rows only {names[1]}": "a.is_there is null",
    }
    for name in columns[built]:
        if name not in key:
            conditions[f"other values in {name}"] = (
                f"a.is_there and b.is_there and a.{name} is distinct from b.{name}"
            )
    counts = ", ".join(f"count(*) filter (where {each})" for each in conditions.values())
    numbers = connection.execute(
        f"select {counts} from (select true as is_there, * from {by_hand}) as a "
        f"full join (select true as is_there, * from {built}) as b on {same_key}"
    ).fetchone()
    found += [
        f"{number} {what}" for what, number in zip(conditions, numbers, strict=True) if number
    ]
    return found


def types_of(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    described = connection.execute(f"describe {table}").fetchall()
    if not connection.execute(f"select count(*) from {table}").fetchone()[0]:
        raise BenchmarkError(f"{table} has no row, so there is nothing to compare.")
    return {row[0]: row[1] for row in described}


def machine() -> dict[str, str]:
    memory = PAGE_BYTES * os.sysconf("SC_PHYS_PAGES")
    return {
        "date": date.today().isoformat(),
        "processor": f"{processor_name()}, {os.cpu_count()} cores",
        "memory": gigabytes(memory),
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "DuckDB": duckdb.__version__,
        "dbt": f"dbt-core {version('dbt-core')}, dbt-duckdb {version('dbt-duckdb')}, 2 threads",
    }


def processor_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or "unknown processor"


def gigabytes(number: int) -> str:
    return f"{number / 1024**3:.2f} GB"


def judged(goal: str, is_met: bool, row_counts: dict[str, int]) -> str:
    if row_counts["transactions"] < 0.99 * GOAL_ROWS:  # as many as asked for, about
        return f"{goal} at {GOAL_ROWS:,} rows"
    return f"{goal}: {'met' if is_met else 'missed'}"


def figures(
    row_counts: dict[str, int],
    busy_counts: dict[str, int],
    by_hand: Run,
    of_path: Run,
    of_whole: Run,
    differences: dict[str, list[str]],
) -> list[tuple[str, str, str]]:
    """What was measured, the figure, and what it is held against."""
    ratio = of_path.seconds / by_hand.seconds
    within = of_whole.peak_bytes <= GREATEST_MEMORY and of_whole.seconds <= GREATEST_SECONDS
    different = "; ".join(
        f"{result}: {', '.join(found)}" for result, found in differences.items() if found
    )
    return [
        ("Transactions (raw rows)", f"{row_counts['transactions']:,}", ""),
        ("By hand", f"{by_hand.seconds:.1f} s, {gigabytes(by_hand.peak_bytes)}", ""),
        ("dbt run, the path", f"{of_path.seconds:.1f} s, {gigabytes(of_path.peak_bytes)}", ""),
        (
            "Ratio",
            f"{ratio:.2f}",
            judged(f"goal {GREATEST_RATIO}", ratio <= GREATEST_RATIO, row_counts),
        ),
        ("The three results", different or "the same, cell by cell", "must be the same"),
        ("Everything: transactions", f"{busy_counts['transactions']:,}", ""),
        ("Everything: customers", f"{busy_counts['customers']:,}", ""),
        ("Everything: campaign contacts", f"{busy_counts['campaign_contacts']:,}", ""),
        (
            "dbt run, everything",
            f"{of_whole.seconds:.1f} s, {gigabytes(of_whole.peak_bytes)}",
            judged(f"goal {GREATEST_SECONDS} s, {gigabytes(GREATEST_MEMORY)}", within, row_counts),
        ),
    ]


def slowest_first(models: dict[str, float]) -> list[tuple[str, str]]:
    shown = [
        (name, f"{seconds:.1f}")
        for name, seconds in sorted(models.items(), key=lambda item: (-item[1], item[0]))
        if seconds >= SHORTEST_SHOWN
    ]
    rest = [seconds for seconds in models.values() if seconds < SHORTEST_SHOWN]
    return [*shown, (f"{len(rest)} others", f"{sum(rest):.1f}")]


def show(
    console: Console,
    row_counts: dict[str, int],
    busy_counts: dict[str, int],
    by_hand: Run,
    of_path: Run,
    of_whole: Run,
    differences: dict[str, list[str]],
) -> None:
    for title, run in [("the path", of_path), ("everything", of_whole)]:
        table = Table("model", "seconds", title=f"dbt run, {title}")
        table.columns[1].justify = "right"
        for row in slowest_first(run.models):
            table.add_row(*row)
        console.print(table)
    table = Table("measured", "figure", "held against")
    for row in figures(row_counts, busy_counts, by_hand, of_path, of_whole, differences):
        table.add_row(*row)
    console.print(table)


def report(
    row_counts: dict[str, int],
    busy_counts: dict[str, int],
    by_hand: Run,
    of_path: Run,
    of_whole: Run,
    differences: dict[str, list[str]],
) -> list[str]:
    """The page docs/benchmarks.md, line by line."""
    lines = [
        *INTRODUCTION,
        "",
        "## Machine",
        "",
        "| | |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in machine().items()),
        "",
        "## Result",
        "",
        "| measured | figure | held against |",
        "|---|---|---|",
        *(
            f"| {' | '.join(row)} |"
            for row in figures(row_counts, busy_counts, by_hand, of_path, of_whole, differences)
        ),
        "",
        "## Raw rows",
        "",
        "| table | the path | everything |",
        "|---|---:|---:|",
        *(
            f"| {table} | {rows:,} | {busy_counts.get(table, 0):,} |"
            for table, rows in row_counts.items()
        ),
    ]
    for title, run in [("The path", of_path), ("Everything", of_whole)]:
        lines += [
            "",
            f"## {title}: seconds of each model",
            "",
            "Two models run at a time, so the seconds add up to more than the run took.",
            "",
            "| model | seconds |",
            "|---|---:|",
            *(f"| {name} | {seconds} |" for name, seconds in slowest_first(run.models)),
        ]
    return lines


if __name__ == "__main__":
    sys.exit(main())
