"""Raw files in every state: a sentence with file and line, or a right build; see test_bad_input.

There: absent, empty and doubled files, absent and doubled columns, ragged rows, quotes, encodings,
BOM, CRLF and mixed line endings, damaged Parquet, doubled formats. Here: what else can befall them,
and that the last good marts stay.
"""

import gzip
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from faults import BUILD, marts, sentence_of, shell, without_override

HEADER = b"transaction_id,customer_id,transacted_at,amount\n"
ROWS = b"1,A,2024-01-01,5\n2,B,2024-01-02,6\n"
GOOD = HEADER + ROWS
STAGING = ["--quiet", "run", "--select", "path:models/staging"]


def put(folder: Path, files: dict[str, bytes | str | Path | None]) -> Path:
    """Write bytes as they are, text as Parquet of a query, a path as a link, None as a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.mkdir()
        elif isinstance(content, Path):
            path.symlink_to(content)
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            duckdb.execute(f"copy ({content}) to '{path}' (format parquet)")
    return folder


def cut_parquet(folder: Path, keep: float) -> bytes:
    """The first part of a Parquet file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "whole.parquet"
    duckdb.execute(f"copy (select range::varchar as transaction_id from range(9999)) to '{path}'")
    content = path.read_bytes()
    path.unlink()
    return content[: int(len(content) * keep)]


def parquet_with_two(column: str, folder: Path) -> bytes:
    """A Parquet file that has a column twice, which DuckDB would not write."""
    folder.mkdir(parents=True, exist_ok=True)
    path, other = folder / "whole.parquet", "x" * len(column)
    rows = "'1' as transaction_id, '2024-01-01' as transacted_at, 5 as amount"
    duckdb.execute(f"copy (select {rows}, 6 as {other}) to '{path}'")
    content = path.read_bytes()
    path.unlink()
    return content.replace(other.encode(), column.encode())


UTF16 = "The header of the raw file {raw}/transactions.csv cannot be read"
DAMAGED = "{raw}/transactions.parquet is damaged, or no Parquet file"
REFUSED = {
    "cut within a row": (
        {"transactions.csv": GOOD[:-12]},
        ["{raw}/transactions.csv cannot be read: line 3 has fewer fields than the header"],
    ),
    "cut within the header": (
        {"transactions.csv": HEADER[:30]},
        ["The required column transacted_at is absent from {raw}/transactions.csv"],
    ),
    "cut within a quoted field": (
        {"transactions.csv": HEADER + b'1,"A'},
        ["{raw}/transactions.csv cannot be read: line 2 has"],
    ),
    "nothing but a byte order mark": (
        {"transactions.csv": b"\xef\xbb\xbf"},
        ["{raw}/transactions.csv"],
    ),
    "UTF-16 without a mark": (
        {"transactions.csv": GOOD.decode().encode("utf-16-le")},
        [UTF16, "has to be UTF-8"],
    ),
    "UTF-16, the other way round": (
        {"transactions.csv": GOOD.decode().encode("utf-16-be")},
        [UTF16, "has to be UTF-8"],
    ),
    "UTF-32": ({"transactions.csv": GOOD.decode().encode("utf-32")}, [UTF16, "has to be UTF-8"]),
    "Latin-1 in another table": (
        {
            "transactions.csv": GOOD,
            "customers.csv": "customer_id,city\nA,Ulm\nB,Köln\n".encode("latin-1"),
        },
        ["{raw}/customers.csv cannot be read: line 3 is not UTF-8"],
    ),
    "renamed column": (
        {"transactions.csv": GOOD.replace(b"amount", b"total")},
        ["required column amount is absent from {raw}/transactions.csv", "transacted_at, total"],
    ),
    "renamed column in a part": (
        {"transactions/a.csv": GOOD, "transactions/b.csv": GOOD.replace(b"amount", b"total")},
        ["required column amount is absent from {raw}/transactions/b.csv"],
    ),
    "nothing but NUL bytes": ({"transactions.csv": bytes(8192)}, [UTF16]),
    "compressed": ({"transactions.csv": gzip.compress(GOOD)}, ["{raw}/transactions.csv", "header"]),
    "a field of 20 million characters": (
        {"transactions.csv": GOOD + b"3," + b"x" * 20_000_000 + b",2024-01-03,7\n"},
        ["{raw}/transactions.csv cannot be read: line 4 is longer than 16 MB"],
    ),
    "a folder in the place of a file": (
        {"transactions.csv": None},
        ["{raw}/transactions.csv is a folder in the place of a raw file"],
    ),
    "a folder in the place of an optional file": (
        {"transactions.csv": GOOD, "customers.csv": None},
        ["{raw}/customers.csv is a folder in the place of a raw file"],
    ),
    "a folder in the place of a Parquet file": (
        {"transactions.parquet": None},
        ["{raw}/transactions.parquet is a folder in the place of a raw file"],
    ),
    "CSV by the name of Parquet": ({"transactions.parquet": GOOD}, [DAMAGED, "write it anew"]),
    "Parquet by the name of CSV": (
        {"transactions.csv": b"PAR1" + bytes(range(256)) * 9},
        ["The header of the raw file {raw}/transactions.csv cannot be read"],
    ),
    "half a Parquet file": (lambda folder: cut_parquet(folder, 0.5), [DAMAGED, "write it anew"]),
    "a Parquet file but its end": (lambda folder: cut_parquet(folder, 0.99), [DAMAGED]),
    "a column twice in a Parquet file": (
        lambda folder: parquet_with_two("amount", folder),
        ["{raw}/transactions.parquet has the column amount more than once: keep one of them"],
    ),
    "a column twice, in other letters": (
        lambda folder: parquet_with_two("Amount", folder),
        ["{raw}/transactions.parquet has the column amount more than once: keep one of them"],
    ),
    "a link to nothing": (
        {"transactions.csv": GOOD, "customers.csv": Path("/nowhere/customers.csv")},
        ["{raw}/customers.csv is a link to /nowhere/customers.csv, which is not there"],
    ),
    "a link to nothing in the place of a folder": (
        {"transactions.csv": GOOD, "customers": Path("/nowhere")},
        ["{raw}/customers is a link to /nowhere, which is not there"],
    ),
    "a link to nothing among good files": (
        {"transactions/a.csv": GOOD, "transactions/b.csv": Path("b.csv.part")},
        ["{raw}/transactions/b.csv is a link to b.csv.part, which is not there"],
    ),
    "a damaged Parquet file among good ones": (
        {
            "transactions/a.parquet": "select '1' as transaction_id, '2024-01-01' as transacted_at,"
            " 5 as amount",
            "transactions/b.parquet": b"PAR1 nothing PAR1",
        },
        ["{raw}/transactions/b.parquet is damaged, or no Parquet file"],
    ),
}


