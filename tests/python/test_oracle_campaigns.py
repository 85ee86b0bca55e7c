"""Campaigns in the reference implementation, by hand."""

from decimal import Decimal

import oracle
import pytest
import random_raw
from by_hand import build, pick, sale, table, values

CRM = "crm_dashboard"
WHOLE = "scheme segment"

CAMPAIGNS = table(
    "campaign_id channel starts_on cost",
    ("K", "email", "2024-03-01", "100"),
    ("S", "sms", "2024-03-01", None),
    ("Z", "push", "2024-03-01", "0"),
    ("late", "email", "2025-01-01", "5"),
)
CONTACT = "contact_id campaign_id customer_id contacted_at is_control opened_at clicked_at"


def contacts(*rows: tuple) -> dict:
    """Campaigns and contacts; a row may leave out its last values."""
    names = [*CONTACT.split(), "unsubscribed_at"]
    padded = [(*row, *[None] * (len(names) - len(row))) for row in rows]
    return {"campaigns": CAMPAIGNS, "campaign_contacts": table(" ".join(names), *padded)}


# -- attribution -----------------------------------------------------------------------------------
def test_three_touches_share_a_sale_to_the_cent():
    marts = build(
        sale("T", "A", "2024-03-10 12:00", "100"),
        tables=contacts(
            ("N2", "K", "A", "2024-03-09 12:00"),
            ("N1", "S", "A", "2024-03-09 12:00"),  # sms: 24 h, just so
            ("N3", "Z", "A", "2024-03-05 12:00"),  # other: 120 h, just so
            ("N4", "K", "A", "2024-03-05 11:59:59"),  # a second too early
            ("N5", "K", "A", "2024-03-10 11:00", "yes"),  # control
            ("N6", "K", "A", "2024-03-10 12:00:01"),  # after the sale
        ),
    )
    names = "touch_number contact_id campaign_id is_first_touch is_last_touch linear_credit "
    names += "linear_sales_amount first_touch_credit last_touch_credit touch_count"
    one, nothing = Decimal("1.000000"), Decimal("0.000000")
    # 100 / 3: 33.33, 66.67 - 33.33, 100 - 66.67
    assert [values(row, names) for row in marts["fct_campaign_attribution"]] == [
        (1, "N3", "Z", True, False, Decimal("0.333333"), Decimal("33.33"), one, nothing, 3),
        (2, "N1", "S", False, False, Decimal("0.333334"), Decimal("33.34"), nothing, nothing, 3),
        (3, "N2", "K", False, True, Decimal("0.333333"), Decimal("33.33"), nothing, one, 3),
    ]
    assert marts["fct_transactions"][0]["attributed_campaign_id"] == "K"


def test_a_cent_between_three():
    marts = build(
        sale("T", "A", "2024-03-10 12:00", "0.01"),
        tables=contacts(*((f"N{n}", "K", "A", f"2024-03-10 0{n}:00") for n in (1, 2, 3))),
    )
    # 1/3 and 2/3 of a cent: 0.00, 0.01, 0.01
    parts = [row["linear_sales_amount"] for row in marts["fct_campaign_attribution"]]
    assert parts == [Decimal("0.00"), Decimal("0.01"), Decimal("0.00")]


def test_a_sale_that_carries_its_campaign_is_one_touch():
    marts = build(
        sale("T", "A", "2024-03-10 12:00", "9", campaign_id="gone"),
        sale("U", None, "2024-03-10 12:00", "9", campaign_id="K"),
        sale("V", "A", "2024-03-20 12:00", "9"),
        sale("W", "A", "2024-03-10 12:00", "-9", campaign_id="K"),
        tables=contacts(("N", "K", "A", "2024-03-10 11:00")),
    )
    names = "transaction_id campaign_id contact_id touched_at touch_count linear_credit"
    assert [values(row, names) for row in marts["fct_campaign_attribution"]] == [
        ("T", "gone", None, None, 1, 1),
        ("U", "K", None, None, 1, 1),
    ]


