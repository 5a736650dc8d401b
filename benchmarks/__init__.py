"""How fast and how right the solvers are, beside the peers a user would pick."""
