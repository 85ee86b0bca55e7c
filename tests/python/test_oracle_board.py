"""The KPI board in the oracle, by hand."""

from datetime import date
from decimal import Decimal

import oracle
import oracle_board
import pytest
import random_raw
from by_hand import build, pick, sale, table, values

JANUARY, FEBRUARY, MARCH = (date(2024, month, 1) for month in (1, 2, 3))
SALES = [
    sale("T1", "A", "2024-01-10", "100"),
    sale("T2", "A", "2024-01-10", "50"),  # the same day: another purchase
    sale("T3", "B", "2024-01-20", "30"),
    sale("T4", None, "2024-01-21", "20"),
    sale("T5", "B", "2024-01-22", "-40"),
    sale("T6", "B", "2024-02-10", "60", campaign_id="K1"),
    sale("T7", "C", "2024-02-11", "40"),
    sale("T8", "C", "2024-03-15", "10"),
]
TABLES = {
    "marketing_spend": table(
        "spend_date channel purpose amount",
        ("2024-01-01", "ads", None, "60"),
        ("2024-01-31", "email", "acquisition", "15"),
        ("2024-01-31", "email", "retention", "20"),
        ("2024-01-30", "email", "acquisition", "-1000"),
        ("2024-03-16", "ads", None, "999"),  # after D
    ),
    "campaigns": table(
        "campaign_id starts_on ends_on cost",
        ("K1", "2024-02-01", "2024-02-29", "20"),
        ("K2", "2024-02-05", None, "20"),  # without an end: in no period
        ("K3", "2024-02-01", "2024-01-31", "8"),  # ends before it starts
        ("K4", "2024-01-01", "2024-01-02", "0"),
        ("K5", "2024-01-01", "2024-01-02", None),
        ("K6", "2024-03-01", "2024-03-31", "5"),  # not over on D
    ),
    "leads": table(
        "lead_id created_at won_at lost_at deal_amount",
        ("L1", "2024-01-05", "2024-02-04", None, "500"),  # 30 days
        ("L2", "2024-01-06", None, "2024-01-31", "1"),
        ("L3", "2024-01-07", "2024-01-08", None, None),  # 1 day, no amount
        ("L4", "2024-01-08", None, None, None),
        ("L5", "2024-02-10", "2024-02-09", None, "100"),  # won before it was created
        ("L6", "2024-02-01", "2024-02-21", None, "300"),  # 20 days
    ),
    "surveys": table(
        "survey_id survey_type score responded_at",
        ("S1", "csat", "5", "2024-01-05"),
        ("S2", "csat", "3", "2024-01-06"),
        ("S3", "nps", "9", "2024-01-06"),
        ("S4", "nps", "7", "2024-01-06"),
        ("S5", "nps", "8", "2024-01-06"),
        ("S6", "nps", "8", "2023-12-31"),  # before the first period
    ),
}


@pytest.fixture(scope="module")
def board() -> list[dict]:
    """The board of the case above."""
    return build(*SALES, tables=TABLES, churn_days=45)["fct_kpi_board"]


def value_of(board: list[dict], kpi: str, start: date, grain: str = "month"):
    """One value."""
    return pick(board, kpi=kpi, period_grain=grain, period_start_date=start)["value"]


@pytest.mark.parametrize(
    ("kpi", "january", "february"),
    [
        ("sales_amount", "200", "100"),
        ("crm_sales_share", "0", "0.6"),
        ("new_customer_count", "2", "1"),
        ("active_customer_count", "2", "2"),
        ("return_rate", "0", "0.5"),
        ("repeat_purchase_rate", "0.5", "0"),  # A; nobody
        # 10 January + 45 days; A is active at the end of January and not of February
        ("churn_rate", None, "0.5"),
        ("average_transaction_amount", "60", "50"),
        ("average_revenue_per_customer", "80", "50"),  # 160 / 2; 100 / 2
        ("vip_sales_share", "0.9", "1"),
        ("refund_rate", "0.2", "0"),
        ("customer_acquisition_cost", "37.5", "0"),  # 75 / 2; nothing spent
        ("cac_payback_months", "0.46875", "0"),  # 37.5 / 80
        ("marketing_spend_amount", "95", "0"),
        ("lead_conversion_rate", "0.5", "1"),  # L1 and L3 of four; L5 and L6
        ("sales_conversion_rate", "0.5", "1"),  # L3 and L2; L1, L5 and L6
        ("average_sales_cycle_days", "1", "25"),  # L3; L1 and L6
        ("median_sales_cycle_days", "1", "25"),
        ("average_deal_amount", None, "300"),  # L3 has none; L1, L5 and L6
        ("csat_average_score", "4", None),
        ("csat_top_two_share", "0.5", None),
        ("nps", "33.3333", None),
        ("campaign_roi", None, "2"),  # K1: (60 - 20) / 20
        ("customers_at_risk_count", "0", "0"),
    ],
)
def test_values(board, kpi, january, february):
    found = [value_of(board, kpi, start) for start in (JANUARY, FEBRUARY)]
    expected = [text and Decimal(text) for text in (january, february)]
    assert found == expected
    assert {value.as_tuple().exponent for value in found if value is not None} <= {-6}


