"""Loads diffusers pipelines from a checked folder (folder.py) and moves them to their device."""

from __future__ import annotations

from typing import Any

from ledger.errors import InputError
from ledger.generate.folder import PipelineFolder
from ledger.generate.placement import Offload, Placement

TILED_ABOVE = 1024 * 1024
"""Above this many pixels the VAE works in tiles: 2048x2048 at once would need about 30 GB. Only the size decides, since
tiles change a picture slightly and the same request must give the same picture."""

_OTHER_COMPONENTS = ("image_encoder", "feature_extractor")
"""Components for other tasks, which may be in the folder and are not loaded."""
_UNLOADABLE = (OSError, ValueError, LookupError, TypeError, AttributeError, ImportError, RuntimeError)
"""Exceptions that diffusers and transformers raise for inconsistent files."""


def load_pipeline(folder: PipelineFolder, placement: Placement) -> Any:
    """The diffusers pipeline, ready to be called.

    Raises InputError (`bad-pipeline`) if its files contradict its configuration.
    """
    import diffusers
    import torch
    from safetensors import SafetensorError

    kind = getattr(torch, placement.dtype)

    _quiet()
    absent = {*_OTHER_COMPONENTS, *folder.family.optional} - set(folder.components)
    try:
        pipeline = getattr(diffusers, folder.family.pipeline).from_pretrained(
            str(folder.path),
            dtype=kind,
            use_safetensors=True,
            local_files_only=True,
            variant=folder.variant,
            **dict.fromkeys(absent),
            **_text_encoders(folder, kind),
            **_options(folder),
        )
    except (*_UNLOADABLE, SafetensorError) as error:
        raise InputError(
            f"{folder.path} cannot be loaded as a {folder.family.pipeline}: {str(error)[:300]}", code="bad-pipeline"
        ) from error
    _require_whole(pipeline, folder)
    pipeline.set_progress_bar_config(disable=True)
    _put(pipeline, placement)
    return pipeline


def tile(pipeline: Any, width: int, height: int) -> None:
    """Makes the VAE work in tiles if the size of the picture requires it, else not."""
    if width * height > TILED_ABOVE:
        pipeline.vae.enable_tiling()
    else:
        pipeline.vae.disable_tiling()


def _options(folder: PipelineFolder) -> dict[str, Any]:
    match folder.family.pipeline:
        case "StableDiffusionPipeline":
            return {"requires_safety_checker": "safety_checker" in folder.components}
        case "StableDiffusionXLPipeline":
            return {"add_watermarker": False}  # otherwise pictures would depend on whether a package is installed
        case _:
            return {}


def _text_encoders(folder: PipelineFolder, kind: Any) -> dict[str, Any]:
    """Loads text encoders here: transformers fills missing weights randomly and reports them only on request."""
    import transformers

    found: dict[str, Any] = {}
    for name in ("text_encoder", "text_encoder_2"):
        if name not in folder.components:
            continue
        found[name], report = getattr(transformers, folder.components[name]).from_pretrained(
            folder.path / name,
            dtype=kind,
            use_safetensors=True,
            local_files_only=True,
            variant=folder.variant_of(name),
            output_loading_info=True,
        )
        if report["missing_keys"] or report["mismatched_keys"]:
            raise InputError(f"the weights of {name} in {folder.path} are not all there", code="bad-pipeline")
    return found


def _require_whole(pipeline: Any, folder: PipelineFolder) -> None:
    """Requires complete weights: diffusers leaves parameters without weights out of memory."""
    for name, part in pipeline.components.items():
        if hasattr(part, "parameters") and any(tensor.is_meta for tensor in part.parameters()):
            raise InputError(f"the weights of {name} in {folder.path} are not all there", code="bad-pipeline")


def _put(pipeline: Any, placement: Placement) -> None:
    match placement.offload:
        case Offload.NONE:
            pipeline.to(placement.device)
        case Offload.COMPONENTS:
            pipeline.enable_model_cpu_offload(device=placement.device)
        case Offload.LAYERS:
            pipeline.enable_sequential_cpu_offload(device=placement.device)


def _quiet() -> None:
    """Turns off the libraries' progress bars and notices."""
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    for logging in (diffusers_logging, transformers_logging):
        logging.disable_progress_bar()
        logging.set_verbosity_error()
