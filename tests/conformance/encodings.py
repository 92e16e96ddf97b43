"""JSON texts, and whether each is the one encoding of what it says (RFC 8785, FORMAT.md): for any verifier.

`python -m tests.conformance.encodings` writes them to encodings.json, in base64, since some are not text.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path

FILE = Path(__file__).with_name("encodings.json")
ACCEPTED: tuple[tuple[bytes, str], ...] = (
    (b"{}", "an empty object"),
    (b"[]", "an empty array"),
    (b"null", "null"),
    (b'"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8e\xa8"', "characters beyond ASCII as they are, also beyond 16 bits"),
    (b'"\\b\\f\\n\\r\\t\\"\\\\/"', "the short escapes, and a slash as it is"),
    (b'"\\u0000\\u001f\x7f"', "control characters in lowercase hex, delete as it is"),
    ('"\u2028\u2029\ufeff"'.encode(), "separators and a byte order mark inside a string"),
    (b'{"":1,"A":2,"_":3,"a":4,"a1":5,"aa":6}', "keys in the order of their code points"),
    (b'{"10":1,"9":2,"__proto__":3}', "keys that look like numbers, or like something else"),
    (b"9007199254740991", "the largest integer"),
    (b"-9007199254740991", "the smallest integer"),
    (b"[" * 64 + b"]" * 64, "64 levels"),
)
REFUSED: tuple[tuple[bytes, str], ...] = (
    (b"", "nothing"),
    (b"{} ", "white space after it"),
    (b"\n{}", "white space before it"),
    (b'{"a": 1}', "white space inside"),
    (b"\xef\xbb\xbf{}", "a byte order mark"),
    ("{}".encode("utf-16"), "UTF-16"),
    ("{}".encode("utf-32-le"), "UTF-32"),
    (b'"\xff"', "no UTF-8"),
    (b'"\xc0\xaf"', "a character in too many bytes"),
    (b'"\\ud800"', "half a character, escaped"),
    (b'"\\udc00\\ud800"', "two halves the wrong way round"),
    (b'{"\\ud800":1}', "half a character in a key"),
    (b'"\xed\xa0\x80"', "half a character in raw bytes"),
    (b'"\\ud83c\\udfa8"', "a character that is written as an escaped pair"),
    (b'"\\u00e9"', "an escape that is not needed"),
    (b'"\\/"', "an escaped slash"),
    (b'"\\u000a"', "a long escape where there is a short one"),
    (b'"\\u001F"', "an escape in uppercase hex"),
    (b'"\t"', "a control character as it is"),
    (b'{"a":1,"a":1}', "a key twice"),
    (b'{"b":1,"a":2}', "keys in another order"),
    (b'{"9":1,"10":2}', "keys in the order of numbers"),
    ('{"\u00e9":1}'.encode(), "a key that is not ASCII"),
    ('{"\uff61":1,"\U0001f3a8":2}'.encode(), "keys whose order differs by code points and by UTF-16 units"),
    ('{"\U0001f3a8":2,"\uff61":1}'.encode(), "the same in the other order"),
    (b"1.0", "a fraction"),
    (b"1.5", "a number that is no integer"),
    (b"1e2", "an exponent"),
    (b"-0", "minus zero"),
    (b"01", "a leading zero"),
    (b"+1", "a plus sign"),
    (b"9007199254740992", "2^53"),
    (b"9007199254740993", "2^53 + 1, which many round"),
    (b"1" * 400, "an integer beyond all floating-point numbers"),
    (b"1e400", "infinity, in effect"),
    (b"NaN", "not a number"),
    (b"Infinity", "infinity"),
    (b"{'a':1}", "single quotes"),
    (b'{"a":1,}', "a comma too many"),
    (b"//x\n{}", "a comment"),
    (b"[" * 65 + b"]" * 65, "65 levels"),
    (b"[" * 100_000 + b"]" * 100_000, "100,000 levels"),
)


def document() -> str:
    cases = [
        {"accept": accept, "base64": base64.b64encode(data).decode(), "why": why}
        for accept, group in ((True, ACCEPTED), (False, REFUSED))
        for data, why in group
    ]
    return json.dumps(cases, indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(document())
