"""Fuzz drivers (C++), and the program that runs each of them at full size."""
