"""The user's old code: found by its text, run by tf_keras, carried to Keras 3."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from converter.api.custom import files_of
from converter.errors import MissingObjectError, NotExactError
from converter.model.description import Writer
from converter.porting import addons
from converter.porting.carry import Carried, carried
from converter.porting.dialect import Dialect, depends_on_tensorflow, dialect_of
from converter.porting.scan import OldWord, old_words
from converter.porting.source import Source
from converter.porting.today import Problem


@dataclass(frozen=True)
class OldModules:
    """The user's modules as text, and what keeps them from running on Keras 3.

    Attributes:
        sources: by their files: those that were given, and what lies beside them and they import.
        dialect: what their words meant to the program that wrote the model.
        words: words that Keras 3 does not know, each with its file's name.
    """

    sources: Mapping[Path, Source]
    dialect: Dialect
    words: tuple[tuple[str, OldWord], ...]

    @property
    def reason(self) -> str:
        """Why they don't run on Keras 3: ``my_layers.py needs Keras 2 (line 3: …)``."""
        if not self.words:
            return ""
        name, word = self.words[0]
        if word.what.split(".")[0] == addons.PACKAGE:
            return f"{name} needs TensorFlow Addons (line {word.line}), which has come to its end"
        generation = 1 if self.dialect.keras1 else 2
        return f"{name} needs Keras {generation} (line {word.line}: {word.what})"


def old_modules(custom: Sequence[str], writer: Writer) -> OldModules:
    """Reads the text of what ``--custom`` names.

    Raises:
        UsageError: a file does not exist.
    """
    found: dict[Path, Source] = {}
    pending = [path for each in custom for path in files_of(each)]
    while pending:
        path = pending.pop(0).resolve()
        source = None if path in found else Source.read(path)
        if source is not None:
            found[path] = source
            pending += _beside(path, source)
    dialect = dialect_of(writer, tuple(found.values()))
    words = tuple((each.name, word) for each in found.values() for word in old_words(each))
    return OldModules(found, dialect, words)


def _beside(path: Path, source: Source) -> Iterator[Path]:
    """The modules in the same folder that a module imports."""
    for each in source.imports:
        other = path.with_name(f"{_first(each.module)}.py")
        if not each.level and other.is_file() and other != path:
            yield other


def _first(module: str) -> str:
    return module.split(".")[0]


def require_known_meaning(old: OldModules) -> None:
    """Refuses code that computes something else on TensorFlow 1 than on 2, if either can be meant.

    Raises:
        MissingObjectError: it uses what of TensorFlow Addons Keras has no form for.
        NotExactError: naming the place.
    """
    _require_forms(old)
    for source in old.sources.values() if old.dialect.tensorflow_open else ():
        for line, name in depends_on_tensorflow(source):
            raise NotExactError(
                f"{source.name}:{line}: {name} computes something else on TensorFlow 1 than on 2,"
                " and the file does not say which wrote it",
                "Say it with --writer: tf-1.15, tf-2.0, keras-2.3.1-tensorflow-1.15.",
            )


def _require_forms(old: OldModules) -> None:
    """Raises MissingObjectError where code uses what of Addons nothing stands in for."""
    found = [
        (f"{source.name}:{line}", path, form)
        for source in old.sources.values()
        for line, path, form in addons.uses(source)
    ]
    missing = list(dict.fromkeys((place, path) for place, path, form in found if not form))
    if not missing:
        return
    told = [
        f"{place}: {path}: {addons.advice(path.removeprefix(f'{addons.PACKAGE}.'))}"
        for place, path in missing
    ]
    known = sorted(
        {path.rpartition(".")[2] for _, path, form in found if form and path.count(".") > 1}
    )
    taken = f" kfix takes Keras's forms of {', '.join(known)}." if known else ""
    raise MissingObjectError(
        f"TensorFlow Addons has come to its end, and the code needs it: {'; '.join(told)}",
        f"Write that without Addons, and give the module again.{taken}",
    )


@dataclass(frozen=True)
class CarriedModules:
    """The user's modules in the words of Keras 3.

    Attributes:
        texts: by the names of the new files.
        given: which of these hold what was named with ``--custom``.
        changes: ``my_layers.py:3: from keras.engine import A → from keras.layers import A``.
        settled: file names and lines of words that mean there what they did.
    """

    texts: Mapping[str, str]
    given: tuple[str, ...]
    changes: tuple[str, ...]
    settled: frozenset[tuple[str, int]] = frozenset()


def carried_modules(
    old: OldModules, custom: Sequence[str], stem: str, hint: str = ""
) -> CarriedModules:
    """Carries all the modules.

    Args:
        old: the modules.
        custom: the values of ``--custom`` that they came from.
        stem: how the new files begin, ``model`` for ``model_custom.py``.
        hint: what can be done where a module can't be carried.

    Raises:
        MissingObjectError: a word has no counterpart in Keras 3, or a package was given.
    """
    _require_files(custom, hint)
    names = _new_names(list(old.sources), stem)
    modules = {path.stem: Path(name).stem for path, name in names.items()}
    results = {path: carried(each, old.dialect, modules) for path, each in old.sources.items()}
    problems = [
        (old.sources[path].name, problem)
        for path, result in results.items()
        for problem in result.problems
    ]
    if problems:
        raise _no_counterpart(problems, hint)
    wanted = {path.resolve() for each in custom for path in files_of(each)}
    return CarriedModules(
        {names[path]: result.text for path, result in results.items()},
        tuple(names[path] for path in results if path in wanted),
        tuple(
            text for path, result in results.items() for text in _told(old.sources[path], result)
        ),
        frozenset(
            (old.sources[path].name, line)
            for path, result in results.items()
            for line in result.settled
        ),
    )


def _require_files(custom: Sequence[str], hint: str) -> None:
    for each in custom:
        if len(files_of(each)) != 1 or files_of(each)[0].name == "__init__.py":
            message = f"--custom {each}: old code is carried to Keras 3 file by file, not a package"
            raise MissingObjectError(message, f"Give its files one by one. {hint}".strip())


def _new_names(paths: Sequence[Path], stem: str) -> dict[Path, str]:
    plain = re.sub(r"\W", "_", stem)
    plain = f"_{plain}" if plain[:1].isdigit() else plain
    ends = ["custom"] if len(paths) == 1 else [path.stem for path in paths]
    return {path: f"{plain}_{end}.py" for path, end in zip(paths, ends, strict=True)}


def _told(source: Source, result: Carried) -> Iterator[str]:
    for change in result.changes:
        old, new = (_on_one_line(each) for each in (change.old, change.new))
        what = f"{old} → {new}" if old else f"{new.rstrip(', ')} as a base"
        yield f"{source.name}:{change.line}: {what}"


def _on_one_line(text: str) -> str:
    return "; ".join(" ".join(line.split()) for line in text.splitlines())


def _no_counterpart(problems: Sequence[tuple[str, Problem]], hint: str) -> MissingObjectError:
    name, first = problems[0]
    others = len({(each, problem.line) for each, problem in problems}) - 1
    more = f" (and {others} more lines like it)" if others else ""
    what = f"{name}:{first.line}: {first.what} has no counterpart in Keras 3: {first.advice}{more}"
    error = MissingObjectError(what, hint)
    for each, problem in problems[1:]:
        error.add_note(f"{each}:{problem.line}: {problem.what}: {problem.advice}")
    return error
