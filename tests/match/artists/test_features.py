from __future__ import annotations

import numpy as np
import pytest

from ledger.errors import ConflictError, InputError
from ledger.match.artists.features import FeatureBlock
from ledger.match.artists.fusion import LIMIT, fit_fusion
from tests.match.artists.samples import SPECS, block_of, labelled


def test_rows_and_stacks() -> None:
    block = block_of(labelled(3, 4))
    assert len(block) == 12
    halves = [block[np.arange(0, 12, 2)], block[np.arange(1, 12, 2)]]
    assert len(FeatureBlock.stack(halves)) == 12
    assert (halves[1].parts["clip"][0] == block.parts["clip"][1]).all()


def test_features_of_several_specifications_are_refused() -> None:
    block = block_of(labelled(2, 2))
    other = FeatureBlock.of(block.parts, SPECS | {"clip": "9" * 64})
    with pytest.raises(ConflictError, match="'clip'") as raised:
        FeatureBlock.stack([block, other])
    assert raised.value.code == "spec-mismatch"


@pytest.mark.parametrize("fault", ["rows", "numbers", "specification"])
def test_features_that_do_not_fit_are_refused(fault: str) -> None:
    parts = dict(block_of(labelled(2, 2)).parts)
    specs = dict(SPECS)
    if fault == "rows":
        parts["clip"] = parts["clip"][:3]
    elif fault == "numbers":
        parts["clip"] = np.where(parts["clip"] > 0, np.float32(np.nan), parts["clip"])
    else:
        del specs["clip"]
    with pytest.raises(InputError) as raised:
        FeatureBlock.of(parts, specs)
    assert raised.value.code == "bad-features"


def test_fusion_gives_every_part_the_same_weight() -> None:
    block = block_of(labelled(5, 20))
    scaled = FeatureBlock.of({**block.parts, "vae": block.parts["vae"] * 1000 + 7}, SPECS)
    fused = fit_fusion(scaled, ("technique", "vae"))(scaled)
    assert fused.shape == (100, 22)
    assert (fused[:, :12] ** 2).sum(axis=1).mean() == pytest.approx(1, rel=0.05)
    assert (fused[:, 12:] ** 2).sum(axis=1).mean() == pytest.approx(1, rel=0.05)


def test_fusion_limits_odd_values_and_drops_constant_ones() -> None:
    block = block_of(labelled(5, 20))
    clip = block.parts["clip"].copy()
    clip[:, 0] = 3
    fusion = fit_fusion(FeatureBlock.of({**block.parts, "clip": clip}, SPECS), ("clip",))
    odd = clip[:1] + 1e6
    fused = fusion(FeatureBlock.of({**{k: v[:1] for k, v in block.parts.items()}, "clip": odd}, SPECS))
    assert fused[0, 0] == 0
    assert fused[0, 1:] == pytest.approx(LIMIT / np.sqrt(8))
