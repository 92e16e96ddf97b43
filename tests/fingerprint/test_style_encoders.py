"""Our forward passes against those of transformers and diffusers, and everything that a folder can have wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPVisionModelWithProjection

from ledger.errors import InputError, IntegrityError, LedgerError, NotFoundError
from ledger.fingerprint.clip_encoder import load_clip_encoder, prepare
from ledger.fingerprint.fingerprint import Encoder
from ledger.fingerprint.style_config import GRIDS, STATISTICS, VAE_SIDE, preprocessing
from ledger.fingerprint.style_models import CLIP_WEIGHTS, VAE_WEIGHTS, StyleModels, StylePins, weights_digest
from ledger.fingerprint.vae_encoder import load_vae_encoder, pool
from tests.fingerprint.models import CLIP_DIMENSION, save_style_models, with_statistics

ART = sorted((Path(__file__).parents[1] / "data" / "art").glob("*.png"))[:4]
SIZES = ((90, 60), (61, 97), (512, 300), (20, 24))


def pictures() -> list[NDArray[np.uint8]]:
    """Wide, tall, large and small."""
    return [np.asarray(Image.open(path).convert("RGB").resize(size)) for path, size in zip(ART, SIZES, strict=True)]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> StyleModels:
    return save_style_models(tmp_path_factory.mktemp("models"))


@pytest.fixture
def copied(models: StyleModels, tmp_path: Path) -> StyleModels:
    """A folder to spoil."""
    shutil.copytree(models.clip.parent, tmp_path / "models")
    return StyleModels.in_folder(tmp_path / "models")


def unit(rows: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def clip_of(models: StyleModels) -> NDArray[np.float32]:
    """By transformers, preprocessing too."""
    processor = CLIPImageProcessor.from_pretrained(models.preprocessor)
    tower = CLIPVisionModelWithProjection.from_pretrained(models.clip, local_files_only=True).eval()
    with torch.inference_mode():
        seen = [processor(Image.fromarray(each), return_tensors="pt")["pixel_values"] for each in pictures()]
        return unit(np.concatenate([tower(each).image_embeds.numpy() for each in seen]))


def vae_of(models: StyleModels) -> NDArray[np.float32]:
    """Latents by diffusers, cells one by one."""
    vae = AutoencoderKL.from_pretrained(models.vae, local_files_only=True).eval()
    rows = []
    for picture in pictures():
        small = np.asarray(Image.fromarray(picture).resize((VAE_SIDE, VAE_SIDE), Image.Resampling.BILINEAR), np.float32)
        with torch.inference_mode():
            latents = vae.encode(torch.from_numpy(small / 127.5 - 1).permute(2, 0, 1)[None]).latent_dist.mean[0].numpy()
        row: list[float] = []
        for grid in GRIDS:
            cell = latents.shape[1] // grid
            cells = [
                latents[channel, y * cell : (y + 1) * cell, x * cell : (x + 1) * cell]
                for channel in range(len(latents))
                for y in range(grid)
                for x in range(grid)
            ]
            row += [float(each.mean()) for each in cells] + [float(each.std()) for each in cells]
        rows.append(row)
    return np.array(rows, np.float32)


@pytest.mark.parametrize("activation", ["quick_gelu", "gelu"])
def test_clip_is_what_transformers_makes_of_it(activation: str, tmp_path: Path) -> None:
    models = save_style_models(tmp_path, activation=activation)
    encoder = load_clip_encoder(models)
    found = encoder.encode(pictures())
    assert found.dtype == np.float16
    assert found.shape == (4, CLIP_DIMENSION) == (4, encoder.dimension)
    assert np.abs(found - clip_of(models)).max() < 2e-3


def test_the_tower_of_a_whole_clip_is_found(models: StyleModels, copied: StyleModels) -> None:
    """As the hub has it: both towers in one file, their configurations in one document."""
    tower = CLIPVisionModelWithProjection.from_pretrained(models.clip, local_files_only=True)
    config = CLIPConfig(vision_config=tower.config.to_dict(), projection_dim=CLIP_DIMENSION)
    config.text_config.update({"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "vocab_size": 8})
    whole = CLIPModel(config)
    whole.vision_model.load_state_dict(tower.vision_model.state_dict())
    whole.visual_projection.load_state_dict(tower.visual_projection.state_dict())
    shutil.rmtree(copied.clip)
    whole.save_pretrained(copied.clip, safe_serialization=True)
    assert (load_clip_encoder(copied).encode(pictures()) == load_clip_encoder(models).encode(pictures())).all()


def test_pictures_are_prepared_as_transformers_does(models: StyleModels) -> None:
    processor = CLIPImageProcessor.from_pretrained(models.preprocessor)
    for picture in pictures():
        expected = processor(Image.fromarray(picture), return_tensors="np")["pixel_values"][0].transpose(1, 2, 0)
        assert np.abs(prepare(picture, preprocessing(models.preprocessor)) - expected).max() < 1e-5


def test_vae_is_what_diffusers_makes_of_it(models: StyleModels) -> None:
    encoder = load_vae_encoder(models)
    expected = vae_of(models)
    assert np.abs(encoder.pooled(pictures()) - expected).max() < 1e-3
    found = encoder.encode(pictures())
    assert found.shape == (4, encoder.dimension) == (4, 2 * 4 * 21)
    assert np.abs(found - unit(expected)).max() < 2e-3


def test_statistics_are_standardised_before_they_are_normalised(copied: StyleModels) -> None:
    plain = load_vae_encoder(copied).pooled(pictures())
    encoder = load_vae_encoder(with_statistics(copied))
    rising = np.linspace(1, 2, encoder.dimension).astype(np.float32)
    assert np.abs(encoder.encode(pictures()) - unit((plain - 0.1 * rising) / (2 * rising))).max() < 2e-3


def test_attention_under_its_older_names(models: StyleModels, copied: StyleModels) -> None:
    """As Stable Diffusion 1.5 has it on the hub."""
    file = copied.vae / VAE_WEIGHTS
    older = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    tensors = load_file(file)
    for new, old in older.items():
        tensors = {name.replace(f".{new}.", f".{old}."): tensor for name, tensor in tensors.items()}
    assert any(".proj_attn." in name for name in tensors)
    save_file(tensors, file)
    assert (load_vae_encoder(copied).encode(pictures()) == load_vae_encoder(models).encode(pictures())).all()


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_files_of_other_precision(models: StyleModels, copied: StyleModels, kind: torch.dtype) -> None:
    for file in (copied.clip / CLIP_WEIGHTS, copied.vae / VAE_WEIGHTS):
        save_file({name: tensor.to(kind) for name, tensor in load_file(file).items()}, file)
    for load in (load_clip_encoder, load_vae_encoder):
        cosine = (load(copied).encode(pictures()).astype(np.float32) * load(models).encode(pictures())).sum(axis=1)
        assert (cosine > 0.999).all()


def test_pooling_knows_where() -> None:
    latents = np.zeros((1, 16, 16), np.float32)
    latents[0, :4, 12:] = 16.0
    row = pool(latents)
    assert row[0] == 1.0
    assert row[2:6].tolist() == [0, 4, 0, 0]
    assert row[10:26].tolist() == [0, 0, 0, 16] + [0] * 12
    assert (row[26:] == 0).all(), "no cell of sixteen varies within"


@pytest.mark.parametrize("load", [load_clip_encoder, load_vae_encoder])
def test_a_vector_does_not_depend_on_its_company(load: object, models: StyleModels) -> None:
    assert callable(load)
    encoder: Encoder = load(models)
    together = encoder.encode(pictures())
    for row, picture in enumerate(pictures()):
        assert (encoder.encode([picture])[0] == together[row]).all()
    assert (encoder.encode_queries(pictures())[:, 0] == together).all()
    assert encoder.encode_queries(pictures()).shape[1] == 1, "no windows"
    assert encoder.encode([]).shape == (0, encoder.dimension)
    assert np.allclose(np.linalg.norm(together.astype(np.float32), axis=1), 1, atol=1e-3)


def test_descriptions_name_weights_and_preprocessing(copied: StyleModels) -> None:
    before = copied.describe()
    with_statistics(copied)
    after = copied.describe()
    assert before["clip"] == after["clip"]
    assert before["vae"]["weights"] != after["vae"]["weights"], "the statistics count"
    edit_json(copied.preprocessor / "preprocessor_config.json", image_mean=[0.5, 0.5, 0.5])
    assert copied.describe()["clip"] != after["clip"]


def test_pinned_models_are_refused_when_changed(copied: StyleModels) -> None:
    pins = StylePins(weights_digest(copied.clip, CLIP_WEIGHTS), weights_digest(copied.vae, VAE_WEIGHTS, STATISTICS))
    pinned = StyleModels.in_folder(copied.clip.parent, pins)
    assert load_clip_encoder(pinned).describe() == copied.describe()["clip"]
    assert load_vae_encoder(pinned).describe() == copied.describe()["vae"]
    with_statistics(copied)
    edit_json(copied.clip / "config.json", layer_norm_eps=0.1)
    for load in (load_clip_encoder, load_vae_encoder):
        with pytest.raises(IntegrityError) as refused:
            load(pinned)
        assert refused.value.code == "weights-changed"


def edit_json(file: Path, **changes: object) -> None:
    document = json.loads(file.read_bytes())
    file.write_text(json.dumps({**document, **changes}))


def use(models: StyleModels) -> None:
    models.describe()
    load_clip_encoder(models)
    load_vae_encoder(models)


def drop(file: Path) -> None:
    file.unlink()


@pytest.mark.parametrize(
    ("part", "spoil", "kind", "code"),
    [
        ("image_encoder", lambda at: drop(at / "config.json"), NotFoundError, "model-missing"),
        ("image_encoder", lambda at: drop(at / CLIP_WEIGHTS), NotFoundError, "model-missing"),
        ("image_encoder", lambda at: (at / "config.json").write_text("[]"), InputError, "bad-model"),
        ("image_encoder", lambda at: (at / "config.json").write_text("{" * 10_000), InputError, "bad-model"),
        ("image_encoder", lambda at: edit_json(at / "config.json", hidden_size=0), InputError, "bad-model"),
        ("image_encoder", lambda at: edit_json(at / "config.json", hidden_act="relu"), InputError, "bad-model"),
        ("image_encoder", lambda at: edit_json(at / "config.json", num_hidden_layers=3), InputError, "bad-model"),
        ("image_encoder", lambda at: (at / CLIP_WEIGHTS).write_bytes(b"\xff" * 64), InputError, "bad-model"),
        (
            "image_encoder",
            lambda at: (at / CLIP_WEIGHTS).rename(at / "pytorch_model.bin"),
            InputError,
            "unsafe-weights",
        ),
        ("feature_extractor", lambda at: drop(at / "preprocessor_config.json"), NotFoundError, "model-missing"),
        (
            "feature_extractor",
            lambda at: edit_json(at / "preprocessor_config.json", crop_size={"height": 8, "width": 8}),
            InputError,
            "bad-model",
        ),
        ("vae", lambda at: edit_json(at / "config.json", norm_num_groups=3), InputError, "bad-model"),
        ("vae", lambda at: edit_json(at / "config.json", latent_channels=9), InputError, "bad-model"),
        ("vae", lambda at: edit_json(at / "config.json", block_out_channels=[8] * 7), InputError, "bad-model"),
        ("vae", lambda at: drop(at / VAE_WEIGHTS), NotFoundError, "model-missing"),
        ("vae", lambda at: (at / STATISTICS).write_text('{"mean": []}'), InputError, "bad-model"),
        (
            "vae",
            lambda at: (at / STATISTICS).write_text('{"mean": ["0.000000"], "deviation": ["1.000000"]}'),
            InputError,
            "bad-model",
        ),
        (
            "vae",
            lambda at: (at / STATISTICS).write_text('{"mean": ["0.000000"], "deviation": ["0.000000"]}'),
            InputError,
            "bad-model",
        ),
    ],
)
def test_folders_that_will_not_do(
    copied: StyleModels, part: str, spoil: object, kind: type[LedgerError], code: str
) -> None:
    assert callable(spoil)
    spoil(copied.clip.parent / part)
    with pytest.raises(kind) as refused:
        use(copied)
    assert refused.value.code == code
    assert part in refused.value.message
