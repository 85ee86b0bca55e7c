"""Every kind of bad input ends as the design says: with a sentence, or counted and kept apart."""

import json
from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pytest

HEADER = b"transaction_id,customer_id,transacted_at,amount\n"
ROWS = b"1,A,2024-01-01,5\n2,B,2024-01-02,6\n"
GOOD = HEADER + ROWS
CRLF = GOOD.replace(b"\n", b"\r\n")
MOUNT_ONLY = ["--quiet", "run", "--select", "base_crm__transactions"]


def put(folder: Path, files: dict[str, bytes | str]) -> Path:
    """Write files into a folder; text is a query whose result becomes a Parquet file."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            target = str(path).replace("'", "''")
            duckdb.execute(f"copy ({content}) to '{target}' (format parquet)")
    return folder


def sentence_of(result) -> str:
    """What dbt said before it told which macro said it; on one line."""
    assert "Traceback" not in result.output, result.output
    return result.text.split("> in macro")[0]


PARQUET = "select '1' as transaction_id, '2024-01-01' as transacted_at, 5 as amount"
TWICE = "The raw table transactions is in {raw} more than once"

# what is in the folder, and the words of the sentence that refuses it
REFUSED = {
    "no file": ({}, ["raw table transactions is required", "{raw}/transactions.csv"]),
    "only other tables": ({"customers.csv": b"customer_id\n1\n"}, ["transactions is required"]),
    "empty folder of a table": (
        {"transactions/readme.txt": b"x"},
        ["transactions is required", "{raw}/transactions.csv"],
    ),
    "absent required column": (
        {"transactions.csv": b"transaction_id,transacted_at\n1,2024-01-01\n"},
        ["The required column amount is absent from {raw}/transactions.csv"],
    ),
    "absent required column of another table": (
        {"transactions.csv": GOOD, "campaigns.csv": b"campaign_id,channel\nK,email\n"},
        ["The required column starts_on is absent from {raw}/campaigns.csv"],
    ),
    "absent required column in one part": (
        {"transactions/a.csv": GOOD, "transactions/b.csv": b"transaction_id,amount\n3,7\n"},
        ["The required column transacted_at is absent from {raw}/transactions/b.csv"],
    ),
    "absent required column in Parquet": (
        {"transactions.parquet": "select '1' as transaction_id, '2024-01-01' as transacted_at"},
        ["The required column amount is absent from {raw}/transactions.parquet"],
    ),
    "doubled column": (
        {"transactions.csv": b"transaction_id,amount,transacted_at,Amount\n1,2,2024-01-01,5\n"},
        ["{raw}/transactions.csv has the column amount more than once"],
    ),
    "more fields": (
        {"transactions.csv": GOOD + b"3,C,2024-01-03,7,8\n"},
        ["{raw}/transactions.csv cannot be read: line 4 has more fields than the header"],
    ),
    "an empty field more": (
        {"transactions.csv": GOOD + b"3,C,2024-01-03,7,\n"},
        ["{raw}/transactions.csv cannot be read: line 4 has more fields than the header"],
    ),
    "two empty fields more, quoted": (
        {"transactions.csv": GOOD + b'3,C,2024-01-03,"7",,""\n'},
        ["{raw}/transactions.csv cannot be read: line 4 has more fields than the header"],
    ),
    "decimal comma before an empty field": (
        {
            "transactions.csv": b"transaction_id,transacted_at,amount,channel\n"
            b"1,2024-01-01,5,shop\n2,2024-01-02,1010,50,\n"
        },
        ["{raw}/transactions.csv cannot be read: line 3 has more fields than the header"],
    ),
    "text and zoned timestamps in one column": (
        {
            "transactions/a.parquet": PARQUET,
            "transactions/b.parquet": "select '2' as transaction_id, 1 as amount,"
            " '2024-01-01 00:00:00+00'::timestamptz as transacted_at",
        },
        ["The column transacted_at is stored as text in {raw}/transactions/a.parquet", "ZONE"],
    ),
    "fewer fields": (
        {"transactions.csv": GOOD + b"3,C,2024-01-03\n"},
        ["{raw}/transactions.csv cannot be read: line 4 has fewer fields than the header"],
    ),
    "fewer fields in one part": (
        {"transactions/a.csv": GOOD, "transactions/b.csv": GOOD + b"3\n"},
        ["{raw}/transactions/b.csv cannot be read: line 4 has fewer fields"],
    ),
    "unclosed quote": (
        {"transactions.csv": HEADER + b'1,"A,2024-01-01,5\n' + ROWS},
        ["{raw}/transactions.csv cannot be read: line 2 has a double quote that is not closed"],
    ),
    "unclosed quote at the end": (
        {"transactions.csv": GOOD + b'3,"C,2024-01-03,7'},
        ["{raw}/transactions.csv cannot be read: line 4 has a double quote that is not closed"],
    ),
    "text after a closing quote": (
        {"transactions.csv": GOOD + b'3,"C"x,2024-01-03,7\n'},
        ["{raw}/transactions.csv cannot be read: line 4 has", "text after a closing one"],
    ),
    "not UTF-8": (
        {"transactions.csv": GOOD + "3,Ä,2024-01-03,7\n".encode("latin-1")},
        ["{raw}/transactions.csv cannot be read: line 4 is not UTF-8"],
    ),
    "header not UTF-8": (
        {"transactions.csv": "transaction_id,größe\n1,2\n".encode("latin-1")},
        ["header of the raw file {raw}/transactions.csv cannot be read", "has to be UTF-8"],
    ),
    "UTF-16": (
        {"transactions.csv": GOOD.decode().encode("utf-16")},
        ["header of the raw file {raw}/transactions.csv cannot be read", "has to be UTF-8"],
    ),
    "semicolons": (
        {"transactions.csv": GOOD.replace(b",", b";")},
        ["header of the raw file {raw}/transactions.csv", "transaction_id is required", "commas"],
    ),
    "empty file": ({"transactions.csv": b""}, ["{raw}/transactions.csv is empty", "header"]),
    "empty file among parts": (
        {"transactions/a.csv": GOOD, "transactions/b.csv": b""},
        ["{raw}/transactions/b.csv is empty", "header"],
    ),
    "both formats": (
        {"transactions.csv": GOOD, "transactions.parquet": PARQUET},
        [TWICE, "transactions.csv and transactions.parquet"],
    ),
    "both formats in a folder": (
        {"transactions/a.csv": GOOD, "transactions/b.parquet": PARQUET},
        [TWICE, "transactions/*.csv and transactions/*.parquet"],
    ),
    "file and folder": (
        {"transactions.csv": GOOD, "transactions/a.csv": GOOD},
        [TWICE, "transactions.csv and transactions/*.csv"],
    ),
    "key as floating point": (
        {"transactions.parquet": PARQUET.replace("'1'", "1::double")},
        ["The key transaction_id of {raw}/transactions.parquet is stored as floating point"],
    ),
    "foreign key as floating point": (
        {"transactions.parquet": PARQUET + ", 7::float as customer_id"},
        ["The key customer_id of {raw}/transactions.parquet is stored as floating point"],
    ),
    "broken Parquet": (
        {"transactions.parquet": b"PAR1 this is no table PAR1"},
        ["{raw}/transactions.parquet is damaged, or no Parquet file", "write it anew"],
    ),
    "empty Parquet": (
        {"transactions.parquet": b""},
        ["{raw}/transactions.parquet is damaged, or no Parquet file", "too small", "write it anew"],
    ),
    "mixed line endings": (
        {"transactions.csv": GOOD + b"3,C,2024-01-03,7\r\n" + GOOD[len(HEADER) :]},
        ["{raw}/transactions.csv cannot be read: line 4 ends with CRLF, the header with LF"],
    ),
    "mixed line endings after a quote": (
        {"transactions.csv": GOOD + b'3,C,2024-01-03,"7"\r\n'},
        ["{raw}/transactions.csv cannot be read: line 4 ends with CRLF, the header with LF"],
    ),
    "a line feed among CRLF, after one in quotes": (
        {"transactions.csv": CRLF + b'3,"C\nD",2024-01-03,7\r\n' + ROWS},
        ["{raw}/transactions.csv cannot be read: line 6 ends with LF, the header with CRLF"],
    ),
}


def test_raw_data_that_cannot_be_read_stop_the_run(dbt, tmp_path):
    folders = [put(tmp_path / f"raw {n}", files) for n, (files, _) in enumerate(REFUSED.values())]
    results = dbt.many([(MOUNT_ONLY, {"CRM_RAW_PATH": str(folder)}) for folder in folders])
    wrong = []
    for (name, (_, words)), raw, result in zip(REFUSED.items(), folders, results, strict=True):
        said = sentence_of(result)
        missing = [word.format(raw=raw) for word in words if word.format(raw=raw) not in said]
        if missing or result.exit_code == 0:
            wrong.append(f"{name}: ended with {result.exit_code}, without {missing}: {said[-900:]}")
    assert not wrong, "\n".join(wrong)


def test_broken_pages_of_parquet_stop_the_run(dbt, tmp_path):
    """A view reads the file later than the mount, so that the first table finds out."""
    raw = put(tmp_path, {"transactions.parquet": PARQUET.replace("'1'", "uuid()::varchar")})
    path = raw / "transactions.parquet"
    duckdb.execute(
        "copy (select range::varchar as transaction_id, '2024-01-01' as transacted_at, 5 as amount"
        f" from range(1000)) to '{path}' (format parquet)"
    )
    content = path.read_bytes()
    path.write_bytes(content[:40] + b"\xff" * 200 + content[240:])
    selected = ["--quiet", "run", "--select", "+int_transactions_classified"]
    assert str(path) in sentence_of(dbt(*selected, raw=raw, succeeds=False))


def test_a_folder_that_is_not_there_stops_the_run(dbt, tmp_path):
    said = sentence_of(dbt(*MOUNT_ONLY, raw=tmp_path / "nowhere", succeeds=False))
    assert f"{tmp_path}/nowhere/transactions.csv" in said and "CRM_RAW_PATH" in said


def test_nothing_is_built_on_refused_data(dbt, tmp_path):
    raw = put(tmp_path, {"transactions.csv": GOOD + b"3\n"})
    said = sentence_of(dbt(*MOUNT_ONLY, raw=raw, succeeds=False))
    assert f"{raw}/transactions.csv cannot be read: line 4 has fewer fields" in said
    views = "select count(*) from information_schema.tables where table_schema = 'staging'"
    assert dbt.query(views) == [(0,)]


def test_odd_but_readable_files_are_read(dbt, tmp_path):
    """Each table in another odd form; what they hold is what counts."""
    raw = put(
        tmp_path / "it's an [odd] fo*der? ü",
        {
            # CRLF, byte order mark, upper case, blanks round names, an unknown column
            "transactions.csv": b"\xef\xbb\xbf"
            + b' TRANSACTION_ID ,"Customer_Id",transacted_at,amount,"shop, if any"\r\n'
            + b"1,A,2024-01-01,5,x\r\n"
            + b'"2","B",2024-01-02,"6",\r\n',
            # parts with other headers, other line endings, none but a header; quotes in the name
            "customers/it's [1].csv": b'customer_id,city\nA,"two\r\nlines"\nB,"a ""b"", c"\n',
            "customers/b.csv": b"city,customer_id\r\nUlm,C\r\n",
            "customers/c.csv": b"email,customer_id\n",
            # no line end after the last line, blank lines, a doubled unknown column
            "products.csv": b"product_id,x,x,product_name\n\nP1,1,2,Socks\n\nP2,,,Shoes",
            # typed parts whose types differ
            "campaigns/a.parquet": "select 7 as CAMPAIGN_ID, date '2024-01-05' as starts_on,"
            " 5.005::double as cost, 'x' as unknown",
            "campaigns/b.parquet": "select '8' as campaign_id, '2024-01-06' as starts_on,"
            " 'SMS' as channel",
            "branches.csv": b"branch_id\n",
            "leads/readme.txt": b"not a table",
        },
    )
    dbt("--quiet", "run", "--select", "+dim_products", "path:models/staging", raw=raw)
    assert dbt.query(
        "select transaction_id, customer_id, amount from staging.stg_crm__transactions order by 1"
    ) == [("1", "A", Decimal(5)), ("2", "B", Decimal(6))]
    assert dbt.query(
        "select customer_id, city, email from staging.stg_crm__customers order by 1"
    ) == [
        ("A", "two\r\nlines", None),
        ("B", 'a "b", c', None),
        ("C", "Ulm", None),
    ]
    assert dbt.query("select product_id, product_name from marts.dim_products order by 1") == [
        ("P1", "Socks"),
        ("P2", "Shoes"),
    ]
    assert dbt.query(
        "select campaign_id, starts_on, cost, channel from staging.stg_crm__campaigns order by 1"
    ) == [
        ("7", date(2024, 1, 5), Decimal("5.01"), None),
        ("8", date(2024, 1, 6), None, "sms"),
    ]
    for table in ("branches", "leads", "surveys"):
        assert dbt.query(f"select count(*) from staging.stg_crm__{table}") == [(0,)]
    # a second run finds tables where it now wants views, and the other way round
    (raw / "products.csv").unlink()
    (raw / "campaigns/a.parquet").unlink()
    (raw / "campaigns/b.parquet").unlink()
    put(
        raw,
        {
            "products.parquet": "select 'P3' as product_id",
            "campaigns.csv": b"campaign_id,starts_on\n",
        },
    )
    dbt("--quiet", "run", "--select", "+dim_products", "path:models/staging", raw=raw)
    assert dbt.query("select product_id, product_name from marts.dim_products") == [("P3", None)]
    assert dbt.query("select count(*) from staging.stg_crm__campaigns") == [(0,)]


def test_commands_that_only_read_leave_the_raw_tables_alone(dbt, tmp_path):
    """dbt compiles the hooks where nothing is selected, and to compile one is to run it."""
    built = put(tmp_path / "built", {"transactions.csv": GOOD})
    dbt(*MOUNT_ONLY, raw=built)
    dbt("--quiet", "compile", raw=tmp_path / "nowhere")
    assert dbt.query("select count(*) from raw.transactions") == [(2,)]


def test_a_prefix_stands_before_every_schema(dbt, tmp_path):
    raw = put(tmp_path, {"transactions.csv": GOOD})
    dbt(
        "--quiet", "build", "--select", "+fct_customer_rfm", "--exclude-resource-type", "test",
        "--exclude-resource-type", "unit_test", raw=raw, environment={"CRM_SCHEMA_PREFIX": "ci_"},
    )  # fmt: skip
    schemas = dbt.query("select distinct table_schema from information_schema.tables order by 1")
    assert schemas == [
        (f"ci_{name}",) for name in ("intermediate", "marts", "raw", "seeds", "staging")
    ]
    assert dbt.query("select count(*) from ci_marts.fct_customer_rfm") == [(2,)]


class TestOwnTables:
    """CRM_RAW_PATH is empty: the tables of schema raw are read as they are."""

    SELECT = ("--quiet", "run", "--select", "path:models/staging")

    def fill(self, dbt, sql: str) -> None:
        with duckdb.connect(str(dbt.database)) as connection:
            connection.execute(f"create schema raw; {sql}")

    def test_what_is_absent_counts_as_empty(self, dbt):
        self.fill(
            dbt,
            "create table raw.transactions as select 1 as TRANSACTION_ID,"
            " timestamptz '2024-01-01 10:00+02' as transacted_at, 5.005::double as amount,"
            " 'x' as unknown;"
            "create view raw.products as select 'P' as product_id, null as product_name,"
            " null as category, null as subcategory, null as loaded_at",
        )
        for _ in range(2):
            dbt(*self.SELECT, raw="")
            assert dbt.query(
                "select transaction_id, customer_id, transacted_at, amount, status"
                " from staging.stg_crm__transactions"
            ) == [("1", None, datetime(2024, 1, 1, 8), Decimal("5.01"), "completed")]
            assert dbt.query("select count(*) from staging.stg_crm__leads") == [(0,)]
            assert dbt.query("select product_id from staging.stg_crm__products") == [("P",)]
        assert dbt.query("select unknown from raw.transactions") == [("x",)], (
            "nothing is taken away"
        )

    @pytest.mark.parametrize("kind", ["table", "view"])
    def test_files_never_replace_them(self, dbt, tmp_path, kind):
        self.fill(dbt, f"create {kind} raw.transactions as {PARQUET}")
        raw = put(tmp_path, {"transactions.csv": GOOD})
        said = sentence_of(dbt(*MOUNT_ONLY, raw=raw, succeeds=False))
        assert f"The {kind} raw.transactions is not of this project's making" in said
        assert dbt.query("select transaction_id from raw.transactions") == [("1",)]

    @pytest.mark.parametrize(
        ("sql", "words"),
        [
            ("", "The table raw.transactions is required"),
            (
                "create table raw.transactions as select '1' as transaction_id, 5 as amount",
                "The required column transacted_at is absent from raw.transactions",
            ),
            (
                "create table raw.transactions as select 1.5::double as transaction_id,"
                " '2024-01-01' as transacted_at, 5 as amount",
                "The key transaction_id of raw.transactions is stored as floating point",
            ),
            (
                f"create view raw.transactions as {PARQUET}",
                "The view raw.transactions has no column",
            ),
        ],
        ids=["no table", "no column", "key as floating point", "view without a column"],
    )
    def test_what_is_required_stops_the_run(self, dbt, sql, words):
        self.fill(dbt, sql)
        assert words in sentence_of(dbt(*self.SELECT, raw="", succeeds=False))


BAD_VARIABLES = {
    "as_of_date": [
        "2024-02-30", "2023-02-29", "2024-1-5", "20240105", "yesterday", "", "0000-01-01",
        "2024-01-05 10:00", "2024-01-05'", "2024-01-05\n", 20240105, True, [1], {"a": 1},
    ],
    "rfm_window_days": [-1, 1.5, "92", None, True, 10**6, [92]],
    "rfm_method": ["Fixed", "quartile", "", None, 4, [], {}],
    "vip_definition": ["vip", "", None, ["identified"]],
    "reporting_timezone": ["Mars/Phobos", "CET+1", "europe/zurich", "", None, 5, "UTC'"],
    "churn_days": [0, -1, "90", None, 1.5, True],
    "ecommerce_channels": ["ecommerce", None, [1], [None], [["a"]], {"a": 1}],
    "annual_discount_rate": ["0.1", None, -0.01, 1, True],
    "currency": ["usd", "US", "EURO", "", None, 756, "USD\n", "U$D"],
    "locale": ["en_US", "EN", "english", "e", "en-", "en-U", "", None, 5, "en-US'", "en-US\n"],
}  # fmt: skip
GOOD_VARIABLES = {
    "as_of_date": ["2024-02-29", "1900-01-01", None],
    "rfm_window_days": [0, 92, 999999],
    "rfm_method": ["fixed", "quantile"],
    "vip_definition": ["identified", "loyalty_member"],
    "reporting_timezone": ["UTC", "Europe/Zurich", "America/Argentina/Buenos_Aires"],
    "churn_days": [1, 90],
    "ecommerce_channels": [[], ["it's"], ["a", "b"]],
    "annual_discount_rate": [0, 0.99],
    "currency": ["USD", "CHF"],
    "locale": ["en", "en-US", "gsw-CH", "zh-Hant-TW", "es-419"],
}


def test_every_bad_value_of_a_variable_is_named(dbt):
    cases = [
        (name, value, is_bad)
        for values, is_bad in ((BAD_VARIABLES, True), (GOOD_VARIABLES, False))
        for name, listed in values.items()
        for value in listed
    ]
    command = ["--quiet", "run-operation", "check_variables", "--vars"]
    results = dbt.many([([*command, json.dumps({name: value})], {}) for name, value, _ in cases])
    wrong = [
        f"{name} = {value!r}: {result.output!r}"
        for (name, value, is_bad), result in zip(cases, results, strict=True)
        if is_bad != (f"The variable {name} takes" in result.output)
        or is_bad != ("given: " in result.output)
        or is_bad == (result.exit_code == 0)
    ]
    assert not wrong, "\n".join(wrong)
    assert set(BAD_VARIABLES) == set(dbt.declared_variables())


@pytest.mark.parametrize(
    ("name", "value"),
    [("as_of_date", "2024-02-30"), ("ecommerce_channels", 5)],
)
def test_a_bad_variable_stops_the_run(dbt, tmp_path, name, value):
    """Also where a model would stumble over the value while dbt still parses the project."""
    raw = put(tmp_path, {"transactions.csv": GOOD})
    result = dbt(*MOUNT_ONLY, raw=raw, variables={name: value}, succeeds=False)
    assert f"The variable {name} takes" in sentence_of(result)


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("CRM_SCHEMA_PREFIX", "CI_", "CRM_SCHEMA_PREFIX takes lower-case letters, digits and"),
        ("CRM_SCHEMA_PREFIX", "1st_", "CRM_SCHEMA_PREFIX takes lower-case letters, digits and"),
        ("CRM_MEMORY_LIMIT", "much", "CRM_MEMORY_LIMIT takes a size such as 4GB or"),
    ],
)
def test_a_bad_setting_stops_the_run(dbt, tmp_path, setting, value, sentence):
    raw = put(tmp_path, {"transactions.csv": GOOD})
    result = dbt(*MOUNT_ONLY, raw=raw, environment={setting: value}, succeeds=False)
    assert sentence in result.text and f"it was given: {value}. Mend it" in result.text
    assert "Traceback" not in result.output
    dbt(*MOUNT_ONLY, raw=raw, environment={setting: ""})


def test_an_unknown_variable_stops_the_run(dbt, tmp_path):
    raw = put(tmp_path, {"transactions.csv": GOOD})
    result = dbt(*MOUNT_ONLY, raw=raw, variables={"as_of": "2024-01-01"}, succeeds=False)
    assert "The variable as_of is not known" in sentence_of(result)


def test_files_that_are_not_read_are_named(dbt, tmp_path):
    files = {"transactions/a.csv": GOOD, "transactions/2024/b.csv": GOOD, "Customers.CSV": b"x"}
    raw = put(tmp_path, files | {"readme.txt": b"no table's name"})
    said = dbt("--log-level", "warn", *MOUNT_ONLY[1:], raw=raw).text
    assert f"The file {raw}/transactions/2024/b.csv is not read" in said
    assert f"The file {raw}/Customers.CSV is not read" in said
    assert "readme.txt" not in said


def test_a_column_that_may_have_been_renamed_is_named(dbt, tmp_path):
    """An absent optional column is NULL; where another is there instead, the run says so."""
    files = {
        "transactions.csv": GOOD,  # lacks columns, but has no other
        "products.csv": b"product_id,product_name,kind,subcategory\nP1,Socks,Wear,Feet\n",
        "branches/a.parquet": "select 'B1' as branch_id, 'Ulm' as town",
        "branches/b.parquet": "select 'B2' as branch_id, 'Bonn' as town",
        "branches/c.parquet": "select 'B3' as branch_id, 'Kiel' as city",
    }
    raw = put(tmp_path, files)
    said = dbt(*MOUNT_ONLY, raw=raw).text
    absent = "absent and so NULL"
    for words in (
        f"of {raw}/products.csv: {absent}: category, loaded_at; read by nothing: kind.",
        f"of {raw}/branches/a.parquet and 1 file more: {absent}: branch_name, city,",
        "; read by nothing: town. Where one is another under a new name, rename it.",
    ):
        assert words in said, said
    assert said.count(absent) == 2, said


def test_what_was_half_loaded_is_not_left_behind(dbt, tmp_path):
    for rows in (b"3,C,2024-01-03,7,8\n", b"3,C,2024-01-03,7,\n"):
        raw = put(tmp_path, {"transactions.csv": GOOD + rows})
        dbt(*MOUNT_ONLY, raw=raw, succeeds=False)
        assert dbt.query(
            "select count(*) from information_schema.tables where table_name = 'transactions'"
        ) == [(0,)]


def test_an_average_that_does_not_fit_is_null(dbt, tmp_path):
    """15 digits are a valid amount; its average of four digits after the point is too long."""
    rows = b"transaction_id,customer_id,transacted_at,amount\n1,A,2024-01-01,999999999999999.99\n"
    raw = put(tmp_path, {"transactions.csv": rows})
    dbt("--quiet", "run", "--select", "+fct_period_kpis", raw=raw)
    assert dbt.query(
        "select sales_amount, average_customer_amount, vip_sales_share from marts.fct_period_kpis"
        " where period_grain = 'year'"
    ) == [(Decimal("999999999999999.99"), None, Decimal("1.000000"))]


# -- values ----------------------------------------------------------------------------------------
BAD_VALUES = {
    "decimal": ["1,5", "1e3", ".5", "5.", "1" * 16, "NaN", "inf", "5 EUR", "--1", "0x1", "1 000"],
    "ts": [
        "2024-02-30", "2024-01-05 24:00", "2024-01-05 10:60", "2024-01-05 10:00:60", "05.01.2024",
        "2024-01-05 10", "2024-1-5", "2024-01-05T10:00+0200", "2024-01-05 10:00 Z", "1704448800",
        "2024-01-05 10:00+24:00", "0001-01-01 00:00+00:01",
    ],
    "date": ["2024-02-30", "2024-1-5", "05.01.2024", "2024-01-05 10:00", "20240105", "0000-01-01"],
    "bool": ["y", "on", "2", "ja", "1.0"],
    "int": ["1.0", "1" * 10, "one", "1e1", "+"],
}  # fmt: skip
# one optional and one required column of every type that has them
OPTIONAL = {
    "decimal": ("leads", "deal_amount", {"lead_id": "L", "created_at": "2024-01-01"}),
    "ts": ("leads", "won_at", {"lead_id": "L", "created_at": "2024-01-01"}),
    "date": ("branches", "opened_on", {"branch_id": "B"}),
    "bool": ("customers", "email_opt_in", {"customer_id": "C"}),
}
REQUIRED = {
    "decimal": (
        "surveys",
        "score",
        {"survey_type": "nps", "responded_at": "2024-01-01"},
        "survey_id",
    ),
    "ts": ("interactions", "occurred_at", {"interaction_type": "call"}, "interaction_id"),
    "date": ("campaigns", "starts_on", {}, "campaign_id"),
    "int": ("transaction_lines", "line_number", {"amount": "1"}, "transaction_id"),
}


def text_frame(rows: list[dict]) -> pd.DataFrame:
    """A raw table of text."""
    return pd.DataFrame(rows, dtype=object)


def quality(connection, table: str) -> dict[str, int]:
    """The counts of a table in data_quality, zeros left out."""
    return dict(
        connection.execute(
            "select check_name, record_count from marts.data_quality"
            " where table_name = ? and record_count <> 0",
            [table],
        ).fetchall()
    )


def test_bad_optional_values_become_null_and_are_counted(compiled):
    raw = {}
    for kind, (table, column, others) in OPTIONAL.items():
        key = next(iter(others))
        rows = [others | {key: f"{kind}{n}", column: v} for n, v in enumerate(BAD_VALUES[kind])]
        raw.setdefault(table, []).extend([*rows, others | {key: f"{kind}-blank", column: " \t"}])
    with compiled().run({table: text_frame(rows) for table, rows in raw.items()}) as connection:
        for kind, (table, column, _) in OPTIONAL.items():
            relation = f"staging.stg_crm__{table}"
            kept = connection.execute(f"select {column} from {relation} where {column} is not null")
            assert kept.fetchall() == [], kind
            found = quality(connection, table)
            assert found[f"{column}_invalid"] == len(BAD_VALUES[kind]), kind
            assert found["accepted"] == found["rows"] == len(raw[table]), kind


def test_bad_required_values_are_rejected_with_a_reason(compiled):
    raw, reasons = {}, Counter()
    for kind, (table, column, others, key) in REQUIRED.items():
        values = [*BAD_VALUES[kind], None, " "]
        raw[table] = [others | {key: f"{kind}{n}", column: v} for n, v in enumerate(values)]
        raw[table].append(others | {column: BAD_VALUES[kind][0]})
        reasons[table, f"{column}_invalid"] += len(BAD_VALUES[kind])
        reasons[table, f"{column}_missing"] += 2
        reasons[table, f"{key}_missing"] += 1
    more = {
        "surveys": (
            [
                {"survey_type": "csat", "score": "0.99"},
                {"survey_type": "csat", "score": "5.01"},
                {"survey_type": "nps", "score": "10.01"},
                {"survey_type": "nps", "score": "-0.01"},
                {"survey_type": "ces", "score": "3"},
            ],
            "survey_id",
            {"responded_at": "2024-01-01"},
            {"score_out_of_range": 4, "survey_type_unknown": 1},
        ),
        "interactions": (
            [
                {"occurred_at": "1899-12-31 23:59:59"},
                {"occurred_at": "2024-01-03 00:00:01", "loaded_at": "2024-01-02"},
                {"occurred_at": "2024-01-05 00:00:00.000001"},
                {"occurred_at": "2024-01-01", "loaded_at": "2024-01-04"},
            ],
            "interaction_id",
            {"interaction_type": "call"},
            {"occurred_at_before_1900": 1, "occurred_at_after_load": 2},
        ),
        "marketing_spend": (
            [{"purpose": "brand"}, {"channel": " "}, {"amount": "x"}, {"spend_date": "1899-12-31"}],
            None,
            {},
            {
                "purpose_unknown": 1,
                "channel_missing": 1,
                "amount_invalid": 1,
                "spend_date_before_1900": 1,
            },
        ),
        "transactions": (
            [{"status": "void"}, {"transaction_id": "\n"}],
            None,
            {},
            {"status_unknown": 1, "transaction_id_missing": 1},
        ),
    }
    good = {
        "marketing_spend": {"spend_date": "2024-01-01", "channel": "ads", "amount": "1"},
        "transactions": {"transaction_id": "T", "transacted_at": "2024-01-01", "amount": "1"},
    }
    for table, (rows, key, others, counted) in more.items():
        keyed = [
            good.get(table, {}) | others | row | ({key: f"more{n}"} if key else {})
            for n, row in enumerate(rows)
        ]
        raw.setdefault(table, []).extend(keyed)
        reasons.update({(table, reason): count for reason, count in counted.items()})
    raw["customer_merges"] = [
        {"duplicate_customer_id": "A", "customer_id": "A"},
        {"duplicate_customer_id": "B", "customer_id": "C"},
    ]
    reasons["customer_merges", "merge_cycle"] = 1
    with compiled().run({table: text_frame(rows) for table, rows in raw.items()}) as connection:
        found = connection.execute(
            "select table_name, reason, count(*) from marts.rejected_records group by all"
        ).fetchall()
        assert Counter({(table, reason): count for table, reason, count in found}) == reasons
        for table in raw:
            counts = quality(connection, table)
            rejected = sum(count for (name, _), count in reasons.items() if name == table)
            assert counts["rejected"] == rejected
            assert counts["rows"] == len(raw[table]) == counts.get("accepted", 0) + rejected
        contents = connection.execute(
            "select count(*), count(*) filter (where json_valid(raw_record))"
            " from pii.rejected_records"
        ).fetchone()
        assert contents == (reasons.total(), reasons.total())


def test_an_unknown_foreign_key_is_kept_and_counted(compiled):
    sale = {"transacted_at": "2024-01-01", "amount": "5"}
    raw = {
        "customers": [{"customer_id": "A"}],
        "transactions": [
            sale | {"transaction_id": "1", "customer_id": "A", "branch_id": "B9"},
            sale | {"transaction_id": "2", "customer_id": "nobody", "campaign_id": "K9"},
            sale | {"transaction_id": "3", "customer_id": "a", "refunded_transaction_id": "1"},
        ],
        "transaction_lines": [{"transaction_id": "9", "line_number": "1", "amount": "1"}],
    }
    with compiled().run({table: text_frame(rows) for table, rows in raw.items()}) as connection:
        found = quality(connection, "transactions")
        assert {name: n for name, n in found.items() if name.endswith("_unknown")} == {
            "customer_id_unknown": 2,
            "branch_id_unknown": 1,
            "campaign_id_unknown": 1,
        }
        assert quality(connection, "transaction_lines")["transaction_id_unknown"] == 1
        kept = connection.execute("select customer_id, branch_id from marts.fct_transactions")
        assert sorted(kept.fetchall(), key=str) == [("A", "B9"), ("a", None), ("nobody", None)]


def test_stored_types_are_judged_by_their_values(dbt, tmp_path):
    """Floating point by its shortest text, zoned time in UTC, infinity and NaN as no value."""
    raw = put(
        tmp_path,
        {
            "transactions.parquet": """
                select * from (values
                    (1, 8.005::double, timestamptz '2024-01-01 00:30:00+02', 1::bigint),
                    (2, 0.1::double + 0.2::double, timestamptz '1899-12-31 23:00:00-02', 2),
                    (3, 'nan'::double, timestamptz '2024-01-01 00:00:00+00', 1),
                    (4, 'inf'::double, timestamptz '2024-01-01 00:00:00+00', 1),
                    (5, 1e15::double, timestamptz '2024-01-01 00:00:00+00', 1),
                    (6, -1e-7::double, timestamptz '2024-01-01 00:00:00+00', 1),
                    (7, 1::double, timestamptz 'infinity', 1),
                    (8, -8.005::double, timestamptz '1899-12-31 23:00:00-00', 1)
                ) as t (transaction_id, amount, transacted_at, customer_id)
            """,
            "surveys.parquet": """
                select * from (values
                    ('a', 'NPS', 10.004::decimal(9, 3),
                     timestamp_ns '2024-01-01 00:00:00.123456789'),
                    ('b', 'nps', 10.006::decimal(9, 3),
                     timestamp_ns '2024-01-01 00:00:00')
                ) as t (survey_id, survey_type, score, responded_at)
            """,
            "customers.parquet": """
                select '1' as customer_id, true as email_opt_in, 0 as sms_opt_in,
                timestamp '1990-05-06 23:00:00' as birth_date,
                date '2024-01-02' as loyalty_joined_at, ' Ulm ' as city, 3 as region
            """,
        },
    )
    dbt(
        "--quiet",
        "run",
        "--select",
        "path:models/staging",
        raw=raw,
        environment={"TZ": "Asia/Tokyo"},
    )
    rows = dbt.query(
        "select transaction_id, amount, transacted_at, customer_id, rejection_reason"
        " from staging.base_crm__transactions order by 1"
    )
    new_year = datetime(2024, 1, 1)
    assert rows == [
        ("1", Decimal("8.01"), datetime(2023, 12, 31, 22, 30), "1", None),
        ("2", Decimal("0.30"), datetime(1900, 1, 1, 1), "2", None),
        ("3", None, new_year, "1", "amount_invalid"),
        ("4", None, new_year, "1", "amount_invalid"),
        ("5", None, new_year, "1", "amount_invalid"),
        ("6", Decimal("0.00"), new_year, "1", None),
        ("7", Decimal("1.00"), None, "1", "transacted_at_invalid"),
        ("8", Decimal("-8.01"), datetime(1899, 12, 31, 23), "1", "transacted_at_before_1900"),
    ]
    assert dbt.query(
        "select score, responded_at, rejection_reason from staging.base_crm__surveys"
        " order by survey_id"
    ) == [
        (Decimal("10.00"), datetime(2024, 1, 1, 0, 0, 0, 123456), None),
        (Decimal("10.01"), new_year, "score_out_of_range"),
    ]
    assert dbt.query(
        "select customer_id, email_opt_in, sms_opt_in, birth_date, loyalty_joined_at, city, region"
        " from staging.stg_crm__customers"
    ) == [("1", True, False, date(1990, 5, 6), datetime(2024, 1, 2), "Ulm", "3")]


def test_white_space_is_ascii_white_space(compiled):
    spaces = " \t\r\n\v\f"
    rows = [
        {"product_id": f"{a}P{n}{b}", "product_name": f"{a}two  words{b}", "category": f"{a}{b}"}
        for n, (a, b) in enumerate(
            [("", ""), *((s, "") for s in spaces), *(("", s) for s in spaces)]
        )
    ]
    rows.append({"product_id": "\u00a0Q", "product_name": "\u2003x", "category": "\u200b"})
    with compiled().run({"products": text_frame(rows)}) as connection:
        found = connection.execute(
            "select product_id, product_name, category from marts.dim_products"
        )
        assert sorted(found.fetchall(), key=str) == sorted(
            [(f"P{n}", "two  words", None) for n in range(13)] + [("\u00a0Q", "\u2003x", "\u200b")],
            key=str,
        )
