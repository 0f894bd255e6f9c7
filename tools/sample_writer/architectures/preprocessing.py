"""Preprocessing layers; the random ones do nothing when a model predicts."""

import numpy as np

from ..data import between, ids, words
from ..registry import Made, architecture, branches

IMAGE = (8, 7, 3)


def _on_images(F, layers):
    return Made(branches(F, IMAGE, layers), inputs=[between(0, 255)])


@architecture(needs="Rescaling", kinds="full keras")
def rescaling(F):
    L = F.layers
    return _on_images(F, [L.Rescaling(1 / 255.0), L.Rescaling(1 / 127.5, offset=-1)])


@architecture(needs="Resizing", kinds="full keras")
def resizing(F):
    L = F.layers
    return _on_images(F, [L.Resizing(5, 9), L.Resizing(12, 6, interpolation="nearest")])


@architecture(needs="Resizing", writers="tf>=2.8 keras3")
def resizing_to_aspect_ratio(F):
    return _on_images(F, [F.layers.Resizing(5, 5, crop_to_aspect_ratio=True)])


@architecture(needs="Resizing", writers="tf>=2.3 keras3")
def resizing_bicubic(F):
    return _on_images(F, [F.layers.Resizing(5, 9, interpolation="bicubic")])


@architecture(needs="CenterCrop")
def center_crop(F):
    return _on_images(F, [F.layers.CenterCrop(4, 3), F.layers.CenterCrop(5, 6)])


@architecture(needs="RandomFlip RandomRotation", kinds="full keras")
def random_images(F):
    L = F.layers
    x = y = F.Input(shape=IMAGE)
    y = L.RandomFlip("horizontal")(y)
    y = L.RandomRotation(0.2)(y)
    y = L.RandomZoom(0.1)(y)
    y = L.RandomTranslation(0.1, 0.2)(y)
    y = L.RandomContrast(0.2)(y)
    return Made(F.Model(x, L.Rescaling(1 / 255.0)(y)), inputs=[between(0, 255)])


@architecture(needs="RandomFlip RandomRotation")
def random_images_arguments(F):
    L = F.layers
    layers = [
        L.RandomFlip("vertical", seed=3),
        L.RandomRotation((-0.1, 0.2), fill_mode="constant", interpolation="nearest"),
        L.RandomZoom((-0.1, 0.1), (0.0, 0.2), seed=1),
        L.RandomTranslation((-0.1, 0.1), 0.1, fill_mode="wrap"),
        L.RandomContrast((0.1, 0.3), seed=4),
    ]
    if F.has("RandomBrightness") and F.flavor != "keras3":
        layers.append(L.RandomBrightness(0.2))
    return _on_images(F, layers)


@architecture(needs="RandomCrop", writers="tf keras3")
def random_crop(F):
    """As large as the picture, where nothing is left to chance."""
    return _on_images(F, [F.layers.RandomCrop(8, 7)])


@architecture(needs="RandomCrop", writers="tf>=2.8")
def random_crop_smaller(F):
    """When it predicts, the layer takes the middle."""
    return _on_images(F, [F.layers.RandomCrop(5, 5)])


@architecture(needs="RandomCrop", writers="tf<2.7")
def random_crop_after_resizing(F):
    """At first the layer resized whole images, then took the middle; sizes may be unknown."""
    crops = [(5, 5), (4, 3), (3, 5), (6, 6)]
    if F.since("tf<2.3"):
        crops = [(5, 5), (3, 3), (6, 6)]
    x, y = F.Input(shape=(8, 7, 3)), F.Input(shape=(None, 9, 3))
    layers = [F.layers.RandomCrop(*crop) for crop in crops]
    return F.Model([x, y], [layer(each) for layer in layers for each in (x, y)])


@architecture(needs="RandomHeight RandomWidth", writers="tf<2.16")
def random_size(F):
    L = F.layers
    x = F.Input(shape=IMAGE)
    return F.Model(x, L.RandomWidth(0.2)(L.RandomHeight(0.2)(x)))


@architecture(needs="CategoryEncoding", kinds="full keras")
def category_encoding(F):
    L = F.layers
    x = F.Input(shape=(4,), dtype="int32")
    size = "num_tokens" if F.since("tf>=2.6 keras3") else "max_tokens"
    binary = "multi_hot" if F.since("tf>=2.6 keras3") else "binary"
    layers = [L.CategoryEncoding(**{size: 5, "output_mode": mode}) for mode in (binary, "count")]
    return Made(F.Model(x, [layer(x) for layer in layers]), inputs=[ids(5)])


