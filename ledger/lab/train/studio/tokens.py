"""The studio's tokeniser: byte-pair encoding like CLIP's, trained on the captions."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import CLIPTokenizer

LENGTH = 24
"""Tokens of a prompt with start and end; longer prompts are cut."""
_PIECES = 3000
_START, _END = "<|startoftext|>", "<|endoftext|>"


def new_tokenizer(captions: Iterable[str]) -> Any:
    """A CLIPTokenizer whose tokens are the frequent pieces of `captions`."""
    learner = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    learner.normalizer = normalizers.Lowercase()
    learner.pre_tokenizer = pre_tokenizers.Split(Regex("[a-z]+|[0-9]"), "removed", invert=True)
    letters = [chr(code) for code in range(33, 127)]
    trainer = trainers.BpeTrainer(
        vocab_size=_PIECES - 2 - 2 * len(letters),
        min_frequency=2,
        initial_alphabet=letters,
        end_of_word_suffix="</w>",
        show_progress=False,
    )
    learner.train_from_iterator(captions, trainer)
    model = json.loads(learner.to_str())["model"]
    pieces = [*letters, *(f"{letter}</w>" for letter in letters)]
    merges = [tuple(merge) if isinstance(merge, list) else tuple(merge.split(" ")) for merge in model["merges"]]
    pieces = list(dict.fromkeys([*pieces, *sorted(model["vocab"], key=model["vocab"].get)]))
    vocabulary = {piece: place for place, piece in enumerate([*pieces, _START, _END])}
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=LENGTH)
