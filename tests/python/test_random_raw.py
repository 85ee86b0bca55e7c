"""The random raw data hold every edge of the definitions, and often."""

from collections import Counter, defaultdict
from zoneinfo import ZoneInfo

import oracle
import oracle_campaigns
import oracle_service
import pytest
import random_raw
from by_hand import values

SEEDS = range(12)
OFTEN = 10


def count_campaign_edges(basis: oracle.Basis, marts: dict, found: Counter) -> None:
    """Edges of campaigns, contacts and audiences."""
    for row in basis.accepted["campaigns"]:
        found["campaign without cost"] += row["cost"] is None
        found["campaign with cost 0"] += row["cost"] == 0
        found["campaign ends before it starts"] += (row["ends_on"] or row["starts_on"]) < row[
            "starts_on"
        ]
        found["campaign without end"] += row["ends_on"] is None
    contacts = oracle_campaigns.list_contacts(basis)
    late = {row["contact_id"]: row for row in basis.accepted["campaign_contacts"]}
    for row in contacts:
        found["contact before the start"] += row["is_before_start"]
        found["unsubscribed"] += row["unsubscribed_at"] is not None
        raw = late[row["contact_id"]]
        found["opened after D"] += raw["opened_at"] is not None and row["opened_at"] is None
    for own in oracle_campaigns.group_by(contacts, "campaign_id", "customer_id").values():
        arms = {row["is_control"] for row in own}
        moments = {row["contacted_at"] for row in own}
        found["contacted twice by a campaign"] += len(own) > 1
        found["contacted in both arms"] += len(arms) > 1
        found["contacted twice at one moment"] += len(moments) < len(own)
        found["contacted twice at one moment in both arms"] += len(moments) == 1 < len(arms)
    by_sale = defaultdict(set)
    for row in marts["fct_campaign_attribution"]:
        by_sale[row["transaction_id"]].add(row["campaign_id"])
    found["touches of two campaigns"] += sum(len(names) > 1 for names in by_sale.values())
    rows = marts["fct_campaign_performance"]
    for row in rows:
        found[f"segment {row['segment']}"] += 1
        if row["segment"] != "all":
            found["interval of a segment"] += row["lift_low"] is not None
            found["incremental ROI of a segment"] += row["incremental_roi"] is not None
            found["share of cost 0"] += row["cost_amount"] == 0 and row["control_count"] > 0
    for row in marts["fct_campaign_audiences"]:
        found[f"audience by {row['best_channel']}"] += 1
        found[f"moment of the {row['timing_source']}"] += 1


def count_service_edges(basis: oracle.Basis, marts: dict, found: Counter) -> None:
    """Edges of leads, cases, surveys and journeys."""
    for row in basis.events("leads"):
        won, lost = (basis.known(row[name]) for name in ("won_at", "lost_at"))
        found["lead won and lost"] += None not in (won, lost)
        found["lead won after D"] += won is None and row["won_at"] is not None
        found["lead won before it was created"] += won is not None and won < row["created_at"]
        found["lead lost before it was created"] += (
            won is None and lost is not None and lost < row["created_at"]
        )
        found["lead won at once"] += won == row["created_at"]
    for row in marts["fct_open_leads"]:
        found[f"open lead of {row['age_band']} days"] += 1
        found[f"open lead of {row['age_days']} days"] += 1
        found["estimated deal"] += row["is_deal_amount_estimated"]
    for row in oracle_service.classify_interactions(basis):
        is_listed = row["interaction_type"] in oracle_service.INTERACTION_TYPES
        found["interaction of a listed type"] += is_listed
        found["interaction of another type"] += not is_listed
        found["case of another type"] += row["is_case"] and not is_listed
        found["case that is open"] += row["is_case"] and row["resolved_date"] is None
        resolved = basis.known(row["resolved_at"])
        found["case resolved before it occurred"] += (
            row["is_case"] and resolved is not None and resolved < row["occurred_at"]
        )
        found["complaint"] += row["is_complaint"]
    for row in marts["fct_satisfaction"]:
        if row["segment"] in ("anonymous", "unscored"):
            found[f"{row['survey_type']} of {row['segment']}"] += 1
    for row in marts["fct_journey_stages"]:
        found[f"journey to {row['journey_stage']}"] += 1
    for row in marts["possible_duplicate_customers"]:
        found[f"duplicate by {row['match_kind']}"] += 1
    for row in basis.accepted["marketing_spend"]:
        found["negative spend"] += row["amount"] < 0
        found["spend for retention"] += row["purpose"] == "retention"


