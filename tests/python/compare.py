"""Compares the marts of a build with those of the oracle, or of another build, cell by cell."""

import math
from collections import Counter
from decimal import Decimal

import oracle_board
import pandas as pd

# What a row of each mart is one of (design, section 5); the rest are compared as bags of rows.
KEYS = {
    "dim_customers": "customer_id",
    "dim_customer_contacts": "customer_id",
    "dim_products": "product_id",
    "dim_branches": "branch_id",
    "dim_campaigns": "campaign_id",
    "fct_transactions": "transaction_id",
    "fct_transaction_lines": "transaction_id line_number",
    "fct_customer_rfm": "customer_id",
    "fct_customer_rfm_history": "customer_id valid_from_date",
    "fct_segment_split": "scheme segment",
    "fct_segment_migration": "scheme as_of_date from_segment to_segment",
    "fct_period_kpis": "period_grain period_start_date",
    "fct_sales_trend": "period_grain period_start_date",
    "fct_segment_sales": "scheme segment period_grain period_start_date dimension dimension_value",
    "fct_cohort_retention": "cohort_month months_since",
    "data_quality": "table_name check_name",
    "fct_campaign_attribution": "transaction_id touch_number",
    "fct_campaign_performance": "campaign_id scheme segment",
    "fct_campaign_timing": "scheme segment day_of_week hour_of_day",
    "fct_campaign_audiences": "scheme customer_id",
    "fct_lead_funnel": "cohort_month source owner",
    "fct_open_leads": "lead_id",
    "fct_service_cases": "period_grain period_start_date",
    "fct_satisfaction": "survey_type period_grain period_start_date scheme segment",
    "fct_journey_stages": "customer_id month_start_date",
    "possible_duplicate_customers": "match_kind customer_id",
    "fct_customer_churn": "month_start_date",
    "fct_revenue_tree": "period_grain period_start_date",
    "fct_second_purchase": "cohort_month days",
    "fct_kpi_board": "kpi period_grain period_start_date",
    "dash_settings": "as_of_date",
    "dash_customer_profile": "scheme segment attribute attribute_value",
    "dash_segment_size": "as_of_date scheme segment",
    "dash_rfm_grid": "scheme segment recency_score frequency_score",
    "dash_lead_funnel": "cohort_month",
}
PERSONAL_MARTS = {"dim_customer_contacts", "possible_duplicate_customers"}
# rows that the oracle leaves out
LEFT_OUT = {"fct_kpi_board": ("kpi", oracle_board.LEFT_OUT)}
# what runs there were, and when: never the same
OF_RUNS = ("runs", "run_history")
# of floats only: two orders of the same sum differ by this much, two definitions by more
RELATIVE, ABSOLUTE = 1e-9, 1e-12
SHOWN = 5


def schema_of(mart: str) -> str:
    """Schema that a mart of the oracle is built in."""
    return "pii" if mart in PERSONAL_MARTS else "marts"


def kind(value) -> tuple:
    """Type of a value; of a decimal also the digits after its point."""
    if isinstance(value, Decimal):
        return ("Decimal", value.as_tuple().exponent)
    return (type(value).__name__,)


def cell(value) -> tuple:
    """A value with its type: 1, True, Decimal('1') and Decimal('1.00') are four cells."""
    return (*kind(value), value)


