"""A record as it is answered: its report, with the names of works and artists that the signed record leaves out."""

from __future__ import annotations

import json
from collections.abc import Container, Mapping

from ledger.answers.notes import notes_on
from ledger.answers.outgrown import is_outdated
from ledger.answers.pictures import CalibrationReport, MatchAnswer, Report, ShareReport
from ledger.answers.records import RecordAnswer, record_links
from ledger.corpus.work import CorpusState, Work
from ledger.flows.records.likeness_answers import LikenessReport
from ledger.log.entry import Entry
from ledger.match.lists import Verdict
from ledger.match.words import Names, WorkName
from ledger.record.parts import MatchText
from ledger.record.predicates import Generation, Predicate, Verification, verified_copies
from ledger.record.times import format_time


def showing(answer: RecordAnswer, top_k: int) -> RecordAnswer:
    """The answer with no more than the `top_k` nearest works in its report; the record holds all."""
    if answer.report is None:
        return answer
    shown = answer.report.model_copy(update={"matches": answer.report.matches[:top_k]})
    return answer.model_copy(update={"report": shown})


def match_answers(
    record: Verification | Generation, works: Mapping[str, Work], contested: Container[str]
) -> tuple[MatchAnswer, ...]:
    """The matches with the names of their works; empty ones where they were erased. `contested`: ids of such works."""
    verified = {match.rank for match in verified_copies(record)}
    names = _artist_names(works)
    return tuple(
        _match_answer(match, works.get(match.work_id), names, contested, verified=match.rank in verified)
        for match in record.matches
    )


def _match_answer(
    match: MatchText, work: Work | None, names: Mapping[str, str], contested: Container[str], *, verified: bool
) -> MatchAnswer:
    return MatchAnswer(
        rank=match.rank,
        work_id=match.work_id,
        title=work.title if work else "",
        artist_id=match.artist_id,
        artist=work.artist if work else "",
        licence=work.licence if work else "",
        source=work.source if work else "",
        relation=match.relation,
        score=match.score,
        p_value=match.p_value,
        n_null=match.n_null,
        bin=match.bin,
        evidence=match.evidence,
        preview=preview_path(work) if work else None,
        withdrawn=work.withdrawn if work else False,
        group=match.group,
        artist_ids=match.artists,
        names=tuple(names.get(artist_id, "") for artist_id in match.artists),
        verified=verified,
        contested=len(match.artists) > 1 or match.work_id in contested,
    )


def preview_path(work: Work) -> str | None:
    return None if work.withdrawn else f"/v1/works/{work.work_id}/preview"


def work_names(works: Mapping[str, Work]) -> Names:
    """For `reference_sentence`."""
    return lambda work_id: WorkName(works[work_id].title, works[work_id].artist) if work_id in works else None


def matched_works(*predicates: Predicate) -> set[str]:
    """Ids of the matched works."""
    compared = [each for each in predicates if isinstance(each, Verification | Generation)]
    return {match.work_id for each in compared for match in each.matches}


def named_works(predicate: Predicate) -> set[str]:
    """Ids of the works that a record names: the matched ones, and of each artist who registered the same one."""
    if isinstance(predicate, Verification | Generation):
        return {work_id for match in predicate.matches for work_id in match.works}
    work_id = getattr(predicate, "work_id", None)
    return set() if work_id is None else {work_id}


def _artist_names(works: Mapping[str, Work]) -> dict[str, str]:
    return {work.artist_id: work.artist for work in works.values()}


def record_answer(entry: Entry, reference: str, report: Report | None, *, repeated: bool) -> RecordAnswer:
    return RecordAnswer(
        record_id=entry.record_id,
        kind=entry.statement.kind,
        leaf_index=entry.leaf_index,
        appended_at=format_time(entry.appended_at),
        repeated=repeated,
        reference=reference,
        statement=json.loads(entry.payload),
        envelope=json.loads(entry.envelope),
        report=report,
        links=record_links(entry.record_id),
    )


def picture_report(
    predicate: Verification | Generation,
    works: Mapping[str, Work],
    contested: Container[str],
    calibrated: CorpusState | None,
    likeness: LikenessReport,
) -> Report:
    artists = _artist_names(works)
    return Report(
        verdict=predicate.verdict,
        comparable=predicate.verdict is not Verdict.NOT_COMPARABLE,
        works_compared=predicate.corpus.works,
        alpha=predicate.attribution.alpha,
        calibration=_calibration_report(predicate, calibrated),
        notes=notes_on(predicate, calibrated),
        matches=match_answers(predicate, works, contested),
        shares=tuple(
            ShareReport(
                artist_ids=share.artists,
                names=tuple(artists.get(artist_id, "") for artist_id in share.artists),
                group=share.group,
                share=share.share,
            )
            for share in predicate.attribution.shares
        ),
        unattributed=predicate.attribution.unattributed,
        artist_reference=likeness.artist_reference,
        labels=likeness.labels,
    )


def _calibration_report(
    predicate: Verification | Generation, calibrated: CorpusState | None
) -> CalibrationReport | None:
    if calibrated is None:
        return None
    now = CorpusState(predicate.corpus.through, predicate.corpus.works)
    return CalibrationReport(
        digest=predicate.calibration, works=calibrated.works, outdated=is_outdated(calibrated, now)
    )
