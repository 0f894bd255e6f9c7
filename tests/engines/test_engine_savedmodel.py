from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from converter.engines import Endpoint
from converter.engines.arrays import load, save
from converter.errors import (
    ExitCode,
    KfixError,
    MissingObjectError,
    NotExactError,
    UsageError,
    VerificationError,
)

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
    assert names(export.inputs) == ["b-1", "a"]
    assert names(export.outputs) == ["shared", "shared_1"]


def test_only_names_that_tensorflow_does_not_take_are_changed(
    engine, plain_engine, models, tmp_path
):
    export, result = verified(engine, plain_engine, models / "odd.keras", tmp_path / "model")
    assert names(export.inputs) == ["a-1_2", "a_1", "A_1_1", "gr__e", "x_y", "1st"]
    assert export.signatures[0].renamed == {
        "a-1": "a-1_2",
        "A_1": "A_1_1",
        "größe": "gr__e",
        "x y": "x_y",
    }
    assert names(export.outputs) == ["out-1"]
    assert result.ok


def test_sparse_and_ragged_inputs_become_their_parts(engine, plain_engine, models, tmp_path):
    source, folder = models / "parts.keras", tmp_path / "model"
    export, result = verified(engine, plain_engine, source, folder)
    assert [(item.name, item.shape, item.dtype) for item in export.inputs] == [
        ("words_values", (None,), "int32"),
        ("words_row_splits", (None,), "int64"),
        ("counts_indices", (None, 2), "int64"),
        ("counts_values", (None,), "float32"),
        ("counts_dense_shape", (2,), "int64"),
    ]
    assert result.ok, result.failures
    # What Keras itself was fed with, under the names of the model.
    found = engine.predict(source)
    again = plain_engine.verify_savedmodel(
        folder, inputs=found.inputs_path, reference=found.outputs_path
    )
    assert again.ok, again.failures


def endpoint(text):
    name, _, layers = text.partition("=")
    return Endpoint(name, tuple(layers.split(",")))


@pytest.mark.parametrize(
    ("name", "wanted", "outputs"),
    [
        ("deep", "features=first", [("first", (None, 3))]),
        ("deep", "x=base/high,low", [("high", (None, 6)), ("low", (None, 5))]),
        ("deep", "x=base", [("base", (None, 5))]),
        ("deep", "x=shared", [("shared", (None, 5)), ("shared_1", (None, 5))]),
        ("memory", "x=states", [("states", (1, 3)), ("states_1", (1, 3)), ("states_2", (1, 3))]),
        (
            "parts",
            "x=vectors",
            [("vectors_values", (None, 3)), ("vectors_row_splits", (None,))],
        ),
    ],
)
def test_inner_layers_can_be_served(engine, plain_engine, models, tmp_path, name, wanted, outputs):
    export = engine.export_savedmodel(
        models / f"{name}.keras", tmp_path / "model", endpoints=[endpoint(wanted)], predict=True
    )
    default, further = export.signatures
    assert default.name == "serving_default"
    assert [(item.name, item.shape) for item in further.outputs] == outputs
    for signature, prediction in zip(export.signatures, export.predictions, strict=True):
        result = plain_engine.verify_savedmodel(
            tmp_path / "model",
            signature=signature.name,
            inputs=prediction.inputs_path,
            reference=prediction.outputs_path,
        )
        assert result.ok, result.failures
        assert len(result.comparisons) == len(signature.outputs)


def test_inner_layers_give_what_keras_computes_there(engine, models, tmp_path):
    """The reference of a further signature is right, too: Keras's own model of the layers."""
    import keras

    export = engine.export_savedmodel(
        models / "deep.keras", tmp_path / "model", endpoints=[endpoint("x=first")], predict=True
    )
    model = keras.models.load_model(models / "deep.keras")
    inner = keras.Model(model.inputs, model.get_layer("first").output)
    (image,) = load(export.predictions[1].inputs_path).values()
    (found,) = load(export.predictions[1].outputs_path).values()
    np.testing.assert_allclose(found, inner([image]), rtol=1e-5, atol=1e-6)


def test_serving_default_can_be_another_layer(engine, models, tmp_path):
    export = engine.export_savedmodel(
        models / "deep.keras", tmp_path / "model", endpoints=[endpoint("serving_default=first")]
    )
    assert [names(each.outputs) for each in export.signatures] == [["first"]]


@pytest.mark.parametrize(
    ("wanted", "message", "hint"),
    [
        ("x=frist", "no layer 'frist'", "first"),
        ("x=image", "no layer 'image'", "base"),
    ],
)
def test_layers_that_cannot_be_served(engine, models, tmp_path, wanted, message, hint):
    with pytest.raises(UsageError, match=message) as caught:
        engine.export_savedmodel(
            models / "deep.keras", tmp_path / "model", endpoints=[endpoint(wanted)]
        )
    assert hint in caught.value.hint


