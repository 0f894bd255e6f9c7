"""Training batch by batch, and the record of how it goes on after the model was saved.

In the graphs of TensorFlow 1 a step of Keras reads and assigns its variables in any order: a second
run gives other losses. There, each step is made to compute all values before it assigns any, which
is what the formulas say (and what Theano and TensorFlow 2 do).
"""

import numpy as np

from .data import arrays

STEPS_BEFORE = 6
STEPS_RECORDED = 10


def batches(F, made, name, count):
    """Seeded batches, each a list of inputs and a list of targets."""
    for step in range(count):
        label = f"{name}/{step}"
        inputs = arrays(F, made.model.inputs, made.inputs, label)
        yield inputs, arrays(F, made.model.outputs, made.targets, label + "/targets")


def order_updates(F, model):
    """Lets the assignments of a step wait until every value that depends on none is there."""
    if not F.since("keras1 keras tf<2.0") or F.told().split("-")[2:3] == ["theano"]:
        return
    trained = getattr(model, "model", None) or model
    trained._make_train_function()
    found = _ancestors(trained.train_function.updates_op)
    assigned = [each for each in found if each.type.startswith("Assign")]
    values = {tensor.op: None for each in assigned for tensor in list(each.inputs)[1:]}
    before = {value: _ancestors(value) for value in values}
    for each in assigned:
        each._add_control_inputs([value for value in values if each not in before[value]])


def _ancestors(operation):
    found, waiting = set(), [operation]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += [tensor.op for tensor in each.inputs] + list(each.control_inputs)
    return found


def train(F, model, steps):
    """One step for each batch; the losses."""
    return [_step(F, model, *batch) for batch in steps]


def _step(F, model, inputs, targets):
    if F.flavor == "keras3":
        # Its train_on_batch returns the mean since the last reset.
        model.reset_metrics()
    given = [value[0] if len(value) == 1 else value for value in (inputs, targets)]
    found = model.train_on_batch(*given)
    return float(np.ravel(found[0] if isinstance(found, (list, tuple)) else found)[0])


def training_record(F, made, name):
    """Ten more steps: ``train_x_0``, ``train_y_0``… hold the batches one after the other."""
    steps = list(batches(F, made, name + "/after", STEPS_RECORDED))
    losses = np.array(train(F, made.model, steps), "float32")
    if not np.isfinite(losses).all():
        raise ValueError("a loss is not finite")
    found = {"losses": losses}
    for side, chosen in (("x", 0), ("y", 1)):
        for index, values in enumerate(zip(*(step[chosen] for step in steps))):
            found[f"train_{side}_{index}"] = np.stack(values)
    return found
