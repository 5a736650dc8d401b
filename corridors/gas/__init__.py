"""Gas: which way it goes, who is short when a pipe fails, and what money changes."""
