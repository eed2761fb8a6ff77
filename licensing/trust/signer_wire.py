"""How the signer's process and its askers speak: a length of four bytes (big-endian), then JSON; one answer for each question.

A question is ``{"act": …, "request": …}``, an answer ``{"done": …}`` or ``{"error": …}``; errors travel with class, code and facts, so
that a refusal is the same refusal on both sides.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from licensing.errors import Conflict, FieldError, Forbidden, Invalid, LeizhengError, Misconfigured, NotFound, Unavailable
from licensing.trust.requests import (
    EXACT,
    Checkpoint,
    CheckpointRequest,
    QrRequest,
    Seal,
    SealRequest,
    SecondPayload,
    Signer,
    StatusRequest,
    StatusTokens,
)
from licensing.words import Said, say

LONGEST_MESSAGE: Final = 16 * 1024 * 1024
_HEAD: Final = 4
_PART: Final = 1 << 20
_LEAST: Final = 0.001
_LONGEST_ADDRESS: Final = 107  # sun_path of unix(7), without the final zero


class Broken(Exception):
    """The other side ended in the middle of a message, or announced one that is too long. The connection is of no more use."""


@dataclass(frozen=True, slots=True)
class _Question:
    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    act: str
    request: Any


@dataclass(frozen=True, slots=True)
class _Stamped:
    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    number: str
    token: bytes


@dataclass(frozen=True, slots=True)
class _Act:
    asked: TypeAdapter[Any]
    given: TypeAdapter[Any]
    call: Callable[[Signer, Any], Any]


_QUESTION: Final = TypeAdapter(_Question)
_BYTES: Final = TypeAdapter(bytes, config=EXACT)
_ACTS: Final[Mapping[str, _Act]] = {
    "sign_qr": _Act(TypeAdapter(QrRequest), _BYTES, lambda signer, asked: signer.sign_qr(asked)),
    "sign_seal": _Act(TypeAdapter(SealRequest), TypeAdapter(Seal), lambda signer, asked: signer.sign_seal(asked)),
    "keep_timestamp": _Act(TypeAdapter(_Stamped), _BYTES, lambda signer, asked: signer.keep_timestamp(asked.number, asked.token)),
    "sign_status": _Act(TypeAdapter(StatusRequest), TypeAdapter(StatusTokens), lambda signer, asked: signer.sign_status(asked)),
    "sign_checkpoint": _Act(TypeAdapter(CheckpointRequest), _BYTES, lambda signer, asked: signer.sign_checkpoint(asked)),
    "latest_checkpoint": _Act(TypeAdapter(None), TypeAdapter(Checkpoint | None), lambda signer, _: signer.latest_checkpoint()),
    "sign_time": _Act(_BYTES, _BYTES, lambda signer, asked: signer.sign_time(asked)),
}
_ERRORS: Final[Mapping[str, type[LeizhengError]]] = {
    kind.__name__: kind for kind in (LeizhengError, Invalid, NotFound, Forbidden, Conflict, SecondPayload, Unavailable, Misconfigured)
}


def question(act: str, request: Any = None) -> bytes:
    """The message that asks for ``act``."""
    return _message(act=to_json(act), request=_ACTS[act].asked.dump_json(request))


def stamped(number: str, token: bytes) -> bytes:
    """The message that asks to keep a time-stamp token."""
    return question("keep_timestamp", _Stamped(number, token))


def answer(signer: Signer, message: bytes) -> bytes:
    """What ``signer`` answers to a message. Raises ``Invalid`` (``bad-request``) for a message that is no question, and its errors."""
    try:
        asked = _QUESTION.validate_json(message)
        act = _ACTS[asked.act]
        request = act.asked.validate_json(to_json(asked.request))
    except (ValueError, KeyError) as error:
        raise Invalid(
            say("The signer does not understand this question: %(problem)s.", problem=_problem(error)), code="bad-request"
        ) from error
    return _message(done=act.given.dump_json(act.call(signer, request)))


def refusal(error: LeizhengError) -> bytes:
    """The message that tells of an error; a class that the other side does not know travels as its nearest known one."""
    kind = next(parent.__name__ for parent in type(error).__mro__ if parent.__name__ in _ERRORS)
    fields = [{"path": field.path, "code": field.code, "sentence": _said(field.sentence)} for field in getattr(error, "fields", ())]
    told = {
        "class": kind,
        "code": error.code,
        "sentence": _said(error.sentence),
        "next_step": _said(error.next_step) if error.next_step else None,
        "fields": fields,
    }
    return _message(error=to_json(told))


def result(act: str, message: bytes) -> Any:
    """What was answered to ``act``; raises the error that the signer raised, or ``Broken``."""
    try:
        told = from_json(message)
        if "error" not in told:
            return _ACTS[act].given.validate_json(to_json(told["done"]))
        error = _error(told["error"])
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise Broken from problem
    raise error


def send(connection: socket.socket, message: bytes) -> None:
    """Write one message. Raises ``Invalid`` (``bad-request``) when it is longer than the other side takes."""
    if len(message) > LONGEST_MESSAGE:
        raise Invalid(say("This is more than the signer takes at once."), code="bad-request")
    connection.sendall(len(message).to_bytes(_HEAD, "big") + message)


def receive(connection: socket.socket, *, patience: float) -> bytes | None:
    """The next message, ``None`` when the other side has ended.

    Its first byte may take as long as the timeout of ``connection`` allows; the rest must follow within ``patience`` seconds. Raises
    ``Broken`` and ``OSError`` (``TimeoutError``).
    """
    head = connection.recv(_HEAD)
    if not head:
        return None
    before, end = connection.gettimeout(), time.monotonic() + patience
    length = int.from_bytes(head + _exactly(connection, _HEAD - len(head), end), "big")
    if length > LONGEST_MESSAGE:
        raise Broken
    message = _exactly(connection, length, end)
    connection.settimeout(before)
    return message


@contextlib.contextmanager
def address(path: Path) -> Iterator[str]:
    """A name for the socket at ``path`` that the kernel takes: a long one goes through a descriptor of its folder (unix(7), proc(5))."""
    if len(os.fsencode(path)) <= _LONGEST_ADDRESS:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _exactly(connection: socket.socket, count: int, end: float) -> bytes:
    data = bytearray()
    while len(data) < count:
        connection.settimeout(max(end - time.monotonic(), _LEAST))
        part = connection.recv(min(count - len(data), _PART))
        if not part:
            raise Broken
        data += part
    return bytes(data)


def _message(**parts: bytes) -> bytes:
    """An object of values that are JSON already."""
    return b"{" + b",".join(to_json(name) + b":" + value for name, value in parts.items()) + b"}"


def _problem(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, each['loc']))} {each['type']}".strip() for each in error.errors(include_input=False)[:5])
    return type(error).__name__


def _said(sentence: Said) -> dict[str, Any]:
    facts = {name: _said(fact) if isinstance(fact, Said) else fact for name, fact in sentence.facts.items()}
    plain = {name: fact if isinstance(fact, str | int | float | dict | None) else str(fact) for name, fact in facts.items()}
    return {"text": sentence.text, "facts": plain}


def _heard(told: Mapping[str, Any]) -> Said:
    return Said(told["text"], {name: _heard(fact) if isinstance(fact, dict) else fact for name, fact in told["facts"].items()})


def _error(told: Mapping[str, Any]) -> LeizhengError:
    kind = _ERRORS.get(told["class"], LeizhengError)
    next_step = _heard(told["next_step"]) if told["next_step"] else None
    sentence, code = _heard(told["sentence"]), str(told["code"])
    if issubclass(kind, Invalid):
        fields = [FieldError(field["path"], field["code"], _heard(field["sentence"])) for field in told["fields"]]
        return kind(sentence, fields, next_step=next_step, code=code)
    return kind(sentence, next_step=next_step, code=code)
