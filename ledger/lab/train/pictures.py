"""Pictures to train and calibrate on: open OpenClipart works, and packages of emoji, icons, paintings and photographs.

A folder of assets holds one folder per collection of COLLECTIONS, with the unpacked files of its package (model cards
list packages and licences). None of these files is shipped, only fingerprints and weights made from them.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from operator import itemgetter
from pathlib import Path

import numpy as np
from PIL import Image

from ledger.corpus.sealed import is_sealed
from ledger.corpus.sources.openclipart import OpenClipartSource
from ledger.corpus.terms import may_train
from ledger.corpus.work import SourceItem
from ledger.errors import InputError, NotFoundError
from ledger.fingerprint.complexity import MINIMUM_COMPLEXITY, complexity
from ledger.fingerprint.hashes import hashes
from ledger.image.pool import DecodePool
from ledger.match.optout import NOBODY, OptOuts

SIDE = 768
"""Longest side, in pixels, of the yielded pictures: larger than the working picture, so that a crop keeps detail."""
_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".svg"})
_SMALLEST = 96
"""Rasters with a shorter side are sprites; nobody asks about pictures that small."""


@dataclass(frozen=True, slots=True)
class Collection:
    """Which files of a package are used, and how."""

    name: str
    limit: int
    quarters: bool = False
    """For photographs and wallpapers: each of the four quarters becomes a separate picture."""
    without: str | None = None
    """A regular expression; files whose key matches are left out."""
    largest_per_folder: bool = False
    """Take only the largest file per folder: wallpapers come in many sizes of one picture."""
    within: str | None = None
    """A regular expression; only files whose key matches are taken."""
    newer: bool = False
    """Not used for copy-v2: nearly all of it is for training, and the rest was never trained on."""


COLLECTIONS: Sequence[Collection] = (
    Collection("openmoji", 1800, without="1F3F[B-F]"),
    # Emoji that differ only in skin tone are variants of one drawing.
    Collection("iconify-fluent-emoji", 900, without="-(light|medium|dark)$"),
    Collection("iconify-noto", 1400, without="(light|medium|dark)-skin|flag-"),
    Collection("iconify-twemoji", 900, without="(light|medium|dark)-skin|flag-"),
    Collection("iconify-game-icons", 900),
    Collection("iconify-flagpack", 130),
    Collection("iconify-streamline-ultimate-color", 500),
    Collection("iconify-meteocons", 60),
    # Photographs only: some drawings are OpenClipart's, and some of those are sealed.
    Collection("tuxpaint-stamps", 500, without="cartoon|symbols|seasonal|town|people|military|clothes|medical"),
    Collection("wesnoth", 600),
    Collection("palapeli", 40),
    Collection("skimage", 40, quarters=True),
    Collection("gnome-backgrounds", 40, quarters=True),
    Collection("mate-backgrounds", 60, quarters=True),
    Collection("lomiri-wallpapers-16.04", 40, quarters=True),
    Collection("lomiri-wallpapers-20.04", 10, quarters=True),
    Collection("ukui-wallpapers", 20, quarters=True),
    Collection("plasma-workspace-wallpapers", 120, quarters=True, largest_per_folder=True),
    Collection("iconify-emojione", 800, without="tone-?[1-5]|skin-tone|flag", newer=True),
    Collection("iconify-fxemoji", 700, without="flag", newer=True),
    Collection("iconify-noto-v1", 800, without="(light|medium|dark)-skin|flag", newer=True),
    Collection("iconify-flat-color-icons", 300, newer=True),
    Collection("iconify-cif", 200, newer=True),
    Collection("iconify-logos", 700, newer=True),
    Collection("iconify-streamline-freehand-color", 600, newer=True),
    Collection("iconify-healthicons", 400, without="-outline|-24px|-negative", newer=True),
    Collection("endless-sky", 290, quarters=True, within="images/(land|scene)/", newer=True),
    Collection("naev", 600, within="dat/gfx/(planet|loading|bkg|commodity|portraits|event)/", newer=True),
    Collection("freeorion", 500, within="data/art/(?!galaxy_decoration)", newer=True),
    Collection("fillets-ng", 100, within="pozadi", newer=True),
    Collection("stellarium", 500, within="/(skycultures|landscapes)/", newer=True),
    Collection(
        "supertuxkart",
        700,
        within="data/(textures|tracks)/",
        without="_(nm|n|gloss|mask|spec|norm)[.]|ormal",
        newer=True,
    ),
    Collection("widelands", 60, within="loadscreens|images/loadscreens", newer=True),
    Collection("megaglest", 250, within="megaglest/(techs|tilesets|data|scenarios)", newer=True),
    Collection(
        "gimp-help", 400, within="help/en/images/(using|menus|toolbox|dialogs|preferences|tutorials)", newer=True
    ),
    Collection("kgeography", 500, within="share/kgeography/", without="blurred", newer=True),
)
NEWER = frozenset(collection.name for collection in COLLECTIONS if collection.newer)
PHOTOGRAPHS = tuple(f"{collection.name}/" for collection in COLLECTIONS if collection.quarters)
OPENCLIPART = "openclipart"
Only = Callable[[str, str], bool]
"""Whether to read pictures of this collection and maker; asked before any pixel is read."""


@dataclass(frozen=True, slots=True)
class SourcePicture:
    """A picture of a collection, RGB over white, longest side at most SIDE."""

    collection: str
    key: str
    """Unique within the collection."""
    maker: str
    """Pictures of one maker share one role. OpenClipart: the artist, or the subject if none is named; else the file."""
    image: Image.Image
    sha256: tuple[str, ...]
    """Digests in lowercase hex: of the file, or of its rendering if it is a drawing; one for every form of the work."""
    title: str = ""
    keywords: tuple[str, ...] = ()
    """Keywords of an OpenClipart work; a package's picture has only its key."""


