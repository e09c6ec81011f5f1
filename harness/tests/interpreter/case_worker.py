"""Runs test cases in a process of its own: triton interprets or compiles for a whole process, fixed at its import.

    python case_worker.py MODULE...

Prints the cases' names as one line of JSON, then answers each name on standard input with a line of JSON: null
where the case passed, else the traceback. A case is a function of one of the modules whose name begins with
``case_``, or an entry of a module's dictionary ``CASES``.
"""

import importlib
import json
import os
import pathlib
import sys
import traceback


def main() -> None:
    # What a kernel prints must not mix with the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    here = pathlib.Path(__file__).parent
    sys.path[:0] = [str(here.parent.parent), str(here)]
    if os.environ.get("TRITON_INTERPRET"):
        from fusewright_harness.interpreter import mend

        mend.apply()
    cases = {}
    for name in sys.argv[1:]:
        module = importlib.import_module(name)
        found = {
            key.removeprefix("case_"): value for key, value in vars(module).items() if key.startswith("case_")
        }
        for case, function in {**found, **getattr(module, "CASES", {})}.items():
            cases[f"{name.removeprefix('cases_')}: {case}"] = function
    print(json.dumps(list(cases)), file=answers, flush=True)
    for line in sys.stdin:
        result = None
        try:
            cases[json.loads(line)]()
        except BaseException:
            result = traceback.format_exc()
        print(json.dumps(result), file=answers, flush=True)


if __name__ == "__main__":
    main()
