"""The sealed file: comes back exactly, and is refused where it was cut, lengthened, changed or put together."""

import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from storage.errors import Malformed, NotForThisKey, SealError, Tampered, UnknownVersion
from storage.keys import ResearchKey
from storage.seal.stream import CHUNK, SealedWriter, open_sealed, read_label

KEY, OTHER = (ResearchKey.of_raw(bytes(range(start, start + 96)), "test") for start in (0, 100))
LABEL = "hearten test"
STANZA = 16 + 2 + 1168
HEADER = 19 + 1 + 4 + len(LABEL) + 1 + STANZA
SEALED_CHUNK = CHUNK + 16


def sealed(content: bytes, *keys: ResearchKey, pieces: int = 70_000) -> bytes:
    out = io.BytesIO()
    writer = SealedWriter(out, LABEL, [key.recipient for key in keys or (KEY,)])
    for start in range(0, len(content), pieces):
        writer.write(content[start : start + pieces])
    writer.finish()
    return out.getvalue()


def content_of(file: bytes, *keys: ResearchKey) -> bytes:
    return b"".join(open_sealed(io.BytesIO(file), keys or (KEY,)))


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 5])
def test_any_length_comes_back_exactly(size: int) -> None:
    content = bytes(each % 251 for each in range(size))
    file = sealed(content, KEY, OTHER)
    assert content_of(file) == content_of(file, OTHER) == content
    assert read_label(io.BytesIO(file)) == LABEL
    assert len(file) == HEADER + STANZA + size + 16 * max(1, -(-size // CHUNK))


@given(content=some.binary(max_size=300), pieces=some.integers(1, 300))
@settings(max_examples=30, deadline=None)
def test_it_does_not_matter_in_which_pieces_it_is_written(content: bytes, pieces: int) -> None:
    assert content_of(sealed(content, pieces=pieces)) == content


def test_every_cut_is_seen() -> None:
    file = sealed(bytes(2 * CHUNK + 5))
    places = [*range(0, HEADER + 40, 7), HEADER, HEADER + SEALED_CHUNK, HEADER + 2 * SEALED_CHUNK, len(file) - 1]
    for place in places:
        with pytest.raises(SealError):
            content_of(file[:place])


def test_a_cut_at_the_end_of_a_chunk_is_seen() -> None:
    file = sealed(bytes(2 * CHUNK + 5))
    with pytest.raises(Tampered, match="cut short"):
        content_of(file[: HEADER + SEALED_CHUNK])


def test_what_is_added_swapped_or_repeated_is_seen() -> None:
    file = sealed(bytes(CHUNK) + b"\1" * CHUNK + b"end")
    head, rest = file[:HEADER], file[HEADER:]
    one, two, last = rest[:SEALED_CHUNK], rest[SEALED_CHUNK : 2 * SEALED_CHUNK], rest[2 * SEALED_CHUNK :]
    assert content_of(head + one + two + last)
    for mixed in (head + two + one + last, head + one + one + two + last, head + one + last, file + b"\0", file + last):
        with pytest.raises(SealError):
            content_of(mixed)


def test_every_byte_counts() -> None:
    file = bytearray(sealed(b"words"))
    for place in range(len(file)):
        file[place] ^= 1
        with pytest.raises(SealError):
            content_of(bytes(file))
        file[place] ^= 1
    assert content_of(bytes(file)) == b"words"


def test_a_part_of_another_file_does_not_fit() -> None:
    one, other = sealed(bytes(CHUNK) + b"one"), sealed(bytes(CHUNK) + b"two")
    with pytest.raises(Tampered):
        content_of(one[: HEADER + SEALED_CHUNK] + other[HEADER + SEALED_CHUNK :])


def test_each_refusal_is_its_own() -> None:
    file = sealed(b"words")
    wrong = [
        (b"", Malformed, "not a sealed file"),
        (b"SQLite format 3\0" + bytes(500), Malformed, "not a sealed file"),
        (file[:19] + b"\2" + file[20:], UnknownVersion, "update Hearten"),
        (file[:20] + b"\xff" + file[21:], Malformed, "label"),
        (file[: HEADER - 5], Malformed, "list of recipients"),
        (file[: HEADER - STANZA - 1] + b"\0" + file[HEADER:], Malformed, "no recipient"),
        (file[: HEADER - STANZA - 1], Malformed, "no recipient"),
        (file[: HEADER - STANZA - 1] + b"\2" + file[HEADER - STANZA : HEADER] * 2, Malformed, "twice"),
        (file[:20] + (201).to_bytes(4, "big") + file[24:], Malformed, "label is not one"),
        (file[:23], Malformed, "label is not one"),
        (file[:24] + b"\xff" + file[25:], Malformed, "not text"),
    ]
    for broken, kind, words in wrong:
        with pytest.raises(kind, match=words) as caught:
            content_of(broken)
        assert str(caught.value)[:4] in ("The ", "This")
        assert re.search(r"[a-z n]\.$", str(caught.value))
    with pytest.raises(NotForThisKey, match=r"^The file .* its epoch\.$"):
        content_of(file, OTHER)


def test_a_label_has_up_to_two_hundred_bytes() -> None:
    for length in (0, 199, 200):
        out = io.BytesIO()
        SealedWriter(out, "l" * length, [KEY.recipient]).finish()
        assert read_label(io.BytesIO(out.getvalue())) == "l" * length
        assert content_of(out.getvalue()) == b""


class Trickle(io.RawIOBase):
    """A file that gives a few bytes at a time, as a pipe may."""

    def __init__(self, content: bytes) -> None:
        self._rest = content

    def read(self, size: int = -1) -> bytes:
        given, self._rest = self._rest[: min(size, 1000)], self._rest[min(size, 1000) :]
        return given


def test_a_source_that_gives_little_at_a_time_is_read_whole() -> None:
    content = bytes(each % 251 for each in range(CHUNK + 5))
    file = sealed(content)
    assert b"".join(open_sealed(Trickle(file), [KEY])) == content  # type: ignore[arg-type]


def test_an_unfinished_file_does_not_open() -> None:
    out = io.BytesIO()
    writer = SealedWriter(out, LABEL, [KEY.recipient])
    writer.write(bytes(3 * CHUNK))
    with pytest.raises(Tampered):
        content_of(out.getvalue())


def test_what_was_written_is_read_back_and_compared() -> None:
    out = io.BytesIO()
    writer = SealedWriter(out, LABEL, [KEY.recipient])
    writer.write(b"words")
    writer.finish()
    assert b"".join(writer.check(io.BytesIO(out.getvalue()))) == b"words"
    with pytest.raises(SealError):
        list(writer.check(io.BytesIO(out.getvalue()[:-1])))
