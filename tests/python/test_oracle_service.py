"""Leads, cases, satisfaction, journey and possible duplicates in the oracle, by hand."""

from datetime import date
from decimal import Decimal

import oracle
import oracle_service
import pytest
import random_raw
from by_hand import build, pick, sale, table, values

LEAD = "lead_id source owner created_at won_at lost_at deal_amount"
D = "2024-06-30"


def leads(*rows: tuple) -> dict:
    """Build with leads; a row may leave out its last values."""
    names = LEAD.split()
    padded = [(*row, *[None] * (len(names) - len(row))) for row in rows]
    return build(tables={"leads": table(LEAD, *padded)}, as_of_date=D)


# -- leads -----------------------------------------------------------------------------------------
def test_funnel():
    marts = leads(
        ("L1", "web", "Ann", "2024-05-01 23:00", "2024-05-03 01:00", None, "100"),  # 2 days
        ("L2", "web", "Ann", "2024-05-02", "2024-05-13", "2024-05-05", "50.50"),  # won beats lost
        ("L3", "web", "Ann", "2024-05-03", "2024-05-03", None, None),  # 0 days, no amount
        ("L4", "web", "Ann", "2024-05-04 12:00", "2024-05-04 11:59:59", None, "7"),  # backward
        ("L5", "web", "Ann", "2024-05-05", "2024-07-01", "2024-06-01"),  # won after D: lost
        ("L6", "web", "Ann", "2024-05-30", "2024-07-01", "2024-07-02"),  # open, 31 days
        ("L7", "web", "Ann", "2024-05-31"),  # open, 30 days
        ("L8", "web", "Ann", "2024-07-01"),  # after D
    )
    (row,) = marts["fct_lead_funnel"]
    names = "cohort_month created_count qualified_count won_count lost_count open_count won_amount"
    assert values(row, names) == (date(2024, 5, 1), 7, 0, 4, 1, 2, Decimal("157.50"))
    # of 2, 11 and 0 days
    names = "lead_conversion_rate average_sales_cycle_days median_sales_cycle_days"
    assert values(row, names) == (Decimal("0.571429"), Decimal("4.3333"), Decimal("2.0000"))
    names = "open_0_to_30_days_count open_31_to_60_days_count open_61_to_90_days_count "
    assert values(row, names + "open_over_90_days_count") == (1, 1, 0, 0)


def test_funnel_cells_and_ages():
    marts = leads(
        ("L1", None, "Ann", "2024-05-01"),  # 60 days
        ("L2", "unknown", "Ann", "2024-05-01"),
        ("L3", "Unknown", None, "2024-04-30"),  # 61
        ("L4", "web", None, "2024-04-01"),  # 90
        ("L5", "web", None, "2024-03-31"),  # 91
        ("L6", "web", None, D),
    )
    names = "open_0_to_30_days_count open_31_to_60_days_count open_61_to_90_days_count "
    found = {
        values(row, "cohort_month source owner"): values(row, names + "open_over_90_days_count")
        for row in marts["fct_lead_funnel"]
    }
    assert found == {
        (date(2024, 5, 1), "unknown", "Ann"): (0, 2, 0, 0),
        (date(2024, 4, 1), "Unknown", "unknown"): (0, 0, 1, 0),
        (date(2024, 4, 1), "web", "unknown"): (0, 0, 1, 0),
        (date(2024, 3, 1), "web", "unknown"): (0, 0, 0, 1),
        (date(2024, 6, 1), "web", "unknown"): (1, 0, 0, 0),
    }
    bands = {row["lead_id"]: row["age_band"] for row in marts["fct_open_leads"]}
    assert bands["L1"] == "31-60" and bands["L5"] == "over 90" and bands["L6"] == "0-30"
    # none was won
    assert {row["win_probability"] for row in marts["fct_open_leads"]} == {0}


