"""The copy descriptor with its real weights."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from safetensors.torch import load_file

from ledger.errors import IntegrityError
from ledger.fingerprint import copy_descriptor
from ledger.fingerprint.copy_encoder import CopyEncoder, load_copy_encoder
from ledger.fingerprint.fingerprint import Encoder
from ledger.image.canonical_image import Pixels
from ledger.lab.train import efficientnet
from ledger.lab.train.copy.network import CopyNetwork, normalised, pool_windows
from tests.image.samples import pixels_of


def drawing(seed: int) -> Pixels:
    """Random ellipses and lines on a plain ground."""
    rng = random.Random(seed)
    picture = Image.new("RGB", (300 + 20 * seed, 240), "white")
    pen = ImageDraw.Draw(picture)
    for round_one in rng.choices([True, False], k=8):
        left, top = rng.randrange(200), rng.randrange(150)
        box = (left, top, left + rng.randrange(20, 90), top + rng.randrange(20, 80))
        colour = rng.randrange(0xFFFFFF)
        if round_one:
            pen.ellipse(box, colour)
        else:
            pen.line(box, colour, width=9)
    return pixels_of(picture)


ART = sorted((Path(__file__).parents[1] / "data" / "art").glob("*.png"))
PICTURES = [drawing(seed) for seed in range(6)]


@pytest.fixture(scope="module")
def encoder() -> CopyEncoder:
    return load_copy_encoder()


def cosines(one: NDArray[np.float16], other: NDArray[np.float16]) -> NDArray[np.float64]:
    return np.asarray(one.astype(np.float64) @ other.astype(np.float64).T)


def test_shape_type_and_length(encoder: CopyEncoder) -> None:
    vectors = encoder.encode(PICTURES)
    assert vectors.shape == (6, encoder.dimension)
    assert vectors.dtype == np.dtype(np.float16)
    assert encoder.dimension == copy_descriptor.DIMENSION == 256
    assert np.linalg.norm(vectors.astype(np.float64), axis=1) == pytest.approx(1, abs=2e-3)
    assert np.isfinite(vectors).all()


def test_no_pictures(encoder: CopyEncoder) -> None:
    assert encoder.encode([]).shape == (0, 256)


def test_it_is_an_encoder(encoder: CopyEncoder) -> None:
    protocol: Encoder = encoder
    assert (protocol.name, dict(protocol.describe())) == ("copy", dict(copy_descriptor.describe()))


def test_a_vector_does_not_depend_on_its_company(encoder: CopyEncoder) -> None:
    together = encoder.encode(PICTURES)
    for index, picture in enumerate(PICTURES):
        assert (encoder.encode([picture])[0] == together[index]).all()


def test_a_query_is_seen_whole_first_then_by_windows(encoder: CopyEncoder) -> None:
    windows = encoder.encode_queries(PICTURES)
    assert windows.shape == (6, 1 + len(copy_descriptor.WINDOWS), 256)
    assert (windows[:, 0] == encoder.encode(PICTURES)).all()
    assert encoder.encode_queries([]).shape == (0, 10, 256)


def test_a_work_pasted_on_another_is_found_by_a_window(encoder: CopyEncoder) -> None:
    works = [Image.open(path).convert("RGB") for path in ART]
    vectors = encoder.encode([pixels_of(work) for work in works])
    for pasted, ground in ((1, 9), (4, 12), (20, 3)):
        canvas = works[ground].resize((512, 512))
        canvas.paste(works[pasted].resize((250, 250)), (258, 258))
        similarity = cosines(encoder.encode_queries([pixels_of(canvas)])[0], vectors)
        by_window = similarity[1:].max(axis=0)
        by_window[ground] = -1
        assert by_window.argmax() == pasted
        assert by_window[pasted] > similarity[0, pasted]


def test_copies_are_near_and_strangers_far(encoder: CopyEncoder) -> None:
    copies = [pixels_of(Image.fromarray(picture).resize((250, 180)).crop((8, 5, 245, 175))) for picture in PICTURES]
    similarity = cosines(encoder.encode(copies), encoder.encode(PICTURES))
    assert (similarity.argmax(axis=1) == np.arange(6)).all()


def test_vectors_are_those_of_the_network_that_was_trained(encoder: CopyEncoder) -> None:
    """In torch: the whole from the picture at 256 pixels a side, and windows from the picture at 512."""
    network = CopyNetwork(efficientnet.EfficientNetLite0())
    network.load_state_dict({name: each.float() for name, each in load_file(copy_descriptor.WEIGHTS_FILE).items()})
    for picture, found in zip(PICTURES[:3], encoder.encode_queries(PICTURES[:3]), strict=True):
        with torch.inference_mode():
            whole = network(normalised(at_side(picture, 256)))
            windows = network.describe(
                pool_windows(network.backbone(normalised(at_side(picture, 512))), copy_descriptor.WINDOWS)[0]
            )
        wanted = torch.cat([whole, windows]).numpy()
        assert ((wanted * found.astype(np.float32)).sum(axis=1) > 0.9995).all()


def at_side(picture: Pixels, side: int) -> torch.Tensor:
    resized = Image.fromarray(picture).resize((side, side), Image.Resampling.BILINEAR)
    return torch.from_numpy(np.array(resized)[np.newaxis])


@pytest.mark.parametrize("level", [0, 128, 255])
def test_blank_and_tiny_pictures_have_defined_vectors(encoder: CopyEncoder, level: int) -> None:
    vectors = encoder.encode([np.full((90, 70, 3), level, np.uint8), np.full((1, 1, 3), level, np.uint8)])
    assert np.isfinite(vectors).all()


def test_features_are_those_of_the_published_network() -> None:
    """Known answer: mean activation and one channel of a gradient, from the weights' own reference implementation."""
    ramp = torch.linspace(-1, 1, 224).expand(1, 3, 224, 224)
    with torch.inference_mode():
        features = efficientnet.load_efficientnet_lite0()(ramp)
    assert features.shape == (1, 1280, 7, 7)
    assert float(features.mean()) == pytest.approx(0.0935365, rel=1e-3)
    assert float(features[0, 29].mean()) == pytest.approx(4.8386073, rel=1e-3)


def test_changed_backbone_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    changed = tmp_path / "weights.pth"
    changed.write_bytes(b"not the weights")
    monkeypatch.setattr(efficientnet, "_weights_file", lambda: changed)
    with pytest.raises(IntegrityError) as caught:
        efficientnet.load_efficientnet_lite0()
    assert caught.value.code == "weights-changed"


def test_changed_weights_are_refused(tmp_path: Path) -> None:
    data = bytearray(copy_descriptor.WEIGHTS_FILE.read_bytes())
    data[-1] ^= 1
    changed = tmp_path / "weights.safetensors"
    changed.write_bytes(data)
    with pytest.raises(IntegrityError) as caught:
        load_copy_encoder(changed)
    assert caught.value.code == "weights-changed"


def test_torch_keeps_its_threads(encoder: CopyEncoder) -> None:
    before = torch.get_num_threads()
    load_copy_encoder().encode(PICTURES)
    assert torch.get_num_threads() == before
