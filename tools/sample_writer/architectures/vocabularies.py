"""Layers that learn a vocabulary or boundaries, by ``adapt()``, ``set_vocabulary()`` or at once."""

import numpy as np

from ..data import between_ids, floats, ids, words
from ..registry import Made, architecture

WORDS = np.array([["red", "green", "blue", ""], ["old", "red", "red", "green"]])
TEXTS = np.array([["The cat sat"], ["a DOG! sat  on"], ["dog, dog cat"]])
NUMBERS = np.array([[3, 7, 0, 1], [-1, 9, 9, 2], [10, 5, 3, 3]])
VALUES = np.array([[0.5, -1.0, 2.0, 0.0], [-2.5, 1.0, 0.3, 0.25], [3.0, 9.0, -4.0, 0.75]])

some_words = words("red", "green", "blue", "old", "", "[UNK]", "pink")
some_texts = words("The cat sat", "a DOG! sat  on", "dog, dog cat", "")


def _learned(layer, data):
    layer.adapt(data)
    return layer


def _told(layer, vocabulary, *more):
    layer.set_vocabulary(vocabulary, *more)
    return layer


def _on(F, by_input):
    """Layers on inputs of words, text and numbers."""
    makers = {"string4": some_words, "string1": some_texts, "int64": between_ids(-2, 11)}
    inputs, outputs, given = [], [], []
    for kind, layers in by_input:
        dtype = kind.rstrip("14") if kind.startswith("string") else kind
        shape = (1,) if kind == "string1" else (4,)
        inputs.append(F.Input(shape=shape, dtype=dtype))
        outputs += [layer(inputs[-1]) for layer in layers]
        given.append(makers.get(kind, floats(2.0)))
    return Made(F.Model(inputs, outputs), inputs=given)


@architecture(needs="TextVectorization IntegerLookup", writers="tf>=2.12 keras3", kinds="keras")
def vocabularies_learned(F):
    """Several layers of a class, with and without assets, so that wrong paths show.

    One vocabulary ends in an empty word, which Keras from 3.14 on leaves out.
    """
    L = F.layers
    weighed = {"output_mode": "tf_idf"}
    made = _on(
        F,
        [
            (
                "string4",
                [
                    _learned(L.StringLookup(), WORDS),
                    L.StringLookup(vocabulary=["old", "red"]),
                    _learned(L.StringLookup(max_tokens=3, num_oov_indices=2), WORDS),
                    _told(L.StringLookup(mask_token="", output_mode="count"), ["red", "old"]),
                    _told(L.StringLookup(**weighed), ["red", "old"], [0.5, 2.0]),
                ],
            ),
            (
                "string1",
                [
                    _learned(L.TextVectorization(output_sequence_length=5), TEXTS),
                    _learned(L.TextVectorization(max_tokens=6, output_mode="multi_hot"), TEXTS),
                    _learned(L.TextVectorization(**weighed), TEXTS),
                ],
            ),
            ("int64", [_learned(L.IntegerLookup(), NUMBERS), L.IntegerLookup(vocabulary=[3, 9])]),
        ],
    )
    made.facts["misread"] = F.since("keras3>=3.14")
    return made


@architecture(needs="Discretization", writers="tf>=2.5 keras3", kinds="full keras")
def discretization_learned(F):
    """Its own framework forgets what it found, up to TensorFlow 2.15."""
    L = F.layers
    layers = [L.Discretization(num_bins=4), L.Discretization(num_bins=3, epsilon=0.1)]
    if F.since("tf>=2.8 keras3"):
        layers.append(L.Discretization(num_bins=20))
        layers.append(L.Discretization(num_bins=5, output_mode="count"))
    made = _on(F, [("float32", [_learned(layer, VALUES) for layer in layers])])
    made.facts["misread"] = F.since("tf>=2.6")
    return made


@architecture(needs="CategoryEncoding", writers="tf>=2.3<2.5")
def category_encoding_learned(F):
    L = F.layers
    x = F.Input(shape=(4,), dtype="int64")
    data = np.array([[0, 1, 2, 2], [3, 3, 0, 1], [4, 4, 4, 4]])
    counted, weighed = {"output_mode": "count"}, {"output_mode": "tf-idf"}
    layers = [
        _learned(L.CategoryEncoding(), data),
        _learned(L.CategoryEncoding(**counted), data),
        _learned(L.CategoryEncoding(max_tokens=6, **weighed), data),
    ]
    told = L.CategoryEncoding(max_tokens=5, **weighed)
    told.set_tfidf_data([0.5, 1.0, 1.5, 2.0, 2.5])
    model = F.Model(x, [layer(x) for layer in [*layers, told]])
    return Made(model, inputs=[ids(5)], misread=F.since("tf<2.4"))


@architecture(needs="StringLookup", writers="tf>=2.8 keras3", kinds="full keras")
def vocabularies_weighed(F):
    L = F.layers
    said = {"output_mode": "tf_idf", "idf_weights": [0.5, 1.5, 2.5]}
    colours, animals = ["red", "green", "old"], ["cat", "dog", "sat"]
    return _on(
        F,
        [
            ("string4", [L.StringLookup(vocabulary=colours, num_oov_indices=2, **said)]),
            ("string1", [L.TextVectorization(vocabulary=animals, **said)]),
            ("int64", [L.IntegerLookup(vocabulary=[3, 7, 9], **said)]),
        ],
    )


