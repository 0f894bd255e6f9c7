"""Functions of TensorFlow in the graph."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from converter.model.description import Call, Json, Layer, Model, TensorRef
from converter.model.findings import Severity
from converter.rules.apply import Upgrade, upgrade
from tests.rules.upgrading import TF_2, findings, found, layer, only

CODE = "KF162"
GIVEN = TensorRef("given")
WHOLE = {"class_name": "__slice__", "config": {"start": None, "stop": None, "step": None}}


def function(name: str, **keywords: Any) -> Layer:
    """An op layer called on the model's input."""
    it = layer("TFOpLambda", function=name, dtype="float32", trainable=True)
    return replace(it, calls=(Call((GIVEN,), keywords),))


def kernel(op: str, constants: dict[int, Json] | None = None, **attr: Json) -> Layer:
    """A node of TensorFlow 2.1 with the model's input as its only tensor."""
    constants = constants or {}
    names = ["x"] * (len(constants) + 1)
    node = {"name": op, "op": op, "input": names, "attr": attr}
    stored = {str(index): value for index, value in constants.items()}
    it = layer("TensorFlowOpLayer", node_def=node, constants=stored)
    return replace(it, calls=(Call((GIVEN,)),))


def graph(*layers: Layer, shape: Json = (None, 4, 6), dtype: str = "float32") -> Model:
    given = Layer("given", "InputLayer", {"batch_input_shape": list(shape), "dtype": dtype})
    return Model("top", "functional", (given, *layers), GIVEN, TensorRef(layers[-1].name))


def upgraded(*layers: Layer, **given: Any) -> Upgrade:
    """Beside a layer that makes a mask: no stock layers stand for nodes then."""
    masking = Layer("masking", "Masking", {"mask_value": 0.0}, calls=(Call((GIVEN,)),))
    return upgrade(graph(masking, *layers, **given), TF_2)


def nodes(result: Upgrade) -> list[Layer]:
    assert not result.blockers, result.blockers
    return [each for each in result.model.layers if each.module.startswith("keras.src.ops")]


def refusal(*layers: Layer, **given: Any) -> str:
    finding = only(upgraded(*layers, **given), CODE)
    assert finding.severity is Severity.REFUSED
    return finding.message


def test_a_graph_without_them_is_left_alone() -> None:
    dense = Layer("it", "Dense", {"units": 2}, calls=(Call((GIVEN,)),))
    assert findings(upgraded(dense), CODE) == []


def test_a_function_becomes_a_node_of_its_name() -> None:
    (node,) = nodes(upgraded(function("math.multiply", y=2.0)))
    assert (node.name, node.class_name, node.module) == ("it", "Multiply", "keras.src.ops.numpy")
    assert node.calls == (Call((GIVEN, 2.0)),)


@pytest.mark.parametrize(
    "bomb",
    [
        replace(function("range"), calls=(Call((10**12,)),)),
        replace(function("range"), calls=(Call((0.0,), {"limit": 1e300, "delta": 1e-9}),)),
        function("sequence_mask", maxlen=10**12),
        function("split", num_or_size_splits=10**12, axis=1),
        function("unstack", num=10**12, axis=1),
        function("gather", indices=[10**12], axis=1),
        function("math.multiply", y=10**400),
        replace(function("range"), calls=(Call((0,), {"limit": 5, "delta": 0}),)),
        replace(function("zeros"), calls=(Call(([10**12],)),)),
        replace(function("eye"), calls=(Call((10**9,)),)),
        function("linspace", stop=1.0, num=10**12),
        function("signal.frame", frame_length=10**9, frame_step=10**9, axis=1, pad_end=True),
        function("signal.dct", n=10**9),
        function("compat.v1.image.resize_bilinear", size=[10**9, 10**9]),
        function("image.resize", size=[10**9, 10**9], method="gaussian"),
        function("signal.stft", frame_length=10**12, frame_step=1),
    ],
)
def test_constants_that_no_model_has_are_refused_at_once(bomb: Layer) -> None:
    assert "no exact form" in refusal(bomb)


def test_a_constant_may_stand_first() -> None:
    it = replace(function("math.subtract"), calls=(Call((1.5,), {"y": GIVEN}),))
    (node,) = nodes(upgraded(it))
    assert node.calls == (Call((1.5, GIVEN)),)


def test_a_list_is_an_array_of_the_dtype_of_the_tensor() -> None:
    (node,) = nodes(upgraded(function("math.multiply", y=[1.0, 2.0]), dtype="float16"))
    assert node.calls[0].args[1] == {
        "class_name": "__numpy__",
        "config": {"value": [1.0, 2.0], "dtype": "float16"},
    }


