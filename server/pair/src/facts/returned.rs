//! What the entry point gives back: whether a kernel made it, and whether it was kept.

use ruff_text_size::TextRange;

use super::trace::{Kept, Outcome, What};
use super::value::{From, Tensor, Value};
use super::walk::Walk;

impl<'a> Walk<'a> {
    /// Notes what is told by all that the entry point gave back, whose tensors among the inputs are `inputs`.
    pub(super) fn settle(&mut self, inputs: &[Tensor]) {
        let returns = std::mem::take(&mut self.returns);
        let returns: Vec<_> = returns.into_iter().map(|(value, range, _)| (value, range)).collect();
        self.trace.outcome = self.outcome(&returns, inputs);
        self.tell_disguised(&returns);
        self.tell_kept(&returns);
    }

    /// What all that is given back has in common.
    fn outcome(&self, returns: &[(Value<'a>, TextRange)], inputs: &[Tensor]) -> Outcome {
        let mut outcome = None;
        for (value, range) in returns {
            let mut found = None;
            let mut open = false;
            self.store.each(*value, &mut |value| match value {
                Value::Tensor(tensor) => {
                    let memory = self.store.memory[tensor.memory as usize];
                    if memory.lost || memory.by_kernel || self.store.from(tensor).has(From::KERNEL) {
                        open = true;
                    } else if memory.empty && !memory.by_torch {
                        found = Some(Outcome::Unwritten(*range));
                    } else if self.store.from(tensor).has(From::TORCH) {
                        found = found.or(Some(Outcome::Computed(*range)));
                    } else if inputs.iter().any(|input| input.memory == tensor.memory)
                        || self.store.from(tensor) == From::INPUT && memory.copied
                    {
                        found = found.or(Some(Outcome::Input(*range)));
                    } else if memory.constant && self.store.from(tensor) == From::default()
                        || self.store.from(tensor) == From::VARIED
                    {
                        found = found.or(Some(Outcome::Constant(*range)));
                    } else {
                        open = true;
                    }
                }
                Value::Number(_)
                | Value::Zero
                | Value::Flag(_)
                | Value::Nothing
                | Value::Text(_)
                | Value::AnyText
                | Value::Sizes => {}
                _ => open = true,
            });
            // Every way out must be as bad, or nothing is certain.
            let Some(found) = found.filter(|_| !open) else { return Outcome::default() };
            outcome = outcome.or(Some(found));
        }
        outcome.unwrap_or_default()
    }

    /// An object that passes on what it is asked for is no tensor.
    fn tell_disguised(&mut self, returns: &[(Value<'a>, TextRange)]) {
        for (value, range) in returns {
            if let Value::Instance(at) = *value {
                let class = self.instances[at as usize].class;
                for hook in ["__getattr__", "__getattribute__"] {
                    if self.class_attribute(class, hook).is_some() {
                        self.tell(*range, What::Disguise(hook));
                    }
                }
            }
        }
    }

    /// What was kept and what is given back may be the same memory.
    fn tell_kept(&mut self, returns: &[(Value<'a>, TextRange)]) {
        let mut told = Vec::new();
        for (value, range) in returns {
            for tensor in self.store.tensors(*value) {
                if let Some((_, range)) =
                    self.literals.iter().find(|(made, _)| *made == tensor.memory).copied()
                {
                    self.tell(range, What::Shape);
                }
                let memory = self.store.memory[tensor.memory as usize];
                let kept = self.kept.iter().find(|(kept, ..)| *kept == tensor.memory);
                if let Some((_, range, _)) = kept {
                    told.push(*range);
                } else if memory.shared && memory.by_kernel || self.store.from(tensor).has(From::SHARED) {
                    told.push(*range);
                }
            }
        }
        for range in told {
            self.tell(range, What::Keep(Kept::Tensor));
        }
    }
}