@architecture(needs="CategoryEncoding", writers="tf>=2.6 keras3")
def category_encoding_one_hot(F):
    x = F.Input(shape=(1,), dtype="int32")
    layer = F.layers.CategoryEncoding(num_tokens=5, output_mode="one_hot")
    return Made(F.Model(x, layer(x)), inputs=[ids(5)])


@architecture(needs="Discretization", writers="tf>=2.6 keras3", kinds="full keras")
def discretization(F):
    L = F.layers
    layers = [L.Discretization(bin_boundaries=[-1.0, 0.0, 0.5])]
    if F.since("tf>=2.8 keras3"):
        layers.append(L.Discretization(bin_boundaries=[-0.5, 0.5], output_mode="multi_hot"))
    return branches(F, (4,), layers)


@architecture(needs="Discretization", writers="tf<2.6")
def discretization_bins(F):
    """A boundary itself belongs to the bin above or below, which depends on the release."""

    def on_boundaries(rng, shape):
        return rng.choice([-2.0, -1.0, -0.5, 0.0, 0.25, 0.3, 0.5, 3.0], shape)

    layer = F.layers.Discretization(bins=[-1.0, 0.0, 0.3, 0.5])

    def in_order(F, model):
        layer.set_weights([np.array([-1.0, 0.0, 0.3, 0.5, np.inf])] * len(layer.weights))

    return Made(branches(F, (6, 4), [layer]), inputs=[on_boundaries], adjust=in_order)


@architecture(needs="Hashing", writers="tf>=2.6 keras3")
def hashing_integers(F):
    x = F.Input(shape=(4,), dtype="int64")
    layers = [F.layers.Hashing(5), F.layers.Hashing(7, salt=[11, 137])]
    return Made(F.Model(x, [layer(x) for layer in layers]), inputs=[ids(100)])


@architecture(needs="Hashing", writers="tf>=2.6 keras3")
def hashing_words(F):
    x = F.Input(shape=(4,), dtype="string")
    return Made(F.Model(x, F.layers.Hashing(5)(x)), inputs=[words("red", "green", "blue", "old")])


@architecture(needs="HashedCrossing")
def hashed_crossing(F):
    x, y = F.Input(shape=(1,), dtype="int64"), F.Input(shape=(1,), dtype="int64")
    return Made(F.Model([x, y], F.layers.HashedCrossing(5)((x, y))), inputs=[ids(50), ids(60)])


@architecture(
    needs="HashedCrossing", writers="tf<2.16", expect="refused", reason="removed-argument"
)
def hashed_crossing_of_three(F):
    inputs = [F.Input(shape=(1,), dtype="int64") for _ in range(3)]
    return Made(F.Model(inputs, F.layers.HashedCrossing(5)(inputs)), inputs=[ids(50)] * 3)


@architecture(needs="IntegerLookup", writers="tf>=2.6 keras3", kinds="full keras")
def integer_lookup(F):
    x = F.Input(shape=(4,), dtype="int64")
    layers = [
        F.layers.IntegerLookup(vocabulary=[3, 7, 9]),
        F.layers.IntegerLookup(vocabulary=[3, 7, 9], num_oov_indices=2),
        F.layers.IntegerLookup(vocabulary=[2, 5, 6, 8, 10], output_mode="multi_hot"),
    ]
    return Made(F.Model(x, [layer(x) for layer in layers]), inputs=[ids(12)])


@architecture(needs="StringLookup", writers="tf>=2.6 keras3", kinds="full keras")
def string_lookup(F):
    x = F.Input(shape=(4,), dtype="string")
    layers = [
        F.layers.StringLookup(vocabulary=["red", "green"]),
        F.layers.StringLookup(vocabulary=["red", "blue"], mask_token="", num_oov_indices=2),
    ]
    model = F.Model(x, [layer(x) for layer in layers])
    return Made(model, inputs=[words("red", "green", "blue", "")])


@architecture(needs="TextVectorization", writers="tf>=2.8 keras3", kinds="full keras")
def text_vectorization(F):
    x = F.Input(shape=(1,), dtype="string")
    layer = F.layers.TextVectorization(
        vocabulary=["cat", "dog", "sat"], output_sequence_length=4, output_mode="int"
    )
    y = F.layers.Embedding(6, 3)(layer(x))
    return Made(F.Model(x, y), inputs=[words("The cat sat", "a DOG!", "dog, dog")])
