"""What functions compute on symbols: shapes, numbers that are known at once, and refusals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.lambdas.decompiling import decompiled
from converter.lambdas.errors import LambdaCodeError
from converter.lambdas.layer import Place, written
from converter.lambdas.stored import Stored
from converter.model.description import Layer, TensorRef, Writer
from converter.ops.nodes import Known, Nodes, NoForm, Result, Value
from tests.lambdas.corpora import compiled
from tests.lambdas.from_source import function

TENSORFLOW_1 = Writer((2, 2, 4), False, "tensorflow", "2.2.4")
TENSORFLOW_2 = Writer((2, 8, 0), True, "tensorflow", "2.8.0")
THEANO = Writer((1, 2, 2), False, "theano", "1.2.2")
Shape = tuple[int | None, ...]


class Made:
    """The nodes of a function, and its result."""

    def __init__(
        self,
        source: str,
        *shapes: Shape,
        writer: Writer = TENSORFLOW_1,
        of: str = "float32",
        python: tuple[int, ...] = (3, 7),
        masked: bool = False,
        **config: Any,
    ) -> None:
        inputs = [TensorRef(f"x{index}") for index in range(len(shapes))]
        pairs = zip(inputs, shapes, strict=True)
        known = {ref: Known(of, (None, *shape), of_batch=True) for ref, shape in pairs}
        self.nodes = Nodes("it", known, {ref.layer for ref in inputs}, anchor=inputs[0])
        stored = Stored(function(source, python=python), (), ())
        place = Place(writer, "", lambda nodes: None, masked)
        whole = inputs[0] if len(inputs) == 1 else inputs
        self.result: Result = written(
            Layer("it", "Lambda", config), stored, whole, self.nodes, place
        )

    @property
    def classes(self) -> list[str]:
        return [layer.class_name for layer in self.nodes.layers]

    @property
    def known(self) -> Known:
        assert isinstance(self.result, TensorRef)
        return self.nodes.known[self.result]


def refused(source: str, *shapes: Shape, **given: Any) -> str:
    with pytest.raises(NoForm) as reason:
        Made(source, *(shapes or ((4,),)), **given)
    return str(reason.value)


@pytest.mark.parametrize(
    ("source", "classes"),
    [
        ("lambda x: x / 127.5 - 1.0", ["TrueDivide", "Subtract"]),
        ("lambda x: K.max(x, axis=1)", ["Max"]),
        ("lambda x: tf.keras.backend.max(x, axis=1)", ["Max"]),
        ("lambda x: keras.backend.max(x, 1)", ["Max"]),
        ("lambda x: tf.reduce_max(x, reduction_indices=1, keep_dims=True)", ["Max"]),
        ("lambda x: tf.math.reduce_max(x, 1, name='top')", ["Max"]),
        ("lambda x: tf.compat.v1.reduce_max(x, 1)", ["Max"]),
        ("lambda x: K.tf.nn.relu(x)", ["Relu"]),
        ("lambda x: keras.activations.softmax(x)", ["Softmax"]),
        ("lambda x: abs(-x)", ["Negative", "Absolute"]),
        ("lambda x: (lambda y, z=2.0: y * z)(x)", ["Multiply"]),
        ("lambda x: K.in_train_phase(K.dropout(x, 0.5), K.exp(x))", ["Exp"]),
        ("lambda x: K.log(x) if K.ndim(x) == 2 else K.exp(x)", ["Log"]),
        ("lambda x: K.log(x) if x is None or K.backend() == 'theano' else K.exp(x)", ["Exp"]),
        ("lambda x: [f(x) for f in [K.exp]][0]", ["Exp"]),
        ("lambda x: list(map(lambda y: -y, [x, K.exp(x)]))[1]", ["Exp", "Negative"]),
        (
            "lambda x: K.concatenate([x[:, i:i + 1] for i in range(2)])",
            ["GetItem"] * 2 + ["Concatenate"],
        ),
        ("lambda x: tf.concat(1, [x, x])", ["Concatenate"]),
        ("lambda x: K.reshape(x, (K.shape(x)[0], K.int_shape(x)[1] // 2, 2))", ["Reshape"]),
    ],
)
def test_each_function_is_a_node(source: str, classes: list[str]) -> None:
    assert Made(source, (4,)).classes == classes


def test_several_inputs_are_a_list() -> None:
    assert Made("lambda a: a[0] - a[1]", (4,), (4,)).classes == ["Subtract"]
    assert Made("lambda a: sum(a) / len(a)", (4,), (4,)).classes == ["Add", "Add", "TrueDivide"]


def test_several_outputs() -> None:
    made = Made("lambda x: [x[:, :2], x[:, 2:]]", (4,))
    assert isinstance(made.result, list)
    assert [made.nodes.known[each].shape for each in made.result] == [(None, 2), (None, 2)]


@pytest.mark.parametrize(
    ("writer", "node"),
    [(TENSORFLOW_1, "Multiply"), (THEANO, "Multiply"), (TENSORFLOW_2, "Activation")],
)
def test_what_is_handed_on_keeps_its_mask_in_tensorflow_2_alone(writer: Writer, node: str) -> None:
    assert Made("lambda x: x", (4,), writer=writer).classes == [node]


def test_where_releases_differ_in_the_mask_it_is_refused() -> None:
    either = Writer((2, 2, 4), True, "tensorflow", "2.2.4-tf")
    assert Made("lambda x: x", (4,), writer=either).classes == ["Multiply"]
    assert "mask" in refused("lambda x: x", writer=either, masked=True)


def test_floats_are_taken_in_the_precision_of_the_layer() -> None:
    made = Made("lambda x: x + 1", (4,), writer=TENSORFLOW_2, dtype="mixed_float16")
    assert (made.classes, made.known.dtype) == (["Cast", "Add"], "float16")
    kept = Made("lambda x: x + 1", (4,), writer=TENSORFLOW_1, dtype="float16")
    assert (kept.classes, kept.known.dtype) == (["Add"], "float32")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("lambda x: mine(x)", "'mine'"),
        ("lambda x: x * SCALE", "'SCALE'"),
        ("lambda x: K.random_normal((2, 2)) + x", "random"),
        ("lambda x: tf.random.normal(tf.shape(x)) + x", "random"),
        ("lambda x: K.dropout(x, 0.5)", "random"),
        ("lambda x: K.map_fn(K.exp, x)", "goes over the items"),
        ("lambda x: K.nothing(x)", "K.nothing"),
        ("lambda x: tf.nothing(x)", "tf.nothing"),
        ("lambda x: np.mean(x)", "numpy.mean of a tensor"),
        ("lambda x: x * 2 if K.sum(x) > 0 else x", "depends on what is in its tensors"),
        ("lambda x, by: x * by", "'by'"),
        ("lambda x: x == 1.0", "before TensorFlow 2"),
        ("lambda x: K.batch_dot(x, x, axes=[-1, -1])", "differs among releases"),
        ("lambda x: open('/etc/passwd')", "'open'"),
        ("lambda x: eval('x')", "'eval'"),
        ("lambda x: __import__('os')", "'__import__'"),
        ("lambda x: getattr(x, 'shape')", "'getattr'"),
        ("lambda x: np.load('a')", "numpy.load"),
        ("lambda x: x.__class__", "no tensor"),
        ("lambda x: x.numpy()", ".numpy()"),
        ("lambda x: K.layer_test(x)", "K.layer_test"),
    ],
)
def test_what_is_not_known_is_refused_by_name(source: str, said: str) -> None:
    assert said in refused(source)


@pytest.mark.parametrize(
    "source",
    [
        "lambda x: 10 ** 10 ** 10 * x",
        "lambda x: [0] * 10 ** 10",
        "lambda x: 'a' * 10 ** 10",
        "lambda x: 1 << 10 ** 10",
        "lambda x: list(range(10 ** 12))",
        "lambda x: x + np.zeros((10 ** 5, 10 ** 5))",
        "lambda x: x + np.arange(0, 1, 1e-12)",
        "lambda x: x + K.ones((10 ** 5, 10 ** 5))",
        "lambda x: (lambda f: f(f))(lambda f: f(f))",
    ],
)
def test_absurd_functions_are_refused_at_once(source: str) -> None:
    refused(source)


def test_division_of_whole_numbers_is_that_of_its_python() -> None:
    for python, expected in (((2, 7), 3), ((3, 5), 3.5)):
        made = Made("lambda x: x * (7 / 2)", (4,), python=python)
        assert made.nodes.layers[0].calls[0].args[1] == expected


def test_no_function_breaks_it() -> None:
    """Functions of all forms, on tensors that most of them are not for."""
    outcomes = set()
    for code in compiled("3.11").values():
        known = {TensorRef("x"): Known("float32", (None, 4, 3), of_batch=True)}
        nodes = Nodes("it", known, {"x"}, anchor=TensorRef("x"))
        place = Place(TENSORFLOW_2, "", lambda _: None, False)
        try:
            stored = Stored(decompiled(code), (), ())
            written(Layer("it", "Lambda", {}), stored, TensorRef("x"), nodes, place)
        except (NoForm, LambdaCodeError) as reason:
            outcomes.add(type(reason))
    assert NoForm in outcomes


NUMBERS = st.one_of(st.integers(-9, 9), st.floats(-9, 9, width=16))


@st.composite
def arithmetic(draw: st.DrawFn, depth: int = 3) -> str:
    """An expression of numbers as Python writes it."""
    if depth == 0 or draw(st.booleans()):
        return f"({draw(NUMBERS)!r})"
    left, right = draw(arithmetic(depth - 1)), draw(arithmetic(depth - 1))
    form = draw(st.sampled_from(["{} + {}", "{} - {}", "{} * {}", "max({}, {})", "abs({} - {})"]))
    form = draw(st.sampled_from([form, "math.hypot({}, {})", "np.minimum({}, {})", "({}, {})[1]"]))
    return f"({form.format(left, right)})"


@settings(max_examples=60, deadline=None)
@given(arithmetic())
def test_numbers_are_those_of_python(text: str) -> None:
    expected = eval(text, {"math": math, "np": np})
    made = Made(f"lambda x: float({text})", (4,))
    assert isinstance(made.result, Value)
    np.testing.assert_allclose(made.result.value, expected)


@st.composite
def keys(draw: st.DrawFn) -> str:
    """A subscript of a tensor of three axes."""
    end = st.one_of(st.just(""), st.integers(-4, 4).map(str))
    step = st.sampled_from(["", ":1", ":2", ":-1"])
    part = st.one_of(
        st.tuples(end, end, step).map(lambda each: f"{each[0]}:{each[1]}{each[2]}"),
        st.integers(-2, 1).map(str),
        st.just("None"),
    )
    parts = [":", *draw(st.lists(part, max_size=2))]
    return ", ".join(draw(st.sampled_from([parts, ["...", *parts[1:]]])) if parts[1:] else parts)


@settings(max_examples=80, deadline=None)
@given(keys())
def test_shapes_of_parts_are_those_of_numpy(key: str) -> None:
    expected = eval(f"np.zeros((2, 3, 4))[{key}].shape", {"np": np})
    known = Known("float32", (2, 3, 4))
    start = TensorRef("x0")
    nodes = Nodes("it", {start: known}, {"x0"}, anchor=start)
    stored = Stored(function(f"lambda x: x[{key}]"), (), ())
    place = Place(TENSORFLOW_1, "", lambda _: None, False)
    found = written(Layer("it", "Lambda", {}), stored, start, nodes, place)
    assert isinstance(found, TensorRef)
    assert nodes.known[found].shape == expected
