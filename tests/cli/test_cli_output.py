"""Results keep to the width of the terminal, and long tables to their beginning."""

from __future__ import annotations

import json

import h5py
import numpy as np
import pytest

from converter.cli import matching, render
from converter.layouts.matching import Ambiguity, Evidence, Matching, Pair, Variable
from converter.model.findings import Edit, Finding, Severity


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


def paths(count: int, stem: str) -> list[str]:
    return [f"encoder/block_{index}/{stem}/with/a/rather/long/name" for index in range(count)]


def pairs(count: int) -> tuple[Pair, ...]:
    names = zip(paths(count, "stored"), paths(count, "built"), strict=True)
    return tuple(Pair(*each, (3, 3, 256, 512), Evidence.NAME) for each in names)


def widest(text: str) -> int:
    return max(map(len, text.splitlines()))


def test_a_long_table_is_cut_short_unless_it_is_asked_for():
    found = Matching(pairs=pairs(20_000), unmatched=(Variable("left", "kernel", (2, 2)),))
    short = matching.table(found, whole=False).splitlines()
    assert len(short) < 100
    assert short[-2].startswith("… and 19,950 more")
    assert short[-1].startswith("left ")
    assert len(matching.table(found, whole=True).splitlines()) == 20_003


def test_a_table_that_is_just_long_enough_says_nothing_of_more():
    text = matching.table(Matching(pairs=pairs(50)), whole=False)
    assert len(text.splitlines()) == 52
    assert "more" not in text


def test_candidates_of_an_ambiguous_variable_are_listed():
    unclear = Ambiguity("model/dense/kernel", ("dense_1/kernel:0", "dense_7/kernel:0"))
    rows = matching.table(Matching(ambiguous=(unclear,)), whole=False).splitlines()[2:]
    assert [row.split() for row in rows] == [
        ["dense_1/kernel:0", "-", "model/dense/kernel", "ambiguous"],
        ["dense_7/kernel:0", "-", "model/dense/kernel", "or", "this"],
    ]


def test_many_candidates_are_cut_short_too():
    unclear = tuple(Ambiguity(name, tuple(paths(1000, "w"))) for name in paths(1000, "v"))
    text = matching.table(Matching(ambiguous=unclear), whole=False)
    assert len(text.splitlines()) < 100
    assert "… or 996 more" in text
    assert widest(text) <= 80


def test_tables_fit_the_terminal():
    assert widest(matching.table(Matching(pairs=pairs(3)), whole=True)) <= 80
    rows = [("a" * 70, "BatchNormalization", "32 32 32 +1", "128", "512 B")]
    assert widest(render.table(rows, ("layer", "class", "shapes", "params", "size"), (3, 4))) <= 80


def test_paths_are_never_broken():
    path = "/a/long/path" * 8
    assert list(render.flowing([path, "→ out.keras"])) == [path, "  → out.keras"]
    assert list(render.indented(f"see {path}")) == ["    see", f"    {path}"]


def test_findings_and_edits_fit_the_terminal():
    edit = Edit("recurrent_initializer", None, {"class_name": "Orthogonal", "config": [1.0] * 40})
    layer = "/".join(["encoder"] * 6)
    found = Finding(
        "KF110", "name", Severity.BREAKS, layer, "many words " * 20, "and more " * 20, (edit,)
    )
    text = "\n".join([*render.findings([found, found]), *render.edits([found])])
    assert widest(text) <= 80
    assert f"  KF110 breaks {layer} and 1 more" in text.splitlines()


def test_so_many_different_findings_are_cut_short():
    found = [
        Finding("KF110", "name", Severity.BREAKS, f"dense_{index}", f"has {index}", "")
        for index in range(5_000)
    ]
    assert list(render.findings(found))[-1] == "  … and 4,800 more: -v or --format json has all"
    assert len(list(render.findings(found, each=True))) == 10_000


def test_inspect_ends_somewhere(kfix, tmp_path):
    path = tmp_path / "wide.h5"
    layer = {"class_name": "Flatten", "config": {}}
    layers = [{**layer, "config": {"name": f"f{index}"}} for index in range(3_000)]
    config = {"class_name": "Sequential", "config": {"name": "s", "layers": layers}}
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["keras_version"] = "2.4.0"
        file.create_group("model_weights").attrs["layer_names"] = np.array([], "S1")
    shown = kfix("inspect", path).out
    assert "… and 1,000 more layers: -v or --format json has all" in shown.splitlines()
    assert len(shown.splitlines()) < 2_100
    assert len(kfix("inspect", "-v", path).out.splitlines()) > 3_000


@pytest.mark.parametrize(
    "command",
    [
        ["inspect", "--weights"],
        ["check"],
        ["check", "-v"],
        ["repair", "--dry-run", "--diff"],
        ["convert", "--to", "keras", "--no-verify", "--diff"],
        ["strip-compile", "--dry-run"],
        ["split", "--dry-run", "-o", "parts"],
        ["edit", "--keras-version", "2.2.4", "--dry-run"],
    ],
    ids=" ".join,
)
def test_commands_fit_the_terminal(kfix, sample, monkeypatch, tmp_path, command):
    monkeypatch.chdir(tmp_path)
    long = "a_model_with_a_rather_long_name_that_fills_half_a_line"
    path = sample("tf-2.8.0", "compiled_options", to=f"{long}.h5")
    told = kfix(*command, path.name)
    assert long in told.out
    assert widest(told.out) <= 80


def test_rules_fit_the_terminal(kfix):
    assert widest(kfix("rules").out) <= 80
    shown = kfix("rules", "KF201").out.splitlines()
    assert max(len(line) for line in shown if not line.startswith("http")) <= 80


def test_errors_are_broken_on_a_terminal_only(kfix, monkeypatch, tmp_path):
    path = tmp_path / "weights.h5"
    told = kfix("verify", path, path)
    assert len(told.err.splitlines()) <= 2
    monkeypatch.setattr("converter.cli.frame.isatty", lambda: True)
    broken = kfix("edit", path, "--set", "dense.name=" + "some words " * 20).err.splitlines()
    assert len(broken) > 2
    assert max(map(len, broken)) <= 80
    assert all(line.startswith(("kfix: ", "      ")) for line in broken)