@architecture(needs="StringLookup", writers="tf>=2.6 keras3", kinds="full keras")
def vocabularies_modes(F):
    """Masks, places of unknown words, paddings, encodings, and back from indices."""
    L = F.layers
    colours, numbers = {"vocabulary": ["red", "green", "old"]}, {"vocabulary": [3, 7, 9]}
    padded = {"max_tokens": 8, "pad_to_max_tokens": True}
    strings = [
        L.StringLookup(mask_token="", output_mode="count", **colours),
        L.StringLookup(output_mode="multi_hot", num_oov_indices=2, **colours),
        L.StringLookup(output_mode="count", **dict(colours, **padded)),
        L.StringLookup(encoding="utf-16-be", **colours),
    ]
    integers = [
        L.IntegerLookup(mask_token=0, **numbers),
        L.IntegerLookup(mask_token=2, oov_token=-7, **numbers),
        L.IntegerLookup(output_mode="count", **numbers),
        L.IntegerLookup(invert=True, **numbers),
        L.StringLookup(invert=True, **colours),
        L.StringLookup(invert=True, mask_token="", **colours),
    ]
    made = _on(F, [("string4", strings), ("int64", integers)])
    made.inputs[1] = ids(4)
    return made


@architecture(needs="TextVectorization", writers="tf>=2.8 keras3", kinds="full keras")
def text_vectorization_arguments(F):
    L = F.layers
    as_they_are = {"standardize": None, "vocabulary": ["cat", "dog", "cat sat", "sat on"]}
    texts = [
        L.TextVectorization(split="whitespace", ngrams=2, **as_they_are),
        L.TextVectorization(split=None, **as_they_are),
        L.TextVectorization(output_mode="multi_hot", **as_they_are),
    ]
    if F.since("tf>=2.9 keras3"):
        letters = ["c", "a", "cat", "dog"]
        texts.append(
            L.TextVectorization(
                standardize="lower",
                split="character",
                ngrams=(1, 3),
                vocabulary=letters,
                output_sequence_length=7,
            )
        )
    return _on(F, [("string1", texts)])


TOLD = {"colours": "colours.txt", "numbers": "numbers.txt", "animals": "animals.txt"}


def _by_name(F):
    """Layers that have vocabularies no .h5 holds, with the names that ``TOLD`` has."""
    L = F.layers
    return [
        ("string4", [_told(L.StringLookup(name="colours"), ["red", "green", "old"])]),
        ("string1", [_told(L.TextVectorization(name="animals"), ["cat", "dog", "sat"])]),
        ("int64", [_told(L.IntegerLookup(name="numbers"), [3, 7, 9])]),
    ]


@architecture(needs="TextVectorization", writers="tf>=2.3<2.16 keras3", stops=True)
def vocabularies_left_out(F):
    """Up to TensorFlow 2.15 saving ends with an error, and leaves a file without weights."""
    made = _on(F, _by_name(F))
    made.facts["options"] = {"vocabulary": TOLD}
    return made


@architecture(needs="TextVectorization", writers="tf>=2.6<2.7 keras3")
def vocabularies_of_classifier(F):
    """With the weights of what comes behind."""
    L = F.layers
    x = F.Input(shape=(1,), dtype="string")
    said = {"name": "animals", "output_sequence_length": 4}
    if F.flavor == "tf":
        text = L.TextVectorization(vocabulary=["cat", "dog", "sat"], **said)
    else:
        text = _told(L.TextVectorization(**said), ["cat", "dog", "sat"])
    y = L.GlobalAveragePooling1D()(L.Embedding(6, 3, name="known")(text(x)))
    options = {"vocabulary": {"animals": "animals.txt"}}
    return Made(F.Model(x, L.Dense(2)(y)), inputs=[some_texts], options=options)


@architecture(needs="StringLookup", writers="keras3")
def vocabularies_left_out_weighed(F):
    weighed = F.layers.StringLookup(name="colours", output_mode="tf_idf")
    _told(weighed, ["red", "green", "old"], [0.5, 1.5, 2.5])
    made = _on(F, [("string4", [weighed])])
    made.facts["options"] = {"vocabulary": {"colours": "weighed.json"}}
    return made


def _classifier(F, name):
    L = F.layers
    x = F.Input(shape=(1,), dtype="string")
    text = _told(L.TextVectorization(output_sequence_length=4, name=name), ["cat", "dog", "sat"])
    y = L.GlobalAveragePooling1D()(L.Embedding(6, 3, name="known")(text(x)))
    return Made(F.Model(x, L.Dense(2, name="dense")(y)), inputs=[some_texts])


@architecture(needs="TextVectorization", writers="tf>=2.1<2.16", stops=True)
def vocabularies_stop_saving(F):
    """From TensorFlow 2.2 on the layers are saved in the order of their names, this one last."""
    made = _classifier(F, "text_vectorization")
    if F.since("tf>=2.2"):
        made.facts["options"] = {"vocabulary": {"text_vectorization": "animals.txt"}}
    else:
        made.facts.update(expect="refused", reason="half-written")
    return made


@architecture(
    needs="TextVectorization",
    writers="tf>=2.2<2.16",
    stops=True,
    expect="refused",
    reason="half-written",
)
def vocabularies_stop_saving_early(F):
    """The weights of what is behind were never saved; nobody can bring them back."""
    return _classifier(F, "animals")
