"""Reading guides from their files, and saying everything that is wrong with them at once.

A guide is a folder with a `guide.toml`. The sentences, commands, signs of distress and contacts that all guides share
are in `flows/guides/shared/`; a guide's folder may hold its own file of the same name, which then takes the place of
the shared one.

Older versions that people may still be on are kept in `versions/<number>/` in the guide's folder. A translation lies
beside each file (`guide.cy.toml` beside `guide.toml`): the same places with the texts of the other language.
"""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from flows.errors import GuideError, NoSuchVersion, Problem, problems_of, read_toml
from flows.formats import upgrade
from flows.guide import Guide
from flows.translation import translate

GUIDES = Path(__file__).parent / "guides"
SHARED = GUIDES / "shared"
SHARED_PARTS = ("words", "commands", "distress", "contacts")
BASE_LANGUAGE = "en"


def guide_names() -> list[str]:
    """The guides that come with Hearten."""
    return sorted(folder.parent.name for folder in GUIDES.glob("*/guide.toml"))


def load_guide(name: str, version: int | None = None, language: str = BASE_LANGUAGE) -> Guide:
    """A guide by its name, or by the path of its folder: the present version or an older one, in a language.

    Raises GuideError, which lists every problem; NoSuchVersion where that version is not kept any more.
    """
    folder = _folder(name)
    guide = _read(folder, language)
    if version is None or guide.version == version:
        return guide
    older = folder / "versions" / str(version)
    if not (older / "guide.toml").is_file():
        raise NoSuchVersion([Problem(str(older), "", "this version is not kept here", "Use the present one.")])
    return _read(older, language)


def languages_of(name: str) -> list[str]:
    """The languages that a guide can be read in, the one that it was written in first."""
    return _languages(_folder(name))


def find_files(name: str) -> dict[str, Path]:
    """The file of each part of a guide: its own, or the shared one."""
    folder = _folder(name)
    return {"guide": folder / "guide.toml"} | {part: _part_file(folder, part) for part in SHARED_PARTS}


def _languages(folder: Path) -> list[str]:
    return [BASE_LANGUAGE, *sorted(file.name.split(".")[1] for file in folder.glob("guide.*.toml"))]


def _in_language(file: Path, language: str) -> Path:
    """The file in that language where there is one, or else as it was written first."""
    other = file.with_name(f"{file.stem}.{language}.toml")
    return other if other.is_file() else file


def _read(folder: Path, language: str) -> Guide:
    files = {part: _part_file(folder, part) for part in SHARED_PARTS}
    content = read_toml(folder / "guide.toml", GuideError)
    if "languages" in content:
        rule = "the languages are those of the translations that there are"
        raise GuideError([Problem(str(folder / "guide.toml"), "languages", rule, "Take it out.")])
    for part in SHARED_PARTS:
        if part in content:
            rule = f"a guide does not hold {part!r}"
            remedy = f"Put it into a file {part}.toml beside it."
            raise GuideError([Problem(str(folder / "guide.toml"), part, rule, remedy)])
        content[part] = read_toml(files[part], GuideError)
    if language != BASE_LANGUAGE:
        content = _translated(content, folder, files, language)
    content = upgrade(content, read_toml(_in_language(SHARED / "words.toml", language), GuideError))
    content["languages"] = _languages(folder)
    try:
        return Guide.model_validate(content)
    except ValidationError as error:
        names = {part: str(file) for part, file in files.items()}
        raise GuideError(problems_of(error, names, str(folder / "guide.toml"))) from None


def _translated(content: dict[str, Any], folder: Path, files: dict[str, Path], language: str) -> dict[str, Any]:
    """The content with the texts of another language in place of its own. Every text must have its translation."""
    guide_file = folder / f"guide.{language}.toml"
    problems: list[Problem] = []
    translation = read_toml(guide_file, GuideError)
    own = {key: value for key, value in content.items() if key not in files}
    done: dict[str, Any] = translate(own, translation, str(guide_file), problems)
    done["language"] = language
    for part, file in files.items():
        other = file.with_name(f"{part}.{language}.toml")
        if part in ("words", "contacts") or other.is_file():
            done[part] = translate(content[part], read_toml(other, GuideError), str(other), problems)
        else:
            done[part] = content[part]
    if problems:
        raise GuideError(problems)
    return done


def _folder(name: str) -> Path:
    if name in guide_names():
        return GUIDES / name
    if name and Path(name, "guide.toml").is_file():
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
