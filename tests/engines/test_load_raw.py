"""Raw files into PostgreSQL: what is loaded, what is refused, and in which words."""

import pytest
from dbt_runs import SALT
from test_roles import PASSWORD

SALES = "transaction_id,customer_id,transacted_at,amount\n"
FEW = ["--quiet", "run", "--select", "base_crm__transactions"]


@pytest.fixture(scope="module")
def postgres(database):
    """An empty database."""
    return database("load")


def test_a_build_without_raw_tables_says_how_to_load_them(postgres):
    result = postgres.dbt(*FEW, succeeds=False)
    assert "load the raw files first with `python scripts/load_raw.py" in result.text


def test_text_arrives_as_it_is_and_is_replaced(postgres, raw):
    (raw / "Products.CSV").write_text("another name than a table's", encoding="utf-8")
    for _ in range(2):
        result = postgres.load(raw)
        assert result.exit_code == 0, result.output
        assert "Loaded 2 rows of 1 tables" in result.text
        # what the reading of files warns of
        assert f"The file {raw}/Products.CSV is not read" in result.text
    rows = postgres.execute(
        "select transaction_id, customer_id, amount, channel from raw.transactions order by 1"
    )
    assert rows == [("t1", " c1 ", "1,5", None), ("t2", None, 'say "hi"\n\\N', None)]
    assert postgres.execute("select count(*) from raw.leads") == [(0,)]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        # what else may be wrong with a file is told by the same macro as on DuckDB
        (SALES + "t1,c1\n", "line 2 has fewer fields than the header"),
        (SALES + "t1,c\x001,2024-01-01,1\n", "holds a NUL character"),
    ],
)
def test_a_wrong_file_is_named_and_nothing_is_loaded(postgres, raw, content, sentence):
    assert postgres.load(raw).exit_code == 0
    before = postgres.execute("select * from raw.transactions order by 1")
    (raw / "transactions.csv").write_text(content, encoding="utf-8")
    result = postgres.load(raw)
    assert result.exit_code == 1
    assert sentence in result.text
    assert len(result.output.strip().splitlines()) == 1
    assert postgres.execute("select * from raw.transactions order by 1") == before


def test_a_warning_is_not_taken_for_the_sentence(postgres, raw):
    (raw / "Products.CSV").write_text("another name than a table's", encoding="utf-8")
    (raw / "transactions.csv").write_text(SALES + "t1,c1\n", encoding="utf-8")
    result = postgres.load(raw)
    assert result.exit_code == 1 and "line 2 has fewer fields than the header" in result.text
    assert len(result.output.strip().splitlines()) == 1, result.output


def test_no_folder(postgres, tmp_path):
    result = postgres.load(tmp_path / "nowhere")
    assert result.exit_code == 1
    assert "The raw table transactions is required, but there is no" in result.text


def test_tables_of_others_are_not_touched(postgres, raw):
    postgres.execute("create schema theirs_raw; create table theirs_raw.products (product_id text)")
    result = postgres.load(raw, CRM_SCHEMA_PREFIX="theirs_")
    assert result.exit_code == 1
    assert "theirs_raw.products was not made by this command" in result.text
    # nor is a part of the load left behind
    assert postgres.execute("select to_regclass('theirs_raw.transactions')") == [(None,)]


def test_a_loader_loads_and_nothing_else(postgres, raw):
    assert postgres.load(raw).exit_code == 0
    postgres.dbt(*FEW)
    postgres.execute("alter role crm_loader nologin")
    postgres.execute(f"create role a_loader login password '{PASSWORD}' in role crm_loader")
    (raw / "transactions.csv").write_text(SALES + "t9,c9,2024-01-01,9\n", encoding="utf-8")
    result = postgres.load(raw, PGUSER="a_loader", PGPASSWORD=PASSWORD)
    assert result.exit_code == 0, result.output
    assert postgres.execute("select transaction_id from raw.transactions") == [("t9",)]
    postgres.execute(f"create role a_stranger login password '{PASSWORD}'")
    result = postgres.load(raw, PGUSER="a_stranger", PGPASSWORD=PASSWORD)
    assert result.exit_code == 1
    assert "The user may not load raw" in result.text


def test_absent_tables_are_completed_and_may_be_loaded_later(postgres, raw):
    assert postgres.load(raw).exit_code == 0
    postgres.execute(
        "drop table raw.leads cascade; alter table raw.transactions drop column channel cascade"
    )
    postgres.dbt(*FEW)
    assert postgres.execute("select count(*), count(channel) from raw.transactions") == [(2, 0)]
    assert postgres.execute("select count(*) from raw.leads") == [(0,)]
    (raw / "leads.csv").write_text("lead_id,created_at\nl1,2024-01-01\n", encoding="utf-8")
    assert postgres.load(raw).exit_code == 0
    assert postgres.execute("select lead_id from raw.leads") == [("l1",)]


def test_typed_tables_of_ones_own_are_read(postgres):
    postgres.execute(
        """
        create schema own_raw;
        create table own_raw.transactions (
            transaction_id bigint, customer_id integer, transacted_at timestamptz, amount numeric,
            loaded_at date, status varchar(20)
        );
        insert into own_raw.transactions values
            (1, 7, '2024-01-01 01:00+02', 12.345, '2024-01-05', ' Completed '),
            (2, null, 'infinity', 1, null, null),
            (3, 7, '2024-01-01', 'NaN', null, null),
            (4, 7, '0044-03-15 BC', 1, null, null);
        """
    )
    postgres.dbt(*FEW, environment={"CRM_SCHEMA_PREFIX": "own_", "CRM_RAW_PATH": ""})
    rows = postgres.execute(
        "select transaction_id, customer_id, cast(transacted_at as text), amount, status,"
        " rejection_reason from own_staging.base_crm__transactions order by 1"
    )
    assert [str(row[3]) for row in rows] == ["12.35", "1.00", "None", "1.00"]
    assert [row[5] for row in rows] == [
        None,
        "transacted_at_invalid",
        "amount_invalid",
        "transacted_at_invalid",
    ]
    assert rows[0][:3] == ("1", "7", "2023-12-31 23:00:00")
    assert rows[0][4] == "completed"


def test_an_unreachable_server_is_one_sentence(postgres, raw):
    result = postgres.load(raw, PGPORT="1")
    assert result.exit_code == 1
    assert "PostgreSQL cannot be reached" in result.text and "Check that it runs" in result.text
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "options",
    [
        "template template0 locale_provider icu icu_locale 'en' encoding 'UTF8'",
        "template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'",
        "template template0 encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C'",
    ],
)
def test_a_database_that_orders_text_otherwise_is_refused(database, options):
    other = database("otherwise", options)
    result = other.dbt(*FEW, succeeds=False)
    assert "create database clientele template template0 encoding 'UTF8'" in result.text


def test_the_salt_stands_in_no_log(postgres, raw):
    assert postgres.load(raw).exit_code == 0
    postgres.dbt("--debug", *FEW)
    assert postgres.execute("select salt from staging.erasure_salt") == [(SALT,)]
    assert "clientele.erasure_salt" in (text := (postgres.runs.folder / "logs/dbt.log").read_text())
    assert SALT not in text
