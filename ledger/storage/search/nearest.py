"""The SQL statement that finds a query's candidates: equal digests, and the works nearest by each list.

Without indexes, one pass over all works computes all distances, much faster than a search per view. With indexes
(vector_indexes.py), each view and window is a separate index search.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ledger.corpus.terms import MAY, MAY_MATCH, MAY_STYLE
from ledger.corpus.work import AllowedUse
from ledger.fingerprint.style_models import CLIP, VAE
from ledger.match.candidate import WORKS_PER_NEGATIVE, WORKS_PER_STYLE, WORKS_PER_WINDOW, Query
from ledger.match.copies.negative import complement
from ledger.match.style.measure import has_style
from ledger.storage.search.vectors import (
    SELECTED,
    STYLE_SELECTED,
    Wire,
    bit_wire,
    halfvec_wire,
)
from ledger.storage.tables.columns import HASH_BITS
from ledger.storage.tables.corpus import SECOND


@dataclass(frozen=True, slots=True)
class Space:
    """A spec's number and dimensions; statements contain them literally, as partial expression indexes require."""

    spec_id: int
    dimension: int
    """Dimension of the copy descriptor."""
    style: tuple[int, int] | None = None
    """Dimensions of the style embeddings, CLIP's and the VAE's; None if the spec has none."""


@dataclass(frozen=True, slots=True)
class WorkFilter:
    """Which matchable works to offer. A field that is None does not filter."""

    artist_ids: Sequence[str] | None = None
    but_artist: str | None = None
    """Only works by other artists."""
    licences: Sequence[str] | None = None
    allowed_use: AllowedUse | None = None
    through: int | None = None
    """Only works registered up to this log entry."""

    def condition(self) -> str:
        """SQL condition on `work w`, with the parameters `values`."""
        conditions = [MAY_MATCH]
        if self.artist_ids is not None:
            conditions.append("w.artist_id = ANY(%(artists)s::uuid[])")
        if self.but_artist is not None:
            conditions.append("w.artist_id <> %(but_artist)s::uuid")
        if self.licences is not None:
            conditions.append("w.licence = ANY(%(licences)s::text[])")
        if self.allowed_use is not None:
            conditions.append(MAY[self.allowed_use])
        if self.through is not None:
            conditions.append("w.registration_index <= %(through)s")
        return " AND ".join(conditions)

    def values(self) -> dict[str, Any]:
        return {
            "artists": [UUID(each) for each in self.artist_ids or ()],
            "but_artist": None if self.but_artist is None else UUID(self.but_artist),
            "licences": list(self.licences or ()),
            "through": self.through,
        }


EVERY_WORK = WorkFilter()


@dataclass(frozen=True, slots=True)
class NearestList:
    """The `limit` works nearest to any of some values in one column."""

    column: str
    operator: str
    type: str
    """Type of the column with its size, as in the index."""
    values: dict[str, Wire]
    """Values by parameter name."""
    limit: int

    @property
    def bare(self) -> str:
        """The type without a size. Parameters already have the right size, so no row needs a coercion."""
        return f'"{self.type.partition("(")[0]}"'


def nearest_lists(query: Query, space: Space, limit: int) -> list[NearestList]:
    """Lists by both hashes over all views, the copy descriptor of the whole, and of each window.

    A query that is not comparable has none. Descriptors have length one, so the inner product, the cheapest operator,
    gives the right order.
    """
    if query.not_comparable is not None:
        return []
    asked = query.fingerprint
    halfvec, bit = f"halfvec({space.dimension})", f"bit({HASH_BITS})"
    windows = asked.windows.get("copy", ())
    hashes = (("phash", asked.phash_views), ("pdq", asked.pdq_views))
    return [
        *(
            NearestList(column, "<~>", bit, {f"{column}{n}": bit_wire(view) for n, view in enumerate(views)}, limit)
            for column, views in hashes
            if views
        ),
        *([] if query.negative is None else [_negatives(query, bit)]),
        NearestList("copy", "<#>", halfvec, {"whole": halfvec_wire(asked.image.embeddings["copy"])}, limit),
        *(
            NearestList("copy", "<#>", halfvec, {f"window{n}": halfvec_wire(window)}, min(limit, WORKS_PER_WINDOW))
            for n, window in enumerate(windows)
        ),
    ]


def _negatives(query: Query, kind: str) -> NearestList:
    """By the pHash of the query's negative over all views."""
    views = map(complement, query.fingerprint.phash_views)
    values = {f"negative{n}": bit_wire(view) for n, view in enumerate(views)}
    return NearestList("phash", "<~>", kind, values, WORKS_PER_NEGATIVE)


def style_lists(query: Query, space: Space) -> list[NearestList]:
    """Lists by CLIP and VAE embeddings; none if query or spec lacks them, or the query is not comparable."""
    asked = query.fingerprint.image
    if space.style is None or not has_style(asked) or query.not_comparable is not None:
        return []
    return [
        NearestList(
            name, "<#>", f"halfvec({size})", {f"{name}0": halfvec_wire(asked.embeddings[name])}, WORKS_PER_STYLE
        )
        for name, size in zip((CLIP, VAE), space.style, strict=True)
    ]


