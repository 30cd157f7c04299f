"""One line of the table: what was measured, against what, and whether that is good enough."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Budget:
    """The floor is what must be kept, the aim what is worth working for."""

    floor: float
    aim: float
    unit: str
    more_is_better: bool = False

    def verdict(self, value: float) -> str:
        if self._keeps(value, self.aim):
            return "aim met"
        return "floor met" if self._keeps(value, self.floor) else "MISSED"

    @property
    def text(self) -> str:
        sign = "≥" if self.more_is_better else "≤"
        return f"{sign} {quantity(self.floor, self.unit)} / {quantity(self.aim, self.unit)}"

    def _keeps(self, value: float, limit: float) -> bool:
        return value >= limit if self.more_is_better else value <= limit


@dataclass(frozen=True)
class Row:
    """`judged` is what the budget is about; a row without a budget is there to be known."""

    name: str
    measured: str
    baseline: str = ""
    ratio: float | None = None
    judged: float | None = None
    budget: Budget | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        return (
            self.name,
            self.measured,
            self.baseline,
            "" if self.ratio is None else quantity(self.ratio, "x"),
            self.budget.text if self.budget else "",
            self.verdict,
        )

    @property
    def verdict(self) -> str:
        if self.budget is None or self.judged is None:
            return ""
        return self.budget.verdict(self.judged)


def compare(name: str, measured: float, baseline: float, against: str, budget: Budget | None = None) -> Row:
    """Return a row about how many times as long (seconds) something takes as something else."""
    ratio = measured / baseline
    return Row(
        name,
        milliseconds(measured),
        f"{milliseconds(baseline)} {against}",
        ratio,
        judged=ratio,
        budget=budget,
    )


def milliseconds(seconds: float) -> str:
    return quantity(seconds * 1000, "ms")


def quantity(number: float, unit: str) -> str:
    """Three figures are as many as a noisy machine can give."""
    shown = f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"
    return f"{shown}x" if unit == "x" else f"{shown} {unit}".strip()
