"""COPY into our tables; binary types are taken from the columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pgvector.psycopg import register_vector
from pgvector.sqlalchemy import BIT, HALFVEC
from sqlalchemy import ARRAY, BigInteger, Boolean, DateTime, Double, LargeBinary, SmallInteger, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection

from ledger.storage.database import driver

_NAMES: dict[type[Any], str] = {
    BigInteger: "int8",
    SmallInteger: "int2",
    Double: "float8",
    Boolean: "bool",
    Text: "text",
    Uuid: "uuid",
    LargeBinary: "bytea",
    DateTime: "timestamptz",
    JSONB: "jsonb",
    BIT: "bit",
    HALFVEC: "halfvec",
}


def copy_rows(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Inserts rows by COPY. Values are psycopg's types: UUID, Jsonb, pgvector's Bit and HalfVector."""
    types = [_name(table.c[column].type) for column in columns]
    raw = driver(connection)
    if "halfvec" in types:
        register_vector(raw)
    quoted = ", ".join(f'"{column}"' for column in columns)
    with raw.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({quoted}) FROM STDIN (FORMAT BINARY)') as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


def _name(kind: Any) -> str:
    return f"{_name(kind.item_type)}[]" if isinstance(kind, ARRAY) else _NAMES[type(kind)]
