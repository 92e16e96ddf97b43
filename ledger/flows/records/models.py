"""Models on the log: each has one id there, and the log shows whether a model was trained on a work."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from ledger.answers.models import MembershipAnswer, ModelAnswer
from ledger.audit.manifest import MAX_MANIFEST_BYTES, ManifestTree, Member
from ledger.errors import InputError, IntegrityError, NotFoundError
from ledger.files import read_regular
from ledger.flows.records.model_names import model_name
from ledger.log.append import Sequencer
from ledger.log.entry import Entry
from ledger.record.ids import new_id, parse_id
from ledger.record.parts import Manifest, ModelRef, Ref
from ledger.record.predicates import ModelRecord
from ledger.record.statement import Statement, statement_payload
from ledger.record.times import now_text
from ledger.storage.log.documents import DocumentStore
from ledger.storage.log.records import RecordStore

MAX_WAIT = 60.0
"""Seconds to wait for a model's record to be committed."""
_PAGE = 200


class Registrable(Protocol):
    """What a `model` record is made from: ledger.generate.picture.ModelFacts, or what an operator says about a
    model."""

    @property
    def format(self) -> str: ...

    @property
    def weights_sha256(self) -> str: ...

    @property
    def spec(self) -> bytes:
        """The description as RFC 8785 bytes."""

    @property
    def spec_sha256(self) -> str: ...

    @property
    def manifest(self) -> Path | None: ...


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    """A model that is on the log."""

    in_record: ModelRef
    """How records about its pictures name it."""
    ref: Ref
    """Its `model` record."""


