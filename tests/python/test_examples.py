"""The example mappings: on made-up rows always, on the published sets where they are at hand."""

import importlib.util
import os
import shutil
import warnings
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLES = PROJECT / "examples"
PUBLISHED = Path(os.environ.get("CRM_EXAMPLE_DATA", PROJECT.parent / "shared/data"))

_spec = importlib.util.spec_from_file_location("map_raw", PROJECT / "scripts/map_raw.py")
map_raw = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(map_raw)

ONLINE_RETAIL = """\
invoice_no,stock_code,description,quantity,invoice_ts,unit_price,customer_id,country
1,85123A,WHITE HEART,3,2011-01-10 09:00:00,2.345,100,Cyprus
1,85123a, WHITE HEART ,1,2011-01-10 09:01:00,1,100,Cyprus
1,PADS,PADS,1,2011-01-10 09:00:00,0.001,100,Cyprus
1,22001,FREE GIFT,1,2011-01-10 09:00:00,0,100,Cyprus
2,85123A,HEARTS,1,2011-07-10 09:00:00,2,100,Austria
C3,85123A,HEARTS,-1,2011-07-11 09:00:00,2,100,Unspecified
4,POST,POSTAGE,1,2011-07-12 09:00:00,5,,France
5,AMAZONFEE,AMAZON FEE,1,2011-07-13 09:00:00,50,,United Kingdom
6,BANK CHARGES,Bank Charges,1,2011-07-14 09:00:00,15,200,Unspecified
7,85123A,damaged,-9,2011-07-15 09:00:00,0,,United Kingdom
A8,B,Adjust bad debt,1,2011-07-16 09:00:00,70,,United Kingdom
A9,B,Adjust bad debt,1,2011-07-16 09:00:00,-70,,United Kingdom
10,22001,FREE GIFT,1,2011-07-17 09:00:00,0,300,Spain
"""

MAVEN_MARKET = {
    "transactions_1997_1998_from_pbix": """\
transaction_date,stock_date,product_id,customer_id,store_id,quantity
1997-02-01,1997-01-20,9,7,1,2
1997-02-01,1997-01-20,10,7,1,1
1997-02-01,1997-01-21,9,7,1,1
1997-02-01,1997-01-20,9,7,2,1
1997-02-01,1997-01-20,9,8,1,1
""",
    "returns_1997-1998": """\
return_date,product_id,store_id,quantity
03-02-1997,9,1,1
03-02-1997,10,1,2
04-02-1997,10,1,1
""",
    "customers": """\
customer_id,first_name,last_name,customer_city,customer_state_province,customer_country,birthdate,\
gender,acct_open_date,member_card
7,Ada,Byron,Salem,OR,USA,10-12-1915,F,02-01-1991,Normal
8,Al,Khwarizmi,Camacho,Zacatecas,Mexico,01-02-1950,M,28-02-1992,Golden
""",
    "products": """\
product_id,product_brand,product_name,product_retail_price
9,Ebony,Ebony Plums,1.25
10,Tell Tale,Tell Tale Kiwis,3
""",
    "stores": """\
store_id,region_id,store_name,store_city,store_country,first_opened_date
1,23,Store 1,Salem,USA,13-04-1957
2,99,Store 2,Nowhere,USA,02-03-1960
""",
    "regions": "region_id,sales_district,sales_region\n23,Salem,North West\n",
}


@pytest.fixture
def write_raw(tmp_path, capsys):
    """Map a source into a raw folder and return a function that queries it."""

    def run(example: Path, source: Path):
        raw = tmp_path / "raw"
        code = map_raw.main(
            [str(example), "--source", str(source), "--raw", str(raw), "--no-build"]
        )
        assert code == 0, capsys.readouterr().err
        connection = duckdb.connect()
        connection.execute("set TimeZone = 'UTC'")
        for file in raw.glob("*.parquet"):
            connection.execute(f"create view {file.stem} as from '{file}'")
        return lambda query: connection.execute(query).fetchall()

    return run


@pytest.fixture
def fail(tmp_path, capsys):
    """Run a mapping that cannot work and return the sentence that says why."""

    def run(mapping: str | None, source: Path, raw: Path = tmp_path / "raw") -> str:
        folder = tmp_path / "mine"
        folder.mkdir(exist_ok=True)
        if mapping is not None:
            (folder / "mapping.sql").write_text(mapping)
        code = map_raw.main([str(folder), "--source", str(source), "--raw", str(raw), "--no-build"])
        sentence = capsys.readouterr().err.strip()
        assert code == 1
        assert "\n" not in sentence and "Traceback" not in sentence
        return sentence

    return run


@pytest.fixture
def sales(tmp_path) -> Path:
    source = tmp_path / "sales.csv"
    source.write_text("id,sold_at,price\n1,2026-01-01,9.50\n")
    return source


def published(name: str) -> Path:
    path = PUBLISHED / name
    if not path.exists():
        reason = f"NOT CHECKED on the published set: there is no {path}; set CRM_EXAMPLE_DATA."
        # a skip alone is one letter in the report
        warnings.warn(reason, stacklevel=2)
        pytest.skip(reason)
    return path


