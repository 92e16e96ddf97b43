from __future__ import annotations

from tests.generate.tiny import tiny_folders

__all__ = ["tiny_folders"]
