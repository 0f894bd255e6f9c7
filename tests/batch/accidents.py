"""Files that take their worker down: by name, as no file at hand makes h5py crash or hang.

A ``sitecustomize`` module on the workers' path crashes, hangs or takes memory when a file of that
name is opened, so that it happens in the middle of kfix's own reading.
"""

from __future__ import annotations

from pathlib import Path

import pytest

HOOK = """
import os, signal, sys, time

def accident(event, arguments):
    if event == "open" and sys.argv[:1] == ["-c"] and isinstance(arguments[0], str):
        name = os.path.basename(arguments[0])
        if name.startswith("crash"):
            os.abort()
        if name.startswith("poison"):
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(3600)
        if name.startswith("hang"):
            time.sleep(3600)
        if name.startswith("eat"):
            eaten = bytearray(400 * 2**20)
            time.sleep(3600)
        if name.startswith("bug"):
            raise ZeroDivisionError("of nobody's")

sys.addaudithook(accident)
"""


@pytest.fixture
def accidents(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """From here on, workers that are started meet with accidents; the folder of the hook."""
    folder = tmp_path_factory.mktemp("hook")
    (folder / "sitecustomize.py").write_text(HOOK)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder
