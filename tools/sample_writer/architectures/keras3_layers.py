"""Layers that only Keras 3 has."""

from ..data import between, floats
from ..registry import Made, architecture, branches

IMAGE = (8, 7, 3)
RANDOM = {
    "RandomColorJitter": {"brightness_factor": 0.2, "contrast_factor": 0.2},
    "RandomElasticTransform": {"factor": 0.5},
    "RandomErasing": {"factor": 0.5},
    "RandomGaussianBlur": {"factor": 0.5},
    "RandomGrayscale": {"factor": 0.5},
    "RandomHue": {"factor": 0.3},
    "RandomInvert": {"factor": 0.3},
    "RandomPerspective": {"factor": 0.3},
    "AugMix": {},
    "RandAugment": {},
    "CutMix": {},
    "MixUp": {},
}
"""All of these leave a picture alone when a model predicts."""
RANDOM_ARCHIVED = {
    "RandomBrightness": {"factor": 0.2},
    "RandomColorDegeneration": {"factor": 0.3},
    "RandomPosterization": {"factor": 4},
    "RandomSaturation": {"factor": 0.3},
    "RandomSharpness": {"factor": 0.3},
    "Solarization": {},
}
"""An .h5 can't be written of these: their config holds objects that can't be copied."""


@architecture(writers="keras3>=3.8", kinds="full keras")
def random_images_of_keras3(F):
    table = dict(RANDOM)
    if F.since("keras3<3.12"):
        del table["RandomGrayscale"]
    return _images(F, table)


@architecture(writers="keras3", kinds="keras")
def images_archived(F):
    return _images(F, RANDOM_ARCHIVED)


def _images(F, table):
    layers = [getattr(F.layers, name)(**given) for name, given in table.items() if F.has(name)]
    return Made(branches(F, IMAGE, layers), inputs=[between(0, 255)])


@architecture(needs="AutoContrast", writers="keras3")
def auto_contrast(F):
    layer = F.layers.AutoContrast(value_range=(0, 255))
    return Made(branches(F, IMAGE, [layer]), inputs=[between(0, 255)])


@architecture(needs="MaxNumBoundingBoxes", writers="keras3")
def max_num_bounding_boxes(F):
    return branches(F, IMAGE, [F.layers.MaxNumBoundingBoxes(3)])


@architecture(needs="ContrastLimitedAdaptiveHistogramEqualization", writers="keras3")
def adaptive_equalization(F):
    layer = F.layers.ContrastLimitedAdaptiveHistogramEqualization(tile_grid_size=(2, 2))
    return Made(branches(F, (8, 8, 3), [layer]), inputs=[between(0, 255)])


@architecture(needs="MelSpectrogram", writers="keras3")
def mel_spectrogram(F):
    layer = F.layers.MelSpectrogram(num_mel_bins=8, fft_length=64, sequence_stride=32)
    return Made(branches(F, (256,), [layer]), inputs=[floats(0.1)], rtol=1e-3, atol=1e-3)


@architecture(needs="STFTSpectrogram", writers="keras3")
def stft_spectrogram(F):
    L = F.layers
    layers = [
        L.STFTSpectrogram(mode="log", frame_length=32, frame_step=16, fft_length=32),
        L.STFTSpectrogram(mode="real", frame_length=32, frame_step=16, fft_length=32),
    ]
    return Made(branches(F, (128, 1), layers), rtol=1e-3, atol=1e-3)


@architecture(needs="Pipeline", writers="keras3", kinds="full keras")
def pipeline(F):
    L = F.layers
    layer = L.Pipeline([L.Rescaling(1 / 255.0), L.CenterCrop(4, 4)])
    return Made(branches(F, IMAGE, [layer]), inputs=[between(0, 255)])


@architecture(needs="ReversibleEmbedding", writers="keras3", kinds="full keras")
def reversible_embedding(F):
    L = F.layers
    shared, apart = L.ReversibleEmbedding(7, 4), L.ReversibleEmbedding(7, 4, tie_weights=False)
    x = F.Input(shape=(5,), dtype="int32")
    y, z = shared(x), apart(x)
    return F.Model(x, [y, z, shared(y, reverse=True), apart(z, reverse=True)])


@architecture(writers="keras3>=3.2")
def embedding_low_rank(F):
    layer = F.layers.Embedding(9, 6)
    x = F.Input(shape=(5,), dtype="int32")
    y = layer(x)
    layer.enable_lora(2)
    return Made(F.Model(x, y), note="LoRA weights beside the embeddings")


@architecture(writers="keras3>=3.4")
def optional_input(F):
    L = F.layers
    x = F.Input(shape=(4,))
    return F.Model(x, L.Dense(2)(L.Identity()(x)))
