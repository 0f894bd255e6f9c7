"""RandomCrop at inference.

What it sees: RandomCrop of tf.keras 2.6 to 2.15, and of Keras 3 before 3.6.

Why it matters: at inference these resize to the crop's size, cutting to its aspect ratio first.
Keras 3.6 and later passes the image through as it is, though its shape says otherwise.

What kfix changes: it becomes Resizing(crop_to_aspect_ratio=True), which is the same at inference.
Random cropping in further training is lost, which the report says.

Links:
https://github.com/keras-team/keras/blob/master/keras/src/layers/preprocessing/image_preprocessing/random_crop.py
"""

from dataclasses import replace

from converter.model.description import Layer
from converter.model.findings import Severity
from converter.rules.base import Change, Context, Rule, Stage

SMART_RESIZE = (2, 6)
PASSES_THROUGH_SINCE = (3, 6)


def to_resizing(layer: Layer, context: Context) -> Change | None:
    """Resizing with the same height and width."""
    if context.writer.version >= PASSES_THROUGH_SINCE:
        return None
    message = "RandomCrop passes images through uncropped in Keras 3"
    if context.writer.version < SMART_RESIZE:
        return Change(
            Severity.REFUSED, f"{message}; before TensorFlow 2.6 it cropped in another way"
        )
    taken = ("trainable", "dtype", "height", "width")
    config = {
        **{key: layer.config[key] for key in taken if key in layer.config},
        "interpolation": "bilinear",
        "crop_to_aspect_ratio": True,
        "data_format": "channels_last",
    }
    new = replace(layer, class_name="Resizing", config=config)
    return Change(
        Severity.SILENT,
        message,
        (new,),
        "written as Resizing; it no longer crops at random in training",
    )


RULE = Rule(
    code="KF207",
    stage=Stage.MEANING,
    summary="RandomCrop does not crop at inference in Keras 3",
    generations=frozenset({2, 3}),
    classes=frozenset({"RandomCrop"}),
    layer=to_resizing,
)
