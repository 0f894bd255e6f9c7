"""Time and memory of whole commands."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What a command took: wall-clock seconds, and its greatest resident memory in MB."""

    seconds: float
    megabytes: float


@dataclass(frozen=True)
class Command:
    """A command, and what has to be cleared away before it runs again."""

    arguments: Sequence[str]
    outputs: Sequence[Path] = ()

    def run(self) -> Cost:
        """Runs the command once.

        Raises:
            RuntimeError: it failed; the message holds what it said.
        """
        for path in self.outputs:
            path.unlink(missing_ok=True)
        start = time.perf_counter()
        process = subprocess.Popen(
            self.arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        said = process.stderr.read() if process.stderr else b""
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in (0, 1):
            raise RuntimeError(f"{self.arguments}: {said.decode()[-2000:]}")
        return Cost(seconds, usage.ru_maxrss / 1024)


def side_by_side(commands: Sequence[Command], repeat: int) -> list[Cost]:
    """The median cost of each command, run in turns so that a busy machine slows all of them alike.

    A first round warms caches and compiled modules and is not counted.
    """
    rounds = [[command.run() for command in commands] for _ in range(repeat + 1)][1:]
    return [_median([each[index] for each in rounds]) for index in range(len(commands))]


def _median(costs: Sequence[Cost]) -> Cost:
    def middle(value: Callable[[Cost], float]) -> float:
        return statistics.median(map(value, costs))

    return Cost(middle(lambda cost: cost.seconds), middle(lambda cost: cost.megabytes))
