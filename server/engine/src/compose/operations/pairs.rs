//! Operations of two operands: with a second tensor, a vector, a mask, or what the chain itself holds.

use super::{any, exact, on};
use crate::compose::chain::{Chain, Halt, Operation, Sign, Value};
use crate::compose::input::Draw;
use crate::compose::sizes::Kind;

pub(super) const OPERATIONS: [Operation; 19] = [
    any(&["add"], |c| combine(c, "addend", "summed", '+', "add")),
    any(&["subtract"], |c| combine(c, "subtrahend", "difference", '-', "subtract")),
    any(&["multiply"], |c| combine(c, "factor", "product", '*', "multiply by")),
    exact(&["divide"], |c| combine(c, "divisor", "quotient", '/', "divide by")),
    any(&["add residual", "residual"], |c| {
        let (x, residual) = (c.x(), c.second("residual"));
        write(c, "summed", &x, '+', &residual, "add the residual")
    }),
    any(&["gate multiply"], |c| {
        let (x, gate) = (c.x(), c.second("gate"));
        write(c, "gated", &x, '*', &gate, "multiply by a gate")
    }),
    any(&["bias", "add bias"], |c| {
        let bias = c.vector("bias", Draw::Normal);
        with_vector(c, "shifted", '+', &bias, "add a bias")
    }),
    on(
        Kind::Images,
        any(&["channel bias"], |c| {
            let bias = c.vector("bias", Draw::Normal);
            with_vector(c, "shifted", '+', &bias, "add a bias to each channel")
        }),
    ),
    on(
        Kind::Images,
        any(&["channel scale"], |c| {
            let scale = c.vector("scale", Draw::Positive);
            with_vector(c, "scaled", '*', &scale, "multiply each channel by its scale")
        }),
    ),
    any(&["scale by weight"], |c| {
        let weight = c.vector("weight", Draw::Positive);
        with_vector(c, "weighted", '*', &weight, "multiply by a weight for each column")
    }),
    any(&["add mask"], |c| {
        let shape = c.x().shape;
        let (x, mask) = (c.x(), c.input("mask", shape, Draw::Mask));
        c.large = false;
        write(c, "masked", &x, '+', &mask, "add a mask, which is far below zero where nothing is to be seen")
    }),
    any(&["dropout by a given mask", "dropout"], |c| {
        let x = c.x();
        let keep = c.input("keep", x.shape.clone(), Draw::Keep("0.9"));
        c.say("dropout by a given mask: keep nine in ten, divided by 0.9");
        c.step("dropped", format!("torch.where({}, {} / 0.9, 0.0)", keep.name, x.name), x.shape);
        c.sign = c.sign.min(Sign::Nonnegative);
        Ok(())
    }),
    any(&["divide by temperature", "temperature"], |c| {
        let temperature = c.input("temperature", Vec::new(), Draw::Written("1.7".to_owned()));
        c.unary("tempered", &format!("{{x}} / {}", temperature.name), "divide by the temperature");
        Ok(())
    }),
    exact(&["divide by position"], |c| {
        let x = c.x();
        c.say("divide by the position in the row, counted from 1");
        let count = c.length();
        let position = c.aside(
            "position",
            format!("torch.arange(1, {}.shape[-1] + 1, device={}.device)", x.name, x.name),
            vec![count],
        );
        c.step("averaged", format!("{} / {}", x.name, position.name), x.shape);
        Ok(())
    }),
    any(&["add position"], |c| {
        let x = c.x();
        let shape = x.shape.get(x.shape.len().saturating_sub(2)..).unwrap_or_default().to_vec();
        let position = c.input("position", shape, Draw::Normal);
        write(c, "placed", &x, '+', &position, "add the embedding of the position")
    }),
    exact(&["squared difference"], |c| {
        let (x, target) = (c.x(), c.second("target"));
        c.say("square of the difference from the target");
        let difference = c.aside("difference", format!("{} - {}", x.name, target.name), x.shape.clone());
        c.step("squared", format!("{}.pow(2)", difference.name), x.shape);
        (c.sign, c.large) = (Sign::Nonnegative, true);
        Ok(())
    }),
    exact(&["absolute difference"], |c| {
        let (x, target) = (c.x(), c.second("target"));
        c.say("absolute difference from the target");
        let difference = c.aside("difference", format!("{} - {}", x.name, target.name), x.shape.clone());
        c.step("distance", format!("torch.abs({})", difference.name), x.shape);
        c.sign = Sign::Nonnegative;
        Ok(())
    }),
    any(&["maximum"], |c| {
        let (x, other) = (c.x(), c.second("other"));
        c.say("the larger of the two");
        c.step("larger", format!("torch.maximum({}, {})", x.name, other.name), x.shape);
        Ok(())
    }),
    any(&["minimum"], |c| {
        let (x, other) = (c.x(), c.second("other"));
        c.say("the smaller of the two");
        c.step("smaller", format!("torch.minimum({}, {})", x.name, other.name), x.shape);
        Ok(())
    }),
];

/// With what the chain holds, where it does, else with a second tensor.
fn combine(c: &mut Chain, name: &str, result: &str, operator: char, verb: &str) -> Result<(), Halt> {
    if c.held.is_some() && operator == '/' {
        // A sum near zero would make the quotient a matter of rounding.
        c.require(Sign::Positive)?;
    }
    let x = c.x();
    if let Some(held) = c.held.take() {
        let says = match operator {
            '+' => "add it to the tensor",
            '-' => "subtract it from the tensor",
            '*' if held.name.starts_with("second") => "multiply by the second half",
            '*' => "multiply the tensor by it",
            _ => "divide the tensor by it",
        };
        if matches!(operator, '-' | '+') {
            c.sign = Sign::Any;
        }
        return write(c, result, &held, operator, &x, says);
    }
    let second = if operator == '/' {
        let shape = x.shape.clone();
        c.input(name, shape, Draw::Positive)
    } else {
        c.second(name)
    };
    if operator == '-' || !c.options.positive && operator != '/' {
        c.sign = Sign::Any;
    }
    // Normal numbers times normal numbers have wide tails, but an exponential of them is finite in float32.
    write(c, result, &x, operator, &second, &format!("{verb} a second tensor"))
}

#[expect(clippy::unnecessary_wraps, reason = "operations end with it")]
fn write(
    c: &mut Chain,
    result: &str,
    left: &Value,
    operator: char,
    right: &Value,
    says: &str,
) -> Result<(), Halt> {
    let shape = left.shape.clone();
    c.say(says);
    c.step(result, format!("{} {operator} {}", left.name, right.name), shape);
    if operator == '+' && !c.options.positive {
        c.sign = Sign::Any;
    }
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "operations end with it")]
fn with_vector(c: &mut Chain, result: &str, operator: char, vector: &str, says: &str) -> Result<(), Halt> {
    c.unary(result, &format!("{{x}} {operator} {vector}"), says);
    if operator == '+' {
        c.sign = Sign::Any;
    }
    Ok(())
}
