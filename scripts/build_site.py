"""Write the site: the dashboard with its data, the documentation, and a page that leads to both.

    python scripts/build_site.py
    python scripts/build_site.py --database /data/crm.duckdb --out /srv/crm --single-file no

In:  the DuckDB file of a build (`--database`, else CRM_DATABASE, else clientele.duckdb in the
     project's folder), opened read-only, and CRM_SCHEMA_PREFIX, if the build had one;
     dashboard/data.yml, which says what the page reads; the page without data, as `vite build`
     wrote it (`--template`); manifest.json and static_index.html, as
     `dbt docs generate --static` wrote them (`--target-path`).
Out: <out>/index.html, <out>/dashboard/ and <out>/docs/. The data are inside
     <out>/dashboard/index.html where all of them are small, so that this one file can be sent and
     opened by double click, else in <out>/dashboard/data/. dashboard/README.md has their form.

Figures are copied from the marts, never worked out here, and schema `pii` is not read. The same
marts give the same bytes. A mart that the database does not have is a warning, and its panel says
so; what cannot be done is one sentence and exit code 1, and then the last site stays as it was.
"""

import argparse
import base64
import hashlib
import json
import os
import re
import shutil
import string
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import duckdb
import yaml
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

PROJECT = Path(__file__).resolve().parent.parent
SPECIFICATION = PROJECT / "dashboard/data.yml"
LANDING = PROJECT / "dashboard/landing.html"

LARGEST_INSIDE = 8_000_000  # bytes of data in a page that is still sent and opened with ease

CUSTOMERS = "customer_360"
CUSTOMER_COLUMNS = [
    "customer_id",
    "rfm_score",
    "crm_dashboard_segment",
    "customer_360_segment",
    "value_tier",
    "last_purchase_date",
    "purchase_count_lifetime",
    "sales_amount_lifetime",
    "predicted_sales_amount_next_12_months",
    "churn_risk",
    "days_overdue",
]
SEGMENT_COLUMNS = {
    "crm_dashboard": "crm_dashboard_segment",
    "customer_360": "customer_360_segment",
}
# A page of a list reads one row group or two; the footer, which grows as they shrink, comes first.
# Of 1 million customers: 180 KB a page, in 10 ms on loopback, and a footer of 150 KB.
ROW_GROUP_ROWS = 8_192

INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}

# The page asks nobody but the server it came from, and runs no script but its own.
POLICY = (
    "default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data: blob:; "
    "font-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'"
)
LINK_BACK = (
    '<a href="../dashboard/index.html" style="position:fixed;bottom:10px;left:10px;z-index:99;'
    "padding:4px 10px;border-radius:6px;background:#0b57b8;color:#fff;"
    'font:13px system-ui,sans-serif">← Dashboard</a>'
)
# dbt notes when and where it ran: neither belongs to what a reader sees, and the same marts would
# give other bytes each time.
OF_THE_RUN = [
    (re.compile(r'"(generated_at|invocation_id|invocation_started_at)": "[^"]*"'), r'"\1": ""'),
    (re.compile(r'"(created_at)": [0-9.]+'), r'"\1": 0'),
    (re.compile(r'"(root_path|compiled_path)": "[^"]*"'), r'"\1": ""'),
]
# dbt's page asks for icons by addresses that are no addresses yet; each is an error on the console.
ICONS = [
    (re.compile(r'<link rel="shortcut icon"[^>]*>'), '<link rel="icon" href="data:,"/>'),
    (re.compile(r'(?<= )xlink:href="{{'), 'ng-attr-href="{{'),
]


class SiteError(Exception):
    """What is wrong, in one sentence for the user."""


