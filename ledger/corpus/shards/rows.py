"""Rows of the Parquet file beside a shard, as img2dataset writes it: what is known about each sample, by its key."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ledger.corpus.columns import meanings
from ledger.corpus.credit import MAX_TERMS
from ledger.corpus.labels import MAX_LABEL_LENGTH
from ledger.errors import InputError
from ledger.extras import missing_package
from ledger.files import open_regular
from ledger.text import clean_text

KEY = "key"
MAX_ROWS = 200_000
"""Rows beside one shard, which has 10,000 samples by default."""
MAX_GROUP = 2**30
"""Bytes of a row group, as the file's own description says."""
_BATCH = 1000

Row = Mapping[str, object]


def shard_rows(path: Path) -> dict[str, Row]:
    """The rows by key, texts cut to what is kept. Columns of nested types and of bytes are left out, if they state no
    terms.

    Raises InputError (`dataset-broken`, `dataset-schema`, `source-too-large`), MissingPackageError (`extra-missing`).
    """
    try:
        parquet, arrow = importlib.import_module("pyarrow.parquet"), importlib.import_module("pyarrow")
    except ImportError as error:
        raise missing_package("datasets", "reading a Parquet file", code="extra-missing") from error
    try:
        with open_regular(path) as file:
            table = parquet.ParquetFile(file)
            columns = _columns(table.schema_arrow, path.name, arrow.types)
            _require_size(table.metadata, path.name)
            found: dict[str, Row] = {}
            for batch in table.iter_batches(batch_size=_BATCH, columns=columns):
                for row in batch.to_pylist():
                    found[str(row.pop(KEY))] = {name: _kept(value) for name, value in row.items()}
            return found
    except (OSError, ValueError, arrow.ArrowException, NotImplementedError) as error:
        raise InputError(
            f"{path.name} cannot be read as Parquet: {clean_text(str(error))}", code="dataset-broken"
        ) from error


def _columns(schema: Any, shown: str, types: Any) -> list[str]:
    """The columns to read. Raises InputError (`dataset-schema`)."""
    if KEY not in schema.names:
        raise InputError(
            f"{shown} has no column {KEY}, so its rows cannot be matched with the pictures",
            code="dataset-schema",
            hint="Keep the files as img2dataset writes them.",
        )
    if len(set(schema.names)) != len(schema.names):
        raise InputError(f"{shown} has two columns of one name", code="dataset-schema")
    nested = {field.name for field in schema if types.is_nested(field.type)}
    if stating := nested & {name for written in meanings(tuple(schema.names)).values() for name in written}:
        raise InputError(
            f"{shown}: the column {clean_text(min(stating), 60)!r} has a nested type", code="dataset-schema"
        )
    unread = nested | {
        field.name for field in schema if types.is_binary(field.type) or types.is_large_binary(field.type)
    }
    return [name for name in schema.names if name not in unread]


def _require_size(metadata: Any, shown: str) -> None:
    groups = (metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
    if metadata.num_rows > MAX_ROWS or any(size > MAX_GROUP for size in groups):
        raise InputError(
            f"{shown} has {metadata.num_rows:,} rows; at most {MAX_ROWS:,} rows and {MAX_GROUP // 2**20:,} MB in a row"
            " group are read",
            code="source-too-large",
            hint="Write smaller shards.",
        )


def _kept(value: object) -> object:
    return value[: max(MAX_TERMS, MAX_LABEL_LENGTH) + 1] if isinstance(value, str) else value