def same(wanted, found) -> bool:
    """Whether two values are alike: floats nearly, everything else exactly, type included."""
    if isinstance(wanted, float) and isinstance(found, float):
        return math.isclose(wanted, found, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    return cell(wanted) == cell(found)


def show(value) -> str:
    """A value as a failure message shows it."""
    return f"{value!r}"


def differences(mart: str, expected: pd.DataFrame, connection) -> list[str]:
    """Say where a built mart differs from the oracle's frame: key, column, both values."""
    columns = list(expected.columns)
    query = f"select {', '.join(columns)} from {schema_of(mart)}.{mart}"
    if mart in LEFT_OUT:
        name, values = LEFT_OUT[mart]
        query += f" where {name} not in ({', '.join(map(repr, values))})"
    found_rows = connection.execute(query).fetchall()
    expected_rows = [
        tuple(None if value is pd.NaT else value for value in row)
        for row in expected.to_numpy(dtype=object).tolist()
    ]
    key = KEYS.get(mart, "").split()
    if not key:
        return bag_differences(mart, expected_rows, found_rows)
    positions = [columns.index(name) for name in key]
    expected_of, found_of = {}, {}
    messages = []
    for rows, by_key, side in (
        (expected_rows, expected_of, "the oracle"),
        (found_rows, found_of, "the mart"),
    ):
        for row in rows:
            values = tuple(row[position] for position in positions)
            if values in by_key:
                messages.append(f"{mart} {dict(zip(key, values, strict=True))}: twice in {side}")
            by_key[values] = row
    for values in [*expected_of, *(values for values in found_of if values not in expected_of)]:
        name = f"{mart} {dict(zip(key, map(str, values), strict=True))}"
        if values not in found_of:
            messages.append(f"{name}: not in the mart; the oracle has {expected_of[values]}")
        elif values not in expected_of:
            messages.append(f"{name}: not in the oracle; the mart has {found_of[values]}")
        else:
            messages += [
                f"{name}, {column}: {show(found)} in the mart, {show(wanted)} in the oracle"
                for column, wanted, found in zip(
                    columns, expected_of[values], found_of[values], strict=True
                )
                if not same(wanted, found)
            ]
    return shorten(messages)


def bag_differences(mart: str, expected_rows: list[tuple], found_rows: list[tuple]) -> list[str]:
    """Say which rows are in one bag only."""
    expected, found = Counter(expected_rows), Counter(found_rows)
    messages = [
        f"{mart}: not in the mart, {n} times: {row}" for row, n in (expected - found).items()
    ]
    messages += [
        f"{mart}: too many in the mart, {n}: {row}" for row, n in (found - expected).items()
    ]
    return shorten(messages)


def shorten(messages: list[str]) -> list[str]:
    """Keep the first few messages and count the others."""
    more = len(messages) - SHOWN
    return messages[:SHOWN] + ([f"... and {more} more"] if more > 0 else [])


def all_differences(expected: dict[str, pd.DataFrame], connection) -> list[str]:
    """Differences of all marts of the oracle that the project builds."""
    return [
        message
        for mart, frame in expected.items()
        for message in differences(mart, frame, connection)
    ]


def snapshot(connection, schemas=("marts", "pii"), leave_out=()) -> dict[str, tuple]:
    """Columns, types and sorted rows of every table in some schemas, but for those of runs."""
    tables = connection.execute(
        "select table_schema, table_name from information_schema.tables"
        " where table_schema in (select unnest(?)) order by all",
        [list(schemas)],
    ).fetchall()
    return {
        f"{schema}.{table}": (
            connection.execute(f"describe {schema}.{table}").fetchall(),
            connection.execute(f"from {schema}.{table} order by all").fetchall(),
        )
        for schema, table in tables
        if table not in (*OF_RUNS, *leave_out)
    }


def snapshot_differences(first: dict[str, tuple], second: dict[str, tuple]) -> list[str]:
    """Say which tables, types or rows of two snapshots differ."""
    messages = [f"{name}: in one build only" for name in sorted(first.keys() ^ second.keys())]
    for name in sorted(first.keys() & second.keys()):
        (columns, rows), (other_columns, other_rows) = first[name], second[name]
        if columns != other_columns:
            messages.append(f"{name}: the columns are {columns} and {other_columns}")
        one, other = Counter(rows), Counter(other_rows)
        messages += [f"{name}: only in the first build: {row}" for row in list(one - other)[:SHOWN]]
        messages += [
            f"{name}: only in the second build: {row}" for row in list(other - one)[:SHOWN]
        ]
    return messages


def share_of_changed(fetch, checksums: str) -> float:
    """How many of the buckets of a table of checksums have changed last; ``fetch`` runs a query.

    Up to a third of them is replaced in what is kept by customers, else all is made anew.
    """
    ((share,),) = fetch(
        "select avg(case when change_number = newest then 1.0 else 0 end) from"
        " (select change_number, max(change_number) over () as newest"
        f" from intermediate.{checksums}) as changes"
    )
    return float(share)
