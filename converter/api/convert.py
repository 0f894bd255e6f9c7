"""Converting to a ``.keras`` archive, a ``.h5`` for today's Keras, or a SavedModel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from converter.api import engine_choice, targets
from converter.api.builder import Order, built_and_filled
from converter.api.file_checks import file_findings
from converter.api.joining import mismatched, require_matching
from converter.api.making import Job, Made
from converter.api.mending import mended
from converter.api.opening import SAME_MODEL, opened
from converter.api.outputs import Destination, Naming, destination
from converter.api.signatures import parsed_signatures
from converter.api.told import InputShapes, by_input
from converter.api.training import lost, told, without_compile
from converter.api.unfilled import require_filled, require_filled_functions
from converter.api.verification import Verified
from converter.api.vocabularies import Files
from converter.api.writing import reopened
from converter.engines import Signature
from converter.errors import UsageError
from converter.layouts.matching import Matching
from converter.model.description import Json
from converter.model.findings import Finding

ENDINGS = {"keras": ".keras", "h5": ".h5", "savedmodel": "_savedmodel"}
"""The formats to convert to, and how their files are called."""


@dataclass(frozen=True)
class Conversion:
    """What became of one file.

    Attributes:
        source: the file.
        output: what was written, or would be.
        format: ``keras``, ``h5`` or ``savedmodel``.
        written: False for a dry run.
        findings: what was found, and answered, on the way.
        verified: what verification has shown, None when it was turned off.
        signatures: what a SavedModel offers, ``serving_default`` first.
        matching: which weights were taken for which layer's or variable's, where the file holds
            weights only.
        notes: which engine rebuilt the user's classes, and why, where it is not plain Keras 3.
        modules: the user's code carried to Keras 3, which the output needs.
        code_changes: what was changed in it, by line.
    """

    source: Path
    output: Path
    format: str
    written: bool
    findings: tuple[Finding, ...]
    verified: Verified | None = None
    signatures: tuple[Signature, ...] = ()
    matching: Matching | None = None
    notes: tuple[str, ...] = ()
    modules: tuple[Path, ...] = ()
    code_changes: tuple[str, ...] = ()


def convert(
    path: str | PathLike[str],
    output: str | PathLike[str] | None = None,
    *,
    to: str = "keras",
    target: str = targets.NEWEST,
    custom: Sequence[str] = (),
    architecture: str | PathLike[str] | None = None,
    builder: str | None = None,
    builder_args: Mapping[str, Json] | None = None,
    allow_partial: bool = False,
    writer: str | None = None,
    input_shape: InputShapes | None = None,
    vocabulary: Files | None = None,
    lambdas: Mapping[str, str] | None = None,
    signatures: Sequence[str] = (),
    engine: str = engine_choice.AUTO,
    compile: bool = True,
    verify: bool = True,
    allow_inexact: bool = False,
    force: bool = False,
    timeout: float | None = None,
    dry_run: bool = False,
) -> Conversion:
    """Converts one model with the same numbers.

    Models of stock layers are written without Keras. The user's own classes and SavedModels go
    through a child process with Keras. Afterwards, unless ``verify`` is False, a fresh process
    loads the output with plain Keras (TensorFlow alone for a SavedModel) and compares what it
    computes with the source.

    Args:
        path: the file.
        output: the output's name; by default beside the source.
        to: ``keras``, ``h5`` or ``savedmodel``.
        target: the reader to write for.
        custom: the user's Python files and modules.
        architecture: for a file of weights only: the JSON of the model that they belong to, or a
            complete file of it.
        builder: the user's own function that builds the model, ``FILE.py:FUNCTION`` or
            ``MODULE:FUNCTION``; the weights of the file are put into what it returns. A class of a
            model will do.
        builder_args: what it is called with.
        allow_partial: with a builder: write although some variables have no weights in the file, or
            some weights no variable.
        writer: who wrote the file, where it does not say it: ``keras-1.2.2-theano``, ``tf-1.15``.
        input_shape: the shape of the input without the batch, where the file does not say it;
            a mapping of names to shapes where there are several inputs.
        vocabulary: the vocabularies of lookup layers, where the file does not hold them: text
            files with a token on each line, or JSON files, by the names of layers.
        lambdas: a function of the user's for a Lambda layer, by the layer's path:
            ``FILE.py:FUNCTION`` or ``MODULE:FUNCTION``. Keras 3 calls it once on symbols, in a
            child process, and what it computes is written in the layer's place.
        signatures: further signatures of a SavedModel: ``NAME=LAYER[,LAYER…]`` gives what inner
            layers compute, ``NAME=.METHOD`` is a ``tf.function`` of the user's model class, and
            ``NAME=MODULE:FUNCTION`` what a function of the user's makes of the model. The name
            ``serving_default`` takes the place of the model's own.
        engine: who rebuilds the user's classes: ``keras``, or ``tf_keras``, which runs code of
            Keras 1 and 2 as it is; ``auto`` takes tf_keras where the code does not run on Keras 3.
            A ``.keras`` or ``.h5`` with old code comes with that code carried to Keras 3.
        compile: keep losses, metrics, the optimizer and its state; a ``.keras`` goes on training
            where the source was.
        verify: compare the outputs.
        allow_inexact: write although the numbers are not known to be equal.
        force: replace an output that exists.
        timeout: seconds that each child process may take.
        dry_run: only find out what would be done.

    Raises:
        NotAModelError: the file is no Keras model, or holds weights only.
        NotExactError: a layer can't be converted with the same numbers.
        VerificationError: the written model computes something else; nothing is left of it.
        MissingObjectError: a custom object is needed, or could not be imported.
        UnsafeContentError: the model would load foreign code.
        OutputError: the output exists or can't be written.
        UsageError: no such file, format, target or layer, or the file contradicts what is told
            about it.
    """
    endpoints = parsed_signatures(signatures)
    if endpoints and to != "savedmodel":
        raise UsageError("only a SavedModel has signatures", "convert with --to savedmodel")
    if engine not in engine_choice.ENGINES:
        raise UsageError(f"{engine} is no engine", f"engines: {', '.join(engine_choice.ENGINES)}")
    targets.require_supported(target)
    place = destination(Path(path), naming(Path(path), to), _path(output), force=force)
    _require_one_way(architecture, builder, builder_args, allow_partial=allow_partial)
    if builder is not None:
        order = Order(
            builder=builder,
            arguments=builder_args or {},
            format=to,
            custom=tuple(custom),
            input_shapes=by_input(input_shape) if input_shape is not None else None,
            writer=writer,
            endpoints=endpoints,
            allow_partial=allow_partial,
            verify=verify,
            allow_inexact=allow_inexact,
            dry_run=dry_run,
            engine=engine,
            timeout=timeout,
        )
        return _from_builder(Path(path), order, place)
    plan = _path(architecture)
    joined = verify and not dry_run
    with opened(Path(path), plan, writer, input_shape, vocabulary, joined=joined) as given:
        require_filled_functions(lambdas)
        result = mended(
            given.file, custom, lambdas=lambdas, allow_inexact=allow_inexact, timeout=timeout
        )
        require_filled(result.model, custom)
        result = result if compile else without_compile(result)
        if given.matching is not None:
            require_matching(mismatched(result.model), SAME_MODEL)
        job = Job(
            source=given.file,
            result=result,
            format=to,
            custom=tuple(custom),
            verify=verify,
            allow_inexact=allow_inexact,
            timeout=timeout,
            endpoints=endpoints,
            whole=given.whole,
        )
        found = _findings(job, compile=compile)
        chosen = engine_choice.choice(job, engine, place.path, force=place.force)
        made = engine_choice.planned(job, chosen) if dry_run else _write(job, place, chosen)
    return Conversion(
        source=Path(path),
        output=place.path,
        format=to,
        written=not dry_run,
        findings=found,
        verified=made.verified,
        signatures=made.signatures,
        matching=given.matching,
        notes=made.notes,
        modules=tuple(place.path.with_name(name) for name in made.modules),
        code_changes=made.changes,
    )


def _findings(job: Job, *, compile: bool) -> tuple[Finding, ...]:
    """What is told of a conversion; a SavedModel has no compile state to tell of."""
    files = file_findings(job.source.contents)
    of_file = lost(told(files, job.source, job.result, job.format, job.custom, compile=compile))
    result = job.result if job.format != "savedmodel" else without_compile(job.result)
    return of_file + result.findings


def _from_builder(path: Path, order: Order, place: Destination) -> Conversion:
    filled = built_and_filled(path, order, place)
    return Conversion(
        source=path,
        output=place.path,
        format=order.format,
        written=not order.dry_run,
        findings=filled.findings,
        verified=filled.made.verified,
        signatures=filled.made.signatures,
        matching=filled.matching,
        notes=filled.made.notes,
        modules=filled.modules,
        code_changes=filled.made.changes,
    )


def _require_one_way(
    architecture: object,
    builder: str | None,
    arguments: object,
    *,
    allow_partial: bool,
) -> None:
    if builder is None:
        if arguments:
            raise UsageError("--builder-arg without --builder")
        if allow_partial:
            raise UsageError(
                "only a builder's model may keep initial values", "--allow-partial with --builder"
            )
        return
    if architecture is not None:
        raise UsageError("--architecture and --builder were both given", "give one of them")


def naming(source: Path, to: str) -> Naming:
    """``model.h5`` becomes ``model.keras``, and ``model.converted.h5`` where the suffix would stay.

    Raises:
        UsageError: there is no such format.
    """
    if to not in ENDINGS:
        raise UsageError(f"{to} is no format", f"formats: {', '.join(ENDINGS)}")
    ending = ENDINGS[to]
    return Naming(ending, ".converted" if source.suffix == ending else "")


def _path(given: str | PathLike[str] | None) -> Path | None:
    return None if given is None else Path(given)


def _write(job: Job, place: Destination, chosen: engine_choice.Choice) -> Made:
    if job.format == "savedmodel":
        with place.publishing_directory() as folder:
            return engine_choice.make_savedmodel(job, folder, chosen)
    with ExitStack() as publishing:
        path = publishing.enter_context(place.publishing(reopened))
        made = engine_choice.make(job, path, chosen)
        for name, text in made.modules.items():
            beside = Destination(place.path.with_name(name), force=place.force)
            publishing.enter_context(beside.publishing()).write_text(text, encoding="utf-8")
        return made
