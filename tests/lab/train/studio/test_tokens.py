"""The tokeniser: CLIP's kind, pieces from the captions, the same after saving."""

from __future__ import annotations

from pathlib import Path

from transformers import CLIPTokenizer

from ledger.lab.train.studio.tokens import LENGTH, new_tokenizer

CAPTIONS = ["a red car", "red car", "a yellow flower", "flower, red"] * 5


def test_frequent_words_are_one_piece_and_any_word_has_pieces() -> None:
    tokenizer = new_tokenizer(CAPTIONS)
    assert tokenizer.tokenize("A red car") == ["a</w>", "red</w>", "car</w>"]
    unknown = tokenizer.convert_ids_to_tokens(tokenizer("zebra!").input_ids)
    assert unknown[0] == "<|startoftext|>"
    assert unknown[-1] == "<|endoftext|>"
    assert "".join(unknown[1:-1]).replace("</w>", "") == "zebra!"


def test_saved_and_loaded_it_says_the_same(tmp_path: Path) -> None:
    tokenizer = new_tokenizer(CAPTIONS)
    tokenizer.save_pretrained(tmp_path)
    loaded = CLIPTokenizer.from_pretrained(tmp_path)
    assert loaded.model_max_length == LENGTH
    for text in (*CAPTIONS, "", "an unheard-of thing", "red " * 60):
        assert loaded(text).input_ids == tokenizer(text).input_ids
