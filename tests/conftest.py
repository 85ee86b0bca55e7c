"""What all tests share: their order, and that nobody overlooks what was skipped."""

import os
from collections import Counter

import pytest

# where everything is there that tests need, as in CI: CRM_NOTHING_SKIPPED=1 make test-engines
NOTHING_SKIPPED = "CRM_NOTHING_SKIPPED"


def pytest_collection_modifyitems(items) -> None:
    """Begin with what takes longest, so that no worker goes on with it alone."""
    items.sort(key=lambda item: item.get_closest_marker("longest") is None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Let a skipped test fail where nothing may be skipped."""
    report = yield
    if report.skipped and os.environ.get(NOTHING_SKIPPED) and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{NOTHING_SKIPPED} is set, but: {report.longrepr[-1]}"
    return report


def pytest_terminal_summary(terminalreporter) -> None:
    """A line for each reason, in red."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(report.longrepr[-1].removeprefix("Skipped: ") for report in skipped)
    for reason, count in reasons.items():
        terminalreporter.write_line(f"!!! SKIPPED, {count}: {reason}", red=True, bold=True)