# -- performance -----------------------------------------------------------------------------------
PERFORMANCE_SALES = [
    sale("T0", "A", "2024-02-01 12:00", "10"),
    sale("T1", "A", "2024-03-05 13:00", "50"),
    sale("T2", "A", "2024-03-10 12:00", "30"),  # 120 h after the first contact
    sale("T3", "A", "2024-03-10 12:00:01", "7", campaign_id="gone"),  # beyond; another's
    sale("T4", "B", "2024-03-05 12:00", "20"),
    sale("T5", "X", "2024-03-06 12:00", "15"),  # control
    sale("T6", "Q", "2024-03-06 12:00", "400", campaign_id="K"),  # never contacted
    sale("T7", "Y", "2024-03-20 12:00", "3", campaign_id="K"),  # control, carries it
    sale("T8", None, "2024-03-31 12:00", "1", campaign_id="K"),
]
PERFORMANCE_CONTACTS = contacts(
    ("N1", "K", "A", "2024-03-05 12:00", None),
    # the first contact rules: A is contacted; the open counts, whichever contact it was
    ("N2", "K", "A", "2024-03-11 12:00", "yes", "2024-03-11 13:00"),
    ("N3", "K", "B", "2024-03-05 12:00", "no", "2024-03-05 12:01", "2024-03-05 12:02"),
    ("N4", "K", "C", "2024-02-29 23:59", "no", "2024-04-01 00:00"),  # before the start; after D
    ("N5", "K", "D", "2024-03-05 12:00", "no", None, None, "2024-03-05 12:03"),
    ("N6", "K", "X", "2024-03-05 12:00", "yes", "2024-03-05 12:01"),
    ("N7", "K", "Y", "2024-03-05 12:00", "yes"),
    # at one moment: the smaller contact_id is the first, so Z is control
    ("N8", "K", "Z", "2024-03-05 12:00", "yes"),
    ("N9", "K", "Z", "2024-03-05 12:00", "no"),
    ("M1", "late", "B", "2024-03-31 12:00", "no"),
    ("M2", "unknown", "B", "2024-04-01 00:00", "no"),  # after D
)


@pytest.fixture(scope="module")
def performance() -> list[dict]:
    """Performance of the case above, as of 2024-03-31."""
    return build(*PERFORMANCE_SALES, tables=PERFORMANCE_CONTACTS)["fct_campaign_performance"]


def test_figures_of_a_campaign(performance):
    for scheme in oracle.SCHEMES:
        row = pick(performance, campaign_id="K", scheme=scheme, segment="all")
        counts = "contacted_count control_count contacted_before_start_count opened_count "
        counts += "clicked_count unsubscribed_count contacted_buyer_count control_buyer_count "
        counts += "contacted_purchase_count control_purchase_count attributed_purchase_count"
        # A B C D; X Y Z; C; A and B; B; D; A and B; X; T1 T2 T4; T5;
        # T1 T2 (by N1) T4 (by N3) T6 T7 T8
        assert values(row, counts) == (4, 3, 1, 2, 1, 1, 2, 1, 3, 1, 6)
        assert values(row, "open_rate click_rate unsubscribe_rate") == (
            Decimal("0.500000"),
            Decimal("0.250000"),
            Decimal("0.250000"),
        )
        # 50 + 30 + 20; 15; 50 + 30 + 20 + 400 + 3 + 1
        amounts = "contacted_sales_amount control_sales_amount attributed_sales_amount"
        assert values(row, amounts) == (100, 15, 504)
        # 2 of 4 against 1 of 3
        assert values(row, "contacted_conversion_rate control_conversion_rate lift") == (
            Decimal("0.500000"),
            Decimal("0.333333"),
            Decimal("0.166667"),
        )
        # 1/6 -+ 1.959964 * sqrt(.25 / 4 + (2 / 9) / 3) = 1/6 -+ 0.724323
        assert row["lift_low"] == pytest.approx(-0.557656, abs=1e-6)
        assert row["lift_high"] == pytest.approx(0.890990, abs=1e-6)
        # (100 * 3 - 15 * 4) / 3; (504 - 100) / 100; 504 / 100; (80 - 100) / 100
        assert values(row, "incremental_sales_amount cost_amount roi roas incremental_roi") == (
            Decimal("80.00"),
            Decimal("100.00"),
            Decimal("4.040000"),
            Decimal("5.040000"),
            Decimal("-0.200000"),
        )


