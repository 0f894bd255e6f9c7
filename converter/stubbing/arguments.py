"""The constructor of a class: its arguments from the configs that files hold, and back again."""

from __future__ import annotations

import json
import keyword
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from converter.knowledge import keras3
from converter.model.description import Json
from converter.stubbing.needs import Use
from converter.stubbing.text import (
    INDENT,
    LONGEST_NAME,
    TooLargeError,
    broken,
    call,
    comment,
    literal,
    name_of,
    plain,
    quoted,
)

MOST = 100
"""How many arguments are written out; what is beyond them is kept as it comes."""
OF_EVERY_LAYER = frozenset(
    {"name", "trainable", "dtype", "autocast", "activity_regularizer", "batch_input_shape"}
    | {"batch_shape", "input_shape", "input_dtype", "batch_size"}
)
"""What the base class takes."""
OF_RECURRENT = frozenset(
    {"return_sequences", "return_state", "go_backwards", "stateful", "unroll", "time_major"}
    | {"zero_output_for_mask"}
)
RESERVED = frozenset(
    {"add_loss", "add_metric", "add_variable", "add_weight", "build", "build_from_config", "built"}
    | {"call", "compute_dtype", "compute_mask", "compute_output_shape", "compute_output_spec"}
    | {"count_params", "dtype", "dtype_policy", "from_config", "get_build_config", "get_config"}
    | {"get_initial_state", "get_weights", "input", "input_dtype", "input_spec", "inputs"}
    | {"load_own_variables", "losses", "metrics", "metrics_variables", "name", "name_scope"}
    | {"non_trainable_variables", "non_trainable_weights", "output", "output_size", "outputs"}
    | {"path", "quantization_mode", "quantize", "quantized_build", "quantized_call", "iterations"}
    | {"rematerialized_call", "reset_state", "result", "save_own_variables", "set_weights"}
    | {"state_size", "stateless_call", "submodules", "supports_jit", "supports_masking"}
    | {"symbolic_call", "trainable", "trainable_variables", "trainable_weights", "update_state"}
    | {"updates", "variable_dtype", "variables", "weights", "with_name_scope", "autocast"}
    | {"apply", "apply_gradients", "assign", "update_step", "learning_rate", "layer", "cell"}
    | {
        "call_signature_parameters",
        "inner_loop",
        "states",
        "reset_states",
        "single_state",
        "stateless_reset_state",
    }
    | {"stateless_result", "stateless_update_state", "zero_output_for_mask", "unroll"}
    | {"activity_regularizer", "layers", "loss", "stateless_apply", "scale_loss", "exclude_from"}
)
"""Attributes of Keras's base classes, which one of the same name would break."""
_NOT_PARAMETERS = frozenset({"self", "cls", "kwargs", "keras", "config", "super", "isinstance"})

_GETTERS = {
    "activation": "activations",
    "_initializer": "initializers",
    "_regularizer": "regularizers",
    "_constraint": "constraints",
}


@dataclass(frozen=True)
class Argument:
    """One argument of a constructor.

    Attributes:
        key: in the config.
        parameter: the name that the constructor gives it.
        attribute: that holds it.
        default: as source; None where it has to be given.
        direct: whether the key can be the parameter's name.
        home: the part of Keras that makes the object, ``initializers``; ``layers`` for layers;
            empty for plain values.
        seen: what stands in the file where the default does not say it.
    """

    key: str
    parameter: str
    attribute: str
    default: str | None
    direct: bool
    home: str = ""
    seen: str = ""


@dataclass(frozen=True)
class Arguments:
    """All arguments of a class, and how they are written."""

    items: tuple[Argument, ...]
    rest: bool

    @property
    def attributes(self) -> dict[str, str]:
        """The attributes by config keys, of plain values."""
        return {each.key: each.attribute for each in self.items if not each.home}

    def constructor(self, before: Sequence[str] = (), base: str | None = "**kwargs") -> list[str]:
        """The lines of ``__init__``.

        Args:
            before: parameters of the base class that come first.
            base: what the base class is given; None where it takes nothing.
        """
        direct = [each for each in self.items if each.direct]
        given = [each.parameter for each in direct if each.default is None]
        given += [f"{each.parameter}={each.default}" for each in direct if each.default is not None]
        others = (
            ["**kwargs"] if base is not None or self.rest or len(direct) < len(self.items) else []
        )
        # Else a key of that name would be taken for the object itself.
        first = ["self", "/"] if any(each.key == "self" for each in self.items) else ["self"]
        parameters = sorted([*before, *given], key=lambda each: "=" in each)
        lines = call("def __init__(", [*first, *parameters, *others], "):", INDENT)
        inside = INDENT * 2
        for each in self.items:
            if not each.direct:
                popped = f"kwargs.pop({quoted(each.key)}, {each.default or 'None'})"
                lines += broken(f"{each.parameter} = {popped}", inside)
        if self.rest:
            lines += [
                f"{inside}known = ({', '.join(map(quoted, sorted(OF_EVERY_LAYER)))})",
                f"{inside}rest = {{key: kwargs.pop(key) for key in set(kwargs) - set(known)}}",
            ]
        lines += [f"{inside}super().__init__({base})"] if base is not None else []
        for each in self.items:
            lines += comment(f"in the file: {each.seen}", inside) if each.seen else []
            lines += broken(f"self.{each.attribute} = {_made(each)}", inside)
        return [*lines, *([f"{inside}self.more_arguments = rest"] if self.rest else [])]

    def get_config(self, *, alone: bool = False) -> list[str]:
        """The lines of ``get_config``; none where there is nothing to add to the base class's.

        Args:
            alone: the base class has none.
        """
        pairs = [f"{quoted(each.key)}: {_stored(each)}" for each in self.items]
        pairs += ["**self.more_arguments"] if self.rest else []
        head, inside = f"{INDENT}def get_config(self):", INDENT * 2
        if alone:
            return [head, *broken(f"return {{{', '.join(pairs)}}}", inside)]
        if not pairs:
            return []
        updated = broken(f"config.update({{{', '.join(pairs)}}})", inside)
        return [head, f"{inside}config = super().get_config()", *updated, f"{inside}return config"]


