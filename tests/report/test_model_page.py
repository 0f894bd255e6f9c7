"""The page about one model: what is in it, and what no file can do to it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from converter.api import graph
from converter.api.picture import picture
from converter.errors import UsageError
from converter.report import model_page
from tests.report.models import HOSTILE, dense, functional, sequential, write_json
from tests.sample_store import samples

BY_NAME = {sample.name: sample for sample in samples("keras-2.2.4")}


def data_of(text: str) -> dict[str, Any]:
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    return json.loads(found)


def page_of(path: Path) -> str:
    return model_page.to_html(picture(path))


class Reader(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def test_nothing_is_loaded_from_elsewhere():
    tags = Reader(page_of(BY_NAME["crnn"].path)).tags
    assert [each for each in tags if {"src", "href", "action"} & each[1].keys()] == []
    (policy,) = [attrs["content"] for tag, attrs in tags if attrs.get("http-equiv") is not None]
    assert policy.startswith("default-src 'none';")


def test_a_model_is_told_whole():
    sample = BY_NAME["trained_classifier"]
    text = page_of(sample.path)
    found = picture(sample.path).inspection
    data = data_of(text)
    assert [layer["path"] for layer in data["layers"]] == [each.path for each in found.layers]
    assert found.compile is not None
    assert found.compile.optimizer in text
    for loss in found.compile.loss:
        assert loss in text
    for finding in found.findings:
        assert f'id="{finding.code}"' in text


def test_hyperparameters_are_shown():
    text = page_of(BY_NAME["optimizer_adam_clipped"].path)
    compiled = text[text.index('id="compile"') :]
    assert "clipnorm" in compiled or "clipvalue" in compiled
    assert "beta_1" in compiled


def test_a_lambda_is_shown_as_text():
    sample = BY_NAME["lambda_expression"]
    (first, *_) = picture(sample.path).inspection.functions
    assert first.text.splitlines()[0] in Text(page_of(sample.path)).text


class Text(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = ""
        self.feed(text)

    def handle_data(self, data):
        self.text += data


def test_weights_alone_have_no_graph():
    text = page_of(BY_NAME["dense-weights"].path)
    assert 'id="view"' not in text
    assert 'id="weights"' in text
    assert all(weight["bins"] for layer in data_of(text)["layers"] for weight in layer["weights"])


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_does_no_harm(tmp_path, name):
    path = write_json(tmp_path, sequential([dense(name), dense("next")], name))
    text = page_of(path)
    assert text.count("</script>") == 2
    assert not [tag for tag, _ in Reader(text).tags if tag in ("img", "iframe", "b1")]
    assert "\u202e" not in text
    assert len(text) < 200_000


def test_a_model_without_end_has_a_page(tmp_path, monkeypatch):
    monkeypatch.setattr(graph, "MOST_NODES", 400)
    monkeypatch.setattr(model_page, "MOST_LAYERS", 500)
    layers = [dense(f"dense_{number}") for number in range(1_000)]
    found = picture(write_json(tmp_path, sequential(layers)))
    assert found.graph is not None
    assert found.graph.left_nodes == 600
    text = model_page.to_html(found)
    assert "600 calls" in text
    assert len(data_of(text)["layers"]) == 500


def test_a_layer_is_linked_to_its_findings(tmp_path):
    path = write_json(tmp_path, functional([("a", []), ("b", ["a"])]))
    data = data_of(page_of(path))
    named = {layer["path"]: number for number, layer in enumerate(data["layers"])}
    for finding in data["findings"]:
        assert finding["layer"] == named.get(finding["path"], -1)


def test_a_page_replaces_the_one_before(tmp_path):
    page = tmp_path / "page.html"
    for name in ("dense", "crnn"):
        model_page.write(page, picture(BY_NAME[name].path))
    assert "crnn" in page.read_text()
    assert [each.name for each in tmp_path.iterdir()] == ["page.html"]


def test_a_model_is_no_page(tmp_path):
    with pytest.raises(UsageError, match="no name for a page"):
        model_page.write(tmp_path / "model.h5", picture(BY_NAME["dense"].path))
