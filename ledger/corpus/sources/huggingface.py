"""Works from a Hugging Face `datasets` set in the schema of `huggan/wikiart`: image, artist, genre, style.

Needs the extra `datasets` (version 4 or newer, because older ones run code from the data set). The library never
decodes a picture here: our own decoder gets the file's bytes.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ledger.corpus.columns import meanings
from ledger.corpus.credit import MAX_TERMS
from ledger.corpus.labels import MAX_LABEL_LENGTH, UNSTATED_USES, by_meaning, parse_uses, stated_terms
from ledger.corpus.licence_names import UNKNOWN_LICENCE
from ledger.corpus.source_definition import SourceDefinition, SourceRequest
from ledger.corpus.sources.folder import FolderSource
from ledger.corpus.unknown_artists import artist_name
from ledger.corpus.work import NO_CREDIT, Source, SourceItem
from ledger.errors import InputError, NotFoundError
from ledger.extras import missing_package
from ledger.image.canonical_image import DecodeLimits
from ledger.text import clean_text

NEEDED = ("image", "artist")
LONGEST_TEXT = MAX_TERMS + 1
"""Characters kept of a text that states terms: one more than terms may have, so that they are refused, never cut."""
_BATCH = 1000


class HuggingFaceSource:
    """Rows of one split; `key` is the row number. Every text column except artist and title is kept as a label."""

    def __init__(self, path_or_id: str, split: str = "train", *, cache_folder: Path | None = None) -> None:
        """`path_or_id`: a Parquet file, a folder of them, or a data set's id on the hub (downloaded into the library's
        cache). Two files of the same name in two folders are two sets, so `name` has the whole path.

        Raises MissingPackageError (`extra-missing`), InputError (`dataset-schema`, `dataset-broken`), NotFoundError
        (`dataset-missing`).
        """
        path = Path(path_or_id)
        self._id = str(path.resolve()) if path.exists() else path_or_id
        self._split = split
        dataset, image_type = _load(path_or_id, split, cache_folder)
        try:
            self._meanings = meanings(tuple(dataset.features))
        except InputError as error:
            raise InputError(f"{path_or_id}: {error.message}", code="dataset-schema", hint=error.hint) from error
        missing = [column for column in NEEDED if column not in dataset.features and column not in self._meanings]
        if missing:
            raise InputError(
                f"{path_or_id}: missing column {', '.join(missing)}; found: {', '.join(dataset.features)}",
                code="dataset-schema",
                hint="Pictures are never fetched from addresses. Write webdataset:PATH where they lie beside the file."
                if "image" in missing and any(name.lower() == "url" for name in dataset.features)
                else "Use WikiArt's columns: image, artist, genre, style (the first two are needed), and title if any.",
            )
        try:
            self._pictures = dataset.select_columns(["image"]).cast_column("image", image_type(decode=False))
        except (TypeError, ValueError, NotImplementedError) as error:
            raise InputError(
                f"{path_or_id}: the column `image` does not hold pictures: {clean_text(str(error))}",
                code="dataset-schema",
            ) from error
        self._texts = dataset.remove_columns(["image"])
        self._lock = threading.Lock()
        self._refused: dict[str, InputError] = {}

    @property
    def name(self) -> str:
        return f"hf:{self._id}@{self._split}"

    def items(self) -> Iterator[SourceItem]:
        """One item per row; pictures are not read. `read` refuses a row with an invalid licence or invalid uses.

        Raises InputError (`dataset-schema`) if a column's values do not fit WikiArt's schema.
        """
        features = self._texts.features
        names = {column: feature.names for column, feature in features.items() if hasattr(feature, "names")}
        stating = {name for written in self._meanings.values() for name in written}
        row = 0
        for batch in self._texts.iter(batch_size=_BATCH):
            columns = list(batch)
            for values in zip(*batch.values(), strict=True):
                texts = {
                    column: _text(self._id, row, column, value, names.get(column), states_terms=column in stating)
                    for column, value in zip(columns, values, strict=True)
                }
                yield self._item(row, texts)
                row += 1

    def read(self, item: SourceItem) -> bytes:
        """The picture's file. Raises InputError: `file-missing` if the row contains no bytes, `too-large`."""
        if error := self._refused.get(item.key):
            raise error
        with self._lock:  # several threads read one Arrow table; decoding, the slow part, is elsewhere
            picture = self._pictures[int(item.key)]["image"]
        data = picture and picture["bytes"]
        if not isinstance(data, bytes) or not data:
            # A row may name a path instead. It is not read: the data set's author could choose any file here.
            raise InputError(f"{self.name}, row {item.key}: the row carries no picture", code="file-missing")
        if len(data) > DecodeLimits().max_bytes:
            raise InputError(f"{self.name}, row {item.key}: the picture is too large", code="too-large")
        return data

    def _item(self, row: int, texts: dict[str, str]) -> SourceItem:
        licence, credit, uses = UNKNOWN_LICENCE, NO_CREDIT, UNSTATED_USES
        values: dict[str, object] = {}
        rest: dict[str, object] = dict(texts)
        try:
            values, rest = by_meaning(texts)
            rest |= {name: values[name] for name in ("file", "source") if name in values}
            licence, credit = stated_terms(values)
            uses = parse_uses(values.get("allowed_uses"))
        except InputError as error:
            self._refused[str(row)] = InputError(
                f"{self.name}, row {row}: {error.message}", code=error.code, hint=error.hint
            )
        return SourceItem(
            key=str(row),
            title=clean_text(str(values.get("title") or "")) or f"Untitled (row {row})",
            artist=artist_name(str(values.get("artist") or "")),
            licence=licence,
            source=f"{self.name}:{row}",
            allowed_uses=uses,
            labels={column: clean_text(str(text), MAX_LABEL_LENGTH) for column, text in rest.items() if text},
            credit=credit,
        )


