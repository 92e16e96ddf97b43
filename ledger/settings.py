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
    """Folder of keys, the embedded database, the published log and the last signed checkpoint."""

    database_url: SecretStr | None = None
    """PostgreSQL 15 or newer with pgvector 0.8 or newer. Without it, an embedded server runs in `data_dir`."""

    postgres_user: str | None = None
    """Unprivileged user that the embedded server runs as when root starts it. Default: a user id that nobody else
    has."""

    log_store: str | None = None
    """Where tiles and checkpoints are published: a folder, or `s3://`, `gs://`, `az://`. Default: `log` in
    `data_dir`."""

    origin: str | None = None
    """Name (origin) of a new log. An existing log keeps its own."""

    key_passphrase: SecretStr | None = None
    """Encrypts new private keys on the disk, and opens existing ones."""

    witness_policy: Path | None = None
    """File with a C2SP tlog-policy. It names the witnesses that must cosign a checkpoint before it is published."""

    guard_policy: Path | None = None
    """File (`.toml` or `.json`) with the policy that decides which generated pictures are handed out. Default: the
    shipped policy."""

    c2pa_certificate: Path | None = None
    """Certificate chain (PEM, your own certificate first) that signs Content Credentials. Default: a certificate
    made here."""

    c2pa_key: Path | None = None
    """Private key (PKCS #8 PEM) of `c2pa_certificate`."""

    publish_interval: float = Field(default=1.0, gt=0)
    """How often `serve` publishes new entries, in seconds."""

    checkpoint_wait: float = Field(default=10.0, gt=0)
    """How long a request with `wait=checkpoint` waits for a checkpoint that covers its record, in seconds."""

    profile: Literal["studio", "hub"] = "studio"
    """Which models are used. `studio` comes with the package; `hub` is downloaded (CLIP, Stable Diffusion's
    VAE)."""

    style_models: Path | None = None
    """Folder with `image_encoder`, `feature_extractor` and `vae`, laid out as in a pipeline, which style is
    compared by instead of the profile's models. Run `artledger train style-null` to measure its error rates."""

    generator: str | None = None
    """What makes pictures: `studio`, `sd15`, `sdxl`, `flux-schnell`, the folder of a pipeline, or
    `OWNER/NAME@COMMIT` on the hub. Default: `studio` or `sd15`, by profile."""

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Device that makes pictures. `auto` takes an accelerator if there is one."""

    dtype: Literal["auto", "float32", "float16", "bfloat16"] = "auto"
    """Floating-point precision for generation. `auto` fits the model and the device."""

    decode_workers: int = Field(default=3, ge=1)
    """Processes that decode pictures. Clients without a token use all but one of them."""

    max_image_bytes: int = Field(default=64 * 2**20, ge=1)
    """Largest picture file that is accepted, in bytes."""

    allowed_hosts: str = ""
    """Host names of this service, separated by commas. A request with another name in `Host` is refused.
    `localhost` and the address that a request reaches are always allowed."""

    trusted_proxies: str = ""
    """Addresses and networks of your proxies, separated by commas. For requests from these, limits count the
    client's address in `X-Forwarded-For` or `Forwarded`. From any other address, these headers are ignored."""

    owner_socket: Path | None = None
    """Path of a Unix socket that `serve` makes for the machine's owner (mode 0600). Requests there need no token,
    have no limits, and may administer."""

    trust_loopback: bool = False
    """Treat every request from this machine as its owner's, as on `owner_socket`. Never set this behind a proxy, or
    if other people use the machine."""

    metrics_port: int | None = Field(default=None, ge=1, le=65_535)
    """Port of 127.0.0.1 that serves `/metrics` for Prometheus. Without it, `/metrics` is not served."""

    limit_per_address: str = "300/minute"
    """Requests that one address may make without a token. Reading is not counted."""

    limit_overall: str = "3000/minute"
    """Requests that all addresses together may make without a token. Reading is not counted."""

    limit_per_account: str = "60/minute"
    """Requests that one account may make for works, terms, keys, claims, accounts and statements of use."""

    limit_pictures_per_account: str = "600/minute"
    """Pictures that one account may have compared, generated or reported with the scopes `verifications` and
    `generations`."""

    contested_per_day: int = Field(default=20, ge=0)
    """How many near-duplicates of works that others registered first an account may register within 24 hours."""

    max_queue: int = Field(default=10_000, ge=1)
    """How many statements may wait to be appended. Above that, requests are answered with 503."""

    work_per_address: str = "30/minute"
    """Seconds of work (comparing, generating, reviewing) that clients without a token may use from one address."""

    work_overall: str = "90/minute"
    """Seconds of work that all clients without a token together may use."""

    requests_at_once: int = Field(default=8, ge=1)
    """Requests for work that clients without a token may have running at once from one address."""

    generation_steps: int = Field(default=100, ge=1)
    """Diffusion steps, multiplied by pictures, that a client without a token may ask for in one request."""

    max_connections: int = Field(default=1_000, ge=16)
    """Connections at once; fewer if the process may open few files. When all are taken, the one that has waited
    longest without asking is closed."""

    connections_per_address: int = Field(default=100, ge=1)
    """Connections at once from one address."""

    head_seconds: float = Field(default=10.0, gt=0)
    """How long a connection may take to send the head of a request, in seconds."""

    body_seconds: float = Field(default=60.0, gt=0)
    """How long the body of a request may take to arrive, in seconds."""
