"""Put what was typed back into the fields of a form that was rendered anew. Pure: HTML and fields go in, HTML comes out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from html.parser import HTMLParser

from markupsafe import Markup, escape

Fields = Iterable[tuple[str, str]]
Attributes = dict[str, str | None]

FRESH = frozenset({"csrf_token", "typed_by", "again", "shown_in"})
"""Hidden fields that belong to the page as it is shown now; what was kept of them is not looked at."""
READ = frozenset({"draft_version", "seen", "accepted_notice", "accepted_facts"})
"""Hidden fields that say what the person had read; they come back as they were, so that the act sees when something else is there now."""
_CHOSEN = frozenset({"checkbox", "radio"})
_PRESSED = frozenset({"submit", "button", "reset", "image", "file", "password"})


def refill(html: str, fields: Fields) -> Markup | None:
    """``html``, the inside of a form, with ``fields`` in it; None when they were typed into another form for the same address."""
    typed: dict[str, list[str]] = {}
    for name, value in fields:
        typed.setdefault(name, []).append(value)
    form = _Form(typed)
    form.feed(html)
    form.close()
    return Markup("".join(form.written)) if form.fits else None  # noqa: S704 - our own template, values escaped


class _Form(HTMLParser):
    """Writes what it reads, with other values in the fields."""

    def __init__(self, typed: dict[str, list[str]]) -> None:
        super().__init__(convert_charrefs=False)
        self.written: list[str] = []
        self.fits = True
        self._typed = typed
        self._left = {name: list(values) for name, values in typed.items()}
        self._buttons: dict[str, set[str]] = {}
        self._select = ""
        self._replaced = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name") or ""
        raw = self.get_starttag_text() or ""
        if tag == "input":
            raw = self._input(given, name, raw)
        elif tag == "button" and name:
            self._buttons.setdefault(name, set()).add(given.get("value") or "")
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select in self._typed:
            raw = _tag(tag, _marked(given, "selected", self._typed[self._select]))
        self.written.append(raw)
        if tag == "textarea" and name in self._left:
            self.written.append(f"\n{escape(self._next(name, ''))}")
            self._replaced = True

    def handle_startendtag(self, _tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        self.written.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        self._replaced = self._replaced and tag != "textarea"
        self._select = "" if tag == "select" else self._select
        self.written.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._replaced:
            self.written.append(data)

    def handle_entityref(self, name: str) -> None:
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.handle_data(f"&#{name};")

    def close(self) -> None:
        super().close()
        pressed = {name: set(self._typed[name]) for name in self._buttons if name in self._typed}
        self.fits = self.fits and all(values <= self._buttons[name] for name, values in pressed.items())

    def _input(self, given: Attributes, name: str, raw: str) -> str:
        kind = given.get("type") or "text"
        if kind == "hidden":
            return self._hidden(given, name, raw)
        if kind == "checkbox" or (kind == "radio" and name in self._typed):
            return _tag("input", _marked(given, "checked", self._typed.get(name, [])))
        if kind in _PRESSED | _CHOSEN or name not in self._left:
            return raw
        value = self._next(name, given.get("value") or "")
        shown = "text" if kind == "date" and not _is_day(value) else kind
        return _tag("input", {**given, "type": shown, "value": value})

    def _hidden(self, given: Attributes, name: str, raw: str) -> str:
        if name in FRESH:
            return raw
        if name in READ and name in self._left:
            return _tag("input", {**given, "value": self._next(name, "")})
        self.fits = self.fits and (given.get("value") or "") in self._typed.get(name, [])
        return raw

    def _next(self, name: str, otherwise: str) -> str:
        """The next value of a name that may stand in the form more than once."""
        values = self._left[name]
        return values.pop(0) if values else otherwise


def _marked(given: Attributes, mark: str, chosen: list[str]) -> Attributes:
    plain = {name: value for name, value in given.items() if name != mark}
    return {**plain, mark: None} if (given.get("value") or "") in chosen else plain


def _tag(tag: str, attributes: Attributes) -> str:
    written = (f" {name}" if value is None else f' {name}="{escape(value)}"' for name, value in attributes.items())
    return f"<{tag}{''.join(written)}>"


def _is_day(text: str) -> bool:
    """Whether a browser shows ``text`` in a field for dates; it would drop anything else."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return text == ""
    return len(text) == 10
