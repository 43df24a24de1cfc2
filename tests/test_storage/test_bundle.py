"""Bundles: pinned by vectors, opened by the bot for which they were made, and by nothing else."""

import json
import os
from base64 import b64decode
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from storage import errors
from storage.errors import NotForThisKey, SealError, Tampered, Unsigned
from storage.keyfiles import PublicFile
from storage.keys import BotKey, BundleKey, Recipient, read_bot_recipient, read_recipient
from storage.keys.recipients import add_recipient, read_recipients
from storage.keys.signing import fingerprint
from storage.seal.bundle import BLOCK, Bundle, Enclosed, close_files, make_bundle, open_bundle, open_files
from tests.test_storage.conftest import Study
from tests.test_storage.refusals import refused

VECTORS = Path(__file__).parent / "vectors"
BUNDLES, COPIES = sorted((VECTORS / "bundles").glob("*.json")), sorted((VECTORS / "copies").glob("*.json"))
SAID = Enclosed("tidings.json", "application/json", "They rang back – 很好".encode())


def files_of(vector: dict) -> tuple[Enclosed, ...]:
    return tuple(Enclosed(name, media_type, bytes.fromhex(data)) for name, media_type, data in vector["files"])


def expect(error: str | None):
    kind, _, words = (error or "").partition(": ")
    return pytest.raises(getattr(errors, kind), match=words)


@pytest.mark.parametrize("path", BUNDLES, ids=lambda path: path.stem)
def test_bundle_vectors(path: Path) -> None:
    vector = json.loads(path.read_text())
    key = BundleKey.of_raw(bytes.fromhex(vector["bot_key"]), bytes.fromhex(vector["study"]))
    signers = [Recipient(bytes.fromhex(who), "e", None, bytes.fromhex(each)) for who, each in vector["signers"].items()]
    if vector["error"]:
        with expect(vector["error"]):
            open_bundle(b64decode(vector["bundle"]), key, signers)
        return
    found = open_bundle(b64decode(vector["bundle"]), key, signers)
    said = (found.id.hex(), found.day.isoformat(), found.kind, found.about)
    assert said == tuple(vector[name] for name in ("id", "day", "kind", "about"))
    assert found.files == files_of(vector)


@pytest.mark.parametrize("path", COPIES, ids=lambda path: path.stem)
def test_copy_vectors(path: Path) -> None:
    vector = json.loads(path.read_text())
    closed, study, person, id_ = (bytes.fromhex(vector[name]) for name in ("closed", "study", "pseudonym", "id"))
    key = bytes.fromhex(vector["participant_key"]) if vector["participant_key"] else None
    if vector["error"]:
        with expect(vector["error"]):
            open_files(closed, key, study, person, id_)
        return
    assert open_files(closed, key, study, person, id_) == files_of(vector)


def test_vectors_cover_every_stated_failure() -> None:
    kinds = {str(json.loads(path.read_text())["error"]).split(":")[0] for path in (*BUNDLES, *COPIES)}
    assert kinds == {"None", *(each.__name__ for each in SealError.__subclasses__())}


@pytest.fixture
def key() -> BundleKey:
    return BundleKey.of_secret(b"s" * 32, b"t" * 16)


def made(study: Study, key: BundleKey, **changes) -> bytes:
    bundle = Bundle(os.urandom(16), date(2026, 11, 22), "tidings", "RIVERSIDE", (SAID,))
    return make_bundle(replace(bundle, **changes), key.recipient, study.research_key)


def test_what_is_made_opens_there_and_nowhere_else(study: Study, key: BundleKey) -> None:
    bundle, signers = made(study, key), read_recipients(study.settings.recipients)
    assert open_bundle(bundle, key, signers).files == (SAID,)
    for other in (BundleKey.of_secret(b"x" * 32, b"t" * 16), BundleKey.of_secret(b"s" * 32, b"u" * 16)):
        with pytest.raises(NotForThisKey):
            open_bundle(bundle, other, signers)
    with pytest.raises(Unsigned):
        open_bundle(bundle, key, [replace(each, signer=None) for each in signers])


