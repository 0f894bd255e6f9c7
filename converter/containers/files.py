"""How a file is handed to the libraries that read it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any


def for_hdf5(path: Path, file: Any) -> Any:
    """What h5py opens: a file of this machine by its path, any other through the open file."""
    return path if isinstance(file, (io.FileIO, io.BufferedReader)) else file
