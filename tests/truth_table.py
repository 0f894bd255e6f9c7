"""The two ways to run the truth tests, and the table that they make.

``--every-sample`` converts each sample to each format, where otherwise a representative choice is
enough; ``--truth-table FILE`` writes what came of the samples as JSON, which ``make truth`` puts
into the README.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--every-sample", action="store_true", help="each sample in each format")
    parser.addoption("--truth-table", type=Path, metavar="FILE", help="write outcomes as JSON")


def pytest_configure(config: pytest.Config) -> None:
    path = config.getoption("--truth-table")
    # With several processes, the first one hears of all tests.
    if path is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Outcomes(path))


class Outcomes:
    """Counts what became of the samples: by writer, by output format, by outcome."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.found: Counter[tuple[str, str, str]] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for key, value in report.user_properties:
            if key == "truth" and report.when == "call":
                writer, output, outcome = value
                self.found[writer, output, "failed" if report.failed else outcome] += 1

    def pytest_sessionfinish(self) -> None:
        rows = [[*key, count] for key, count in sorted(self.found.items())]
        self.path.write_text(json.dumps(rows, indent=0))
