"""From a query to ranked matches with relation, probability, p-value and evidence; a verdict; attribution shares.

Steps for a query:
1. The index offers candidates: equal digests, nearest hashes of all views, nearest embeddings.
2. Equal bytes and equal pixels are settled by digest (`exact`, `same-pixels`).
3. Every candidate gets its exact raw score (score.py), a work with two views that of the nearer one. The best are
   verified against their previews (geometry/); they never include only one artist's works (choice.py). Those that
   are not have a second try by learned features.
4. Raw score and geometric evidence, both log Bayes factors, are added. The sum gives the conformal p-value, by the
   query's complexity bin, and the probability (calibration.py). A digest match is nearer than every unrelated picture
   of the null set, because null pictures in the corpus are left out. Its p-value is the bin's floor, 1 / (n + 1).
5. Candidates are ranked by relations proven by digest, then by probability. A copy is a proven or verified relation
   with p <= alpha. Others with p <= alpha are `unverified`; the rest are `nearest` and claim nothing.
6. Candidates that are no copies, but near in style (style/matcher.py), follow the copies with their p-value of style.
   Only works that allow it are compared, and only if the calibration has error rates of style.
7. Registrations of one picture (a duplicate group, or equal pixels) become one match, of the work that ranks first;
   it names every artist of the group. One work per artist of a group is aligned. The MATCHES best are kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ledger.errors import ConflictError
from ledger.match.attribution import attribute, unproven_relation, verdict, written
from ledger.match.bins import Bin
from ledger.match.calibration import Calibration
from ledger.match.candidate import Candidate, CandidateIndex, Match, MatchOutcome, Query
from ledger.match.copies.choice import Contender, chosen
from ledger.match.copies.negative import may_be_negative
from ledger.match.copies.relation import certain_relation
from ledger.match.copies.scoring import ScoredWork, Scoring, by_work
from ledger.match.geometry.verification import QueryGeometry, VerifiedAlignment, verify_all
from ledger.match.lists import COPY_RELATIONS, FUSED_SCORE, MATCHES, OVER_BLACK, QUERY_VIEW, Relation
from ledger.match.null_set import NullSet
from ledger.match.style.matcher import StyleFinding, style_matcher
from ledger.match.style.null import StyleNull

CANDIDATES = 60
"""Number of candidates requested from the index per query, before exact re-ranking."""
_CERTAIN = 20.0
"""Log Bayes factor of equal digests, larger than that of any geometric evidence."""
_DIGESTS = (Relation.EXACT, Relation.SAME_PIXELS)


class Matcher:
    """Matches queries against an index under one calibration. It has no state, so threads may share it."""

    def __init__(
        self, index: CandidateIndex, calibration: Calibration, null_set: NullSet, style: StyleNull | None = None
    ) -> None:
        """`style`: unrelated pictures for style; without them, style is not compared.

        Raises ConflictError (`calibration-mismatch`) if the calibration was made with other null sets.
        """
        if calibration.null_set != null_set.digest:
            raise ConflictError(
                f"the calibration belongs to null set {calibration.null_set}, but this version has {null_set.digest}",
                code="calibration-mismatch",
                hint="Calibrate again with this version.",
            )
        self._index = index
        self._calibration = calibration
        self._scoring = Scoring(index, calibration, null_set.background)
        self._style = style_matcher(calibration, style)

    def match(self, query: Query) -> MatchOutcome:
        """The MATCHES nearest pictures, each with all its registrations, and the conclusions from them.

        Raises ConflictError (`spec-mismatch`) for a fingerprint of another spec.
        """
        corpus = self._index.state()
        views, found = self._views(query, CANDIDATES)
        labels = _group_labels(found)
        drafts = self._drafts(views, found, labels)
        matches = self._named(_first_of_each(drafts, labels)[:MATCHES])
        concluded = attribute(matches, written(self._calibration.alpha))
        comparable = query.not_comparable is None
        relations = [(match.relation, match.written_p_value) for match in matches]
        return MatchOutcome(
            corpus=corpus,
            calibration=self._calibration.digest,
            matches=tuple(matches),
            attribution=concluded,
            verdict=verdict(relations, concluded.alpha, comparable=comparable),
            not_comparable=query.not_comparable,
        )

    def compare(self, query: Query, limit: int) -> tuple[Match, ...]:
        """The `limit` nearest works, each separately, even if several are registrations of one picture.

        Raises as `match` does.
        """
        views, found = self._views(query, max(CANDIDATES, 2 * limit))
        alone = {candidate.work_id: candidate.work_id for candidate in found}
        return tuple(_ranked(self._drafts(views, found, alone)[:limit]))

    def _views(self, query: Query, limit: int) -> tuple[Sequence[Query], Sequence[Candidate]]:
        """The query with the other pictures that are compared beside it, and the candidates of all of them."""
        found = {each.work_id: each for each in self._candidates(query, limit)}
        others = list(query.others)
        if query.negative is not None and may_be_negative(query, list(found.values())):
            others.append(query.negative())
        for other in others:
            found |= {each.work_id: each for each in self._candidates(other, limit)}
        return [query, *others], list(found.values())

    def _candidates(self, query: Query, limit: int) -> Sequence[Candidate]:
        self._check_spec(query)
        found = self._index.search(query, limit=limit)
        if query.not_comparable is None:
            return found
        return [candidate for candidate in found if certain_relation(query, candidate) is not None]

    def _named(self, drafts: Sequence[Match]) -> list[Match]:
        """The matches with their groups and ranks."""
        groups = self._index.groups([match.work_id for match in drafts]) if drafts else {}
        return _ranked([replace(match, group=groups.get(match.work_id)) for match in drafts])

    def _check_spec(self, query: Query) -> None:
        if query.fingerprint.image.spec != self._calibration.spec:
            raise ConflictError(
                f"the query's fingerprint is of spec {query.fingerprint.image.spec}, "
                f"the calibration of {self._calibration.spec}",
                code="spec-mismatch",
            )

    def _drafts(self, views: Sequence[Query], found: Sequence[Candidate], labels: Mapping[str, str]) -> list[Match]:
        """Matches, nearest first, without ranks and groups. `labels`: one per work, equal within a group."""
        if not found:
            return []
        query = views[0]
        ways = by_work([each for view in views for each in self._scoring.score(view, found)])
        scored = [nearest for nearest, *_ in ways.values()]
        aligned = self._aligned(query, scored, labels)
        placed = self._calibration.bin_of(query.fingerprint.image.complexity)
        verified = self._verify(aligned, ways, placed)
        compared = [verified.get(item.candidate.work_id, (item, None)) for item in scored]
        drafts = [self._match(query, item, alignment, placed) for item, alignment in compared]
        # Works that were not aligned come after those that were: an audit repeats a record by aligning its works.
        drafts.sort(key=lambda match: (match.relation not in _DIGESTS and match.work_id not in aligned, *_order(match)))
        if self._style is not None:
            drafts = _with_style(drafts, self._style.find(query, found), self._calibration.alpha)
        return drafts

    def _aligned(self, query: Query, scored: Sequence[ScoredWork], labels: Mapping[str, str]) -> tuple[str, ...]:
        """Ids of the works to align. Groups whose relation a digest proves need none."""
        if query.not_comparable is not None:
            return ()
        settled = {
            labels[item.candidate.work_id] for item in scored if certain_relation(query, item.candidate) is not None
        }
        candidates = [item.candidate for item in scored]
        contenders = [Contender(each.work_id, each.artist_id, labels[each.work_id]) for each in candidates]
        return chosen([each for each in contenders if each.label not in settled])

    def _verify(
        self, work_ids: Sequence[str], ways: Mapping[str, Sequence[ScoredWork]], placed: Bin
    ) -> Mapping[str, tuple[ScoredWork, VerifiedAlignment]]:
        """Geometric evidence by work id, with the pictures that it is about: of all that were compared, the pair whose
        score and evidence together are highest. The second verifier is asked only where its evidence, which is always
        the same, would make the work a copy (p <= alpha): it is slow, and most pictures are copies of nothing."""
        if not work_ids:
            return {}
        rule, items, pairs = self._calibration.geometry, [], []
        geometry: dict[str, QueryGeometry] = {}
        for work_id, picture in self._index.pictures(work_ids).items():
            for item in ways[work_id]:
                if item.query.view not in geometry:
                    geometry[item.query.view] = QueryGeometry(item.query.working)
                items.append(item)
                shown = (picture.second or picture) if item.second else picture
                pairs.append((work_id, geometry[item.query.view], shown))

        def may_be_copy(number: int) -> bool:
            score = items[number].raw + rule.learned.evidence
            return placed.p_value(round(score, 6)) <= self._calibration.alpha

        verified = verify_all(pairs, rule, second=may_be_copy)
        return _best_of_each([(items[number], found) for number, found in verified.items()])

    def _match(self, query: Query, item: ScoredWork, found: VerifiedAlignment | None, placed: Bin) -> Match:
        certain = certain_relation(query, item.candidate)
        evidence = found.log_bayes_factor if found else self._calibration.geometry.unverified
        # Six digits, as in the calibration file and in records: only written values are compared.
        score = round(item.raw + (_CERTAIN if certain else evidence), 6)
        p_value = round(placed.floor if certain else placed.p_value(score), 6)
        near = unproven_relation(written(p_value), written(self._calibration.alpha))
        return Match(
            rank=0,
            work_id=item.candidate.work_id,
            work_sha256=item.candidate.sha256,
            work_pixel_sha256=item.candidate.pixel_sha256,
            artist_id=item.candidate.artist_id,
            registration_record_id=item.candidate.registration_record_id,
            registration_leaf_hash=item.candidate.registration_leaf_hash,
            relation=certain or (found.relation if found else near),
            score=round(self._calibration.probability(score), 6),
            p_value=p_value,
            n_null=placed.n,
            bin=placed.name,
            raw={**item.parts, FUSED_SCORE: score},
            evidence=found.evidence if found else None,
        )


def _best_of_each(
    found: Sequence[tuple[ScoredWork, VerifiedAlignment]],
) -> dict[str, tuple[ScoredWork, VerifiedAlignment]]:
    """By work id, the pair of pictures whose score and evidence together are highest."""
    best: dict[str, tuple[ScoredWork, VerifiedAlignment]] = {}
    for item, aligned in sorted(found, key=lambda pair: -(pair[0].raw + pair[1].log_bayes_factor)):
        best.setdefault(item.candidate.work_id, (item, aligned))
    return best


def _group_labels(found: Sequence[Candidate]) -> dict[str, str]:
    """A label per work, equal for works linked by a duplicate group or equal pixels, directly or in a chain."""
    labels: dict[str, str] = {}
    known: dict[str, str] = {}
    for candidate in found:
        keys = [candidate.pixel_sha256, *([candidate.duplicate_group] if candidate.duplicate_group else [])]
        old = sorted({known[key] for key in keys if key in known})
        label = old[0] if old else candidate.work_id
        for each in old[1:]:
            known |= {key: label for key, value in known.items() if value == each}
            labels |= {work_id: label for work_id, value in labels.items() if value == each}
        known |= dict.fromkeys(keys, label)
        labels[candidate.work_id] = label
    return labels


def _first_of_each(drafts: Sequence[Match], labels: Mapping[str, str]) -> list[Match]:
    """The first match of each group."""
    first: dict[str, Match] = {}
    for match in drafts:
        first.setdefault(labels[match.work_id], match)
    return list(first.values())


def _ranked(drafts: Sequence[Match]) -> list[Match]:
    return [replace(match, rank=rank) for rank, match in enumerate(drafts, start=1)]


def _order(match: Match) -> tuple[int, float, str]:
    certainty = _DIGESTS.index(match.relation) if match.relation in _DIGESTS else len(_DIGESTS)
    return (certainty, -match.score, match.work_id)


def _with_style(drafts: Sequence[Match], findings: Mapping[str, StyleFinding], alpha: float) -> list[Match]:
    """Adds matches by style after copies and `unverified` matches, which stay unchanged."""

    def near_copy(match: Match) -> bool:
        return match.relation in COPY_RELATIONS or match.p_value <= alpha

    styled = [match for match in drafts if match.work_id in findings and not near_copy(match)]
    others = [match for match in drafts if match.work_id not in findings or near_copy(match)]
    styled.sort(key=lambda match: (-findings[match.work_id].score, match.work_id))
    last = max((place for place, match in enumerate(others, start=1) if near_copy(match)), default=0)
    return [*others[:last], *(_styled(match, findings[match.work_id]) for match in styled), *others[last:]]


def _styled(match: Match, found: StyleFinding) -> Match:
    """A match by style. Its score is still the probability of a copy; p-value and measurements are about style."""
    return replace(
        match,
        relation=Relation.SIMILAR_STYLE,
        p_value=round(found.p_value, 6),
        n_null=found.bin.n,
        bin=found.bin.name,
        raw={**found.raw, **{name: 1.0 for name in match.raw if name == OVER_BLACK or name.startswith(QUERY_VIEW)}},
    )