def test_win_probability_is_of_the_source_and_age():
    rows = leads(
        # closed after: web 10 won, 40 won, 31 lost; fair 31 won, 100 lost
        ("W1", "web", None, "2024-01-01", "2024-01-11", None, "100"),
        ("W2", "web", None, "2024-01-01", "2024-02-10", None, "50.01"),
        ("W3", "web", None, "2024-01-01", None, "2024-02-01"),
        ("F1", "fair", None, "2024-01-01", "2024-02-01", None, None),
        ("F2", "fair", None, "2024-01-01", None, "2024-04-10"),
        # of no age: closed before it was created; its amount counts
        ("F3", "fair", None, "2024-01-02", "2024-01-01", None, "10"),
        ("O1", "web", None, "2024-06-30", None, None, "200"),
        ("O2", "web", None, "2024-05-20"),
        ("O3", "fair", None, "2024-05-20", None, None, "0"),
        ("O4", "new", None, "2024-01-20"),
        ("O5", "web", None, "2024-01-20", None, None, "1"),
    )["fct_open_leads"]
    names = "win_probability expected_deal_amount is_deal_amount_estimated"
    found = {row["lead_id"]: values(row, names) for row in rows}
    # from day 0: all 3 of 5 and the four open for 31 days and more, web 2 of 3 and two of these
    probability = (2 + 10 * 3 / 9) / (5 + 10)
    assert found["O1"] == (pytest.approx(probability), pytest.approx(200 * probability), False)
    # from day 31: all 2 of 4 and O4, O5; web 1 of 2 and O5; web's deals are 75.005 on average
    assert found["O2"] == (pytest.approx(1 / 3), pytest.approx(75.005 / 3), True)
    assert found["O3"] == (pytest.approx((1 + 10 / 3) / (2 + 10)), 0, False)
    # from day 91: all 0 of 3; no deal of the source: 160.01 / 3 of all, rounded to four digits
    assert found["O4"] == (0, 0, True)
    assert found["O5"] == (0, 0, False)


def test_where_no_lead_has_been_that_old_the_share_of_all_ages_stands_in():
    rows = leads(
        ("W1", "web", None, "2024-01-01", "2024-01-11", None, "100"),
        ("W2", "web", None, "2024-01-01", None, "2024-01-11"),
        ("W3", "web", None, "2024-01-01", None, "2024-01-31"),
        ("O", "web", None, "2024-05-20"),
    )["fct_open_leads"]
    # W1 of the three and of O itself, which was not won in its first 30 days
    assert rows[0]["win_probability"] == pytest.approx(1 / 4)
    assert rows[0]["expected_deal_amount"] == pytest.approx(100 / 4)


# -- cases -----------------------------------------------------------------------------------------
def test_cases():
    rows = [
        ("I1", "2024-01-30 10:00", "chat", "2024-01-30 10:00:36"),  # 0.01 h
        ("I2", "2024-01-31 23:00", "Call", "2024-02-02 01:30"),  # 26.5 h, in February
        ("I3", "2024-01-31 12:00", "complaint", None),  # open
        ("I4", "2024-02-05 12:00", "email", "2024-01-31 11:00"),  # resolved before it occurred
        ("I5", "2024-02-06 12:00", "letter", "2024-02-06 13:00"),  # not listed, resolved: a case
        ("I6", "2024-02-06 12:00", "letter", None),  # no case
        ("I7", "2024-02-06 12:00", "web_visit", "2024-02-06 13:00"),  # never one
        ("I8", "2024-02-06 12:00", "store_visit", None),
        ("I9", "2024-02-10 12:00", "chat", "2024-03-01 12:00"),  # after D: open
        ("J1", "2024-02-10 12:00", "letter", "2024-03-01 12:00"),  # so not yet a case
        ("J2", "2023-12-31 12:00", "chat", None),  # before the first period
        ("J3", "2024-03-01 00:00", "chat", None),  # after D
        ("J4", "2024-01-29 12:00", "chat", "2024-01-31 12:00:00"),  # 48 h, on the last day
    ]
    tables = {
        "interactions": table("interaction_id occurred_at interaction_type resolved_at", *rows)
    }
    marts = build(
        sale("T1", None, "2024-01-15", "1"),
        sale("T2", None, "2024-02-20", "1"),
        tables=tables,
    )
    names = "opened_count resolved_count open_count complaint_count average_hours_to_resolve "
    names += "median_hours_to_resolve"
    months = [
        values(row, "period_start_date " + names)
        for row in marts["fct_service_cases"]
        if row["period_grain"] == "month"
    ]
    # January: I1 I2 I3 J4; I1 J4; I2 I3 J2. February to D, the 20th: I4 I5 I9; I2 I4 I5; I3 I9 J2
    assert months == [
        (date(2024, 1, 1), 4, 2, 3, 1, Decimal("24.0050"), Decimal("24.0050")),
        (date(2024, 2, 1), 3, 3, 3, 0, Decimal("13.7500"), Decimal("13.7500")),
    ]
    assert len([r for r in marts["fct_service_cases"] if r["period_grain"] == "day"]) == 37
    year = pick(marts["fct_service_cases"], period_grain="year")
    # 0.01, 48, 26.5 and 1 hour
    assert values(year, names) == (7, 5, 3, 1, Decimal("18.8775"), Decimal("13.7500"))