def test_segments_of_a_campaign(performance):
    rows = {
        row["segment"]: row
        for row in performance
        if (row["campaign_id"], row["scheme"]) == ("K", "customer_360")
    }
    # A bought 32 days before the day before the contact: R 3, F 1, M 1
    assert set(rows) == {"all", "New", "unscored", "not contacted"}
    new, unscored, others = rows["New"], rows["unscored"], rows["not contacted"]
    names = "contacted_count control_count cost_amount attributed_sales_amount roi"
    assert values(new, names) == (1, 0, 25, 80, Decimal("2.200000"))
    assert values(new, "lift lift_low incremental_sales_amount control_conversion_rate") == (
        None,
        None,
        None,
        None,
    )
    # B C D; X Y Z; 100 * 3 / 4; T4 and, of the control, T7; (23 - 75) / 75
    assert values(unscored, names) == (3, 3, 75, 23, Decimal("-0.693333"))
    # (20 * 3 - 15 * 3) / 3; one of three each
    assert values(unscored, "incremental_sales_amount lift") == (5, 0)
    # T6 and T8
    assert values(others, names) == (0, 0, 0, 401, None)
    assert values(others, "attributed_purchase_count open_rate") == (2, None)
    crm = {r["segment"] for r in performance if values(r, "campaign_id scheme") == ("K", CRM)}
    assert crm == {"all", "Promising", "unscored", "not contacted"}


def test_campaigns_that_are_listed(performance):
    found = {
        row["campaign_id"]: values(row, "contacted_count attributed_sales_amount cost_amount roi")
        for row in performance
        if values(row, "scheme segment") == (CRM, "all")
    }
    assert found["gone"] == (0, 7, None, None)  # unknown, but a sale carries it
    assert found["S"] == (0, 0, None, None)  # began, but nobody was contacted
    assert found["Z"] == (0, 0, 0, None)
    assert found["late"] == (1, 0, 5, -1)  # has not begun, but somebody was contacted
    assert set(found) == {"K", "gone", "S", "Z", "late"}


def test_first_and_linear_sales_go_to_the_segment_of_the_same_campaign():
    marts = build(
        sale("T", "A", "2024-03-10 12:00", "100"),
        tables=contacts(
            ("N1", "K", "A", "2024-03-08 12:00"),
            ("N2", "K", "A", "2024-03-09 12:00"),
            ("N3", "S", "A", "2024-03-10 12:00"),
        ),
    )
    names = "attributed_sales_amount first_touch_sales_amount linear_sales_amount"
    rows = marts["fct_campaign_performance"]
    for segment in ("all", "unscored"):
        found = {
            campaign: values(pick(rows, campaign_id=campaign, scheme=CRM, segment=segment), names)
            for campaign in "KS"
        }
        # K's two touches have 33.33 and 33.34
        assert found == {"K": (0, 100, Decimal("66.67")), "S": (100, 0, Decimal("33.33"))}


