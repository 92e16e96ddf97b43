"""The text that ordinary viewers show: EXIF and XMP, and in PNG also text chunks.

It never names an author or a copyright holder: a near work does not say who made this picture. IPTC's credit field is
set only if the picture is a verified copy.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ledger.image.credentials.content import TRAINED_ALGORITHMIC_MEDIA
from ledger.image.credentials.mining import PLUS, DataMining, mining_property

PROGRAM = "Artledger"
_IMAGE_DESCRIPTION, _SOFTWARE = 0x010E, 0x0131


def exif(description: str) -> Image.Exif:
    """ImageDescription and Software (Exif 2.32, tags 270 and 305), in UTF-8, which readers accept."""
    tags = Image.Exif()
    tags[_IMAGE_DESCRIPTION] = description.encode()
    tags[_SOFTWARE] = PROGRAM
    return tags


def png_text(description: str, credit: str | None, mining: DataMining | None = None) -> PngInfo:
    """`Description` and `Software` (PNG, third edition, 11.3.3), and the XMP packet, as international text."""
    chunks = PngInfo()
    chunks.add_itxt("Description", description)
    chunks.add_itxt("Software", PROGRAM)
    chunks.add_itxt("XML:com.adobe.xmp", xmp(description, credit, mining).decode())
    return chunks


def xmp(description: str, credit: str | None, mining: DataMining | None = None) -> bytes:
    """An XMP packet (ISO 16684-1): description, credit line if given, the source type of trained models, and what may
    be mined, if that is said."""
    plus, said = ("", "") if mining is None else (f' xmlns:plus="{PLUS}"', mining_property(mining))
    line = "" if credit is None else f"<photoshop:Credit>{escape(credit)}</photoshop:Credit>\n"
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"{plus}>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{escape(description)}</rdf:li></rdf:Alt></dc:description>
{line}<xmp:CreatorTool>{PROGRAM}</xmp:CreatorTool>
<Iptc4xmpExt:DigitalSourceType>{TRAINED_ALGORITHMIC_MEDIA}</Iptc4xmpExt:DigitalSourceType>
{said}</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>""".encode()
