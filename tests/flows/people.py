"""Artists with works, keys and a small world of pictures: what tests of claims are about."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from ledger import canonical
from ledger.answers.claims import ClaimAnswer
from ledger.answers.roles import AccountRole
from ledger.app import Application
from ledger.flows.claims.statements import ClaimOrder
from ledger.flows.claims.submission import SentStatement
from ledger.flows.people.principal import LOCAL, SCOPES_OF_ROLE, Principal
from ledger.generate.picture import ModelFacts, PipelinePicture
from ledger.record import dsse
from ledger.record.keys import Signer
from ledger.record.predicates import ClaimType
from tests.applications import labelled, register
from tests.generated import encoded
from tests.match.drawings import pixels


@dataclass(frozen=True)
class Person:
    """An account with a key on the log."""

    application: Application
    account_id: str
    role: AccountRole
    key: Signer

    @property
    def principal(self) -> Principal:
        return Principal(self.role, self.account_id, SCOPES_OF_ROLE[self.role])

    def sent(self, payload: bytes, text: str | None = None, text_key: str | None = None) -> SentStatement:
        return SentStatement(envelope=dsse.sign(payload, [self.key]), text=text, text_key=text_key)

    def claim(
        self, claim_type: ClaimType, picture: bytes | None, *works: str, model_id: str | None = None,
        text: str | None = None,
    ) -> ClaimAnswer:  # fmt: skip
        claims = self.application.claims
        order = ClaimOrder(claim_type, works, model_id, text)
        draft = claims.draft(order, self.account_id, picture, self.principal)
        return claims.file(self.sent(draft.payload, draft.text, draft.text_key), picture, self.principal)

    def respond(self, claim_id: str, text: str) -> ClaimAnswer:
        claims = self.application.claims
        draft = claims.draft_response(claim_id, self.account_id, text, self.principal)
        return claims.respond(claim_id, self.sent(draft.payload, draft.text, draft.text_key), self.principal)


def artist(application: Application, name: str, folder: Path, *drawings: Image.Image) -> tuple[Person, list[str]]:
    """An artist who registered these pictures, and the works' ids."""
    folder.mkdir()
    names = [f"{number}.png" for number in range(len(drawings))]
    for file, drawing in zip(names, drawings, strict=True):
        (folder / file).write_bytes(encoded(drawing, "PNG"))
    register(application, labelled(folder, [(file, f"{name}'s {file}", name) for file in names]))
    artist_id = next(
        work.artist_id
        for entry in application.store.records.find(kind="registration", limit=200)
        for work in application.store.works.works([_work_id(entry.envelope)]).values()
        if work.artist == name
    )
    application.people.accounts.adopt(artist_id)
    works = [work.work_id for work in application.store.works.works_of(artist_id, limit=200)]
    return with_key(application, artist_id, "artist"), works


def with_key(application: Application, account_id: str, role: AccountRole) -> Person:
    key = Signer.generate()
    application.people.keys.announce(account_id, key, LOCAL)
    return Person(application, account_id, role, key)


def person(application: Application, role: AccountRole, name: str) -> Person:
    return with_key(application, application.people.accounts.create(role, name).account_id, role)


def model_facts(name: str, manifest: Path | None = None) -> ModelFacts:
    return ModelFacts(
        name, "test/Model", None, {"weights": canonical.digest(name)}, canonical.dumps({"is": name}), manifest
    )


def made_here(application: Application, picture: Image.Image, facts: ModelFacts) -> bytes:
    """A picture that this server made: its `generation` is the service's own. Its file as it was handed out."""
    made = PipelinePicture(pixels(picture), facts, None, None, 7, None, {"num_inference_steps": "4"})
    file = application.pictures.attributor(made).file
    assert file is not None
    return file


def _work_id(envelope: bytes) -> str:
    work_id = canonical.loads(dsse.parse(envelope).payload)["predicate"]["work_id"]
    assert isinstance(work_id, str)
    return work_id
