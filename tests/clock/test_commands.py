"""The explanation as text, as JSON and on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from licensing.clock import LIMITS, as_json, as_lines, explain, load_calendar, parse_day, parse_stop
from licensing.commands.deadlines import explain_deadline
from licensing.errors import Invalid


@pytest.fixture(autouse=True)
def nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEIZHENG_HOME", str(tmp_path / "var"))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(explain_deadline, list(arguments))


def test_text_names_every_run_of_days_and_ends_with_the_date() -> None:
    result = run("--from", "2025-01-20", "--limit", "t3")
    lines = result.output.splitlines()
    assert result.exit_code == 0
    assert lines[0] == "T3 · Decide on the design review: 10 working days"
    assert any(line.startswith("2025-01-28 – 2025-02-04  ·  Public holiday: Spring Festival.") for line in lines)
    assert lines[-1] == "2025-02-08: 10 working days after 2025-01-20."


def test_json_carries_the_same_date_as_its_last_step() -> None:
    result = run("--from", "2025-03-03", "--limit", "T3", "--stop", "2025-03-10:2025-03-14", "--extension", "2", "--json")
    told = json.loads(result.output)
    assert (told["due"], told["provisional"], told["caution"]) == ("2025-03-26", False, None)
    assert told["steps"][-1] == {
        "date": "2025-03-26",
        "counts": True,
        "ordinal": 12,
        "why": "A working day of the extension.",
        "source": "《行政许可法》第四十二条",
    }
    assert told["limit"]["unit"] == "working_days"
    assert told["summary"] == "2025-03-26: 10 working days after 2025-03-03, extended by 2 working days."


def test_a_standing_clock_and_an_unpublished_year_are_said() -> None:
    standing = run("--from", "2025-03-03", "--limit", "T3", "--stop", "2025-03-10:")
    assert "There is no date yet: the clock stands." in standing.output
    assert "may change when the State Council publishes" in run("--from", "2027-03-03", "--limit", "T3").output
    assert "before 2026-05-31" in run("--from", "2026-05-31", "--limit", "T10").output


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--from", "yesterday", "--limit", "T3"], "date-unreadable"),
        (["--from", "2025-02-30", "--limit", "T3"], "date-unreadable"),
        (["--from", "2025-01-20", "--limit", "T99"], "limit-unknown"),
        (["--from", "2025-01-20", "--limit", ""], "limit-unknown"),
        (["--from", "2025-01-20", "--limit", "T3", "--stop", "2025-01-21"], "stop-unreadable"),
        (["--from", "2025-01-20", "--limit", "T3", "--stop", "2025-01-21:2025-01-20"], "stop-reversed"),
        (["--from", "2025-01-20", "--limit", "T13"], "limit-not-counted"),
    ],
)
def test_bad_input_is_one_sentence_a_code_and_exit_2(arguments: list[str], code: str) -> None:
    plain, data = run(*arguments), run(*arguments, "--json")
    assert (plain.exit_code, data.exit_code) == (2, 2)
    assert f"[{code}]" in plain.stderr
    assert plain.stdout == ""
    assert json.loads(data.stdout)["error"]["code"] == code


def test_a_terminal_gets_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "160")
    output = run("--from", "2026-12-25", "--limit", "T3").output
    assert "┃" in output
    assert "Decide on the design review" in output
    assert "This date may change" in output


def test_a_stop_is_read_with_both_days() -> None:
    stop = parse_stop(" 2025-01-20 : 2025-01-24 ")
    assert (str(stop.first), str(stop.last)) == ("2025-01-20", "2025-01-24")
    assert parse_stop("2025-01-20:").last is None
    with pytest.raises(Invalid):
        parse_stop(":2025-01-24")


def test_words_can_be_translated() -> None:
    explanation = explain(parse_day("2025-01-27"), LIMITS["T1"], load_calendar())
    words = {"Public holiday: %(holiday)s.": "节假日:%(holiday)s。", "Spring Festival": "春节"}
    told = as_json(explanation, lambda text: words.get(text, text))
    assert told["spans"][1]["why"] == "节假日:春节。"
    assert any("节假日:春节。" in line for line in as_lines(explanation, lambda text: words.get(text, text)))
