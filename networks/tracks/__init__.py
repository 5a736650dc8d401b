"""Tracks on the ground: railways, roads and ferries as a graph, and links routed along them."""
