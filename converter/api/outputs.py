"""Where results go: names beside the source or in another tree, and how they get there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from converter.containers.publishing import publish, publish_directory
from converter.errors import OutputError, UsageError

_SUFFIXES = (".h5", ".hdf5", ".hdf", ".hd5", ".keras", ".json", ".model")


@dataclass(frozen=True)
class Naming:
    """How an output is called after its source.

    Attributes:
        ending: the end of the name, ``.keras`` or ``_savedmodel``.
        mark: put before the ending where the name would else be the source's own, ``.repaired``.
    """

    ending: str
    mark: str = ""

    def beside(self, source: Path) -> Path:
        """The output next to its source: ``model.h5`` → ``model.repaired.h5``."""
        return source.with_name(f"{stem(source)}{self.mark}{self.ending}")

    def under(self, directory: Path, relative: Path) -> Path:
        """The output in another tree, where the source's own name is free: ``sub/model.h5``."""
        return directory / relative.with_name(f"{stem(relative)}{self.ending}")


def stem(path: Path) -> str:
    """The name without a suffix that a model file may have; any other dot belongs to the name."""
    return path.stem if path.suffix.lower() in _SUFFIXES else path.name


@dataclass(frozen=True)
class Destination:
    """One output: its final name, and what may be replaced on the way to it."""

    path: Path
    in_place: bool = False
    backup: bool = True
    force: bool = False

    @property
    def backup_path(self) -> Path | None:
        """Where the replaced source is kept, None when it is not."""
        kept = self.in_place and self.backup
        return self.path.with_name(f"{self.path.name}.bak") if kept else None

    def publishing(
        self, check: Callable[[Path], object] | None = None
    ) -> AbstractContextManager[Path]:
        """A path to write to, which becomes the output when the block ends; see ``publish``."""
        return publish(
            self.path, force=self.force, in_place=self.in_place, backup=self.backup, check=check
        )

    def publishing_directory(self) -> AbstractContextManager[Path]:
        """The same for a directory."""
        return publish_directory(self.path, force=self.force)


def destination(
    source: Path,
    naming: Naming,
    output: Path | None = None,
    *,
    in_place: bool = False,
    backup: bool = True,
    force: bool = False,
) -> Destination:
    """Decides where the result of one source goes.

    Args:
        source: the file that is read.
        naming: how the output is called when ``output`` is not given.
        output: the wanted name.
        in_place: replace the source; ``NAME.bak`` keeps it unless ``backup`` is False.
        backup: see ``in_place``.
        force: replace what is under the output's or the backup's name.

    Raises:
        UsageError: the options contradict each other, or the output is the source.
    """
    if in_place and output is not None:
        raise UsageError("--in-place and an output were both given", "give one of them")
    if in_place:
        return Destination(source, in_place=True, backup=backup, force=force)
    path = output if output is not None else naming.beside(source)
    if path.exists() and source.exists() and path.samefile(source):
        raise UsageError(f"{path} is the source itself", "replace the source with --in-place")
    return Destination(path, force=force)


def made_folder(folder: Path) -> None:
    """Makes a folder and those above it.

    Raises:
        OutputError: it can't be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} can't be made: {error.strerror}") from error


def refuse_collisions(pairs: Iterable[tuple[Path, Path]]) -> None:
    """Raises UsageError when two sources (first of each pair) would go to one output (second)."""
    taken: dict[Path, Path] = {}
    for source, output in pairs:
        other = taken.setdefault(output.absolute(), source)
        if other != source:
            raise UsageError(
                f"{other} and {source} would both become {output}",
                "give them one by one, each with -o FILE",
            )
