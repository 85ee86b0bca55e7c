"""Service marts: bad input is flagged by name, and figures that are no round numbers are right."""

import json
import math
import random
import statistics
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pandas as pd
import pytest
import random_raw

FLAGS = ["leads_close_after_they_were_created", "cases_are_resolved_after_they_occurred"]
AGE_BANDS = {"0-30": 0, "31-60": 31, "61-90": 61, "over 90": 91}
Z = 1.959964


def frame(*rows: dict) -> pd.DataFrame:
    return pd.DataFrame(list(rows), dtype=object)


SALES = frame(
    *(
        {
            "transaction_id": f"T{n}",
            "customer_id": customer,
            "transacted_at": "2024-06-01",
            "amount": "5",
        }
        for n, customer in enumerate(["A", "B", "C", "D", "E"])
    )
)


def four_digits(value: Fraction) -> Decimal:
    """Round half away from zero, exactly; nothing here is negative."""
    return (Decimal(math.floor(value * 10000 + Fraction(1, 2))) / 10000).quantize(
        Decimal("0.0001"), ROUND_HALF_UP
    )


def rows_of(connection, query: str) -> list[dict]:
    result = connection.execute(query)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


# -- bad input -------------------------------------------------------------------------------------
@pytest.mark.parametrize("is_bad", [True, False])
def test_stamps_in_the_wrong_order_are_flagged_by_name(dbt, tmp_path, is_bad):
    early, late = ("2024-05-01 10:00", "2024-05-02 10:00")
    first, second = (late, early) if is_bad else (early, late)
    raw = {
        "transactions": SALES,
        "leads": frame(
            {"lead_id": "won", "created_at": first, "won_at": second},
            {"lead_id": "lost", "created_at": first, "lost_at": second},
            {"lead_id": "fine", "created_at": early, "won_at": late},
        ),
        "interactions": frame(
            {
                "interaction_id": "case",
                "interaction_type": "complaint",
                "occurred_at": first,
                "resolved_at": second,
            },
            {
                "interaction_id": "fine",
                "interaction_type": "call",
                "occurred_at": early,
                "resolved_at": late,
            },
        ),
    }
    random_raw.write_raw(raw, tmp_path / "raw")
    # of the tests only those two; a build with flagged input is a good build
    chosen = ["+fct_lead_funnel", "+fct_service_cases", *FLAGS]
    options = ["--indirect-selection", "empty", "--exclude-resource-type", "unit_test"]
    dbt("--quiet", "build", "--select", *chosen, *options, raw=tmp_path / "raw")
    results = json.loads((dbt.target() / "run_results.json").read_text("utf-8"))["results"]
    found = {r["unique_id"].split(".")[2]: (r["status"], r["failures"]) for r in results}
    expected = {FLAGS[0]: ("warn", 2), FLAGS[1]: ("warn", 1)}
    assert {name: found[name] for name in FLAGS} == (
        expected if is_bad else dict.fromkeys(FLAGS, ("pass", 0))
    )
    # what is flagged counts, and is not averaged in
    one_day = Decimal("1.0000")
    funnel = dbt.query(
        "select won_count, lost_count, average_sales_cycle_days, median_sales_cycle_days"
        " from marts.fct_lead_funnel"
    )
    assert funnel == [(2, 1, one_day, one_day)]
    cases = dbt.query(
        "select sum(opened_count), sum(resolved_count), max(average_hours_to_resolve)"
        " from marts.fct_service_cases where period_grain = 'year'"
    )
    # the first period is the day of the first sale, and the year holds everything
    assert cases == [(2, 2, Decimal("24.0000"))]


# -- figures that are no round numbers -------------------------------------------------------------
SEEDS = [1, 2, 4, 6]


@pytest.mark.parametrize("seed", SEEDS)
def test_averages_and_medians_are_exact(compiled, seed):
    """Means and medians of days and hours, against fractions."""
    compared = 0
    with compiled().run(random_raw.make_raw(seed)) as connection:
        leads = rows_of(connection, "from intermediate.int_leads_classified")
        cases = rows_of(connection, "from intermediate.int_interactions_classified where is_case")
        funnel = rows_of(connection, "from marts.fct_lead_funnel")
        months = rows_of(connection, "from marts.fct_service_cases where period_grain = 'month'")
    cycles, hours = defaultdict(list), defaultdict(list)
    for lead in leads:
        if lead["status"] == "won" and lead["won_at"] >= lead["created_at"]:
            key = (lead["created_date"].replace(day=1), lead["source"], lead["owner"])
            cycles[key].append((lead["closed_date"] - lead["created_date"]).days)
    for case in cases:
        if case["resolved_at"] and case["resolved_at"] >= case["occurred_at"]:
            passed = (case["resolved_at"] - case["occurred_at"]) // timedelta(microseconds=1)
            hours[case["resolved_date"].replace(day=1)].append(Fraction(passed, 3_600_000_000))
    for rows, key_of, values, name in (
        (
            funnel,
            lambda r: (r["cohort_month"], r["source"], r["owner"]),
            cycles,
            "sales_cycle_days",
        ),
        (months, lambda r: r["period_start_date"], hours, "hours_to_resolve"),
    ):
        for row in rows:
            these = [Fraction(value) for value in values[key_of(row)]]
            expected = (None, None)
            if these:
                compared += 1
                expected = tuple(
                    map(four_digits, (sum(these) / len(these), statistics.median(these)))
                )
            assert (row[f"average_{name}"], row[f"median_{name}"]) == expected, row
    assert compared > 5


