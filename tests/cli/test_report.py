"""Answers in words: nothing rounded to a certainty, no control sequence of somebody else reaches the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import pytest
from typer.main import get_command

from cli.command_line import build
from cli.ui.invocation import Invocation
from cli.ui.output import Output
from cli.ui.report import (
    MAX_SHOWN,
    show_lookup,
    show_next_steps,
    show_record,
)
from ledger.answers.answer import Answer
from ledger.answers.headline import Headline
from ledger.answers.pictures import (
    CalibrationReport,
    CredentialsReport,
    MatchAnswer,
    NamedRecord,
    Report,
    ShareReport,
)
from ledger.answers.records import LookupAnswer, RecordAnswer, SimilarRecord
from ledger.match.lists import Relation, Verdict
from ledger.match.words import relation_words
from tests.record.samples import EVIDENCE

A = TypeVar("A", bound=Answer)
MATCH = MatchAnswer(
    rank=1,
    work_id="w",
    title="Clown \x1b[31mLoach\u202e",
    artist_id="a",
    artist="Jonathon [bold]Love",
    licence="CC0-1.0",
    source="here",
    relation=Relation.NEAR_DUPLICATE,
    score="0.994812",
    p_value="0.001456",
    n_null=686,
    bin="simple",
    evidence=None,
    preview=None,
    withdrawn=False,
    group=None,
    artist_ids=("a",),
    names=("Jonathon [bold]Love",),
    verified=True,
)
ANSWER = RecordAnswer(
    record_id="01900000-0000-7000-8000-000000000000",
    kind="verification",
    leaf_index=2033,
    appended_at="2026-01-01T00:00:00.000Z",
    repeated=False,
    reference="A near-duplicate of something.",
    statement={"subject": [{"digest": {"sha256": "0" * 64}}]},
    envelope={},
    report=Report(
        verdict=Verdict.COPY,
        comparable=True,
        works_compared=2000,
        alpha="0.010000",
        calibration=CalibrationReport(digest="0" * 64, works=1500, outdated=True),
        notes=("The error rates were measured against 1,500 works.",),
        matches=(MATCH,),
        shares=(ShareReport(artist_ids=("a",), names=("Jonathon Love",), group=None, share="0.994812"),),
        unattributed="0.005188",
    ),
    links={"page": "/records/x"},
)


UNKNOWN = Headline(answer="unknown", title="We have no record of this picture", says="1 work was compared.")


def replace(answer: A, **changes: object) -> A:
    return answer.model_copy(update=changes)


def lookup(**parts: Any) -> LookupAnswer:
    """Of a picture that nothing is known of, but for these parts."""
    nothing = {"sha256": "0" * 64, "records": (), "matches": (), "reference": "Something.", "headline": UNKNOWN}
    return LookupAnswer(**nothing | parts)


def test_a_record_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    show_record(Output(), ANSWER)
    printed = capsys.readouterr().out
    assert printed.startswith("A near-duplicate of something.\nVerdict    copy: ")
    assert "2,000 registered works, at an error rate of 1% (measured with 1,500)" in printed
    assert "Note       The error rates were measured against 1,500 works." in printed
    assert "Jonathon [bold]Love" in printed
    assert "edited copy" in printed
    assert "1 in 687" in printed
    assert "unattributed 0.52%" in printed
    assert "log entry 2,033" in printed
    assert "on the log already" not in printed
    assert not {"\x1b", "\u202e"} & set(printed)


SAID = Headline(
    answer="edited-copy",
    title="This is an edited copy of “Clown \x1b[31mLoach” by Somebody",
    says="Aligning both pictures confirmed it.",
    notes=("Contested: 2 artists registered it.",),
    record_id="01900000-0000-7000-8000-000000000002",
)


def test_the_headline_comes_first_and_its_notes_below(capsys: pytest.CaptureFixture[str]) -> None:
    show_record(Output(), replace(ANSWER, headline=SAID))
    printed = capsys.readouterr().out
    title, says, note, made, verdict, *_ = printed.splitlines()
    assert title.startswith("This is an edited copy of “Clown")
    assert "\x1b" not in printed
    assert says == SAID.says
    assert note == "Note       Contested: 2 artists registered it."
    assert made.endswith(SAID.record_id or "")
    assert verdict.startswith("Verdict")
    assert "A near-duplicate of something." not in printed


def test_what_is_near_by_rank_claims_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """A p-value above alpha gives no row, no probability and no rate; nor does a copy that is confirmed too often."""
    near = replace(MATCH, relation=Relation.NEAREST, p_value="0.770000", verified=False, score="0.740000")
    matches = (near, replace(near, relation=Relation.NEAR_DUPLICATE), near, near)
    show_lookup(Output(), lookup(matches=matches, headline=SAID))
    printed = capsys.readouterr().out
    assert "Nearest by rank, no claim: Clown" in printed
    assert "and 1 more" in printed
    for claim in ("74", "1 in ", "coincidence", "style", "edited copy of it"):
        assert claim not in printed.replace(SAID.title, "")


def test_a_repeated_record_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    show_record(Output(), replace(ANSWER, repeated=True, report=None))
    assert "on the log already" in capsys.readouterr().out


def test_a_long_list_is_cut_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert ANSWER.report is not None
    report = replace(ANSWER.report, matches=(MATCH,) * (MAX_SHOWN + 3))
    show_record(Output(), replace(ANSWER, report=report))
    assert "and 3 more that are less near: --json lists them all" in capsys.readouterr().out


def test_next_steps_can_be_copied(capsys: pytest.CaptureFixture[str]) -> None:
    invocation = Invocation(get_command(build()))
    invocation.meta["data"] = Path("/my data")
    show_next_steps(invocation, ANSWER, Path("it's.png"))
    printed = capsys.readouterr().out
    assert f"artledger lookup {ANSWER.record_id} --bundle FILE --data '/my data'\n" in printed
    assert "--image 'it'\"'\"'s.png' --data '/my data'\n" in printed
    assert "/records/x at the address" in printed


def test_a_generated_picture_that_was_found_again(capsys: pytest.CaptureFixture[str]) -> None:
    verified = SimilarRecord(record=ANSWER, relation=Relation.PARTIAL_COPY, evidence=EVIDENCE, phash_distance=90)
    by_hash = SimilarRecord(record=ANSWER, relation=Relation.NEAR_DUPLICATE, evidence=None, phash_distance=12)
    answer = lookup(similar_records=(verified, by_hash))
    show_lookup(Output(), answer)
    printed = capsys.readouterr().out
    assert "none of this file" in printed
    assert "an edited copy of, or contains part of, 2 generated pictures" in printed
    assert printed.count(ANSWER.record_id) == 2
    assert relation_words(Relation.PARTIAL_COPY, EVIDENCE) in printed
    assert "12 of 256 bits" in printed


def test_a_lookup_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    answer = lookup(matches=(MATCH,))
    show_lookup(Output(), answer)
    printed = capsys.readouterr().out
    assert printed.startswith("We have no record of this picture\n")
    assert "not on the log. To make a record of it: artledger verify" in printed
    assert "none of this file" in printed
    show_lookup(Output(), replace(answer, records=(ANSWER,), matches=()))
    printed = capsys.readouterr().out
    assert "1 of this file" in printed
    assert ANSWER.record_id in printed


CREDENTIALS = CredentialsReport(
    state="untrusted",
    says="Content Credentials are intact.",
    issuer="Somebody",
    claim_generator=None,
    digital_source_type=None,
    manifest_sha256=None,
    problems=("assertion.dataHash.mismatch",),
    assertion=None,
    from_ingredient=False,
    record=NamedRecord(
        record_id="01900000-0000-7000-8000-000000000001",
        kind="generation",
        reference="It is near.",
        picture="similar",
        links={},
    ),
)


def test_credentials_are_told_and_missing_ones_are_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    show_record(Output(), replace(ANSWER, credentials=CREDENTIALS))
    printed = capsys.readouterr().out
    assert "Credentials: untrusted. Content Credentials are intact." in printed
    assert "record 01900000-0000-7000-8000-000000000001: It is near." in printed
    assert "assertion.dataHash.mismatch" in printed
    answer = lookup()
    show_lookup(Output(), answer, from_file=True)
    assert "Credentials: none in this file" in capsys.readouterr().out
    show_lookup(Output(), answer)
    show_record(Output(), ANSWER)
    assert "Credentials" not in capsys.readouterr().out
