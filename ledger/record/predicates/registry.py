"""Records about keys, works, models and calibrations, on which other records rest."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, model_validator

from ledger.errors import VerificationError
from ledger.record.keyid import keyid_of
from ledger.record.keys import require_sound_public_key
from ledger.record.parts import AllowedUses, BinThresholds, CorpusPoint, FingerprintDigests, Manifest, Ref
from ledger.record.predicates.kind import Kind
from ledger.record.values import Digest, Id, Label, Licence, Model, Origin, Time

Role = Literal["service", "artist", "generator", "auditor"]
KeyEvent = Literal["added", "rotated", "revoked"]


def _sound_hex(text: str) -> str:
    try:
        require_sound_public_key(bytes.fromhex(text))
    except VerificationError as error:
        raise ValueError(error.message) from error
    return text


PublicKey = Annotated[Digest, AfterValidator(_sound_hex)]
"""A raw Ed25519 public key in lowercase hex."""


class KeyRecord(Model):
    """A key is added, replaces another or is revoked. Subject: the raw public key; the subject's digest is its key id.

    `added`: a first or further key of the holder. `rotated`: a new key that replaces `replaces` (a key id). The old key
    stays valid until it is revoked, so that processes can switch later. `revoked`: signatures by the key are invalid
    from this log entry on; earlier ones stay valid.
    """

    kind: ClassVar[Kind] = "key"
    event: KeyEvent
    generated_at: Time
    holder_id: Id
    origin: Origin
    public_key: PublicKey
    record_id: Id
    refs: tuple[Ref, ...]
    replaces: Digest | None
    role: Role

    @model_validator(mode="after")
    def _replaces_when_rotated(self) -> Self:
        if (self.event == "rotated") != (self.replaces is not None):
            raise ValueError("a rotated key names the key that it replaces, others name none")
        if self.replaces == keyid_of(bytes.fromhex(self.public_key)):
            raise ValueError("a key cannot replace itself")
        return self


DomainMethod = Literal["well-known", "dns"]


class DomainRecord(Model):
    """The service found that a domain names an account. Subject: `domain`, a commitment to `{"domain"}`.

    `method`: a file on the domain's web server, or a DNS record.
    """

    kind: ClassVar[Kind] = "domain"
    domain: Digest
    generated_at: Time
    holder_id: Id
    method: DomainMethod
    origin: Origin
    record_id: Id


class Registration(Model):
    """A work enters the corpus. Subject: the work's file. `metadata` commits to title, names and source."""

    kind: ClassVar[Kind] = "registration"
    allowed_uses: AllowedUses
    artist_id: Id
    fingerprint: FingerprintDigests
    generated_at: Time
    licence: Licence
    metadata: Digest
    origin: Origin
    pixel_sha256: Digest
    record_id: Id
    work_id: Id


class Consent(Model):
    """New terms for a registered work. Subject: the work's file; `refs`: its registration."""

    kind: ClassVar[Kind] = "consent"
    allowed_uses: AllowedUses
    generated_at: Time
    licence: Licence
    origin: Origin
    record_id: Id
    refs: tuple[Ref, ...]
    work_id: Id


class Withdrawal(Model):
    """A work leaves the corpus. Subject: the work's file; `refs`: its registration."""

    kind: ClassVar[Kind] = "withdrawal"
    generated_at: Time
    origin: Origin
    reason: Literal["artist", "operator", "legal"]
    record_id: Id
    refs: tuple[Ref, ...]
    work_id: Id


class ModelRecord(Model):
    """A model's weights and the works that they were trained on. Subject: digest of the sorted file digests.

    `manifest` is null exactly when `manifest_status` is `undisclosed`; `spec` is the digest of the model's description.
    """

    kind: ClassVar[Kind] = "model"
    format: Label
    generated_at: Time
    manifest: Manifest | None
    manifest_status: Literal["disclosed", "undisclosed"]
    model_id: Id
    origin: Origin
    record_id: Id
    spec: Digest

    @model_validator(mode="after")
    def _manifest_when_disclosed(self) -> Self:
        if (self.manifest is None) != (self.manifest_status == "undisclosed"):
            raise ValueError("a disclosed manifest has root and size, an undisclosed one is null")
        return self


class CalibrationRecord(Model):
    """Scores of unrelated pictures against this corpus. Subject: the calibration file."""

    kind: ClassVar[Kind] = "calibration"
    bins: tuple[BinThresholds, ...]
    corpus: CorpusPoint
    generated_at: Time
    origin: Origin
    record_id: Id
    spec: Digest
