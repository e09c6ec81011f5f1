"""What a worker's process may do, held by the kernel and not by Python.

- ``landlock``: which files it may touch, no TCP, no signal to others;
- ``seccomp``: which system calls it may make;
- ``limits``: memory, files, processes, privileges;
- ``sandbox``: all of them applied to one worker, and which of them are in force.
"""
