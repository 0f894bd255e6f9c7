"""The whole module: head, classes and functions, and names that are no Python."""

from __future__ import annotations

import ast
import shlex
from collections.abc import Iterator, Sequence

from converter.errors import UnsafeContentError
from converter.stubbing.layers import layer_class
from converter.stubbing.needs import LAYERS, Kind, Need
from converter.stubbing.objects import function, object_class
from converter.stubbing.text import WIDTH, name_of, paragraph, plain, quoted

MOST = 1000
"""So many objects can still be filled in; a file that asks for more is no model."""

_MADE = '''def _made(value):
    """The object that a config describes; a list of them where it is a list."""
    if isinstance(value, (list, tuple)):
        return [_made(each) for each in value]
    if not isinstance(value, dict):
        return value
    home = {"module": "keras.layers", "registered_name": None}
    return keras.saving.deserialize_keras_object({**home, **value})'''

_STORED = '''def _stored(value):
    """What _made() makes an object of again."""
    if isinstance(value, (list, tuple)):
        return [_stored(each) for each in value]
    return keras.saving.serialize_keras_object(value)'''


def names_of(needs: Sequence[Need]) -> list[str]:
    """What each object is called in the module."""
    taken: set[str] = {"_made", "_stored"}
    names = []
    for need in needs:
        names.append(name_of(need.name, taken, "Item" if need.is_class else "item"))
        taken.add(names[-1])
    return names


def module_source(needs: Sequence[Need], files: Sequence[str], module: str) -> str:
    """The text of a module with all objects, to be filled in.

    Args:
        needs: what is needed, merged over all files.
        files: names of the models.
        module: the module's own name, ``own_custom.py``.

    Raises:
        UnsafeContentError: there are too many for anyone to fill in.
    """
    if len(needs) > MOST:
        raise UnsafeContentError(
            f"the model asks for {len(needs):,} objects of its owner's, more than {MOST:,}"
        )
    names = names_of(needs)
    parts = [_object(need, name) for need, name in zip(needs, names, strict=True)]
    text = "\n".join(line for part in parts for line in part)
    helpers = [
        source for name, source in (("_made(", _MADE), ("_stored(", _STORED)) if name in text
    ]
    imported = [["import keras"]] if helpers or _uses_keras(text) else []
    blocks = [*imported, *(source.split("\n") for source in helpers), *parts]
    renamed = _renamed(needs, names)
    blocks += [renamed] if renamed else []
    lines = [*_head(needs, files, module), ""]
    for index, block in enumerate(blocks):
        lines += ["", "", *block] if index else [*([] if imported else [""]), *block]
    source = "\n".join(line.rstrip() for line in lines) + "\n"
    # Nothing leaves here that Python does not read.
    ast.parse(source)
    return source


def _uses_keras(text: str) -> bool:
    names = (each for each in ast.walk(ast.parse(text)) if isinstance(each, ast.Name))
    return any(each.id == "keras" for each in names)


def _object(need: Need, name: str) -> list[str]:
    if not need.is_class:
        lines = function(need, name)
    else:
        lines = layer_class(need, name) if need.kind in LAYERS else object_class(need, name)
    return [*_registered(need, name), *lines]


def _registered(need: Need, name: str) -> Iterator[str]:
    """The decorator of what the file has under a package."""
    if need.package:
        given = [quoted(need.package)] + ([] if name == need.name else [quoted(need.name)])
        yield f"@keras.saving.register_keras_serializable({', '.join(given)})"


def _renamed(needs: Sequence[Need], names: Sequence[str]) -> list[str]:
    """A dictionary of what has another name in the file, which Python does not take or has."""
    pairs = [
        f"    {quoted(need.name)}: {name},"
        for need, name in zip(needs, names, strict=True)
        if name != need.name and not need.package
    ]
    return ["custom_objects = {", *pairs, "}"] if pairs else []


def _head(needs: Sequence[Need], files: Sequence[str], module: str) -> Iterator[str]:
    shown = ", ".join(map(plain, files[:4])) + (
        f" and {len(files) - 4} more" if len(files) > 4 else ""
    )
    first = f'"""What {shown} need{"s" if len(files) == 1 else ""} of your code: {count(needs)}.'
    yield from paragraph(first)
    yield ""
    yield from paragraph(
        "The names, arguments and weights are those of the file. Write what raises"
        " NotImplementedError, take out what it is not, and run:"
    )
    yield ""
    first, *more = convert_options(needs, names_of(needs), module)
    command = f"    kfix convert {files[0]} --to keras {first}"
    # What plain() would change is no command.
    fits = len(files) == 1 and len(command) <= WIDTH and plain(command, WIDTH) == command
    yield command if fits else "    kfix convert MODEL --to keras --custom FILE.py"
    given = [each for each in more if len(each) <= WIDTH and plain(each, WIDTH) == each]
    if given:
        yield ""
        yield from paragraph("with an option for each Lambda whose function is here:")
        yield ""
        yield from (f"    {each}" for each in given[:20])
    yield '"""'


def convert_options(needs: Sequence[Need], names: Sequence[str], module: str) -> list[str]:
    """How the objects of the module are given to ``kfix convert``, Lambdas layer by layer."""
    lambdas = [
        f"--lambda {shlex.quote(f'{use.place}={module}:{name}')}"
        for need, name in zip(needs, names, strict=True)
        if need.kind is Kind.LAMBDA
        for use in need.uses
    ]
    others = any(need.kind is not Kind.LAMBDA for need in needs)
    return [*([f"--custom {shlex.quote(module)}"] if others else []), *lambdas]


def count(needs: Sequence[Need]) -> str:
    """``2 classes, 1 function``."""
    classes = sum(need.is_class for need in needs)
    functions = len(needs) - classes
    parts = [f"{classes} class{'es' if classes != 1 else ''}"] if classes else []
    parts += [f"{functions} function{'s' if functions != 1 else ''}"] if functions else []
    return ", ".join(parts) or "nothing"
