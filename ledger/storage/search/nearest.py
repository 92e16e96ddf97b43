"""The statement that finds a query's candidates: equal digests, and the works nearest by each list, in one go.

Without indexes one pass over all works computes every distance at once, which a search for each view would take many
times as long for. With them (vector_indexes.py) each view and window is an index search of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ledger.corpus.terms import MAY, MAY_MATCH, MAY_STYLE
from ledger.corpus.work import AllowedUse
from ledger.fingerprint.style_models import CLIP, VAE
from ledger.match.candidate import WORKS_PER_STYLE, WORKS_PER_WINDOW, Query
from ledger.match.style import has_style
from ledger.storage.search.vectors import (
    SELECTED,
    STYLE_SELECTED,
    Wire,
    bit_wire,
    halfvec_wire,
)
from ledger.storage.tables.columns import HASH_BITS


@dataclass(frozen=True, slots=True)
class Space:
    """Where a spec's vectors are: literal in the statements, as partial expression indexes need it."""

    spec_id: int
    dimension: int
    """Of the copy descriptor."""
    style: tuple[int, int] | None = None
    """Dimensions of the embeddings of style, CLIP's and the VAE's; None where the spec has none."""


@dataclass(frozen=True, slots=True)
class WorkFilter:
    """Which of the matchable works to offer; what is None does not matter."""

    artist_ids: Sequence[str] | None = None
    but_artist: str | None = None
    """Everybody else's works."""
    licences: Sequence[str] | None = None
    allowed_use: AllowedUse | None = None

    def condition(self) -> str:
        """On `work w`; takes `values`."""
        conditions = [MAY_MATCH]
        if self.artist_ids is not None:
            conditions.append("w.artist_id = ANY(%(artists)s::uuid[])")
        if self.but_artist is not None:
            conditions.append("w.artist_id <> %(but_artist)s::uuid")
        if self.licences is not None:
            conditions.append("w.licence = ANY(%(licences)s::text[])")
        if self.allowed_use is not None:
            conditions.append(MAY[self.allowed_use])
        return " AND ".join(conditions)

    def values(self) -> dict[str, Any]:
        return {
            "artists": [UUID(each) for each in self.artist_ids or ()],
            "but_artist": None if self.but_artist is None else UUID(self.but_artist),
            "licences": list(self.licences or ()),
        }


EVERY_WORK = WorkFilter()


@dataclass(frozen=True, slots=True)
class NearestList:
    """One list: the `limit` works nearest to any of some values by one column."""

    column: str
    operator: str
    type: str
    """The column's, as an index has it, with its size."""
    values: dict[str, Wire]
    """By the name of the statement's parameter."""
    limit: int

    @property
    def bare(self) -> str:
        """The type without a size: parameters have the right one, so that nothing is left to coerce for each row."""
        return f'"{self.type.partition("(")[0]}"'


def nearest_lists(query: Query, space: Space, limit: int) -> list[NearestList]:
    """Both hashes over all views, the whole's copy descriptor, and each window's; none for what is not comparable.

    The descriptor's operator is the inner product: its vectors have length one, and that is the cheapest order.
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
        NearestList("copy", "<#>", halfvec, {"whole": halfvec_wire(asked.image.embeddings["copy"])}, limit),
        *(
            NearestList("copy", "<#>", halfvec, {f"window{n}": halfvec_wire(window)}, min(limit, WORKS_PER_WINDOW))
            for n, window in enumerate(windows)
        ),
    ]


def style_lists(query: Query, space: Space) -> list[NearestList]:
    """CLIP's and the VAE's embeddings; none where query or spec lacks them, or the query is not comparable."""
    asked = query.fingerprint.image
    if space.style is None or not has_style(asked) or query.not_comparable is not None:
        return []
    return [
        NearestList(
            name, "<#>", f"halfvec({size})", {f"{name}0": halfvec_wire(asked.embeddings[name])}, WORKS_PER_STYLE
        )
        for name, size in zip((CLIP, VAE), space.style, strict=True)
    ]


def search_statement(query: Query, space: Space, limit: int, only: WorkFilter, *, indexed: bool) -> tuple[str, Any]:
    """SQL and parameters; rows as `candidates_statement` has them, each work once."""
    condition = only.condition()
    tables = [
        (table, near, f"FROM {table} v JOIN work w USING (work_id) WHERE v.spec_id = {space.spec_id} AND {passing}")
        for table, near, passing in (
            ("work_vector", nearest_lists(query, space, limit), condition),
            ("work_style", style_lists(query, space), f"{condition} AND {MAY_STYLE}"),
        )
        if near
    ]
    chosen = [_same(digest, condition) for digest in ("sha256", "pixel_sha256")]
    passes = ""
    for table, near, passing in tables:
        if indexed:
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


def candidates_statement(space: Space) -> str:
    """Of the works with the ids `%s`."""
    return f"{_candidates(space)} WHERE w.work_id = ANY(%s)"


def _same(digest: str, condition: str) -> str:
    return f"SELECT work_id FROM work w WHERE {digest} = %({digest})s AND {condition}"  # noqa: S608 - our own text


def _candidates(space: Space) -> str:
    """Where the spec has embeddings of style, with them for the works that have any."""
    style = ("NULL", "") if space.style is None else (STYLE_SELECTED, f" LEFT JOIN work_style s{_of_work('s', space)}")
    return (
        f"SELECT {SELECTED}, w.work_id::text, w.artist_id::text, w.sha256, w.pixel_sha256,"  # noqa: S608 - our own text
        f" w.registration_record_id::text, w.registration_leaf_hash, g.group_id::text, {style[0]}"
        f" FROM work w JOIN work_vector v{_of_work('v', space)}{style[1]}"
        " LEFT JOIN duplicate_group g ON g.work_id = w.work_id"
    )


def _of_work(alias: str, space: Space) -> str:
    return f" ON {alias}.work_id = w.work_id AND {alias}.spec_id = {space.spec_id}"


def distances(key: str, passing: str, lists: Sequence[NearestList]) -> str:
    """Every list's distance of every row that passes: FROM and WHERE, with the vectors as `v`."""
    columns = (
        f"least({', '.join(f'v.{each.column} {each.operator} %({name})s::{each.bare}' for name in each.values)})"
        f" AS distance{number}"
        for number, each in enumerate(lists)
    )
    return f"SELECT v.{key}, {', '.join(columns)} {passing}"


def by_scan(key: str, lists: Sequence[NearestList], rows: str = "near") -> Iterator[str]:
    """Of each list the keys of its nearest, from `rows`, which are those that `distances` gives."""
    for number, each in enumerate(lists):
        yield f"(SELECT {key} FROM {rows} ORDER BY distance{number} LIMIT {each.limit})"  # noqa: S608 - our own text


def _by_index(passing: str, lists: Sequence[NearestList]) -> Iterator[str]:
    """A search for each value, among what passes (`distances`): the indexes' expressions must stand here as they
    stand there."""
    for each in lists:
        distance = f"v.{each.column}::{each.type} {each.operator} view.value"
        views = ", ".join(f"(%({name})s::{each.bare})" for name in each.values)
        yield (
            f"(SELECT work_id FROM (VALUES {views}) AS view(value) CROSS JOIN LATERAL"  # noqa: S608 - our own text
            f" (SELECT v.work_id, {distance} AS distance {passing}"
            f" ORDER BY {distance} LIMIT {each.limit}) AS near GROUP BY work_id ORDER BY min(distance)"
            f" LIMIT {each.limit})"
        )
