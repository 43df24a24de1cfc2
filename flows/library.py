"""Reading guides from their files, and saying everything that is wrong with them at once.

A guide is a folder with a `guide.toml`. The sentences, commands, signs of distress and contacts that all guides share
are in `flows/guides/shared/`; a guide's folder may hold its own file of the same name, which then takes the place of
the shared one.
"""

from pathlib import Path

from pydantic import ValidationError

from flows.errors import GuideError, Problem, problems_of, read_toml
from flows.guide import Guide

GUIDES = Path(__file__).parent / "guides"
SHARED = GUIDES / "shared"
SHARED_PARTS = ("words", "commands", "distress", "contacts")


def guide_names() -> list[str]:
    """The guides that come with Hearten."""
    return sorted(folder.parent.name for folder in GUIDES.glob("*/guide.toml"))


def load_guide(name: str) -> Guide:
    """A guide by its name, or by the path of its folder. Raises GuideError, which lists every problem."""
    folder = _folder(name)
    content = read_toml(folder / "guide.toml", GuideError)
    files = {part: _part_file(folder, part) for part in SHARED_PARTS}
    for part in SHARED_PARTS:
        if part in content:
            rule = f"a guide does not hold {part!r}"
            raise GuideError(
                [Problem(str(folder / "guide.toml"), part, rule, f"Put it into a file {part}.toml beside it.")]
            )
        content[part] = read_toml(files[part], GuideError)
    try:
        return Guide.model_validate(content)
    except ValidationError as error:
        names = {part: str(file) for part, file in files.items()}
        raise GuideError(problems_of(error, names, str(folder / "guide.toml"))) from None


def _folder(name: str) -> Path:
    if name in guide_names():
        return GUIDES / name
    if Path(name, "guide.toml").is_file():
        return Path(name)
    if Path(name).name == "guide.toml" and Path(name).is_file():
        return Path(name).parent
    known = ", ".join(guide_names())
    raise GuideError(
        [Problem(name, "", "there is no such guide", f"Use one of {known}, or the folder of your own guide.")]
    )


def _part_file(folder: Path, part: str) -> Path:
    own = folder / f"{part}.toml"
    return own if own.is_file() else SHARED / f"{part}.toml"
