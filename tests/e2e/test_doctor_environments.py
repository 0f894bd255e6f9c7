"""`kfix doctor` on real environments with a fault, where tools/faulty_environments.py made them.

That its pip lines mend them is tried by `tools/faulty_environments.py --try`, which needs a package
registry.
"""

from __future__ import annotations

import pytest

from tools.faulty_environments import FAULTS, is_built, python_of

# One for each way to fail: while loading, while importing, by ending the process.
TRIED = {
    "h5py-3-with-tf-2.3": ("h5py-3-reads-text", '"h5py>=2.10.0,<2.11.0"'),
    "h5py-of-two-releases": ("h5py-of-two-releases", "--no-deps h5py==2.10.0"),
    "hdf5-of-another-h5py": ("hdf5-version-mismatch", "--no-deps h5py==3.1.0"),
}


@pytest.mark.parametrize("name", TRIED)
def test_a_real_fault(kfix, name):
    if not is_built(name):
        pytest.skip(f"tools/faulty_environments.py {name} makes this environment")
    fault, requirement = TRIED[name]
    done = kfix("doctor", "--python", python_of(name), "--format", "json")
    (result,) = done.document["results"]
    assert done.code == 1
    assert [each["name"] for each in result["troubles"] if each["breaks"]] == [fault]
    (line,) = result["remedy"]
    assert line.startswith(f"{python_of(name)} -m pip install ") and line.endswith(requirement)


def test_every_one_is_known():
    assert TRIED.keys() <= FAULTS.keys()
