"""Outcomes: which models answered which questions right, and what a choice among them can reach.

A router is worth what it does better than a coin. So beside the best and the worst model stand the oracle, who asks for
each question a model that answers it right, and the random split, which reaches a quality by asking the strong model
for a share of the questions, whichever they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple


class Answer(NamedTuple):
    """Whether a model answered a question right, and the task of the question where it is known."""

    question: str
    model: str
    correct: bool
    task: str | None = None


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Questions that all `models` answered, counted by task and by who was right (in the order of `models`).

    `left_out` counts questions that some model did not answer: they would compare models on different questions.
    """

    models: tuple[str, ...]
    counts: Mapping[tuple[str | None, tuple[bool, ...]], int]
    left_out: int = 0

    @property
    def questions(self) -> int:
        """Return how many questions all models answered."""
        return sum(self.counts.values())

    @property
    def tasks(self) -> frozenset[str]:
        """Return the tasks that questions name."""
        return frozenset(task for task, _ in self.counts if task is not None)

    def quality(self, model: str, task: str | None = None) -> Fraction:
        """Return the share of questions (of a task, or all) that a model answered right."""
        at = self.models.index(model)
        return self._share(task, lambda right: right[at])

    def oracle(self, task: str | None = None) -> Fraction:
        """Return the share of questions that some model answered right."""
        return self._share(task, any)

    def gain(self, weak: str, strong: str) -> Fraction:
        """Return the share of questions that the strong model answers right and the weak one does not."""
        low, high = self.models.index(weak), self.models.index(strong)
        return self._share(None, lambda right: right[high] and not right[low])

    def _share(self, task: str | None, counts: Callable[[tuple[bool, ...]], bool]) -> Fraction:
        asked = [(right, number) for (of, right), number in self.counts.items() if task is None or of == task]
        return Fraction(sum(number for right, number in asked if counts(right)), sum(number for _, number in asked))

    @property
    def strong(self) -> str:
        """Return the model that answers most questions right, the first of equal ones."""
        return max(self.models, key=self.quality)

    @property
    def weak(self) -> str:
        """Return the model that answers fewest questions right, the last of equal ones."""
        return min(reversed(self.models), key=self.quality)


def outcomes(answers: Iterable[Answer]) -> Outcomes:
    """Return the outcomes of answers; ValueError where a model answers a question twice, or none is left."""
    by_question: dict[str, dict[str, bool]] = {}
    tasks: dict[str, str | None] = {}
    for answer in answers:
        given = by_question.setdefault(answer.question, {})
        if answer.model in given:
            raise ValueError(f"{answer.model} answers {answer.question!r} twice")
        given[answer.model] = answer.correct
        tasks.setdefault(answer.question, answer.task)
    models = tuple(dict.fromkeys(model for given in by_question.values() for model in given))
    complete = {question: given for question, given in by_question.items() if len(given) == len(models)}
    if not complete:
        raise ValueError("no question is answered by all models")
    found = Counter((tasks[question], tuple(given[model] for model in models)) for question, given in complete.items())
    return Outcomes(models, dict(found), len(by_question) - len(complete))


class Option(NamedTuple):
    """Something that answers questions, its quality (a share of them) and what it costs in US dollars."""

    name: str
    quality: Fraction
    cost_usd: Fraction


def cheapest_reaching(options: Iterable[Option], quality: Fraction) -> Option | None:
    """Return the cheapest option that reaches a quality, the better of equally cheap ones; None where none does."""
    able = [option for option in options if option.quality >= quality]
    return min(able, key=lambda option: (option.cost_usd, -option.quality, option.name), default=None)


def random_share(quality: Fraction, weak: Fraction, strong: Fraction) -> Fraction | None:
    """Return which share of requests must go to the strong model, whichever they are, to reach a quality.

    None where the strong model itself does not reach it.
    """
    if quality <= weak:
        return Fraction(0)
    return (quality - weak) / (strong - weak) if quality <= strong else None


def oracle_share(found: Outcomes, weak: str, strong: str, quality: Fraction) -> Fraction | None:
    """Return the least share of questions for which the strong model must be asked to reach a quality.

    The weak model answers the others: the oracle asks the strong one only where that alone is right. None where even
    that does not reach it.
    """
    missing = max(quality - found.quality(weak), Fraction(0))
    return missing if missing <= found.gain(weak, strong) else None
