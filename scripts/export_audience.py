"""Write one audience of fct_campaign_audiences to a CSV file that a spreadsheet may open.

    python scripts/export_audience.py --scheme customer_360 --segment Champion
    python scripts/export_audience.py --scheme crm_dashboard --segment "At Risk" \\
        --channel email --with-contacts --out at_risk.csv

In:  the DuckDB file of a build (`--database`, else CRM_DATABASE, else clientele.duckdb in the
     project's folder), opened read-only, and CRM_SCHEMA_PREFIX, if the build had one.
Out: one row per customer of the audience, in the order of their keys: only customers who agreed
     to be addressed. The file is UTF-8 with a byte order mark, because spreadsheets take it for
     another encoding without one, and only its owner can read it. A cell that a spreadsheet would
     run as a formula begins with an apostrophe; numbers stay numbers. With `--with-contacts` there
     are names too, and of e-mail address and phone number the one of the customer's channel.
What cannot be done is one sentence and exit code 1, and then no file is written or replaced.
"""

import argparse
import csv
import os
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path

import duckdb
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

PROJECT = Path(__file__).resolve().parent.parent
COLUMNS = """
    audiences.as_of_date, audiences.scheme, audiences.segment, audiences.customer_id,
    audiences.is_segment_override, audiences.recommended_action, audiences.reason,
    audiences.best_channel, audiences.best_day_of_week, audiences.best_hour_of_day,
    audiences.timing_source
"""
# Consent is to a channel, so the address of the other one is not handed out.
CONTACT_COLUMNS = """,
    contacts.first_name, contacts.last_name,
    case when audiences.best_channel = 'email' then contacts.email end as email,
    case when audiences.best_channel = 'sms' then contacts.phone end as phone
"""

NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
# Where a cell begins: at its start, and after what another locale or a broken line takes for the
# end of a cell. Blanks, also those that cannot be seen, do not keep a spreadsheet from running it.
RUNS = re.compile(r"(\A|[;\t\r\n])(?=[\s\x00-\x1f\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠])")  # noqa: RUF001


