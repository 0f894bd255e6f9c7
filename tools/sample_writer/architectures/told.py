"""Files that lack a fact which only their owner knows; ``options`` are what he has to say."""

from ..registry import Made, architecture

NO_SHAPE = "keras>=2.2 tf<2.0"
"""Writers that forget the shape of a Sequential that begins with an InputLayer."""


def _with_shape(F, shape, *layers):
    model = F.Sequential([F.layers.InputLayer(input_shape=shape)] + list(layers))
    return Made(model, reason="no-input-shape", options={"input_shape": list(shape)})


@architecture(writers=NO_SHAPE)
def no_input_shape_dense(F):
    """How many axes there are, nothing shows."""
    L = F.layers
    return _with_shape(F, (6, 3), L.Dense(4, activation="relu"), L.BatchNormalization(), L.Dense(2))


@architecture(writers=NO_SHAPE)
def no_input_shape_image(F):
    """The area of the image shows, its height and width do not."""
    L = F.layers
    layers = [L.Conv2D(3, 3), L.MaxPooling2D(2), L.Dropout(0.5), L.Flatten(), L.Dense(2)]
    return _with_shape(F, (9, 8, 2), *layers)


@architecture(writers=NO_SHAPE)
def no_input_shape_steps(F):
    """The weights leave one shape only."""
    L = F.layers
    layers = [L.Conv1D(4, 3, padding="same"), L.MaxPooling1D(1), L.Flatten(), L.Dense(2)]
    model = F.Sequential([L.InputLayer(input_shape=(6, 3))] + layers)
    return Made(model)


@architecture(writers=NO_SHAPE)
def no_input_shape_recurrent(F):
    """Steps stay open."""
    L = F.layers
    layers = [L.Dropout(0.5), L.Bidirectional(L.GRU(3, return_sequences=True)), L.LSTM(2)]
    model = F.Sequential([L.InputLayer(input_shape=(5, 2))] + layers)
    return Made(model)
