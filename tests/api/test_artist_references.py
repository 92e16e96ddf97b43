"""Whose works a picture looks most like, over HTTP and on the record's page: apart from copies."""

from __future__ import annotations

import re
from pathlib import Path

from fastapi.testclient import TestClient

from api.app import create_app
from tests.api.conftest import HERE
from tests.applications import ART, application_with
from tests.artist_models import artists, model, serve
from tests.conftest import DatabaseUrl
from tests.image.samples import save, textured


def test_a_record_and_its_page_say_it(database_server: DatabaseUrl, template: str, tmp_path: Path) -> None:
    with application_with(database_server, template, tmp_path / "data", [ART]) as application:
        made = serve(application, model(artists(application)))
        name = application.works.catalogue.artist(made.artists[0]).name
        with TestClient(create_app(application), client=HERE) as client:
            picture = save(textured(210, 150, 8), "PNG")
            answer = client.post("/v1/verifications", files={"image": ("picture.png", picture)})
            assert answer.status_code == 201, answer.text
            found = answer.json()
            said = found["report"]["artist_reference"]
            assert (said["model"], said["artists"][0]["name"]) == (made.digest, name)
            assert found["report"]["shares"] == [], "it changes no share"
            page = client.get(f"/records/{found['record_id']}")
    assert page.status_code == 200
    text = re.sub(r"\s+", " ", page.text)
    assert "Looks most like works of" in text
    assert name in text
    assert "This is no evidence of a copy, and not what the picture was made from." in text
    assert "no trained classifier took part" not in text
