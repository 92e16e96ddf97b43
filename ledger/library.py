"""What programs use of Artledger: `from ledger import attributed, open_application, verify_bundle`.

Importing this module loads neither models nor a database nor numpy. Each call loads what it needs, so `verify_bundle`
works in the install without extras.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ledger.errors import InputError, NotFoundError, VerificationError

if TYPE_CHECKING:
    from ledger.answers.corpus import IngestSummary
    from ledger.answers.records import LookupAnswer, RecordAnswer
    from ledger.app import Application
    from ledger.audit.checks import AuditVerdict, Check
    from ledger.generate.picture import Attributor
    from ledger.log.witness_policy import WitnessPolicy

MAX_FILE_BYTES = 256 * 2**20
"""Of a bundle or picture named by its path: bounded only against mistakes."""

Data = bytes | Path
"""A file's bytes, or the path of a regular file."""


@dataclass(frozen=True, slots=True)
class BundleVerification:
    """What an offline audit of one bundle found. True in a condition only where the bundle is verified."""

    verdict: AuditVerdict
    """`verified`, `refuted`, or `could-not-be-checked` where something essential was not checked."""
    checks: tuple[Check, ...]
    """Each check by name: passed, failed (with a stable `code`) or not checked, and why."""
    leaf_index: int | None
    """Place of the record on the log, from 0. None unless the bundle is verified; so are the next three."""
    tree_size: int | None
    """Entries in the log whose checkpoint the bundle carries."""
    origin: str | None
    """The log's name."""
    statement: Mapping[str, Any] | None
    """The signed in-toto statement (FORMAT.md, Payload)."""

    @property
    def verified(self) -> bool:
        return self.verdict.value == "verified"

    def __bool__(self) -> bool:
        return self.verified

    def is_about(self, picture: Data) -> bool:
        """Whether the bundle is verified and its subject is this very file, by SHA-256.

        So it is for verifications, registrations, claims and `asset` records (files that were handed out). A
        `generation` is about pixels: the file's digest stands in its `asset` record.
        """
        if self.statement is None:
            return False
        stated: str = self.statement["subject"][0]["digest"]["sha256"]
        return hashlib.sha256(_read(picture)).hexdigest() == stated

    def require(self) -> Mapping[str, Any]:
        """The statement. Raises VerificationError with the first check that was not passed."""
        if self.verified and self.statement is not None:
            return self.statement
        wrong = next((each for each in self.checks if each.essential and each.outcome.value != "passed"), None)
        if wrong is None:
            raise VerificationError("nothing was checked", code="not-checked")
        raise VerificationError(f"{wrong.name}: {wrong.detail}", code=wrong.code or "not-checked")


def verify_bundle(
    bundle: Data,
    log_key: str,
    *,
    record_keys: Iterable[bytes] = (),
    witness_policy: Data | None = None,
    announcements: Iterable[Data] = (),
) -> BundleVerification:
    """Check offline that a record stands on a log: encoding, checkpoint, inclusion, signatures, statement.

    `log_key` is the log's verifier key (C2SP signed-note vkey), as `artledger keys show` prints it. Get it from a
    source that you trust, not from whoever sent the bundle. `record_keys`: raw Ed25519 public keys of 32 bytes, one of
    which must have signed the record. `witness_policy`: a C2SP tlog-policy file whose quorum must have cosigned the
    checkpoint. `announcements`: bundles of `key` records of those who signed beside the service, or should have.

    A bundle that is wrong raises nothing: look at the result. Raises InputError for keys, policies and announcements
    that are none (`bad-vkey`, `bad-record-key`, `bad-policy`, `bad-announcement`), NotFoundError (`no-such-file`).
    """
    from ledger import canonical
    from ledger.audit.verifier import audit_bundle, read_bundle
    from ledger.log.checkpoint import open_checkpoint
    from ledger.log.vkey import parse_vkey

    data = _read(bundle)
    policy = None if witness_policy is None else _policy(_read(witness_policy))
    audit = audit_bundle(data, log_key, record_keys, policy, [_read(each) for each in announcements])
    parsed, _ = read_bundle(data)
    if parsed is None or audit.exit_code:
        return BundleVerification(audit.verdict, audit.checks, None, None, None, None)
    signed = open_checkpoint(parsed.proof.checkpoint, parse_vkey(log_key))
    statement = canonical.loads(parsed.envelope.payload)
    index, origin = parsed.proof.index, signed.checkpoint.origin
    return BundleVerification(audit.verdict, audit.checks, index, signed.size, origin, statement)


