"""Databases for the tests: one server per run, shared by all workers; one migrated template; a copy for each test.

The server is the embedded one, or that of ARTLEDGER_TEST_DATABASE_URL (a URL whose user may create databases).
"""

from __future__ import annotations

import fcntl
import gc
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy.engine import make_url
from xdist.scheduler import LoadFileScheduling

from ledger.image.kinds import svg
from ledger.storage.database import Database
from ledger.storage.embedded import EmbeddedServer, throwaway_folder
from ledger.storage.log.entries import PostgresEntryStore
from ledger.storage.schema import upgrade
from tests.needs import require
from tests.record.samples import ORIGIN

EXTERNAL = "ARTLEDGER_TEST_DATABASE_URL"
RUN_FOLDER = "ARTLEDGER_TEST_RUN_FOLDER"
HERE = Path(__file__).parent
FIRST = HERE / "project" / "test_checks.py"
LONG = ("e2e", "cli", "lab", "api", "flows", "docs")
"""Folders of tests, the longest first."""
SLOW_SECONDS = 4 * 60 * 60

DatabaseUrl = Callable[[str], str]
"""Name of a database -> its URL."""


def pytest_configure(config: pytest.Config) -> None:
    """The process that starts the workers makes the folder that they share."""
    os.environ["ARTLEDGER_ORIGIN"] = ORIGIN
    if getattr(config.option, "numprocesses", None):
        # The workers share the cores: threads that wait for each other would only spin.
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            os.environ.setdefault(name, "1")
    # A property is about what is computed, not about how fast: a busy machine must not refute it.
    settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("any machine")
    if RUN_FOLDER not in os.environ:
        folder = ExitStack()
        os.environ[RUN_FOLDER] = str(folder.enter_context(throwaway_folder("tests")))
        config.add_cleanup(folder.close)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    """A file's tests stay in one worker, which then makes what they share once; files start in the order below."""
    config.option.loadscopereorder = False
    return LoadFileScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The checks start first, then the folders of long tests, so that only short ones are left when one worker is done.
    The long forms may take as long as they need."""
    items.sort(key=_turn)
    for item in items:
        if item.get_closest_marker("slow") is not None and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(SLOW_SECONDS))


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the garbage collector need not look at it again and again."""
    gc.collect()
    gc.freeze()


def _turn(item: pytest.Item) -> int:
    if item.path == FIRST:
        return 0
    folder = item.path.relative_to(HERE).parts[0]
    return 1 + (LONG.index(folder) if folder in LONG else len(LONG))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test marked `needs(name)` fails, saying how to get it, where that is missing."""
    for marker in item.iter_markers("needs"):
        require(*marker.args)


def admin(url: str, *statements: str) -> None:
    """Run statements outside a transaction, as CREATE DATABASE wants it."""
    with psycopg.connect(
        make_url(url).set(drivername="postgresql").render_as_string(False), autocommit=True
    ) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@pytest.fixture(scope="session", autouse=True)
def _others_may_open_files() -> Iterator[None]:
    """A drawing is rendered while the whole process can open nothing, which suits a decoding worker. A test that
    decodes in this process would take that right from its other threads, too. Workers keep the rule."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(svg, "no_new_files", nullcontext)
        yield


@pytest.fixture(scope="session")
def database_server() -> Iterator[DatabaseUrl]:
    """The server of this run, by the URL of each of its databases."""
    external = os.environ.get(EXTERNAL)
    if external:
        yield lambda name: make_url(external).set(database=name).render_as_string(hide_password=False)
        return
    with EmbeddedServer(Path(os.environ[RUN_FOLDER])) as server:
        # These databases need not survive a power cut; creating and dropping hundreds would wait for the disk.
        admin(
            server.url("postgres"),
            "ALTER SYSTEM SET fsync = off",
            "ALTER SYSTEM SET full_page_writes = off",
            "SELECT pg_reload_conf()",
        )
        yield server.url


@contextmanager
def once(name: str) -> Iterator[bool]:
    """Whether a worker of this run made the thing of that name already; the others wait while one makes it."""
    with (Path(os.environ[RUN_FOLDER]) / f"{name}.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        made = bool(lock.read())
        yield made
        if not made:
            lock.write("made")


@pytest.fixture(scope="session")
def template(database_server: DatabaseUrl) -> str:
    """Name of a migrated, empty database that nobody connects to: copying it takes milliseconds."""
    name = f"template_{uuid.uuid5(uuid.NAMESPACE_URL, os.environ[RUN_FOLDER]).hex[:12]}"
    with once("template") as made:
        if not made:
            admin(database_server("postgres"), f"CREATE DATABASE {name}")
            with Database(database_server(name)) as database:
                upgrade(database)
    return name


@contextmanager
def copied(database_server: DatabaseUrl, template: str) -> Iterator[str]:
    """URL of a fresh copy of the template, dropped at the end."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    admin(database_server("postgres"), f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield database_server(name)
    finally:
        admin(database_server("postgres"), f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(database_server: DatabaseUrl, template: str) -> Iterator[str]:
    """URL (of the owner) of a migrated, empty database for one test."""
    with copied(database_server, template) as url:
        yield url


@pytest.fixture(scope="module")
def module_database_url(database_server: DatabaseUrl, template: str) -> Iterator[str]:
    """URL (of the owner) of a migrated, empty database for the tests of one file."""
    with copied(database_server, template) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with Database(database_url) as opened:
        yield opened


@pytest.fixture
def entries(database: Database) -> PostgresEntryStore:
    """The store of a created, empty log."""
    store = PostgresEntryStore(database)
    store.create_log(ORIGIN)
    return store