# -- satisfaction ----------------------------------------------------------------------------------
def test_satisfaction():
    surveys = table(
        "survey_id customer_id survey_type score responded_at",
        ("S1", "A", "nps", "9", "2023-12-31 12:00"),  # a period before the first sale
        ("S2", "A", "nps", "10", "2024-01-02"),
        ("S3", None, "NPS", "8.99", "2024-01-03"),
        ("S4", "stranger", "nps", "6", "2024-01-04"),
        ("S5", "stranger", "nps", "6.01", "2024-01-04"),
        ("S6", "stranger", "csat", "3.99", "2024-01-04"),
        ("S7", "stranger", "csat", "4", "2024-01-04"),
        ("S8", "A", "nps", "0", "2024-01-16"),  # after D
    )
    marts = build(sale("T1", "A", "2024-01-15", "1"), tables={"surveys": surveys})
    rows = {
        values(row, "survey_type period_start_date segment"): row
        for row in marts["fct_satisfaction"]
        if values(row, "period_grain scheme") == ("month", "crm_dashboard")
    }
    january, december = date(2024, 1, 1), date(2023, 12, 1)
    assert set(rows) == {
        ("nps", december, "all"),
        ("nps", december, "Promising"),
        *(("nps", january, name) for name in ("all", "Promising", "anonymous", "unscored")),
        *(("csat", january, name) for name in ("all", "unscored")),
    }
    whole = rows["nps", january, "all"]
    # 10, 8.99, 6, 6.01: one promoter and one detractor of four
    names = "response_count average_score top_two_share nps"
    assert values(whole, names) == (4, Decimal("7.7500"), Decimal("0.250000"), Decimal("0.0000"))
    # 195.9964 * sqrt((1/4 + 1/4 - 0) / 4) = 195.9964 * 0.353553
    assert whole["nps_high"] == pytest.approx(195.9964 * 0.5**1.5)
    assert whole["nps_low"] == pytest.approx(-195.9964 * 0.5**1.5)
    # one response: no spread
    assert values(rows["nps", january, "Promising"], "nps nps_low nps_high") == (100, 100, 100)
    # one of two is a detractor: -50 -+ 195.9964 * sqrt((1/2 - 1/4) / 2)
    assert values(rows["nps", january, "unscored"], "nps nps_low") == (
        -50,
        pytest.approx(-50 - 195.9964 * 0.125**0.5),
    )
    csat = rows["csat", january, "all"]
    assert values(csat, names + " nps_low nps_high") == (
        2,
        Decimal("3.9950"),
        Decimal("0.500000"),
        None,
        None,
        None,
    )


