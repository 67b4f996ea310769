"""Servers with OpenAI's API: those that people use, and those that run on this machine."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx2

from qareview.backends import ModelUnavailable, Told, patience
from qareview.backends.openai import decrypted_key

LIST_SECONDS = 5.0  # that a server has to list its models; chosen; nobody measured
LOOK_SECONDS = 1.0  # the same on this machine, where nothing is far; chosen; nobody measured


@dataclass(frozen=True)
class Preset:
    """An address that people use; ``keys_at`` is where its key is made, empty if it needs none."""

    code: str
    name: str
    url: str
    keys_at: str = ""


SERVICES = (
    Preset("openai", "OpenAI", "https://api.openai.com/v1", "platform.openai.com/api-keys"),
    Preset(
        "anthropic",
        "Anthropic",
        "https://api.anthropic.com/v1",
        "platform.claude.com/settings/keys",
    ),
    Preset(
        "gemini",
        "Google Gemini",  # not translated: a name
        "https://generativelanguage.googleapis.com/v1beta/openai",
        "aistudio.google.com/apikey",
    ),
    Preset("mistral", "Mistral", "https://api.mistral.ai/v1", "console.mistral.ai/api-keys"),
    Preset("deepseek", "DeepSeek", "https://api.deepseek.com/v1", "platform.deepseek.com/api_keys"),
    Preset("groq", "Groq", "https://api.groq.com/openai/v1", "console.groq.com/keys"),
    Preset(
        "together", "Together", "https://api.together.xyz/v1", "api.together.ai/settings/api-keys"
    ),
    Preset("openrouter", "OpenRouter", "https://openrouter.ai/api/v1", "openrouter.ai/keys"),
)
LOCAL = (
    Preset("ollama", "Ollama", "http://127.0.0.1:11434/v1"),
    Preset("llama-cpp", "llama.cpp", "http://127.0.0.1:8080/v1"),
    Preset("vllm", "vLLM", "http://127.0.0.1:8000/v1"),
    Preset("lm-studio", "LM Studio", "http://127.0.0.1:1234/v1"),
)
PRESETS = {preset.code: preset for preset in (*SERVICES, *LOCAL)}


@dataclass(frozen=True)
class Found:
    """A server that runs on this machine, and the names of its models."""

    preset: Preset
    models: list[str]


def look_here(presets: tuple[Preset, ...]) -> list[Found]:
    """Return the servers of ``presets`` that answer with the names of their models."""
    with ThreadPoolExecutor(len(presets)) as pool:
        served = list(pool.map(_names_here, presets))
    return [Found(preset, names) for preset, names in zip(presets, served, strict=True) if names]


def _names_here(preset: Preset) -> list[str] | None:
    return names_at(preset.url, "", LOOK_SECONDS, is_here=True)


def served_by(options: dict[str, Any]) -> list[str] | None:
    """Return the names of the models at a model's server; None if it does not list them."""
    url, encrypted = options["url"], options.get("encrypted_key", "")
    try:
        return names_at(url, decrypted_key(url, encrypted) if encrypted else "", LIST_SECONDS)
    except ModelUnavailable:
        return None


def names_at(url: str, key: str, seconds: float, *, is_here: bool = False) -> list[str] | None:
    """Return the names of the models at an address; None if nobody there lists models.

    A server on this machine is asked without the proxy that the environment may name.
    """
    headers = {"Authorization": f"Bearer {key}"} if key else {}  # not translated: a header

    def ask(_: Told) -> httpx2.Response:
        with patience.client(seconds, is_here=is_here) as client:
            return client.get(f"{url}/models", headers=headers)

    try:
        answer = patience.ask_apart(ask, seconds=seconds)
        listed = answer.json() if answer.status_code == 200 else None
        return [str(model["id"]) for model in listed["data"]] if listed else None
    except (httpx2.HTTPError, TimeoutError, ValueError, TypeError, KeyError):
        return None
