//! What moves numbers and computes none.

use super::{any, costs, on};
use crate::compose::chain::{Operation, Sign};
use crate::compose::sizes::{Cost, Kind};

pub(super) const OPERATIONS: [Operation; 6] = [
    costs(
        Cost::Flattened,
        on(
            Kind::Images,
            any(&["flatten"], |c| {
                let x = c.x();
                let Some((&first, rest)) = x.shape.split_first() else {
                    return Err(c.misfit("it takes images"));
                };
                c.say("flatten channels, height and width");
                c.step("flat", format!("{}.flatten(1)", x.name), vec![first, rest.iter().product()]);
                Ok(())
            }),
        ),
    ),
    any(&["reshape"], |c| {
        let x = c.x();
        let name = &x.name;
        let mut shape = x.shape.clone();
        let expression = if c.images() && shape.get(1).is_some_and(|channels| channels % 2 == 0) {
            c.say("half the channels and twice the height");
            shape[1] /= 2;
            shape[2] *= 2;
            format!(
                "{name}.reshape({name}.shape[0], {name}.shape[1] // 2, 2 * {name}.shape[2], {name}.shape[3])"
            )
        } else if shape.len() == 2 && shape[1] % 2 == 0 {
            c.say("half the columns and twice the rows");
            shape[0] *= 2;
            shape[1] /= 2;
            format!("{name}.reshape(2 * {name}.shape[0], {name}.shape[1] // 2)")
        } else {
            return Err(c.misfit("it halves columns or channels, of which there must be an even number"));
        };
        c.step("reshaped", expression, shape);
        Ok(())
    }),
    any(&["transpose"], |c| {
        let x = c.x();
        let mut shape = x.shape.clone();
        let last = shape.len().saturating_sub(1);
        if last == 0 {
            return Err(c.misfit("it takes a tensor of at least two dimensions"));
        }
        shape.swap(last - 1, last);
        let images = c.images();
        c.say(if images { "exchange height and width" } else { "exchange rows and columns" });
        c.step("transposed", format!("{}.transpose(-1, -2)", x.name), shape);
        Ok(())
    }),
    any(&["concat", "concatenate"], |c| {
        let x = c.x();
        let along = c.along();
        let other = c.second("other");
        let mut shape = x.shape.clone();
        let place = if along == 1 { 1 } else { shape.len().saturating_sub(1) };
        if let Some(size) = shape.get_mut(place) {
            *size *= 2;
        }
        c.say("concatenate with a second tensor");
        c.step("joined", format!("torch.cat(({}, {}), dim={along})", x.name, other.name), shape);
        if !c.options.positive {
            c.sign = Sign::Any;
        }
        Ok(())
    }),
    any(&["split in halves", "split"], |c| {
        let x = c.x();
        let along = c.along();
        let size = c.length();
        if size % 2 != 0 {
            return Err(c.misfit("it halves columns or channels, of which there must be an even number"));
        }
        let mut shape = x.shape.clone();
        let place = if along == 1 { 1 } else { shape.len().saturating_sub(1) };
        if let Some(size) = shape.get_mut(place) {
            *size /= 2;
        }
        c.say("split in halves; what follows is done to the first");
        let expression = format!("{}.chunk(2, dim={along})", x.name);
        let (_, second) = c.twin_step("first", "second", expression, shape);
        c.held = Some(second);
        Ok(())
    }),
    any(&["interleave two tensors", "interleave"], |c| {
        let x = c.x();
        let other = c.second("other");
        let mut shape = x.shape.clone();
        if let Some(size) = shape.last_mut() {
            *size *= 2;
        }
        c.say("interleave the columns of two tensors");
        c.step("woven", format!("torch.stack(({}, {}), dim=-1).flatten(-2)", x.name, other.name), shape);
        if !c.options.positive {
            c.sign = Sign::Any;
        }
        Ok(())
    }),
];
