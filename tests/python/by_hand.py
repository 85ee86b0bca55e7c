"""What tests of the oracle make small cases with."""

import oracle
import pandas as pd


def frame(*rows: dict) -> pd.DataFrame:
    """Make a raw frame of text from rows."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return pd.DataFrame(
        [[row.get(name) for name in columns] for row in rows], columns=columns, dtype=object
    )


def sale(transaction_id: str, customer_id: str | None, at: str, amount: str, **others) -> dict:
    """Make one raw transaction."""
    return {
        "transaction_id": transaction_id,
        "customer_id": customer_id,
        "transacted_at": at,
        "amount": amount,
    } | others


def build(
    *sales: dict,
    tables: dict | None = None,
    targets: list[dict] | None = None,
    segment_overrides: list[dict] | None = None,
    **variables,
) -> dict[str, list[dict]]:
    """Build the marts from raw sales and further raw tables, as rows."""
    raw = {"transactions": frame(*sales)} | (tables or {})
    marts = oracle.build_marts(
        raw, variables, targets=targets or [], segment_overrides=segment_overrides or []
    )
    return {mart: rows.to_dict("records") for mart, rows in marts.items()}


def pick(rows: list[dict], **wanted) -> dict:
    """Find the one row with the wanted values."""
    (row,) = [r for r in rows if all(r[name] == value for name, value in wanted.items())]
    return row


def table(names: str, *rows: tuple) -> pd.DataFrame:
    """Make a raw frame of text from the names of its columns and rows of values."""
    return frame(*(dict(zip(names.split(), row, strict=True)) for row in rows))


def values(row: dict, names: str) -> tuple:
    """Some values of a row."""
    return tuple(row[name] for name in names.split())


def accounting(
    marts: dict[str, list[dict]],
    raw_table: str,
    checks: tuple[str, ...] = ("rows", "accepted", "superseded", "rejected"),
) -> list[int]:
    """Rows, accepted, superseded and rejected of a table."""
    counts = {
        row["check_name"]: row["record_count"]
        for row in marts["data_quality"]
        if row["table_name"] == raw_table
    }
    return [counts[check] for check in checks if check in counts]
