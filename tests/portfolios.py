"""A folder as artists have them: small distinct pictures of several kinds, and everything else that lies among them.

`python -m tests.portfolios FOLDER ENTRIES PICTURES` writes one, with what should become of each entry in FOLDER.json.
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import cycle, islice
from pathlib import Path

from PIL import Image, ImageDraw

SIZE = 160
KINDS = (
    ("png", "PNG"),
    ("jpg", "JPEG"),
    ("webp", "WEBP"),
    ("jfif", "JPEG"),
    ("tif", "TIFF"),
    ("", "PNG"),
    ("gif", "GIF"),
)
NEW, TWIN = "registered", "already"
"""What becomes of an entry, beside the code of a refusal or of what is left out."""


def picture(number: int, kind: str = "PNG") -> bytes:
    """A drawing unlike that of any other number."""
    chance = random.Random(number)
    image = Image.new("RGB", (SIZE, SIZE), tuple(chance.randrange(256) for _ in range(3)))
    draw = ImageDraw.Draw(image)
    for _ in range(14):
        x, y, wide, high = (chance.randrange(SIZE) for _ in range(4))
        box = (x - wide // 2, y - high // 2, x + wide // 2 + 2, y + high // 2 + 2)
        shape: Callable[..., None] = chance.choice((draw.ellipse, draw.rectangle, draw.arc, draw.pieslice))
        angles = (chance.randrange(360), chance.randrange(360)) if shape in (draw.arc, draw.pieslice) else ()
        colour = tuple(chance.randrange(256) for _ in range(3))
        shape(box, *angles, **({"fill": colour, "width": 3} if shape == draw.arc else {"fill": colour}))
    file = BytesIO()
    image.save(file, kind)
    return file.getvalue()


def make_portfolio(folder: Path, entries: int, pictures: int) -> dict[str, str]:
    """Writes so many entries, that many of them distinct pictures. Returns what should become of each, by its key."""
    folder.mkdir(parents=True)
    fate: dict[str, str] = {}
    for number in range(pictures):
        suffix, kind = KINDS[number % len(KINDS)]
        place = folder / f"{2000 + number % 20}" / f"series {number % 7}"
        place.mkdir(parents=True, exist_ok=True)
        path = place / (f"{number:05}.{suffix}" if suffix else f"{number:05}")
        path.write_bytes(picture(number, kind))
        fate[path.relative_to(folder).as_posix()] = NEW
    fate.update(islice(_others(folder, folder / next(iter(fate))), entries - pictures))
    return fate


def _others(folder: Path, registered: Path) -> Iterator[tuple[str, str]]:
    """Everything that is no new picture, one of each kind in turn."""
    whole = registered.read_bytes()
    for number, make in enumerate(cycle((_files, _links, _names))):
        place = folder / f"zz {number:05}"
        place.mkdir()
        for name, code in make(place, whole, registered):
            yield f"{place.name}/{name}", code


def _files(place: Path, whole: bytes, _registered: Path) -> Iterator[tuple[str, str]]:
    for name, data, code in (
        ("copy.png", whole, TWIN),
        ("text.txt", b"notes", "not-an-image"),
        ("text.jpg", b"notes", "not-an-image"),
        ("empty.png", b"", "empty-file"),
        ("empty", b"", "empty-file"),
        ("archive.zip", b"PK\3\4" + bytes(60), "not-an-image"),
        ("cut.png", whole[: len(whole) // 2], "truncated"),
        ("drawing.xcf", b"gimp xcf " + bytes(100), "unsupported-format"),
        (".hidden.png", whole, "hidden"),
        ("noise.webp", random.Random(place.name).randbytes(200), "not-an-image"),
    ):
        (place / name).write_bytes(data)
        yield name, code


def _links(place: Path, _whole: bytes, registered: Path) -> Iterator[tuple[str, str]]:
    for name, target, code in (
        ("inside.png", str(registered), TWIN),
        ("outside.png", "/etc/passwd", "file-path"),
        ("dangling.png", "nowhere.png", "file-missing"),
        ("self.png", "self.png", "file-unreadable"),
        ("loop", "..", "linked-folder"),
        ("root", "/", "linked-folder"),
    ):
        (place / name).symlink_to(target)
        yield name, code
    os.mkfifo(place / "pipe.png")
    yield "pipe.png", "not-a-file"


def _names(place: Path, whole: bytes, _registered: Path) -> Iterator[tuple[str, str]]:
    for name in (b"caf\xe9.png", b"\xff\xfe.jpg"):
        Path(os.fsdecode(os.fsencode(place) + b"/" + name)).write_bytes(whole)
        yield name.decode(errors="backslashreplace"), "file-path"
    for text in ("two\nlines.png", "tab\there.png", "x" * 251 + ".png", "-rf.png", "a\\b.png", "\u202egnp.exe.png"):
        (place / text).write_bytes(whole)
        yield text, TWIN


if __name__ == "__main__":
    made = make_portfolio(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    Path(f"{sys.argv[1]}.json").write_text(json.dumps(made))
    print(dict(Counter(made.values())))
