"""The checker: a page that verifies licences on the visitor's own device, with or without a network.

The server hands out the program, the pinned root and signed lists; it is never told what is checked. Everything here is the same for
everybody: no cookie but that of the language is read.
"""

from __future__ import annotations

import re
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from flask import Blueprint, Response, current_app, json, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, gettext

from licensing.errors import NotFound
from licensing.settings import Settings
from licensing.trust.current import current_trust_list
from licensing.words import N_, say
from portal.components import static_version
from portal.language import DEFAULT, LANGUAGES, language
from portal.public import check_release, check_words
from portal.security import Access, access

blueprint = Blueprint("check", __name__)

POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""The policy of all pages, and besides: WebAssembly for the reader of QR codes, workers and the manifest, all from here."""
CAMERA = "camera=(self), geolocation=(), microphone=()"
FOR_EVER = "public, max-age=31536000, immutable"
NAME = N_("Leizheng checker")
TRUST_LIST_TYPE = "application/cose"


@blueprint.get("/check/")
@access(Access.OPEN_API)
def page() -> ResponseReturnValue:
    return Response(_page(), headers={"Content-Security-Policy": POLICY, "Permissions-Policy": CAMERA})


@blueprint.get("/check/parts/<version>/<path:name>")
@access(Access.OPEN_API)
def part(version: str, name: str) -> ResponseReturnValue:
    """One file of this release; the address of another release is unknown, so that two are never mixed."""
    found = check_release.parts().get(name) if version == check_release.version() else None
    if found is None:
        raise NotFound(say("This file is not part of the checker as it is today."), next_step=say("Load the page again."))
    answer = Response(found.content, mimetype=found.media_type)
    answer.headers.update({"Cache-Control": FOR_EVER, "Content-Security-Policy": POLICY})
    answer.set_etag(found.sha256)
    return answer.make_conditional(request)


@blueprint.get("/check/worker.js")
@access(Access.OPEN_API)
def worker() -> ResponseReturnValue:
    """The service worker of this release. Its text changes whenever a file, a sentence or the pinned root does."""
    source = f"const RELEASE = {json.dumps(_release())};\n{check_release.worker_source()}"
    return Response(source, mimetype="text/javascript", headers={"Content-Security-Policy": POLICY})


@blueprint.get("/check/manifest.webmanifest")
@access(Access.OPEN_API)
def manifest() -> ResponseReturnValue:
    return Response(_manifest(), mimetype="application/manifest+json")


@blueprint.get("/.well-known/leizheng/trust-list")
@access(Access.OPEN_API)
def trust_list() -> ResponseReturnValue:
    """The trust list as the root has signed it, for every verifier."""
    answer = Response(current_trust_list(_settings()).signed, mimetype=TRUST_LIST_TYPE, headers={"Access-Control-Allow-Origin": "*"})
    answer.add_etag()
    return answer.make_conditional(request)


def _page() -> str:
    settings = _settings()
    root = current_trust_list(settings).root.certificate
    takes_along = {
        "language": language(),
        "root": check_words.pinned_root(root),
        "types": check_words.licence_types(),
        "addresses": _addresses(),
        **check_words.phrasebook(),
        **check_words.verdict_table(),
    }
    return render_template(
        "portal/public/check.html",
        takes_along=takes_along,
        part=_part_url,
        fingerprint=" ".join(re.findall("....", root.fingerprint(SHA256()).hex())),
        version=check_release.version(),
        host=settings.public_host,
    )


def _addresses() -> dict[str, str]:
    return {
        "trust_list": url_for("check.trust_list"),
        "worker": url_for("check.worker"),
        "scope": url_for("check.page"),
        "scanner": _part_url("check/scanner.js"),
        "pdf": _part_url("vendor/pdfjs/pdf.min.mjs"),
        "pdf_worker": _part_url("vendor/pdfjs/pdf.worker.min.mjs"),
    }


def _release() -> dict[str, Any]:
    """What a browser keeps: every file with its digest, and the page in each language."""
    files = [{"url": _part_url(name), "sha256": part.sha256} for name, part in check_release.parts().items()]
    files += [_static("theme.css"), _static("app.js"), _static("mark.svg", versioned=False)]
    pages = {}
    for name, locale in LANGUAGES.items():
        with force_locale(locale):
            pages[name] = _page()
            files.append({"url": url_for("check.manifest", lang=name), "sha256": check_release.digest(_manifest().encode())})
    return {
        "name": check_release.short_digest(json.dumps(files), *pages.values()),
        "scope": url_for("check.page"),
        "language": DEFAULT,
        "files": files,
        "pages": {name: url_for("check.page", lang=name) for name in pages},
    }


def _manifest() -> str:
    """How the checker is installed (W3C Application Manifest), in the language of the page."""
    icons = [
        {"src": _part_url(f"check/{name}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for name, size, purpose in (("icon-192", 192, "any"), ("icon-512", 512, "any"), ("icon-maskable-512", 512, "maskable"))
    ]
    return json.dumps(
        {
            "id": url_for("check.page"),
            "name": gettext(NAME),
            "short_name": gettext(NAME),
            "description": gettext("Checks licences on this device, with or without a network."),
            "lang": "zh-Hans" if language() == "zh" else "en",
            "start_url": url_for("check.page", lang=language()),
            "scope": url_for("check.page"),
            "display": "standalone",
            "background_color": "#f4f6f9",
            "theme_color": "#0b4ea2",
            "icons": icons,
        }
    )


def _static(name: str, *, versioned: bool = True) -> dict[str, str]:
    url = url_for("static", filename=name, v=static_version()) if versioned else url_for("static", filename=name)
    return {"url": url, "sha256": check_release.digest((check_release.STATIC / name).read_bytes())}


def _part_url(name: str) -> str:
    return url_for("check.part", version=check_release.version(), name=name)


def _settings() -> Settings:
    settings: Settings = current_app.config["LEIZHENG"]
    return settings
