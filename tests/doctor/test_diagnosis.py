"""What is said of environments, from what the probe has said in them.

The files in ``recorded`` are the probe's words in real environments with a fault, each with the
versions that were installed there (tools/faulty_environments.py --record); the others are made up
from them.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from converter.doctor.bounds import KFIX_NEEDS
from converter.doctor.diagnosis import Requirement, diagnose, remedy
from converter.doctor.environment import Environment, Package, Trial, environment

RECORDED = Path(__file__).with_name("recorded")
EXPECTED = {
    "addons-with-tf-2.16": (
        ["addons-beside-new-tensorflow"],
        ["python -m pip uninstall -y tensorflow-addons"],
    ),
    "h5py-3-with-keras-2.3.1": (["h5py-3-reads-text"], ['python -m pip install "h5py<3"']),
    "h5py-3-with-tf-2.3": (
        ["h5py-3-reads-text"],
        ['python -m pip install "h5py>=2.10.0,<2.11.0"'],
    ),
    "h5py-built-for-another-hdf5": (
        ["hdf5-version-mismatch"],
        ["python -m pip install --force-reinstall --no-deps h5py==2.10.0"],
    ),
    "h5py-of-two-releases": (
        ["h5py-of-two-releases"],
        ["python -m pip install --force-reinstall --no-deps h5py==2.10.0"],
    ),
    "hdf5-of-another-h5py": (
        ["hdf5-version-mismatch"],
        ["python -m pip install --force-reinstall --no-deps h5py==3.1.0"],
    ),
    "keras-2.15-with-tf-2.16": (
        ["keras-of-another-tensorflow"],
        ['python -m pip install "keras>=3.0.0"'],
    ),
    "keras-2.2.4-with-tf-2.1": (
        ["keras-of-another-tensorflow"],
        ['python -m pip install "keras>=2.3,<2.4"'],
    ),
    "keras-2.4.3-with-tf-1.15": (
        ["keras-of-another-tensorflow"],
        ['python -m pip install "keras<2.4"'],
    ),
    "keras-3-with-tf-2.15": (
        ["keras-does-not-fit"],
        ['python -m pip install "keras>=2.15.0,<2.16"'],
    ),
    "ml-dtypes-0.4-with-tf-2.20": (
        ["ml-dtypes-of-another-release"],
        ['python -m pip install "ml-dtypes>=0.5.1,<1.0.0"'],
    ),
    "no-h5py": (["h5py-missing"], ['python -m pip install "h5py>=2.9.0"']),
    "numpy-1.20-with-tf-2.4": (
        ["symbolic-tensor-to-numpy"],
        ['python -m pip install "numpy>=1.19.2,<1.20"'],
    ),
    "numpy-1.24-with-h5py-2.10": (
        ["numpy-without-old-names"],
        ['python -m pip install "numpy>=1.16.0,<1.20"'],
    ),
    "numpy-2-with-h5py-3.10": (
        ["numpy-size-changed"],
        ['python -m pip install "numpy>=1.23.5,<2"'],
    ),
    "protobuf-4-with-tf-2.5": (
        ["protobuf-too-new"],
        ['python -m pip install "protobuf>=3.9.2,<3.21"'],
    ),
    "tf-2.18-without-tf-keras": (
        ["tf-keras-missing"],
        ['python -m pip install "tf-keras==2.18.*"'],
    ),
}
"""What is found, and the lines that were seen to mend it."""

FITTING = Environment(
    python="3.11.7",
    executable="/env/bin/python",
    packages=(
        Package("tensorflow", "2.21.0", installer="pip"),
        Package("keras", "3.15.1", installer="pip"),
        Package("tf-keras", "2.21.0", installer="pip"),
        Package("h5py", "3.14.0", installer="pip"),
        Package("numpy", "2.4.6", installer="pip"),
        Package("protobuf", "7.36.2", installer="pip"),
        Package("ml-dtypes", "0.6.0", installer="pip"),
        Package("typer", "0.26.0", installer="pip"),
        Package("tqdm", "4.67.0", installer="pip"),
        Package("filelock", "3.20.0", installer="pip"),
        Package("jinja2", "3.1.6", installer="pip"),
        Package("psutil", "7.2.2", installer="pip"),
    ),
    trials=tuple(Trial(name, 0) for name in ("tensorflow", "keras", "tf_keras", "h5py", "numpy")),
)


def recorded(name: str) -> Environment:
    return environment(json.loads((RECORDED / f"{name}.json").read_text()))


def without(*names: str) -> Environment:
    kept = tuple(each for each in FITTING.packages if each.name not in names)
    return replace(FITTING, packages=kept)


def with_version(name: str, version: str) -> Environment:
    packages = tuple(
        replace(each, version=version) if each.name == name else each for each in FITTING.packages
    )
    return replace(FITTING, packages=packages)


def test_every_recorded_environment_is_expected():
    assert {path.stem for path in RECORDED.glob("*.json")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_recorded(name):
    found = recorded(name)
    troubles = diagnose(found, for_kfix=False)
    names, lines = EXPECTED[name]
    assert [each.name for each in troubles if each.breaks] == names
    assert list(remedy(found, troubles, "python")) == lines
    assert all(each.says and each.evidence or each.name.endswith("-fit") for each in troubles)


def test_a_fitting_environment():
    assert diagnose(FITTING, for_kfix=True) == ()


@pytest.mark.parametrize("name", sorted(KFIX_NEEDS.keys() - {"python"}))
def test_what_kfix_needs_is_missed(name):
    troubles = diagnose(without(name), for_kfix=True)
    assert f"kfix-needs-{name}" in [each.name for each in troubles] or name == "h5py"
    assert name in {pin.name for each in troubles for pin in each.pins}
    assert all(each.breaks for each in troubles)


def test_another_environment_need_not_have_what_kfix_needs():
    assert diagnose(without("tf-keras", "typer", "tqdm"), for_kfix=False) == ()


def test_an_old_python_can_not_run_kfix():
    troubles = diagnose(replace(FITTING, python="3.10.4"), for_kfix=True)
    assert [each.name for each in troubles] == ["kfix-needs-python"]
    assert remedy(FITTING, troubles, "python") == ()


def test_the_metadata_alone_is_only_told():
    troubles = diagnose(with_version("tf-keras", "2.18.0"), for_kfix=True)
    assert [(each.name, each.breaks) for each in troubles] == [("tf-keras-does-not-fit", False)]
    assert remedy(FITTING, troubles, "python") == ()


def test_a_failure_nobody_knows_brings_the_metadata_in():
    broken = Trial("tf_keras", 1, stage="import", error="ImportError: what is this")
    found = replace(with_version("tf-keras", "2.18.0"), trials=(broken,))
    troubles = diagnose(found, for_kfix=True)
    assert [each.name for each in troubles] == ["tf-keras-fails"]
    assert troubles[0].evidence == "ImportError: what is this"
    assert remedy(found, troubles, "python") == ('python -m pip install "tf-keras==2.21.*"',)


def test_no_avx():
    killed = Trial("tensorflow", -4, stage="import")
    troubles = diagnose(replace(FITTING, trials=(killed,)), for_kfix=True)
    assert [each.name for each in troubles] == ["no-avx"]
    assert remedy(FITTING, troubles, "python") == ()


def test_a_library_that_hangs():
    late = Trial("tensorflow", -9, late=True, stage="import")
    (trouble,) = diagnose(replace(FITTING, trials=(late,)), for_kfix=True)
    assert "took too long" in trouble.says


def test_files_that_are_not_as_installed():
    packages = [
        replace(each, damaged=("h5py/h5.so",)) if each.name == "h5py" else each
        for each in FITTING.packages
    ]
    found = replace(FITTING, packages=tuple(packages))
    troubles = diagnose(found, for_kfix=True)
    assert [each.name for each in troubles] == ["files-of-another-release"]
    assert "h5py/h5.so" in troubles[0].evidence
    line = "python -m pip install --force-reinstall --no-deps h5py==3.14.0"
    assert remedy(found, troubles, "python") == (line,)


def test_two_tensorflows():
    found = replace(FITTING, packages=(*FITTING.packages, Package("tensorflow-cpu", "2.20.0")))
    (trouble,) = diagnose(found, for_kfix=True)
    assert trouble.name == "installed-twice"
    same = replace(FITTING, packages=(*FITTING.packages, Package("tensorflow-cpu", "2.21.0")))
    assert diagnose(same, for_kfix=True) == ()


def test_a_local_file_in_the_place_of_a_library():
    (trouble,) = diagnose(replace(FITTING, hidden=("h5py.py",)), for_kfix=False)
    assert trouble.breaks
    assert trouble.evidence == "h5py.py"


def test_conda_and_pip():
    packages = (*FITTING.packages[1:], replace(FITTING.packages[0], installer="conda"))
    (trouble,) = diagnose(replace(FITTING, packages=packages), for_kfix=True)
    assert not trouble.breaks
    assert "conda" in trouble.evidence


def test_a_replacement_brings_its_own_bounds():
    # Keras 2.3.1 needs h5py 2, and h5py 2 needs a NumPy before 1.24.
    found = Environment(
        python="3.8.18",
        executable="/env/bin/python",
        packages=(
            Package("keras", "2.3.1"),
            Package("h5py", "3.8.0"),
            Package("numpy", "1.24.4"),
        ),
    )
    troubles = diagnose(found, for_kfix=False)
    assert {pin for each in troubles for pin in each.pins} == {
        Requirement("h5py", "<3"),
        Requirement("numpy", ">=1.9.1,<1.24"),
    }
    (line,) = remedy(found, troubles, "python")
    assert line == 'python -m pip install "h5py<3" "numpy>=1.9.1,<1.24"'


def test_an_environment_without_pip():
    found = replace(recorded("h5py-3-with-tf-2.3"), pip=False)
    troubles = diagnose(found, for_kfix=False)
    line = 'uv pip install --python "my env/python" "h5py>=2.10.0,<2.11.0"'
    assert remedy(found, troubles, "my env/python") == (line,)


def test_the_build_for_a_machine_keeps_its_name():
    found = replace(
        recorded("h5py-3-with-tf-2.3"),
        packages=(Package("tensorflow-cpu", "2.21.0"), Package("tf-keras", "2.18.0")),
        trials=(Trial("tensorflow", 1, stage="import", error="ImportError: x"),),
    )
    assert found.versions == {"tensorflow": "2.21.0", "tf-keras": "2.18.0"}
    assert found.package("tensorflow").name == "tensorflow-cpu"
