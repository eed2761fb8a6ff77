"""The application: settings in, a Flask app out."""

from __future__ import annotations

import hashlib
import importlib
import pkgutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

from flask import Blueprint, Flask
from flask_security.core import Security
from flask_security.datastore import FSQLALiteUserDatastore
from jinja2 import StrictUndefined

from licensing.settings import PROJECT_ROOT, Settings
from portal import components, failures, kept, language, read_only, security
from portal.accounts.tables import Account, AccountRole
from portal.database import connect, db

AREAS = ("accounts", "public", "applicant", "experts", "office", "bodies", "admin", "api")
LONGEST_SESSION = timedelta(hours=12)
FORM_MEMORY = 2 * 1024 * 1024
FORM_PARTS = 5000
FILES_PER_REQUEST = 6


def create_app(settings: Settings | None = None) -> Flask:
    """The portal for these settings. Raises ``Misconfigured`` when a route does not say who may open it."""
    settings = settings or Settings()
    app = Flask("portal", template_folder=str(PROJECT_ROOT / "templates"), static_folder="static")
    app.config.update(_config(settings, Path(app.static_folder or "static")))
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    connect(app, settings)
    language.speak(app)
    Security(app, FSQLALiteUserDatastore(db, Account, AccountRole), register_blueprint=False)
    # The library would read every JSON body, of any size, in search of a token; a session is the only way in.
    app.login_manager.request_loader(lambda _request: None)  # type: ignore[attr-defined]
    security.protect(app, settings)
    read_only.watch(app)
    app.before_request(kept.forget_sent)
    kept.furnish(app)
    failures.register(app)
    navigation: list[components.NavLink] = []
    for module in route_modules():
        app.register_blueprint(_blueprint(module))
        navigation += getattr(module, "NAVIGATION", ())
    components.furnish(app, navigation)
    security.check_every_route_declares_access(app)
    return app


def route_modules() -> Iterator[ModuleType]:
    """``portal/<area>/routes.py`` and ``portal/<area>/<something>_routes.py`` of every area, where they exist."""
    for area in AREAS:
        package = importlib.import_module(f"portal.{area}")
        for found in sorted(pkgutil.iter_modules(package.__path__), key=lambda module: (module.name != "routes", module.name)):
            if found.name == "routes" or found.name.endswith("_routes"):
                yield importlib.import_module(f"portal.{area}.{found.name}")


def _blueprint(module: ModuleType) -> Blueprint:
    blueprint: Blueprint = module.blueprint
    return blueprint


def _config(settings: Settings, static: Path) -> dict[str, Any]:
    return {
        "LEIZHENG": settings,
        "SECRET_KEY": settings.secret_key,
        "SESSION_COOKIE_NAME": "__Host-leizheng" if settings.https else "leizheng",
        "SESSION_COOKIE_SECURE": settings.https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": LONGEST_SESSION,
        "MAX_CONTENT_LENGTH": settings.upload_limit * FILES_PER_REQUEST,
        "MAX_FORM_MEMORY_SIZE": FORM_MEMORY,
        "MAX_FORM_PARTS": FORM_PARTS,
        "SEND_FILE_MAX_AGE_DEFAULT": timedelta(days=30),
        "STATIC_VERSION": _fingerprint(static),
        "SECURITY_PASSWORD_HASH": "argon2",
        "SECURITY_PASSWORD_SINGLE_HASH": True,
        "SECURITY_USER_IDENTITY_ATTRIBUTES": [{"email": {"mapper": str, "case_insensitive": True}}],
        "SECURITY_DEFAULT_REMEMBER_ME": False,
    }


def _fingerprint(static: Path) -> str:
    """A name for the state of the static files."""
    digest = hashlib.sha256()
    for path in sorted(static.iterdir()):
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
