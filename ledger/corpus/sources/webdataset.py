"""Collections in shards: WebDataset tars, and what img2dataset downloads for sets such as LAION.

A sample is all files of one name up to its first dot: a picture, `.json` or `.txt` beside it, and the row of its key in
the Parquet file beside the shard. Nothing is extracted, and nothing is fetched from the network.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path, PurePosixPath

from ledger.corpus.columns import STATE_TERMS, meanings
from ledger.corpus.file_terms.beside import TermsBeside
from ledger.corpus.file_terms.vocabulary import UNREAD
from ledger.corpus.file_terms.xmp import terms_in
from ledger.corpus.file_terms.xmp_packets import MAX_PACKET, Packet
from ledger.corpus.folder_entries import PICTURE_SUFFIXES
from ledger.corpus.labels import MAX_LABEL_LENGTH, MAX_LABELS, UNSTATED_USES, by_meaning, parse_uses, stated_terms
from ledger.corpus.licence_names import UNKNOWN_LICENCE
from ledger.corpus.shards.rows import Row, shard_rows
from ledger.corpus.shards.shard import FolderShard, ShardFile, TarShard, find_shards
from ledger.corpus.source_definition import SourceDefinition, SourceRequest
from ledger.corpus.unknown_artists import artist_name
from ledger.corpus.work import NO_CREDIT, UNKNOWN_ARTIST, FileTerm, SourceItem
from ledger.errors import InputError
from ledger.image.canonical_image import DecodeLimits
from ledger.image.formats import sniff
from ledger.text import clean_text

PREFIX = "webdataset:"
OPEN_SHARDS = 3
MAX_TEXT = 256 * 1024
"""Bytes of a `.json` or `.txt` beside a picture."""
_TEXTS = (".json", ".txt", ".caption", ".text", ".cls")
_NO_LABEL = ("exif", "key", "status", "error_message", "sha256")
_HEAD = 4096


class WebDatasetSource:
    """`key`: the shard's name and the picture's in it. Shards stay open while they are read in turn."""

    def __init__(self, path: Path) -> None:
        """Raises InputError (`shards-missing`)."""
        self._path = path.resolve()
        self._shards, self._others = find_shards(self._path)
        self._places: dict[str, tuple[TarShard | FolderShard, ShardFile]] = {}
        self._refused: dict[str, InputError] = {}
        self._sidecars: dict[str, list[ShardFile]] = {}
        self._recent: list[TarShard | FolderShard] = []
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        return f"{PREFIX}{self._path}"

    def items(self) -> Iterator[SourceItem]:
        """One item for each picture, and what is left out. A shard that cannot be read (on) is one refusal."""
        self._places.clear()
        self._sidecars.clear()
        self._refused.clear()
        for name, why in self._others:
            yield _left_out(name, why)
        for shard in self._shards:
            try:
                yield from self._of_shard(shard)
            except InputError as error:
                yield self._refuse(f"{shard.name} (shard)", error)
            finally:
                shard.close()

    def read(self, item: SourceItem) -> bytes:
        """The picture's bytes. Raises InputError: `too-large`, and the problem of its sample or shard."""
        if error := self._refused.get(item.key):
            raise error
        shard, file = self._places[item.key]
        limit = DecodeLimits().max_bytes
        if file.place is not None and file.place[1] > limit:
            raise InputError(f"the file {clean_text(item.key, 80)!r} is larger than {limit} bytes", code="too-large")
        self._keep_few_open(shard)
        return shard.read(file, limit)

    def terms_beside(self, item: SourceItem) -> tuple[FileTerm, ...]:
        """What files beside the work's file say of its uses: in a folder, or the XMP sidecar of its sample."""
        shard, file = self._places[item.key]
        if isinstance(shard, FolderShard):
            return TermsBeside(shard.path).of(file.name)
        return tuple(term for each in self._sidecars.get(item.key, ()) for term in _sidecar_terms(shard, each))

    def _keep_few_open(self, shard: TarShard | FolderShard) -> None:
        with self._lock:
            if shard in self._recent:
                return
            self._recent.append(shard)
            oldest = self._recent.pop(0) if len(self._recent) > OPEN_SHARDS else None
        if oldest is not None:
            oldest.close()  # a thread that still reads it opens it again

    def _of_shard(self, shard: TarShard | FolderShard) -> Iterator[SourceItem]:
        rows = {} if shard.rows is None else shard_rows(shard.rows)
        problem: list[InputError] = []
        for base, files in groupby(_until(shard.files(), problem), lambda file: _base(file.name)):
            yield from self._of_sample(shard, base, list(files), rows.pop(PurePosixPath(base).name, {}))
        if problem:
            raise problem[0]
        for key, row in rows.items():
            why = clean_text(str(row.get("error_message") or row.get("status") or "the shard does not have it"), 100)
            yield _left_out(f"{shard.name}/{key}", InputError(f"not downloaded: {why}", code="not-downloaded"))

    def _of_sample(
        self, shard: TarShard | FolderShard, base: str, files: list[ShardFile], row: Row
    ) -> Iterator[SourceItem]:
        texts: list[ShardFile] = []
        sidecars: list[ShardFile] = []
        picture = None
        for file in files:
            key = f"{shard.name}/{file.name}"
            if file.left_out is not None:
                yield _left_out(key, file.left_out)
            elif file.name.lower().endswith(_TEXTS):
                texts.append(file)
            elif file.name.lower().endswith(".xmp"):
                sidecars.append(file)
            elif (why := _no_picture(shard, file)) is not None:
                yield _left_out(key, why)
            elif picture is not None or key in self._places:
                yield _left_out(key, InputError("the sample has a picture already", code="second-picture"))
            else:
                picture = file
                self._places[key] = (shard, file)
        if picture is not None:
            if sidecars:
                self._sidecars[f"{shard.name}/{picture.name}"] = sidecars
            yield self._item(shard, base, picture, texts, row)
        for file in (*texts, *sidecars) if picture is None else ():
            yield _left_out(f"{shard.name}/{file.name}", InputError("no picture lies beside it", code="not-downloaded"))

    def _item(
        self, shard: TarShard | FolderShard, base: str, picture: ShardFile, texts: list[ShardFile], row: Row
    ) -> SourceItem:
        key = f"{shard.name}/{picture.name}"
        licence, credit, uses = UNKNOWN_LICENCE, NO_CREDIT, UNSTATED_USES
        values: Mapping[str, object] = {}
        rest: Mapping[str, object] = {}
        try:
            written = _merged(row, *(_said(shard, file) for file in texts))
            values, rest = by_meaning(written)
            licence, credit = stated_terms(values)
            uses = parse_uses(values.get("allowed_uses"))
        except InputError as error:
            self._refuse(key, error)
        return SourceItem(
            key=key,
            title=clean_text(_text(values.get("title"))) or f"Untitled ({clean_text(base, 80)})",
            artist=artist_name(_text(values.get("artist"))),
            licence=licence,
            source=clean_text(_text(values.get("source") or rest.get("url"))),
            allowed_uses=uses,
            labels=_labels(rest),
            credit=credit,
        )

    def _refuse(self, key: str, error: InputError) -> SourceItem:
        self._refused[key] = InputError(f"{clean_text(key, 80)}: {error.message}", code=error.code, hint=error.hint)
        return SourceItem(key, key, UNKNOWN_ARTIST, UNKNOWN_LICENCE, "", ())


