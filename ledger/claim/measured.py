"""Codes of the findings that only a comparison of pictures gives; the published rules mark them as measured."""

from __future__ import annotations

from typing import Final

SHOWS_GENERATED: Final = "shows-generated"
CONTAINS_GENERATED: Final = "contains-generated"
SAYS_GENERATED: Final = "says-generated"
WORK_ALIGNED: Final = "work-aligned"
COPY_OF_ANOTHERS: Final = "copy-of-anothers"
SHOWS_ANOTHERS: Final = "shows-anothers"
NOT_ALIGNABLE: Final = "not-alignable"