def open_application(data_dir: Path | str | None = None, *, database_url: str | None = None, **settings: Any) -> Ledger:
    """Open the ledger in a data folder, as a context manager.

    Without `data_dir`, the folder is that of the command line (`ARTLEDGER_DATA_DIR`, or the user's data folder);
    without `database_url`, an embedded PostgreSQL runs below it. `settings` are those of the environment, by name in
    small letters without `ARTLEDGER_`. Nothing is loaded or started before it is used. Raises InputError (`settings`)
    for a setting that is none.

        with open_application("./ledger") as ledger:
            print(ledger.verify(Path("photo.jpg")).reference)
    """
    from ledger.app import open_application as opened
    from ledger.settings import Settings

    unknown = sorted(set(settings) - set(Settings.model_fields))
    if unknown:
        raise InputError(f"there is no setting {unknown[0]!r}", code="settings", hint="See the reference of settings")
    folder = None if data_dir is None else Path(data_dir).expanduser().absolute()
    return Ledger(opened(data_dir=folder, database_url=database_url, **settings))


class Ledger:
    """An open ledger. Leaving its `with` publishes what was appended and stops what was started.

    It acts as the owner of the data folder does on the command line: without a token, and without limits. Threads may
    share it. Every method that appends raises PushbackError when nothing can be appended now.
    """

    def __init__(self, application: Application) -> None:
        self.application = application
        """Everything else that the command line and the HTTP service are made of. It changes between versions."""

    def __enter__(self) -> Self:
        self.application.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.application.__exit__(kind, error, trace)

    @property
    def origin(self) -> str:
        """The log's name."""
        return self.application.log.origin

    @property
    def log_key(self) -> str:
        """The log's verifier key, for `verify_bundle` and for auditors."""
        return self.application.log.vkey

    @property
    def attributor(self) -> Attributor:
        """What `attributed` records pictures with: it compares, asks the guard, appends and marks each picture."""
        return self.application.pictures.attributor

    def register_folder(self, folder: Path, labels: Path | None = None) -> IngestSummary:
        """Register the pictures that a label file lists (columns `file,title,artist`, and where known
        `licence,source,allowed_uses`); without `labels` it is `labels.csv`, `labels.jsonl` or that of a
        Hugging Face image folder (`metadata.csv`, `metadata.jsonl`).

        A picture that cannot be registered stands in `refused` with the reason and stops nothing. Run again, it goes
        on where it stopped. Raises InputError for label files that cannot be used.
        """
        application = self.application
        return application.works.ingestion.run(application.works.open_source(str(folder), labels))

    def verify(self, picture: Data, *, top_k: int = 10) -> RecordAnswer:
        """Compare a picture (PNG, JPEG, HEIC, WebP, ...) with the registered works and append a record.

        The same picture against the same works gives the record that exists, with `repeated`. `top_k`: how many
        matches the answer shows, 1 to 100. Raises InputError for bytes that are no usable picture.
        """
        return self.application.pictures.verify(self._picture(picture), top_k=top_k)

    def look_up(self, picture: Data | str, *, top_k: int = 10) -> LookupAnswer:
        """What is known about a picture, or about a SHA-256 in hex. Appends nothing.

        Raises InputError for bytes that are no usable picture, and for text that is no digest (`bad-sha256`).
        """
        if isinstance(picture, str):
            return self.application.pictures.lookups.by_sha256(picture)
        return self.application.pictures.look_up(self._picture(picture), top_k=top_k)

    def record(self, record_id: str) -> RecordAnswer:
        """One record of the log. Raises NotFoundError (`record-not-found`), InputError (`bad-id`)."""
        return self.application.records.get(record_id)

    def bundle(self, record_id: str) -> bytes:
        """A record with its proof, as `verify_bundle` takes it; the log is published first.

        Raises as `record` does, and PushbackError (`not-yet-published`) while another process publishes.
        """
        self.application.log.publisher.publish()
        return self.application.records.bundle(record_id)

    def _picture(self, picture: Data) -> bytes:
        return _read(picture, self.application.settings.max_image_bytes)


def _policy(data: bytes) -> WitnessPolicy:
    from ledger.log.witness_policy import parse_policy

    return parse_policy(data)


def _read(data: Data, limit: int = MAX_FILE_BYTES) -> bytes:
    """Raises NotFoundError (`no-such-file`), InputError (`unreadable`, `file-too-large`)."""
    if isinstance(data, bytes):
        return data
    from ledger.files import read_regular

    try:
        read = read_regular(data, limit + 1)
    except FileNotFoundError as error:
        raise NotFoundError(f"there is no file {data}", code="no-such-file") from error
    except OSError as error:
        raise InputError(f"{data} cannot be read: {error.strerror or error}", code="unreadable") from error
    if len(read) > limit:
        raise InputError(f"{data} has more than {limit} bytes", code="file-too-large")
    return read
