"""What is wrong with an environment, and the pip lines that mend it."""

from __future__ import annotations

import re
import shlex
import signal
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from converter.doctor.bounds import (
    KFIX_NEEDS,
    NOTHING,
    Bound,
    bounds_of,
    newest_within,
)
from converter.doctor.environment import Environment, Package, Trial
from converter.doctor.faults import Fault, recognised
from converter.doctor.versions import allows, joined

STAGES = {
    "start": "does not start",
    "import": "does not import",
    "save": "imports, but does not save a small .h5",
    "load": "saves a small .h5, but does not load it",
    "predict": "loads a small .h5, but does not predict with it",
}
_FILES_SHOWN = 3


@dataclass(frozen=True)
class Requirement:
    """A package in a range of versions."""

    name: str
    ranges: str = ""

    def __str__(self) -> str:
        """As pip takes it."""
        return f"{self.name}{self.ranges}"


@dataclass(frozen=True)
class Trouble:
    """One thing that is wrong with an environment.

    Attributes:
        name: what it is called.
        says: what is wrong.
        breaks: whether something fails by it; what only strays from the metadata does not.
        evidence: the error as it was raised, or the files in question.
        pins: what to install instead.
        reinstalls: packages to install anew.
        uninstalls: packages that have to go.
        links: public reports.
    """

    name: str
    says: str
    breaks: bool = True
    evidence: str = ""
    pins: tuple[Requirement, ...] = ()
    reinstalls: tuple[str, ...] = ()
    uninstalls: tuple[str, ...] = ()
    links: tuple[str, ...] = ()

    @property
    def touches(self) -> set[str]:
        """The packages that its remedy is about."""
        return {each.name for each in self.pins} | {*self.reinstalls, *self.uninstalls}


