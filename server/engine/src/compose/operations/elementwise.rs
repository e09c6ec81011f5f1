//! Functions of one number.

use super::{any, exact};
use crate::compose::chain::{Chain, Halt, Operation, Sign};

pub(super) const OPERATIONS: [Operation; 25] = [
    any(&["relu"], |c| {
        c.unary("rectified", "F.relu({x})", "ReLU");
        c.sign = c.sign.max(Sign::Nonnegative);
        Ok(())
    }),
    any(&["sigmoid"], |c| {
        // What is far below zero comes out as zero.
        let sign = if c.large && c.sign == Sign::Any { Sign::Nonnegative } else { Sign::Positive };
        bounded(c, "gate", "torch.sigmoid({x})", "sigmoid", sign)
    }),
    any(&["tanh"], |c| {
        let sign = c.sign;
        bounded(c, "squashed", "torch.tanh({x})", "hyperbolic tangent", sign)
    }),
    any(&["gelu"], |c| activation(c, "F.gelu({x})", "exact GELU")),
    any(&["swish"], |c| activation(c, "{x} * torch.sigmoid(1.5 * {x})", "Swish with beta 1.5")),
    any(&["silu"], |c| activation(c, "F.silu({x})", "SiLU")),
    any(&["mish"], |c| activation(c, "F.mish({x})", "Mish")),
    any(&["elu"], |c| activation(c, "F.elu({x})", "ELU")),
    any(&["leaky relu"], |c| activation(c, "F.leaky_relu({x}, 0.01)", "leaky ReLU with slope 0.01")),
    any(&["hardswish"], |c| activation(c, "F.hardswish({x})", "hard Swish")),
    exact(&["softplus"], |c| {
        c.unary("softened", "F.softplus({x})", "softplus");
        c.sign = if c.large && c.sign == Sign::Any { Sign::Nonnegative } else { Sign::Positive };
        Ok(())
    }),
    exact(&["exp", "exponential"], |c| {
        c.require_calm();
        c.unary("exponential", "torch.exp({x})", "exponential");
        (c.sign, c.large) = (Sign::Positive, true);
        Ok(())
    }),
    exact(&["log", "logarithm"], |c| {
        c.require(Sign::Positive)?;
        c.unary("logarithm", "torch.log({x})", "natural logarithm");
        (c.sign, c.large) = (Sign::Any, false);
        Ok(())
    }),
    exact(&["log1p"], |c| {
        c.require(Sign::Nonnegative)?;
        c.unary("logarithm", "torch.log1p({x})", "logarithm of one plus the value");
        c.large = false;
        Ok(())
    }),
    exact(&["sqrt", "square root"], |c| {
        c.require(Sign::Nonnegative)?;
        c.unary("root", "torch.sqrt({x})", "square root");
        Ok(())
    }),
    exact(&["rsqrt", "reciprocal square root"], |c| {
        c.require(Sign::Positive)?;
        c.unary("inverse_root", "torch.rsqrt({x})", "reciprocal of the square root");
        c.large = true;
        Ok(())
    }),
    exact(&["reciprocal"], |c| {
        c.require(Sign::Positive)?;
        c.unary("inverse", "torch.reciprocal({x})", "reciprocal");
        c.large = true;
        Ok(())
    }),
    exact(&["square", "pow"], |c| {
        let before = c.x();
        c.unary("squared", "{x}.pow(2)", "square");
        c.before_square = Some(before);
        (c.sign, c.large) = (c.sign.max(Sign::Nonnegative), true);
        Ok(())
    }),
    any(&["abs", "absolute value"], |c| {
        c.unary("magnitude", "torch.abs({x})", "absolute value");
        c.sign = c.sign.max(Sign::Nonnegative);
        Ok(())
    }),
    any(&["negate"], |c| {
        c.unary("negated", "-{x}", "negate");
        c.sign = Sign::Any;
        Ok(())
    }),
    exact(&["sinc"], |c| bounded(c, "wave", "torch.sinc({x})", "sin(pi x) / (pi x)", Sign::Any)),
    exact(&["cosine", "cos"], |c| bounded(c, "wave", "torch.cos({x})", "cosine", Sign::Any)),
    any(&["scale"], |c| {
        c.unary("scaled", "{x} * 0.5", "multiply by 0.5");
        Ok(())
    }),
    any(&["clamp", "clip"], |c| {
        let sign = c.sign;
        bounded(c, "clamped", "{x}.clamp(-1.0, 1.0)", "limit to -1 to 1", sign)
    }),
    any(&["cast to half"], |c| {
        c.require_float32()?;
        c.unary("rounded", "{x}.to(torch.float16)", "round to float16");
        c.dtype = "float16";
        Ok(())
    }),
];

/// A function whose values are between -1 and 1.
#[expect(clippy::unnecessary_wraps, reason = "operations end with it")]
fn bounded(c: &mut Chain, name: &str, expression: &str, says: &str, sign: Sign) -> Result<(), Halt> {
    c.unary(name, expression, says);
    (c.sign, c.large) = (sign, false);
    Ok(())
}

/// A function that is small on the negative side and the number itself on the positive one.
#[expect(clippy::unnecessary_wraps, reason = "operations end with it")]
fn activation(c: &mut Chain, expression: &str, says: &str) -> Result<(), Halt> {
    c.unary("activated", expression, says);
    // Of a positive number all of them are positive.
    Ok(())
}
