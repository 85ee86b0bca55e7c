"""Fit the models of customer value to what a database holds and write their parameters to a seed.

    make fit        or        python scripts/fit_customer_value.py --database clientele.duckdb

In:  the DuckDB file of a build (`--database`, else CRM_DATABASE, else clientele.duckdb in the
     project's folder), which is only read, and CRM_SCHEMA_PREFIX, if the build had one.
Out: seeds/customer_value_parameters.csv, and the marts that follow from it built again in the same
     database; the parameters and how well they did in the holdout on the terminal.

Two models, both by maximum likelihood: BG/NBD says how often customers buy and when they stop
(Fader, Hardie & Lee 2005, `Counting your customers' the easy way), Gamma-Gamma how much they spend
on a day (Fader & Hardie 2013, The Gamma-Gamma model of monetary value). They are fitted twice: on
everything up to D, for predictions, and on what was known before the holdout, to see how well such
predictions turn out. Python estimates parameters only; every figure of a customer is made in SQL.
"""

import argparse
import csv
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Self

import duckdb
import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from scipy.optimize import minimize
from scipy.special import betaln, digamma, gammaln

PROJECT = Path(__file__).resolve().parent.parent
SEED = PROJECT / "seeds/customer_value_parameters.csv"
PURPOSES = ("prediction", "holdout")
PURCHASE_PARAMETERS = ("r", "alpha", "a", "b")
SPEND_PARAMETERS = ("p", "q", "v")
# fewer do not tell four parameters apart
LEAST_CUSTOMERS = 50
LEAST_REPEAT_CUSTOMERS = 20
# parameters are looked for between 1/1000 and 1000, alpha and v in units that suit the data
REACH = float(np.log(1000))
STARTS = (0.0, -1.5, 1.5)
# groups that the starts are tried on; all groups are searched from where the best of them ends
FIRST_SEARCH = 20_000
# slope of the mean log-likelihood at which a maximum counts as found
FLAT = 1e-6
DIGITS = 5


class FitError(Exception):
    """What is wrong, in one sentence for the user."""


