"""Makes an output from a mended model, at file level or through an engine, and has it verified."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from converter.api.pipeline import parse
from converter.api.probe import build_input_shape, input_specs
from converter.api.signatures import names_of
from converter.api.verification import Verified, judged, reference_of, tolerance_of
from converter.api.writing import write_archive, write_h5
from converter.containers import ModelFile
from converter.errors import NotExactError, VerificationError
from converter.rules import channels_first
from converter.rules.apply import Upgrade

if TYPE_CHECKING:
    from converter.engines import Endpoint, Engine, Export, Prediction, Signature, Verification


DEFAULT = "serving_default"


@dataclass(frozen=True)
class Job:
    """One output to be made.

    Attributes:
        source: the open file.
        result: its model in Keras 3's words.
        format: ``keras``, ``h5`` or ``savedmodel``.
        custom: the user's files and modules.
        verify: compare the output with the source.
        allow_inexact: keep an output that differs.
        timeout: seconds for each request to a child process.
        endpoints: further signatures of a SavedModel.
        whole: the source as one file, where it is two.
    """

    source: ModelFile
    result: Upgrade
    format: str
    custom: tuple[str, ...] = ()
    verify: bool = True
    allow_inexact: bool = False
    timeout: float | None = None
    endpoints: tuple[Endpoint, ...] = ()
    whole: Path | None = None

    @property
    def reference(self) -> Path:
        """What a library has to load to compute what the source does."""
        return self.whole or self.source.contents.path


@dataclass(frozen=True)
class Made:
    """What is known of an output.

    Attributes:
        signatures: of a SavedModel.
        verified: None where it was turned off.
        notes: what the user has to know of the way there.
        modules: texts of Python modules that belong to it, by file name.
        changes: what was changed in the user's code for them, by line.
    """

    signatures: tuple[Signature, ...]
    verified: Verified | None
    notes: tuple[str, ...] = ()
    modules: Mapping[str, str] = field(default_factory=dict)
    changes: tuple[str, ...] = ()


def make(job: Job, path: Path) -> Made:
    """Writes a ``.keras`` or ``.h5`` to ``path``.

    Raises:
        VerificationError: the file computes something else than the source.
        MissingObjectError: a custom object could not be imported, or is still missing.
        NotExactError: Keras can't rebuild the model.
    """
    if job.custom:
        return rebuilt(job, path)
    (write_archive if job.format == "keras" else write_h5)(path, job.result, job.source)
    if not job.verify:
        return Made((), None)
    with _engine(job) as engine:
        return Made((), _verdict(job, _against_source(job, engine, path)))


def rebuilt(job: Job, path: Path, seen: Prediction | None = None) -> Made:
    """The user's classes: only they know their variables, so Keras loads a draft and saves it.

    Args:
        job: what to make.
        path: where to write.
        seen: what another library computed from the source; else the rebuilt model is the measure.

    Raises:
        See `make`.
    """
    with tempfile.TemporaryDirectory(prefix="kfix-") as folder:
        scratch = Path(folder)
        draft = _draft(job, scratch)
        with _engine(job, scratch) as engine:
            built = engine.rebuild(
                draft,
                keras=path if job.format == "keras" else None,
                h5=path if job.format == "h5" else None,
                custom=job.custom,
                build_input_shape=build_input_shape(job.result.model),
                predict=job.verify and seen is None,
                inputs=input_specs(job.result.model) or None,
            )
        notes = (
            *_lost_compile_state(built.compile_note),
            *_assumed(built.defaults),
            *_called_otherwise(built.elsewhere),
        )
        expected = seen or built.prediction
        if expected is None:
            return Made((), None, notes)
        with _engine(job, scratch) as engine:
            compared = _against_library(job, engine, path) if seen is None else None
            if compared is not None and compared.reference:
                return Made((), _verdict(job, compared), notes)
            found = engine.verify_keras(
                path,
                reference=expected.outputs_path,
                reference_kind="arrays",
                inputs=expected.inputs_path,
                custom=job.custom,
                tolerance=tolerance_of(job.result.model),
            )
    called = "tf_keras" if seen else "the rebuilt model"
    return Made((), judged(found, called, allow_inexact=job.allow_inexact), notes)


def _against_library(job: Job, engine: Engine, path: Path) -> Verification | None:
    """Keras 3 runs its own sources with the user's classes; tf_keras any that has none of them."""
    reference, _ = reference_of(job.source.contents, job.result)
    return _against_source(job, engine, path) if reference else None


def _lost_compile_state(reason: str) -> Iterator[str]:
    if reason:
        yield f"not compiled: {reason}"


def _called_otherwise(places: Mapping[str, str]) -> Iterator[str]:
    """Functions that a factory made: files have the name inside the factory."""
    for name, place in places.items():
        yield f'load_model needs custom_objects={{"{name}": {place}}}, as the file calls it'


def _assumed(defaults: Sequence[str]) -> Iterator[str]:
    """Classes without a get_config, of which Keras 1 and 2 saved nothing but the name."""
    for each in defaults:
        layer, _, what = each.partition(": ")
        yield (
            f"layer {layer}: the file lacks the arguments of its class, {what} was taken"
            f" (another: kfix edit --set {layer}.KEY=VALUE)"
        )


def make_savedmodel(job: Job, folder: Path, known: Prediction | None = None) -> Made:
    """Writes a SavedModel into ``folder``.

    Keras makes it from a draft, which is held against the source; then TensorFlow alone, in a fresh
    process, has to run each signature with the draft's numbers.

    Args:
        job: what to make.
        folder: where to write.
        known: what another library computed from the source.

    Raises:
        VerificationError: a step computes something else than the one before.
        MissingObjectError: a custom object could not be imported, or is still missing.
        NotExactError: the model can't be rebuilt or traced.
    """
    with tempfile.TemporaryDirectory(prefix="kfix-") as name:
        scratch = Path(name)
        draft = _draft(job, scratch)
        inputs, outputs = writers_names(job)
        with _engine(job, scratch) as engine:
            # Plain Keras takes the weights of a draft with the user's classes by position.
            by_name = bool(job.custom) and draft.suffix == ".h5"
            seen = _against_source(job, engine, draft) if job.verify and not by_name else None
            first = _verdict(job, seen) if seen else None
            if seen and seen.reference:
                _inner_layers_hold(job, engine, draft, seen)
            export = engine.export_savedmodel(
                draft,
                folder,
                custom=job.custom,
                build_input_shape=build_input_shape(job.result.model),
                input_names=inputs,
                output_names=outputs,
                endpoints=job.endpoints,
                predict=job.verify,
                inputs=seen.prediction.inputs_path if seen else None,
            )
        _refuse_turned_layers(job, export)
        notes = tuple(_assumed(export.defaults))
        if not job.verify:
            return Made(export.signatures, None, notes)
        last = signatures_hold(job, scratch, folder, export)
        if known is not None and all(each.name != DEFAULT for each in job.endpoints):
            same = _computes_as_known(job, scratch, folder, export, known)
            return Made(export.signatures, same, notes)
    return Made(export.signatures, _chained(first or _not_compared(job), last), notes)


def _not_compared(job: Job) -> Verified:
    """What is known before TensorFlow has run a model that only the user's classes can load."""
    _, note = reference_of(job.source.contents, job.result)
    return Verified("", "", None, False, note)


def writers_names(job: Job) -> tuple[list[str] | None, list[str] | None]:
    """Names of the inputs and outputs as the source has them; rules may have changed the layers'.

    Where they have changed the number of tensors, the names are the model's own.
    """
    before, after = parse(job.source).model, job.result.model
    writer = job.source.contents.writer
    pairs = zip(names_of(before, writer), names_of(after, writer), strict=True)
    inputs, outputs = (
        old if old is not None and new is not None and len(old) == len(new) else None
        for old, new in pairs
    )
    return inputs, outputs


def _inner_layers_hold(job: Job, engine: Engine, draft: Path, seen: Verification) -> None:
    """Holds the layers that signatures end at against the same layers of the source."""
    layers = [layer for each in job.endpoints for layer in each.layers]
    if not layers:
        return
    compared = engine.verify_inner(
        draft,
        layers=layers,
        reference=job.reference,
        reference_kind=seen.reference,
        inputs=seen.prediction.inputs_path,
        custom=job.custom,
        tolerance=tolerance_of(job.result.model),
        build_input_shape=build_input_shape(job.result.model),
    )
    for each in compared:
        if not each.ok and not job.allow_inexact:
            raise VerificationError(
                f"layer {each.name} does not give what it gives in {seen.reference}: {each.reason}",
                "The model as a whole does; take another layer for the signature.",
            )


def _refuse_turned_layers(job: Job, export: Export) -> None:
    """Inside a model that was channels first, layers may have their axes in another order."""
    if all(each.code != channels_first.RULE.code for each in job.result.findings):
        return
    inner = {each.name for each in job.endpoints if each.layers}
    for signature in export.signatures:
        for output in signature.outputs:
            if signature.name in inner and len(output.shape) > 2:
                raise NotExactError(
                    f"layer {output.name} has the channels last in the converted model"
                    f" ({channels_first.RULE.code}), so it can't be a signature",
                    "Take a layer that has no axes of pictures: behind a pooling or Flatten.",
                )


def signatures_hold(
    job: Job, scratch: Path, folder: Path, export: Export, called: str = "keras"
) -> Verified:
    """Has TensorFlow alone run every signature; the verdict on the one that differs most.

    Args:
        job: what was made.
        scratch: a folder for arrays.
        folder: the SavedModel.
        export: what it has to offer.
        called: who computed what it has to give.

    Raises:
        VerificationError: a signature gives something else.
    """
    verdicts = []
    with _engine(job, scratch, preload="tensorflow") as engine:
        for signature, prediction in zip(export.signatures, export.predictions, strict=True):
            found = engine.verify_savedmodel(
                folder,
                signature=signature.name,
                inputs=prediction.inputs_path,
                reference=prediction.outputs_path,
                tolerance=tolerance_of(job.result.model),
            )
            verdicts.append(judged(found, called, allow_inexact=job.allow_inexact))
    return max(
        verdicts, key=lambda each: -1 if each.max_difference is None else each.max_difference
    )


def _computes_as_known(
    job: Job, scratch: Path, folder: Path, export: Export, known: Prediction
) -> Verified:
    with _engine(job, scratch, preload="tensorflow") as engine:
        found = engine.verify_savedmodel(
            folder,
            inputs=known.inputs_path,
            reference=known.outputs_path,
            input_names=[each.name for each in export.inputs],
            output_names=[each.name for each in export.outputs],
            tolerance=tolerance_of(job.result.model),
        )
    return judged(found, "tf_keras", allow_inexact=job.allow_inexact)


def is_known(job: Job) -> bool:
    """Whether a library can compute what the source does, without the user's old code."""
    return bool(reference_of(job.source.contents, job.result)[0])


def _draft(job: Job, scratch: Path) -> Path:
    """A file for Keras to read.

    The variables of the user's own classes are known as the source holds them: by path in an
    archive, by position in a legacy file. The draft is of the same kind.
    """
    by_position = job.custom and not job.source.contents.variables
    path = scratch / ("draft.h5" if by_position else "draft.keras")
    (write_h5 if by_position else write_archive)(path, job.result, job.source)
    return path


def _against_source(job: Job, engine: Engine, path: Path) -> Verification:
    """Has plain Keras load a written file and compares it with what the source computes."""
    contents, model = job.source.contents, job.result.model
    reference, _ = reference_of(contents, job.result)
    return engine.verify_keras(
        path,
        reference=job.reference if reference else None,
        reference_kind=reference,
        inputs=input_specs(model) or None,
        custom=job.custom,
        tolerance=tolerance_of(model),
        build_input_shape=build_input_shape(model),
    )


def _verdict(job: Job, found: Verification) -> Verified:
    _, note = reference_of(job.source.contents, job.result)
    return judged(found, note=note, allow_inexact=job.allow_inexact)


def _chained(first: Verified, last: Verified) -> Verified:
    """What two comparisons in a row say together: differences add up at worst."""
    if last.max_difference is None:
        return replace(last, note=last.note or first.note)
    if first.max_difference is None:
        return replace(last, reference="the rebuilt model", note=first.note)
    total = first.max_difference + last.max_difference
    return replace(first, reader=last.reader, compiled=False, max_difference=total)


@contextmanager
def _engine(job: Job, scratch: Path | None = None, preload: str = "keras") -> Iterator[Engine]:
    from converter.engines.sharing import leased

    shared = not job.custom
    with leased(timeout=job.timeout, preload=preload, scratch=scratch, shared=shared) as engine:
        yield engine