def _until(files: Iterator[ShardFile], problem: list[InputError]) -> Iterator[ShardFile]:
    """The files up to a problem, so that the sample before it is whole."""
    try:
        yield from files
    except InputError as error:
        problem.append(error)


def _base(name: str) -> str:
    path = PurePosixPath(name)
    return str(path.parent / path.name.split(".", 1)[0]) if path.name else name


def _sidecar_terms(shard: TarShard | FolderShard, file: ShardFile) -> Iterator[FileTerm]:
    place = f"in {clean_text(file.name, 80)}"
    if file.place is not None and file.place[1] > MAX_PACKET:
        yield FileTerm(UNREAD.name, UNREAD.version, place, "", (), f"it is larger than {MAX_PACKET} bytes")
        return
    yield from terms_in(Packet(shard.read(file, MAX_PACKET)), place)


def _no_picture(shard: TarShard | FolderShard, file: ShardFile) -> InputError | None:
    if PurePosixPath(file.name).suffix.lower() in PICTURE_SUFFIXES:
        return None  # where it is none, it is refused
    try:
        sniff(_head(shard, file))
    except InputError as error:
        return error
    return None


def _head(shard: TarShard | FolderShard, file: ShardFile) -> bytes:
    return (
        shard.read(file, _HEAD) if isinstance(shard, TarShard) else shard.read(file, DecodeLimits().max_bytes)[:_HEAD]
    )


def _said(shard: TarShard | FolderShard, file: ShardFile) -> dict[str, object]:
    """What a text beside a picture says, by name. Raises InputError (`labels-syntax`, `too-large`)."""
    if file.place is not None and file.place[1] > MAX_TEXT:
        raise InputError(f"{clean_text(file.name, 80)} is larger than {MAX_TEXT} bytes", code="too-large")
    data = shard.read(file, MAX_TEXT)
    suffix = PurePosixPath(file.name).suffix.lower()
    if suffix != ".json":
        return {"class" if suffix == ".cls" else "caption": data.decode(errors="replace")}
    try:
        values = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{clean_text(file.name, 80)} is not JSON: {error}", code="labels-syntax") from error
    return {clean_text(name, 60): value for name, value in values.items()} if isinstance(values, dict) else {}


def _merged(*said: Mapping[str, object]) -> dict[str, object]:
    """All that is said of a sample. Raises InputError (`labels-row`) where two files state different terms."""
    merged: dict[str, object] = {}
    for values in said:
        for written, value in values.items():
            name = written.lower()
            before = merged.get(name)
            if before is None or before == "":
                merged[name] = value
            elif value not in (None, "", before) and not meanings((name,)).keys().isdisjoint(STATE_TERMS):
                raise InputError(
                    f"two files beside the picture differ in {clean_text(name, 60)!r}",
                    code="labels-row",
                    hint="Make them say the same, or remove one of them.",
                )
    return merged


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _labels(rest: Mapping[str, object]) -> dict[str, str]:
    said = {
        name: clean_text(str(value), MAX_LABEL_LENGTH)
        for name, value in rest.items()
        if isinstance(value, str | int | float) and name and name not in _NO_LABEL
    }
    return dict([(name, text) for name, text in said.items() if text][:MAX_LABELS])


def _left_out(key: str, why: InputError) -> SourceItem:
    return SourceItem(key, key, UNKNOWN_ARTIST, UNKNOWN_LICENCE, "", (), left_out=why)


def _open(asked: SourceRequest) -> WebDatasetSource:
    if not asked.rest:
        raise InputError("webdataset: needs a tar, or a folder of shards, after it", code="source")
    return WebDatasetSource(Path(asked.rest).expanduser())


SOURCE = SourceDefinition(prefix=PREFIX, open=_open, spelling="webdataset:PATH", brings_labels=True)
