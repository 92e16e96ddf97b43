"""What an asker prefers: `Accept` and `Accept-Encoding`."""

from __future__ import annotations

from collections.abc import Iterator


def weights(header: str) -> Iterator[tuple[str, float]]:
    """Each name in lower case with its weight (RFC 9110 section 12.4.2). What has no number for one is left out."""
    for part in header.split(","):
        name, *parameters = (each.strip().lower() for each in part.split(";"))
        stated = next((each[2:] for each in parameters if each.startswith("q=")), "1")
        try:
            yield name, float(stated)
        except ValueError:
            continue
