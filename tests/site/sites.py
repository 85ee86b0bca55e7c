"""Databases and sites of the tests: below build/test-site, shared by the workers."""

import contextlib
import csv
import fcntl
import hashlib
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import build_site
import duckdb
from dbt_runs import PROJECT, PROJECT_PARTS, DbtRuns

FOLDER = PROJECT / "build/test-site"
SAMPLE = PROJECT / "data/sample"
PAGE = PROJECT / "dashboard/dist/index.html"
# what a database follows from
PARTS = [part for part in PROJECT_PARTS if part != "tests"]


@dataclass(frozen=True)
class Site:
    """A site that was built, and where it is served."""

    name: str
    folder: Path
    database: Path
    url: str  # of the folder, with a slash at the end

    @property
    def dashboard(self) -> str:
        return f"{self.url}dashboard/index.html"

    @property
    def dashboard_file(self) -> str:
        return (self.folder / "dashboard/index.html").as_uri()


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """Keep the other workers out."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def fingerprint(raw: Path) -> str:
    """A hash of the project's models and of the raw files."""
    found = hashlib.sha256()
    roots = [*(PROJECT / part for part in PARTS), raw]
    for root in roots:
        for path in sorted(root.rglob("*")) if root.is_dir() else [root]:
            if path.is_file():
                found.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes() + b"\0")
    return found.hexdigest()


class Databases:
    """The marts of raw folders; what was built from the same project and data is kept."""

    def __init__(self, runs: DbtRuns) -> None:
        self.runs = runs

    def build(self, name: str, make_raw: Callable[[Path], None] | None = None) -> Path:
        """The database of the raw files that `make_raw` puts into a folder, or of the sample."""
        database = FOLDER / "databases" / f"{name}.duckdb"
        known = database.with_suffix(".from")
        # all runs share what dbt parsed, so they take turns
        with locked("dbt"):
            raw = SAMPLE
            if make_raw:
                raw = FOLDER / "raw" / name
                shutil.rmtree(raw, ignore_errors=True)
                raw.mkdir(parents=True)
                make_raw(raw)
            is_from = fingerprint(raw)
            is_there = database.exists() and (self.target / "static_index.html").exists()
            if is_there and known.exists() and known.read_text() == is_from:
                return database
            self.runs.forget()
            skipped = [f"--exclude-resource-type={kind}" for kind in ("test", "unit_test")]
            self.runs("build", *skipped, raw=raw)
            if not make_raw:
                self.runs("docs", "generate", "--static", raw=raw)
            # a run ends without closing the file, so what it wrote stands in the log beside it
            with duckdb.connect(self.runs.database) as connection:
                connection.execute("checkpoint")
            database.parent.mkdir(exist_ok=True)
            self.runs.database.replace(database)
            known.write_text(is_from)
        return database

    @property
    def target(self) -> Path:
        """Where the documentation is; the sample has to be built before."""
        return self.runs.target()


def build(name: str, database: Path, target: Path, run: str, *, inside: bool) -> Path:
    """The site of a database, once in a run of the tests; returns its folder."""
    folder = FOLDER / "sites" / name
    built_in = FOLDER / f"{name}.run"
    with locked(name):
        if not (folder.exists() and built_in.exists() and built_in.read_text() == run):
            built_in.unlink(missing_ok=True)
            exit_code = build_site.main(
                [
                    *("--database", str(database), "--out", str(folder)),
                    *("--single-file", "yes" if inside else "no"),
                    *("--target-path", str(target), "--template", str(PAGE)),
                ]
            )
            assert exit_code == 0, f"the site {name} could not be built: see what was printed"
            built_in.write_text(run)
    return folder


def open_dashboard(page, site: Site, state: str = "", by_double_click: bool = False) -> None:
    """Go to the dashboard and wait until its first view is drawn."""
    page.goto((site.dashboard_file if by_double_click else site.dashboard) + state)
    wait_until(page, "performance.getEntriesByName('first-view').length > 0")


def wait_until(page, condition: str, arg=None, timeout: float = 15_000) -> None:
    """Wait for a condition in JavaScript, at most `timeout` ms."""
    until = time.monotonic() + timeout / 1000
    while not page.evaluate(condition, arg):
        assert time.monotonic() < until, f"after {timeout} ms still not: {condition}"
        page.wait_for_timeout(20)


