"""The nodes of TensorFlow 2.0 to 2.3's graphs: which function each is, and its inputs in order.

A TensorFlowOpLayer holds a NodeDef: the name of a kernel, its attributes, and which of its inputs
are constants.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from converter.model.description import Json, Layer
from converter.ops.nodes import NoForm
from converter.ops.refused import DATA, RANDOM

UNARY = {
    "math.abs": "Abs",
    "math.acos": "Acos",
    "math.acosh": "Acosh",
    "math.asin": "Asin",
    "math.asinh": "Asinh",
    "math.atan": "Atan",
    "math.atanh": "Atanh",
    "bitwise.invert": "Invert",
    "math.ceil": "Ceil",
    "identity": "Identity Snapshot PreventGradient",
    "math.cos": "Cos",
    "math.cosh": "Cosh",
    "math.erf": "Erf",
    "math.erfc": "Erfc",
    "math.erfinv": "Erfinv",
    "math.conj": "Conj",
    "math.exp": "Exp",
    "math.expm1": "Expm1",
    "math.floor": "Floor",
    "math.is_finite": "IsFinite",
    "math.is_inf": "IsInf",
    "math.is_nan": "IsNan",
    "math.log": "Log",
    "math.log1p": "Log1p",
    "math.logical_not": "LogicalNot",
    "math.negative": "Neg",
    "math.reciprocal": "Reciprocal",
    "math.round": "Round Rint",
    "math.rsqrt": "Rsqrt",
    "math.sigmoid": "Sigmoid",
    "math.sign": "Sign",
    "math.sin": "Sin",
    "math.sinh": "Sinh",
    "math.softplus": "Softplus",
    "math.sqrt": "Sqrt",
    "math.square": "Square",
    "math.tan": "Tan",
    "math.tanh": "Tanh",
    "stop_gradient": "StopGradient",
}

BINARY = {
    "bitwise.bitwise_and": "BitwiseAnd",
    "bitwise.bitwise_or": "BitwiseOr",
    "bitwise.bitwise_xor": "BitwiseXor",
    "bitwise.left_shift": "LeftShift",
    "bitwise.right_shift": "RightShift",
    "math.add": "Add AddV2",
    "math.divide_no_nan": "DivNoNan",
    "math.equal": "Equal",
    "math.floordiv": "FloorDiv",
    "math.floormod": "FloorMod",
    "math.greater": "Greater",
    "math.greater_equal": "GreaterEqual",
    "math.less": "Less",
    "math.less_equal": "LessEqual",
    "math.logical_and": "LogicalAnd",
    "math.logical_or": "LogicalOr",
    "math.maximum": "Maximum",
    "math.minimum": "Minimum",
    "math.multiply": "Mul",
    "math.multiply_no_nan": "MulNoNan",
    "math.not_equal": "NotEqual",
    "math.pow": "Pow",
    "math.squared_difference": "SquaredDifference",
    "math.subtract": "Sub",
    "math.truediv": "RealDiv",
    "math.xdivy": "Xdivy",
    "math.xlog1py": "Xlog1py",
    "math.xlogy": "Xlogy",
    "truncatediv": "TruncateDiv",
    "truncatemod": "TruncateMod",
}

REDUCTIONS = {
    "math.reduce_all": "All",
    "math.reduce_any": "Any",
    "math.reduce_euclidean_norm": "EuclideanNorm",
    "math.reduce_max": "Max",
    "math.reduce_mean": "Mean",
    "math.reduce_min": "Min",
    "math.reduce_prod": "Prod",
    "math.reduce_sum": "Sum",
}

MASKS = "begin_mask end_mask ellipsis_mask new_axis_mask shrink_axis_mask"
WINDOW = "ksize strides padding data_format"
GRID = "align_corners half_pixel_centers"

Node = tuple[str, str, str]

SEGMENTS = {"Max": "max", "Min": "min", "Prod": "prod", "Sum": "sum"}

SCATTERED: dict[str, Node] = {
    "GatherNd": ("gather_nd", "params indices", ""),
    "ScatterNd": ("scatter_nd", "indices updates shape", ""),
    "SegmentMean": ("math.segment_mean", "data segment_ids", ""),
    "TensorScatterAdd": ("tensor_scatter_nd_add", "tensor indices updates", ""),
    "TensorScatterSub": ("tensor_scatter_nd_sub", "tensor indices updates", ""),
    "TensorScatterUpdate": ("tensor_scatter_nd_update", "tensor indices updates", ""),
    **{
        f"Segment{kernel}": (f"math.segment_{name}", "data segment_ids", "")
        for kernel, name in SEGMENTS.items()
    },
    **{
        f"UnsortedSegment{kernel}": (
            f"math.unsorted_segment_{name}",
            "data segment_ids num_segments",
            "",
        )
        for kernel, name in SEGMENTS.items()
    },
}

OF_MATRICES: dict[str, Node] = {
    "Cholesky": ("linalg.cholesky", "input", ""),
    "Diag": ("linalg.tensor_diag", "diagonal", ""),
    "DiagPart": ("linalg.tensor_diag_part", "input", ""),
    "MatrixDiag": ("linalg.diag", "diagonal", ""),
    "MatrixDiagV3": ("linalg.diag", "diagonal k num_rows num_cols padding_value", "align"),
    "MatrixSetDiag": ("linalg.set_diag", "input diagonal", ""),
    "MatrixSetDiagV3": ("linalg.set_diag", "input diagonal k", "align"),
    "MatrixSolve": ("linalg.solve", "matrix rhs", "adjoint"),
    "MatrixTriangularSolve": ("linalg.triangular_solve", "matrix rhs", "lower adjoint"),
}

OF_SIGNALS: dict[str, Node] = {
    "Angle": ("math.angle", "input", ""),
    "Complex": ("dtypes.complex", "real imag", ""),
    "ComplexAbs": ("kernel.ComplexAbs", "x", ""),
    "FFT": ("signal.fft", "input", ""),
    "FFT2D": ("signal.fft2d", "input", ""),
    "IFFT": ("signal.ifft", "input", ""),
    "IFFT2D": ("signal.ifft2d", "input", ""),
    "IRFFT": ("signal.irfft", "input_tensor fft_length", ""),
    "Imag": ("math.imag", "input", ""),
    "RFFT": ("signal.rfft", "input_tensor fft_length", ""),
    "Real": ("math.real", "input", ""),
}

OF_PICTURES: dict[str, Node] = {
    "AdjustHue": ("image.adjust_hue", "image delta", ""),
    "AdjustSaturation": ("image.adjust_saturation", "image saturation_factor", ""),
    "CropAndResize": (
        "image.crop_and_resize",
        "image boxes box_indices crop_size",
        "method extrapolation_value",
    ),
    "ExtractImagePatches": (
        "image.extract_patches",
        "images",
        "sizes=ksizes strides rates padding",
    ),
    "ResizeArea": ("compat.v1.image.resize_area", "images size", "align_corners"),
    "ResizeBicubic": ("compat.v1.image.resize_bicubic", "images size", GRID),
}

SELDOM: dict[str, Node] = {
    "BatchToSpaceND": ("batch_to_space", "input block_shape crops", ""),
    "CheckNumerics": ("debugging.check_numerics", "x", "message"),
    "Conv2DBackpropInput": (
        "nn.conv2d_transpose",
        "output_shape filters input",
        "strides padding data_format dilations",
    ),
    "Conv3DBackpropInputV2": (
        "nn.conv3d_transpose",
        "output_shape filters input",
        "strides padding data_format dilations",
    ),
    "CumulativeLogsumexp": ("math.cumulative_logsumexp", "x axis", "exclusive reverse"),
    "FakeQuantWithMinMaxArgs": (
        "quantization.fake_quant_with_min_max_args",
        "inputs",
        "min max num_bits narrow_range",
    ),
    "FakeQuantWithMinMaxVars": (
        "quantization.fake_quant_with_min_max_vars",
        "inputs min max",
        "num_bits narrow_range",
    ),
    "EnsureShape": ("ensure_shape", "x", "shape"),
    "Fill": ("fill", "dims value", ""),
    "HistogramFixedWidth": ("histogram_fixed_width", "values value_range nbins", "dtype"),
    "InTopKV2": ("compat.v1.math.in_top_k", "predictions targets k", ""),
    "InvertPermutation": ("math.invert_permutation", "x", ""),
    "L2Loss": ("nn.l2_loss", "t", ""),
    "LinSpace": ("linspace", "start stop num", ""),
    "NextAfter": ("math.nextafter", "x1 x2", ""),
    "Range": ("range", "start limit delta", ""),
    "Rank": ("rank", "input", ""),
    "ReverseSequence": ("reverse_sequence", "input seq_lengths", "seq_dim batch_dim"),
    "Select": ("compat.v1.where", "condition x y", ""),
    "Size": ("size", "input", "out_type"),
    "SoftmaxCrossEntropyWithLogits": (
        "nn.softmax_cross_entropy_with_logits",
        "logits labels",
        "",
    ),
    "SpaceToBatchND": ("space_to_batch_nd", "input block_shape paddings", ""),
    "SparseSoftmaxCrossEntropyWithLogits": (
        "nn.sparse_softmax_cross_entropy_with_logits",
        "logits labels",
        "",
    ),
    "UnravelIndex": ("unravel_index", "indices dims", ""),
}

NODES: dict[str, Node] = {
    "AddN": ("math.add_n", "*inputs", ""),
    "AdjustContrastv2": ("image.adjust_contrast", "images contrast_factor", ""),
    "ArgMax": ("math.argmax", "input axis", "output_type"),
    "ArgMin": ("math.argmin", "input axis", "output_type"),
    "Atan2": ("math.atan2", "y x", ""),
    "AvgPool": ("compat.v1.nn.avg_pool", "input", WINDOW),
    "AvgPool3D": ("nn.avg_pool3d", "input", WINDOW),
    "BatchMatMul": ("linalg.matmul", "a b", "adjoint_a=adj_x adjoint_b=adj_y"),
    "BatchMatMulV2": ("linalg.matmul", "a b", "adjoint_a=adj_x adjoint_b=adj_y"),
    "BiasAdd": ("nn.bias_add", "value bias", "data_format"),
    "BroadcastTo": ("broadcast_to", "input shape", ""),
    "Cast": ("cast", "x", "dtype=DstT"),
    "ClipByValue": ("clip_by_value", "t clip_value_min clip_value_max", ""),
    "ConcatV2": ("concat", "*values axis", ""),
    "Conv2D": ("nn.conv2d", "input filter", "strides padding data_format dilations"),
    "Conv3D": ("nn.conv3d", "input filter", "strides padding data_format dilations"),
    "Cross": ("linalg.cross", "a b", ""),
    "Cumprod": ("math.cumprod", "x axis", "exclusive reverse"),
    "Cumsum": ("math.cumsum", "x axis", "exclusive reverse"),
    "DepthToSpace": ("nn.depth_to_space", "input", "block_size data_format"),
    "DepthwiseConv2dNative": (
        "nn.depthwise_conv2d",
        "input filter",
        "strides padding data_format dilations",
    ),
    "Einsum": ("kernel.einsum", "*inputs", "equation"),
    "Elu": ("nn.elu", "features", ""),
    "ExpandDims": ("expand_dims", "input axis", ""),
    "GatherV2": ("gather", "params indices axis", "batch_dims"),
    "HSVToRGB": ("image.hsv_to_rgb", "images", ""),
    "LRN": ("nn.local_response_normalization", "input", "depth_radius bias alpha beta"),
    "LeakyRelu": ("nn.leaky_relu", "features", "alpha"),
    "LogSoftmax": ("nn.log_softmax", "logits", ""),
    "MatMul": ("linalg.matmul", "a b", "transpose_a transpose_b"),
    "MatrixBandPart": ("linalg.band_part", "input num_lower num_upper", ""),
    "MatrixDeterminant": ("linalg.det", "input", ""),
    "MatrixDiagPart": ("linalg.diag_part", "input", ""),
    "MatrixDiagPartV3": ("linalg.diag_part", "input k padding_value", "align"),
    "MatrixInverse": ("linalg.inv", "input", "adjoint"),
    "MaxPool": ("compat.v1.nn.max_pool", "input", WINDOW),
    "MaxPool3D": ("nn.max_pool3d", "input", WINDOW),
    "MirrorPad": ("pad", "tensor paddings", "mode"),
    "OneHot": ("one_hot", "indices depth on_value off_value", "axis dtype=T"),
    "OnesLike": ("ones_like", "input", ""),
    "Pack": ("stack", "*values", "axis"),
    "Pad": ("pad", "tensor paddings", ""),
    "PadV2": ("pad", "tensor paddings constant_values", ""),
    "RGBToHSV": ("image.rgb_to_hsv", "images", ""),
    "Relu": ("nn.relu", "features", ""),
    "Relu6": ("nn.relu6", "features", ""),
    "Reshape": ("reshape", "tensor shape", ""),
    "ResizeBilinear": ("compat.v1.image.resize_bilinear", "images size", GRID),
    "ResizeNearestNeighbor": ("compat.v1.image.resize_nearest_neighbor", "images size", GRID),
    "ReverseV2": ("reverse", "tensor axis", ""),
    "Roll": ("roll", "input shift axis", ""),
    "SelectV2": ("where", "condition x y", ""),
    "Selu": ("nn.selu", "features", ""),
    "Shape": ("shape", "input", "out_type"),
    "Slice": ("slice", "input_ begin size", ""),
    "Softmax": ("nn.softmax", "logits", ""),
    "Softsign": ("nn.softsign", "features", ""),
    "SpaceToDepth": ("nn.space_to_depth", "input", "block_size data_format"),
    "Split": ("split", "axis value", "num_or_size_splits=num_split"),
    "SplitV": ("split", "value num_or_size_splits axis", ""),
    "Squeeze": ("squeeze", "input", "axis=squeeze_dims"),
    "StridedSlice": ("strided_slice", "input_ begin end strides", MASKS),
    "Tile": ("tile", "input multiples", ""),
    "TopKV2": ("math.top_k", "input k", "sorted"),
    "Transpose": ("transpose", "a perm", ""),
    "Unpack": ("unstack", "value", "num axis"),
    "ZerosLike": ("zeros_like", "input", ""),
    **SCATTERED,
    **OF_MATRICES,
    **OF_SIGNALS,
    **OF_PICTURES,
    **SELDOM,
}
"""Kernel: the function, its parameters in the order of the kernel's inputs, its attributes.

