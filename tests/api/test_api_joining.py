"""Weights-only files that are converted with an architecture from another file."""

from __future__ import annotations

import json

import h5py
import pytest

from converter import convert, join
from converter.errors import NotExactError, UsageError
from tests import sample_store
from tests.e2e.truth import content_of

APART = [
    each
    for each in sample_store.samples()
    if each.architecture_path is not None and each.expect == "same" and not each.options
]


@pytest.mark.parametrize("writer", sorted({each.writer for each in APART}))
def test_the_same_as_joined_and_converted(writer, tmp_path):
    """What is joined and converted is held against the recorded outputs elsewhere."""
    for sample in [each for each in APART if each.writer == writer][:2]:
        joined = tmp_path / ("joined.keras" if sample.kind == "weights.h5" else "joined.h5")
        join(sample.architecture_path, sample.path, joined, force=True)
        expected = convert(joined, tmp_path / "a.keras", verify=False, force=True)
        found = convert(
            sample.path,
            tmp_path / "b.keras",
            architecture=sample.architecture_path,
            verify=False,
            force=True,
        )
        assert found.matching is not None
        contents = [content_of(each.output, sample.inputs) for each in (expected, found)]
        assert contents[0] == contents[1]


@pytest.mark.parametrize(("writer", "name"), [("tf-2.8.0", "lstm"), ("keras-3.15.1", "lstm")])
def test_a_complete_file_gives_the_architecture(writer, name, sample, tmp_path):
    kind = "weights_h5" if writer.startswith("keras-3") else "weights"
    weights, whole = sample(writer, f"{name}-{kind}"), sample(writer, name)
    done = convert(weights, tmp_path / "out.keras", architecture=whole, verify=False)
    assert done.written
    assert done.matching is not None
    assert done.matching.complete


def test_counted_names_may_be_shifted(sample, tmp_path):
    path = sample("keras-2.2.4", "lstm-weights")
    plan = path.with_suffix(".json")
    text = plan.read_text()
    for number in range(6, 0, -1):
        text = text.replace(f'"lstm_{number}"', f'"lstm_{number + 3}"')
    plan.write_text(text)
    done = convert(path, architecture=plan, verify=False)
    assert {pair.variable: pair.weight for pair in done.matching.pairs} == {
        f"lstm_{number + 3}": f"lstm_{number}" for number in range(1, 7)
    }
    assert len(done.matching.by_order) == 6


def test_names_that_cross_the_order_are_ambiguous(sample):
    path = sample("keras-2.2.4", "lstm-weights")
    plan = path.with_suffix(".json")
    plan.write_text(
        plan.read_text().replace('"lstm_1"', '"lstm_12"').replace('"lstm_2"', '"lstm_11"')
    )
    with pytest.raises(NotExactError, match=r"ambiguous \(lstm_") as raised:
        convert(path, architecture=plan, verify=False)
    assert [each.variable for each in raised.value.matching.ambiguous] == [
        "lstm_12",
        "lstm_11",
    ]


def test_a_missing_layer_and_one_too_many_are_listed(sample):
    path = sample("keras-2.2.4", "lstm-weights")
    plan = path.with_suffix(".json")
    with h5py.File(path, "r+") as file:
        names = list(file.attrs["layer_names"])
        file.attrs["layer_names"] = [each for each in names if each != b"lstm_2"]
    with pytest.raises(NotExactError, match=r"1 missing \(lstm_2\)"):
        convert(path, architecture=plan, verify=False)
    assert not path.with_suffix(".keras").exists()


def test_layers_of_another_width_are_listed(sample):
    path = sample("tf-2.8.0", "conv2d-weights")
    plan = path.with_suffix(".json")
    config = json.loads(plan.read_text())
    layers = config["config"]["layers"]
    first = next(each for each in layers if each["class_name"] == "Conv2D")
    first["config"]["filters"] += 1
    plan.write_text(json.dumps(config))
    with pytest.raises(NotExactError, match=f"of another shape .{first['config']['name']}/kernel"):
        convert(path, architecture=plan, verify=False)


def test_an_archive_of_more_than_the_architecture_is_listed(sample):
    path = sample("keras-3.15.1", "lstm-weights_h5")
    with h5py.File(path, "r+") as file:
        file["layers/dense/vars/0"] = [1.0, 2.0]
    with pytest.raises(NotExactError, match="1 not in the model .layers/dense/vars/0"):
        convert(path, architecture=path.with_suffix(".json"), verify=False)


def test_a_complete_file_needs_no_architecture(sample):
    path = sample("tf-2.8.0", "lstm")
    with pytest.raises(UsageError, match="architecture of its own"):
        convert(path, architecture=path, verify=False)


def test_generations_do_not_mix(sample):
    path, other = sample("tf-2.8.0", "lstm-weights"), sample("keras-3.15.1", "lstm-weights_h5")
    with pytest.raises(NotExactError, match="--builder|Keras 3"):
        convert(path, architecture=other.with_suffix(".json"), verify=False)


def test_the_command_shows_all_that_does_not_fit(kfix, sample):
    path = sample("keras-2.2.4", "lstm-weights")
    plan = sample("keras-2.2.4", "conv2d-weights").with_suffix(".json")
    done = kfix("convert", "--to", "keras", path, "--architecture", plan)
    assert done.code == 4
    for number in range(1, 7):
        assert f"lstm_{number}" in done.out
    assert "3 missing" in done.err
    joined = kfix("join", plan, path)
    assert (joined.code, joined.out) == (4, done.out)
    found = kfix("convert", "--to", "keras", path, "--architecture", plan, "--format", "json")
    (error,) = found.document["errors"]
    assert len(error["matching"]["unmatched"]) == 6


def test_a_dry_run_shows_what_is_taken_for_what(kfix, sample):
    path = sample("keras-2.2.4", "lstm-weights")
    plan = path.with_suffix(".json")
    done = kfix("convert", "--to", "keras", path, "--architecture", plan, "--dry-run")
    assert done.code == 1
    assert "6 matched by name" in done.out
    assert sum(line.startswith("lstm_") for line in done.out.splitlines()) == 6
