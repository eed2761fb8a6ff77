"""The one engine that the portal and ``licensing`` share."""

from __future__ import annotations

from flask import Flask
from flask_sqlalchemy_lite import SQLAlchemy

from licensing.settings import Settings
from licensing.storage import Storage, engine_options, open_storage, tune
from licensing.storage.engine import READ_ONLY

db = SQLAlchemy()


def connect(app: Flask, settings: Settings) -> Storage:
    """Give ``app`` its engine, tuned for durability, and hand the same engine to ``licensing``.

    ``db.session`` only reads: on SQLite a writing session would hold the lock that a unit of work of the same request needs.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    app.config["SQLALCHEMY_ENGINES"] = {"default": {"url": settings.database_url, **engine_options(settings.database_url)}}
    db.init_app(app)
    with app.app_context():
        engine = tune(db.engine)
        db.sessionmaker.configure(bind=engine.execution_options(**{READ_ONLY: True}), autoflush=False)
    return open_storage(settings, engine)
