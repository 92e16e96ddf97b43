from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from ledger.errors import IntegrityError
from ledger.image.preview import PREVIEW_SIDE, make_preview, read_preview
from tests.image.samples import pixels_of, save, textured


def test_preview_looks_like_the_picture() -> None:
    picture = textured(512, 300)
    preview = read_preview(make_preview(pixels_of(picture)))
    assert preview.shape == (150, PREVIEW_SIDE, 3)
    expected = pixels_of(picture.resize((PREVIEW_SIDE, 150), Image.Resampling.LANCZOS))
    assert np.abs(preview.astype(int) - expected.astype(int)).mean() < 4


def test_small_pictures_keep_their_size() -> None:
    assert read_preview(make_preview(pixels_of(textured(20, 10)))).shape == (10, 20, 3)


@pytest.mark.parametrize(
    "data", [b"", b"RIFF", make_preview(pixels_of(textured(64, 64)))[:-20], save(textured(257, 9), "WEBP")]
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(IntegrityError) as caught:
        read_preview(data)
    assert caught.value.code == "bad-preview"