def _text(path_or_id: str, row: int, column: str, value: object, names: list[str] | None, *, states_terms: bool) -> str:
    if value is None:
        return ""
    if names is not None and isinstance(value, int):
        if not 0 <= value < len(names):  # -1 is how `datasets` writes a missing label
            return ""
        return clean_text(names[value], MAX_LABEL_LENGTH)
    if isinstance(value, str):
        return clean_text(value, LONGEST_TEXT if states_terms else MAX_LABEL_LENGTH)
    if states_terms:
        raise InputError(
            f"{path_or_id}, row {row}: {column} is {type(value).__name__}, neither text nor a class label",
            code="dataset-schema",
        )
    return clean_text(str(value), MAX_LABEL_LENGTH) if isinstance(value, int | float) else ""


def _load(path_or_id: str, split: str, cache_folder: Path | None) -> tuple[Any, Any]:
    try:
        datasets = importlib.import_module("datasets")
    except ImportError as error:
        raise missing_package("datasets", "reading a Hugging Face data set", code="extra-missing") from error
    cache = None if cache_folder is None else str(cache_folder)
    path = Path(path_or_id)
    try:
        if path.exists():
            files = _parquet_files(path, split)
            return datasets.load_dataset(
                "parquet", data_files={split: files}, split=split, cache_dir=cache
            ), datasets.Image
        return datasets.load_dataset(path_or_id, split=split, cache_dir=cache), datasets.Image
    except (FileNotFoundError, ConnectionError) as error:
        raise NotFoundError(
            f"the data set {path_or_id!r} was not found: {clean_text(str(error))}",
            code="dataset-missing",
            hint="Name a Parquet file, a folder of such files, or an id on the hub (which needs a network).",
        ) from error
    except (ValueError, OSError, datasets.exceptions.DatasetsError) as error:
        raise InputError(
            f"the data set {path_or_id!r}, split {split!r}, cannot be read: {clean_text(str(error))}",
            code="dataset-broken",
        ) from error


def _parquet_files(path: Path, split: str) -> list[str]:
    """The split's files: those named `<split>-...` or in a folder of that name; if there are none, all files."""
    if path.is_file():
        return [str(path)]
    files = sorted(path.rglob("*.parquet"))
    of_split = [file for file in files if file.stem.split("-")[0] == split or split in file.relative_to(path).parts]
    if not files:
        raise FileNotFoundError(f"there is no .parquet file under {path}")
    return [str(file) for file in of_split or files]


def split_of(text: str) -> tuple[str, str]:
    """Path or id, and split (default `train`), from the text after `hf:`. An `@` inside a path belongs to the path."""
    path_or_id, mark, split = text.rpartition("@")
    if not mark or "/" in split or Path(text).exists():
        return text, "train"
    return path_or_id, split or "train"


def _open(asked: SourceRequest) -> Source:
    path_or_id, split = split_of(asked.rest)
    if not path_or_id:
        raise InputError("hf: needs a path or an id after it, for example hf:huggan/wikiart@train", code="source")
    if (folder := Path(path_or_id)).is_dir() and next(folder.rglob("*.parquet"), None) is None:
        return _image_folder(folder, split)
    return HuggingFaceSource(path_or_id, split)


def _image_folder(folder: Path, split: str) -> FolderSource:
    """A folder of pictures (`ImageFolder`): the split is a folder inside, and `train` the whole folder without one."""
    inside = next((name for name in (split, f"data/{split}") if (folder / name).is_dir()), "")
    if not inside and split != "train":
        raise NotFoundError(
            f"{folder} has no folder {split!r}", code="dataset-missing", hint="Name the folder of the split itself."
        )
    return FolderSource(folder, only=inside)


SOURCE = SourceDefinition(prefix="hf:", open=_open, spelling="hf:ID_OR_PATH[@SPLIT]", brings_labels=True)
