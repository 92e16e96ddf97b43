"""Alembic migrations of Artledger's database; `artledger db upgrade` runs them."""
