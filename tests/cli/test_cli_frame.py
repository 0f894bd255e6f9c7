"""Global options, exit codes and start-up: what every command has in common."""

from __future__ import annotations

import subprocess
import sys

import pytest

from converter.cli.app import COMMANDS

HEAVY = {"h5py", "keras", "numpy", "rich", "tensorflow", "tqdm"}


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from converter.cli import main\n"
        "try: main(['--help'])\n"
        f"except SystemExit: sys.exit(repr({HEAVY!r} & set(sys.modules)))"
    )
    assert python(code).stderr.strip() == "set()"


def test_library_imports_nothing_heavy():
    code = f"import sys, converter; sys.exit(repr({HEAVY!r} & set(sys.modules)))"
    assert python(code).stderr.strip() == "set()"


def test_module_and_launcher_run():
    for start in (["-m", "converter"], ["cli.py"]):
        done = subprocess.run(
            [sys.executable, *start, "--version"], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout[:5]) == (0, "kfix ")


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help(kfix, name):
    shown = kfix(name, "--help")
    assert shown.code == 0
    assert max(map(len, shown.out.splitlines())) <= 80


def test_help_lists_every_command_whole(kfix):
    shown = kfix("--help").out
    assert all(name in shown for name in COMMANDS)
    assert "..." not in shown.split("Commands:")[1]


def test_no_arguments_is_usage(kfix):
    assert kfix().code == 2


def test_unknown_option_is_usage(kfix):
    assert kfix("rules", "--nonsense").code == 2


@pytest.mark.parametrize(
    "arguments", [("--format", "json", "rules", "nothing"), ("rules", "nothing", "--format=json")]
)
def test_global_options_work_before_and_after_the_command(kfix, arguments):
    done = kfix(*arguments)
    assert done.code == 2
    assert done.document["schema_version"] == 1
    assert done.document["command"] == "rules"
    assert done.document["errors"][0]["message"] == "no rule is called nothing"


def test_unexpected_exception_is_a_bug(kfix, monkeypatch):
    def crash(code):
        raise ZeroDivisionError("first line\nsecond line")

    monkeypatch.setattr("converter.api.rules.explain_rule", crash)
    done = kfix("rules", "KF101")
    assert done.code == 70
    assert done.err.splitlines() == [
        "kfix: this is a bug in kfix: ZeroDivisionError: first line",
        "      run again with -v for the traceback",
    ]
    assert "Traceback" in kfix("-v", "rules", "KF101").err


def test_interrupt(kfix, monkeypatch):
    def interrupt():
        raise KeyboardInterrupt

    monkeypatch.setattr("converter.api.rules.list_rules", interrupt)
    done = kfix("rules")
    assert (done.code, done.err) == (130, "kfix: interrupted\n")


def test_reader_that_leaves_early_is_no_bug():
    command = f"{sys.executable} cli.py rules | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert "bug" not in done.stderr
