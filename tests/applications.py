"""Real applications over real drawings, for the tests of everything that walks the whole way."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from ledger.answers.corpus import IngestSummary
from ledger.app import Application, open_application
from tests.conftest import RUN_FOLDER, DatabaseUrl, admin, copied, once

ART = Path(__file__).parent / "data" / "art"
DRAWINGS = sorted(ART.glob("*.png"))
GENEROUS = dict.fromkeys(
    (
        "limit_per_address",
        "limit_overall",
        "limit_per_account",
        "limit_pictures_per_account",
        "work_per_address",
        "work_overall",
    ),
    "1000000/minute",
)
"""Limits that no test reaches."""
UNKNOWN_ID = "01900000-0000-7000-8000-000000000000"


def register(application: Application, folder: Path) -> IngestSummary:
    """Ingests a labelled folder, none of whose works is refused."""
    summary = application.works.ingestion.run(application.works.open_source(str(folder), folder / "labels.csv"))
    assert not summary.refused
    return summary


@contextmanager
def application_with(
    database_server: DatabaseUrl, template: str, data_dir: Path, folders: Sequence[Path] = (), **settings: Any
) -> Iterator[Application]:
    """An application on a database of its own, with the works of `folders` registered and published.

    Limits are generous where nothing else is said. The drawings of ART are registered once in a run, and copied.
    """
    ready = with_drawings if ART in folders else _empty
    with (
        ready(database_server, template, data_dir) as url,
        open_application(data_dir=data_dir, database_url=url, **{**GENEROUS, **settings}) as opened,
    ):
        for folder in folders:
            if folder != ART:
                register(opened, folder)
        opened.log.settle()
        yield opened


@contextmanager
def with_drawings(database_server: DatabaseUrl, template: str, data_dir: Path) -> Iterator[str]:
    """URL of a database of one's own that has the drawings of ART registered; its data folder becomes `data_dir`."""
    name, shared = f"{template}_drawings", Path(os.environ[RUN_FOLDER]) / "drawings"
    with once("drawings") as made:
        if not made:
            admin(database_server("postgres"), f"CREATE DATABASE {name} TEMPLATE {template}")
            with open_application(data_dir=shared, database_url=database_server(name), **GENEROUS) as opened:
                register(opened, ART)
                opened.log.settle()
    shutil.copytree(shared, data_dir, dirs_exist_ok=True)
    with copied(database_server, name) as url:
        yield url


@contextmanager
def _empty(database_server: DatabaseUrl, template: str, _: Path) -> Iterator[str]:
    with copied(database_server, template) as url:
        yield url


def labelled(folder: Path, rows: Sequence[tuple[str, str, str]]) -> Path:
    """Writes the labels (file, title, artist) of a folder's works; returns the folder."""
    with (folder / "labels.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("file", "title", "artist"))
        writer.writerows(rows)
    return folder


def query(url: str, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Rows of a statement, as the database's owner."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        cursor = connection.execute(statement.encode(), values)
        return cursor.fetchall() if cursor.description else []
