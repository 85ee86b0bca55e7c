"""How a fault is made: a build that can be killed as a group, or has its rights or room taken."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import compare
import duckdb
import pandas as pd
import random_raw
from dbt_runs import DbtRuns, Result, new_process, run_in_this_process

# seeds, models and the line at the end; data tests change nothing
BUILD = [
    *("--quiet", "--no-write-json", "build", "--exclude-resource-type", "test"),
    *("--exclude-resource-type", "unit_test"),
]
# in a log, once the database is open and raw files are read
MOUNTED = "Raw data: "
# the mart that no build can make again
HISTORY = "marts.dim_customers_history"
# two sets of raw data, whose marts all differ but for those that come from seeds alone
RAW_SEEDS = {"one": 4, "other": 14}
# customers of two loads of a source, few enough of whom change that the rest is kept
CUSTOMERS, CHANGED = 60, 6


def write_raw_sets(folder: Path) -> dict[str, Path]:
    """Both sets of raw data, small."""
    for name, seed in RAW_SEEDS.items():
        random_raw.write_raw(
            random_raw.make_raw(seed, customers=12, transactions=90), folder / name
        )
    return {name: folder / name for name in RAW_SEEDS}


def write_raw_loads(folder: Path) -> dict[str, Path]:
    """Two loads of one source: sales of a few customers went, were corrected, or are new."""
    loads = {"one": random_raw.make_raw(4, customers=CUSTOMERS, transactions=5 * CUSTOMERS)}
    sales = loads["one"]["transactions"]
    people = list(dict.fromkeys(name for name in sales["customer_id"] if name))[:CHANGED]
    gone, corrected, new = (sales["customer_id"].isin(people[kind::3]) for kind in range(3))
    later = sales[~gone].copy()
    later.loc[corrected, "amount"] = "77.77"
    added = sales[new].assign(transacted_at="2024-12-24", loaded_at="2024-12-24")
    added["transaction_id"] = [f"new-{number}" for number in range(len(added))]
    loads["other"] = loads["one"] | {"transactions": pd.concat([later, added], ignore_index=True)}
    for name, raw in loads.items():
        random_raw.write_raw(raw, folder / name)
    return {name: folder / name for name in loads}


def run_as_group(*arguments) -> None:
    """As a shell starts a job: leader of a process group that can be killed as a whole."""
    os.setsid()
    run_in_this_process(*arguments)


def start(runs: DbtRuns, *arguments: str, raw: Path, environment: Mapping[str, str] | None = None):
    """Start ``dbt <arguments>`` and do not wait for it."""
    settings = runs.settings(None) | {"CRM_RAW_PATH": str(raw)} | dict(environment or {})
    log = runs.folder / "started.txt"
    log.unlink(missing_ok=True)
    process = new_process(run_as_group, str(runs.project), list(arguments), settings, str(log))
    process.start()
    return process


def kill(process) -> bool:
    """Kill a started run with all that it started; whether it was still running."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:  # it has ended, or has no group yet
        process.kill()
    process.join()
    was_killed = process.exitcode == -signal.SIGKILL
    process.close()
    return was_killed


def wait_until(runs: DbtRuns, process, words: str) -> None:
    """Wait until a started run, which must not be quiet, has said something."""
    log = runs.folder / "started.txt"
    while process.is_alive():
        if log.exists() and words in log.read_text(encoding="utf-8", errors="replace"):
            return
        time.sleep(0.02)
    raise AssertionError(f"the run ended before it said {words}: {log.read_text('utf-8')}")


def shell(
    runs: DbtRuns,
    *arguments: str,
    raw: Path,
    environment: Mapping[str, str] | None = None,
    limits: tuple[str, ...] = (),
) -> Result:
    """Run ``dbt <arguments>`` from a shell, after commands that take rights or room from it."""
    users = {k: v for k, v in os.environ.items() if not k.startswith(("CRM_", "DBT_"))}
    done = subprocess.run(
        [*limits, str(Path(sys.executable).with_name("dbt")), *arguments],
        cwd=runs.project,
        env=users | runs.settings(None) | {"CRM_RAW_PATH": str(raw)} | dict(environment or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Result(done.returncode, done.stdout)


def without_override() -> tuple[str, ...]:
    """Take from root the right to read and write what a file's mode forbids."""
    if os.geteuid() != 0:
        return ()
    assert shutil.which("setpriv"), "setpriv of util-linux is needed to run these tests as root"
    return ("setpriv", "--bounding-set=-dac_override,-dac_read_search")


def put_away(database: Path) -> None:
    """Write what is in the log beside a database into it, as dbt does when its process ends.

    Runs of DbtRuns are forks that end at once, and leave the log, as a killed build does.
    """
    duckdb.connect(str(database)).close()
    assert not database.with_name(database.name + ".wal").exists()


def marts(database: Path) -> dict[str, tuple]:
    """All marts of a database as a reader sees them, who opens it read-only."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return compare.snapshot(connection)


def rebuilt(found: dict[str, tuple]) -> dict[str, tuple]:
    """Of some marts those that follow from raw data alone, whatever was built before."""
    return {name: content for name, content in found.items() if name != HISTORY}


def sentence_of(result: Result) -> str:
    """What dbt said before it told which macro said it, on one line; never a traceback."""
    assert "Traceback" not in result.output, result.output
    return result.text.split("> in macro")[0]
