"""A picture made here is what its file would decode to."""

from __future__ import annotations

import numpy as np
import pytest

from ledger.image.decode import decode
from ledger.image.from_pixels import PIXELS_TYPE, image_of
from ledger.image.limits import DEFAULT_LIMITS
from tests.image.samples import save, textured


@pytest.mark.parametrize(("width", "height"), [(64, 48), (700, 300)])
def test_a_lossless_file_of_it_decodes_to_the_same(width: int, height: int) -> None:
    picture = textured(width, height, 3)
    made = image_of(np.asarray(picture))
    decoded = decode(save(picture, "PNG"), DEFAULT_LIMITS)
    assert (made.pixel_sha256, made.width, made.height) == (decoded.pixel_sha256, decoded.width, decoded.height)
    assert made.working.tobytes() == decoded.working
    assert (made.sha256, made.media_type) == (made.pixel_sha256, PIXELS_TYPE)


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 4), (0, 4, 3)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="not 8-bit RGB"):
        image_of(np.zeros(shape, np.uint8))
    with pytest.raises(ValueError, match="not 8-bit RGB"):
        image_of(np.zeros((4, 4, 3), np.float32))
