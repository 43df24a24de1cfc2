"""What looks for identifying details beside the rules: the study's own list, the recogniser of the extra `ner`."""

from pathlib import Path

from analysis.deidentify import Finder


def read_finders(study_list: Path | None, *, ner: bool) -> tuple[Finder, ...]:
    """Raises ContentError where the list is bad or the extra is missing. Each is imported only where asked for."""
    finders: list[Finder] = []
    if study_list is not None:
        from analysis.studylist import read_study_list  # noqa: PLC0415

        finders.append(read_study_list(study_list))
    if ner:
        from analysis.recognise import recogniser  # noqa: PLC0415

        finders.append(recogniser())
    return tuple(finders)
