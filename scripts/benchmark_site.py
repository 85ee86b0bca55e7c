"""Measure the page on the data of many customers, in a browser.

1. Makes the data (scripts/make_sample_data.py, Parquet: 1 million customers, 5 years), or takes a
   folder made before (--raw), and builds the marts; or takes a built database (--database).
2. Writes the documentation and the site as `make site` does (scripts/build_site.py), data beside
   the page, and serves it as `make serve` does (scripts/serve_site.py).
3. Opens the dashboard in the system's chromium, without a window and with nothing kept, and reads
   what the page measures: `first-view` when that is drawn, `segment` from the choice of a segment
   to the frame after, `customers-page` the same for a page of the list of customers.

Prints what it took. With --write the same goes into the section on the page of docs/benchmarks.md.
Data, database and site are deleted at the end. A step that fails is one sentence and exit code 1;
times are only reported.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb
import serve_site
from benchmark import (
    PROJECT,
    REPORT,
    BenchmarkError,
    Run,
    dbt,
    folder,
    gigabytes,
    machine,
    make_data,
    measured,
    write_section,
)
from rich.console import Console
from rich.table import Table

BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
TEMPLATE = PROJECT / "dashboard/dist/index.html"
FIRST_DAY, LAST_DAY = date(2021, 6, 19), date(2026, 6, 18)
CUSTOMERS = 1_000_000
OPENED = 5  # times, of which the median counts
PAGES_TURNED = 5  # of the list of each segment
PAUSE = 400  # ms after a choice, for what is read then
# what the page may take: ms, and bytes for the first view
GREATEST_FIRST_VIEW = 1_000
GREATEST_FIRST_BYTES = 1_500_000
GREATEST_CHOICE = 100
GREATEST_PAGING = 300

# what the benchmark clicks
SEGMENTS = "tr[data-segment] button"
LIST = "#list"
NEXT_PAGE = "#list .pages button >> nth=-1"

INTRODUCTION = """\
## The page

