"""What users' modules look like, and what becomes of their models: converted, or told what to
change."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest

from converter import convert, edit
from converter.errors import KfixError, MissingObjectError, NotExactError, UsageError
from tests.e2e.owners_code import InThisProcess
from tests.e2e.truth import assert_same, computed
from tests.sample_store import USER_CODE, samples

pytestmark = [
    pytest.mark.engine,
    pytest.mark.filterwarnings("ignore::UserWarning:keras", "ignore::DeprecationWarning"),
]

OWN_LAYERS = (USER_CODE / "own_layers.py").read_text()
BLOCKS = (USER_CODE / "blocks.py").read_text()
BARE = (USER_CODE / "bare.py").read_text()
FUNCTIONS = (USER_CODE / "functions.py").read_text()
WITHOUT_SWASH = FUNCTIONS.replace("def swash(x)", "def other(x)").replace(": swash", ": other")


@pytest.fixture(autouse=True)
def keras_in_this_process() -> Iterator[None]:
    import keras

    registry = keras.saving.get_custom_objects()
    before = dict(registry)
    with mock.patch("converter.engines.Engine", InThisProcess):
        yield
    registry.clear()
    registry.update(before)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Writes a module under a name that no other test has used."""
    path = list(sys.path)

    def write(text: str, name: str = "own_code") -> str:
        file = tmp_path / "code" / f"{name}_{abs(hash(tmp_path))}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        return str(file)

    yield write
    sys.path[:] = path


def recorded(writer: str, name: str) -> Any:
    return next(each for each in samples(writer) if each.name == name)


def same_numbers(output: Path, custom: str, sample: Any) -> None:
    """Plain Keras with the user's module computes what was recorded."""
    import keras

    module = importlib.import_module(Path(custom).stem)
    objects = {key: item for key, item in vars(module).items() if callable(item)}
    model = keras.models.load_model(output, custom_objects={**objects, **told(module)})
    assert_same(computed(model, sample.inputs), sample)


def told(module: Any) -> dict[str, Any]:
    return {**getattr(module, "custom_objects", {}), **getattr(module, "CUSTOM_OBJECTS", {})}


def refused(
    writer: str, name: str, custom: list[str], folder: Path, to: str = "keras"
) -> KfixError:
    output = folder / {"keras": "out.keras", "savedmodel": "out"}[to]
    with pytest.raises(KfixError) as caught:
        convert(recorded(writer, name).path, output, to=to, custom=custom, verify=False)
    assert not output.exists()
    assert "\n" not in str(caught.value)
    return caught.value


FORMS = {
    "alias": "{code}\nswash = other",
    "lambda": "{code}\nswash = lambda x: other(x)",
    "result of a factory": "{code}\ndef make():\n    return lambda x: other(x)\nswash = make()",
    "dictionary": "{code}\ncustom_objects = {{'swash': other}}",
    "dictionary by other words": "{code}\nCUSTOM_OBJECTS = dict(swash=other)",
    "Keras's dictionary": (
        "{code}\nfrom tensorflow.keras.utils import get_custom_objects\n"
        "get_custom_objects().update({{'swash': lambda x: other(x)}})"
    ),
    "partial": (
        "{code}\nimport functools\nswash = functools.partial(other)\nswash.__name__ = 'swash'"
    ),
    "block": "try:\n    import keras\nexcept ImportError:\n    pass\nelse:\n    swash = None\n"
    "{code}\nif swash is None:\n    def swash(x):\n        return other(x)",
}


@pytest.mark.parametrize("form", FORMS)
def test_an_activation_by_what_the_file_calls_it(form, own, tmp_path):
    module = own(FORMS[form].format(code=WITHOUT_SWASH))
    sample = recorded("tf-2.8.0", "own_functions")
    done = convert(sample.path, tmp_path / "m.h5", to="h5", custom=[module], verify=False)
    same_numbers(done.output, module, sample)


