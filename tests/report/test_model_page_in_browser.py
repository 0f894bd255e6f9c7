"""The page about one model as a browser shows it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from converter.api.picture import picture
from converter.report import model_page
from tests.report.models import HOSTILE, dense, functional, sequential, write_json
from tests.report.test_report_in_browser import BROWSER, shown
from tests.sample_store import samples

__all__ = ["shown"]
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")
BY_NAME = {sample.name: sample for sample in samples("keras-2.2.4")}
CLICK = ".dispatchEvent(new MouseEvent('click', {bubbles: true}));"
KEY = (
    "const press = (key) => document.activeElement.dispatchEvent("
    "new KeyboardEvent('keydown', {key, bubbles: true}));"
)


@pytest.fixture
def page(tmp_path):
    def write(path: Path) -> Path:
        model_page.write(tmp_path / "page.html", picture(path))
        return tmp_path / "page.html"

    return write


def nodes(text: str) -> list[str]:
    """What is said of each box."""
    return re.findall(r'<g class="node[^>]*aria-label="(.*?)"', text)


def detail(text: str) -> str:
    (found,) = re.findall(r"<aside.*?</aside>", text, re.S)
    return found


def test_every_call_is_drawn_with_its_shape(shown, page):
    text = shown(page(BY_NAME["siamese"].path))
    drawn = nodes(text)
    assert sum(each.startswith("conv2d_1,") for each in drawn) == 2
    assert [each[:18] for each in drawn if each.startswith("base")] == [
        "base (call 1 of 2)",
        "base (call 2 of 2)",
    ]
    labels = re.findall(r'class="shape"[^>]*>(.*?)<', text)
    rows, columns, channels = BY_NAME["siamese"].inputs[0].shape[1:]
    assert labels.count(f"?×{rows}×{columns}×{channels}") == 4
    assert f"?×{BY_NAME['siamese'].outputs[0].shape[1]}" in labels


def test_boxes_do_not_lie_on_each_other(shown, page):
    script = """
      const boxes = [...document.querySelectorAll('.node')].map((node) =>
        [node, node.querySelector('rect.box').getBoundingClientRect()]);
      const bad = boxes.flatMap(([a, one]) => boxes.filter(([b, two]) =>
        a !== b && !a.contains(b) && !b.contains(a) && one.left < two.right - 1
        && two.left < one.right - 1 && one.top < two.bottom - 1 && two.top < one.bottom - 1));
      const out = boxes.filter(([a, one]) => boxes.some(([b, two]) => b !== a && b.contains(a)
        && (one.left < two.left || one.right > two.right || one.bottom > two.bottom)));
      document.title = `${boxes.length} boxes, ${bad.length} overlap, ${out.length} out`;
    """
    for name in ("random_graph_0", "inception_like", "doubly_nested"):
        text = shown(page(BY_NAME[name].path), script)
        assert re.search(r"<title>\d+ boxes, 0 overlap, 0 out</title>", text), name


def test_a_layer_tells_what_is_known_of_it(shown, page):
    path = BY_NAME["crnn"].path
    (index,) = [i for i, each in enumerate(nodes(shown(page(path)))) if each.startswith("dense_1,")]
    text = detail(shown(page(path), f"document.querySelectorAll('.node')[{index}]{CLICK}"))
    found = picture(path).inspection
    (layer,) = [each for each in found.layers if each.path == "dense_1"]
    assert f"{layer.parameters} parameters" in text
    assert "histogram from" in text
    for finding in found.findings:
        if finding.layer == "dense_1":
            assert finding.code in text


def test_a_model_folds(shown, page):
    path = BY_NAME["doubly_nested"].path
    every = len(nodes(shown(page(path))))
    folded = len(nodes(shown(page(path), f"document.getElementById('fold'){CLICK}")))
    assert folded < every
    sign = f"document.getElementById('fold'){CLICK}document.querySelector('.fold'){CLICK}"
    assert folded < len(nodes(shown(page(path), sign))) <= every


def test_keys_follow_the_graph(shown, page):
    script = (
        f"{KEY} document.querySelector('.node').focus();"
        " press('Enter'); press('ArrowDown'); press('ArrowDown');"
    )
    text = shown(page(BY_NAME["crnn"].path), script)
    assert "<h3>max_pooling2d_1</h3>" in detail(text)
    script += " press('ArrowUp');"
    assert "<h3>conv2d_1</h3>" in detail(shown(page(BY_NAME["crnn"].path), script))


def test_a_layer_is_found_where_it_is_folded(shown, page):
    script = f"""
      document.getElementById('fold'){CLICK}
      const search = document.getElementById('search');
      search.value = 'batch_normalization_1'; search.dispatchEvent(new Event('input'));
      search.dispatchEvent(new KeyboardEvent('keydown', {{key: 'Enter'}}));
    """
    text = shown(page(BY_NAME["doubly_nested"].path), script)
    assert "<h3>batch_normalization_1</h3>" in detail(text)


def test_thousands_of_layers_are_in_groups(shown, page, tmp_path):
    calls: list[tuple[str, list[str]]] = [("begin", [])]
    while len(calls) < 2_000:
        before = calls[-1][0]
        calls.append((f"dense_{len(calls)}", [before]))
        calls.append((f"add_{len(calls)}", [before, calls[-1][0]]))
    path = write_json(tmp_path, functional(calls))
    assert 10 < len(nodes(shown(page(path)))) < 300
    text = shown(page(path), f"document.getElementById('unfold'){CLICK}")
    drawn = [each for each in nodes(text) if " layers: " not in each]
    assert len(drawn) == len(calls)


@pytest.mark.parametrize("name", [HOSTILE[0], HOSTILE[2], HOSTILE[4]], ids=["tag", "bidi", "long"])
def test_a_name_is_text(shown, page, tmp_path, name):
    path = write_json(tmp_path, sequential([dense(name), dense("next")], name))
    text = shown(page(path), f"document.querySelector('.node'){CLICK}")
    assert "<img" not in text
    assert len(nodes(text)) >= 2
    assert "\u202e" not in text


def test_weights_alone_have_histograms(shown, page):
    text = shown(page(BY_NAME["dense-weights"].path))
    assert "histogram from" in text
    assert 'class="node' not in text
