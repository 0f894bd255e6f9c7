from __future__ import annotations

import re
from pathlib import Path

import pytest

from converter.engines.arrays import load, save
from converter.errors import ExitCode, KfixError, NotExactError, VerificationError

OWN = Path(__file__).with_name("own_layers.py")

pytestmark = pytest.mark.engine


def names(tensors):
    return [tensor.name for tensor in tensors]


def verified(engine, plain_engine, source, folder, **options):
    export = engine.export_savedmodel(source, folder, predict=True, **options)
    result = plain_engine.verify_savedmodel(
        folder,
        inputs=export.prediction.inputs_path,
        reference=export.prediction.outputs_path,
        input_names=names(export.inputs),
        output_names=names(export.outputs),
    )
    return export, result


@pytest.mark.parametrize(
    ("name", "outputs"),
    [
        ("image", [((None, 6, 6, 2), "float32")]),
        ("text", [((None, 4, 3), "float32")]),
        ("lookup", [((None, 2), "int64"), ((None, 2), "string")]),
        ("stateful", [((4, 4), "float32")]),
        ("steps", [((None, None, 2), "float32")]),
        ("half", [((None, 2), "float16")]),
        ("twice", [((None, 3), "float32"), ((None, 3), "float32")]),
        ("named", [((None, 2), "float32"), ((None, 3), "float32")]),
    ],
)
def test_tensorflow_alone_computes_the_same(engine, plain_engine, models, tmp_path, name, outputs):
    source, folder = models / f"{name}.keras", tmp_path / "model"
    export, result = verified(engine, plain_engine, source, folder)
    assert [(item.shape, item.dtype) for item in export.outputs] == outputs
    assert result.ok, result.failures
    assert result.reference == "arrays"
    assert result.reader.startswith("tensorflow")
    assert len(result.comparisons) == len(outputs)


def test_names_follow_the_model(engine, plain_engine, models, tmp_path):
    export, _ = verified(engine, plain_engine, models / "twice.keras", tmp_path / "model")
    assert names(export.inputs) == ["b_1", "a"]
    assert names(export.outputs) == ["shared", "shared_1"]


def test_names_can_be_given(engine, plain_engine, models, tmp_path):
    export, result = verified(
        engine,
        plain_engine,
        models / "twice.keras",
        tmp_path / "model",
        input_names=["second", "1 first"],
        output_names=["left", "right"],
    )
    assert names(export.inputs) == ["second", "arg_1_first"]
    assert names(export.outputs) == ["left", "right"]
    assert result.ok


def test_wrong_number_of_names_is_refused(engine, models, tmp_path):
    with pytest.raises(NotExactError, match="2 inputs, not 1"):
        engine.export_savedmodel(models / "twice.keras", tmp_path / "model", input_names=["x"])


def test_weights_are_stored_once(engine, models, tmp_path):
    engine.export_savedmodel(models / "heavy.keras", tmp_path / "model")
    size = sum(item.stat().st_size for item in (tmp_path / "model").rglob("*") if item.is_file())
    assert 4.0e6 < size < 4.4e6


def test_custom_layers_need_no_code_afterwards(engine, plain_engine, models, tmp_path):
    _, result = verified(
        engine, plain_engine, models / "custom.keras", tmp_path / "model", custom=[str(OWN)]
    )
    assert result.ok


def test_differences_are_found(engine, plain_engine, models, tmp_path):
    export, _ = verified(engine, plain_engine, models / "dense.keras", tmp_path / "model")
    wrong = {name: array + 1 for name, array in load(export.prediction.outputs_path).items()}
    save(tmp_path / "wrong.npz", wrong)
    inputs = export.prediction.inputs_path
    result = plain_engine.verify_savedmodel(
        tmp_path / "model", inputs=inputs, reference=tmp_path / "wrong.npz"
    )
    assert (result.ok, result.random) == (False, False)
    assert result.max_abs == pytest.approx(1.0)


def test_a_stateful_model_starts_from_zero(engine, plain_engine, models, tmp_path):
    for attempt in ("one", "two"):
        _, result = verified(engine, plain_engine, models / "stateful.keras", tmp_path / attempt)
        assert result.ok


def test_keras_is_kept_out_of_the_verification(engine, plain_engine, models, tmp_path):
    export, _ = verified(engine, plain_engine, models / "dense.keras", tmp_path / "model")
    inputs = export.prediction.inputs_path
    with pytest.raises(KfixError, match="this one imported Keras") as caught:
        engine.verify_savedmodel(tmp_path / "model", inputs=inputs, reference=None)
    assert caught.value.exit_code is ExitCode.BUG
    with pytest.raises(KfixError, match="runs TensorFlow alone"):
        plain_engine.predict(models / "dense.keras")


def test_a_damaged_savedmodel_is_no_success(engine, plain_engine, models, tmp_path):
    export, _ = verified(engine, plain_engine, models / "dense.keras", tmp_path / "model")
    for path in (tmp_path / "model" / "variables").iterdir():
        path.unlink()
    with pytest.raises(VerificationError, match=re.escape("does not run in TensorFlow alone")):
        plain_engine.verify_savedmodel(
            tmp_path / "model", inputs=export.prediction.inputs_path, reference=None
        )
