"""What efficientnet makes for the Keras that runs here, to load its models."""

import keras
from efficientnet import model

parts = {name: getattr(keras, name) for name in ("backend", "layers", "models", "utils")}
swish = model.get_swish(**parts)
FixedDropout = model.get_dropout(**parts)
