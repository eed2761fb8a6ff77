"""A log read from a web server, ours or another's, by the addresses of c2sp.org/tlog-tiles."""

from __future__ import annotations

from collections.abc import Sequence
from http.client import HTTPException, HTTPMessage
from typing import IO, Final
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from licensing.errors import Invalid, Unavailable
from licensing.ledger.notes import LONGEST_NOTE
from licensing.ledger.tiles import WIDTH, path_of, split_tile
from licensing.words import say

_PATIENCE: Final = 20.0
_NOT_FOUND: Final = 404


class RemoteLog:
    """The log at ``url``, such as ``https://zz.example.gov.cn/log``. Nothing is trusted: sizes are limited, redirects are not followed."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"https", "http"} or not parts.hostname or parts.query or parts.fragment:
            raise Invalid(say("“%(url)s” is not the address of a log.", url=url[:200]), code="not-an-address")
        self._url = url.rstrip("/")
        self._opener = build_opener(_NoRedirects)

    def checkpoint(self) -> bytes:
        """The newest signed checkpoint. Raises ``Unavailable``."""
        return self._get("checkpoint", LONGEST_NOTE) or b""

    def tile(self, level: int, index: int, width: int) -> Sequence[bytes]:
        """The first ``width`` hashes of a tile; a full tile may stand for a partial one. Raises ``Unavailable`` and ``ValueError``."""
        data = self._get(f"tile/{level}/{path_of(index, width)}", WIDTH * 32, missing=width < WIDTH)
        if data is None:
            data = self._get(f"tile/{level}/{path_of(index)}", WIDTH * 32) or b""
        return split_tile(data)[:width]

    def _get(self, path: str, longest: int, *, missing: bool = False) -> bytes | None:
        address = f"{self._url}/{path}"
        try:
            with self._opener.open(Request(address, headers={"User-Agent": "leizheng-witness"}), timeout=_PATIENCE) as answer:  # noqa: S310
                data: bytes = answer.read(longest + 1)
        except HTTPError as error:
            error.close()
            if missing and error.code == _NOT_FOUND:
                return None
            raise _unreachable(address, str(error.code)) from error
        except (OSError, HTTPException) as error:
            raise _unreachable(address, type(error).__name__) from error
        if len(data) > longest:
            raise _unreachable(address, "too long")
        return data


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str) -> None:
        """Follow nothing: the answer counts as an error with its own code."""


def _unreachable(address: str, reason: str) -> Unavailable:
    return Unavailable(
        say("The log at %(address)s does not answer as a log does: %(reason)s.", address=address, reason=reason),
        next_step=say("Nothing was kept; try again later."),
        code="log-unreachable",
    )
