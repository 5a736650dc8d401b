"""Hostile tries: broken files, full disks, signals, crowds, missing solvers, great size; each is one that must hold."""
