"""Which split a name names, alone or as a part of a longer one."""

import re

_SHARD = re.compile(r"-\d{5}-of-\d{5}.*$")

#: Splits by what they are called.
SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "test": "test",
    "testing": "test",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "devel": "validation",
    "development": "validation",
    "eval": "validation",
    "unlabelled": "pool",
    "unlabeled": "pool",
    "unsup": "pool",  # of IMDB
    "unsupervised": "pool",
    "pool": "pool",
    "testa": "validation",  # of CoNLL-2003
    "testb": "test",
}


def split_of(name: str) -> str | None:
    """The split that a file, a folder or a key names: train, validation, test or pool.

    Either the whole name does, or one word of it: `train.csv`, `eng.testb`, `my_train_file.csv`,
    `trainData`, `test-00000-of-00002`. None if no word of it does, or words of two splits.
    """
    whole = _SHARD.sub("", name)
    if found := SPLIT_NAMES.get(whole.lower()):
        return found
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", whole)
    found_in = {SPLIT_NAMES[word.lower()] for word in words if word.lower() in SPLIT_NAMES}
    return found_in.pop() if len(found_in) == 1 else None


def is_shard(name: str) -> bool:
    """Whether a name is that of one of several files of a split, as
    `train-00000-of-00002.parquet`."""
    return bool(_SHARD.search(name))
