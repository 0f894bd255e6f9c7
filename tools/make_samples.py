"""Make the sample archives: run the writer in each original framework, check, pack.

    python tools/make_samples.py                       # every environment that is built
    python tools/make_samples.py tf-2.8.0 --only lstm  # a look at one architecture, not packed
    python tools/make_samples.py --update lstm         # this one anew in every archive there is

For each writer: one child process writes the samples, a fresh one reloads each in the same
framework and compares it with the recording, and what held is packed as samples/WRITER.tar.xz.
What failed is listed, in the output and in the archive's manifest, with its reason.
"""

from __future__ import annotations

import argparse
import fcntl
import io
import json
import lzma
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import frameworks
import provenance

TOOLS = Path(__file__).resolve().parent
SAMPLES = TOOLS.parent / "samples"
TIMEOUT = 1800


@dataclass
class Run:
    """One writer's samples in a scratch folder, and what came of them."""

    writer: str
    folder: Path
    entries: list[dict[str, Any]] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


def _child(run: Run, task: str, *arguments: str) -> int:
    command = [str(frameworks.python_of(run.writer)), "-m", "sample_writer", task]
    command += [run.writer, str(run.folder), *arguments]
    with (run.folder / f"{task}.log").open("a") as log:
        try:
            return subprocess.run(
                command,
                cwd=TOOLS,
                env=frameworks.process_environment(run.writer),
                stdout=log,
                stderr=log,
                timeout=TIMEOUT,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            return -1


def _progress(run: Run) -> list[dict[str, Any]]:
    path = run.folder / "progress.jsonl"
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def _until_done(run: Run, task: str, only: list[str]) -> dict[str, dict[str, Any]]:
    """Run the task, again past whatever kills the process; the last word on each name."""
    (run.folder / "progress.jsonl").unlink(missing_ok=True)
    while True:
        before = len(_progress(run))
        skip = sorted({line["name"] for line in _progress(run)})
        code = _child(run, task, "--skip", *skip, "--only", *only)
        lines = _progress(run)
        if code and (len(lines) == before or lines[-1]["state"] not in ("started", "checking")):
            raise RuntimeError(f"{run.writer}: {task} ended with {code}, see {run.folder}")
        if not code:
            return {line["name"]: line for line in lines}


def write(run: Run, only: list[str]) -> None:
    for name, line in _until_done(run, "write", only).items():
        if line["state"] == "written":
            run.entries += line["entries"]
            run.failed |= line["failed"]
        else:
            run.failed[name] = line.get("why", "the process died")


def check(run: Run) -> None:
    """Drop what its own framework computes otherwise from the file.

    What it can't reload at all stays, with a note: the recording is of the model that was saved.
    So does what an architecture declares as misread by the framework's own reader.
    """
    (run.folder / "entries.json").write_text(json.dumps(run.entries))
    found = _until_done(run, "check", [])
    for entry in list(run.entries):
        line = found[entry["name"]]
        why, note = line.get("why", "the process died"), line.get("note")
        if why and entry.get("misread"):
            why, note = "", f"its own framework misreads it: {why}"
        if note:
            entry["note"] = "; ".join(filter(None, (entry.get("note"), note)))
        if why:
            run.entries.remove(entry)
            run.failed[entry["name"]] = why
        entry.pop("misread", None)


def _of(name: str, architectures: list[str]) -> bool:
    """Whether a sample is of one of these: the kind of file follows after a hyphen."""
    return name.split("-")[0] in architectures


def keep(run: Run, archive: Path, anew: list[str]) -> None:
    """Take over from the archive what is not made anew."""
    with tarfile.open(archive) as stored:
        new = {path.name for path in run.folder.iterdir()}
        older = [member for member in stored.getmembers() if member.name not in new]
        stored.extractall(run.folder, older, filter="data")
    manifest = json.loads((run.folder / "manifest.json").read_text())
    run.entries += [e for e in manifest["samples"] if not _of(e["name"], anew)]
    run.failed |= {n: why for n, why in manifest["failed"].items() if not _of(n, anew)}


def make(writer: str, only: list[str], checked: bool) -> Run:
    run = Run(writer, Path(tempfile.mkdtemp(prefix=f"kfix-{writer}-")))
    if _child(run, "describe"):
        raise RuntimeError(f"{writer}: does not start, see {run.folder}")
    run.facts = json.loads((run.folder / "framework.json").read_text())
    write(run, only)
    if checked:
        check(run)
    return run


def _manifest(run: Run) -> dict[str, Any]:
    return {
        "writer": run.writer,
        "versions": run.facts["versions"],
        "samples": sorted(run.entries, key=lambda entry: entry["name"]),
        "failed": dict(sorted(run.failed.items())),
        "not_covered": provenance.not_covered(run.facts["classes"], run.entries),
    }


def _members(run: Run, manifest: dict[str, Any]) -> dict[str, bytes]:
    members = {"manifest.json": json.dumps(manifest, indent=1, sort_keys=True).encode()}
    for entry in run.entries:
        names = [entry["file"], entry["name"] + ".npz", entry.get("architecture_file")]
        members |= {name: (run.folder / name).read_bytes() for name in names if name}
    return members


def pack(run: Run, destination: Path) -> None:
    """An archive that depends on its contents only, put in place in one step."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in sorted(_members(run, _manifest(run)).items()):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    partial = destination.with_name(destination.name + ".part")
    partial.write_bytes(lzma.compress(stream.getvalue(), preset=9 | lzma.PRESET_EXTREME))
    partial.replace(destination)


def _copy_plain(run: Run) -> None:
    """The few samples that also lie beside the archives."""
    for name, (writer, _) in provenance.PLAIN.items():
        if writer == run.writer:
            for suffix in (".h5", ".npz"):
                shutil.copyfile(run.folder / (name + suffix), SAMPLES / (name + suffix))


@contextmanager
def _alone(writer: str) -> Iterator[None]:
    """Lets one run at a time replace an archive, so that two updates don't undo each other."""
    with (Path(tempfile.gettempdir()) / f"kfix-samples-{writer}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _one(writer: str, options: argparse.Namespace) -> bool:
    run = make(writer, options.only + options.update, options.check)
    for name, why in sorted(run.failed.items()):
        print(f"{writer}: {name}: {why}", flush=True)
    if options.only:
        print(f"{writer}: {len(run.entries)} samples in {run.folder}", flush=True)
        return not run.failed
    destination = SAMPLES / f"{writer}.tar.xz"
    with _alone(writer):
        if options.update:
            keep(run, destination, options.update)
        pack(run, destination)
    _copy_plain(run)
    size = destination.stat().st_size // 1024
    print(f"{writer}: {len(run.entries)} samples, {size} KB, {len(run.failed)} failed", flush=True)
    shutil.rmtree(run.folder)
    return True


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Make the sample archives.")
    parser.add_argument("writers", nargs="*", metavar="WRITER", help="default: all that are built")
    parser.add_argument("--only", nargs="+", default=[], help="architectures; nothing is packed")
    parser.add_argument("--update", nargs="+", default=[], help="architectures to make anew")
    parser.add_argument("--jobs", type=int, default=2, help="writers at once")
    parser.add_argument("--check", action=argparse.BooleanOptionalAction, default=True)
    options = parser.parse_args(arguments)
    writers = options.writers or frameworks.built()
    if options.update:
        writers = [name for name in writers if (SAMPLES / f"{name}.tar.xz").exists()]
    if missing := [name for name in writers if not frameworks.is_built(name)]:
        parser.error(f"not built: {', '.join(missing)} (python tools/frameworks.py NAME)")
    SAMPLES.mkdir(exist_ok=True)
    good = True
    with ThreadPoolExecutor(options.jobs) as pool:
        for future in [pool.submit(_one, writer, options) for writer in writers]:
            try:
                good &= future.result()
            except RuntimeError as error:
                print(error, file=sys.stderr)
                good = False
    if not options.only:
        provenance.write_readme(SAMPLES)
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