def test_a_class_that_is_registered_elsewhere(own, tmp_path):
    text = OWN_LAYERS.replace(
        "class Scale(", '@keras.saving.register_keras_serializable("Elsewhere")\nclass Scale('
    )
    module, sample = own(text), recorded("tf-2.8.0", "custom_registered")
    done = convert(sample.path, tmp_path / "m.keras", custom=[module], verify=False)
    same_numbers(done.output, module, sample)


def test_two_of_one_name(own, tmp_path):
    first, second = own(OWN_LAYERS, "first"), own(OWN_LAYERS, "second")
    error = refused("tf-2.8.0", "custom_layer", [first, second], tmp_path)
    assert isinstance(error, UsageError)
    line = OWN_LAYERS.splitlines().index("class Scale(keras.layers.Layer):") + 1
    assert f"{Path(first).name}:{line}, {Path(second).name}:{line}" in str(error)
    Path(second).write_text(OWN_LAYERS + '\ncustom_objects = {"Scale": Scale}\n')
    sys.modules.pop(Path(second).stem)
    sample = recorded("tf-2.8.0", "custom_layer")
    convert(sample.path, tmp_path / "m.keras", custom=[first, second], verify=False)


def test_two_of_a_name_that_the_model_does_not_need(own, tmp_path):
    extra = "\n\ndef helper(x):\n    return x\n"
    modules = [own(OWN_LAYERS + extra), own("def helper(x):\n    return -x\n", "other")]
    sample = recorded("tf-2.8.0", "custom_layer")
    convert(sample.path, tmp_path / "m.keras", custom=modules, verify=False)


def test_a_folder_with_programs_that_do_not_run(own, tmp_path):
    own(OWN_LAYERS)
    own("import nothing_of_this_name", "train")
    own("raise SystemExit('a program')", "test_of_it")
    folder = tmp_path / "code"
    sample = recorded("tf-2.8.0", "custom_layer")
    convert(sample.path, tmp_path / "m.keras", custom=[str(folder)], verify=False)
    error = refused("tf-2.8.0", "own_mixed", [str(folder)], tmp_path)
    assert isinstance(error, MissingObjectError)
    assert "Calibrated (layer calibrated)" in str(error)
    assert "nothing_of_this_name" in error.hint


@pytest.mark.parametrize("text", ["", "import os\n"])
def test_a_folder_without_code(text, own, tmp_path):
    (tmp_path / "code").mkdir()
    if text:
        own(text, "test")
    error = refused("tf-2.8.0", "custom_layer", [str(tmp_path / "code")], tmp_path)
    assert isinstance(error, UsageError)


REQUIRED = BARE.replace("amount=0.25, **", "amount, **")


def test_an_argument_that_the_file_lacks_and_that_edit_adds(own, tmp_path):
    module, sample = own(REQUIRED), recorded("keras-2.2.4", "own_without_config")
    error = refused("keras-2.2.4", "own_without_config", [module], tmp_path)
    assert "Shift.__init__() needs 'amount'" in str(error)
    assert "layer first" in str(error)
    assert "kfix edit --set first.amount=" in error.hint
    values = {"first.amount": 0.25, "shift_1.amount": 0.25}
    edited = edit(sample.path, tmp_path / "edited.h5", set_values=values).output
    done = convert(edited, tmp_path / "m.keras", custom=[module], verify=False)
    assert done.notes == ()
    same_numbers(done.output, module, sample)


def test_a_default_for_an_argument_that_the_file_lacks(own, tmp_path):
    sample = recorded("keras-2.2.4", "own_without_config")
    done = convert(sample.path, tmp_path / "m.keras", custom=[own(BARE)], verify=False)
    assert [note.split(":")[0] for note in done.notes] == ["layer first", "layer shift_1"]
    assert "Shift(amount=0.25)" in done.notes[0]


