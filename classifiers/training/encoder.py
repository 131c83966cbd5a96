r"""Makes the bilingual encoder that ships, the same from the same data and seed, in about an hour on two cores.

    python -m classifiers.training.encoder --data ../shared/data --out classifiers/models/encoder --seed 7

Two lessons.  In the first, MiniLM learns the questions from the open English sets.  Then its
vocabulary is made bilingual, and it learns from those sets again, in English and with Welsh words
in them, from our own threads in both languages, and from what keeps it honest: everyday Welsh and
English that is nobody's abuse.  Throughout, the embedding is held to the base model's vector of
the English side, so that a comment and its rendering lie together.

Threads are held out whole.  The lines that turn logits and cues into probabilities are fitted on
them.  Needs the extra `train`; reading needs onnxruntime and transformers.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import torch
from transformers import AutoTokenizer, BertConfig, BertModel, PreTrainedTokenizerFast

from classifiers.encoder import HEADS
from classifiers.offensive import listed, open_lexicon
from classifiers.radicals import shown
from classifiers.text import folded, prepared
from classifiers.training import dressing, pieces
from classifiers.training.examples import Example, authored, beginnings, english, joined, templates
from classifiers.training.network import Lesson, Network, base_folder, learn, read, trunk_from
from classifiers.training.seasoning import council_rows, swapped_rows

AUTHORED = Path(__file__).parent / "authored"
NEVER_FOR_WHO_ONE_IS = tuple(set(HEADS) - {"needs_response", "complaint", "foi_request", "negative"})
HELD_OUT = 8
"""One thread in so many is kept for validation."""
WELSH = ("cy_commonvoice_cc0", "cy_covost_cc0", "cy_tagiedig_cc0", "cy_ud_train")
VOCABULARY, WELSH_PIECES, RARE_EMOJI = 31_000, 9_000, 3


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of everything; the defaults made the model that ships."""

    english_epochs: float = 2.0
    bilingual_epochs: float = 1.0
    english_rate: float = 1.3e-4
    bilingual_rate: float = 1.2e-4
    joined: int = 9_000
    authored_times: int = 5
    replay: int = 95_000
    switched: int = 20_000
    templates: int = 1_800
    last_epochs: float = 1.0
    last_rate: float = 6e-5
    last_replay: int = 20_000
    neutral: int = 4_000
    targets: int = 30_000


Say = Callable[..., None]


def kept_apart(group: str) -> bool:
    """Whether a thread is for validation: by its name, so that a new thread moves no other."""
    return crc32(group.encode()) % HELD_OUT == 0


def answers_of(examples: Sequence[Example]) -> tuple[Any, Any]:
    """Answers (nan: open) and weights, one row an example, one column a head.

    What is rare in our threads weighs more where it stands, or nobody in despair would be heard among so many bins.
    """
    ours = [each for each in examples if each.source.startswith("authored")]
    rare = {
        head: min(3.0, max(1.0, (len(ours) / max(1, sum(each.answers.get(head, 0) for each in ours))) ** 0.5))
        for head in HEADS
    }
    answers = np.full((len(examples), len(HEADS)), np.nan, dtype=np.float32)
    weights = np.empty((len(examples), len(HEADS)), dtype=np.float32)
    for at, example in enumerate(examples):
        weights[at] = example.weight
        for head, answer in example.answers.items():
            answers[at, HEADS.index(head)] = answer
            if answer and example.source.startswith("authored"):
                weights[at, HEADS.index(head)] *= rare[head]
    return answers, weights


def with_profanity(examples: Sequence[Example]) -> list[Example]:
    """The open sets do not mark swearing; our list does, where nobody else has."""
    lexicon = open_lexicon()
    return [
        example
        if "profanity" in example.answers
        else replace(example, answers={**example.answers, "profanity": int(bool(listed(example.text, lexicon)[0]))})
        for example in examples
    ]


