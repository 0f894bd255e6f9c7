"""Functions that have no exact form, with the reason."""

from __future__ import annotations

LOST = "the file does not hold all of its tensors"
RANDOM = "it draws random numbers"
DATA = "the shape of its result depends on what is in its tensors"
LOOPS = "it holds functions, which no file does"
TEXTS = "it is of texts"
FILES = "it reads or writes files or their formats"
CHECKS = "it checks tensors and gives none"
RAGGED = "it is of ragged or sparse tensors"
NO_SUCH = "Keras has no such function"
BOXES = "it chooses boxes, or draws them"
DEVICES = "it is of devices or of their compilers"
GRADIENTS = "it is part of a gradient"
PYTHON = "it calls a function of Python"
SAMPLES = "it compares with classes drawn at random"
PATHS = "it searches paths through sequences"
SIGNS = "the signs of its vectors are what a machine makes of them"

REASONS: dict[str, str] = {
    "__operators__.eq": "the file does not hold what it compares with",
    "__operators__.ne": "the file does not hold what it compares with",
    "einsum": LOST,
    "meshgrid": LOST,
    "boolean_mask": DATA,
    "compat.v1.boolean_mask": DATA,
    "unique": DATA,
    "unique_with_counts": DATA,
    "dynamic_partition": DATA,
    "dynamic_stitch": DATA,
    "compat.v1.setdiff1d": DATA,
    "edit_distance": DATA,
    "linalg.qr": SIGNS,
    "linalg.eig": SIGNS,
    "linalg.eigh": SIGNS,
    "linalg.eigvals": "it gives complex numbers in no fixed order",
    "random.normal": RANDOM,
    "py_function": PYTHON,
    "numpy_function": PYTHON,
    "compat.v1.py_func": PYTHON,
    "print": "it prints",
    "compat.v1.Print": "it prints",
    "timestamp": "it asks the clock",
    "no_op": CHECKS,
    "keras.backend.ctc_decode": PATHS,
    "keras.backend.ctc_label_dense_to_sparse": RAGGED,
}

FAMILIES: tuple[tuple[str, str], ...] = (
    ("random.", RANDOM),
    ("image.random", RANDOM),
    ("image.stateless", RANDOM),
    ("nn.dropout", RANDOM),
    ("nn.experimental.", RANDOM),
    ("random_", RANDOM),
    ("keras.backend.random", RANDOM),
    ("image.sample_distorted", RANDOM),
    ("nn.fractional", RANDOM),
    ("nn.nce", SAMPLES),
    ("nn.sampled", SAMPLES),
    ("nn.compute_accidental", SAMPLES),
    ("strings.", TEXTS),
    ("string", TEXTS),
    ("substr", TEXTS),
    ("io.", FILES),
    ("audio.", FILES),
    ("decode_", FILES),
    ("image.adjust_jpeg", FILES),
    ("fingerprint", TEXTS),
    ("debugging.", CHECKS),
    ("ragged", RAGGED),
    ("sparse", RAGGED),
    ("sets.", RAGGED),
    ("__operators__.ragged", RAGGED),
    ("nn.embedding_lookup_sparse", RAGGED),
    ("nn.safe_embedding", RAGGED),
    ("xla_", DEVICES),
    ("tpu_", DEVICES),
    ("d_tensor", DEVICES),
    ("relayout", DEVICES),
    ("copy_to_mesh", DEVICES),
    ("configure_and", DEVICES),
    ("shutdown_", DEVICES),
    ("train.", GRADIENTS),
    ("cond", LOOPS),
    ("case", LOOPS),
    ("scan", LOOPS),
    ("fold", LOOPS),
    ("nn.ctc", PATHS),
    ("image.combined_non", BOXES),
    ("image.non_max", BOXES),
    ("image.draw_bounding", BOXES),
    ("image.generate_bounding", BOXES),
    ("nn.bidirectional", LOOPS),
    ("nn.dynamic_rnn", LOOPS),
    ("nn.raw_rnn", LOOPS),
    ("nn.static", LOOPS),
)
"""Beginnings of names, those of ``compat.v1`` without that."""

NO_FUNCTION = (
    *("math.bessel", "math.betainc", "math.digamma", "math.erfcinv", "math.igamma", "math.lbeta"),
    *("math.lgamma", "math.ndtri", "math.polygamma", "math.special", "math.zeta", "linalg.expm"),
    *("linalg.sqrtm", "linalg.lu", "math.sobol", "linalg.tridiagonal", "linalg.eigh_tridiagonal"),
    *("linalg.experimental", "nn.dilation2d", "nn.erosion2d", "nn.isotonic", "signal.fft3d"),
    *("signal.ifft3d", "fftnd", "ifftnd", "irfftnd", "rfftnd", "image.extract_glimpse"),
)


def reason(name: str) -> str:
    """Why there is no form for a function; empty where there is no other reason than that."""
    if name in REASONS:
        return REASONS[name]
    plain = name.removeprefix("compat.v1.")
    for beginning, why in FAMILIES:
        if plain.startswith(beginning):
            return why
    if "gradient" in plain or "backprop" in plain or plain.endswith("_grad"):
        return GRADIENTS
    return NO_SUCH if plain.startswith(NO_FUNCTION) else ""
