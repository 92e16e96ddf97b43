"""Claims' bundles are made once for what was said so far: whoever asks again gets the same bytes, whoever it is."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

MOST_BYTES = 2**26
"""Of all bundles that are kept."""

Key = tuple[str, int]
"""A claim's record id, and the leaf index of the newest record about it."""


class KeptBundles:
    """Threads may share it. One bundle is made at a time: readers cannot keep all of the machine busy with them."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._kept: OrderedDict[Key, bytes] = OrderedDict()
        self._making = threading.Lock()

    def get(self, key: Key, make: Callable[[], bytes]) -> bytes:
        """The bytes kept under the key, or those made now. Raises what `make` raises, and keeps nothing then."""
        with self._making:
            found = self._kept.get(key)
            if found is None:
                found = make()
                self._keep(key, found)
            else:
                self._kept.move_to_end(key)
            return found

    def _keep(self, key: Key, data: bytes) -> None:
        self._kept[key] = data
        while sum(map(len, self._kept.values())) > self._most:
            self._kept.popitem(last=False)