@dataclass(frozen=True)
class Groups:
    """Customers alike in what a model knows of them."""

    repeats: np.ndarray
    customers: np.ndarray

    @cached_property
    def distinct_repeats(self) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of repeat days that occur, and where."""
        return np.unique(self.repeats, return_inverse=True)

    def thinned(self) -> Self:
        """A part of the groups, spread over all of them, for a first search."""
        step = -(-len(self.repeats) // FIRST_SEARCH)
        return replace(
            self, **{field.name: getattr(self, field.name)[::step] for field in fields(self)}
        )

    def by_repeats(self, function) -> np.ndarray:
        """A function of the repeat days that is dear, worked out once for each number."""
        distinct, places = self.distinct_repeats
        return function(distinct)[places]


@dataclass(frozen=True)
class PurchaseGroups(Groups):
    """Customers alike in repeat purchase days, weeks to the last purchase and weeks to D."""

    last: np.ndarray
    age: np.ndarray


@dataclass(frozen=True)
class SpendGroups(Groups):
    """Customers alike in repeat purchase days and in what they spent on them."""

    sales: np.ndarray


@dataclass(frozen=True)
class Fit:
    """Parameters of one model, its log-likelihood and what the data left open."""

    parameters: dict[str, float]
    log_likelihood: float
    at_the_edge: tuple[str, ...]


@dataclass(frozen=True)
class Sample:
    """What the database holds for one of the two fits."""

    purpose: str
    fitted_as_of: date
    customer_count: int
    repeat_customer_count: int
    data_fingerprint: str
    purchases: PurchaseGroups
    spend: SpendGroups


def purchase_likelihood(parameters: np.ndarray, groups: PurchaseGroups) -> tuple[float, np.ndarray]:
    """Log-likelihood of BG/NBD (r, alpha, a, b) and its slopes."""
    r, alpha, a, b = parameters
    x = groups.repeats
    log_age, log_last = np.log(alpha + groups.age), np.log(alpha + groups.last)
    # either still there, or gone right after the last purchase, which takes a repeat day
    after_last = b + np.maximum(x, 1) - 1
    stayed = -(r + x) * log_age
    left = np.where(x > 0, np.log(a / after_last) - (r + x) * log_last, -np.inf)
    total = np.logaddexp(stayed, left)
    share_left = np.exp(left - total)
    share_stayed = 1 - share_left
    by_repeats = groups.by_repeats(
        lambda n: gammaln(r + n) - gammaln(r) + betaln(a, b + n) - betaln(a, b)
    )
    values = by_repeats + r * np.log(alpha) + total
    slope_r = groups.by_repeats(lambda n: digamma(r + n) - digamma(r) + np.log(alpha))
    slope_a = groups.by_repeats(lambda n: digamma(a + b) - digamma(a + b + n))
    slope_b = groups.by_repeats(
        lambda n: digamma(a + b) - digamma(a + b + n) + digamma(b + n) - digamma(b)
    )
    slopes = [
        slope_r - share_stayed * log_age - share_left * log_last,
        r / alpha
        - (r + x) * (share_stayed / (alpha + groups.age) + share_left / (alpha + groups.last)),
        slope_a + share_left / a,
        slope_b - share_left / after_last,
    ]
    weights = groups.customers
    return float((weights * values).sum()), np.array([(weights * slope).sum() for slope in slopes])


def spend_likelihood(parameters: np.ndarray, groups: SpendGroups) -> tuple[float, np.ndarray]:
    """Log-likelihood of Gamma-Gamma (p, q, v) and its slopes; of the average amount, sales / x."""
    p, q, v = parameters
    x = groups.repeats
    log_sales, log_scale = np.log(groups.sales), np.log(v + groups.sales)
    by_repeats = groups.by_repeats(lambda n: np.log(n) - betaln(p * n, q))
    values = by_repeats + q * np.log(v) + (p * x - 1) * log_sales - (p * x + q) * log_scale
    slope_p = groups.by_repeats(lambda n: digamma(p * n + q) - digamma(p * n))
    slope_q = groups.by_repeats(lambda n: digamma(p * n + q) - digamma(q))
    slopes = [
        x * (slope_p + log_sales - log_scale),
        slope_q + np.log(v) - log_scale,
        q / v - (p * x + q) / (v + groups.sales),
    ]
    weights = groups.customers
    return float((weights * values).sum()), np.array([(weights * slope).sum() for slope in slopes])


def maximise(
    likelihood, groups, names: tuple[str, ...], units: np.ndarray, floors: np.ndarray, model: str
) -> Fit:
    """The parameters, floor + unit * e^z, with the greatest likelihood."""

    def loss(z: np.ndarray, part: Groups) -> tuple[float, np.ndarray]:
        steps = units * np.exp(z)
        value, slopes = likelihood(floors + steps, part)
        count = part.customers.sum()
        return -value / count, -slopes * steps / count

    def search(start: np.ndarray, part: Groups):
        return minimize(
            loss,
            start,
            args=(part,),
            jac=True,
            method="L-BFGS-B",
            bounds=[(-REACH, REACH)] * len(names),
            options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 2000, "maxcor": 20},
        )

    def is_flat(found) -> bool:
        # at an edge the likelihood may rise towards what lies beyond
        blocked = ((found.x <= -REACH + 1e-9) & (found.jac > 0)) | (
            (found.x >= REACH - 1e-9) & (found.jac < 0)
        )
        return bool(np.isfinite(found.fun)) and np.abs(np.where(blocked, 0, found.jac)).max() < FLAT

    part = groups.thinned()
    first = [search(np.full(len(names), start), part) for start in STARTS]
    best = min(first, key=lambda attempt: attempt.fun if np.isfinite(attempt.fun) else np.inf)
    found = search(best.x, groups)
    if not is_flat(found):
        raise FitError(
            f"The {model} model did not converge on these data, so no parameters were written."
        )
    at_the_edge = tuple(
        name for name, z in zip(names, found.x, strict=True) if abs(z) > REACH - 1e-6
    )
    values = floors + units * np.exp(found.x)
    log_likelihood = -float(found.fun) * float(groups.customers.sum())
    return Fit(dict(zip(names, map(float, values), strict=True)), log_likelihood, at_the_edge)


def fit_purchases(groups: PurchaseGroups) -> Fit:
    """BG/NBD; weeks."""
    typical_age = np.average(groups.age, weights=groups.customers)
    return maximise(
        purchase_likelihood,
        groups,
        PURCHASE_PARAMETERS,
        units=np.array([1, max(typical_age, 1 / 7), 1, 1]),
        floors=np.zeros(4),
        model="BG/NBD",
    )


def fit_spend(groups: SpendGroups) -> Fit:
    """Gamma-Gamma; q above 1, so that there is a mean amount."""
    typical_spend = np.average(groups.sales / groups.repeats, weights=groups.customers)
    return maximise(
        spend_likelihood,
        groups,
        SPEND_PARAMETERS,
        units=np.array([1, 1, typical_spend]),
        floors=np.array([0, 1, 0]),
        model="Gamma-Gamma",
    )


def read_samples(database: Path, schema: str) -> list[Sample]:
    """Grouped counts of both fits; the database is closed again."""
    if not database.exists():
        raise FitError(f"There is no database {database}: run `dbt build` first.")
    try:
        with duckdb.connect(database, read_only=True) as connection:
            return [read_sample(connection, schema, purpose) for purpose in PURPOSES]
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise FitError(f"{database} cannot be read: run `dbt build` first ({reason}).") from error


def read_sample(connection: duckdb.DuckDBPyConnection, schema: str, purpose: str) -> Sample | None:
    """What one fit needs; None without any purchase by a known customer."""
    found = connection.execute(
        f"""
        select data.sample_date, data.customer_count, data.repeat_customer_count,
            data.data_fingerprint
        from {schema}.int_customer_value_data as data
        inner join {schema}.int_customer_value_dates as dates
            on data.sample_date = dates.fit_date
        where dates.purpose = ?
        """,
        [purpose],
    ).fetchone()
    if found is None:
        return None
    purchases = connection.execute(
        f"""
        select
            repeat_purchase_day_count as repeats,
            (tenure_days - recency_days) / 7.0 as last,
            tenure_days / 7.0 as age,
            count(*) as customers
        from {schema}.int_customer_value_measured
        where sample_date = ?
        group by 1, 2, 3
        order by 1, 2, 3
        """,
        [found[0]],
    ).fetchnumpy()
    spend = connection.execute(
        f"""
        select
            repeat_purchase_day_count as repeats,
            cast(repeat_sales_amount as double) as sales,
            count(*) as customers
        from {schema}.int_customer_value_measured
        where sample_date = ? and repeat_purchase_day_count > 0
        group by 1, 2
        order by 1, 2
        """,
        [found[0]],
    ).fetchnumpy()
    return Sample(
        purpose, *found, PurchaseGroups(**as_floats(purchases)), SpendGroups(**as_floats(spend))
    )


def as_floats(columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: np.asarray(values, dtype=float) for name, values in columns.items()}


def fit(sample: Sample) -> tuple[Fit, Fit]:
    """Both models on one sample."""
    if (
        sample.customer_count < LEAST_CUSTOMERS
        or sample.repeat_customer_count < LEAST_REPEAT_CUSTOMERS
    ):
        raise FitError(
            f"There are too few customers up to {sample.fitted_as_of} to fit:"
            f" {sample.customer_count:,}, of whom {sample.repeat_customer_count:,} bought on a"
            f" second day; {LEAST_CUSTOMERS} and {LEAST_REPEAT_CUSTOMERS} are needed."
        )
    return fit_purchases(sample.purchases), fit_spend(sample.spend)


def rounded(value: float) -> str:
    """A number to five digits that count, never in exponents."""
    places = max(0, DIGITS - 1 - int(np.floor(np.log10(abs(value)))))
    return f"{value:.{places}f}"


def write_seed(path: Path, fits: list[tuple[Sample, Fit, Fit]]) -> None:
    """The seed, all of it or nothing."""
    rows = [
        {
            "purpose": sample.purpose,
            "fitted_as_of": str(sample.fitted_as_of),
            "customer_count": str(sample.customer_count),
            "data_fingerprint": sample.data_fingerprint,
            **{
                name: rounded(value)
                for model in (purchases, spend)
                for name, value in model.parameters.items()
            },
            "purchase_log_likelihood": f"{purchases.log_likelihood:.4f}",
            "spend_log_likelihood": f"{spend.log_likelihood:.4f}",
        }
        for sample, purchases, spend in fits
    ]
    unfinished = path.with_suffix(".writing")
    with unfinished.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    os.replace(unfinished, path)


def build(database: Path, variables: str | None) -> None:
    """Build what follows from the parameters; raw files are left alone."""
    dbt = shutil.which("dbt", path=str(Path(sys.executable).parent))
    if dbt is None:
        raise FitError(f"There is no dbt beside {sys.executable}: run `dbt build` yourself.")
    command = [
        *(dbt, "--log-level", "warn", "build", "--select", "customer_value_parameters+"),
        *("--exclude-resource-type", "unit_test"),
        *(["--vars", variables] if variables else []),
    ]
    environment = os.environ | {
        "CRM_RAW_PATH": "",
        "CRM_DATABASE": str(database),
        # of the project whose seed was written, whatever the surroundings name
        "DBT_PROJECT_DIR": str(PROJECT),
        "DBT_PROFILES_DIR": str(PROJECT),
    }
    if subprocess.run(command, cwd=PROJECT, env=environment, check=False).returncode:
        raise FitError("The parameters were written, but the marts could not be built from them.")


def new_table(title: str, headings: list[str]) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False
    )
    for position, heading in enumerate(headings):
        table.add_column(heading, justify="right" if position else "left", no_wrap=True)
    return table


def parameter_table(fits: list[tuple[Sample, Fit, Fit]]) -> Table:
    table = new_table(
        "Parameters (weeks)",
        [
            *("", "Up to", "Customers", "Repeat\ncustomers"),
            *(*PURCHASE_PARAMETERS, "Log-\nlikelihood", *SPEND_PARAMETERS, "Log-\nlikelihood"),
        ],
    )
    for sample, purchases, spend in fits:
        table.add_row(
            sample.purpose,
            str(sample.fitted_as_of),
            f"{sample.customer_count:,}",
            f"{sample.repeat_customer_count:,}",
            *(f"{value:,.4f}" for value in purchases.parameters.values()),
            f"{purchases.log_likelihood:,.1f}",
            *(f"{value:,.4f}" for value in spend.parameters.values()),
            f"{spend.log_likelihood:,.1f}",
        )
    return table


def holdout_table(database: Path, marts: str) -> Table | None:
    """The holdout as the mart has it."""
    with duckdb.connect(database, read_only=True) as connection:
        rows = connection.execute(
            f"""
            select calibration_end_date, as_of_date, repeat_count_group, customer_count,
                average_actual_purchases, expected_average_purchase_count, mean_absolute_error,
                bias, actual_sales_amount, predicted_sales_amount
            from {marts}.fct_customer_value_holdout
            order by repeat_count_group
            """
        ).fetchall()
    if not rows:
        return None
    table = new_table(
        f"Holdout: predicted on {rows[0][0]}, bought up to {rows[0][1]}",
        [
            *("Repeat days\nbefore", "Customers", "Purchase days\neach", "Expected\neach"),
            *("Mean absolute\nerror", "Bias", "Sales", "Expected\nsales"),
        ],
    )
    for _, _, group, customers, actual, expected, error, bias, sales, predicted in rows:
        table.add_row(
            *(group, f"{customers:,}", f"{actual:.3f}", f"{expected:.3f}", f"{error:.3f}"),
            *(f"{bias:+.3f}", f"{sales:,.0f}", f"{predicted:,.0f}"),
        )
    return table


def run(database: Path, seed: Path, variables: str | None, builds: bool, console: Console) -> None:
    prefix = os.environ.get("CRM_SCHEMA_PREFIX", "")
    prediction, holdout = read_samples(database, f"{prefix}intermediate")
    if prediction is None:
        raise FitError(
            f"{database} holds no purchase by a known customer: there is nothing to fit."
        )
    fits = [(prediction, *fit(prediction))]
    try:
        if holdout.fitted_as_of == prediction.fitted_as_of:
            raise FitError("All purchases are of one day.")
        fits.append((holdout, *fit(holdout)))
    except FitError as error:
        console.print(f"No holdout: {error}", soft_wrap=True)
    write_seed(seed, fits)
    console.print(parameter_table(fits))
    for sample, *models in fits:
        names = [name for model in models for name in model.at_the_edge]
        if names:
            console.print(
                f"Mind {', '.join(names)} ({sample.purpose}): the data leave it open, and it ran"
                " to the end of the range that is searched. Look at the holdout before you rely"
                " on the predictions.",
                soft_wrap=True,
            )
    console.print(f"written to {seed}", soft_wrap=True)
    if builds:
        build(database, variables)
        table = holdout_table(database, f"{prefix}marts")
        if table:
            console.print(table)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--database",
        default=os.environ.get("CRM_DATABASE") or "clientele.duckdb",
        help="DuckDB file of a build; a relative path starts at the project (default: %(default)s)",
    )
    parser.add_argument(
        "--seed",
        type=Path,
        default=SEED,
        help=f"CSV file to write (default: the project's {SEED.relative_to(PROJECT)})",
    )
    parser.add_argument("--vars", help="variables the database was built with, as dbt takes them")
    parser.add_argument("--no-build", action="store_true", help="stop after the seed")
    options = parser.parse_args(arguments)
    console = Console(width=200)  # a table takes what it needs; figures cut short would mislead
    try:
        run(
            PROJECT / options.database,
            options.seed.resolve(),
            options.vars,
            not options.no_build,
            console,
        )
    except FitError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
