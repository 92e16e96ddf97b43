"""The only module that uses the C2PA library: bytes and JSON in, bytes and JSON out.

Every object is made for one call and closed after it, because the library refuses a context made before a fork.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any

from ledger.errors import ConflictError

if TYPE_CHECKING:
    from ledger.image.credentials.signer import CredentialSigner

_REMOTE = "Remote: must fetch remote manifests from url"
MAX_REPORT = 4 * 2**20
"""Largest number of characters of JSON about one manifest."""


class NoManifestError(Exception):
    """The file has no manifest inside it."""


class RemoteManifestError(Exception):
    """The file has no manifest inside it, and names the address of one: its text."""


class UnsupportedError(Exception):
    """The library does not read manifests of this kind, or in files of this format."""


class UnreadableError(Exception):
    """The bytes in the place of a manifest cannot be read as one."""


class TooLargeError(Exception):
    """The manifest says more than is read here."""


def load() -> None:
    """Loads the library, which opens files, before the process loses the right to open any."""
    importlib.import_module("c2pa")


def sign(data: bytes, media_type: str, manifest: Mapping[str, Any], signer: CredentialSigner) -> tuple[bytes, bytes]:
    """The file with an embedded signed manifest, and the manifest store's bytes.

    Fetches nothing: no time stamp, no revocation answer. Raises ConflictError (`credentials-signing`) if the signer's
    certificate does not fit C2PA.
    """
    import c2pa

    info = c2pa.C2paSignerInfo(signer.algorithm.encode(), signer.certificates, signer.key_pem, None)
    signed = BytesIO()
    try:
        with (
            _context(c2pa, "") as context,
            c2pa.Signer.from_info(info) as native_signer,
            c2pa.Builder(json.dumps(manifest), context=context) as builder,
        ):
            store: bytes = builder.sign(native_signer, media_type, BytesIO(data), signed)
    except c2pa.C2paError as error:
        raise ConflictError(
            f"the Content Credentials cannot be signed: {str(error)[:300]}",
            code="credentials-signing",
            hint="Check the certificate. It must not be expired, and it must be made for C2PA.",
        ) from error
    return signed.getvalue(), store


def validate(data: bytes, media_type: str, trusted: str) -> str:
    """C2PA's report (JSON) on the manifest in a file. `trusted`: the trusted roots in PEM, possibly empty.

    Nothing is fetched: no remote manifest, no identity. Raises the errors of this module.
    """
    import c2pa

    try:
        with (
            _context(c2pa, trusted) as context,
            c2pa.Reader(media_type, BytesIO(data), context=context) as reader,
        ):
            report: str = reader.json()
    except c2pa.C2paError.ManifestNotFound as error:
        raise NoManifestError from error
    except c2pa.C2paError as error:
        message = str(error)
        if message.startswith(_REMOTE):  # the library has no class for this error
            raise RemoteManifestError(message.removeprefix(_REMOTE).strip()) from error
        if isinstance(error, c2pa.C2paError.NotSupported):
            raise UnsupportedError(message[:300]) from error
        raise UnreadableError(str(error)[:300]) from error
    if len(report) > MAX_REPORT:
        raise TooLargeError(f"the manifest says more than {MAX_REPORT:,} characters")
    return report


def _context(c2pa: Any, trusted: str) -> Any:
    settings: dict[str, Any] = {
        "version": 1,
        "builder": {"thumbnail": {"enabled": False}},
        # An identity names a site that vouches for it. It is not asked.
        "core": {"decode_identity_assertions": False, "allowed_network_hosts": []},
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": True},
    }
    if trusted:
        settings["trust"] = {"user_anchors": trusted}
    return c2pa.Context(settings=c2pa.Settings.from_dict(settings))
