"""The reference implementation against figures computed by hand, and the raw data made for it."""

from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

import duckdb
import oracle
import pytest
import random_raw
from by_hand import accounting, build, frame, pick, sale, values


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("decimal", "10.005", Decimal("10.01")),
        ("decimal", "-10.005", Decimal("-10.01")),
        ("decimal", "+0010.0049999", Decimal("10.00")),
        ("decimal", "-0.004", Decimal("0.00")),
        ("decimal", "999999999999999.994", Decimal("999999999999999.99")),
        ("decimal", "1234567890123456", None),
        ("decimal", ".5", None),
        ("decimal", "5.", None),
        ("decimal", "\uff11", None),
        ("int", "+01", 1),
        ("int", "1234567890", None),
        ("date", "2024-02-29", date(2024, 2, 29)),
        ("date", "2023-02-29", None),
        ("date", "0000-01-01", None),
        ("ts", "2024-01-01", datetime(2024, 1, 1)),
        ("ts", "2024-01-01+02:00", datetime(2023, 12, 31, 22)),
        ("ts", "2024-01-01T10:00-05:30", datetime(2024, 1, 1, 15, 30)),
        ("ts", "2024-01-01 10:00:01.1234569Z", datetime(2024, 1, 1, 10, 0, 1, 123456)),
        ("ts", "2024-01-01 24:00", None),
        ("ts", "2024-01-01 10:00:60", None),
        ("ts", "2024-01-01 10:00 +02:00", None),
        ("ts", "2024-01-01 10:00+24:00", None),
        ("ts", "2024-01-01 10:00:00.", None),
        ("bool", "Yes", True),
        ("bool", "f", False),
        ("bool", "y", None),
    ],
)
def test_types(kind, text, value):
    assert oracle.PARSERS[kind](text) == value


def test_half_cents_and_halves_are_rounded_away_from_zero():
    assert oracle.round_half_away(Fraction(1, 2_000_000), 6) == Decimal("0.000001")
    assert oracle.round_half_away(Fraction(-1, 2_000_000), 6) == Decimal("-0.000001")
    assert oracle.divide(Decimal("10.00"), 3, 4) == Decimal("3.3333")
    assert oracle.divide(1, 0, 6) is None


def test_segment_sizes_are_the_published_ones():
    codes = [(r, f, m) for r in range(1, 5) for f in range(1, 5) for m in range(1, 5)]
    sizes = {
        scheme: Counter(oracle.segment_of(scheme, *code) for code in codes)
        for scheme in oracle.SCHEMES
    }
    assert [sizes["customer_360"][s] for s in oracle.CUSTOMER_360] == [
        4, 8, 7, 4, 9, 14, 8, 6, 4,
    ]  # fmt: skip
    assert sizes["crm_dashboard"] == {
        "Champions": 4,
        "Loyal Customers": 8,
        "Active Customers": 11,
        "Promising": 9,
        "At Risk": 10,
        "Needs Attention": 8,
        "Almost Lost": 6,
        "Previously Loyal": 4,
        "Dormant": 4,
    }


@pytest.mark.parametrize(
    ("last", "amounts", "code"),
    [
        ("2024-03-01", ["90.00"], "411"),  # 30 days
        ("2024-02-29", ["90.01"], "312"),  # 31 days
        ("2024-01-30", ["90.00", "90.00"], "312"),  # 61 days
        ("2024-01-29", ["90.00", "90.00", "0.01"], "223"),  # 62 days
        ("2023-12-31", ["67.50"] * 4, "233"),  # 91 days
        ("2023-12-30", ["54.00"] * 4 + ["54.01"], "144"),  # 92 days
    ],
)
def test_scores_on_the_cut_points(last, amounts, code):
    sales = [sale(f"T{i}", "C", last, amount) for i, amount in enumerate(amounts)]
    marts = build(*sales, as_of_date="2024-03-31")
    assert [row["rfm_score"] for row in marts["fct_customer_rfm"]] == [code]


