"""The source of a release: downloaded by pip once, and only what matters of it kept."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from .releases import MANY_LINUX, Release

UNREAD = (
    "/tests/",
    "/benchmarks/",
    "/applications/",
    "/datasets/",
    "_test.py",
    "/integration_test",
)


def source_folder(release: Release, cache: Path) -> Path:
    """The folder with the release's modules, downloaded if it is not there."""
    destination = cache / "sources" / release.name
    if not destination.is_dir():
        destination.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=destination.parent) as scratch:
            package = _download(release, Path(scratch) / "package")
            modules = Path(scratch) / "modules"
            for name, content in _modules(package, release.folders):
                path = modules / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            modules.rename(destination)
    return destination


def _download(release: Release, folder: Path) -> Path:
    pip = [sys.executable, "-m", "pip"] if find_spec("pip") else [shutil.which("pip") or "pip"]
    command = [*pip, "download", "--quiet", "--no-deps", "--dest", str(folder)]
    if release.python:
        command += ["--only-binary", ":all:", "--python-version", release.python]
        command += [word for platform in MANY_LINUX for word in ("--platform", platform)]
    subprocess.run([*command, release.requirement], check=True)
    (package,) = folder.iterdir()
    return package


def _modules(package: Path, folders: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """The modules in the folders that matter: their paths from the top of the package."""
    for path, content in _members(package):
        name = _from_top(path).replace("tensorflow_core/", "tensorflow/")
        wanted = name.startswith(folders) and name.endswith(".py")
        if wanted and not any(part in f"/{name}" for part in UNREAD):
            yield name, content()


def _from_top(path: str) -> str:
    """Without the folder of a source package, or ``NAME.data/purelib`` of a wheel."""
    parts = path.split("/")
    if parts[0].endswith(".data"):
        return "/".join(parts[2:])
    return "/".join(parts[1:]) if parts[0].lower().startswith("keras-") else path


def _members(package: Path) -> Iterator[tuple[str, object]]:
    if package.suffix == ".whl":
        with zipfile.ZipFile(package) as archive:
            for name in archive.namelist():
                yield name, lambda name=name: archive.read(name)
    else:
        with tarfile.open(package) as archive:
            for member in archive:
                if member.isfile():
                    yield member.name, lambda member=member: archive.extractfile(member).read()
