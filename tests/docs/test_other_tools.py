"""What the documents say of other people's tools works with them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.conformance.build import FOLDER
from tests.docs.documents import blocks, documents
from tests.record.samples import SIGNER


def test_securesystemslib_verifies_a_bundle_as_the_documents_say(tmp_path: Path) -> None:
    [block] = [each for document in documents() for each in blocks(document) if "securesystemslib" in each.markers]
    assert '"RECORD_KEY"' in block.text
    code = block.text.replace("RECORD_KEY", SIGNER.public_raw.hex())
    bundle = json.loads((FOLDER / "cosigned" / "bundle.json").read_bytes())
    for kept, expected in ((True, 0), (False, 1)):
        if not kept:
            bundle["envelope"]["payload"] = bundle["envelope"]["payload"].replace("a", "b", 1)
        (tmp_path / "photo.bundle.json").write_text(json.dumps(bundle))
        result = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert result.returncode == expected, result.stderr
        assert ("urn:artledger:" in result.stdout) is kept
