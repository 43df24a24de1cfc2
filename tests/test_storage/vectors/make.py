"""Writes the vectors that lie beside it; run it for a new version of the format only.

The envelopes are put together here from the description in `storage.seal` and from cryptography alone, so that they
also check the description. `forge` takes one departure from the format at a time.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PublicKey, Suite

SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
RAW_KEYS = [bytes(range(start, start + 96)) for start in (0, 100)]
PARTICIPANT_KEY = bytes(range(32, 64))
CONTEXT = {
    "study": "a0" * 16,
    "pseudonym": "b1" * 32,
    "session": "session-1",
    "question": "what-helped",
    "part": 2,
    "guide": "relational-practice",
    "guide_version": 3,
}
TEXT = "text/plain; charset=utf-8"
WORDS = "They rang back, as they had said – 很好 🌱"


def lp(field: bytes) -> bytes:
    return len(field).to_bytes(4, "big") + field


def context_bytes(context: dict[str, Any]) -> bytes:
    return (
        lp(b"hearten context")
        + b"\x01"
        + lp(bytes.fromhex(context["study"]))
        + lp(bytes.fromhex(context["pseudonym"]))
        + lp(context["session"].encode())
        + lp(context["question"].encode())
        + context["part"].to_bytes(4, "big")
        + lp(context["guide"].encode())
        + context["guide_version"].to_bytes(4, "big")
    )


def bind(label: bytes, *rest: bytes) -> bytes:
    return lp(label) + b"\x01" + b"".join(rest)


def padded(media_type: bytes, data: bytes) -> bytes:
    plain = lp(media_type) + lp(data)
    return plain + b"\0" * (-len(plain) % 256)


def recipient(raw: bytes) -> tuple[bytes, MLKEM768X25519PublicKey]:
    mlkem = MLKEM768PrivateKey.from_seed_bytes(raw[:64]).public_key()
    x25519 = X25519PrivateKey.from_private_bytes(raw[64:]).public_key()
    public = mlkem.public_bytes_raw() + x25519.public_bytes_raw()
    return hashlib.sha256(public).digest()[:16], MLKEM768X25519PublicKey(mlkem, x25519)


def forge(
    raws: list[bytes] = RAW_KEYS[:1],
    *,
    content: bytes | None = None,
    context: dict[str, Any] = CONTEXT,
    change_stanzas: Any = None,
    change_inner: Any = None,
    content_key: bytes = b"\x07" * 32,
    sealed_key: bytes | None = None,
) -> bytes:
    """An envelope. `content` is the padded content; the changes are functions of bytes."""
    where = context_bytes(context)
    stanzas = bytes([len(raws)])
    for raw in raws:
        who, key = recipient(raw)
        sealed = SUITE.encrypt(sealed_key or content_key, key, bind(b"hearten content key", where, who))
        stanzas += who + len(sealed).to_bytes(2, "big") + sealed
    if change_stanzas:
        stanzas = change_stanzas(stanzas)
    body = content if content is not None else padded(TEXT.encode(), WORDS.encode())
    bound = bind(b"hearten inner", where, hashlib.sha256(stanzas).digest())
    inner = stanzas + b"\x08" * 12 + AESGCM(content_key).encrypt(b"\x08" * 12, body, bound)
    if change_inner:
        inner = change_inner(inner)
    outer = AESGCM(PARTICIPANT_KEY).encrypt(b"\x09" * 12, inner, bind(b"hearten outer", where))
    return b"\x01" + b"\x09" * 12 + outer


def flip(data: bytes, at: int) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


def cases() -> list[tuple[str, bytes, str | None, dict[str, Any]]]:
    """Name, envelope, error (None: it opens) and what else differs."""
    good, plain = forge(), padded(TEXT.encode(), WORDS.encode())
    long = lp(b"audio/ogg") + lp(bytes(range(256)) * 8)
    stanza = 16 + 2 + 1168
    return [
        ("valid-one-recipient", good, None, {}),
        ("valid-two-recipients", forge(RAW_KEYS), None, {}),
        ("valid-empty-text", forge(content=padded(TEXT.encode(), b"")), None, {"data": ""}),
        (
            "valid-voice-note",
            forge(content=long + b"\0" * (-len(long) % 256)),
            None,
            {"media_type": "audio/ogg", "data": (bytes(range(256)) * 8).hex()},
        ),
        ("empty", b"", "Malformed: empty", {}),
        ("unknown-version", b"\x02" + good[1:], "UnknownVersion: version", {}),
        ("cut-in-nonce", good[:12], "Malformed: cut short", {}),
        ("cut-in-tag", good[:28], "Malformed: cut short", {}),
        ("cut-later", good[:-1], "Tampered: does not open here", {}),
        ("trailing-byte", good + b"\0", "Tampered: does not open here", {}),
        ("flipped-nonce", flip(good, 5), "Tampered: does not open here", {}),
        ("other-participant-key", good, "Tampered: does not open here", {"participant_key": "00" * 32}),
        (
            "moved-to-other-question",
            good,
            "Tampered: does not open here",
            {"context": {**CONTEXT, "question": "other"}},
        ),
        (
            "fields-run-together",
            good,
            "Tampered: does not open here",
            {"context": {**CONTEXT, "session": "session-1w", "question": "hat-helped"}},
        ),
        ("erased", good, "Erased: withdrew", {"participant_key": None}),
        ("other-recipient", forge(RAW_KEYS[1:]), "NotForThisKey: other research keys", {}),
        ("no-recipient", forge([]), "Malformed: no recipient", {}),
        ("recipient-twice", forge(RAW_KEYS[:1] * 2), "Malformed: twice", {}),
        ("wrong-stanza-length", forge(change_stanzas=lambda s: flip(s, 18)), "Malformed: wrong length", {}),
        ("ends-in-stanzas", forge(change_inner=lambda i: i[:stanza]), "Malformed: within its list", {}),
        ("trailing-byte-within", forge(change_inner=lambda i: i + b"\0"), "Malformed: whole number of blocks", {}),
        ("no-content", forge(content=b""), "Malformed: whole number of blocks", {}),
        ("flipped-stanza", forge(change_stanzas=lambda s: flip(s, 30)), "Tampered: its research key", {}),
        (
            "stanza-swapped-in",
            forge(change_inner=lambda i: forge_stanza() + i[1 + stanza :]),
            "Tampered: its research",
            {},
        ),
        ("flipped-content", forge(change_inner=lambda i: flip(i, -1)), "Tampered: its research key", {}),
        ("other-content-key", forge(sealed_key=b"\x06" * 32), "Tampered: its research key", {}),
        ("padding-not-zero", forge(content=flip(plain, -1)), "Malformed: not zero", {}),
        ("padding-too-long", forge(content=plain + bytes(256)), "Malformed: more padding", {}),
        ("length-beyond-end", forge(content=b"\0\0\4\0" + plain[4:]), "Malformed: shorter than it says", {}),
        ("media-type-not-text", forge(content=padded(b"\xff", b"")), "Malformed: media type", {}),
    ]


def forge_stanza() -> bytes:
    """A stanza that is good in itself, of another content key."""
    who, key = recipient(RAW_KEYS[0])
    sealed = SUITE.encrypt(b"\x05" * 32, key, bind(b"hearten content key", context_bytes(CONTEXT), who))
    return b"\x01" + who + len(sealed).to_bytes(2, "big") + sealed


def main() -> None:
    folder = Path(__file__).parent
    for name, envelope, error, other in cases():
        vector = {
            "error": error,
            "research_key": RAW_KEYS[0].hex(),
            "participant_key": PARTICIPANT_KEY.hex(),
            "context": CONTEXT,
            "envelope": envelope.hex(),
        }
        if error is None:
            vector |= {"media_type": TEXT, "data": WORDS.encode().hex()}
        (folder / f"{name}.json").write_text(json.dumps(vector | other, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
