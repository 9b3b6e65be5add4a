"""Secrets and personal data in what a log says: shown as a mark that tells one from another, never as they are.

API keys get into logs as models or tags, addresses as users, cards as order numbers. Whatever is shown passes here.
"""

from __future__ import annotations

import hashlib
import re

_SHORTEST = len("a@b.de")
_SHORTEST_SECRET = 13
_DIGEST_SHOWN = 6
_SHOWN = "\u2039redacted:{}\u203a"  # in single angle quotes, which no format escapes
_BEFORE, _AFTER = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"

# Beginnings that their makers promise, then enough signs that no name of a model or a task is meant.
_KEYS = (
    # OpenAI, Anthropic, OpenRouter, LiteLLM, Langfuse, Stripe
    r"(?:sk|rk)[-_](?:[A-Za-z0-9]{1,20}[-_]){0,6}(?=[A-Za-z]*[0-9]|[A-Za-z]{20})[A-Za-z0-9]{10,}[\w-]*",
    r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}",  # AWS
    r"ABSK[A-Za-z0-9+/]{20,}=*",  # Bedrock
    r"gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{20,}|glpat-[\w-]{16,}",
    r"xox[a-z]-[\w-]{10,}|xapp-[\w-]{16,}",  # Slack
    r"AIza[\w-]{20,}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{16,}",  # Google
    r"hf_[A-Za-z0-9]{20,}|gsk_[A-Za-z0-9]{20,}|r8_[A-Za-z0-9]{20,}|npm_[A-Za-z0-9]{30,}",
    r"(?:xai|pplx|nvapi|tvly|fw)[-_][A-Za-z0-9_-]{20,}",
    r"eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*",  # JSON web tokens
)
_STATED = (
    r"(?:bearer|api[-_ ]?key|apikey|access[-_ ]?key|secret|token|passw(?:or)?d|key)"
    r"(?:[-_ ]?(?:id|key))?[\"']?[-_=: ]{1,3}[\"']?"
    r"(?:(?=[A-Za-z+/]*[0-9])[A-Za-z0-9+/]{20,}={0,2})"
)
_URL_PASSWORD = r"(?<=://)[^\s/@:]+:[^\s/@]+(?=@)"  # noqa: S105 - a pattern
_ADDRESS = r"(?<![\w.%+-])[\w.%+-]+(?:@|%40)[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}"
# Card numbers begin with 2 to 6, and stand in one piece or in groups: dates and counts do neither.
_CARD = (
    r"(?<![A-Za-z0-9])(?<![0-9][ .-])(?P<card>[2-6][0-9]{12,18}|[2-6][0-9]{3}(?:(?P<gap>[ -])[0-9]{3,7})"
    r"(?:(?P=gap)[0-9]{1,7}){1,3})(?![A-Za-z0-9])(?![ .-][0-9])"
)
_SECRET = re.compile(
    f"{_BEFORE}(?:{'|'.join(_KEYS)})|{_BEFORE}(?i:{_STATED}){_AFTER}|{_URL_PASSWORD}|{_ADDRESS}|{_CARD}"
)
_CARD_DIGITS = range(13, 20)


def redacted(text: str) -> str:
    """Return `text` with keys, e-mail addresses and card numbers replaced by a mark with a digest of each."""
    if len(text) < _SHORTEST or (len(text) < _SHORTEST_SECRET and "@" not in text):
        return text
    return _SECRET.sub(_mark, text)


def _mark(match: re.Match[str]) -> str:
    found = match.group()
    if match["card"] is not None and not _is_card(found):
        return found
    digest = hashlib.sha256(found.encode("utf-8", "surrogatepass")).hexdigest()
    return _SHOWN.format(digest[:_DIGEST_SHOWN])


def _is_card(text: str) -> bool:
    """Return whether the digits are as many as a card has, and their last one checks them (Luhn)."""
    digits = [int(sign) for sign in text if sign.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return len(digits) in _CARD_DIGITS and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
