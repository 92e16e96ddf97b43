"""The demo's generated picture: generated once. A second run finds the picture and its record."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.answers.records import RecordAnswer
from ledger.errors import NotFoundError
from ledger.flows.pictures.generate import Generating
from ledger.flows.progress import Progress, silent
from ledger.flows.records.records import Records

PROMPT = "a red car"
SEED = 7


@dataclass(frozen=True, slots=True)
class DemoGeneratedPicture:
    prompt: str
    picture: Path | None
    """None where the guard blocked it."""
    guard: str
    answer: RecordAnswer

    def to_json(self) -> dict[str, Any]:
        return {
            "prompt": self.prompt,
            "picture": None if self.picture is None else str(self.picture),
            "guard": self.guard,
            "record_id": self.answer.record_id,
            "leaf_index": self.answer.leaf_index,
            "reference": self.answer.reference,
        }


@dataclass(frozen=True, slots=True)
class DemoGeneration:
    folder: Path
    """Where the picture, and the file that reveals its prompt, are kept for the user to look at."""
    generation: Callable[[], Generating]
    records: Records

    def run(self, progress: Progress = silent) -> DemoGeneratedPicture:
        path, remembered = self.folder / "generated.png", self.folder / "generated.json"
        record = self._earlier(remembered)
        if record is not None:
            found = path if path.is_file() else None
            return DemoGeneratedPicture(PROMPT, found, record.statement["predicate"]["guard"], record)
        flow = self.generation()
        request = flow.request(PROMPT, seed=SEED)
        (image,) = flow.generate(request, progress=progress)
        if image.image is not None:
            path.write_bytes(image.image)
        remembered.write_text(json.dumps({"record_id": image.record_id}))
        return DemoGeneratedPicture(PROMPT, path if image.image else None, image.guard, image)

    def _earlier(self, remembered: Path) -> RecordAnswer | None:
        """The record that an earlier run appended."""
        try:
            return self.records.get(json.loads(remembered.read_text())["record_id"])
        except (OSError, NotFoundError):
            return None
