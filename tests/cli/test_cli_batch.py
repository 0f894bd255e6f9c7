"""Many files in one call."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.batch.accidents import accidents

__all__ = ["accidents"]


def test_goes_on_after_failures(kfix, sample, tmp_path):
    sample("keras-2.2.4", "lstm", to="a/one.h5")
    sample("keras-2.2.4", "gru", to="b/two.h5")
    (tmp_path / "a" / "broken.h5").write_bytes(b"")
    done = kfix("check", tmp_path)
    assert done.code == 8
    assert "broken.h5 is empty" in done.err
    assert "3 files: 2 with findings, 1 failed" in done.err
    assert "one.h5" in done.out
    assert "two.h5" in done.out


def test_accidents_cost_their_own_file(kfix, sample, tmp_path, accidents):
    for name in ("bug.h5", "crash.h5", "hang.h5", "good.h5"):
        sample("keras-2.2.4", "lstm", to=name)
    done = kfix("repair", tmp_path, "--timeout", 4)
    assert done.code == 8
    assert "bug in kfix: ZeroDivisionError" in done.err
    assert "SIGABRT" in done.err
    assert "within 4 s" in done.err
    assert "4 files: 1 done, 3 failed" in done.err
    assert (tmp_path / "good.repaired.h5").exists()
    assert not list(tmp_path.glob(".kfix-*"))


def test_a_second_run_does_the_rest(kfix, sample, tmp_path):
    for name in ("one.h5", "two.h5"):
        sample("keras-2.2.4", "lstm", to=name)
    assert "2 files: 2 done" in kfix("repair", tmp_path).err
    again = kfix("repair", tmp_path)
    assert (again.code, again.out) == (0, "")
    assert "2 files: 2 done before" in again.err
    sample("keras-2.2.4", "gru", to="three.h5")
    assert "3 files: 1 done, 2 done before" in kfix("repair", tmp_path).err
    fresh = kfix("repair", tmp_path, "--fresh", "--force")
    assert "3 files: 3 done" in fresh.err


def test_a_check_keeps_no_journal(kfix, sample, tmp_path):
    for name in ("one.h5", "two.h5"):
        sample("keras-2.2.4", "lstm", to=name)
    for _ in range(2):
        done = kfix("check", tmp_path)
        assert done.code == 1
        assert "2 with findings" in done.err
    assert sorted(each.name for each in tmp_path.iterdir()) == ["one.h5", "two.h5"]


def test_a_dry_run_writes_nothing(kfix, sample, tmp_path):
    for name in ("one.h5", "two.h5"):
        sample("keras-2.2.4", "lstm", to=name)
    done = kfix("convert", "--to", "keras", tmp_path, "--dry-run", "--output-dir", tmp_path / "out")
    assert done.code == 1
    assert sorted(each.name for each in tmp_path.iterdir()) == ["one.h5", "two.h5"]


@pytest.mark.parametrize("option", [["--fail-fast"], ["--max-failures", 1]])
def test_stops_after_failures(kfix, tmp_path, option):
    for index in range(20):
        (tmp_path / f"{index}.h5").write_bytes(b"")
    done = kfix("check", tmp_path, "--jobs", 1, *option)
    assert done.code == 8
    assert "not begun" in done.err


def test_paths_from_a_file(kfix, sample, tmp_path, monkeypatch):
    paths = [sample("keras-2.2.4", "lstm", to=f"{name}.h5") for name in ("one", "two", "three")]
    (tmp_path / "list.txt").write_text(f"{paths[0]}\n\n{paths[1]}\n")
    done = kfix("--format", "json", "inspect", "--from-file", tmp_path / "list.txt")
    assert [Path(each["path"]).name for each in done.document["results"]] == ["one.h5", "two.h5"]
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{paths[2]}\n"))
    done = kfix("--format", "json", "inspect", "--from-file", "-")
    assert [Path(each["path"]).name for each in done.document["results"]] == ["three.h5"]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ([], "no PATH was given"),
        (["--from-file", "nowhere.txt"], "can't be read"),
        (["a.h5", "b.h5", "--fail-fast", "--max-failures", 2], "give one of them"),
        (["a.h5", "b.h5", "--memory-limit", "lots"], "no amount of memory"),
        (["a.h5", "b.h5", "--report", "report.pdf"], "no kind of report"),
    ],
)
def test_options_that_make_no_sense(kfix, options, text):
    done = kfix("check", *options)
    assert done.code == 2
    assert text in done.err


def test_results_come_in_the_order_of_the_paths(kfix, sample, tmp_path):
    for index in range(6):
        sample("keras-2.2.4", "lstm", to=f"{index}.h5")
    done = kfix("--format", "json", "check", tmp_path, "--jobs", 2)
    found = [Path(each["path"]).name for each in done.document["results"]]
    assert found == [f"{index}.h5" for index in range(6)]


def test_split_and_strip_over_a_directory(kfix, sample, tmp_path):
    sample("keras-2.2.4", "lstm", to="in/a/model.h5")
    sample("keras-2.2.4", "lstm", to="in/b/model.h5")
    assert kfix("split", tmp_path / "in", "-o", tmp_path / "out").code == 0
    for name in ("a/model.json", "a/model_weights.h5", "b/model.json", "b/model_weights.h5"):
        assert (tmp_path / "out" / name).exists()
    assert kfix("strip-optimizer", tmp_path / "in", "--output-dir", tmp_path / "strip").code == 0


def test_output_dir_keeps_the_tree(kfix, sample, tmp_path):
    sample("keras-2.2.4", "lstm", to="in/a/model.h5")
    sample("keras-2.2.4", "gru", to="in/b/model.h5")
    done = kfix(
        "convert", tmp_path / "in", "--to", "keras", "--no-verify", "--output-dir", tmp_path / "out"
    )
    assert done.code == 0
    assert (tmp_path / "out" / "a" / "model.keras").exists()
    assert (tmp_path / "out" / "b" / "model.keras").exists()


def test_own_outputs_are_no_sources(kfix, sample, tmp_path):
    sample("keras-2.2.4", "lstm")
    for _ in range(2):
        done = kfix("repair", tmp_path, "--force")
        assert (done.code, done.err) == (0, "")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["lstm.h5", "lstm.repaired.h5"]


def test_glob(kfix, sample, tmp_path):
    sample("keras-2.2.4", "lstm", to="in/a/model.h5")
    sample("keras-2.2.4", "gru", to="in/b/other.h5")
    shown = kfix("inspect", f"{tmp_path}/in/*/m*.h5")
    assert "a/model.h5" in shown.out
    assert "other.h5" not in shown.out


def test_errors_in_the_document(kfix, sample, tmp_path):
    sample("keras-2.2.4", "lstm", to="one.h5")
    (tmp_path / "broken.h5").write_bytes(b"")
    document = kfix("--format", "json", "inspect", tmp_path).document
    assert len(document["results"]) == 1
    (error,) = document["errors"]
    assert (error["exit_code"], error["bug"]) == (3, False)
    assert error["path"].endswith("broken.h5")
