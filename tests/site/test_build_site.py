"""What the builder writes: the marts as they stand, or one sentence and the last site."""

import base64
import hashlib
import html
import json
import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import build_site
import duckdb
import pytest
import yaml
from dbt_runs import PROJECT
from sites import HOSTILE, Site

SPECIFICATION = yaml.safe_load(build_site.SPECIFICATION.read_text("utf-8"))


# -- reading a site back ---------------------------------------------------------------------------
def read_json(text: str):
    """JSON with every digit of its numbers, and nothing that only Python takes for JSON."""

    def refuse(word: str):
        raise AssertionError(f"{word} is not JSON")

    return json.loads(text, parse_float=Decimal, parse_constant=refuse)


class Read:
    """Catalog and files of a dashboard, wherever its data are."""

    def __init__(self, dashboard: Path) -> None:
        page = (dashboard / "index.html").read_text("utf-8")
        inside = re.findall(
            r'<script type="application/json" id="clientele-data">(.*?)</script>', page, re.DOTALL
        )
        self.folder = None if inside else dashboard / "data"
        self.text = inside[0] if inside else ""
        content = read_json(self.text) if inside else None
        self.files = content["files"] if inside else None
        self.catalog = (
            content["catalog"] if inside else read_json((self.folder / "catalog.json").read_text())
        )

    def file(self, name: str) -> dict:
        return self.files[name] if self.files else read_json((self.folder / name).read_text())

    def parquet(self, name: str, scratch: Path) -> Path:
        if self.folder:
            return self.folder / name
        path = scratch / name.replace("/", "_")
        path.write_bytes(base64.b64decode(self.files[name], validate=True))
        return path

    def rows(self, table: str) -> list[tuple]:
        entry = self.catalog["tables"][table]
        if "file" in entry:
            return decoded(self.file(entry["file"]))
        return [row for *_, name in entry["files"] for row in decoded(self.file(name))]


def decoded(content: dict) -> list[tuple]:
    columns = []
    for column in content["columns"].values():
        if isinstance(column, dict):
            values = column["values"]
            assert all(-1 <= code < len(values) for code in column["codes"])
            column = [None if code < 0 else values[code] for code in column["codes"]]
        assert len(column) == content["rows"]
        columns.append(column)
    return list(zip(*columns, strict=True))


