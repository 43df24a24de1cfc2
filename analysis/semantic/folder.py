"""A model's folder: what is in it, and the promise that every file is the one that was measured.

`model.toml` names the files and the SHA-256 of each. A file that is missing or changed stops the start with one
sentence; nothing is loaded before all of them are checked.
"""

import hashlib
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from analysis.content import read_bytes, read_toml
from analysis.errors import ContentError
from analysis.model import Frozen

MANIFEST = "model.toml"
VECTORS = "vectors.npz"
_CHUNK = 1 << 20

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Manifest(Frozen):
    """What model.toml holds."""

    id: str = Field(min_length=1)
    licence: str = Field(min_length=1)
    source: str = Field(min_length=1)
    network: str
    tokenizer: str
    longest: int = Field(ge=16, le=512, description="Tokens that the network reads in one go.")
    files: dict[str, Sha256]
    stance_words: float | None = Field(
        None, ge=0, description="What words are worth beside this model in a stance; else what semantic.toml says."
    )
    packages: dict[str, str] = Field({}, description="The installed package that holds a file that is not here.")


class ModelFolder:
    """A folder whose files were checked."""

    def __init__(self, path: Path) -> None:
        """Raises ContentError where model.toml breaks a rule, or a file is missing or changed."""
        if not (path / MANIFEST).is_file():
            raise ContentError(f"{path.name} is not a model folder: it holds no {MANIFEST}. Give another to --model.")
        self.path = path
        self.manifest = read_toml(path / MANIFEST, Manifest)
        self.sha256 = hashlib.sha256(read_bytes(path / MANIFEST)).hexdigest()
        for wanted in (self.manifest.network, self.manifest.tokenizer):
            if wanted not in self.manifest.files:
                raise ContentError(f"{MANIFEST} of {path.name} pins no SHA-256 for {wanted}: add it under [files].")
        self._found = {name: self._check(name, pin) for name, pin in self.manifest.files.items()}

    @property
    def network(self) -> Path:
        return self._found[self.manifest.network]

    @property
    def tokenizer(self) -> Path:
        return self._found[self.manifest.tokenizer]

    @property
    def vectors(self) -> Path:
        """Where vectors of exemplars are remembered; the file may be missing."""
        return self.path / VECTORS

    def _check(self, name: str, pin: str) -> Path:
        package = self.manifest.packages.get(name)
        file = self.path / name
        if package is not None and not file.is_file():
            found = find_spec(package)
            if found is None or found.origin is None:
                raise ContentError(
                    f"The model {self.manifest.id} is not installed: install the extra with "
                    '`pip install "hearten[semantic]"`, or choose --engine lexical.'
                )
            file = Path(found.origin).parent / name
        if not file.is_file():
            raise ContentError(f"The model folder {self.path.name} lacks {name}: prepare the folder again.")
        if hash_file(file) != pin:
            raise ContentError(
                f"{name} of the model {self.manifest.id} is not the file that was measured (its SHA-256 differs): "
                "install or prepare the model again."
            )
        return file


def hash_file(file: Path) -> str:
    """The SHA-256 of a file, read in pieces."""
    digest = hashlib.sha256()
    try:
        with file.open("rb") as stream:
            while piece := stream.read(_CHUNK):
                digest.update(piece)
    except OSError as error:
        raise ContentError(f"Cannot read {file.name}: check that you may read it.") from error
    return digest.hexdigest()


def small_model() -> Path:
    """The folder of the small model, which comes with the extra."""
    return Path(str(files(__package__) / "minilm"))