def test_online_retail_on_made_up_rows(tmp_path, write_raw):
    source = tmp_path / "online_retail.csv"
    source.write_text(ONLINE_RETAIL)
    query = write_raw(EXAMPLES / "online_retail", source)

    def at(month, day, hour):
        return datetime(2011, month, day, hour, tzinfo=UTC)

    # London's nine o'clock is eight in summer; lines are rounded before the sum, 7.04 + 1.00 + 0.00
    assert query("from transactions order by transacted_at") == [
        ("1", "100", at(1, 10, 9), Decimal("8.04"), "ecommerce"),
        ("2", "100", at(7, 10, 8), Decimal("2.00"), "ecommerce"),
        ("C3", "100", at(7, 11, 8), Decimal("-2.00"), "ecommerce"),
        ("4", None, at(7, 12, 8), Decimal("5.00"), "ecommerce"),
        ("6", "200", at(7, 14, 8), Decimal("15.00"), "ecommerce"),
    ]
    assert query(
        "select line_number, product_id, quantity, amount from transaction_lines"
        " where transaction_id = '1' order by 1"
    ) == [
        (1, "85123A", 1, Decimal("1.00")),
        (2, "85123A", 3, Decimal("7.04")),
        (3, "PADS", 1, Decimal("0.00")),
    ]
    # two descriptions are equally frequent: the first in the alphabet
    assert query("from products order by 1") == [
        ("85123A", "HEARTS", "Goods"),
        ("BANK CHARGES", "Bank Charges", "Charges and corrections"),
        ("PADS", "PADS", "Goods"),
        ("POST", "POSTAGE", "Postage"),
    ]
    assert query("from customers order by 1") == [
        ("100", "Austria"),
        ("200", None),
        ("300", "Spain"),
    ]


def test_maven_market_on_made_up_rows(tmp_path, write_raw):
    source = tmp_path / "maven_market"
    source.mkdir()
    for name, text in MAVEN_MARKET.items():
        (source / f"{name}.csv").write_text(text)
    query = write_raw(EXAMPLES / "maven_market", source)

    day = datetime(1997, 2, 1)
    assert query("from transactions order by 1") == [
        ("return-1997-02-03-1", None, datetime(1997, 2, 3), Decimal("-7.25"), "store", "1"),
        ("return-1997-02-04-1", None, datetime(1997, 2, 4), Decimal("-3.00"), "store", "1"),
        ("sale-1997-02-01-1-7", "7", day, Decimal("6.75"), "store", "1"),
        ("sale-1997-02-01-1-8", "8", day, Decimal("1.25"), "store", "1"),
        ("sale-1997-02-01-2-7", "7", day, Decimal("1.25"), "store", "2"),
    ]
    # by the product's number, 9 before 10
    assert query(
        "select line_number, product_id, quantity, amount from transaction_lines"
        " where transaction_id = 'sale-1997-02-01-1-7' order by 1"
    ) == [
        (1, "9", 1, Decimal("1.25")),
        (2, "9", 2, Decimal("2.50")),
        (3, "10", 1, Decimal("3.00")),
    ]
    assert query("select customer_id, birth_date, loyalty_joined_at from customers order by 1") == [
        ("7", date(1915, 12, 10), datetime(1991, 1, 2)),
        ("8", date(1950, 2, 1), datetime(1992, 2, 28)),
    ]
    assert query("select product_id, category from products order by product_name") == [
        ("9", "Ebony"),
        ("10", "Tell Tale"),
    ]
    assert query("select branch_id, region, opened_on from branches order by 1") == [
        ("1", "North West", date(1957, 4, 13)),
        ("2", None, date(1960, 3, 2)),
    ]


def test_same_source_gives_same_files(tmp_path, write_raw):
    """Whatever the order of its rows, so that a rebuilt raw folder shows no change."""
    source = tmp_path / "online_retail.csv"
    header, *rows = ONLINE_RETAIL.splitlines(keepends=True)
    contents = []
    for lines in (rows, rows[::-1]):
        source.write_text(header + "".join(lines))
        write_raw(EXAMPLES / "online_retail", source)
        files = sorted((tmp_path / "raw").iterdir())
        contents.append({file.name: file.read_bytes() for file in files})
    assert contents[0] == contents[1]


