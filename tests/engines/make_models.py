"""Writes the models that these tests convert; a process of its own, because it imports Keras."""

import json
import sys
import zipfile
from pathlib import Path

import keras
import tf_keras
from keras import layers

FOLDER = Path(sys.argv[1])


def save(name, model):
    model.save(FOLDER / f"{name}.keras")


def edit_config(name, to, change):
    """A copy of an archive with another config."""
    with zipfile.ZipFile(FOLDER / f"{name}.keras") as source:
        members = {member: source.read(member) for member in source.namelist()}
    config = json.loads(members["config.json"])
    change(config)
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(FOLDER / f"{to}.keras", "w") as target:
        for member, content in members.items():
            target.writestr(member, content)


def stock():
    image = layers.Input((8, 8, 3))
    save(
        "image",
        keras.Sequential(
            [
                image,
                layers.RandomFlip(),
                layers.Conv2D(2, 3),
                layers.BatchNormalization(),
                layers.Dropout(0.5),
            ]
        ),
    )
    words = ["the", "cat", "on"]
    save(
        "text",
        keras.Sequential(
            [
                layers.Input((1,), dtype="string"),
                layers.TextVectorization(vocabulary=words, output_sequence_length=4),
                layers.Embedding(8, 3),
            ]
        ),
    )
    integers = layers.Input((2,), dtype="int64")
    looked_up = layers.IntegerLookup(vocabulary=[0, 1, 5])(integers)
    strings = layers.StringLookup(vocabulary=["x", "y"], invert=True)(looked_up)
    save("lookup", keras.Model(integers, [looked_up, strings]))
    sequence = layers.Input((None, 3))
    steps = layers.GRU(4, return_sequences=True)(sequence)
    save("steps", keras.Model(sequence, layers.TimeDistributed(layers.Dense(2))(steps)))
    batch = layers.Input(batch_shape=(4, 5, 3))
    save("stateful", keras.Model(batch, layers.LSTM(4, stateful=True)(batch)))
    save("ids", keras.Sequential([layers.Input((None,)), layers.Embedding(7, 3), layers.LSTM(2)]))
    save(
        "wide",
        keras.Sequential(
            [layers.Input((None, None, 3)), layers.Conv2D(4, 21), layers.GlobalMaxPooling2D()]
        ),
    )
    save("heavy", keras.Sequential([layers.Input((1000,)), layers.Dense(1000)]))


def graphs():
    first, second = layers.Input((4,), name="a"), layers.Input((4,), name="b-1")
    flag = layers.Input((1,), name="flag", dtype="bool")
    shared = keras.Sequential([layers.Input((4,)), layers.Dense(3)], name="shared")
    left, right = shared(first), shared(second)
    save("twice", keras.Model([second, first], [left, right]))
    chosen = layers.Multiply(name="p")([left, keras.ops.cast(flag, "float32")])
    outputs = {"o": layers.Dense(2, name="o")(right), "p": chosen}
    save("named", keras.Model({"a": first, "b-1": second, "flag": flag}, outputs))
    keras.mixed_precision.set_dtype_policy("mixed_float16")
    save("half", keras.Sequential([layers.Input((8,)), layers.Dense(2)]))
    keras.mixed_precision.set_dtype_policy("float32")


def served():
    words = layers.Input((None,), dtype="int32", ragged=True, name="words")
    counts = layers.Input((5,), sparse=True, name="counts")
    mean = layers.GlobalAveragePooling1D()(layers.Embedding(7, 3, name="vectors")(words))
    save("parts", keras.Model([words, counts], [mean, layers.Dense(2, name="seen")(counts)]))
    odd = [layers.Input((2,), name=name) for name in ("a-1", "a_1", "A_1", "größe", "x y", "1st")]
    save("odd", keras.Model(odd, layers.Add(name="out-1")(odd)))
    inner = layers.Input((4,))
    low = layers.Dense(5, name="low")(layers.Dense(6, name="high")(inner))
    base = keras.Model(inner, low, name="base")
    image = layers.Input((4,), name="image")
    shared = layers.Dense(5, name="shared")
    hidden = shared(shared(base(image)))
    first, last = layers.Dense(3, name="first"), layers.Dense(2, name="last")
    first.trainable = False
    save("deep", keras.Model(image, last(first(hidden)), name="deep"))
    batch = layers.Input(batch_shape=(1, 3, 2), name="batch")
    steps = layers.Dense(4, name="before")(batch)
    steps = layers.LSTM(3, stateful=True, return_state=True, name="states")(steps)
    save("memory", keras.Model(batch, layers.Dense(2, name="after")(steps[0])))


def compiled():
    model = keras.Sequential([layers.Input((3,)), layers.Dense(4), layers.Dense(2)])
    model.compile("adam", "mean_squared_error")
    save("dense", model)
    model.layers[1].bias.assign([0.25, -0.5])
    save("other", model)


def legacy():
    """The same numbers written by Keras 2, and files that carry code."""
    new = keras.models.load_model(FOLDER / "dense.keras", compile=False)
    first, last = (layer.name for layer in new.layers)
    old = tf_keras.Sequential(
        [
            tf_keras.layers.Dense(4, input_shape=(3,), name=first),
            tf_keras.layers.Dense(2, name=last),
        ]
    )
    old.set_weights(new.get_weights())
    old.save(FOLDER / "dense_keras2.h5")
    mark = FOLDER / "ran"
    code = tf_keras.layers.Lambda(lambda x, mark=str(mark): (Path(mark).touch(), x)[1])
    nested = tf_keras.Sequential([tf_keras.layers.Dense(3, input_shape=(3,)), code])
    tf_keras.Sequential([nested, tf_keras.layers.Dense(2)]).save(FOLDER / "lambda.h5")
    mark.unlink()


def custom():
    import own_layers

    data = layers.Input((3,), name="data")
    hidden = own_layers.Scale(3.0, name="scale")(layers.Dense(4, activation=own_layers.swash)(data))
    model = keras.Model(data, own_layers.Offset(name="offset")(hidden))
    model.compile("adam", own_layers.odd_loss)
    save("custom", model)

    def unknown_argument(config):
        for layer in config["config"]["layers"]:
            if layer["class_name"] == "Scale":
                layer["config"]["extra"] = 1

    def unknown_objects(config):
        for layer in config["config"]["layers"]:
            if layer["class_name"] == "Scale":
                layer.update(class_name="Gone", registered_name="Gone")
            elif layer["class_name"] == "Dense":
                layer["config"]["activation"]["config"] = "lost_activation"

    def like_a_stock_function(config):
        config["config"]["layers"][1]["config"]["activation"] = {
            "module": "gone",
            "class_name": "function",
            "config": "relu",
            "registered_name": "relu",
        }

    def unknown_loss(config):
        config["compile_config"]["loss"] = {
            "module": "builtins",
            "class_name": "function",
            "config": "gone_loss",
            "registered_name": "function",
        }

    def more_units(config):
        config["config"]["layers"][1]["config"]["units"] = 5

    edit_config("dense", "broken", more_units)
    edit_config("custom", "custom_extra", unknown_argument)
    edit_config("custom", "named_custom", unknown_objects)
    edit_config("dense", "like_a_stock_function", like_a_stock_function)
    edit_config("dense", "lost_loss", unknown_loss)
    save("branches", keras.Model(data, own_layers.Branches()(data)))
    encoder = own_layers.Encoder()
    encoder(keras.ops.ones((1, 4)))
    save("encoder", encoder)
    save("noise", keras.Model(data, own_layers.Noise()(data)))


stock()
graphs()
served()
compiled()
legacy()
custom()
