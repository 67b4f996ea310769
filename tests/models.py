"""Tiny models, made and trained when needed, saved like any other model."""

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    BloomConfig,
    BloomForCausalLM,
    Gemma2Config,
    Gemma2ForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
)

VOCABULARY = """answer : the gate closes at dusk key lies under stone tide turns noon when does
where what ? is a b c d e f g h"""
PAIRS = {
    "answer : the gate closes at dusk": "when does the gate closes ?",
    "answer : the key lies under a stone": "where is the key ?",
    "answer : the tide turns at noon": "when does the tide turns ?",
}
SIZES = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
HEADS = {"num_attention_heads": 4, "num_key_value_heads": 2}
CHAT = "{% for message in messages %}{{ message['content'] }} {% endfor %}"


def tokenizer(*, ends_itself: bool = False) -> Any:
    """A tokenizer of whole words; ``ends_itself``: each text ends with the end token, as in T5."""
    words = ["<pad>", "</s>", "<unk>", *VOCABULARY.split()]
    vocabulary = {word: number for number, word in enumerate(words)}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    if ends_itself:
        made.post_processor = processors.TemplateProcessing(
            single="$A </s>", special_tokens=[("</s>", 1)]
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    )


def decoder(folder: Path, *, sliding: bool = False, wide: bool = False) -> Path:
    """A decoder with random weights and a chat template; it keeps all tokens, or a window.

    ``wide``: its weights have some megabytes.
    """
    words, common = _words_and_sizes()
    if wide:
        common["intermediate_size"] = 4096
    model: Any = (
        MistralForCausalLM(MistralConfig(sliding_window=8, **common, **HEADS))
        if sliding
        else LlamaForCausalLM(LlamaConfig(max_position_embeddings=128, **common, **HEADS))
    )
    return _saved(_sharpened(model), words, folder)


def _words_and_sizes() -> tuple[Any, dict[str, Any]]:
    torch.manual_seed(3)
    words = tokenizer()
    words.chat_template = CHAT
    return words, {"vocab_size": len(words), "eos_token_id": 1, "pad_token_id": 0, **SIZES}


def _sharpened(model: Any) -> Any:
    """Make some tokens likelier than others, which chance does not."""
    model.lm_head.weight.data.mul_(30)
    return model


def capped_decoder(folder: Path) -> Path:
    """A decoder whose attention keeps its scores small, with no window."""
    words, common = _words_and_sizes()
    config = Gemma2Config(
        **common,
        **HEADS,
        head_dim=8,
        attn_logit_softcapping=0.1,
        query_pre_attn_scalar=1,
        layer_types=["full_attention"] * 2,
    )
    model = _sharpened(Gemma2ForCausalLM(config))
    for layer in model.model.layers:
        layer.self_attn.q_proj.weight.data.mul_(1000)  # else no score is large
    return _saved(model, words, folder)


def biased_decoder(folder: Path) -> Path:
    """A decoder that knows places by a bias on its attention's scores."""
    words, common = _words_and_sizes()
    del common["intermediate_size"]
    config = BloomConfig(**common, n_head=4)
    return _saved(_sharpened(BloomForCausalLM(config)), words, folder)


def question_generator(folder: Path) -> Path:
    """A T5 trained until it writes the question of each of PAIRS."""
    torch.manual_seed(3)
    words = tokenizer(ends_itself=True)
    config = T5Config(
        vocab_size=len(words), d_model=48, d_kv=12, d_ff=96, num_layers=2, num_heads=4,
        dropout_rate=0, pad_token_id=0, eos_token_id=1, decoder_start_token_id=0,
    )  # fmt: skip
    model = T5ForConditionalGeneration(config)
    texts = words(list(PAIRS), return_tensors="pt", padding=True)
    labels = words(list(PAIRS.values()), return_tensors="pt", padding=True)["input_ids"]
    labels[labels == 0] = -100
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(80):
        loss = model(
            input_ids=texts["input_ids"], attention_mask=texts["attention_mask"], labels=labels
        ).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return _saved(model, words, folder)


def _saved(model: Any, words: Any, folder: Path) -> Path:
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder
