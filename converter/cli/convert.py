"""``kfix convert``."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from converter.cli import options
from converter.cli.frame import Session
from converter.cli.many import NO_OPTIONS, Many, ManyPaths
from converter.errors import ExitCode

if TYPE_CHECKING:
    from converter.api.convert import Conversion


class To(StrEnum):
    """The formats to convert to."""

    KERAS = "keras"
    H5 = "h5"
    SAVEDMODEL = "savedmodel"


class Engine(StrEnum):
    """The libraries that rebuild the user's classes."""

    AUTO = "auto"
    KERAS = "keras"
    TF_KERAS = "tf_keras"


def convert(
    session: Session,
    to: Annotated[To, typer.Option("--to", help="The format to write.")],
    paths: ManyPaths = None,
    output: options.Output = None,
    output_dir: options.OutputDir = None,
    target: options.Target = "keras-3",
    custom: options.Custom = None,
    architecture: options.Architecture = None,
    builder: options.Builder = None,
    builder_arg: options.BuilderArguments = None,
    allow_partial: options.AllowPartial = False,
    writer: options.Writer = None,
    input_shape: options.InputShape = None,
    vocabulary: options.Vocabularies = None,
    lambda_: options.Lambdas = None,
    signature: options.Signatures = None,
    engine: Annotated[
        Engine,
        typer.Option(
            "--engine",
            help="The library that rebuilds custom classes: tf_keras runs code of Keras 1 and 2.",
        ),
    ] = Engine.AUTO,
    compile: Annotated[
        bool,
        typer.Option("--compile/--no-compile", help="Keep losses, metrics and optimizer state."),
    ] = True,
    verify: Annotated[
        bool, typer.Option("--verify/--no-verify", help="Compare outputs with the source.")
    ] = True,
    allow_inexact: options.AllowInexact = False,
    force: options.Force = False,
    dry_run: options.DryRun = False,
    show_diff: options.ShowDiff = False,
    many: Many = NO_OPTIONS,
) -> ExitCode:
    """Convert models with the same numbers, and prove it."""
    from converter.api.builder import parsed_arguments
    from converter.api.convert import naming
    from converter.api.discovery import MODELS, WEIGHTS
    from converter.api.lambdas import parsed_lambdas
    from converter.api.told import parsed_shapes
    from converter.api.vocabularies import parsed_vocabularies
    from converter.cli import batch
    from converter.cli.placing import Placing

    whole = builder is None and architecture is None
    work = batch.Work(
        verb="convert",
        options={
            "to": to.value,
            "target": target,
            "custom": custom or [],
            "architecture": None if architecture is None else str(architecture),
            "builder": builder,
            "builder_args": parsed_arguments(builder_arg or ()),
            "allow_partial": allow_partial,
            "writer": writer,
            "input_shape": parsed_shapes(input_shape or ()),
            "vocabulary": parsed_vocabularies(vocabulary or ()),
            "lambdas": parsed_lambdas(lambda_ or ()),
            "signatures": signature or [],
            "engine": engine.value,
            "compile": compile,
            "verify": verify,
            "allow_inexact": allow_inexact,
            "force": force,
            "dry_run": dry_run,
        },
        show=lambda found: _text(session, found, show_diff, verify),
        naming=lambda path: naming(path, to),
        placing=Placing(output, output_dir),
        kinds=MODELS if whole else MODELS | WEIGHTS,
        single={"timeout": many.timeout},
    )
    return batch.over(session, paths, work, many)


def _text(session: Session, found: Conversion, show_diff: bool, verify: bool) -> str:
    from converter.cli import matching, outcome

    lines = [*outcome.headline(found.source, found.output, found.written)]
    lines += matching.summary(session, found.matching, whole=not found.written)
    lines += outcome.answered(session, found.findings, show_diff)
    lines += outcome.own_code(session, found.notes, found.code_changes)
    if found.written:
        lines += outcome.verification(found.verified, wanted=not verify)
        lines += outcome.signatures(found.signatures)
    return "\n".join(lines)
