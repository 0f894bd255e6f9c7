"""What a conversion reads: a model file, or weights with the architecture that they belong to."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from converter.api.joining import open_joint, require_matching
from converter.api.split import write_joined
from converter.api.told import InputShapes, open_told
from converter.api.vocabularies import Files
from converter.containers import ModelFile
from converter.containers.sniff import Kind
from converter.layouts.matching import Matching

SAME_MODEL = "Are the two from the same model? --dry-run lists what fits and what does not."


@dataclass(frozen=True)
class Opened:
    """An open source.

    Attributes:
        file: with the contents of a complete model.
        matching: how weights were put to an architecture from another file.
        whole: all of it as one file, for libraries that read nothing else.
    """

    file: ModelFile
    matching: Matching | None = None
    whole: Path | None = None


@contextmanager
def opened(
    path: Path,
    architecture: Path | None = None,
    writer: str | None = None,
    input_shape: InputShapes | None = None,
    vocabularies: Files | None = None,
    *,
    joined: bool = False,
) -> Iterator[Opened]:
    """Opens a source of a conversion.

    Args:
        path: the file.
        architecture: where the architecture is when the file holds weights only.
        writer: see ``open_told``.
        input_shape: see ``open_told``.
        vocabularies: see ``with_vocabularies``.
        joined: also write the two, or the file with the vocabularies, as one file, which is removed
            on closing.

    Raises:
        MatchingError: the weights do not fit the architecture. Also what ``open_told`` and
            ``open_joint`` raise.
    """
    if architecture is None:
        told = open_told(path, writer, input_shape, vocabularies)
        with told as file, _whole(file, joined and bool(vocabularies)) as whole:
            yield Opened(file, whole=whole)
        return
    joint = open_joint(path, architecture, writer, input_shape, vocabularies)
    with joint.file as file:
        require_matching(joint.matching, SAME_MODEL)
        with _whole(file, joined) as whole:
            yield Opened(file, joint.matching, whole)


@contextmanager
def _whole(file: ModelFile, wanted: bool) -> Iterator[Path | None]:
    """A file that holds all that ``file`` was completed with; None where that is not wanted."""
    if not wanted:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="kfix-") as folder:
        ending = ".keras" if file.contents.kind is Kind.KERAS_ARCHIVE else ".h5"
        whole = Path(folder) / f"joined{ending}"
        write_joined(whole, file)
        yield whole
