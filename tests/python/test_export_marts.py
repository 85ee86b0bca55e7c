"""Copies of the marts for those who may not read everything."""

import duckdb
import export_marts
import pytest
from dbt_runs import PROJECT

BUILD = ["--quiet", "build", "--exclude-resource-type", "test"]
BUILD += ["--exclude-resource-type", "unit_test"]


@pytest.fixture
def built(dbt, monkeypatch):
    """The sample's database, and the settings that the script's dbt needs."""
    dbt(*BUILD, raw=PROJECT / "data/sample")
    for name, value in dbt.settings(None).items():
        monkeypatch.setenv(name, value)
    return dbt.database


def relations(file) -> set[str]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return {
            name
            for (name,) in connection.execute(
                "select table_schema || '.' || table_name from information_schema.tables"
            ).fetchall()
        }


def test_a_copy_holds_what_its_role_reads_and_nothing_else(built, tmp_path, capsys):
    out = tmp_path / "analysts.duckdb"
    everything = relations(built)
    for _ in range(2):  # a copy may be replaced
        assert export_marts.main(["--database", str(built), "--out", str(out)]) == 0
        assert relations(out) == {name for name in everything if name.startswith("marts.")}
    query = "select count(*), sum(amount) from marts.fct_transactions"
    with duckdb.connect(str(out)) as copy, duckdb.connect(str(built), read_only=True) as origin:
        assert copy.execute(query).fetchall() == origin.execute(query).fetchall()

    out = tmp_path / "executives.duckdb"
    assert export_marts.main(["--role", "crm_executive", "--out", str(out)]) == 0
    readable = {name for name in everything if name.startswith(("marts.", "pii."))}
    assert relations(out) == readable and "pii.dim_customer_contacts" in readable

    folder = tmp_path / "service"
    arguments = ["--database", str(built), "--role", "crm_service", "--out", str(folder)]
    assert export_marts.main(arguments) == 0
    files = {str(file.relative_to(folder)) for file in folder.rglob("*.parquet")}
    assert {"marts/customer_360.parquet", "pii/customer_360_contacts.parquet"} <= files
    assert len(files) == 8

    # nothing but a copy is replaced
    capsys.readouterr()
    (other := tmp_path / "mine").mkdir()
    for target in (built, other):
        assert export_marts.main(["--database", str(built), "--out", str(target)]) == 1
        assert "is no copy of marts" in capsys.readouterr().err
    assert relations(built) == everything
    assert not list(tmp_path.glob(".export-*"))


def test_what_cannot_be_done_is_one_sentence(built, tmp_path, capsys):
    for arguments, sentence in (
        (["--database", str(tmp_path / "no.duckdb")], "There is no database"),
        (["--database", str(built), "--role", "crm_loader"], "has nothing to read"),
    ):
        assert export_marts.main([*arguments, "--out", str(tmp_path / "out.duckdb")]) == 1
        told = capsys.readouterr().err
        assert sentence in told and len(told.splitlines()) == 1
