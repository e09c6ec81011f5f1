"""Judging a pair on a machine without a GPU.

Two things stand in for the GPU, in processes of their own because triton reads ``TRITON_INTERPRET`` once, at import:

* ``mend`` repairs triton's interpreter, which executes kernels on the CPU but is wrong on bfloat16 and silent
  about memory accesses out of bounds;
* ``compile_check`` runs the real compiler for a chosen target, which refuses what the interpreter lets through.

Nothing here is imported eagerly: importing this package imports neither torch nor triton.
"""
