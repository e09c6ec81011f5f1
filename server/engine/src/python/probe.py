"""Prints one line of JSON: which Python this is, and which of torch, triton and numpy it could import.

It looks the packages up without importing them, because importing torch takes seconds.
"""

import importlib.metadata
import importlib.util
import json
import os
import sys
import sysconfig


def version(name):
    """Returns the version of a package, "unknown" where it does not say, None where it is missing."""
    try:
        if importlib.util.find_spec(name) is None:
            return None
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"
    except (ImportError, ValueError):
        return None


print(
    json.dumps(
        {
            "executable": sys.executable,
            "python": "%d.%d.%d" % sys.version_info[:3],
            "torch": version("torch"),
            "triton": version("triton"),
            "numpy": version("numpy"),
            "venv": importlib.util.find_spec("venv") is not None
            and importlib.util.find_spec("ensurepip") is not None,
            "headers": os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")),
        }
    )
)
