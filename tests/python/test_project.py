"""What holds for the project as a whole and no YAML file can say."""

import csv
import re
import subprocess
import sys
from pathlib import Path

import compare
import load_raw
import oracle
import pandas as pd
import pytest
import random_raw
import yaml
from compiled import CompiledProject
from dbt_runs import PROJECT, DbtRuns

LAYERS = {"core": 0, "rfm": 1, "kpis": 2, "campaigns": 2, "service": 2, "board": 3, "dashboard": 4}
PERSONAL = {"first_name", "last_name", "name", "email", "phone", "birth_date", "raw_record"}
PUBLIC_SCHEMAS = ["marts", "intermediate", "seeds"]


@pytest.fixture(scope="module")
def manifest(worker_runs) -> dict:
    """The parsed project."""
    worker_runs("--quiet", "parse")
    return worker_runs.manifest()


def models_of(manifest: dict) -> dict[str, dict]:
    """Models by their unique id."""
    return {k: n for k, n in manifest["nodes"].items() if n["resource_type"] == "model"}


# -- what is kept from build to build --------------------------------------------------------------
def test_rules_of_kept_models_name_every_variable_that_they_read(manifest):
    """Day D shows in the checksums; every other variable has to make kept rows anew."""
    nodes = manifest["nodes"]
    read = set()
    seen = set()
    waiting = [
        name
        for name, node in nodes.items()
        if node["config"].get("incremental_strategy") == "replace_touched"
    ]
    assert len(waiting) > 5
    while waiting:
        name = waiting.pop()
        if name in seen or not name.startswith(("model.clientele.", "macro.clientele.")):
            continue
        seen.add(name)
        node = nodes.get(name) or manifest["macros"][name]
        text = node.get("raw_code") or node.get("macro_sql")
        read |= set(re.findall(r"\bvar\(\s*['\"](\w+)['\"]", text))
        waiting += node["depends_on"].get("nodes", []) + node["depends_on"]["macros"]
    assert "macro.clientele.sum_amount" in seen
    rules = manifest["macros"]["macro.clientele.rules_of_model"]["macro_sql"]
    (listed,) = re.findall(r"for name in \[(.*?)\]", rules)
    assert set(re.findall(r"\w+", listed)) == read - {"as_of_date"}


def test_one_mark_tells_raw_tables_that_the_load_command_made(manifest):
    for engine in load_raw.TARGETS:
        macro = manifest["macros"][f"macro.clientele.{engine}__mark_raw_table"]
        assert load_raw.MARK in macro["macro_sql"]


# -- the raw contract ------------------------------------------------------------------------------
KINDS = {
    "text": "text",
    "decimal": "decimal",
    "integer": "int",
    "date": "date",
    "timestamp": "ts",
    "boolean": "bool",
}


def test_sources_are_the_raw_contract(manifest):
    sources = {s["name"]: s for s in manifest["sources"].values() if s["source_name"] == "crm"}
    assert list(sources) == list(oracle.CONTRACT)
    for table, source in sources.items():
        columns = source["columns"].values()
        found = [
            oracle.Column(
                column["name"],
                KINDS.get(column["data_type"]),
                column["config"]["meta"].get("required", False),
            )
            for column in columns
        ]
        assert found == oracle.CONTRACT[table], table
        rules = source["config"]["meta"]
        assert rules["key"] == oracle.KEYS[table]
        assert rules.get("event") == oracle.EVENT_TIMESTAMP.get(table)
        newest = ["updated_at", "loaded_at"] if table == "customers" else ["loaded_at"]
        assert rules.get("newest", ["loaded_at"]) == newest
        assert rules.get("required", False) == (table == "transactions")
        for column in columns:
            meta, name = column["config"]["meta"], column["name"]
            assert meta.get("lower", False) == (name in oracle.LOWERED), (table, name)
            allowed = oracle.ALLOWED.get((table, name))
            assert set(meta.get("accepted_values", [])) == (allowed or set()), (table, name)
            assert meta.get("default") == oracle.DEFAULTS.get((table, name)), (table, name)
            parent = oracle.REFERENCES.get(table, {}).get(name)
            assert meta.get("references") == parent, (table, name)