@dataclass(frozen=True, slots=True)
class Models:
    """Threads may share it."""

    store: RecordStore
    documents: DocumentStore
    sequencer: Callable[[], Sequencer]
    """Called only when a model is new. Reading does not need it."""
    _known: dict[tuple[str, str, Path | None], RegisteredModel] = field(default_factory=dict)
    """By weights, description and manifest, so that this process reads each model once."""

    def register(self, facts: Registrable) -> RegisteredModel:
        """The model's record. Makes one if there is none with these weights, this description and this manifest.

        Another description or manifest of the same weights makes a new record under the same model id. Raises
        InputError (`bad-manifest`, `unreadable`), and PushbackError when nothing can be appended now.
        """
        key = (facts.weights_sha256, facts.spec_sha256, facts.manifest)
        if key not in self._known:
            self._known[key] = self._append(facts, None if facts.manifest is None else _read(facts.manifest))
        return self._known[key]

    def _append(self, facts: Registrable, manifest: bytes | None) -> RegisteredModel:
        tree = None if manifest is None else ManifestTree(manifest)
        # Documents are stored first: an entry that names an unreadable document would be worse than an unused document.
        self.documents.put("model", facts.spec_sha256, facts.spec)
        if manifest is not None and tree is not None:
            self.documents.put("manifest", tree.root, manifest)
        predicate = ModelRecord(
            format=facts.format,
            generated_at=now_text(),
            manifest=None if tree is None else Manifest(root=tree.root, size=tree.size),
            manifest_status="undisclosed" if tree is None else "disclosed",
            model_id=self._id_of(facts.weights_sha256),
            origin=self.sequencer().origin,
            record_id=new_id(),
            spec=facts.spec_sha256,
        )
        payload = statement_payload("model", facts.weights_sha256, predicate)
        listed = "undisclosed" if tree is None else tree.root
        once = hashlib.sha256(
            f"artledger/model/v1\n{facts.weights_sha256}\n{facts.spec_sha256}\n{listed}\n".encode()
        ).digest()
        entry = self.sequencer().submit(predicate.record_id, payload, once).result(MAX_WAIT).entry
        known = _model_of(entry)[1]
        return RegisteredModel(
            ModelRef(model_id=known.model_id, weights_sha256=facts.weights_sha256),
            entry.ref,
        )

    def _id_of(self, weights: str) -> str:
        """The id that these weights have, or a new one."""
        earlier = self.store.find(sha256=weights, kind="model", limit=1)
        return _model_of(earlier[0])[1].model_id if earlier else new_id()

    def get(self, model_id: str) -> ModelAnswer:
        """Raises NotFoundError (`model-not-found`), InputError (`bad-id`)."""
        entry, statement, model = self._newest(model_id)
        return ModelAnswer(
            model_id=model.model_id,
            format=model.format,
            weights_sha256=statement.subject_sha256,
            spec=model.spec,
            description=json.loads(self._description(model.spec)),
            manifest=model.manifest,
            manifest_status=model.manifest_status,
            record_id=entry.record_id,
            links={
                "self": f"/v1/models/{model_id}",
                "manifest": f"/v1/models/{model_id}/manifest",
                "record": f"/v1/records/{entry.record_id}",
                "page": f"/models/{model_id}",
            },
        )

    def names(self) -> dict[str, str]:
        """The name of each model by its id, as its newest record describes it. Models whose description is missing here
        are left out."""
        described: dict[str, str] = {}
        for entry in self._entries():
            statement, model = _model_of(entry)
            document = self.documents.get("model", model.spec)
            if document is not None:
                described[model.model_id] = model_name(statement.subject_sha256, json.loads(document))
        return described

    def figures(self, weights_sha256: str) -> dict[str, str]:
        """What the newest description of these weights says that they reached; empty where none is known here."""
        records = self.store.find(sha256=weights_sha256, kind="model", limit=_PAGE)
        document = self.documents.get("model", _model_of(records[-1])[1].spec) if records else None
        figures = {} if document is None else json.loads(document).get("figures", {})
        return {str(name): str(value) for name, value in figures.items()} if isinstance(figures, dict) else {}

    def manifest(self, model_id: str) -> bytes:
        """The manifest's text. Raises as `get` does, and NotFoundError (`manifest-undisclosed`)."""
        return self._manifest(self._newest(model_id)[2])[1]

    def membership(self, model_id: str, sha256: str) -> MembershipAnswer:
        """Whether the model was trained on the file with this SHA-256, with the proof. Raises as `manifest` does."""
        entry, _, model = self._newest(model_id)
        manifest, _ = self._manifest(model)
        proof = self.proof(model, sha256)
        return MembershipAnswer(
            model_id=model_id,
            record_id=entry.record_id,
            sha256=sha256,
            listed=any(each.sha256 == sha256 for each in proof),
            root=manifest.root,
            size=manifest.size,
            proof=proof,
        )

    def records(self, model_id: str) -> list[Entry]:
        """Every `model` record of the model, in the order of the log. Raises as `get` does."""
        parse_id(model_id)
        found = [entry for entry in self._entries() if _model_of(entry)[1].model_id == model_id]
        if not found:
            raise _unknown(model_id)
        return found

    def proof(self, model: ModelRecord, sha256: str) -> tuple[Member, ...]:
        """Proves that a model's manifest lists a file, or that it lists two neighbours with nothing between them.

        Raises NotFoundError (`manifest-undisclosed`), IntegrityError (`document-missing`).
        """
        manifest, data = self._manifest(model)
        return _tree(manifest.root, data).find(sha256)

    def _newest(self, model_id: str) -> tuple[Entry, Statement, ModelRecord]:
        parse_id(model_id)
        found: tuple[Entry, Statement, ModelRecord] | None = None
        for entry in self._entries():
            statement, model = _model_of(entry)
            if model.model_id == model_id:
                found = (entry, statement, model)
        if found is None:
            raise _unknown(model_id)
        return found

    def _entries(self) -> Iterator[Entry]:
        after = -1
        while page := self.store.find(kind="model", after=after, limit=_PAGE):
            yield from page
            after = page[-1].leaf_index

    def _description(self, digest: str) -> bytes:
        document = self.documents.get("model", digest)
        if document is None or hashlib.sha256(document).hexdigest() != digest:
            raise _missing("description", digest)
        return document

    def _manifest(self, model: ModelRecord) -> tuple[Manifest, bytes]:
        if model.manifest is None:
            raise NotFoundError(
                f"model {model.model_id} does not disclose what it was trained on", code="manifest-undisclosed"
            )
        data = self.documents.get("manifest", model.manifest.root)
        if data is None:
            raise _missing("manifest", model.manifest.root)
        _tree(model.manifest.root, data)
        return model.manifest, data


def _model_of(entry: Entry) -> tuple[Statement, ModelRecord]:
    statement = entry.statement
    assert isinstance(statement.predicate, ModelRecord)  # noqa: S101 - found by its kind
    return statement, statement.predicate


@lru_cache(maxsize=4)
def _tree(root: str, data: bytes) -> ManifestTree:
    tree = ManifestTree(data)
    if tree.root != root:
        raise _missing("manifest", root)
    return tree


def _read(path: Path) -> bytes:
    try:
        return read_regular(path, MAX_MANIFEST_BYTES + 1)
    except OSError as error:
        raise InputError(f"the manifest {path} cannot be read: {error.strerror}", code="unreadable") from error


def _unknown(model_id: str) -> NotFoundError:
    return NotFoundError(f"there is no model {model_id} on this log", code="model-not-found")


def _missing(what: str, digest: str) -> IntegrityError:
    return IntegrityError(
        f"a model's record names the {what} {digest}, which is missing here or has other bytes",
        code="document-missing",
        hint="Restore the table `document` from a backup.",
    )
