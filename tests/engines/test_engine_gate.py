from __future__ import annotations

import json
import zipfile

import h5py
import pytest

from converter.engines.gate import read_config, refuse_code, walk
from converter.errors import NotAModelError, UnsafeContentError

DENSE = {"class_name": "Dense", "module": "keras.layers", "config": {"name": "d", "units": 2}}


def nested(layer):
    inner = {"class_name": "Functional", "config": {"name": "inner", "layers": [layer]}}
    return {"class_name": "Sequential", "config": {"name": "top", "layers": [inner]}}


@pytest.mark.parametrize(
    "module",
    [
        None,
        "keras",
        "keras.layers",
        "keras.src.engine.functional",
        "keras.src.models.functional",
        "keras.src.ops.numpy",
        "keras.engine.functional",
        "tf_keras.src.layers.core.dense",
        "keras.initializers",
    ],
)
def test_stock_objects_pass(module):
    refuse_code(nested({**DENSE, "module": module}), "m.h5")


def test_stock_functions_pass():
    function = {"module": "builtins", "class_name": "function", "config": "relu"}
    refuse_code(nested({**DENSE, "config": {"activation": function}}), "m.h5")


@pytest.mark.parametrize(
    "class_name",
    ["Lambda", "TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer", "ClassMethod", "TFSMLayer"],
)
def test_code_is_refused_at_any_depth(class_name):
    with pytest.raises(UnsafeContentError, match=f"a {class_name} at inner/bad"):
        refuse_code(nested({"class_name": class_name, "config": {"name": "bad"}}), "m.h5")


def column(class_name, **config):
    """A feature column inside a layer of feature columns, as tf.keras saves it."""
    inner = {"class_name": class_name, "config": {"key": "word", **config}}
    outer = {"categorical_column": inner, "dimension": 4}
    embedding = {"class_name": "EmbeddingColumn", "config": outer}
    return {
        "class_name": "DenseFeatures",
        "config": {"name": "features", "feature_columns": [embedding]},
    }


@pytest.mark.parametrize(
    "layer",
    [
        {"class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}},
        {"class_name": "IntegerLookup", "config": {"vocabulary": "https://evil.example/x"}},
        {"class_name": "TextVectorization", "config": {"vocabulary": "words.txt"}},
        {
            "class_name": "Custom>Own",
            "config": {"lookup": {"class_name": "StringLookup", "config": {"vocabulary": "x"}}},
        },
        column("VocabularyFileCategoricalColumn", vocabulary_file="/etc/passwd"),
        {
            "class_name": "SequenceFeatures",
            "config": {
                "feature_columns": [
                    {"class_name": "EmbeddingColumn", "config": {"ckpt_to_load_from": "/tmp/c"}}
                ]
            },
        },
    ],
    ids=lambda layer: layer["class_name"],
)
@pytest.mark.parametrize("stock_only", [True, False])
def test_no_layer_may_read_another_file(layer, stock_only):
    with pytest.raises(UnsafeContentError, match="that reads the file"):
        refuse_code(nested(layer), "m.h5", stock_only=stock_only)


def test_vocabularies_in_the_file_pass():
    words = {"class_name": "StringLookup", "config": {"vocabulary": ["a", "b"]}}
    refuse_code(nested(words), "m.h5")
    refuse_code(nested(column("VocabularyListCategoricalColumn", vocabulary_list=["a"])), "m.h5")
    refuse_code(nested(column("IdentityCategoricalColumn", ckpt_to_load_from=None)), "m.h5")


@pytest.mark.parametrize(
    ("class_name", "config"),
    [
        ("TFOpLambda", {"function": "math.multiply"}),
        ("SlicingOpLambda", {"function": "__operators__.getitem"}),
        ("TensorFlowOpLayer", {"node_def": {"op": "AddV2"}}),
    ],
)
def test_functions_that_only_compute_pass(class_name, config):
    refuse_code(nested({"class_name": class_name, "config": {"name": "op", **config}}), "m.h5")


@pytest.mark.parametrize(
    ("class_name", "config"),
    [
        ("TFOpLambda", {"function": "io.write_file"}),
        ("TFOpLambda", {"function": "py_function"}),
        ("TFOpLambda", {"function": ["math.multiply"]}),
        ("SlicingOpLambda", {"function": "io.read_file"}),
        ("TensorFlowOpLayer", {"node_def": {"op": "WriteFile"}}),
        ("TensorFlowOpLayer", {"node_def": "AddV2"}),
        ("ClassMethod", {"function": "math.multiply"}),
        ("InstanceMethod", {"method_name": "math.multiply"}),
    ],
)
def test_other_functions_are_refused(class_name, config):
    with pytest.raises(UnsafeContentError, match=f"a {class_name} at inner/op"):
        refuse_code(nested({"class_name": class_name, "config": {"name": "op", **config}}), "m.h5")


def test_a_lambda_inside_an_activation_is_refused():
    lambda_ = {"class_name": "__lambda__", "config": {"value": []}}
    with pytest.raises(UnsafeContentError, match="__lambda__ at inner/d"):
        refuse_code(nested({**DENSE, "config": {"name": "d", "activation": lambda_}}), "m.h5")


@pytest.mark.parametrize(
    "module",
    ["os", "builtins", "keras.utils", "keras.src.utils.file_utils", "kerasx", "keras.saving", ""],
)
def test_other_modules_are_refused(module):
    with pytest.raises(UnsafeContentError, match=f"an object of module '{module}'"):
        refuse_code(nested({**DENSE, "module": module}), "m.h5")


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ({"module": "keras", "class_name": "layers.Lambda"}, "a Lambda"),
        ({"module": "keras.src.layers.core", "class_name": "lambda_layer.Lambda"}, "a Lambda"),
        ({"module": "keras.src.layers.core", "class_name": "tf_op_layer.TFOpLambda"}, "TFOpLambda"),
        ({"module": "keras.layers", "class_name": "No", "registered_name": "TFOpLambda"}, "TFOp"),
        ({"class_name": "Custom>Lambda"}, "a Lambda"),
        ({"class_name": "__typespec__", "spec_name": "layers.Lambda"}, "a Lambda"),
        ({"module": "keras", "class_name": "utils.get_file"}, "module 'keras'"),
    ],
)
def test_other_ways_to_name_a_class_are_refused(names, told):
    item = {**names, "config": {"name": "bad", "function": "io.write_file"}}
    for stock_only in (True, False):
        with pytest.raises(UnsafeContentError, match=f"{told}.* at inner/bad"):
            refuse_code(nested(item), "m.h5", stock_only=stock_only)