def test_an_argument_that_the_class_does_not_take(own, tmp_path):
    text = OWN_LAYERS.replace("factor=2.0, ", "").replace("= factor", "= 2.0")
    error = refused("tf-2.8.0", "custom_layer", [own(text)], tmp_path)
    assert "'factor'" in str(error)
    assert "own_code" in str(error)


WITHOUT_NAME = OWN_LAYERS.replace("factor=2.0, **kwargs", "factor=2.0").replace(
    "super().__init__(**kwargs)\n        self.factor", "super().__init__()\n        self.factor"
)


@pytest.mark.parametrize("writer", ["keras-2.2.4", "tf-2.8.0", "keras-3.15.1"])
def test_a_class_that_takes_no_name(writer, own, tmp_path):
    """It serves for a SavedModel; plain Keras could not load it from a ``.keras``."""
    module = own(WITHOUT_NAME)
    error = refused(writer, "custom_layer", [module], tmp_path)
    assert isinstance(error, MissingObjectError)
    assert "layer own: plain Keras could not load the result" in str(error)
    assert "Scale.__init__() does not accept" in str(error)
    assert "--to savedmodel" in error.hint
    import tensorflow as tf

    sample = recorded(writer, "custom_layer")
    done = convert(sample.path, tmp_path / "s", to="savedmodel", custom=[module], verify=False)
    serve = tf.saved_model.load(str(done.output)).signatures["serving_default"]
    (name,) = serve.structured_input_signature[1]
    (found,) = serve(**{name: tf.constant(sample.inputs[0])}).values()
    np.testing.assert_allclose(found, sample.outputs[0], rtol=1e-4, atol=1e-5)


UNBUILT = BLOCKS.replace(
    "        return self.norm(self.dense(inputs)) * self.gain + self.offset\n",
    "        return self.norm(self.dense(inputs)) * self.gain + self.offset\n\n"
    "    def compute_output_shape(self, shape):\n        return tuple(shape)\n",
)


def test_layers_inside_that_nothing_builds(own, tmp_path):
    module = own(UNBUILT)
    error = refused("tf-2.8.0", "own_mixed", [module], tmp_path)
    assert "Calibrated.build() does not build" in str(error)
    assert "compute_output_shape()" in error.hint
    sample = recorded("tf-2.8.0", "own_mixed")
    convert(sample.path, tmp_path / "s", to="savedmodel", custom=[module], verify=False)


def test_arguments_that_can_not_be_saved(own, tmp_path):
    text = OWN_LAYERS.replace(
        "class Scale(keras.layers.Layer):\n    def __init__(self, factor=2.0, **kwargs):",
        "class Scale(keras.layers.Layer):\n    def __init__(self, factor=2.0, *more, **kwargs):",
    )
    start = text.index("    def get_config"), text.index("class ContextCell")
    text = text[: start[0]] + "\n\n" + text[start[1] :]
    text = text.replace("super().__init__(**kwargs)\n        self.factor", SEALED)
    error = refused("tf-2.8.0", "custom_layer", [own(text)], tmp_path)
    assert "Scale" in str(error)
    assert "get_config()" in error.hint


SEALED = "super().__init__(**kwargs)\n        self._auto_config = None\n        self.factor"


def test_weights_of_other_shapes_than_the_class_creates(own, tmp_path):
    text = BLOCKS.replace("self.before = layers.Dense(self.units", "self.before = layers.Dense(7")
    error = refused("tf-2.8.0", "own_lazy", [own(text)], tmp_path)
    assert isinstance(error, NotExactError)
    assert "layer lazy: Lazy creates" in str(error)
    assert "lazy/before/kernel:0 3×3" in str(error)


def test_weights_that_no_name_tells_apart(own, tmp_path):
    text = BLOCKS.replace('name="before"', 'name="lower"').replace('name="after"', 'name="upper"')
    error = refused("tf-2.8.0", "own_lazy", [own(text)], tmp_path)
    assert isinstance(error, NotExactError)
    assert "lazy/after/kernel:0" in str(error)
    assert "lazy/upper/kernel" in str(error)


