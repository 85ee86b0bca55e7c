"""Measure how builds grow with the data: everything, then what one more day costs.

For each size asked for (`--rows 1000000 10000000`):

1. Makes the data (scripts/make_sample_data.py, Parquet: customers who buy ten times on average), or
   takes folders made before (--raw), and leaves out what came in on the last day.
2. Runs `dbt seed` and `dbt run` in a fresh database.
3. Adds the day and runs `dbt run` on the same database.

Prints seconds, peak memory (of all processes of a run, polled) and size of the database, and of the
day the seconds of the models that write a row per customer because D moves apart from the rest.
What was found is kept in a file (--kept), so that sizes may be measured one by one; with --write
the table of all sizes in it goes into docs/benchmarks.md. Databases are deleted at the end.
"""

import argparse
import json
import os
import sys
import tempfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import duckdb
from benchmark import (
    PROJECT,
    REPORT,
    ROWS_PER_BUSY_CUSTOMER,
    BenchmarkError,
    Run,
    count_rows,
    dbt,
    folder,
    gigabytes,
    lines_of_table,
    machine,
    make_data,
    write_section,
)
from rich.console import Console
from rich.table import Table

PREPARATION_MEMORY = "8GB"
DEFAULT_LIMIT = "30%"  # of profiles.yml
# goals: of a day in the whole, by the seconds of models that D does not move, at each size
GREATEST_SHARES = {10_000_000: 0.15, 100_000_000: 0.05}
GREATEST_GROWTH = 12  # of the seconds of everything, for ten times the rows
GREATEST_MEMORY = 12 * 1024**3
# Models that tell of every customer what is so on D: a row a customer, which changes as D moves.
MOVED_BY_D = {
    *("dim_customers", "dim_customer_contacts", "customer_360", "customer_360_contacts"),
    *("fct_customer_rfm", "fct_customer_value", "fct_customers_at_risk", "fct_campaign_audiences"),
    *("int_customers_valued", "int_customer_value_measured", "int_purchases_expected"),
    "int_customer_engagement",
}
# of all past periods by the segment on D, so that every score that changes with D changes it; it is
# no row a customer, so it stands in neither of the two
SUMMED_OVER_D = {"fct_segment_sales"}


@dataclass
class Measured:
    """One size: what it holds and what its two builds took."""

    rows: int
    transactions: int
    contacts: int
    arrived: int
    whole: Run
    day: Run
    database_bytes: int
    threads: int
    memory_limit: str
    measured_on: str


def main() -> int:
    asked = arguments()
    console = Console()
    found = read_kept(asked.kept)
    try:
        for rows, made in zip(asked.rows, asked.raw or [None] * len(asked.rows), strict=True):
            place = folder(asked.work)
            with tempfile.TemporaryDirectory(prefix="scale-", dir=place) as scratch:
                found[rows] = measure(rows, made, Path(scratch), asked.threads)
            folder(asked.kept.parent)
            asked.kept.write_text(json.dumps([asdict(one) for one in found.values()], indent=1))
            show(console, in_order(found))
    except BenchmarkError as error:
        console.print(str(error), style="red", markup=False, soft_wrap=True)
        return 1
    if not found:
        sentence = f"{asked.kept} holds nothing yet: name a size with --rows."
        console.print(sentence, style="red", markup=False, soft_wrap=True)
        return 1
    if not asked.rows:
        show(console, in_order(found))
    if asked.write:
        write_section("scale", section(in_order(found)))
        console.print(f"Written: {REPORT}")
    return 0


def read_kept(file: Path) -> dict[int, "Measured"]:
    """What was found before, by size, but for what an earlier version of this script kept."""
    kept = json.loads(file.read_text()) if file.exists() else []
    names = {field.name for field in fields(Measured)}
    kept = [one for one in kept if one.keys() == names]
    return {
        one["rows"]: Measured(**one | {run: Run(**one[run]) for run in ("whole", "day")})
        for one in kept
    }


