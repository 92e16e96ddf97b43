"""Pictures generated on request: generate, fingerprint, match, guard, record, credentials, file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ledger.answers.generations import GeneratedImage
from ledger.flows.pictures.attribute import Attributing, Judged, Prompted
from ledger.flows.pictures.hand_out import HandingOut
from ledger.flows.progress import Progress, silent
from ledger.generate.guard import ANYBODY, Action, Requester, refuse_blocked_prompt
from ledger.generate.picture import AttributedImage, Generator, PipelinePicture, StepProgress
from ledger.generate.request import GenerationRequest
from ledger.image.credentials.write import require_written
from ledger.record.parts import Ref

PNG = "image/png"


@dataclass(frozen=True, slots=True)
class Generating:
    """Generates one picture at a time, because a generator is not thread-safe."""

    generator: Callable[[], Generator]
    """Called only when something is generated, because it loads a model."""
    attribution: Attributing
    handing_out: HandingOut

    def request(
        self,
        prompt: str,
        *,
        negative_prompt: str = "",
        seed: int | None = None,
        steps: int | None = None,
        guidance: float | str | None = None,
        width: int | None = None,
        height: int | None = None,
        count: int = 1,
    ) -> GenerationRequest:
        """A request that this generator can do. Raises InputError as `GenerationRequest.of` does."""
        return GenerationRequest.of(
            self.generator().limits,
            prompt,
            negative_prompt=negative_prompt,
            seed=seed,
            steps=steps,
            guidance=guidance,
            width=width,
            height=height,
            count=count,
        )

    def generate(
        self,
        request: GenerationRequest,
        *,
        media_type: str = PNG,
        confirm: bool = False,
        requester: Requester = ANYBODY,
        progress: Progress = silent,
    ) -> tuple[GeneratedImage, ...]:
        """Generates the requested pictures and lets the guard decide about each.

        With `confirm`, the files wait for `HandingOut.confirm`. Raises InputError (`prompt-blocked`, `output-format`,
        and what the generator raises for a request that it cannot do), and PushbackError when nothing can be appended
        now: no picture is handed out without its record.
        """
        require_written(media_type)
        order = _Order(request, media_type, confirm, requester, progress)
        prompts = [
            self.attribution.prompted(request.prompt, request.negative_prompt, requester) for _ in range(request.count)
        ]
        refuse_blocked_prompt(prompts[0].decision)
        return tuple(self._image(order, index, prompt) for index, prompt in enumerate(prompts))

    def _image(self, order: _Order, index: int, prompt: Prompted) -> GeneratedImage:
        judged, rejected = self._accepted(order, index, prompt)
        entry = self.attribution.record(judged, prompt.commitment, rejected)
        answer = self.attribution.verification.records.answer(entry)
        file = confirmation = None
        if judged.decision.handed_out:
            made = self.handing_out.file(judged.made.pixels, order.media_type, answer, judged.made.model.name)
            if order.confirm:
                confirmation = self.handing_out.hold(made)
            else:
                file = self.handing_out.hand_out(made, entry, judged.examined)
        return GeneratedImage(
            **dict(answer),
            guard=judged.decision.guard,
            reasons=judged.reasons,
            attempts=tuple(ref.record_id for ref in rejected),
            media_type=order.media_type,
            reveal=prompt.reveal(entry.record_id),
            confirmation=confirmation,
            asset_record_id=None if file is None else file.asset_record_id,
            image=None if file is None else file.image,
        )

    def _accepted(self, order: _Order, index: int, prompt: Prompted) -> tuple[Judged, list[Ref]]:
        """The picture that the guard decides about finally, and the records of the attempts that it rejected before."""
        rejected: list[Ref] = []
        judged = self._judged(order, index, prompt, attempt=0)
        while judged.decision.action is Action.REGENERATE:
            entry = self.attribution.record(judged, prompt.commitment)
            rejected.append(entry.ref)
            judged = self._judged(order, index, prompt, attempt=len(rejected))
        return judged, rejected

    def _judged(self, order: _Order, index: int, prompt: Prompted, attempt: int) -> Judged:
        made = self._made(order, index, attempt)
        return self.attribution.judge(made, prompt.decision, requester=order.requester, attempt=attempt)

    def _made(self, order: _Order, index: int, attempt: int) -> PipelinePicture:
        generator, request = self.generator(), order.request
        return PipelinePicture(
            pixels=generator.generate(request, index, attempt, order.steps_of(index)),
            model=generator.model,
            prompt=request.prompt,
            negative_prompt=request.negative_prompt,
            seed=request.seed_of(index, attempt),
            sampler=generator.sampler,
            settings={"guidance_scale": request.guidance_text, "num_inference_steps": str(request.steps)},
        )

    def attribute(self, made: PipelinePicture) -> AttributedImage:
        """Records a picture that another pipeline made, then hands it out. `ledger.generate.attributed` calls this.

        The picture cannot be generated again here, so the policy decides as if no retries were left. If the policy
        blocks the prompt, it blocks the picture. Raises InputError, PushbackError.
        """
        attribution = self.attribution
        prompt = None if made.prompt is None else attribution.prompted(made.prompt, made.negative_prompt or "")
        judged = attribution.judge(
            made, None if prompt is None else prompt.decision, attempt=attribution.policy.retries
        )
        entry = attribution.record(judged, None if prompt is None else prompt.commitment)
        answer = attribution.verification.records.answer(entry)
        file = None
        if judged.decision.handed_out:
            unsent = self.handing_out.file(made.pixels, PNG, answer, made.model.name)
            file = self.handing_out.hand_out(unsent, entry, judged.examined)
        reveal = None if prompt is None else prompt.reveal(entry.record_id)
        return AttributedImage(
            image=None if file is None else made.pixels,
            file=None if file is None else file.image,
            guard=judged.decision.guard,
            reasons=judged.reasons,
            record=answer.to_json(),
            reveal=None if reveal is None else reveal.model_dump(mode="json"),
        )


@dataclass(frozen=True, slots=True)
class _Order:
    """A request, and how its pictures are wanted."""

    request: GenerationRequest
    media_type: str
    confirm: bool
    requester: Requester
    progress: Progress

    def steps_of(self, index: int) -> StepProgress:
        """Reports the steps of one picture as part of the steps of the whole request."""

        def step(done: int, total: int) -> None:
            self.progress("generating", index * total + done, self.request.count * total)

        return step