Written by `python scripts/benchmark_site.py --write`. The dashboard of {customers} customers who
bought in {years} years, served on the same machine, in chromium without a window and a graphics
card. First view: from the address to the frame after it is drawn, nothing being cached. A choice:
from the click to the frame after everything in sight is drawn. Bytes are those transferred.
"""


@dataclass
class Seen:
    """What the browser measured; times in ms."""

    first_views: list[float] = field(default_factory=list)
    first_bytes: int = 0
    first_requests: int = 0
    all_bytes: int = 0
    segments: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)
    list_bytes: float = 0


@dataclass
class Built:
    """The site, and what it took to build it."""

    site: Path
    runs: dict[str, Run]
    customers: int
    years: int
    segment_rows: int
    data_bytes: int


def main() -> int:
    asked = arguments()
    console = Console()
    try:
        executable = find_browser()
        with tempfile.TemporaryDirectory(prefix="benchmark-", dir=folder(asked.work)) as scratch:
            built = build(asked, Path(scratch))
            with served(built.site) as address:
                seen = look(executable, f"{address}dashboard/index.html")
    except BenchmarkError as error:
        console.print(str(error), style="red", markup=False, soft_wrap=True)
        return 1
    rows = figures(built, seen)
    table = Table("measured", "figure", "held against")
    for row in rows:
        table.add_row(*row)
    console.print(table)
    if asked.write:
        write_section("the page", section(built, rows))
        console.print(f"Written: {REPORT}", soft_wrap=True)
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        epilog="Bundle the page first: make dashboard/dist/index.html. 1 million customers take "
        "about 10 minutes and 10 GB on disk.",
    )
    parser.add_argument(
        "--customers",
        type=int,
        default=CUSTOMERS,
        help="how many to make data of (default: %(default)s)",
    )
    parser.add_argument(
        "--raw",
        type=Path,
        help="folder with Parquet files of scripts/make_sample_data.py, instead of making them",
    )
    parser.add_argument(
        "--database", type=Path, help="a built database, instead of data and dbt; it is only read"
    )
    parser.add_argument(
        "--work",
        type=Path,
        default=PROJECT / "build",
        help="folder for what is deleted at the end (default: build)",
    )
    parser.add_argument(
        "--write", action="store_true", help="write the result to docs/benchmarks.md too"
    )
    asked = parser.parse_args()
    if asked.customers < 100:
        parser.error("--customers takes a number of 100 or more.")
    return asked


def find_browser() -> str:
    if not TEMPLATE.exists():
        raise BenchmarkError(f"There is no {TEMPLATE}: run `make dashboard/dist/index.html`.")
    try:
        import playwright  # noqa: F401
    except ImportError:
        raise BenchmarkError(
            "There is no playwright: `make site` installs requirements-site.txt."
        ) from None
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise BenchmarkError("There is no chromium: apt-get install chromium")
    return found


# -- the site --------------------------------------------------------------------------------------
def build(asked: argparse.Namespace, scratch: Path) -> Built:
    runs: dict[str, Run] = {}
    database = asked.database and asked.database.resolve()
    raw = PROJECT / "data/sample"
    if database is None:
        days = ["--from", FIRST_DAY, "--to", LAST_DAY]
        shape = ["--customers", asked.customers, *days]
        raw = asked.raw or make_data(scratch / "raw", shape)
        dbt(scratch, raw, "load the seeds", ["seed"])
        runs["dbt run, everything"] = dbt(scratch, raw, "dbt run", ["run"])
        database = scratch / "clientele_benchmark.duckdb"
    # the documentation says of each table where it is, not what is in it: an empty database will do
    title = "dbt docs generate"
    runs[title] = dbt(scratch, raw, title, ["docs", "generate", "--static"])
    site = scratch / "site"
    runs["build_site.py"] = measured(
        "build_site.py",
        [
            *(sys.executable, PROJECT / "scripts/build_site.py", "--single-file", "no"),
            *("--database", database, "--out", site, "--target-path", scratch / "target"),
        ],
        scratch / "site.log",
    )
    with duckdb.connect(database, read_only=True) as connection:
        customers, years, segment_rows = connection.execute(
            """
            select
                (select count(*) from marts.customer_360 where rfm_score is not null),
                (select count(*) from marts.fct_period_kpis where period_grain = 'year'),
                (select count(*) from marts.fct_segment_sales)
            """
        ).fetchone()
    data_bytes = sum(
        path.stat().st_size for path in (site / "dashboard/data").rglob("*") if path.is_file()
    )
    return Built(site, runs, customers, years, segment_rows, data_bytes)


@contextmanager
def served(site: Path) -> Iterator[str]:
    """The address of the site while it is served."""
    with serve_site.bind(0) as listening:
        server = serve_site.server(site)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        finally:
            server.should_exit = True
            thread.join()


# -- the browser -----------------------------------------------------------------------------------
FIRST_VIEW = "performance.getEntriesByName('first-view').length > 0"
ALL_READ = "document.documentElement.dataset.drawn === 'all'"
MEASURED = "(name) => performance.getEntriesByName(name, 'measure').map((each) => each.duration)"
# requests and bytes: up to the first view, or up to now of addresses that end so
TRANSFERRED = """(end) => {
    const upto = end === null ? performance.getEntriesByName('first-view')[0].startTime : Infinity;
    const read = [
        ...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource'),
    ].filter((each) => each.name.endsWith(end ?? '') && each.responseEnd <= upto);
    return [read.length, read.reduce((sum, each) => sum + each.transferSize, 0)];
}"""


def look(executable: str, address: str) -> Seen:
    from playwright.sync_api import Error, sync_playwright

    seen = Seen()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
            for number in range(OPENED):
                context = browser.new_context(viewport={"width": 1440, "height": 900})
                page = context.new_page()
                page.goto(address)
                wait_until(page, FIRST_VIEW)
                seen.first_views.append(
                    page.evaluate("performance.getEntriesByName('first-view')[0].startTime")
                )
                seen.first_requests, seen.first_bytes = page.evaluate(TRANSFERRED, None)
                wait_until(page, ALL_READ)
                seen.all_bytes = page.evaluate(TRANSFERRED, "")[1]
                if number == OPENED - 1:
                    use(page, seen)
                context.close()
            browser.close()
    except Error as error:
        raise BenchmarkError(f"The browser failed: {str(error).splitlines()[0]}") from error
    return seen


def use(page, seen: Seen) -> None:
    """Choose each segment; then again with the list in sight, and turn its pages."""
    page.evaluate("performance.setResourceTimingBufferSize(10000)")
    segments = page.locator(SEGMENTS)
    for number in range(segments.count()):
        segments.nth(number).click()
        wait_until(page, f"({MEASURED})('segment').length > {number}")
        page.wait_for_timeout(PAUSE)
    seen.segments = page.evaluate(MEASURED, "segment")
    page.locator(LIST).scroll_into_view_if_needed()
    page.locator(NEXT_PAGE).wait_for()
    before, turned = page.evaluate(TRANSFERRED, ".parquet")[1], 0
    for number in range(segments.count()):
        segments.nth(number).evaluate("(button) => button.click()")  # the list stays in sight
        page.wait_for_timeout(PAUSE)
        for _ in range(PAGES_TURNED):
            if page.locator(NEXT_PAGE).is_enabled():
                page.locator(NEXT_PAGE).click()
                turned += 1
                wait_until(page, f"({MEASURED})('customers-page').length >= {turned}")
    seen.pages = page.evaluate(MEASURED, "customers-page")
    read = page.evaluate(TRANSFERRED, ".parquet")[1] - before
    seen.list_bytes = read / segments.count()


def wait_until(page, condition: str, seconds: float = 60) -> None:
    """Wait for a condition in JavaScript; Playwright's own way is against the page's policy."""
    until = time.monotonic() + seconds
    while not page.evaluate(condition):
        if time.monotonic() > until:
            raise BenchmarkError(f"The page did not come to {condition} in {seconds} s.")
        page.wait_for_timeout(20)


# -- the report ------------------------------------------------------------------------------------
def figures(built: Built, seen: Seen) -> list[tuple[str, str, str]]:
    """What was measured, the figure, and what it is held against."""
    first_view = statistics.median(seen.first_views)
    return [
        ("Customers with a purchase", f"{built.customers:,}", ""),
        ("Rows of fct_segment_sales", f"{built.segment_rows:,}", ""),
        *(
            (title, f"{run.seconds:.1f} s, {gigabytes(run.peak_bytes)}", "")
            for title, run in built.runs.items()
        ),
        ("Data beside the page", megabytes(built.data_bytes), ""),
        ("First view, median", milliseconds(first_view), of_time(first_view, GREATEST_FIRST_VIEW)),
        (
            "Read for the first view",
            f"{megabytes(seen.first_bytes)} in {seen.first_requests} requests",
            judged(megabytes(GREATEST_FIRST_BYTES), seen.first_bytes <= GREATEST_FIRST_BYTES),
        ),
        ("Read once all tables are there", megabytes(seen.all_bytes), ""),
        (
            "Choice of a segment, median and slowest",
            median_and_slowest(seen.segments),
            of_time(max(seen.segments), GREATEST_CHOICE),
        ),
        (
            "A page of customers, median and slowest",
            median_and_slowest(seen.pages),
            of_time(max(seen.pages), GREATEST_PAGING),
        ),
        ("Read for the list of a segment", megabytes(seen.list_bytes), ""),
    ]


def judged(goal: str, is_met: bool) -> str:
    return f"goal {goal}: {'met' if is_met else 'missed'}"


def of_time(taken: float, greatest: float) -> str:
    return judged(milliseconds(greatest), taken <= greatest)


def milliseconds(number: float) -> str:
    return f"{number:,.0f} ms"


def median_and_slowest(times: list[float]) -> str:
    return f"{milliseconds(statistics.median(times))}, {milliseconds(max(times))}"


def megabytes(number: float) -> str:
    return f"{number / 1e6:.2f} MB"


def section(built: Built, rows: list[tuple[str, str, str]]) -> list[str]:
    """The section of the report, line by line."""
    about = machine()
    return [
        INTRODUCTION.format(customers=f"{built.customers:,}", years=built.years),
        f"On {about['date']}: {about['processor']}, {about['memory']} of memory.",
        "",
        "| measured | figure | held against |",
        "|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


if __name__ == "__main__":
    sys.exit(main())