class ExportError(Exception):
    """What is wrong, in one sentence for the user."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        epilog="Run dbt build first; fct_campaign_audiences says who is listed, and why.",
    )
    parser.add_argument("--scheme", required=True, help="customer_360 or crm_dashboard")
    parser.add_argument("--segment", required=True, help="segment of the scheme, such as Champion")
    parser.add_argument(
        "--channel", choices=["email", "sms"], help="only customers whose best channel it is"
    )
    parser.add_argument(
        "--with-contacts",
        action="store_true",
        help="add names and the address of the channel (personal: from schema pii)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        help="the CSV file (default: build/audiences/<scheme>_<segment>.csv in the project)",
    )
    parser.add_argument(
        "--database",
        default=os.environ.get("CRM_DATABASE") or "clientele.duckdb",
        help="DuckDB file of a build; a relative path starts at the project (default: %(default)s)",
    )
    options = parser.parse_args(arguments)
    try:
        segment, header, rows = read(
            PROJECT / options.database,
            options.scheme,
            options.segment,
            options.channel,
            options.with_contacts,
        )
        out = options.out or default_file(options.scheme, segment, options.channel)
        write(out, header, rows)
    except ExportError as error:
        print(error, file=sys.stderr)
        return 1
    show(Console(width=100), options.scheme, segment, header, rows, out)
    return 0


def read(
    database: Path, scheme: str, segment: str, channel: str | None, with_contacts: bool
) -> tuple[str, list[str], list[tuple]]:
    """The segment as it is written, the header and the rows of the audience."""
    prefix = os.environ.get("CRM_SCHEMA_PREFIX", "")
    if not database.exists():
        raise ExportError(f"There is no database {database}: run `dbt build` first.")
    try:
        with duckdb.connect(database, read_only=True) as connection:
            segment = find_segment(connection, f"{prefix}marts", scheme, segment)
            joined, columns = "", COLUMNS
            if with_contacts:
                columns += CONTACT_COLUMNS
                joined = (
                    f"left join {prefix}pii.dim_customer_contacts as contacts"
                    " on audiences.customer_id = contacts.customer_id"
                )
            found = connection.execute(
                f"select {columns} from {prefix}marts.fct_campaign_audiences as audiences {joined}"
                " where audiences.scheme = ? and audiences.segment = ?"
                " and audiences.best_channel = coalesce(?, audiences.best_channel)"
                " order by audiences.customer_id",
                [scheme, segment, channel],
            )
            header = [column[0] for column in found.description]
            rows = found.fetchall()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise ExportError(
            f"No audiences in {database}: run `dbt build` first ({reason})"
        ) from error
    if not rows:
        by_channel = f" by {channel}" if channel else ""
        raise ExportError(
            f"Nobody in segment {segment} of scheme {scheme} may be addressed{by_channel}:"
            " no file was written."
        )
    return segment, header, rows


def find_segment(connection, marts: str, scheme: str, segment: str) -> str:
    """The segment as dim_segments writes it, whatever the case it was given in."""
    known = connection.execute(
        f"select scheme, segment from {marts}.dim_segments order by scheme, display_order"
    ).fetchall()
    segments = [name for each, name in known if each == scheme]
    if not segments:
        schemes = ", ".join(sorted({each for each, _ in known}))
        raise ExportError(f"There is no scheme {scheme}: the schemes are {schemes}.")
    for name in segments:
        if name.lower() == segment.strip().lower():
            return name
    raise ExportError(
        f"There is no segment {segment} in scheme {scheme}: its segments are {', '.join(segments)}."
    )


def default_file(scheme: str, segment: str, channel: str | None) -> Path:
    parts = [scheme, re.sub(r"\W+", "_", segment.lower()), *([channel] if channel else [])]
    return PROJECT / "build/audiences" / f"{'_'.join(parts)}.csv"


def safe(value: object) -> object:
    """The value as a cell that no spreadsheet runs: text it would run begins with an apostrophe."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str) or NUMBER.fullmatch(value):
        return value
    text = RUNS.sub(r"\1'", value)
    return f"'{text}" if text.startswith(("\t", "\r", "\n")) else text


def write(out: Path, header: list[str], rows: list[tuple]) -> None:
    """Write the whole file or nothing."""
    unfinished = None
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        # such a file can be read by its owner alone
        with tempfile.NamedTemporaryFile(
            "w", dir=out.parent, prefix=".writing-", encoding="utf-8-sig", newline="", delete=False
        ) as file:
            unfinished = Path(file.name)
            writer = csv.writer(file)
            writer.writerow(header)
            writer.writerows([safe(value) for value in row] for row in rows)
        os.replace(unfinished, out)
    except OSError as error:
        if unfinished:
            unfinished.unlink(missing_ok=True)
        raise ExportError(f"{out} cannot be written: {error.strerror or error}.") from error


def show(
    console: Console, scheme: str, segment: str, header: list[str], rows: list[tuple], out: Path
) -> None:
    """Say who is in the file, and where it is."""
    of = {name: number for number, name in enumerate(header)}
    as_of_date, action = rows[0][of["as_of_date"]], rows[0][of["recommended_action"]]
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("Channel")
    table.add_column("Customers", justify="right")
    has_contacts = "phone" in of
    if has_contacts:
        table.add_column("Without\naddress", justify="right")
    for channel, count in sorted(Counter(row[of["best_channel"]] for row in rows).items()):
        cells = [channel, f"{count:,}"]
        if has_contacts:
            address = of["email" if channel == "email" else "phone"]
            missing = sum(row[of["best_channel"]] == channel and not row[address] for row in rows)
            cells.append(f"{missing:,}")
        table.add_row(*cells)
    console.print()
    console.print(f"[bold]{escape(segment)}[/bold] of {escape(scheme)}, as of {as_of_date}")
    console.print(table)
    console.print(f"What to do: {action}", highlight=False, markup=False)
    if has_contacts:
        console.print("[bold]The file holds names and addresses: keep it no longer than needed.")
    console.print(f"Written to [bold]{escape(str(out))}[/bold]", soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
