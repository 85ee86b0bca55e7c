"""Nobody's name, e-mail, phone or birth date is in a site: schema pii stays in the database."""

import base64
import json
import shutil

import duckdb
import pytest
from personal import Personal, look_for, personal_data
from sites import SAMPLE, Site


@pytest.fixture(scope="module")
def personal(site) -> Personal:
    return personal_data(site.database, SAMPLE)


def test_there_is_something_to_find(personal):
    assert len(personal.names) > 50 and len(personal.texts) > 4_000
    assert {"Emma", "O'Connor", "明"} <= personal.names
    assert {"customer2@example.com", "1968-09-18", "Emma Lefèvre"} <= personal.texts


@pytest.mark.parametrize("mode", ["site", "site_with_files"])
def test_no_site_holds_personal_data(mode, personal, request):
    assert look_for(personal, request.getfixturevalue(mode).folder) == []


# -- the search finds what is there ----------------------------------------------------------------
def plant_in_page(path, text):
    path.write_text(path.read_text("utf-8").replace("</body>", f"<!-- {text} --></body>"), "utf-8")


def plant_in_documentation(path, text):
    page = path.read_text("utf-8")
    path.write_text(page.replace("</body>", f"{json.dumps(text)}</body>"), "utf-8")


def plant_in_table(path, text):
    content = json.loads(path.read_text("utf-8"))
    content["columns"]["branch_name"]["values"][3] = f"House of {text}"
    path.write_text(json.dumps(content, ensure_ascii=False), "utf-8")


def plant_in_catalog(path, text):
    content = json.loads(path.read_text("utf-8"))
    content["about"]["dim_branches"]["columns"]["city"] += f" Ask {text}."
    path.write_text(json.dumps(content), "utf-8")


def plant_in_parquet(path, text):
    other = path.with_suffix(".other")
    with duckdb.connect() as connection:
        connection.execute(f"create table customers as from '{path}'")
        connection.execute(
            "update customers set value_tier = ? where customer_id ="
            " (select max(customer_id) from customers)",
            [text],
        )
        connection.execute(f"copy customers to '{other}' (format parquet)")
    other.replace(path)


ANYWHERE = {"dashboard/index.html": plant_in_page, "docs/index.html": plant_in_documentation}
IN_DATA = {
    "dashboard/data/branches.json": plant_in_table,
    "dashboard/data/catalog.json": plant_in_catalog,
    "dashboard/data/customers/crm_dashboard.parquet": plant_in_parquet,
}
LONG = ["customer2@example.com", "1968-09-18", "Emma Lefèvre"]
SHORT = ["Emma", "O'Connor", "Søren"]


@pytest.mark.parametrize(
    "file, text",
    [
        *((file, text) for file in ANYWHERE for text in LONG),
        *((file, text) for file in IN_DATA for text in [LONG[0], *SHORT]),
    ],
)
def test_what_is_planted_is_found(site_with_files: Site, personal, tmp_path, file, text):
    copy = tmp_path / file
    copy.parent.mkdir(parents=True)
    shutil.copy(site_with_files.folder / file, copy)
    (ANYWHERE | IN_DATA)[file](copy, text)
    assert look_for(personal, tmp_path) == [f"{file}: {text}"]


def test_a_name_among_the_customers_inside_a_page_is_found(site, personal, tmp_path):
    start, data, end = split((site.folder / "dashboard/index.html").read_text("utf-8"))
    content = json.loads(data)
    parquet = tmp_path / "all.parquet"
    parquet.write_bytes(base64.b64decode(content["files"]["customers/all.parquet"]))
    plant_in_parquet(parquet, "Siobhán")
    content["files"]["customers/all.parquet"] = base64.b64encode(parquet.read_bytes()).decode()
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "index.html").write_text(f"{start}{json.dumps(content)}{end}", "utf-8")
    assert look_for(personal, folder) == ["index.html: Siobhán"]


def split(page: str) -> tuple[str, str, str]:
    mark = 'id="clientele-data">'
    start = page.index(mark) + len(mark)
    end = page.index("</script>", start)
    return page[:start], page[start:end], page[end:]
