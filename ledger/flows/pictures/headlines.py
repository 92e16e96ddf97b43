"""Finds what a headline says: which generation a picture comes from, and the names of its model and operator."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ledger.answers.claim_state import claim_note
from ledger.answers.headline import Compared, Headline, How, MadeHere, NamedWork, headline
from ledger.flows.records.model_names import model_name
from ledger.match.lists import Relation, Verdict
from ledger.record.parts import FingerprintDigests
from ledger.record.predicates import Asset, Generation, ModelRecord, Verification

if TYPE_CHECKING:
    from ledger.answers.claims import ClaimAnswer
    from ledger.answers.pictures import MatchAnswer
    from ledger.answers.records import RecordAnswer
    from ledger.flows.pictures.recognise import FoundAgain
    from ledger.flows.records.records import Records
    from ledger.log.entry import Entry
    from ledger.storage.log.documents import DocumentStore
    from ledger.storage.people.accounts import AccountStore
    from ledger.storage.search.generated_pictures import GeneratedPictureStore

SHOWN_CLAIMS = 3
"""How many of the newest claims about a file are shown below the headline."""
MOST_CLAIMS = 10
MOST = 50
"""How many generations of one picture are read. Those by this server come before reports."""


@dataclass(frozen=True, slots=True)
class Headlines:
    """Only reads."""

    records: Records
    seen: GeneratedPictureStore
    documents: DocumentStore
    accounts: AccountStore
    claims: Callable[[str], Sequence[ClaimAnswer]]
    """The claims about the file with this SHA-256: at least the first MOST_CLAIMS of them."""

    def record(self, record_id: str) -> RecordAnswer:
        """One record with its headline. Raises as `Records.get` does."""
        entry = self.records.entry(record_id)
        answer = self.records.answer(entry)
        return answer.model_copy(update={"headline": self.of_record(entry, answer)})

    def of_record(self, entry: Entry, answer: RecordAnswer) -> Headline | None:
        """The headline of a record about a picture; None for other kinds.

        The picture itself is not kept, so edited copies of generated pictures are found by the hashes in the record.
        """
        predicate = entry.statement.predicate
        match predicate:
            case Generation():
                made: MadeHere | None = self._made(predicate, "record")
            case Asset():
                return headline(self._of_asset(predicate), (), None)
            case Verification():
                image = predicate.image
                made = self.by_digests(image.sha256, image.pixel_sha256) or self._by_hashes(predicate.fingerprint)
            case _:
                return None
        matches = () if answer.report is None else answer.report.matches
        said = headline(made, claimed(matches), Compared(predicate.verdict, predicate.corpus.works, recorded=True))
        return self._with_claims(said, predicate.image.sha256)

    def of_lookup(
        self,
        predicate: Verification,
        matches: Sequence[MatchAnswer],
        similar: Sequence[FoundAgain],
        *,
        recorded: bool,
    ) -> Headline:
        """The headline of a picture that was just compared."""
        made = self.by_digests(predicate.image.sha256, predicate.image.pixel_sha256)
        if (made is None or not made.by_service) and similar:
            found = _first_made_here([self._similar(each) for each in similar])
            made = found if made is None or (found is not None and found.by_service) else made
        artists = self.records.works.count_artists()
        said = headline(
            made, claimed(matches), Compared(predicate.verdict, predicate.corpus.works, artists, recorded=recorded)
        )
        return self._with_claims(said, predicate.image.sha256)

    def of_digest(self, sha256: str, records: Sequence[RecordAnswer]) -> Headline:
        """The headline of a file, or of pixels, of which only the digest is known."""
        ids = [each.statement["predicate"]["work_id"] for each in records if each.kind == "registration"]
        works = self.records.works.works(ids)
        contested = self.records.works.contests(works)
        named = [
            NamedWork.of_work(
                works[each],
                Relation.EXACT if works[each].sha256 == sha256 else Relation.SAME_PIXELS,
                contested=each in contested or len(works) > 1,
            )
            for each in ids
            if each in works
        ]
        compared = Compared(Verdict.NONE, self.records.works.state().works, recorded=True) if records else None
        return self._with_claims(headline(self.by_digests(sha256), named, compared), sha256)

    def by_digests(self, *digests: str) -> MadeHere | None:
        """The first generation whose pixels or whose file has one of these digests; one by this server is preferred."""
        found = []
        for digest in digests:
            for entry in self.records.store.find(sha256=digest, kind="asset", limit=MOST):
                predicate = entry.statement.predicate
                assert isinstance(predicate, Asset)  # noqa: S101 - found by its kind
                found.append(self._of_asset(predicate))
            for entry in self.records.store.find(sha256=digest, kind="generation", limit=MOST):
                made = entry.statement.predicate
                assert isinstance(made, Generation)  # noqa: S101 - found by its kind
                found.append(self._made(made, "same-file" if made.image.sha256 in digests else "same-pixels"))
        return _first_made_here(found)

    def _with_claims(self, said: Headline, sha256: str) -> Headline:
        """Adds a line for each of the newest claims about the file, with the claim's state."""
        claims = self.claims(sha256)
        notes = [claim_note(claim) for claim in claims[-SHOWN_CLAIMS:]]
        if len(claims) > SHOWN_CLAIMS:
            notes.append(f"More claims are about this file: /v1/claims?sha256={sha256}")
        return said.model_copy(update={"notes": (*said.notes, *notes)})

    def _by_hashes(self, fingerprint: FingerprintDigests) -> MadeHere | None:
        near = self.seen.alike(fingerprint)
        return _first_made_here([self._by_id(record_id, "hashes") for record_id in near])

    def _similar(self, similar: FoundAgain) -> MadeHere | None:
        part = similar.found.relation is Relation.PARTIAL_COPY
        how: How = "hashes" if similar.found.evidence is None else "part" if part else "aligned"
        return self._of_entry(similar.entry, how)

    def _of_asset(self, asset: Asset) -> MadeHere | None:
        return self._by_id(asset.refs[0].record_id, "same-file")

    def _by_id(self, record_id: str, how: How) -> MadeHere | None:
        return self._of_entry(self.records.entry(record_id), how)

    def _of_entry(self, entry: Entry, how: How) -> MadeHere | None:
        predicate = entry.statement.predicate
        return self._made(predicate, how) if isinstance(predicate, Generation) else None

    def _made(self, generation: Generation, how: How) -> MadeHere:
        description = self._description(generation)
        reported, weights = generation.origin_of_image == "reported", generation.model.weights_sha256
        return MadeHere(
            record_id=generation.record_id,
            model=f"a model with weights {weights[:12]}…" if reported else model_name(weights, description),
            origin_of_image=generation.origin_of_image,
            generated_at=generation.generated_at,
            how=how,
            reporter=self._operator(description.get("operator_id")) if reported else "",
        )

    def _description(self, generation: Generation) -> dict[str, Any]:
        """The description in the model's record that the generation names; {} where the description is lost."""
        refs = {ref.record_id for ref in generation.refs}
        found = self.records.store.find(sha256=generation.model.weights_sha256, kind="model", limit=MOST)
        for entry in found:
            predicate = entry.statement.predicate
            if entry.record_id in refs and isinstance(predicate, ModelRecord):
                document = self.documents.get("model", predicate.spec)
                if document is not None and hashlib.sha256(document).hexdigest() == predicate.spec:
                    described = json.loads(document)
                    return described if isinstance(described, dict) else {}
        return {}

    def _operator(self, account_id: object) -> str:
        if not isinstance(account_id, str):
            return ""
        account = self.accounts.get(account_id)
        return "" if account is None else account.name


def claimed(matches: Sequence[MatchAnswer]) -> list[NamedWork]:
    """The works that a claim is made about: matches that are more than near by rank."""
    return [NamedWork.of_match(match) for match in matches if match.claims]


def _first_made_here(found: Iterable[MadeHere | None]) -> MadeHere | None:
    """The first by this server; without one, the first."""
    known = [each for each in found if each is not None]
    return next((each for each in known if each.by_service), known[0] if known else None)
