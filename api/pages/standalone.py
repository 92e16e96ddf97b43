"""The verifier as one file: HTML with its style and its modules in it, which works from a disk and sends nothing.

Its policy, in the file itself, lets nothing be loaded: only the script and the style whose digests it names run.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent
MODULES = ("encoding.js", "ed25519.js", "merkle.js", "note.js", "bundle.js", "claim.js", "standalone.js")
"""In the order in which they build on each other. Their names at the top level are all different."""
_IMPORT = re.compile(r"^import [^;]*;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=\w)", re.MULTILINE)
_POLICY = "default-src 'none'; script-src '{script}'; style-src '{style}'; base-uri 'none'; form-action 'none'"


@dataclass(frozen=True, slots=True)
class Standalone:
    data: bytes
    policy: str
    """Its Content Security Policy, also for the header."""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


@cache
def standalone() -> Standalone:
    """The same bytes for the same version of the modules."""
    modules = [(_HERE / "static" / name).read_text() for name in MODULES]
    script = "\n".join(_EXPORT.sub("", _IMPORT.sub("", module)) for module in modules)
    style = (_HERE / "static" / "standalone.css").read_text()
    policy = _POLICY.format(script=_source(script), style=_source(style))
    page = (_HERE / "templates" / "standalone.html").read_text()
    for name, text in {"POLICY": policy, "STYLE": style, "SCRIPT": script}.items():
        page = page.replace(f"%{name}%", text)
    return Standalone(page.encode(), policy)


def _source(text: str) -> str:
    """A source expression for inline text (CSP Level 3, 2.3.1)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
