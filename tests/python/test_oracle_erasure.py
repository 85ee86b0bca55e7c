"""Erasure in the reference implementation, by hand."""

from datetime import date
from decimal import Decimal

import pytest
from by_hand import accounting, build, pick, sale, table, values

# the first 16 digits that `printf D00112233445566778899aabbccddeeff | md5sum` prints, and so on
ERASED = {
    "A": "erased-ad47144be7d5221f",
    "B": "erased-fe3385ed16456ec6",
    "D": "erased-7d70fa45b06494e9",
    "X": "erased-61ace48632172c8e",
}

CUSTOMERS = table(
    "customer_id first_name email phone birth_date city loyalty_joined_at email_opt_in sms_opt_in",
    ("A", "Ada", "a@x.org", "+49301234567", "1990-01-01", "Bonn", "2020-01-01", "yes", "yes"),
    ("D", "Ada", "d@x.org", "2", "1990-01-01", "Kiel", "2019-01-01", None, None),
    ("B", "Bo", "b@x.org", "0049301234567", "1991-01-01", "Ulm", "2021-01-01", "yes", None),
)
MONTH = date(2024, 2, 1)
MERGES = table("duplicate_customer_id customer_id", ("D", "A"))
SALES = [
    sale("T1", "A", "2024-01-10", "10"),
    sale("T2", "D", "2024-02-10", "20"),
    sale("T3", "B", "2024-02-11", "40"),
]


def build_with(*requested: str, merges=MERGES, sales=SALES, **others) -> dict:
    """Build with requests of some customers."""
    tables = {
        "customers": CUSTOMERS,
        "customer_merges": merges,
        "erasure_requests": table("customer_id", *((name,) for name in requested)),
    }
    return build(*sales, tables=tables | others.pop("tables", {}), **others)


def customers_of(marts: dict) -> dict[str, str]:
    """Customer of each transaction."""
    return {row["transaction_id"]: row["customer_id"] for row in marts["fct_transactions"]}


@pytest.mark.parametrize(
    ("requested", "key"),
    [
        (["D"], ERASED["D"]),  # the duplicate: the survivor goes with it
        (["A"], ERASED["A"]),  # the survivor
        (["D", "A"], ERASED["A"]),  # both: the smaller one
    ],
)
def test_a_merged_group_gets_one_key_of_its_smallest_request(requested, key):
    marts = build_with(*requested)
    assert customers_of(marts) == {"T1": key, "T2": key, "T3": "B"}
    row = pick(marts["dim_customers"], customer_id=key)
    assert values(row, "is_erased city email_opt_in sms_opt_in age_band loyalty_joined_at") == (
        True,
        None,
        False,
        False,
        None,
        None,
    )
    # what they bought stays theirs
    assert values(row, "is_loyalty_member purchase_count_lifetime sales_amount_lifetime") == (
        False,
        2,
        Decimal("30.00"),
    )
    assert not pick(marts["dim_customers"], customer_id="B")["is_erased"]
    assert [row["customer_id"] for row in marts["dim_customer_contacts"]] == ["B"]
    assert {row["customer_id"] for row in marts["fct_customer_rfm"]} == {key, "B"}


def test_sales_do_not_change():
    with_requests, without = build_with("D", "B"), build_with()
    names = "period_grain period_start_date sales_amount customer_count new_customer_count"
    assert [values(row, names) for row in with_requests["fct_period_kpis"]] == [
        values(row, names) for row in without["fct_period_kpis"]
    ]


def test_a_later_merge_moves_the_sales_of_its_group():
    merges = table("duplicate_customer_id customer_id", ("D", "A"), ("A", "B"))
    marts = build_with("D", merges=merges)
    assert set(customers_of(marts).values()) == {ERASED["D"]}
    # two requests, then a merge: the key of the smaller one
    marts = build_with("D", "B", merges=merges)
    assert set(customers_of(marts).values()) == {ERASED["B"]}
    # without the merge they were two
    marts = build_with("D", "B")
    assert set(customers_of(marts).values()) == {ERASED["B"], ERASED["D"]}


