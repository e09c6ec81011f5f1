//! Comparisons of two tensors, element by element or row by row.

use super::exact;
use crate::compose::chain::{Operation, Sign};
use crate::compose::input::Draw;

pub(super) const OPERATIONS: [Operation; 4] = [
    exact(&["cosine similarity of two rows", "cosine similarity"], |c| {
        let x = c.x();
        // Rows related to x by a different amount each, so that the similarities spread out.
        let rows = x.shape.first().copied().unwrap_or(1);
        let shape = x.shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
        let related = format!(
            "torch.rand({rows}, 1, device=\"cuda\") * {} + torch.randn({shape}, device=\"cuda\")",
            x.name
        );
        // Only the chain's own argument is there when the inputs are drawn.
        let draw = if c.inputs.iter().any(|input| input.name == x.name) && x.shape.len() == 2 {
            Draw::Written(related)
        } else {
            Draw::Normal
        };
        let y = c.input("y", x.shape.clone(), draw);
        let mut shape = x.shape.clone();
        shape.pop();
        c.say("inner product of the two rows");
        let dot = format!("({} * {}).sum(dim=-1)", x.name, y.name);
        let dot = c.aside("dot", dot, shape.clone());
        c.say("divide by the norms of both");
        let norms = format!(
            "torch.linalg.vector_norm({}, dim=-1) * torch.linalg.vector_norm({}, dim=-1)",
            x.name, y.name
        );
        let norms = c.aside("norms", norms, shape.clone());
        c.step("similarity", format!("{} / {}.clamp(min=1e-8)", dot.name, norms.name), shape);
        (c.sign, c.large) = (Sign::Any, false);
        Ok(())
    }),
    exact(&["huber loss"], |c| {
        let (x, target) = (c.x(), c.second("target"));
        c.say("Huber loss of each element");
        let expression = format!("F.huber_loss({}, {}, reduction=\"none\", delta=1.0)", x.name, target.name);
        c.step("loss", expression, x.shape);
        c.sign = Sign::Nonnegative;
        Ok(())
    }),
    exact(&["binary cross entropy from logits"], |c| {
        let x = c.x();
        let target = c.input("target", x.shape.clone(), Draw::Unit);
        c.say("binary cross entropy of each logit");
        let expression =
            format!("F.binary_cross_entropy_with_logits({}, {}, reduction=\"none\")", x.name, target.name);
        c.step("loss", expression, x.shape);
        c.sign = Sign::Nonnegative;
        Ok(())
    }),
    exact(&["kl divergence of two log probabilities"], |c| {
        if c.begun() {
            return Err(c.misfit("it begins a chain with two tensors of log probabilities"));
        }
        let shape = c.first_shape();
        let x = c.open("log_p", shape.clone(), Draw::LogProbabilities);
        let y = c.input("log_q", shape.clone(), Draw::LogProbabilities);
        c.say("the probabilities themselves");
        let p = c.aside("p", format!("torch.exp({})", x.name), shape.clone());
        c.say("each times the difference of the logarithms");
        c.step("divergence", format!("{} * ({} - {})", p.name, x.name, y.name), shape);
        c.sign = Sign::Any;
        Ok(())
    }),
];
