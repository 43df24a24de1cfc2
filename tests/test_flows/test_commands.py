"""Wishes in plain words, and answers that merely contain such words."""

import pytest

from flows.commands import understand
from flows.library import load_guide

COMMANDS = load_guide("relational-practice").commands

WISHES = {
    "stop": [
        "stop",
        "STOP",
        "Stop.",
        "i want to stop",
        "I'd like to stop now please",
        "can we stop",
        "please stop!",
        "/stop",
    ],
    "skip": ["skip", "Skip this one please", "next question", "/skip", "id rather skip this"],
    "pause": ["pause", "I need a break", "/pause", "can we pause for now"],
    "resume": ["resume", "/resume", "carry on"],
    "help": ["help", "HELP", "help me", "i need help", "/help", "hepl me"],
    "delete": ["delete everything please", "delete my answers", "/withdraw", "Please delete everything"],
    "mydata": ["/mydata", "my data"],
    "privacy": ["/privacy", "privacy"],
    "done": ["done", "Done.", "that's all"],
    "yes": ["yes", "Yes please"],
    "no": ["no", "no thanks"],
}
ANSWERS = [
    "They never stopped to ask",
    "I want them to stop cancelling on me",
    "they told me to stop crying",
    "nobody would help me when i asked for help",
    "I had to skip work for every appointment",
    "it felt like someone pressed pause on my life",
    "they wanted to delete my file",
    "no one listened",
    "yes but only the once",
    "nothing helped",
    "Stop. That was all they ever said to me.",
    "help came too late and then it went away again",
    "the next one was better",
    "done to me, not with me",
    "helps me",
    "pauses",
    "cause",
    "deleted",
    "withdrawn",
    "im black",
]


@pytest.mark.parametrize(("wish", "text"), [(wish, text) for wish, texts in WISHES.items() for text in texts])
def test_a_wish_is_understood(wish: str, text: str) -> None:
    understood = understand(text, COMMANDS)
    assert understood is not None
    assert (understood.wish, understood.sure) == (wish, True)


@pytest.mark.parametrize("text", ANSWERS)
def test_an_answer_is_never_obeyed(text: str) -> None:
    understood = understand(text, COMMANDS)
    assert understood is None or not understood.sure
