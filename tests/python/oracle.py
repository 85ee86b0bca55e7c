"""Reference implementation of the marts, written from the design's definitions alone.

It shares nothing with the dbt models, macros and seeds: the contract, the RFM scale, the two
segment schemes and the attribution windows are written out here again. Every figure is computed in
plain Python, one row at a time, with ``Decimal`` and ``Fraction``; only model outputs (ends of
intervals, probabilities, expected amounts) are floats.

Values in the frames are plain Python objects (``str``, ``int``, ``bool``, ``Decimal``, ``float``,
``date``, naive UTC ``datetime``, ``None``) in columns of dtype ``object``.

This module holds staging and the folders core, rfm and kpis; ``oracle_campaigns``,
``oracle_service``, ``oracle_growth``, ``oracle_board`` and ``oracle_dashboard`` hold the others and
work from what ``Basis`` hands over. Each lists its own readings.

Readings: what the design leaves open, and how it is read here
--------------------------------------------------------------
Raw values
 1. Booleans are compared without regard to case (``TRUE``, ``Yes``); ``T`` and ``Z`` in a timestamp
    must be capital, and there is no blank before an offset.
 2. A timestamp that leaves the years 0001 to 9999 once it is in UTC is not one.
 3. A survey's score is judged after it has been rounded to the cent (5.004 is 5.00 and in range).
 4. "Before 1900" and "more than a day after loaded_at" are compared in UTC, to the microsecond; a
    day is 24 hours.
 5. A ``loaded_at`` or ``updated_at`` that is not a timestamp is NULL: oldest, and replaced by the
    table's newest.
 6. ``-0.00`` is ``0.00``. Defaults (status, purpose) stand in before superseding, so they take part
    in keys and ties.
 7. ``marketing_spend.spend_date`` is no "event's own timestamp" and is not held against
    ``loaded_at``; ``erasure_requests.requested_at`` is, where it is given.
 8. ``preferred_channel`` is not "channel" and keeps its case; ``leads.source`` and ``surveys``
    texts likewise.
 9. ``record_key`` holds the key columns as they came, trimmed (not lower-cased, no default, no
    cast).
As of D
10. ``as_of_date``, where set, is D, whether anything was sold on it or not.
11. With D NULL ``fct_segment_split`` keeps its 18 rows (as_of_date NULL, zeros, NULL shares, all
    ranks 1); every other fact is empty, and ``dim_customers`` holds those in ``customers`` only,
    ``is_loyalty_member`` false, age_band NULL.
12. ``transacted_at`` and ``loyalty_joined_at`` come out in UTC; only dates are in the reporting
    timezone.
Customers
13. "The duplicates' latest" row: by updated_at, then loaded_at, NULL oldest, then the smallest
    customer_id. The row counts as a whole: a NULL in the survivor's own row is not filled from a
    duplicate.
14. loyalty_joined_at and the opt-ins are taken over all merged rows, the survivor's included,
    today's (also > D).
15. Age is in completed years on D (29 February: from 1 March on); born after D: NULL; bands go on
    above 100 (``120-129``) and start at ``0-9``.
16. An id that stands in ``customer_merges`` only is no customer in ``dim_customers``.
Sales
17. A contact whose campaign is unknown or has no listed channel has the window ``other``;
    is_control NULL is not control.
18. ``ecommerce_channels`` is lower-cased before it is compared, as channels are.
19. is_first_purchase and "first-ever purchase" are the canonical customer's, whether the purchase
    is a VIP sale or not.
20. ``fct_segment_sales`` counts purchases of all kinds in customer_count, purchase_count, sales,
    CRM and e-commerce sales, and VIP sales in the rest; new and returning are the customer's in
    the period, whatever was bought of the dimension's value before; ``all`` includes anonymous
    purchases; segments are those of ``fct_customer_rfm`` (so of ``rfm_method``); a
    branch's value is its branch_id; a category's, channel's or branch's own name ``unknown`` or
    ``unallocated`` shares the row of that name.
21. A purchase counts in a category when it has a line there, even if its lines there add up to 0 or
    less.
22. On the grain ``year`` the change on the previous year equals the change on the previous period.
23. A period is complete by its last day alone: the first one counts as complete though the first
    sale is in its middle.
24. "New" and "returning" customers of a period are among those with a VIP sale in it (so new +
    returning = customers).
RFM
25. Migration starts with the first month end that knows a score (all ``first purchase``) and has no
    rows for pairs without customers; ``from_share`` is the row's count over all customers of
    from_segment at the month end before, NULL for ``first purchase``.
26. History, the scores in it and migration use ``rfm_window_days``, and the fixed scale whatever
    ``rfm_method`` says.
27. Cohorts: months after the last complete month (as cohort or as months since) are left out.
28. Dimensions of products, branches and campaigns hold accepted rows only, no member for unknown
    keys.
29. ``data_quality`` counts ``<column>_invalid`` over all raw rows, rejected and superseded ones
    too, and ``<column>_unknown`` (a foreign key that no accepted row of its table has, duplicates
    not resolved) over the accepted rows.
Erasure
30. A group is everyone who resolves to one surviving customer, the survivor included; it is erased
    by an accepted request for any of them, whatever its date, also one later than D.
31. An id that occurs in ``erasure_requests`` only is no customer and gets no row in
    ``dim_customers``; an erased group with a row in ``customers`` or a transaction gets one.
32. Opt-ins are false in the ``customers`` rows of erased members; a group that has no such row has
    NULL opt-ins, as anybody who is not in ``customers``. ``loyalty_joined_at`` is gone, so the
    group is no loyalty member and under ``loyalty_member`` has no VIP sales.
33. A rejected row goes into ``rejected_erased`` when the trimmed text of any of its customer
    columns is the id of any member of an erased group, be it known from ``customer_merges`` only.
    That holds for rejected requests too, and for merges rejected as a cycle.
34. Superseded rows, ``<column>_invalid`` and ``<column>_unknown`` count source rows and source keys
    as they came, those of erased customers too.
35. ``rejected_erased`` has a row for each table with a customer key, 0 where nothing is erased.
36. Which row wins among several of one key is settled before erasure.
"""

import csv
import hashlib
import re
from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
from dbt_runs import SALT

REPOSITORY = Path(__file__).resolve().parents[2]

DEFAULT_VARIABLES = {
    "as_of_date": None,
    "rfm_window_days": 92,
    "rfm_method": "fixed",
    "vip_definition": "identified",
    "reporting_timezone": "UTC",
    "churn_days": 90,
    "ecommerce_channels": ["ecommerce"],
    "currency": "USD",
    "locale": "en-US",
}

# --------------------------------------------------------------------------------------------------
# Raw contract (section 3): name and type, `*` for required; text unless noted.
# --------------------------------------------------------------------------------------------------
CONTRACT_TEXT = {
    "transactions": "transaction_id*, customer_id, transacted_at* ts, amount* decimal, channel, "
    "branch_id, "
    "campaign_id, refunded_transaction_id, status, loaded_at ts",
    "transaction_lines": "transaction_id*, line_number* int, product_id, quantity decimal, "
    "amount* decimal",
    "customers": "customer_id*, first_name, last_name, email, phone, gender, birth_date date, "
    "city, region, country, "
    "preferred_channel, acquisition_source, loyalty_joined_at ts, email_opt_in bool, sms_opt_in "
    "bool, created_at ts, "
    "updated_at ts",
    "customer_merges": "duplicate_customer_id*, customer_id*",
    "products": "product_id*, product_name, category, subcategory",
    "branches": "branch_id*, branch_name, city, region, country, opened_on date",
    "campaigns": "campaign_id*, campaign_name, channel, objective, target_segment, starts_on* "
    "date, ends_on date, "
    "cost decimal",
    "campaign_contacts": "contact_id*, campaign_id*, customer_id*, contacted_at* ts, is_control "
    "bool, opened_at ts, "
    "clicked_at ts, unsubscribed_at ts",
    "interactions": "interaction_id*, customer_id, occurred_at* ts, interaction_type*, channel, "
    "resolved_at ts, "
    "sentiment",
    "leads": "lead_id*, customer_id, source, owner, created_at* ts, qualified_at ts, won_at ts, "
    "lost_at ts, "
    "deal_amount decimal",
    "surveys": "survey_id*, customer_id, survey_type*, score* decimal, responded_at* ts",
    "marketing_spend": "spend_date* date, channel*, purpose, amount* decimal",
    "erasure_requests": "customer_id*, requested_at ts",
}

