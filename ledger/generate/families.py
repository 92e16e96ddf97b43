"""The supported kinds of diffusers pipelines and their differences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ledger.errors import InputError
from ledger.generate.request import MAX_SIDE, MAX_STEPS, GenerationRequest, RequestLimits

_CLIP_TOKENIZERS = frozenset({"CLIPTokenizer", "CLIPTokenizerFast"})
_SCHEDULERS = frozenset(
    f"{name}Scheduler"
    for name in (
        *("DDIM", "DDPM", "DEISMultistep", "DPMSolverMultistep", "DPMSolverSinglestep", "EulerAncestralDiscrete"),
        *("EulerDiscrete", "HeunDiscrete", "LCM", "LMSDiscrete", "PNDM", "TCD", "UniPCMultistep"),
    )
)


@dataclass(frozen=True, slots=True)
class Family:
    """One class of pipeline."""

    pipeline: str
    """Name of the class in diffusers."""
    components: Mapping[str, frozenset[str]]
    """Allowed classes of each component, by name (and folder). No other class is ever loaded."""
    optional: frozenset[str]
    denoiser: str
    """Name of the component that does the denoising steps."""
    half: str
    """Floating-point type on accelerators."""
    cpu: str
    """Floating-point type on a processor: FLUX in float32 would need 68 GB."""
    steps: int
    guidance: Decimal


STABLE_DIFFUSION = Family(
    pipeline="StableDiffusionPipeline",
    components={
        "vae": frozenset({"AutoencoderKL"}),
        "text_encoder": frozenset({"CLIPTextModel"}),
        "tokenizer": _CLIP_TOKENIZERS,
        "unet": frozenset({"UNet2DConditionModel"}),
        "scheduler": _SCHEDULERS,
        "safety_checker": frozenset({"StableDiffusionSafetyChecker"}),
        "feature_extractor": frozenset({"CLIPImageProcessor", "CLIPImageProcessorPil", "CLIPFeatureExtractor"}),
    },
    optional=frozenset({"safety_checker", "feature_extractor"}),
    denoiser="unet",
    half="float16",
    cpu="float32",
    steps=30,
    guidance=Decimal("7.5"),
)
STABLE_DIFFUSION_XL = Family(
    pipeline="StableDiffusionXLPipeline",
    components={
        "vae": frozenset({"AutoencoderKL"}),
        "text_encoder": frozenset({"CLIPTextModel"}),
        "text_encoder_2": frozenset({"CLIPTextModelWithProjection"}),
        "tokenizer": _CLIP_TOKENIZERS,
        "tokenizer_2": _CLIP_TOKENIZERS,
        "unet": frozenset({"UNet2DConditionModel"}),
        "scheduler": _SCHEDULERS,
    },
    optional=frozenset(),
    denoiser="unet",
    half="float16",
    cpu="float32",
    steps=30,
    guidance=Decimal(5),
)
FLUX = Family(
    pipeline="FluxPipeline",
    components={
        "vae": frozenset({"AutoencoderKL"}),
        "text_encoder": frozenset({"CLIPTextModel"}),
        "text_encoder_2": frozenset({"T5EncoderModel"}),
        "tokenizer": _CLIP_TOKENIZERS,
        "tokenizer_2": frozenset({"T5Tokenizer", "T5TokenizerFast"}),
        "transformer": frozenset({"FluxTransformer2DModel"}),
        "scheduler": frozenset({"FlowMatchEulerDiscreteScheduler"}),
    },
    optional=frozenset(),
    denoiser="transformer",
    half="bfloat16",
    cpu="bfloat16",
    steps=28,
    guidance=Decimal("3.5"),
)
FAMILIES: Mapping[str, Family] = {family.pipeline: family for family in (STABLE_DIFFUSION, STABLE_DIFFUSION_XL, FLUX)}

FLUX_SIDE, FLUX_LEAST_SIDE = 1024, 256
"""FLUX supports sizes from a tenth of a megapixel to two (its model card); its configuration states none."""
SCHNELL_STEPS = 4
"""FLUX.1-schnell's model card: 1 to 4 steps, no guidance."""


def limits(family: Family, configs: Mapping[str, Mapping[str, Any]]) -> RequestLimits:
    """Limits from the configurations (`config.json`) of the VAE and of the denoiser.

    Stable Diffusion makes sensible pictures from about half to twice the side that it was trained for.
    Raises InputError (`bad-pipeline`) if the configurations state no sizes.
    """
    denoiser = configs[family.denoiser]
    try:
        factor = 2 ** (len(configs["vae"]["block_out_channels"]) - 1)
        if family is FLUX:
            multiple, side = 2 * factor, FLUX_SIDE
        else:
            multiple, side = factor, int(denoiser["sample_size"]) * factor
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise InputError(
            f"the configuration of the {family.denoiser} or the VAE does not say what sizes it works with",
            code="bad-pipeline",
        ) from error
    if not multiple <= side <= MAX_SIDE or multiple > FLUX_LEAST_SIDE:
        raise InputError(f"the pipeline says that it makes pictures of {side} pixels", code="bad-pipeline")
    distilled = family is FLUX and not denoiser.get("guidance_embeds", False)
    return RequestLimits(
        multiple=multiple,
        min_side=FLUX_LEAST_SIDE if family is FLUX else -(-side // (2 * multiple)) * multiple,
        max_side=min(2 * side, MAX_SIDE),
        width=side,
        height=side,
        steps=SCHNELL_STEPS if distilled else family.steps,
        max_steps=MAX_STEPS,
        guidance=Decimal(0) if distilled else family.guidance,
        guidance_matters=not distilled,
        negative_prompt=family is not FLUX,
    )


def arguments(family: Family, request: GenerationRequest) -> dict[str, Any]:
    """The pipeline's arguments without the seed."""
    given: dict[str, Any] = {
        "prompt": request.prompt,
        "width": request.width,
        "height": request.height,
        "num_inference_steps": request.steps,
        "guidance_scale": float(request.guidance),
    }
    if family is not FLUX:
        given["negative_prompt"] = request.negative_prompt or None
    return given
