"""Downloads models from the hub: once, by repository and commit, only the files that are read, never a pickle."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ledger.errors import InputError, LedgerError, NotFoundError, PushbackError
from ledger.generate.folder import INDEX, open_index
from ledger.generate.profiles import FolderModel, HubModel, ModelSource

_CONFIGURATION = ("*.json", "*.txt", "*.model")
CONNECT_TIMEOUT = 10.0
"""Seconds to wait for the hub's first answer."""
_WEIGHTS = ("diffusion_pytorch_model", "model")


def pipeline_folder(source: ModelSource) -> Path:
    """The pipeline's folder on this machine, downloaded if it is missing.

    Its index is checked before its weights are downloaded. Raises NotFoundError (`model-missing`), PushbackError
    (`hub-unreachable`), InputError (`bad-pipeline`).
    """
    if isinstance(source, FolderModel):
        return _existing(source)
    family, classes = open_index(_snapshot(source, [INDEX]))
    patterns = [
        f"{component}/{pattern}"
        for component in family.components
        if component in classes
        for pattern in (*_CONFIGURATION, *_weight_patterns(source.variant))
    ]
    return _snapshot(source, [INDEX, *patterns])


def encoder_folder(source: ModelSource) -> Path:
    """The folder of one model (`config.json`, weights, preprocessing). Raises as `pipeline_folder` does."""
    if isinstance(source, FolderModel):
        return _existing(source)
    return _snapshot(source, [*_CONFIGURATION, *_weight_patterns(source.variant)])


def _existing(source: FolderModel) -> Path:
    if not source.path.is_dir():
        raise NotFoundError(
            f"the model {source.name} is not at {source.path}", code="model-missing", hint="Reinstall artledger."
        )
    return source.path


def _weight_patterns(variant: str | None) -> Iterator[str]:
    """Patterns of whole and sharded weights with the shards' index; no other sets of weights in the folder."""
    suffix = "" if variant is None else f".{variant}"
    for name in _WEIGHTS:
        yield f"{name}{suffix}.safetensors"
        yield f"{name}{suffix}-*-of-*.safetensors"


def _snapshot(source: HubModel, patterns: list[str]) -> Path:
    import httpx2
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError
    from huggingface_hub.errors import RevisionNotFoundError as NoSuchRevisionError

    download = partial(snapshot_download, source.repository, revision=source.revision, allow_patterns=patterns)
    try:
        return Path(download(local_files_only=True))
    except LocalEntryNotFoundError:
        _require_hub(source)
    try:
        return Path(download())
    except (RepositoryNotFoundError, NoSuchRevisionError) as error:
        raise NotFoundError(
            f"the hub offers you no {source.repository} at {source.revision}",
            code="model-missing",
            hint="If its publisher requires it, accept the licence on the hub, then log in: hf auth login",
        ) from error
    except (LocalEntryNotFoundError, HfHubHTTPError, httpx2.HTTPError) as error:
        raise _unreachable(source) from error
    except OSError as error:
        raise InputError(
            f"{source.repository} cannot be stored: {error.strerror or error}", code="model-not-stored"
        ) from error


def _require_hub(source: HubModel) -> None:
    """Checks once that the hub is reachable, because a download would retry for half a minute."""
    import httpx2
    from huggingface_hub import constants, get_session
    from huggingface_hub.errors import OfflineModeIsEnabled as OfflineError

    try:
        get_session().head(constants.ENDPOINT, timeout=CONNECT_TIMEOUT)
    except (httpx2.HTTPError, OfflineError) as error:
        raise _unreachable(source) from error


def _unreachable(source: HubModel) -> LedgerError:
    return PushbackError(
        f"{source.repository} is not on this machine, and the hub cannot be reached",
        code="hub-unreachable",
        hint="Connect to the network once, or choose a local model: ARTLEDGER_GENERATOR=studio, or a folder.",
        retry_after=60.0,
    )
