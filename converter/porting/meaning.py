"""Where a module of the user's says what Keras 3 runs, but means another function by."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from converter.model.description import Writer
from converter.porting.dialect import Dialect
from converter.porting.scan import OldWord
from converter.porting.source import CallOf, Source

CHANGED = "hard_sigmoid"
"""clip(0.2 x + 0.5, 0, 1) in Keras 1 and 2, clip(x / 6 + 0.5, 0, 1) in Keras 3."""
CONVOLUTIONAL = tuple(f"ConvLSTM{rank}D{cell}" for rank in (1, 2, 3) for cell in ("", "Cell"))
"""Their gates are hard_sigmoid where nothing is said, in all of Keras 2."""
RECURRENT = ("LSTM", "GRU", "LSTMCell", "GRUCell")
SIGMOID_SINCE = (2, 3)
"""The Keras since which these take sigmoid."""


OLD_FUNCTION = f"keras2_activations.{CHANGED}"
"""What stands for it in carried code."""


def old_arguments(call: CallOf, dialect: Dialect) -> dict[str, str]:
    """Arguments that a call of a recurrent layer leaves out, with the values that were meant."""
    name = call.path.rpartition(".")[2]
    by_position = ("units", "activation", "recurrent_activation")[: len(call.node.args)]
    told = {*by_position, *(each.arg for each in call.node.keywords)}
    if not call.path.startswith("keras.layers.") or None in told:
        return {}
    hard = name in CONVOLUTIONAL or (name in RECURRENT and dialect.hard_gates)
    found = {"recurrent_activation": OLD_FUNCTION} if hard else {}
    if name in ("GRU", "GRUCell") and dialect.resets_before:
        found["reset_after"] = "False"
    return {key: value for key, value in found.items() if key not in told}


def old_names(call: CallOf) -> Iterator[ast.expr]:
    """Where a call of a layer names the function that has changed."""
    if call.path.startswith("keras.layers."):
        for each in (*call.node.args, *(keyword.value for keyword in call.node.keywords)):
            if isinstance(each, ast.Constant) and each.value == CHANGED:
                yield each


def other_meanings(source: Source, writer: Writer, *, strings: bool) -> tuple[OldWord, ...]:
    """Words of a module that meant something else to the program that wrote a file, by line.

    Args:
        source: the module.
        writer: of the file.
        strings: also where the name stands in quotes; rules see to it in layers that they know.
    """
    if writer.generation > 2:
        return ()
    found = {*_functions(source), *_defaults(source, writer)} | {
        OldWord(node.lineno, CHANGED)
        for node in ast.walk(source.tree)
        if strings and isinstance(node, ast.Constant) and node.value == CHANGED
    }
    return tuple(sorted(found, key=lambda word: (word.line, word.what)))


def _functions(source: Source) -> Iterator[OldWord]:
    for use in source.uses("keras"):
        if use.path.rpartition(".")[2] == CHANGED and not use.guarded:
            yield OldWord(use.line, CHANGED)


def _defaults(source: Source, writer: Writer) -> Iterator[OldWord]:
    old = writer.version and writer.version[:2] < SIGMOID_SINCE and not writer.tf_keras
    layers = CONVOLUTIONAL + (RECURRENT if old else ())
    for call in source.calls:
        name = call.path.rpartition(".")[2]
        # No name stands for ``**rest``, which may say it.
        told = {"recurrent_activation", None} & {each.arg for each in call.node.keywords}
        if call.path.startswith("keras.layers.") and name in layers and not told:
            yield OldWord(call.node.lineno, f"{name} without a recurrent_activation")
