"""What tensors are called in the SavedModels that an original tf.keras writes itself.

    ~/.cache/kfix/frameworks/tf-2.15.0/bin/python tools/signature_names.py FOLDER NAME… > names.json

FOLDER holds the samples of that writer, unpacked. ``tests/api/signature_names.json`` is made of
such runs: clients of those SavedModels use these names, so kfix has to keep them.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2


def names(path, folder):
    """Names of the inputs and outputs of ``serving_default``, sorted."""
    tf.keras.backend.clear_session()
    model = tf.keras.models.load_model(str(path), compile=False)
    model.save(folder, save_format="tf")
    message = saved_model_pb2.SavedModel()
    message.ParseFromString((Path(folder) / "saved_model.pb").read_bytes())
    found = message.meta_graphs[0].signature_def["serving_default"]
    return {"inputs": sorted(found.inputs), "outputs": sorted(found.outputs)}


def main():
    tf.get_logger().setLevel("ERROR")
    folder, wanted = Path(sys.argv[1]), sys.argv[2:]
    result = {}
    for name in wanted:
        path = folder / (name + ".h5")
        if not path.exists():
            continue
        with tempfile.TemporaryDirectory() as scratch:
            try:
                result[name] = names(path, scratch)
            except Exception as error:
                print(name, type(error).__name__, str(error)[:100], file=sys.stderr)
    print(json.dumps(result, indent=1, sort_keys=True))


if __name__ == "__main__":
    main()
