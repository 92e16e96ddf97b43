"""What happens to every generated picture: fingerprint, match, guard, record. Nothing is handed out here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ledger.cancellation import require_not_cancelled
from ledger.corpus.work import Artist
from ledger.flows.pictures.measurements import generation_predicate
from ledger.flows.pictures.verify import MAX_WAIT, ExaminedPicture, Verifying
from ledger.flows.records.models import Models
from ledger.generate.guard import ANYBODY, Decision, Requester, decide, decide_prompt
from ledger.generate.guard_policy import Policy
from ledger.generate.picture import PipelinePicture
from ledger.image.from_pixels import image_of
from ledger.log.entry import Entry
from ledger.record.commitment import Commitment, commit
from ledger.record.parts import Ref
from ledger.record.predicates.pictures import UNKNOWN
from ledger.record.reveal import Reveal
from ledger.record.statement import statement_payload


@dataclass(frozen=True, slots=True)
class Judged:
    """A picture that the guard has decided about, before it has a record."""

    made: PipelinePicture
    examined: ExaminedPicture
    decision: Decision

    @property
    def reasons(self) -> tuple[str, ...]:
        """The reasons of the decision, for people, the strictest first."""
        return tuple(reason.text for reason in self.decision.reasons)


@dataclass(frozen=True, slots=True)
class Prompted:
    """A prompt that may be used: the decision about it, and the commitment that records hold instead of it."""

    text: str
    negative: str
    decision: Decision
    commitment: Commitment

    def reveal(self, record_id: str) -> Reveal:
        """Opens the commitment in a record."""
        value = prompt_value(self.text, self.negative)
        return Reveal(field="prompt", key=self.commitment.key.hex(), record_id=record_id, value=value)


def prompt_value(prompt: str, negative_prompt: str) -> dict[str, str]:
    """What a record's `prompt` commits to (FORMAT.md, Values)."""
    return {"negative_prompt": negative_prompt, "prompt": prompt}


@dataclass(frozen=True, slots=True)
class Attributing:
    """Compares pictures as `verify` does, decides by the policy, and puts the decision on the log."""

    verification: Verifying
    models: Models
    policy: Policy
    unwilling: Callable[[], Sequence[Artist]]
    """Registered artists who did not allow style use."""

    def prompted(self, text: str, negative: str, requester: Requester = ANYBODY) -> Prompted:
        """Checks a prompt before a picture is made from it. Each call makes a new commitment."""
        decision = decide_prompt(text, self.policy, self.unwilling(), requester, negative_prompt=negative)
        return Prompted(text, negative, decision, commit(prompt_value(text, negative)))

    def judge(
        self,
        made: PipelinePicture,
        prompt: Decision | None = None,
        *,
        requester: Requester = ANYBODY,
        attempt: int = 0,
    ) -> Judged:
        """Compares a picture with the registered works and decides what happens to it."""
        verification = self.verification
        examined = verification.compare(image_of(made.pixels), verification.calibrations.current(), kept=True)
        works = verification.records.works.works(
            {work_id for match in examined.outcome.matches for work_id in match.works}
        )
        decision = decide(
            examined.outcome, self.policy, works=works, requester=requester, prompt=prompt, attempt=attempt
        )
        return Judged(made, examined, decision)

    def record(self, judged: Judged, prompt: Commitment | None, rejected: Iterable[Ref] = ()) -> Entry:
        """Puts a decision on the log. `rejected`: the records of the attempts that this one replaces.

        Raises PushbackError when nothing can be appended now, or the client disconnected.
        """
        require_not_cancelled()
        made = judged.made
        model = self.models.register(made.model)
        predicate = generation_predicate(
            judged.examined.predicate,
            guard=judged.decision.guard,
            model=model.in_record,
            origin_of_image="service",
            policy=self.policy.digest,
            prompt=UNKNOWN if prompt is None else prompt.digest,
            refs=(model.ref, *rejected),
            sampler=made.sampler or UNKNOWN,
            seed=UNKNOWN if made.seed is None else str(made.seed),
            settings=made.settings,
        )
        payload = statement_payload("image", predicate.image.pixel_sha256, predicate)
        said = self.verification.records.likenesses.writer(predicate.record_id, judged.examined.likeness)
        return self.verification.sequencer.submit(predicate.record_id, payload, alongside=said).result(MAX_WAIT).entry
