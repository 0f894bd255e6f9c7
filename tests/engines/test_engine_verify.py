from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from converter.engines import InputSpec, Tolerance
from converter.engines.arrays import load, save
from converter.errors import UnsafeContentError, VerificationError

OWN = Path(__file__).with_name("own_layers.py")

pytestmark = pytest.mark.engine


def test_keras_2_is_the_reference_for_its_own_file(engine, models):
    result = engine.verify_keras(
        models / "dense.keras", reference=models / "dense_keras2.h5", reference_kind="tf_keras"
    )
    assert result.ok
    assert (result.reference, result.note, result.compiled) == ("tf_keras", "", True)
    assert result.reader.startswith("keras 3")
    assert result.max_abs < 1e-6
    assert result.comparisons[0].scale > 0.1


def test_other_numbers_are_found(engine, models):
    result = engine.verify_keras(
        models / "other.keras", reference=models / "dense_keras2.h5", reference_kind="tf_keras"
    )
    assert not result.ok
    assert not result.random
    assert result.failures[0].max_abs == pytest.approx(0.5)
    assert result.first_difference == result.comparisons[0].name
    assert result.failures[0].reason == "it differs by up to 0.5"


def test_tolerance_is_the_callers(engine, models):
    result = engine.verify_keras(
        models / "other.keras",
        reference=models / "dense.keras",
        reference_kind="keras",
        tolerance=Tolerance(atol=0.6),
    )
    assert result.ok


def test_expected_outputs_may_come_from_a_file(engine, models, tmp_path):
    once = engine.predict(models / "dense.keras")
    wanted = load(once.outputs_path)
    save(tmp_path / "wanted.npz", {"y": next(iter(wanted.values())) + np.float32(0.01)})
    arguments = {"reference_kind": "arrays", "inputs": once.inputs_path}
    same = engine.verify_keras(models / "dense.keras", reference=once.outputs_path, **arguments)
    other = engine.verify_keras(
        models / "dense.keras", reference=tmp_path / "wanted.npz", **arguments
    )
    assert same.ok
    assert other.max_abs == pytest.approx(0.01, rel=1e-3)


def test_without_a_reference_it_must_load_and_be_finite(engine, models):
    result = engine.verify_keras(models / "dense.keras")
    assert result.ok
    assert (result.reference, result.note) == ("", "no reference was asked for")


def test_a_reference_that_cannot_be_read_says_why(engine, models):
    result = engine.verify_keras(
        models / "dense.keras", reference=models / "dense.keras", reference_kind="tf_keras"
    )
    assert result.reference == ""
    assert result.note.startswith("tf_keras 2")
    assert "\n" not in result.note


def test_code_in_the_reference_is_not_run(engine, models):
    result = engine.verify_keras(
        models / "dense.keras", reference=models / "lambda.h5", reference_kind="tf_keras"
    )
    assert (result.reference, (models / "ran").exists()) == ("", False)
    assert result.note.startswith("lambda.h5: a Lambda at sequential")
    for reader in ("keras", "tf_keras"):
        with pytest.raises(UnsafeContentError):
            engine.predict(models / "lambda.h5", reader=reader)
    assert not (models / "ran").exists()


def test_an_output_that_does_not_load_is_no_success(engine, models):
    with pytest.raises(VerificationError, match=r"keras 3\S+ cannot load broken.keras"):
        engine.verify_keras(models / "broken.keras")


def test_any_suffix_will_do(engine, models, tmp_path):
    for name in ("dense.keras", "dense_keras2.h5"):
        (tmp_path / "model.tmp").write_bytes((models / name).read_bytes())
        reader = "keras" if name == "dense.keras" else "tf_keras"
        assert engine.predict(tmp_path / "model.tmp", reader=reader).finite
    assert [item.name for item in tmp_path.iterdir()] == ["model.tmp"]


def test_given_specs_decide_the_arrays(engine, models):
    spec = InputSpec("data", (None, 3), low=5.0, high=6.0)
    result = engine.predict(models / "dense.keras", inputs=[spec], batch=3)
    values = load(result.inputs_path)["data"]
    assert values.shape == (3, 3)
    assert 5 <= values.min() <= values.max() <= 6


def test_sizes_are_tried_until_the_model_takes_one(engine, models):
    result = engine.predict(models / "wide.keras")
    assert result.inputs[0].shape == (2, 32, 32, 3)
    with pytest.raises(VerificationError, match="does not run on test inputs"):
        engine.predict(models / "wide.keras", sizes=[8, 16])


def test_ids_stay_within_the_vocabulary(engine, models):
    result = engine.predict(models / "ids.keras")
    (values,) = load(result.inputs_path).values()
    assert np.array_equal(values, np.round(values))
    assert 2 <= values.max() < 7


def test_dictionaries_are_fed_by_name_and_lists_by_position(engine, models):
    named = engine.predict(models / "named.keras")
    assert [item.name for item in named.inputs] == ["a", "b-1", "flag"]
    assert [item.name for item in named.outputs] == ["o", "p"]
    arrays = load(named.inputs_path)
    twice = engine.predict(models / "twice.keras")
    assert [item.name for item in twice.inputs] == ["b-1", "a"]
    assert [item.name for item in twice.outputs] == ["shared", "shared_1"]
    assert arrays["flag"].dtype == np.bool_


@pytest.mark.parametrize(("name", "random"), [("noise", True), ("stateful", False)])
def test_random_models_are_told_apart_from_wrong_ones(engine, models, tmp_path, name, random):
    own = [str(OWN)]
    once = engine.predict(models / f"{name}.keras", custom=own)
    wrong = {name: array + 9 for name, array in load(once.outputs_path).items()}
    save(tmp_path / "wrong.npz", wrong)
    result = engine.verify_keras(
        models / f"{name}.keras",
        reference=tmp_path / "wrong.npz",
        reference_kind="arrays",
        inputs=once.inputs_path,
        custom=own,
    )
    assert (result.ok, result.random) == (False, random)