def query(database: Path, sql: str) -> list[tuple]:
    with duckdb.connect(database, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def as_page_has_it(value):
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    if value is None or isinstance(value, bool | int | Decimal | str):
        return value
    return str(value)


def same(in_page, in_mart) -> bool:
    wanted = as_page_has_it(in_mart)
    if isinstance(wanted, float):
        return in_page is not None and float(in_page) == wanted
    if isinstance(in_page, bool) or isinstance(wanted, bool):
        return in_page is wanted
    return in_page == wanted


def marts_of(database: Path) -> set[str]:
    return {
        row[0]
        for row in query(
            database,
            "select table_name from information_schema.tables where table_schema = 'marts'",
        )
    }


@pytest.fixture(params=["site", "site_with_files", "hostile_site", "empty_site"])
def built(request) -> Site:
    return request.getfixturevalue(request.param)


# -- the sites equal the marts ---------------------------------------------------------------------
def test_tables_are_the_marts_cell_by_cell(built):
    read = Read(built.folder / "dashboard")
    marts = marts_of(built.database)
    assert list(read.catalog["tables"]) == list(SPECIFICATION)
    for table, wanted in SPECIFICATION.items():
        entry = read.catalog["tables"][table]
        assert entry["mart"] == wanted["mart"]
        if wanted["mart"] not in marts:
            assert entry == {"mart": wanted["mart"], "missing": True}
            continue
        where = f" where {wanted['where']}" if "where" in wanted else ""
        order = [*wanted.get("split_by", []), *wanted["order_by"]]
        rows = query(
            built.database,
            f"select {', '.join(wanted['columns'])} from marts.{wanted['mart']}{where}"
            f" order by {', '.join(order)}",
        )
        found = read.rows(table)
        assert entry["rows"] == len(rows) == len(found), table
        for mine, theirs in zip(found, rows, strict=True):
            assert all(map(same, mine, theirs)), f"{table}: {mine} is {theirs} in the mart"
        assert entry.get("first", False) == wanted.get("first", False)


def test_order_by_leaves_nothing_open(site):
    """Else rows could change places from one build to the next."""
    for table, wanted in SPECIFICATION.items():
        if wanted["mart"] in marts_of(site.database):
            where = f" where {wanted['where']}" if "where" in wanted else ""
            keys = ", ".join(wanted["order_by"])
            doubled = query(
                site.database,
                f"select {keys} from marts.{wanted['mart']}{where} group by all"
                " having count(*) > 1 limit 1",
            )
            assert not doubled, f"{table}: {doubled}"


def test_parts_hold_what_they_are_named_after(built):
    read = Read(built.folder / "dashboard")
    for table, wanted in SPECIFICATION.items():
        entry = read.catalog["tables"][table]
        if "split_by" not in wanted or "missing" in entry:
            continue
        assert entry["split_by"] == wanted["split_by"]
        at = [wanted["columns"].index(column) for column in wanted["split_by"]]
        named = [tuple(values) for *values, _ in entry["files"]]
        assert len(set(named)) == len(named)
        for *values, name in entry["files"]:
            rows = decoded(read.file(name))
            assert rows and {tuple(row[i] for i in at) for row in rows} == {tuple(values)}


def test_customers_are_those_of_the_mart(built, tmp_path):
    read = Read(built.folder / "dashboard")
    customers = read.catalog["customers"]
    columns = ", ".join(customers["columns"])
    expected = query(
        built.database, f"select {columns} from marts.customer_360 where rfm_score is not null"
    )
    assert customers["rows"] == len(expected)
    assert set(customers["orders"]) == {"all", "crm_dashboard", "customer_360"}
    sales, key = (
        customers["columns"].index(name) for name in ("sales_amount_lifetime", "customer_id")
    )
    for scheme, order in customers["orders"].items():
        path = read.parquet(order["file"], tmp_path)
        content = path.read_bytes()
        assert len(content) == order["bytes"]
        # hyparquet's numbers: no 64-bit integer, no decimal
        with duckdb.connect() as connection:
            kinds = connection.execute(f"describe from '{path}'").fetchall()
            rows = connection.execute(f"from '{path}'").fetchall()
            codecs = connection.execute(
                f"select distinct compression from parquet_metadata('{path}')"
            ).fetchall()
        assert {kind for _, kind, *_ in kinds} <= {"VARCHAR", "DATE", "INTEGER", "DOUBLE"}
        assert codecs in ([("SNAPPY",)], [])
        assert sorted(map(as_numbers, rows)) == sorted(map(as_numbers, expected))
        # ranges follow one another, in display order, and cover everything
        places = list(order["ranges"].items())
        assert [first for _, (first, _) in places] == [
            sum(count for _, (_, count) in places[:n]) for n in range(len(places))
        ]
        assert sum(count for _, (_, count) in places) == len(rows)
        if scheme != "all":
            segments = query(
                built.database,
                f"select segment from marts.dim_segments where scheme = '{scheme}'"
                " order by display_order",
            )
            assert [segment for segment, _ in places] == [name for (name,) in segments]
            at = customers["columns"].index(f"{scheme}_segment")
            for segment, (first, count) in places:
                assert {row[at] for row in rows[first : first + count]} <= {segment}
        for _, (first, count) in places:
            part = rows[first : first + count]
            assert part == sorted(part, key=lambda row: (-row[sales], row[key].encode()))


def as_numbers(row: tuple) -> tuple:
    """Amounts as the nearest number of JavaScript; NULL first."""
    return tuple(
        (value is not None, float(value) if isinstance(value, Decimal) else value or 0)
        if not isinstance(value, str)
        else (True, value)
        for value in map(lambda v: str(v) if hasattr(v, "isoformat") else v, row)
    )


def test_texts_are_those_of_the_documentation(site, databases):
    manifest = json.loads((databases.target / "manifest.json").read_text("utf-8"))
    about = Read(site.folder / "dashboard").catalog["about"]
    shown = {wanted["mart"] for wanted in SPECIFICATION.values()} | {"customer_360"}
    assert set(about) == shown & marts_of(site.database)
    for mart, texts in about.items():
        node = manifest["nodes"][f"model.clientele.{mart}"]
        assert texts["description"] == node["description"].strip() != ""
        assert texts["columns"]
        for column, text in texts["columns"].items():
            assert text == node["columns"][column]["description"].strip() != ""


def test_both_modes_hold_the_same(site, site_with_files):
    inside, beside = Read(site.folder / "dashboard"), Read(site_with_files.folder / "dashboard")
    assert inside.catalog == beside.catalog
    for name, content in inside.files.items():
        file = beside.folder / name
        if name.endswith(".parquet"):
            assert base64.b64decode(content) == file.read_bytes()
        else:
            assert content == read_json(file.read_text("utf-8"))
    files = {str(p.relative_to(beside.folder)) for p in beside.folder.rglob("*") if p.is_file()}
    assert files == {"catalog.json", *inside.files}


def test_hostile_names_do_not_end_the_data(hostile_site):
    read = Read(hostile_site.folder / "dashboard")
    assert "<" not in read.text
    texts = set()
    for content in read.files.values():
        if isinstance(content, dict):
            for column in content["columns"].values():
                texts |= set(column["values"]) if isinstance(column, dict) else set()
    branches = {row[1] for row in read.rows("branches")}
    assert branches == set(HOSTILE)
    assert {name.lower() for name in HOSTILE} <= {str(text).lower() for text in texts}


def test_the_page_may_run_its_own_scripts_only(built):
    page = (built.folder / "dashboard/index.html").read_bytes().decode()
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1])
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'" and rules["connect-src"] == "'self'"
    hashes = {
        f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"
        for attributes, code in re.findall(r"<script([^>]*)>(.*?)</script>", page, re.DOTALL)
        if "application/json" not in attributes
    }
    assert set(rules["script-src"].split()) == hashes
    assert page.index("Content-Security-Policy") < page.index("<script")