def test_every_byte_of_a_bundle_counts(study: Study, key: BundleKey) -> None:
    bundle, signers = made(study, key), read_recipients(study.settings.recipients)
    for place in [*range(1400), *range(1400, len(bundle), 331)]:
        changed = bytearray(bundle)
        changed[place] ^= 1
        with pytest.raises(SealError):
            open_bundle(bytes(changed), key, signers)
    for cut in (0, 1, 40, 110, len(bundle) - BLOCK, len(bundle) - 1):
        with pytest.raises(SealError):
            open_bundle(bundle[:cut], key, signers)


def test_nothing_is_opened_before_the_signature_is_checked(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    key = BundleKey.of_secret(b"s" * 32, b"t" * 16)
    monkeypatch.setattr(BundleKey, "open", lambda *_: opened.append(1))
    bundle = bytearray(made(study, key))
    bundle[-1] ^= 1
    with pytest.raises(Tampered, match="not what was signed"):
        open_bundle(bytes(bundle), key, read_recipients(study.settings.recipients))
    assert opened == []


@pytest.mark.parametrize("length", [0, 1, 5000, 16_000])
def test_the_length_tells_blocks_only(length: int, study: Study, key: BundleKey) -> None:
    size = len(made(study, key, files=(Enclosed("n", "m", bytes(length)),)))
    assert size == len(made(study, key))
    longer = made(study, key, files=(Enclosed("n", "m", bytes(BLOCK)),))
    assert len(longer) == size + BLOCK


def test_a_copy_opens_for_that_person_and_bundle_only() -> None:
    closed = close_files([SAID], b"k" * 32, b"s" * 16, b"p" * 32, b"i" * 16)
    assert open_files(closed, b"k" * 32, b"s" * 16, b"p" * 32, b"i" * 16) == (SAID,)
    others = [(b"x" * 32, b"s" * 16, b"p" * 32, b"i" * 16), (b"k" * 32, b"x" * 16, b"p" * 32, b"i" * 16),
              (b"k" * 32, b"s" * 16, b"x" * 32, b"i" * 16), (b"k" * 32, b"s" * 16, b"p" * 32, b"x" * 16)]  # fmt: skip
    for each in others:
        with pytest.raises(Tampered):
            open_files(closed, *each)


def test_a_public_half_from_before_signatures_is_read_and_gets_its_signature(study: Study, tmp_path: Path) -> None:
    path = study.settings.recipients / "research.pub"
    whole = path.read_text()
    old = PublicFile.model_validate_json(whole).model_copy(update={"ed25519": None}).as_text()
    path.write_text(old)
    assert read_recipient(path).signer is None
    (tmp_path / "research.pub").write_text(whole)
    assert add_recipient(study.settings.recipients, tmp_path / "research.pub").path == path
    assert read_recipient(path).signer == study.research_key.recipient.signer


@pytest.mark.usefixtures("spoken")
def test_the_bots_public_half_is_written_and_read(study: Study, run, tmp_path: Path) -> None:
    out = tmp_path / "bot.pub"
    done = run("keys", "bot", "-o", out)
    assert done.exit_code == 0, done.output
    recipient = read_bot_recipient(out)
    assert recipient.id.hex() in done.stdout
    assert BotKey.read(study.settings.bot_key).bundle_key(recipient.study).id == recipient.id
    assert refused(run("keys", "bot", "-o", out), "cannot be written")


def test_the_public_half_of_a_research_key_is_written_anew(run, unattended: tuple[str, Path], tmp_path: Path) -> None:
    done = run("keys", "public", unattended[1], "-o", tmp_path / "research.pub")
    assert done.exit_code == 0, done.output
    signer = read_recipient(tmp_path / "research.pub").signer
    assert signer is not None
    assert f"signs as {fingerprint(signer)}" in done.stdout
    assert fingerprint(signer) in run("keys", "show", tmp_path / "research.pub").stdout
