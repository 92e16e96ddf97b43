"""Answers for people: the headline first, then what supports it, then the next steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cli.ui.output import Output
from ledger.answers.words import similar_words
from ledger.match.words import VERDICT_WORDS, chance, percent, relation_words
from ledger.record.times import shown_time

if TYPE_CHECKING:
    from pathlib import Path

    from cli.ui.invocation import Invocation
    from ledger.answers.pictures import (
        CredentialsReport,
        LabelReport,
        MatchAnswer,
        ReferenceReport,
        Report,
        ShareReport,
    )
    from ledger.answers.records import LookupAnswer, RecordAnswer, SimilarRecord

MAX_SHOWN = 5
"""Works that people are shown, of those that something is claimed about."""
MAX_NEAREST = 3
"""Of those that are near by rank only."""


def show_record(out: Output, answer: RecordAnswer) -> None:
    """One record, whatever its kind."""
    _show_headline(out, answer)
    if answer.report is not None:
        _show_report(out, answer.report)
    out.line()
    out.line(f"Record     {answer.record_id} ({answer.kind})")
    out.line(f"           log entry {answer.leaf_index:,}, appended {shown_time(answer.appended_at)}", "quiet")
    if answer.repeated:
        out.line("           on the log already, with the same picture, corpus and calibration")
    subject = answer.statement["subject"][0]["digest"]["sha256"]
    out.line(f"SHA-256    {subject}")
    if answer.credentials is not None:
        show_credentials(out, answer.credentials)


def show_credentials(out: Output, credentials: CredentialsReport) -> None:
    """Content Credentials in the file, and the record that they name."""
    out.line(f"Credentials: {credentials.state}. {credentials.says}")
    if credentials.record is not None:
        out.line(f"           record {credentials.record.record_id}: {credentials.record.reference}")
    for problem in credentials.problems:
        out.line(f"           {problem}", "quiet")


def show_next_steps(invocation: Invocation, answer: RecordAnswer, image: Path | None = None) -> None:
    """The next steps: commands to copy, and the web page."""
    out = invocation.out
    picture = "FILE" if image is None else str(image)
    out.line(f"Proof      {invocation.command_line('lookup', answer.record_id, '--bundle', 'FILE')}", "quiet")
    out.line(f"Check      {invocation.command_line('audit', 'record', answer.record_id, '--image', picture)}", "quiet")
    page = answer.links.get("page")
    if page:
        out.line(f"Page       {page} at the address that `{invocation.command_line('serve')}` prints", "quiet")


def show_lookup(out: Output, answer: LookupAnswer, *, from_file: bool = False) -> None:
    """What is known about a picture (`from_file`) or a digest; nothing of it is signed but the records."""
    _show_headline(out, answer)
    for note in answer.notes:
        out.line(f"Note       {note}")
    if answer.matches:
        show_matches(out, answer.matches)
        out.line("This comparison is not on the log. To make a record of it: artledger verify", "quiet")
    if answer.artist_reference is not None:
        _show_reference(out, answer.artist_reference)
    _show_labels(out, answer.labels)
    out.line()
    out.line(f"SHA-256    {answer.sha256}")
    if answer.records:
        out.line(f"Records    {len(answer.records)} of this file")
        rows = [(each.kind, shown_time(each.appended_at), each.reference, each.record_id) for each in answer.records]
        out.table(("Kind", "Appended", "Says", "Record"), rows, ids=("Record",))
    else:
        out.line("Records    none of this file")
    if answer.similar_records:
        _show_similar(out, answer.similar_records)
    if answer.credentials is not None:
        show_credentials(out, answer.credentials)
    elif from_file:
        out.line("Credentials: none in this file. That says nothing: they are often lost when pictures are shared.")


def _show_headline(out: Output, answer: LookupAnswer | RecordAnswer) -> None:
    """Title and sentence, and below what else is known. A record of another kind has its reference sentence."""
    said = answer.headline
    if said is None:
        out.line(answer.reference, "strong")
        return
    out.line(said.title, "strong")
    out.line(said.says)
    for note in said.notes:
        out.line(f"Note       {note}")
    if said.record_id is not None and said.record_id != getattr(answer, "record_id", None):
        out.line(f"Made       record {said.record_id}")


def _show_similar(out: Output, similar: Sequence[SimilarRecord]) -> None:
    """Generated pictures that were found again."""
    pictures = "a generated picture" if len(similar) == 1 else f"{len(similar)} generated pictures"
    out.line(f"Generated  this is an edited copy of, or contains part of, {pictures}")
    rows = [
        (
            similar_words(each),
            shown_time(each.record.appended_at),
            each.record.record_id,
        )
        for each in similar[:MAX_SHOWN]
    ]
    out.table(("Relation", "Appended", "Record"), rows, ids=("Record",))


def show_matches(out: Output, matches: Sequence[MatchAnswer]) -> None:
    """A table of the works that something is claimed about. Below it, those that are near by rank only."""
    claimed = [match for match in matches if match.claims]
    if claimed:
        _show_claimed(out, claimed)
    nearest = [match for match in matches if not match.claims]
    if nearest:
        named = "; ".join(f"{_title(each)} by {each.artist or 'unknown'}" for each in nearest[:MAX_NEAREST])
        more = len(nearest) - MAX_NEAREST
        out.line(f"Nearest by rank, no claim: {named}{f'; and {more} more' if more > 0 else ''}", "quiet")


def _show_claimed(out: Output, matches: Sequence[MatchAnswer]) -> None:
    rows = [
        (
            str(match.rank),
            _title(match),
            _names(match),
            relation_words(match.relation, match.evidence)
            + (" (contested)" if match.contested else "")
            + (" (withdrawn)" if match.withdrawn else ""),
            percent(match.probability) if match.probability else "",
            "identical digests" if match.identical else chance(match.p_value, match.n_null),
        )
        for match in matches[:MAX_SHOWN]
    ]
    columns = ("#", "Work", "Artist", "Relation", "Copy", "Chance of coincidence")
    out.table(columns, rows, right=("#", "Copy", "Chance of coincidence"))
    if len(matches) > MAX_SHOWN:
        out.line(f"and {len(matches) - MAX_SHOWN} more that are less near: --json lists them all", "quiet")


def _title(match: MatchAnswer) -> str:
    return match.title or "untitled"


def _names(registered: MatchAnswer | ShareReport) -> str:
    """Whoever registered it; several where it is contested."""
    return " or ".join(name or "unknown" for name in registered.names)


def _show_reference(out: Output, reference: ReferenceReport) -> None:
    """Apart from the works: it says whose works the picture looks like, never what it was made from."""
    none = f"none of the artists it knows {percent(reference.none)}"
    if reference.artists:
        named = ", ".join(f"{each.name or 'unknown'} {percent(each.probability)}" for each in reference.artists)
        out.line(f"Looks like {named}; {none}. Not a copy, and not what it was made from.")
        for each in reference.artists:
            if each.works:
                titles = ", ".join(work.title or work.work_id for work in each.works)
                out.line(f"           drawn most like it, by {each.name or 'unknown'}: {titles}", "quiet")
    else:
        out.line(f"Looks like nobody's works in particular ({none})")
    if reference.right_first is not None:
        right = percent(reference.right_first)
        out.line(f"           the right artist came first for {right} of the works that it was tested with", "quiet")


def _show_labels(out: Output, labels: Sequence[LabelReport]) -> None:
    for said in labels:
        named = ", ".join(f"{each.label} {percent(each.probability)}" for each in said.labels) or "none in particular"
        right = "" if said.right_first is None else f" (right first for {percent(said.right_first)} when tested)"
        out.line(f"{said.kind.capitalize():<10} {named}{right}")


def _show_report(out: Output, report: Report) -> None:
    out.line(f"Verdict    {report.verdict}: {VERDICT_WORDS[report.verdict]}")
    rests = f" (measured with {report.calibration.works:,})" if report.calibration else ""
    out.line(
        f"Compared   {report.works_compared:,} registered works, at an error rate of {percent(report.alpha)}{rests}"
    )
    for note in report.notes:
        out.line(f"Note       {note}")
    if report.matches:
        show_matches(out, report.matches)
    if report.artist_reference is not None:
        _show_reference(out, report.artist_reference)
    _show_labels(out, report.labels)
    if report.shares:
        shares = ", ".join(f"{_names(each)} {percent(each.share)}" for each in report.shares)
        out.line(f"Shares     {shares}; unattributed {percent(report.unattributed)} (a stated rule, not influence)")
