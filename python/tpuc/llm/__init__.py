"""Language models: from a checkpoint to a .bmodel, and conversations with it."""

from __future__ import annotations

from tpuc.llm.build import build_llm
from tpuc.llm.chat import Chat, Speed
from tpuc.llm.options import LlmOptions

__all__ = ["Chat", "LlmOptions", "Speed", "build_llm"]
