"""The usual way: ``python per_row.py genai_prices|litellm FILE`` prices a Parquet log row by row.

Prints the seconds of the loop alone.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import pyarrow.parquet as pq

COLUMNS = ("provider", "model", "input_tokens", "cache_read_tokens", "output_tokens")
Price = Callable[[str, str, int, int, int], object]


def genai_prices() -> Price:
    """Return a function that prices one request with the package genai-prices."""
    from genai_prices import Usage, calc_price

    def price(provider: str, model: str, prompt: int, cached: int, output: int) -> object:
        usage = Usage(input_tokens=prompt, cache_read_tokens=cached, output_tokens=output)
        return calc_price(usage, model_ref=model, provider_id=provider).total_price

    return price


def litellm() -> Price:
    """Return a function that prices one request with the package litellm, from the prices it ships."""
    from litellm import cost_per_token

    names = {"google": "gemini"}

    def price(provider: str, model: str, prompt: int, cached: int, output: int) -> object:
        return cost_per_token(
            model=model,
            custom_llm_provider=names.get(provider, provider),
            prompt_tokens=prompt,
            cache_read_input_tokens=cached,
            completion_tokens=output,
        )

    return price


def main() -> None:
    """Price every row of the file."""
    price = {"genai_prices": genai_prices, "litellm": litellm}[sys.argv[1]]()
    columns = [column.to_pylist() for column in pq.read_table(sys.argv[2], columns=list(COLUMNS)).columns]
    begin = time.perf_counter()
    for row in zip(*columns, strict=True):
        price(*row)
    print(time.perf_counter() - begin)


if __name__ == "__main__":
    main()