@pytest.mark.parametrize("module", ["builtins", "keras.src.layers.core.lambda_layer"])
def test_what_a_module_has_imported_is_no_function_of_it(module):
    function = {"module": module, "class_name": "function", "config": "np.load"}
    with pytest.raises(UnsafeContentError, match=f"an object of module '{module}'"):
        refuse_code(nested({**DENSE, "config": {"activation": function}}), "m.h5")


def test_an_argument_called_module_is_no_module():
    layer = {"class_name": "Mine", "module": "mine", "config": {"backbone": {"module": "os"}}}
    refuse_code(nested(layer), "m.h5", stock_only=False)


def test_python_builtins_are_no_stock_functions():
    function = {"module": "builtins", "class_name": "function", "config": "exec"}
    with pytest.raises(UnsafeContentError, match="module 'builtins'"):
        refuse_code(nested({**DENSE, "config": {"activation": function}}), "m.h5")


def test_custom_modules_pass_where_the_user_gave_them_but_code_does_not():
    refuse_code(nested({**DENSE, "module": "mine"}), "m.h5", stock_only=False)
    with pytest.raises(UnsafeContentError):
        refuse_code(nested({"class_name": "Lambda", "config": {}}), "m.h5", stock_only=False)


def test_a_vocabulary_that_is_a_file_is_refused():
    layer = {"class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}}
    with pytest.raises(UnsafeContentError, match="reads the file '/etc/passwd'"):
        refuse_code(nested(layer), "m.h5")
    layer["config"]["vocabulary"] = ["a", "b"]
    refuse_code(nested(layer), "m.h5")


def test_paths_name_the_layers_but_not_the_model():
    wrapped = {"class_name": "TimeDistributed", "config": {"name": "td", "layer": DENSE}}
    paths = {item.get("class_name"): path for path, item in walk(nested(wrapped))}
    assert paths["Dense"] == "inner/td/d"
    assert paths["Sequential"] == ""


def test_deep_nesting_does_not_exhaust_the_stack():
    config = DENSE
    for _ in range(20000):
        config = {"config": config}
    assert sum(1 for _ in walk(config)) > 20000


def test_config_is_read_from_bytes_and_text(tmp_path):
    for number, value in enumerate([json.dumps(DENSE), json.dumps(DENSE).encode()]):
        with h5py.File(tmp_path / f"{number}.h5", "w") as file:
            file.attrs["model_config"] = value
        assert read_config(tmp_path / f"{number}.h5") == DENSE


def test_a_file_without_a_model_is_told(tmp_path):
    path = tmp_path / "weights.h5"
    h5py.File(path, "w").close()
    with pytest.raises(NotAModelError, match="weights.h5 holds no model config"):
        read_config(path)
    path.write_bytes(b"neither")
    with pytest.raises(NotAModelError):
        read_config(path)


def test_a_damaged_archive_is_told(tmp_path):
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(DENSE))
    path.write_bytes(path.read_bytes().replace(b'"units": 2', b'"units": 3'))
    with pytest.raises(NotAModelError, match="m.keras holds no model config"):
        read_config(path)


def test_the_compile_state_is_read_only_where_it_will_be_used(tmp_path):
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr("config.json", json.dumps({**DENSE, "compile_config": {"loss": "mse"}}))
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["model_config"] = json.dumps(DENSE)
        file.attrs["training_config"] = json.dumps({"loss": "mse"})
    for name in ("m.keras", "m.h5"):
        assert read_config(tmp_path / name) == DENSE
        assert read_config(tmp_path / name, compile=True)["compile_config"] == {"loss": "mse"}


@pytest.mark.parametrize("module", ["os", "subprocess", "tensorflow.io", "keras.utils"])
def test_modules_that_cannot_be_the_users_are_refused_even_with_custom_code(module):
    with pytest.raises(UnsafeContentError):
        refuse_code(nested({**DENSE, "module": module}), "m.h5", stock_only=False)
