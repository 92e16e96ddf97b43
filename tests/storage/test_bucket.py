"""A bucket over S3's own protocol: the contract, what others read from it, and a whole log published and audited."""

from __future__ import annotations

import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from ledger.audit.checks import AuditVerdict
from ledger.audit.whole_log.replay import replay_log
from ledger.errors import IntegrityError, PushbackError
from ledger.log.objects import ObjectStore
from ledger.log.publish import Publisher
from ledger.storage.log.objects import BucketObjects, open_objects
from tests.log.contracts import ObjectStoreContract
from tests.log.logs import Log, alone

REGION = "us-east-1"
LEAVES = 300


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@pytest.fixture
def s3(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The settings from the environment that the README names, and a client of another make."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint, "AWS_ALLOW_HTTP": "true",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    return boto3.client("s3", endpoint_url=endpoint, region_name=REGION)


@pytest.fixture
def bucket(s3: Any) -> str:
    name = f"log-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    return name


class TestS3(ObjectStoreContract):
    @pytest.fixture
    def objects(self, bucket: str) -> ObjectStore:
        opened = open_objects(f"s3://{bucket}/some/prefix")
        assert isinstance(opened, BucketObjects)
        return opened


@pytest.fixture
def log(bucket: str, tmp_path: Path) -> tuple[Log, ObjectStore]:
    """Published twice: a partial tile, then a full one and more."""
    objects = open_objects(f"s3://{bucket}/log")
    log = Log.at(tmp_path)
    publisher = Publisher(log.entries, objects, log.signer, log.last_checkpoint, alone)
    for count in (100, LEAVES - 100):
        log.add(count)
        publication = publisher.publish()
        assert publication is not None
        assert publication.published
    return log, objects


def test_a_log_in_a_bucket_is_audited_over_http_and_from_a_copy(
    s3: Any, endpoint: str, bucket: str, log: tuple[Log, ObjectStore], tmp_path: Path
) -> None:
    key = log[0].signer.key
    for each in s3.list_objects_v2(Bucket=bucket)["Contents"]:
        s3.put_object_acl(Bucket=bucket, Key=each["Key"], ACL="public-read")
        copy = tmp_path / "copy" / each["Key"]
        copy.parent.mkdir(parents=True, exist_ok=True)
        s3.download_file(bucket, each["Key"], str(copy))
    for place in (f"{endpoint}/{bucket}/log", str(tmp_path / "copy" / "log")):
        audited = replay_log(place, key, jobs=1)
        assert audited.audit.verdict is AuditVerdict.VERIFIED, audited.audit
        assert audited.entries == LEAVES
    with urllib.request.urlopen(f"{endpoint}/{bucket}/log/tile/0/000") as tile:  # noqa: S310
        assert tile.headers["Content-Type"] == "application/octet-stream"
        assert "immutable" in tile.headers["Cache-Control"]
    with urllib.request.urlopen(f"{endpoint}/{bucket}/log/checkpoint") as checkpoint:  # noqa: S310
        assert checkpoint.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert checkpoint.headers["Cache-Control"] == "public, max-age=2"


def test_a_changed_tile_stops_publishing(s3: Any, bucket: str, log: tuple[Log, ObjectStore]) -> None:
    _, objects = log
    path = f"log/tile/entries/001.p/{LEAVES - 256}"
    data = s3.get_object(Bucket=bucket, Key=path)["Body"].read()
    s3.put_object(Bucket=bucket, Key=path, Body=data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(IntegrityError) as refusal:
        objects.put_new(path.removeprefix("log/"), data)
    assert refusal.value.code == "object-differs"


def test_a_bucket_that_is_not_there_is_pushed_back(s3: Any) -> None:
    with pytest.raises(PushbackError) as refusal:
        open_objects("s3://no-such-bucket/log").put_new("tile/0/000.p/1", b"data")
    assert refusal.value.code == "object-store-unreachable"
