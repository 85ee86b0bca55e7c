"""The metrics of MetricFlow equal the marts, cell by cell, at every grain."""

import csv
import json
import re
import shlex
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import random_raw
import test_marts_equal_oracle
import yaml
from conftest import locked
from dbt_runs import PROJECT, DbtRuns
from metricflow_runs import run_mf
from test_project import read_sample

GRAINS = ["day", "week", "month", "quarter", "year"]
# the column of the marts that each metric equals
COLUMNS = {
    "sales": "fct_period_kpis.sales_amount",
    "refunds": "fct_period_kpis.refund_amount",
    "net_sales": "fct_period_kpis.net_sales_amount",
    "vip_sales": "fct_period_kpis.vip_sales_amount",
    "vip_sales_share": "fct_period_kpis.vip_sales_share",
    "vip_purchases": "fct_period_kpis.purchase_count",
    "customers": "fct_period_kpis.customer_count",
    "new_customers": "fct_period_kpis.new_customer_count",
    "returning_customers": "fct_period_kpis.returning_customer_count",
    "return_rate": "fct_period_kpis.return_rate",
    "average_transaction": "fct_period_kpis.average_transaction_amount",
    "average_customer": "fct_period_kpis.average_customer_amount",
    "crm_sales": "fct_sales_trend.crm_sales_amount",
    "ecommerce_sales": "fct_sales_trend.ecommerce_sales_amount",
}
# MetricFlow divides in floating point, the marts exactly, rounded to so many digits
DIGITS = {
    "vip_sales_share": 6,
    "return_rate": 6,
    "average_transaction": 4,
    "average_customer": 4,
}
# what the metrics say of a period for which they have no row, and the marts of one they do not know
NOTHING = {metric: None if metric in DIGITS else Decimal(0) for metric in COLUMNS}

Periods = dict[date, dict[str, Decimal | None]]


def query(grain: str) -> list[str]:
    """The command that asks for all metrics by one grain."""
    return ["query", "--metrics", ",".join(COLUMNS), "--group-by", f"metric_time__{grain}"]


def number(value) -> Decimal | None:
    """A value of a CSV file or of a database as a decimal."""
    return None if value in ("", None) else Decimal(str(value))


def read_metrics(grain: str, rows: list[dict]) -> Periods:
    """Rows of a query by period."""
    periods = {}
    for row in rows:
        start = date.fromisoformat(str(row[f"metric_time__{grain}"])[:10])
        assert start not in periods, f"the {grain} {start} has two rows"
        periods[start] = {metric: number(row[metric]) for metric in COLUMNS}
    return periods


def read_marts(grain: str, execute) -> Periods:
    """The same figures as the marts have them; ``execute`` gives the rows of a query."""
    fields = ", ".join(f"{column} as {metric}" for metric, column in COLUMNS.items())
    rows = execute(
        f"select fct_period_kpis.period_start_date, {fields} from marts.fct_period_kpis"
        " inner join marts.fct_sales_trend"
        " on fct_period_kpis.period_grain = fct_sales_trend.period_grain"
        " and fct_period_kpis.period_start_date = fct_sales_trend.period_start_date"
        f" where fct_period_kpis.period_grain = '{grain}'"
    )
    return {start: dict(zip(COLUMNS, map(number, values), strict=True)) for start, *values in rows}


def equal(metric: str, found: Decimal | None, expected: Decimal | None) -> bool:
    """Whether a metric's value is that of the mart."""
    if found is None or expected is None:
        return found is expected
    if metric not in DIGITS:
        return found == expected
    half_a_digit = Decimal(5).scaleb(-DIGITS[metric] - 1)
    return abs(found - expected) <= half_a_digit + abs(expected) * Decimal("1e-12")


def differences(grain: str, found: Periods, expected: Periods) -> list[str]:
    """Say in which periods and metrics both differ."""
    return [
        f"{grain} {start}, {metric}: {of_metric} in MetricFlow, {of_mart} in {COLUMNS[metric]}"
        for start in sorted(found.keys() | expected.keys())
        for metric in COLUMNS
        for of_metric in [found.get(start, NOTHING)[metric]]
        for of_mart in [expected.get(start, NOTHING)[metric]]
        if not equal(metric, of_metric, of_mart)
    ]


