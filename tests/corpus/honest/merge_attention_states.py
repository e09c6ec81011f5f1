# kinds: attention, log-sum-exp, several outputs, infinities, float16, vLLM
"""Fused Kernels: two parts of an attention become one"""

# <PYTHON>
import torch


def merge_attn_states_torch(prefix_output, prefix_lse, suffix_output, suffix_lse):
    """outputs: (tokens, heads, dim); lse: (heads, tokens)."""
    max_lse = torch.maximum(prefix_lse, suffix_lse)
    p_se = torch.exp(prefix_lse - max_lse)
    s_se = torch.exp(suffix_lse - max_lse)
    total = p_se + s_se
    output_lse = torch.log(total) + max_lse
    p_scale = (p_se / total).transpose(0, 1).unsqueeze(-1)
    s_scale = (s_se / total).transpose(0, 1).unsqueeze(-1)
    output = prefix_output * p_scale + suffix_output * s_scale
    return output.to(prefix_output.dtype), output_lse


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def merge_attn_states_kernel(
    output,
    output_lse,
    prefix_output,
    prefix_lse,
    suffix_output,
    suffix_lse,
    HEAD_SIZE: tl.constexpr,
    PADDED_HEAD_SIZE: tl.constexpr,
):
    token_idx = tl.program_id(0)
    num_tokens = tl.num_programs(0)
    head_idx = tl.program_id(1)
    num_heads = tl.num_programs(1)
    p_lse = tl.load(prefix_lse + head_idx * num_tokens + token_idx)
    s_lse = tl.load(suffix_lse + head_idx * num_tokens + token_idx)
    max_lse = tl.maximum(p_lse, s_lse)
    p_se = tl.exp(p_lse - max_lse)
    s_se = tl.exp(s_lse - max_lse)
    out_se = p_se + s_se
    tl.store(output_lse + head_idx * num_tokens + token_idx, tl.log(out_se) + max_lse)
    head_arange = tl.arange(0, PADDED_HEAD_SIZE)
    head_mask = head_arange < HEAD_SIZE
    base = token_idx * num_heads * HEAD_SIZE + head_idx * HEAD_SIZE + head_arange
    p_out = tl.load(prefix_output + base, mask=head_mask)
    s_out = tl.load(suffix_output + base, mask=head_mask)
    out = p_out * (p_se / out_se) + s_out * (s_se / out_se)
    tl.store(output + base, out.to(output.dtype.element_ty), mask=head_mask)


def merge_attn_states(prefix_output, prefix_lse, suffix_output, suffix_lse):
    prefix_output, suffix_output = prefix_output.contiguous(), suffix_output.contiguous()
    prefix_lse, suffix_lse = prefix_lse.contiguous(), suffix_lse.contiguous()
    num_tokens, num_heads, head_size = prefix_output.shape
    output = torch.empty_like(prefix_output)
    output_lse = torch.empty_like(prefix_lse)
    merge_attn_states_kernel[(num_tokens, num_heads)](
        output,
        output_lse,
        prefix_output,
        prefix_lse,
        suffix_output,
        suffix_lse,
        HEAD_SIZE=head_size,
        PADDED_HEAD_SIZE=triton.next_power_of_2(head_size),
    )
    return output, output_lse


# <TEST>
import torch


def get_test_inputs():
    T, H, D = 50, 4, 80
    return (
        torch.randn(T, H, D, device="cuda", dtype=torch.float16),
        torch.randn(H, T, device="cuda") * 3 + 5,
        torch.randn(T, H, D, device="cuda", dtype=torch.float16),
        torch.randn(H, T, device="cuda") * 3 + 5,
    )
