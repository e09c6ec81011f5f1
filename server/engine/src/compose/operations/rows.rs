//! Statistics of each row (of each pixel's channels, for images), and what is done with them.

use super::{any, exact, on};
use crate::compose::chain::{Chain, Halt, Operation, Sign};
use crate::compose::input::Draw;
use crate::compose::sizes::Kind;

pub(super) const OPERATIONS: [Operation; 17] = [
    exact(&["row sum", "sum"], |c| {
        c.statistic("total", "{x}.sum(dim={dim}, keepdim=True)", "sum of each row");
        c.large = true;
        Ok(())
    }),
    exact(&["row mean", "mean"], |c| {
        c.statistic("mean", "{x}.mean(dim={dim}, keepdim=True)", "mean of each row");
        Ok(())
    }),
    exact(&["row max", "row maximum", "top value of rows"], |c| {
        c.statistic("highest", "{x}.amax(dim={dim}, keepdim=True)", "largest value of each row");
        Ok(())
    }),
    exact(&["row min", "row minimum"], |c| {
        c.statistic("lowest", "{x}.amin(dim={dim}, keepdim=True)", "smallest value of each row");
        Ok(())
    }),
    exact(&["row variance"], |c| {
        c.statistic("variance", "{x}.var(dim={dim}, keepdim=True, unbiased=False)", "variance of each row");
        c.sign = Sign::Positive;
        Ok(())
    }),
    exact(&["row standard deviation"], |c| {
        c.statistic(
            "deviation",
            "{x}.std(dim={dim}, keepdim=True, unbiased=False)",
            "standard deviation of each row",
        );
        c.sign = Sign::Positive;
        Ok(())
    }),
    exact(&["l2 norm of rows", "row norm"], |c| {
        c.statistic(
            "length",
            "torch.linalg.vector_norm({x}, dim={dim}, keepdim=True)",
            "Euclidean norm of each row",
        );
        c.sign = Sign::Positive;
        Ok(())
    }),
    exact(&["subtract mean", "subtract row mean"], |c| {
        subtracted(c, "mean", "{x}.mean(dim={dim}, keepdim=True)", "centred", "subtract the mean of the row")
    }),
    exact(&["subtract row max", "subtract max"], |c| {
        let name = "shifted";
        subtracted(
            c,
            "highest",
            "{x}.amax(dim={dim}, keepdim=True)",
            name,
            "subtract the row's largest value",
        )?;
        c.large = false;
        Ok(())
    }),
    exact(&["minimum and maximum of rows"], |c| {
        let x = c.x();
        let along = c.along();
        let mut shape = x.shape.clone();
        if let Some(last) = shape.last_mut() {
            *last = 1;
        }
        c.say("smallest and largest value of each row");
        let low = c.aside("low", format!("{}.amin(dim={along}, keepdim=True)", x.name), shape.clone());
        let high = c.aside("high", format!("{}.amax(dim={along}, keepdim=True)", x.name), shape);
        c.range = Some((low, high));
        Ok(())
    }),
    exact(&["rescale to 0 and 1"], |c| {
        let Some((low, high)) = c.range.take() else {
            return Err(c.misfit("it takes the `minimum and maximum of rows`, which must stand before it"));
        };
        let x = c.x();
        c.say("rescale so that they become 0 and 1");
        let expression = format!("({} - {}) / ({} - {})", x.name, low.name, high.name, low.name);
        c.step("rescaled", expression, x.shape);
        (c.sign, c.large) = (Sign::Nonnegative, false);
        Ok(())
    }),
    exact(&["cumulative sum along rows", "cumulative sum"], |c| {
        let along = c.along();
        c.unary("running", &format!("torch.cumsum({{x}}, dim={along})"), "cumulative sum along each row");
        c.large = true;
        Ok(())
    }),
    exact(&["row argmax"], |c| {
        let x = c.x();
        let along = c.along();
        let mut shape = x.shape.clone();
        if let Some(last) = shape.last_mut() {
            *last = 1;
        }
        c.say("place of the largest value of each row");
        c.step("index", format!("{}.argmax(dim={along}, keepdim=True)", x.name), shape);
        c.held = Some(x);
        c.indices = true;
        Ok(())
    }),
    exact(&["gather"], |c| {
        let index = c.x();
        if !c.indices {
            return Err(c.misfit("it takes indices, such as those of a `row argmax` before it"));
        }
        let Some(held) = c.held.take() else {
            return Err(c.misfit("it takes indices, such as those of a `row argmax` before it"));
        };
        let values = c.input("values", held.shape, Draw::Normal);
        let along = c.along();
        c.say("take the value of a second tensor at that place");
        c.step("picked", format!("{}.gather({along}, {})", values.name, index.name), index.shape);
        c.sign = Sign::Any;
        Ok(())
    }),
    exact(&["gather target"], |c| {
        let x = c.x();
        let (Some((&columns, leading)), false) = (x.shape.split_last(), c.images()) else {
            return Err(c.misfit("it takes rows with a value for each class"));
        };
        let target = c.input("target", leading.to_vec(), Draw::Below(columns));
        let mut shape = leading.to_vec();
        shape.push(1);
        c.say("take the target's value of each row");
        c.step("picked", format!("{}.gather(-1, {}.unsqueeze(-1))", x.name, target.name), shape);
        Ok(())
    }),
    on(
        Kind::Images,
        any(&["global average pool"], |c| {
            let x = c.x();
            if x.shape.len() != 4 {
                return Err(c.misfit("it takes images"));
            }
            let shape: Vec<usize> =
                x.shape.iter().enumerate().map(|(place, &size)| if place < 2 { size } else { 1 }).collect();
            c.say("mean over height and width");
            c.step("pooled", format!("{}.mean(dim=(2, 3), keepdim=True)", x.name), shape);
            c.held = Some(x);
            Ok(())
        }),
    ),
    any(&["weighted sum"], |c| {
        let x = c.x();
        let width = 64;
        let shape: Vec<usize> = x.shape.iter().copied().chain([width]).collect();
        let values = c.input("values", shape, Draw::Normal);
        let mut shape = x.shape.clone();
        shape.pop();
        shape.push(width);
        c.say("sum of the values with these weights");
        let expression = format!("torch.matmul({}.unsqueeze(-2), {}).squeeze(-2)", x.name, values.name);
        c.step("out", expression, shape);
        c.sign = Sign::Any;
        Ok(())
    }),
];

#[expect(clippy::unnecessary_wraps, reason = "operations end with it")]
fn subtracted(c: &mut Chain, name: &str, expression: &str, result: &str, says: &str) -> Result<(), Halt> {
    let x = c.x();
    let along = c.along().to_string();
    let statistic = expression.replace("{x}", &x.name).replace("{dim}", &along);
    let statistic = c.aside(name, statistic, x.shape.clone());
    c.say(says);
    c.step(result, format!("{} - {}", x.name, statistic.name), x.shape);
    c.sign = Sign::Any;
    Ok(())
}
