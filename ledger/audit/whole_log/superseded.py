"""Checks superseded objects in a log's folder: older partial tiles and checkpoints that the current checkpoint does
not need."""

from __future__ import annotations

import re

from ledger.audit.whole_log.tiles import TileAuthority
from ledger.errors import VerificationError
from ledger.log.checkpoint import SignedCheckpoint, open_checkpoint
from ledger.log.fetch import FolderLog
from ledger.log.merkle import EMPTY_ROOT
from ledger.log.note import MAX_NOTE_BYTES
from ledger.log.reader import read_tile
from ledger.log.tiles import CHECKPOINT_PATH, LEVEL_BITS, parse_path, tile_at, unpack_entries, unpack_hashes
from ledger.log.vkey import VerifierKey

_KEPT_CHECKPOINT = re.compile(r"checkpoint\.(0|[1-9][0-9]*)", re.ASCII)


class SupersededObjects:
    """Compares superseded objects with the verified tree: their readers must have seen the same log."""

    def __init__(
        self, folder: FolderLog, log_key: VerifierKey, signed: SignedCheckpoint, authority: TileAuthority
    ) -> None:
        self._folder = folder
        self._key = log_key
        self._signed = signed
        self._authority = authority

    def run(self) -> tuple[int, int]:
        """Returns how many superseded objects agree with the verified tree, and how many other files there are.

        Other files do not belong to the log, or belong to a later checkpoint. Raises VerificationError
        (`leftover-mismatch`, or what the parsers raise) for the first object that contradicts the tree.
        """
        agreeing = other = 0
        for path in self._folder.paths():
            if path == CHECKPOINT_PATH:
                continue
            checked = self._checkpoint(path) if _KEPT_CHECKPOINT.fullmatch(path) else self._object(path)
            agreeing, other = agreeing + checked, other + (not checked)
        return agreeing, other

    def _object(self, path: str) -> bool:
        try:
            tile = parse_path(path)
        except VerificationError:
            return False
        count = self._signed.size >> LEVEL_BITS * (tile.level or 0)
        if tile.end > count:
            return False
        data = self._folder.get(path) or b""
        whole, present = read_tile(self._folder, tile_at(tile.level, tile.index, self._signed.size))
        if tile.level is None:
            agrees = unpack_entries(data, tile) == unpack_entries(present, whole)[: tile.width]
        else:
            agrees = unpack_hashes(data, tile) == unpack_hashes(present, whole)[: tile.width]
        if not agrees:
            raise VerificationError(f"{path}: differs from the verified {whole.path}", code="leftover-mismatch")
        return True

    def _checkpoint(self, path: str) -> bool:
        try:
            kept = open_checkpoint(self._folder.read(path, MAX_NOTE_BYTES) or b"", self._key)
        except VerificationError as error:
            raise VerificationError(f"{path}: {error.message}", code=error.code) from error
        if kept.size > self._signed.size:
            return False
        expected = EMPTY_ROOT if kept.size == 0 else self._authority.root_at(kept.size)
        if kept.root != expected:
            raise VerificationError(
                f"{path}: expected root {expected.hex()} at size {kept.size}, got {kept.root.hex()}",
                code="leftover-mismatch",
            )
        return True
