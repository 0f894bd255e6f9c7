"""Stock layers stand for op nodes where no masks are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from converter.model.description import Call, Json, Layer, TensorRef
from converter.rules.apply import upgrade
from tests.rules.test_op_layers import GIVEN, function, graph
from tests.rules.upgrading import TF_2

LIST = Call(([GIVEN, GIVEN],), {"axis": -1})


def stock(it: Layer, *others: Layer, **given: Any) -> Layer:
    """What becomes of an op layer, the last one."""
    result = upgrade(graph(*others, it, **given), TF_2)
    assert not result.blockers
    return result.model.layers[-1]


@pytest.mark.parametrize(
    ("name", "keywords", "class_name", "config"),
    [
        ("math.multiply", {"y": 0.5}, "Rescaling", {"scale": 0.5, "offset": 0.0}),
        ("math.add", {"y": 2.0}, "Rescaling", {"scale": 1.0, "offset": 2.0}),
        ("math.subtract", {"y": 2.0}, "Rescaling", {"scale": 1.0, "offset": -2.0}),
        ("math.maximum", {"y": GIVEN}, "Maximum", {}),
        ("reshape", {"shape": [-1, 24]}, "Reshape", {"target_shape": [24]}),
        ("compat.v1.transpose", {"perm": [0, 2, 1]}, "Permute", {"dims": [2, 1]}),
        ("expand_dims", {"axis": 1}, "Reshape", {"target_shape": [1, 4, 6]}),
        ("nn.relu6", {}, "Activation", {"activation": "relu6"}),
        ("nn.leaky_relu", {"alpha": 0.3}, "LeakyReLU", {"negative_slope": 0.3}),
        ("nn.softmax", {"axis": 1}, "Softmax", {"axis": 1}),
        ("math.reduce_mean", {"axis": 1}, "GlobalAveragePooling1D", {"keepdims": False}),
        ("math.reduce_max", {"axis": [1], "keepdims": True}, "GlobalMaxPooling1D", {}),
        ("pad", {"paddings": [[0, 0], [1, 2], [0, 0]]}, "ZeroPadding1D", {"padding": [1, 2]}),
        ("identity", {}, "Identity", {}),
    ],
)
def test_what_a_layer_computes_is_one(
    name: str, keywords: Json, class_name: str, config: Json
) -> None:
    layer = stock(function(name, **keywords))
    assert (layer.class_name, layer.module) == (class_name, "keras.layers")
    assert layer.config.items() >= config.items()


def test_a_number_in_front_is_subtracted_from() -> None:
    layer = stock(replace(function("math.subtract"), calls=(Call((1.5,), {"y": GIVEN}),)))
    assert (layer.config["scale"], layer.config["offset"]) == (-1.0, 1.5)
    assert layer.calls == (Call((GIVEN,)),)


def test_tensors_of_a_merge_are_a_list() -> None:
    layer = stock(replace(function("concat"), calls=(LIST,)))
    assert (layer.class_name, layer.calls) == ("Concatenate", (Call(([GIVEN, GIVEN],)),))


@pytest.mark.parametrize(
    ("name", "keywords"),
    [
        ("math.multiply", {"y": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]}),
        ("math.truediv", {"y": 3.0}),
        ("compat.v1.transpose", {"perm": [1, 0, 2]}),
        ("expand_dims", {"axis": 0}),
        ("reshape", {"shape": [-1, 6]}),
        ("math.reduce_mean", {"axis": 2}),
        ("math.reduce_mean", {"axis": 0}),
        ("nn.gelu", {"approximate": True}),
        ("pad", {"paddings": [[0, 0], [1, 2], [0, 1]]}),
        ("pad", {"paddings": [[0, 0], [1, 2], [0, 0]], "constant_values": 1.0}),
    ],
)
def test_what_no_layer_computes_exactly_stays_a_node(name: str, keywords: Json) -> None:
    assert stock(function(name, **keywords)).module.startswith("keras.src.ops")


@pytest.mark.parametrize("dtype", ["int32", "bool"])
def test_what_is_not_of_floats_stays_a_node(dtype: str) -> None:
    layer = stock(function("math.maximum", y=GIVEN), dtype=dtype)
    assert layer.module.startswith("keras.src.ops")


@pytest.mark.parametrize(
    ("class_name", "config"),
    [
        ("Masking", {"mask_value": 0.0}),
        ("Embedding", {"input_dim": 9, "output_dim": 4, "mask_zero": True}),
    ],
)
def test_beside_masks_nodes_stay(class_name: str, config: Json) -> None:
    maker = Layer("maker", class_name, config, calls=(Call((GIVEN,)),))
    assert stock(function("nn.relu"), maker).module.startswith("keras.src.ops")


def test_inside_a_nested_model_nodes_stay() -> None:
    inner = graph(function("nn.relu"))
    nested = Layer(
        "nested", "Functional", calls=(Call((GIVEN,)),), model=replace(inner, name="nested")
    )
    result = upgrade(graph(nested), TF_2)
    model = result.model.layers[-1].model
    assert model is not None
    assert model.layers[-1].module.startswith("keras.src.ops")


def test_the_batch_is_never_taken_for_another_axis() -> None:
    first = replace(function("math.reduce_sum", axis=0), name="first")
    it = replace(function("nn.relu"), calls=(Call((TensorRef("first"),)),))
    assert stock(it, first).module.startswith("keras.src.ops")