# -- raw data --------------------------------------------------------------------------------------
# What a careless or a hostile source may call a product, a branch, a campaign or a customer.
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "=cmd()",
    "{{constructor.constructor('alert(1)')()}}",
    "__proto__",
    "\"'`\\ & \\u003c ${1+1} %s",
    "عميل مميز جداً",
    "לקוח \u202eהפוך",  # noqa: RUF001
    "👩‍👩‍👧‍👦 🛍️ family",
    "long " + "n" * 9_995,
]


def write_table(folder: Path, table: str, header: str, rows: list[tuple]) -> None:
    with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split())
        writer.writerows(rows)


def make_hostile(folder: Path) -> None:
    """Every name and key is hostile; each customer bought in each month of fourteen."""
    months = [f"{2024 + (4 + n) // 12}-{(4 + n) % 12 + 1:02}" for n in range(14)]
    sales, lines, contacts = [], [], []
    for n, name in enumerate(HOSTILE):
        for m, month in enumerate(months[n:] if n % 2 else months[: len(months) - n]):
            key = f"{name} {m}"
            sales.append(
                (key, name, f"{month}-{5 + n:02} 1{m % 10}:00:00", 20 + 30 * n + m, name, name, "")
            )
            lines.append((key, 1, name, 1, 20 + 30 * n + m))
            contacts.append(
                (key, name, name, f"{month}-{4 + n:02} 09:00:00", m % 3 == 0, f"{month}-28 10:00")
            )
    write_table(
        folder,
        "transactions",
        "transaction_id customer_id transacted_at amount channel branch_id campaign_id",
        sales,
    )
    write_table(
        folder, "transaction_lines", "transaction_id line_number product_id quantity amount", lines
    )
    names = [(name, name, name, name) for name in HOSTILE]
    write_table(folder, "products", "product_id product_name category subcategory", names)
    write_table(folder, "branches", "branch_id branch_name city region", names)
    write_table(
        folder,
        "campaigns",
        "campaign_id campaign_name channel objective starts_on ends_on cost",
        [(name, name, "email", name, "2024-05-01", "2025-06-30", 10) for name in HOSTILE],
    )
    write_table(
        folder,
        "campaign_contacts",
        "contact_id campaign_id customer_id contacted_at is_control opened_at",
        contacts,
    )
    write_table(
        folder,
        "customers",
        "customer_id first_name city region country acquisition_source email_opt_in created_at",
        [(n, n, n, n, n, n, "true", "2024-01-01") for n in HOSTILE],
    )
    write_table(
        folder,
        "leads",
        "lead_id customer_id source owner created_at won_at deal_amount",
        [(n, n, n, n, "2024-06-01", "2024-07-01", 50) for n in HOSTILE],
    )
    write_table(
        folder,
        "surveys",
        "survey_id customer_id survey_type score responded_at",
        [(n, n, "nps", i % 11, "2025-01-05 10:00:00") for i, n in enumerate(HOSTILE)],
    )


TRANSACTION_HEADER = "transaction_id customer_id transacted_at amount channel"


def make_empty(folder: Path) -> None:
    """Not one row can be accepted: it has no amount."""
    write_table(
        folder, "transactions", TRANSACTION_HEADER, [("1", "A", "2025-03-04 10:00:00", "", "shop")]
    )


def make_one_transaction(folder: Path) -> None:
    write_table(
        folder,
        "transactions",
        TRANSACTION_HEADER,
        [("1", "A", "2025-03-04 10:00:00", "12.30", "shop")],
    )


def make_many_customers(folder: Path) -> None:
    """More customers than fit into one group of rows of the list's file."""
    write_table(
        folder,
        "transactions",
        TRANSACTION_HEADER,
        [(n, f"C{n:05}", "2025-03-04 10:00:00", 1 + n % 997, "shop") for n in range(10_500)],
    )


def make_transactions_only(folder: Path) -> None:
    """The sample without any of the twelve optional tables."""
    shutil.copy(SAMPLE / "transactions.csv", folder)
