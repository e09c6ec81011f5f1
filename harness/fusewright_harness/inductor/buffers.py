"""What a buffer between two kernels is called: what it holds, and of what."""

from __future__ import annotations

from typing import Any

import torch

_WORDS = {
    **dict.fromkeys(("mm", "bmm", "addmm", "baddbmm"), "product"),
    "sum": "sums",
    "mean": "means",
    "amax": "maxima",
    "amin": "minima",
    "prod": "products",
    "max": "maxima",
    "min": "minima",
    "argmax": "largest_places",
    "argmin": "smallest_places",
    "var": "variances",
    "var_mean": "variances",
    "any": "any_true",
    "all": "all_true",
    "exp": "exponentials",
    "log": "logarithms",
    "cat": "joined",
    "where": "selected",
    "index": "gathered",
    "add": "sums",
    "sub": "differences",
    "mul": "products",
    "div": "quotients",
    "full": "filled",
    "rsqrt": "reciprocal_roots",
    "sqrt": "roots",
    "cumsum": "running_sums",
    "scatter_add": "scattered",
    "clamp_min": "clamped",
    "clamp_max": "clamped",
    "index_put": "scattered",
    "constant_pad_nd": "padded",
    "gather": "gathered",
    "embedding": "gathered",
}
_PASSED = (
    "convert_element_type",
    "reshape",
    "view",
    "permute",
    "expand",
    "unsqueeze",
    "squeeze",
    "clone",
    "slice",
)
"""What holds the same elements as its argument, or some of them."""
_SUMMED = {"exp": "sums_of_exponentials", "abs": "sums_of_magnitudes"}
_SEVERAL = ("sum", "mean")


def buffer_names(lowering: Any, arguments: list[str]) -> dict[str, str]:
    """Names for Inductor's buffers; ``arguments`` are those of the graph's inputs, in order."""
    placeholders = [node for node in lowering.module.graph.nodes if node.op == "placeholder"]
    leaves = dict(zip(placeholders, arguments, strict=True))
    made = {
        name: node
        for name, buffer in lowering.name_to_buffer.items()
        if (node := _node_of(buffer)) is not None
    }
    found = {}
    for name, node in made.items():
        word = _word(node)
        if word is not None:
            sources = _sources(node, set(made.values()) - {node}, leaves)
            found[name] = f"{sources.pop()}_{word}" if len(sources) == 1 else word
    return found


def _node_of(buffer: Any) -> torch.fx.Node | None:
    """What the buffer holds the result of."""
    node = getattr(buffer, "origin_node", None)
    if node is not None:
        return node
    reduced = [one for one in getattr(buffer, "origins", ()) if _operator(one) in _SEVERAL]
    return reduced[0] if len(reduced) == 1 else None


def _word(node: torch.fx.Node) -> str | None:
    name = _operator(node)
    if name in _PASSED and node.all_input_nodes:
        return _word(node.all_input_nodes[0])
    if name in _SEVERAL and node.all_input_nodes:
        summed = node.all_input_nodes[0]
        if _is_square(summed):
            return f"{_WORDS[name]}_of_squares"
        return _SUMMED.get(_operator(summed), _WORDS[name]) if name == "sum" else _WORDS[name]
    return _WORDS.get(name)


def _is_square(node: torch.fx.Node) -> bool:
    match _operator(node), node.args:
        case "pow", (_, 2 | 2.0):
            return True
        case "mul", (first, second):
            return first is second
    return False


def _operator(node: torch.fx.Node) -> str:
    return node.target.overloadpacket.__name__ if isinstance(node.target, torch._ops.OpOverload) else ""


def _sources(node: torch.fx.Node, others: set[torch.fx.Node], leaves: dict[torch.fx.Node, str]) -> set[str]:
    """The tensors among the arguments, and other buffers, that ``node`` is computed of."""
    found: set[str] = set()
    seen, left = set(), list(node.all_input_nodes)
    while left:
        one = left.pop()
        if one in seen or not isinstance(one.meta.get("val"), torch.Tensor):
            continue
        seen.add(one)
        if one in leaves:
            found.add(leaves[one])
        elif one in others:
            # A name made of another buffer's would be long.
            found |= {"", one.name}
        else:
            left += one.all_input_nodes
    return found
