"""Keys: who holds what.

The promise: the bot's machine can seal answers and cannot open them. What opens an answer is the private half of a
research key, which is made and kept elsewhere, together with the participant's own key from the keyring.

research.key  private half, on the researcher's machine only. A readable header (format, version, suite, epoch, id,
              Argon2id parameters) and `sealed`: AES-256-GCM of the raw keys under Argon2id(passphrase), with the whole
              header as associated data, so that no part of the file can be changed unnoticed. The passphrase is
              normalised (Unicode NFKC) and encoded as UTF-8.
research.pub  public half, in the folder of recipients on the bot's host. `id` is the first 16 bytes of the SHA-256 of
              the raw public key (ML-KEM-768, then X25519) and is checked when read. Where it says `closed`, its epoch
              is over: the file stays, so that everybody can see whose key it was, and nothing is sealed to it any more.
bot.key       on the bot's host only: the bot key (progress, outbox, audit) and the pepper of the pseudonyms.
bot.pub        public half of the pair to which bundles for the bot are sealed; goes to the researcher's machine.
person's key  derived from a participant's key, in no file: what the research side typed out of their voice notes, which
              is gone with the person, from every copy.
desk key      derived from the private research key, in no file: notes and the log of the researcher's desk.

What is collected today must stay closed for a lifetime, quantum computers included. Nothing outside this package and
`storage.seal` computes with keys.
"""

from storage.keyfiles import read_passphrase
from storage.keys.bundle import BotRecipient, BundleKey, read_bot_recipient
from storage.keys.host import BotKey, make_participant_key
from storage.keys.kept import KeptKey, key_about
from storage.keys.recipients import read_recipients
from storage.keys.research import (
    HPKE_OVERHEAD,
    Cost,
    Recipient,
    ResearchKey,
    make_research_key,
    read_recipient,
    read_research_key,
)

__all__ = [
    "HPKE_OVERHEAD",
    "BotKey",
    "BotRecipient",
    "BundleKey",
    "Cost",
    "KeptKey",
    "Recipient",
    "ResearchKey",
    "key_about",
    "make_participant_key",
    "make_research_key",
    "read_bot_recipient",
    "read_passphrase",
    "read_recipient",
    "read_recipients",
    "read_research_key",
]
