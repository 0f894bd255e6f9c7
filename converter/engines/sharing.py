"""Engines that serve many files: a process that works through a batch imports Keras once.

Only engines without code of the user's are shared.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from converter import engines
from converter.engines.child import EngineError
from converter.engines.client import Engine
from converter.errors import KfixError

MOST_FILES = 200
"""How many files an engine serves before a fresh one takes its place."""


class _Shared:
    """The engines that are kept, by what they have imported."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Engine, int]] = {}

    def take(self, preload: str) -> tuple[Engine, int]:
        """An engine, and how many files it has served."""
        return self._kept.pop(preload, None) or (Engine(preload=preload), 0)

    def give_back(self, preload: str, engine: Engine, served: int) -> None:
        if served >= MOST_FILES or preload in self._kept:
            engine.close()
        else:
            self._kept[preload] = (engine, served)

    def close(self) -> None:
        for engine, _ in self._kept.values():
            engine.close()
        self._kept.clear()


_shared: _Shared | None = None


@contextmanager
def kept() -> Iterator[None]:
    """From here on, engines are kept from one file to the next."""
    global _shared
    _shared = _Shared()
    try:
        yield
    finally:
        _shared.close()
        _shared = None


@contextmanager
def leased(
    *, timeout: float | None, preload: str, scratch: Path | None, shared: bool = True
) -> Iterator[Engine]:
    """An engine for one file; see `Engine`.

    Args:
        timeout: seconds for each request.
        preload: what it has imported.
        scratch: folder for the arrays.
        shared: whether it may serve other files as well; code of the user's has one of its own.
    """
    if _shared is None or not shared:
        # As the package has it: tests put one there that needs no process.
        with engines.Engine(timeout=timeout, preload=preload, scratch=scratch) as engine:
            yield engine
        return
    engine, served = _shared.take(preload)
    engine.timeout = timeout
    try:
        with engine.working_in(scratch):
            yield engine
    except EngineError:
        engine.kill()
        raise
    except KfixError:
        _shared.give_back(preload, engine, served + 1)
        raise
    except BaseException:
        engine.kill()
        raise
    _shared.give_back(preload, engine, served + 1)
