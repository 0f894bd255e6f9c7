"""docs/situations, line by line, with files that TensorFlow 2.8 and 2.10 saved.

The files are made with the code on the pages (tools/situation_files.py), and the outputs that lie
beside them are what TensorFlow computed.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from converter.api import doctor as doctor_module
from converter.doctor.environment import environment
from tools.situation_files import CODE, FILES, PAGES, WRITERS, code_of, commands_of, said, situate

RECORDED = Path(__file__).resolve().parents[1] / "doctor" / "recorded"
RUN_BY_HAND = ["environment"]
CONVERTED = [*CODE, "addons"]

LOADING = """
import json, sys
import numpy, keras, tensorflow as tf
for place in json.loads(sys.argv[1]):
    sys.path.insert(0, place["folder"])
    if place["custom"]:
        module = __import__(place["custom"])
        objects = vars(module).get("custom_objects", vars(module))
    with numpy.load(place["recorded"]) as stored:
        given, wanted = stored["input"], stored["output"]
    if place["output"].endswith(".keras"):
        model = keras.models.load_model(
            place["output"], custom_objects=objects if place["custom"] else None
        )
        got = model.predict(given, verbose=0)
    else:
        serve = tf.saved_model.load(place["output"]).signatures["serving_default"]
        (name,) = serve.structured_input_signature[1]
        (got,) = serve(**{name: tf.constant(given)}).values()
    numpy.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5, err_msg=place["output"])
    sys.path.remove(place["folder"])
    for name in ("my_layers", "model_custom"):
        sys.modules.pop(name, None)
    keras.saving.get_custom_objects().clear()
print("same")
"""


def shown(page: str) -> dict[str, str]:
    """What a page shows below each command."""
    blocks = re.findall(r"^```console\n(.*?)^```", (PAGES / f"{page}.md").read_text(), re.M | re.S)
    found = {}
    for block in blocks:
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, output = part.partition("\n")
            found[command] = output
    return found


def settled(text: str) -> str:
    """Without what may differ between two runs."""
    text = re.sub(r"greatest difference \S+", "greatest difference …", text)
    return text.replace("tf.keras 2.10.0", "tf.keras 2.8.0")


@pytest.fixture(scope="module")
def outputs():
    """Where each conversion went, for the one process that loads them all."""
    return []


@pytest.mark.engine
@pytest.mark.parametrize("page", CONVERTED)
@pytest.mark.parametrize("writer", WRITERS)
def test_what_the_page_tells_to_type(writer, page, tmp_path_factory, outputs):
    folder = tmp_path_factory.mktemp(f"{writer}-{page}")
    situate(page, writer, folder)
    expected = shown(page)
    commands = commands_of(page)
    assert commands
    if writer != WRITERS[0]:
        # One conversion with the other file is enough.
        commands = [next(each for each in commands if each.startswith("kfix convert"))]
    for command in commands:
        got = settled(said(command, folder))
        # The names that TensorFlow counted up differ between the files.
        assert got == settled(expected[command]) or writer != WRITERS[0], command
        if "kfix convert" in command:
            assert " → " in got and ("verified: " in got or page == "addons")
    for output in (folder / "model.keras", *folder.glob("*_savedmodel")):
        if output.exists():
            custom = "" if page in ("addons", "not-saved-as-h5") else "my_layers"
            carried = (folder / "model_custom.py").exists()
            outputs.append(
                {
                    "folder": str(folder),
                    "output": str(output),
                    "custom": "model_custom" if carried else custom,
                    "recorded": str(FILES / writer / page / "recorded.npz"),
                }
            )


@pytest.mark.engine
def test_what_came_out_computes_what_tensorflow_recorded(outputs):
    if not outputs:
        pytest.skip("the conversions were not run")
    command = [sys.executable, "-c", LOADING, json.dumps(outputs)]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.stdout.endswith("same\n"), done.stderr[-3000:]


@pytest.mark.parametrize("command", commands_of("environment"))
def test_the_environment(command, kfix, monkeypatch):
    told = json.loads((RECORDED / "h5py-3-with-tf-2.3.json").read_text())
    monkeypatch.setattr(doctor_module, "look_at", lambda *given: environment(told))
    monkeypatch.setenv("COLUMNS", "80")
    arguments = re.findall(r'"[^"]*"|\S+', command)[1:]
    done = kfix(*(each.strip('"') for each in arguments))
    assert done.code == 1
    assert done.out == shown("environment")[command]


def test_the_environments_of_the_table_are_those_that_were_tried():
    text = (PAGES / "environment.md").read_text()
    lines = re.findall(r"\| `(pip [^`]*)` \|$", text, re.M)
    assert len(lines) == len(list(RECORDED.glob("*.json")))


def test_every_page_is_listed_and_in_one_form():
    index = (PAGES / "README.md").read_text()
    pages = sorted(path.stem for path in PAGES.glob("*.md") if path.stem != "README")
    assert pages == sorted([*CONVERTED, *RUN_BY_HAND])
    for page in pages:
        assert f"]({page}.md)" in index
        headings = re.findall(r"^## (.*)", (PAGES / f"{page}.md").read_text(), re.M)
        assert headings[:4] == [
            "What you see",
            "What is going on",
            "What to do",
            "How to check",
        ]


def test_the_errors_of_the_pages_are_known_to_the_doctor(kfix):
    for page in (*CONVERTED, *RUN_BY_HAND):
        block = re.search(r"^```text\n(.*?)^```", (PAGES / f"{page}.md").read_text(), re.M | re.S)
        assert block is not None
        assert kfix("doctor", "--error", block[1].splitlines()[0]).code == 1 or page in CODE


def test_the_code_of_the_pages_compiles():
    for page in CODE:
        compile(code_of(page), page, "exec")
