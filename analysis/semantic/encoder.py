"""Texts as vectors of meaning: tokens through a network of sentence-transformers, the mean over tokens, unit length.

Promises: a text gives the same vector alone or among others (texts are run with others of exactly their own length, so
nothing is padded), and whatever the number of cores (each run uses one thread; several run side by side). Time grows
linearly with the text: long ones are read in windows. Nothing is fetched.
"""

import os
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from analysis.semantic.folder import ModelFolder

_TOGETHER = 2048  # tokens in one run of the network
_AT_ONCE = 4  # runs side by side, at most
_ROOM = 2  # tokens that begin and end every window
_TINY = 1e-12

Vectors = NDArray[np.float64]
"""A row a text, each of unit length."""


class _Window(NamedTuple):
    text: int
    tokens: tuple[int, ...]


class Encoder:
    """Reads texts with one model."""

    def __init__(self, folder: ModelFolder) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._network = onnxruntime.InferenceSession(str(folder.network), options, providers=["CPUExecutionProvider"])
        self._inputs = {each.name for each in self._network.get_inputs()}
        self._tokenizer = Tokenizer.from_file(str(folder.tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._begin, self._end = self._tokenizer.encode("").ids
        self._longest = folder.manifest.longest - _ROOM
        self._pool = ThreadPoolExecutor(min(_AT_ONCE, os.cpu_count() or 1))

    def encode(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts, in their order; shape (texts, width of the model)."""
        by_length: dict[int, list[_Window]] = defaultdict(list)
        for at, each in enumerate(self._tokenizer.encode_batch(list(texts), add_special_tokens=False)):
            ids = each.ids
            for begin in range(0, max(1, len(ids)), self._longest):
                window = (self._begin, *ids[begin : begin + self._longest], self._end)
                by_length[len(window)].append(_Window(at, window))
        runs: list[list[_Window]] = []
        for length, windows in sorted(by_length.items()):
            step = max(1, _TOGETHER // length)
            runs += [windows[begin : begin + step] for begin in range(0, len(windows), step)]
        sums: Vectors | None = None
        for run, rows in zip(runs, self._pool.map(self._run, runs), strict=True):
            if sums is None:
                sums = np.zeros((len(texts), rows.shape[1]))
            for read, row in zip(run, rows, strict=True):  # one by one: a text may have several windows
                sums[read.text] += row
        return unit(sums) if sums is not None else np.zeros((0, 0))

    def _run(self, windows: list[_Window]) -> Vectors:
        """The sums over the tokens of windows of one length."""
        ids = np.array([each.tokens for each in windows], dtype=np.int64)
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        (states,) = self._network.run(None, {name: given[name] for name in self._inputs})
        summed: Vectors = states.sum(axis=1, dtype=np.float64)
        return summed


def unit(rows: Vectors) -> Vectors:
    """Rows of unit length; a row of zeros stays one."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: Vectors = rows / np.maximum(lengths, _TINY)
    return scaled
