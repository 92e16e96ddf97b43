"""`examples/register_over_http.py`: a work registered with a key that stays with the artist."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from examples import register_over_http
from ledger.app import Application, open_application
from ledger.audit.verifier import audit_bundle
from ledger.record.keys import create_private_file
from ledger.record.statement import statement_payload
from tests.api.serving import served_app
from tests.applications import ART, GENEROUS
from tests.people import artist
from tests.record.samples import registration, sha, verification

PICTURE = ART / "trawler_01.png"
DETAILS = {"title": "Trawler", "licence": "CC-BY-4.0", "allowed_uses": ["match"]}


@pytest.fixture
def application(database_url: str, tmp_path: Path) -> Iterator[Application]:
    with open_application(data_dir=tmp_path / "data", database_url=database_url, **GENEROUS) as opened:
        yield opened


def test_register_a_work(
    application: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ada = artist(application, "Ada", key=True)
    key = tmp_path / "keys" / "ada.pem"
    create_private_file(key, ada.key.to_pem())
    monkeypatch.setenv("ARTLEDGER_TOKEN", application.people.accounts.issue_token(ada.artist_id, ["works"]).secret)
    given = ["--key", str(key), "--title", "Trawler", "--licence", "CC-BY-4.0", "--uses", "match,style"]
    with served_app(create_app(application)) as url:
        assert register_over_http.main([url, str(PICTURE), *given]) == 0
        record_id = capsys.readouterr().out.split()[-1]
        monkeypatch.setenv("ARTLEDGER_TOKEN", "alt_nothing")
        assert register_over_http.main([url, str(PICTURE), *given]) == 2
        assert "token" in capsys.readouterr().err
    application.log.settle()
    [work] = application.works.catalogue.works(ada.artist_id).works
    assert (work.title, work.licence, list(work.allowed_uses)) == ("Trawler", "CC-BY-4.0", ["match", "style"])
    statement = application.records.get(record_id).envelope
    assert [each["keyid"] for each in statement["signatures"]][1:] == [ada.key.keyid]
    assert audit_bundle(application.records.bundle(record_id), application.log.vkey).exit_code == 0


def payload(**changes: Any) -> bytes:
    predicate = registration(7).model_copy(update={"licence": "CC-BY-4.0", "allowed_uses": ("match",), **changes})
    return statement_payload("work", sha("the picture"), predicate)


def test_only_what_was_meant_is_signed() -> None:
    """A service that prepares something else gets no signature."""
    picture = b"the picture"
    register_over_http.require_ours(payload(), picture, DETAILS)
    other = statement_payload("image", verification().image.sha256, verification())
    for asked, data, words in (
        (payload(licence="CC0-1.0"), picture, "other terms"),
        (payload(allowed_uses=("match", "train")), picture, "other terms"),
        (payload(), b"another picture", "another picture"),
        (other, picture, "urn:artledger:verification:v1"),
    ):
        with pytest.raises(ValueError, match=words):
            register_over_http.require_ours(asked, data, DETAILS)
    assert json.loads(payload())["subject"][0]["name"] == "work"