@pytest.mark.parametrize(
    "name", ["no.such.function", "io.write_file", "random.normal", "__operators__.eq"]
)
def test_what_is_not_known_is_refused_by_name(name: str) -> None:
    assert f"tf.{name} " in refusal(function(name))


def test_an_argument_that_the_file_lacks_is_named() -> None:
    assert "does not hold its argument y" in refusal(function("math.equal"))


def test_an_argument_that_is_not_known_is_named() -> None:
    assert "it has the argument odd=1" in refusal(function("nn.relu", odd=1))


@pytest.mark.parametrize("keywords", [{"shape": {}}, {"shape": "abc"}, {"shape": 3}])
def test_odd_arguments_are_refused(keywords: Json) -> None:
    assert "tf.reshape" in refusal(function("reshape", **keywords))


@pytest.mark.parametrize(
    ("name", "keywords"),
    [
        ("transpose", {"perm": [0, 9]}),
        ("squeeze", {"axis": "x"}),
        ("split", {"num_or_size_splits": [], "axis": 1}),
        ("__operators__.getitem", {"slice_spec": {"start": "a", "stop": 1, "step": 1}}),
        ("__operators__.getitem", {"slice_spec": "abc"}),
        ("slice", {"begin": [0], "size": [1, 2]}),
        ("one_hot", {"depth": None}),
    ],
)
def test_arguments_that_make_no_sense_are_refused(name: str, keywords: Json) -> None:
    assert f"tf.{name}" in refusal(function(name, **keywords))


@pytest.mark.parametrize("name", ["ClassMethod", "InstanceMethod", "InstanceProperty"])
def test_those_of_ragged_tensors_are_refused(name: str) -> None:
    it = replace(layer(name, method_name="bounding_shape"), calls=(Call((GIVEN,)),))
    assert "ragged" in refusal(it)


def test_each_call_has_nodes_of_its_own() -> None:
    it = function("nn.relu")
    other = Call((TensorRef("it"),))
    result = upgraded(replace(it, calls=(*it.calls, other)))
    assert [(node.name, node.calls) for node in nodes(result)] == [
        ("it", it.calls),
        ("it_relu_1", (other,)),
    ]


def test_every_refused_one_is_reported() -> None:
    result = upgraded(function("no.such"), replace(function("nor.this"), name="other"))
    assert [finding.layer for finding in findings(result, CODE)] == ["it", "other"]


@pytest.mark.parametrize(
    ("spec", "key"),
    [
        ({"start": 0, "stop": 2, "step": None}, [{**WHOLE, "config": {**WHOLE["config"]}}]),
        ([None, 1], [None, 1]),
        ([{"class_name": "__ellipsis__"}, 0], [WHOLE, WHOLE, 0]),
        (-1, [-1]),
    ],
)
def test_slices(spec: Json, key: list[Json]) -> None:
    if isinstance(spec, dict):
        key = [{"class_name": "__slice__", "config": spec}]
    it = replace(function("__operators__.getitem", slice_spec=spec), class_name="SlicingOpLambda")
    (node,) = nodes(upgraded(it))
    assert node.class_name == "GetItem"
    assert node.calls[0].args == (GIVEN, key)


def test_masks_of_a_strided_slice() -> None:
    """x[:, ..., None, 2, 1:] as a kernel has it."""
    masks = {"begin_mask": 1, "end_mask": 17, "ellipsis_mask": 2, "new_axis_mask": 4}
    attr = {key: {"i": str(value)} for key, value in (masks | {"shrink_axis_mask": 8}).items()}
    ends = {1: [0, 0, 0, 2, 1], 2: [0, 0, 0, 3, 0], 3: [1, 1, 1, 1, 1]}
    (node,) = nodes(upgraded(kernel("StridedSlice", ends, **attr), shape=(None, 2, 3, 4)))
    behind = {"class_name": "__slice__", "config": {"start": 1, "stop": None, "step": None}}
    assert node.calls[0].args[1] == [WHOLE, WHOLE, None, 2, behind]


def test_a_kernel_takes_its_constants_by_their_places() -> None:
    (node,) = nodes(upgraded(kernel("Sub", {0: 1.0})))
    assert node.calls == (Call((1.0, GIVEN)),)


@pytest.mark.parametrize("node_def", ["text", None, {"op": "NoSuchKernel"}, {"op": ["Mul"]}])
def test_kernels_that_are_not_known_are_refused(node_def: Json) -> None:
    it = replace(layer("TensorFlowOpLayer", node_def=node_def), calls=(Call((GIVEN,)),))
    assert "TensorFlowOpLayer" in refusal(it)


def test_a_kernel_with_too_few_tensors_is_refused() -> None:
    node = {"op": "Mul", "input": ["x", "y"]}
    it = replace(layer("TensorFlowOpLayer", node_def=node, constants={}), calls=(Call((GIVEN,)),))
    assert "its tensors are not those" in refusal(it)


