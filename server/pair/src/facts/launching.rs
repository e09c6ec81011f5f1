//! Launches: what a kernel is given, and what that does to it.

use ruff_text_size::TextRange;

use super::arguments::Arguments;
use super::kernel::bit;
use super::trace::{ArmKind, Kept, What, When};
use super::value::{From, Value};
use super::walk::Walk;

impl<'a> Walk<'a> {
    pub(super) fn launch_kernel(&mut self, at: u32, arguments: &Arguments<'a>, range: TextRange) {
        if self.when == When::Never {
            return;
        }
        self.tell(range, What::Launch);
        if self.when == When::Entry && !self.in_hook {
            self.in_hook = true;
            for hook in std::mem::take(&mut self.hooks) {
                let arguments = Arguments { open: true, ..Arguments::default() };
                self.apply(hook, &arguments, range);
            }
            self.in_hook = false;
        }
        let kernel = &mut self.trace.kernels[at as usize];
        kernel.launched |= self.when == When::Entry;
        kernel.launched_elsewhere |= self.when == When::Elsewhere;
        let scan = &self.scans[at as usize];
        let parameters = scan.parameters.clone();
        let written = scan.written.clone();
        let positional = arguments.positional.iter().enumerate().map(|(at, value)| (Some(at), *value));
        let keywords = arguments
            .keywords
            .iter()
            .map(|(name, value)| (parameters.iter().position(|known| known == name), *value));
        let all: Vec<_> = positional.chain(keywords).collect();
        let mut inputs = From::default();
        for (_, value) in &all {
            for tensor in self.store.tensors(*value) {
                inputs = inputs.with(self.store.from(tensor));
            }
        }
        let read = scan.read;
        let mut unread = Vec::new();
        for &(place, value) in &all {
            // What is spread out of a list of unknown length may be any argument.
            let writes =
                arguments.open || place.is_none_or(|place| written.get(place).copied().unwrap_or(true));
            match value {
                Value::Kernel(part) => self.trace.kernels[part as usize].called = true,
                Value::Method(_) | Value::Instance(_) => self.lose_value(value),
                _ => {}
            }
            for tensor in self.store.tensors(value) {
                let shared = From(inputs.0 & !From::SHARED.0);
                let kept = self.kept.iter().find(|(kept, _, arm)| *kept == tensor.memory && *arm == self.arm);
                let told =
                    kept.filter(|(.., arm)| writes && self.is_branch(*arm)).map(|(_, range, _)| *range);
                if let Some(range) = told {
                    self.tell(range, What::Keep(Kept::Tensor));
                }
                let memory = &mut self.store.memory[tensor.memory as usize];
                let untouched =
                    !(memory.by_kernel || memory.by_torch || memory.lost || memory.vector || memory.shared);
                // What only some settings read need not be filled, nor what is handed over to be written too.
                let reads = place.is_some_and(|place| read & bit(place) != 0);
                if memory.empty && untouched && reads && !writes && !tensor.small {
                    unread.push(tensor.memory);
                }
                memory.by_kernel |= writes;
                memory.by_reader |= !writes;
                if writes {
                    memory.from = memory.from.with(shared);
                }
            }
        }
        if unread.into_iter().any(|memory| !self.store.memory[memory as usize].by_kernel) {
            self.tell(range, What::ReadsUnwritten);
        }
    }

    /// Whether a branch is taken only sometimes.
    fn is_branch(&self, arm: u32) -> bool {
        self.trace.arms.get(arm as usize).is_some_and(|arm| matches!(arm.kind, ArmKind::If | ArmKind::Except))
    }
}