def _made(argument: Argument) -> str:
    if argument.home == "layers":
        return f"_made({argument.parameter})"
    if argument.home:
        return f"keras.{argument.home}.get({argument.parameter})"
    return argument.parameter


def _stored(argument: Argument) -> str:
    if argument.home == "layers":
        return f"_stored(self.{argument.attribute})"
    if argument.home:
        return f"keras.{argument.home}.serialize(self.{argument.attribute})"
    return f"self.{argument.attribute}"


def arguments_of(uses: Sequence[Use], without: frozenset[str]) -> Arguments:
    """The arguments that the configs of a class hold.

    Args:
        uses: of the class.
        without: what the base class takes.
    """
    keys = dict.fromkeys(key for use in uses for key in use.config or {} if key not in without)
    items: list[Argument] = []
    attributes: set[str] = set(RESERVED)
    parameters: set[str] = set(_NOT_PARAMETERS)
    for key in list(keys)[:MOST]:
        values = [use.config[key] for use in uses if use.config is not None and key in use.config]
        direct = _is_parameter(key)
        parameter = key if direct else name_of(key, parameters, "value")
        attribute = name_of(key, attributes, "value") if key in RESERVED or not direct else key
        attribute = (
            name_of(attribute, attributes, "value") if attribute in attributes else attribute
        )
        parameters.add(parameter)
        attributes.add(attribute)
        own = frozenset(name for use in uses for name in use.own)
        items.append(_argument(key, parameter, attribute, direct, values, own))
    return Arguments(tuple(items), rest=len(keys) > MOST)


def _is_parameter(key: str) -> bool:
    return (
        key.isidentifier()
        and not keyword.iskeyword(key)
        and not key.startswith("__")
        and len(key) <= LONGEST_NAME
        and key not in _NOT_PARAMETERS
        and unicodedata.normalize("NFKC", key) == key
    )


def _argument(
    key: str,
    parameter: str,
    attribute: str,
    direct: bool,
    values: Sequence[Json],
    own: frozenset[str],
) -> Argument:
    home = _home(key, values, own)
    default, seen = _default(values, home)
    return Argument(key, parameter, attribute, default, direct, home, seen)


def _home(key: str, values: Sequence[Json], own: frozenset[str]) -> str:
    """The part of Keras that makes what the values describe; empty for plain values."""
    kind = next((home for ending, home in _GETTERS.items() if key.endswith(ending)), "")
    if kind and all(_is_of(each, kind, own) for each in values):
        return kind
    return "layers" if any(map(_holds_object, values)) else ""


def _is_of(value: Json, kind: str, own: frozenset[str]) -> bool:
    if isinstance(value, Mapping):
        # A function of the owner's would be looked for among Keras's only.
        return kind != "activations" and "class_name" in value
    return value is None or isinstance(value, str) and value in keras3.OBJECTS[kind]


def _holds_object(value: Json) -> bool:
    """Whether a value is a layer's config or another object's, or a list of these."""
    if isinstance(value, (list, tuple)):
        return bool(value) and all(map(_holds_object, value))
    return isinstance(value, Mapping) and "class_name" in value and "config" in value


def _default(values: Sequence[Json], home: str) -> tuple[str | None, str]:
    """The default as source, and what stands in the file where it can't be a default."""
    first = values[0]
    if any(_differs(each, first) for each in values[1:]):
        return None, ""
    if home and isinstance(first, (Mapping, list)):
        return "None", _described(first)
    if isinstance(first, Mapping):
        return "None", plain(json.dumps(first, ensure_ascii=False), 300)
    try:
        return literal(first), ""
    except TooLargeError:
        return None, ""


def _differs(value: Json, first: Json) -> bool:
    # Not a number is not equal to itself, and True is equal to 1.
    return value is not first and (value != first or type(value) is not type(first))


def _described(value: Json) -> str:
    """An object for people: ``RandomUniform(minval=-1, maxval=1)``."""
    if isinstance(value, (list, tuple)):
        shown = ", ".join(map(_described, value[:4]))
        return f"[{shown}{', …' if len(value) > 4 else ''}]"
    config = value.get("config")
    pairs = list(_pairs(config)) if isinstance(config, Mapping) else [plain(config, 20)]
    more = ", …" if len(pairs) > 6 else ""
    return f"{plain(value['class_name'], 30)}({', '.join(pairs[:6])}{more})"


def _pairs(config: Mapping[str, Json]) -> Iterator[str]:
    for key, value in config.items():
        if value is not None and not isinstance(value, (Mapping, list)):
            yield f"{plain(key, 20)}={plain(value, 20)}"
