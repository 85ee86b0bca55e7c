"""A customer who asks to be forgotten: the sales stay, the person goes, in the same run."""

import hashlib

import duckdb
import pandas as pd
import pytest
import random_raw

SECRETS = {
    "first_name": "Xaverine",
    "last_name": "Quillfeather",
    "email": "xq@secret.example",
    "phone": "0700 123 987",
    "gender": "secretgender",
    "birth_date": "1871-03-19",
    "city": "Secretville",
    "region": "Secretshire",
    "country": "Secretland",
    "preferred_channel": "secretpigeon",
    "acquisition_source": "secretsource",
    "loyalty_joined_at": "2019-01-02 03:04:05",
    "created_at": "2018-01-02 03:04:05",
    "updated_at": "2018-02-03 04:05:06",
}
KEYS = ["secret-alone", "secret-survivor", "secret-duplicate", "secret-late"]


def frame(*rows: dict) -> pd.DataFrame:
    return pd.DataFrame(list(rows), dtype=object)


def sale(key: str, customer: str | None, amount: str, day: str = "2024-05-01") -> dict:
    return {
        "transaction_id": key,
        "customer_id": customer,
        "transacted_at": day,
        "amount": amount,
        "status": "completed",
    }


@pytest.fixture
def raw() -> dict[str, pd.DataFrame]:
    """Two erased persons, one of them merged from two, and one who stays."""
    sales = [
        sale("1", "secret-alone", "10.00"),
        sale("2", "secret-survivor", "20.00"),
        sale("3", "secret-duplicate", "40.00"),
        sale("4", "stays", "80.00"),
        sale("5", "secret-late", "160.00"),
        sale("6", None, "320.00"),
        # refused: no amount, and a customer who must not be read in the refusal
        {"transaction_id": "7", "customer_id": " secret-duplicate ", "transacted_at": "2024-05-01"},
        {"transaction_id": "8", "customer_id": "stays", "transacted_at": "2024-05-01"},
    ]
    people = [{"customer_id": key, "email_opt_in": "true"} | SECRETS for key in KEYS[:3]]
    stays = {"customer_id": "stays", "first_name": "Stella", "email": "stella@example.com"}
    people.append(stays | {"email_opt_in": "true"})
    return {
        "transactions": frame(*sales),
        "customers": frame(*people),
        "customer_merges": frame(
            {"duplicate_customer_id": "secret-duplicate", "customer_id": "secret-survivor"},
            {"duplicate_customer_id": "secret-alone", "customer_id": "secret-alone"},
        ),
        "campaigns": frame({"campaign_id": "K", "starts_on": "2024-04-01", "channel": "email"}),
        "campaign_contacts": frame(
            *(
                {
                    "contact_id": f"C{number}",
                    "campaign_id": "K",
                    "customer_id": key,
                    "contacted_at": "2024-04-30",
                }
                for number, key in enumerate(["stays", "secret-alone"])
            )
        ),
        "erasure_requests": frame(
            {"customer_id": "secret-alone", "requested_at": "2030-01-01"},
            {"customer_id": "secret-duplicate"},
        ),
    }


def erased_key(customer_id: str, salt: str) -> str:
    return "erased-" + hashlib.md5((customer_id + salt).encode()).hexdigest()[:16]


def texts_outside_raw_and_staging(connection) -> list[tuple[str, str]]:
    """Every row of every relation outside the builder's own schemas, as text."""
    relations = connection.execute(
        "select table_schema, table_name from information_schema.tables"
        " where table_schema not in ('raw', 'staging') order by all"
    ).fetchall()
    assert len(relations) > 30
    return [
        (f"{schema}.{table}", str(row))
        for schema, table in relations
        for row in connection.execute(f'from "{schema}"."{table}"').fetchall()
    ]


def found_secrets(connection, keys: list[str]) -> list[str]:
    texts = texts_outside_raw_and_staging(connection)
    # a date is printed in Python's way
    values = [value for name, value in SECRETS.items() if not name.endswith(("_date", "_at"))]
    values += ["(1871, 3, 19", "(2019, 1, 2", "(2018, 1, 2", "(2018, 2, 3", *keys]
    return sorted(
        {f"{place}: {value}" for place, text in texts for value in values if value in text}
    )


