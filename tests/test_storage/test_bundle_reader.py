"""A second reader of bundles, as `test_reader`: from docs/envelope.md and the primitives alone, nothing of storage.

Only to make a bundle and to write key files, the last test uses Hearten itself.
"""

import base64
import hashlib
import hmac
import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from storage.keys import BotKey, ResearchKey
from storage.seal.bundle import Bundle, Enclosed, make_bundle
from tests.test_storage.conftest import Study
from tests.test_storage.test_reader import Key, Refused, gcm, lp

VECTORS = Path(__file__).parent / "vectors"
BLOCK, SHORTEST = 16384, 47 + 64 + 1168 + 12 + 16384 + 16


def take(data: bytes) -> tuple[bytes, bytes]:
    length = int.from_bytes(data[:4], "big")
    if len(data) < 4 + length:
        raise Refused("Malformed")
    return data[4 : 4 + length], data[4 + length :]


def read_files(data: bytes) -> tuple[list[tuple[str, str, bytes]], bytes]:
    if len(data) < 4:
        raise Refused("Malformed")
    files, rest = [], data[4:]
    for _ in range(int.from_bytes(data[:4], "big")):
        name, rest = take(rest)
        media_type, rest = take(rest)
        body, rest = take(rest)
        try:
            files.append((name.decode(), media_type.decode(), body))
        except UnicodeDecodeError:
            raise Refused("Malformed") from None
    return files, rest


def read_bundle(bundle: bytes, key: Key, study: bytes, signers: dict[bytes, bytes]) -> dict[str, Any]:
    if bundle[:14] != b"hearten bundle":
        raise Refused("Malformed")
    if bundle[14:15] != b"\x01":
        raise Refused("UnknownVersion")
    if len(bundle) < SHORTEST or (len(bundle) - SHORTEST) % BLOCK:
        raise Refused("Malformed")
    head, signature, body = bundle[:47], bundle[47:111], bundle[111:]
    if head[15:31] != key.id:
        raise Refused("NotForThisKey")
    if head[31:47] not in signers:
        raise Refused("Unsigned")
    signer = signers[head[31:47]]
    try:
        signed = lp(b"hearten bundle signature") + b"\x01" + lp(study) + head + body
        Ed25519PublicKey.from_public_bytes(signer).verify(signature, signed)
    except InvalidSignature:
        raise Refused("Tampered") from None
    bound = lp(study) + head + lp(signer)
    content_key = key.open(body[:1168], lp(b"hearten bundle key") + b"\x01" + bound)
    about = lp(b"hearten bundle content") + b"\x01" + bound + hashlib.sha256(body[:1168]).digest()
    content, zeros = take(gcm(content_key, body[1168:1180], body[1180:], about))
    if len(zeros) >= BLOCK or any(zeros):
        raise Refused("Malformed")
    day, rest = take(content[16:])
    kind, rest = take(rest)
    subject, rest = take(rest)
    files, rest = read_files(rest)
    try:
        date.fromisoformat(day.decode())
    except ValueError:
        raise Refused("Malformed") from None
    if rest:
        raise Refused("Malformed")
    return {"id": content[:16], "day": day, "kind": kind, "about": subject, "files": files}


def read_copy(closed: bytes, vector: dict[str, Any]) -> list[tuple[str, str, bytes]]:
    if vector["participant_key"] is None:
        raise Refused("Erased")
    if closed[:1] != b"\x01":
        raise Refused("UnknownVersion")
    study, pseudonym, bundle = (bytes.fromhex(vector[name]) for name in ("study", "pseudonym", "id"))
    bound = lp(b"hearten copy") + b"\x01" + lp(study) + lp(pseudonym) + bundle
    return read_files(gcm(bytes.fromhex(vector["participant_key"]), closed[1:13], closed[13:], bound))[0]


def in_hexadecimal(files: list[tuple[str, str, bytes]]) -> list[list[str]]:
    return [[name, media_type, data.hex()] for name, media_type, data in files]


@pytest.mark.parametrize("path", sorted((VECTORS / "bundles").glob("*.json")), ids=lambda path: path.stem)
def test_every_bundle_is_read_or_refused_alike(path: Path) -> None:
    vector = json.loads(path.read_text())
    signers = {bytes.fromhex(who): bytes.fromhex(each) for who, each in vector["signers"].items()}
    key, study = Key(bytes.fromhex(vector["bot_key"])), bytes.fromhex(vector["study"])
    bundle = base64.b64decode(vector["bundle"])
    if vector["error"]:
        with pytest.raises(Refused, match=vector["error"].split(":")[0]):
            read_bundle(bundle, key, study, signers)
        return
    found = read_bundle(bundle, key, study, signers)
    assert (found["id"].hex(), found["day"].decode()) == (vector["id"], vector["day"])
    assert (found["kind"].decode(), found["about"].decode()) == (vector["kind"], vector["about"])
    assert in_hexadecimal(found["files"]) == vector["files"]


@pytest.mark.parametrize("path", sorted((VECTORS / "copies").glob("*.json")), ids=lambda path: path.stem)
def test_every_copy_is_read_or_refused_alike(path: Path) -> None:
    vector = json.loads(path.read_text())
    closed = bytes.fromhex(vector["closed"])
    if vector["error"]:
        with pytest.raises(Refused, match=vector["error"].split(":")[0]):
            read_copy(closed, vector)
        return
    assert in_hexadecimal(read_copy(closed, vector)) == vector["files"]


def hkdf(key: bytes, info: bytes) -> bytes:
    """32 bytes, without salt: one block of RFC 5869."""
    return hmac.digest(hmac.digest(bytes(32), key, "sha256"), info + b"\x01", "sha256")


def test_both_keys_come_from_their_files_as_the_page_says(study: Study) -> None:
    """A bundle that Hearten made opens with nothing but bot.key, research.pub and the study's id."""
    (study.host / "var").mkdir(exist_ok=True)
    name, made = os.urandom(16), BotKey.read_or_make(study.settings.bot_key)
    bundle = Bundle(b"i" * 16, date(2026, 11, 22), "tidings", "elm", (Enclosed("n", "m", b"words"),))
    sealed = make_bundle(bundle, made.bundle_key(name).recipient, study.research_key)

    secret = base64.urlsafe_b64decode(json.loads(study.settings.bot_key.read_text())["key"])
    secret = hkdf(secret, b"hearten bot key v1: bundles")
    parts = (hkdf(secret, b"hearten bundle key v1: " + part + name) for part in (b"d", b"z", b"x25519"))
    public = json.loads((study.settings.recipients / "research.pub").read_text())
    signers = {bytes.fromhex(public["id"]): base64.urlsafe_b64decode(public["ed25519"])}
    assert read_bundle(sealed, Key(b"".join(parts)), name, signers)["files"] == [("n", "m", b"words")]


def test_the_signing_key_comes_from_the_private_key_as_the_page_says() -> None:
    raw = bytes(range(96))
    seed = hkdf(raw, b"hearten signing key v1")
    own = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    assert ResearchKey.of_raw(raw, "e").recipient.signer == own
