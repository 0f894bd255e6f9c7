"""Random Functional models of Keras 3 in which masks flow every way they can.

Imports Keras, so only child processes may import this module. All layers of a model have the same
widths: a wrong order of two of them would go unnoticed by every check of shapes.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import keras
from keras import layers

STEPS, WIDTH = 5, 4
Tensor = Any


class RandomGraph:
    """One model, grown call by call from a seed."""

    def __init__(self, seed: int, size: int = 14, nested: bool = True) -> None:
        self.random = random.Random(seed)
        self.nested = nested
        self.made: dict[str, list[Callable[..., Tensor]]] = {}
        self.inputs: list[Tensor] = []
        self.sequences: list[Tensor] = []
        self.vectors: list[Tensor] = []
        self.used: set[int] = set()
        for _ in range(self.random.choice([1, 1, 2])):
            self._input()
        steps = [getattr(self, name) for name in dir(self) if name.startswith("step_")]
        if not nested:
            steps = [each for each in steps if "nested" not in each.__name__]
        policies = ["float32"] if self.random.random() < 0.7 else ["float32", "mixed_float16"]
        for _ in range(size):
            keras.config.set_dtype_policy(self.random.choice(policies))
            self.random.choice(steps)()
        keras.config.set_dtype_policy("float32")
        self.model = keras.Model(self._ends(self.inputs), self._outputs())

    def _input(self) -> None:
        if self.nested and self.random.random() < 0.6:
            ids = keras.Input((STEPS,), dtype="int32")
            self.inputs.append(ids)
            for _ in range(self.random.choice([1, 2])):
                masked = self.random.random() < 0.8
                self.sequences.append(layers.Embedding(9, WIDTH, mask_zero=masked)(ids))
        else:
            values = keras.Input((STEPS, WIDTH))
            self.inputs.append(values)
            masked = self.random.random() < 0.7
            self.sequences.append(layers.Masking()(values) if masked else values)

    def _outputs(self) -> Any:
        loose = [each for each in self.sequences + self.vectors if id(each) not in self.used]
        loose = [each for each in loose if not any(each is given for given in self.inputs)]
        self.random.shuffle(loose)
        some = loose[: self.random.choice([1, 2, 3, 6])]
        return self._ends(some or [layers.Dense(WIDTH)(self.sequences[-1])])

    def _ends(self, tensors: list[Tensor]) -> Any:
        return tensors[0] if len(tensors) == 1 else tensors

    def _pick(self, pool: list[Tensor]) -> Tensor:
        # The latest tensors are likelier, so that graphs become deep as well as wide.
        chosen = pool[-1] if self.random.random() < 0.5 else self.random.choice(pool)
        self.used.add(id(chosen))
        return chosen

    def _sequence(self) -> Tensor:
        return self._pick(self.sequences)

    def _pair(self) -> list[Tensor]:
        return [self._sequence() for _ in range(self.random.choice([2, 2, 3]))]

    def _layer(self, key: str, make: Callable[[], Callable[..., Tensor]]) -> Callable[..., Tensor]:
        """A new layer, or at times one that the model has called before."""
        known = self.made.setdefault(key, [])
        if known and self.random.random() < 0.25:
            return self.random.choice(known)
        known.append(make())
        return known[-1]

    def step_plain(self) -> None:
        kinds: dict[str, Callable[[], Any]] = {
            "dense": lambda: layers.Dense(WIDTH),
            "dropout": lambda: layers.Dropout(0.1),
            "layer_norm": layers.LayerNormalization,
            "batch_norm": layers.BatchNormalization,
            "group_norm": lambda: layers.GroupNormalization(2),
            "rms_norm": layers.RMSNormalization,
            "conv": lambda: layers.Conv1D(WIDTH, 1),
            "activation": lambda: layers.Activation("relu"),
            "prelu": layers.PReLU,
            "softmax": layers.Softmax,
            "spatial": lambda: layers.SpatialDropout1D(0.1),
            "einsum": lambda: layers.EinsumDense("abc,cd->abd", (None, WIDTH)),
            "time_distributed": lambda: layers.TimeDistributed(layers.Dense(WIDTH)),
            "masking": layers.Masking,
        }
        key = self.random.choice([*kinds, "dense", "dense", "dense"])
        self.sequences.append(self._layer(key, kinds[key])(self._sequence()))

    def step_recurrent(self) -> None:
        kind = self.random.choice([layers.LSTM, layers.GRU, layers.SimpleRNN])
        make = lambda: kind(WIDTH, return_sequences=True)  # noqa: E731
        self.sequences.append(self._layer(kind.__name__, make)(self._sequence()))

    def step_cells(self) -> None:
        make = lambda: layers.RNN([layers.LSTMCell(WIDTH), layers.GRUCell(WIDTH)], True)  # noqa: E731
        self.sequences.append(self._layer("cells", make)(self._sequence()))

    def step_last_output(self) -> None:
        kind = self.random.choice([layers.LSTM, layers.GRU])
        make = lambda: kind(WIDTH)  # noqa: E731
        self.vectors.append(self._layer(f"last {kind.__name__}", make)(self._sequence()))

    def step_bidirectional(self) -> None:
        make = lambda: layers.Bidirectional(layers.GRU(WIDTH, return_sequences=True), "sum")  # noqa: E731
        self.sequences.append(self._layer("bidirectional", make)(self._sequence()))

    def step_both_directions(self) -> None:
        layer = layers.Bidirectional(layers.GRU(WIDTH, return_sequences=True), None)
        self.sequences += layer(self._sequence())

    def step_states(self) -> None:
        layer = layers.LSTM(WIDTH, return_sequences=True, return_state=True)
        sequence, hidden, carry = layer(self._sequence())
        self.sequences.append(sequence)
        self.vectors += [hidden, carry]

    def step_initial_state(self) -> None:
        if self.vectors:
            states = [self._pick(self.vectors), self._pick(self.vectors)]
            layer = layers.LSTM(WIDTH, return_sequences=True)
            self.sequences.append(layer(self._sequence(), initial_state=states))

    def step_merge(self) -> None:
        kinds = [layers.Add, layers.Multiply, layers.Average, layers.Maximum]
        self.sequences.append(self.random.choice(kinds)()(self._pair()))

    def step_concatenate(self) -> None:
        # Keras names the ops that join masks like a layer without a name of its own.
        name = f"joined_{self.random.randrange(10**9)}"
        joined = layers.Concatenate(name=name)(self._pair())
        self.sequences.append(layers.Dense(WIDTH)(joined))

    def step_operator(self) -> None:
        left, right = self._sequence(), self._sequence()
        self.sequences.append(left + right)

    def step_attention(self) -> None:
        kind = self.random.choice([layers.Attention, layers.AdditiveAttention])
        make = lambda: kind(use_scale=True)  # noqa: E731
        self.sequences.append(self._layer(kind.__name__, make)(self._pair()))

    def step_heads(self) -> None:
        layer = self._layer("heads", lambda: layers.MultiHeadAttention(2, WIDTH))
        query = self._sequence()
        # A single tensor, in whatever way it is passed, is treated otherwise than several.
        way = self.random.choice(["self", "value", "keywords", "key"])
        if way == "self":
            self.sequences.append(layer(query, query))
        elif way == "value":
            self.sequences.append(layer(query, self._sequence()))
        elif way == "keywords":
            self.sequences.append(layer(query=query, value=self._sequence()))
        else:
            self.sequences.append(layer(query, value=self._sequence(), key=self._sequence()))

    def step_pool(self) -> None:
        kinds = [layers.GlobalAveragePooling1D, layers.GlobalMaxPooling1D, layers.Flatten]
        vector = self.random.choice(kinds)()(self._sequence())
        self.vectors.append(layers.Dense(WIDTH)(vector))

    def step_vector(self) -> None:
        if self.vectors:
            layer = self._layer("vector", lambda: layers.Dense(WIDTH))
            self.vectors.append(layer(self._pick(self.vectors)))

    def step_repeat(self) -> None:
        if self.vectors:
            self.sequences.append(layers.RepeatVector(STEPS)(self._pick(self.vectors)))

    def step_nested(self) -> None:
        inner = self._layer("nested", self._nested_model)
        values = [self._sequence() for _ in inner.inputs]
        made = inner(self._ends(values))
        for each in made if isinstance(made, list) else [made]:
            (self.sequences if len(each.shape) == 3 else self.vectors).append(each)

    def _nested_model(self) -> keras.Model:
        return RandomGraph(self.random.randrange(10**6), size=4, nested=False).model

    def step_nested_sequential(self) -> None:
        make = lambda: keras.Sequential(  # noqa: E731
            [layers.LSTM(WIDTH, return_sequences=True), layers.Dense(WIDTH)]
        )
        self.sequences.append(self._layer("sequential", make)(self._sequence()))


def without_masks(config: Any) -> Any:
    """A serialised model as Keras 2 would have it: calls without masks and without ``training``.

    The op nodes that computed the masks are left without use.
    """
    if isinstance(config, dict):
        changed = {key: without_masks(value) for key, value in config.items()}
        if "inbound_nodes" in changed:
            changed["inbound_nodes"] = [_without_masks(node) for node in changed["inbound_nodes"]]
        return changed
    return [without_masks(each) for each in config] if isinstance(config, list) else config


def _without_masks(node: dict[str, Any]) -> dict[str, Any]:
    kwargs = node["kwargs"].items()
    kept = {key: value for key, value in kwargs if key != "training" and not key.endswith("mask")}
    return {"args": node["args"], "kwargs": kept}
