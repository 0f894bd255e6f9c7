"""Writes converter/knowledge/keras3_layers.json: the installed Keras 3's layers and ops.

Run it in an environment with the newest Keras 3: ``python tools/knowledge_of_keras3.py``.
"""

import ast
import importlib
import inspect
import json
import pkgutil
import textwrap
from pathlib import Path

import keras
import keras.src.activations
import keras.src.constraints
import keras.src.initializers
import keras.src.ops
import keras.src.regularizers
from keras.src.api_export import get_name_from_symbol

TARGET = Path(__file__).parents[1] / "converter/knowledge/keras3_layers.json"


def main() -> None:
    """Writes the table."""
    TARGET.write_text(json.dumps(table(), indent=0) + "\n")


def table() -> dict[str, object]:
    """Every public layer class, with what else layers are made of."""
    layers = {}
    for name in sorted(dir(keras.layers)):
        value = getattr(keras.layers, name)
        is_layer = inspect.isclass(value) and issubclass(value, keras.layers.Layer)
        if is_layer and value is not keras.layers.Layer:
            layers[name] = layers[value.__name__] = describe(value)
    found = {"keras": keras.__version__, "layers": layers, "operations": operations()}
    return {**found, **other_objects()}


def other_objects() -> dict[str, dict]:
    """Kinds of objects that layers take: the names Keras 3 resolves, with their arguments."""
    kinds = {
        "initializers": keras.src.initializers,
        "regularizers": keras.src.regularizers,
        "constraints": keras.src.constraints,
        "activations": keras.src.activations,
    }
    return {kind: dict(sorted(arguments_by_name(module).items())) for kind, module in kinds.items()}


def arguments_by_name(module: object) -> dict[str, list[str]]:
    """Every name that ``module.get`` resolves, with what a class behind it takes."""
    found = {}
    for name, value in module.ALL_OBJECTS_DICT.items():
        parameters = inspect.signature(value.__init__).parameters if inspect.isclass(value) else {}
        found[name] = [each for each in parameters if each not in ("self", "args", "kwargs")]
    return found


def operations() -> dict[str, str]:
    """The classes of op nodes and the modules they live in."""
    found = {}
    modules = [
        each
        for each in pkgutil.iter_modules(keras.src.ops.__path__)
        if not each.name.endswith("_test")
    ]
    for info in modules:
        module = importlib.import_module(f"keras.src.ops.{info.name}")
        for name, value in vars(module).items():
            is_op = (
                inspect.isclass(value)
                and issubclass(value, keras.Operation)
                and value is not keras.Operation
            )
            if is_op and value.__module__ == module.__name__:
                found[name] = module.__name__
    return dict(sorted(found.items()))


def describe(layer: type) -> dict:
    """The constructor arguments of a class with their defaults, and those of its call."""
    arguments: dict[str, object] = {}
    for each in type.mro(layer):
        if "__init__" not in vars(each):
            continue
        parameters = list(inspect.signature(each.__init__).parameters.values())[1:]
        own = {
            each.name: plain(each.default)
            for each in parameters
            if each.kind not in (each.VAR_KEYWORD, each.VAR_POSITIONAL)
        }
        popped = (
            popped_keywords(each)
            if any(each.kind == each.VAR_KEYWORD for each in parameters)
            else []
        )
        arguments = {**dict.fromkeys(popped), **own, **arguments}
        if not any(each.kind == each.VAR_KEYWORD for each in parameters):
            break
    call = [
        each
        for each in inspect.signature(layer.call).parameters
        if each not in ("self", "kwargs", "args")
    ]
    public = get_name_from_symbol(layer).removeprefix("keras.layers.")
    names = {"class": layer.__name__, "public": public}
    return {**names, "arguments": arguments, "call": call, "masking": hands_masks_on(layer)}


def hands_masks_on(layer: type) -> bool:
    """Whether a layer hands masks on: by its constructor, or by a ``compute_mask`` of its own."""
    sources = [
        inspect.getsource(vars(each)["__init__"])
        for each in type.mro(layer)
        if "__init__" in vars(each) and each is not object
    ]
    says_so = any("self.supports_masking = True" in source for source in sources)
    return says_so or layer.compute_mask is not keras.layers.Layer.compute_mask


def popped_keywords(layer: type) -> list[str]:
    """Arguments that a constructor takes out of its ``**kwargs``."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(layer.__init__)))
    found = []
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and is_kwargs(node.func.value)
        ):
            found += [each.value for each in node.args[:1] if isinstance(each, ast.Constant)]
        elif (
            isinstance(node, ast.Compare)
            and is_kwargs(node.comparators[0])
            and isinstance(node.left, ast.Constant)
        ):
            found.append(node.left.value)
        elif (
            isinstance(node, ast.Subscript)
            and is_kwargs(node.value)
            and isinstance(node.slice, ast.Constant)
        ):
            found.append(node.slice.value)
    return [each for each in found if isinstance(each, str)]


def is_kwargs(node: ast.AST) -> bool:
    """Whether an expression is the name ``kwargs``."""
    return isinstance(node, ast.Name) and node.id == "kwargs"


def plain(default: object) -> object:
    """A default as JSON."""
    if default is inspect.Parameter.empty:
        return None
    return json.loads(json.dumps(default, default=lambda value: None))


if __name__ == "__main__":
    main()