def test_only_accepted_requests_erase_and_those_after_d_too():
    requests = table(
        "customer_id requested_at loaded_at",
        ("A", "2024-01-03 00:00:01", "2024-01-02"),  # a day and a second after it was loaded
        (" B ", "2030-01-01", "2030-01-01"),
        ("nobody", None, None),
    )
    marts = build(
        *SALES, tables={"customers": CUSTOMERS, "erasure_requests": requests}, as_of_date=None
    )
    assert customers_of(marts) == {"T1": "A", "T2": "D", "T3": ERASED["B"]}
    # nobody is no customer
    assert [r["customer_id"] for r in marts["dim_customers"]] == ["A", "D", ERASED["B"]]


def test_an_erased_customer_without_a_row_has_no_opt_in():
    marts = build_with("X", sales=[sale("T1", "X", "2024-01-10", "10")])
    row = pick(marts["dim_customers"], customer_id=ERASED["X"])
    assert values(row, "is_erased email_opt_in") == (True, None)


def test_erased_customers_are_neither_listed_nor_matched():
    marts = build_with()
    # both agreed, and share a telephone number
    assert {row["customer_id"] for row in marts["fct_campaign_audiences"]} == {"A", "B"}
    assert {r["customer_id"] for r in marts["possible_duplicate_customers"]} == {"A", "B"}
    marts = build_with("A")
    assert {row["customer_id"] for row in marts["fct_campaign_audiences"]} == {"B"}
    assert marts["possible_duplicate_customers"] == []


def test_everything_of_theirs_goes_by_the_key():
    tables = {
        "interactions": table(
            "interaction_id customer_id occurred_at interaction_type",
            ("I", "D", "2024-02-01", "chat"),
        ),
        "leads": table("lead_id customer_id created_at", ("L", "A", "2024-02-01")),
        "campaign_contacts": table(
            "contact_id campaign_id customer_id contacted_at", ("N", "K", "D", "2024-02-10")
        ),
    }
    marts = build_with("A", tables=tables)
    for mart, frame in marts.items():
        named = {row.get("customer_id") for row in frame} & {"A", "D"}
        assert not named, mart
    assert [row["customer_id"] for row in marts["fct_open_leads"]] == [ERASED["A"]]
    assert [r["customer_id"] for r in marts["fct_campaign_attribution"]] == [ERASED["A"]]
    row = pick(marts["fct_journey_stages"], customer_id=ERASED["A"], month_start_date=MONTH)
    # the contact; the chat; the lead; the sale, which is not the first
    assert values(
        row,
        "awareness_count consideration_count decision_count action_count retention_count",
    ) == (1, 1, 1, 1, 1)


def test_rejected_rows_of_theirs_are_counted_apart():
    sales = [
        *SALES,
        sale("T4", " D\t", "2024-02-01", "wrong"),
        sale("T5", "d", "2024-02-01", "wrong"),
        sale("T6", "DD", "2024-02-01", "wrong"),
        sale("T7", None, "2024-02-01", "wrong"),
    ]
    merges = table(
        "duplicate_customer_id customer_id",
        ("D", "A"),
        (None, "A"),
        ("D", None),
        (None, "B"),
        # a cycle, one of whom is erased, and one that merges with nobody
        ("X", "Y"),
        ("Y", "X"),
        ("Z", "Z"),
    )
    requests = table(
        "customer_id requested_at loaded_at",
        ("A", None, None),
        ("X", None, None),
        ("A", "2024-01-05", "2024-01-02"),
        ("B", "2024-01-05", "2024-01-02"),
    )
    tables = {"erasure_requests": requests}
    marts = build_with(sales=sales, merges=merges, tables=tables)
    checks = ("rows", "accepted", "superseded", "rejected", "rejected_erased")
    assert accounting(marts, "transactions", checks) == [7, 3, 0, 3, 1]
    assert accounting(marts, "customer_merges", checks) == [7, 1, 0, 2, 4]
    assert accounting(marts, "erasure_requests", checks) == [4, 2, 0, 1, 1]
    assert accounting(marts, "customers", checks) == [3, 3, 0, 0, 0]
    assert accounting(marts, "products", checks) == [0, 0, 0, 0]  # no customer, no such count
    found = sorted((r["table_name"], r["record_key"]) for r in marts["rejected_records"])
    assert found == [
        ("customer_merges", ""),
        ("customer_merges", "Z"),
        ("erasure_requests", "B"),
        ("transactions", "T5"),
        ("transactions", "T6"),
        ("transactions", "T7"),
    ]
