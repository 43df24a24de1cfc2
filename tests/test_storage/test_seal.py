"""The envelope: opens exactly where and for whom it was sealed, and fails cleanly everywhere else."""

import dataclasses
import hashlib
import io
import json
import re
from base64 import b64decode
from importlib import util
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from storage import errors
from storage.errors import Erased, Malformed, NotForThisKey, SealError, Tampered
from storage.keys import ResearchKey
from storage.records import Content
from storage.seal import BLOCK, Context, open_envelope, recipients_of, seal
from storage.seal.stream import open_sealed, read_label

VECTORS = Path(__file__).parent / "vectors"
FILES = VECTORS / "files"


def load_maker() -> Any:
    spec = util.spec_from_file_location("vectors_make", VECTORS / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MAKER = load_maker()
KEY, OTHER_KEY = (ResearchKey.of_raw(raw, "test") for raw in MAKER.RAW_KEYS)
PARTICIPANT = MAKER.PARTICIPANT_KEY
names = some.text(max_size=20)
contexts = some.builds(
    Context,
    study=some.binary(min_size=16, max_size=16),
    pseudonym=some.binary(min_size=32, max_size=32),
    session=names,
    question=names,
    part=some.integers(1, 2**32 - 1),
    guide=names,
    guide_version=some.integers(0, 2**32 - 1),
)
HERE = Context(b"s" * 16, b"p" * 32, "one", "what-helped", 1, "guide", 1)


def context_of(fields: dict[str, Any]) -> Context:
    raw = {name: bytes.fromhex(fields[name]) for name in ("study", "pseudonym")}
    return Context(**(fields | raw))


@pytest.mark.parametrize("path", sorted(VECTORS.glob("*.json")), ids=lambda path: path.stem)
def test_vectors(path: Path) -> None:
    vector = json.loads(path.read_text("utf-8"))
    participant = vector["participant_key"] and bytes.fromhex(vector["participant_key"])
    key = ResearchKey.of_raw(bytes.fromhex(vector["research_key"]), "test")
    arguments = (bytes.fromhex(vector["envelope"]), context_of(vector["context"]), participant, key)
    if vector["error"] is None:
        assert open_envelope(*arguments) == Content(vector["media_type"], bytes.fromhex(vector["data"]))
    else:
        kind, words = vector["error"].split(": ")
        with pytest.raises(SealError, match=words) as caught:
            open_envelope(*arguments)
        assert_sentence(str(caught.value))
        assert type(caught.value) is getattr(errors, kind)


def assert_sentence(said: str) -> None:
    """What a person is shown: a sentence or two, with a capital letter and a full stop."""
    assert re.fullmatch(r"(The|This|A|An|Someone) [a-z][^A-Z\n]*( Hearten)?\.", said), said


@pytest.mark.parametrize("path", sorted(FILES.glob("*.json")), ids=lambda path: path.stem)
def test_vectors_of_sealed_files(path: Path) -> None:
    vector = json.loads(path.read_text("utf-8"))
    keys = [ResearchKey.of_raw(bytes.fromhex(vector["research_key"]), "test")]
    file = b64decode(vector["file"])
    if vector["error"] is None:
        content = b"".join(open_sealed(io.BytesIO(file), keys))
        assert hashlib.sha256(content).hexdigest() == vector["content_sha256"]
        assert read_label(io.BytesIO(file)) == vector["label"]
        return
    kind, words = vector["error"].split(": ")
    with pytest.raises(SealError, match=words) as caught:
        list(open_sealed(io.BytesIO(file), keys))
    assert_sentence(str(caught.value))
    assert type(caught.value) is getattr(errors, kind)


def test_vectors_cover_every_stated_failure() -> None:
    assert {path.stem for path in FILES.glob("*.json")} == {name for name, *_ in MAKER.file_cases()}
    stored = {path.stem for path in VECTORS.glob("*.json")}
    assert stored == {name for name, *_ in MAKER.cases()}
    kinds = {str(json.loads(path.read_text("utf-8"))["error"]).split(":")[0] for path in VECTORS.rglob("*.json")}
    assert kinds == {"None", *(each.__name__ for each in SealError.__subclasses__())}


@given(media_type=names, data=some.binary(max_size=2000), context=contexts)
@settings(max_examples=50, deadline=None)
def test_what_goes_in_comes_out(media_type: str, data: bytes, context: Context) -> None:
    content = Content(media_type, data)
    envelope = seal(content, context, PARTICIPANT, [KEY.recipient, OTHER_KEY.recipient])
    assert open_envelope(envelope, context, PARTICIPANT, KEY) == content
    assert open_envelope(envelope, context, PARTICIPANT, OTHER_KEY) == content


@given(one=contexts, other=contexts)
@settings(deadline=None)
def test_no_two_contexts_have_the_same_bytes(one: Context, other: Context) -> None:
    assert (one == other) == (one.encode() == other.encode())


@given(session=names, question=names, cut=some.integers(0, 40))
def test_fields_that_run_together_are_apart(session: str, question: str, cut: int) -> None:
    joined = session + question
    moved = dataclasses.replace(HERE, session=joined[:cut], question=joined[cut:])
    original = dataclasses.replace(HERE, session=session, question=question)
    assert (moved == original) == (moved.encode() == original.encode())


@pytest.mark.parametrize("field", [each.name for each in dataclasses.fields(Context)])
def test_every_field_of_the_context_binds(field: str) -> None:
    envelope = seal(Content.of_text("words"), HERE, PARTICIPANT, [KEY.recipient])
    old = getattr(HERE, field)
    elsewhere = dataclasses.replace(HERE, **{field: old + 1 if isinstance(old, int) else old + old[:1]})
    with pytest.raises(Tampered):
        open_envelope(envelope, elsewhere, PARTICIPANT, KEY)


def test_every_single_bit_of_an_envelope_counts() -> None:
    envelope = bytearray(seal(Content.of_text("words"), HERE, PARTICIPANT, [KEY.recipient]))
    for at in range(len(envelope) * 8):
        envelope[at // 8] ^= 1 << at % 8
        with pytest.raises(SealError):
            open_envelope(bytes(envelope), HERE, PARTICIPANT, KEY)
        envelope[at // 8] ^= 1 << at % 8
    assert open_envelope(bytes(envelope), HERE, PARTICIPANT, KEY).text == "words"


def test_every_byte_beneath_the_participant_key_counts() -> None:
    """Someone who holds the keyring can remake the outer layer; the inner one is bound all the same."""
    size = len(MAKER.forge()) - 13 - 16
    for at in range(size):
        envelope = MAKER.forge(change_inner=lambda inner, at=at: MAKER.flip(inner, at))
        with pytest.raises(SealError):
            open_envelope(envelope, context_of(MAKER.CONTEXT), PARTICIPANT, KEY)


@given(envelope=some.binary(max_size=100) | some.binary(max_size=100).map(lambda rest: b"\x01" + rest))
def test_any_bytes_fail_cleanly(envelope: bytes) -> None:
    with pytest.raises(SealError):
        open_envelope(envelope, HERE, PARTICIPANT, KEY)


@given(content=some.binary(min_size=0, max_size=3 * BLOCK).map(lambda data: data + bytes(-len(data) % BLOCK or BLOCK)))
@settings(max_examples=50, deadline=None)
def test_any_content_beneath_all_keys_opens_or_fails_cleanly(content: bytes) -> None:
    try:
        opened = open_envelope(MAKER.forge(content=content), context_of(MAKER.CONTEXT), PARTICIPANT, KEY)
    except SealError:
        return
    assert MAKER.padded(opened.media_type.encode(), opened.data) == content


def test_length_tells_only_blocks() -> None:
    overhead = len(seal(Content("", b""), HERE, PARTICIPANT, [KEY.recipient])) - BLOCK
    for length in (0, 1, 100, 248):
        assert len(seal(Content("", b"x" * length), HERE, PARTICIPANT, [KEY.recipient])) == overhead + BLOCK
    assert len(seal(Content("", b"x" * 249), HERE, PARTICIPANT, [KEY.recipient])) == overhead + 2 * BLOCK


def test_the_same_words_never_look_the_same() -> None:
    sealed = {seal(Content.of_text("words"), HERE, PARTICIPANT, [KEY.recipient]) for _ in range(20)}
    assert len(sealed) == 20


def test_another_epoch_is_told_apart_from_tampering() -> None:
    envelope = seal(Content.of_text("words"), HERE, PARTICIPANT, [OTHER_KEY.recipient])
    with pytest.raises(NotForThisKey):
        open_envelope(envelope, HERE, PARTICIPANT, KEY)


def test_an_empty_inside_names_no_recipient() -> None:
    envelope = MAKER.forge(change_inner=lambda _: b"")
    with pytest.raises(Malformed, match="names no recipient"):
        open_envelope(envelope, context_of(MAKER.CONTEXT), PARTICIPANT, KEY)


@pytest.mark.parametrize("length", [BLOCK - 8, BLOCK - 9, 2 * BLOCK - 8])
def test_padding_is_exactly_what_fills_the_block(length: int) -> None:
    """Content that fills its block has no padding; one more block of zeros, and nothing opens."""
    content = MAKER.padded(b"", b"x" * length)
    here = context_of(MAKER.CONTEXT)
    assert open_envelope(MAKER.forge(content=content), here, PARTICIPANT, KEY).data == b"x" * length
    with pytest.raises(Malformed, match="more padding"):
        open_envelope(MAKER.forge(content=content + bytes(BLOCK)), here, PARTICIPANT, KEY)


def test_without_the_participants_key_nothing_is_looked_at() -> None:
    for read in (lambda: open_envelope(b"", HERE, None, KEY), lambda: recipients_of(b"", HERE, None)):
        with pytest.raises(Erased, match="withdrew") as caught:
            read()
        assert_sentence(str(caught.value).replace(": the key", ", the key"))


def test_the_recipients_are_told_without_a_research_key() -> None:
    envelope = seal(Content.of_text("words"), HERE, PARTICIPANT, [KEY.recipient, OTHER_KEY.recipient])
    assert recipients_of(envelope, HERE, PARTICIPANT) == {KEY.id, OTHER_KEY.id}
    with pytest.raises(Tampered):
        recipients_of(envelope, dataclasses.replace(HERE, part=HERE.part + 1), PARTICIPANT)