def test_layers_that_are_kept_in_another_order(own, tmp_path):
    """The names in the file say which is which."""
    first, second = (
        f"        self.{name} = layers.Dense(self.units, name={name!r})\n".replace("'", '"')
        for name in ("after", "before")
    )
    assert first + second in BLOCKS
    module, sample = (
        own(BLOCKS.replace(first + second, second + first)),
        recorded("tf-2.8.0", "own_lazy"),
    )
    done = convert(sample.path, tmp_path / "m.keras", custom=[module], verify=False)
    same_numbers(done.output, module, sample)


def test_a_variable_of_tensorflow_is_named(own, tmp_path):
    text = OWN_LAYERS.replace(
        "self.gain = self.add_weight(", "self.gain = __import__('tensorflow').Variable([1.0] * 3)\n"
    )
    lines = text.splitlines()
    start = next(n for n, each in enumerate(lines) if "__import__" in each)
    text = "\n".join(lines[: start + 1] + lines[start + 4 :])
    error = refused("tf-2.8.0", "custom_layer", [own(text)], tmp_path)
    assert "Scale keeps gain in a tf.Variable" in str(error)
    assert "add_weight()" in error.hint


@pytest.mark.parametrize("name", ["own_branches", "own_nested_frozen"])
def test_position_alone_would_swap_weights(name, tmp_path):
    """What Keras does with the same draft: it loads, and computes something else."""
    sample = recorded({"own_branches": "tf-2.8.0"}.get(name, "keras-2.2.4"), name)
    custom = list(sample.options["custom"])

    done = convert(sample.path, tmp_path / "m.keras", custom=custom, verify=False)
    same_numbers(done.output, custom[0], sample)
    with mock.patch("converter.engines.drafts._weights_by_name", nullcontext):
        wrong = convert(sample.path, tmp_path / "w.keras", custom=custom, verify=False)
    with pytest.raises(AssertionError):
        same_numbers(wrong.output, custom[0], sample)


def test_a_loss_that_is_not_there_costs_the_compile_state_only(own, tmp_path):
    text = FUNCTIONS.replace(', "loss": dice_loss', "").replace("dice_loss = make", "# ")
    sample = recorded("tf-2.8.0", "own_compiled")
    done = convert(sample.path, tmp_path / "m.keras", custom=[own(text)], verify=False)
    lost = [each for each in done.findings if "loss" in each.message]
    assert lost or any("not compiled" in note for note in done.notes)


@pytest.mark.parametrize("where", ["self.factor = factor", "return inputs * self.gain"])
def test_a_failure_in_the_users_code_has_its_line(where, own, tmp_path):
    text = OWN_LAYERS.replace(where, f"{where.split()[0]} = self.missing", 1).replace(
        "return = ", "return "
    )
    line = next(n for n, each in enumerate(text.splitlines(), 1) if "self.missing" in each)
    sample = recorded("tf-2.8.0", "custom_layer")
    with pytest.raises(MissingObjectError, match=rf"\.py:{line}: AttributeError"):
        convert(sample.path, tmp_path / "m.keras", custom=[own(text)])


def test_what_a_factory_made_is_told_by_the_name_that_the_reader_needs(own, tmp_path):
    module = own(FUNCTIONS.replace(', "loss": dice_loss', ""))
    sample = recorded("tf-2.8.0", "own_compiled")
    done = convert(sample.path, tmp_path / "m.keras", custom=[module], verify=False)
    place = f"{Path(module).stem}.dice_loss"
    assert (
        f'load_model needs custom_objects={{"loss": {place}}}, as the file calls it' in done.notes
    )


def test_names_that_the_module_has_are_not_told(own, tmp_path):
    sample = recorded("tf-2.8.0", "own_compiled")
    done = convert(sample.path, tmp_path / "m.keras", custom=[own(FUNCTIONS)], verify=False)
    assert done.notes == ()
