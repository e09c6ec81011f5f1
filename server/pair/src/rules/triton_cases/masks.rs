//! Accesses that leave the tensor, and what a reduction takes in there.

use super::{body, codes, with_body};

#[test]
fn only_what_a_reduction_takes_in_needs_an_other() {
    let load = "z = tl.load(x_ptr + offsets, mask=mask)\n";
    for (found, after) in [
        (true, "x += tl.sum(z, axis=0)"),
        (true, "x += tl.max(z, 0)"),
        (true, "w = tl.exp(z * 2)\nx += tl.sum(w)"),
        (true, "x += z.to(tl.float32).sum()"),
        (false, "x = tl.cumsum(1.0 / z, 0)"),
        (true, "x = tl.cumsum(z, 0, reverse=True)"),
        (true, "x += tl.sum(tl.cumsum(z, 0))"),
        (true, "x = tl.softmax(z)"),
        (false, "x += tl.sum(z * tl.load(x_ptr + offsets, mask=mask, other=0.0))"),
        (true, "x += tl.sum(z * tl.load(x_ptr + offsets, mask=mask, other=1.0))"),
        (true, "w = z[:, None] * z[None, :]\nx += tl.sum(w, axis=1)"),
        (false, "w = z[:, None] + x[None, :]\nx += tl.sum(w, axis=1)"),
        (false, "x += tl.exp(z) / 2"),
        (false, "x += tl.sum(tl.where(mask, z, 0.0))"),
        (false, "x += tl.load(x_ptr + z, mask=mask, other=0.0)\nx += tl.sum(x)"),
    ] {
        let codes = body(&format!("{load}{after}"));
        assert_eq!(codes == ["FW304"], found, "{after}: {codes:?}");
    }
    for (found, mask, axis) in
        [(true, "mask[None, :]", 1), (false, "mask[:, None]", 1), (true, "mask[:, None]", 0)]
    {
        let codes = body(&format!(
            "z = tl.load(x_ptr + offsets[:, None] * 16 + offsets[None, :], mask={mask})\nx += tl.sum(z, axis={axis})"
        ));
        assert_eq!(codes == ["FW304"], found, "{mask} {axis}: {codes:?}");
    }
}

#[test]
fn accesses_without_a_mask() {
    let bare = with_body("z = tl.load(x_ptr + offsets)");
    assert_eq!(codes(&bare, None), ["FW303"]);
    for (from, to) in [
        // A size that divides, a wrapper that asks for one, offsets that wrap around.
        ("triton.cdiv(x.numel(), 16)", "x.numel() // 16"),
        ("    kernel[", "    assert x.numel() % 16 == 0\n    kernel["),
        ("tl.load(x_ptr + offsets)", "tl.load(x_ptr + offsets % n)"),
        ("tl.load(x_ptr + offsets)", "tl.load(x_ptr + tl.minimum(offsets, n - 1))"),
    ] {
        assert_eq!(codes(&bare.replace(from, to), None), [""; 0], "{to}");
    }
    for grid in [
        "lambda meta: (triton.cdiv(x.numel(), meta['BLOCK']),)",
        "((x.numel() + 16 - 1) // 16,)",
        "(triton.cdiv(x.numel(), 16), 1)",
        "(x.numel() // 16 + 1,)",
        "(math.ceil(x.numel() / 16),)",
        "((x.numel() + 15) // 16,)",
    ] {
        let other = bare.replace("(triton.cdiv(x.numel(), 16),)", grid);
        assert_eq!(codes(&other, None), ["FW303"], "{grid}");
    }
}
