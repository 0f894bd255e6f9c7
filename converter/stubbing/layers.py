"""The source of a layer's class: constructor, weights, config, and a ``call`` to fill in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from converter.knowledge import keras3
from converter.stubbing.arguments import (
    OF_EVERY_LAYER,
    OF_RECURRENT,
    RESERVED,
    Arguments,
    arguments_of,
)
from converter.stubbing.needs import COMPILED, Kind, Need, Use
from converter.stubbing.shapes import Seen, shown
from converter.stubbing.text import (
    INDENT,
    broken,
    call,
    comment,
    message,
    name_of,
    paragraph,
    plain,
    quoted,
)
from converter.stubbing.weights import (
    Inside,
    Sizes,
    Stock,
    Variable,
    chain_inside,
    likely_layer,
    own_and_inside,
    stock_layer,
)

BASES = {
    Kind.LAYER: "keras.layers.Layer",
    Kind.CELL: "keras.layers.Layer",
    Kind.WRAPPER: "keras.layers.Wrapper",
    Kind.RECURRENT: "keras.layers.RNN",
}
MOST_SHOWN = 4
"""How many uses are described."""
MOST_WEIGHTS = 1000
"""How many weights of a class are written out."""
_TRAINED_ASIDE = ("moving_", "running_")
"""How names of variables begin that training does not reach."""
_BODY = INDENT * 2


def layer_class(need: Need, name: str) -> list[str]:
    """The class.

    Args:
        need: the layer, cell or wrapper.
        name: what the class is called in the module.
    """
    without = OF_EVERY_LAYER | (OF_RECURRENT if need.kind is Kind.RECURRENT else frozenset())
    without |= {key for use in need.uses for key in use.inner}
    arguments = arguments_of(need.uses, without)
    before = {Kind.WRAPPER: ("layer",), Kind.RECURRENT: ("cell",)}.get(need.kind, ())
    parts = [
        [f"class {name}({BASES[need.kind]}):", *docstring(need)],
        _constructor(need, arguments, before),
        _build(need, arguments),
        _call(need, name),
        _output_shape(need),
        arguments.get_config(),
    ]
    lines: list[str] = []
    for part in filter(None, parts):
        lines += ["", *part] if lines else part
    return lines


def docstring(need: Need, indent: str = INDENT) -> list[str]:
    """What is known of an object from the files that use it."""
    several = len({use.file for use in need.uses}) > 1
    known = [
        *(line for use in need.uses[:MOST_SHOWN] for line in _described(need, use, several)),
        *_more(need),
    ]
    described = f"{_article(need.kind)}: {plain(need.registered)}."
    if not known:
        return [f'{indent}"""{described}"""']
    lines = paragraph(f'"""{described}', indent)
    body = [part for line in known for part in paragraph(line, indent, INDENT)]
    likeness = _looks_like(need)
    more = ["", *paragraph(likeness, indent)] if likeness else []
    return [*lines, "", *body, *more, f'{indent}"""']


def _article(kind: Kind) -> str:
    return f"{'An' if kind[0] in 'aeiou' else 'A'} {kind}"


def _described(need: Need, use: Use, several: bool) -> Iterator[str]:
    place = f"{plain(use.file)}, {plain(use.place)}" if several else plain(use.place)
    if need.kind not in BASES:
        of = f" ({plain(use.layer_class)})" if use.layer_class else ""
        if need.kind not in COMPILED or several:
            yield f"{place}{of}"
        return
    for seen in use.calls[:MOST_SHOWN]:
        yield f"{place}: {_flow(seen)}{'; gets a mask' if use.masked else ''}"
    if not use.calls:
        yield f"{place}"


def _more(need: Need) -> Iterator[str]:
    if len(need.uses) > MOST_SHOWN:
        yield f"and {len(need.uses) - MOST_SHOWN} more"


def _flow(seen: Seen) -> str:
    """What goes in and comes out, from where and to where."""
    takes = ", ".join(map(shown, seen.inputs[:8])) or "?"
    takes = f"[{takes}]" if seen.listed else takes
    text = f"{takes} -> {shown(seen.output)}"
    if seen.before:
        text += f", after {', '.join(plain(each) for each in seen.before[:4])}"
    if seen.after:
        return f"{text}, before {', '.join(plain(each) for each in seen.after[:4])}"
    return f"{text}, an output of the model" if seen.before else text


def _looks_like(need: Need) -> str:
    """The layer of Keras's that the class may be derived from; empty where its config is not it."""
    config = need.uses[0].config or {}
    if need.kind is not Kind.LAYER:
        return ""
    for name, wanted in _LIKENESSES.items():
        size = config.get("kernel_size")
        rank = len(size) if isinstance(size, (list, tuple)) else 0
        if set(wanted.split()) <= set(config) and (rank == 0 or name.endswith(f"{rank}D")):
            known = set(keras3.LAYERS[name]["arguments"]) | OF_EVERY_LAYER | _OLD
            more = sorted(key for key in config if key not in known)
            besides = f" and {', '.join(plain(key, 30) for key in more[:8])}" if more else ""
            return (
                f"Its config is that of keras.layers.{name}{besides}: if your class was derived"
                " from that one, this can be, too."
            )
    return ""


