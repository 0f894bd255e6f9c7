"""Carries a module of the user's to Keras 3, by edits of its text.

Imports and names get their places of today. What Keras 3 has no word for is taken over from
``engines/keras2_words.py`` into the module, which then stands on its own. A word without a
counterpart is a problem, told with its line; nothing is guessed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from converter.porting import addons
from converter.porting.dialect import Dialect
from converter.porting.editing import Edit, Span, edited, span
from converter.porting.meaning import CHANGED, OLD_FUNCTION, old_arguments, old_names
from converter.porting.scan import LISTS_OF_WEIGHTS
from converter.porting.source import Import, Source, Use
from converter.porting.today import CONVOLUTIONS, MAKES_VARIABLES, OUR_WORDS, Problem, today
from converter.porting.words import definitions

KERAS_1_ARGUMENTS = {
    "X": "x",
    "border_mode": "padding",
    "dim": "axis",
    "dim_ordering": "data_format",
    "high": "maxval",
    "low": "minval",
    "nb_classes": "num_classes",
    "std": "stddev",
}
"""Arguments of the backend's functions, and what they are called since Keras 2."""
ORDERINGS = {"th": "channels_first", "tf": "channels_last"}
DROPPED_ARGUMENTS = frozenset({"filter_shape", "image_shape", "volume_shape"})
SWAPPED = frozenset(
    {"binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"}
)
_LIBRARIES = ("keras", "tensorflow", addons.PACKAGE)
"""Packages whose names may be elsewhere today."""
SHAPE_METHODS = frozenset({"build", "compute_output_shape"})


@dataclass(frozen=True)
class Rewritten:
    """One place of a module as it was and as it is.

    Attributes:
        line: in the original.
        old: the old text.
        new: the new one.
    """

    line: int
    old: str
    new: str


@dataclass(frozen=True)
class Carried:
    """A module in the words of Keras 3.

    Attributes:
        text: the whole module.
        changes: what was changed, by line.
        problems: what has no counterpart; with any of these the text is of no use.
        settled: lines whose words mean what they did, though Keras 3 means another function.
    """

    text: str
    changes: tuple[Rewritten, ...]
    problems: tuple[Problem, ...]
    settled: frozenset[int] = frozenset()


def carried(source: Source, dialect: Dialect, modules: Mapping[str, str] | None = None) -> Carried:
    """The module for plain Keras 3.

    Args:
        source: the module.
        dialect: what its words meant.
        modules: new names of the user's modules, by the old ones.
    """
    work = _Work(source, dialect, modules or {})
    problems = tuple(sorted(work.problems(), key=lambda problem: problem.line))
    edits = list(work.edits())
    changes = tuple(
        Rewritten(edit.span.line, edit.old(source.text), edit.text)
        for edit in sorted(edits, key=lambda edit: edit.span)
    )
    return Carried(work.whole(edits), changes, problems, frozenset(work.settled()))


