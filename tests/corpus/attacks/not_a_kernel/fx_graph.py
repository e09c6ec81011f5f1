# attack: Not a kernel: the reference rebuilt as a torch.fx graph
# why: no operator of torch is called by name in the wrapper: the graph names them as strings
# expect: rejected FW402 line 25
# finds: FW409 line 34
# alone: rejected NoLaunch
"""Fused Kernels: scale and softmax over rows"""

# <PYTHON>
import torch


def scaled_softmax_pytorch(x, scale):
    return torch.softmax(x * scale, dim=-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def scaled_softmax_kernel(x_ptr, out_ptr, scale, n_columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    mask = columns < n_columns
    x = tl.load(x_ptr + row * n_columns + columns, mask=mask, other=-float("inf")) * scale
    e = tl.exp(x - tl.max(x, axis=0))
    tl.store(out_ptr + row * n_columns + columns, e / tl.sum(e, axis=0), mask=mask)


_graph = torch.fx.Graph()
_x, _scale = _graph.placeholder("x"), _graph.placeholder("scale")
_scaled = _graph.call_method("mul", (_x, _scale))
_graph.output(_graph.call_method("softmax", (_scaled, -1)))
_module = torch.fx.GraphModule(torch.nn.Module(), _graph)


def scaled_softmax_triton_wrapper(x, scale):
    return _module(x, scale)


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(24, 100, device="cuda"), 0.7


# </TEST>
