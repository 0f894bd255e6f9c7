"""Which library rebuilds a model with the user's own code: Keras 3, or tf_keras for old code."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from converter.api import making
from converter.api.making import Job, Made
from converter.api.old_code import (
    CarriedModules,
    OldModules,
    carried_modules,
    old_modules,
    require_known_meaning,
)
from converter.api.outputs import stem
from converter.api.probe import build_input_shape, input_specs
from converter.api.verification import Verified, tf_keras_departs
from converter.errors import (
    KfixError,
    MissingObjectError,
    NotExactError,
    OutputError,
    VerificationError,
)
from converter.porting.meaning import other_meanings

if TYPE_CHECKING:
    from converter.engines import Prediction

AUTO, KERAS, TF_KERAS = "auto", "keras", "tf_keras"
ENGINES = (AUTO, KERAS, TF_KERAS)
"""The values of ``--engine``."""

_INSTEAD = "Or write a SavedModel, which tf_keras does with the code as it is: --to savedmodel."
_OWN_FAILED = ("The custom code failed", "--custom")
"""How the messages begin that say that the user's code does not run."""


@dataclass(frozen=True)
class Choice:
    """An engine, and the user's modules as it has to see them.

    Attributes:
        name: what was asked for.
        old: the modules as text.
        output: the name that the output will have.
        force: replace files that exist.
    """

    name: str
    old: OldModules
    output: Path
    force: bool = False

    @property
    def is_old(self) -> bool:
        """Whether the code is to be taken for old from the start."""
        return self.name == TF_KERAS or (self.name == AUTO and bool(self.old.words))


def choice(job: Job, name: str, output: Path, *, force: bool = False) -> Choice:
    """Looks at the user's modules without importing them.

    Raises:
        UsageError: a file of theirs does not exist.
        NotExactError: tf_keras was asked for and can't read such files.
    """
    writer = job.source.contents.writer
    if name == TF_KERAS and writer.generation >= 3:
        raise NotExactError("tf_keras reads no files of Keras 3", "Leave --engine out.")
    return Choice(name, old_modules(job.custom, writer), output, force)


def planned(job: Job, chosen: Choice) -> Made:
    """What is known before anything runs: which library would rebuild the model, and why.

    Raises:
        MissingObjectError: the code can't be carried to Keras 3.
        NotExactError: a word of the code means something else on Keras 3.
    """
    return Made((), None, tuple(_plan(job, chosen)))


def _plan(job: Job, chosen: Choice) -> Iterator[str]:
    if not job.custom:
        if job.format == "savedmodel" and chosen.name == TF_KERAS:
            yield "tf_keras would rebuild the model"
        return
    if not chosen.is_old:
        # What it can't run is seen when it runs.
        otherwise = "" if chosen.name == KERAS else ", or tf_keras where Keras 3 can't run the code"
        yield f"Keras 3 would rebuild the model{otherwise}"
        return
    require_known_meaning(chosen.old)
    if job.format == "savedmodel" and not _no_tf_keras(job):
        how = "tf_keras would rebuild the model with the code as it is"
    else:
        code = carried_modules(chosen.old, job.custom, stem(chosen.output))
        how = f"the code would be carried to Keras 3: {', '.join(code.texts)}"
    yield from filter(None, [chosen.old.reason, how])


def make(job: Job, path: Path, chosen: Choice) -> Made:
    """Writes a ``.keras`` or ``.h5`` to ``path``; old code is carried to Keras 3 for it.

    Raises:
        MissingObjectError: the code does not run on the engine, or can't be carried.
        OutputError: a module would replace a file.
        VerificationError: the file computes something else than the source.
        NotExactError: Keras can't rebuild the model.
    """
    if not job.custom:
        return making.make(job, path)
    return _by_choice(
        chosen,
        lambda: _make_by_keras(job, path, chosen),
        lambda reason: _make_carried(job, path, chosen, reason),
    )


def make_savedmodel(job: Job, folder: Path, chosen: Choice) -> Made:
    """Writes a SavedModel into ``folder``, from Keras 3 or, with old code, from tf_keras.

    Raises:
        MissingObjectError: the code does not run on the engine.
        VerificationError: a step computes something else than the one before.
        NotExactError: the model can't be rebuilt or traced.
    """
    if not job.custom and chosen.name != TF_KERAS:
        return making.make_savedmodel(job, folder)
    return _by_choice(
        chosen,
        lambda: _export_by_keras(job, folder, chosen),
        lambda reason: _export_old(job, folder, chosen, reason),
    )


