"""The weights of a layer of the owner's: its own variables, and those of the layers inside of it.

Names in the file tell which is which: ``block/gain:0`` is block's own, ``block/dense_3/kernel:0``
belongs to a Dense inside. Where they leave a choice, nothing is decided.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from converter.layouts.archive import snake_case
from converter.model.description import Json
from converter.stubbing.needs import Use
from converter.stubbing.shapes import Shape

Dims = tuple[int, ...]

_NUMBERED = re.compile(r"_(\d+)$")
_HALF = re.compile(r"^(forward|backward)_")
_ARCHIVED = re.compile(r"(?:^|/)vars/(\d+)$")
_SIZE = re.compile(
    r"unit|dim|filter|size|channel|feature|hidden|width|class|len|num|nb|kernel|depth|head|step"
    r"|base|embed|vocab|out|latent|count|state|rank|bins|capsule|maxlen|n_",
    re.IGNORECASE,
)
"""Arguments that can be the size of a weight, by their names."""
_BY_INPUT = re.compile(r"gamma|beta|gain|scale|alpha|mean|variance|std|offset", re.IGNORECASE)
"""Vectors that lie along the last axis of the input, by their names."""


@dataclass(frozen=True)
class Variable:
    """A variable of the layer's own.

    Attributes:
        name: as the file has it, without the layer's; empty where the file does not say it.
        shapes: by the number of the use.
        dtype: the first use's.
        prefixed: whether the file has the layer's name in front of it, as code for Keras 1 and 2
            wrote them.
    """

    name: str
    shapes: Mapping[int, Dims]
    dtype: str
    prefixed: bool = False


@dataclass(frozen=True)
class Inside:
    """The weights of one layer inside.

    Attributes:
        name: the layer's in the first use, or the attribute that holds it.
        weights: for each use the names below the layer, and the shapes.
    """

    name: str
    weights: Mapping[int, tuple[tuple[str, Dims], ...]]


def own_and_inside(uses: Sequence[Use]) -> tuple[list[Variable], list[Inside]]:
    """The variables of a layer over all its uses, and those of the layers inside."""
    own: dict[tuple[str, int], dict[int, tuple[Dims, str]]] = {}
    inside: dict[tuple[str, int], dict[int, list[tuple[str, Dims]]]] = {}
    names: dict[tuple[str, int], str] = {}
    prefixed: set[str] = set()
    for number, use in enumerate(uses):
        counts: dict[str, int] = {}
        ranks = _ranks(use)
        for stored in use.weights:
            scope, last = _parts(stored.name, use)
            if not scope:
                rank = counts.setdefault(last, 0)
                counts[last] += 1
                prefixed |= {last} if _is_prefixed(stored.name, use) else set()
                own.setdefault((last, rank), {})[number] = (stored.shape, stored.dtype)
            else:
                key = (_stem(scope[0]), ranks[scope[0]])
                names.setdefault(key, scope[0])
                path = "/".join([*scope[1:], last])
                inside.setdefault(key, {}).setdefault(number, []).append((path, stored.shape))
    variables = [
        Variable(
            name,
            {number: shape for number, (shape, _) in found.items()},
            next(iter(found.values()))[1],
            name in prefixed,
        )
        for (name, _), found in own.items()
    ]
    layers = [
        Inside(names[key], {n: tuple(weights) for n, weights in found.items()})
        for key, found in inside.items()
    ]
    return variables, _as_made(layers)


def _as_made(layers: Sequence[Inside]) -> list[Inside]:
    """The layers of one kind in the order of their numbers, in which they were made.

    Keras numbers them anew, and by these numbers the weights find them.
    """
    by_stem: dict[str, list[Inside]] = {}
    for each in layers:
        by_stem.setdefault(_stem(each.name), []).append(each)
    ordered = {stem: sorted(same, key=lambda x: _number(x.name)) for stem, same in by_stem.items()}
    return [ordered[_stem(each.name)].pop(0) for each in layers]


def _ranks(use: Use) -> dict[str, int]:
    """Which of its kind each layer inside is: numbers in names go on through a whole session."""
    names = dict.fromkeys(
        scope[0] for scope, _ in (_parts(each.name, use) for each in use.weights) if scope
    )
    ranks: dict[str, int] = {}
    by_stem: dict[str, list[str]] = {}
    for name in names:
        by_stem.setdefault(_stem(name), []).append(name)
    for same in by_stem.values():
        ranks.update({name: rank for rank, name in enumerate(sorted(same, key=_number))})
    return ranks


def _parts(name: str, use: Use) -> tuple[list[str], str]:
    """The layers inside that a name leads through, and the variable's own name."""
    archived = _ARCHIVED.search(name)
    if archived:
        return [each for each in name[: archived.start()].split("/") if each], ""
    *scope, last = name.split(":")[0].split("/")
    path = (_HALF.sub("", each) for each in use.place.split("/"))
    own = {_stem(each) for each in (*path, snake_case(use.layer_class))}
    places = [index for index, each in enumerate(scope) if _stem(_HALF.sub("", each)) in own]
    scope = scope[places[-1] + 1 :] if places else scope
    prefix = f"{use.name}_"
    return scope, last.removeprefix(prefix) if use.name and last != prefix else last


