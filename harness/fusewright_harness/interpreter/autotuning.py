"""``@triton.autotune`` where nothing can be timed: the first configuration runs, and that is on record."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from triton.runtime.autotuner import Autotuner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True)
class Choice:
    """What was run of a tuned kernel: ``configuration`` as triton prints it, out of ``configurations``.

    ``passed_over`` configurations before it did not fit.
    """

    kernel: str
    configuration: str
    configurations: int
    passed_over: int = 0

    def __str__(self) -> str:
        fits = " that fits" if self.passed_over else ""
        return (
            f"`{self.kernel}` ran with the first of its {self.configurations} configurations{fits} "
            f"({self.configuration}): without a GPU they cannot be timed"
        )


_choices: dict[str, Choice] = {}


class _Wanted:
    """The number of the configuration that is asked for; None where the first is to run."""

    number: int | None = None


@contextmanager
def with_configuration(number: int) -> Iterator[None]:
    """Runs the body's tuned kernels with the configuration of this number, from 0, or the first where there is none."""
    _Wanted.number = number
    try:
        yield
    finally:
        _Wanted.number = None


def choices() -> list[Choice]:
    """The tuned kernels that ran in this process since `forget`, each with the configuration it ran with."""
    return list(_choices.values())


def forget() -> None:
    """Clear the record of choices."""
    _choices.clear()


def _key(tuner: Autotuner, keywords: dict[str, Any]) -> tuple[Any, ...]:
    arguments = {
        name: value for name, value in {**tuner.nargs, **keywords}.items() if name in tuner.arg_names
    }
    key = [arguments[name] for name in tuner.keys if name in arguments]
    return (*key, *(str(value.dtype) for value in arguments.values() if hasattr(value, "dtype")))


def _run_with(tuner: Autotuner, config: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    tuner.best_config = config
    if config.pre_hook is not None:
        config.pre_hook({**tuner.nargs, **keywords, **config.all_kwargs()})
    return tuner.fn.run(*arguments, **keywords, **config.all_kwargs())


def install(
    try_next: Callable[[BaseException], bool] = lambda _error: False, later: bool = False
) -> Callable[[], None]:
    """Replace the tuner: the first configuration is taken without timing any, where none was chosen before.

    Where running one raises an error of which ``try_next`` says yes, the next is tried, as triton's tuner passes
    over configurations that need too much shared memory; the last one's error is let out. With ``later`` kernels are
    tuned until the function that is returned has been called: once a pair is loaded nothing may be replaced any more.
    """
    tune, first_choice = Autotuner.run, not later

    def switch_on() -> None:
        nonlocal first_choice
        first_choice = True

    def run(self: Autotuner, *arguments: Any, **keywords: Any) -> Any:
        if not first_choice:
            return tune(self, *arguments, **keywords)
        self.nargs = dict(zip(self.arg_names, arguments, strict=False))
        try:
            key = _key(self, keywords)
            if key in self.cache and _Wanted.number is None:
                return _run_with(self, self.cache[key], arguments, keywords)
            configs = list(self.prune_configs(keywords)) if len(self.configs) > 1 else list(self.configs)
            if len(configs) > 1:
                # What triton does once after timing: tensors named in reset_to_zero start from zero.
                self.pre_hook({**self.nargs, **keywords, **configs[0].all_kwargs()}, reset_only=True)
            if (wanted := _Wanted.number) is not None:
                config = configs[wanted if wanted < len(configs) else 0]
                return _run_with(self, config, arguments, keywords)
            for position, config in enumerate(configs):
                try:
                    result = _run_with(self, config, arguments, keywords)
                except BaseException as error:
                    if position + 1 == len(configs) or not try_next(error):
                        raise
                    continue
                self.cache[key] = config
                if len(self.configs) > 1:
                    name = self.base_fn.__name__
                    _choices.setdefault(name, Choice(name, str(config), len(self.configs), position))
                return result
        finally:
            self.nargs = None
        raise ValueError(f"`{self.base_fn.__name__}` has no configuration to run")

    Autotuner.run = run
    return switch_on
