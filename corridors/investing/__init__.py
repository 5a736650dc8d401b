"""Choosing projects: what each portfolio is worth to shippers, what it costs, and which is best for a budget."""
