"""A stranger's reader: what Hearten sealed, opened by one who has `docs/envelope.md`, the vectors and no more.

It imports nothing of Hearten's. It must open every valid vector to exactly what the vector states, and refuse every
other with the kind of failure that the vector states. The key files have no vectors: their tests seal a file here, by
the page's words, and so show that the page suffices to read one, not that Hearten writes it so.
"""

import base64
import hashlib
import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

VECTORS = Path(__file__).parent / "vectors"
FILE_MAGIC = b"hearten sealed file"
SEALED = 1168
CHUNK = 65_536 + 16
SUITE = b"HPKE" + bytes.fromhex("647a00010002")
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SUITE_NAME = "HPKE MLKEM768-X25519 HKDF-SHA256 AES-256-GCM"
PRIVATE_CONSTANTS = {"format": "hearten research key, private half", "version": 1, "suite": SUITE_NAME}


class Refusal(Exception):  # noqa: N818 - the page's word
    """What the reader will not open; the text is the page's name for the reason."""


def need(condition: bool, kind: str) -> None:
    if not condition:
        raise Refusal(kind)


def lp(x: bytes) -> bytes:
    return len(x).to_bytes(4, "big") + x


def gcm(key: bytes, nonce: bytes, sealed: bytes, aad: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(nonce, sealed, aad)
    except InvalidTag:
        raise Refusal("Tampered") from None


def text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise Refusal("Malformed") from None


class Cursor:
    """Takes bytes from the front, and says Malformed where there are too few."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, n: int) -> bytes:
        need(len(self.data) - self.at >= n, "Malformed")
        self.at += n
        return self.data[self.at - n : self.at]

    def number(self, n: int) -> int:
        return int.from_bytes(self.take(n), "big")

    def rest(self) -> bytes:
        return self.data[self.at :]


class ResearchKey:
    """The private half: 64 bytes of ML-KEM seed, 32 of X25519."""

    def __init__(self, private: bytes) -> None:
        self.mlkem = MLKEM768PrivateKey.from_seed_bytes(private[:64])
        self.x25519 = X25519PrivateKey.from_private_bytes(private[64:])
        self.own = self.x25519.public_key().public_bytes_raw()
        self.id = hashlib.sha256(self.mlkem.public_key().public_bytes_raw() + self.own).digest()[:16]

    def shared(self, encapsulated: bytes) -> bytes:
        ephemeral = encapsulated[1088:]
        try:
            ss_x = self.x25519.exchange(X25519PublicKey.from_public_bytes(ephemeral))
        except ValueError:  # the other side's point gives all zeros: nobody honest sent it
            raise Refusal("Tampered") from None
        ss_m = self.mlkem.decapsulate(encapsulated[:1088])
        return hashlib.sha3_256(ss_m + ss_x + ephemeral + self.own + bytes.fromhex("5c2e2f2f5e5c")).digest()

    def open(self, sealed: bytes, info: bytes) -> bytes:
        secret = extract(self.shared(sealed[:1120]), b"secret", b"")
        schedule = b"\0" + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
        key, nonce = expand(secret, b"key", schedule, 32), expand(secret, b"base_nonce", schedule, 12)
        return gcm(key, nonce, sealed[1120:], b"")


def extract(salt: bytes, name: bytes, ikm: bytes) -> bytes:
    return HKDF.extract(SHA256(), salt or bytes(32), b"HPKE-v1" + SUITE + name + ikm)


def expand(prk: bytes, name: bytes, info: bytes, n: int) -> bytes:
    return HKDFExpand(SHA256(), n, n.to_bytes(2, "big") + b"HPKE-v1" + SUITE + name + info).derive(prk)


def read_stanzas(cursor: Cursor) -> tuple[bytes, dict[bytes, bytes]]:
    start, found = cursor.at, {}
    count = cursor.number(1)
    need(count > 0, "Malformed")
    for _ in range(count):
        recipient = cursor.take(16)
        need(cursor.number(2) == SEALED and recipient not in found, "Malformed")
        found[recipient] = cursor.take(SEALED)
    return cursor.data[start : cursor.at], found


def context_of(place: dict) -> bytes:
    raw = [bytes.fromhex(place["study"]), bytes.fromhex(place["pseudonym"])]
    raw += [place["session"].encode(), place["question"].encode()]
    guide = lp(place["guide"].encode()) + place["guide_version"].to_bytes(4, "big")
    return lp(b"hearten context") + b"\1" + b"".join(map(lp, raw)) + place["part"].to_bytes(4, "big") + guide


def open_envelope(key: ResearchKey, participant: bytes | None, context: bytes, envelope: bytes) -> tuple[str, bytes]:
    need(participant is not None, "Erased")
    need(len(envelope) > 0, "Malformed")
    need(envelope[0] == 1, "UnknownVersion")
    need(len(envelope) >= 1 + 12 + 16, "Malformed")
    inner = Cursor(gcm(participant, envelope[1:13], envelope[13:], lp(b"hearten outer") + b"\1" + context))
    stanzas, sealed = read_stanzas(inner)
    nonce, content = inner.take(12), inner.rest()
    need(len(content) > 16 and (len(content) - 16) % 256 == 0, "Malformed")
    need(key.id in sealed, "NotForThisKey")
    content_key = key.open(sealed[key.id], lp(b"hearten content key") + b"\1" + context + key.id)
    aad = lp(b"hearten inner") + b"\1" + context + hashlib.sha256(stanzas).digest()
    padded = Cursor(gcm(content_key, nonce, content, aad))
    media_type, data = padded.take(padded.number(4)), padded.take(padded.number(4))
    need(len(padded.rest()) < 256 and not any(padded.rest()), "Malformed")
    return text(media_type), data


def open_file(key: ResearchKey, file: bytes) -> tuple[str, Iterator[bytes]]:
    cursor = Cursor(file)
    need(cursor.take(len(FILE_MAGIC)) == FILE_MAGIC, "Malformed")
    need(cursor.number(1) == 1, "UnknownVersion")
    length = cursor.number(4)
    need(length <= 200, "Malformed")
    label = cursor.take(length)
    _, sealed = read_stanzas(cursor)
    header, title = file[: cursor.at], text(label)
    need(key.id in sealed, "NotForThisKey")
    file_key = key.open(sealed[key.id], lp(b"hearten file key") + b"\1" + lp(label) + key.id)
    return title, chunks(file_key, cursor.rest(), hashlib.sha256(header).digest())


def chunks(file_key: bytes, body: bytes, aad: bytes) -> Iterator[bytes]:
    for i, at in enumerate(range(0, max(len(body), 1), CHUNK)):
        last = at + CHUNK >= len(body)
        plain = gcm(file_key, i.to_bytes(11, "big") + bytes([last]), body[at : at + CHUNK], aad)
        need(plain != b"" or i == 0, "Malformed")
        yield plain


def open_private(written: str, passphrase: str) -> ResearchKey:
    """`research.key`: what is known of its header, then what is sealed in it."""
    fields = json.loads(written)
    need(PRIVATE_CONSTANTS.items() <= fields.items(), "Malformed")
    need(set(fields) == {*PRIVATE_CONSTANTS, "epoch", "id", "argon2", "nonce", "sealed"}, "Malformed")
    work = fields["argon2"]
    need(set(work) == {"name", "salt", "iterations", "lanes", "memory_kib"}, "Malformed")
    sealed, nonce, salt = map(base64.urlsafe_b64decode, (fields.pop("sealed"), fields["nonce"], work["salt"]))
    need((work["name"], len(sealed), len(nonce), len(salt)) == ("argon2id", 112, 12, 16), "Malformed")
    costs = {"iterations": work["iterations"], "lanes": work["lanes"], "memory_cost": work["memory_kib"]}
    secret = unicodedata.normalize("NFKC", passphrase).encode()
    header = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return ResearchKey(gcm(Argon2id(salt=salt, length=32, **costs).derive(secret), nonce, sealed, header))


def from_base32(letters: str) -> bytes:
    value = sum(CROCKFORD.index(letter) << 5 * i for i, letter in enumerate(reversed(letters)))
    return value.to_bytes(len(letters) * 5 // 8, "big")


def to_base32(raw: bytes) -> str:
    value = int.from_bytes(raw, "big")
    return "".join(CROCKFORD[value >> 5 * i & 31] for i in reversed(range(len(raw) * 8 // 5)))


def check_of(number: int, raw: bytes) -> str:
    return to_base32(hashlib.sha256(b"hearten paper" + bytes([number]) + raw).digest()[:5])[:4]


def open_paper(lines: dict[int, str]) -> str:
    """The lines of the paper, by their numbers, back to what `research.key` says."""
    raw = {}
    for number, line in lines.items():
        letters = line.replace(" ", "")
        raw[number] = from_base32(letters[:-4])
        need(letters[-4:] == check_of(number, raw[number]), "Malformed")
    filled = b"".join(raw[n] for n in range(1, len(raw)))
    cursor = Cursor(filled)
    need(cursor.number(1) == 1, "UnknownVersion")
    epoch, identity, salt = text(cursor.take(cursor.number(1))), cursor.take(16), cursor.take(16)
    work = {"iterations": cursor.number(4), "lanes": cursor.number(4), "memory_kib": cursor.number(4)}
    nonce, sealed = cursor.take(12), cursor.take(112)
    need(raw[0] == hashlib.sha256(filled[: cursor.at]).digest()[:10], "Malformed")
    salt, nonce, sealed = (base64.urlsafe_b64encode(x).decode() for x in (salt, nonce, sealed))
    rest = {"argon2": {"name": "argon2id", "salt": salt, **work}, "nonce": nonce, "sealed": sealed}
    return json.dumps({**PRIVATE_CONSTANTS, "epoch": epoch, "id": identity.hex(), **rest})


def read_envelope(vector: dict) -> tuple[str, str]:
    key = ResearchKey(bytes.fromhex(vector["research_key"]))
    participant = vector["participant_key"] and bytes.fromhex(vector["participant_key"])
    context, envelope = context_of(vector["context"]), bytes.fromhex(vector["envelope"])
    media_type, data = open_envelope(key, participant, context, envelope)
    return media_type, data.hex()


def read_file(vector: dict) -> tuple[str, str]:
    key, file = ResearchKey(bytes.fromhex(vector["research_key"])), base64.b64decode(vector["file"], validate=True)
    label, content = open_file(key, file)
    return label, hashlib.sha256(b"".join(content)).hexdigest()


@pytest.mark.parametrize(
    "path", sorted([*VECTORS.glob("*.json"), *VECTORS.glob("files/*.json")]), ids=lambda p: f"{p.parent.stem}-{p.stem}"
)
def test_vector(path: Path) -> None:
    vector = json.loads(path.read_text("utf-8"))
    read, names = (read_file, "label content_sha256") if "file" in vector else (read_envelope, "media_type data")
    if vector["error"] is None:
        assert read(vector) == tuple(vector[name] for name in names.split())
        return
    with pytest.raises(Refusal) as refusal:
        read(vector)
    assert str(refusal.value) == vector["error"].partition(":")[0]


def test_every_cut_file_is_refused_by_name() -> None:
    vector = json.loads((VECTORS / "files" / "valid.json").read_text("utf-8"))
    key, file = ResearchKey(bytes.fromhex(vector["research_key"])), base64.b64decode(vector["file"])
    for end in range(len(file)):
        with pytest.raises(Refusal, match=r"Malformed|Tampered"):
            list(open_file(key, file[:end])[1])


REFUSED_PRIVATE = [
    ('"2026"', '"2027"', "Tampered"),
    ("private half", "public half", "Malformed"),
    ('"epoch"', '"more": 1, "epoch"', "Malformed"),
    ('"lanes"', '"more": 1, "lanes"', "Malformed"),
    ("argon2id", "argon2i", "Malformed"),
]


def private_file() -> tuple[ResearchKey, str]:
    private, salt, nonce = bytes(range(96)), bytes(range(250, 256)) + bytes(10), bytes(12)
    key = ResearchKey(private)
    header = (
        '{"argon2":{"iterations":1,"lanes":1,"memory_kib":64,"name":"argon2id","salt":"-vv8_f7_AAAAAAAAAAAAAA=="},'
        f'"epoch":"2026","format":"hearten research key, private half","id":"{key.id.hex()}",'
        '"nonce":"AAAAAAAAAAAAAAAA","suite":"HPKE MLKEM768-X25519 HKDF-SHA256 AES-256-GCM","version":1}'
    )
    wrapping = Argon2id(salt=salt, length=32, iterations=1, lanes=1, memory_cost=64).derive("fin é".encode())
    sealed = base64.urlsafe_b64encode(AESGCM(wrapping).encrypt(nonce, private, header.encode())).decode()
    return key, json.dumps({**json.loads(header), "sealed": sealed}, indent=2)


def test_private_file_opens_with_its_passphrase_alone() -> None:
    key, written = private_file()
    assert open_private(written, "\ufb01n e\u0301").id == key.id
    for was, now, kind in REFUSED_PRIVATE:
        with pytest.raises(Refusal, match=kind):
            open_private(written.replace(was, now), "fin é")
    with pytest.raises(Refusal, match="Tampered"):
        open_private(written, "fin e")


def test_paper_says_the_same_as_the_private_file() -> None:
    _, written = private_file()
    fields = json.loads(written)
    texts = fields["argon2"]["salt"], fields["nonce"], fields["sealed"]
    salt, nonce, sealed = map(base64.urlsafe_b64decode, texts)
    costs = bytes.fromhex("000000010000000100000040")
    paper = b"\1\x042026" + bytes.fromhex(fields["id"]) + salt + costs + nonce + sealed
    filled = paper + bytes(-len(paper) % 5)
    raw = {0: hashlib.sha256(paper).digest()[:10]}
    raw |= {1 + at // 20: filled[at : at + 20] for at in range(0, len(filled), 20)}
    lines = {number: to_base32(bytes_) + check_of(number, bytes_) for number, bytes_ in raw.items()}
    assert json.loads(open_paper(lines)) == fields
    for slip in {3: lines[3][:-4] + lines[4][-4:]}, {0: to_base32(bytes(10)) + check_of(0, bytes(10))}:
        with pytest.raises(Refusal, match="Malformed"):
            open_paper({**lines, **slip})
