"""Writes the vectors that are missing beside it. One that is written is never changed: the format outlives the code.

Envelopes and sealed files are put together here from the description in `docs/envelope.md` and from cryptography alone,
so that they also check the description. `forge` and `forge_file` take one departure from the format at a time.
"""

import hashlib
import json
from base64 import b64encode
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PublicKey, Suite

SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
RAW_THIRD = bytes(reversed(range(96)))
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
        (
            "replayed-as-other-part",
            good,
            "Tampered: does not open here",
            {"context": {**CONTEXT, "part": 3}},
        ),
        (
            "replayed-in-other-session",
            good,
            "Tampered: does not open here",
            {"context": {**CONTEXT, "session": "session-2"}},
        ),
        (
            "swapped-with-other-person",
            good,
            "Tampered: does not open here",
            {"context": {**CONTEXT, "pseudonym": "c2" * 32}, "participant_key": "11" * 32},
        ),
        (
            "swapped-under-one-key",
            good,
            "Tampered: does not open here",
            {"context": {**CONTEXT, "pseudonym": "c2" * 32}},
        ),
        (
            "moved-to-other-study",
            good,
            "Tampered: does not open here",
            {"context": {**CONTEXT, "study": "a1" * 16}},
        ),
        (
            "moved-to-other-guide-version",
            good,
            "Tampered: does not open here",
            {"context": {**CONTEXT, "guide_version": 4}},
        ),
        ("flipped-in-outer-tag", flip(good, -1), "Tampered: does not open here", {}),
        ("version-zero", b"\0" + good[1:], "UnknownVersion: version", {}),
        (
            "inner-of-other-place",
            rewrapped(forge(context={**CONTEXT, "part": 3}), {**CONTEXT, "part": 3}),
            "Tampered: its research key",
            {},
        ),
        ("valid-three-recipients-ours-last", forge([RAW_KEYS[1], RAW_THIRD, RAW_KEYS[0]]), None, {}),
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


def rewrapped(envelope: bytes, context: dict[str, Any]) -> bytes:
    """The inner layer of an envelope from one place, under an outer layer that is right for another (CONTEXT)."""
    key = AESGCM(PARTICIPANT_KEY)
    inner = key.decrypt(envelope[1:13], envelope[13:], bind(b"hearten outer", context_bytes(context)))
    outer = key.encrypt(b"\x09" * 12, inner, bind(b"hearten outer", context_bytes(CONTEXT)))
    return b"\x01" + b"\x09" * 12 + outer


LABEL = b"hearten backup of the answers"
FILE_KEY = b"\x0a" * 32


def forge_file(
    content: bytes,
    raws: list[bytes] = RAW_KEYS[:1],
    *,
    label: bytes = LABEL,
    bound_label: bytes | None = None,
    sealed_key: bytes = FILE_KEY,
    version: bytes = b"\x01",
    chunk: int = 65536,
    last: tuple[int, ...] | None = None,
    empty_end: bool = False,
) -> bytes:
    """A sealed file. `last` says for each chunk whether it claims to be the last; `chunk` is the bytes in each."""
    header = b"hearten sealed file" + version + lp(label) + bytes([len(raws)])
    for raw in raws:
        who, key = recipient(raw)
        info = lp(b"hearten file key") + b"\x01" + lp(bound_label or label) + who
        sealed = SUITE.encrypt(sealed_key, key, info)
        header += who + len(sealed).to_bytes(2, "big") + sealed
    pieces = [content[start : start + chunk] for start in range(0, len(content), chunk)] or [b""]
    pieces += [b""] if empty_end else []
    marks = last or (*[0] * (len(pieces) - 1), 1)
    bound = hashlib.sha256(header).digest()
    chunks = [
        AESGCM(FILE_KEY).encrypt(number.to_bytes(11, "big") + bytes([mark]), piece, bound)
        for number, (piece, mark) in enumerate(zip(pieces, marks, strict=True))
    ]
    return header + b"".join(chunks)


