"""What a user writes after `corpus ingest`, turned into a source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ledger.corpus.folder import FolderSource
from ledger.corpus.labels import Unstated
from ledger.corpus.openclipart import OpenClipartSource
from ledger.corpus.portfolio import PREFIX, PortfolioSource
from ledger.corpus.work import UNKNOWN_ARTIST, Artist, Source
from ledger.errors import InputError

UPLOADED = "upload:"
"""Before the artist's id: works sent in one by one."""


def open_source(spec: str, labels: Path | None, rasterise: Callable[[bytes], bytes]) -> Source:
    """`openclipart`, `hf:ID_OR_PATH[@SPLIT]` (split `train` unless named), else the path of a folder, as such or after
    `folder:`. A source's own `name` opens it again.

    `portfolio:ID:PATH` is the folder of an artist, as `corpus ingest --artist` names it: only its files are asked for
    then, terms were stated when they were registered. A folder that happens to be called `openclipart` is written
    `./openclipart`. Raises InputError (`labels-unused` where the source brings its own labels, `source`, and what the
    sources raise) and NotFoundError.
    """
    if spec == "openclipart" or spec.startswith("hf:"):
        if labels is not None:
            raise InputError(f"--labels goes with a folder; {spec} brings its own labels", code="labels-unused")
        if spec == "openclipart":
            return OpenClipartSource(rasterise=rasterise)
        from ledger.corpus.huggingface import HuggingFaceSource

        path_or_id, split = split_of(spec.removeprefix("hf:"))
        if not path_or_id:
            raise InputError("hf: is followed by a path or an id, for instance hf:huggan/wikiart@train", code="source")
        return HuggingFaceSource(path_or_id, split)
    if spec.startswith(PREFIX):
        artist_id, _, folder = spec.removeprefix(PREFIX).partition(":")
        return PortfolioSource(Path(folder), Artist(artist_id, UNKNOWN_ARTIST), Unstated(UNKNOWN_ARTIST), labels)
    if spec.startswith(UPLOADED):
        raise InputError("the file was sent in over HTTP, and is not kept", code="source-item-gone")
    return FolderSource(Path(spec.removeprefix("folder:")).expanduser(), labels)


def split_of(text: str) -> tuple[str, str]:
    """Path or id, and split, of what follows `hf:`; an `@` inside a path is part of the path."""
    path_or_id, mark, split = text.rpartition("@")
    if not mark or "/" in split or Path(text).exists():
        return text, "train"
    return path_or_id, split or "train"