def random_leads(seed: int) -> pd.DataFrame:
    """Leads of a few sources that close at any age, not at all, or before they are created."""
    draw = random.Random(f"leads-{seed}")
    last = datetime(2024, 6, 1, 12)
    rows = []
    for number in range(draw.choice([3, 60, 200])):
        created = last - timedelta(days=draw.randint(0, 200), hours=draw.randint(0, 20))
        closed = str(
            created + timedelta(days=draw.choice([-1, 0, 10, 30, 31, 60, 61, 90, 91, 120]))
        )
        rows.append(
            {
                "lead_id": f"L{number}",
                "source": draw.choice(["web", "fair", "call", None]),
                "created_at": str(created),
                "won_at": draw.choice([None, None, closed]),
                "lost_at": draw.choice([None, closed]),
                "deal_amount": draw.choice([None, f"{draw.randint(0, 99999) / 100:.2f}"]),
            }
        )
    return frame(*rows)


@pytest.mark.parametrize("seed", SEEDS)
def test_chances_of_open_leads(compiled, seed):
    """Win probability and expected amount, lead by lead from the history they are drawn from."""
    with compiled().run({"transactions": SALES, "leads": random_leads(seed)}) as connection:
        leads = rows_of(connection, "from intermediate.int_leads_classified")
        open_leads = rows_of(connection, "from marts.fct_open_leads")
        day = connection.execute("select as_of_date from intermediate.int_as_of").fetchone()[0]
    history = [
        (lead["source"], (lead["closed_date"] - lead["created_date"]).days, lead["status"] == "won")
        for lead in leads
        if lead["status"] != "open" and (lead["won_at"] or lead["lost_at"]) >= lead["created_at"]
    ]
    # an open lead was not won in the bands that are behind it: as if lost on their last day
    edges = sorted(AGE_BANDS.values())
    for lead in leads:
        if lead["status"] == "open":
            age = (day - lead["created_date"]).days
            behind = [
                e for e, end in zip(edges, [*edges[1:], edges[-1]], strict=True) if age >= end
            ]
            if behind:
                history.append((lead["source"], behind[-1], False))
    deals = [
        (lead["source"], lead["deal_amount"])
        for lead in leads
        if lead["status"] == "won" and lead["deal_amount"] is not None
    ]
    assert len(open_leads) == sum(lead["status"] == "open" for lead in leads) > 0
    for lead in open_leads:
        age = (day - lead["created_date"]).days
        band = max((name for name in AGE_BANDS if AGE_BANDS[name] <= age), key=AGE_BANDS.get)
        assert (lead["age_days"], lead["age_band"]) == (age, band)
        reached = [won for _, days, won in history if days >= AGE_BANDS[band]]
        of_source = [w for s, d, w in history if s == lead["source"] and d >= AGE_BANDS[band]]
        of_all = reached or [won for _, _, won in history]
        if not of_all:
            assert lead["win_probability"] is None and lead["expected_deal_amount"] is None
            continue
        share = statistics.fmean(of_all)
        chance = (sum(of_source) + 10 * share) / (len(of_source) + 10)
        assert lead["win_probability"] == pytest.approx(chance, rel=1e-12)
        amounts = [a for s, a in deals if s == lead["source"]] or [a for _, a in deals]
        amount = lead["deal_amount"]
        assert lead["is_deal_amount_estimated"] == (amount is None)
        if amount is None and not amounts:
            assert lead["expected_deal_amount"] is None
            continue
        if amount is None:
            amount = four_digits(Fraction(sum(amounts)) / len(amounts))
        assert lead["expected_deal_amount"] == pytest.approx(chance * float(amount), rel=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_nps_and_its_interval(compiled, seed):
    """The score and its ends by the textbook, from the single answers."""
    with compiled().run(random_raw.make_raw(seed)) as connection:
        answers = rows_of(
            connection, "from intermediate.int_surveys_classified where survey_type = 'nps'"
        )
        found = rows_of(
            connection,
            "from marts.fct_satisfaction where survey_type = 'nps' and segment = 'all'"
            " and scheme = 'customer_360' and period_grain = 'year'",
        )
    years = defaultdict(list)
    for answer in answers:
        years[date(answer["responded_date"].year, 1, 1)].append(answer["score"])
    assert {row["period_start_date"] for row in found} == set(years)
    for row in found:
        scores = years[row["period_start_date"]]
        n = len(scores)
        p = sum(score >= 9 for score in scores) / n
        d = sum(score <= 6 for score in scores) / n
        half = Z * 100 * math.sqrt((p + d - (p - d) ** 2) / n)
        assert float(row["nps"]) == pytest.approx(100 * (p - d), abs=0.00005)
        assert row["nps_low"] == pytest.approx(100 * (p - d) - half, abs=1e-9)
        assert row["nps_high"] == pytest.approx(100 * (p - d) + half, abs=1e-9)


# -- possible duplicates ---------------------------------------------------------------------------
def test_merged_and_erased_customers_are_no_possible_duplicates(compiled):
    """One person is not their own duplicate, and who is erased shares nothing any more."""
    raw = {
        "transactions": SALES,
        "customers": frame(
            *(
                {"customer_id": key, "email": email, "phone": phone}
                for key, email, phone in [
                    ("A", "ann@example.com", "+41 79 123 45 67"),
                    ("B", "ANN@example.com", "0041791234567"),
                    ("C", "ann@example.com", "079 123 45 67"),
                    ("D", "dora@example.com", "079 999 99 99"),
                    ("E", "dora@example.com", "0799999999"),
                ]
            )
        ),
        "customer_merges": frame({"duplicate_customer_id": "B", "customer_id": "A"}),
        "erasure_requests": frame({"customer_id": "E"}),
    }
    with compiled().run(raw) as connection:
        found = connection.execute(
            "select match_kind, match_group_customer_id, customer_id, group_customer_count"
            " from pii.possible_duplicate_customers order by all"
        ).fetchall()
    assert found == [("email", "A", "A", 2), ("email", "A", "C", 2)]
