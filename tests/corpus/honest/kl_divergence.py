# kinds: KL divergence, loss, reduction, softmax, float32, open style, nested kernels
"""Fused Kernels: Kullback-Leibler divergence of two rows of logits"""

# <PYTHON>
import torch
import torch.nn.functional as F


def distillation_loss(student, teacher, temperature):
    """One number a row: how far the student's distribution is from the teacher's."""
    student_log = F.log_softmax(student / temperature, dim=-1)
    teacher_log = F.log_softmax(teacher / temperature, dim=-1)
    divergence = F.kl_div(student_log, teacher_log, reduction="none", log_target=True)
    return divergence.sum(dim=-1) * temperature**2


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def _log_softmax(x):
    shifted = x - tl.max(x, axis=0)
    return shifted - tl.log(tl.sum(tl.exp(shifted), axis=0))


@triton.jit
def distillation_kernel(student_ptr, teacher_ptr, out_ptr, temperature, n_columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    mask = columns < n_columns
    offsets = row * n_columns + columns
    student = tl.load(student_ptr + offsets, mask=mask, other=float("-inf")) / temperature
    teacher = tl.load(teacher_ptr + offsets, mask=mask, other=float("-inf")) / temperature
    student_log = _log_softmax(student)
    teacher_log = _log_softmax(teacher)
    # Past the row both logarithms are minus infinity, whose difference is NaN.
    terms = tl.where(mask, tl.exp(teacher_log) * (teacher_log - student_log), 0.0)
    tl.store(out_ptr + row, tl.sum(terms, axis=0) * temperature * temperature)


def distillation_loss(student, teacher, temperature):
    student, teacher = student.contiguous(), teacher.contiguous()
    n_columns = student.shape[-1]
    out = torch.empty(student.shape[:-1], device=student.device, dtype=student.dtype)
    distillation_kernel[(out.numel(),)](
        student, teacher, out, temperature, n_columns, BLOCK=triton.next_power_of_2(n_columns)
    )
    return out


# <TEST>
import torch


def get_test_inputs():
    return torch.randn(60, 500, device="cuda") * 2.0, torch.randn(60, 500, device="cuda") * 2.0, 2.0
