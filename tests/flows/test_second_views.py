"""What is true of a work is true of its second view, over black: contests, the opt-out list, erasure, refresh."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.app import Application, open_application
from ledger.errors import ConflictError
from ledger.flows.works.register import WorkDetails
from ledger.settings import Settings
from tests.applications import labelled, query, register
from tests.flows.older import OlderApplication
from tests.flows.test_views import cutout, on
from tests.image.samples import save
from tests.people import Person, artist

SECOND_VIEWS = "SELECT count(*) FROM second_view JOIN fingerprint_spec USING (spec_id) WHERE digest = %s"


@pytest.fixture
def service(database_url: str, tmp_path: Path) -> Iterator[Application]:
    with open_application(data_dir=tmp_path / "data", database_url=database_url) as opened:
        yield opened


def registered(service: Application, by: Person, data: bytes) -> str:
    answer = service.works.registering.register(data, WorkDetails(), by.artist_id, by.principal)
    return answer.work.work_id


def test_a_flattened_registration_is_contested_whichever_came_first(service: Application) -> None:
    ada, ben = artist(service, "Ada"), artist(service, "Ben")
    clear, flat = registered(service, ada, save(cutout(27), "PNG")), registered(service, ben, on("black", cutout(27)))
    later, first = registered(service, ben, on("black", cutout(17))), registered(service, ada, save(cutout(17), "PNG"))
    contested = service.store.corpus.contests({clear, flat, later, first})
    assert set(contested) == {clear, flat, later, first}
    found = service.works.duplicates.run()
    assert found is not None
    assert {frozenset(works) for works in found.groups.values()} == {
        frozenset({clear, flat}),
        frozenset({later, first}),
    }


def test_the_opt_out_list_knows_both_views(service: Application, database_url: str) -> None:
    ada, data = artist(service, "Ada"), save(cutout(27), "PNG")
    work_id = registered(service, ada, data)
    spec = bytes.fromhex(service.store.spec.digest)
    assert query(database_url, SECOND_VIEWS, spec) == [(1,)]
    flat = on("black", cutout(27))
    looks = [entry for entry in service.works.opting_out.of_picture(flat) if entry.kind == "look"]
    assert service.store.opt_outs.named(looks) == {work_id: "hashes"}
    plan = service.works.opting_out.plan([], [flat])
    assert [work.work_id for work in plan.would_withdraw] == [work_id]
    service.works.opting_out.add(plan)
    assert query(database_url, SECOND_VIEWS, spec) == [(0,)], "erased with the work"
    for picture in (flat, data):
        with pytest.raises(ConflictError) as refused:
            registered(service, ada, picture)
        assert refused.value.code == "opted-out"


def test_who_opts_out_of_a_clear_picture_opts_out_of_its_flattened_copy(service: Application) -> None:
    ada = artist(service, "Ada")
    service.works.opting_out.add(service.works.opting_out.plan([], [save(cutout(27), "PNG")]))
    with pytest.raises(ConflictError) as refused:
        registered(service, ada, on("black", cutout(27)))
    assert refused.value.code == "opted-out"


def test_a_refresh_makes_second_views(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "works"
    folder.mkdir()
    for number in (17, 27):
        cutout(number).save(folder / f"{number}.png")
    labelled(folder, [(f"{number}.png", f"Work {number}", "Ada") for number in (17, 27)])
    with OlderApplication(Settings(data_dir=tmp_path / "data", database_url=database_url)) as earlier:
        register(earlier, folder)
    with open_application(data_dir=tmp_path / "data", database_url=database_url) as updated:
        spec = bytes.fromhex(updated.store.spec.digest)
        assert query(database_url, SECOND_VIEWS, spec) == [(0,)]
        assert updated.upkeep.refreshing.run("default").refreshed == 2
        assert query(database_url, SECOND_VIEWS, spec) == [(2,)]
        assert updated.pictures.look_up(on("black", cutout(17))).matches[0].title == "Work 17"