@dataclass
class _Wanted:
    """What the installed packages ask of each other, that which they were told to become included.

    A package that has to be replaced asks for what its replacement asks for.
    """

    found: Environment
    bounds: dict[str, list[Bound]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        versions = self.found.versions
        for _ in range(len(versions) + 1):
            self.bounds = defaultdict(list)
            for bound in bounds_of(versions, self.found.python):
                self.bounds[bound.needs].append(bound)
            settled = {name: self._settled(name, version) for name, version in versions.items()}
            if settled == versions:
                break
            versions = settled

    def _settled(self, name: str, version: str) -> str:
        ranges = self.ranges(name)
        if ranges == NOTHING or allows(ranges, version):
            return version
        return newest_within(name, ranges) or version

    def ranges(self, name: str) -> str:
        """The versions that fit all others; NOTHING where none does."""
        every = [each.range for each in self.bounds.get(name, ())]
        return NOTHING if NOTHING in every else joined(*every)

    def violated(self, name: str) -> bool:
        """Whether the installed version lies outside."""
        version = self.found.versions.get(name)
        if version is None:
            return False
        ranges = self.ranges(name)
        return ranges == NOTHING or not allows(ranges, version)

    def broken_bounds(self, name: str) -> list[Bound]:
        """The bounds that the installed version breaks."""
        version = self.found.versions[name]
        return [
            each
            for each in self.bounds.get(name, ())
            if each.range == NOTHING or not allows(each.range, version)
        ]

    def gone(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of the packages that have no version which fits."""
        return tuple(each for each in names if self.violated(each) and self.ranges(each) == NOTHING)

    def pins(self, names: Iterable[str]) -> tuple[Requirement, ...]:
        """For those of the packages that do not fit, what would."""
        return tuple(
            Requirement(each, self.ranges(each))
            for each in names
            if self.violated(each) and self.ranges(each) != NOTHING
        )

    def requirement(self, name: str) -> Requirement:
        """The package in the versions that fit, for one that is not there."""
        return Requirement(name, self.ranges(name).replace(NOTHING, ""))


def diagnose(found: Environment, *, for_kfix: bool) -> tuple[Trouble, ...]:
    """Everything that is wrong, what breaks first.

    Args:
        found: the environment.
        for_kfix: whether kfix itself is to run in it.
    """
    wanted = _Wanted(found)
    troubles = list(_of_trials(found, wanted))
    for more in (_of_absence(found, wanted, for_kfix), _of_versions(found, wanted)):
        touched = {name for each in troubles for name in each.touches}
        troubles += [each for each in more if not each.touches or not each.touches <= touched]
    troubles += _of_files(found, {name for each in troubles for name in each.touches})
    troubles += _of_surroundings(found)
    return tuple(sorted(troubles, key=lambda each: not each.breaks))


def remedy(found: Environment, troubles: Iterable[Trouble], python: str) -> tuple[str, ...]:
    """The command lines that mend what breaks, in their order.

    Args:
        found: the environment.
        troubles: what is wrong with it.
        python: the interpreter as the user calls it.
    """
    breaking = [each for each in troubles if each.breaks]
    ranges: dict[str, list[str]] = defaultdict(list)
    for pin in (pin for each in breaking for pin in each.pins):
        ranges[pin.name].append(pin.ranges)
    pins = [f"{_as_installed(found, name)}{joined(*every)}" for name, every in ranges.items()]
    gone = list(dict.fromkeys(name for each in breaking for name in each.uninstalls))
    anew = dict.fromkeys(name for each in breaking for name in each.reinstalls)
    versions = found.versions
    exact = [
        f"{_as_installed(found, name)}=={versions[name]}" for name in anew if name not in ranges
    ]
    lines = []
    if gone:
        lines.append(_pip(found, python, "uninstall", ["-y", *gone] if found.pip else gone))
    if pins:
        lines.append(_pip(found, python, "install", pins))
    if exact:
        anew_option = "--force-reinstall" if found.pip else "--reinstall"
        lines.append(_pip(found, python, "install", [anew_option, "--no-deps", *exact]))
    return tuple(lines)


def _as_installed(found: Environment, name: str) -> str:
    package = found.package(name)
    return package.name if package else name


def _pip(found: Environment, python: str, verb: str, arguments: Iterable[str]) -> str:
    given = " ".join(_quoted(each) for each in arguments)
    if found.pip:
        return f"{_quoted(python)} -m pip {verb} {given}"
    # uv makes environments without pip.
    return f"uv pip {verb} --python {_quoted(python)} {given}"


def _quoted(text: str) -> str:
    """In double quotes, which every shell knows, where the shell would take it for something."""
    return text if shlex.quote(text) == text else f'"{text}"'


def _of_trials(found: Environment, wanted: _Wanted) -> Iterator[Trouble]:
    """What failed when it was tried; one trouble for each cause."""
    causes: dict[str, list[tuple[Trial, Fault | None]]] = defaultdict(list)
    for trial in found.trials:
        fault = _cause(trial)
        if not trial.works or fault:
            causes[fault.name if fault else trial.name].append((trial, fault))
    for seen in causes.values():
        trial, fault = seen[0]
        if fault:
            yield _recognised(fault, [trial for trial, _ in seen], wanted)
        else:
            yield _unrecognised(trial, wanted)


def _cause(trial: Trial) -> Fault | None:
    """The fault behind a trial; h5py's warning about its HDF5 counts although it goes on."""
    if trial.exit == -signal.SIGILL:
        return recognised("Illegal instruction")
    if trial.works:
        warned = recognised(trial.text) if trial.name == "h5py" else None
        return warned if warned and warned.name == "hdf5-version-mismatch" else None
    return recognised(trial.error) or recognised(trial.text)


def _recognised(fault: Fault, trials: list[Trial], wanted: _Wanted) -> Trouble:
    versions = wanted.found.versions
    gone = wanted.gone(fault.pins)
    pins = [*wanted.pins(fault.pins), *(wanted.requirement(name) for name in fault.installs)]
    reinstalls = [name for name in fault.reinstalls if name in versions]
    if fault.pins and not pins and not gone:
        # The versions fit as they are told, so the files are not what they are said to be.
        reinstalls += [name for name in fault.pins if name in versions]
    names = ", ".join(trial.name for trial in trials)
    return Trouble(
        fault.name,
        fault.says,
        evidence=f"{names}: {_evidence(trials[0])}",
        pins=tuple(pins),
        uninstalls=gone,
        reinstalls=tuple(reinstalls),
        links=fault.links,
    )


def _unrecognised(trial: Trial, wanted: _Wanted) -> Trouble:
    says = "took too long" if trial.late else STAGES.get(trial.stage, "fails")
    return Trouble(
        f"{trial.name.replace('_', '-')}-fails",
        f"{trial.name} {says}.",
        evidence=_evidence(trial),
        pins=wanted.pins(wanted.bounds),
        uninstalls=wanted.gone(wanted.bounds),
    )


def _evidence(trial: Trial) -> str:
    """The one line that tells most."""
    if trial.error:
        return trial.error.strip().splitlines()[0]
    if told := re.search(r"\b(\w+(Warning|Error): .*)", trial.text):
        return told[1]
    return f"ended by signal {-trial.exit}" if trial.exit < 0 else f"exit code {trial.exit}"


def _of_versions(found: Environment, wanted: _Wanted) -> Iterator[Trouble]:
    """Versions that are out of bounds, whether or not a trial has met it."""
    for name, version in found.versions.items():
        broken = wanted.broken_bounds(name)
        known = [each for each in broken if each.known_to_break]
        if not broken:
            continue
        who = dict.fromkeys(
            f"{each.package} {each.versions.removeprefix('==')}" for each in known or broken
        )
        why = "; ".join(dict.fromkeys(each.why for each in known))
        asked = wanted.ranges(name) if wanted.ranges(name) != NOTHING else "no version of it"
        yield Trouble(
            f"{name}-does-not-fit",
            f"{name} {version} does not fit {' and '.join(who)}: "
            + (why or f"it asks for {asked}, though nothing failed here")
            + ".",
            breaks=bool(known),
            links=tuple(dict.fromkeys(each.link for each in known if each.link)),
            pins=wanted.pins([name]),
            uninstalls=wanted.gone([name]),
        )


def _of_absence(found: Environment, wanted: _Wanted, for_kfix: bool) -> Iterator[Trouble]:
    """What should be there and is not."""
    versions: Mapping[str, str] = found.versions
    if "h5py" not in versions and ("tensorflow" in versions or "keras" in versions):
        yield Trouble(
            "h5py-missing",
            "h5py is not installed, and without it no .h5 is read or written.",
            pins=(wanted.requirement("h5py"),),
        )
    legacy = (found.variables or {}).get("TF_USE_LEGACY_KERAS", "")
    if legacy in ("1", "True", "true") and "tf-keras" not in versions and "tensorflow" in versions:
        yield Trouble(
            "tf-keras-missing",
            "TF_USE_LEGACY_KERAS asks for Keras 2, which is the package tf_keras.",
            pins=(wanted.requirement("tf-keras"),),
        )
    if for_kfix:
        yield from _of_kfix(found, wanted)


def _of_kfix(found: Environment, wanted: _Wanted) -> Iterator[Trouble]:
    versions = {**found.versions, "python": found.python}
    for name, ranges in KFIX_NEEDS.items():
        version = versions.get(name)
        if version and allows(ranges, version):
            continue
        has = f"{version} is installed" if version else "it is not installed"
        fitting = joined(ranges, wanted.ranges(name).replace(NOTHING, ""))
        yield Trouble(
            f"kfix-needs-{name}",
            f"kfix needs {name}{ranges}; {has}.",
            pins=() if name == "python" else (Requirement(name, fitting),),
        )


def _of_files(found: Environment, touched: set[str]) -> Iterator[Trouble]:
    """Packages whose files are not as they were installed, or that are there twice."""
    seen: dict[str, Package] = {}
    for package in found.packages:
        if package.damaged and package.plain_name not in touched:
            shown = ", ".join(package.damaged[:_FILES_SHOWN])
            more = len(package.damaged) - _FILES_SHOWN
            yield Trouble(
                "files-of-another-release",
                f"Files of {package.name} {package.version} are not as they were installed.",
                evidence=shown + (f" and {more} more" if more > 0 else ""),
                reinstalls=(package.plain_name,),
            )
        other = seen.setdefault(package.plain_name, package)
        if other.version != package.version:
            yield Trouble(
                "installed-twice",
                f"{other.name} {other.version} and {package.name} {package.version} share one "
                "folder or hide each other. Uninstall both, then install one.",
                breaks=False,
            )


def _of_surroundings(found: Environment) -> Iterator[Trouble]:
    """What lies around the packages."""
    if found.hidden:
        yield Trouble(
            "hidden-by-a-local-file",
            "A file in this folder is imported in the place of a library. Rename it.",
            evidence=", ".join(found.hidden),
        )
    if found.avx is False and "tensorflow" in found.versions:
        yield Trouble(
            "no-avx",
            "The processor lacks AVX, which TensorFlow's packages need.",
            breaks=False,
        )
    if found.bits == 32:
        yield Trouble("python-of-32-bits", "TensorFlow needs a Python of 64 bits.")
    makers = {each.installer for each in found.packages if each.installer}
    if "conda" in makers and len(makers) > 1:
        mixed = ", ".join(f"{each.name} by {each.installer}" for each in found.packages)
        yield Trouble(
            "conda-and-pip",
            "Some packages were installed by conda and some by pip; each may bring an HDF5 or "
            "NumPy of its own.",
            breaks=False,
            evidence=mixed,
        )
