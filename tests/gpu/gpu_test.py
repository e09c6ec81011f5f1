"""Holds the product against a CUDA machine, section by section, and prints what it found.

    shipped   every shipped pair gets its verdict
    attacks   every attack is caught, for its own reason
    honest    every honest pair is right
    repeat    ten verdicts of one pair differ by less than 2 %
    cupti     device times agree with CUPTI's within 3 %
    latency   how soon a verdict is there, by phase, beside a plain script
    rate      verdicts a minute with 1, 4 and 8 pairs in flight; with 8 and 16 where there are several GPUs
    faults    200 pairs in one run, a quarter of them hostile
    ideas     ten shipped ideas through the loop, TorchInductor writing

`FUSEWRIGHT_BINARY` names the binary to test, `FUSEWRIGHT_PYTHON` the interpreter that has torch and triton,
which runs the harness. `--device interpreter` tries this file itself out without a GPU.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import product

SECTIONS = ("shipped", "attacks", "honest", "repeat", "cupti", "latency", "rate", "faults", "ideas")
ON_FILES: dict[str, tuple[Callable[[], list[product.Case]], str, str]] = {
    "shipped": (product.shipped, "shipped pairs", "as expected"),
    "attacks": (product.attacks, "attacks", "caught, each for its own reason"),
    "honest": (product.honest, "honest pairs", "passed"),
}


def on_files(section: str, arguments: argparse.Namespace) -> bool:
    """One section of the whole product on files."""
    collect, title, good = ON_FILES[section]
    cases = [
        case
        for case in collect()
        if not arguments.pairs or any(part in str(case.path) for part in arguments.pairs)
    ]
    if not cases:
        return True
    lines = product.judge(arguments.binary, cases, arguments.device, arguments.jobs, arguments.limit)
    if arguments.lines:
        with arguments.lines.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)
    return product.report(title, cases, lines, good)


def measured(sections: list[str], arguments: argparse.Namespace) -> dict[str, bool]:
    """The sections that speak to one running harness."""
    import measured as sections_of

    functions = {
        "repeat": sections_of.repeatability,
        "cupti": sections_of.agreement,
        "latency": sections_of.latency,
        "rate": sections_of.rate,
    }
    results = {}
    wanted = [name for name in functions if name in sections]
    if wanted:
        with sections_of.Harness() as harness:
            name = sections_of.ORDINARY[0]
            warm = sections_of.read_pair(name, sections_of.text_of(name))
            sections_of.verdicts(harness, [warm], 1, arguments.device)
            time.sleep(3)
            for name in wanted:
                results[name] = told(name, lambda name=name: functions[name](harness, arguments.device))
    if "faults" in sections:
        results["faults"] = told("faults", lambda: survived(arguments))
    if "ideas" in sections:
        from ideas import loop

        results["ideas"] = told("ideas", lambda: loop(arguments.binary, arguments.device))
    return results


def survived(arguments: argparse.Namespace) -> bool:
    """Mixed pairs in one run, a quarter of them hostile."""
    from faults import survive

    survival = survive(arguments.count, arguments.device)
    for reason, times in survival.reasons.most_common():
        print(f"   {times:5} x {reason}")
    print(survival)
    return not survival.faults


def told(section: str, run: Callable[[], bool]) -> bool:
    """Runs a section and prints what it took; one that breaks off has failed, and the others go on."""
    begun = time.monotonic()
    try:
        fine = run()
    except Exception as error:
        print(f"   UNEXPECTED: {section} broke off: {type(error).__name__}: {error}")
        fine = False
    print(f"   ({section}: {time.monotonic() - begun:.0f} s)", flush=True)
    return fine


def main() -> int:
    """Runs the sections; 0 only if each found what it must."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pairs", nargs="*", help="of the files, only those with one of these in their path")
    parser.add_argument("--only", help="sections to run, with commas between")
    parser.add_argument("--device", default="cuda", choices=("cuda", "interpreter"))
    parser.add_argument("--count", type=int, default=200, help="how many pairs the faults are mixed into")
    parser.add_argument("--jobs", type=int, default=4, help="how many files are judged at once")
    parser.add_argument("--limit", type=float, metavar="S", help="seconds for each section of files")
    parser.add_argument("--lines", type=Path, metavar="FILE", help="append the verdict lines to this file")
    arguments = parser.parse_args()
    arguments.binary = product.default_binary()
    sections = arguments.only.split(",") if arguments.only else list(SECTIONS)
    unknown = set(sections) - set(SECTIONS)
    if unknown:
        parser.error(f"there is no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    if not arguments.binary.is_file() and any(
        section in ON_FILES or section == "ideas" for section in sections
    ):
        print(
            f"gpu-test: no binary at {arguments.binary}: build it, or set FUSEWRIGHT_BINARY", file=sys.stderr
        )
        return 2
    begun = time.monotonic()
    results = {
        section: told(section, lambda section=section: on_files(section, arguments))
        for section in sections
        if section in ON_FILES
    }
    results |= measured(sections, arguments)
    failed = [section for section, fine in results.items() if not fine]
    took = time.monotonic() - begun
    print(f"{len(results) - len(failed)} of {len(results)} sections as expected, in {took:.0f} s", end="")
    print(f"; not: {', '.join(failed)}" if failed else "")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