@dataclass
class Data:
    """What goes below data/: the catalog, text files and Parquet files."""

    catalog: dict
    texts: dict[str, str] = field(default_factory=dict)
    parquets: dict[str, bytes] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes inside a page; base64 takes four for three."""
        return (
            len(as_json(self.catalog).encode())
            + sum(len(text.encode()) for text in self.texts.values())
            + sum(-(-len(content) // 3) * 4 for content in self.parquets.values())
        )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        epilog="`make site` does all that has to be done before, too. A relative path starts at "
        "the project's folder.",
    )
    add = parser.add_argument
    add(
        "--database",
        type=Path,
        default=os.environ.get("CRM_DATABASE") or "clientele.duckdb",
        help="DuckDB file of a build (default: %(default)s)",
    )
    add("--out", type=Path, default="site", help="folder to write (default: %(default)s)")
    add(
        "--single-file",
        choices=["auto", "yes", "no"],
        default="auto",
        help="put the data inside the page; auto: where they are not above "
        f"{LARGEST_INSIDE // 1_000_000} MB (default: %(default)s)",
    )
    add(
        "--target-path",
        type=Path,
        default=os.environ.get("DBT_TARGET_PATH") or "target",
        help="where dbt wrote the documentation (default: %(default)s)",
    )
    add(
        "--template",
        type=Path,
        default="dashboard/dist/index.html",
        help="the page without data (default: %(default)s)",
    )
    options = parser.parse_args(arguments)
    console = Console(soft_wrap=True, highlight=False)
    try:
        data, is_inside, out = build(
            PROJECT / options.database,
            PROJECT / options.out,
            options.single_file,
            PROJECT / options.target_path,
            PROJECT / options.template,
        )
    except SiteError as error:
        print(error, file=sys.stderr)
        return 1
    show(console, data, is_inside, out)
    return 0


def build(
    database: Path, out: Path, single_file: str, target: Path, template: Path
) -> tuple[Data, bool, Path]:
    """Write the site beside `out`, then put it in its place."""
    page = read_text(template, "the page without data; `make site` bundles it")
    documentation = read_text(
        target / "static_index.html", "the documentation; run `dbt docs generate --static`"
    )
    manifest = json.loads(
        read_text(target / "manifest.json", "dbt's manifest; run `dbt docs generate --static`")
    )
    specification = yaml.safe_load(SPECIFICATION.read_text(encoding="utf-8"))
    check_place(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=".site-") as scratch:
            folder = Path(scratch)
            with open_database(database) as connection:
                marts = Marts(connection, os.environ.get("CRM_SCHEMA_PREFIX", "") + "marts")
                data = read_data(marts, specification, folder)
                as_of_date = read_as_of_date(marts)
            data.catalog["about"] = describe(manifest, specification, marts)
            is_inside = single_file == "yes" or (
                single_file == "auto" and data.size <= LARGEST_INSIDE
            )
            site = folder / "site"
            write_dashboard(site / "dashboard", page, data if is_inside else None)
            if not is_inside:
                write_files(site / "dashboard/data", data)
            write(site / "docs/index.html", document(documentation))
            write(site / "index.html", landing(as_of_date, data, is_inside))
            swap(site, out, folder / "last")
    except OSError as error:
        raise SiteError(f"{out} cannot be written: {error.strerror or error}.") from error
    return data, is_inside, out


def read_text(path: Path, what: str) -> str:
    try:
        # line ends as they stand: the hash of a script is that of its bytes
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise SiteError(f"There is no {path}: it is {what}.") from None


def check_place(out: Path) -> None:
    """The folder is replaced as a whole, so it has to be a site, or empty."""
    if out.is_dir() and (not any(out.iterdir()) or (out / "dashboard/index.html").is_file()):
        return
    if out.exists():
        raise SiteError(f"{out} holds something else than a site: name another folder with --out.")


def open_database(database: Path) -> duckdb.DuckDBPyConnection:
    if not database.is_file():
        raise SiteError(f"There is no database {database}. Build the marts first: make build")
    try:
        connection = duckdb.connect(database, read_only=True)
    except duckdb.Error as error:
        if "lock" in str(error):
            raise SiteError(
                f"{database} is open in another process: close it, or wait until it has ended, "
                "and try again."
            ) from error
        raise SiteError(f"{database} cannot be read: {str(error).splitlines()[0]}") from error
    connection.execute("set TimeZone = 'UTC'")
    return connection


# -- reading the marts -----------------------------------------------------------------------------
class Marts:
    """The marts of a database, with the types of their columns."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, schema: str) -> None:
        self.connection = connection
        self.schema = schema
        self.types: dict[str, dict[str, str]] = {}
        for mart, column, kind in connection.execute(
            "select table_name, column_name, data_type from information_schema.columns"
            " where table_schema = ? order by ordinal_position",
            [schema],
        ).fetchall():
            self.types.setdefault(mart, {})[column] = kind
        if not self.types:
            raise SiteError(
                f"The database has no schema {schema}. Build the marts first: make build"
            )

    def __contains__(self, mart: str) -> bool:
        return mart in self.types

    def name(self, mart: str) -> str:
        return f"{quoted(self.schema)}.{quoted(mart)}"

    def require(self, mart: str, columns: Iterable[str]) -> None:
        for column in columns:
            if column not in self.types[mart]:
                raise SiteError(
                    f"Mart {mart} has no column {column}: build it again, or correct "
                    f"{SPECIFICATION.relative_to(PROJECT)}."
                )

    def query(self, mart: str, sql: str) -> list[tuple]:
        try:
            return self.connection.execute(sql).fetchall()
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise SiteError(f"Mart {mart} cannot be read: {reason}") from error


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def is_number(kind: str) -> bool:
    return kind in INTEGERS or kind in ("DOUBLE", "FLOAT") or kind.startswith("DECIMAL")