def test_the_window_counts_back_from_the_last_purchase():
    marts = build(
        sale("T1", "C", "2024-01-01", "1"),  # 93 days before the last one
        sale("T2", "C", "2024-01-02", "2"),  # 92 days
        sale("T3", "C", "2024-04-03", "4"),
        sale("T4", "C", "2024-04-03", "-1"),
        sale("T5", "C", "2024-04-03", "8", status="Cancelled"),
        as_of_date="2024-12-31",
    )
    (row,) = marts["fct_customer_rfm"]
    assert row["recency_days"] == 272
    assert row["purchase_count_in_window"] == 2
    assert row["sales_amount_in_window"] == 6
    assert pick(marts["dim_customers"], customer_id="C")["refund_amount_lifetime"] == 1


def test_quantiles_of_four_customers():
    days = ["2024-03-31", "2024-03-30", "2024-03-29", "2024-03-28"]
    sales = [sale(f"T{i}", f"C{i}", day, str(10 * (i + 1))) for i, day in enumerate(days)]
    rows = build(*sales, rfm_method="quantile")["fct_customer_rfm"]
    # cut points: R 0, 1, 2; F 1, 1, 1; M 10, 20, 30
    assert [row["rfm_score"] for row in rows] == ["411", "312", "213", "114"]


def test_history_is_held_until_the_next_purchase():
    marts = build(
        sale("T1", "C", "2024-01-01", "50"),
        sale("T2", "C", "2024-03-15", "50"),
        as_of_date="2024-06-20",
    )
    rows = marts["fct_customer_rfm_history"]
    assert [(r["valid_from_date"], r["valid_to_date"], r["rfm_score"]) for r in rows] == [
        (date(2024, 1, 1), date(2024, 2, 1), "411"),
        (date(2024, 2, 1), date(2024, 3, 3), "311"),
        (date(2024, 3, 3), date(2024, 3, 15), "211"),
        (date(2024, 3, 15), date(2024, 4, 15), "412"),
        (date(2024, 4, 15), date(2024, 5, 16), "312"),
        (date(2024, 5, 16), date(2024, 6, 15), "212"),
        (date(2024, 6, 15), None, "112"),
    ]


def test_migration_between_month_ends():
    marts = build(
        sale("T1", "A", "2024-01-01", "50"),
        sale("T2", "B", "2024-01-05", "50"),
        sale("T3", "B", "2024-02-10", "50"),
        sale("T4", "B", "2024-02-10", "200"),
        as_of_date="2024-03-30",
    )
    rows = [r for r in marts["fct_segment_migration"] if r["scheme"] == "customer_360"]
    found = {
        (r["as_of_date"], r["from_segment"], r["to_segment"]): (
            r["customer_count"],
            r["from_share"],
        )
        for r in rows
    }
    # 31 January: both 411, New. 29 February: A 311, New; B 424, Potential. March is not over.
    assert found == {
        (date(2024, 1, 31), "first purchase", "New"): (2, None),
        (date(2024, 2, 29), "New", "New"): (1, Decimal("0.5")),
        (date(2024, 2, 29), "New", "Potential"): (1, Decimal("0.5")),
    }


def test_period_kpis_of_a_small_month():
    marts = build(
        sale("T1", "A", "2024-01-10", "10"),
        sale("T2", "A", "2024-02-10", "20"),
        sale("T3", "B", "2024-02-11", "30"),
        sale("T4", "B", "2024-02-12", "40.01"),
        sale("T5", None, "2024-02-13", "9.99"),
        sale("T6", None, "2024-02-29", "-5"),
    )
    row = pick(marts["fct_period_kpis"], period_grain="month", period_start_date=date(2024, 2, 1))
    assert row == {
        "period_grain": "month",
        "period_start_date": date(2024, 2, 1),
        "is_complete": True,
        "customer_count": 2,
        "new_customer_count": 1,
        "returning_customer_count": 1,
        "return_rate": Decimal("0.5"),
        "purchase_count": 3,
        "average_transaction_amount": Decimal("30.0033"),
        "average_customer_amount": Decimal("45.0050"),
        "vip_sales_share": Decimal("0.900100"),
        "average_new_customer_amount": Decimal("70.0100"),
        "average_returning_customer_amount": Decimal("20.0000"),
        "sales_amount": Decimal("100.00"),
        "refund_amount": Decimal("5.00"),
        "net_sales_amount": Decimal("95.00"),
    }
    days = [r for r in marts["fct_period_kpis"] if r["period_grain"] == "day"]
    assert len(days) == 51
    weeks = [r for r in marts["fct_period_kpis"] if r["period_grain"] == "week"]
    assert weeks[0]["period_start_date"] == date(2024, 1, 8)
    assert not weeks[-1]["is_complete"]


