"""The network of MPNet (Song et al. 2020) written as ONNX from its weights, so that no framework of training is needed.

Twelve layers of attention with relative positions in 32 buckets (as in T5, Raffel et al. 2020), inputs `input_ids` and
`attention_mask` (texts, tokens), output the last hidden states (texts, tokens, 768). The same weights give the same
file. Needs the package `onnx`, and only here.
"""

import math
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from analysis.semantic.weights import Arrays

_HEADS = 12
_LAYERS = 12
_BUCKETS = 32
_FARTHEST = 128  # tokens apart that still have a bucket of their own
_LONGEST = 512
_OFFSET = 2  # MPNet numbers positions from 2
_SMALL = 1e-5
_MASKED = -1e9


def bucket_distances(longest: int = _LONGEST) -> NDArray[np.int32]:
    """The bucket of each pair of positions, shape (longest, longest): near ones apart, far ones by logarithm."""
    places = np.arange(longest)
    back = places[:, None] - places[None, :]
    half = _BUCKETS // 2
    away, exact = np.abs(back), half // 2
    far = exact + np.log(np.maximum(away, 1) / exact) / math.log(_FARTHEST / exact) * (half - exact)
    bucket = np.where(away < exact, away, np.minimum(far.astype(np.int64), half - 1))
    whole: NDArray[np.int32] = (bucket + np.where(back < 0, half, 0)).astype(np.int32)
    return whole


class _Graph:
    """Nodes and constants in the making."""

    def __init__(self, weights: Arrays) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def hold(self, name: str, values: Any) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, kind: str, inputs: list[str], output: str, **settings: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **settings))
        return output

    def dense(self, given: str, weights: str, output: str) -> str:
        matrix = self.hold(f"{weights}.T", self.weights[f"{weights}.weight"].T)
        shift = self.hold(f"{weights}.b", self.weights[f"{weights}.bias"])
        return self.add("Add", [self.add("MatMul", [given, matrix], f"{output}.m"), shift], output)

    def norm(self, given: str, weights: str, output: str) -> str:
        scale = self.hold(f"{weights}.s", self.weights[f"{weights}.weight"])
        shift = self.hold(f"{weights}.b", self.weights[f"{weights}.bias"])
        return self.add("LayerNormalization", [given, scale, shift], output, axis=-1, epsilon=_SMALL)


def write_network(weights: Arrays) -> bytes:
    """The ONNX file. Raises KeyError where the weights are not those of MPNet."""
    graph = _Graph(weights)
    size = weights["embeddings.word_embeddings.weight"].shape[1]
    state = _embed(graph)
    graph.hold("split", np.array([0, 0, _HEADS, size // _HEADS], dtype=np.int64))
    graph.hold("merge", np.array([0, 0, size], dtype=np.int64))
    graph.hold("root", np.float32(1 / math.sqrt(size // _HEADS)))
    for layer in range(_LAYERS):
        state = _layer(graph, state, layer)
    graph.add("Identity", [state], "last_hidden_state")
    tokens = ["texts", "tokens"]
    made = helper.make_graph(
        graph.nodes,
        "mpnet",
        [helper.make_tensor_value_info(name, TensorProto.INT64, tokens) for name in ("input_ids", "attention_mask")],
        [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, [*tokens, size])],
        graph.constants,
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=10, producer_name="hearten")
    onnx.checker.check_model(model)
    written: bytes = model.SerializeToString(deterministic=True)
    return written


def _embed(graph: _Graph) -> str:
    """Words and places, and what every layer adds to its attention: the bias of distances and the mask."""
    places = graph.weights["embeddings.position_embeddings.weight"][_OFFSET : _OFFSET + _LONGEST]
    graph.hold("words", graph.weights["embeddings.word_embeddings.weight"])
    graph.hold("places", places)
    graph.hold("buckets", bucket_distances())
    graph.hold("biases", graph.weights["encoder.relative_attention_bias.weight"])
    for name, values in (("zero", [0]), ("first", [1]), ("second", [2]), ("corner", [0, 0]), ("both", [0, 1])):
        graph.hold(name, np.array(values, dtype=np.int64))
    graph.add("Slice", [graph.add("Shape", ["input_ids"], "shape"), "first", "second"], "length")
    graph.add("Slice", ["places", "zero", "length", "zero"], "place")
    graph.add("Add", [graph.add("Gather", ["words", "input_ids"], "word"), "place"], "embedded")
    graph.add("Concat", ["length", "length"], "square", axis=0)
    graph.add("Slice", ["buckets", "corner", "square", "both"], "bucket")
    graph.add("Transpose", [graph.add("Gather", ["biases", "bucket"], "biased")], "distance", perm=[2, 0, 1])
    graph.add("Unsqueeze", ["attention_mask", graph.hold("inner", np.array([1, 2], dtype=np.int64))], "wide")
    graph.add("Cast", ["wide"], "shown", to=TensorProto.FLOAT)
    graph.add("Sub", [graph.hold("one", np.float32(1)), "shown"], "hidden")
    graph.add("Mul", ["hidden", graph.hold("masked", np.float32(_MASKED))], "mask")
    graph.add("Add", ["distance", "mask"], "bias")
    return graph.norm("embedded", "embeddings.LayerNorm", "state")


def _layer(graph: _Graph, state: str, number: int) -> str:
    held, own = f"encoder.layer.{number}", f"layer{number}"
    for name, order in (("q", [0, 2, 1, 3]), ("k", [0, 2, 3, 1]), ("v", [0, 2, 1, 3])):
        dense = graph.dense(state, f"{held}.attention.attn.{name}", f"{own}.{name}")
        parted = graph.add("Reshape", [dense, "split"], f"{own}.{name}.parted")
        graph.add("Transpose", [parted], f"{own}.{name}.heads", perm=order)
    matched = graph.add("MatMul", [f"{own}.q.heads", f"{own}.k.heads"], f"{own}.matched")
    scaled = graph.add("Mul", [matched, "root"], f"{own}.scaled")
    shares = graph.add("Softmax", [graph.add("Add", [scaled, "bias"], f"{own}.heard")], f"{own}.shares", axis=-1)
    mixed = graph.add("MatMul", [shares, f"{own}.v.heads"], f"{own}.mixed")
    turned = graph.add("Transpose", [mixed], f"{own}.turned", perm=[0, 2, 1, 3])
    merged = graph.add("Reshape", [turned, "merge"], f"{own}.merged")
    seen = graph.add("Add", [graph.dense(merged, f"{held}.attention.attn.o", f"{own}.o"), state], f"{own}.seen")
    settled = graph.norm(seen, f"{held}.attention.LayerNorm", f"{own}.settled")
    wide = graph.add("Gelu", [graph.dense(settled, f"{held}.intermediate.dense", f"{own}.wide")], f"{own}.bent")
    thought = graph.add("Add", [graph.dense(wide, f"{held}.output.dense", f"{own}.narrow"), settled], f"{own}.thought")
    return graph.norm(thought, f"{held}.output.LayerNorm", f"{own}.state")
