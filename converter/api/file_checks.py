"""What is wrong with a file as a file, whatever model it holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from converter.containers.contents import Contents
from converter.containers.sniff import Kind
from converter.model.findings import Edit, Finding, Severity

HDF5_SUFFIXES = (".h5", ".hdf5")
"""The suffixes by which Keras 3 takes a file for legacy HDF5."""

ARCHIVE_SUFFIX = ".keras"

OPTIMIZER_STATE = "KF502"


@dataclass(frozen=True)
class FileCheck:
    """One thing that can be wrong with a file; what a rule is inside the model.

    Attributes:
        code: as for rules, ``KF5`` and two digits.
        name: what the problem is called.
        summary: one line for lists.
        doc: the full text.
        find: the finding, None when all is well.
    """

    code: str
    name: str
    summary: str
    doc: str
    find: Callable[[Contents, FileCheck], Finding | None]


def right_suffix(kind: Kind, path: Path) -> str:
    """The suffix by which Keras 3 reads such a file: the path's own where it is right already."""
    if kind is Kind.KERAS_ARCHIVE:
        return ARCHIVE_SUFFIX
    return path.suffix if path.suffix in HDF5_SUFFIXES else ".h5"


def _find_suffix(contents: Contents, check: FileCheck) -> Finding | None:
    right = right_suffix(contents.kind, contents.path)
    if contents.path.suffix == right:
        return None
    content = "a .keras archive" if contents.kind is Kind.KERAS_ARCHIVE else "HDF5"
    shown = contents.path.suffix or "no suffix"
    return Finding(
        check.code,
        check.name,
        Severity.BREAKS,
        "",
        f"{content} is named {contents.path.name}, and Keras 3 goes by the suffix",
        f"written with the suffix {right}",
        (Edit("suffix", shown, right),),
    )


def _find_optimizer(contents: Contents, check: FileCheck) -> Finding | None:
    if not contents.optimizer_weights:
        return None
    count = len(contents.optimizer_weights)
    if contents.kind is Kind.KERAS_ARCHIVE:
        message = f"{count} arrays of optimizer state"
        remedy = "carried over where the model is written anew"
        return Finding(check.code, check.name, Severity.NOTICE, "", message, remedy)
    size = sum(each.nbytes for each in contents.optimizer_weights)
    return Finding(
        check.code,
        check.name,
        Severity.BREAKS if contents.training_config else Severity.NOTICE,
        "",
        f"{count} arrays of optimizer state ({size:,} bytes): Keras 3 can't restore them, and "
        "fit() fails after loading",
        "a conversion to .keras carries them over, an .h5 gets none",
        (Edit("optimizer_weights", f"{count} arrays", None),),
    )


def _find_moved_modules(contents: Contents, check: FileCheck) -> Finding | None:
    if contents.kind is not Kind.KERAS_ARCHIVE or contents.writer.generation >= 3:
        return None
    module = str((contents.config or {}).get("module"))
    if not module.startswith("keras.src.engine"):
        return None
    message = f"an archive of tf.keras, whose {module} is not where Keras 3 looks"
    return Finding(check.code, check.name, Severity.BREAKS, "", message, "written anew")


FILE_CHECKS = (
    FileCheck(
        "KF501",
        "wrong-suffix",
        "the name's suffix does not fit the content",
        """A file whose suffix says something else than its content.

        What it sees: HDF5 under ``.keras`` (TF up to 2.11 wrote that) or without a suffix, zip
        archives under ``.h5``.

        Why Keras 3 trips: ``load_model`` chooses the reader by the suffix alone ("File not found …
        accessible .keras zip file", "File format not supported").

        What kfix changes: the output's suffix.

        Links: https://github.com/keras-team/keras/issues/20259
        """,
        _find_suffix,
    ),
    FileCheck(
        OPTIMIZER_STATE,
        "optimizer-state",
        "Keras 3 can't restore optimizer state from .h5, and then can't train",
        """Optimizer state in a legacy HDF5 file.

        What it sees: ``optimizer_weights`` in a ``.h5`` model; in an archive only a notice.

        Why Keras 3 trips: it builds the optimizer without variables, warns that it skips the state,
        and the next ``fit()`` fails ("Unknown variable").

        What kfix changes: a ``.keras`` gets the state (KF420), so that training goes on. An ``.h5``
        gets none; the model keeps its optimizer's settings.

        """,
        _find_optimizer,
    ),
    FileCheck(
        "KF503",
        "moved-modules",
        "a .keras archive of tf.keras names modules that Keras 3 moved",
        """A ``.keras`` archive that tf.keras wrote.

        What it sees: a Functional model in an archive of TensorFlow 2.12 to 2.15.

        Why Keras 3 trips: "Could not deserialize class 'Functional' because its parent module
        keras.src.engine.functional cannot be imported".

        What kfix changes: writes the archive anew in Keras 3's words.

        Links: https://github.com/keras-team/keras/issues/19089
        """,
        _find_moved_modules,
    ),
)


def file_findings(contents: Contents) -> tuple[Finding, ...]:
    """What is wrong with an open file, apart from its model."""
    found = (check.find(contents, check) for check in FILE_CHECKS)
    return tuple(each for each in found if each is not None)