def test_loyalty_members_only():
    tables = {"customers": frame({"customer_id": "A", "loyalty_joined_at": "2024-01-10 12:00"})}
    marts = build(
        sale("T1", "A", "2024-01-10 11:59:59", "10"),
        sale("T2", "A", "2024-01-10 12:00", "20"),
        sale("T3", "B", "2024-01-10 13:00", "30"),
        tables=tables,
        vip_definition="loyalty_member",
    )
    vip = {r["transaction_id"]: r["is_vip_sale"] for r in marts["fct_transactions"]}
    assert vip == {"T1": False, "T2": True, "T3": False}
    first = {r["transaction_id"] for r in marts["fct_transactions"] if r["is_first_purchase"]}
    assert first == {"T1", "T3"}


def test_changes_of_the_trend():
    marts = build(
        sale("T1", "A", "2023-02-28", "30"),
        sale("T2", "A", "2024-01-31", "70"),
        sale("T3", "A", "2024-02-28", "20"),
        sale("T4", "A", "2024-02-29", "20"),
        sale("T5", "A", "2024-03-01", "5"),
    )
    rows = marts["fct_sales_trend"]
    period, year = (f"total_sales_amount_change_on_previous_{n}" for n in ("period", "year"))
    february = pick(rows, period_grain="month", period_start_date=date(2024, 2, 1))
    assert (february[period], february[year]) == (Decimal("-0.428571"), Decimal("0.333333"))
    march = pick(rows, period_grain="month", period_start_date=date(2024, 3, 1))
    assert (march[period], march[year]) == (None, None)
    leap = pick(rows, period_grain="day", period_start_date=date(2024, 2, 29))
    assert (leap[period], leap[year]) == (0, None)
    day = pick(rows, period_grain="day", period_start_date=date(2024, 2, 28))
    assert (day[period], day[year]) == (None, Decimal("-0.333333"))


def test_attribution_on_the_second():
    campaigns = frame(
        {"campaign_id": "mail", "channel": "Email", "starts_on": "2024-01-01"},
        {"campaign_id": "text", "channel": "SMS", "starts_on": "2024-01-01"},
        {"campaign_id": "post", "channel": "post", "starts_on": "2024-01-01"},
    )
    contacts = [
        ("N1", "mail", "A", "2024-01-05 12:00:00", None),  # 120 h
        ("N2", "mail", "B", "2024-01-05 11:59:59", None),  # 120 h and a second
        ("N3", "text", "C", "2024-01-09 12:00:00", None),  # 24 h
        ("N4", "text", "D", "2024-01-09 11:59:59", None),  # 24 h and a second
        ("N5", "post", "E", "2024-01-09 00:00:00", None),
        ("N6", "mail", "E", "2024-01-09 00:00:00", None),  # the greater contact_id
        ("N7", "text", "E", "2024-01-10 00:00:00", "yes"),  # control
        ("N8", "mail", "F", "2024-01-10 12:00:01", None),  # after the sale
        ("N9", "gone", "X", "2024-01-06 00:00:00", None),  # X is G; unknown campaign: other
    ]
    names = ["contact_id", "campaign_id", "customer_id", "contacted_at", "is_control"]
    tables = {
        "campaigns": campaigns,
        "campaign_contacts": frame(*(dict(zip(names, c, strict=True)) for c in contacts)),
        "customer_merges": frame({"duplicate_customer_id": "X", "customer_id": "G"}),
    }
    sales = [sale(customer, customer, "2024-01-10 12:00", "10") for customer in "ABCDEFG"]
    sales.append(sale("H", None, "2024-01-10 12:00", "10", campaign_id="unknown"))
    sales.append(sale("I", "A", "2024-01-10 12:00", "-10", campaign_id="mail"))
    rows = build(*sales, tables=tables)["fct_transactions"]
    assert {r["transaction_id"]: r["attributed_campaign_id"] for r in rows} == {
        "A": "mail",
        "B": None,
        "C": "text",
        "D": None,
        "E": "mail",
        "F": None,
        "G": "gone",
        "H": "unknown",
        "I": None,
    }


