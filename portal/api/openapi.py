"""The description of the open interface (OpenAPI 3.1), with the codes taken from the code that answers. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from licensing.licences.verdict import GENUINE, IN_FORCE, WHOLE, Overall
from licensing.trust.status_token import CWT_TYPE, JWT_TYPE

LONGEST_FIELD = 2000
LATEST = 10**11 - 1


def description(host: str) -> dict[str, Any]:
    """The whole document for an installation at ``host``."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Leizheng open interface",
            "version": "1",
            "description": "Check licences for lightning protection. No account is needed. Sentences follow Accept-Language (zh, en).",
        },
        "servers": [{"url": f"https://{host}"}],
        "paths": {
            "/api/v1/verify": {"post": _verify()},
            "/api/v1/openapi.json": {"get": _get("describe", "This document.", "application/json", {"type": "object"})},
            "/status/{code}": {"get": _status_list()},
            "/.well-known/leizheng/trust.pem": {
                "get": _get("trust", "The certificates to pin.", "application/x-pem-file", {"type": "string"})
            },
        },
        "components": {"schemas": _schemas()},
    }


def _verify() -> dict[str, Any]:
    return {
        "operationId": "verify",
        "summary": "Is it true? Four answers about a licence, by its QR, by number and check code, or by its file.",
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"oneOf": [_ref("ByQr"), _ref("ByNumber")]}},
                "multipart/form-data": {"schema": _ref("ByFile")},
            },
        },
        "responses": {
            "200": {"description": "A verdict; also for what is not valid.", "content": _content("application/json", _ref("Verdict"))},
            "413": _problem("The body is too large."),
            "422": _problem("The request does not say what to check."),
            "429": _problem("Asked too often."),
        },
    }


def _status_list() -> dict[str, Any]:
    binary = {"type": "string", "contentMediaType": CWT_TYPE}
    return {
        "operationId": "statusList",
        "summary": "The signed status list of an authority (Token Status List): CWT, or JWT by the Accept header.",
        "parameters": [
            {"name": "code", "in": "path", "required": True, "description": "Code of the authority.", "schema": {"type": "string"}},
            {
                "name": "time",
                "in": "query",
                "description": "Seconds since 1970-01-01: the list that counted then.",
                "schema": {"type": "integer", "minimum": 0, "maximum": LATEST},
            },
        ],
        "responses": {
            "200": {
                "description": "4 bits a licence: 0 in force, 1 ended, 2 suspended, 12 revoked for deceit, 13 revoked as a penalty,"
                " 14 replaced, 15 not active.",
                "content": _content(CWT_TYPE, binary) | _content(JWT_TYPE, {"type": "string"}),
            },
            "304": {"description": "Unchanged (If-None-Match)."},
            "404": {"description": "No list of this authority for this time."},
            "406": {"description": "Neither form is accepted."},
            "422": {"description": "The time is not a number of seconds."},
        },
    }


def _get(name: str, summary: str, media_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "responses": {"200": {"description": summary, "content": _content(media_type, schema)}},
    }


def _schemas() -> dict[str, Any]:
    text = {"type": "string", "minLength": 1, "maxLength": LONGEST_FIELD}
    day = {"type": "string", "format": "date"}
    optional = {"type": ["string", "null"]}
    return {
        "ByQr": _object({"qr": text}),
        "ByNumber": _object({"number": text, "check_code": text}),
        "ByFile": _object({"file": {"type": "string", "contentMediaType": "application/octet-stream"}}),
        "Verdict": _object(
            {
                "overall": {"enum": [word.value for word in Overall]},
                "whole": _answer(WHOLE),
                "genuine": _answer(GENUINE),
                "in_force": _answer(IN_FORCE),
                "as_of": {
                    "type": ["string", "null"],
                    "format": "date-time",
                    "description": "The moment for which in_force speaks; null when no status was found.",
                },
                "paper": {"oneOf": [_ref("Paper"), {"type": "null"}]},
                "successor": optional,
                "next_step": {"type": "string"},
            }
        ),
        "Paper": _object(
            {
                "holder": {"type": "string"},
                "uscc": {"type": "string"},
                "number": {"type": "string", "description": "Empty when only the QR is known (offline)."},
                "identifier": {"type": "string"},
                "type": {"type": "string"},
                "valid_from": day,
                "valid_until": {"type": ["string", "null"], "format": "date", "description": "Last day; null: no end date."},
                "issuer": {"type": "string"},
                "project": optional,
                "abbreviated": {"type": "boolean"},
            }
        ),
        "Problem": {
            "type": "object",
            "required": ["type", "status", "code", "title"],
            "properties": {
                "type": {"type": "string"},
                "status": {"type": "integer"},
                "code": {"type": "string"},
                "title": {"type": "string"},
                "next_step": {"type": "string"},
                "fields": {"type": "array", "items": _ref("FieldProblem")},
            },
        },
        "FieldProblem": _object({"path": {"type": "string"}, "code": {"type": "string"}, "sentence": {"type": "string"}}),
    }


def _answer(codes: Iterable[str]) -> dict[str, Any]:
    return _object({"code": {"enum": list(codes)}, "text": {"type": "string"}})


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties, "additionalProperties": False}


def _problem(meaning: str) -> dict[str, Any]:
    return {"description": meaning, "content": _content("application/problem+json", _ref("Problem"))}


def _content(media_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {media_type: {"schema": schema}}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}
