"""How hard a passphrase is to guess, as zxcvbn sees it: it knows common words, names, dates, keyboards and repeats.

A private key file may be copied by a thief who then has all the time there is, and what it opens must stay closed for a
lifetime. Argon2id makes each guess slow; the passphrase has to do the rest.
"""

from dataclasses import dataclass

from zxcvbn import zxcvbn

from storage.errors import WeakPassphrase

SHORTEST = 12

#: Of zxcvbn's scores from 0 to 4. Less is refused; the best is what a thief with many computers gives up on.
_LEAST, _BEST = 3, 4

#: zxcvbn reads no more than this; what is longer is only stronger.
_READ = 72

#: Words that a thief would try first here.
_OURS = ["hearten", "research", "passphrase"]


@dataclass(frozen=True, slots=True)
class Strength:
    """`score` is from 0 to 4; `advice` a sentence, or empty."""

    score: int
    advice: str

    @property
    def is_enough(self) -> bool:
        return self.score >= _LEAST

    @property
    def said(self) -> str:
        if not self.is_enough:
            return f"too easy to guess ({self.score} of {_BEST})"
        return f"good ({self.score} of {_BEST})" if self.score == _BEST else f"fair ({self.score} of {_BEST})"


def strength_of(passphrase: str) -> Strength:
    if len(passphrase) < SHORTEST:
        return Strength(0, f"It is shorter than {SHORTEST} characters.")
    found = zxcvbn(passphrase[:_READ], user_inputs=_OURS)
    feedback = [found["feedback"]["warning"], *found["feedback"]["suggestions"]]
    return Strength(found["score"], " ".join(each.rstrip(".") + "." for each in feedback if each))


def insist(passphrase: str) -> str:
    """The passphrase, where it is strong enough for a new key. Raises WeakPassphrase."""
    strength = strength_of(passphrase)
    if not strength.is_enough:
        raise WeakPassphrase(
            f"This passphrase is {strength.said}: take four or more words drawn at random. {strength.advice}".strip()
        )
    return passphrase