def test_merge_cycles_are_looked_for_after_superseding():
    merges = [
        ("A", "B", "2024-01-01"),
        ("B", "A", "2024-01-01"),
        ("B", "C", "2024-01-02"),  # supersedes the cycle
        ("D", "E", "2024-01-01"),
        ("E", "F", "2024-01-01"),
        ("F", "E", "2024-01-01"),  # D leads into E, F
        ("G", "G", "2024-01-01"),
    ]
    names = ["duplicate_customer_id", "customer_id", "loaded_at"]
    tables = {"customer_merges": frame(*(dict(zip(names, m, strict=True)) for m in merges))}
    sales = [sale(customer, customer, "2024-01-10", "10") for customer in "ABCDEFG"]
    marts = build(*sales, tables=tables)
    canonical = "".join(r["customer_id"] for r in marts["fct_transactions"])
    assert canonical == "CCCEEFG"
    assert accounting(marts, "customer_merges") == [7, 3, 1, 3]
    rejected = [r["record_key"] for r in marts["rejected_records"]]
    assert sorted(rejected) == ["E", "F", "G"]


def test_judge_first_then_supersede():
    marts = build(
        sale("T1", "A", "2024-01-10", "10.00", loaded_at="2024-01-11"),
        sale("T1", "A", "2024-01-10", "9.00", loaded_at="2024-01-11"),  # '9.00' > '10.00'
        sale("T1", "A", "2024-01-10", "wrong", loaded_at="2024-01-12"),
        sale("T1", "A", "2024-01-10", "99.00", loaded_at="never"),
        sale("T2", "A", "2024-01-12", "1", loaded_at="2024-01-11"),  # exactly a day
        sale("T3", "A", "2024-01-12 00:00:00.000001", "1", loaded_at="2024-01-11"),
        sale("T4", "A", "2024-01-13", "1"),  # a day after the newest of the table
        sale("T5", "A", "2024-01-13 00:00:01", "1"),
        sale(" T6\t", "A", "2024-01-12", "1", status="void"),
        sale("", "A", "2024-01-12", "1"),
    )
    amounts = {r["transaction_id"]: r["amount"] for r in marts["fct_transactions"]}
    assert amounts == {"T1": Decimal("9.00"), "T2": 1, "T4": 1}
    assert accounting(marts, "transactions") == [10, 3, 2, 5]
    keys = sorted(r["record_key"] for r in marts["rejected_records"])
    assert keys == ["", "T1", "T3", "T5", "T6"]


def test_attributes_of_merged_customers():
    tables = {
        "customers": frame(
            {"customer_id": "D1", "city": "Bonn", "updated_at": "2024-01-02", "sms_opt_in": "no"},
            {"customer_id": "D2", "city": "Kiel", "updated_at": "2024-01-02", "sms_opt_in": "1"},
            {"customer_id": "D3", "city": "Ulm", "loyalty_joined_at": "2020-01-01"},
            {"customer_id": "B", "city": None, "birth_date": "1984-02-29", "email_opt_in": "t"},
            {"customer_id": "D4", "city": "Köln", "updated_at": "2024-02-02"},
        ),
        "customer_merges": frame(
            *({"duplicate_customer_id": d, "customer_id": "A"} for d in ("D1", "D2", "D3")),
            {"duplicate_customer_id": "D4", "customer_id": "B"},
        ),
    }
    rows = build(tables=tables, as_of_date="2024-02-28")["dim_customers"]
    a, b = rows
    assert (a["customer_id"], a["city"], a["sms_opt_in"], a["is_loyalty_member"]) == (
        "A",
        "Bonn",
        False,
        True,
    )
    assert (b["customer_id"], b["city"], b["age_band"], b["email_opt_in"]) == (
        "B",
        None,
        "30-39",
        True,
    )


