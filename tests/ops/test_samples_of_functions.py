"""Each function that is written, each of its arguments and each kernel is in some sample.

A sample holds what its own framework computed, and the truth tests hold conversions against it.
"""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache

import pytest

from converter.containers import open_model
from converter.dialects import keras2
from converter.model.description import Layer, Model
from converter.ops import node_defs
from converter.ops.calls import OP_LAYERS
from converter.ops.node_defs import NODES
from converter.ops.registry import FUNCTIONS
from tests import sample_store

STORED_AS = {
    "gather": "compat.v1.gather",
    "gather_nd": "compat.v1.gather_nd",
    "keras.losses.hinge": "keras.metrics.hinge",
    "keras.losses.squared_hinge": "keras.metrics.squared_hinge",
    "linalg.logdet": "linalg.cholesky",
    "linalg.matvec": "linalg.matmul",
    "math.divide": "math.truediv",
    "math.floordiv": "compat.v1.floor_div",
    "math.in_top_k": "compat.v1.math.in_top_k",
    "math.scalar_mul": "compat.v1.math.scalar_mul",
    "math.special.bessel_i0": "math.bessel_i0",
    "nn.atrous_conv2d": "space_to_batch_nd",
    "nn.conv_transpose": "nn.conv2d_transpose",
    "nn.moments": "math.reduce_mean",
    "compat.v1.batch_to_space": "compat.v1.batch_to_space_nd",
    "batch_to_space": "compat.v1.batch_to_space_nd",
    "compat.v1.expand_dims": "expand_dims",
    "compat.v1.math.bincount": "math.bincount",
    "compat.v1.math.confusion_matrix": "math.confusion_matrix",
    "compat.v1.nn.conv1d_transpose": "nn.conv1d_transpose",
    "compat.v1.nn.conv2d_transpose": "nn.conv2d_transpose",
    "compat.v1.nn.conv3d_transpose": "nn.conv3d_transpose",
    "compat.v1.nn.log_poisson_loss": "nn.log_poisson_loss",
    "compat.v1.nn.moments": "math.reduce_mean",
    "compat.v1.nn.softmax_cross_entropy_with_logits": (
        "compat.v1.nn.softmax_cross_entropy_with_logits_v2"
    ),
    "compat.v1.nn.weighted_cross_entropy_with_logits": "nn.weighted_cross_entropy_with_logits",
    "compat.v1.math.l2_normalize": "math.l2_normalize",
    "compat.v1.math.argmax": "math.argmax",
    "compat.v1.math.argmin": "math.argmin",
    "compat.v1.math.count_nonzero": "math.count_nonzero",
    "compat.v1.reverse_sequence": "reverse_sequence",
    "space_to_batch": "space_to_batch_nd",
    **{
        f"compat.v1.math.reduce_{name}": f"math.reduce_{name}"
        for name in ("all", "any", "logsumexp", "max", "mean", "min", "prod", "sum")
    },
    **{
        f"compat.v1.to_{name}": "cast" for name in ("bfloat16", "double", "float", "int32", "int64")
    },
    **{
        f"nn.{name}": f"compat.v1.nn.{name}"
        for name in (
            *("conv1d", "conv2d", "crelu", "depthwise_conv2d", "embedding_lookup", "pool"),
            *("separable_conv2d", "weighted_moments"),
        )
    },
    "nn.softmax_cross_entropy_with_logits": "compat.v1.nn.softmax_cross_entropy_with_logits_v2",
    **{
        name: f"compat.v1.{name}"
        for name in ("norm", "pad", "shape", "size", "squeeze", "transpose")
    },
}
"""Functions that no release stores: they call the other one, which is in a file then. The Lambda
layers of a file may name them all the same."""

TAKE_NO_TENSOR = {"tuple": "it gives back what it gets", "compat.v1.tuple": "so does this"}
"""Functions that leave no layer in a graph."""

NO_NUMBERS = frozenset(
    {
        *("conjugate", "validate_indices", "a_is_sparse", "b_is_sparse", "optimize", "layout"),
        *("tensor_dtype", "include_batch_in_index", "use_cudnn_on_gpu", "_sentinel", "grad_a"),
        *("grad_b", "summarize", "control_inputs", "tensors", "validate_args", "dtype_hint"),
        *("preferred_dtype", "output_type", "align", "data_format", "message"),
    }
)
"""Arguments that change no number, or that no CPU computes with another value (data_format)."""

