"""Each command on a real file: what it prints, writes and leaves alone."""

from __future__ import annotations

import json
import zipfile

import pytest

from converter.api.rules import list_rules


def test_rules(kfix):
    shown = kfix("rules")
    assert shown.code == 0
    assert all(rule.code in shown.out for rule in list_rules())
    assert "time_major" in kfix("rules", "rnn-time-major").out
    assert kfix("rules", "kf501").out.startswith("KF501 wrong-suffix")


def test_inspect(kfix, sample):
    shown = kfix("inspect", sample("keras-2.2.4", "crnn"))
    assert shown.code == 0
    assert "Keras 2.2.4, tensorflow backend" in shown.out
    assert "    backward_gru_1" not in shown.out.splitlines()[0]
    assert "?×12×8×1" in shown.out
    assert max(map(len, shown.out.splitlines()[1:-2])) <= 80


def test_inspect_weights(kfix, sample):
    shown = kfix("inspect", "--weights", sample("keras-2.2.4", "lstm-weights"))
    assert "no architecture" in shown.out
    assert "lstm_1/kernel:0" in shown.out


def test_check_finds_and_leaves_alone(kfix, sample):
    path = sample("keras-2.2.4", "lstm")
    before = path.read_bytes()
    shown = kfix("check", path)
    assert shown.code == 1
    assert "KF201 silent lstm_1 and 4 more" in shown.out
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_check_of_each_layer(kfix, sample):
    shown = kfix("check", "-v", sample("keras-2.2.4", "lstm"))
    assert "KF201 silent lstm_2" in shown.out


def test_check_with_the_users_own_layers(kfix, sample, tmp_path):
    path = sample("tf-2.8.0", "custom_layer")
    alone = kfix("check", path)
    assert alone.code == 1 and "KF903 custom own" in alone.out
    module = tmp_path / "my_layers.py"
    module.write_text("raise SystemExit('this ran')\nclass Scale: ...\n")
    for given in (module, tmp_path, "Scale"):
        told = kfix("check", path, "--custom", given)
        assert "KF903" not in told.out, given
    other = tmp_path / "other.py"
    other.write_text("class Other: ...\n")
    assert "KF903 custom own" in kfix("check", path, "--custom", other).out
    assert "KF903 custom own" in kfix("check", path, "--custom", "Scal").out
    assert kfix("check", path, "--custom", tmp_path / "nowhere.py").code == 2


def test_repair_then_check(kfix, sample):
    path = sample("keras-2.2.4", "lstm")
    assert kfix("repair", path).code == 0
    repaired = path.with_name("lstm.repaired.h5")
    assert kfix("check", repaired).code == 0
    assert "nothing to repair" in kfix("repair", repaired).out
    assert kfix("diff", path, repaired).code == 0


def test_repair_in_place_keeps_the_original(kfix, sample):
    path = sample("keras-2.2.4", "lstm")
    before = path.read_bytes()
    assert kfix("repair", "--in-place", path).code == 0
    assert path.with_name("lstm.h5.bak").read_bytes() == before
    assert kfix("check", path).code == 0


def test_repair_without_backup(kfix, sample):
    path = sample("keras-2.2.4", "lstm")
    assert kfix("repair", "--in-place", "--no-backup", path).code == 0
    assert [each.name for each in path.parent.iterdir()] == ["lstm.h5"]


def test_dry_run_writes_nothing(kfix, sample):
    path = sample("keras-2.2.4", "lstm")
    for command in (["repair"], ["convert", "--to", "keras"], ["convert", "--to", "savedmodel"]):
        shown = kfix(*command, path, "--dry-run")
        assert shown.code == 1
        assert "would become" in shown.out
    assert [each.name for each in path.parent.iterdir()] == ["lstm.h5"]


