"""Find concepts by words: pure functions on labels and arrays, nothing of stores, files or HTTP.

text.py           folding, words with their places, how many typos a word bears
lexicon.py        the words of a section, and those that look alike (character n-grams, edit distance)
section.py        labels of one kind of concept in one language as arrays, built once a release
find.py           typeahead and search: exact, prefix, words, typos; one row a concept
match.py          whole titles: every label and every concept weighed against a batch of them
confidence.py     how sure a match is
abbreviations.py  what abbreviations in titles stand for
meaning.py        titles in languages without labels, by a model that is an optional extra
extraction.py     the concepts that a running text names, with their places
evaluate.py       how often the right concept comes first, on data that others wrote
"""
