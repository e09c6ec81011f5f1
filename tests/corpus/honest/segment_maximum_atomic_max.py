# kinds: scatter, maximum, atomics, filled output, float32, graph
"""Fused Kernels: largest message that reaches each node of a graph"""

# <PYTHON>
import torch


def largest_message_pytorch(messages, targets, n_nodes):
    """Nodes that nobody writes to keep zero; messages are positive."""
    index = targets[:, None].expand_as(messages)
    out = torch.zeros(n_nodes, messages.shape[1], device=messages.device, dtype=messages.dtype)
    return out.scatter_reduce(0, index, torch.relu(messages), reduce="amax")


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def largest_message_kernel(
    messages_ptr, targets_ptr, out_ptr, n_edges, width, EDGES: tl.constexpr, BLOCK: tl.constexpr
):
    edges = tl.program_id(0) * EDGES + tl.arange(0, EDGES)
    columns = tl.arange(0, BLOCK)
    mask = (edges[:, None] < n_edges) & (columns[None, :] < width)
    target = tl.load(targets_ptr + edges, mask=edges < n_edges, other=0)
    message = tl.load(messages_ptr + edges[:, None] * width + columns[None, :], mask=mask, other=0.0)
    tl.atomic_max(out_ptr + target[:, None] * width + columns[None, :], tl.maximum(message, 0.0), mask=mask)


def largest_message_triton_wrapper(messages, targets, n_nodes):
    messages, targets = messages.contiguous(), targets.contiguous()
    n_edges, width = messages.shape
    out = torch.zeros((n_nodes, width), device=messages.device, dtype=messages.dtype)
    largest_message_kernel[(triton.cdiv(n_edges, 16),)](
        messages, targets, out, n_edges, width, EDGES=16, BLOCK=triton.next_power_of_2(width)
    )
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    targets = torch.randint(0, 60, (200,), device="cuda")
    return torch.randn(200, 40, device="cuda"), targets, 60


# </TEST>