def as_text(column: str, kind: str) -> str:
    """SQL of a value as JSON or the page writes it: a decimal to its last digit that counts."""
    name = quoted(column)
    if kind in ("DOUBLE", "FLOAT"):
        return f"case when isfinite({name}) then cast({name} as varchar) end"
    if kind.startswith("DECIMAL") and not kind.endswith(",0)"):
        return f"rtrim(rtrim(cast({name} as varchar), '0'), '.')"
    return f"cast({name} as varchar)"


def as_parquet(column: str, kind: str) -> str:
    """SQL of a value of which the page's reader of Parquet makes the number that is written.

    It makes a BigInt of a 64-bit integer, and 99999.15000000001 of the decimal 99999.15.
    """
    name = quoted(column)
    value = name
    if kind in INTEGERS:
        value = f"cast({name} as integer)"
    elif is_number(kind):
        value = f"case when isfinite({name}) then cast({name} as double) end"
    return f"{value} as {name}"


def as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def read_data(marts: Marts, specification: dict[str, dict], folder: Path) -> Data:
    data = Data({"tables": {}})
    for table, wanted in specification.items():
        data.catalog["tables"][table] = read_table(marts, table, wanted, data)
    data.catalog["customers"] = read_customers(marts, data, folder)
    data.missing = sorted(
        {
            entry["mart"]
            for entry in [*data.catalog["tables"].values(), data.catalog["customers"]]
            if "missing" in entry
        }
    )
    return data


def read_table(marts: Marts, table: str, wanted: dict, data: Data) -> dict:
    """Put the files of a table into `data`; returns its entry in the catalog."""
    mart, columns = wanted["mart"], wanted["columns"]
    if mart not in marts:
        return {"mart": mart, "missing": True}
    split_by = wanted.get("split_by", [])
    marts.require(mart, [*columns, *wanted["order_by"], *split_by])
    kinds = marts.types[mart]
    # the other columns come last, so that the order is complete whatever order_by says
    order = dict.fromkeys([*split_by, *wanted["order_by"], *columns])
    rows = marts.query(
        mart,
        f"select {', '.join(as_text(column, kinds[column]) for column in [*columns, *split_by])}"
        f" from {marts.name(mart)}"
        + (f" where {wanted['where']}" if "where" in wanted else "")
        + f" order by {', '.join(map(quoted, order))}",
    )
    entry = {"mart": mart, "rows": len(rows)}
    if wanted.get("first"):
        entry["first"] = True
    if not split_by:
        entry["file"] = f"{table}.json"
        data.texts[entry["file"]] = columnar(columns, kinds, rows)
        return entry
    parts: dict[tuple, list[tuple]] = {}
    for row in rows:
        parts.setdefault(row[len(columns) :], []).append(row)
    entry |= {"split_by": split_by, "files": []}
    for number, (values, part) in enumerate(parts.items(), start=1):
        file = f"{table}/{number}.json"
        data.texts[file] = columnar(columns, kinds, part)
        entry["files"].append([*values, file])
    return entry


