#!/usr/bin/env python3
"""Writes data/plain_words.txt: English words that are one slip away from a word the prompt reader knows.

    tools/plain_words.py WORDLIST...      e.g. /usr/share/dict/american-english /usr/share/dict/british-english

The reader takes an unknown word for a misspelt known one; a word on this list is never taken so ("horse" is not
"house"). Run it again when styles, instruments or data/words.yaml have new words.
"""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent
letters = "abcdefghijklmnopqrstuvwxyz"


def slips(word):
    """All texts at Damerau distance 1."""
    for i in range(len(word) + 1):
        for c in letters:
            yield word[:i] + c + word[i:]
    for i in range(len(word)):
        yield word[:i] + word[i + 1:]
        for c in letters:
            yield word[:i] + c + word[i + 1:]
        if i + 1 < len(word):
            yield word[:i] + word[i + 1] + word[i] + word[i + 2:]


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    english = set()
    for path in sys.argv[1:]:
        for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
            word = line.strip().lower().replace("'", "")
            if re.fullmatch("[a-z]+", word):
                english.add(word)
    texts = [root / "data/words.yaml", root / "data/titles.yaml", root / "data/instruments.yaml",
             root / "src/prompt/lexicon.c", *sorted((root / "styles").glob("*.yaml"))]
    known = set()
    for path in texts:
        for word in re.findall("[A-Za-z']+", path.read_text(encoding="utf-8")):
            word = word.lower().replace("'", "")
            if len(word) >= 5:
                known.add(word)
    near = {w for k in known for w in slips(k) if w in english and len(w) >= 4}
    # A word that is known itself is found before the list is asked, but may be known from a comment alone.
    (root / "data/plain_words.txt").write_text("".join(w + "\n" for w in sorted(near)))


main()
