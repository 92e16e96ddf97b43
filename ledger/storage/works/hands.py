"""Works that classifiers may be trained on, and works by artists whom one names, with their stored features."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np

from ledger.corpus.terms import MAY_STYLE, MAY_TRAIN
from ledger.fingerprint.fingerprint import Fingerprint, HandPrint
from ledger.storage.database import Database, driver
from ledger.storage.log.projections import Projector
from ledger.storage.search.specs import Spec, ensure_spec
from ledger.storage.search.vectors import SELECTED, pages, read_fingerprint

BLOCK = 512
"""Works in a page: about two megabytes of features."""
_ALLOWED = f"({MAY_TRAIN} AND {MAY_STYLE})"
_WORKS = (
    f"SELECT v.work_id, {SELECTED}, halfvec_send(s.clip), halfvec_send(s.vae), h.hand, h.technique, h.depths,"  # noqa: S608 - our own text
    " w.artist_id::text, coalesce(a.name, ''), w.sha256, coalesce(d.source_name, ''), coalesce(d.source_key, ''),"
    " coalesce(d.labels, '{}'),"
    " coalesce(g.group_id::text, encode(w.pixel_sha256, 'hex'))"
    " FROM work_vector v JOIN work w USING (work_id) LEFT JOIN work_hand h USING (work_id, spec_id)"
    " LEFT JOIN work_style s USING (work_id, spec_id) LEFT JOIN work_detail d USING (work_id)"
    " LEFT JOIN artist a ON a.artist_id = w.artist_id LEFT JOIN duplicate_group g USING (work_id)"
    f" WHERE v.spec_id = %s AND v.work_id > %s AND {_ALLOWED} ORDER BY v.work_id LIMIT %s"
)
_DRAWN = (
    "WITH newest AS (SELECT w.work_id, w.artist_id, row_number() OVER ("  # noqa: S608 - our own text
    "PARTITION BY w.artist_id ORDER BY w.registration_index DESC) AS place"
    f" FROM work w WHERE w.artist_id = ANY(%s) AND {MAY_STYLE})"
    " SELECT n.artist_id::text, n.work_id::text, h.hand, h.technique, h.depths"
    " FROM newest n JOIN work_hand h USING (work_id) WHERE h.spec_id = %s AND h.hand = %s AND n.place <= %s"
    " ORDER BY n.artist_id, n.place"
)


@dataclass(frozen=True, slots=True)
class TrainableWork:
    """A work whose terms allow both `train` and `style`."""

    work_id: str
    artist_id: str
    artist: str
    """The name; empty where it was erased."""
    sha256: str
    source_name: str
    source_key: str
    """Both empty where they are not known."""
    labels: Mapping[str, str]
    """What its source states of it, such as `subject`, `genre` and `style`."""
    group: str
    """The same for registrations of one picture."""
    fingerprint: Fingerprint
    """With style embeddings where there are some, and `hand` where it is stored; without local features."""


class HandStore:
    """Under one spec. Every method raises as Projector.catch_up does."""

    def __init__(self, database: Database, projector: Projector, spec: Spec) -> None:
        self._database = database
        self._projector = projector
        self._spec = spec

    def trainable(self) -> Iterator[TrainableWork]:
        """In the order of their ids."""
        self._projector.catch_up()
        number = ensure_spec(self._database, self._spec)
        for rows in pages(self._database, _WORKS, lambda _: number, BLOCK):
            for row in rows:
                clip, vae, hand, technique, depths, artist_id, artist, sha256, source, key, labels, group = row[6:]
                made = read_fingerprint(self._spec.digest, row[1:6], clip, vae)
                if hand is not None:
                    made = replace(made, hand=_hand(hand, technique, depths))
                yield TrainableWork(
                    work_id=str(row[0]),
                    artist_id=artist_id,
                    artist=artist,
                    sha256=bytes(sha256).hex(),
                    source_name=source,
                    source_key=key,
                    labels=labels,
                    group=group,
                    fingerprint=made,
                )

    def drawn_by(self, artists: Sequence[str], hand: str, most: int) -> list[tuple[str, str, HandPrint]]:
        """Artist's id, work's id and features of at most `most` of each artist's newest works that allow `style`.
        `hand`: digest of how the features are computed."""
        self._projector.catch_up()
        number = ensure_spec(self._database, self._spec)
        with self._database.begin() as connection, driver(connection).cursor(binary=True) as cursor:
            ids = [*map(UUID, artists)]
            cursor.execute(_DRAWN.encode(), (ids, number, bytes.fromhex(hand), most))
            return [(artist_id, work_id, _hand(*features)) for artist_id, work_id, *features in cursor]


def _hand(spec: bytes, technique: bytes, depths: bytes) -> HandPrint:
    return HandPrint(bytes(spec).hex(), np.frombuffer(technique, "<f4").copy(), np.frombuffer(depths, "<f2").copy())
