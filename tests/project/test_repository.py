"""What a contributor and a reporter meet in the repository is well formed and runs what we run."""

from __future__ import annotations

import re
import shlex
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.check import CHECKS

ROOT = Path(__file__).parents[2]
FORMS = sorted(path for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.stem)
def test_an_issue_form_is_one_that_github_shows(form: Path) -> None:
    """Syntax for issue forms: a name, a description, and fields with an id of their own and a label."""
    content = load(form)
    assert content["name"]
    assert content["description"]
    fields = [field for field in content["body"] if field["type"] != "markdown"]
    assert {field["type"] for field in fields} <= {"input", "textarea", "dropdown", "checkboxes"}
    assert len({field["id"] for field in fields}) == len(fields) > 0
    assert all(field["attributes"]["label"] for field in fields)
    assert any(field.get("validations", {}).get("required") for field in fields)


def test_there_are_forms() -> None:
    assert len(FORMS) == 3
    assert load(ROOT / ".github" / "ISSUE_TEMPLATE" / "config.yml") == {"blank_issues_enabled": True}


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_only_read_and_uses_actions_of_a_fixed_commit(workflow: Path) -> None:
    content = load(workflow)
    assert content["permissions"] == {"contents": "read"}
    steps = [step for job in content["jobs"].values() for step in job["steps"]]
    used = re.findall(r"uses: *(\S+)(.*)", workflow.read_text())
    assert len(used) == sum("uses" in step for step in steps) > 0
    for action, comment in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action), action
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), action


def test_the_workflow_runs_the_readmes_test_command_on_debian() -> None:
    job = load(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]["tests"]
    commands = [step.get("run", "") for step in job["steps"]]
    assert ".ci/run" in commands
    assert job["container"]["image"] == "debian:12"  # its Python is 3.11
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    made = [command.removeprefix("make ") for command in commands if command.startswith("make ")]
    assert set(made) <= set(targets)


def test_hooks_run_the_commands_of_the_checks() -> None:
    """Less what only chooses files: a hook gets the files of the commit."""
    hooks = [hook for repo in load(ROOT / ".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]]
    assert {repo["repo"] for repo in load(ROOT / ".pre-commit-config.yaml")["repos"]} == {"local"}
    known = [[*command[1:]] for command in CHECKS.values()]
    for hook in hooks:
        python, *command = shlex.split(hook["entry"])
        assert python == ".venv/bin/python"
        subcommand = [word for word in command if not word.startswith("--")]
        assert any(check[: len(subcommand)] == subcommand for check in known), hook["id"]
    assert [hook["id"] for hook in hooks] == ["ruff", "ruff-format", "mypy"]


def test_the_distribution_says_where_it_is_at_home_and_what_it_is() -> None:
    project = PYPROJECT["project"]
    assert {"Homepage", "Documentation", "Source", "Issues", "Changelog"} == set(project["urls"])
    assert all(url.startswith("https://") for url in project["urls"].values())
    oldest = project["requires-python"].removeprefix(">=")
    assert f"Programming Language :: Python :: {oldest}" in project["classifiers"]


@given(st.just(0.3))
@settings(max_examples=1)
def test_a_slow_machine_refutes_no_property(seconds: float) -> None:
    """Hypothesis allows 0.2 seconds otherwise, which a busy machine does not keep."""
    time.sleep(seconds)


def test_a_hung_test_ends() -> None:
    assert 300 <= PYPROJECT["tool"]["pytest"]["ini_options"]["timeout"] <= 1200
