"""Runs the whole fault matrix and prints a table of cells and outcomes: python -m tests.log.fault_matrix."""

from __future__ import annotations

import sys
import uuid
from contextlib import ExitStack
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from ledger.storage.database import Database
from ledger.storage.embedded import EmbeddedServer, throwaway_folder
from ledger.storage.schema import upgrade
from tests.log.faults import run_cell
from tests.log.injector import CELLS, Cell


def main() -> int:
    """Exit code 1 when any cell did not survive."""
    with ExitStack() as stack:
        folder = stack.enter_context(throwaway_folder("faults"))
        server = stack.enter_context(EmbeddedServer(folder))
        make_database(server, "matrix_template", "template1")
        with Database(server.url("matrix_template")) as database:
            upgrade(database)
        survived = [survives(cell, server, folder) for cell in CELLS]
    sys.stdout.write(f"\n{sum(survived)} of {len(survived)} cells survived\n")
    return 0 if all(survived) else 1


def survives(cell: Cell, server: EmbeddedServer, folder: Path) -> bool:
    name = f"cell_{uuid.uuid4().hex[:12]}"
    make_database(server, name, "matrix_template")
    (folder / name).mkdir()
    try:
        outcome, good = run_cell(cell, server.url(name), folder / name), True
    except AssertionError as error:
        outcome, good = f"NOT SURVIVED: {error}", False
    when = "after" if cell.after else "before"
    sys.stdout.write(f"{when:<6} | {cell.step:<15} | {cell.fault:<15} | {outcome}\n")
    sys.stdout.flush()
    return good


def make_database(server: EmbeddedServer, name: str, template: str) -> None:
    url = make_url(server.url("postgres")).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())


if __name__ == "__main__":
    raise SystemExit(main())
