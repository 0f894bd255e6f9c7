"""What is written about the commands is what they do."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from reference import reference

from converter.cli.app import COMMANDS
from converter.errors import ExitCode

ROOT = Path(__file__).resolve().parents[2]


def test_command_reference_is_current():
    assert (ROOT / "docs" / "cli.md").read_text() == reference()


def test_readme_names_every_command():
    text = (ROOT / "README.md").read_text()
    assert [name for name in COMMANDS if f"kfix {name}" not in text] == []


def test_every_exit_code_is_explained():
    text = (ROOT / "docs" / "errors.md").read_text()
    explained = {int(number) for number in re.findall(r"^## (\d+)", text, re.MULTILINE)}
    assert explained == {int(code) for code in ExitCode}


def test_every_package_is_installed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    listed = set(project["tool"]["setuptools"]["packages"])
    folders = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in (ROOT / "converter").rglob("__init__.py")
    }
    assert listed == folders


def test_no_line_of_the_texts_names_a_place():
    for name in ("README.md", "CHANGELOG.md", "docs/cli.md", "docs/errors.md", "constraints.txt"):
        text = (ROOT / name).read_text()
        assert not re.search(r"/(root|home|work|tmp)/", text), name