def open_items(source: OpenClipartSource) -> list[SourceItem]:
    """Works of OpenClipart that are not sealed, are no alias, and allow training. Raises as `source.items` does."""
    return [
        item
        for item in source.items()
        if not is_sealed(item.key)
        and "alias_of" not in item.labels
        and may_train(item.allowed_uses, withdrawn=False, opted_out=False)
    ]


def open_works(
    pool: DecodePool,
    *,
    limit: int,
    seed: int,
    only: Only = lambda _collection, _maker: True,
    untrainable: OptOuts = NOBODY,
) -> Iterator[SourcePicture]:
    """Draws `limit` OpenClipart works at random among those that are not sealed, are no alias, and allow training.

    Reads those that `only` accepts. Leaves out works that cannot be decoded or are `untrainable`.

    Raises NotFoundError (`openclipart-missing`).
    """
    source = OpenClipartSource(rasterise=pool.rasterise)
    items = open_items(source)
    random.Random(seed).shuffle(items)  # noqa: S311 - a sample, not a secret
    for item in items[:limit]:
        maker = item.artist or item.labels["subject"]
        if only(OPENCLIPART, maker):
            loaded = _load(partial(source.forms, item), untrainable)
            if loaded is not None:
                keywords = tuple(item.labels.get("keywords", "").split("; "))
                yield SourcePicture(OPENCLIPART, item.key, maker, *loaded, item.title, keywords)


def collected(
    assets: Path,
    pool: DecodePool,
    *,
    seed: int,
    only: Only = lambda _collection, _maker: True,
    whole: bool = False,
    untrainable: OptOuts = NOBODY,
) -> Iterator[SourcePicture]:
    """Pictures of every collection below `assets`: a random selection as large as COLLECTIONS says (all with `whole`).

    Yields those that `only` accepts and that are not `untrainable`.

    Raises NotFoundError (`assets-missing`) when no collection is there.
    """
    present = [collection for collection in COLLECTIONS if (assets / collection.name).is_dir()]
    if not present:
        raise NotFoundError(
            f"none of the collections is below {assets}",
            code="assets-missing",
            hint="Unpack the packages that the model card lists, one folder each, named as there.",
        )
    for collection in present:
        files = files_of(collection, assets, pool)
        random.Random(f"{seed}/{collection.name}").shuffle(files)  # noqa: S311 - a sample, not a secret
        given = 0
        for key, read in files:
            if given >= collection.limit and not whole:
                break
            if not only(collection.name, key):
                given += 1
                continue
            loaded = _load(partial(_only_form, read), untrainable)
            if loaded is None:
                continue
            image, digests = loaded
            given += 1
            for part, picture in _quarters(image) if collection.quarters else [("", image)]:
                yield SourcePicture(collection.name, f"{key}{part}", key, picture, digests)


