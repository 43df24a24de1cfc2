"""A second reader of the sealed formats: from docs/envelope.md and the primitives alone, nothing of storage.

It opens HPKE by hand too (ML-KEM-768, X25519, SHA3-256, HKDF), so that the page is enough without a library for that.
"""

import base64
import hashlib
import hmac
import json
import sqlite3
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

VECTORS = Path(__file__).parent / "vectors"
SUITE = b"HPKE" + bytes.fromhex("647a00010002")


class Refused(Exception):  # noqa: N818 - reads as what happened
    pass


def lp(field: bytes) -> bytes:
    return len(field).to_bytes(4, "big") + field


def context_of(place: dict[str, Any]) -> bytes:
    return (
        lp(b"hearten context")
        + b"\x01"
        + lp(bytes.fromhex(place["study"]))
        + lp(bytes.fromhex(place["pseudonym"]))
        + lp(place["session"].encode())
        + lp(place["question"].encode())
        + place["part"].to_bytes(4, "big")
        + lp(place["guide"].encode())
        + place["guide_version"].to_bytes(4, "big")
    )


def extract(salt: bytes, name: bytes, ikm: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + SUITE + name + ikm, "sha256")


def expand(prk: bytes, name: bytes, info: bytes, length: int) -> bytes:
    full = length.to_bytes(2, "big") + b"HPKE-v1" + SUITE + name + info
    return hmac.digest(prk, full + b"\x01", "sha256")[:length]  # 32 bytes at most are ever asked for


class Key:
    def __init__(self, private: bytes) -> None:
        self.mlkem = MLKEM768PrivateKey.from_seed_bytes(private[:64])
        self.x25519 = X25519PrivateKey.from_private_bytes(private[64:])
        self.own = self.x25519.public_key().public_bytes_raw()
        self.id = hashlib.sha256(self.mlkem.public_key().public_bytes_raw() + self.own).digest()[:16]

    def open(self, sealed: bytes, info: bytes) -> bytes:
        mlkem, ephemeral, ciphertext = sealed[:1088], sealed[1088:1120], sealed[1120:]
        agreed = self.mlkem.decapsulate(mlkem) + self.x25519.exchange(X25519PublicKey.from_public_bytes(ephemeral))
        shared = hashlib.sha3_256(agreed + ephemeral + self.own + bytes.fromhex("5c2e2f2f5e5c")).digest()
        schedule = b"\0" + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
        secret = extract(shared, b"secret", b"")
        key, nonce = expand(secret, b"key", schedule, 32), expand(secret, b"base_nonce", schedule, 12)
        return gcm(key, nonce, ciphertext, b"")