A parameter with a star takes all inputs that the others leave.
"""

for _function, _kernels in UNARY.items():
    NODES.update(dict.fromkeys(_kernels.split(), (_function, "x", "")))
for _function, _kernels in BINARY.items():
    NODES.update(dict.fromkeys(_kernels.split(), (_function, "x y", "")))
for _function, _kernels in REDUCTIONS.items():
    NODES.update(dict.fromkeys([_kernels], (_function, "input_tensor axis", "keepdims=keep_dims")))

DRAWN = ("Random", "Stateless", "Multinomial", "TruncatedNormal", "ParameterizedTruncated")
"""Beginnings of the names of kernels that draw random numbers."""

OF_DATA = frozenset({"DynamicPartition", "DynamicStitch", "Unique", "UniqueV2", "Where"})
"""Kernels whose results have a shape that depends on what is in their tensors."""

DTYPES = {
    "DT_BFLOAT16": "bfloat16",
    "DT_BOOL": "bool",
    "DT_COMPLEX128": "complex128",
    "DT_COMPLEX64": "complex64",
    "DT_DOUBLE": "float64",
    "DT_FLOAT": "float32",
    "DT_HALF": "float16",
    "DT_INT16": "int16",
    "DT_INT32": "int32",
    "DT_INT64": "int64",
    "DT_INT8": "int8",
    "DT_UINT16": "uint16",
    "DT_UINT32": "uint32",
    "DT_UINT64": "uint64",
    "DT_UINT8": "uint8",
}


def kernel(layer: Layer) -> str:
    """The name of a TensorFlowOpLayer's kernel, empty where the file does not say it."""
    node = layer.config.get("node_def")
    return str(node.get("op", "")) if isinstance(node, Mapping) else ""


