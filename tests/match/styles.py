"""Made-up pictures by two embeddings of style, and unrelated pictures to measure them by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ledger import canonical
from ledger.corpus.work import CorpusState
from ledger.fingerprint.fingerprint import Fingerprint
from ledger.fingerprint.spec import FingerprintSpec, copy_spec
from ledger.fingerprint.style_models import STYLE
from ledger.match.candidate import Candidate
from ledger.match.null_set import NullSet, shipped_null_set
from ledger.match.style.measure import StyleBlock, StyleMeasure
from ledger.match.style.null import NEIGHBOURS, StyleNull, read_style_null, write_style_null

CLIP, VAE = 16, 20


def styled_spec(name: str = "made-up") -> FingerprintSpec:
    """The shipped copy part, with embeddings of style of made-up models."""
    sizes = dict(zip(sorted(STYLE), (CLIP, VAE), strict=True))
    style = {each: {"algorithm": name, "dimension": size} for each, size in sizes.items()}
    return FingerprintSpec.of({**_copy_embeddings(), **style})


def _copy_embeddings() -> dict[str, dict[str, object]]:
    embeddings: dict[str, dict[str, object]] = canonical.loads(copy_spec().document)["embeddings"]
    return embeddings


def units(random: np.random.Generator, count: int, size: int) -> NDArray[np.float16]:
    rows = random.standard_normal((count, size))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float16)


def styles(seed: int, count: int) -> StyleBlock:
    """Random directions."""
    random = np.random.default_rng(seed)
    return StyleBlock(units(random, count, CLIP), units(random, count, VAE))


def style_null(null_set: NullSet, *, seed: int = 1, rows: NDArray[np.int64] | None = None) -> StyleNull:
    """Of every picture of the null set, or of these."""
    rows = np.arange(len(null_set)) if rows is None else rows
    measure = StyleMeasure(styles(seed + 1, 60), 1.5, 1.0, NEIGHBOURS)
    spec = styled_spec().style_part
    assert spec is not None
    return read_style_null(write_style_null(spec, null_set.digest, rows, styles(seed, len(rows)), measure))


SPEC = styled_spec()


def fingerprint(seed: int, style: StyleBlock) -> Fingerprint:
    """With the embeddings of the first picture of `style`, and otherwise near to nothing."""
    random = np.random.default_rng(seed)
    background = shipped_null_set().background
    return Fingerprint(
        spec=SPEC.digest,
        phash=random.bytes(32),
        pdq=random.bytes(32),
        pdq_quality=100,
        embeddings={"copy": background[seed % len(background)], "clip": style.clip[0], "vae": style.vae[0]},
        complexity=0.5,
        local=b"",
    )


def work(seed: int, style: StyleBlock, *, allows_style: bool = True) -> Candidate:
    return Candidate(
        work_id=f"{seed:04}",
        artist_id="artist",
        sha256=f"{seed:064x}",
        pixel_sha256=f"{seed + 1_000_000:064x}",
        registration_record_id="",
        registration_leaf_hash="",
        fingerprint=fingerprint(seed, style),
        allows_style=allows_style,
    )


def corpus_of(works: Sequence[Candidate]) -> CorpusState:
    return CorpusState(through=len(works) - 1, works=len(works))