def _make_by_keras(job: Job, path: Path, chosen: Choice) -> Made:
    with tempfile.TemporaryDirectory(prefix="kfix-") as folder:
        seen = _judge(job, chosen, Path(folder))
        try:
            return require_known_words(making.rebuilt(job, path, seen), job, chosen.old)
        except VerificationError as error:
            error.hint = next(_places(job, chosen.old), error.hint)
            raise


def _export_by_keras(job: Job, folder: Path, chosen: Choice) -> Made:
    with tempfile.TemporaryDirectory(prefix="kfix-") as name:
        seen = _judge(job, chosen, Path(name))
        try:
            return require_known_words(making.make_savedmodel(job, folder, seen), job, chosen.old)
        except VerificationError:
            if seen is None or chosen.name != AUTO:
                raise
    _empty(folder)
    return _export_old(job, folder, chosen, "on Keras 3 the code computes something else")


def _empty(folder: Path) -> None:
    for each in folder.iterdir():
        if each.is_dir():
            shutil.rmtree(each)
        else:
            each.unlink()


def _judge(job: Job, chosen: Choice, scratch: Path) -> Prediction | None:
    """What tf_keras computes with code that Keras 3 can run, where it runs it as well.

    The same code may mean another function on Keras 3, and a model that it rebuilds would only be
    compared with itself.
    """
    wanted = job.verify and chosen.name != KERAS and not making.is_known(job)
    return _seen_by_tf_keras(job, chosen, scratch)[0] if wanted else None


def require_known_words(
    made: Made, job: Job, old: OldModules, settled: frozenset[tuple[str, int]] = frozenset()
) -> Made:
    """The output, unless the code has words that mean something else on Keras 3.

    Where a library has computed what the source does, the numbers have shown that all is well.

    Raises:
        NotExactError: naming the place.
    """
    proved = made.verified is not None and made.verified.reference in (KERAS, TF_KERAS)
    if proved or job.allow_inexact:
        return made
    for place in _places(job, old, settled):
        raise NotExactError(
            "nothing could compute what the source does, and the code has a word that means"
            " something else in Keras 3",
            f"{place} Or --allow-inexact.",
        )
    return made


def _places(
    job: Job, old: OldModules, settled: frozenset[tuple[str, int]] = frozenset()
) -> Iterator[str]:
    """Where the code has such words, and what to write."""
    for source in old.sources.values():
        for word in other_meanings(source, job.source.contents.writer, strings=True):
            if (source.name, word.line) in settled:
                continue
            yield (
                f"{source.name}:{word.line}: {word.what} is another function in Keras 3. Keras 2"
                " computed clip(0.2 * x + 0.5, 0, 1): say that in the code."
            )


def _by_choice(chosen: Choice, by_keras: Callable[[], Made], by_old: Callable[[str], Made]) -> Made:
    if chosen.is_old:
        require_known_meaning(chosen.old)
        return by_old(chosen.old.reason)
    try:
        return by_keras()
    except MissingObjectError as error:
        if chosen.name == KERAS and chosen.old.words:
            raise _needs_keras2(chosen.old, error) from error
        if chosen.name != AUTO or not str(error).startswith(_OWN_FAILED):
            raise
        try:
            return by_old(f"Keras 3 does not run the code ({str(error).rstrip('.')})")
        except KfixError:
            # What Keras 3 said is about the code as the user has it.
            raise error from None


def _needs_keras2(old: OldModules, error: MissingObjectError) -> MissingObjectError:
    found = MissingObjectError(
        f"{old.reason}, and does not run on Keras 3", "Leave --engine out, or give tf_keras."
    )
    found.add_note(str(error))
    return found