def search_statement(
    query: Query, space: Space, limit: int, only: WorkFilter, *, indexed: Collection[str]
) -> tuple[str, Any]:
    """SQL and parameters. Rows are those of `candidates_statement`, each work once. `indexed`: tables with indexes."""
    condition = only.condition()
    tables = [
        (table, near, f"FROM {table} v JOIN work w USING (work_id) WHERE v.spec_id = {space.spec_id} AND {passing}")
        for table, near, passing in (
            ("work_vector", nearest_lists(query, space, limit), condition),
            (SECOND, nearest_lists(query, space, limit), condition),
            ("work_style", style_lists(query, space), f"{condition} AND {MAY_STYLE}"),
        )
        if near
    ]
    chosen = [_same(digest, condition) for digest in ("sha256", "pixel_sha256")]
    passes = ""
    for table, near, passing in tables:
        if table in indexed:
            chosen.extend(_by_index(passing, near))
        else:
            passes += f"near_{table} AS MATERIALIZED ({distances('work_id', passing, near)}), "
            chosen.extend(by_scan("work_id", near, f"near_{table}"))
    parameters = {
        "sha256": bytes.fromhex(query.sha256),
        "pixel_sha256": bytes.fromhex(query.pixel_sha256),
        **only.values(),
        **{name: value for _, near, _ in tables for each in near for name, value in each.values.items()},
    }
    union = " UNION ".join(chosen)
    return f"WITH {passes}chosen AS ({union}) {_candidates(space)} JOIN chosen c ON c.work_id = w.work_id", parameters


def surroundings_statement(
    query: Query, space: Space, only: WorkFilter, *, indexed: Collection[str]
) -> tuple[str, Any]:
    """SQL and parameters for the `copy` vectors of the works' views nearest to the whole query and to each window."""
    near = [each for each in nearest_lists(query, space, WORKS_PER_WINDOW) if each.column == "copy"]
    parameters = {**only.values(), **{name: value for each in near for name, value in each.values.items()}}
    passes, found = [], []
    for table in ("work_vector", SECOND):
        passing = f"FROM {table} v JOIN work w USING (work_id) WHERE v.spec_id = {space.spec_id} AND {only.condition()}"
        scanned = f"near_{table}"
        if table not in indexed:
            passes.append(f"{scanned} AS MATERIALIZED ({distances('work_id', passing, near)})")
        union = " UNION ".join(_by_index(passing, near) if table in indexed else by_scan("work_id", near, scanned))
        passes.append(f"chosen_{table} AS ({union})")
        found.append(
            f"SELECT v.work_id, halfvec_send(v.copy) AS copy FROM chosen_{table} c"  # noqa: S608 - our own text
            f" JOIN {table} v ON v.work_id = c.work_id AND v.spec_id = {space.spec_id}"
        )
    return (
        f"WITH {', '.join(passes)} SELECT copy"  # noqa: S608 - our own text
        f" FROM ({' UNION ALL '.join(found)}) AS found ORDER BY work_id",
        parameters,
    )


def candidates_statement(space: Space) -> str:
    """SQL for the candidates with the work ids `%s`."""
    return f"{_candidates(space)} WHERE w.work_id = ANY(%s)"


def _same(digest: str, condition: str) -> str:
    return f"SELECT work_id FROM work w WHERE {digest} = %({digest})s AND {condition}"  # noqa: S608 - our own text


def _candidates(space: Space) -> str:
    """SELECT and joins of candidates, with style embeddings if the spec has them; last, the second view's columns."""
    style = ("NULL", "") if space.style is None else (STYLE_SELECTED, f" LEFT JOIN work_style s{_of_work('s', space)}")
    second = SELECTED.replace("v.", "o.")
    return (
        f"SELECT {SELECTED}, w.work_id::text, w.artist_id::text, w.sha256, w.pixel_sha256,"  # noqa: S608 - our own text
        f" w.registration_record_id::text, w.registration_leaf_hash, g.group_id::text, {style[0]}, {second}"
        f" FROM work w JOIN work_vector v{_of_work('v', space)}{style[1]}"
        f" LEFT JOIN second_view o{_of_work('o', space)} LEFT JOIN duplicate_group g ON g.work_id = w.work_id"
    )


def _of_work(alias: str, space: Space) -> str:
    return f" ON {alias}.work_id = w.work_id AND {alias}.spec_id = {space.spec_id}"


def distances(key: str, passing: str, lists: Sequence[NearestList]) -> str:
    """SQL for every list's distance of every row of `passing` (FROM and WHERE, with the vectors as `v`)."""
    columns = (
        f"least({', '.join(f'v.{each.column} {each.operator} %({name})s::{each.bare}' for name in each.values)})"
        f" AS distance{number}"
        for number, each in enumerate(lists)
    )
    return f"SELECT v.{key}, {', '.join(columns)} {passing}"


def by_scan(key: str, lists: Sequence[NearestList], rows: str = "near") -> Iterator[str]:
    """SQL for each list's nearest keys, from `rows`, the result of `distances`."""
    for number, each in enumerate(lists):
        yield f"(SELECT {key} FROM {rows} ORDER BY distance{number} LIMIT {each.limit})"  # noqa: S608 - our own text


def _by_index(passing: str, lists: Sequence[NearestList]) -> Iterator[str]:
    """SQL for one index search per value, among the rows of `passing`. The expressions must equal the indexes'."""
    for each in lists:
        distance = f"v.{each.column}::{each.type} {each.operator} view.value"
        views = ", ".join(f"(%({name})s::{each.bare})" for name in each.values)
        yield (
            f"(SELECT work_id FROM (VALUES {views}) AS view(value) CROSS JOIN LATERAL"  # noqa: S608 - our own text
            f" (SELECT v.work_id, {distance} AS distance {passing}"
            f" ORDER BY {distance} LIMIT {each.limit}) AS near GROUP BY work_id ORDER BY min(distance)"
            f" LIMIT {each.limit})"
        )
