"""The web: parse, authorise, one call into ``licensing``, render. ``portal.app.create_app`` puts it together."""