def _make_carried(job: Job, path: Path, chosen: Choice, reason: str) -> Made:
    hint = "" if _no_tf_keras(job) else _INSTEAD
    code = carried_modules(chosen.old, job.custom, stem(chosen.output), hint)
    _refuse_existing(chosen, code)
    with tempfile.TemporaryDirectory(prefix="kfix-") as folder:
        scratch = Path(folder)
        seen, note = _seen_by_tf_keras(job, chosen, scratch) if job.verify else (None, "")
        carried = replace(job, custom=_written(code, scratch))
        made = making.rebuilt(carried, path, seen)
        made = require_known_words(made, job, chosen.old, code.settled)
    verified = made.verified
    if verified is not None and seen is None:
        verified = replace(verified, note=verified.note or note)
    carried_to = f"carried to Keras 3: {', '.join(code.texts)}, {len(code.changes)} changes"
    loading = f"load_model takes the custom_objects of {' and '.join(code.given)}"
    notes = tuple(filter(None, [reason, carried_to, loading]))
    return Made((), verified, notes + made.notes, code.texts, code.changes)


def _refuse_existing(chosen: Choice, code: CarriedModules) -> None:
    for name in code.texts:
        path = chosen.output.with_name(name)
        if path.resolve() in chosen.old.sources:
            raise OutputError(
                f"{path} is the module itself, which is never changed", "Name the output with -o."
            )
        if (path.exists() or path.is_symlink()) and not chosen.force:
            raise OutputError(f"{path} exists already", "Replace it with --force.")


def _written(code: CarriedModules, scratch: Path) -> tuple[str, ...]:
    folder = scratch / "code"
    folder.mkdir()
    for name, text in code.texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return tuple(str(folder / name) for name in code.given)


def _no_tf_keras(job: Job) -> str:
    """Why tf_keras can't stand for the writer of a file; empty where it can."""
    contents = job.source.contents
    if contents.writer.generation != 2:
        return f"tf_keras reads no files of Keras {contents.writer.generation}"
    if contents.told_shape:
        return "tf_keras does not build the source, which does not say its input's shape"
    return tf_keras_departs(job.result)


def _seen_by_tf_keras(job: Job, chosen: Choice, scratch: Path) -> tuple[Prediction | None, str]:
    """What tf_keras computes from the source with the code as it is, or why it can't."""
    from converter.engines.old_engine import OldEngine

    why = _no_tf_keras(job)
    if why:
        return None, why
    try:
        with OldEngine(timeout=job.timeout, scratch=scratch / "old") as engine:
            return engine.predict_old(
                job.reference,
                custom=job.custom,
                dialect=chosen.old.dialect,
                inputs=input_specs(job.result.model) or None,
                build_input_shape=build_input_shape(job.result.model),
            ), ""
    except KfixError as error:
        if chosen.name == TF_KERAS:
            raise
        return None, str(error)


def _export_old(job: Job, folder: Path, chosen: Choice, reason: str) -> Made:
    why = _no_tf_keras(job)
    if why:
        return _export_carried(job, folder, chosen, reason, why)
    from converter.engines.old_engine import OldEngine

    inputs, outputs = making.writers_names(job)
    with tempfile.TemporaryDirectory(prefix="kfix-") as name:
        scratch = Path(name)
        with OldEngine(timeout=job.timeout, scratch=scratch / "old") as engine:
            export = engine.export_old(
                job.reference,
                folder,
                custom=job.custom,
                dialect=chosen.old.dialect,
                input_names=inputs,
                output_names=outputs,
                endpoints=job.endpoints,
                inputs=input_specs(job.result.model) or None,
                build_input_shape=build_input_shape(job.result.model),
                predict=job.verify,
            )
        verified: Verified | None = None
        if job.verify:
            verified = making.signatures_hold(job, scratch, folder, export, TF_KERAS)
    notes = tuple(filter(None, [reason, "tf_keras rebuilt the model with the code as it is"]))
    return Made(export.signatures, verified, notes)


def _export_carried(job: Job, folder: Path, chosen: Choice, reason: str, why: str) -> Made:
    """Where tf_keras can't read the source: Keras 3 with the code carried to it."""
    try:
        code = carried_modules(chosen.old, job.custom, stem(chosen.output))
    except MissingObjectError as error:
        error.hint = error.hint or f"It has to run on Keras 3, because {why}."
        raise
    with tempfile.TemporaryDirectory(prefix="kfix-") as name:
        carried = replace(job, custom=_written(code, Path(name)))
        made = making.make_savedmodel(carried, folder)
        made = require_known_words(made, job, chosen.old, code.settled)
    rebuilt = "Keras 3 rebuilt the model with the code carried to it"
    return replace(made, notes=tuple(filter(None, [reason, why, rebuilt])))
