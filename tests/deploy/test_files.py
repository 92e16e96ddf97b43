"""The unit and the container file name commands, settings and files that exist, and agree with each other."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest
from typer import Context
from typer.main import get_command

from cli.command_line import build
from ledger.settings import Settings

ROOT = Path(__file__).parents[2]
UNIT = (ROOT / "deploy" / "artledger.service").read_text()
CONTAINER = (ROOT / "deploy" / "Containerfile").read_text()
NGINX = (ROOT / "deploy" / "nginx.conf").read_text()


def values(key: str) -> list[str]:
    """Of a key in the unit, in their order."""
    return re.findall(rf"^{key}=(.*)$", UNIT, re.MULTILINE)


def served(words: list[str]) -> dict[str, object]:
    """The options of `serve`, as the command line reads them. Raises what it raises for unknown ones."""
    command = get_command(build()).commands["serve"]  # type: ignore[attr-defined]  # a group has commands
    with Context(command, info_name="serve") as context:
        command.parse_args(context, words)
        return dict(context.params)


def test_the_unit_starts_the_service_where_nginx_looks_for_it() -> None:
    program, name, *options = shlex.split(values("ExecStart")[0])
    assert (Path(program).name, name) == ("artledger", "serve")
    given = served(options)
    assert f"server {given['host']}:{given['port']};" in NGINX
    environment = dict(each.split("=", 1) for each in values("Environment"))
    assert environment["ARTLEDGER_TRUSTED_PROXIES"] == given["host"], "nginx asks from this machine"
    assert environment["ARTLEDGER_ALLOWED_HOSTS"] in re.findall(r"server_name (\S+);", NGINX)
    assert not given["trust_loopback"]
    assert str(given["owner_socket"]).startswith(f"/run/{values('RuntimeDirectory')[0]}/")


def test_every_setting_is_one() -> None:
    named = set(re.findall(r"ARTLEDGER_[A-Z_]+", UNIT + CONTAINER + NGINX))
    assert named
    assert named <= {f"ARTLEDGER_{field.upper()}" for field in Settings.model_fields}


def test_the_unit_keeps_its_data_to_itself() -> None:
    environment = dict(each.split("=", 1) for each in values("Environment"))
    assert environment["ARTLEDGER_DATA_DIR"] == f"/var/lib/{values('StateDirectory')[0]}"
    assert (values("StateDirectoryMode"), values("RuntimeDirectoryMode")) == (["0700"], ["0700"])
    assert (values("ProtectSystem"), values("NoNewPrivileges")) == (["strict"], ["yes"])
    assert "PASSPHRASE=" not in "".join(values("Environment")), "secrets stand in a file of their own"


@pytest.mark.parametrize("line", re.findall(r"^COPY (?!--from)(.+)$", CONTAINER, re.MULTILINE))
def test_the_container_copies_what_is_here(line: str) -> None:
    *sources, _ = line.split()
    assert all((ROOT / source).exists() for source in sources)


def test_the_container_installs_and_starts_the_service() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    [extra] = re.findall(r"pip install .*'\.\[(\w+)\]'", CONTAINER)
    assert extra in project["optional-dependencies"]
    [command] = re.findall(r'^CMD \["serve", (.*)\]$', CONTAINER, re.MULTILINE)
    given = served([word.strip('"') for word in command.split(", ")])
    assert f"EXPOSE {given['port']}" in CONTAINER
    assert f":{given['port']}/readyz" in CONTAINER
    copied = {
        source for line in re.findall(r"^COPY (?!--from)(.+)$", CONTAINER, re.MULTILINE) for source in line.split()
    }
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]["include"]
    assert {name.partition(".")[0] for name in packages} <= copied
    assert {project["readme"], *project["license-files"]} <= copied
