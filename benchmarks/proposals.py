"""The policies that the benchmark replays, written beside its logs."""

from __future__ import annotations

from pathlib import Path

ONE = """\
policy: 1
name: bench
rules:
  - {name: short, when: task == 'intent' and input_tokens < 2000, route: openai/gpt-4o-mini}
  - {name: extraction, when: task == 'entity', route: {cheapest: [google/gemini-2.5-flash, openai/gpt-4o-mini]}}
  - {name: canary, when: task == 'sentiment', split: {openai/gpt-4o-mini: 80, as_logged: 20}}
otherwise: as_logged
require: {context: true}
"""
# Each asks for its own threshold, of the prompt or of the answer, and for its own user.
_MANY = """\
policy: 1
name: bench-{number:03d}
rules:
  - {{name: one-user, when: user == 'user-{number:04d}', route: openai/gpt-4o-mini}}
  - {{name: short, when: {field} < {threshold}, route: google/gemini-2.5-flash}}
otherwise: as_logged
"""


def write(folder: Path) -> tuple[Path, list[Path]]:
    """Write the one policy and the hundred, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    one = folder / "bench.yaml"
    one.write_text(ONE, encoding="utf-8")
    many = []
    for number in range(100):
        field, step = ("input_tokens", 80) if number % 2 else ("output_tokens", 16)
        path = folder / f"bench-{number:03d}.yaml"
        path.write_text(_MANY.format(number=number, field=field, threshold=step * (number // 2 + 1)), encoding="utf-8")
        many.append(path)
    return one, many
