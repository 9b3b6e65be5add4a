"""Provider names: the catalogue's own, and the spellings that logs and people use for them."""

from __future__ import annotations

_ALIASES = {
    "xai": "x-ai", "x_ai": "x-ai", "grok": "x-ai",
    "bedrock": "aws", "amazon": "aws", "amazon-bedrock": "aws", "aws-bedrock": "aws", "aws_bedrock": "aws",
    "bedrock_converse": "aws",
    "vertex": "google", "vertex_ai": "google", "vertex-ai": "google", "vertexai": "google", "gemini": "google",
    "google-vertex": "google", "google_vertex": "google", "google_ai_studio": "google", "google-genai": "google",
    "azure_openai": "azure", "azure-openai": "azure", "azure_ai": "azure", "azureopenai": "azure",
    "claude": "anthropic", "mistralai": "mistral", "mistral-ai": "mistral", "mistral_ai": "mistral",
    "fireworks_ai": "fireworks", "fireworks-ai": "fireworks", "together_ai": "together", "togetherai": "together",
    "open-router": "openrouter", "open_router": "openrouter", "moonshot": "moonshotai", "moonshot-ai": "moonshotai",
}  # fmt: skip


def canonical_provider(name: str) -> str:
    """Return the catalogue's name of a provider: ``xai`` is ``x-ai``; an unknown name only in lower case."""
    lowered = name.strip().lower()
    return _ALIASES.get(lowered, lowered)
