"""Revenue tree, sales forecast and manual segments: what needs whole numbers, months or files."""

import calendar
import csv
import math
import random
import re
from datetime import date
from fractions import Fraction
from itertools import permutations

import duckdb
import pandas as pd
import pytest
from compiled import CompiledProject
from dbt_runs import PROJECT, DbtRuns


def run_model(
    project: CompiledProject, name: str, parents: dict[str, tuple[str, list[tuple]]]
) -> list[dict]:
    """Rows of one model on made-up parents: name with schema -> (names and types, rows)."""
    (node,) = [node for node in project.nodes if node["path"].endswith(f"/{name}.sql")]
    with duckdb.connect() as connection:
        connection.execute(f"attach ':memory:' as {project.database}; use {project.database}")
        for parent, (columns, rows) in parents.items():
            connection.execute(f"create schema if not exists {parent.split('.')[0]}")
            connection.execute(f"create table {parent} ({columns})")
            marks = ", ".join("?" * len(columns.split(",  ")))
            connection.executemany(f"insert into {parent} values ({marks})", rows)
        result = connection.execute(node["sql"])
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def round_half_away(value: Fraction) -> int:
    """The nearest whole number; half of one is rounded away from zero."""
    nearest = math.floor(abs(value) + Fraction(1, 2))
    return nearest if value >= 0 else -nearest


# -- revenue tree ----------------------------------------------------------------------------------
KPIS = (
    "period_grain varchar,  period_start_date date,  is_complete boolean,  customer_count bigint,  "
    "purchase_count bigint,  vip_sales_amount decimal(18, 2)"
)
PERIODS = "period_grain varchar,  period_start_date date,  previous_period_start_date date"
EFFECTS = ["customer_effect_amount", "frequency_effect_amount", "transaction_value_effect_amount"]


def parts_of_change(before: tuple[int, int, int], after: tuple[int, int, int]) -> list[int]:
    """Cents that customers, frequency and amount have changed, over all orders of the three."""

    def factors(customers: int, purchases: int, cents: int) -> list[Fraction]:
        return [Fraction(customers), Fraction(purchases, customers), Fraction(cents, purchases)]

    parts = [Fraction(0)] * 3
    for order in permutations(range(3)):
        current, later = factors(*before), factors(*after)
        for position in order:
            sales = math.prod(current)
            current[position] = later[position]
            parts[position] += (math.prod(current) - sales) / 6
    first, second = (round_half_away(part) for part in parts[:2])
    return [first, second, after[2] - before[2] - first - second]


def draw_figures(draw: random.Random, size: int) -> tuple[int, int, int]:
    """Customers, purchases and cents of a period of some size; small ones make ties."""
    customers = draw.randint(1, size)
    purchases = customers + draw.randint(0, 4 * size)
    return customers, purchases, purchases + draw.randint(0, 20 * size)


@pytest.mark.parametrize("size", [1, 2, 3, 10, 1000, 10**6, 10**8])
def test_parts_of_a_change_are_exact(compiled, size):
    """To the cent, for a shop of one customer and for more than anyone has."""
    draw = random.Random(size)
    figures = [draw_figures(draw, size) for _ in range(400)]
    days = [date.fromordinal(700_000 + number) for number in range(len(figures))]
    found = run_model(
        compiled(),
        "fct_revenue_tree",
        {
            "marts.fct_period_kpis": (
                KPIS,
                [
                    ("day", day, True, customers, purchases, f"{cents // 100}.{cents % 100:02d}")
                    for day, (customers, purchases, cents) in zip(days, figures, strict=True)
                ],
            ),
            "intermediate.int_periods_spined": (
                PERIODS,
                [("day", day, date.fromordinal(day.toordinal() - 1)) for day in days],
            ),
        },
    )
    by_day = {row["period_start_date"]: [row[name] for name in EFFECTS] for row in found}
    assert by_day.pop(days[0]) == [None] * 3
    for number in range(1, len(figures)):
        expected = parts_of_change(figures[number - 1], figures[number])
        cents = [int(amount * 100) for amount in by_day[days[number]]]
        assert cents == expected, (figures[number - 1], figures[number])


