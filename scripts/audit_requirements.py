"""Look every locked Python package up in the database of known vulnerabilities, by pip-audit.

    make audit        or        python scripts/audit_requirements.py --must-reach

In:  requirements.txt and its sisters: exact versions, nothing is resolved or installed.
Out: a line for each known vulnerability and exit code 1; one line and exit code 0 without any.
     Where the database cannot be reached nothing was audited: one loud line, and exit code 0, or 1
     with --must-reach, which the workflow of the CI service sets.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
LOCKS = [f"requirements{of}.txt" for of in ("", "-site", "-engines", "-spark", "-audit")]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--must-reach", action="store_true", help="fail where the database cannot be reached"
    )
    options = parser.parse_args(arguments)
    command = [
        *(sys.executable, "-m", "pip_audit", "--disable-pip", "--no-deps", "--format", "json"),
        *("--progress-spinner", "off", "--timeout", "15"),
    ]
    for lock in LOCKS:
        command += ["--requirement", str(PROJECT / lock)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    code, lines = verdict(done.stdout, done.stderr, options.must_reach)
    print("\n".join(lines), file=sys.stderr if code else sys.stdout)
    return code


def verdict(output: str, errors: str, must_reach: bool) -> tuple[int, list[str]]:
    """Exit code and lines for what pip-audit has said."""
    try:
        packages = json.loads(output)["dependencies"]
    except (ValueError, KeyError):
        said = errors.strip().splitlines() or ["nothing"]
        return not_audited(f"pip-audit ended with: {said[-1]}", must_reach)
    known = [package for package in packages if "skip_reason" not in package]
    if not known:
        return not_audited(f"none of {len(packages)} packages could be looked up", must_reach)
    found = [
        f"{package['name']} {package['version']}: {vulnerability['id']},"
        f" mended in {', '.join(vulnerability['fix_versions']) or 'no version yet'}"
        for package in known
        for vulnerability in package["vulns"]
    ]
    left_out = [package["name"] for package in packages if "skip_reason" in package]
    if left_out:
        found.append(f"could not be looked up: {', '.join(left_out)}")
    if found:
        return 1, [*found, "Renew the lock (make lock), or say in an issue why it may stay."]
    return 0, [f"No known vulnerability in {len(known)} packages."]


def not_audited(why: str, must_reach: bool) -> tuple[int, list[str]]:
    """Nothing was found, because nothing was looked at."""
    return int(must_reach), [
        f"NOT AUDITED: the database of known vulnerabilities cannot be reached from here ({why})."
        " Run make audit where it can be."
    ]


if __name__ == "__main__":
    sys.exit(main())