def arguments(layer: Layer, tensors: Sequence[Any]) -> tuple[str, dict[str, Any]]:
    """The function that a TensorFlowOpLayer stands for, and its arguments by name.

    Args:
        layer: the layer.
        tensors: what it is called with.

    Raises:
        NoForm: when its kernel is not known.
    """
    node = layer.config.get("node_def")
    if not isinstance(node, Mapping):
        raise NoForm("its node is stored in a form that is not read")
    if kernel(layer) not in NODES:
        raise NoForm(_reason(kernel(layer)) or f"there is no form for the kernel {kernel(layer)}")
    name, inputs, attributes = NODES[kernel(layer)]
    given = _named(inputs.split(), _inputs(layer, node, tensors))
    attr = node.get("attr", {})
    for each in attributes.split():
        parameter, _, key = each.partition("=")
        if (key or parameter) in attr:
            given[parameter] = _attribute(attr[key or parameter])
    return name, given


def _reason(name: str) -> str:
    """Why there is no form for a kernel; empty where there is no other reason than that."""
    if name.startswith(DRAWN):
        return RANDOM
    return DATA if name in OF_DATA else ""


def _inputs(layer: Layer, node: Mapping[str, Json], tensors: Sequence[Any]) -> list[Any]:
    """Constants and tensors in the order of the kernel's inputs."""
    constants = {int(key): value for key, value in (layer.config.get("constants") or {}).items()}
    rest = iter(tensors)
    names = [each for each in node.get("input", []) if not str(each).startswith("^")]
    count = max([len(names), *(key + 1 for key in constants)])
    found = [constants[index] if index in constants else next(rest, None) for index in range(count)]
    if any(each is None for each in found) or next(rest, None) is not None:
        raise NoForm("its tensors are not those of its node")
    return found


def _named(parameters: list[str], inputs: list[Any]) -> dict[str, Any]:
    if not parameters[0].startswith("*"):
        if len(inputs) > len(parameters):
            raise NoForm("its tensors are not those of its node")
        return dict(zip(parameters, inputs, strict=False))
    behind = len(parameters) - 1
    several = inputs[: len(inputs) - behind]
    rest = zip(parameters[1:], inputs[len(several) :], strict=True)
    return {parameters[0][1:]: several, **dict(rest)}


def _attribute(value: Json) -> Any:
    """An attribute in the form that protocol buffers have in JSON."""
    kind, content = next(iter(value.items()))
    if kind == "list":
        return [_attribute({key: each}) for key, many in content.items() for each in many]
    if kind == "i":
        return int(content)
    if kind == "type":
        return DTYPES.get(content, content)
    return base64.b64decode(content).decode() if kind == "s" else content