def _is_prefixed(name: str, use: Use) -> bool:
    return bool(use.name) and name.split(":")[0].rpartition("/")[2].startswith(f"{use.name}_")


def _stem(name: str) -> str:
    return _NUMBERED.sub("", name)


def _number(name: str) -> int:
    found = _NUMBERED.search(name)
    return int(found[1][:9]) if found else 0


@dataclass(frozen=True)
class _Choice:
    """A way to write a length, and what it is in each use."""

    text: str
    values: tuple[int | None, ...]
    by_input: bool = False


class Sizes:
    """Writes the lengths of weights in terms of the input and of the arguments."""

    def __init__(self, uses: Sequence[Use], attributes: Mapping[str, str]) -> None:
        """Looks at all that may be a length.

        Args:
            uses: of the class.
            attributes: the attribute that holds each argument.
        """
        self.listed = any(call.listed for use in uses for call in use.calls[:1])
        self.choices = [*_of_inputs(uses), *_of_arguments(uses, attributes)]

    def shape(self, shapes: Mapping[int, Dims], name: str = "") -> str | None:
        """The text of a shape that holds for all uses; None where there is none."""
        given = list(shapes.items())
        if len({len(shape) for _, shape in given}) != 1:
            return None
        rank = len(given[0][1])
        texts: list[str] = []
        for axis in range(rank):
            lengths = {n: shape[axis] for n, shape in given}
            text = self.size(lengths, axis - rank, rank, name, without=texts)
            if text is None:
                return None
            texts.append(text)
        return f"({', '.join(texts)})" if rank != 1 else f"({texts[0]},)"

    def size(
        self,
        lengths: Mapping[int, int],
        axis: int = -1,
        rank: int = 1,
        name: str = "",
        without: Sequence[str] = (),
    ) -> str | None:
        """The text of one length: an argument, a length of the input, or the number itself.

        An item of a list, as a kernel_size is one, counts once in a shape (``without``).
        """
        values = set(lengths.values())
        if values == {1}:
            return "1"
        fitting = [
            each
            for each in self.choices
            if all(each.values[n] == length for n, length in lengths.items())
        ]
        from_input = rank > 1 and axis == -2 or rank == 1 and bool(_BY_INPUT.search(name))
        first = from_input and "recurrent" not in name
        fitting.sort(
            key=lambda each: (each.text in without and "[" in each.text, each.by_input != first)
        )
        if fitting:
            return fitting[0].text
        return str(values.pop()) if len(values) == 1 else None


def _of_inputs(uses: Sequence[Use]) -> Iterator[_Choice]:
    calls = [use.calls[0] if use.calls else None for use in uses]
    # A layer that is called with several tensors, but not a list of them, is built for the first.
    known = [each for each in calls if each is not None]
    if len(known) != len(calls) or not known:
        return
    listed = all(each.listed for each in known)
    count = min(len(each.inputs) for each in known) if listed else 1
    for place in range(min(count, 4)):
        shapes = [each.inputs[place] if place < len(each.inputs) else None for each in known]
        text = f"input_shape[{place}]" if listed else "input_shape"
        yield _Choice(f"{text}[-1]", tuple(_extent(each, -1) for each in shapes), True)
        for axis in (1, 2, 3):
            inner = tuple(
                _extent(each, axis) if each and axis < len(each) - 1 else None for each in shapes
            )
            yield _Choice(f"{text}[{axis}]", inner, True)


def _extent(shape: Shape | None, axis: int) -> int | None:
    if shape is None or shape[0] is ... and axis != -1 or len(shape) < 2:
        return None
    found = shape[axis]
    return found if isinstance(found, int) else None


def _of_arguments(uses: Sequence[Use], attributes: Mapping[str, str]) -> Iterator[_Choice]:
    several = len(uses) > 1
    for key, attribute in attributes.items():
        given = [(use.config or {}).get(key) for use in uses]
        if not (_SIZE.search(key) or several and len({repr(each) for each in given}) > 1):
            continue
        if all(map(_is_size, given)):
            yield _Choice(f"self.{attribute}", tuple(given))
            continue
        lists = [each for each in given if isinstance(each, (list, tuple)) and len(each) <= 4]
        if len(lists) == len(given):
            for place in range(min(map(len, lists))):
                items = [each[place] for each in lists]
                if all(map(_is_size, items)):
                    yield _Choice(f"self.{attribute}[{place}]", tuple(items))