def test_segment_sales_by_category():
    tables = {
        "products": frame({"product_id": "P", "category": "Shoes"}, {"product_id": "Q"}),
        "transaction_lines": frame(
            {"transaction_id": "T1", "line_number": "1", "product_id": "P", "amount": "60"},
            {"transaction_id": "T1", "line_number": "2", "product_id": "Q", "amount": "50"},
            {"transaction_id": "T1", "line_number": "3", "amount": "-20"},
        ),
    }
    marts = build(
        sale("T1", "A", "2024-01-10", "100"), sale("T2", None, "2024-04-10", "7"), tables=tables
    )
    rows = [
        r
        for r in marts["fct_segment_sales"]
        if (r["scheme"], r["segment"], r["dimension"], r["period_grain"])
        == ("crm_dashboard", "all", "category", "year")
    ]
    found = {
        r["dimension_value"]: (r["customer_count"], r["purchase_count"], r["sales_amount"])
        for r in rows
    }
    assert found == {"Shoes": (1, 1, 60), "unknown": (1, 1, 30), "unallocated": (1, 2, 17)}
    days = {
        r["period_start_date"] for r in marts["fct_segment_sales"] if r["period_grain"] == "day"
    }
    assert days == {date(2024, 1, 10), date(2024, 4, 10)}  # D - 91 is the first of the last 92


def test_segment_sales_of_members():
    """Joining in mid-month makes nobody new, and what was bought before is no VIP sale."""
    joined = {"customer_id": "A", "loyalty_joined_at": "2024-01-15", "updated_at": "2024-01-01"}
    marts = build(
        sale("T0", "B", "2023-12-31", "50"),
        sale("T1", "A", "2024-01-05", "10", campaign_id="K"),
        sale("T2", "A", "2024-01-15", "20"),
        sale("T3", "A", "2024-01-20", "5", channel="ecommerce"),
        sale("T4", None, "2024-01-20", "65"),
        sale("T5", "A", "2024-02-01", "8"),
        tables={"customers": frame(joined)},
        vip_definition="loyalty_member",
    )
    names = (
        "customer_count vip_customer_count new_customer_count returning_customer_count "
        "vip_purchase_count vip_sales_amount new_customer_sales_amount sales_share "
        "average_new_customer_amount average_returning_customer_amount crm_sales_amount "
        "ecommerce_sales_amount"
    )
    everyone = {"scheme": "customer_360", "segment": "all", "dimension": "all"}
    for grain, start, figures in (
        ("month", date(2024, 1, 1), (1, 1, 1, 0, 2, 25, 25, Decimal("0.25"), 25, None, 10, 5)),
        ("month", date(2024, 2, 1), (1, 1, 0, 1, 1, 8, 0, 1, None, 8, 0, 0)),
        ("day", date(2024, 1, 20), (1, 1, 0, 1, 1, 5, 0, Decimal("0.071429"), None, 5, 0, 5)),
    ):
        row = pick(
            marts["fct_segment_sales"], **everyone, period_grain=grain, period_start_date=start
        )
        assert values(row, names) == figures, (grain, start)