def test_models_over_all_tables_leave_none_out(manifest):
    """Macro raw_table_names lists the tables once more, for the time while dbt parses."""
    tables = {s["name"] for s in manifest["sources"].values() if s["source_name"] == "crm"}
    models = {node["name"]: node for node in models_of(manifest).values()}
    for name, prefix in (
        ("base_crm__batch_counts", "base_crm__"),
        ("base_crm__rejected_rows", "base_crm__"),
        ("data_quality", "stg_crm__"),
    ):
        parents = {parent.split(".")[-1] for parent in models[name]["depends_on"]["nodes"]}
        found = {p.removeprefix(prefix) for p in parents if p.startswith(prefix)}
        assert found - {"batches"} == tables, name


# -- layers and names ------------------------------------------------------------------------------
def test_data_flow_one_way(manifest):
    models = models_of(manifest)
    wrong = []
    for node in models.values():
        layer, *folders = node["fqn"][1:-1]
        for parent_id in node["depends_on"]["nodes"]:
            name = f"{node['name']} reads {parent_id}"
            if parent_id.startswith("source."):
                # what the project keeps for itself is no raw data
                if layer != "staging" and not parent_id.startswith("source.clientele.kept."):
                    wrong.append(name)
                continue
            if parent_id not in models:
                continue
            parent_layer, *parent_folders = models[parent_id]["fqn"][1:-1]
            order = ["staging", "intermediate", "marts"]
            if order.index(parent_layer) > order.index(layer):
                wrong.append(name)
            elif layer == parent_layer == "marts":
                own, other = folders[0], parent_folders[0]
                if own != other and LAYERS[other] >= LAYERS[own]:
                    wrong.append(name)
    assert not wrong, "\n".join(wrong)


def test_schemas_are_those_of_the_design(manifest):
    wrong = []
    for node in models_of(manifest).values():
        layer = node["fqn"][1]
        personal = {
            *("dim_customer_contacts", "rejected_record_contents"),
            *("customer_360_contacts", "possible_duplicate_customers"),
        }
        schema = "pii" if node["name"] in personal else layer
        if node["schema"] != schema:
            wrong.append(f"{node['name']} is in {node['schema']}, not in {schema}")
    seeds = {n["schema"] for n in manifest["nodes"].values() if n["resource_type"] == "seed"}
    assert not wrong, "\n".join(wrong)
    # overrides name customers by the keys of their source
    assert seeds == {"seeds", "staging"}


FORBIDDEN = {
    r"target\s*\.\s*type": "an engine's name; dispatch a macro instead",
    r"\b(current_date|current_timestamp|current_time|localtimestamp|getdate|sysdate|today|now)\b": (
        "the wall clock"
    ),
    r"modules\.datetime|run_started_at": "the wall clock",
    r"::": "a cast that only some engines know",
    r"\bas\s+(float|double|real|float4|float8)\b": "floating point",
}


@pytest.mark.parametrize("pattern", FORBIDDEN)
@pytest.mark.parametrize("folder", ["models", "macros", "analyses", "tests"])
def test_sql_does_not_use(folder, pattern):
    wrong = []
    for file in sorted((PROJECT / folder).rglob("*.sql")):
        text = file.read_text("utf-8")
        # comments may speak of it, and so may texts
        text = re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL)
        for number, line in enumerate(text.splitlines(), start=1):
            code = re.sub(r"--.*", "", line)
            # DuckDB's own reader of typed raw columns tells floating point apart
            if folder == "macros" and file.name == "read_raw_value.sql" and "double" in pattern:
                continue
            if re.search(pattern, code, flags=re.IGNORECASE):
                wrong.append(f"{file.relative_to(PROJECT)}:{number}: {line.strip()}")
    assert not wrong, f"{FORBIDDEN[pattern]}:\n" + "\n".join(wrong)


