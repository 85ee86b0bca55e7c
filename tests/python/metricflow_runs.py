"""Runs commands of MetricFlow, several in one process: importing it takes longer than a query.

What is called is the program that its package names ``mf``, with the arguments of the command line,
so that nothing here depends on how MetricFlow looks inside.
"""

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

from dbt_runs import TIME_LIMIT, DbtRuns, Result


def run_in_this_process(commands: list[list[str]]) -> list[tuple[int, str]]:
    """Run ``mf`` once for each list of arguments; gives exit codes and outputs."""
    import update_checker

    # at its start it asks the package index for a newer version of itself; a test asks nobody
    update_checker.UpdateChecker.check = lambda *_: None
    (program,) = entry_points(group="console_scripts", name="mf")
    mf = program.load()
    answers = []
    for arguments in commands:
        output, code = io.StringIO(), None
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            try:
                mf.main(arguments, prog_name="mf")
            except SystemExit as end:
                code = end.code
        answers.append((code or 0, output.getvalue()))
    return answers


def run_mf(runs: DbtRuns, commands: list[list[str]]) -> list[Result]:
    """Run ``mf`` on the database of some runs, with the project as the last of them parsed it."""
    # mf looks for its manifest in target/ of the project and nowhere else
    folder = runs.folder / "metricflow"
    (folder / "target").mkdir(parents=True, exist_ok=True)
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(runs.project / name, folder)
    shutil.copytree(runs.project / "plugins", folder / "plugins", dirs_exist_ok=True)
    shutil.copy(runs.target() / "semantic_manifest.json", folder / "target")
    users = {k: v for k, v in os.environ.items() if not k.startswith(("CRM_", "DBT_"))}
    settings = {
        "DBT_PROFILES_DIR": str(folder),
        "DBT_PROJECT_DIR": str(folder),
        "DBT_TARGET_PATH": str(folder / "target"),
    }
    results = folder / "answers.json"
    results.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, __file__, str(results)],
        input=json.dumps(commands),
        cwd=folder,
        env=users | runs.settings(None) | settings,
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    answers = [Result(*answer) for answer in json.loads(results.read_text("utf-8"))]
    wrong = [
        f"mf {' '.join(arguments)} ended with {answer.exit_code}:\n{answer.output}"
        for arguments, answer in zip(commands, answers, strict=True)
        if answer.exit_code
    ]
    assert not wrong, "\n".join(wrong)
    return answers


if __name__ == "__main__":
    answered = run_in_this_process(json.load(sys.stdin))
    Path(sys.argv[1]).write_text(json.dumps(answered), encoding="utf-8")