KEYS = {
    "transactions": ["transaction_id"],
    "transaction_lines": ["transaction_id", "line_number"],
    "customers": ["customer_id"],
    "customer_merges": ["duplicate_customer_id"],
    "products": ["product_id"],
    "branches": ["branch_id"],
    "campaigns": ["campaign_id"],
    "campaign_contacts": ["contact_id"],
    "interactions": ["interaction_id"],
    "leads": ["lead_id"],
    "surveys": ["survey_id"],
    "marketing_spend": ["spend_date", "channel", "purpose"],
    "erasure_requests": ["customer_id"],
}

EVENT_TIMESTAMP = {
    "transactions": "transacted_at",
    "campaign_contacts": "contacted_at",
    "interactions": "occurred_at",
    "leads": "created_at",
    "surveys": "responded_at",
    "erasure_requests": "requested_at",
}

REFERENCES = {
    "transactions": {
        "customer_id": "customers",
        "branch_id": "branches",
        "campaign_id": "campaigns",
        "refunded_transaction_id": "transactions",
    },
    "transaction_lines": {"transaction_id": "transactions", "product_id": "products"},
    "campaign_contacts": {"campaign_id": "campaigns", "customer_id": "customers"},
    "interactions": {"customer_id": "customers"},
    "leads": {"customer_id": "customers"},
    "surveys": {"customer_id": "customers"},
    "customer_merges": {"duplicate_customer_id": "customers", "customer_id": "customers"},
    "erasure_requests": {"customer_id": "customers"},
}

CUSTOMER_COLUMNS = {
    "transactions": ["customer_id"],
    "customers": ["customer_id"],
    "customer_merges": ["duplicate_customer_id", "customer_id"],
    "campaign_contacts": ["customer_id"],
    "interactions": ["customer_id"],
    "leads": ["customer_id"],
    "surveys": ["customer_id"],
    "erasure_requests": ["customer_id"],
}

LOWERED = {"status", "channel", "purpose", "survey_type", "interaction_type"}
DEFAULTS = {("transactions", "status"): "completed", ("marketing_spend", "purpose"): "acquisition"}
ALLOWED = {
    ("transactions", "status"): {"completed", "cancelled", "test"},
    ("marketing_spend", "purpose"): {"acquisition", "retention"},
    ("surveys", "survey_type"): {"csat", "nps"},
}
SCORE_RANGE = {"csat": (1, 5), "nps": (0, 10)}
FIRST_YEAR = 1900
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Column:
    """One column of the raw contract."""

    name: str
    kind: str
    required: bool


def parse_contract(text: str) -> list[Column]:
    """Read a line of the contract; every table may carry ``loaded_at``."""
    columns = []
    for part in text.split(", "):
        name, _, kind = part.partition(" ")
        columns.append(Column(name.rstrip("*"), kind or "text", name.endswith("*")))
    if all(column.name != "loaded_at" for column in columns):
        columns.append(Column("loaded_at", "ts", required=False))
    return columns


CONTRACT = {table: parse_contract(text) for table, text in CONTRACT_TEXT.items()}

# --------------------------------------------------------------------------------------------------
# Scale, segments and windows (section 4)
# --------------------------------------------------------------------------------------------------
CUSTOMER_360 = {
    "Champion": "444 443 434 344",
    "Loyal": "442 441 432 431 433 343 342 341",
    "Potential": "424 423 324 323 413 414 334",
    "Promising": "333 332 331 313",
    "New": "422 421 412 411 311 321 312 314 322",
    "Attention Needed": "244 234 243 233 224 214 213 134 144 143 133 123 124 114",
    "At Risk": "223 221 222 211 212 132 142 122",
    "Price Sensitive": "231 232 241 242 131 141",
    "Lost": "111 112 113 121",
}
CUSTOMER_360_OF_CODE = {
    code: name for name, codes in CUSTOMER_360.items() for code in codes.split()
}

CRM_DASHBOARD_RULES = [
    ("Champions", lambda r, f, m: r + f + m >= 11),
    ("Loyal Customers", lambda r, f, m: r >= 3 and f >= 3 and m >= 2),
    ("Active Customers", lambda r, f, m: r >= 3 and r + f + m >= 8),
    ("Promising", lambda r, f, m: r >= 3),
    ("At Risk", lambda r, f, m: r == 2 and f >= 3 and m >= 3),
    ("Needs Attention", lambda r, f, m: r == 2 and f >= 2),
    ("Almost Lost", lambda r, f, m: r == 2),
    ("Previously Loyal", lambda r, f, m: r == 1 and f >= 3 and m >= 3),
    ("At Risk", lambda r, f, m: r == 1 and (f >= 3 or (f == 2 and m >= 3))),
    ("Almost Lost", lambda r, f, m: r == 1 and f == 1 and m >= 3),
    ("Dormant", lambda r, f, m: True),
]

SCHEMES = {
    "customer_360": list(CUSTOMER_360),
    "crm_dashboard": list(dict.fromkeys(name for name, _ in CRM_DASHBOARD_RULES)),
}

# from good to gone
DISPLAY_ORDER = {
    "customer_360": [
        *("Champion", "Loyal", "Potential", "Promising", "New", "Attention Needed"),
        *("Price Sensitive", "At Risk", "Lost"),
    ],
    "crm_dashboard": [
        *("Champions", "Loyal Customers", "Active Customers", "Promising", "Needs Attention"),
        *("At Risk", "Previously Loyal", "Almost Lost", "Dormant"),
    ],
}

ATTRIBUTION_WINDOWS = {
    "email": timedelta(hours=120),
    "sms": timedelta(hours=24),
    "other": timedelta(hours=120),
}

GRAINS = ["day", "week", "month", "quarter", "year"]
SEGMENT_SALES_DAYS = 92

# --------------------------------------------------------------------------------------------------
# Columns that must be there (section 5)
# --------------------------------------------------------------------------------------------------
MEASURES = ["total_sales_amount", "crm_sales_amount", "ecommerce_sales_amount"]
SCORE_COLUMNS = (
    "recency_score frequency_score monetary_score rfm_score customer_360_segment "
    "crm_dashboard_segment"
)

