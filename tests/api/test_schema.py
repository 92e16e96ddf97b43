"""Every operation under what schemathesis makes of the OpenAPI document, for every role: no 5xx, no unknown status, no
answer that its schema does not allow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from api.app import create_app
from ledger.app import Application, open_application
from ledger.flows.people.principal import SCOPES_OF_ROLE
from ledger.settings import Settings
from tests.applications import GENEROUS
from tests.conftest import DatabaseUrl, copied
from tests.generate.tiny import save_tiny_sd

SCHEMA = schemathesis.openapi.from_dict(create_app(Application(Settings())).openapi())
CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance]
FEW = settings(
    max_examples=3,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    phases=(Phase.generate,),
)


@pytest.fixture(scope="module")
def application(
    database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    with (
        copied(database_server, template) as url,
        open_application(
            data_dir=tmp_path_factory.mktemp("data"),
            database_url=url,
            generator=str(save_tiny_sd(tmp_path_factory.mktemp("tiny") / "sd")),
            **GENEROUS,
        ) as opened,
    ):
        opened.log.keys.announce()
        opened.log.settle()
        yield opened


@pytest.fixture(scope="module")
def askers(application: Application) -> list[dict[str, str]]:
    """Headers of somebody without an account, and of an account of each role."""
    accounts = application.people.accounts
    secrets = [
        accounts.issue_token(accounts.create(role, f"Some {role}").account_id, scopes).secret
        for role, scopes in SCOPES_OF_ROLE.items()
    ]
    return [{}, *({"Authorization": f"Bearer {secret}"} for secret in secrets)]


@SCHEMA.parametrize()
@FEW
def test_every_answer_is_documented_and_none_is_a_failure(
    case: schemathesis.Case[Any], service_url: str, askers: list[dict[str, str]]
) -> None:
    ask(case, service_url, askers)


@pytest.mark.slow
@SCHEMA.parametrize()
@settings(FEW, max_examples=50, derandomize=False)
def test_the_same_with_many_examples(
    case: schemathesis.Case[Any], service_url: str, askers: list[dict[str, str]]
) -> None:
    ask(case, service_url, askers)


def ask(case: schemathesis.Case[Any], service_url: str, askers: list[dict[str, str]]) -> None:
    for headers in askers:
        response = case.call(base_url=service_url, headers=headers)
        case.validate_response(response, checks=CHECKS, headers=headers)