def _is_size(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


@dataclass(frozen=True)
class Stock:
    """A layer of Keras's that has just these weights.

    Attributes:
        class_name: in keras.layers.
        arguments: as source.
        build: the shapes to build it with, as source.
        open: arguments that the weights do not tell.
    """

    class_name: str
    arguments: tuple[str, ...]
    build: str
    open: tuple[str, ...] = ()


def stock_layer(inside: Inside, sizes: Sizes) -> Stock | None:
    """The layer of Keras's that the weights of a layer inside are of, where they can be no other.

    The name has to be one that Keras gives its own layers, the variables have to bear that class's
    names, and their shapes have to fit together.
    """
    return _by_weights(_stem(inside.name), inside, sizes)


def likely_layer(inside: Inside, sizes: Sizes) -> Stock | None:
    """The same by the names and shapes of the variables alone, whatever the layer is called."""
    for stem in ("dense", "embedding", "batch_normalization", "layer_normalization"):
        found = _by_weights(stem, inside, sizes)
        if found is not None:
            return found
    rank = len(next(iter(inside.weights.values()))[0][1])
    return _by_weights(f"conv{rank - 2}d", inside, sizes) if rank in (3, 4, 5) else None


def chain_inside(inside: Inside, sizes: Sizes) -> list[Stock]:
    """The layers with weights of a Sequential inside; empty where one of them is not certain."""
    if _stem(inside.name) != "sequential":
        return []
    parts: dict[str, dict[int, list[tuple[str, Dims]]]] = {}
    for number, weights in inside.weights.items():
        names = dict.fromkeys(path.partition("/")[0] for path, _ in weights)
        ranks = {name: f"{rank} {_stem(name)}" for rank, name in enumerate(names)}
        for path, shape in weights:
            name, _, rest = path.partition("/")
            parts.setdefault(ranks[name], {}).setdefault(number, []).append((rest, shape))
    found = []
    for key, each in parts.items():
        given = {number: tuple(weights) for number, weights in each.items()}
        whole = len(given) == len(inside.weights) and all(n for w in given.values() for n, _ in w)
        stock = stock_layer(Inside(key.partition(" ")[2], given), sizes) if whole else None
        if stock is None:
            return []
        found.append(stock)
    return found


def _by_weights(stem: str, inside: Inside, sizes: Sizes) -> Stock | None:
    first = next(iter(inside.weights.values()))
    names = [_stem(name) for name, _ in first]
    if any([_stem(name) for name, _ in each] != names for each in inside.weights.values()):
        return None
    by_name = {
        name: {n: dict(_stemmed(each))[name] for n, each in inside.weights.items()}
        for name in names
    }
    if len(by_name) != len(names):
        return None
    made = _Maker(by_name, sizes)
    if stem == "dense":
        return made.dense()
    if re.fullmatch(r"conv[123]d", stem):
        return made.convolution(int(stem[4]))
    if stem in ("batch_normalization", "layer_normalization"):
        return made.normalization(stem)
    if stem == "embedding":
        return made.embedding()
    if stem in ("lstm", "gru", "simple_rnn"):
        return made.recurrent(stem)
    return made.attention() if stem == "multi_head_attention" else None


def _stemmed(weights: Sequence[tuple[str, Dims]]) -> Iterator[tuple[str, Dims]]:
    return ((_stem(name), shape) for name, shape in weights)


class _Maker:
    """Layers by the shapes of their variables."""

    def __init__(self, weights: Mapping[str, Mapping[int, Dims]], sizes: Sizes) -> None:
        self.weights = weights
        self.sizes = sizes

    def _has(self, *names: str, ranks: tuple[int, ...]) -> bool:
        """Whether these are all variables, with these ranks."""
        return list(self.weights) == list(names) and all(
            len(shape) == rank
            for name, rank in zip(names, ranks, strict=True)
            for shape in self.weights[name].values()
        )

    def _length(self, name: str, axis: int) -> Mapping[int, int]:
        return {number: shape[axis] for number, shape in self.weights[name].items()}

    def _size(self, name: str, axis: int) -> str | None:
        rank = len(next(iter(self.weights[name].values())))
        return self.sizes.size(self._length(name, axis), axis, rank, name)

    def _same(self, *ends: tuple[str, int]) -> bool:
        """Whether axes of several variables have one length."""
        lengths = [self._length(name, axis) for name, axis in ends]
        return all(each == lengths[0] for each in lengths)

    def _biased(self, rank: int) -> tuple[bool, bool]:
        """Whether it is a kernel, with a bias or without, and whether it has one."""
        if self._has("kernel", "bias", ranks=(rank, 1)):
            return self._same(("kernel", -1), ("bias", 0)), True
        return self._has("kernel", ranks=(rank,)), False

    def dense(self) -> Stock | None:
        fits, biased = self._biased(2)
        units, width = (
            (self._size("kernel", -1), self._size("kernel", -2)) if fits else (None, None)
        )
        if units is None or width is None:
            return None
        more = () if biased else ("use_bias=False",)
        return Stock("Dense", (units, *more), f"(None, {width})", ("activation",))

    def convolution(self, rank: int) -> Stock | None:
        fits, biased = self._biased(rank + 2)
        if not fits:
            return None
        windows = {shape[:rank] for shape in self.weights["kernel"].values()}
        filters, channels = self._size("kernel", -1), self._size("kernel", -2)
        if len(windows) != 1 or filters is None or channels is None:
            return None
        window = windows.pop()
        size = str(window[0]) if len(set(window)) == 1 else repr(window)
        more = () if biased else ("use_bias=False",)
        build = f"({', '.join(['None'] * (rank + 1))}, {channels})"
        return Stock(
            f"Conv{rank}D",
            (filters, size, *more),
            build,
            ("strides", "padding", "dilation_rate", "activation"),
        )

    def normalization(self, stem: str) -> Stock | None:
        names = ["gamma", "beta"]
        names += ["moving_mean", "moving_variance"] if stem.startswith("batch") else []
        if not self._has(*names, ranks=(1,) * len(names)):
            return None
        width = self._size("gamma", 0)
        if width is None or not self._same(*((name, 0) for name in names)):
            return None
        name = "BatchNormalization" if stem.startswith("batch") else "LayerNormalization"
        first = "input_shape[0]" if self.sizes.listed else "input_shape"
        return Stock(name, (), f"(*{first}[:-1], {width})", ("axis", "epsilon"))

    def embedding(self) -> Stock | None:
        if not self._has("embeddings", ranks=(2,)):
            return None
        count, width = self._size("embeddings", 0), self._size("embeddings", 1)
        if count is None or width is None:
            return None
        return Stock("Embedding", (count, width), "(None, None)", ("mask_zero",))

    def recurrent(self, stem: str) -> Stock | None:
        names = {name.rpartition("/")[2]: name for name in self.weights}
        gates = {"lstm": 4, "gru": 3, "simple_rnn": 1}[stem]
        if not {"kernel", "recurrent_kernel"} <= set(names) or len(names) > 3:
            return None
        recurrent = names["recurrent_kernel"]
        shapes = self.weights[recurrent].values()
        if any(len(each) != 2 or each[1] != gates * each[0] for each in shapes):
            return None
        units, width = self._size(recurrent, 0), self._size(names["kernel"], -2)
        if units is None or width is None:
            return None
        more = [] if "bias" in names else ["use_bias=False"]
        if stem == "gru" and "bias" in names:
            ranks = {len(each) for each in self.weights[names["bias"]].values()}
            more += [] if ranks == {2} else ["reset_after=False"]
        name = {"lstm": "LSTM", "gru": "GRU", "simple_rnn": "SimpleRNN"}[stem]
        open_ones = ("return_sequences", "activation", "recurrent_activation")
        return Stock(name, (units, *more), f"(None, None, {width})", open_ones)

    def attention(self) -> Stock | None:
        parts = ("query", "key", "value", "attention_output")
        kernels = [f"{part}/kernel" for part in parts]
        biases = [f"{part}/bias" for part in parts]
        biased = set(self.weights) == {*kernels, *biases}
        if not biased and set(self.weights) != set(kernels):
            return None
        if any(len(shape) != 3 for name in kernels for shape in self.weights[name].values()):
            return None
        query, key, value, output = kernels
        heads = self.sizes.size(self._length(query, 1), -1, 2, "num_heads")
        size = self.sizes.size(self._length(query, 2), -1, 2, "key_dim")
        width, told = self._size(query, 0), self._size(value, 0)
        fits = self._same((query, 1), (key, 1), (value, 1)) and self._same((query, 2), (key, 2))
        if not fits or None in (heads, size, width, told):
            return None
        arguments = [f"num_heads={heads}", f"key_dim={size}"]
        if not self._same((value, 2), (query, 2)):
            arguments.append(f"value_dim={self._size(value, 2)}")
        if not self._same((output, 2), (query, 0)):
            arguments.append(f"output_shape={self._size(output, 2)}")
        arguments += [] if biased else ["use_bias=False"]
        build = f"(None, None, {width}), (None, None, {told})"
        return Stock("MultiHeadAttention", tuple(arguments), build, ("dropout",))
