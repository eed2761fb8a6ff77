"""The application object that a WSGI server asks for: ``portal.wsgi:app``."""

from __future__ import annotations

from licensing.settings import Settings
from licensing.trust import checkpoints
from portal.app import create_app

_settings = Settings()
app = create_app(_settings)
checkpoints.learn(_settings)