_LIKENESSES = {
    "Conv1D": "filters kernel_size strides padding dilation_rate activation use_bias",
    "Conv2D": "filters kernel_size strides padding dilation_rate activation use_bias",
    "Conv3D": "filters kernel_size strides padding dilation_rate activation use_bias",
    "LSTM": "units recurrent_activation unit_forget_bias return_sequences",
    "GRU": "units recurrent_activation recurrent_initializer return_sequences",
    "Dense": "units activation use_bias kernel_initializer kernel_constraint",
    "BatchNormalization": "axis momentum epsilon center scale moving_mean_initializer",
}
"""Arguments by which the layers are known from which others are derived."""
_OLD = frozenset({"implementation", "time_major", "reset_after", "data_format", "groups"})


def _constructor(need: Need, arguments: Arguments, before: Sequence[str]) -> list[str]:
    masked = any(use.masked for use in need.uses)
    if not (arguments.items or arguments.rest or masked or need.kind is Kind.CELL):
        return []
    base = ", ".join([*before, "**kwargs"])
    lines = arguments.constructor(before, base)
    if masked:
        lines += comment("A mask comes in. If it goes on: self.supports_masking = True", _BODY)
    if need.kind is Kind.CELL:
        size = _state_size(need, arguments)
        if size is None:
            lines += comment("Say the size of the state, or of each of the states.", _BODY)
        lines.append(f"{_BODY}self.state_size = self.output_size = {size or 1}")
    return lines


def _state_size(need: Need, arguments: Arguments) -> str | None:
    """The width of the state: the argument that a cell has for it, or what its weights tell."""
    for key in ("units", "output_dim", "num_units", "state_size", "hidden_size", "hidden_dim"):
        if key in arguments.attributes:
            return f"self.{arguments.attributes[key]}"
    variables, _ = own_and_inside(need.uses)
    for variable in variables:
        shapes = set(variable.shapes.values())
        if "recurrent" in variable.name and len(shapes) == 1:
            return str(next(iter(shapes))[0])
    return None


def _build(need: Need, arguments: Arguments) -> list[str]:
    """The method that makes the weights; none where there are none."""
    if need.kind is Kind.RECURRENT:
        return []
    variables, inside = own_and_inside(need.uses)
    wrapped = {name for use in need.uses for name in use.inner_names}
    inside = [each for each in inside if each.name not in wrapped]
    unclear = need.uses[0].unclear
    if not variables and not inside and not unclear:
        return []
    sizes = Sizes(need.uses, arguments.attributes)
    taken = set(RESERVED) | set(arguments.attributes.values()) | {"more_arguments"}
    lines = [f"{INDENT}def build(self, input_shape):"]
    for variable in variables[:MOST_WEIGHTS]:
        lines += _within(_variable(variable, sizes, need, taken), variable.shapes, need, arguments)
    for each in inside[:MOST_WEIGHTS]:
        lines += _inside(each, sizes, need, taken, arguments)
    if unclear:
        listed = ", ".join(f"{plain(each.name)} {each.shape}" for each in unclear[: MOST_SHOWN * 4])
        lines += comment(f"Some of these weights are its own: {listed}.", _BODY)
    return [*lines, f"{_BODY}super().build(input_shape)"]


def _variable(variable: Variable, sizes: Sizes, need: Need, taken: set[str]) -> list[str]:
    name = variable.name or "weight"
    attribute = name_of(name, taken, "weight")
    taken.add(attribute)
    shown_name = name if name.isidentifier() and name.isascii() else attribute
    shape = sizes.shape(variable.shapes, name)
    if shape is None:
        by_name = {need.uses[n].name: dims for n, dims in variable.shapes.items()}
        table = ", ".join(f"{quoted(key)}: {dims}" for key, dims in by_name.items())
        shape = f"{{{table}}}[self.name]"
    # So the names of Keras 1 find each other.
    told = f'f"{{self.name}}_{shown_name}"' if variable.prefixed else quoted(shown_name)
    given = [f"name={told}", f"shape={shape}"]
    given += [f"dtype={quoted(variable.dtype)}"] if variable.dtype != "float32" else []
    given += ["trainable=False"] if name.startswith(_TRAINED_ASIDE) else []
    lines = [] if variable.name else comment("The file does not name this weight.", _BODY)
    return [*lines, *call(f"self.{attribute} = self.add_weight(", given, indent=_BODY)]


def _within(
    lines: list[str], found: Mapping[int, object], need: Need, arguments: Arguments
) -> list[str]:
    """The lines under the condition that says which of the uses have the weight."""
    if len(found) == len(need.uses):
        return lines
    condition = _condition(found, need, arguments)
    return [*broken(f"if {condition}:", _BODY), *(f"{INDENT}{line}" for line in lines)]