def test_parts_that_cannot_be_shown_are_left_out(compiled):
    """Had ten million customers each spent what one has, the sum would have 20 digits."""
    figures = [(1, 1, 10**17), (10**7, 10**7, 10**17)]
    rows = [
        ("year", date(2023 + number, 1, 1), True, *figure[:2], f"{figure[2] // 100}.00")
        for number, figure in enumerate(figures)
    ]
    found = run_model(
        compiled(),
        "fct_revenue_tree",
        {
            "marts.fct_period_kpis": (KPIS, rows),
            "intermediate.int_periods_spined": (
                PERIODS,
                [("year", date(y, 1, 1), date(y - 1, 1, 1)) for y in (2023, 2024)],
            ),
        },
    )
    assert [[row[name] for name in EFFECTS] for row in found] == [[None] * 3] * 2


# -- sales forecast --------------------------------------------------------------------------------
def month_after(month: date, number: int = 1) -> date:
    """First day of a month some months later."""
    index = 12 * month.year + month.month - 1 + number
    return date(index // 12, index % 12 + 1, 1)


def last_day(month: date) -> date:
    """Last day of a month."""
    return month.replace(day=calendar.monthrange(month.year, month.month)[1])


def predict(history: list[int], first_month: date, step: int) -> tuple[int, int]:
    """Cents that the method as it is documented predicts, and those of the naive forecast."""
    trained = history[-36:]
    places = range(1 - len(trained), 1)
    origin = month_after(first_month, len(history) - 1)
    month_of = {place: month_after(origin, place).month for place in places}
    sales = dict(zip(places, trained, strict=True))

    parts: dict[int, list[int]] = {}
    for place in places:
        if len(trained) >= 24 and place - 6 in sales and place + 6 in sales:
            around = [sales[place + distance] for distance in range(-6, 7)]
            base = sum(around) + sum(around[1:-1])
        elif 12 <= len(trained) < 24 and place > -12:
            base = 2 * sum(trained[-12:])
        else:
            continue
        parts.setdefault(month_of[place], []).append((sales[place], base))
    index = {}
    for month, pairs in parts.items():
        sold, base = (sum(column) for column in zip(*pairs, strict=True))
        if base:
            index[month] = Fraction(round_half_away(Fraction(24 * sold * 10**6, base)), 10**6)

    points = [
        (place, round_half_away(sales[place] / index.get(month_of[place], Fraction(1))))
        for place in places
        if index.get(month_of[place], 1)
    ]
    season = index.get(month_after(origin, step).month, Fraction(1))
    trend = points[0][1] if points else 0
    if len(points) > 1:
        middle = Fraction(sum(place for place, _ in points), len(points))
        mean = Fraction(sum(cents for _, cents in points), len(points))
        slope = sum((place - middle) * (cents - mean) for place, cents in points) / sum(
            (place - middle) ** 2 for place, _ in points
        )
        trend = round_half_away(mean + slope * (step - middle))
    naive = history[step - 13] if len(history) + step > 12 else history[-1]
    return round_half_away(max(trend, 0) * season), naive


def forecast(project: CompiledProject, first_month: date, cents: list[int]) -> list[dict]:
    """Forecasts and backtests of a shop with one sale a month, in the model that makes them."""
    months = [month_after(first_month, number) for number in range(len(cents) + 1)]
    return run_model(
        project,
        "int_sales_forecasted",
        {
            "intermediate.int_as_of": ("as_of_date date", [(months[-1],)]),
            "intermediate.int_periods_spined": (
                "period_grain varchar,  period_start_date date,  is_complete boolean",
                [("month", month, month < months[-1]) for month in months],
            ),
            "intermediate.int_transactions_classified": (
                "transaction_date date,  amount decimal(18, 2),  is_purchase boolean",
                [
                    (last_day(month), f"{amount // 100}.{amount % 100:02d}", True)
                    for month, amount in zip(months, cents, strict=False)
                ],
            ),
        },
    )


def make_sales(months: int, kind: str, draw: random.Random) -> list[int]:
    """Cents of every month of a shop that grows, shrinks, or is shut for a part of the year."""
    level, growth = draw.randint(1_000, 10_000_000), draw.choice([-0.04, 0.0, 0.03])
    season = [draw.uniform(0.5, 2) for _ in range(12)]
    sales = []
    for number in range(months):
        amount = level * (1 + growth) ** number * season[number % 12] * draw.uniform(0.8, 1.2)
        shut = (kind == "summers off" and number % 12 in (6, 7)) or (
            kind == "christmas only" and number % 12 != 11
        )
        quiet = kind == "long pause" and months // 4 <= number < 3 * months // 4
        sales.append(0 if shut or quiet else int(amount))
    return sales


@pytest.mark.parametrize("kind", ["all year", "summers off", "christmas only", "long pause"])
def test_forecast_is_the_documented_method(compiled, kind):
    project = compiled()
    for months in (2, 3, 4, 11, 12, 13, 23, 24, 25, 35, 36, 37, 60):
        draw = random.Random(f"{kind} {months}")
        first_month = date(2019, draw.randint(1, 12), 1)
        sales = make_sales(months, kind, draw)
        found = {
            (row["origin_month"], row["step"]): row for row in forecast(project, first_month, sales)
        }
        expected = {}
        for length in range(3, months + 1):
            for step in (1, 2, 3):
                is_forecast = length == months
                if is_forecast or months - 12 < length + step <= months:
                    expected[month_after(first_month, length - 1), step] = (
                        *predict(sales[:length], first_month, step),
                        None if is_forecast else sales[length + step - 1],
                        is_forecast,
                    )
        assert found.keys() == expected.keys(), months
        for key, (predicted, naive, actual, is_forecast) in expected.items():
            row = found[key]
            assert [
                row["predicted_sales_amount"] * 100,
                row["naive_sales_amount"] * 100,
                row["is_forecast"],
                row["target_month"],
            ] == [predicted, naive, is_forecast, month_after(*key)], (months, key)
            assert row["actual_sales_amount"] == (None if is_forecast else Fraction(actual, 100))


def test_pure_season_and_pure_growth_are_met(compiled):
    """What is nothing but season, or nothing but a line, goes on as it was."""
    project = compiled()
    season = [80, 90, 100, 110, 120, 70, 60, 50, 130, 140, 110, 140]
    repeated = [cents * 100 for _ in range(3) for cents in season]
    found = [row for row in forecast(project, date(2021, 5, 1), repeated) if row["is_forecast"]]
    assert sorted(
        (row["step"], row["forecast_method"], row["predicted_sales_amount"]) for row in found
    ) == [(step, "season and trend", season[step - 1]) for step in (1, 2, 3)]

    rising = [100_000 + 1_000 * number for number in range(30)]
    for row in forecast(project, date(2021, 5, 1), rising):
        if row["is_forecast"]:
            assert row["seasonal_index"] == 1
            assert row["predicted_sales_amount"] == 1_000 + 10 * (29 + row["step"])


@pytest.mark.parametrize("months", [6, 15, 27, 40])
def test_backtest_is_what_the_forecast_was(compiled, months):
    """A build as of a month's end shows as its forecast what a later build shows as a backtest."""
    draw = random.Random(months)
    first_month = date(2022, draw.randint(1, 12), 1)
    # a jump in the last months, which would show in whatever looks ahead
    sales = make_sales(months, "all year", draw)
    sales = sales[:-3] + [10 * cents for cents in sales[-3:]]
    rows = [
        {
            "transaction_id": str(number),
            "customer_id": "A",
            "transacted_at": str(month_after(first_month, number).replace(day=28)),
            "amount": f"{cents // 100}.{cents % 100:02d}",
        }
        for number, cents in enumerate(sales)
    ]
    raw = {"transactions": pd.DataFrame(rows, dtype=object)}
    project = compiled({"as_of_date": "any"})
    columns = (
        "step, predicted_sales_amount, naive_sales_amount, forecast_method, trained_month_count"
    )
    end = last_day(month_after(first_month, months - 1))
    with project.run(raw, end) as connection:
        backtests = connection.execute(
            f"select origin_month, {columns} from marts.fct_sales_forecast_backtest"
        ).fetchall()
    origins = sorted({row[0] for row in backtests})
    assert len(origins) == min(months - 3, 14)
    for origin in draw.sample(origins, min(3, len(origins))):
        with project.run(raw, last_day(origin)) as connection:
            forecasts = connection.execute(
                f"select {columns} from marts.fct_sales_forecast where trained_to_month = ?",
                [origin],
            ).fetchall()
        shown = {row[1:] for row in backtests if row[0] == origin}
        assert len(forecasts) == 3 and shown and shown <= set(forecasts), origin


# -- manual segments -------------------------------------------------------------------------------
OVERRIDES = ["customer_id", "scheme", "segment", "reason", "valid_until_date"]


def write_overrides(project_copy, *rows: tuple[str, ...]) -> None:
    """Fill the seed of a copy of the project."""
    path = project_copy / "seeds/segment_overrides.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([OVERRIDES, *rows])


def test_overrides_come_from_the_seed(project_copy, tmp_path):
    """Keys keep their zeros and their commas; merged customers and what is over are seen to."""
    write_overrides(
        project_copy,
        ("007", "customer_360", "Champion", "asked for it, twice", "2024-06-01"),
        ("old", "crm_dashboard", "Dormant", "deceased", ""),
        ("new", "customer_360", "Lost", "over", "2024-05-30"),
    )
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "transactions.csv").write_text(
        "transaction_id,customer_id,transacted_at,amount\n1,007,2024-05-31,5\n2,new,2024-05-01,6\n"
    )
    (raw / "customer_merges.csv").write_text("duplicate_customer_id,customer_id\nold,new\n")
    runs = DbtRuns(tmp_path / "dbt", project_copy)
    selected = ["+int_segment_overrides"]
    skipped = ["--exclude-resource-type", "unit_test", "--exclude-resource-type", "test"]
    runs("--quiet", "build", "--select", *selected, *skipped, raw=raw)
    assert sorted(
        runs.query(
            "select scheme, customer_id, segment, reason, cast(valid_until_date as varchar)"
            " from intermediate.int_segment_overrides"
        )
    ) == [
        ("crm_dashboard", "new", "Dormant", "deceased", None),
        ("customer_360", "007", "Champion", "asked for it, twice", "2024-06-01"),
    ]


WRONG_OVERRIDES = {
    "segment_overrides_names_known_segments": [("c", "customer_360", "Champions", "typed", "")],
    "segment_overrides_gives_a_segment_and_a_reason": [("c", "customer_360", "Lost", " ", "")],
    "segment_overrides_is_unique_by_customer_and_scheme": [
        ("c", "customer_360", "Lost", "first", ""),
        ("c", "customer_360", "Loyal", "second", ""),
    ],
}


def test_wrong_overrides_are_named(project_copy, tmp_path):
    raw = PROJECT / "data/sample"
    runs = DbtRuns(tmp_path / "dbt", project_copy)
    for name, rows in WRONG_OVERRIDES.items():
        write_overrides(project_copy, *rows)
        selected = ["segment_overrides", "segment_texts", "--indirect-selection", "buildable"]
        result = runs("build", "--select", *selected, raw=raw, succeeds=False)
        red = set(re.findall(r"FAIL \d+ (segment_\w+)", result.text))
        assert red == {name}, result.output
