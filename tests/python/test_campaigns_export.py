"""The export of an audience: who is in the file, and that no spreadsheet runs what is in it."""

import csv
import importlib.util
import os
import stat

import duckdb
import pandas as pd
import pytest
from dbt_runs import PROJECT

_spec = importlib.util.spec_from_file_location(
    "export_audience", PROJECT / "scripts/export_audience.py"
)
export_audience = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(export_audience)

PEOPLE = [
    # customer, first name, e-mail, phone, agreed to e-mail, agreed to text messages
    ("A", '=HYPERLINK("http://example.com")', "a@example.com", "+353 20 910 0001", "true", ""),
    ("B", "  @SUM(1;1)", "b@example.com", "020 910 0002", "false", "true"),
    ("C", "Ana-Maria", "=c@example.com", "+353209100003", "true", "true"),
    ("-D", "＋1", "", "020 910 0004", "", "true"),  # noqa: RUF001
    ("E", "No", "e@example.com", "020 910 0005", "false", "false"),
    ("F", "Never asked", "f@example.com", "020 910 0006", "", ""),
    ("G", "Unsubscribed", "g@example.com", "020 910 0007", "true", "true"),
    ("H", "Erased", "h@example.com", "020 910 0008", "true", "true"),
]


def frame(names: str, rows: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=names.split(), dtype=object)


@pytest.fixture(scope="module")
def database(compiled, tmp_path_factory):
    """A build in which everyone bought once on D, so that all are in one segment."""
    raw = {
        "customers": frame(
            "customer_id first_name email phone email_opt_in sms_opt_in loaded_at",
            [(*person, "2024-03-01") for person in PEOPLE],
        ),
        "transactions": frame(
            "transaction_id customer_id transacted_at amount",
            [(f"T{person[0]}", person[0], "2024-03-31 10:00:00", "20") for person in PEOPLE],
        ),
        "campaign_contacts": frame(
            "contact_id campaign_id customer_id contacted_at unsubscribed_at",
            [("K", "X", "G", "2024-01-01", "2024-01-02")],
        ),
        "erasure_requests": frame("customer_id requested_at", [("H", "2024-01-01")]),
    }
    path = tmp_path_factory.mktemp("export") / "built.duckdb"
    with compiled().run(raw) as connection:
        name = connection.execute("select current_database()").fetchone()[0]
        connection.execute(f"attach '{path}' as file; copy from database {name} to file")
    return path


@pytest.fixture
def export(database, tmp_path, monkeypatch, capsys):
    """Export an audience; gives exit code, rows of the file and what was said."""
    monkeypatch.delenv("CRM_SCHEMA_PREFIX", raising=False)
    out = tmp_path / "out/audience.csv"

    def run(*arguments: str, segment: str = "New", path=database):
        out.unlink(missing_ok=True)
        code = export_audience.main(
            [
                *("--scheme", "customer_360", "--segment", segment),
                *("--database", str(path), "--out", str(out), *arguments),
            ]
        )
        rows = None
        if out.exists():
            with out.open(encoding="utf-8-sig", newline="") as file:
                rows = list(csv.DictReader(file))
        said = capsys.readouterr()
        return code, rows, said.out + said.err

    run.out = out
    return run


def test_an_audience_is_who_agreed(export):
    code, rows, said = export(segment=" new ")
    assert code == 0, said
    assert [row["customer_id"] for row in rows] == ["'-D", "A", "B", "C"]
    assert {row["best_channel"] for row in rows} == {"email", "sms"}
    assert rows[1] == {
        "as_of_date": "2024-03-31",
        "scheme": "customer_360",
        "segment": "New",
        "customer_id": "A",
        "is_segment_override": "false",
        "recommended_action": rows[0]["recommended_action"],
        "reason": "Last purchase on 2024-03-31, 0 days ago;"
        " 1 purchase for 20.00 in the 92 days up to it",
        "best_channel": "email",
        "best_day_of_week": "7",
        "best_hour_of_day": "10",
        "timing_source": "segment",
    }
    assert "email" in said and "What to do" in said and str(export.out) in said