def test_open_lengths_need_no_node() -> None:
    shape = function("shape")
    first = replace(
        function("__operators__.getitem", slice_spec=0),
        name="first",
        class_name="SlicingOpLambda",
        calls=(Call((TensorRef("it"),), {"slice_spec": 0}),),
    )
    reshaped = replace(function("reshape", shape=[TensorRef("first"), 24]), name="reshaped")
    (node,) = nodes(upgraded(shape, first, reshaped))
    assert (node.class_name, node.config) == ("Reshape", {"newshape": [-1, 24]})


def test_known_lengths_are_numbers() -> None:
    shape = function("shape")
    last = replace(
        function("__operators__.getitem"),
        name="last",
        calls=(Call((TensorRef("it"),), {"slice_spec": -1}),),
    )
    reshaped = replace(function("reshape", shape=[-1, TensorRef("last")]), name="reshaped")
    (node,) = nodes(upgraded(shape, last, reshaped))
    assert node.config == {"newshape": [-1, 6]}


def test_a_shape_where_a_layer_needs_a_tensor_becomes_nodes() -> None:
    shape = function("shape")
    dense = Layer("dense", "Dense", {"units": 2}, calls=(Call((TensorRef("it"),)),))
    result = upgraded(shape, dense)
    *_, last = nodes(result)
    assert last.class_name == "Stack"
    assert found(result.model, "dense").calls == (Call((TensorRef(last.name),)),)


def test_a_sum_of_lengths_that_are_open_is_refused_where_a_tensor_is_needed() -> None:
    shape, total = function("shape"), replace(function("math.add"), name="total")
    total = replace(total, calls=(Call((TensorRef("it"),), {"y": TensorRef("it")}),))
    dense = Layer("dense", "Dense", {"units": 2}, calls=(Call((TensorRef("total"),)),))
    assert "a shape where a tensor has to be" in only(upgraded(shape, total, dense), CODE).message


@pytest.mark.parametrize(
    ("value", "class_name"),
    [
        (0.5, "Add"),
        ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "Add"),
        ([[1.0], [2.0], [3.0], [4.0]], "Subtract"),
    ],
)
def test_what_keras_adds_along_a_wrong_axis_is_subtracted(value: Json, class_name: str) -> None:
    (node,) = nodes(upgraded(function("math.add", y=value)))
    assert node.class_name == class_name


def test_outputs_of_a_split_keep_their_places() -> None:
    it = function("split", num_or_size_splits=[1, -1, 2], axis=1)
    last = Layer(
        "last", "Activation", {"activation": "relu"}, calls=(Call((TensorRef("it", 0, 2),)),)
    )
    result = upgraded(it, last)
    (node,) = nodes(result)
    assert node.config == {"indices_or_sections": [1, 2], "axis": 1}
    assert found(result.model, "last").calls[0].args == (TensorRef(node.name, 0, 2),)


def test_integers_are_divided_in_double_precision() -> None:
    result = upgraded(function("math.truediv", y=2), dtype="int32")
    assert [node.class_name for node in nodes(result)] == ["Cast", "TrueDivide"]
    assert nodes(result)[0].config == {"dtype": "float64"}


def test_the_mean_of_integers_is_refused() -> None:
    assert "of integers" in refusal(function("math.reduce_mean", axis=1), dtype="int32")


@pytest.mark.parametrize("attr", [{}, {"half_pixel_centers": {"b": False}}])
def test_resizing_on_the_old_grid_needs_the_size_of_the_pictures(attr: Json) -> None:
    it = kernel("ResizeBilinear", {1: [8, 8]}, **attr)
    assert "size of its pictures" in refusal(it, shape=(None, None, 4, 3))
    assert [node.class_name for node in nodes(upgraded(it, shape=(None, 4, 4, 3)))] == [
        "Einsum"
    ] * 2


def test_nodes_are_named_apart_from_layers() -> None:
    it = function("math.l2_normalize", axis=-1)
    other = Layer(
        "it_square", "Activation", {"activation": "relu"}, calls=(Call((TensorRef("it"),)),)
    )
    names = [each.name for each in upgraded(it, other).model.layers]
    assert len(set(names)) == len(names)


def test_what_only_an_added_loss_needs_may_have_no_form() -> None:
    dense = Layer("dense", "Dense", {"units": 6}, calls=(Call((GIVEN,)),))
    drawn = replace(function("random.normal"), name="drawn")
    loss = Layer("loss", "AddLoss", {"unconditional": False}, calls=(Call((TensorRef("drawn"),)),))
    model = replace(graph(dense, drawn, loss), outputs=TensorRef("dense"))
    result = upgrade(model, TF_2)
    assert not result.blockers
    assert [each.name for each in result.model.layers] == ["given", "dense"]