def gcm(key: bytes, nonce: bytes, sealed: bytes, bound: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(nonce, sealed, bound)
    except (InvalidTag, ValueError):
        raise Refused("Tampered") from None


def stanzas_at(data: bytes, start: int) -> tuple[dict[bytes, bytes], int]:
    """The sealed keys by recipient, and where the stanzas end."""
    if len(data) <= start or data[start] == 0:
        raise Refused("Malformed")
    end = start + 1 + data[start] * (16 + 2 + 1168)
    if len(data) < end:
        raise Refused("Malformed")
    found = {}
    for at in range(start + 1, end, 16 + 2 + 1168):
        who, length = data[at : at + 16], int.from_bytes(data[at + 16 : at + 18], "big")
        if length != 1168 or who in found:
            raise Refused("Malformed")
        found[who] = data[at + 18 : at + 18 + 1168]
    return found, end


def read_envelope(envelope: bytes, place: dict[str, Any], participant: bytes | None, key: Key) -> tuple[str, bytes]:
    context = context_of(place)
    if participant is None:
        raise Refused("Erased")
    if not envelope:
        raise Refused("Malformed")
    if envelope[0] != 1:
        raise Refused("UnknownVersion")
    if len(envelope) < 1 + 12 + 16:
        raise Refused("Malformed")
    inner = gcm(participant, envelope[1:13], envelope[13:], lp(b"hearten outer") + b"\x01" + context)
    sealed, end = stanzas_at(inner, 0)
    nonce, body = inner[end : end + 12], inner[end + 12 :]
    if len(body) < 256 + 16 or (len(body) - 16) % 256:
        raise Refused("Malformed")
    if key.id not in sealed:
        raise Refused("NotForThisKey")
    content_key = key.open(sealed[key.id], lp(b"hearten content key") + b"\x01" + context + key.id)
    bound = lp(b"hearten inner") + b"\x01" + context + hashlib.sha256(inner[:end]).digest()
    return read_padded(gcm(content_key, nonce, body, bound))


def read_padded(padded: bytes) -> tuple[str, bytes]:
    fields, at = [], 0
    for _ in range(2):
        length = int.from_bytes(padded[at : at + 4], "big")
        if at + 4 + length > len(padded):
            raise Refused("Malformed")
        fields.append(padded[at + 4 : at + 4 + length])
        at += 4 + length
    if len(padded) - at >= 256 or any(padded[at:]):
        raise Refused("Malformed")
    try:
        return fields[0].decode(), fields[1]
    except UnicodeDecodeError:
        raise Refused("Malformed") from None


def read_file(file: bytes, key: Key) -> tuple[str, bytes]:
    if file[:19] != b"hearten sealed file":
        raise Refused("Malformed")
    if file[19:20] != b"\x01":
        raise Refused("UnknownVersion")
    length = int.from_bytes(file[20:24], "big")
    if len(file) < 24 or length > 200:
        raise Refused("Malformed")
    label = file[24 : 24 + length]
    sealed, end = stanzas_at(file, 24 + length)
    try:
        text = label.decode()
    except UnicodeDecodeError:
        raise Refused("Malformed") from None
    if key.id not in sealed:
        raise Refused("NotForThisKey")
    file_key = key.open(sealed[key.id], lp(b"hearten file key") + b"\x01" + lp(label) + key.id)
    return text, b"".join(chunks(file[end:], file_key, hashlib.sha256(file[:end]).digest()))


def chunks(rest: bytes, file_key: bytes, bound: bytes) -> Iterator[bytes]:
    count = max(1, -(-len(rest) // 65552))
    for number in range(count):
        is_last = number == count - 1
        nonce = number.to_bytes(11, "big") + bytes([is_last])
        plain = gcm(file_key, nonce, rest[number * 65552 : (number + 1) * 65552], bound)
        if is_last and number and not plain:
            raise Refused("Malformed")
        yield plain


@pytest.mark.parametrize("path", sorted(VECTORS.glob("*.json")), ids=lambda path: path.stem)
def test_every_envelope_is_read_or_refused_alike(path: Path) -> None:
    vector = json.loads(path.read_text("utf-8"))
    participant = bytes.fromhex(vector["participant_key"]) if vector["participant_key"] else None
    key = Key(bytes.fromhex(vector["research_key"]))
    arguments = (bytes.fromhex(vector["envelope"]), vector["context"], participant, key)
    if vector["error"] is None:
        assert read_envelope(*arguments) == (vector["media_type"], bytes.fromhex(vector["data"]))
    else:
        with pytest.raises(Refused, match=f"^{vector['error'].split(':')[0]}$"):
            read_envelope(*arguments)


@pytest.mark.parametrize("path", sorted((VECTORS / "files").glob("*.json")), ids=lambda path: path.stem)
def test_every_sealed_file_is_read_or_refused_alike(path: Path) -> None:
    vector = json.loads(path.read_text("utf-8"))
    key, file = Key(bytes.fromhex(vector["research_key"])), base64.b64decode(vector["file"])
    if vector["error"] is None:
        label, content = read_file(file, key)
        assert (label, hashlib.sha256(content).hexdigest()) == (vector["label"], vector["content_sha256"])
    else:
        with pytest.raises(Refused, match=f"^{vector['error'].split(':')[0]}$"):
            read_file(file, key)


def open_private_file(text: str, passphrase: str) -> Key:
    file = json.loads(text)
    argon2 = file["argon2"]
    kdf = Argon2id(
        salt=base64.urlsafe_b64decode(argon2["salt"]),
        length=32,
        iterations=argon2["iterations"],
        lanes=argon2["lanes"],
        memory_cost=argon2["memory_kib"],
    )
    header = {name: value for name, value in file.items() if name != "sealed"}
    bound = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    key = kdf.derive(unicodedata.normalize("NFKC", passphrase).encode())
    nonce, sealed = (base64.urlsafe_b64decode(file[name]) for name in ("nonce", "sealed"))
    opened = Key(gcm(key, nonce, sealed, bound))
    assert opened.id.hex() == file["id"]
    return opened


@pytest.mark.usefixtures("spoken", "unattended")
def test_a_whole_study_is_read_from_its_files(study, run, tmp_path) -> None:
    """From two backups and a key file to the words, with nothing of storage on the way back."""
    assert run("backup", "--out", tmp_path / "answers").exit_code == 0
    assert run("backup", "--keyring", "--out", tmp_path / "keyring").exit_code == 0
    key = open_private_file((study.away / "research.key").read_text("utf-8"), "four words of a test")
    for name in ("answers", "keyring"):
        _, content = read_file((tmp_path / name).read_bytes(), key)
        length = int.from_bytes(content[:4], "big")
        assert json.loads(content[4 : 4 + length])["engine"] == "sqlite"
        (tmp_path / f"{name}.db").write_bytes(content[4 + length :])
    with sqlite3.connect(tmp_path / "keyring.db") as keyring:
        keys = dict(keyring.execute("SELECT pseudonym, key FROM participant_key"))
    with sqlite3.connect(tmp_path / "answers.db") as answers:
        answers.row_factory = sqlite3.Row
        (study_id,) = answers.execute("SELECT value FROM meta WHERE name = 'study'").fetchone()
        rows = [dict(row) for row in answers.execute("SELECT * FROM part")]
    read = set()
    for row in rows:
        place = row | {"study": study_id.hex(), "pseudonym": row["pseudonym"].hex()}
        read.add(read_envelope(row["envelope"], place, keys[row["pseudonym"]], key)[1].decode())
    assert read == {"words of 0", "words of 1", "words of 2"}