# -- timing ----------------------------------------------------------------------------------------
def test_weekday_and_hour_are_local():
    marts = build(
        sale("T1", "A", "2024-03-03 23:30", "10"),  # Sunday; Monday 05:00 in India
        sale("T2", "A", "2024-03-04 23:59:59", "5"),  # Tuesday 05:29
        sale("T3", None, "2024-03-05 00:00", "5"),
        tables=contacts(
            ("N1", "K", "A", "2024-03-04 00:00", None, "2024-03-04 00:10", "2024-03-04 00:40"),
            ("N2", "K", "B", "2024-03-04 00:00", "no", "2024-03-06 00:00"),  # opened after D
            ("N3", "K", "A", "2024-03-04 00:00", "yes", "2024-03-04 00:10"),
        ),
        reporting_timezone="Asia/Kolkata",
    )
    rows = marts["fct_campaign_timing"]
    assert len(rows) == 20 * 168
    names = "day_of_week hour_of_day purchase_count sales_amount contacted_count opened_count "
    names += "clicked_count purchase_share response_share"
    half = Decimal("0.500000")

    def found(segment: str) -> list[tuple]:
        own = [r for r in rows if values(r, "scheme segment") == (CRM, segment)]
        return [values(r, names) for r in own if any(values(r, names)[2:7])]

    # 00:00 and 00:10 are 05:30 and 05:40, 00:40 is 06:10; B never bought, so only `all` has it
    assert found("Promising") == [
        (1, 5, 1, 10, 1, 1, 0, half, half),
        (1, 6, 0, 0, 0, 0, 1, 0, half),
        (2, 5, 1, 5, 0, 0, 0, half, 0),
    ]
    assert found("all") == [
        (1, 5, 1, 10, 2, 1, 0, half, half),
        (1, 6, 0, 0, 0, 0, 1, 0, half),
        (2, 5, 1, 5, 0, 0, 0, half, 0),
    ]
    empty = pick(rows, scheme=CRM, segment="Dormant", day_of_week=7, hour_of_day=23)
    assert values(empty, "purchase_count sales_amount purchase_share response_share") == (
        0,
        Decimal("0.00"),
        None,
        None,
    )


# -- audiences -------------------------------------------------------------------------------------
def audience(**others) -> dict[str, dict]:
    """Rows of one scheme by customer."""
    consents = table(
        "customer_id email_opt_in sms_opt_in preferred_channel",
        ("email", "yes", "no", "sms"),
        ("sms", None, "yes", None),
        ("neither", "no", None, None),
        ("gone", "yes", "yes", None),
        ("later", "yes", "yes", "post"),
        ("wish", "yes", "yes", "SMS"),
        ("answers", "yes", "yes", "email"),
        ("evenly", "yes", "yes", "sms"),
        ("alike", "yes", "no", None),
    )
    at = "2024-03-04 10:00"  # a Monday
    sent = contacts(
        ("N1", "K", "gone", at, "yes", None, None, "2024-03-04 11:00"),
        ("N2", "K", "later", at, "no", None, None, "2024-04-04 11:00"),
        ("N3", "S", "answers", at, "no", "2024-03-05 11:00", "2024-03-05 11:01"),
        ("N4", "K", "answers", at, "no", "2024-03-05 12:00"),
        ("N5", "Z", "wish", at, "no", "2024-03-06 12:00"),  # push is neither
        ("N6", "K", "evenly", at, "no", "2024-03-06 12:00"),
        ("N7", "S", "evenly", at, "no", "2024-03-06 12:30"),
        ("N8", "K", "alike", at, "no", "2024-03-05 09:59:59", "2024-03-05 08:00"),
    )
    buyers = [
        "email",
        "sms",
        "neither",
        "gone",
        "later",
        "wish",
        "answers",
        "evenly",
        "alike",
        "stranger",
    ]
    sales = [sale(name, name, "2024-03-09 09:00", "10") for name in buyers]  # a Saturday
    marts = build(*sales, tables=sent | {"customers": consents}, as_of_date="2024-03-31", **others)
    rows = [row for row in marts["fct_campaign_audiences"] if row["scheme"] == CRM]
    return {row["customer_id"]: row for row in rows}


def test_consent_and_channel():
    rows = audience()
    assert {name: row["best_channel"] for name, row in rows.items()} == {
        "email": "email",  # nothing else is allowed, whatever is preferred
        "sms": "sms",
        "later": "email",  # has not unsubscribed by D; prefers neither
        "wish": "sms",
        "answers": "sms",  # two responses against one
        "evenly": "sms",
        "alike": "email",
    }


