"""Fields go back into the form from which they came, and into no other; everything else stays as it was written."""

from __future__ import annotations

import pytest
from portal_tools import parse

from portal.refill import refill

FORM = """<p class="hint" id="a-hint">1 &lt; 2 &amp; &#39;so&#39;<br></p><svg viewBox="0 0 1 1"><path d="M0 0"/></svg>
<input type="hidden" name="act" value="object"><input type="hidden" name="seen" value="7">
<input id="name" name="name" type="text" value="old"><input name="day" type="date" value=""><input name="day" type="date" value="">
<input type="checkbox" name="tick" value="1" checked><input type="checkbox" name="tick" value="2">
<input type="radio" name="one" value="a" checked><input type="radio" name="one" value="b">
<select name="place"><option value="">-</option><option value="n" selected>N</option><option value="s">S</option></select>
<textarea name="text" rows="2">
old &amp; gone</textarea><input type="password" name="secret"><input type="file" name="files">
<button name="do" value="send">Send</button>"""
SENT = [("act", "object"), ("seen", "6"), ("name", '"><b>'), ("day", "2026-03-02"), ("day", "soon"), ("tick", "2"), ("one", "b")]


def test_every_kind_of_field_holds_what_was_typed() -> None:
    filled = refill(FORM, [*SENT, ("place", "s"), ("text", "</textarea><b>"), ("secret", "x"), ("do", "send")])
    assert filled is not None
    tree = parse(str(filled))
    inputs = [(node.get("name"), node.get("type"), node.get("value"), node.get("checked") is not None) for node in tree.iter("input")]
    assert inputs == [
        ("act", "hidden", "object", False),
        ("seen", "hidden", "6", False),
        ("name", "text", '"><b>', False),
        ("day", "date", "2026-03-02", False),
        ("day", "text", "soon", False),
        ("tick", "checkbox", "1", False),
        ("tick", "checkbox", "2", True),
        ("one", "radio", "a", False),
        ("one", "radio", "b", True),
        ("secret", "password", None, False),
        ("files", "file", None, False),
    ]
    assert [option.get("value") for option in tree.iter("option") if option.get("selected") is not None] == ["s"]
    assert [area.text for area in tree.iter("textarea")] == ["</textarea><b>"]
    assert list(tree.iter("b")) == [], "what was typed is text"


def test_what_is_no_field_stays_as_it_was_written() -> None:
    filled = refill(FORM, [("act", "object"), ("seen", "7"), ("tick", "1")])
    assert filled == FORM


@pytest.mark.parametrize("other", [("act", "repair"), ("do", "delete")])
def test_another_form_for_the_same_address_is_left_alone(other: tuple[str, str]) -> None:
    assert refill(FORM, [*(pair for pair in SENT if pair[0] != other[0]), other]) is None
