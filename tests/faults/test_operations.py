"""What an operator reads: the line after a run, freshness, the audit of packages."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import audit_packages
import duckdb
import pytest
from dbt_runs import copy_project
from faults import BUILD, put_away, sentence_of, shell

HEADER = "transaction_id,customer_id,transacted_at,amount,loaded_at\n"
LINE = (
    r"clientele: 5 transactions in, 2 accepted, 1 superseded, 2 rejected; \d+ steps in \d+ s,"
    r" {} marts built, 0 failed, 0 warnings\."
)


def put(folder: Path, loaded_at: str = "2024-01-03") -> Path:
    """Two sales, one of them corrected; one row that is none; one of a customer who was erased."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "transactions.csv").write_text(
        HEADER
        + f"1,A,2024-01-01,5,\n1,A,2024-01-01,6,{loaded_at}\n2,B,2024-01-02,7,{loaded_at}\n"
        + f"3,B,2024-01-02,seven,{loaded_at}\n4,E,2024-01-02,eight,{loaded_at}\n",
        encoding="utf-8",
    )
    (folder / "erasure_requests.csv").write_text("customer_id\nE\n", encoding="utf-8")
    return folder


def test_a_run_ends_with_one_line(dbt, tmp_path):
    result = dbt(*BUILD, raw=put(tmp_path / "raw"))
    (count,) = dbt.query(
        "select count(*) from information_schema.tables where table_schema in ('marts', 'pii')"
    )[0]
    assert re.fullmatch(LINE.format(count), result.output.strip()), result.output
    row = dbt.query("select * from marts.build_summary where table_name = 'transactions'")
    assert row == [("transactions", 5, 2, 1, 1, 1)]
    tables = dbt.query("select count(*), min(row_count) from marts.build_summary")
    assert tables == [(13, 0)]
    # with a prefix, and without the mart that holds the counts
    again = dbt(
        "--quiet", "run", "--select", "dim_segments", "base_crm__products",
        raw=tmp_path / "raw", environment={"CRM_SCHEMA_PREFIX": "ci_"}, succeeds=None,
    )  # fmt: skip
    assert "clientele: 2 steps in" in again.text and "transactions in" not in again.text


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        # names that say what the database did not
        (
            "models/marts/core/dim_segments.sql",
            "select 1 / absent_checksum",
            "dim_segments failed, as",
        ),
        (
            "models/intermediate/increments/int_sales_checksums.sql",
            "select absent as customer_bucket from {{ ref('int_transactions_classified') }}",
            "int_sales_checksums failed, as the messages above say.",
        ),
        (
            "seeds/rfm_scale.csv",
            "metric,score\nrecency,often\n",
            "rfm_scale failed, as the messages",
        ),
    ],
)
def test_a_failed_run_says_what_failed_and_what_to_do(
    dbt, project_with, tmp_path, file, text, words
):
    raw = put(tmp_path / "raw")
    dbt.project, kept = project_with(file, text), dbt.project
    try:
        result = dbt(*BUILD, raw=raw, succeeds=False)
    finally:
        dbt.project = kept
    said = sentence_of(result)
    assert f"clientele: {words}" in said, said
    assert "hold what the last build gave them" in said and "skipped" in said
    ((command, failed_count),) = dbt.query("select command, failed_count from staging.runs")
    assert command == "build" and failed_count >= 1


def test_a_raw_file_that_is_found_damaged_while_it_is_read(dbt, tmp_path):
    """Its end, by which it was judged beforehand, is good."""
    (raw := tmp_path / "raw").mkdir()
    rows = "select i::varchar as transaction_id, '2024-01-01' as transacted_at, 5 as amount"
    duckdb.execute(f"copy ({rows} from range(20000) t (i)) to '{raw}/transactions.parquet'")
    content = bytearray((raw / "transactions.parquet").read_bytes())
    content[300:2000] = b"\xff" * 1700
    (raw / "transactions.parquet").write_bytes(content)
    said = sentence_of(dbt(*BUILD, raw=raw, succeeds=False))
    assert f'Failed to read file "{raw}/transactions.parquet"' in said, said
    assert "failed; a raw file cannot be read, as the message above says: write" in said, said