TRANSACTIONS = (
    "create view transactions as select id as transaction_id, sold_at::timestamp as transacted_at,"
    " price::decimal(18, 2) as amount from source.sales;"
)


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        pytest.param(None, ["There is no", "mapping.sql"], id="no mapping"),
        pytest.param("select 1", ["no view transactions"], id="no transactions"),
        pytest.param(
            TRANSACTIONS + "create view sales as select 1 as id",
            ["creates sales", "no raw table", "transactions, transaction_lines", "temp view"],
            id="unknown table",
        ),
        pytest.param(
            TRANSACTIONS.replace("as amount", "as amount, 'x' as shop"),
            ["transactions the column shop", "transaction_id, customer_id"],
            id="unknown column",
        ),
        pytest.param(
            TRANSACTIONS.replace("as amount", "as status"),
            ["leaves out transactions.amount"],
            id="required column missing",
        ),
        pytest.param(
            TRANSACTIONS.replace("source.sales", "source.tills"),
            ["does not run on this source, which holds sales", "tills does not exist"],
            id="unknown source table",
        ),
        pytest.param(
            TRANSACTIONS.replace("price::", "cost::"), ['column "cost"'], id="unknown source column"
        ),
        pytest.param(
            TRANSACTIONS.replace("sold_at::timestamp", "price::date"),
            ["transactions cannot be written", "9.50"],
            id="value that does not fit",
        ),
    ],
)
def test_a_wrong_mapping_is_named_in_one_sentence(fail, sales, tmp_path, mapping, words):
    sentence = fail(mapping, sales)
    assert all(word in sentence for word in words), sentence
    assert not list(tmp_path.glob("raw/*")), "nothing is written unless everything is"


def test_a_wrong_source_or_folder_is_named_in_one_sentence(fail, sales, tmp_path):
    missing = tmp_path / "missing"
    assert fail(TRANSACTIONS, missing) == f"The source {missing} does not exist."

    empty = tmp_path / "empty"
    empty.mkdir()
    assert "holds no .parquet or .csv file" in fail(TRANSACTIONS, empty)

    (empty / "sales.csv").write_text("id,sold_at,price\n1,2026-01-01,9.50\n2,2026-01-02,9,50\n")
    ragged = fail(TRANSACTIONS, empty)
    assert "Line: 3" in ragged and "sales.csv" in ragged and "strict_mode" not in ragged

    (empty / "sales.csv").write_text("")
    assert "sales.csv cannot be read: it is empty" in fail(TRANSACTIONS, empty)

    (empty / "sales.csv").write_bytes("id,größe\n1,2\n".encode("latin-1"))
    assert "sales.csv cannot be read: 'utf-8' codec" in fail(TRANSACTIONS, empty)

    duckdb.execute(f"copy (select 1 as id) to '{empty / 'Sales.parquet'}'")
    assert "would both be source.sales" in fail(TRANSACTIONS, empty)

    assert "is the source" in fail(TRANSACTIONS, sales, raw=sales.parent)

    raw = tmp_path / "raw"
    raw.mkdir(exist_ok=True)
    (raw / "customers.csv").write_text("customer_id\n1\n")
    assert "customers.csv is not from this mapping" in fail(TRANSACTIONS, sales)


def test_the_build_reads_what_was_mapped(monkeypatch, tmp_path, sales):
    (tmp_path / "mapping.sql").write_text(TRANSACTIONS)
    runs = []

    def run(command, **options):
        runs.append((command, options))
        return map_raw.subprocess.CompletedProcess(command, returncode=3)

    monkeypatch.setattr(map_raw.subprocess, "run", run)
    raw, database = tmp_path / "here/raw", tmp_path / "there/crm.duckdb"
    arguments = ["--source", str(sales), "--raw", str(raw), "--database", str(database)]
    assert map_raw.main([str(tmp_path), *arguments]) == 3, "a failed build is a failed command"

    [(command, options)] = runs
    assert command[1] == "build" and shutil.which(command[0])
    assert options["env"]["CRM_RAW_PATH"] == str(raw)
    assert options["env"]["CRM_DATABASE"] == str(database)
    assert database.parent.is_dir()


TOTALS = """
    select
        amount > 0 as is_purchase,
        customer_id is not null as is_identified,
        count(*),
        count(distinct customer_id),
        sum(line_count)::bigint,
        sum(amount)
    from transactions
    join (
        select transaction_id, count(*) as line_count, sum(amount) as lines_amount
        from transaction_lines group by 1
    ) as lines using (transaction_id)
    where amount = lines_amount
    group by all
    order by 1 desc, 2 desc
"""


def test_online_retail_gives_the_known_figures(write_raw):
    query = write_raw(EXAMPLES / "online_retail", published("online_retail.parquet"))
    assert query(TOTALS) == [
        (True, True, 18_532, 4_338, 397_884, Decimal("8911407.90")),
        (True, False, 1_423, 0, 132_215, Decimal("1730390.44")),
        (False, True, 3_654, 1_589, 8_905, Decimal("-611342.09")),
        (False, False, 108, 0, 265, Decimal("-39735.73")),
    ]
    assert query("select count(*) from transactions") == [(23_717,)]
    assert query("select count(*) from customers") == [(4_372,)]


def test_maven_market_gives_the_known_figures(write_raw):
    query = write_raw(EXAMPLES / "maven_market", published("maven_market"))
    assert query(TOTALS) == [
        (True, True, 58_381, 8_842, 269_720, Decimal("1764546.44")),
        (False, False, 1_704, 0, 7_087, Decimal("-17432.40")),
    ]
    assert query("select count(*) from transactions") == [(60_085,)]
    assert query("select count(*) from customers") == [(10_281,)]
    assert query("select count(distinct category), count(*) from products") == [(111, 1_560)]
    assert query("select count(*), count(region) from branches") == [(24, 24)]