SYNONYMS = (
    {"filter", "filters"},
    {"rate", "dilations", "dilation_rate"},
    {"stride", "strides"},
    {"axis", "dim", "dimension", "squeeze_dims"},
    {"keepdims", "keep_dims"},
    {"seq_axis", "seq_dim"},
    {"batch_axis", "batch_dim"},
    {"box_indices", "box_ind"},
    {"ksizes", "sizes"},
    {"block_shape", "block_size"},
)
"""Names that an argument had in different releases."""

ONLY_REFUSED = {
    ("argsort", "direction"),
    ("compat.v1.nn.embedding_lookup", "max_norm"),
    ("image.ssim", "return_index_map"),
    ("keras.backend.sparse_categorical_crossentropy", "axis"),
    ("keras.backend.sparse_categorical_crossentropy", "ignore_class"),
    ("compat.v1.nn.pool", "dilation_rate"),
    ("compat.v1.nn.pool", "dilations"),
    ("linalg.pinv", "rcond"),
    ("linalg.svd", "full_matrices"),
    ("math.accumulate_n", "shape"),
    ("math.add_n", "shape"),
    ("math.top_k", "index_type"),
    ("nn.conv1d_transpose", "dilations"),
    ("signal.dct", "axis"),
    ("signal.idct", "axis"),
}
"""Arguments that make a difference only where they are refused, or that no file can have: the
functions take one value, or the writers compute with no other on a CPU."""


def _layers(model: Model) -> Iterator[Layer]:
    for layer in model.layers:
        yield layer
        for each in (layer, *layer.inner.values()):
            if each.model is not None:
                yield from _layers(each.model)


@cache
def _in_samples() -> tuple[Mapping[str, set[str]], set[str], set[str]]:
    """The functions that samples hold, with the arguments that differ from the default; the kernels
    that they hold; the names of functions that stand in them."""
    functions: dict[str, set[str]] = defaultdict(set)
    kernels = set()
    for sample in sample_store.samples():
        if sample.expect != "same" or not sample.layers & OP_LAYERS:
            continue
        with open_model(sample.path) as source:
            config = source.contents.config
        for layer in _layers(keras2.parse(config)):
            if layer.class_name == "TensorFlowOpLayer":
                kernels.add(node_defs.kernel(layer))
            elif layer.class_name in OP_LAYERS:
                name = str(layer.config.get("function"))
                functions[name] |= _given(layer, name)
    names = set(functions)
    for kernel in kernels & NODES.keys():
        name, inputs, attributes = NODES[kernel]
        functions[name] |= {each.lstrip("*") for each in inputs.split()}
        functions[name] |= {each.partition("=")[0] for each in attributes.split()}
    return functions, kernels, names


def _given(layer: Layer, name: str) -> set[str]:
    if name not in FUNCTIONS:
        return set()
    known = {each.name: each for each in _parameters(name)}
    first = next(iter(known))
    return {first} | {
        key
        for call in layer.calls
        for key, value in call.kwargs.items()
        if key in known and value is not None and value != known[key].default
    }


def _parameters(name: str) -> list[inspect.Parameter]:
    return list(inspect.signature(FUNCTIONS[name]).parameters.values())[1:]


def _names_of_one() -> list[list[str]]:
    """Names that one implementation has."""
    names = defaultdict(list)
    for name, function in FUNCTIONS.items():
        names[id(function)].append(name)
    return list(names.values())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_in_a_sample(name: str) -> None:
    functions, _, _ = _in_samples()
    if name not in TAKE_NO_TENSOR:
        assert STORED_AS.get(name, name) in functions


@pytest.mark.parametrize("kernel", NODES)
def test_every_kernel_is_in_a_sample(kernel: str) -> None:
    _, kernels, _ = _in_samples()
    assert kernel in kernels


@pytest.mark.parametrize("names", _names_of_one(), ids=lambda names: names[0])
def test_every_argument_is_in_a_sample(names: list[str]) -> None:
    functions, _, _ = _in_samples()
    if not functions.keys() & set(names):
        return
    stored = {*names, *(STORED_AS[name] for name in names if name in STORED_AS)}
    found = {key for name in stored for key in functions.get(name, ())}
    found |= {key for group in SYNONYMS if found & group for key in group}
    refused = {key for name, key in ONLY_REFUSED if name in stored}
    missing = {each.name for each in _parameters(names[0])} - found - NO_NUMBERS - refused
    assert not missing


def test_no_excuse_is_out_of_date() -> None:
    functions, _, names = _in_samples()
    assert not STORED_AS.keys() & names
    assert not STORED_AS.keys() - FUNCTIONS.keys()
    known = {(name, each.name) for name in FUNCTIONS for each in _parameters(name)}
    assert not ONLY_REFUSED - known
    assert not {(name, key) for name, key in ONLY_REFUSED if key in functions.get(name, ())}