@dataclass(slots=True)
class Workshop:
    """What the stages share: the base model and its words, the data, and where half-made things are kept."""

    data: Path
    authored: Path
    work: Path
    seed: int
    plan: Plan
    say: Say
    base: Path = field(init=False)
    old: Any = field(init=False)

    def __post_init__(self) -> None:
        self.work.mkdir(parents=True, exist_ok=True)
        self.base = base_folder()
        self.old = AutoTokenizer.from_pretrained(self.base)

    def ids(self, tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
        found: list[list[int]] = tokenizer([shown(text) or "." for text in texts], truncation=True, max_length=256)[
            "input_ids"
        ]
        return found

    def meant(self, texts: Sequence[str]) -> Any:
        """The base model's unit vectors of English texts: what the embedding is held to."""
        return read(Network(trunk_from(self.base)), self.ids(self.old, texts), 96)[1]

    def english(self) -> list[Example]:
        return with_profanity(list(english(self.data / "offensive", random.Random(self.seed))))

    def taught(self) -> Network:
        """The first lesson, or what was kept of it."""
        network, kept = Network(trunk_from(self.base)), self.work / f"english-{self.seed}.pt"
        if kept.exists():
            network.load_state_dict(torch.load(kept, weights_only=True))
            return network
        examples = [each for each in self.english() if not each.held_out]
        examples += with_profanity(list(joined(examples, self.plan.joined, random.Random(self.seed))))
        answers, weights = answers_of(examples)
        dice = np.random.default_rng(self.seed)
        some = dice.choice(len(examples), min(self.plan.targets, len(examples)), replace=False)
        targets = np.zeros((len(examples), 384), dtype=np.float16)
        targets[some] = self.meant([examples[at].text for at in some])
        lesson = Lesson(self.ids(self.old, [each.text for each in examples]), answers, weights, targets)
        self.say(f"first lesson: {len(examples)} texts")
        taught = learn(
            network,
            lesson,
            epochs=self.plan.english_epochs,
            rate=self.plan.english_rate,
            seed=self.seed,
            unknown=self.old.mask_token_id,
            drop=0.1,
            say=self.say,
        )
        torch.save(taught.state_dict(), kept)
        return taught

    def sentences(self, name: str) -> list[str]:
        with gzip.open(self.data / "welsh" / f"{name}.txt.gz", "rt", encoding="utf-8") as lines:
            return [line.strip() for line in lines if line.strip()]

    def bilingual(self, taught: Network) -> tuple[Network, Any]:
        """The second lesson: the network with a vocabulary of both languages, and its tokenizer."""
        plan, dice = self.plan, random.Random(self.seed)
        from_english = [each for each in self.english() if not each.held_out]
        ours = [each for each in authored(self.authored, kept_apart) if not each.held_out]
        ours += beginnings(self.data / "authored" / "comments.csv")
        words = dressing.word_list(self.authored / "words.tsv")
        self.say(f"second lesson: {len(ours)} authored texts, {len(words)} words")

        tokenizer, network = self.remade(taught, from_english, ours, words)
        groups: list[tuple[list[Example], list[str]]] = []  # examples, and the English that each means ("": none)

        replay = dice.sample(from_english, min(plan.replay, len(from_english)))
        third = len(replay) // 8
        groups.append((replay, [each.text for each in replay[:third]] + [""] * (len(replay) - third)))

        longer = list(joined(from_english, plan.joined // 2, dice))
        groups.append((longer, [""] * len(longer)))

        source = dice.sample(from_english, min(plan.switched, len(from_english)))
        switched = [
            replace(each, text=dressing.switched(prepared(each.text), words, dice, dice.choice((0.35, 0.7, 1.0))))
            for each in source
        ]
        groups.append((switched, [each.text if at % 2 else "" for at, each in enumerate(source)]))

        for time in range(plan.authored_times):
            some = [
                replace(each, text=dressing.disguised(each.text, dice)) if time and dice.random() < 0.3 else each
                for each in ours
            ]
            some = [
                replace(each, text=dressing.renamed(each.text, dice)) if time and dice.random() < 0.5 else each
                for each in some
            ]
            groups.append((some, [_english_side(each) if time % 2 == 0 else "" for each in ours]))

        pairs = [(english, welsh) for english, all_ in words.items() for welsh in all_]
        groups.append(([Example(welsh, {}, "words", "cy") for _, welsh in pairs], [english for english, _ in pairs]))
        everyday = self.everyday(dice)
        groups.append((everyday, [""] * len(everyday)))
        seasoned = [
            Example(text, _only_answered(answers), "seasoning", weight=0.7) for text, answers in council_rows(dice)
        ]
        seasoned += [
            Example(text, dict.fromkeys(NEVER_FOR_WHO_ONE_IS, 0), "seasoning", weight=0.7)
            for text in swapped_rows(dice)
        ]
        seasoned += dice.sample(list(templates(self.data / "authored" / "templates.csv")), plan.templates)
        groups.append((seasoned, [""] * len(seasoned)))

        examples = with_profanity([each for some, _ in groups for each in some])
        wanted = [meaning for _, meanings in groups for meaning in meanings]
        targets = np.zeros((len(examples), 384), dtype=np.float16)
        distinct = list(dict.fromkeys(english for english in wanted if english))
        vectors = dict(zip(distinct, self.meant(distinct), strict=True))
        for at, english_text in enumerate(wanted):
            if english_text:
                targets[at] = vectors[english_text]
        answers, weights = answers_of(examples)
        self.as_taught(taught, answers, [*replay, *longer, *source])
        lesson = Lesson(self.ids(tokenizer, [each.text for each in examples]), answers, weights, targets)
        learnt = learn(
            network,
            lesson,
            epochs=plan.bilingual_epochs,
            rate=plan.bilingual_rate,
            seed=self.seed + 1,
            unknown=tokenizer.mask_token_id,
            faster_words=2.0,
            say=self.say,
        )
        return learnt, tokenizer

    def last(self, network: Network, tokenizer: Any, taught: Network) -> Network:
        """The last lesson, short and slow: our threads once more among a little of everything."""
        plan, dice = self.plan, random.Random(self.seed + 2)
        replay = dice.sample([each for each in self.english() if not each.held_out], plan.last_replay)
        ours = [each for each in authored(self.authored, kept_apart) if not each.held_out]
        ours += beginnings(self.data / "authored" / "comments.csv")
        renamed = [replace(each, text=dressing.renamed(each.text, dice)) for each in ours]
        everyday = self.everyday(dice)[::2]
        seasoned = [
            Example(text, dict.fromkeys(NEVER_FOR_WHO_ONE_IS, 0), "seasoning", weight=0.7)
            for text in swapped_rows(dice)
        ]
        examples = with_profanity([*replay, *ours, *renamed, *everyday, *seasoned])
        answers, weights = answers_of(examples)
        self.as_taught(taught, answers, replay)
        targets = np.zeros((len(examples), 384), dtype=np.float16)
        english_sides = [_english_side(each) for each in examples]
        asked = [at for at, side in enumerate(english_sides) if side and at % 2]
        targets[asked] = self.meant([english_sides[at] for at in asked])
        lesson = Lesson(self.ids(tokenizer, [each.text for each in examples]), answers, weights, targets)
        self.say(f"last lesson: {len(examples)} texts")
        return learn(
            network,
            lesson,
            epochs=plan.last_epochs,
            rate=plan.last_rate,
            seed=self.seed + 2,
            unknown=tokenizer.mask_token_id,
            say=self.say,
        )

    def as_taught(self, taught: Network, answers: Any, english_texts: Sequence[Example]) -> None:
        """Half of each answer about offence is the first lesson's, so that learning Welsh unlearns no English.

        `english_texts` are what the first rows of `answers` say, before any Welsh was put into them.
        """
        texts = list(dict.fromkeys(each.text for each in english_texts))
        logits, _ = read(taught, self.ids(self.old, texts))
        places = [HEADS.index(head) for head in ("abuse", "hate", "threat")]
        said = dict(zip(texts, 1 / (1 + np.exp(-logits[:, places])), strict=True))
        for row, example in enumerate(english_texts):
            answers[row, places] = 0.5 * answers[row, places] + 0.5 * said[example.text]

    def everyday(self, dice: random.Random) -> list[Example]:
        """Read Welsh and English sentences that are nobody's abuse: no label but those of offence is answered."""
        quiet = dict.fromkeys(("abuse", "hate", "threat", "sexual", "self_harm", "spam"), 0)
        return [
            Example(text, quiet, name, language, 0.5)
            for name, language in (("cy_commonvoice_cc0", "cy"), ("cy_covost_cc0", "cy"), ("en_ewt_train", "en"))
            for text in dice.sample(self.sentences(name), self.plan.neutral // 3)
        ]

    def remade(
        self, taught: Network, from_english: Sequence[Example], ours: Sequence[Example], words: dressing.Words
    ) -> tuple[Any, Network]:
        """The tokenizer of both languages, and the network with its embeddings moved into it."""
        welsh = [folded(line) for name in WELSH for line in self.sentences(name)]
        welsh += [prepared(each.text) for each in ours if each.language in {"cy", "mixed"}] * 4
        welsh += [folded(each) for some in words.values() for each in some] * 2
        used = Counter(at for row in self.ids(self.old, [each.text for each in from_english]) for at in row)
        used.update(
            at for row in self.ids(self.old, [each.text for each in ours if each.language == "en"]) for at in row * 3
        )
        signs = pieces.emoji([each.text for each in (*ours, *from_english)], RARE_EMOJI)
        base = [piece for piece, _ in sorted(self.old.get_vocab().items(), key=lambda item: item[1])]
        chosen = pieces.vocabulary(base, used, pieces.welsh_pieces(welsh, WELSH_PIECES), signs, VOCABULARY)
        folder = self.work / "tokenizer"
        write_tokenizer(folder, pieces.tokenizer_json(self.base, chosen))
        tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
        table = taught.trunk.embeddings.word_embeddings.weight.detach().numpy()
        old = self.old.get_vocab()
        rows = pieces.embeddings(chosen, old, table, self.old.tokenize, dressing.english_of(words))
        config = BertConfig.from_pretrained(self.base, vocab_size=len(chosen))
        config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.0
        config._attn_implementation = "eager"  # noqa: SLF001 - the only way to say it once
        network = Network(BertModel(config, add_pooling_layer=False))
        state = taught.state_dict()
        state["trunk.embeddings.word_embeddings.weight"] = torch.from_numpy(rows)
        network.load_state_dict(state)
        self.say(
            f"vocabulary: {len(chosen)} pieces, {sum(piece not in old for piece in chosen)} new, {len(signs)} emoji"
        )
        return tokenizer, network


def _only_answered(answers: tuple[int | None, int | None, int | None]) -> dict[str, int]:
    named = zip(("abuse", "hate", "threat"), answers, strict=True)
    return {head: answer for head, answer in named if answer is not None}


def _english_side(example: Example) -> str:
    """The English that an authored text means: itself, or its rendering; "" where neither is English alone."""
    return example.text if example.language == "en" else example.pair if example.language == "cy" else ""


def write_tokenizer(folder: Path, held: Mapping[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(
        json.dumps(held, ensure_ascii=False, separators=(",", ":")), encoding="utf-8"
    )
    told = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": 512,
        **{f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")},
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def main(arguments: list[str] | None = None) -> None:
    ask = argparse.ArgumentParser(description="Train the bilingual encoder.")
    ask.add_argument("--data", type=Path, required=True, help="the folder with offensive/ and welsh/")
    ask.add_argument("--out", type=Path, required=True)
    ask.add_argument("--authored", type=Path, default=AUTHORED)
    ask.add_argument("--work", type=Path, default=Path("build/encoder"), help="where half-made things are kept")
    ask.add_argument("--seed", type=int, default=7)
    told = ask.parse_args(arguments)
    from classifiers.training.export import export
    from classifiers.training.lines import fit

    shop = Workshop(told.data, told.authored, told.work, told.seed, Plan(), print)
    taught = shop.taught()
    network, tokenizer = shop.bilingual(taught)
    network = shop.last(network, tokenizer, taught)
    torch.save(network.state_dict(), told.work / f"bilingual-{told.seed}.pt")
    export(network, told.work / "tokenizer", told.out)
    fit(told.data, told.authored, told.out, told.seed)


if __name__ == "__main__":
    main()
