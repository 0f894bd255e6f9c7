"""The page as a browser shows it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from converter.report import writing
from tests.report.conftest import HOSTILE

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")


@pytest.fixture
def shown(tmp_path: Path) -> Callable[..., str]:
    """The page's elements after its script has run."""

    def dump(path: Path, script: str = "") -> str:
        if script:
            text = path.read_text().replace("</body>", f"<script>{script}</script></body>")
            path.write_text(text)
        command = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
        profile = f"--user-data-dir={tmp_path / 'profile'}"
        done = subprocess.run(
            [*command, profile, path.as_uri()], capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    return dump


@pytest.fixture
def report(tmp_path, rows, run):
    path = tmp_path / "report.html"
    writing.write(path, run, rows)
    return path


def files(text: str) -> list[str]:
    return re.findall(r'<tr class="file"[^>]*><td><span class="path">(.*?)</span>', text)


def test_every_file_has_a_line(shown, report, rows):
    text = shown(report)
    escaped = HOSTILE.replace("<", "&lt;").replace(">", "&gt;")
    expected = [escaped if row.relative == HOSTILE else row.relative for row in rows]
    assert sorted(files(text)) == sorted(expected)
    assert "6 of 6" in text
    assert "<img" not in text


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("document.querySelector('[data-key=difference] button').click()", ["b.h5"]),
        (
            "const f = document.getElementById('filter'); f.value = 'kf201';"
            " f.dispatchEvent(new Event('input'))",
            ["b.h5"],
        ),
        (
            "const s = document.getElementById('state'); s.value = 'done before';"
            " s.dispatchEvent(new Event('change'))",
            ["d.h5"],
        ),
        ("document.querySelector('[data-rule=KF201]').click()", ["b.h5"]),
    ],
    ids=["sorted", "filtered", "by outcome", "by rule"],
)
def test_the_table_answers(shown, report, script, expected):
    assert files(shown(report, script))[: len(expected)] == expected


def test_a_line_opens(shown, report):
    text = shown(report, "document.querySelectorAll('tr.file')[1].click()")
    (detail,) = re.findall(r'<tr class="detail">.*?</tr>', text)
    assert "written as batch_shape" in detail
    assert "keras 3.15.1 against tf_keras" in detail


def test_ten_thousand_files(shown, tmp_path, rows, run):
    path = tmp_path / "report.html"
    many = [replace(rows[0], relative=f"{index:05}.h5") for index in range(10_000)]
    writing.write(path, run, many)
    text = shown(path)
    assert len(files(text)) == 200
    assert "10,000 of 10,000" in text
