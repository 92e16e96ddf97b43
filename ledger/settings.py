"""Every setting, `ARTLEDGER_*` in the environment. Read only by ledger/app and `migrations/env.py`.

What changes a result (models, thresholds) is not a setting but part of a spec or a calibration, which records name by
digest.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def _default_data_dir() -> Path:
    return Path(platformdirs.user_data_dir("artledger", appauthor=False))


class Settings(BaseSettings):
    """How this installation runs; command line options override the environment."""

    model_config = SettingsConfigDict(env_prefix="ARTLEDGER_", extra="ignore", frozen=True)

    data_dir: Path = Field(default_factory=_default_data_dir)
    """Where keys, the embedded database, the published log and the last checkpoint live."""

    database_url: SecretStr | None = None
    """PostgreSQL 15 or newer with pgvector 0.8 or newer; without it an embedded server runs below `data_dir`."""

    postgres_user: str | None = None
    """As root, the unprivileged user that the embedded server runs as; default: a user id that nobody else has."""

    log_store: str | None = None
    """Where tiles and checkpoints go: a folder or `s3://`, `gs://`, `az://`; default `data_dir`/log."""

    origin: str | None = None
    """Origin of a log about to be created; an existing log keeps its own."""

    key_passphrase: SecretStr | None = None
    """Encrypts new private keys at rest and opens existing ones."""

    witness_policy: Path | None = None
    """A C2SP tlog-policy file that names the witnesses whose cosignatures a checkpoint needs before it is published."""

    guard_policy: Path | None = None
    """The policy by which generated pictures are handed out, a `.toml` or `.json` file; the shipped one if absent."""

    c2pa_certificate: Path | None = None
    """A certificate chain (PEM, its own first) that signs Content Credentials, instead of one made here."""

    c2pa_key: Path | None = None
    """The private key (PKCS #8 PEM) of `c2pa_certificate`."""

    publish_interval: float = Field(default=1.0, gt=0)
    """Seconds between looks of the publisher for news, while `serve` runs."""

    checkpoint_wait: float = Field(default=10.0, gt=0)
    """Seconds that a request with `wait=checkpoint` waits at most for the checkpoint that covers its record."""

    profile: Literal["studio", "hub"] = "studio"
    """Which models are used: `studio` comes with the package, `hub` is downloaded (CLIP, Stable Diffusion's VAE)."""

    style_models: Path | None = None
    """A folder with `image_encoder`, `feature_extractor` and `vae`, as pipelines have them: what style is compared by,
    instead of the profile's. `artledger train style-null` measures how near strangers come by it."""

    generator: str | None = None
    """What makes pictures: `studio`, `sd15`, `sdxl`, `flux-schnell`, a pipeline's folder, or `OWNER/NAME@COMMIT` of the
    hub; default: the profile's, `studio` or `sd15`."""

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where pictures are made; `auto` takes an accelerator where there is one."""

    dtype: Literal["auto", "float32", "float16", "bfloat16"] = "auto"
    """The numbers that pictures are made with; `auto` is what suits model and device."""

    decode_workers: int = Field(default=3, ge=1)
    """Processes that decode pictures. Strangers' pictures get all but one of them."""

    max_image_bytes: int = Field(default=64 * 2**20, ge=1)
    """Largest file that is accepted as a picture."""

    allowed_hosts: str = ""
    """Names of this service, separated by commas. Requests with another name in `Host` are refused; `localhost` and the
    address that a request reaches are always allowed."""

    trusted_proxies: str = ""
    """Addresses and networks of your proxies, separated by commas. From these, limits read the asker's address in
    `X-Forwarded-For` or `Forwarded`; from anybody else these headers are ignored."""

    owner_socket: Path | None = None
    """Path of a Unix socket that `serve` makes for the machine's owner (mode 0600). Requests there need no token, have
    no limits, and may administer."""

    trust_loopback: bool = False
    """Treat every request from this machine as its owner's, as on `owner_socket`. Never set this behind a proxy, or
    where other people use the machine."""

    metrics_port: int | None = Field(default=None, ge=1, le=65_535)
    """Port of 127.0.0.1 that serves `/metrics` for Prometheus. Without it, `/metrics` is not served."""

    limit_per_address: str = "300/minute"
    """How many requests one address may make without a token, reading aside."""

    limit_overall: str = "3000/minute"
    """How often all of them together may."""

    limit_per_account: str = "60/minute"
    """How many requests one account may make for works, terms, keys, claims, accounts and statements of use."""

    limit_pictures_per_account: str = "600/minute"
    """How many pictures one account may have compared, made or reported with the scopes `verifications` and
    `generations`."""

    contested_per_day: int = Field(default=20, ge=0)
    """How many near-duplicates of works that others registered before it one account may register within 24 hours."""

    max_queue: int = Field(default=10_000, ge=1)
    """Statements waiting to be appended before new ones are pushed back."""

    work_per_address: str = "30/minute"
    """Seconds of work that strangers at one address may have done in a time: comparing, making pictures, reviewing."""

    work_overall: str = "90/minute"
    """Seconds of work that all strangers together may have done in a time."""

    requests_at_once: int = Field(default=8, ge=1)
    """Requests for work that strangers at one address may have under way at once."""

    generation_steps: int = Field(default=100, ge=1)
    """Steps of diffusion, times pictures, that a stranger may ask for at once."""

    max_connections: int = Field(default=1_000, ge=16)
    """Connections at once; fewer where the process may open few files. One that waits makes room for a new one."""

    connections_per_address: int = Field(default=100, ge=1)
    """Connections of one address at once."""

    head_seconds: float = Field(default=10.0, gt=0)
    """Seconds within which a connection must have sent the head of a request."""

    body_seconds: float = Field(default=60.0, gt=0)
    """Seconds within which the body of a request must have arrived."""