@dataclass(frozen=True)
class _Work:
    source: Source
    dialect: Dialect
    modules: Mapping[str, str]

    def problems(self) -> Iterator[Problem]:
        for each in self.source.imports:
            if not each.guarded and each.level:
                yield Problem(each.line, f"from .{each.module} import {each.path}", "one file only")
        for use in self._uses():
            found = today(use.path, self.dialect)
            if found.problem and not use.guarded:
                yield Problem(use.line, use.path, found.problem)
        for each in self.source.imports:
            found = today(each.path, self.dialect)
            if found.problem and not each.guarded:
                yield Problem(each.line, each.path, found.problem)
        yield from self._appended()
        yield from self._keras1()

    def settled(self) -> Iterator[int]:
        """Lines where functions and defaults of then are put in."""
        for call in self.source.calls:
            if old_arguments(call, self.dialect):
                yield call.node.lineno
            yield from (name.lineno for name in old_names(call))
        yield from self._looked_up()
        for use in self.source.uses("keras"):
            if use.path.endswith(f".{CHANGED}") and not use.guarded:
                yield use.line

    def _looked_up(self) -> Iterator[int]:
        """Lines where a name in quotes goes to ``activations.get`` and nowhere else."""
        calls = [call.node for call in self.source.calls if call.path == "keras.activations.get"]
        given = {id(each) for call in calls for each in call.args[:1]}
        for node in ast.walk(self.source.tree):
            if isinstance(node, ast.Constant) and node.value == CHANGED and id(node) in given:
                yield node.lineno
            if not isinstance(node, ast.FunctionDef):
                continue
            arguments = node.args.args[len(node.args.args) - len(node.args.defaults) :]
            for argument, default in zip(arguments, node.args.defaults, strict=True):
                uses = [n for n in ast.walk(node) if getattr(n, "id", "") == argument.arg]
                is_name = isinstance(default, ast.Constant) and default.value == CHANGED
                if is_name and all(id(use) in given for use in uses):
                    yield default.lineno

    def _uses(self) -> Iterator[Use]:
        for package in _LIBRARIES:
            yield from self.source.uses(package)

    def _keras1(self) -> Iterator[Problem]:
        for call in self.source.calls if self.dialect.keras1 else ():
            name = call.path.removeprefix("keras.backend.")
            if name in SWAPPED:
                yield Problem(call.node.lineno, call.path, "swap the arguments: (target, output)")
            if self.dialect.theano and name in CONVOLUTIONS:
                advice = "Theano turns kernels round; write it with keras.ops.conv"
                yield Problem(call.node.lineno, call.path, advice)
            for argument in call.keywords & DROPPED_ARGUMENTS:
                if call.path != name:
                    yield Problem(call.node.lineno, f"{call.path}({argument}=…)", "leave it out")

    def _appended(self) -> Iterator[Problem]:
        """``self.trainable_weights.append(w)`` changed the layer's own list."""
        for node in ast.walk(self.source.tree):
            if isinstance(node, ast.Attribute) and node.attr in {"append", "extend"}:
                owner = node.value
                if isinstance(owner, ast.Attribute) and owner.attr in LISTS_OF_WEIGHTS:
                    advice = f"assign: {ast.unparse(owner)} = {ast.unparse(owner)} + […]"
                    yield Problem(node.lineno, ast.unparse(node), advice)

    def edits(self) -> Iterator[Edit]:
        statements: dict[int, list[Import]] = {}
        for each in self.source.imports:
            statements.setdefault(id(each.node), []).append(each)
        for imports in statements.values():
            yield from self._import(imports)
        for use in self._uses():
            yield from self._use(use)
        yield from habits(self.source)
        yield from self._variables()
        yield from self._gates()
        if self.dialect.keras1:
            yield from renamed_arguments(self.source)
        for node in self.source.classes:
            yield from self._bases(node)

    def _import(self, imports: Sequence[Import]) -> Iterator[Edit]:
        node = imports[0].node
        if imports[0].level:
            return
        lines = [line for each in imports for line in [self._binding(each)] if line]
        old = ast.unparse(node)
        if not lines or lines == [old]:
            return
        grouped = _grouped(lines)
        if grouped != [old]:
            yield Edit(span(node), ("\n" + " " * node.col_offset).join(grouped))

    def _binding(self, each: Import) -> str:
        """The statement of today for one imported name."""
        path = each.path
        if path.split(".")[0] not in _LIBRARIES:
            return _as_written(replace(each, module=self.modules.get(each.module, each.module)))
        found = today(path, self.dialect)
        if found.problem:
            return _as_written(each)
        if path == "tensorflow" or path.startswith("tensorflow."):
            return self._tensorflow(each)
        if found.text.split(".")[0] in OUR_WORDS:
            return f"{each.name} = {found.text}"
        return _import_of(found.text, each.name)

    def _tensorflow(self, each: Import) -> str:
        if not self.dialect.tensorflow1 or each.module.startswith("tensorflow.compat"):
            return _as_written(each)
        if each.path == "tensorflow":
            return _import_of("tensorflow.compat.v1", each.name)
        if each.module == "tensorflow":
            return _import_of(each.path.replace("tensorflow", "tensorflow.compat.v1", 1), each.name)
        return _as_written(each)

    def _use(self, use: Use) -> Iterator[Edit]:
        """A dotted name whose place changed by more than where its first part comes from."""
        if not isinstance(use.node, ast.Attribute) or use.guarded:
            return
        root: ast.expr = use.node
        rest: list[str] = []
        while isinstance(root, ast.Attribute):
            rest.insert(0, root.attr)
            root = root.value
        assert isinstance(root, ast.Name)
        start = today(self.source.bound[root.id], self.dialect)
        found = today(use.path, self.dialect)
        if found.problem or start.problem or found.text == ".".join([start.text, *rest]):
            return
        if found.text.startswith("tensorflow."):
            yield Edit(span(use.node), found.text.replace("tensorflow", root.id, 1))
        else:
            yield Edit(span(use.node), found.text)

    def _variables(self) -> Iterator[Edit]:
        """Keras 3 does not take a ``tf.Variable`` for a weight."""
        for call in self.source.calls:
            if call.path == "tensorflow.Variable":
                yield Edit(span(call.node.func), "keras2_backend.Variable")

    def _gates(self) -> Iterator[Edit]:
        """Layers that the code makes, with the functions and defaults of then."""
        for call in self.source.calls:
            for name in old_names(call):
                yield Edit(span(name), OLD_FUNCTION)
            given = [*call.node.args, *(each.value for each in call.node.keywords)]
            for key, value in old_arguments(call, self.dialect).items() if given else ():
                yield Edit(span(given[-1]).end(), f", {key}={value}")

    def _bases(self, node: ast.ClassDef) -> Iterator[Edit]:
        if not any(self._is_layer(base) for base in node.bases):
            return
        first = span(node.bases[0])
        mixins = "".join(f"{name}, " for name in self._mixins(node))
        if mixins:
            yield Edit(first.start(), mixins)

    def _is_layer(self, base: ast.expr) -> bool:
        return self.source.path_of(base).startswith("keras.")

    def _is_stock(self, base: ast.expr) -> bool:
        path = self.source.path_of(base)
        return path.startswith("keras.layers.") and path.rpartition(".")[2] != "Layer"

    def _mixins(self, node: ast.ClassDef) -> Iterator[str]:
        if _has_old_habits(node) or self._makes_variables(node):
            yield "Keras2Layer"
        if _sets_kernel(node) and any(map(self._is_stock, node.bases)):
            yield "SetsKernel"
        if self._builds_layers(node):
            yield "BuildsLayersInside"
        methods = {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
        if not self.dialect.standalone and methods & SHAPE_METHODS:
            yield "TensorShapes"

    def _makes_variables(self, node: ast.ClassDef) -> bool:
        return any(
            self.source.path_of(each).startswith(MAKES_VARIABLES)
            for each in ast.walk(node)
            if isinstance(each, ast.Attribute)
        )

    def _builds_layers(self, node: ast.ClassDef) -> bool:
        """Whether a layer makes others, and says what shape comes out of it."""
        says = {"compute_output_shape", "get_output_shape_for"}
        methods = {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
        inside = (self.source.path_of(n.func) for n in ast.walk(node) if isinstance(n, ast.Call))
        layers = {path.rpartition(".")[2] for path in inside if path.startswith("keras.layers.")}
        return bool(methods & says) and bool(layers - {"InputSpec", "Input"})

    def whole(self, edits: Iterable[Edit]) -> str:
        """The module with its edits, and with what they need in front."""
        edits = list(edits)
        support = definitions(edited(self.source.text, edits), self.dialect)
        note = f"# Carried to Keras 3 by kfix from {self.source.name}.\n"
        text = edited(self.source.text, [*edits, Edit(self._front(), note + support)])
        return text.rstrip("\n") + "\n" + self._objects()

    def _objects(self) -> str:
        """A dictionary of all that a file may ask for, for ``load_model``."""
        body = self.source.tree.body
        names = [each.name for each in body if isinstance(each, (ast.ClassDef, ast.FunctionDef))]
        if "custom_objects" in set(_assigned(body)):
            return ""
        objects = {name: name for name in names if name[0] != "_"}
        objects |= {inside: name for inside, name in _made(body).items() if inside not in objects}
        entries = "".join(f'    "{name}": {each},\n' for name, each in objects.items())
        used = [
            self.modules[each.module] for each in self.source.imports if each.module in self.modules
        ]
        others = list(dict.fromkeys(used))
        imports = "".join(
            f"from {each} import custom_objects as objects_of_{each}  # noqa: E402\n"
            for each in others
        )
        entries = "".join(f"    **objects_of_{each},\n" for each in others) + entries
        return f"\n\n{imports}custom_objects = {{\n{entries}}}\n"

    def _front(self) -> Span:
        """Where the first statement begins that is neither text nor from the future."""
        for node in self.source.tree.body:
            is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
            if not is_text and not future:
                decorated = getattr(node, "decorator_list", [])
                return span(decorated[0] if decorated else node).start(column=0)
        return span(self.source.tree.body[0]).start()


def _assigned(body: Sequence[ast.stmt]) -> Iterator[str]:
    """The names that a module assigns to at its top level."""
    for each in body:
        if isinstance(each, (ast.Assign, ast.AnnAssign)):
            targets = each.targets if isinstance(each, ast.Assign) else [each.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))


def _made(body: Sequence[ast.stmt]) -> dict[str, str]:
    """What factories make, by the name inside the factory, which files have: ``f = make_f()``."""
    factories = {
        each.name: inner.name
        for each in body
        if isinstance(each, ast.FunctionDef)
        for inner in each.body
        if isinstance(inner, ast.FunctionDef)
    }
    found: dict[str, str] = {}
    for each in body:
        if isinstance(each, ast.Assign) and isinstance(each.value, ast.Call):
            inside = factories.get(getattr(each.value.func, "id", ""))
            if inside and isinstance(each.targets[0], ast.Name):
                found |= {inside: each.targets[0].id}
    return found


def habits(source: Source) -> Iterator[Edit]:
    """Attributes that tensors and shapes do not have any more."""
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Load):
            continue
        if node.attr == "_keras_shape":
            yield Edit(span(node), f"tuple({ast.unparse(node.value)}.shape)")
        elif node.attr == "value" and _is_dimension(node.value):
            yield Edit(span(node), ast.unparse(node.value))


