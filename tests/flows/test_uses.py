"""Uses of an artist's works, and statements that count them, on a log whose people come and go."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ledger import canonical
from ledger.answers.uses import UseRow, as_csv, as_json_lines
from ledger.app import Application, open_application
from ledger.audit.usage import audit_usage
from ledger.errors import InputError, NotFoundError
from ledger.flows.people.usage import moment
from ledger.log.vkey import parse_vkey
from ledger.record.predicates import Predicate, Withdrawal
from ledger.record.statement import statement_payload
from ledger.record.usage import UseFilter
from tests.applications import UNKNOWN_ID
from tests.record.compared import ADA, ADAS_JANUARY, BEN, COPY, JANUARY, MODELS, NEAREST, RECORDS, STYLE, made, verified
from tests.record.kinds import subject_of
from tests.record.samples import ORIGIN, TIME, registration, uid

START, END = (moment(each) for each in JANUARY)


def put(service: Application, *predicates: Predicate) -> None:
    for each in predicates:
        payload = statement_payload("image", subject_of(each), each)
        service.log.sequencer.submit(each.record_id, payload).result(60)


@pytest.fixture
def service(database_url: str, tmp_path: Path) -> Iterator[Application]:
    """Ada and Ben have a work each on the log, and no names beside it: as if they had been erased."""
    with open_application(data_dir=tmp_path / "data", database_url=database_url) as opened:
        put(opened, registration())
        put(opened, registration(3).model_copy(update={"artist_id": BEN, "work_id": uid(202)}))
        put(opened, *RECORDS)
        yield opened


def test_each_record_is_a_row_with_the_nearest_work(service: Application) -> None:
    page = service.people.uses.page(ADA)
    assert [row.record_id for row in page.uses] == [uid(500 + number) for number in (1, 2, 3, 4, 5, 6, 8, 9)]
    first, second, *_ = page.uses
    assert (first.kind, first.relation, first.p_value, first.share) == ("verification", STYLE, "0.0090", "0")
    assert (first.generator_id, first.origin_of_image, first.guard) == (None, None, None)
    assert (second.works, second.generator_id, second.guard, second.counted) == (2, uid(71), "allow", True)
    assert [row.counted for row in page.uses].count(False) == 1
    assert page.next_after is None


def test_rows_that_count_add_up_to_the_statement(service: Application) -> None:
    rows = service.people.uses.page(ADA, UseFilter(since=START, until=END)).uses
    counts = service.people.usage.make(ADA, START, END).statement["counts"]
    assert sum(row.counted for row in rows) == sum(each["count"] for each in counts) == 6


def test_pages_join_without_a_gap(service: Application) -> None:
    seen: list[UseRow] = []
    after: int | None = -1
    while after is not None:
        page = service.people.uses.page(ADA, after=after, limit=3)
        assert len(page.uses) <= 3
        seen += page.uses
        after = page.next_after
    assert tuple(seen) == service.people.uses.page(ADA).uses
    assert [page.uses for page in service.people.uses.pages(ADA)] == [tuple(seen)]
    for limit in (0, 201):
        with pytest.raises(InputError):
            service.people.uses.page(ADA, limit=limit)


def test_filters(service: Application) -> None:
    def found(**wanted: object) -> list[int]:
        return [int(row.record_id[-3:], 16) for row in service.people.uses.page(ADA, UseFilter(**wanted)).uses]  # type: ignore[arg-type]

    assert found(relation="similar-style") == [501]
    assert found(relation="nearest") == [506]
    assert found(work_id=uid(202)) == [501, 502, 506], "by its rank, the second work there is"
    assert found(max_p=0.001, kind="verification") == [508]
    assert found(generator_id=uid(72)) == [505]
    assert found(since=END) == [508]


def test_who_is_unknown_and_who_has_no_uses(service: Application) -> None:
    for artist, code in ((UNKNOWN_ID, "artist-not-found"), ("Ada", "bad-id")):
        with pytest.raises((InputError, NotFoundError)) as refused:
            service.people.uses.page(artist)
        assert refused.value.code == code
    nobody = service.store.corpus.ensure_artists(["Nobody yet"])["Nobody yet"]
    assert service.people.uses.page(nobody).uses == ()


def test_lines_say_what_json_says(service: Application) -> None:
    rows = service.people.uses.page(ADA).uses
    assert [json.loads(line) for line in as_json_lines(rows).splitlines()] == [row.to_json() for row in rows]
    read = list(csv.DictReader(io.StringIO(as_csv(rows), newline="")))
    assert list(read[0]) == list(UseRow.model_fields)
    assert [each["share"] for each in read] == [row.share for row in rows]
    assert (read[0]["generator_id"], read[0]["counted"], read[5]["counted"]) == ("", "true", "false")
    assert as_csv(rows, header=False) == as_csv(rows).partition("\r\n")[2]


@pytest.mark.parametrize("title", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_a_title_is_no_formula(service: Application, title: str) -> None:
    row = service.people.uses.page(ADA).uses[0].model_copy(update={"title": f'{title},"x"'})
    [written] = csv.reader(io.StringIO(as_csv([row], header=False)))
    assert written[list(UseRow.model_fields).index("title")] == f'\'{title},"x"'


def test_a_statement_and_its_record(service: Application) -> None:
    size = service.store.entries.head().size
    made_ = service.people.usage.make(ADA, START, END)
    statement = made_.statement
    assert statement["leaf_range"] == {"end": size, "start": 0}
    assert (statement["origin"], statement["meaning"]) == (service.log.origin, "counts, not debts")
    told = [
        (each["count"], each["generator_id"], each["origin_of_image"], each["guard"], each["relation"], each["share"])
        for each in statement["counts"]
    ]
    assert told == ADAS_JANUARY
    file = service.people.usage.document(made_.sha256)
    assert (canonical.dumps(statement), hashlib.sha256(file).hexdigest()) == (file, made_.sha256)
    record = made_.record.statement
    assert record["subject"][0]["digest"]["sha256"] == made_.sha256
    assert record["predicate"]["artist_id"] == ADA
    assert sum(each["count"] for each in record["predicate"]["counts"]) == 6
    assert "counts, not debts" in made_.record.reference


def test_an_auditor_counts_the_same_from_the_published_log(service: Application) -> None:
    made_ = service.people.usage.make(ADA, START, END)
    service.log.settle()
    log, key = str(service.store.data_dir / "log"), parse_vkey(service.log.vkey)
    assert audit_usage(service.people.usage.document(made_.sha256), log, key).exit_code == 0
    false = json.loads(json.dumps(made_.statement))
    false["counts"][2]["count"] += 1
    assert audit_usage(canonical.dumps(false), log, key).exit_code == 1


def test_the_same_question_has_the_same_answer_until_something_counts(service: Application) -> None:
    first = service.people.usage.make(ADA, START, END)
    put(service, verified(601, [(BEN, COPY, "0.0010", "0.500000")]))
    put(service, verified(602, [(ADA, NEAREST, "0.5000", "0.010000")]))
    again = service.people.usage.make(ADA, START, END)
    assert again.record.repeated
    assert (again.sha256, again.statement) == (first.sha256, first.statement)
    put(service, made(603, [(ADA, COPY, "0.0010", "0.500000")]))
    later = service.people.usage.make(ADA, START, END)
    assert not later.record.repeated
    assert later.sha256 != first.sha256
    assert service.people.usage.document(first.sha256), "the earlier one stays"
    assert service.people.usage.make(BEN, START, END).record.record_id != later.record.record_id
    assert service.people.usage.make(ADA, START, END - timedelta(days=1)).statement["counts"] == [
        {
            "contested_share": "0", "count": 1, "generator_id": uid(71), "guard": "allow", "origin_of_image": "service",
            "relation": "near-duplicate", "share": "0.005000",
        }
    ]  # fmt: skip


def test_withdrawals_and_later_registrations_change_nothing(service: Application) -> None:
    before = service.people.usage.make(ADA, START, END).statement["counts"]
    put(
        service,
        Withdrawal(generated_at=TIME, origin=ORIGIN, reason="artist", record_id=uid(610), refs=(), work_id=uid(201)),
    )
    put(service, registration(611).model_copy(update={"work_id": uid(299)}))
    rows = service.people.uses.page(ADA).uses
    assert {row.withdrawn for row in rows if row.work_id == uid(201)} == {True}
    assert [row.title for row in rows] == [""] * 8
    put(service, made(612, [(ADA, COPY, "0.0010", "0.500000")], model=MODELS[1]))
    after = service.people.usage.make(ADA, START, END).statement["counts"]
    assert [each["count"] for each in before] == [1, 1, 2, 1, 1]
    assert [each["count"] for each in after] == [1, 1, 2, 1, 2], "what a record names counts, whenever it was withdrawn"


def test_a_period_must_be_over_and_have_a_length(service: Application) -> None:
    now = datetime.now(UTC)
    for start, end, code in (
        (END, START, "bad-period"),
        (START, START, "bad-period"),
        (START, now + timedelta(days=1), "period-open"),
    ):
        size = service.store.entries.head().size
        with pytest.raises(InputError) as refused:
            service.people.usage.make(ADA, start, end)
        assert refused.value.code == code
        assert service.store.entries.head().size == size
    with pytest.raises(NotFoundError):
        service.people.usage.make(UNKNOWN_ID, START, END)
    with pytest.raises(NotFoundError):
        service.people.usage.document("00" * 32)


def test_a_moment_is_a_time_or_a_date() -> None:
    assert moment("2026-01-01") == moment("2026-01-01T00:00:00.000Z")
    for text in ("2026-02-30", "yesterday", "2026-01-01T00:00:00Z"):
        with pytest.raises(InputError):
            moment(text)