def test_the_documentation_leads_back_and_forgets_the_run(site):
    page = (site.folder / "docs/index.html").read_text("utf-8")
    assert page.count('href="../dashboard/index.html"') >= 1
    assert str(PROJECT) not in page
    assert set(re.findall(r'"generated_at": "([^"]*)"', page)) == {""}


def test_the_landing_page_says_what_is_there(site, site_with_files, empty_site):
    as_of_date = query(site.database, "select max(as_of_date) from marts.fct_segment_split")[0][0]
    page = (site.folder / "index.html").read_text("utf-8")
    assert f"As of {as_of_date}, 1,717 customers" in page and "make serve" not in page
    assert (site.folder / "dashboard/index.html").is_file()
    assert "make serve" in (site_with_files.folder / "index.html").read_text("utf-8")
    assert "Nothing was bought yet, 0 customers" in (empty_site.folder / "index.html").read_text()


# -- a small database, to break things -------------------------------------------------------------
SMALL = """
    create schema marts;
    create table marts.fct_odd as select * from (values
        (1::bigint, 0.10::decimal(18, 2), 'nan'::double, true, date '2026-01-31', 'a'),
        (2, 12345678901234.50, 'inf', false, null, '<b>'),
        (3, -0.01, '-inf', null, '2026-02-28', null),
        (4, 100.00, 1e-7, null, '2026-02-28', 'a'),
        (5, null, 0.1, true, '2026-02-28', 'é"\\')
    ) as rows (id, amount, chance, is_good, day, name);
    create table marts.fct_segment_split as select date '2026-02-28' as as_of_date;
"""
SMALL_SPECIFICATION = """
odd:
  mart: fct_odd
  columns: [id, amount, chance, is_good, day, name]
  order_by: [id]
  first: true
parts:
  mart: fct_odd
  columns: [id, name]
  where: id > 1
  order_by: [id]
  split_by: [name]
gone:
  mart: fct_gone
  columns: [id]
  order_by: [id]
"""


