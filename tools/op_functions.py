"""Which functions of TensorFlow kfix writes as nodes of Keras 3: docs/op-layers.md.

    python tools/op_functions.py              # the page, from the tables of converter/ops
    python tools/op_functions.py --ask        # first asks TensorFlow's releases what they dispatch

What the releases dispatch (a function that takes the tensors of a Keras graph, and so may stand in
a TFOpLambda) is kept in tools/op_functions.json.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import frameworks

from converter.ops.node_defs import NODES
from converter.ops.refused import reason
from converter.ops.registry import FUNCTIONS, TABLES

TOOLS = Path(__file__).resolve().parent
PAGE = TOOLS.parent / "docs" / "op-layers.md"
FOUND = TOOLS / "op_functions.json"
WRITERS = [f"tf-2.{minor}.0" for minor in (4, 5, 6, 8, 10, 12, 13, 15)]

ASK = """
import inspect, json
import tensorflow as tf
from tensorflow.python.util import tf_export
MARKS = ("_tf_dispatchers", "_tf_fallback_dispatchers", "_tf_type_based_dispatcher")
found, seen = set(), set()

def walk(module):
    if id(module) in seen:
        return
    seen.add(id(module))
    for name in dir(module):
        if name.startswith("_") and name != "__operators__" or name in ("estimator", "keras"):
            continue
        try:
            thing = getattr(module, name)
        except Exception:
            continue
        inner = getattr(thing, "__name__", "")
        if inspect.ismodule(thing) and "tensorflow" in inner and "keras" not in inner:
            walk(thing)
        elif callable(thing) and any(hasattr(thing, mark) for mark in MARKS):
            try:
                title = tf_export.get_canonical_name_for_symbol(thing, add_prefix_to_v1_names=True)
            except AttributeError:
                continue
            found.update([title] if title else [])

walk(tf)
walk(tf.__operators__)
print("FOUND" + json.dumps(sorted(found)))
"""

INTRODUCTION = """\
# Functions of TensorFlow in a model

tf.keras stores `x + 1`, `tf.reduce_mean(x, 1)` or `x[:, 0]` on the tensors of a model as layers:
TensorFlowOpLayer (TensorFlow 2.0 to 2.3) with the kernel that the function called, TFOpLambda and
SlicingOpLambda (2.4 to 2.15) with the function's name. Keras 3 has none of these layers. kfix
writes what is listed here as nodes of `keras.ops` that compute the same, in `.keras`, `.h5` and
SavedModels, and refuses everything else by name (`kfix rules KF162`). No name in a file is looked
up in TensorFlow, and nothing from a file is run.

- Numbers, lists and arrays may stand on either side; lists become arrays of the tensor's dtype.
- Like the functions themselves, the nodes hand no mask on.
- Stock layers stand for nodes that compute the same numbers, in every format, because other
  programs read layers and few read the ops of Keras: Rescaling (a number added, subtracted or
  multiplied), Add, Subtract, Multiply, Maximum and Minimum of tensors of one shape, Concatenate,
  Reshape, Permute, Activation, LeakyReLU, Softmax, Identity, ZeroPadding, the poolings and global
  poolings. That is for floats, where the first axis is the batch, in models without Masking, masked
  Embedding, Lambda or classes that are not Keras's own, whose masks a layer would hand on, and not
  inside nested models. `x / 3` stays a node, because Rescaling multiplies.
- The nodes that stay are read by plain `load_model` from .keras and from .h5 alike.
- Arithmetic with `tf.shape` needs no nodes: lengths that the file tells are numbers, one length may
  stay open, and the batch beside it where it is that of the tensor that is reshaped.
- A size or a range that something needs as a tensor becomes nodes that count it.
- Complex numbers are two tensors, until something makes real ones of them.
- Pictures are resized on every grid and with every kernel that TensorFlow has; what Keras does not
  have is a product with two matrices, for which the size of the pictures has to be known.
- Keras adds an array like (3, 1) to one like (3, 3) along a wrong axis; where that could be, nodes
  subtract the negative.
- An argument that is not in these functions' signatures, or that the file does not hold, is named
  in the refusal. `==` and `!=` of TFOpLambda and `tf.einsum` lose their operands on being saved.

This page is made by `python tools/op_functions.py`.
"""


def ask() -> dict[str, list[str]]:
    """The functions that releases dispatch, each with the first release and the last."""
    found: dict[str, list[str]] = {}
    for writer in WRITERS:
        done = subprocess.run(
            [str(frameworks.python_of(writer)), "-c", ASK],
            env=frameworks.process_environment(writer),
            capture_output=True,
            text=True,
            check=True,
        )
        line = next(each for each in done.stdout.splitlines() if each.startswith("FOUND"))
        for name in json.loads(line.removeprefix("FOUND")):
            found[name] = [found.get(name, [writer])[0], writer]
    return found


def page() -> str:
    """The page's text."""
    names = sorted(json.loads(FOUND.read_text()))
    written = [name for name in names if name in FUNCTIONS]
    refused = [name for name in names if name not in FUNCTIONS and reason(name)]
    rest = [name for name in names if name not in FUNCTIONS and not reason(name)]
    counts = (
        f"TensorFlow 2.4 to 2.15 take the tensors of a graph in "
        f"{len(names)} functions: {len(written)} are written, {len(refused) + len(rest)} refused. "
        f"Of kernels {len(NODES)} are written."
    )
    parts = [INTRODUCTION, counts + "\n", *_written(), *_kernels(), *_refused(refused)]
    parts += ["## Refused: no form is written for it\n", _listed(rest)]
    return "\n".join(parts)


def _written() -> Iterator[str]:
    for family, table in TABLES.items():
        yield f"## Written: {family}\n"
        yield _listed(sorted(name for name in table if not name.startswith("kernel.")))


def _kernels() -> Iterator[str]:
    yield "## Written: kernels of TensorFlowOpLayer\n"
    yield _listed(sorted(NODES))


def _refused(names: list[str]) -> Iterator[str]:
    by_reason: dict[str, list[str]] = {}
    for name in names:
        by_reason.setdefault(reason(name), []).append(name)
    for why, those in sorted(by_reason.items()):
        yield f"## Refused: {why}\n"
        yield _listed(those)


def _listed(names: list[str]) -> str:
    """Names in lines of the usual length."""
    lines = [""]
    for name in names:
        item = f"`{name}`" + ("" if name == names[-1] else ",")
        if len(lines[-1]) + len(item) > 98:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + item
    return "\n".join(lines) + "\n"


def main() -> None:
    """Writes the page."""
    parser = argparse.ArgumentParser(description="Make docs/op-layers.md.")
    parser.add_argument("--ask", action="store_true", help="ask the releases that are built")
    if parser.parse_args().ask:
        FOUND.write_text(json.dumps(ask(), sort_keys=True) + "\n")
    PAGE.write_text(page())


if __name__ == "__main__":
    main()