MART_COLUMNS = {
    "dim_customers": "customer_id gender age_band city region country preferred_channel "
    "acquisition_source "
    "is_loyalty_member loyalty_joined_at email_opt_in sms_opt_in tenure_days first_purchase_date "
    "last_purchase_date "
    "purchase_count_lifetime sales_amount_lifetime refund_amount_lifetime rfm_score "
    "customer_360_segment "
    "crm_dashboard_segment is_erased",
    "dim_customer_contacts": "customer_id first_name last_name email phone birth_date",
    "dim_products": "product_id",
    "dim_branches": "branch_id",
    "dim_campaigns": "campaign_id",
    "fct_transactions": "transaction_id customer_id transacted_at transaction_date channel "
    "branch_id amount status "
    "is_purchase is_refund is_vip_sale is_ecommerce_sale is_crm_sale attributed_campaign_id "
    "is_first_purchase",
    "fct_transaction_lines": "transaction_id line_number product_id category amount",
    "fct_customer_rfm": "as_of_date customer_id recency_days purchase_count_in_window "
    "sales_amount_in_window " + SCORE_COLUMNS,
    "fct_customer_rfm_history": "customer_id valid_from_date valid_to_date "
    "purchase_count_in_window "
    "sales_amount_in_window " + SCORE_COLUMNS,
    "fct_segment_split": "as_of_date scheme segment customer_count customer_share sales_amount "
    "sales_share "
    "average_sales_amount customer_rank sales_rank total_customer_count cumulative_customer_share "
    "cumulative_sales_share",
    "fct_segment_migration": "scheme as_of_date from_segment to_segment customer_count from_share",
    "fct_period_kpis": "period_grain period_start_date is_complete customer_count "
    "new_customer_count "
    "returning_customer_count return_rate purchase_count average_transaction_amount "
    "average_customer_amount "
    "vip_sales_share average_new_customer_amount average_returning_customer_amount sales_amount "
    "refund_amount "
    "net_sales_amount",
    "fct_sales_trend": "period_grain period_start_date is_complete "
    + " ".join(
        [
            *MEASURES,
            "crm_sales_share",
            "ecommerce_sales_share",
            *(
                f"{m}_change_on_previous_{earlier}"
                for m in MEASURES
                for earlier in ("period", "year")
            ),
        ]
    ),
    "fct_segment_sales": "scheme segment period_grain period_start_date dimension "
    "dimension_value customer_count "
    "purchase_count sales_amount vip_customer_count new_customer_count returning_customer_count "
    "return_rate vip_purchase_count vip_sales_amount new_customer_sales_amount "
    "returning_customer_sales_amount average_transaction_amount average_customer_amount "
    "average_new_customer_amount average_returning_customer_amount sales_share crm_sales_amount "
    "ecommerce_sales_amount crm_sales_share ecommerce_sales_share",
    "fct_cohort_retention": "cohort_month months_since cohort_size active_count retention_rate",
    "rejected_records": "table_name record_key",
    "data_quality": "table_name check_name record_count",
}

# --------------------------------------------------------------------------------------------------
# Exact numbers
# --------------------------------------------------------------------------------------------------
CENT = Decimal("0.01")
ZERO = Decimal("0.00")


def round_half_away(value: Fraction, digits: int) -> Decimal:
    """Round an exact fraction half away from zero to so many decimal digits."""
    scaled = abs(value) * 10**digits
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole if value >= 0 else -whole).scaleb(-digits)


def divide(numerator, denominator, digits: int) -> Decimal | None:
    """Divide exactly and round once; NULL where the denominator is 0."""
    if denominator == 0:
        return None
    return round_half_away(Fraction(numerator) / Fraction(denominator), digits)


def money_sum(amounts) -> Decimal:
    """Add up amounts of money."""
    return sum(amounts, ZERO)


# --------------------------------------------------------------------------------------------------
# Types (section 3)
# --------------------------------------------------------------------------------------------------
ASCII_WHITESPACE = " \t\r\n\v\f"
DECIMAL_PATTERN = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]+)?")
INT_PATTERN = re.compile(r"[+-]?[0-9]{1,9}")
DATE_PATTERN = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
TIMESTAMP_PATTERN = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"([ T](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})"
    r"(:(?P<second>[0-9]{2})(\.(?P<fraction>[0-9]+))?)?)?"
    r"(Z|(?P<sign>[+-])(?P<offset_hour>[0-9]{2}):(?P<offset_minute>[0-9]{2}))?"
)
BOOLEANS = {
    "true": True,
    "t": True,
    "1": True,
    "yes": True,
    "false": False,
    "f": False,
    "0": False,
    "no": False,
}


def parse_decimal(text: str) -> Decimal | None:
    """Read money: rounded half away from zero to the cent, minus zero being zero."""
    if not DECIMAL_PATTERN.fullmatch(text):
        return None
    value = Decimal(text).quantize(
        CENT, rounding=ROUND_HALF_UP, context=Context(prec=len(text) + 10)
    )
    return value if value else ZERO


def parse_int(text: str) -> int | None:
    """Read a whole number."""
    return int(text) if INT_PATTERN.fullmatch(text) else None


def parse_date(text: str) -> date | None:
    """Read a date that exists."""
    match = DATE_PATTERN.fullmatch(text)
    if not match:
        return None
    try:
        return date(*map(int, match.groups()))
    except ValueError:
        return None


def parse_timestamp(text: str) -> datetime | None:
    """Read a timestamp that exists, in UTC, its fraction cut at microseconds."""
    match = TIMESTAMP_PATTERN.fullmatch(text)
    day = parse_date(match["date"]) if match else None
    if day is None:
        return None
    microsecond = int(((match["fraction"] or "") + "000000")[:6])
    clock = [int(match[part] or 0) for part in ("hour", "minute", "second")]
    offset_hour, offset_minute = int(match["offset_hour"] or 0), int(match["offset_minute"] or 0)
    if offset_hour > 23 or offset_minute > 59:
        return None
    offset = timedelta(hours=offset_hour, minutes=offset_minute)
    try:
        local = datetime(day.year, day.month, day.day, *clock, microsecond)
        return local + offset if match["sign"] == "-" else local - offset
    except (ValueError, OverflowError):
        return None


def parse_bool(text: str) -> bool | None:
    """Read a truth value."""
    return BOOLEANS.get(text.lower())


PARSERS = {
    "text": lambda text: text,
    "decimal": parse_decimal,
    "int": parse_int,
    "date": parse_date,
    "ts": parse_timestamp,
    "bool": parse_bool,
}


def trim(value) -> str | None:
    """Trim ASCII whitespace; empty text (and anything that is not text) is NULL."""
    if not isinstance(value, str):
        return None
    return value.strip(ASCII_WHITESPACE) or None