def test_files_that_cannot_be_read_are_named(dbt, tmp_path):
    folders = []
    for number, (files, _) in enumerate(REFUSED.values()):
        raw = tmp_path / f"raw{number}"
        if callable(files):
            files = {"transactions.parquet": files(raw)}
        folders.append(put(raw, files))
    results = dbt.many([(STAGING, {"CRM_RAW_PATH": str(raw)}) for raw in folders])
    wrong = []
    for (name, (_, words)), raw, result in zip(REFUSED.items(), folders, results, strict=True):
        said = sentence_of(result)
        missing = [word.format(raw=raw) for word in words if word.format(raw=raw) not in said]
        if missing or result.exit_code == 0:
            wrong.append(f"{name}: ended with {result.exit_code}, without {missing}: {said[-900:]}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("closed", ["transactions.csv", "customers"])
def test_a_file_or_folder_that_may_not_be_read_is_named(dbt, tmp_path, closed):
    raw = put(tmp_path / "raw", {"transactions.csv": GOOD, "customers/a.csv": b"customer_id\nA\n"})
    (raw / closed).chmod(0)
    result = shell(dbt, *STAGING, raw=raw, limits=without_override())
    (raw / closed).chmod(0o700)
    said = sentence_of(result)
    assert result.exit_code and f"{raw}/{closed} cannot be read (Permission denied)" in said
    assert "give this user the right to read it" in said


@pytest.mark.parametrize(
    "files",
    [{"transactions.csv": GOOD[:-12]}, {"transactions.parquet": b"PAR1"}, {"customers.csv": GOOD}],
    ids=["cut", "damaged Parquet", "absent"],
)
def test_the_last_good_marts_stay(dbt, raws, tmp_path, files):
    dbt(*BUILD, raw=raws["one"])
    before = marts(dbt.database)
    dbt(*BUILD, raw=put(tmp_path / "raw", files), succeeds=False)
    assert marts(dbt.database) == before


def test_odd_values_are_kept_or_rejected_and_counted(dbt, tmp_path):
    """A NUL byte, a million characters, a column of another type: rows, not files."""
    long = b"x" * 1_000_000
    raw = put(
        tmp_path / "raw",
        {
            "transactions.csv": GOOD
            + b"3,C\0D,2024-01-03,7\n"
            + b"4,"
            + long
            + b",2024-01-04,8\n"
            + b"5,E,05.01.2024,nine\n",
            "products.parquet": "select 7::bigint as product_id, 1.5::double as product_name,"
            " true as category",
        },
    )
    dbt(*BUILD, raw=raw)
    rows = dbt.query(
        "select transaction_id, customer_id, transacted_at, amount"
        " from staging.stg_crm__transactions order by 1"
    )
    day = [datetime(2024, 1, number) for number in range(1, 5)]
    assert rows == [
        ("1", "A", day[0], Decimal(5)),
        ("2", "B", day[1], Decimal(6)),
        ("3", "C\0D", day[2], Decimal(7)),
        ("4", long.decode(), day[3], Decimal(8)),
    ]
    assert dbt.query("select record_key, reason from marts.rejected_records") == [
        ("5", "transacted_at_invalid")
    ]
    assert dbt.query("select product_id, product_name, category from marts.dim_products") == [
        ("7", "1.5", "true")
    ]


def test_columns_of_parquet_that_are_no_single_values(dbt, tmp_path):
    """A list or a structure in the place of a date or an amount is rejected and counted."""
    raw = put(
        tmp_path / "raw",
        {
            "transactions.parquet": "select '1' as transaction_id,"
            " [timestamp '2024-01-01'] as transacted_at, {'a': 5} as amount"
            " union all select '2', null, null",
        },
    )
    dbt(*BUILD, raw=raw)
    counts = dbt.query(
        "select check_name, record_count from marts.data_quality where table_name = 'transactions'"
        " and check_name in ('rows', 'accepted', 'rejected') order by 1"
    )
    assert counts == [("accepted", 0), ("rejected", 2), ("rows", 2)]