def file_cases() -> list[tuple[str, bytes, str | None, bytes]]:
    """Name, file, error (None: it opens) and content."""
    words = b"a database, for example"
    long = bytes(each % 251 for each in range(65536 + 7))
    good, start = forge_file(words), 19 + 1 + 4 + len(LABEL) + 1
    stanza = 16 + 2 + 1168
    return [
        ("valid", good, None, words),
        ("valid-empty", forge_file(b""), None, b""),
        ("valid-two-recipients", forge_file(words, [RAW_KEYS[1], RAW_KEYS[0]]), None, words),
        ("valid-two-chunks", forge_file(long), None, long),
        ("other-recipient", forge_file(words, RAW_KEYS[1:]), "NotForThisKey: other research keys", b""),
        ("unknown-version", forge_file(words, version=b"\x02"), "UnknownVersion: version", b""),
        ("not-a-sealed-file", b"SQLite format 3\0" + bytes(64), "Malformed: not a sealed file", b""),
        ("empty-file", b"", "Malformed: not a sealed file", b""),
        ("label-too-long", forge_file(words, label=b"x" * 201), "Malformed: label", b""),
        ("label-not-text", forge_file(words, label=b"\xff"), "Malformed: not text", b""),
        ("no-recipient", forge_file(words, []), "Malformed: no recipient", b""),
        ("recipient-twice", forge_file(words, RAW_KEYS[:1] * 2), "Malformed: twice", b""),
        ("cut-in-stanzas", good[: start + 100], "Malformed: list of recipients", b""),
        ("wrong-stanza-length", flip(good, start + 17), "Malformed: list of recipients", b""),
        ("cut-before-content", good[: start + stanza], "Tampered: cut short", b""),
        ("cut-in-chunk", good[:-1], "Tampered: cut short", b""),
        ("trailing-byte", good + b"\0", "Tampered: cut short", b""),
        ("flipped-label", flip(good, 30), "Tampered: research key", b""),
        ("flipped-stanza", flip(good, start + 50), "Tampered: research key", b""),
        ("flipped-content", flip(good, start + stanza + 3), "Tampered: cut short", b""),
        ("label-of-another", forge_file(words, bound_label=b"hearten other"), "Tampered: research key", b""),
        ("other-file-key", forge_file(words, sealed_key=b"\x0b" * 32), "Tampered: cut short", b""),
        ("last-not-marked", forge_file(words, last=(0,)), "Tampered: cut short", b""),
        ("empty-chunk-at-end", forge_file(long[:65536], empty_end=True), "Malformed: does not need", b""),
    ]


STUDY, BUNDLE_ID, PSEUDONYM = b"\xa0" * 16, b"\xc3" * 16, b"\xb1" * 32
SIGNING = [Ed25519PrivateKey.from_private_bytes(bytes([each]) * 32) for each in (0x21, 0x22)]
SIGNERS = {f"{each:02x}" * 16: SIGNING[each].public_key().public_bytes_raw() for each in (0, 1)}
FILE = (b"tidings.json", b"application/json", WORDS.encode())


def forge_files(*files: tuple[bytes, bytes, bytes]) -> bytes:
    return len(files).to_bytes(4, "big") + b"".join(lp(part) for each in files for part in each)


def forge_content(day: bytes = b"2026-11-22", files: bytes | None = None, more: bytes = b"") -> bytes:
    about = lp(day) + lp(b"tidings") + lp(b"RIVERSIDE")
    return BUNDLE_ID + about + (forge_files(FILE) if files is None else files) + more


def forge_bundle(
    content: bytes | None = None,
    raw: bytes = RAW_KEYS[0],
    *,
    version: bytes = b"\x01",
    study: bytes = STUDY,
    signer: int = 0,
    bound_signer: int | None = None,
    signed_study: bytes | None = None,
    pad: Any = lambda plain: plain + bytes(-len(plain) % 16384),
    change_body: Any = None,
    change_signed: Any = None,
) -> bytes:
    """A bundle; each keyword is one departure. `change_body` is before signing, `change_signed` after."""
    who, key = recipient(raw)
    head = b"hearten bundle" + version + who + bytes([signer]) * 16
    names = list(SIGNERS.values())
    bound = lp(study) + head + lp(names[signer if bound_signer is None else bound_signer])
    sealed = SUITE.encrypt(b"\x0c" * 32, key, bind(b"hearten bundle key", bound))
    aad = bind(b"hearten bundle content", bound, hashlib.sha256(sealed).digest())
    plain = pad(lp(forge_content() if content is None else content))
    body = sealed + b"\x0d" * 12 + AESGCM(b"\x0c" * 32).encrypt(b"\x0d" * 12, plain, aad)
    body = change_body(body) if change_body else body
    signature = SIGNING[signer].sign(bind(b"hearten bundle signature", lp(signed_study or study), head, body))
    whole = head + signature + body
    return change_signed(whole) if change_signed else whole