def test_a_channel_has_its_customers_only(export):
    _, rows, _ = export("--channel", "sms")
    assert [row["customer_id"] for row in rows] == ["'-D", "B"]


def test_contacts_are_those_of_the_channel_and_run_nowhere(export):
    code, rows, said = export("--with-contacts")
    assert code == 0, said
    assert [(r["first_name"], r["email"], r["phone"]) for r in rows] == [
        ("'＋1", "", "020 910 0004"),  # noqa: RUF001
        ('\'=HYPERLINK("http://example.com")', "a@example.com", ""),
        ("'@SUM(1;1)", "", "020 910 0002"),
        ("Ana-Maria", "'=c@example.com", ""),
    ]
    assert "names and addresses" in said


def test_the_file_is_for_spreadsheets_and_its_owner(export):
    export("--with-contacts")
    assert export.out.read_bytes().startswith(b"\xef\xbb\xbfas_of_date,")
    assert stat.S_IMODE(os.stat(export.out).st_mode) == 0o600
    assert [path.name for path in export.out.parent.iterdir()] == ["audience.csv"]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1+1", "'+1+1"),
        ("-1+1", "'-1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t'=1"),
        ("\tplain", "'\tplain"),
        ("\rplain", "'\rplain"),
        ("\nplain", "'\nplain"),
        ("   =1", "'   =1"),
        ("\u00a0\u3000=1", "'\u00a0\u3000=1"),
        ("\ufeff\u200b=1", "'\ufeff\u200b=1"),
        ("\x00=1", "'\x00=1"),
        ("\uff1d1", "'\uff1d1"),
        ("\uff0b1", "'\uff0b1"),
        ("\uff0d1", "'\uff0d1"),
        ("\uff20A", "'\uff20A"),
        ("a;=1", "a;'=1"),
        ("a\n=1", "a\n'=1"),
        ("a\t @A", "a\t' @A"),
        ("-5", "-5"),
        ("+41791234567", "+41791234567"),
        ("-5.25", "-5.25"),
        ("-5-5", "'-5-5"),
        ("-5e", "'-5e"),
        ("-", "'-"),
        ("a=1", "a=1"),
        ("a@example.com", "a@example.com"),
        ("a; b", "a; b"),
        ("", ""),
        (None, None),
        (-5, -5),
        (True, "true"),
        (False, "false"),
    ],
)
def test_cells_do_not_run(value, cell):
    assert export_audience.safe(value) == cell


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"path": "/nowhere/at.all"}, "There is no database /nowhere/at.all: run `dbt build`"),
        ({"segment": "Newer"}, "There is no segment Newer in scheme customer_360: its segments"),
        ({"segment": "Lost"}, "Nobody in segment Lost of scheme customer_360 may be addressed: no"),
    ],
)
def test_what_cannot_be_exported_is_said_in_one_sentence(export, arguments, sentence):
    code, rows, said = export(**arguments)
    assert code == 1 and rows is None
    assert said.startswith(sentence) and said.count("\n") == 1


def test_an_unknown_scheme_is_said(export):
    code, rows, said = export("--scheme", "rfm")
    assert code == 1 and rows is None
    assert said == "There is no scheme rfm: the schemes are crm_dashboard, customer_360.\n"


def test_a_database_that_was_not_built_is_said(export, tmp_path):
    path = tmp_path / "empty.duckdb"
    duckdb.connect(str(path)).close()
    code, rows, said = export(path=path)
    assert code == 1 and rows is None
    assert said.startswith(f"No audiences in {path}: run `dbt build` first")


def test_a_failure_leaves_the_file_that_was_there(tmp_path, monkeypatch):
    out = tmp_path / "audience.csv"
    export_audience.write(out, ["customer_id"], [("A",)])

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export_audience.os, "replace", fail)
    with pytest.raises(export_audience.ExportError, match="cannot be written: No space left"):
        export_audience.write(out, ["customer_id"], [("B",)])
    assert list(tmp_path.iterdir()) == [out]
    assert out.read_text("utf-8-sig").split() == ["customer_id", "A"]