def test_a_layer_before_a_stateful_one_leaves_its_state_alone(engine, models, tmp_path):
    engine.export_savedmodel(
        models / "memory.keras", tmp_path / "model", endpoints=[endpoint("x=before")]
    )
    import tensorflow as tf

    loaded = tf.saved_model.load(str(tmp_path / "model"))
    states = [each for each in loaded.variables if each.shape == (1, 3)]
    batch = tf.ones((1, 3, 2))
    loaded.signatures["x"](batch=batch)
    assert len(states) == 2
    assert not any(np.any(each) for each in states)
    loaded.signatures["serving_default"](batch=batch)
    assert all(np.any(each) for each in states)


def test_functions_of_the_users_own_can_be_served(engine, plain_engine, models, tmp_path):
    export = engine.export_savedmodel(
        models / "encoder.keras",
        tmp_path / "model",
        custom=[str(OWN)],
        endpoints=[
            Endpoint("encode", method="encode"),
            Endpoint("above", function="own_layers:with_threshold"),
        ],
        build_input_shape=(None, 4),
        predict=True,
    )
    shapes = {each.name: [item.shape for item in each.outputs] for each in export.signatures}
    assert shapes == {
        "serving_default": [(None, 2)],
        "encode": [(None, 3)],
        "above": [(None, 2), (None,), (None,)],
    }
    assert names(export.outputs) == ["code"]
    (code,) = load(export.predictions[1].outputs_path).values()
    assert np.any(code)
    assert [names(each.inputs) for each in export.signatures[1:]] == [
        ["image"],
        ["the_image", "limits_values", "limits_row_splits"],
    ]
    for signature, prediction in zip(export.signatures, export.predictions, strict=True):
        result = plain_engine.verify_savedmodel(
            tmp_path / "model",
            signature=signature.name,
            inputs=prediction.inputs_path,
            reference=prediction.outputs_path,
        )
        assert result.ok, result.failures


def test_layers_may_branch_and_loop_in_python(engine, plain_engine, models, tmp_path):
    engine.export_savedmodel(models / "branches.keras", tmp_path / "model", custom=[str(OWN)])
    for sign in (1.0, -1.0):
        data = np.full((2, 3), sign, "f4")
        save(tmp_path / "data.npz", {"data": data})
        found = plain_engine.verify_savedmodel(
            tmp_path / "model", inputs=tmp_path / "data.npz", reference=None
        )
        (output,) = load(found.prediction.outputs_path).values()
        np.testing.assert_array_equal(output, data * (3.0 if sign > 0 else -6.0))


@pytest.mark.parametrize(
    ("wanted", "kind", "message"),
    [
        (Endpoint("x", method="decode"), UsageError, "Encoder has no 'decode'"),
        (Endpoint("x", method="plain"), UsageError, "no tf.function with an input_signature"),
        (Endpoint("x", function="own_layers:nothing"), MissingObjectError, "no function"),
        (Endpoint("x", function="elsewhere:f"), MissingObjectError, "no function elsewhere:f"),
        (Endpoint("x", function="own_layers:odd_loss"), MissingObjectError, "odd_loss fails"),
    ],
)
def test_functions_that_cannot_be_served(engine, models, tmp_path, wanted, kind, message):
    with pytest.raises(kind, match=message):
        engine.export_savedmodel(
            models / "encoder.keras",
            tmp_path / "model",
            custom=[str(OWN)],
            endpoints=[wanted],
            build_input_shape=(None, 4),
        )


def test_variables_stay_variables(engine, models, tmp_path):
    import tensorflow as tf

    engine.export_savedmodel(models / "deep.keras", tmp_path / "model")
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    assert loaded.weights["first/kernel"].shape == (5, 3)
    frozen = {name for name, each in loaded.weights.items() if not each.trainable}
    assert frozen == {"first/kernel", "first/bias"}
    assert [len(loaded.variables), len(loaded.trainable_variables)] == [10, 8]
    stored = dict(tf.train.list_variables(str(tmp_path / "model" / "variables" / "variables")))
    assert stored["weights/first.Skernel/.ATTRIBUTES/VARIABLE_VALUE"] == [5, 3]
    image = tf.random.normal((8, 4), seed=1)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(loaded(image) ** 2)
    gradients = tape.gradient(loss, loaded.trainable_variables)
    assert all(each is not None for each in gradients)
    for variable, gradient in zip(loaded.trainable_variables, gradients, strict=True):
        variable.assign_sub(0.001 * gradient)
    assert tf.reduce_sum(loaded(image) ** 2) < loss


@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated")
def test_tflite_is_made_of_it(engine, models, tmp_path):
    import tensorflow as tf

    export = engine.export_savedmodel(models / "deep.keras", tmp_path / "model", predict=True)
    lite = tf.lite.TFLiteConverter.from_saved_model(str(tmp_path / "model")).convert()
    run = tf.lite.Interpreter(model_content=lite).get_signature_runner()
    found = run(image=load(export.prediction.inputs_path)["image"])
    np.testing.assert_allclose(
        found["last"], load(export.prediction.outputs_path)["last"], rtol=1e-4, atol=1e-5
    )


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
    assert export.signatures[0].renamed == {"1 first": "arg_1_first"}
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
