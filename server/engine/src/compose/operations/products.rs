//! Matrix products and convolutions.

use super::{any, costs, on};
use crate::compose::chain::{Chain, Halt, Operation, Sign, Value};
use crate::compose::input::Draw;
use crate::compose::sizes::{Cost, Kind};

const fn product(operation: Operation) -> Operation {
    costs(Cost::Product, operation)
}

pub(super) const OPERATIONS: [Operation; 9] = [
    product(any(&["linear"], |c| {
        let x = c.x();
        let inner = inner(c, &x)?;
        let width = c.choices().width();
        let weight = c.input("weight", vec![width, inner], Draw::Weights(inner));
        c.say("multiply by a weight matrix");
        widen(c, "projected", format!("F.linear({}, {})", x.name, weight.name), &x, width)
    })),
    product(any(&["matmul", "matrix product"], |c| {
        let x = c.x();
        let inner = inner(c, &x)?;
        if let Some(weights) = c.operand.take() {
            let width = weights.shape.last().copied().unwrap_or(1);
            c.say("multiply by these weights");
            return widen(c, "product", format!("{} @ {}", x.name, weights.name), &x, width);
        }
        let width = c.choices().width();
        let matrix = c.input("matrix", vec![inner, width], Draw::Weights(inner));
        c.say("multiply by a second matrix");
        widen(c, "product", format!("{} @ {}", x.name, matrix.name), &x, width)
    })),
    product(any(&["einsum"], |c| {
        let x = c.x();
        let inner = inner(c, &x)?;
        let width = c.choices().width();
        let weight = c.input("weight", vec![width, inner], Draw::Weights(inner));
        c.say("contract the columns");
        let expression = format!("torch.einsum(\"...i,oi->...o\", {}, {})", x.name, weight.name);
        widen(c, "contracted", expression, &x, width)
    })),
    product(on(
        Kind::Batch,
        any(&["batched matmul"], |c| {
            let x = c.x();
            let [batch, _, inner] = x.shape.as_slice() else {
                return Err(c.misfit("it takes a batch of matrices"));
            };
            let (batch, inner) = (*batch, *inner);
            let width = c.choices().width().min(384);
            let matrix = c.input("matrices", vec![batch, inner, width], Draw::Weights(inner));
            c.say("multiply each matrix of the batch by one of its own");
            widen(c, "product", format!("torch.bmm({}, {})", x.name, matrix.name), &x, width)
        }),
    )),
    any(&["outer product"], |c| {
        if c.begun() {
            return Err(c.misfit("it begins a chain with two vectors"));
        }
        let shape = c.first_shape();
        let (&[rows, columns], []) = shape.split_at(2) else {
            return Err(c.misfit("it begins a chain of matrices"));
        };
        let x = c.open("x", vec![rows], Draw::Normal);
        let y = c.input("y", vec![columns], Draw::Normal);
        c.say("outer product of two vectors");
        c.step("product", format!("torch.outer({}, {})", x.name, y.name), vec![rows, columns]);
        Ok(())
    }),
    product(any(&["dequantise int8 weights"], |c| {
        let x = c.x();
        let inner = inner(c, &x)?;
        let width = c.choices().width();
        let weight = c.input("weight", vec![inner, width], Draw::Int8);
        let scale = c.input("scale", vec![width], Draw::Written(String::new()));
        // The weights are up to 127, so their scales are small.
        let drawn = format!("(torch.rand({width}, device=\"cuda\") + 0.5) * {:.5}", 0.014 / root(inner));
        if let Some(input) = c.inputs.last_mut() {
            let cast =
                if input.dtype == "float32" { String::new() } else { format!(".to(torch.{})", input.dtype) };
            input.draw = Draw::Written(if cast.is_empty() { drawn } else { format!("({drawn}){cast}") });
        }
        c.say("int8 weights times the scale of their column");
        let expression = format!("{}.to({}.dtype) * {}", weight.name, x.name, scale.name);
        let weights = c.aside("weights", expression, vec![inner, width]);
        c.operand = Some(weights);
        Ok(())
    })),
    product(on(
        Kind::Images,
        any(&["convolution", "conv2d"], |c| {
            let x = c.x();
            let [batch, channels, height, width] = images(c, &x)?;
            let outputs = c.choices().channels();
            let filters = c.input("filters", vec![outputs, channels, 3, 3], Draw::Weights(channels * 9));
            c.say("3x3 convolution");
            let expression = format!("F.conv2d({}, {}, padding=1)", x.name, filters.name);
            c.step("convolved", expression, vec![batch, outputs, height, width]);
            c.sign = Sign::Any;
            Ok(())
        }),
    )),
    on(
        Kind::Images,
        any(&["depthwise convolution"], |c| {
            let x = c.x();
            let [_, channels, ..] = images(c, &x)?;
            let filters = c.input("filters", vec![channels, 1, 3, 3], Draw::Weights(9));
            c.say("3x3 convolution of each channel by itself");
            let expression =
                format!("F.conv2d({x}, {}, padding=1, groups={x}.shape[1])", filters.name, x = x.name);
            c.step("convolved", expression, x.shape);
            c.sign = Sign::Any;
            Ok(())
        }),
    ),
    any(&["attention scores of one query"], |c| {
        if c.begun() {
            return Err(c.misfit("it begins a chain with a query and keys"));
        }
        let (heads, length, width) = (128, 1024, 64);
        let query = c.open("query", vec![heads, width], Draw::Normal);
        let keys = c.input("keys", vec![heads, length, width], Draw::Normal);
        c.say("product of one query with all keys, divided by the root of their width");
        let scores = format!("torch.matmul({}, {}.unsqueeze(-1)).squeeze(-1)", keys.name, query.name);
        let scores = c.aside("scores", scores, vec![heads, length]);
        c.step("scaled", format!("{} * {}.shape[-1] ** -0.5", scores.name, query.name), vec![heads, length]);
        Ok(())
    }),
];

fn root(count: usize) -> f64 {
    f64::from(u32::try_from(count.max(1)).unwrap_or(u32::MAX)).sqrt()
}

/// The number of columns that a product sums over.
fn inner(c: &mut Chain, x: &Value) -> Result<usize, Halt> {
    match x.shape.last() {
        Some(&inner) if !c.images() && inner > 1 => Ok(inner),
        _ => Err(c.misfit("it takes rows of several columns; `flatten` makes them of images")),
    }
}

fn images(c: &mut Chain, x: &Value) -> Result<[usize; 4], Halt> {
    <[usize; 4]>::try_from(x.shape.as_slice()).map_err(|_| c.misfit("it takes images"))
}

#[expect(clippy::unnecessary_wraps, reason = "operations end with it")]
fn widen(c: &mut Chain, name: &str, expression: String, x: &Value, width: usize) -> Result<(), Halt> {
    let mut shape = x.shape.clone();
    if let Some(last) = shape.last_mut() {
        *last = width;
    }
    c.step(name, expression, shape);
    c.sign = Sign::Any;
    Ok(())
}