def test_best_moment_is_the_customers_from_three_events_on():
    rows = audience()
    names = "best_day_of_week best_hour_of_day timing_source"
    # Saturday 9, Tuesday 9 and Tuesday 8 once each: the earliest weekday, then the earliest hour
    assert values(rows["alike"], names) == (2, 8, "customer")
    # Tuesday 11 twice, 12 once, Saturday 9 once
    assert values(rows["answers"], names) == (2, 11, "customer")
    # Wednesday 12 twice, Saturday 9 once
    assert values(rows["evenly"], names) == (3, 12, "customer")
    # two events; all ten bought on Saturday at 9
    assert values(rows["wish"], names) == (6, 9, "segment")


def test_overrides_in_force_rule_the_segment():
    names = "customer_id scheme segment valid_until_date"
    seed = [
        dict(zip(names.split(), row, strict=True))
        for row in [
            ("email", CRM, "Dormant", "2024-03-31"),
            ("wish", CRM, "Dormant", "2024-03-30"),  # over
            ("sms", CRM, "Champions", None),  # outlasts the next
            ("sms", CRM, "Dormant", "2099-01-01"),
            ("later", "customer_360", "Lost", None),  # of the other scheme
            ("evenly", CRM, "Promising", None),  # the score's own
        ]
    ]
    rows = audience(segment_overrides=seed)
    found = {n: values(row, "segment is_segment_override") for n, row in rows.items()}
    assert found == {
        "email": ("Dormant", True),
        "sms": ("Champions", True),
        "later": ("Promising", False),
        "wish": ("Promising", False),
        "answers": ("Promising", False),
        "evenly": ("Promising", True),
        "alike": ("Promising", False),
    }
    # nobody is Dormant by score, so it has no moments of its own
    assert rows["email"]["timing_source"] == "all"


# -- identities ------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(6))
def test_identities_on_random_data(seed):
    raw = random_raw.make_raw(seed, erasure=True)
    frames = oracle.build_marts(raw, {"reporting_timezone": "America/New_York"})
    marts = {mart: frame.to_dict("records") for mart, frame in frames.items()}
    campaign_of, credit, amount = {}, {}, {}
    for row in marts["fct_campaign_attribution"]:
        name = row["transaction_id"]
        credit[name] = credit.get(name, 0) + row["linear_credit"]
        amount[name] = amount.get(name, 0) + row["linear_sales_amount"]
        if row["is_last_touch"]:
            campaign_of[name] = row["campaign_id"]
    crm_sales = [row for row in marts["fct_transactions"] if row["is_crm_sale"]]
    # worked out a second time, without touches
    assert campaign_of == {r["transaction_id"]: r["attributed_campaign_id"] for r in crm_sales}
    assert set(credit.values()) <= {Decimal("1.000000")}
    assert amount == {row["transaction_id"]: row["amount"] for row in crm_sales}

    sums = "contacted_count control_count opened_count contacted_purchase_count "
    sums += "contacted_sales_amount control_sales_amount attributed_sales_amount "
    sums += "first_touch_sales_amount linear_sales_amount contacted_before_start_count"
    rows = marts["fct_campaign_performance"]
    for whole in rows:
        if whole["segment"] == "all":
            parts = [
                row
                for row in rows
                if values(row, "campaign_id scheme") == values(whole, "campaign_id scheme")
                and row["segment"] != "all"
            ]
            for name in sums.split():
                assert sum(row[name] for row in parts) == whole[name], (whole["campaign_id"], name)
    total = sum(r["attributed_sales_amount"] for r in rows if values(r, WHOLE) == (CRM, "all"))
    assert total == sum(row["amount"] for row in crm_sales)
    timing = marts["fct_campaign_timing"]
    bought = sum(row["purchase_count"] for row in timing if values(row, WHOLE) == (CRM, "all"))
    identified = [r for r in marts["fct_transactions"] if r["is_purchase"] and r["customer_id"]]
    assert bought == len(identified)
