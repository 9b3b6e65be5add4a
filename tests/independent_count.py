"""How many records a log has, counted by Python's own readers: nothing of this program takes part."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import zstandard

_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be", b"\xef\xbb\xbf": "utf-8"}


def count(path: Path) -> int:
    """Return the rows of a Parquet file, the elements of a document, lines that are not blank, or CSV records."""
    content = _plain(path.read_bytes())
    if content.startswith(b"PAR1"):
        return int(pq.read_metadata(path).num_rows)
    mark, encoding = next(((mark, name) for mark, name in _MARKS.items() if content.startswith(mark)), (b"", "utf-8"))
    text = content.removeprefix(mark).decode(encoding, "surrogateescape")
    return _json(text) if text.lstrip()[:1] in ("{", "[") else _delimited(text)


def _plain(content: bytes) -> bytes:
    if content.startswith(b"\x1f\x8b"):
        return gzip.decompress(content)
    if content.startswith(b"\x28\xb5\x2f\xfd"):
        return zstandard.ZstdDecompressor().stream_reader(io.BytesIO(content), read_across_frames=True).read()
    return content


def _json(text: str) -> int:
    try:
        found = json.loads(text)
    except ValueError:
        return sum(1 for line in text.split("\n") if line.strip())
    inside = found.get("data", found) if isinstance(found, dict) else found
    return len(inside) if isinstance(inside, list) else 1


def _delimited(text: str) -> int:
    csv.field_size_limit(1 << 30)
    header = text.lstrip("\r\n ").split("\n", 1)[0]
    outside = "".join(header.split('"')[::2])
    delimiter = max(",;\t|", key=outside.count)
    return sum(1 for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if record) - 1
