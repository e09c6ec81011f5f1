//! Pooling and resizing.

use super::{any, on};
use crate::compose::chain::{Chain, Halt, Operation};
use crate::compose::sizes::Kind;

pub(super) const OPERATIONS: [Operation; 3] = [
    on(
        Kind::Images,
        any(&["average pool", "avgpool"], |c| {
            resized(c, "F.avg_pool2d({x}, 2)", "2x2 average pooling", |size| size / 2)
        }),
    ),
    on(
        Kind::Images,
        any(&["max pool", "maxpool"], |c| {
            resized(c, "F.max_pool2d({x}, 2)", "2x2 maximum pooling", |size| size / 2)
        }),
    ),
    on(
        Kind::Images,
        any(&["nearest upsample", "interpolate"], |c| {
            let expression = "F.interpolate({x}, scale_factor=2, mode=\"nearest\")";
            resized(c, expression, "twice the height and width, by the nearest pixel", |size| size * 2)
        }),
    ),
];

fn resized(c: &mut Chain, expression: &str, says: &str, size: fn(usize) -> usize) -> Result<(), Halt> {
    let x = c.x();
    let [batch, channels, height, width] = <[usize; 4]>::try_from(x.shape.as_slice())
        .ok()
        .filter(|shape| size(shape[2]) > 0 && size(shape[3]) > 0)
        .ok_or_else(|| c.misfit("it takes images of at least 2 by 2 pixels"))?;
    c.say(says);
    let shape = vec![batch, channels, size(height), size(width)];
    c.step("resized", expression.replace("{x}", &x.name), shape);
    Ok(())
}
