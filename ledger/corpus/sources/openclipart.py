"""Debian's OpenClipart 0.18: 8,121 drawings by some 500 named creators, each with its metadata inside the SVG."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from ledger.corpus.files import read_inside
from ledger.corpus.licences import PUBLIC_DOMAIN
from ledger.corpus.openclipart_metadata import MAX_METADATA, SvgMetadata, read_svg_metadata
from ledger.corpus.source_definition import SourceDefinition
from ledger.corpus.work import ALL_USES, SourceItem
from ledger.errors import InputError, NotFoundError
from ledger.files import read_regular
from ledger.text import clean_text

SVG_ROOT = Path("/usr/share/openclipart/svg")
PNG_ROOT = Path("/usr/share/openclipart/png")
MAX_SVG_BYTES = 16 * 2**20
MAX_PNG_BYTES = 64 * 2**20
MAX_PNG_PIXELS = 25_000_000
"""A few of Debian's PNGs exceed 100 megapixels. Above this limit, the drawing is rasterised at a smaller size."""
_FREE = frozenset({PUBLIC_DOMAIN, "CC-PDDC", "CC0-1.0"})


class OpenClipartSource:
    """The installed package; `key` is the work's path under the root without suffix (`animals/birds/hen_01`).

    Pixels come from the same path under `png_root` if there is a file, else from `rasterise`. Labels: `subject` (the
    folder), `keywords`, and `alias_of` for the symbolic links by which the package has one drawing under several
    subjects. Public-domain works allow every use, others only `match`.
    """

    def __init__(
        self,
        svg_root: Path = SVG_ROOT,
        png_root: Path | None = PNG_ROOT,
        *,
        rasterise: Callable[[bytes], bytes],
        names: Collection[str] | None = None,
        limit: int | None = None,
    ) -> None:
        """`rasterise` converts an SVG to PNG and may raise InputError.

        `names` keeps only those works, `limit` only the first ones. Raises NotFoundError (`openclipart-missing`).
        """
        if not svg_root.is_dir():
            raise NotFoundError(
                f"OpenClipart is not installed: there is no folder {svg_root}",
                code="openclipart-missing",
                hint="Run apt-get install openclipart-svg, or name a folder of pictures with a labels.csv.",
            )
        self._svg_root = svg_root.resolve()
        self._png_root = png_root.resolve() if png_root is not None and png_root.is_dir() else None
        self._rasterise = rasterise
        self._names = None if names is None else frozenset(names)
        self._limit = limit

    @property
    def name(self) -> str:
        return "openclipart"

    def items(self) -> Iterator[SourceItem]:
        """Every work, ordered by name. Reads the head of each file, which takes one to two seconds in all."""
        return islice(self._all_items(), self._limit)

    def read(self, item: SourceItem) -> bytes:
        """A PNG. Raises InputError as files.py and `rasterise` do."""
        if self._png_root is not None:
            try:
                png = read_inside(self._png_root, f"{item.key}.png", MAX_PNG_BYTES)
            except InputError as error:
                if error.code not in ("file-missing", "too-large"):
                    raise
            else:
                if 0 < _png_pixels(png) <= MAX_PNG_PIXELS:
                    return png
        return self._rendered(item)

    def forms(self, item: SourceItem) -> tuple[bytes, ...]:
        """The result of `read`, with and without the package of PNGs. Raises as `read` does."""
        forms = [self.read(item)]
        with suppress(InputError):  # a drawing that cannot be rendered here may still have a PNG
            forms.append(self._rendered(item))
        return tuple(dict.fromkeys(forms))

    def _rendered(self, item: SourceItem) -> bytes:
        return self._rasterise(read_inside(self._svg_root, f"{item.key}.svg", MAX_SVG_BYTES))

    def _all_items(self) -> Iterator[SourceItem]:
        for path in sorted(self._files()):
            key = os.fspath(path.relative_to(self._svg_root).with_suffix(""))
            if self._names is None or key in self._names:
                yield self._item(path, key)

    def _files(self) -> Iterator[Path]:
        for folder, _, files in os.walk(self._svg_root):
            yield from (Path(folder, file) for file in files if file.endswith(".svg"))

    def _item(self, path: Path, key: str) -> SourceItem:
        labels = {"subject": key.rpartition("/")[0]}
        target = path
        if path.is_symlink():
            target = path.resolve()
            if target.is_relative_to(self._svg_root):
                labels["alias_of"] = os.fspath(target.relative_to(self._svg_root).with_suffix(""))
        found = _metadata(target) if target.is_relative_to(self._svg_root) and target.is_file() else SvgMetadata()
        if found.keywords:
            labels["keywords"] = "; ".join(found.keywords)
        return SourceItem(
            key=key,
            title=found.title or clean_text(path.stem.replace("_", " ")),
            artist=found.creator,
            licence=found.licence,
            source=f"openclipart:{key}",
            allowed_uses=ALL_USES if found.licence in _FREE else ("match",),
            labels=labels,
            rendered=True,
        )


def _metadata(path: Path) -> SvgMetadata:
    try:
        return read_svg_metadata(read_regular(path, MAX_METADATA))
    except OSError:  # continue: read() will report the problem of this file
        return SvgMetadata()


def _png_pixels(png: bytes) -> int:
    """Width times height from the IHDR chunk (PNG 3rd edition, 11.2.1); 0 if this is no PNG."""
    if png[:8] != b"\x89PNG\r\n\x1a\n" or len(png) < 24:
        return 0
    return int.from_bytes(png[16:20]) * int.from_bytes(png[20:24])


SOURCE = SourceDefinition(
    prefix="openclipart",
    open=lambda asked: OpenClipartSource(rasterise=asked.rasterise),
    spelling="openclipart",
    brings_labels=True,
)
