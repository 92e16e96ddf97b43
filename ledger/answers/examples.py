"""Values of the examples in the OpenAPI document."""

from __future__ import annotations

from pydantic.config import JsonDict

RECORD = "01890a5d-ac96-774b-bcce-b302099a8057"
WORK = "01890a5d-ac96-774b-bcce-b302099a8058"
ARTIST = "01890a5d-ac96-774b-bcce-b302099a8059"
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

MATCH: JsonDict = {
    "rank": 1, "work_id": WORK, "title": "Star 12", "artist_id": ARTIST, "artist": "Ada Example",
    "licence": "CC0-1.0", "source": "openclipart", "relation": "near-duplicate", "score": "0.9931", "p_value": "0.0005",
    "n_null": 2000, "bin": "plain", "evidence": None, "preview": f"/v1/works/{WORK}/preview", "withdrawn": False,
    "group": None, "artist_ids": [ARTIST], "names": ["Ada Example"], "verified": True, "contested": False,
}  # fmt: skip
ANSWER: JsonDict = {
    "record_id": RECORD, "kind": "verification", "leaf_index": 2004,
    "appended_at": "2026-01-02T03:04:05.678Z", "repeated": False,
    "reference": "An edited copy of “Star 12” by Ada Example (confirmed by aligning both pictures; 1 in 2,000 "
    "unrelated pictures comes this close).",
    "statement": {"_type": "https://in-toto.io/Statement/v1"},
    "envelope": {"payloadType": "application/vnd.in-toto+json"},
    "report": {
        "verdict": "copy", "comparable": True, "works_compared": 2000, "alpha": "0.01",
        "calibration": {"digest": SHA256, "works": 1950, "outdated": False}, "notes": [],
        "matches": [MATCH],
        "shares": [{"artist_ids": [ARTIST], "names": ["Ada Example"], "group": None, "share": "0.9931"}],
        "unattributed": "0.0069",
        "artist_reference": {
            "artists": [{
                "artist_id": ARTIST, "name": "Ada Example", "probability": "0.62",
                "works": [{"work_id": WORK, "title": "Star 12", "preview": f"/v1/works/{WORK}/preview"}],
            }],
            "none": "0.31", "model": SHA256, "right_first": "0.47",
        },
        "labels": [],
    },
    "links": {
        "self": f"/v1/records/{RECORD}", "bundle": f"/v1/records/{RECORD}/bundle", "page": f"/records/{RECORD}",
    },
    "credentials": None,
    "frames": None,
    "headline": {
        "answer": "edited-copy", "title": "This is an edited copy of “Star 12” by Ada Example",
        "says": "Aligning both pictures confirmed it; 1 in 2,000 unrelated pictures comes this close.",
        "notes": [], "origin_of_image": None, "record_id": None, "model": None, "work_id": WORK,
    },
}  # fmt: skip
PROVEN: JsonDict = ANSWER | {"proof": "c2sp.org/tlog-proof@v1\nindex 2004\n"}