# -- journey ---------------------------------------------------------------------------------------
def test_journey_stages():
    tables = {
        "interactions": table(
            "interaction_id customer_id occurred_at interaction_type",
            ("I1", "A", "2024-01-05", "web_visit"),
            ("I2", "A", "2024-01-06", "letter"),
            ("I3", "B", "2024-01-06", "complaint"),
            ("I4", None, "2024-01-06", "complaint"),
        ),
        "leads": table("lead_id customer_id created_at", ("L", "C", "2024-02-01")),
        "campaign_contacts": table(
            "contact_id campaign_id customer_id contacted_at is_control opened_at clicked_at",
            ("N1", "K", "C", "2024-01-31", "no", "2024-01-31 12:00", "2024-02-01"),
            ("N2", "K", "D", "2024-01-31", "no", "2024-02-21", None),  # opened after D
            ("N3", "K", "E", "2024-01-31", "yes", "2024-01-31", "2024-01-31"),
        ),
    }
    marts = build(
        sale("T1", "A", "2024-01-10", "1"),
        sale("T2", "A", "2024-01-11", "1"),
        sale("T3", "A", "2024-02-20", "1"),
        sale("T4", "A", "2024-02-20", "-1"),
        sale("T5", None, "2024-02-20", "1"),
        tables=tables,
    )
    names = "awareness_count consideration_count decision_count action_count retention_count "
    found = {
        (row["customer_id"], row["month_start_date"].month): values(row, names + "journey_stage")
        for row in marts["fct_journey_stages"]
    }
    assert found == {
        ("A", 1): (1, 1, 0, 2, 0, "action"),
        ("A", 2): (0, 0, 0, 1, 1, "retention"),
        ("B", 1): (0, 0, 0, 0, 1, "retention"),
        ("C", 1): (1, 1, 0, 0, 0, "consideration"),
        ("C", 2): (0, 1, 1, 0, 0, "decision"),
        ("D", 1): (1, 0, 0, 0, 0, "awareness"),
    }


# -- possible duplicates ---------------------------------------------------------------------------
def test_possible_duplicates():
    tables = {
        "customers": table(
            "customer_id email phone updated_at",
            ("A", "Ann@Example.org", "+49 30 1234567", None),
            ("B", " ann@example.ORG ", "0049-(30)-1234567", None),
            ("C", "ann@example.org", "030 1234567", None),
            ("D", "other@example.org", "123456", None),
            ("E", None, "00123456", None),  # six digits
            ("F", None, "1234567", None),
            ("G", None, "00 123 45 67", None),
            ("J", None, "01234567", None),  # a single 0 belongs to the number
            ("H", "dan@example.org", None, None),  # merged into D, whose row counts
            ("I", "dan@example.org", None, None),
        ),
        "customer_merges": table("duplicate_customer_id customer_id", ("H", "D"), ("C", "A")),
    }
    marts = build(tables=tables)
    names = "match_kind match_group_customer_id customer_id group_customer_count"
    assert sorted(values(row, names) for row in marts["possible_duplicate_customers"]) == [
        ("email", "A", "A", 2),
        ("email", "A", "B", 2),
        ("phone", "A", "A", 2),
        ("phone", "A", "B", 2),
        ("phone", "F", "F", 2),
        ("phone", "F", "G", 2),
    ]


# -- identities ------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(6))
def test_identities_on_random_data(seed):
    raw = random_raw.make_raw(seed, erasure=True)
    frames = oracle.build_marts(raw, {"reporting_timezone": "America/New_York"})
    marts = {mart: frame.to_dict("records") for mart, frame in frames.items()}
    for row in marts["fct_lead_funnel"]:
        won, lost, still = values(row, "won_count lost_count open_count")
        assert row["created_count"] == won + lost + still
        assert still == sum(row[name] for name in oracle_service.OPEN_COUNTS.values())
    assert len(marts["fct_open_leads"]) == sum(r["open_count"] for r in marts["fct_lead_funnel"])
    counts = {}
    for row in marts["fct_satisfaction"]:
        cell = values(row, "survey_type period_grain period_start_date scheme")
        kind = "all" if row["segment"] == "all" else "parts"
        counts.setdefault(cell, {}).setdefault(kind, []).append(row["response_count"])
    assert all(sum(found["all"]) == sum(found["parts"]) for found in counts.values())
    purchases = [r for r in marts["fct_transactions"] if r["is_purchase"] and r["customer_id"]]
    assert sum(row["action_count"] for row in marts["fct_journey_stages"]) == len(purchases)
