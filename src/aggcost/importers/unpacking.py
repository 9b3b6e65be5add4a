"""Compressed logs: unpacked to their end and verified, told apart into whole, cut off and damaged."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import zstandard

from aggcost.errors import DataQualityError, InputError

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
# A decompression bomb is stopped: more than 250 times its size, once it has grown past 64 MB.
MAX_RATIO, RATIO_FROM_BYTES = 250, 64 << 20
# A byte of zstd can stand for 32 KB, one of gzip for 1 KB: no step unpacks to more than 128 MB.
_STEP_BYTES = {True: 1 << 16, False: 1 << 12}
_GZIP_WITH_HEADER = 31


def unpacked(shown: str, path: Path, plain: Path, *, gzipped: bool) -> bool:
    """Unpack a file into `plain`; return whether it is whole: False where it is cut off.

    DataQualityError for a damaged file, InputError for one that unpacks to an absurd size.
    """
    limit, written = max(RATIO_FROM_BYTES, MAX_RATIO * path.stat().st_size), 0
    try:
        with path.open("rb") as packed, plain.open("wb") as file:
            for block in blocks(packed, gzipped=gzipped):
                written += len(block)
                if written > limit:
                    raise InputError(f"{shown}: unpacks to more than {MAX_RATIO} times its size", hint="is it a log?")
                file.write(block)
    except EOFError:
        return False
    except (zlib.error, zstandard.ZstdError) as error:
        raise DataQualityError(
            f"{shown}: the compressed file is damaged: {error}", hint="export or copy the file again"
        ) from error
    return True


def blocks(packed: IO[bytes], *, gzipped: bool) -> Iterator[bytes]:
    """Yield what is in the members of a file; EOFError where the last one is not complete.

    Python's own readers are not used: that of gzip keeps what it has unpacked before the cut to itself, that of
    python-zstandard ends quietly there.
    """
    member, fresh = _member(gzipped=gzipped), False
    while True:
        rest = packed.read(_STEP_BYTES[gzipped])
        if not rest:
            if not (member.eof or fresh):
                raise EOFError
            return
        while rest:
            if member.eof:
                member, fresh = _member(gzipped=gzipped), True
                rest = rest.lstrip(b"\x00") if gzipped else rest  # gzip pads with zeros
                continue
            fresh = False
            yield member.decompress(rest)
            rest = member.unused_data if member.eof else b""


def _member(*, gzipped: bool) -> Any:
    return zlib.decompressobj(_GZIP_WITH_HEADER) if gzipped else zstandard.ZstdDecompressor().decompressobj()
