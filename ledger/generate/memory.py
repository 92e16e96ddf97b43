"""Facts about a pipeline in memory, whose weights may be in no file (after loading adapters or fine-tuning)."""

from __future__ import annotations

import hashlib
from typing import Any

from ledger import canonical
from ledger.errors import InputError
from ledger.generate.picture import ModelFacts


def facts_in_memory(pipeline: Any, name: str) -> ModelFacts:
    """Digests of the weights in memory. Takes as long as reading all of them once (a second for half a gigabyte).

    A component's digest is SHA-256 over its tensors in the order of their names: for each, name, type and shape as one
    line of canonical JSON, then the bytes of its numbers, little-endian. Raises InputError (`bad-pipeline`).
    """
    components = getattr(pipeline, "components", None)
    if not isinstance(components, dict):
        raise InputError(
            f"{type(pipeline).__name__} is not a diffusers pipeline: it has no components", code="bad-pipeline"
        )
    modules = {key: part for key, part in components.items() if hasattr(part, "state_dict")}
    if not modules:
        raise InputError(f"{type(pipeline).__name__} has no component with weights", code="bad-pipeline")
    kind = f"diffusers/{type(pipeline).__name__}"
    files = {key: _state_sha256(part) for key, part in sorted(modules.items())}
    description = {
        "type": "artledger/model-spec",
        "version": 1,
        "pipeline": kind,
        "hub": None,
        "weights": files,
        "components": {key: type(part).__name__ for key, part in components.items() if part is not None},
    }
    return ModelFacts(
        name=name, format=kind, revision=None, files=files, spec=canonical.dumps(description), manifest=None
    )


def _state_sha256(module: Any) -> str:
    import torch

    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        if tensor.is_meta:
            raise InputError(
                "the weights are offloaded, so they cannot be digested",
                code="bad-pipeline",
                hint="Wrap the pipeline before offloading it, or name its model.",
            )
        plain = tensor.detach().to("cpu").contiguous()
        head = {"name": name, "shape": list(plain.shape), "type": str(plain.dtype).removeprefix("torch.")}
        digest.update(canonical.dumps(head) + b"\n")
        digest.update(plain.reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()