def columnar(columns: list[str], kinds: dict[str, str], rows: list[tuple]) -> str:
    """A table as JSON: numbers as they are written, all else as values and codes."""
    parts = []
    for number, column in enumerate(columns):
        values = [row[number] for row in rows]
        if is_number(kinds[column]):
            content = f"[{','.join('null' if value is None else value for value in values)}]"
        else:
            known: dict[str, int] = {}
            codes = [-1 if v is None else known.setdefault(v, len(known)) for v in values]
            distinct = list(known)
            if kinds[column] == "BOOLEAN":
                distinct = [value == "true" for value in distinct]
            content = f'{{"values":{as_json(distinct)},"codes":{as_json(codes)}}}'
        parts.append(f"{as_json(column)}:{content}")
    return f'{{"rows":{len(rows)},"columns":{{{",".join(parts)}}}}}'


def read_customers(marts: Marts, data: Data, folder: Path) -> dict:
    """Put the lists of customers into `data`; returns their entry in the catalog."""
    if CUSTOMERS not in marts:
        return {"mart": CUSTOMERS, "missing": True}
    kinds = marts.types[CUSTOMERS]
    marts.require(CUSTOMERS, CUSTOMER_COLUMNS)
    selected = ", ".join(as_parquet(column, kinds[column]) for column in CUSTOMER_COLUMNS)
    marts.connection.execute(
        f"create temp table scored as select {selected} from {marts.name(CUSTOMERS)}"
        " where rfm_score is not null"
    )
    count = marts.query(CUSTOMERS, "select count(*) from scored")[0][0]
    orders = {"all": write_order(marts, data, folder, "all", "")}
    orders["all"]["ranges"] = {"all": [0, count]}
    for scheme, column in SEGMENT_COLUMNS.items():
        known = "(select null as segment, null as display_order where false)"
        if "dim_segments" in marts:
            known = (
                f"(select segment, display_order from {marts.name('dim_segments')}"
                f" where scheme = '{scheme}')"
            )
        marts.connection.execute(
            f"create or replace temp table places as"
            f" select coalesce(known.segment, found.segment) as segment, known.display_order,"
            f" coalesce(found.customers, 0) as customers from {known} as known full join"
            f" (select {column} as segment, count(*) as customers from scored group by all)"
            " as found using (segment)"
        )
        order = (
            f"(select (display_order, segment) from places where segment = scored.{column})"
            " nulls last, "
        )
        entry = write_order(marts, data, folder, scheme, order)
        first = 0
        entry["ranges"] = {}
        for segment, customers in marts.query(
            CUSTOMERS, "select segment, customers from places order by display_order, segment"
        ):
            entry["ranges"][segment] = [first, customers]
            first += customers
        orders[scheme] = entry
    return {"mart": CUSTOMERS, "columns": CUSTOMER_COLUMNS, "rows": count, "orders": orders}


def write_order(marts: Marts, data: Data, folder: Path, name: str, order: str) -> dict:
    """Customers in one order, as Parquet; returns the file's entry in the catalog."""
    path = folder / f"{name}.parquet"
    marts.connection.execute(
        f"copy (select * from scored order by {order}sales_amount_lifetime desc nulls last,"
        f" customer_id) to '{str(path).replace(chr(39), chr(39) * 2)}'"
        f" (format parquet, compression snappy, row_group_size {ROW_GROUP_ROWS})"
    )
    content = path.read_bytes()
    path.unlink()
    file = f"customers/{name}.parquet"
    data.parquets[file] = content
    # the file ends with its footer, four bytes that say how long that is, and four of a mark
    footer = int.from_bytes(content[-8:-4], "little") + 8
    return {"file": file, "bytes": len(content), "footer_bytes": footer}


def read_as_of_date(marts: Marts) -> str | None:
    """The day of the marts; None before the first purchase."""
    if "fct_segment_split" not in marts:
        return None
    return marts.query(
        "fct_segment_split",
        f"select cast(max(as_of_date) as varchar) from {marts.name('fct_segment_split')}",
    )[0][0]


def describe(manifest: dict, specification: dict[str, dict], marts: Marts) -> dict[str, dict]:
    """What the documentation says of the marts and columns that the page shows."""
    shown: dict[str, list[str]] = {}
    for wanted in specification.values():
        shown.setdefault(wanted["mart"], []).extend(wanted["columns"])
    shown.setdefault(CUSTOMERS, []).extend(CUSTOMER_COLUMNS)
    models = {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }
    return {
        mart: {
            "description": models[mart]["description"].strip(),
            "columns": {
                column: models[mart]["columns"][column]["description"].strip()
                for column in dict.fromkeys(columns)
                if column in models[mart]["columns"]
            },
        }
        for mart, columns in sorted(shown.items())
        if mart in models and mart in marts
    }


