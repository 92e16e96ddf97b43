"""The main job on a folder of real drawings, and what it answers when its pictures change places."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from pathlib import Path

import pytest

from ledger.audit.checks import AuditVerdict
from ledger.audit.verifier import audit_bundle
from ledger.corpus.work import Source, SourceItem
from ledger.flows.demo.demo import DemoQuery, one_byte_changed
from ledger.flows.demo.pictures import DemoPicture, choose_pictures
from tests.applications import ART, DRAWINGS, application_with
from tests.cli.commands import Ran, run_process
from tests.conftest import DatabaseUrl
from tests.generate.tiny import save_tiny_sd

SHAPE = {"works", "artists", "queries", "bundle_verified", "tampered_refused", "checkpoint", "seconds"}
"""FORMAT.md, "Shapes that stay": these may never go away."""
QUERY_SHAPE = {"expected", "relation", "verdict", "record_id", "leaf_index", "matches"}
MATCH_SHAPE = {"rank", "work_id", "artist_id", "relation", "score", "p_value", "n_null", "bin"}


@pytest.fixture(scope="module")
def environment(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    data = tmp_path_factory.mktemp("demo")
    model = save_tiny_sd(tmp_path_factory.mktemp("tiny") / "sd")
    return {
        "ARTLEDGER_DATABASE_URL": module_database_url,
        "ARTLEDGER_DATA_DIR": str(data),
        "ARTLEDGER_GENERATOR": str(model),
    }


@pytest.fixture(scope="module")
def ran(environment: dict[str, str]) -> Ran:
    ended = run_process("demo", "--corpus", ART, "--json", env=environment)
    assert ended.code == 0, ended.stderr
    return ended


def test_the_report_has_its_shape(ran: Ran) -> None:
    report = ran.json
    assert set(report) >= SHAPE
    assert (report["works"], report["bundle_verified"], report["tampered_refused"]) == (len(DRAWINGS) - 1, True, True)
    assert report["artists"] > 5
    assert isinstance(report["seconds"], float)
    assert next(iter(report["steps"])) == "registering works"
    assert sum(report["steps"].values()) == pytest.approx(report["seconds"])
    origin, size, root, _blank, *signatures = report["checkpoint"].splitlines()
    assert re.fullmatch(r"localhost/artledger/[0-9a-f]{8}", origin)
    assert int(size) > max(query["leaf_index"] for query in report["queries"])
    assert len(root) == 44
    assert signatures[0].startswith(f"— {origin} ")


def test_three_pictures_get_their_relations(ran: Ran) -> None:
    queries = ran.json["queries"]
    assert [query["expected"] for query in queries] == ["exact", "near-duplicate", "none"]
    assert [query["relation"] for query in queries] == [query["expected"] for query in queries]
    assert [query["verdict"] for query in queries] == ["copy", "copy", "none"]
    for query in queries:
        assert set(query) >= QUERY_SHAPE
        assert all(set(match) >= MATCH_SHAPE for match in query["matches"])
        assert "trained on" not in query["reference"]
    assert queries[2]["reference"].startswith("No registered work is close")


def test_a_second_run_reuses_what_is_there(ran: Ran, environment: dict[str, str]) -> None:
    again = run_process("demo", "--corpus", ART, "--json", env=environment).json
    assert [query["record_id"] for query in again["queries"]] == [query["record_id"] for query in ran.json["queries"]]
    assert again["generated"] == ran.json["generated"]
    assert again["checkpoint"] == ran.json["checkpoint"], "nothing was appended"


def test_a_picture_is_made_with_its_record(ran: Ran, environment: dict[str, str]) -> None:
    made = ran.json["generated"]
    assert made["guard"] in ("allow", "warn")
    looked_up = run_process("lookup", made["picture"], "--json", env=environment).json
    assert made["record_id"] in [record["record_id"] for record in looked_up["records"]]
    assert looked_up["credentials"]["state"] == "valid"


def test_what_the_demo_leaves_is_audited_by_the_command(ran: Ran, environment: dict[str, str], tmp_path: Path) -> None:
    vkey = run_process("keys", "show", "--json", env=environment).json["log_vkey"]
    bundle = Path(ran.json["bundle"])
    assert run_process("audit", "bundle", bundle, "--key", vkey).code == 0
    forged = tmp_path / "forged.json"
    forged.write_bytes(one_byte_changed(bundle.read_bytes()))
    assert run_process("audit", "bundle", forged, "--key", vkey).code == 1


def test_relations_follow_the_pictures(database_server: DatabaseUrl, template: str, tmp_path: Path) -> None:
    """Whatever place, name and expectation a picture has: what is answered depends on its pixels alone."""
    with application_with(database_server, template, tmp_path) as application:
        demo = application.demo
        pictures = [_picture(query) for query in demo.run(corpus=ART).queries]
        relation_of = {picture.data: picture.expected for picture in pictures}
        assert len(relation_of) == 3
        for order in permutations(pictures):
            disguised = [_disguised(picture, place) for picture, place in zip(order, pictures, strict=True)]
            answers = demo.ask(disguised)
            assert [query.relation for query in answers] == [relation_of[picture.data] for picture in order]
            assert [query.expected for query in answers] == ["exact", "near-duplicate", "none"]
            for query in answers:
                assert query.picture.read_bytes() in relation_of


def test_other_pictures_get_relations_of_their_own(database_server: DatabaseUrl, template: str, tmp_path: Path) -> None:
    """The stranger, once registered, is no stranger; a registered work that is not there any more is one."""
    with application_with(database_server, template, tmp_path) as application:
        source = application.works.open_source(str(ART))
        items = [item for item in source.items() if item.left_out is None]
        application.works.ingestion.run(_Some(source, items[10:]))
        application.pictures.calibrations.recalibrate()
        pictures = choose_pictures(source, items[:10], items[10:], application.pictures.images.decode)
        assert [query.relation for query in application.demo.ask(pictures)] == ["none", "none", "exact"]
        application.log.settle()
        bundle = application.records.bundle(application.demo.ask(pictures[2:])[0].answer.record_id)
        assert audit_bundle(bundle, application.log.vkey).verdict is AuditVerdict.VERIFIED


def test_a_folder_that_is_too_small_exits_2(tmp_path: Path, environment: dict[str, str]) -> None:
    (tmp_path / "labels.csv").write_text(f"file,title,artist\n{DRAWINGS[0].name},One,Somebody\n")
    (tmp_path / DRAWINGS[0].name).write_bytes(DRAWINGS[0].read_bytes())
    ended = run_process("demo", "--corpus", tmp_path, "--json", env=environment)
    assert (ended.code, ended.json["error"]["code"]) == (2, "demo-corpus")


def test_without_openclipart_it_says_how_to_install_it(tmp_path: Path, environment: dict[str, str]) -> None:
    elsewhere = (
        "from pathlib import Path\nfrom ledger.corpus.sources.openclipart import OpenClipartSource\n"
        f"OpenClipartSource.__init__.__defaults__ = (Path({str(tmp_path / 'none')!r}), None)\n"
    )
    ended = run_process("demo", "--json", env=environment, prelude=elsewhere)
    assert ended.code == 2, ended.stdout
    assert "openclipart-svg" in ended.json["error"]["hint"]
    assert "--corpus" in ended.json["error"]["hint"]


def _picture(query: DemoQuery) -> DemoPicture:
    return DemoPicture(query.expected, query.picture.name, query.description, query.picture.read_bytes())


def _disguised(picture: DemoPicture, place: DemoPicture) -> DemoPicture:
    return replace(place, data=picture.data)


@dataclass(frozen=True, slots=True)
class _Some:
    """Some of a folder's works."""

    whole: Source
    chosen: Sequence[SourceItem]

    @property
    def name(self) -> str:
        return self.whole.name

    def items(self) -> Iterator[SourceItem]:
        return iter(self.chosen)

    def read(self, item: SourceItem) -> bytes:
        return self.whole.read(item)