@pytest.fixture
def project_with(tmp_path):
    """A copy of the project with another file in the place of one of its own."""

    def copy(name: str, text: str) -> Path:
        folder = copy_project(tmp_path / "project")
        (folder / name).write_text(text, encoding="utf-8")
        return folder

    return copy


@pytest.mark.parametrize(
    ("age", "status", "code"),
    [
        (timedelta(hours=1), "PASS", 0),
        (timedelta(hours=40), "WARN", 0),
        (timedelta(days=5), "ERROR STALE", 1),
    ],
)
def test_freshness_is_the_age_of_the_newest_transaction(dbt, tmp_path, age, status, code):
    loaded_at = (datetime.now(UTC) - age).strftime("%Y-%m-%dT%H:%M:%SZ")
    raw = put(tmp_path / "raw", loaded_at)
    dbt("--quiet", "run", "--select", "path:models/staging", raw=raw)
    result = dbt("source", "freshness", raw=raw, succeeds=None)
    assert (result.exit_code, f"{status} freshness of crm.transactions" in result.text) == (
        code,
        True,
    ), result.output


def test_relative_paths_start_at_the_project(dbt, tmp_path, monkeypatch):
    """Wherever dbt is run; DuckDB and dbt by themselves begin where that is."""
    raw = "data/sample"
    monkeypatch.setattr(dbt, "project", tmp_path)
    settings = {name: str(Path(__file__).parents[2]) for name in DIRS}
    result = shell(dbt, "run", "--select", "base_crm__products", raw=raw, environment=settings)
    assert result.exit_code == 0, result.output
    assert f"Raw data: {Path(__file__).parents[2]}/data/sample" in result.text
    put_away(dbt.database)
    assert dbt.query("select count(*) from raw.transactions")[0][0] > 8000


DIRS = ("DBT_PROFILES_DIR", "DBT_PROJECT_DIR")


def package(name: str, *found: str, **more) -> dict:
    """A package as pip-audit reports it."""
    vulnerabilities = [{"id": id, "fix_versions": ["2.0"]} for id in found]
    return {"name": name, "version": "1.0"} | (more or {"vulns": vulnerabilities})


@pytest.mark.parametrize(
    ("packages", "must_reach", "code", "words"),
    [
        ([package("a"), package("b")], True, 0, "No known vulnerability in 2 packages of Python."),
        ([package("a", "X-1")], False, 1, "a 1.0: X-1, mended in 2.0"),
        ([package("a"), package("b", skip_reason="no")], False, 1, "could not be looked up: b"),
        ([package("a", skip_reason="no")], False, 0, "NOT AUDITED"),
        ([package("a", skip_reason="no")], True, 1, "NOT AUDITED"),
        (None, False, 0, "NOT AUDITED"),
        (None, True, 1, "NOT AUDITED"),
    ],
)
def test_an_audit_that_saw_nothing_says_so(packages, must_reach, code, words):
    output = "" if packages is None else json.dumps({"dependencies": packages})
    found, lines = audit_packages.verdict(output, "no network", must_reach)
    assert found == code and words in " ".join(lines)


def report_of_npm(**vulnerable) -> str:
    """As npm audit writes it."""
    counts = {"dependencies": {"total": 2}}
    return json.dumps({"vulnerabilities": vulnerable, "metadata": counts})


ADVISORY = {"range": "<2", "via": [{"url": "https://x/1"}], "fixAvailable": True}
THROUGH_IT = {"range": "*", "via": ["a"], "fixAvailable": False}


@pytest.mark.parametrize(
    ("output", "must_reach", "code", "words"),
    [
        (report_of_npm(), True, 0, "No known vulnerability in 2 packages of npm."),
        (report_of_npm(a=ADVISORY), False, 1, "a <2: https://x/1, mended in a newer version"),
        (report_of_npm(b=THROUGH_IT), False, 1, "b *: a, not mended yet"),
        ('{"message": "405", "statusCode": 405}', False, 0, "NOT AUDITED, the packages of npm"),
        ("", True, 1, "NOT AUDITED, the packages of npm"),
    ],
)
def test_an_audit_of_npm_that_saw_nothing_says_so(output, must_reach, code, words):
    found, lines = audit_packages.verdict_of_npm(output, "warn\nno network", must_reach)
    assert found == code and words in " ".join(lines)
    if "NOT AUDITED" in words:
        assert f"ended with: {'405' if output else 'no network'})" in lines[0]