def build(dbt, folder, raw, *options: str, salt: str | None = None) -> str:
    random_raw.write_raw(raw, folder)
    environment = {} if salt is None else {"CRM_ERASURE_SALT": salt}
    return dbt("run", *options, raw=folder, environment=environment).output


def sales_of(connection) -> dict[str | None, list[str]]:
    rows = connection.execute(
        "select customer_id, list(transaction_id order by transaction_id)"
        " from marts.fct_transactions group by all"
    ).fetchall()
    return dict(rows)


def test_erased_customers_leave_their_sales_alone(dbt, tmp_path, raw):
    dbt("seed", environment={"CRM_ERASURE_SALT": ""})
    build(dbt, tmp_path / "first", raw, salt="")
    with duckdb.connect(dbt.database, read_only=True) as connection:
        salt = connection.execute("select salt from staging.erasure_salt").fetchall()[0][0]
        assert len(salt) == 64
        alone = erased_key("secret-alone", salt)
        merged = erased_key("secret-duplicate", salt)
        assert sales_of(connection) == {
            alone: ["1"], merged: ["2", "3"], "stays": ["4"], "secret-late": ["5"], None: ["6"],
        }  # fmt: skip
        assert found_secrets(connection, KEYS[:3]) == []
        people = connection.execute(
            "select customer_id, is_erased, email_opt_in, sms_opt_in, city from marts.dim_customers"
        ).fetchall()
        assert sorted(people) == sorted(
            [
                (alone, True, False, False, None),
                (merged, True, False, False, None),
                ("stays", False, True, None, None),
                ("secret-late", False, None, None, None),
            ]
        )
        contacts = connection.execute(
            "select customer_id from pii.dim_customer_contacts"
        ).fetchall()
        assert sorted(contacts) == [("secret-late",), ("stays",)]
        rejected = connection.execute("select table_name, record_key from pii.rejected_records")
        assert rejected.fetchall() == [("transactions", "8")]
        counts = connection.execute(
            "select table_name, check_name, record_count from marts.data_quality"
            " where check_name like 'rejected%' and record_count > 0 order by all"
        ).fetchall()
        assert counts == [
            ("customer_merges", "rejected_erased", 1),
            ("transactions", "rejected", 1),
            ("transactions", "rejected_erased", 1),
        ]

    # everything anew, later sales, and somebody who turns out to be the same person
    raw["transactions"] = pd.concat(
        [raw["transactions"], frame(sale("9", "secret-survivor", "640.00", "2024-06-01"))]
    )
    raw["customer_merges"] = pd.concat(
        [
            raw["customer_merges"],
            frame({"duplicate_customer_id": "secret-survivor", "customer_id": "secret-late"}),
        ]
    )
    build(dbt, tmp_path / "second", raw, "--full-refresh", salt="")
    with duckdb.connect(dbt.database, read_only=True) as connection:
        assert connection.execute("select salt from staging.erasure_salt").fetchall() == [(salt,)]
        assert sales_of(connection) == {
            alone: ["1"], merged: ["2", "3", "5", "9"], "stays": ["4"], None: ["6"],
        }  # fmt: skip
        assert found_secrets(connection, KEYS) == []
        total = connection.execute(
            "select sales_amount from marts.fct_period_kpis where period_grain = 'year'"
        ).fetchall()
        assert [str(row[0]) for row in total] == ["1270.00"]

    # a salt that is given replaces the one that was made, with a word, and stands in no log
    output = build(dbt, tmp_path / "second", raw, salt='it\'s "pepper"')
    assert "CRM_ERASURE_SALT is another salt" in output
    with duckdb.connect(dbt.database, read_only=True) as connection:
        assert erased_key("secret-alone", 'it\'s "pepper"') in sales_of(connection)
    log = (dbt.folder / "logs/dbt.log").read_text("utf-8")
    assert "erasure_salt" in log and "pepper" not in log and salt not in log
