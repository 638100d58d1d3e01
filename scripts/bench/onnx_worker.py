"""onnxruntime's side of `make bench`, CPU provider: see serve.py."""

from functools import cache
from pathlib import Path
from time import perf_counter

import serve
import fashion

fashion.limit_threads(serve.threads())

import numpy as np  # noqa: E402 (after the threads are set)
import onnx  # noqa: E402
import onnxruntime  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from safetensors.numpy import load_file  # noqa: E402

# The graph needs nothing newer, and every onnxruntime of the last years reads it.
OPSET = helper.make_opsetid("", 17)
IR_VERSION = 8


def about(**_) -> dict:
    return {"version": onnxruntime.__version__, "threads": serve.threads()}


def graph(model: str) -> onnx.ModelProto:
    """The reference network's encoder as ONNX, with the weights of a model file of tenun."""
    tensors, nodes, weights, here = load_file(model), [], [], "image"
    for i in range(1, 4):
        names = [f"encoder.conv{i}.{kind}" for kind in ("weight", "bias")]
        weights += [numpy_helper.from_array(tensors[name], name) for name in names]
        nodes += [
            helper.make_node("Conv", [here, *names], [f"conv{i}"], kernel_shape=[3, 3], pads=[1] * 4),
            helper.make_node("Relu", [f"conv{i}"], [f"relu{i}"]),
            helper.make_node(
                "MaxPool", [f"relu{i}"], [f"pool{i}"], kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1
            ),
        ]
        here = f"pool{i}"
    nodes.append(helper.make_node("Flatten", [here], ["code"]))
    inputs = [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["images", 1, 28, 28])]
    outputs = [helper.make_tensor_value_info("code", TensorProto.FLOAT, ["images", 128])]
    whole = helper.make_graph(nodes, "encoder", inputs, outputs, weights)
    result = helper.make_model(whole, opset_imports=[OPSET], ir_version=IR_VERSION)
    onnx.checker.check_model(result)
    return result


@cache
def session(model: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = serve.threads()
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(graph(model).SerializeToString(), options, ["CPUExecutionProvider"])


@cache
def images(data: str) -> np.ndarray:
    return fashion.read(Path(data), "train")[:, None]


def encode(model: str, data: str, limit: int, batch: int, compare: str | None = None, **_) -> dict:
    """The codes of the first `limit` training images, and how far they are from those in the file `compare`."""
    x, run = images(data)[:limit], session(model).run
    codes, start = np.empty((len(x), 128), np.float32), perf_counter()
    for first in range(0, len(x), batch):
        codes[first : first + batch] = run(None, {"image": x[first : first + batch]})[0]
    answer = {"seconds": perf_counter() - start, "images": len(x)}
    if compare:
        golden = np.fromfile(compare, np.float32).reshape(codes.shape)
        answer |= {"apart": float(np.abs(codes - golden).max()), "largest": float(np.abs(golden).max())}
    return answer


def latency(model: str, count: int, **_) -> dict:
    run, x = session(model).run, np.random.default_rng(1).random((1, 1, 28, 28), np.float32)
    return serve.times(lambda: run(None, {"image": x}), count=count)


serve.serve({"about": about, "encode": encode, "latency": latency})