def canonical_text(value) -> str | None:
    """Write a cast value as the text by which equal stamps are told apart."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        text = value.isoformat(sep=" ")
        return text.rstrip("0") if value.microsecond else text
    if isinstance(value, date):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else str(value)


# --------------------------------------------------------------------------------------------------
# Judge, then supersede
# --------------------------------------------------------------------------------------------------
@dataclass
class Staged:
    """A raw table after judging and superseding."""

    row_count: int
    accepted: list[dict]
    superseded_count: int
    rejected: list[dict]
    invalid_counts: dict[str, int]


def nulls_lowest(value) -> tuple:
    """Order values with NULL below everything."""
    return (0,) if value is None else (1, value)


def cast_row(table: str, texts: dict) -> dict:
    """Cast trimmed texts by the contract; a value not of its type becomes NULL."""
    row = {}
    for column in CONTRACT[table]:
        text = texts[column.name]
        value = None if text is None else PARSERS[column.kind](text)
        if value is not None and column.name in LOWERED:
            value = value.lower()
        if value is None:
            value = DEFAULTS.get((table, column.name))
        row[column.name] = value
    return row


def is_acceptable(table: str, row: dict, newest_loaded_at: datetime | None) -> bool:
    """Judge one cast row."""
    for column in CONTRACT[table]:
        value = row[column.name]
        if column.required and value is None:
            return False
        if column.required and isinstance(value, date) and value.year < FIRST_YEAR:
            return False
        allowed = ALLOWED.get((table, column.name))
        if allowed is not None and value not in allowed:
            return False
    if table == "surveys":
        lowest, highest = SCORE_RANGE[row["survey_type"]]
        if not lowest <= row["score"] <= highest:
            return False
    event_at = row[EVENT_TIMESTAMP[table]] if table in EVENT_TIMESTAMP else None
    loaded_at = row["loaded_at"] or newest_loaded_at
    return event_at is None or loaded_at is None or event_at - loaded_at <= ONE_DAY


def stamps(table: str, row: dict) -> list[tuple]:
    """The stamps by which the latest row of a key is found."""
    names = ["updated_at", "loaded_at"] if table == "customers" else ["loaded_at"]
    return [nulls_lowest(row[name]) for name in names]


def precedence(table: str, row: dict) -> tuple:
    """Order the rows of one key: stamps, then the other columns as canonical text."""
    others = [column.name for column in CONTRACT[table] if column.name not in KEYS[table]]
    return stamps(table, row), [nulls_lowest(canonical_text(row[name])) for name in others]


def find_cycle_members(survivor_of: dict[str, str]) -> set[str]:
    """Find the duplicates that lie on a cycle (those that merely lead into one do not)."""
    members = set()
    for start, survivor in survivor_of.items():
        seen = set()
        current = survivor
        while current in survivor_of and current not in seen and current != start:
            seen.add(current)
            current = survivor_of[current]
        if current == start:
            members.add(start)
    return members


def stage(table: str, raw: pd.DataFrame | None) -> Staged:
    """Trim, cast, judge and supersede one raw table."""
    columns = [column.name for column in CONTRACT[table]]
    records = [] if raw is None else raw.to_dict("records")
    texts = [{name: trim(record.get(name)) for name in columns} for record in records]
    casts = [cast_row(table, text) for text in texts]
    newest = max((row["loaded_at"] for row in casts if row["loaded_at"]), default=None)

    rejected = []
    versions = defaultdict(list)
    for text, row in zip(texts, casts, strict=True):
        if is_acceptable(table, row, newest):
            versions[tuple(row[name] for name in KEYS[table])].append((row, text))
        else:
            rejected.append(text)
    invalid_counts = {
        column.name: sum(
            text[column.name] is not None and row[column.name] is None
            for text, row in zip(texts, casts, strict=True)
        )
        for column in CONTRACT[table]
        if column.kind != "text" and not column.required
    }
    winners = [max(rows, key=lambda pair: precedence(table, pair[0])) for rows in versions.values()]
    superseded_count = sum(len(rows) - 1 for rows in versions.values())

    if table == "customer_merges":
        survivor_of = {row["duplicate_customer_id"]: row["customer_id"] for row, _ in winners}
        cyclic = find_cycle_members(survivor_of)
        rejected += [text for row, text in winners if row["duplicate_customer_id"] in cyclic]
        winners = [
            (row, text) for row, text in winners if row["duplicate_customer_id"] not in cyclic
        ]
    accepted = [row for row, _ in winners]
    return Staged(len(records), accepted, superseded_count, rejected, invalid_counts)


def record_key(table: str, text: dict) -> str:
    """The key columns of a rejected row as they came, trimmed."""
    return "|".join(text[name] or "" for name in KEYS[table])


def names_erased(table: str, text: dict, erased: dict[str, str]) -> bool:
    """Tell whether a rejected row names an erased customer."""
    return any(text[name] in erased for name in CUSTOMER_COLUMNS.get(table, []))


# --------------------------------------------------------------------------------------------------
# Calendar
# --------------------------------------------------------------------------------------------------
def period_start(grain: str, day: date) -> date:
    """First day of the period that holds ``day``; weeks start on Monday."""
    if grain == "day":
        return day
    if grain == "week":
        return day - timedelta(days=day.weekday())
    if grain == "month":
        return day.replace(day=1)
    if grain == "quarter":
        return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    return date(day.year, 1, 1)


def add_months(month: date, count: int) -> date:
    """Move the first of a month by so many months."""
    index = month.year * 12 + month.month - 1 + count
    return date(index // 12, index % 12 + 1, 1)


def shift_period(grain: str, start: date, count: int) -> date:
    """First day of the period so many periods later."""
    if grain in ("day", "week"):
        return start + timedelta(days=count * (7 if grain == "week" else 1))
    return add_months(start, count * {"month": 1, "quarter": 3, "year": 12}[grain])


def year_before(grain: str, start: date) -> date | None:
    """First day of the period a year before: same day, 52 weeks, same month, quarter."""
    if grain == "week":
        return start - timedelta(weeks=52)
    if (start.month, start.day) == (2, 29):
        return None
    return start.replace(year=start.year - 1)


def list_periods(grain: str, first: date, last: date) -> list[date]:
    """All periods from that of ``first`` to that of ``last``."""
    periods = [period_start(grain, first)]
    while (following := shift_period(grain, periods[-1], 1)) <= last:
        periods.append(following)
    return periods


def is_complete(grain: str, start: date, as_of: date) -> bool:
    """A period is complete when its last day <= D."""
    return shift_period(grain, start, 1) - ONE_DAY <= as_of


# --------------------------------------------------------------------------------------------------
# Customers and transactions
# --------------------------------------------------------------------------------------------------
def local_time(moment: datetime, zone: ZoneInfo) -> datetime:
    """A UTC timestamp on the clock of the reporting timezone."""
    return moment.replace(tzinfo=UTC).astimezone(zone)


def local_date(moment: datetime, zone: ZoneInfo) -> date:
    """Date of a UTC timestamp in the reporting timezone."""
    return local_time(moment, zone).date()


def resolve_merges(merges: list[dict]) -> dict[str, str]:
    """Follow the chains: canonical customer of every duplicate."""
    survivor_of = {row["duplicate_customer_id"]: row["customer_id"] for row in merges}
    canonical = {}
    for duplicate in survivor_of:
        current = duplicate
        while current in survivor_of:
            current = survivor_of[current]
        canonical[duplicate] = current
    return canonical


def find_erased(canonical: dict[str, str], requests: list[dict], salt: str) -> dict[str, str]:
    """Key of every member of a group in which somebody asked to be erased."""
    requested_of = defaultdict(list)
    for row in requests:
        customer_id = row["customer_id"]
        requested_of[canonical.get(customer_id, customer_id)].append(customer_id)
    erased = {}
    for survivor, requested in requested_of.items():
        digest = hashlib.md5((min(requested) + salt).encode()).hexdigest()
        duplicates = [member for member, reached in canonical.items() if reached == survivor]
        erased |= dict.fromkeys([survivor, *duplicates], f"erased-{digest[:16]}")
    return erased


def erase_attributes(row: dict) -> dict:
    """A customer's row of which only the key is left; nobody may write to them."""
    return (
        dict.fromkeys(row)
        | {"customer_id": row["customer_id"]}
        | {"email_opt_in": False, "sms_opt_in": False}
    )


def merge_opt_in(values: list[bool | None]) -> bool | None:
    """False if any row says false, else true if any says true, else NULL."""
    if False in values:
        return False
    return True if True in values else None


def merge_customers(rows: list[dict], canonical: dict[str, str]) -> dict[str, dict]:
    """One row of attributes for each canonical customer in ``customers``."""
    groups = defaultdict(list)
    for row in rows:
        groups[canonical.get(row["customer_id"], row["customer_id"])].append(row)
    merged = {}
    for customer_id, group in groups.items():
        own = [row for row in group if row["customer_id"] == customer_id]
        latest = max(stamps("customers", row) for row in group)
        duplicates = [row for row in group if stamps("customers", row) == latest]
        chosen = own[0] if own else min(duplicates, key=lambda row: row["customer_id"])
        joined = [row["loyalty_joined_at"] for row in group if row["loyalty_joined_at"]]
        merged[customer_id] = chosen | {
            "customer_id": customer_id,
            "loyalty_joined_at": min(joined, default=None),
            "email_opt_in": merge_opt_in([row["email_opt_in"] for row in group]),
            "sms_opt_in": merge_opt_in([row["sms_opt_in"] for row in group]),
        }
    return merged


def find_as_of(transactions: list[dict], variables: dict) -> date | None:
    """D: the variable, else the date of the latest accepted purchase or refund, else NULL."""
    given = variables["as_of_date"]
    if given is not None:
        return given if isinstance(given, date) else date.fromisoformat(given)
    return max(
        (t["transaction_date"] for t in transactions if t["is_purchase"] or t["is_refund"]),
        default=None,
    )