# -- descriptions ----------------------------------------------------------------------------------
def test_everything_is_described(manifest, compiled):
    missing = []

    def look(name: str, description: str | None) -> None:
        # a stub such as 'x' describes nothing
        if len((description or "").strip()) < 10:
            missing.append(name)

    nodes = [n for n in manifest["nodes"].values() if n["resource_type"] in ("model", "seed")]
    for node in [*nodes, *manifest["sources"].values()]:
        look(node["name"], node["description"])
        for column in node["columns"].values():
            look(f"{node['name']}.{column['name']}", column["description"])
    for macro in manifest["macros"].values():
        # generic tests are documented like macros; materialisations and overrides of dbt's are not
        if macro["package_name"] != "clientele" or "__" in macro["name"]:
            continue
        look(f"macro {macro['name']}", macro["description"])
        for argument in macro["arguments"]:
            look(f"macro {macro['name']}({argument['name']})", argument["description"])
    built = {}
    with compiled().run({}) as connection:
        for schema, table, column in connection.execute(
            "select table_schema, table_name, column_name from information_schema.columns"
            " where table_schema <> 'raw'"
        ).fetchall():
            built.setdefault((schema, table), set()).add(column)
    for node in nodes:
        described = {column["name"] for column in node["columns"].values()}
        columns = built[node["schema"], node["alias"]]
        missing += [f"{node['name']}.{column}" for column in sorted(columns - described)]
        missing += [f"{node['name']}.{c} (not there)" for c in sorted(described - columns)]
    text = (PROJECT / "dbt_project.yml").read_text("utf-8")
    for name in yaml.safe_load(text)["vars"]:
        if not re.search(rf"^  #.*\n  {name}:", text, flags=re.MULTILINE):
            missing.append(f"variable {name}")
    assert not missing, f"{len(missing)} without a description: {', '.join(missing)}"


# -- types and personal data -----------------------------------------------------------------------
# Outputs of a model of chance are doubles: probabilities, predictions, ends of intervals.
MODEL_OUTPUT = (
    r".*probability.*|expected_.*(count|amount).*|predicted_.*|discounted_.*|.*_(low|high)"
    r"|mean_absolute_error|bias"
)
TYPES = [
    (MODEL_OUTPUT, "DOUBLE"),
    (r"(is|has)_.*|.*_opt_in", "BOOLEAN"),
    (r"(average|median)_.*_(days|hours|purchases)", "DECIMAL(18,4)"),
    (r".*_of_(week|month|quarter|year)|.*_number", "INTEGER"),
    (r"average_.*_amount", "DECIMAL(18,4)"),
    (r".*_amount(_in_window|_lifetime)?", "DECIMAL(18,2)"),
    (r".*(_share|_rate|_change_on_previous_(period|year))", "DECIMAL(18,6)"),
    (r".*(_date|_month|opened_on|starts_on|ends_on)", "DATE"),
    (r".*_at", "TIMESTAMP"),
    (r"(recency|frequency|monetary)_score|.*_days|.*_rank|months_since", "INTEGER"),
    (r".*_count(_in_window|_lifetime)?", ("INTEGER", "BIGINT")),
    (r".*_id|rfm_score|.*_segment|segment|scheme|channel|period_grain|.*_key|reason", "VARCHAR"),
]


def test_types_follow_names(compiled):
    """Money two digits, averages four, shares six: on empty data too, where a NULL has no type."""
    wrong = []
    with compiled().run({}) as connection:
        for table, column, kind in connection.execute(
            "select table_name, column_name, data_type from information_schema.columns"
            " where table_schema in ('marts', 'pii')"
        ).fetchall():
            for pattern, wanted in TYPES:
                if re.fullmatch(pattern, column):
                    if kind not in (wanted if isinstance(wanted, tuple) else (wanted,)):
                        wrong.append(f"{table}.{column} is {kind}, not {wanted}")
                    break
            if kind in ("FLOAT", "HUGEINT") or (
                kind == "DOUBLE" and not re.fullmatch(MODEL_OUTPUT, column)
            ):
                wrong.append(f"{table}.{column} is {kind}")
    assert not wrong, "\n".join(wrong)


