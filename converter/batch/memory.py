"""How much memory a process takes together with all that it has started."""

from __future__ import annotations

import contextlib
import re

import psutil

from converter.errors import UsageError

UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


def family(pid: int) -> list[psutil.Process]:
    """A process and all its descendants that still run."""
    try:
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def resident(pid: int) -> int:
    """Bytes in memory of a process and its descendants, 0 when it is gone."""
    total = 0
    for each in family(pid):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            total += each.memory_info().rss
    return total


def kill(processes: list[psutil.Process]) -> None:
    """Ends processes at once, those that are gone already aside."""
    for each in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()


def parsed_limit(text: str) -> int:
    """Bytes from ``500M``, ``4G`` or ``4GB``.

    Raises:
        UsageError: the text is no size.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?", text.strip().lower())
    if not found or float(found[1]) == 0:
        raise UsageError(f"{text} is no amount of memory", "500M, 4G")
    return int(float(found[1]) * UNITS[found[2]])


def share(jobs: int) -> int:
    """What each of several workers may take when nothing is said: its part of what is free now."""
    return int(psutil.virtual_memory().available * 0.9) // max(jobs, 1)
