//! Normalisations.

use super::{any, exact, on};
use crate::compose::chain::{Chain, Halt, Operation, Sign};
use crate::compose::input::Draw;
use crate::compose::sizes::Kind;

pub(super) const OPERATIONS: [Operation; 9] = [
    any(&["softmax"], |c| {
        let along = c.along();
        c.unary("weights", &format!("torch.softmax({{x}}, dim={along})"), "softmax");
        (c.sign, c.large) = (Sign::Positive, false);
        Ok(())
    }),
    exact(&["log softmax"], |c| {
        let along = c.along();
        c.unary("log_weights", &format!("torch.log_softmax({{x}}, dim={along})"), "logarithm of the softmax");
        c.sign = Sign::Any;
        Ok(())
    }),
    any(&["layernorm", "layer norm"], |c| {
        let x = c.x();
        let size = c.length();
        let weight = c.input("norm_weight", vec![size], Draw::Positive);
        let bias = c.input("norm_bias", vec![size], Draw::Normal);
        c.say("layer normalisation");
        let (weight, bias) = (weight.name, bias.name);
        let expression = if c.images() {
            let last = c.aside("channels_last", format!("{}.movedim(1, -1)", x.name), x.shape.clone());
            let last = last.name;
            format!("F.layer_norm({last}, ({last}.shape[-1],), {weight}, {bias}, 1e-5).movedim(-1, 1)")
        } else {
            format!("F.layer_norm({x}, ({x}.shape[-1],), {weight}, {bias}, 1e-5)", x = x.name)
        };
        c.step("normed", expression, x.shape);
        (c.sign, c.large) = (Sign::Any, false);
        Ok(())
    }),
    any(&["rmsnorm", "rms norm"], |c| {
        let x = c.x();
        let along = c.along();
        let weight = c.vector("norm_weight", Draw::Positive);
        c.say("divide by the root mean square, with a weight");
        let mean = format!("{}.pow(2).mean(dim={along}, keepdim=True)", x.name);
        let mean = c.aside("mean_square", mean, x.shape.clone());
        let normed = format!("{} * torch.rsqrt({} + 1e-6)", x.name, mean.name);
        let normed = c.aside("normed", normed, x.shape.clone());
        c.step("weighted", format!("{} * {weight}", normed.name), x.shape);
        c.large = false;
        Ok(())
    }),
    exact(&["normalize", "normalise"], |c| {
        let along = c.along();
        c.unary("normed", &format!("F.normalize({{x}}, dim={along})"), "divide by the Euclidean norm");
        c.large = false;
        Ok(())
    }),
    on(
        Kind::Images,
        any(&["batchnorm with given statistics", "batchnorm", "batch norm"], |c| {
            let size = c.length();
            let mean = c.input("mean", vec![size], Draw::Normal).name;
            let variance = c.input("variance", vec![size], Draw::Positive).name;
            let weight = c.input("norm_weight", vec![size], Draw::Positive).name;
            let bias = c.input("norm_bias", vec![size], Draw::Normal).name;
            affine(
                c,
                &format!(
                    "F.batch_norm({{x}}, {mean}, {variance}, {weight}, {bias}, training=False, eps=1e-5)"
                ),
                "batch normalisation with given statistics",
            )
        }),
    ),
    on(
        Kind::Images,
        any(&["groupnorm", "group norm"], |c| {
            let size = c.length();
            let weight = c.input("norm_weight", vec![size], Draw::Positive).name;
            let bias = c.input("norm_bias", vec![size], Draw::Normal).name;
            affine(
                c,
                &format!("F.group_norm({{x}}, 4, {weight}, {bias}, 1e-5)"),
                "group normalisation in 4 groups",
            )
        }),
    ),
    on(
        Kind::Images,
        any(&["instancenorm", "instance norm"], |c| {
            let size = c.length();
            let weight = c.input("norm_weight", vec![size], Draw::Positive).name;
            let bias = c.input("norm_bias", vec![size], Draw::Normal).name;
            affine(
                c,
                &format!("F.instance_norm({{x}}, weight={weight}, bias={bias}, eps=1e-5)"),
                "normalisation of each channel of each image",
            )
        }),
    ),
    exact(&["quantise rows to int8 by their maximum"], |c| {
        let x = c.x();
        c.say("the largest magnitude of each row becomes 127");
        let largest = format!("{}.abs().amax(dim=-1, keepdim=True)", x.name);
        let largest = c.aside("largest", largest, x.shape.clone());
        let scale = c.aside("scale", format!("{} / 127.0", largest.name), x.shape.clone());
        c.say("divide by the scale and round to int8");
        let steps = c.aside("steps", format!("torch.round({} / {})", x.name, scale.name), x.shape.clone());
        c.step("quantised", format!("{}.to(torch.int8)", steps.name), x.shape);
        c.beside.push(scale.name);
        Ok(())
    }),
];

fn affine(c: &mut Chain, expression: &str, says: &str) -> Result<(), Halt> {
    if !c.images() {
        return Err(c.misfit("it takes images, with channels second"));
    }
    c.unary("normed", expression, says);
    (c.sign, c.large) = (Sign::Any, false);
    Ok(())
}
