//! Embeddings.

use super::{any, on};
use crate::compose::chain::{Operation, Sign};
use crate::compose::input::Draw;
use crate::compose::sizes::Kind;

pub(super) const OPERATIONS: [Operation; 3] = [
    on(
        Kind::Batch,
        any(&["embedding lookup", "embedding"], |c| {
            if c.begun() {
                return Err(c.misfit("it begins a chain with indices and a table"));
            }
            let (batch, length, width, words) = (8, 256, 512, 8192);
            let tokens = c.open("tokens", vec![batch, length], Draw::Below(words));
            let table = c.input("table", vec![words, width], Draw::Normal);
            c.say("look each token up in the table");
            let expression = format!("F.embedding({}, {})", tokens.name, table.name);
            c.step("embedded", expression, vec![batch, length, width]);
            c.sign = Sign::Any;
            Ok(())
        }),
    ),
    rotary(&["rotary position embedding of queries"]),
    rotary(&["rotary position embedding", "rope"]),
];

const fn rotary(names: &'static [&'static str]) -> Operation {
    on(
        Kind::Heads,
        any(names, |c| {
            if c.begun() {
                return Err(c.misfit("it begins a chain with heads of shape (batch, heads, sequence, width)"));
            }
            let shape = c.first_shape();
            let &[_, _, length, width] = shape.as_slice() else {
                return Err(c.misfit("it takes heads of shape (batch, heads, sequence, width)"));
            };
            let x = c.open("x", shape.clone(), Draw::Normal);
            let half = width / 2;
            // Positions count from 1: the sine of 0 is 0, which would hide a wrong sign.
            let frequencies = format!("10000.0 ** (-torch.arange(0, {half}, device=\"cuda\") / {half})");
            let frequencies = c.input("frequencies", Vec::new(), Draw::Local(frequencies)).name;
            let angles = format!("torch.arange(1, {}, device=\"cuda\")[:, None] * {frequencies}", length + 1);
            let angles = c.input("angles", Vec::new(), Draw::Local(angles)).name;
            let cast = if c.dtype == "float32" { String::new() } else { format!(".to(torch.{})", c.dtype) };
            let table = |function: &str| Draw::Written(format!("{angles}.{function}(){cast}"));
            let cosine = c.input("cosine", vec![length, half], table("cos"));
            let sine = c.input("sine", vec![length, half], table("sin"));
            c.say("rotate the two halves of each head by the angles of its position");
            let (cosine, sine) = (cosine.name, sine.name);
            let halves = format!("{}.chunk(2, dim=-1)", x.name);
            let (first, second) = c.twin_step("first", "second", halves, Vec::new());
            let (first, second) = (first.name, second.name);
            let left = c.aside("left", format!("{first} * {cosine} - {second} * {sine}"), Vec::new()).name;
            let right = c.aside("right", format!("{second} * {cosine} + {first} * {sine}"), Vec::new()).name;
            c.step("rotated", format!("torch.cat(({left}, {right}), dim=-1)"), shape);
            c.sign = Sign::Any;
            Ok(())
        }),
    )
}
