"""How long the file of a case is kept, as data. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict

from licensing.catalogue.parts import STRICT


@dataclass(frozen=True, slots=True)
class Period:
    """A retention period 保管期限; its code stands in the number of every file that is kept so long."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    code: str
    name: str
    english_name: str


@dataclass(frozen=True, slots=True)
class Retention:
    """The periods, which of them each end of a case has, and how a file is numbered.

    A letter that nobody opened keeps the file of its case open for ``undelivered_days`` calendar days.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    number_pattern: str
    undelivered_days: int
    period: tuple[Period, ...]
    outcomes: Mapping[str, str]

    def period_of(self, outcome: str) -> Period:
        """How long the file of a case that ended so is kept."""
        return self.period_called(self.outcomes[outcome])

    def period_called(self, code: str) -> Period:
        """The period with this code."""
        return next(period for period in self.period if period.code == code)
