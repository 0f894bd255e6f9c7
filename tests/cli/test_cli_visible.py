"""Names and values out of a file never steer the terminal, and never stop the printing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path

import h5py
import pytest

from converter.cli import visible
from converter.cli.visible import in_json, lines

EVIL = "a\x1b]0;title\x07\x1b[2J\r\n\x9b31m\u202egnp\u200b\x00\ud800é漢"


def steers(text: str) -> set[str]:
    """What of a text could act upon a terminal, by Unicode's own classes."""
    return {each for each in text if unicodedata.category(each) in ("Cc", "Cf", "Cs", "Zl", "Zp")}


def test_every_character_that_is_not_seen_is_escaped():
    whole = "".join(map(chr, range(sys.maxunicode + 1)))
    assert steers(whole) != set()
    shown = visible.visible(whole)
    # What remains are signs of scripts: Arabic numbers, hieroglyphs.
    assert {unicodedata.category(each) for each in steers(shown)} <= {"Cf"}
    assert not any(unicodedata.bidirectional(each) in BIDIRECTIONAL for each in shown)
    shown.encode()


BIDIRECTIONAL = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "BN", "B"}


def test_what_is_seen_stays():
    text = "conv2d/kernel:0 ?×28×28 → “é漢字 שלום” 🙂"
    assert visible.visible(text) == text


def test_bytes_that_are_not_utf8_are_shown_as_bytes():
    assert visible.visible(os.fsdecode(b"caf\xe9.h5")) == "caf\\xe9.h5"


def test_own_colours_stay_where_there_are_any():
    text = "\x1b[31mred\x1b[0m\nnext\x1b[2J"
    assert lines(text, colours=True) == "\x1b[31mred\x1b[0m\nnext\\x1b[2J"
    assert lines(text, colours=False) == "\\x1b[31mred\\x1b[0m\nnext\\x1b[2J"


def test_json_keeps_every_character():
    document = in_json(json.dumps({EVIL: EVIL}, indent=2, ensure_ascii=False))
    assert steers(document) == {"\n"}
    assert json.loads(document) == {EVIL: EVIL}


@pytest.fixture
def hostile(sample, tmp_path) -> Path:
    """A model whose names, values, weights and path are such text."""
    path = sample("tf-2.8.0", "compiled_options")
    evil = EVIL.replace("\x00", "").replace("\ud800", "\udcff")
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        names = [each["config"]["name"] for each in config["config"]["layers"]]
        config["config"]["layers"][1]["config"]["activation"] = f"my{EVIL}"
        config["config"]["layers"][1]["config"][EVIL] = EVIL
        config["config"]["name"] = EVIL
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["keras_version"] = "2.8.0\x1b[2J"
        group = file["model_weights"][names[1]]
        stored = list(group.attrs["weight_names"])
        renamed = [f"{each}\x1b[2J\n\x9b" for each in stored]
        for old, new in zip(stored, renamed, strict=True):
            group.move(old, new)
        group.attrs["weight_names"] = [each.encode() for each in renamed]
    named = os.fsdecode(os.fsencode(evil.replace("/", ""))) + ".h5"
    return Path(shutil.move(path, tmp_path / named))


COMMANDS = [
    (["inspect"], 0),
    (["inspect", "--weights"], 0),
    (["check", "-v"], 1),
    (["repair", "--dry-run", "--diff", "-v"], 4),
    (["convert", "--to", "keras", "--dry-run"], 4),
    (["convert", "--to", "h5", "--no-verify"], 4),
    (["strip-optimizer", "--dry-run"], 1),
    (["strip-compile", "--dry-run"], 1),
    (["split", "--dry-run", "-o", "parts"], 1),
    (["edit", "--keras-version", "2.2.4", "--dry-run"], 1),
    (["edit", "--drop", EVIL.replace("\x00", "").replace("\ud800", "")], 2),
]


@pytest.mark.parametrize(("command", "code"), COMMANDS)
def test_commands_print_nothing_of_a_hostile_file_raw(kfix, hostile, command, code):
    told = kfix(*command, hostile)
    assert told.code == code, told.err
    assert steers(told.out + told.err) <= {"\n"}
    assert "\x1b" not in told.out + told.err
    document = kfix(*command, hostile, "--format", "json")
    assert steers(document.out) <= {"\n"}
    assert document.document["command"] == command[0]


def test_a_batch_of_such_paths(kfix, hostile):
    (hostile.parent / "second\x1b[2J.h5").write_bytes(b"")
    told = kfix("check", hostile.parent)
    assert told.code == 8
    assert steers(told.out + told.err) <= {"\n"}
    assert len(told.err.splitlines()) <= 5


def test_a_terminal_of_another_encoding(hostile):
    command = [sys.executable, "-m", "converter", "inspect", str(hostile)]
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\xe9\\u6f22" in done.stdout
