"""From the output options of a call to one output for each source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from converter.api.discovery import Source
from converter.api.outputs import Naming, refuse_collisions
from converter.errors import UsageError


@dataclass(frozen=True)
class Placing:
    """Where results go: ``output`` for one source, ``directory`` for any number, else beside."""

    output: Path | None = None
    directory: Path | None = None
    in_place: bool = False

    def check(self, sources: Sequence[Source], naming: Callable[[Path], Naming]) -> None:
        """Looks for contradictions before anything is written.

        Raises:
            UsageError: options that exclude each other, or two sources with one output.
        """
        if sum((self.output is not None, self.directory is not None, self.in_place)) > 1:
            raise UsageError("of -o, --output-dir and --in-place only one can be given")
        if self.output is not None and len(sources) > 1:
            raise UsageError(
                f"-o names one file, but there are {len(sources)} sources", "use --output-dir DIR"
            )
        if self.output is None and not self.in_place and len(sources) > 1:
            refuse_collisions(
                (each.path, self.of(each, naming) or naming(each.path).beside(each.path))
                for each in sources
            )

    def of(self, source: Source, naming: Callable[[Path], Naming]) -> Path | None:
        """The output of one source; None leaves it to the library, which goes beside the source."""
        if self.directory is None:
            return self.output
        return naming(source.path).under(self.directory, source.relative)