# -- as a user asks --------------------------------------------------------------------------------
def code_blocks(path: Path, language: str) -> list[str]:
    """Code of one language in a page."""
    return re.findall(
        rf"^```{language}\n(.*?)^```", path.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )


# dimensions of other marts, and the SQL that reaches them without MetricFlow
JOINED = {
    "customer__crm_dashboard_segment": "crm_dashboard_segment",
    "branch__region": "dim_branches.region",
    "campaign__campaign_name": "campaign_name",
}


def by_dimension(runs: DbtRuns, dimension: str) -> dict:
    """Sales, CRM sales and customers by a dimension, with the joins written out."""
    rows = runs.query(
        f"select {JOINED[dimension]}, sum(amount), coalesce(sum(amount) filter (is_crm_sale), 0),"
        " count(distinct customer_id) from marts.fct_transactions as sales"
        " left join marts.dim_customers using (customer_id)"
        " left join marts.dim_branches using (branch_id)"
        " left join marts.dim_campaigns on attributed_campaign_id = dim_campaigns.campaign_id"
        " where is_purchase group by 1"
    )
    return {value or "": figures for value, *figures in rows}


def test_one_query_per_grain_equals_the_marts_of_the_sample(project_copy, tmp_path):
    """Really built and asked: all metrics, the saved query, and what docs/metrics.md says."""
    page = PROJECT / "docs/metrics.md"
    (example,) = code_blocks(page, "yaml")
    (project_copy / "models/metrics/_example.yml").write_text(example, encoding="utf-8")
    runs = DbtRuns(tmp_path / "runs", project=project_copy)
    # what the metrics read, and what they are compared with
    marts = ["fct_period_kpis", "fct_sales_trend", "fct_cohort_retention"]
    wanted = ["+semantic_model:*", "+dim_dates", *(f"+{mart}" for mart in marts)]
    without_tests = ["--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
    sample = PROJECT / "data/sample"
    runs("--quiet", "--warn-error", "build", "--select", *wanted, *without_tests, raw=sample)

    queries = {grain: query(grain) for grain in GRAINS}
    queries["month"] = ["query", "--saved-query", "period_kpis"]
    for dimension in JOINED:
        queries[dimension] = ["query", "--metrics", "sales,crm_sales,customers"]
        queries[dimension] += ["--group-by", dimension]
    buyers = "customers,first_time_buyers,vip_or_first_time_buyers"
    queries["buyers"] = ["query", "--metrics", buyers, "--group-by", "metric_time__month"]
    files = {name: tmp_path / f"{name}.csv" for name in queries}
    commands = [[*queries[name], "--quiet", "--csv", str(files[name])] for name in queries]
    lines = "".join(code_blocks(page, "sh")).splitlines()
    commands += [shlex.split(line)[1:] for line in lines if line.startswith("mf ")]
    assert ["validate-configs"] in commands
    run_mf(runs, commands)
    found = {
        name: list(csv.DictReader(file.open(encoding="utf-8"))) for name, file in files.items()
    }

    messages = []
    for grain in GRAINS:
        expected = read_marts(grain, runs.query)
        assert expected
        messages += differences(grain, read_metrics(grain, found[grain]), expected)
    assert not messages, "\n".join(messages[:20])

    # over a join nothing is lost or counted twice
    for dimension in JOINED:
        expected = by_dimension(runs, dimension)
        assert len(expected) > 5
        assert {
            row[dimension]: [number(row[m]) for m in ("sales", "crm_sales", "customers")]
            for row in found[dimension]
        } == expected

    cohorts = runs.query(
        "select cohort_month, cohort_size from marts.fct_cohort_retention where months_since = 0"
    )
    # the last month is not complete and has no cohort yet
    *complete, _ = sorted(found["buyers"], key=lambda row: row["metric_time__month"])
    assert {row["metric_time__month"][:10]: int(row["first_time_buyers"]) for row in complete} == {
        str(month): size for month, size in cohorts
    }
    assert all(row["vip_or_first_time_buyers"] == row["customers"] for row in found["buyers"])


# -- the same SQL on other data --------------------------------------------------------------------
@pytest.fixture(scope="session")
def metric_sql(worker_runs, shared_folder) -> dict[str, str]:
    """The SQL of the query per grain, as ``mf query --explain`` shows it; workers share it."""
    path = shared_folder / "metric_sql.json"
    with locked(shared_folder / "metric_sql.lock"):
        if not path.exists():
            worker_runs("--quiet", "parse")
            answers = run_mf(worker_runs, [[*query(g), "--explain", "--quiet"] for g in GRAINS])
            texts = {g: answer.output for g, answer in zip(GRAINS, answers, strict=True)}
            path.write_text(json.dumps(texts), encoding="utf-8")
    return json.loads(path.read_text("utf-8"))


def compare_all(connection, metric_sql: dict[str, str]) -> tuple[list[str], dict[str, Periods]]:
    """Differences at all grains, and what the metrics are."""
    messages, metrics = [], {}
    for grain in GRAINS:
        answer = connection.execute(metric_sql[grain])
        names = [column[0] for column in answer.description]
        rows = [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
        metrics[grain] = read_metrics(grain, rows)
        expected = read_marts(grain, lambda sql: connection.execute(sql).fetchall())
        messages += differences(grain, metrics[grain], expected)
    return messages, metrics


@pytest.mark.parametrize(
    "name", ["default", "members_in_new_york", "members_on_a_day_in_newfoundland"]
)
@pytest.mark.parametrize("seed", [600, 601])
def test_metrics_equal_the_marts_of_random_data(compiled, metric_sql, name, seed):
    variables = test_marts_equal_oracle.VARIABLES[name]
    day = random_raw.Maker(seed, 1, 1).last_day if "as_of_date" in variables else None
    with compiled(variables).run(random_raw.make_raw(seed), day) as connection:
        messages, metrics = compare_all(connection, metric_sql)
    assert not messages, "\n".join([f"seed {seed}, variables {variables}:", *messages[:20]])
    assert any(row["sales"] for row in metrics["day"].values())
    assert any(row["refunds"] for row in metrics["day"].values())
    assert any(row["new_customers"] for row in metrics["year"].values())


def test_metrics_equal_the_marts_of_the_sample_for_members(compiled, metric_sql):
    variables = test_marts_equal_oracle.VARIABLES["members_in_new_york"]
    with compiled(variables).run(read_sample()) as connection:
        messages, metrics = compare_all(connection, metric_sql)
    assert not messages, "\n".join(messages[:20])
    # who joined later than they first bought may be new in a month, and returning on that day
    new = {grain: sum(row["new_customers"] for row in metrics[grain].values()) for grain in GRAINS}
    assert 0 < new["day"] < new["month"] < new["year"], new


# -- names and descriptions ------------------------------------------------------------------------
@pytest.fixture(scope="module")
def manifest(worker_runs) -> dict:
    """The parsed project."""
    worker_runs("--quiet", "parse")
    return worker_runs.manifest()


def test_metrics_are_described_as_their_columns_are(manifest):
    metrics = {metric["name"]: metric for metric in manifest["metrics"].values()}
    for name, column in COLUMNS.items():
        model, column_name = column.split(".")
        columns = manifest["nodes"][f"model.clientele.{model}"]["columns"]
        description = columns[column_name]["description"].strip()
        assert metrics[name]["description"].strip().startswith(description), name
        # dbt puts the name where there is no label
        assert metrics[name]["label"] not in ("", name)


def test_what_a_query_can_name_is_described(manifest):
    missing = []
    described = [*manifest["metrics"].values(), *manifest["saved_queries"].values()]
    for semantic_model in manifest["semantic_models"].values():
        described.append(semantic_model)
        for kind in ("entities", "dimensions", "measures"):
            described += semantic_model[kind]
    for thing in described:
        if len((thing["description"] or "").strip()) < 10:
            missing.append(thing["name"])
    assert not missing, ", ".join(missing)
    assert len(described) > 50


def test_the_saved_query_and_the_page_have_all_metrics(manifest):
    (saved_query,) = manifest["saved_queries"].values()
    assert saved_query["query_params"]["metrics"] == list(COLUMNS)
    text = (PROJECT / "docs/metrics.md").read_text("utf-8")
    (table,) = re.findall(r"^## The metrics\n(.*?)^- ", text, re.DOTALL | re.MULTILINE)
    metrics = {metric["name"] for metric in manifest["metrics"].values()}
    assert metrics <= set(re.findall(r"`(\w+)`", table))


def test_the_example_adds_no_metric_that_is_there():
    (example,) = code_blocks(PROJECT / "docs/metrics.md", "yaml")
    assert not COLUMNS.keys() & {metric["name"] for metric in yaml.safe_load(example)["metrics"]}