def count_erasure_edges(
    basis: oracle.Basis, erased: dict, raw: dict, marts: dict, found: Counter
) -> None:
    """Edges of erasure."""
    merged = oracle.resolve_merges(basis.accepted["customer_merges"])
    requested = {row["customer_id"] for row in basis.accepted["erasure_requests"]}
    sellers = {row["customer_id"] for row in basis.accepted["transactions"]}
    groups = defaultdict(set)
    for member, key in erased.items():
        groups[key].add(member)
    for key, members in groups.items():
        asked = members & requested
        is_group = len(members) > 1
        found["erased customer with sales"] += bool(members & sellers)
        found["erased group"] += is_group
        found["erased by the duplicate alone"] += is_group and asked <= set(merged)
        found["erased by the survivor alone"] += is_group and not asked & set(merged)
        found["erased by two members"] += len(asked) > 1
        found["erased and in no other table"] += not any(
            row["customer_id"] == key for row in marts["dim_customers"]
        )
    judged = oracle.stage("erasure_requests", raw.get("erasure_requests"))
    refused = {text["customer_id"] for text in judged.rejected} - {None}
    found["refused request of a customer who stays"] += len(refused & sellers - set(erased))
    found["refused request of one who is erased"] += len(refused & set(erased))
    for row in marts["data_quality"]:
        if row["check_name"] == "rejected_erased" and row["record_count"]:
            found[f"rejected_erased of {row['table_name']}"] += 1


@pytest.fixture(scope="module")
def found() -> Counter:
    """How often each edge occurs."""
    counts = Counter()
    variables = oracle.DEFAULT_VARIABLES | {"reporting_timezone": "America/New_York"}
    for seed in SEEDS:
        raw = random_raw.make_raw(seed, erasure=True)
        staged = {table: oracle.stage(table, raw.get(table)) for table in oracle.CONTRACT}
        basis, erased = oracle.find_basis(staged, variables, oracle.SALT)
        assert basis.zone == ZoneInfo("America/New_York")
        frames = oracle.build_marts(raw, variables)
        marts = {mart: frame.to_dict("records") for mart, frame in frames.items()}
        count_campaign_edges(basis, marts, counts)
        count_service_edges(basis, marts, counts)
        count_erasure_edges(basis, erased, raw, marts, counts)
        for row in marts["fct_kpi_board"]:
            if values(row, "period_grain value") != ("month", None):
                counts[f"{row['kpi']} of a {row['period_grain']}"] += 1
    return counts


EDGES = """
campaign without cost
campaign with cost 0
campaign ends before it starts
campaign without end
contact before the start
unsubscribed
opened after D
contacted twice by a campaign
contacted in both arms
contacted twice at one moment
contacted twice at one moment in both arms
touches of two campaigns
segment not contacted
segment unscored
interval of a segment
incremental ROI of a segment
share of cost 0
audience by email
audience by sms
moment of the customer
moment of the segment
lead won and lost
lead won after D
lead won before it was created
lead lost before it was created
lead won at once
open lead of 0-30 days
open lead of 31-60 days
open lead of 61-90 days
open lead of over 90 days
open lead of 30 days
open lead of 31 days
open lead of 60 days
open lead of 61 days
open lead of 90 days
open lead of 91 days
estimated deal
interaction of a listed type
interaction of another type
case of another type
case that is open
case resolved before it occurred
complaint
csat of anonymous
csat of unscored
nps of anonymous
nps of unscored
journey to awareness
journey to consideration
journey to decision
journey to action
journey to retention
duplicate by email
duplicate by phone
negative spend
spend for retention
erased customer with sales
erased group
erased by the duplicate alone
erased by the survivor alone
erased by two members
erased and in no other table
refused request of a customer who stays
refused request of one who is erased
rejected_erased of transactions
rejected_erased of customer_merges
rejected_erased of campaign_contacts
rejected_erased of interactions
rejected_erased of leads
rejected_erased of surveys
rejected_erased of erasure_requests
campaign_roi of a month
average_deal_amount of a month
nps of a month
"""
# edges that each seed can hold but once or twice
SELDOM = {"rejected_erased", "lead won at once", "erased by", "refused", "share of", "open lead of"}


@pytest.mark.parametrize("edge", EDGES.strip().splitlines())
def test_every_edge_occurs(found, edge):
    least = OFTEN / 3 if any(edge.startswith(name) for name in SELDOM) else OFTEN
    assert found[edge] >= least, f"{edge}: {found[edge]} times in {len(SEEDS)} data sets"


def test_without_erasure_nobody_who_has_data_is_erased():
    for seed in SEEDS:
        marts = oracle.build_marts(random_raw.make_raw(seed, erasure=False))
        assert not marts["dim_customers"]["is_erased"].any()
        checks = marts["data_quality"]
        erased = checks[checks["check_name"] == "rejected_erased"]
        assert set(erased["table_name"]) == set(oracle.CUSTOMER_COLUMNS)
        # requests of those who occur nowhere else are the only rows of theirs
        others = erased[erased["table_name"] != "erasure_requests"]
        assert not others["record_count"].any()