def renamed_arguments(source: Source) -> Iterator[Edit]:
    """Arguments of the backend's functions that Keras 1 called otherwise."""
    for call in source.calls:
        if not call.path.startswith("keras.backend."):
            continue
        for keyword in call.node.keywords:
            if keyword.arg in KERAS_1_ARGUMENTS:
                value = ast.unparse(keyword.value)
                if keyword.arg == "dim_ordering":
                    value = f"{ORDERINGS}.get({value}, {value})"
                yield Edit(_whole(keyword), f"{KERAS_1_ARGUMENTS[keyword.arg]}={value}")


def _whole(keyword: ast.keyword) -> Span:
    assert keyword.end_lineno is not None and keyword.end_col_offset is not None
    return Span(keyword.lineno, keyword.col_offset, keyword.end_lineno, keyword.end_col_offset)


def _is_dimension(node: ast.expr) -> bool:
    """``x.shape[1]`` or ``input_shape[-1]``, which TensorFlow 1 gave as an object."""
    if not isinstance(node, ast.Subscript):
        return False
    owner = node.value
    name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
    return "shape" in name


def _has_old_habits(node: ast.ClassDef) -> bool:
    for each in ast.walk(node):
        is_list = isinstance(each, ast.Attribute) and each.attr in LISTS_OF_WEIGHTS
        if is_list and isinstance(getattr(each, "ctx", None), ast.Store):
            return True
        names = (getattr(each, "attr", ""), getattr(each, "name", ""))
        if "add_weight" in names or "get_output_shape_for" in names:
            return True
    return False