def test_only_pii_holds_personal_data(compiled):
    secrets = {
        "first_name": "Xaverine",
        "last_name": "Quillfeather",
        "email": "xq@secret.example",
        "phone": "0700 123 987",
        "birth_date": "1971-03-19",
    }
    people = [
        {"customer_id": "A", "loaded_at": "2024-01-01", **secrets},
        {"customer_id": "", "loaded_at": "2024-01-01", **secrets},
        {"customer_id": "D", "loaded_at": "2024-01-01", **secrets},
    ]
    raw = {
        "customers": pd.DataFrame(people, dtype=object),
        "customer_merges": pd.DataFrame(
            [{"duplicate_customer_id": "D", "customer_id": "E"}], dtype=object
        ),
        "transactions": pd.DataFrame(
            [
                {
                    "transaction_id": "1",
                    "customer_id": customer,
                    "transacted_at": "2024-01-01",
                    "amount": "5",
                }
                for customer in "AE"
            ],
            dtype=object,
        ),
    }
    found, looked_at = [], 0
    with compiled().run(raw) as connection:
        tables = connection.execute(
            "select table_schema, table_name, list(column_name) from information_schema.columns"
            " where table_schema in (select unnest(?)) group by all",
            [PUBLIC_SCHEMAS],
        ).fetchall()
        for schema, table, columns in tables:
            found += [f"{schema}.{table}.{name}" for name in columns if name in PERSONAL]
            for row in connection.execute(f"from {schema}.{table}").fetchall():
                looked_at += 1
                text = " ".join(map(str, row))
                found += [f"{schema}.{table}: {s}" for s in secrets.values() if s in text]
        contacts = connection.execute("from pii.dim_customer_contacts order by all").fetchall()
        contents = connection.execute("select raw_record from pii.rejected_records").fetchall()
    assert looked_at > 100
    assert not found, "\n".join(found)
    # they are not lost either
    assert [row[0] for row in contacts] == ["A", "E"]
    assert all(secrets["email"] in row for row in contacts)
    assert len(contents) == 1 and secrets["phone"] in contents[0][0]


# -- the page --------------------------------------------------------------------------------------
def page_marts() -> set[str]:
    """Marts that the page reads; its list of customers is written from customer_360."""
    tables = yaml.safe_load((PROJECT / "dashboard/data.yml").read_text("utf-8"))
    return {table["mart"] for table in tables.values()} | {"customer_360"}


def test_exposures_are_what_the_page_reads(manifest):
    read = set()
    for exposure in manifest["exposures"].values():
        parents = [name.split(".") for name in exposure["depends_on"]["nodes"]]
        assert all(kind == "model" for kind, *_ in parents), exposure["name"]
        assert parents and len(exposure["description"]) > 50, exposure["name"]
        assert exposure["owner"]["name"] and exposure["owner"]["email"].endswith("@example.com")
        read |= {name for *_, name in parents}
    assert read == page_marts()


def test_exposures_lead_to_a_section_of_the_page(manifest):
    script = (PROJECT / "dashboard/src/main.js").read_text("utf-8")
    sections = re.findall(r'"(\w+)"', re.search(r"const SECTIONS = \[(.*?)\]", script).group(1))
    urls = {exposure["url"] for exposure in manifest["exposures"].values()}
    # the first section is where the page opens
    assert urls == {f"../dashboard/index.html#section={name}" for name in sections[1:]}
    assert len(manifest["exposures"]) == len(urls)


