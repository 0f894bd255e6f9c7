"""``python -m sample_writer write|check|classes WRITER FOLDER``, started by make_samples."""

import argparse
import json
import re
import traceback
import warnings
from pathlib import Path

import numpy as np

from . import architectures  # noqa: F401  (fills the registry)
from .architectures import lambdas
from .architectures.refused import custom_objects
from .data import arrays, perturb
from .framework import Framework
from .going_on import STEPS_BEFORE, batches, order_updates, train, training_record
from .registry import ARCHITECTURES
from .saving import (
    SUFFIX,
    call,
    known_kinds,
    layer_names,
    load,
    predict,
    predict_by_xla,
    read_arrays,
    save,
    write_arrays,
)


def _train(F, model, made, inputs, name):
    if made.compile is not None:
        model.compile(**made.compile)
    if made.goes_on:
        order_updates(F, model)
        train(F, model, batches(F, made, name + "/before", STEPS_BEFORE))
        if callable(made.goes_on):
            made.goes_on(F, model)
    elif made.targets:
        targets = arrays(F, model.outputs, made.targets, name + "/targets")
        given = [value[0] if len(value) == 1 else value for value in (inputs, targets)]
        epochs = {"nb_epoch": 2} if F.flavor == "keras1" else {"epochs": 2}
        model.fit(*given, batch_size=len(inputs[0]), shuffle=False, verbose=0, **epochs)


def _save_all(F, item, made, folder):
    """The model in every kind asked for; returns the entries, and why a kind can't be written.

    Early releases of Keras 3 can't put many a model in an .h5; those go in an archive instead.
    """
    entries, failed = [], {}
    kinds = known_kinds(F, item.kinds)
    for kind in kinds:
        name = item.name if kind == "full" else item.name + "-" + kind.replace(".", "_")
        try:
            files = save(F, made.model, kind, folder, name)
        except Exception as error:
            traceback.print_exc()
            left = name + SUFFIX[kind]
            if made.facts.get("stops") and (folder / left).exists():
                entries.append(_entry(F, made, kind, name, left, None))
                continue
            failed[name] = f"can't be saved as {SUFFIX[kind]}: {_last_line(error)}"
            if F.flavor == "keras3" and "keras" not in kinds:
                kinds.append("keras")
            continue
        entries.append(_entry(F, made, kind, name, *files))
    return entries, failed


def _entry(F, made, kind, name, file, architecture_file):
    entry = {"name": name, "file": file, "kind": kind, "layers": layer_names(F, made.model)}
    if architecture_file:
        entry["architecture_file"] = architecture_file
    entry.update({"expect": "same", "reason": ""})
    entry.update({key: value for key, value in made.facts.items() if value is not None})
    entry.pop("stops", None)
    return entry


def write_one(F, item, folder):
    """Build, perturb, train, predict, save; returns entries for the manifest, and failures."""
    F.clear()
    made = item.make(F)
    model = made.model
    F.ensure_built(model)
    perturb(F, model, item.name)
    if made.adjust:
        made.adjust(F, model)
    inputs = arrays(F, model.inputs, made.inputs, item.name)
    _train(F, model, made, inputs, item.name)
    reference = made.twin(F, model, folder) if made.twin else model
    compute = predict_by_xla if made.facts.get("by_xla") else predict
    outputs = compute(F, reference, inputs)
    if any(value.dtype.kind == "f" and not np.isfinite(value).all() for value in outputs):
        raise ValueError("an output is not finite")
    stored = {f"input_{i}": value for i, value in enumerate(inputs)}
    stored.update({f"output_{i}": value for i, value in enumerate(outputs)})
    entries, failed = _save_all(F, item, made, folder)
    if made.goes_on:
        stored.update(training_record(F, made, item.name))
    for entry in entries:
        write_arrays(folder / (entry["name"] + ".npz"), stored)
    return entries, failed