# -- writing the site ------------------------------------------------------------------------------
def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8"))


def write_files(folder: Path, data: Data) -> None:
    write(folder / "catalog.json", as_json(data.catalog))
    for file, text in data.texts.items():
        write(folder / file, text)
    for file, content in data.parquets.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def write_dashboard(folder: Path, page: str, inside: Data | None) -> None:
    """The page with its policy, and the data in it if they are to be there."""
    if "<head>" not in page or "</body>" not in page:
        raise SiteError("The page without data is not what `make site` bundles: bundle it again.")
    # The code of the page may hold such tags in its texts; the page's own are the first and last.
    scripts = re.findall(r"<script\b[^>]*>(.*?)</script>", page, re.DOTALL)
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in scripts
        if script
    )
    start, end = page.index("<head>") + len("<head>"), page.rindex("</body>")
    policy = POLICY.format(scripts=hashes or "'none'")
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    write(
        folder / "index.html",
        "".join([page[:start], meta, page[start:end], data_script(inside), page[end:]]),
    )


def data_script(data: Data | None) -> str:
    if data is None:
        return ""
    files = [
        *(f"{as_json(file)}:{text}" for file, text in data.texts.items()),
        *(
            f'{as_json(file)}:"{base64.b64encode(content).decode()}"'
            for file, content in data.parquets.items()
        ),
    ]
    content = f'{{"catalog":{as_json(data.catalog)},"files":{{{",".join(files)}}}}}'
    # nothing in the data may end the element
    content = content.replace("<", "\\u003c")
    return f'<script type="application/json" id="clientele-data">{content}</script>'


def document(documentation: str) -> str:
    """dbt's page with a link back, without the time and place of the run, and without errors."""
    for pattern, replacement in [*OF_THE_RUN, *ICONS]:
        documentation = pattern.sub(replacement, documentation)
    start, end, rest = documentation.rpartition("</body>")
    if not end:
        raise SiteError("static_index.html is cut short: run `dbt docs generate --static` again.")
    return f"{start}{LINK_BACK}{end}{rest}"


def landing(as_of_date: str | None, data: Data, is_inside: bool) -> str:
    customers = data.catalog["customers"].get("rows")
    return string.Template(LANDING.read_text(encoding="utf-8")).substitute(
        as_of=f"As of {escape(as_of_date)}" if as_of_date else "Nothing was bought yet",
        customers="" if customers is None else f", {customers:,} customers who have bought",
        by_double_click=""
        if is_inside
        else "<p>The dashboard reads its data from files beside it, so it has to come from a web "
        "server: <code>make serve</code>.</p>",
    )


def swap(site: Path, out: Path, last: Path) -> None:
    """Put the site in its place; the last one is there until then."""
    if not out.exists():
        site.rename(out)
        return
    out.rename(last)
    try:
        site.rename(out)
    except OSError:
        last.rename(out)
        raise
    shutil.rmtree(last)


def show(console: Console, data: Data, is_inside: bool, out: Path) -> None:
    """Say what was written, what is missing, and where it is."""
    for mart in data.missing:
        console.print(
            f"Warning: mart {mart} is not in the database, so its panel stays empty.",
            style="yellow",
            markup=False,
        )
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("Table")
    table.add_column("Rows", justify="right")
    table.add_column("KB", justify="right")
    for name, entry in data.catalog["tables"].items():
        if "missing" not in entry:
            files = [entry["file"]] if "file" in entry else [file for *_, file in entry["files"]]
            table.add_row(name, f"{entry['rows']:,}", kilobytes(data.texts[f] for f in files))
    customers = data.catalog["customers"]
    if "missing" not in customers:
        table.add_row("customers", f"{customers['rows']:,}", kilobytes(data.parquets.values()))
    console.print(table)
    place = "inside the page" if is_inside else f"in {out / 'dashboard/data'}"
    console.print(f"{data.size / 1e6:.1f} MB of data, {place}", markup=False)
    console.print(f"Site: [bold]{out / 'index.html'}[/bold]")


def kilobytes(contents: Iterable[str | bytes]) -> str:
    size = sum(len(c if isinstance(c, bytes) else c.encode()) for c in contents)
    return f"{size / 1000:,.0f}"


if __name__ == "__main__":
    sys.exit(main())
