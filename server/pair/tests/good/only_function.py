"""Layer normalisation without affine parameters."""
# <PYTHON>
import torch
import torch.nn.functional as F

def _checked(x):
    assert x.dim() == 2
    return x

def layer_norm(x, eps=1e-5):
    x = _checked(x)
    return F.layer_norm(x, x.shape[-1:], eps=eps)

# <TRITON>
import torch
import triton as tr
import triton.language as tl

@tr.jit
def mean_and_scale(x, inside, columns, eps):
    mean = tl.sum(x, axis=0) / columns
    centred = tl.where(inside, x - mean, 0.0)
    return mean, 1.0 / tl.sqrt(tl.sum(centred * centred, axis=0) / columns + eps)

@tr.heuristics({"BLOCK": lambda args: tr.next_power_of_2(args["columns"])})
@tr.jit
def kernel(x_ptr, out_ptr, columns, eps, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    at = tl.arange(0, BLOCK)
    inside = at < columns
    x = tl.load(x_ptr + row * columns + at, mask=inside, other=0.0)
    mean, scale = mean_and_scale(x, inside, columns, eps)
    tl.store(out_ptr + row * columns + at, (x - mean) * scale, mask=inside)

def launch(x, eps=1e-5):
    x = x.contiguous()
    out = torch.empty_like(x)
    kernel[(x.shape[0],)](x, out, x.shape[1], eps)
    return out

def check(x):
    return x.is_cuda

# <TEST>
import torch

def get_test_inputs():
    with torch.device("cuda"):
        x = torch.randn(256, 512)
    return (x,)

def test_performance(reference, candidate, inputs):
    return reference(*inputs), candidate(*inputs)

if __name__ == "__main__":
    test_performance(layer_norm, launch, get_test_inputs())
