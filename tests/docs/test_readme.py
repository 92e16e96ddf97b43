"""The README is short, and its two commands are the ones that are run."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.docs.documents import ROOT

README = (ROOT / "README.md").read_text()
CI = (ROOT / ".ci" / "run").read_text()
MOST_BYTES = 6_144


def command(name: str) -> str:
    """The one command in the block below its marker, read the way .ci/run reads it."""
    assert README.count(f"<!-- {name} command -->") == 1
    block = README.partition(f"<!-- {name} command -->\n```sh\n")[2].partition("\n```\n")[0]
    assert block
    assert "\n" not in block, "one command is one line"
    return block


def test_the_readme_is_short() -> None:
    assert len(README.encode()) <= MOST_BYTES


def test_ci_runs_the_readmes_test_command(tmp_path: Path) -> None:
    """The very script, with the last word it would say replaced by one that shows it."""
    script = CI.replace("exec bash -euo pipefail -c", "printf %s").replace('echo "+ $command"', "")
    assert script.count("printf %s") == 1
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "run").write_text(script)
    (tmp_path / "README.md").write_text(README)
    result = subprocess.run(["bash", ".ci/run"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert result.stdout == command("test")
    assert "-m pytest -q" in command("test")


def test_the_demo_command_installs_everything_and_runs_the_demo() -> None:
    assert "-c constraints.txt '.[all]'" in command("demo")
    assert command("demo").endswith("/artledger demo")


def test_the_test_command_installs_what_builds_the_site() -> None:
    assert "-c constraints.txt -e '.[all,test]'" in command("test")
    assert '"artledger[docs]"' in (ROOT / "pyproject.toml").read_text().partition("\ntest = [")[2].partition("]\n")[0]


def test_the_picture_of_an_answer_is_in_the_readme() -> None:
    picture = ROOT / "docs" / "images" / "answer.svg"
    assert f"]({picture.relative_to(ROOT).as_posix()})" in README
    assert "http" not in picture.read_text().replace("http://www.w3.org/2000/svg", ""), "it fetches nothing"
