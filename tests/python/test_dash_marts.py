"""The marts made for the page, where the reference implementation leaves them out."""

import itertools
import math
from collections import defaultdict
from decimal import Decimal

import compare
import oracle
import pytest
import random_raw


def read_rows(connection, mart: str) -> list[dict]:
    """Rows of a mart."""
    cursor = connection.execute(f"from marts.{mart}")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def add_up_value(connection) -> dict[tuple, list]:
    """Customers, past and expected sales by scheme, segment, tier and risk, or all of either."""
    scores = {row["customer_id"]: row for row in read_rows(connection, "fct_customer_rfm")}
    cells = defaultdict(lambda: [0, Decimal("0.00"), None])
    for row in read_rows(connection, "fct_customer_value"):
        for scheme in oracle.SCHEMES:
            for segment in ("all", scores[row["customer_id"]][f"{scheme}_segment"]):
                tiers = (row["value_tier"] or "unknown", "all")
                risks = (row["churn_risk"] or "unknown", "all")
                for band in itertools.product(tiers, risks):
                    cell = cells[scheme, segment, *band]
                    cell[0] += 1
                    cell[1] += row["historic_sales_amount"]
                    if row["predicted_sales_amount_next_12_months"] is not None:
                        cell[2] = (cell[2] or 0) + row["predicted_sales_amount_next_12_months"]
    return cells


@pytest.mark.parametrize("seed", [1, 3, 7, 11])
def test_segment_value_is_the_customers_value_added_up(compiled, seed):
    with compiled().run(random_raw.make_raw(seed)) as connection:
        expected = add_up_value(connection)
        found = {
            (row["scheme"], row["segment"], row["value_tier"], row["churn_risk"]): row
            for row in read_rows(connection, "dash_segment_value")
        }
    assert found.keys() == expected.keys()
    for key, (count, historic, predicted) in expected.items():
        row = found[key]
        amount = row["predicted_sales_amount_next_12_months"]
        assert (row["customer_count"], row["historic_sales_amount"]) == (count, historic), key
        assert compare.same(predicted, amount) or math.isclose(predicted, amount, abs_tol=1e-6), key


def test_nothing_sold(compiled):
    """Without D the page still has its settings and empty cells to show."""
    with compiled().run({}) as connection:
        assert [row["as_of_date"] for row in read_rows(connection, "dash_settings")] == [None]
        assert len(read_rows(connection, "dash_rfm_grid")) == 2 * 10 * 16
        for mart in ("customer_profile", "segment_size", "segment_value", "lead_funnel"):
            assert read_rows(connection, f"dash_{mart}") == []
