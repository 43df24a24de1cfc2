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


Spans = Sequence[tuple[int, int]]
"""First and last (exclusive) code point of each segment of a text."""


class _Window(NamedTuple):
    """Tokens that are run together: whose they are, and the segment of each (-1 for none), counted over all texts."""

    text: int
    tokens: tuple[int, ...]
    segments: tuple[int, ...]


class Encoder:
    """Reads texts with one model."""

    def __init__(self, folder: ModelFolder) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._network = onnxruntime.InferenceSession(str(folder.network), options, providers=["CPUExecutionProvider"])
        self._inputs = {each.name for each in self._network.get_inputs()}
        self.width = int(self._network.get_outputs()[0].shape[-1])
        self._tokenizer = Tokenizer.from_file(str(folder.tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._begin, self._end = self._tokenizer.encode("").ids
        self._longest = folder.manifest.longest - _ROOM
        self._pool = ThreadPoolExecutor(min(_AT_ONCE, os.cpu_count() or 1))

    def encode(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts, in their order; shape (texts, width of the model)."""
        return self.encode_parts(texts, [()] * len(texts))[0]

    def encode_parts(self, texts: Sequence[str], spans: Sequence[Spans]) -> tuple[Vectors, Vectors]:
        """The vectors of texts, and of all their segments one after the other, as they are meant in their text.

        A text is read once: a segment's vector is the mean of its own tokens, each of which has seen the others."""
        windows = self._cut(texts, spans)
        by_length: dict[int, list[_Window]] = defaultdict(list)
        for window in windows:
            by_length[len(window.tokens)].append(window)
        runs: list[list[_Window]] = []
        for length, alike in sorted(by_length.items()):
            step = max(1, _TOGETHER // length)
            runs += [alike[begin : begin + step] for begin in range(0, len(alike), step)]
        whole = np.zeros((len(texts), self.width))
        parts = np.zeros((sum(len(each) for each in spans), self.width))
        for run, states in zip(runs, self._pool.map(self._run, runs), strict=True):
            for window, rows in zip(run, states, strict=True):
                whole[window.text] += rows.sum(axis=0, dtype=np.float64)
                held = np.array(window.segments)
                for segment in np.unique(held[held >= 0]):
                    parts[segment] += rows[held == segment].sum(axis=0, dtype=np.float64)
        return unit(whole), unit(parts)

    def _cut(self, texts: Sequence[str], spans: Sequence[Spans]) -> list[_Window]:
        """The windows of texts. The tokenizer counts code points too."""
        windows = []
        before = 0
        for at, each in enumerate(self._tokenizer.encode_batch(list(texts), add_special_tokens=False)):
            begins = np.array([first for first, _ in spans[at]])
            starts = np.array([first for first, _ in each.offsets])
            places = np.searchsorted(begins, starts, side="right") - 1 + before if len(begins) else starts * 0 - 1
            before += len(begins)
            for first in range(0, max(1, len(each.ids)), self._longest):
                tokens = each.ids[first : first + self._longest]
                segments = places[first : first + self._longest].tolist()
                windows.append(_Window(at, (self._begin, *tokens, self._end), (-1, *segments, -1)))
        return windows

    def _run(self, windows: list[_Window]) -> NDArray[np.float32]:
        """What the network makes of windows of one length; shape (windows, tokens, width)."""
        ids = np.array([each.tokens for each in windows], dtype=np.int64)
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        (states,) = self._network.run(None, {name: given[name] for name in self._inputs})
        last: NDArray[np.float32] = states
        return last


def unit(rows: Vectors) -> Vectors:
    """Rows of unit length; a row of zeros stays one."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: Vectors = rows / np.maximum(lengths, _TINY)
    return scaled
