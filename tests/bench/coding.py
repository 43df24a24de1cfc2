"""How fast answers are coded: the engines beside TextBlob's own classifier, memory as answers grow, and the start.

Same exemplars, same answers, in one run, so that the ratio stands whatever the machine does besides. Seconds are of the
processor and not of the clock where the work is on one core. The answers are cut together anew from short exemplars;
nothing is measured here but time and memory.
`make bench`.
"""

import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from textblob.classifiers import NaiveBayesClassifier

from analysis.engines import open_coder
from analysis.exemplars import read_exemplars
from analysis.frameworks import read_framework
from tests.bench.rows import Row, show

SHORT = 110  # characters: one or two sentences in a chat
LEXICAL, SEMANTIC, BASELINE = 4000, 600, 12
SIZES = (1_000, 10_000, 100_000)

_MEMORY = """
import resource, sys
from analysis.engines import open_coder
coder = open_coder(engine="lexical")
line = "They rang me back the same day, number %d, and that is what made the difference to me."
def answers(count):
    for number in range(count):
        yield line % number, ()
for _ in coder.code_many(answers(int(sys.argv[1]))):
    pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def short_answers() -> Iterator[str]:
    """Short texts, each a new one, always in the same order."""
    chance = random.Random(6)
    voices = read_exemplars(read_framework()).values()
    texts = [each.text for voice in voices for each in voice if len(each.text) <= SHORT]
    while True:
        begin, end = chance.choice(texts).split(), chance.choice(texts).split()
        yield " ".join([*begin[: len(begin) // 2 + 1], *end[len(end) // 2 :]])


def rate(engine: str, count: int) -> float:
    """Answers a second. The engine is warm."""
    coder = open_coder(engine=engine)  # type: ignore[arg-type]
    source = short_answers()
    texts = [next(source) for _ in range(count)]
    coder.code(texts[0])
    clock = time.process_time if engine == "lexical" else time.perf_counter  # the semantic engine uses every core
    begun = clock()
    for _ in coder.code_many((text, ()) for text in texts):
        pass
    return count / (clock() - begun)


def rate_of_baseline() -> float:
    """Answers a second of TextBlob's NaiveBayesClassifier, which learns from the same exemplars."""
    voices = read_exemplars(read_framework()).values()
    # Without its corpora (which are not shipped) TextBlob cannot split words; plain splitting is its quickest.
    taught = [(each.text.lower().split(), each.subtheme) for voice in voices for each in voice]
    vocabulary = {word for words, _ in taught for word in words}

    def features(words: list[str] | str) -> dict[str, bool]:
        held = set(words if isinstance(words, list) else words.lower().split())
        return {f"contains({word})": word in held for word in vocabulary}

    classifier = NaiveBayesClassifier(taught, feature_extractor=features)
    source = short_answers()
    texts = [next(source) for _ in range(BASELINE)]
    classifier.classify(texts[0])  # TextBlob learns when it is first asked
    begun = time.process_time()
    for text in texts:
        classifier.classify(text)
    return BASELINE / (time.process_time() - begun)


def memory(count: int) -> float:
    """The most memory that coding so many answers takes, in megabytes, in a process of its own."""
    done = subprocess.run([sys.executable, "-c", _MEMORY, str(count)], capture_output=True, check=True, text=True)
    return int(done.stdout) / 1024


def start(engine: str) -> float:
    """Seconds of processor time from nothing to the first coding, in a process of its own."""
    with TemporaryDirectory() as folder:
        source = Path(folder) / "one.jsonl"
        source.write_text(json.dumps({"id": 1, "text": "My nurse listened."}) + "\n")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "analysis", "code", str(source), "--engine", engine]
        subprocess.run(command, capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def rows() -> list[Row]:
    held = [Row("Memory of coding", "MB", memory(count), count=count) for count in SIZES]
    # After that: a process is born as large as the one that starts it.
    lexical, semantic, baseline = rate("lexical", LEXICAL), rate("semantic", SEMANTIC), rate_of_baseline()
    return [
        Row("Answers coded, lexical engine", "/s", lexical, baseline, "TextBlob NaiveBayes", more_is_better=True),
        Row("Answers coded, semantic engine", "/s", semantic, baseline, "TextBlob NaiveBayes", more_is_better=True),
        *held,
        *(Row(f"Start of the {engine} engine, processor", "s", start(engine)) for engine in ("lexical", "semantic")),
    ]


if __name__ == "__main__":
    show(rows())