def bundle_cases() -> list[tuple[str, bytes, str | None]]:
    head, sealed = 14 + 1 + 16 + 16, 14 + 1 + 32 + 64
    return [
        ("valid", forge_bundle(), None),
        ("valid-second-signer", forge_bundle(signer=1), None),
        ("not-a-bundle", b"SQLite format 3\0" + bytes(64), "Malformed: not a bundle"),
        ("empty", b"", "Malformed: not a bundle"),
        ("unknown-version", forge_bundle(version=b"\x02"), "UnknownVersion: version"),
        ("cut", forge_bundle()[:-1], "Malformed: cut short"),
        ("longer", forge_bundle() + b"\0", "Malformed: cut short"),
        ("block-added", forge_bundle() + bytes(16384), "Tampered: not what was signed"),
        ("other-bot", forge_bundle(raw=RAW_KEYS[1]), "NotForThisKey: another bot"),
        ("unknown-signer", forge_bundle(change_signed=lambda b: flip(b, head - 1)), "Unsigned: signed with a key"),
        ("signature-flipped", forge_bundle(change_signed=lambda b: flip(b, head)), "Tampered: not what was signed"),
        ("sealed-flipped", forge_bundle(change_signed=lambda b: flip(b, sealed)), "Tampered: not what was signed"),
        ("content-flipped", forge_bundle(change_signed=lambda b: flip(b, -1)), "Tampered: not what was signed"),
        ("signed-for-another-study", forge_bundle(signed_study=b"\xa1" * 16), "Tampered: not what was signed"),
        ("sealed-for-another-study", forge_bundle(study=b"\xa1" * 16, signed_study=STUDY), "Tampered: does not open"),
        ("signature-exchanged", forge_bundle(signer=1, bound_signer=0), "Tampered: does not open"),
        ("changed-and-signed", forge_bundle(change_body=lambda b: flip(b, 1180)), "Tampered: does not open"),
        ("padding-not-zero", forge_bundle(pad=lambda p: flip(p + bytes(-len(p) % 16384), -1)), "Malformed: padding"),
        ("padding-too-long", forge_bundle(pad=lambda p: p + bytes(16384 + -len(p) % 16384)), "Malformed: padding"),
        ("no-day", forge_bundle(forge_content(day=b"yesterday")), "Malformed: day, kind or subject"),
        (
            "too-many-files",
            forge_bundle(forge_content(files=b"\0\0\0\2" + forge_files(FILE)[4:])),
            "Malformed: shorter",
        ),
        ("more-than-it-says", forge_bundle(forge_content(more=b"x")), "Malformed: more in the bundle"),
    ]


def forge_copy(version: bytes = b"\x01", bundle_id: bytes = BUNDLE_ID) -> bytes:
    aad = bind(b"hearten copy", lp(STUDY), lp(PSEUDONYM), bundle_id)
    files = forge_files((b"copy.txt", TEXT.encode(), WORDS.encode()))
    return version + b"\x0e" * 12 + AESGCM(PARTICIPANT_KEY).encrypt(b"\x0e" * 12, files, aad)


def copy_cases() -> list[tuple[str, bytes, str | None, dict[str, Any]]]:
    return [
        ("valid", forge_copy(), None, {}),
        ("unknown-version", forge_copy(b"\x02"), "UnknownVersion: version", {}),
        ("of-another-bundle", forge_copy(bundle_id=b"\xc4" * 16), "Tampered: does not open here", {}),
        ("flipped", flip(forge_copy(), -1), "Tampered: does not open here", {}),
        ("empty", b"", "UnknownVersion: version", {}),
        ("erased", forge_copy(), "Erased: withdrew", {"participant_key": None}),
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
        write(folder / f"{name}.json", vector | other)
    for name, file, error, content in file_cases():
        sealed = {"error": error, "research_key": RAW_KEYS[0].hex(), "file": b64encode(file).decode()}
        if error is None:
            sealed |= {"label": LABEL.decode(), "content_sha256": hashlib.sha256(content).hexdigest()}
        write(folder / "files" / f"{name}.json", sealed)
    for name, bundle, error in bundle_cases():
        made = {"error": error, "bot_key": RAW_KEYS[0].hex(), "study": STUDY.hex()}
        made |= {"signers": {who: key.hex() for who, key in SIGNERS.items()}, "bundle": b64encode(bundle).decode()}
        if error is None:
            made |= {"id": BUNDLE_ID.hex(), "day": "2026-11-22", "kind": "tidings", "about": "RIVERSIDE"}
            made |= {"files": [[FILE[0].decode(), FILE[1].decode(), FILE[2].hex()]]}
        write(folder / "bundles" / f"{name}.json", made)
    for name, closed, error, other in copy_cases():
        where = {"study": STUDY.hex(), "pseudonym": PSEUDONYM.hex(), "id": BUNDLE_ID.hex()}
        copy = {"error": error, "participant_key": PARTICIPANT_KEY.hex(), **where, "closed": closed.hex()}
        if error is None:
            copy |= {"files": [["copy.txt", TEXT, WORDS.encode().hex()]]}
        write(folder / "copies" / f"{name}.json", copy | other)


def write(path: Path, vector: dict[str, Any]) -> None:
    path.parent.mkdir(exist_ok=True)
    if not path.exists():
        path.write_text(json.dumps(vector, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
