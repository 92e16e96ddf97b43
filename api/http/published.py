"""Public documents as HTTP caches and browsers expect them: entity tags, one range, gzip where it makes them smaller.

A request costs at most one digest and one quick compression of a document of bounded size.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping

from fastapi import Request, Response
from starlette.exceptions import HTTPException

from api.http.negotiation import weights
from api.http.openapi import Responses, problems

MAX_COMPRESSED = 256 * 2**10
"""Bytes. Larger documents are sent as they are: anybody may ask for them as often as they like, and compressing a full
tile of 3 MB takes a tenth of a second."""
_LEVEL = 1
_RANGE = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))")
_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e]*")')
_TEXT = {"schema": {"type": "string"}}
CACHED: Responses = {
    206: {"description": "The part that `Range` names"},
    304: {"description": "Unchanged since the answer with the `ETag` in `If-None-Match`"},
    **problems(416),
}
"""What `published` may answer beside 200."""
PARAMETERS = {
    "parameters": [
        {"name": "If-None-Match", "in": "header", "description": "An `ETag` that was received before.", **_TEXT},
        {"name": "Range", "in": "header", "description": "One range, as `bytes=0-1023`. Others are ignored.", **_TEXT},
    ]
}
"""`openapi_extra` of an operation that answers with `published`."""


def published(request: Request, data: bytes, headers: Mapping[str, str]) -> Response:
    """`data`, or the part of it that was asked for, or nothing where the asker has it.

    Raises HTTPException (416) for a range that begins after the end.
    """
    name = hashlib.sha256(data).hexdigest()[:32]
    plain, packed = f'"{name}"', f'"{name}-gzip"'
    headers = {**headers, "Vary": "Accept-Encoding", "Accept-Ranges": "bytes"}
    held = _held(request, (plain, packed))
    if held is not None:
        kept = {key: value for key, value in headers.items() if key != "Content-Type"}
        return Response(status_code=304, headers={**kept, "ETag": held})
    part = _part(request, len(data), plain)
    if part is not None:
        first, last = part
        span = {"ETag": plain, "Content-Range": f"bytes {first}-{last}/{len(data)}"}
        return Response(data[first : last + 1], 206, {**headers, **span})
    if len(data) <= MAX_COMPRESSED and _accepts_gzip(request):
        smaller = gzip.compress(data, _LEVEL, mtime=0)
        if len(smaller) < len(data):
            return Response(smaller, headers={**headers, "ETag": packed, "Content-Encoding": "gzip"})
    return Response(data, headers={**headers, "ETag": plain})


def _held(request: Request, tags: tuple[str, ...]) -> str | None:
    """Which of the document's tags the asker has (RFC 9110 section 13.1.2: compared weakly)."""
    stated = ",".join(request.headers.getlist("if-none-match"))
    if stated.strip() == "*":
        return tags[0]
    known = set(_TAG.findall(stated))
    return next((tag for tag in tags if tag in known), None)


def _part(request: Request, size: int, tag: str) -> tuple[int, int] | None:
    """First and last byte of the one range that was asked for; None: all. Several ranges are answered with all."""
    stated = request.headers.getlist("range")
    match = _RANGE.fullmatch(stated[0].strip().lower()) if len(stated) == 1 else None
    if match is None or request.headers.get("if-range", tag) != tag:
        return None
    if match[3] is not None:
        first, last = max(0, size - int(match[3])), size - 1
    else:
        first, last = int(match[1]), min(int(match[2] or size), size - 1)
        if match[2] and int(match[2]) < first:
            return None
    if first > last:
        raise HTTPException(416, headers={"Content-Range": f"bytes */{size}", "Accept-Ranges": "bytes"})
    return first, last


def _accepts_gzip(request: Request) -> bool:
    """RFC 9110 section 12.5.3."""
    stated = dict(weights(",".join(request.headers.getlist("accept-encoding"))))
    return stated.get("gzip", stated.get("*", 0.0)) > 0