def _sets_kernel(node: ast.ClassDef) -> bool:
    return any(
        isinstance(each, ast.Attribute)
        and each.attr in {"embeddings", "kernel"}
        and isinstance(each.ctx, ast.Store)
        for each in ast.walk(node)
    )


def _as_written(each: Import) -> str:
    if isinstance(each.node, ast.Import):
        renamed = f" as {each.name}" if each.name != each.module.split(".")[0] else ""
        return f"import {each.module}{renamed}"
    leaf = each.path.rpartition(".")[2] if not each.level else each.path
    return f"from {each.module} import {leaf}" + (f" as {each.name}" if each.name != leaf else "")


def _import_of(path: str, name: str) -> str:
    parent, _, leaf = path.rpartition(".")
    renamed = f" as {name}" if name != leaf else ""
    if not parent:
        return f"import {leaf}{renamed}"
    if path == "tensorflow.compat.v1":
        return f"import {path} as {name}"
    return f"from {parent} import {leaf}{renamed}"


def _grouped(lines: Sequence[str]) -> list[str]:
    """``from a import b`` and ``from a import c`` in one statement, the rest as it is."""
    found: dict[str, list[str]] = {}
    for line in lines:
        head, sign, name = line.partition(" import ")
        if sign and head.startswith("from "):
            found.setdefault(head, []).append(name)
        else:
            found.setdefault(line, [])
    return [f"{head} import {', '.join(names)}" if names else head for head, names in found.items()]
