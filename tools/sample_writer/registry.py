"""The list of architectures: what each is called, which writers have it, what is expected."""

from collections import OrderedDict

from .framework import matches

EVERY = "keras tf keras3"
"""Every writer but Keras 1, whose layers take other arguments."""

ARCHITECTURES = OrderedDict()


class Architecture:
    """A function that builds one model, and what is known of the file it becomes."""

    def __init__(self, function, name, writers, needs, kinds, facts):
        self.function = function
        self.name = name
        self.writers = writers
        self.needs = needs.split()
        self.kinds = kinds.split()
        self.facts = facts

    def missing(self, F):
        """Why this writer can't have it, or an empty string."""
        if not matches(self.writers, F.flavor, F.version):
            return f"written by {self.writers} only"
        absent = [name for name in self.needs if not F.has(name)]
        return "no {} in this release".format(", ".join(absent)) if absent else ""

    def make(self, F):
        made = self.function(F)
        made = made if isinstance(made, Made) else Made(made)
        for key, value in self.facts.items():
            made.facts.setdefault(key, value)
        return made


class Made:
    """A built model and what else it takes: inputs, compile arguments, training targets.

    ``adjust`` is called with the framework and the model once its weights have their values.
    ``facts`` (expect, reason, rtol, atol, note, options, stops) override the declared ones, for
    what depends on the writer; with ``stops`` a file that saving left with an error is a sample,
    too; ``options`` are what kfix has to be told about the file. ``inputs`` and ``targets`` hold a
    maker of arrays for each tensor, or None. With ``goes_on`` the model is
    trained batch by batch, and the losses of ten more batches after it was saved are recorded;
    where it is a function, it is called with the framework and the model before it is saved.
    """

    def __init__(
        self,
        model,
        inputs=None,
        compile=None,
        targets=None,
        twin=None,
        adjust=None,
        goes_on=None,
        **facts,
    ):
        self.model = model
        self.inputs = inputs
        self.compile = compile
        self.targets = targets
        self.twin = twin
        self.adjust = adjust
        self.goes_on = goes_on
        self.facts = facts


def architecture(writers=EVERY, needs="", kinds="full", name=None, **facts):
    """Register a function of the framework that returns a model or a ``Made``.

    ``needs``: layer classes that the release must have. ``kinds``: the files to write, some of
    full, keras, weights, weights.h5; a kind that the writer does not know is passed over.
    ``expect="refused"`` with a ``reason`` marks what can't be converted exactly today. ``objects``:
    modules of ``user_code`` that the writer needs to read its file again, and kfix does not.
    """

    def register(function):
        title = name or function.__name__
        if title in ARCHITECTURES:
            raise ValueError(f"two architectures named {title}")
        ARCHITECTURES[title] = Architecture(function, title, writers, needs, kinds, facts)
        return function

    return register


def branches(F, shape, layers, dtype=None):
    """One input, each layer on it as an output of its own: its index names a wrong one."""
    arguments = {"dtype": dtype} if dtype else {}
    x = F.Input(shape=shape, **arguments)
    return F.Model(x, [layer(x) for layer in layers])


def written(source):
    """A function from its text: its bytecode, which goes into the file, names no file of ours."""
    return eval(compile(source, "<ipython-input-1>", "eval"))