def files_of(collection: Collection, assets: Path, pool: DecodePool) -> list[tuple[str, Callable[[], bytes]]]:
    """Key and reader of every file of a collection that is used, sorted by key."""
    found = _files(assets / collection.name, pool, collection)
    return sorted(((key, read) for key, read in found if _taken(collection, key)), key=itemgetter(0))


def _taken(collection: Collection, key: str) -> bool:
    if collection.within is not None and not re.search(collection.within, key):
        return False
    return collection.without is None or not re.search(collection.without, key)


def _files(root: Path, pool: DecodePool, collection: Collection) -> Iterator[tuple[str, Callable[[], bytes]]]:
    icons = root / "icons.json"
    if icons.is_file():
        yield from _iconify(icons, pool)
        return
    paths = [path for path in root.rglob("*") if path.suffix.lower() in _SUFFIXES and path.is_file()]
    if collection.largest_per_folder:
        folders: dict[Path, Path] = {}
        for path in sorted(paths):
            if path.parent not in folders or path.stat().st_size > folders[path.parent].stat().st_size:
                folders[path.parent] = path
        paths = list(folders.values())
    for path in paths:
        svg = path.suffix.lower() == ".svg"
        key = path.relative_to(root).as_posix()
        yield key, partial(_rasterised, path, pool) if svg else path.read_bytes


def _iconify(path: Path, pool: DecodePool) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Icons of an Iconify JSON file (`icons.json`: name -> body, with sizes)."""
    document = json.loads(path.read_bytes())
    for name, icon in document["icons"].items():
        width = icon.get("width", document.get("width", 16))
        height = icon.get("height", document.get("height", 16))
        body = icon["body"].replace("currentColor", "#222")
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'viewBox="{icon.get("left", 0)} {icon.get("top", 0)} {width} {height}">{body}</svg>'
        )
        yield name, partial(pool.rasterise, svg.encode())


def _rasterised(path: Path, pool: DecodePool) -> bytes:
    return pool.rasterise(path.read_bytes())


def _only_form(read: Callable[[], bytes]) -> tuple[bytes, ...]:
    return (read(),)


def _load(forms: Callable[[], tuple[bytes, ...]], untrainable: OptOuts) -> tuple[Image.Image, tuple[str, ...]] | None:
    """The first form's picture and all digests; None if the work cannot be read or must not be trained on."""
    try:
        files = forms()
        with Image.open(BytesIO(files[0])) as opened:
            if min(opened.size) < _SMALLEST:
                return None
            opened.draft("RGB", (SIDE, SIDE))
            image = opened.convert("RGBA")
    except (InputError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    flat = Image.new("RGB", image.size, "white")
    flat.paste(image, mask=image.getchannel("A"))
    digests = tuple(hashlib.sha256(file).hexdigest() for file in files)
    return None if _is_untrainable(flat, digests, untrainable) else (flat, digests)


def _is_untrainable(image: Image.Image, digests: Sequence[str], untrainable: OptOuts) -> bool:
    if not len(untrainable):
        return False
    pixels = np.asarray(image)
    views = hashes(pixels) if complexity(pixels) >= MINIMUM_COMPLEXITY else None
    return untrainable.reason(*digests, hashes=views) is not None


def _quarters(image: Image.Image) -> Iterator[tuple[str, Image.Image]]:
    across, down = image.width // 2, image.height // 2
    for column in (0, 1):
        for row in (0, 1):
            box = (column * across, row * down, (column + 1) * across, (row + 1) * down)
            yield f"#{column}{row}", image.crop(box)