def test_profile_puts_values_in_order():
    def person(number: int, **attributes) -> dict:
        return {"customer_id": f"C{number}", "updated_at": "2024-01-01"} | attributes

    people = [
        person(1, gender="f", birth_date="1920-01-01"),
        person(2, gender="m", birth_date="2020-01-01", loyalty_joined_at="2024-01-01"),
        person(3, gender="m"),
        person(4, gender="x"),
    ]
    marts = build(
        *(
            sale(f"T{n}", f"C{n}", day, "1")
            for n, day in enumerate(("2024-05-01", "2024-03-31", "2023-05-01"), start=1)
        ),
        tables={"customers": frame(*people)},
    )
    rows = [
        row
        for row in marts["dash_customer_profile"]
        if (row["scheme"], row["segment"]) == ("customer_360", "all")
    ]
    found = {
        name: [
            (row["attribute_value"], row["customer_count"])
            for row in sorted(rows, key=lambda row: row["display_order"])
            if row["attribute"] == name
        ]
        for name in ("age_band", "gender", "loyalty", "tenure")
    }
    assert found == {
        "age_band": [("0-9", 1), ("100-109", 1), ("unknown", 1)],
        "gender": [("m", 2), ("f", 1)],
        "loyalty": [("not a member", 2), ("member", 1)],
        "tenure": [("up to 30 days", 1), ("31 to 90 days", 1), ("1 to 2 years", 1)],
    }


def test_cohorts_end_with_the_last_complete_month():
    marts = build(
        sale("T1", "A", "2024-01-10", "1"),
        sale("T2", "B", "2024-01-31", "1"),
        sale("T3", "B", "2024-03-31", "1"),
        sale("T4", "C", "2024-04-01", "1"),
    )
    rows = marts["fct_cohort_retention"]
    assert [(r["months_since"], r["active_count"], r["retention_rate"]) for r in rows] == [
        (0, 2, 1),
        (1, 0, 0),
        (2, 1, Decimal("0.5")),
    ]


def test_nothing_sold():
    marts = oracle.build_marts({})
    assert len(marts["fct_segment_split"]) == 18
    filled = {mart for mart, rows in marts.items() if not rows.empty}
    assert filled == {"fct_segment_split", "data_quality", "dash_settings", "dash_rfm_grid"}


@pytest.mark.parametrize("seed", range(11))
def test_identities_on_random_data(seed):
    raw = random_raw.make_raw(seed, erasure=True)
    marts = oracle.build_marts(raw, {"reporting_timezone": "America/New_York"})
    rows = {mart: frame.to_dict("records") for mart, frame in marts.items()}
    checks = ("rows", "accepted", "superseded", "rejected", "rejected_erased")
    for table in raw:
        total, *parts = accounting(rows, table, checks)
        assert total == len(raw[table]) == sum(parts)
    held = {r["customer_id"]: r for r in rows["fct_customer_rfm_history"] if not r["valid_to_date"]}
    scores = {r["customer_id"]: r["rfm_score"] for r in rows["fct_customer_rfm"]}
    assert scores == {customer_id: row["rfm_score"] for customer_id, row in held.items()}
    sales = {
        (r["period_grain"], r["period_start_date"]): r["sales_amount"]
        for r in rows["fct_period_kpis"]
    }
    by_dimension = Counter()
    for r in rows["fct_segment_sales"]:
        if r["segment"] == "all":
            cell = (r["period_grain"], r["period_start_date"])
            by_dimension[r["scheme"], r["dimension"], *cell] += r["sales_amount"]
    assert all(amount == sales[cell[2:]] for cell, amount in by_dimension.items())


@pytest.mark.parametrize(("fmt", "parts"), [("csv", 1), ("csv", 3), ("parquet", 1), ("parquet", 2)])
def test_written_raw_data_reads_back(tmp_path, fmt, parts):
    raw = random_raw.make_raw(1, customers=5, transactions=20)
    random_raw.write_raw(raw, tmp_path, fmt=fmt, shuffle_seed=4, parts=parts)
    for table, original in raw.items():
        path = tmp_path / (f"{table}.{fmt}" if parts == 1 else f"{table}/part-*.{fmt}")
        reader = "read_parquet('{}')"
        if fmt == "csv":
            reader = (
                "read_csv('{}', all_varchar = true, header = true, delim = ',', quote = '\"', "
                "escape = '\"', auto_detect = false, parallel = false, columns = {{"
                + ", ".join(f"'{name}': 'varchar'" for name in original.columns)
                + "}})"
            )
        found = duckdb.sql(f"from {reader.format(path)}").fetchall()
        written = [tuple(value or None for value in row) for row in original.to_numpy().tolist()]
        assert Counter(tuple(v or None for v in row) for row in found) == Counter(written)