def attribute(purchase: dict, contacts: list[dict], channel_of_campaign: dict) -> str | None:
    """Find the campaign of a purchase: its own, else that of the last contact in time."""
    if purchase["campaign_id"] is not None:
        return purchase["campaign_id"]
    candidates = []
    for contact in contacts:
        channel = channel_of_campaign.get(contact["campaign_id"])
        window = ATTRIBUTION_WINDOWS.get(channel, ATTRIBUTION_WINDOWS["other"])
        elapsed = purchase["transacted_at"] - contact["contacted_at"]
        if timedelta(0) <= elapsed <= window and contact["is_control"] is not True:
            candidates.append(
                (contact["contacted_at"], contact["contact_id"], contact["campaign_id"])
            )
    return max(candidates)[2] if candidates else None


def is_vip_sale(transaction: dict, customers: dict[str, dict], vip_definition: str) -> bool:
    """Tell a VIP sale by the definition in force."""
    if not transaction["is_purchase"] or transaction["customer_id"] is None:
        return False
    if vip_definition == "identified":
        return True
    joined = customers.get(transaction["customer_id"], {}).get("loyalty_joined_at")
    return joined is not None and joined <= transaction["transacted_at"]


def date_transactions(rows: list[dict], canonical: dict[str, str], zone: ZoneInfo) -> list[dict]:
    """Accepted transactions with canonical customer, date, and purchase or refund told."""
    return [
        row
        | {
            "customer_id": canonical.get(row["customer_id"], row["customer_id"]),
            "transaction_date": local_date(row["transacted_at"], zone),
            "is_purchase": row["status"] == "completed" and row["amount"] > 0,
            "is_refund": row["status"] == "completed" and row["amount"] < 0,
        }
        for row in rows
    ]


def flag_transactions(
    transactions: list[dict],
    customers: dict[str, dict],
    contacts: list[dict],
    channel_of_campaign: dict,
    variables: dict,
) -> list[dict]:
    """Add the flags of ``fct_transactions`` to dated transactions."""
    contacts_of = defaultdict(list)
    for contact in contacts:
        contacts_of[contact["customer_id"]].append(contact)
    purchases = [t for t in transactions if t["is_purchase"]]
    first_of = {}
    for purchase in sorted(purchases, key=lambda t: (t["transacted_at"], t["transaction_id"])):
        first_of.setdefault(purchase["customer_id"], purchase["transaction_id"])
    first_of.pop(None, None)
    ecommerce = {channel.lower() for channel in variables["ecommerce_channels"]}
    flagged = []
    for t in transactions:
        own_contacts = [] if t["customer_id"] is None else contacts_of[t["customer_id"]]
        campaign = attribute(t, own_contacts, channel_of_campaign) if t["is_purchase"] else None
        flagged.append(
            t
            | {
                "is_vip_sale": is_vip_sale(t, customers, variables["vip_definition"]),
                "is_ecommerce_sale": t["is_purchase"] and t["channel"] in ecommerce,
                "is_crm_sale": campaign is not None,
                "attributed_campaign_id": campaign,
                "is_first_purchase": t["is_purchase"]
                and first_of.get(t["customer_id"]) == t["transaction_id"],
            }
        )
    return flagged


# --------------------------------------------------------------------------------------------------
# RFM
# --------------------------------------------------------------------------------------------------
def recency_points(days: int) -> int:
    """Points for the days since the last purchase."""
    if days <= 30:
        return 4
    if days <= 61:
        return 3
    return 2 if days <= 91 else 1


def frequency_points(count: int) -> int:
    """Points for the number of purchases in the window."""
    if count <= 2:
        return 1
    return min(count - 1, 4)


def monetary_points(amount: Decimal) -> int:
    """Points for the sum of the purchases in the window."""
    if amount <= 90:
        return 1
    if amount <= 180:
        return 2
    return 3 if amount <= 270 else 4


def segment_of(scheme: str, r: int, f: int, m: int) -> str:
    """Segment of a score under a scheme."""
    if scheme == "customer_360":
        return CUSTOMER_360_OF_CODE[f"{r}{f}{m}"]
    return next(name for name, holds in CRM_DASHBOARD_RULES if holds(r, f, m))


def score_columns(r: int, f: int, m: int) -> dict:
    """The three scores, the code and both segments."""
    return {
        "recency_score": r,
        "frequency_score": f,
        "monetary_score": m,
        "rfm_score": f"{r}{f}{m}",
        "customer_360_segment": segment_of("customer_360", r, f, m),
        "crm_dashboard_segment": segment_of("crm_dashboard", r, f, m),
    }


class Buyer:
    """What one customer bought, and how that looked on any day."""

    def __init__(self, purchases: list[dict], window_days: int) -> None:
        """Keep the customer's purchases (at least one)."""
        self.purchases = purchases
        self.window_days = window_days
        self.days = sorted({purchase["transaction_date"] for purchase in purchases})
        self._figures: dict[date, tuple[int, Decimal]] = {}

    def last_purchase_day(self, day: date) -> date | None:
        """Day of the last purchase up to and including ``day``."""
        index = bisect_right(self.days, day)
        return self.days[index - 1] if index else None

    def window_figures(self, last: date) -> tuple[int, Decimal]:
        """Number and sum of the purchases in the window that ends with a purchase day."""
        if last not in self._figures:
            amounts = [
                purchase["amount"]
                for purchase in self.purchases
                if 0 <= (last - purchase["transaction_date"]).days <= self.window_days
            ]
            self._figures[last] = len(amounts), money_sum(amounts)
        return self._figures[last]

    def figures_on(self, day: date) -> tuple[int, int, Decimal] | None:
        """R, F and M on a day; none before the first purchase."""
        last = self.last_purchase_day(day)
        return None if last is None else ((day - last).days, *self.window_figures(last))

    def scores_on(self, day: date) -> tuple[int, int, int] | None:
        """The three scores on a day, on the fixed scale."""
        figures = self.figures_on(day)
        if figures is None:
            return None
        recency, count, amount = figures
        return recency_points(recency), frequency_points(count), monetary_points(amount)


