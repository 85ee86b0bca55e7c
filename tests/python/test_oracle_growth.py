"""Churn, revenue tree and second purchase in the oracle, by hand."""

from datetime import date
from decimal import Decimal

import oracle
import pytest
import random_raw
from by_hand import build, pick, sale, table, values


# -- churn -----------------------------------------------------------------------------------------
def test_churn_by_month():
    marts = build(
        sale("T1", "A", "2024-01-05", "1"),  # active up to 3 February
        sale("T2", "B", "2024-01-31", "1"),  # up to 29 February
        sale("T8", "E", "2024-01-30", "1"),  # up to the day before
        sale("T3", "C", "2024-02-01", "1"),  # up to 1 March
        sale("T4", "A", "2024-03-31", "1"),
        sale("T5", "D", "2024-04-01", "1"),
        sale("T6", None, "2024-04-02", "1"),
        sale("T7", "B", "2024-04-02", "-1"),
        churn_days=30,
    )
    names = "opening_customer_count new_customer_count reactivated_customer_count "
    names += "churned_customer_count closing_customer_count churn_rate is_complete"
    found = {r["month_start_date"].month: values(r, names) for r in marts["fct_customer_churn"]}
    assert found == {
        1: (0, 3, 0, 0, 3, None, True),
        # A and E churned; B's last active day is the month's last
        2: (3, 1, 0, 2, 2, Decimal("0.666667"), True),
        3: (2, 0, 1, 2, 1, Decimal("1.000000"), True),  # B and C churned; A is back
        4: (1, 1, 0, 0, 2, Decimal("0.000000"), False),
    }


def test_who_comes_and_goes_within_a_month_is_in_no_count():
    marts = build(
        sale("T1", "A", "2024-01-05", "1"),
        sale("T2", "B", "2024-01-30", "1"),
        churn_days=7,
        as_of_date="2024-01-31",
    )
    (row,) = marts["fct_customer_churn"]
    assert values(row, "new_customer_count closing_customer_count") == (1, 1)


def test_churn_counts_purchases_under_either_definition():
    sales = [sale("T1", "A", "2024-01-05", "1")]
    tables = {"customers": table("customer_id loyalty_joined_at", ("A", None))}
    marts = build(*sales, tables=tables, vip_definition="loyalty_member")
    assert marts["fct_customer_churn"][0]["new_customer_count"] == 1
    assert marts["fct_second_purchase"][0]["cohort_size"] == 1


# -- revenue tree ----------------------------------------------------------------------------------
def test_the_change_of_sales_in_three_parts():
    marts = build(
        # January: 2 customers, 2 purchases each, 10 each
        sale("T1", "A", "2024-01-05", "10"),
        sale("T2", "A", "2024-01-06", "10"),
        sale("T3", "B", "2024-01-05", "5"),
        sale("T4", "B", "2024-01-06", "15"),
        sale("T5", None, "2024-01-06", "99"),
        # February: 3 customers, 1 purchase each, 20 each
        sale("T6", "A", "2024-02-05", "20"),
        sale("T7", "B", "2024-02-05", "20"),
        sale("T8", "C", "2024-02-05", "20"),
        # March: nobody but the anonymous; April: one; May is not over
        sale("T9", None, "2024-03-05", "1"),
        sale("U1", "A", "2024-04-05", "7"),
        sale("U2", "A", "2024-05-05", "7"),
    )
    names = "customer_count purchases_per_customer average_transaction_amount vip_sales_amount "
    names += "vip_sales_amount_change customer_effect_amount frequency_effect_amount "
    names += "transaction_value_effect_amount is_complete"
    found = {
        row["period_start_date"].month: values(row, names)
        for row in marts["fct_revenue_tree"]
        if row["period_grain"] == "month"
    }
    nothing = (None,) * 4
    assert found[1] == (2, 2, 10, 40, *nothing, True)
    # customers: (2*10 + 1*20) / 3 + (2*20 + 1*10) / 6 = 21.667
    # frequency: -((2*10 + 3*20) / 3 + (2*20 + 3*10) / 6) = -38.333
    # value: 10 * ((2*2 + 3*1) / 3 + (2*1 + 3*2) / 6) = 36.667, but 20 - 21.67 + 38.33 = 36.66
    effects = (Decimal("21.67"), Decimal("-38.33"), Decimal("36.66"))
    assert found[2] == (3, 1, 20, 60, 20, *effects, True)
    assert found[3] == (0, None, None, 0, *nothing, True)
    assert found[4] == (1, 1, 7, 7, *nothing, True)
    assert found[5] == (1, 1, 7, 7, *nothing, False)


# -- second purchase -------------------------------------------------------------------------------
def test_second_purchase():
    marts = build(
        sale("T1", "A", "2024-01-01", "1"),
        sale("T2", "A", "2024-01-31", "1"),  # 30 days
        sale("T3", "B", "2024-01-02", "1"),
        sale("T4", "B", "2024-02-02", "1"),  # 31 days
        sale("T5", "C", "2024-01-31", "1"),
        sale("T6", "C", "2024-01-31", "1"),  # the same moment: another transaction
        sale("T7", "D", "2024-01-31", "1"),
        sale("T8", "D", "2024-02-01", "-1"),  # no purchase
        sale("T9", "E", "2024-02-01", "1"),
        as_of_date="2024-03-01",
    )
    names = "days cohort_size observed_customer_count second_purchase_count second_purchase_rate"
    rows = [r for r in marts["fct_second_purchase"] if r["cohort_month"] == date(2024, 1, 1)]
    # D is 60, 59, 30 and 30 days after the first ones: after 60 days only A was observed
    assert [values(row, names) for row in rows] == [
        (30, 4, 4, 2, Decimal("0.500000")),
        (60, 4, 1, 1, Decimal("1.000000")),
        (90, 4, 0, 0, None),
    ]
    february = pick(marts["fct_second_purchase"], cohort_month=date(2024, 2, 1), days=30)
    assert values(february, names) == (30, 1, 0, 0, None)


# -- identities ------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("churn_days", [1, 20, 90])
def test_identities_on_random_data(seed, churn_days):
    raw = random_raw.make_raw(seed, erasure=True)
    frames = oracle.build_marts(raw, {"churn_days": churn_days})
    marts = {mart: frame.to_dict("records") for mart, frame in frames.items()}
    closing = 0
    for row in marts["fct_customer_churn"]:
        opening, new, back, gone = values(
            row,
            "opening_customer_count new_customer_count reactivated_customer_count "
            "churned_customer_count",
        )
        assert opening == closing
        closing = row["closing_customer_count"]
        assert opening + new + back - gone == closing
    kpis = {values(r, "period_grain period_start_date"): r for r in marts["fct_period_kpis"]}
    explained = 0
    for row in marts["fct_revenue_tree"]:
        period = values(row, "period_grain period_start_date")
        names = "customer_count average_transaction_amount is_complete"
        assert values(row, names) == values(kpis[period], names)
        parts = values(
            row,
            "customer_effect_amount frequency_effect_amount transaction_value_effect_amount",
        )
        if row["vip_sales_amount_change"] is None:
            assert parts == (None,) * 3
        else:
            assert sum(parts) == row["vip_sales_amount_change"]
            explained += 1
    if seed in (0, 1):
        assert explained > 20
    cohorts = {r["cohort_month"]: r["cohort_size"] for r in marts["fct_second_purchase"]}
    assert sum(cohorts.values()) == len(marts["fct_customer_rfm"])
