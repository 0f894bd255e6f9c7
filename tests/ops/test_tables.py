"""The tables of TensorFlow's functions hold together."""

from __future__ import annotations

import inspect

import pytest

from converter.knowledge import keras3
from converter.ops import elementwise, nn, reductions
from converter.ops.node_defs import NODES
from converter.ops.refused import REASONS
from converter.ops.registry import FUNCTIONS, TABLES


def parameters(name: str) -> list[inspect.Parameter]:
    """Those of TensorFlow's function, without the ``Nodes``."""
    return list(inspect.signature(FUNCTIONS[name]).parameters.values())[1:]


def test_no_function_is_in_two_tables() -> None:
    assert sum(map(len, TABLES.values())) == len(FUNCTIONS)


def test_no_function_is_written_and_refused() -> None:
    assert not FUNCTIONS.keys() & REASONS.keys()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_needs_a_tensor(name: str) -> None:
    assert parameters(name)[0].default is inspect.Parameter.empty


@pytest.mark.parametrize("kernel", NODES)
def test_a_kernel_gives_a_function_what_it_takes(kernel: str) -> None:
    name, inputs, attributes = NODES[kernel]
    given = {each.lstrip("*") for each in inputs.split()}
    given |= {each.partition("=")[0] for each in attributes.split()}
    taken = parameters(name)
    assert given <= {each.name for each in taken}
    assert {each.name for each in taken if each.default is each.empty} <= given


@pytest.mark.parametrize(
    "table",
    [
        elementwise.ONE,
        elementwise.TESTS,
        elementwise.TWO,
        elementwise.OF_BITS,
        elementwise.COMPARISONS,
        reductions.PLAIN,
        reductions.OF_BOOLEANS,
        reductions.OF_FLOATS,
        nn.ACTIVATIONS,
    ],
)
def test_ops_of_tables_are_keras_s(table: dict[str, str]) -> None:
    assert not table.keys() - keras3.OPERATIONS.keys()