def test_diff_option_shows_the_edits(kfix, sample):
    shown = kfix("repair", "--dry-run", "--diff", sample("keras-2.2.4", "lstm")).out
    assert "@ lstm_1\n  - implementation: 1\n" in shown
    assert "  - batch_input_shape: [null, 6, 3]" in shown
    assert "  + batch_shape: [null, 6, 3]" in shown


@pytest.mark.parametrize(("form", "name"), [("keras", "lstm.keras"), ("h5", "lstm.converted.h5")])
def test_convert_without_keras(kfix, sample, form, name):
    path = sample("keras-2.2.4", "lstm")
    shown = kfix("convert", path, "--to", form, "--no-verify")
    assert (shown.code, path.with_name(name).exists()) == (0, True)
    assert "not verified" in shown.out
    assert kfix("check", path.with_name(name)).code == 0


def test_strip(kfix, sample):
    path = sample("tf-2.8.0", "compiled_options")
    optimizer = kfix("strip-optimizer", path, "-o", path.with_name("a.h5"))
    assert "without optimizer_weights" in optimizer.out
    assert kfix("strip-compile", path, "-o", path.with_name("b.h5")).code == 0
    assert "compile    Adam" in kfix("inspect", path.with_name("a.h5")).out
    assert "no compile state" in kfix("inspect", path.with_name("b.h5")).out
    assert "nothing to drop" in kfix("strip-compile", path.with_name("b.h5")).out


def test_split_and_join_give_the_same_model(kfix, sample, tmp_path):
    path = sample("keras-2.2.4", "lstm")
    assert kfix("split", path, "-o", tmp_path / "parts").code == 0
    parts = tmp_path / "parts" / "lstm.json", tmp_path / "parts" / "lstm_weights.h5"
    assert kfix("join", *parts, "-o", tmp_path / "joined.h5").code == 0
    assert kfix("diff", "--raw", path, tmp_path / "joined.h5").code == 0


def test_edit(kfix, sample):
    path = sample("keras-2.2.4", "lstm")
    shown = kfix(
        "edit", path, "--set", "lstm_1.units=5", "--drop", "lstm_*.implementation", "--diff"
    )
    assert shown.code == 0
    assert "7 values changed" in shown.out
    assert "@ lstm_1\n  - units: 4\n  + units: 5" in shown.out
    assert kfix("diff", "--raw", path, path.with_name("lstm.edited.h5")).code == 1


def test_edit_of_the_training_config(kfix, sample, tmp_path):
    path = sample("tf-2.8.0", "compiled_options")
    assert kfix("edit", path, "--training-config", "drop", "--in-place").code == 0
    assert "no compile state" in kfix("inspect", path).out


def test_diff_names_what_differs(kfix, sample):
    shown = kfix("diff", sample("keras-2.2.4", "lstm"), sample("keras-2.2.4", "gru"))
    assert shown.code == 1
    assert "+ gru_1 (GRU)" in shown.out
    assert "- lstm_1 (LSTM)" in shown.out


@pytest.mark.parametrize(
    "command", [["inspect"], ["check"], ["repair"], ["convert", "--to", "keras", "--no-verify"]]
)
def test_json(kfix, sample, command):
    path = sample("keras-2.2.4", "lstm")
    document = kfix(*command, path, "--format", "json").document
    assert document["schema_version"] == 1
    assert document["command"] == command[0]
    assert document["errors"] == []
    (result,) = document["results"]
    assert str(path) in (result.get("path"), result.get("source"))
    assert {each["code"] for each in result["findings"]} >= {"KF110", "KF201"}


def test_provenance(kfix, sample, tmp_path):
    path = sample("keras-2.2.4", "lstm")
    kfix("convert", path, "--to", "keras", "--no-verify")
    with zipfile.ZipFile(path.with_suffix(".keras")) as archive:
        note = json.loads(archive.read("metadata.json"))["kfix"]
    assert note["source"] == "lstm.h5"
    assert len(note["sha256"]) == 64
    assert "KF201" in note["rules"]