def in_order(found: dict[int, "Measured"]) -> list["Measured"]:
    return [found[rows] for rows in sorted(found)]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Time a build of everything and one of a day more, for each size.",
        epilog="Exit code 1 where a step fails; times and memory are only reported.",
    )
    parser.add_argument(
        "--rows",
        type=int,
        nargs="*",
        default=[1_000_000, 10_000_000],
        help="about how many transactions to make (default: 1000000 10000000); "
        "without a number only what was found before is shown",
    )
    parser.add_argument(
        "--raw", type=Path, nargs="+", help="a folder of Parquet files for each size, instead"
    )
    parser.add_argument(
        "--work",
        type=Path,
        default=PROJECT / "build",
        help="folder for data and databases, deleted at the end (default: build); "
        "10 million transactions need about 8 GB, 100 million 80 GB",
    )
    parser.add_argument(
        "--kept",
        type=Path,
        default=PROJECT / "build/benchmark_scale.json",
        help="file of what was found (default: build/benchmark_scale.json)",
    )
    parser.add_argument(
        "--threads",
        type=int,
        default=1,
        help="models that are built at a time (default: 1, which needs least memory)",
    )
    parser.add_argument("--write", action="store_true", help="write into docs/benchmarks.md too")
    asked = parser.parse_args()
    if any(rows < 1000 for rows in asked.rows):
        parser.error("--rows takes numbers of 1000 or more.")
    if asked.raw and len(asked.raw) != len(asked.rows):
        parser.error("--raw takes as many folders as --rows takes sizes, in the same order.")
    return asked