def check_one(F, entry, folder, compiled=True):
    """Reload in this fresh process and compare; returns what is wrong, or an empty string."""
    F.clear()
    inputs, outputs = read_arrays(folder / (entry["name"] + ".npz"))
    if entry.get("reason") == "cudnn":
        return ""
    modules = [*entry.get("options", {}).get("custom", ()), *entry.get("objects", ())]
    own = F.own_objects(modules)
    model = load(F, folder, entry, dict(own, **custom_objects(F), **lambdas.names(F)), compiled)
    if entry.get("by_xla"):
        return _difference(predict_by_xla(F, model, inputs), outputs, entry)
    why = _difference(call(F, model, inputs), outputs, entry)
    return why and _difference(predict(F, model, inputs), outputs, entry)


def _difference(found, outputs, entry):
    if len(found) != len(outputs):
        return f"{len(found)} outputs, {len(outputs)} recorded"
    near = {"rtol": entry.get("rtol", 1e-4), "atol": entry.get("atol", 1e-5)}
    for index, (value, recorded) in enumerate(zip(found, outputs)):
        if value.shape != recorded.shape:
            return f"output {index} is of shape {value.shape}, recorded {recorded.shape}"
        if recorded.dtype.kind != "f":
            if not np.array_equal(value, recorded):
                return f"output {index} differs"
        elif not np.allclose(value, recorded, **near):
            return f"output {index} differs by {np.abs(value - recorded).max():g}"
    return ""


def _report(folder, **facts):
    with (folder / "progress.jsonl").open("a") as stream:
        stream.write(json.dumps(facts, sort_keys=True) + "\n")


def _last_line(error):
    """The gist of an error: no colours, no paths of this machine, no call stack."""
    text = "".join(traceback.format_exception_only(type(error), error)).strip()
    text = re.sub(r"\x1b\[\d+m|\(defined at.*|Detected at node.*", "", text, flags=re.DOTALL)
    text = re.sub(r"(?<![\w'])/?[\w.~-]+(?:/[\w.~-]+){2,}", "...", text)
    return " ".join(text.split())[:240]


def write_all(F, folder, skip, only):
    for item in ARCHITECTURES.values():
        if item.name in skip or (only and item.name not in only):
            continue
        missing = item.missing(F)
        if missing:
            continue
        _report(folder, name=item.name, state="started")
        try:
            entries, failed = write_one(F, item, folder)
            _report(folder, name=item.name, state="written", entries=entries, failed=failed)
        except Exception as error:
            traceback.print_exc()
            _report(folder, name=item.name, state="failed", why=_last_line(error))


def check_all(F, folder, skip, only):
    with (folder / "entries.json").open() as stream:
        entries = json.load(stream)
    for entry in entries:
        if entry["name"] in skip or (only and entry["name"] not in only):
            continue
        _report(folder, name=entry["name"], state="checking")
        _report(folder, name=entry["name"], state="checked", **_checked(F, entry, folder))


def _checked(F, entry, folder):
    """``why`` the sample is wrong, if it is, and what to note of how it reloads."""
    try:
        return {"why": check_one(F, entry, folder)}
    except Exception as error:
        traceback.print_exc()
        note = "its own framework does not reload it: " + _last_line(error)
    try:
        why = check_one(F, entry, folder, compiled=False)
        return {"why": why, "note": note.replace("reload it", "reload it compiled")}
    except Exception:
        return {"why": "", "note": note}


def describe(F, folder):
    """What the orchestrator can't know from outside: versions and the exported classes."""
    facts = {"versions": F.versions(), "classes": {}}
    for name, thing in F.layer_classes().items():
        facts["classes"][name] = thing.__name__
    with (folder / "framework.json").open("w") as stream:
        json.dump(facts, stream)


def main():
    parser = argparse.ArgumentParser(prog="sample_writer")
    parser.add_argument("task", choices=("write", "check", "describe"))
    parser.add_argument("writer")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--skip", nargs="*", default=[])
    parser.add_argument("--only", nargs="*", default=[])
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    F = Framework(options.writer)
    if options.task == "describe":
        describe(F, options.folder)
    elif options.task == "write":
        write_all(F, options.folder, options.skip, options.only)
    else:
        check_all(F, options.folder, options.skip, options.only)


if __name__ == "__main__":
    main()
