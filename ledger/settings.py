"""Every setting: an environment variable `ARTLEDGER_*`. Only ledger/app and `migrations/env.py` read them.

Models and thresholds change results, so they are no settings. They belong to a fingerprint spec or a calibration, which
records name by digest.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from ledger.cores import cores


def _default_data_dir() -> Path:
    return Path(platformdirs.user_data_dir("artledger", appauthor=False))


class Settings(BaseSettings):
    """How this installation runs. Options of a command override the environment."""

    model_config = SettingsConfigDict(env_prefix="ARTLEDGER_", extra="ignore", frozen=True)

    data_dir: Path = Field(default_factory=_default_data_dir)
    """Folder for the keys, the embedded database, the published log and the last checkpoint."""

    database_url: SecretStr | None = None
    """URL of a PostgreSQL server (15 or newer) with pgvector (0.8 or newer). Without it, an embedded server runs in the
    data folder."""

    postgres_user: str | None = None
    """User that the embedded server runs as when you start Artledger as root. Default: a user id that no other program
    uses."""

    log_store: str | None = None
    """Where the log is published: a folder, or a bucket as `s3://`, `gs://` or `az://`. Default: `log` in the data
    folder."""

    origin: str | None = None
    """Name of a new log (its origin), for example `log.example.org/art`. An existing log keeps its name."""

    key_passphrase: SecretStr | None = None
    """Passphrase that encrypts the private keys of this installation on disk."""

    witness_policy: Path | None = None
    """File in C2SP tlog-policy format. It names the witnesses that must cosign a checkpoint before it is published."""

    guard_policy: Path | None = None
    """Guard policy (`.toml` or `.json`): when a generated picture is handed out, handed out with a warning, or blocked.
    Default: the policy that comes with Artledger."""

    c2pa_certificate: Path | None = None
    """Certificate chain (PEM, its own certificate first) that signs Content Credentials. Default: Artledger makes its
    own."""

    c2pa_key: Path | None = None
    """Private key (PKCS #8, PEM) of that certificate."""

    data_mining: (
        Literal[
            "DMI-ALLOWED",
            "DMI-PROHIBITED",
            "DMI-PROHIBITED-AIMLTRAINING",
            "DMI-PROHIBITED-GENAIMLTRAINING",
            "DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING",
        ]
        | None
    ) = None
    """What generated pictures say of data mining and training, in their Content Credentials and in XMP: a value of
    IPTC's Data Mining property such as `DMI-PROHIBITED-AIMLTRAINING`. Default: nothing."""

    publish_interval: float = Field(default=1.0, gt=0)
    """How often `serve` publishes new log entries, in seconds."""

    checkpoint_wait: float = Field(default=10.0, gt=0)
    """How long a request with `wait=checkpoint` waits for the checkpoint that covers its record, in seconds."""

    profile: Literal["studio", "hub"] = "studio"
    """Which models to use. `studio` comes with Artledger. `hub` downloads CLIP and the VAE of Stable Diffusion."""

    style_models: Path | None = None
    """Folder of the models that compare style, with `image_encoder`, `feature_extractor` and `vae` as in a diffusers
    pipeline. Default: those of the profile. `artledger train style-null` measures their error rates."""

    generator: str | None = None
    """Model that generates pictures: `studio`, `sd15`, `sdxl`, `flux-schnell`, the folder of a diffusers pipeline, or
    `OWNER/NAME@COMMIT` on the Hugging Face hub. Default: `studio` with the profile `studio`, `sd15` with `hub`."""

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Device that generates pictures. `auto` uses a GPU if there is one."""

    dtype: Literal["auto", "float32", "float16", "bfloat16"] = "auto"
    """Floating-point precision for generation. `auto` chooses what suits the model and the device."""

    decode_workers: int = Field(default_factory=lambda: cores() + 1, ge=1)
    """Number of processes that decode pictures. Requests without a token may use all but one of them. Default: one more
    than there are processor cores."""

    max_image_bytes: int = Field(default=64 * 2**20, ge=1)
    """Largest picture file to accept, in bytes."""

    allowed_hosts: str = ""
    """Host names of this service, separated by commas. The service refuses requests with another name in `Host`.
    `localhost` and the address that a request reaches are always allowed."""

    trusted_proxies: str = ""
    """Addresses and networks of your proxies, separated by commas. Only these may state the address of a client in
    `X-Forwarded-For` or `Forwarded`. From others, the service ignores these headers."""

    owner_socket: Path | None = None
    """Path of a Unix socket for the owner of this machine (mode 0600). Requests on it need no token, have no limits and
    may administer the service. Default: `owner.sock` in the data folder."""

    trust_loopback: bool = False
    """Treat every request from this machine as its owner's, as on the owner socket. Never set this behind a proxy or on
    a machine that other people use."""

    metrics_port: int | None = Field(default=None, ge=1, le=65_535)
    """Port on 127.0.0.1 that serves `/metrics` for Prometheus. Without it, there is no `/metrics`."""

    outbound_private: bool = False
    """Also send webhooks to private addresses, and look for proofs of domains there, over http too. Only for closed
    networks: whoever has an account could otherwise reach into yours."""

    limit_per_address: str = "300/minute"
    """How many requests one address may make without a token. Requests that only read do not count."""

    limit_overall: str = "3000/minute"
    """How many such requests all addresses together may make."""

    limit_per_account: str = "60/minute"
    """How many requests one account may make about works, terms, keys, claims, accounts and statements of use."""

    limit_pictures_per_account: str = "600/minute"
    """How many pictures one account may verify, generate or report (scopes `verifications` and `generations`)."""

    contested_per_day: int = Field(default=20, ge=0)
    """How many works one account may register within 24 hours that are edited copies of works by other artists."""

    claim_answer_days: int = Field(default=14, ge=1, le=3_650)
    """Within how many days whoever a claim concerns is asked to answer it. Later answers are taken, too."""

    claim_decide_days: int = Field(default=60, ge=1, le=3_650)
    """Within how many days auditors are asked to decide a claim. After that, the verdict of the rules stands."""

    max_queue: int = Field(default=10_000, ge=1)
    """How many statements may wait to be appended to the log. Beyond that, the service answers 503."""

    work_per_address: str = "30/minute"
    """Seconds of computing time for requests from one address without a token: comparing pictures, generating them,
    reviewing claims."""

    work_overall: str = "90/minute"
    """Seconds of computing time for all requests without a token together."""

    requests_at_once: int = Field(default=8, ge=1)
    """How many such requests one address may have in progress at once."""

    generation_steps: int = Field(default=100, ge=1)
    """Diffusion steps times pictures in one request without a token."""

    max_connections: int = Field(default=1_000, ge=16)
    """How many connections may be open at once; fewer if the process may open few files. When all are taken, a new one
    replaces the one that has been idle longest."""

    connections_per_address: int = Field(default=100, ge=1)
    """How many connections one address may have open at once."""

    head_seconds: float = Field(default=10.0, gt=0)
    """How long a client may take to send the headers of a request, in seconds."""

    body_seconds: float = Field(default=60.0, gt=0)
    """How long a client may take to send the body of a request, in seconds."""