def test_the_quarter_is_worked_out_from_its_rows_not_from_its_months(board):
    quarter = {
        row["kpi"]: row["value"]
        for row in board
        if values(row, "period_grain period_start_date") == ("quarter", JANUARY)
    }
    assert quarter["repeat_purchase_rate"] == 1  # T1 T2; T3 T6; T7 T8
    assert quarter["customer_acquisition_cost"] == 25  # 75 / 3
    # 25 / (270 / 3 / 3)
    assert quarter["cac_payback_months"] == Decimal("0.833333")
    assert quarter["average_sales_cycle_days"] == 17  # 30, 1 and 20
    assert quarter["median_sales_cycle_days"] == 20
    # K1: (60 - 20) / 20; K2 has no end, K3 ends before it starts, K6 after D
    assert quarter["campaign_roi"] == 2
    assert set(quarter) == {row["kpi"] for row in board} and len(quarter) == 24
    assert not set(quarter) & set(oracle_board.LEFT_OUT)


def test_customers_at_risk_are_counted_on_the_last_day():
    sales = [
        # A: 5 purchases, 500: R 2 from 62 days on: At Risk; 62 days after 1 January: 3 March
        *[sale(f"A{n}", "A", "2024-01-01", "100") for n in range(5)],
        # B: one purchase: R 2 is Almost Lost, 62 to 91 days: up to 1 April, then Dormant
        sale("B1", "B", "2024-01-01", "1"),
        # C: two of 1: R 2, F 1 is Almost Lost
        sale("C1", "C", "2024-01-31", "1"),
        sale("C2", "C", "2024-01-31", "1"),
        sale("Z", None, "2024-04-02", "1"),
    ]
    board = build(*sales)["fct_kpi_board"]
    found = {
        row["period_start_date"].month: row["value"]
        for row in board
        if values(row, "kpi period_grain") == ("customers_at_risk_count", "month")
    }
    # 2 April: A is R 1, F 4, M 4: Previously Loyal; B Dormant; C after 62 days Almost Lost
    assert found == {1: 0, 2: 0, 3: 2, 4: 2}


def target(kpi: str, grain: str, goal: str, direction: str, valid_from=None, notes=None) -> dict:
    """One row of the targets."""
    return {
        "kpi": kpi,
        "period_grain": grain,
        "target": goal,
        "direction": direction,
        "valid_from": valid_from,
        "notes": notes,
    }


JUDGED = "target variance status is_favourable"


@pytest.mark.parametrize(
    ("goal", "direction", "expected"),
    [
        # sales of January are 200
        ("160", "higher", (160, Decimal("0.250000"), "Achieved", True)),
        ("200", "higher", (200, 0, "Achieved", True)),
        ("400", "higher", (400, Decimal("-0.500000"), "Below Target", False)),
        ("400", "lower", (400, Decimal("-0.500000"), "Below Target", True)),
        ("200.000000", "lower", (200, 0, "Achieved", True)),
        ("160", "lower", (160, Decimal("0.250000"), "Above Target", False)),
        ("0", "higher", (0, None, "Achieved", True)),
    ],
)
def test_status(goal, direction, expected):
    targets = [target("sales_amount", "month", goal, direction, notes="by hand")]
    board = build(*SALES, targets=targets)["fct_kpi_board"]
    row = pick(board, kpi="sales_amount", period_grain="month", period_start_date=JANUARY)
    assert values(row, JUDGED) == expected
    assert row["notes"] == "by hand"
    # March is not over, and the target is of months only
    row = pick(board, kpi="sales_amount", period_grain="month", period_start_date=MARCH)
    assert values(row, "status is_favourable") == (None, None) and row["target"] is not None
    for grain in ("quarter", "year"):
        row = pick(board, kpi="sales_amount", period_grain=grain, period_start_date=JANUARY)
        assert values(row, JUDGED) == (None,) * 4


def test_targets_change():
    targets = [
        target("sales_amount", "month", "1", "higher", "2024-01-02", "new"),
        target("sales_amount", "month", "999", "higher", "2024-01-01", "old"),
        target("average_deal_amount", "month", "1", "higher", "2020-01-01"),
    ]
    board = build(*SALES, tables=TABLES, targets=targets)["fct_kpi_board"]
    rows = [r for r in board if values(r, "kpi period_grain") == ("sales_amount", "month")]
    assert [values(row, "notes status") for row in rows] == [
        ("old", "Below Target"),
        ("new", "Achieved"),
        ("new", None),
    ]
    # nothing to judge
    row = pick(board, kpi="average_deal_amount", period_grain="month", period_start_date=JANUARY)
    assert values(row, JUDGED) == (1, None, None, None)


def test_two_targets_of_one_day_are_refused():
    targets = [target("nps", "month", goal, "higher", "2024-01-01") for goal in "12"]
    with pytest.raises(AssertionError, match="two targets"):
        build(*SALES, targets=targets)


@pytest.mark.parametrize("seed", range(6))
def test_every_kpi_has_every_period(seed):
    raw = random_raw.make_raw(seed, erasure=True)
    frames = oracle.build_marts(raw, {"reporting_timezone": "America/New_York"}, targets=[])
    marts = {mart: frame.to_dict("records") for mart, frame in frames.items()}
    board = marts["fct_kpi_board"]
    periods = [r for r in marts["fct_period_kpis"] if r["period_grain"] in oracle_board.GRAINS]
    assert len(board) == 24 * len(periods)
    churn = {row["month_start_date"]: row["churn_rate"] for row in marts["fct_customer_churn"]}
    for start, rate in churn.items():
        assert value_of(board, "churn_rate", start) == rate
