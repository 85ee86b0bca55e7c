"""Show what a build has made: where the database is, the last months and the segment split.

In:  the DuckDB file of a build (`--database`, else CRM_DATABASE, else clientele.duckdb in the
     project's folder) and CRM_SCHEMA_PREFIX, if the build had one.
Out: tables on the terminal; nothing is written. A database that cannot be read or was not built is
     one sentence and exit code 1.
"""

import argparse
import os
import sys
from pathlib import Path

import duckdb
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

PROJECT = Path(__file__).resolve().parent.parent
MONTHS = 13  # a year and the month it is compared with
SCHEMES = {"customer_360": "Customer 360", "crm_dashboard": "CRM dashboard"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--database",
        default=os.environ.get("CRM_DATABASE") or "clientele.duckdb",
        help="DuckDB file of a build; a relative path starts at the project (default: %(default)s)",
    )
    database = PROJECT / parser.parse_args().database
    marts = os.environ.get("CRM_SCHEMA_PREFIX", "") + "marts"
    try:
        months, segments = read(database, marts)
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        print(f"No results in {database}: run `dbt build` first ({reason})", file=sys.stderr)
        return 1

    console = Console(width=200)  # a table takes what it needs; figures cut short would mislead
    as_of_date = segments[0][0] or "no day: nothing was bought yet"
    console.print()
    if months:
        console.print(period_table(months, as_of_date))
    else:
        console.print("No purchase or refund yet: the period table is empty.")
    for scheme, title in SCHEMES.items():
        console.print(split_table(title, as_of_date, [row for row in segments if row[1] == scheme]))
    console.print(f"Database: [bold]{database}[/bold]", soft_wrap=True)
    return 0


def read(database: Path, marts: str) -> tuple[list[tuple], list[tuple]]:
    """Rows of the two tables, in the order shown. Raises duckdb.Error where they are not there."""
    connection = duckdb.connect(database, read_only=True)
    months = connection.execute(
        f"""
        select period_start_date, is_complete, customer_count, new_customer_count, return_rate,
            purchase_count, average_transaction_amount, average_customer_amount, vip_sales_share,
            sales_amount, net_sales_amount
        from {marts}.fct_period_kpis
        where period_grain = 'month'
        order by period_start_date desc
        limit {MONTHS}
        """
    ).fetchall()
    segments = connection.execute(
        f"""
        select split.as_of_date, scheme, segment, split.customer_count, split.customer_share,
            split.sales_amount, split.sales_share, split.average_sales_amount
        from {marts}.fct_segment_split as split
        inner join {marts}.dim_segments as segments using (scheme, segment)
        order by scheme, segments.display_order
        """
    ).fetchall()
    connection.close()
    return months[::-1], segments


def new_table(title: str) -> Table:
    return Table(
        title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False
    )


def period_table(months: list[tuple], as_of_date) -> Table:
    table = new_table(f"Period table, by month, as of {as_of_date}")
    table.add_column("Month", no_wrap=True)
    for heading in [
        "Customers",
        "New",
        "Return\nrate",
        "Purchases",
        "Average\npurchase",
        "Average\ncustomer",
        "VIP share\nof sales",
        "Sales",
        "Net sales",
    ]:
        table.add_column(heading, justify="right", no_wrap=True)
    for month, is_complete, customers, new, return_rate, purchases, *amounts in months:
        average_purchase, average_customer, vip_share, sales, net_sales = amounts
        table.add_row(
            f"{month:%Y-%m}" + ("" if is_complete else " (so far)"),
            number(customers),
            number(new),
            share(return_rate),
            number(purchases),
            number(average_purchase, 2),
            number(average_customer, 2),
            share(vip_share),
            number(sales),
            number(net_sales),
            style=None if is_complete else "dim",
        )
    return table


def split_table(title: str, as_of_date, rows: list[tuple]) -> Table:
    table = new_table(f"Segments, scheme {title}, as of {as_of_date}")
    table.add_column("Segment", no_wrap=True)
    for heading in [
        "Customers",
        "Share of\ncustomers",
        "Sales in\nwindow",
        "Share of\nsales",
        "Average",
    ]:
        table.add_column(heading, justify="right", no_wrap=True)
    for _, _, segment, customers, customer_share, sales, sales_share, average in rows:
        table.add_row(
            segment,
            number(customers),
            share(customer_share),
            number(sales),
            share(sales_share),
            number(average, 2),
        )
    return table


def number(value, digits: int = 0) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def share(value) -> str:
    return "-" if value is None else f"{value:.1%}"


if __name__ == "__main__":
    sys.exit(main())
