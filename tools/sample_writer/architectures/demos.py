"""The models that also lie in samples/ as plain files: whole, but small."""

from ..data import floats, ids, one_hot, pictures
from ..registry import Made, architecture


@architecture(writers="tf>=2.0")
def transfer_learning(F):
    """A base as keras.applications made them, frozen, under a new head."""
    L = F.layers
    x = F.Input(shape=(16, 16, 3), name="image")
    y = L.Conv2D(4, 3, strides=2, padding="same", use_bias=False, name="conv1/conv")(x)
    y = L.ReLU(6.0, name="conv1/relu")(L.BatchNormalization(name="conv1/bn")(y))
    for block, filters in ((1, 5), (2, 6)):
        name = f"block{block}/"
        y = L.DepthwiseConv2D(3, strides=2, use_bias=False, name=name + "depthwise")(y)
        y = L.ReLU(6.0, name=name + "relu")(L.BatchNormalization(name=name + "bn")(y))
        y = L.Conv2D(filters, 1, use_bias=False, name=name + "pointwise")(y)
        y = L.BatchNormalization(name=name + "last")(y)
    base = F.Model(x, y, name="base")
    base.trainable = False
    head = [L.GlobalAveragePooling2D(), L.Dropout(0.25), L.Dense(3, activation="softmax")]
    return Made(F.Sequential([base] + head), inputs=[floats(2.0)])


@architecture(writers="keras tf<2.16")
def sentiment_lstm(F):
    L = F.layers
    model = F.Sequential()
    model.add(L.Embedding(40, 6, input_length=12))
    model.add(L.SpatialDropout1D(0.25))
    model.add(L.LSTM(8, dropout=0.25, recurrent_dropout=0.25))
    model.add(L.Dense(1, activation="sigmoid"))
    compiled = {"optimizer": "adam", "loss": "binary_crossentropy", "metrics": ["accuracy"]}
    return Made(model, inputs=[ids(40)], compile=compiled)


@architecture()
def trained_classifier(F):
    L = F.layers
    model = F.Sequential(name="classifier")
    model.add(L.Conv2D(4, 3, activation="relu", input_shape=(10, 10, 1)))
    model.add(L.BatchNormalization())
    model.add(L.MaxPooling2D(2))
    model.add(L.Flatten())
    model.add(L.Dropout(0.5))
    model.add(L.Dense(8, activation="relu", kernel_regularizer="l2"))
    model.add(L.Dense(4, activation="softmax"))
    compiled = {
        "optimizer": F.keras.optimizers.Adam(),
        "loss": "categorical_crossentropy",
        "metrics": ["accuracy"],
    }
    return Made(model, inputs=[pictures()], compile=compiled, targets=[one_hot()])
