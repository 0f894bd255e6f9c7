"""Make samples/built: weights of models that only their owners' code describes.

    python tools/make_built_samples.py [WRITER…]

For each writer: the original framework builds the models of ``user_code/builders.py``, gives every
weight a value of its own, records what it computes, and saves the weights in all its ways.
"""

from __future__ import annotations

import io
import lzma
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import frameworks

TOOLS = Path(__file__).resolve().parent
SAMPLES = TOOLS.parent / "samples" / "built"
WRITERS = (
    "keras-1.2.2",
    "keras-2.2.4",
    "tf-2.8.0",
    "tf-2.10.0",
    "tf-2.13.0",
    "tf-2.15.0",
    "keras-3.0.5",
    "keras-3.15.1",
)


def make(writer: str) -> None:
    with tempfile.TemporaryDirectory(prefix="kfix-built-") as folder:
        command = [str(frameworks.python_of(writer)), "-m", "sample_writer.built", writer, folder]
        subprocess.run(
            command, cwd=TOOLS, env=frameworks.process_environment(writer), check=True, timeout=600
        )
        names = sorted(Path(folder).iterdir())
        # TensorFlow's note of the last checkpoint names folders of this machine.
        pack([path for path in names if path.name != "checkpoint"], SAMPLES / f"{writer}.tar.xz")


def pack(files: list[Path], destination: Path) -> None:
    """An archive that depends on its contents only."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path in files:
            content = path.read_bytes()
            info = tarfile.TarInfo(path.name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    destination.parent.mkdir(exist_ok=True)
    destination.write_bytes(lzma.compress(stream.getvalue(), preset=9 | lzma.PRESET_EXTREME))


if __name__ == "__main__":
    for each in sys.argv[1:] or WRITERS:
        make(each)