class Small:
    """A small database, a page and a documentation, and the builder on them."""

    def __init__(self, folder: Path, monkeypatch, capsys) -> None:
        self.folder, self.capsys = folder, capsys
        self.database, self.out = folder / "small.duckdb", folder / "out/site"
        self.specification = folder / "data.yml"
        self.change("")
        self.specification.write_text(SMALL_SPECIFICATION)
        (folder / "page.html").write_text(
            "<!doctype html><html><head><title>x</title><script>1 < 2</script></head>"
            "<body></body></html>"
        )
        target = folder / "target"
        target.mkdir()
        (target / "static_index.html").write_text("<html><body></body></html>")
        node = {"resource_type": "model", "name": "fct_odd", "description": "Odd.", "columns": {}}
        (target / "manifest.json").write_text(json.dumps({"nodes": {"x": node}}))
        monkeypatch.setattr(build_site, "SPECIFICATION", self.specification)
        monkeypatch.setattr(build_site, "PROJECT", folder)

    def change(self, sql: str) -> None:
        is_new = not self.database.exists()
        with duckdb.connect(self.database) as connection:
            connection.execute((SMALL if is_new else "") + sql)

    def build(self, *options: str) -> tuple[int, str, str]:
        arguments = ["--database", "small.duckdb", "--out", "out/site", "--template", "page.html"]
        code = build_site.main([*arguments, "--target-path", "target", *options])
        said = self.capsys.readouterr()
        return code, " ".join(said.out.split()), " ".join(said.err.split())

    def bytes(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.out)): path.read_bytes()
            for path in sorted(self.out.rglob("*"))
            if path.is_file()
        }


@pytest.fixture
def small(tmp_path, monkeypatch, capsys) -> Small:
    return Small(tmp_path, monkeypatch, capsys)


def test_numbers_are_written_as_they_stand(small):
    assert small.build("--single-file", "no")[0] == 0
    text = (small.out / "dashboard/data/odd.json").read_text()
    assert '"amount":[0.1,12345678901234.5,-0.01,100,null]' in text
    assert '"chance":[null,null,null,1e-07,0.1]' in text
    assert '"is_good":{"values":[true,false],"codes":[0,1,-1,-1,0]}' in text
    assert '"day":{"values":["2026-01-31","2026-02-28"],"codes":[0,-1,1,1,1]}' in text
    assert decoded(read_json(text))[4][-1] == 'é"\\'


def test_a_missing_mart_is_a_warning(small):
    code, said, _ = small.build()
    assert code == 0
    assert "Warning: mart fct_gone is not in the database, so its panel stays empty." in said
    catalog = Read(small.out / "dashboard").catalog
    assert catalog["tables"]["gone"] == {"mart": "fct_gone", "missing": True}
    assert catalog["customers"] == {"mart": "customer_360", "missing": True}
    parts = catalog["tables"]["parts"]["files"]
    assert [values for values, _ in parts] == ["<b>", "a", 'é"\\', None]


def test_a_missing_column_is_an_error_that_names_it(small):
    small.change("alter table marts.fct_odd drop column chance")
    code, _, said = small.build()
    assert code == 1
    assert said.startswith("Mart fct_odd has no column chance: ")


@pytest.mark.parametrize(
    "missing, sentence",
    [
        ("small.duckdb", "Build the marts first: make build"),
        ("page.html", "`make site` bundles it"),
        ("target/manifest.json", "run `dbt docs generate --static`"),
        ("target/static_index.html", "run `dbt docs generate --static`"),
    ],
)
def test_what_has_to_be_there_is_named(small, missing, sentence):
    (small.folder / missing).unlink()
    code, _, said = small.build()
    assert code == 1
    assert said.startswith("There is no ") and missing in said and sentence in said
    assert not small.out.exists()


def test_a_file_that_is_no_database_is_named(small):
    small.database.write_bytes(b"not a database" * 1000)
    code, _, said = small.build()
    assert code == 1 and "small.duckdb cannot be read" in said


def test_a_database_without_marts_is_named(small):
    small.change("drop schema marts cascade")
    code, _, said = small.build()
    assert code == 1 and said.endswith("Build the marts first: make build")


def test_a_locked_database_is_named(small):
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(1, flush=True); input()",
            str(small.database),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        holder.stdout.readline()
        code, _, said = small.build()
    finally:
        holder.communicate(b"\n")
    assert code == 1 and "small.duckdb is open in another process" in said


def test_the_same_marts_give_the_same_bytes(small):
    assert small.build("--single-file", "no")[0] == 0
    first = small.bytes()
    assert small.build("--single-file", "no")[0] == 0
    assert small.bytes() == first


def test_a_failed_build_leaves_the_last_site(small, monkeypatch):
    assert small.build()[0] == 0
    before = small.bytes()
    small.specification.write_text(SMALL_SPECIFICATION.replace("id > 1", "id > nowhere"))
    code, _, said = small.build()
    assert code == 1 and "fct_odd" in said and "nowhere" in said
    assert small.bytes() == before

    def fail(*_):
        raise OSError(28, "No space left on device")

    small.specification.write_text(SMALL_SPECIFICATION)
    with monkeypatch.context() as patch:
        patch.setattr(build_site, "write", fail)
        code, _, said = small.build()
    assert code == 1 and "No space left on device" in said
    assert small.bytes() == before
    # nothing is left lying about either
    assert [path.name for path in small.out.parent.iterdir()] == ["site"]
    assert small.build()[0] == 0


def test_only_a_site_is_replaced(small):
    small.out.mkdir(parents=True)
    assert small.build()[0] == 0
    other = small.folder / "out/other"
    other.mkdir()
    (other / "thesis.txt").write_text("years of work")
    code, _, said = small.build("--out", "out/other")
    assert code == 1 and "holds something else than a site" in said
    assert (other / "thesis.txt").exists()


def test_data_go_beside_the_page_when_they_are_large(small, monkeypatch):
    assert small.build()[0] == 0
    assert not (small.out / "dashboard/data").exists()
    monkeypatch.setattr(build_site, "LARGEST_INSIDE", 100)
    assert small.build()[0] == 0
    assert (small.out / "dashboard/data/catalog.json").exists()
    assert small.build("--single-file", "yes")[0] == 0
    assert not (small.out / "dashboard/data").exists()


def test_schemas_with_a_prefix_are_read(small, monkeypatch):
    small.change("create schema mine_marts; create table mine_marts.fct_odd as from marts.fct_odd")
    monkeypatch.setenv("CRM_SCHEMA_PREFIX", "mine_")
    code, said, _ = small.build()
    assert code == 0 and "fct_segment_split" not in said
    monkeypatch.setenv("CRM_SCHEMA_PREFIX", "other_")
    assert small.build()[0] == 1


def test_the_sample_is_the_same_twice(site_with_files, databases, tmp_path):
    arguments = [
        *("--database", str(site_with_files.database), "--out", str(tmp_path / "again")),
        *("--target-path", str(databases.target), "--single-file", "no"),
    ]
    # another process and another number of threads
    done = subprocess.run(
        [sys.executable, str(PROJECT / "scripts/build_site.py"), *arguments],
        env=os.environ | {"PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for path in sorted((tmp_path / "again").rglob("*")):
        if path.is_file():
            other = site_with_files.folder / path.relative_to(tmp_path / "again")
            assert path.read_bytes() == other.read_bytes(), path.name
