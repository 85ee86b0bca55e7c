"""Figures as the page writes them (locale en-US, currency USD), and how to read them off it."""

import csv
from decimal import ROUND_HALF_UP, Decimal

import duckdb
from sites import wait_until

PERIOD = ["Period", "First day", "Covers"]  # what names a period in a table
NONE = "\N{EN DASH}"


def rounded(value: Decimal | int | float, digits: int) -> Decimal:
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def count(value) -> str:
    return NONE if value is None else f"{rounded(value, 0):,}"


def amount(value, digits: int = 2) -> str:
    if value is None:
        return NONE
    sign = "-" if value < 0 else ""
    return f"{sign}${abs(rounded(value, digits)):,}"


def whole_amount(value) -> str:
    return amount(value, 0)


def decimals(value, most: int, least: int) -> str:
    text = f"{rounded(value, most):,}"
    while "." in text and text.endswith("0") and len(text.split(".")[1]) > least:
        text = text[:-1]
    return text.rstrip(".")


def short_amount(value) -> str:
    size = abs(value)
    if size < 1000:
        return whole_amount(value)
    if size < 1_000_000:
        return f"${decimals(value / 1000, 1, 0)}K"
    return f"${decimals(value / 1_000_000, 2, 2)}M"


def rate(value) -> str:
    return NONE if value is None else f"{rounded(Decimal(str(value)) * 100, 1):,}%"


def month(date) -> str:
    return NONE if date is None else f"{date:%b} {date.year}"


def day(date) -> str:
    return NONE if date is None else f"{date:%b} {date.day}, {date.year}"


def period(grain: str, start) -> str:
    if grain == "year":
        return str(start.year)
    if grain == "quarter":
        return f"Q{(start.month - 1) // 3 + 1} {start.year}"
    if grain == "week":
        return f"Week of {day(start)}"
    return month(start) if grain == "month" else day(start)


def period_cells(site, grain: str, start, of_sales: bool = True) -> list[str]:
    """A period in a table: its name, its first day, and how much of it there are data of."""
    [(as_of, first_sale, end)] = query(
        site,
        "select as_of_date, (select min(period_start_date) from marts.fct_period_kpis"
        " where period_grain = 'day'), cast(cast(? as date) + case ? when 'year' then to_years(1)"
        " when 'quarter' then to_months(3) when 'month' then to_months(1)"
        " when 'week' then to_days(7) else to_days(1) end - to_days(1) as date)"
        " from marts.dash_settings",
        start,
        grain,
    )
    parts = []
    if of_sales and start < first_sale <= end:
        parts.append(f"from {day(first_sale)}")
    if end > as_of:
        parts.append(f"{(as_of - start).days + 1} of {(end - start).days + 1} days")
    return [period(grain, start), str(start), ", ".join(parts) or "all days"]


def downloaded_csv(page, panel: str) -> list[list[str]]:
    """The rows of the file that a panel offers, heading first."""
    show(page, panel)
    with page.expect_download(timeout=60_000) as downloaded:
        menu(page, panel, "Download CSV")
    with downloaded.value.path().open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def query(site, sql: str, *parameters) -> list[tuple]:
    with duckdb.connect(site.database, read_only=True) as connection:
        return connection.execute(sql, parameters).fetchall()


def settle(page) -> None:
    """Wait until everything in sight is drawn from what was chosen."""
    wait_until(page, "document.documentElement.dataset.drawn === 'all'")
    page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


def show(page, panel: str) -> None:
    """Bring a panel into sight and wait until it is drawn."""
    page.locator(f"#{panel}").scroll_into_view_if_needed()
    wait_until(
        page,
        "(id) => { const body = document.querySelector(`#${id} .body`);"
        " return body.hasChildNodes() && body.textContent !== 'Reading …' }",
        panel,
    )
    settle(page)


def cells(page, selector: str) -> list[list[str]]:
    """The text of each cell of the rows that `selector` finds."""
    return page.eval_on_selector_all(
        selector,
        "rows => rows.map((row) => [...row.cells].map((cell) => cell.innerText.trim()))",
    )


def menu(page, panel: str, entry: str) -> None:
    """Choose an entry of a panel's menu."""
    page.locator(f"#{panel} .more").click()
    page.locator(f"#{panel} .menu-items").get_by_role("menuitem", name=entry).click()


def as_table(page, panel: str) -> list[list[str]]:
    """The rows behind a panel's picture, heading first; the picture is shown again after."""
    show(page, panel)
    menu(page, panel, "Show as table")
    page.wait_for_selector(f"#{panel} table.data")
    found = cells(page, f"#{panel} table.data tr")
    menu(page, panel, "Show as chart")
    settle(page)
    return found


def choose_segment(page, segment: str) -> None:
    page.locator("#split tbody tr").filter(
        has=page.locator(f"bdi[title={quoted(segment)}]")
    ).get_by_role("button").click()
    settle(page)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
