"""The tables' metadata, and columns and checks that several tables share."""

from __future__ import annotations

from pgvector.sqlalchemy import BIT, HALFVEC
from sqlalchemy import CheckConstraint, Column, Double, ForeignKey, LargeBinary, MetaData, SmallInteger
from sqlalchemy.schema import SchemaItem

HASH_BITS = 256
DIGEST = "octet_length({}) = 32"
NATURAL = "{} >= 0"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def digest(name: str, *, nullable: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=nullable)


def checks(**rules: str) -> list[CheckConstraint]:
    """CHECKs named after the column they guard."""
    return [CheckConstraint(rule.format(name), name=name) for name, rule in rules.items()]


def fingerprint_columns() -> list[SchemaItem]:
    """Columns of a fingerprint without its local features; the spec is part of the row's key."""
    return [
        Column("spec_id", SmallInteger, ForeignKey("fingerprint_spec.spec_id"), primary_key=True, index=True),
        Column("phash", BIT(HASH_BITS), nullable=False),
        Column("pdq", BIT(HASH_BITS), nullable=False),
        Column("pdq_quality", SmallInteger, nullable=False),
        Column("complexity", Double, nullable=False),
        Column("copy", HALFVEC, nullable=False),
        *checks(pdq_quality="{} BETWEEN 0 AND 100"),
    ]
