"""Fusewright's harness: runs one pair of PyTorch and Triton code, judges it and times it.

Three roles, in processes of their own, decide on a pair (``judge.py`` tells the whole course):

- the *reference* runs the PYTHON and TEST blocks: it makes the inputs and the expected outputs;
- the *candidate* runs the TRITON block on copies of the inputs;
- the *judge* runs neither. It draws the secret seeds, hands inputs to both, and compares what they return.

Importing this package imports nothing heavy: torch and triton come with the modules that need them.
"""

__version__ = "0.1.0"
