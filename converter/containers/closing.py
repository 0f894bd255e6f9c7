"""What has to be closed, as a context manager."""

from types import TracebackType
from typing import Self


class Closing:
    """A base for classes with a ``close``, which ``with`` calls."""

    def __enter__(self) -> Self:
        """The object itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Release what is held."""
        raise NotImplementedError