def test_specification_of_the_page_names_columns_that_are_there(manifest):
    """Every `mart.column` exists, and no column that the page reads for its figures is left out."""
    columns = {node["name"]: set(node["columns"]) for node in models_of(manifest).values()}
    text = manifest["docs"]["doc.clientele.dashboard"]["block_contents"]
    named = set(re.findall(r"`(\w+)\.(\w+)`", text)) - {("dashboard", "data")}
    wrong = [f"{mart}.{column}" for mart, column in named if column not in columns.get(mart, ())]
    assert not wrong, sorted(wrong)
    linked = set(re.findall(r"model\.clientele\.(\w+)\)", text))
    assert {mart for mart, _ in named} | linked == page_marts()
    figures = r".*_(amount|count|rate|share)|value|target|variance|nps|roi|roas|lift"
    not_shown = {
        *(("fct_segment_split", name) for name in ("sales_amount", "average_sales_amount")),
    }
    tables = yaml.safe_load((PROJECT / "dashboard/data.yml").read_text("utf-8"))
    read = {(t["mart"], name) for t in tables.values() for name in t["columns"]}
    left_out = {pair for pair in read - named - not_shown if re.fullmatch(figures, pair[1])}
    assert not left_out, sorted(left_out)


# -- seeds -----------------------------------------------------------------------------------------
def change_rows(path: Path, change) -> int:
    """Change the rows of a CSV file; returns how many were changed."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    changed = 0
    for row in rows:
        before = dict(row)
        change(row)
        changed += row != before
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return changed


def test_scale_and_segments_change_by_seeds_alone(project_copy, tmp_path, monkeypatch):
    """Rename a segment, move a code, move cut points: nothing else in the project changes."""
    seeds = project_copy / "seeds"

    def rename(row: dict) -> None:
        if row["scheme"] == "crm_dashboard" and row["segment"] == "Dormant":
            row["segment"] = "Asleep"

    def move(row: dict) -> None:
        if (row["scheme"], row["rfm_score"]) == ("customer_360", "411"):
            row["segment"] = "Loyal"

    new_bounds = {("recency", "4"): "20", ("monetary", "1"): "90.01", ("frequency", "2"): "4"}
    new_bounds |= {("frequency", "3"): "6"}

    def move_bound(row: dict) -> None:
        row["upper_bound"] = new_bounds.get((row["measure"], row["score"]), row["upper_bound"])

    assert change_rows(seeds / "segment_lookup.csv", rename) == 4
    assert change_rows(seeds / "segment_texts.csv", rename) == 1
    assert change_rows(seeds / "segment_lookup.csv", move) == 1
    assert change_rows(seeds / "rfm_scale.csv", move_bound) == 4
    change_rows(
        seeds / "attribution_windows.csv",
        lambda row: row.update(window_hours="48" if row["channel"] == "email" else "120"),
    )

    rules = [("Asleep" if n == "Dormant" else n, rule) for n, rule in oracle.CRM_DASHBOARD_RULES]
    names = ["Asleep" if n == "Dormant" else n for n in oracle.SCHEMES["crm_dashboard"]]
    hours = {"email": 48, "sms": 120, "other": 120}
    monkeypatch.setattr(oracle, "CRM_DASHBOARD_RULES", rules)
    order = ["Asleep" if n == "Dormant" else n for n in oracle.DISPLAY_ORDER["crm_dashboard"]]
    monkeypatch.setitem(oracle.SCHEMES, "crm_dashboard", names)
    monkeypatch.setitem(oracle.DISPLAY_ORDER, "crm_dashboard", order)
    monkeypatch.setitem(oracle.CUSTOMER_360_OF_CODE, "411", "Loyal")
    monkeypatch.setattr(
        oracle,
        "recency_points",
        lambda days: 4 if days <= 20 else 3 if days <= 61 else 2 if days <= 91 else 1,
    )
    monkeypatch.setattr(
        oracle,
        "frequency_points",
        lambda count: 1 if count <= 2 else 2 if count <= 4 else 3 if count <= 6 else 4,
    )
    cut_points = [oracle.Decimal("90.01"), 180, 270]
    monkeypatch.setattr(
        oracle, "monetary_points", lambda amount: 1 + sum(amount > cut for cut in cut_points)
    )
    monkeypatch.setattr(
        oracle,
        "ATTRIBUTION_WINDOWS",
        {channel: oracle.timedelta(hours=n) for channel, n in hours.items()},
    )
    project = CompiledProject(DbtRuns(tmp_path / "dbt", project_copy))
    for seed in (61, 62):
        raw = random_raw.make_raw(seed)
        with project.run(raw) as connection:
            messages = compare.all_differences(oracle.build_marts(raw, seeds_dir=seeds), connection)
            segments = connection.execute("select segment from marts.dim_segments").fetchall()
        assert not messages, "\n".join([f"seed {seed}:", *messages])
        assert ("Asleep",) in segments and ("Dormant",) not in segments


def test_seeds_are_the_published_schemes():
    """The 64 codes of both schemes, the scale and the windows, as the design has them."""
    rows = list(csv.DictReader((PROJECT / "seeds/segment_lookup.csv").open(encoding="utf-8")))
    found = {(row["scheme"], row["rfm_score"]): row["segment"] for row in rows}
    expected = {
        (scheme, f"{r}{f}{m}"): oracle.segment_of(scheme, r, f, m)
        for scheme in oracle.SCHEMES
        for r in range(1, 5)
        for f in range(1, 5)
        for m in range(1, 5)
    }
    assert found == expected and len(rows) == len(expected)
    also = {r["rfm_score"]: r["also_listed_in"] for r in rows if r["also_listed_in"]}
    assert also == {"343": "Potential", "124": "At Risk", "131": "At Risk", "141": "At Risk"}
    texts = list(csv.DictReader((PROJECT / "seeds/segment_texts.csv").open(encoding="utf-8")))
    order = {
        scheme: [
            t["segment"]
            for t in sorted(texts, key=lambda t: int(t["display_order"]))
            if t["scheme"] == scheme
        ]
        for scheme in oracle.SCHEMES
    }
    # not the order of the sizes: Price Sensitive stands before At Risk
    assert order["customer_360"] == [
        "Champion", "Loyal", "Potential", "Promising", "New", "Attention Needed",
        "Price Sensitive", "At Risk", "Lost",
    ]  # fmt: skip
    assert order["crm_dashboard"] == [
        "Champions", "Loyal Customers", "Active Customers", "Promising", "Needs Attention",
        "At Risk", "Previously Loyal", "Almost Lost", "Dormant",
    ]  # fmt: skip
    assert all(t["description"] and t["characteristics"] and t["recommended_action"] for t in texts)


# -- scripts and analyses --------------------------------------------------------------------------
SCRIPTS = sorted(path.name for path in (PROJECT / "scripts").glob("[!_]*.py"))


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_explain_themselves(script):
    done = subprocess.run(
        [sys.executable, str(PROJECT / "scripts" / script), "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "usage" in done.stdout.lower() and len(done.stdout) > 100, done.stdout


def read_sample() -> dict[str, pd.DataFrame]:
    """The committed sample as frames of text."""
    return {
        path.stem: pd.read_csv(path, dtype=str, keep_default_na=False)
        for path in sorted((PROJECT / "data/sample").glob("*.csv"))
    }


def test_analyses_answer_on_the_sample(worker_runs, compiled):
    analyses = sorted((PROJECT / "analyses").glob("*.sql"))
    assert analyses, "there is no analysis"
    project = compiled()
    worker_runs("--quiet", "compile", "--select", "path:analyses")
    folder = worker_runs.target() / "compiled/clientele/analyses"
    wrong = []
    with project.run(read_sample()) as connection:
        for path in analyses:
            try:
                rows = connection.execute((folder / path.name).read_text("utf-8")).fetchall()
            except Exception as error:
                wrong.append(f"{path.name}: {error}")
                continue
            if not rows:
                wrong.append(f"{path.name}: no row on the sample")
    assert not wrong, "\n".join(wrong)
