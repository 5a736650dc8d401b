"""Scenarios: files that say what changes, checked word by word, applied to the network, run and compared."""
