"""How much memory a job may take: a small file that asks for terabytes must not get the machine's.

A layer of 10**12 units, or a constant that a graph spreads out, is a few bytes in a file. The limit
is on what a process may allocate (RLIMIT_DATA), so that the library that asks for more gets an
error, and no other process suffers. Where the system has no such limit, there is none.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from converter.errors import KfixError, NotExactError, UnsafeContentError

VARIABLE = "KFIX_MEMORY"
"""The environment variable that sets the limit: ``32G``."""
ALWAYS = 8 << 30
TIMES = 20
"""A job may take so many bytes, or so many times the bytes of its files, if that is more."""
_GROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")
_SAYS_SO = ("OOM when allocating", "bad_alloc", "Cannot allocate memory", "failed to allocate")


@contextmanager
def of_memory(arguments: Mapping[str, Any]) -> Iterator[None]:
    """For the time of a job, limits what this process may allocate from here on.

    Args:
        arguments: of the job; the files among them are what it reads.

    Raises:
        UnsafeContentError: more is asked for than a file of that size should need.
        NotExactError: more is asked for than this machine has, or than the user allows.
    """
    size = sum(map(_size, _paths(arguments)))
    allowed = allowance(size)
    with _limited(allowed):
        try:
            yield
        except Exception as error:
            if ran_out(error):
                raise _too_much(size, allowed) from error
            raise


def allowance(size: int) -> int:
    """Bytes that a job may take whose files have ``size`` bytes.

    Raises:
        UsageError: the user's limit is no amount of memory.
    """
    told = os.environ.get(VARIABLE)
    if told:
        from converter.batch.memory import parsed_limit

        return parsed_limit(told)
    return min(max(ALWAYS, TIMES * size), physical())


def physical() -> int:
    """Bytes of memory that the machine has, or the container."""
    if not hasattr(os, "sysconf"):
        return ALWAYS
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(machine, int(_GROUP_LIMIT.read_text()))
    except (OSError, ValueError):
        return machine


def ran_out(error: BaseException) -> bool:
    """Whether an error, or one that it came from, is about memory."""
    seen: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in seen:
        if isinstance(link, MemoryError) or any(text in str(link) for text in _SAYS_SO):
            return True
        seen.append(link)
        link = link.__cause__ or link.__context__
    return False


def _too_much(size: int, allowed: int) -> KfixError:
    told = f"needs more than {allowed / 2**30:.3g} GiB of memory"
    hint = f"If it is really that large: {VARIABLE}=32G kfix …"
    if os.environ.get(VARIABLE):
        return NotExactError(f"the model {told}, which is what {VARIABLE} allows", "Allow it more.")
    if allowed < max(ALWAYS, TIMES * size):
        return NotExactError(f"the model {told}, and this machine has no more", hint)
    return UnsafeContentError(f"the model {told}, and its file has {size:,} bytes", hint)


def _paths(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _paths(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _paths(item)


def _size(path: str) -> int:
    """Bytes of a file, or of all files of a SavedModel."""
    place = Path(path)
    try:
        if (place / "saved_model.pb").is_file():
            return sum(each.stat().st_size for each in place.rglob("*") if each.is_file())
        return place.stat().st_size if place.is_file() else 0
    except (OSError, ValueError):
        return 0


@contextmanager
def _limited(allowed: int) -> Iterator[None]:
    taken = _allocated()
    if taken is None:
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = taken + allowed
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _allocated() -> int | None:
    """Bytes that count for the limit; None where the system has no such limit."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(each.split()[1]) << 10 for each in lines if each.startswith("VmData:"))
    except (OSError, ValueError, StopIteration):
        return None
