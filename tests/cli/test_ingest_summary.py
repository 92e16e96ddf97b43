"""What people read about a source's registration."""

from __future__ import annotations

import pytest

from cli.ui.ingest_summary import show_summary
from cli.ui.output import Output
from ledger.answers.corpus import ChangedWork, IngestSummary, Refusal, RegisteredBefore


def test_left_out_changed_and_known_works_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    changed = [
        ChangedWork(key=f"{number}.png", work_id="w", code="terms-narrower", reason="narrower now", record_id=record)
        for number, record in enumerate([None, "r"])
    ]
    before = [
        RegisteredBefore(key="m.png", work_id="w", source=source, source_key="a.png")
        for source in ("folder:/new", "folder:/old", "folder:/old", "")
    ]
    summary = IngestSummary(
        source="folder:/new",
        found=6,
        registered=0,
        already_registered=6,
        refused=(),
        not_comparable=(),
        seconds=0.1,
        left_out=(Refusal(key="x.png", code="not-in-labels", reason="not in labels.csv"),),
        changed=tuple(changed),
        registered_before=tuple(before),
    )
    show_summary(Output(json=False), summary)
    said = capsys.readouterr().out
    for sentence in (
        "Left out because the label file does not name it: 1 file",
        "Changed in the source since registration: 2 works, of which 1 now with new terms on the log",
        "Registered before, from folder:/old: 2 files",
        "Registered under another name: 1 file",
        "Registered before, from a source that is no longer known: 1 file",
    ):
        assert sentence in said
    assert summary.to_json()["changed"][1]["record_id"] == "r"
