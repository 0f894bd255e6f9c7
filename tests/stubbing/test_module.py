"""Whole modules from what a file says, hostile files among them."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.errors import UnsafeContentError
from converter.stubbing.module import MOST, module_source
from converter.stubbing.needs import Kind, Need, Stored, Use, merged
from converter.stubbing.shapes import Seen

NASTY = [
    '"""\nimport os; os.system("touch owned")\n"""',
    "'''); owned()  #",
    "a\\",
    "\\N{BULLET}",
    "{owned()}",
    "\r\nowned()",
    "\u2028owned()",
    "\u202eowned",
    "\ud800",
    "\x00",
    "class",
    "__class__",
    "self",
    "kwargs",
    "keras",
    "super",
    "raise",
    "ｏｗｎｅｄ",
    "",
    " ",
    "1",
    "x" * 5000,
]
ANY_TEXT = st.sampled_from(NASTY) | st.text(st.characters(codec=None), max_size=20)
CONFIGS = st.dictionaries(
    ANY_TEXT, ANY_TEXT | st.integers() | st.floats() | st.lists(ANY_TEXT, max_size=3), max_size=5
)
KINDS = st.sampled_from(list(Kind))


def use(name: str = "layer", config: Any = None, **more: Any) -> Use:
    facts = {"file": "model.h5", "place": name, "name": name, "config": config or {}}
    return Use(**{**facts, **more})


def need(name: str = "Scale", *uses: Use, kind: Kind = Kind.LAYER, package: str = "") -> Need:
    return Need(kind, name, package, uses or (use(),))


def harmless(source: str) -> ast.Module:
    """The module, which has classes and functions and does nothing when it is imported."""
    tree = ast.parse(source)
    for node in tree.body:
        assert isinstance(
            node, (ast.Import, ast.ClassDef, ast.FunctionDef, ast.Assign, ast.Expr)
        ), ast.dump(node)
        if isinstance(node, ast.Assign):
            assert isinstance(node.value, ast.Dict)
            assert all(isinstance(each, ast.Name) for each in node.value.values)
        if isinstance(node, ast.Expr):
            assert isinstance(node.value, ast.Constant)
    calls = {ast.unparse(each.func) for each in ast.walk(tree) if isinstance(each, ast.Call)}
    known = ("keras.", "self.add_weight", "self.", "super", "config.update", "kwargs.pop")
    more = {"NotImplementedError", "isinstance", "float", "set", "_made", "_stored"}
    assert {each for each in calls if not each.startswith(known)} <= more
    names = {each.id for each in ast.walk(tree) if isinstance(each, ast.Name)}
    assert not {"owned", "os"} & names
    return tree


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(KINDS, ANY_TEXT, ANY_TEXT, st.none() | CONFIGS, ANY_TEXT, ANY_TEXT),
        min_size=1,
        max_size=4,
    ),
    ANY_TEXT,
)
def test_nothing_in_a_file_gets_out_of_its_place(objects, file):
    needs = []
    for kind, name, package, config, layer, weight in objects:
        stored = (Stored(f"{layer}/{weight}:0", (3, 4), "float32"),)
        one = Use(file, layer, layer, name, config, stored, (Seen(((None, 3),), None),))
        needs.append(Need(kind, name, package, (one,)))
    source = module_source(merged(needs), [file], "own.py")
    source.encode()
    harmless(source)


def test_ten_thousand_classes_are_no_model():
    with pytest.raises(UnsafeContentError, match="10,000"):
        module_source([need(f"Scale{n}") for n in range(10_000)], ["model.h5"], "own.py")
    assert len(ast.parse(module_source([need(f"S{n}") for n in range(MOST)], ["m"], "o")).body)


def test_a_value_of_ten_megabytes_has_to_be_given():
    source = module_source([need("Scale", use(config={"table": "x" * 10_000_000}))], ["m"], "o")
    assert len(source) < 2000
    assert "def __init__(self, table, **kwargs):" in source


def test_arguments_without_end_are_taken_as_they_come():
    config = {f"key_{n}": n for n in range(5000)}
    source = module_source([need("Scale", use(config=config))], ["m"], "o")
    harmless(source)
    assert len(source) < 20_000


def test_values_are_defaults_where_all_agree():
    uses = (use("a", {"units": 4, "rate": 0.5}), use("b", {"units": 8, "rate": 0.5}))
    source = module_source([need("Scale", *uses)], ["m"], "o")
    assert "def __init__(self, units, rate=0.5, **kwargs):" in source


def weight(name: str, *shape: int, dtype: str = "float32") -> Stored:
    return Stored(name, shape, dtype)


def layer_source(*uses: Use) -> str:
    return module_source([need("Scale", *uses)], ["m"], "o")


def called(*inputs: tuple[int | None, ...], listed: bool = False) -> tuple[Seen, ...]:
    return (Seen(inputs, None, listed),)


def test_lengths_are_those_of_the_input_and_of_arguments():
    mine = (weight("scale/W:0", 50, 16), weight("scale/b:0", 16), weight("scale/u:0", 16, 1))
    source = layer_source(use("scale", {"units": 16}, weights=mine, calls=called((None, 5, 50))))
    assert 'self.W = self.add_weight(name="W", shape=(input_shape[-1], self.units))' in source
    assert 'self.b = self.add_weight(name="b", shape=(self.units,))' in source
    assert 'self.u = self.add_weight(name="u", shape=(self.units, 1))' in source


def test_a_length_that_does_not_hold_everywhere_is_no_argument():
    first = use("a", {"units": 4}, weights=(weight("a/W:0", 3, 4),))
    second = use("b", {"units": 8}, weights=(weight("b/W:0", 3, 4),))
    assert "shape=(3, 4)" in layer_source(first, second)


def test_lengths_of_which_nothing_tells():
    first = use("a", {}, weights=(weight("a/W:0", 3),))
    second = use("b", {}, weights=(weight("b/W:0", 4),))
    assert 'shape={"a": (3,), "b": (4,)}[self.name]' in layer_source(first, second)


def test_a_weight_that_only_some_have():
    some = {"bias": True}, {"bias": False}
    both = [weight("a/W:0", 2), weight("a/b:0", 2)]
    uses = use("a", some[0], weights=tuple(both)), use("b", some[1], weights=(weight("b/W:0", 2),))
    assert "if self.bias:\n            self.b =" in layer_source(*uses)


def test_dtypes_and_what_training_does_not_reach():
    mine = (weight("scale/moving_count:0", dtype="int64"),)
    source = layer_source(use("scale", {}, weights=mine))
    assert 'name="moving_count", shape=(), dtype="int64", trainable=False' in source


def test_lists_of_inputs():
    seen = called((None, 7), (None, 9), listed=True)
    source = layer_source(use("scale", {}, weights=(weight("scale/W:0", 9, 1),), calls=seen))
    assert "shape=(input_shape[1][-1], 1)" in source


def test_a_layer_inside_that_can_be_no_other():
    mine = (weight("scale/dense_3/kernel:0", 4, 2), weight("scale/dense_3/bias:0", 2))
    source = layer_source(use("scale", {}, weights=mine))
    assert 'self.dense_3 = keras.layers.Dense(2, name="dense_3")' in source
    assert "self.dense_3.build((None, 4))" in source


@pytest.mark.parametrize(
    "mine",
    [
        (weight("scale/after/kernel:0", 4, 2), weight("scale/after/bias:0", 2)),
        (weight("scale/dense/kernel:0", 4, 2), weight("scale/dense/bias:0", 3)),
        (weight("scale/dense/kernel:0", 4, 2), weight("scale/dense/scale:0", 2)),
        (weight("scale/dense/inner/kernel:0", 4, 2), weight("scale/dense/inner/bias:0", 2)),
        (weight("dense/vars/0", 4, 2), weight("dense/vars/1", 2)),
        (weight("scale/conv2d/kernel:0", 4, 2), weight("scale/conv2d/bias:0", 2)),
    ],
    ids=["own name", "other shape", "other variable", "deeper", "archive", "other rank"],
)
def test_a_layer_inside_that_may_be_another_is_a_comment(mine):
    source = layer_source(use("scale", {}, weights=mine))
    assert "        # A layer inside, " in source
    code = "\n".join(line for line in source.splitlines() if not line.strip().startswith("#"))
    assert "keras.layers.Dense" not in code and "Conv2D" not in code


def test_layers_of_one_kind_are_made_in_the_order_of_their_numbers():
    mine = tuple(
        weight(f"scale/dense_{n}/{name}:0", *shape)
        for n in (10, 9)
        for name, shape in (("kernel", (3, 3)), ("bias", (3,)))
    )
    source = layer_source(use("scale", {}, weights=mine))
    assert source.index("self.dense_9 =") < source.index("self.dense_10 =")


def test_names_that_python_has_are_told_in_a_dictionary():
    source = module_source([need("my layer"), need("abs", kind=Kind.ACTIVATION)], ["m"], "o")
    tree = harmless(source)
    assert ast.unparse(tree.body[-1]) == "custom_objects = {'my layer': my_layer, 'abs': abs_}"


def test_packages_are_registered():
    source = module_source([need("Scale", package="Mine"), need("a b", package="Mine")], ["m"], "o")
    assert '@keras.saving.register_keras_serializable("Mine")\nclass Scale(' in source
    assert '@keras.saving.register_keras_serializable("Mine", "a b")\nclass a_b(' in source
    assert "custom_objects" not in source


def test_one_name_with_and_without_its_package_is_one_class():
    found = merged([need("Scale", use("a")), need("Scale", use("b"), package="Mine")])
    assert [(each.registered, len(each.uses)) for each in found] == [("Mine>Scale", 2)]
    several = [need("Scale", package=package) for package in ("", "A", "B")]
    assert [each.registered for each in merged(several)] == ["Scale", "A>Scale", "B>Scale"]


def test_formatters_leave_it_as_it_is(tmp_path):
    """Long arguments, long shapes, several files, all kinds."""
    config = {f"argument_number_{n}": [1.5] * n for n in range(9)} | {"units": 4, "table": {"a": 1}}
    mine = tuple(weight(f"scale/weight_of_a_long_name_{n}:0", 4, 50, 4, 4) for n in range(3))
    layers = [
        need(f"Own{kind.name}", use("scale", config, weights=mine), kind=kind)
        for kind in (Kind.LAYER, Kind.CELL, Kind.WRAPPER, Kind.RECURRENT)
    ]
    others = [need(f"Own{kind.name}", use("s", config), kind=kind) for kind in Kind]
    bare = [
        Need(kind, f"own_{kind.name}", "", (Use("a.h5", "dense"), Use("b.h5", "dense_1")))
        for kind in Kind
    ]
    needs = merged([*layers, *others, *bare, need("no name", kind=Kind.LOSS)])
    module = tmp_path / "own.py"
    module.write_text(module_source(needs, ["a.h5", "b.h5"], "own.py"))
    module.with_name("functions.py").write_text(module_source(bare, ["a.h5"], "functions.py"))
    ruff = [sys.executable, "-m", "ruff"]
    for command in (["format", "--check", "--diff"], ["check"]):
        done = subprocess.run(
            [*ruff, *command, "--isolated", str(tmp_path)], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_head_says_what_to_do():
    text = ast.get_docstring(ast.parse(module_source([need()], ["model.h5"], "own.py")))
    assert text is not None
    assert "kfix convert model.h5 --to keras --custom own.py" in text
    assert json.dumps(str(Path("own.py"))) not in text