def _condition(found: Mapping[int, object], need: Need, arguments: Arguments) -> str:
    """A flag of the config that is set where the weight is, or else the names of the layers."""
    for key, attribute in arguments.attributes.items():
        values = [(use.config or {}).get(key) for use in need.uses]
        for wanted in (True, False):
            if all(
                value is (wanted if n in found else not wanted) for n, value in enumerate(values)
            ):
                return f"self.{attribute}" if wanted else f"not self.{attribute}"
    names = list(dict.fromkeys(quoted(need.uses[number].name) for number in found))
    return f"self.name in ({', '.join(names)})" if names[1:] else f"self.name == {names[0]}"


def _inside(
    inside: Inside, sizes: Sizes, need: Need, taken: set[str], arguments: Arguments
) -> list[str]:
    """The layer inside where it can be no other, else a comment with all that is known of it."""
    attribute = name_of(inside.name, taken, "layer")
    taken.add(attribute)
    stock = stock_layer(inside, sizes)
    if stock is not None:
        lines = [
            *comment(f"As in your code: {', '.join(stock.open)}.", _BODY),
            *_made(stock, attribute, inside.name, len(need.uses) == 1),
        ]
        return _within(lines, inside.weights, need, arguments)
    weights = next(iter(inside.weights.values()))
    listed = ", ".join(
        f"{plain(name or 'weight')} {shape}" for name, shape in weights[: MOST_SHOWN * 4]
    )
    more = ", …" if len(weights) > MOST_SHOWN * 4 else ""
    lines = comment(f"A layer inside, {plain(inside.name)}: {listed}{more}.", _BODY)
    return lines + _suggested(inside, sizes, attribute)


def _suggested(inside: Inside, sizes: Sizes, attribute: str) -> list[str]:
    """What a layer inside may have been, as a comment that can become code."""
    likely = likely_layer(inside, sizes)
    if likely is not None:
        arguments = [*likely.arguments, f"name={quoted(inside.name)}"]
        made = f"keras.layers.{likely.class_name}({', '.join(arguments)})"
    else:
        parts = chain_inside(inside, sizes)
        if not parts:
            return []
        layers = (f"keras.layers.{each.class_name}({', '.join(each.arguments)})" for each in parts)
        made = f"keras.Sequential([{', '.join(layers)}])"
    lines = broken(f"self.{attribute} = {made}", _BODY)
    return [f"{_BODY}# {line.removeprefix(_BODY)}" for line in lines]


def _made(stock: Stock, attribute: str, name: str, named: bool) -> list[str]:
    arguments = [*stock.arguments, *([f"name={quoted(name)}"] if named else [])]
    made = call(f"self.{attribute} = keras.layers.{stock.class_name}(", arguments, indent=_BODY)
    return [*made, *broken(f"self.{attribute}.build({stock.build})", _BODY)]


def _call(need: Need, name: str) -> list[str]:
    """``call`` with its arguments, and a body that says what is known."""
    states = ["states"] if need.kind is Kind.CELL else []
    signature = ["self", "inputs" if need.kind is not Kind.RECURRENT else "sequences", *states]
    known = [use.calls[0] for use in need.uses if use.calls]
    extra = max((len(each.inputs) for each in known if not each.listed), default=1) - 1
    signature += [f"input_{number + 2}=None" for number in range(max(min(extra, 8), 0))]
    signature += ["initial_state=None"] if need.kind is Kind.RECURRENT else []
    signature += ["mask=None"] if need.kind is not Kind.CELL else []
    lines = call("def call(", [*signature, "training=None"], "):", INDENT)
    told = [f"{name}.call() is still to be written."]
    if need.kind is Kind.CELL:
        told.append("It returns the output and the list of the new states.")
    for use in need.uses[:MOST_SHOWN]:
        for seen in use.calls[:1]:
            told.append(f"{plain(use.place)}: {_flow(seen)}.")
    return [*lines, *unfilled(told, _BODY)]


def _output_shape(need: Need) -> list[str]:
    """What Keras asks of a layer inside a TimeDistributed, which it does not run to find out."""
    if not any(use.wrapper == "TimeDistributed" for use in need.uses):
        return []
    tensor = "keras.KerasTensor(input_shape, dtype=self.compute_dtype)"
    return [
        f"{INDENT}def compute_output_shape(self, input_shape):",
        *comment("TimeDistributed asks for it; this looks at what call() gives.", _BODY),
        f"{_BODY}inputs = {tensor}",
        f"{_BODY}return keras.Operation.compute_output_spec(self, inputs).shape",
    ]


def unfilled(told: Sequence[str], indent: str) -> list[str]:
    """The body of what is to be filled in."""
    pieces = list(message(told, indent + INDENT))
    if len(pieces) == 1:
        one = f"{indent}raise NotImplementedError({pieces[0].strip()})"
        if len(one) <= 88:
            return [one]
    return [f"{indent}raise NotImplementedError(", *pieces, f"{indent})"]