def percentile_disc(values: list, quarter: int):
    """Smallest value at or below which at least so many quarters of the values lie."""
    position = -(-quarter * len(values) // 4)
    return sorted(values)[position - 1]


def cut_points_below(value, values: list) -> int:
    """Number of the three quartiles that lie below a value."""
    return sum(percentile_disc(values, quarter) < value for quarter in (1, 2, 3))


def build_customer_rfm(buyers: dict[str, Buyer], as_of: date | None, method: str) -> list[dict]:
    """Scores as of D, on the fixed scale or by quartiles."""
    figures = {customer_id: buyer.figures_on(as_of) for customer_id, buyer in buyers.items()}
    columns = list(zip(*figures.values(), strict=True))
    rows = []
    for customer_id, (recency, count, amount) in figures.items():
        if method == "quantile":
            scores = (
                4 - cut_points_below(recency, columns[0]),
                1 + cut_points_below(count, columns[1]),
                1 + cut_points_below(amount, columns[2]),
            )
        else:
            scores = buyers[customer_id].scores_on(as_of)
        rows.append(
            {
                "as_of_date": as_of,
                "customer_id": customer_id,
                "recency_days": recency,
                "purchase_count_in_window": count,
                "sales_amount_in_window": amount,
            }
            | score_columns(*scores)
        )
    return rows


def build_history(buyers: dict[str, Buyer], as_of: date | None) -> list[dict]:
    """Walk through all days; a new row where purchase day or recency score change."""
    rows = []
    for customer_id, buyer in buyers.items():
        held = None
        day = buyer.days[0]
        while day <= as_of:
            scores = buyer.scores_on(day)
            state = (buyer.last_purchase_day(day), scores[0])
            if state != held:
                if held is not None:
                    rows[-1]["valid_to_date"] = day
                held = state
                count, amount = buyer.window_figures(state[0])
                rows.append(
                    {
                        "customer_id": customer_id,
                        "valid_from_date": day,
                        "valid_to_date": None,
                        "purchase_count_in_window": count,
                        "sales_amount_in_window": amount,
                    }
                    | score_columns(*scores)
                )
            day += ONE_DAY
    return rows


def rank_descending(value, values: list) -> int:
    """rank(): 1 + how many are greater."""
    return 1 + sum(other > value for other in values)


def build_segment_split(rfm: list[dict], as_of: date | None) -> list[dict]:
    """Customers and sales of every segment of both schemes, as of D."""
    rows = []
    for scheme, segments in SCHEMES.items():
        amounts_of = {segment: [] for segment in segments}
        for row in rfm:
            amounts_of[row[f"{scheme}_segment"]].append(row["sales_amount_in_window"])
        counts = {segment: len(amounts) for segment, amounts in amounts_of.items()}
        sales = {segment: money_sum(amounts) for segment, amounts in amounts_of.items()}
        # sorting is stable: of equal sales the segment that is displayed earlier comes first
        best = sorted(DISPLAY_ORDER[scheme], key=sales.get, reverse=True)
        for segment in segments:
            with_more = best[: best.index(segment) + 1]
            rows.append(
                {
                    "as_of_date": as_of,
                    "scheme": scheme,
                    "segment": segment,
                    "customer_count": counts[segment],
                    "customer_share": divide(counts[segment], len(rfm), 6),
                    "sales_amount": sales[segment],
                    "sales_share": divide(sales[segment], money_sum(sales.values()), 6),
                    "average_sales_amount": divide(sales[segment], counts[segment], 4),
                    "customer_rank": rank_descending(counts[segment], list(counts.values())),
                    "sales_rank": rank_descending(sales[segment], list(sales.values())),
                    "total_customer_count": len(rfm),
                    "cumulative_customer_share": divide(
                        sum(counts[name] for name in with_more), len(rfm), 6
                    ),
                    "cumulative_sales_share": divide(
                        money_sum(sales[name] for name in with_more), money_sum(sales.values()), 6
                    ),
                }
            )
    return rows


def build_segment_migration(buyers: dict[str, Buyer], as_of: date | None) -> list[dict]:
    """Compare the snapshots of each two month ends."""
    if not buyers:
        return []
    rows = []
    month = period_start("month", min(buyer.days[0] for buyer in buyers.values()))
    while (month_end := add_months(month, 1) - ONE_DAY) <= as_of:
        earlier_end = month - ONE_DAY
        for scheme in SCHEMES:
            moves = Counter()
            for buyer in buyers.values():
                before, after = buyer.scores_on(earlier_end), buyer.scores_on(month_end)
                if after is not None:
                    origin = "first purchase" if before is None else segment_of(scheme, *before)
                    moves[origin, segment_of(scheme, *after)] += 1
            for (origin, target), count in moves.items():
                origin_count = sum(n for (name, _), n in moves.items() if name == origin)
                rows.append(
                    {
                        "scheme": scheme,
                        "as_of_date": month_end,
                        "from_segment": origin,
                        "to_segment": target,
                        "customer_count": count,
                        "from_share": None
                        if origin == "first purchase"
                        else divide(count, origin_count, 6),
                    }
                )
        month = add_months(month, 1)
    return rows


# --------------------------------------------------------------------------------------------------
# KPIs
# --------------------------------------------------------------------------------------------------
def group_by_period(
    grain: str, transactions: list[dict], as_of: date | None
) -> dict[date, list[dict]]:
    """Purchases and refunds of every period, without gaps from the first of them to D."""
    events = [t for t in transactions if t["is_purchase"] or t["is_refund"]]
    if not events:
        return {}
    groups = {
        start: []
        for start in list_periods(grain, min(t["transaction_date"] for t in events), as_of)
    }
    for event in events:
        groups[period_start(grain, event["transaction_date"])].append(event)
    return groups


def amounts(transactions) -> Decimal:
    """Sum of the amounts of transactions."""
    return money_sum(t["amount"] for t in transactions)


def build_period_kpis(
    transactions: list[dict], buyers: dict[str, Buyer], as_of: date | None
) -> list[dict]:
    """Key figures of every grain and period."""
    rows = []
    for grain in GRAINS:
        for start, events in group_by_period(grain, transactions, as_of).items():
            vip_sales = [t for t in events if t["is_vip_sale"]]
            active = {t["customer_id"] for t in vip_sales}
            new = {customer_id for customer_id in active if buyers[customer_id].days[0] >= start}
            returning = active - new
            new_amount = amounts(t for t in vip_sales if t["customer_id"] in new)
            returning_amount = amounts(t for t in vip_sales if t["customer_id"] in returning)
            vip_amount = amounts(vip_sales)
            sales_amount = amounts(t for t in events if t["is_purchase"])
            refund_amount = ZERO - amounts(t for t in events if t["is_refund"])
            rows.append(
                {
                    "period_grain": grain,
                    "period_start_date": start,
                    "is_complete": is_complete(grain, start, as_of),
                    "customer_count": len(active),
                    "new_customer_count": len(new),
                    "returning_customer_count": len(returning),
                    "return_rate": divide(len(returning), len(active), 6),
                    "purchase_count": len(vip_sales),
                    "average_transaction_amount": divide(vip_amount, len(vip_sales), 4),
                    "average_customer_amount": divide(vip_amount, len(active), 4),
                    "vip_sales_share": divide(vip_amount, sales_amount, 6),
                    "average_new_customer_amount": divide(new_amount, len(new), 4),
                    "average_returning_customer_amount": divide(
                        returning_amount, len(returning), 4
                    ),
                    "sales_amount": sales_amount,
                    "refund_amount": refund_amount,
                    "net_sales_amount": sales_amount - refund_amount,
                }
            )
    return rows


def build_sales_trend(transactions: list[dict], as_of: date | None) -> list[dict]:
    """Sales of every grain and period, and their change on the period and the year before."""
    flags = dict(zip(MEASURES, ["is_purchase", "is_crm_sale", "is_ecommerce_sale"], strict=True))
    rows = []
    for grain in GRAINS:
        groups = group_by_period(grain, transactions, as_of)
        sales = {
            start: {
                measure: amounts(t for t in events if t[flag]) for measure, flag in flags.items()
            }
            for start, events in groups.items()
        }
        for start, values in sales.items():
            complete = is_complete(grain, start, as_of)
            row = {
                "period_grain": grain,
                "period_start_date": start,
                "is_complete": complete,
            } | values
            row |= {
                f"{kind}_sales_share": divide(
                    values[f"{kind}_sales_amount"], values["total_sales_amount"], 6
                )
                for kind in ("crm", "ecommerce")
            }
            earlier_starts = {
                "period": shift_period(grain, start, -1),
                "year": year_before(grain, start),
            }
            for name, earlier_start in earlier_starts.items():
                comparable = (
                    complete and earlier_start in sales and is_complete(grain, earlier_start, as_of)
                )
                for measure in MEASURES:
                    earlier = sales[earlier_start][measure] if comparable else ZERO
                    change = divide(values[measure] - earlier, earlier, 6)
                    row[f"{measure}_change_on_previous_{name}"] = change
            rows.append(row)
    return rows


def split_by_dimension(purchase: dict, lines: list[dict]) -> list[tuple[str, str, Decimal]]:
    """Dimension, value and amount of the parts of one purchase."""
    parts = [
        ("all", "all", purchase["amount"]),
        ("channel", purchase["channel"] or "unknown", purchase["amount"]),
        ("branch", purchase["branch_id"] or "unknown", purchase["amount"]),
    ]
    parts += [("category", line["category"] or "unknown", line["amount"]) for line in lines]
    unallocated = purchase["amount"] - amounts(lines)
    if unallocated != 0:
        parts.append(("category", "unallocated", unallocated))
    return parts


def measure_segment_sales(
    parts: list[tuple[dict, Decimal]],
    everyones_parts: list[tuple[dict, Decimal]],
    start: date,
    buyers: dict[str, Buyer],
) -> dict:
    """Figures of a segment, period and dimension value, from purchases and amounts."""

    def total(rows: list[tuple[dict, Decimal]]) -> Decimal:
        return money_sum(amount for _, amount in rows)

    vip = [(t, amount) for t, amount in parts if t["is_vip_sale"]]
    active = {t["customer_id"] for t, _ in vip}
    new = {customer_id for customer_id in active if buyers[customer_id].days[0] >= start}
    returning = active - new
    new_amount = total([part for part in vip if part[0]["customer_id"] in new])
    returning_amount = total([part for part in vip if part[0]["customer_id"] in returning])
    vip_count = len({t["transaction_id"] for t, _ in vip})
    crm_amount = total([part for part in parts if part[0]["is_crm_sale"]])
    ecommerce_amount = total([part for part in parts if part[0]["is_ecommerce_sale"]])
    return {
        "customer_count": len({t["customer_id"] for t, _ in parts} - {None}),
        "purchase_count": len({t["transaction_id"] for t, _ in parts}),
        "sales_amount": total(parts),
        "vip_customer_count": len(active),
        "new_customer_count": len(new),
        "returning_customer_count": len(returning),
        "return_rate": divide(len(returning), len(active), 6),
        "vip_purchase_count": vip_count,
        "vip_sales_amount": total(vip),
        "new_customer_sales_amount": new_amount,
        "returning_customer_sales_amount": returning_amount,
        "average_transaction_amount": divide(total(vip), vip_count, 4),
        "average_customer_amount": divide(total(vip), len(active), 4),
        "average_new_customer_amount": divide(new_amount, len(new), 4),
        "average_returning_customer_amount": divide(returning_amount, len(returning), 4),
        "sales_share": divide(total(vip), total(everyones_parts), 6),
        "crm_sales_amount": crm_amount,
        "ecommerce_sales_amount": ecommerce_amount,
        "crm_sales_share": divide(crm_amount, total(parts), 6),
        "ecommerce_sales_share": divide(ecommerce_amount, total(parts), 6),
    }


def build_segment_sales(
    transactions: list[dict],
    lines: list[dict],
    rfm: list[dict],
    buyers: dict[str, Buyer],
    as_of: date | None,
) -> list[dict]:
    """Sales by segment as of D, period and one dimension at a time."""
    lines_of = defaultdict(list)
    for line in lines:
        lines_of[line["transaction_id"]].append(line)
    rfm_of = {row["customer_id"]: row for row in rfm}
    cells = defaultdict(list)
    for t in transactions:
        if not t["is_purchase"]:
            continue
        for scheme in SCHEMES:
            own = (
                "anonymous"
                if t["customer_id"] is None
                else rfm_of[t["customer_id"]][f"{scheme}_segment"]
            )
            for grain in GRAINS:
                if grain == "day" and (as_of - t["transaction_date"]).days >= SEGMENT_SALES_DAYS:
                    continue
                start = period_start(grain, t["transaction_date"])
                for dimension, value, amount in split_by_dimension(
                    t, lines_of[t["transaction_id"]]
                ):
                    for segment in ("all", own):
                        cells[scheme, segment, grain, start, dimension, value].append((t, amount))
    names = MART_COLUMNS["fct_segment_sales"].split()[:6]
    rows = []
    for cell, parts in cells.items():
        scheme, _, *place = cell
        everyones_parts = cells[scheme, "all", *place]
        rows.append(
            dict(zip(names, cell, strict=True))
            | measure_segment_sales(parts, everyones_parts, place[1], buyers)
        )
    return rows


def build_cohort_retention(buyers: dict[str, Buyer], as_of: date | None) -> list[dict]:
    """Share of the customers of each first month who bought again in each later month."""
    cohorts = defaultdict(list)
    for buyer in buyers.values():
        cohorts[period_start("month", buyer.days[0])].append(
            {period_start("month", day) for day in buyer.days}
        )
    rows = []
    for cohort_month, active_months in cohorts.items():
        months_since = 0
        while is_complete("month", month := add_months(cohort_month, months_since), as_of):
            active_count = sum(month in months for months in active_months)
            rows.append(
                {
                    "cohort_month": cohort_month,
                    "months_since": months_since,
                    "cohort_size": len(active_months),
                    "active_count": active_count,
                    "retention_rate": divide(active_count, len(active_months), 6),
                }
            )
            months_since += 1
    return rows


# --------------------------------------------------------------------------------------------------
# Dimensions and accounting
# --------------------------------------------------------------------------------------------------
def age_band(birth_date: date | None, as_of: date | None) -> str | None:
    """Ten-year band of the age in completed years on D."""
    if birth_date is None or as_of is None or birth_date > as_of:
        return None
    had_birthday = (as_of.month, as_of.day) >= (birth_date.month, birth_date.day)
    decade = (as_of.year - birth_date.year - (not had_birthday)) // 10 * 10
    return f"{decade}-{decade + 9}"


def build_customers(
    customers: dict[str, dict],
    transactions: list[dict],
    buyers: dict[str, Buyer],
    rfm: list[dict],
    as_of: date | None,
    zone: ZoneInfo,
    erased_keys: set[str],
) -> list[dict]:
    """List all in ``customers`` or a transaction up to D, with their lifetime figures."""
    rfm_of = {row["customer_id"]: row for row in rfm}
    nobody = dict.fromkeys(column.name for column in CONTRACT["customers"])
    no_score = dict.fromkeys(["rfm_score", "customer_360_segment", "crm_dashboard_segment"])
    rows = []
    for customer_id in sorted({*customers, *(t["customer_id"] for t in transactions)} - {None}):
        attributes = customers.get(customer_id, nobody)
        joined = attributes["loyalty_joined_at"]
        own = [t for t in transactions if t["customer_id"] == customer_id]
        purchases = [t for t in own if t["is_purchase"]]
        days = buyers[customer_id].days if purchases else [None]
        rows.append(
            attributes
            | {
                "customer_id": customer_id,
                "age_band": age_band(attributes["birth_date"], as_of),
                "is_loyalty_member": None not in (joined, as_of)
                and local_date(joined, zone) <= as_of,
                "tenure_days": (as_of - days[0]).days if purchases else None,
                "first_purchase_date": days[0],
                "last_purchase_date": days[-1],
                "purchase_count_lifetime": len(purchases),
                "sales_amount_lifetime": amounts(purchases),
                "refund_amount_lifetime": ZERO - amounts(t for t in own if t["is_refund"]),
                "is_erased": customer_id in erased_keys,
            }
            | {name: rfm_of.get(customer_id, no_score)[name] for name in no_score}
        )
    return rows


def account_for(staged: dict[str, Staged], erased: dict[str, str]) -> list[dict]:
    """Count rows, accepted, superseded and rejected ones, invalid values and unknown keys."""
    counts = {}
    for table, result in staged.items():
        erased_count = sum(names_erased(table, text, erased) for text in result.rejected)
        counts[table] = {
            "rows": result.row_count,
            "accepted": len(result.accepted),
            "superseded": result.superseded_count,
            "rejected": len(result.rejected) - erased_count,
        } | {f"{name}_invalid": count for name, count in result.invalid_counts.items()}
        if table in CUSTOMER_COLUMNS:
            counts[table]["rejected_erased"] = erased_count
    for table, parents in REFERENCES.items():
        for name, parent in parents.items():
            known = {row[KEYS[parent][0]] for row in staged[parent].accepted} | {None}
            counts[table][f"{name}_unknown"] = sum(
                row[name] not in known for row in staged[table].accepted
            )
    return [
        {"table_name": table, "check_name": check, "record_count": count}
        for table, checks in counts.items()
        for check, count in checks.items()
    ]


@dataclass(frozen=True)
class Basis:
    """What all marts are worked out from; the other modules of the oracle start here."""

    accepted: dict[str, list[dict]]
    canonical: dict[str, str]  # of duplicates and of erased customers
    erased_keys: set[str]
    customers: dict[str, dict]
    transactions: list[dict]  # those <= D, flagged
    lines: list[dict]
    buyers: dict[str, Buyer]
    rfm: list[dict]
    history: list[dict]
    as_of: date | None
    zone: ZoneInfo
    variables: dict

    def day_of(self, moment: datetime) -> date:
        """Local day of a timestamp."""
        return local_date(moment, self.zone)

    def known(self, moment: datetime | None) -> datetime | None:
        """A timestamp as it was known on D: what happened later is NULL."""
        if moment is None or self.as_of is None or self.day_of(moment) > self.as_of:
            return None
        return moment

    def events(self, table: str) -> list[dict]:
        """Accepted rows of a table of events up to D, with canonical customer and local day."""
        name = EVENT_TIMESTAMP[table]
        return [
            row
            | {
                "customer_id": self.canonical.get(row["customer_id"], row["customer_id"]),
                "event_date": self.day_of(row[name]),
            }
            for row in self.accepted[table]
            if self.known(row[name]) is not None
        ]

    def periods(self, grain: str) -> list[date]:
        """First days of all periods from the first purchase or refund to D."""
        return list(group_by_period(grain, self.transactions, self.as_of))

    def last_known_day(self, grain: str, start: date) -> date:
        """Last day of a period, or D where the period is not over."""
        return min(shift_period(grain, start, 1) - ONE_DAY, self.as_of)


def find_basis(staged: dict[str, Staged], variables: dict, salt: str) -> tuple[Basis, dict]:
    """Merge, erase, date, flag and score; also gives the keys of all erased ids."""
    zone = ZoneInfo(variables["reporting_timezone"])
    accepted = {table: result.accepted for table, result in staged.items()}
    merged = resolve_merges(accepted["customer_merges"])
    erased = find_erased(merged, accepted["erasure_requests"], salt)
    canonical = merged | erased
    customers = merge_customers(
        [
            erase_attributes(row) if row["customer_id"] in erased else row
            for row in accepted["customers"]
        ],
        canonical,
    )
    contacts = [
        row | {"customer_id": canonical.get(row["customer_id"], row["customer_id"])}
        for row in accepted["campaign_contacts"]
    ]
    channel_of_campaign = {row["campaign_id"]: row["channel"] for row in accepted["campaigns"]}
    dated = date_transactions(accepted["transactions"], canonical, zone)
    as_of = find_as_of(dated, variables)
    known = [t for t in dated if as_of is not None and t["transaction_date"] <= as_of]
    transactions = flag_transactions(known, customers, contacts, channel_of_campaign, variables)

    transaction_ids = {t["transaction_id"] for t in transactions}
    category_of = {row["product_id"]: row["category"] for row in accepted["products"]}
    lines = [
        line | {"category": category_of.get(line["product_id"])}
        for line in accepted["transaction_lines"]
        if line["transaction_id"] in transaction_ids
    ]

    purchases_of = defaultdict(list)
    for t in transactions:
        if t["is_purchase"] and t["customer_id"] is not None:
            purchases_of[t["customer_id"]].append(t)
    buyers = {
        customer_id: Buyer(purchases_of[customer_id], variables["rfm_window_days"])
        for customer_id in sorted(purchases_of)
    }
    basis = Basis(
        accepted=accepted,
        canonical=canonical,
        erased_keys=set(erased.values()),
        customers=customers,
        transactions=transactions,
        lines=lines,
        buyers=buyers,
        rfm=build_customer_rfm(buyers, as_of, variables["rfm_method"]),
        history=build_history(buyers, as_of),
        as_of=as_of,
        zone=zone,
        variables=variables,
    )
    return basis, erased


def build_core(basis: Basis) -> dict[str, list[dict]]:
    """Rows of the marts in core, rfm and kpis that this module knows."""
    transactions, buyers, as_of = basis.transactions, basis.buyers, basis.as_of
    dim_customers = build_customers(
        basis.customers,
        transactions,
        buyers,
        basis.rfm,
        as_of,
        basis.zone,
        basis.erased_keys,
    )
    return {
        "dim_customers": dim_customers,
        "dim_customer_contacts": [row for row in dim_customers if not row["is_erased"]],
        "dim_products": basis.accepted["products"],
        "dim_branches": basis.accepted["branches"],
        "dim_campaigns": basis.accepted["campaigns"],
        "fct_transactions": transactions,
        "fct_transaction_lines": basis.lines,
        "fct_customer_rfm": basis.rfm,
        "fct_customer_rfm_history": basis.history,
        "fct_segment_split": build_segment_split(basis.rfm, as_of),
        "fct_segment_migration": build_segment_migration(buyers, as_of),
        "fct_period_kpis": build_period_kpis(transactions, buyers, as_of),
        "fct_sales_trend": build_sales_trend(transactions, as_of),
        "fct_segment_sales": build_segment_sales(
            transactions, basis.lines, basis.rfm, buyers, as_of
        ),
        "fct_cohort_retention": build_cohort_retention(buyers, as_of),
    }


def build_marts(
    raw: dict[str, pd.DataFrame],
    variables: dict | None = None,
    seeds_dir: Path = REPOSITORY / "seeds",
    *,
    salt: str = SALT,
    targets: list[dict] | None = None,
    segment_overrides: list[dict] | None = None,
) -> dict[str, pd.DataFrame]:
    """Build every mart from frames of text.

    ``raw`` maps a table's name to its frame; absent tables and columns are allowed. ``variables``
    override the defaults, ``salt`` is ``CRM_ERASURE_SALT``. Of ``seeds_dir`` one text alone is
    read, the segments' recommended actions: scale, segments, windows and types of interactions
    stand in these files. ``targets`` and ``segment_overrides`` are the rows of the seeds of those
    names as text (by default what ``seeds_dir`` holds), because they are the user's own.
    """
    # they build on this module
    import oracle_board
    import oracle_campaigns
    import oracle_dashboard
    import oracle_growth
    import oracle_service

    variables = DEFAULT_VARIABLES | (variables or {})
    staged = {table: stage(table, raw.get(table)) for table in CONTRACT}
    basis, erased = find_basis(staged, variables, salt)
    actions = read_seed(seeds_dir, "segment_texts")
    if targets is None:
        targets = read_seed(seeds_dir, "kpi_targets")
    if segment_overrides is None:
        segment_overrides = read_seed(seeds_dir, "segment_overrides")

    marts = build_core(basis)
    marts |= oracle_campaigns.build(basis, actions, segment_overrides)
    marts |= oracle_service.build(basis)
    marts |= oracle_growth.build(basis)
    marts |= oracle_board.build(basis, marts, targets)
    marts |= oracle_dashboard.build(basis, marts)
    marts |= {
        "rejected_records": [
            {"table_name": table, "record_key": record_key(table, text)}
            for table, result in staged.items()
            for text in result.rejected
            if not names_erased(table, text, erased)
        ],
        "data_quality": account_for(staged, erased),
    }
    columns = MART_COLUMNS.copy()
    for module in (
        oracle_campaigns,
        oracle_service,
        oracle_growth,
        oracle_board,
        oracle_dashboard,
    ):
        columns |= module.MART_COLUMNS
    return {mart: make_frame(columns[mart].split(), rows) for mart, rows in marts.items()}


def read_seed(folder: Path, name: str) -> list[dict]:
    """Rows of a seed as trimmed text, empty text being NULL; none where there is no such seed."""
    path = Path(folder) / f"{name}.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [
            {column: trim(value) for column, value in row.items()} for row in csv.DictReader(file)
        ]


def make_frame(columns: list[str], rows: list[dict]) -> pd.DataFrame:
    """Put the mart's columns into a frame of plain Python objects."""
    return pd.DataFrame(
        [[row[name] for name in columns] for row in rows], columns=columns, dtype=object
    )