def measure(rows: int, made: Path | None, scratch: Path, threads: int) -> Measured:
    """Build what came before the last day, then that day."""
    shape = ["--customers", max(1, rows // ROWS_PER_BUSY_CUSTOMER), "--activity", 2.8]
    made = made or make_data(scratch / "made", shape)
    raw, before = folder(scratch / "raw"), folder(scratch / "before")
    leave_out_last_day(made, raw, before)
    counts, counts_before = count_rows(raw), count_rows(before)
    place = folder(scratch / "runs")
    dbt(place, before, "load the seeds", ["seed"])
    whole = dbt(place, before, f"{rows:,}, everything", ["run"], threads=threads)
    day = dbt(place, raw, f"{rows:,}, a day more", ["run"], threads=threads)
    return Measured(
        rows,
        counts["transactions"],
        counts["campaign_contacts"],
        sum(counts.values()) - sum(counts_before.values()),
        whole,
        day,
        (place / "clientele_benchmark.duckdb").stat().st_size,
        threads,
        os.environ.get("CRM_MEMORY_LIMIT", DEFAULT_LIMIT),
        machine()["date"],
    )


def leave_out_last_day(made: Path, raw: Path, before: Path) -> None:
    """Copy made data to `raw`, and to `before` what had come in before the last day.

    Lines get the stamp of their transaction, as a load that brings what is new would give them.
    """
    with duckdb.connect(str(raw.parent / "prepared.duckdb")) as connection:
        connection.execute(f"set memory_limit = '{PREPARATION_MEMORY}'")
        connection.execute("set preserve_insertion_order = false")
        transactions = f"read_parquet('{made / 'transactions.parquet'}')"
        # the latest day of a usual load: a few rows come late, or bear the dates of the future
        last_day = connection.execute(f"""
            select max(loaded_on) from (
                select cast(loaded_at as date) as loaded_on, count(*) as row_count
                from {transactions} where loaded_at is not null group by all
            ) where row_count >= (
                select count(*) / 2 / count(distinct cast(loaded_at as date)) from {transactions}
            )
        """).fetchone()[0]
        for file in sorted(made.glob("*.parquet")):
            rows = f"from read_parquet('{file}')"
            if file.stem == "transaction_lines":
                rows = f"""
                    select lines.* replace (coalesce(lines.loaded_at, sold.loaded_at) as loaded_at)
                    {rows} as lines
                    left join (
                        select transaction_id, min(loaded_at) as loaded_at
                        from {transactions} group by transaction_id
                    ) as sold on lines.transaction_id = sold.transaction_id
                """
                connection.execute(f"copy ({rows}) to '{raw / file.name}' (format parquet)")
                rows = f"from read_parquet('{raw / file.name}')"
            else:
                (raw / file.name).symlink_to(file.resolve())
            columns = [row[0] for row in connection.execute(f"describe {rows}").fetchall()]
            stamp = "loaded_at" if "loaded_at" in columns else "created_at"
            kept = rows
            if stamp in columns:
                kept += f" where coalesce(cast({stamp} as date) < date '{last_day}', true)"
            connection.execute(f"copy ({kept}) to '{before / file.name}' (format parquet)")
    (raw.parent / "prepared.duckdb").unlink()


def seconds(run: Run, models: set[str] | None = None) -> float:
    """Seconds of some models, or of all that D does not move."""
    if models is None:
        models = run.models.keys() - MOVED_BY_D - SUMMED_OVER_D
    return sum(taken for name, taken in run.models.items() if name in models)


def share(one: Measured, models: set[str] | None = None) -> str:
    """What some models of a day, or those that D does not move, cost beside the whole."""
    return f"{seconds(one.day, models) / sum(one.whole.models.values()):.0%}"


def share_beside_goal(one: Measured) -> str:
    """The share that D does not move, with fct_segment_sales, and the goal where there is one."""
    found = share(one, one.day.models.keys() - MOVED_BY_D)
    goal = GREATEST_SHARES.get(one.rows)
    return f"{found} (goal {goal:.0%})" if goal else found


def settings(one: Measured) -> tuple[str, int]:
    """What a size was built with: figures of unlike settings are not held against each other."""
    return one.memory_limit, one.threads


def growth(one: Measured, tenth: Measured | None) -> str:
    """How many times as long everything takes as a tenth of it, built alike, and the goal."""
    if not tenth or tenth.rows * 10 != one.rows or settings(tenth) != settings(one):
        return ""
    return f"{one.whole.seconds / tenth.whole.seconds:.1f} times (goal {GREATEST_GROWTH})"


def figures(found: list[Measured]) -> list[tuple[str, ...]]:
    """What was measured, and the figure of each size."""
    growths = [growth(*pair) for pair in zip(found, [None, *found], strict=False)]
    memory = f"its peak memory, goal {gigabytes(GREATEST_MEMORY)}"
    return [
        ("campaign contacts", *(f"{one.contacts:,}" for one in found)),
        ("everything", *(f"{one.whole.seconds:,.0f} s" for one in found)),
        *([("beside a tenth of the rows", *growths)] if any(growths) else []),
        ("its models", *(f"{sum(one.whole.models.values()):,.0f} s" for one in found)),
        (memory, *(gigabytes(one.whole.peak_bytes) for one in found)),
        ("raw rows of the day", *(f"{one.arrived:,}" for one in found)),
        ("a day more", *(f"{one.day.seconds:,.0f} s" for one in found)),
        ("its models that D does not move", *(f"{seconds(one.day):,.0f} s" for one in found)),
        (
            "fct_segment_sales, by the segment on D",
            *(f"{seconds(one.day, SUMMED_OVER_D):,.0f} s" for one in found),
        ),
        (
            "its models of a row per customer, which D moves",
            *(f"{seconds(one.day, MOVED_BY_D):,.0f} s" for one in found),
        ),
        ("share of the whole but for what D moves", *(share_beside_goal(one) for one in found)),
        ("the same without fct_segment_sales", *(share(one) for one in found)),
        (memory, *(gigabytes(one.day.peak_bytes) for one in found)),
        ("database", *(gigabytes(one.database_bytes) for one in found)),
        ("`CRM_MEMORY_LIMIT`", *(one.memory_limit for one in found)),
        ("models at a time", *(str(one.threads) for one in found)),
        ("measured on", *(one.measured_on for one in found)),
    ]


def headings(found: list[Measured]) -> list[str]:
    return ["transactions", *(f"{one.transactions:,}" for one in found)]


def dearest(found: list[Measured]) -> list[tuple[str, ...]]:
    """Seconds of the day's dearest models at the greatest size, beside those in the whole."""
    greatest = found[-1]
    names = sorted(greatest.day.models, key=greatest.day.models.get, reverse=True)[:25]
    return [
        (
            name + (" (D)" if name in MOVED_BY_D | SUMMED_OVER_D else ""),
            f"{greatest.whole.models.get(name, 0):.1f}",
            f"{greatest.day.models[name]:.1f}",
        )
        for name in names
    ]


def show(console: Console, found: list[Measured]) -> None:
    for head, rows in (
        (headings(found), figures(found)),
        (["model", "whole", "day"], dearest(found)),
    ):
        table = Table(*head)
        for row in rows:
            table.add_row(*row)
        console.print(table)


def section(found: list[Measured]) -> list[str]:
    """The section of the report, line by line."""
    about = machine()
    rows = " ".join(str(one.rows) for one in found)
    limits = {one.memory_limit for one in found} - {DEFAULT_LIMIT}
    limit = f"CRM_MEMORY_LIMIT={limits.pop()} " if len(limits) == 1 else ""
    return [
        "## A day more",
        "",
        "Written by",
        f"`{limit}python scripts/benchmark_scale.py --rows {rows} --write`:",
        "everything built from what came before the last day, then, on the same database, that",
        "day. Models that D moves write a row per customer each day; the goal leaves them out, so",
        "they are reported apart. `fct_segment_sales` sums over all periods by the segment on D,",
        "so that D moves it too, but it is no row a customer: the share stands with and without",
        "it.",
        "",
        f"{about['processor']}, {about['memory']} of memory.",
        "",
        *lines_of_table(headings(found), figures(found)),
        "",
        f"Dearest models of the day at {headings(found)[-1]} transactions, seconds (D: moved).",
        "",
        *lines_of_table(["model", "whole", "day"], dearest(found)),
    ]


if __name__ == "__main__":
    sys.exit(main())
