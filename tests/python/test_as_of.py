"""A build as of an earlier day equals a build of the raw data without what happened after it."""

import random
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import compare
import oracle
import pandas as pd
import pytest
import random_raw
import test_marts_equal_oracle

# staging and its accounting know later rows
KNOWS_LATER_ROWS = ["data_quality", "build_summary", "rejected_records"]
EVENTS = oracle.EVENT_TIMESTAMP | {"marketing_spend": "spend_date"}
VARIABLES = {
    name: {k: v for k, v in oracle_variables.items() if k != "as_of_date"}
    for name, oracle_variables in test_marts_equal_oracle.VARIABLES.items()
    if name in ("default", "members_in_new_york", "quartiles_on_a_day")
}
SEEDS = [200, 207, 214]


def event_date(value: date | datetime, zone: ZoneInfo) -> date:
    """Day of an event in the reporting time zone."""
    return oracle.local_date(value, zone) if isinstance(value, datetime) else value


def without_later_keys(
    raw: dict[str, pd.DataFrame], day: date, zone: ZoneInfo
) -> dict[str, pd.DataFrame]:
    """The raw data without the keys whose accepted event is dated after a day."""
    reduced = dict(raw)
    for table, event in EVENTS.items():
        # a request to be forgotten is no event of a mart
        if table == "erasure_requests" or table not in raw:
            continue
        key = oracle.KEYS[table]
        later = {
            tuple(row[name] for name in key)
            for row in oracle.stage(table, raw[table]).accepted
            if event_date(row[event], zone) > day
        }
        records = raw[table].to_dict("records")
        kept, loads = [], []
        for record in records:
            texts = {c.name: oracle.trim(record.get(c.name)) for c in oracle.CONTRACT[table]}
            row = oracle.cast_row(table, texts)
            loads.append((row["loaded_at"] or datetime.min, record.get("loaded_at")))
            if tuple(row[name] for name in key) not in later:
                kept.append(record)
        # rows without loaded_at are judged by the newest of their table: a row that has nothing
        # else is rejected, and keeps it what it was
        if "loaded_at" in raw[table] and loads:
            newest = max(loads, key=lambda load: load[0])[1]
            kept.append(dict.fromkeys(raw[table].columns) | {"loaded_at": newest})
        reduced[table] = pd.DataFrame(kept, columns=raw[table].columns, dtype=object)
    return reduced


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", VARIABLES)
def test_a_build_as_of_a_day_is_a_build_without_later_events(compiled, name, seed):
    variables = VARIABLES[name]
    zone = ZoneInfo(variables.get("reporting_timezone", "UTC"))
    raw = random_raw.make_raw(seed)
    transactions = oracle.date_transactions(
        oracle.stage("transactions", raw["transactions"]).accepted, {}, zone
    )
    sales_days = sorted(
        {t["transaction_date"] for t in transactions if t["is_purchase"] or t["is_refund"]}
    )
    draw = random.Random(f"{name}-{seed}")
    days = [random_raw.Maker(seed, 1, 1).last_day - timedelta(days=draw.randint(1, 500))]
    days += draw.sample(sales_days[:-1], 1) if len(sales_days) > 1 else []
    on_a_day = compiled(variables | {"as_of_date": "any"})
    for day in days:
        with on_a_day.run(raw, day) as connection:
            found = compare.snapshot(connection, leave_out=KNOWS_LATER_ROWS)
        reduced = without_later_keys(raw, day, zone)
        dropped = len(raw["transactions"]) - len(reduced["transactions"])
        # on a day with a sale the reduced data need no variable: the latest sale left is that day
        project = compiled() if day in sales_days and not variables else on_a_day
        with project.run(reduced, day) as connection:
            expected = compare.snapshot(connection, leave_out=KNOWS_LATER_ROWS)
        messages = compare.snapshot_differences(found, expected)
        assert not messages, "\n".join(
            [f"seed {seed}, variables {variables}, as of {day}, {dropped} rows dropped:", *messages]
        )


def test_days_before_the_last_leave_rows_out():
    """The test above would prove nothing if it dropped nothing."""
    raw = random_raw.make_raw(SEEDS[0])
    day = random_raw.Maker(SEEDS[0], 1, 1).last_day - timedelta(days=500)
    reduced = without_later_keys(raw, day, ZoneInfo("UTC"))
    for table in ("transactions", "campaign_contacts", "interactions", "leads", "surveys"):
        assert len(reduced[table]) < len(raw[table]), table
