"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from converter.remote.paths import located

Paths = Annotated[list[str], typer.Argument(metavar="PATH", help="Files, directories or globs.")]
OnePath = Annotated[Path, typer.Argument(parser=located, metavar="PATH", help="A model file.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", parser=located, metavar="FILE", help="Where the result goes."),
]
OutputDir = Annotated[
    Path | None,
    typer.Option(
        "--output-dir",
        parser=located,
        metavar="DIR",
        help="Results go here, in the tree of their sources.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace an output that exists.")]
InPlace = Annotated[bool, typer.Option("--in-place", help="Replace the source; keeps NAME.bak.")]
NoBackup = Annotated[bool, typer.Option("--no-backup", help="With --in-place: no NAME.bak.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Only say what would be done; exit 1 if anything.")
]
ShowDiff = Annotated[bool, typer.Option("--diff", help="Show the exact edits.")]
Target = Annotated[str, typer.Option("--target", metavar="READER", help="The reader to write for.")]
Custom = Annotated[
    list[str] | None,
    typer.Option(
        "--custom",
        metavar="FILE|MODULE",
        help="Your own layers and functions: a Python file, a folder, a module or a package."
        " Runs in a child process.",
    ),
]
Given = Annotated[
    list[str] | None,
    typer.Option(
        "--custom",
        metavar="FILE|MODULE|NAME",
        help="Your own layers and functions, as you would give them to convert. Only read here.",
    ),
]
Architecture = Annotated[
    Path | None,
    typer.Option(
        "--architecture",
        parser=located,
        metavar="FILE",
        help="For files of weights only: the model's JSON, or a complete file of the model.",
    ),
]
Builder = Annotated[
    str | None,
    typer.Option(
        "--builder",
        metavar="FILE|MODULE:NAME",
        help="For weights: your function that builds their model. Runs in a child process.",
    ),
]
BuilderArguments = Annotated[
    list[str] | None,
    typer.Option(
        "--builder-arg",
        metavar="NAME=VALUE",
        help="An argument of the builder: JSON, or else text.",
    ),
]
AllowPartial = Annotated[
    bool,
    typer.Option(
        "--allow-partial",
        help="With --builder: what has no weights in the file keeps its initial values.",
    ),
]
Writer = Annotated[
    str | None,
    typer.Option(
        "--writer",
        metavar="NAME",
        help="Who wrote the file, where it does not say it: keras-1.2.2-theano, tf-1.15.",
    ),
]
Lambdas = Annotated[
    list[str] | None,
    typer.Option(
        "--lambda",
        metavar="LAYER=FILE.py:FUNCTION",
        help="Your function for a Lambda layer. Called once on symbols, in a child process.",
    ),
]
InputShape = Annotated[
    list[str] | None,
    typer.Option(
        "--input-shape",
        metavar="[NAME=]SHAPE",
        help="The input's shape without the batch, where the file does not say it: 28,28,1.",
    ),
]
Vocabularies = Annotated[
    list[str] | None,
    typer.Option(
        "--vocabulary",
        metavar="LAYER=FILE",
        help="The vocabulary of a lookup layer, where the file does not hold it: a token on each"
        " line.",
    ),
]
Signatures = Annotated[
    list[str] | None,
    typer.Option(
        "--signature",
        metavar="NAME=WHAT",
        help="A further endpoint of a SavedModel: LAYER[,LAYER…], .METHOD of your model class,"
        " or MODULE:FUNCTION.",
    ),
]
AllowInexact = Annotated[
    bool,
    typer.Option("--allow-inexact", help="Write although the numbers are not known to be equal."),
]
Timeout = Annotated[
    float | None,
    typer.Option("--timeout", metavar="SECONDS", min=1.0, help="Limit for each child process."),
]
