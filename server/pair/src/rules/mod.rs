//! The rules: what each looks for, and one table of what is said about them.

mod ambiguous_entry_point;
mod block_out_of_order;
mod code_outside_blocks;
mod duplicate_block;
mod empty_block;
mod imports;
mod inputs_not_on_cuda;
mod malformed_marker;
mod missing_block;
mod no_description;
mod no_entry_point;
mod no_kernel;
mod no_test_inputs;
mod page;
mod signatures_disagree;
mod syntax_error;
mod triton;
mod trust;
mod unclosed_block;
mod undefined_name;
mod unmatched_marker;
mod unused_ignore;

pub(crate) use imports::{add_import, import_of};
pub(crate) use missing_block::block_insertion;
pub(crate) use unused_ignore::silence;

use crate::diagnostic::{Diagnostic, Severity};
use crate::file::File;

/// A rule that pair files are checked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// FW101: a block is missing.
    MissingBlock,
    /// FW102: a block is there more than once.
    DuplicateBlock,
    /// FW103: the blocks stand in another order.
    BlockOutOfOrder,
    /// FW104: a block lacks its closing marker.
    UnclosedBlock,
    /// FW105: a closing marker closes nothing, or something else.
    UnmatchedMarker,
    /// FW106: a comment that was meant to be a marker.
    MalformedMarker,
    /// FW107: a block without code.
    EmptyBlock,
    /// FW108: code that belongs to no block.
    CodeOutsideBlocks,
    /// FW109: code that is not valid Python.
    SyntaxError,
    /// FW201: no function to compare.
    NoEntryPoint,
    /// FW202: several functions to compare.
    AmbiguousEntryPoint,
    /// FW203: the two functions take different arguments.
    SignaturesDisagree,
    /// FW204: no Triton kernel.
    NoKernel,
    /// FW205: no test inputs.
    NoTestInputs,
    /// FW206: inputs that are not made on the GPU.
    InputsNotOnCuda,
    /// FW207: a block that needs names from elsewhere.
    UndefinedName,
    /// FW208: no description.
    NoDescription,
    /// FW209: a comment that silences nothing.
    UnusedIgnore,
    // FW3xx, Triton.
    /// FW301: bounds of `tl.arange` that Triton refuses.
    ArangeBounds,
    /// FW302: sizes of blocks that Triton refuses.
    SizeNotConstexpr,
    /// FW303: a load or a store without a mask that reaches past the end.
    UnmaskedAccess,
    /// FW304: lanes outside of a mask that reach the result.
    MaskWithoutOther,
    /// FW305: Python that a kernel cannot use.
    UnsupportedPython,
    /// FW306: a kernel that takes a global which is no constant.
    GlobalNotConstexpr,
    /// FW307: a `tl.dot` of float32 that leaves its precision open.
    DotPrecision,
    /// FW308: a `tl.dot` of too small blocks.
    DotTooSmall,
    /// FW309: a sum that is kept in 16 bits.
    LowPrecisionSum,
    /// FW310: offsets of 32 bits into tensors that need more.
    OffsetOverflow,
    /// FW311: a wrapper that waits for the GPU.
    HostSynchronisation,
    /// FW312: a kernel that computes with sizes where strides count.
    StridesAssumed,
    /// FW313: an output on the wrong device, or of the wrong type.
    OutputAllocation,
    /// FW314: several launches where one kernel was asked for.
    SeveralLaunches,
    /// FW315: an autotuner that does not fit its kernel.
    AutotuneMismatch,
    /// FW316: a grid that does not depend on the inputs.
    ConstantGrid,
    /// FW317: names that Triton does not have.
    UnavailableApi,
    // FW4xx, trust.
    /// FW401: torch computes in place of the kernel.
    TorchCompute,
    /// FW402: a kernel that is never launched.
    KernelNeverLaunched,
    /// FW403: what is returned was not written by a kernel.
    KernelResultUnused,
    /// FW404: something else computes where the kernel is skipped.
    Fallback,
    /// FW405: a library is changed.
    PatchedLibrary,
    /// FW406: a look into the running interpreter.
    InterpreterInternals,
    /// FW407: threads, side streams, graphs.
    WorkOutOfSight,
    /// FW408: files, the network, other programs.
    OutsideWorld,
    /// FW409: code that is made of data.
    CodeFromData,
    /// FW410: what is kept for the next call.
    KeptBetweenCalls,
    /// FW411: a switch for the whole process.
    GlobalSwitch,
    /// FW412: the reference is read.
    ReferenceInCandidate,
    /// FW413: a tensor that is not torch's own.
    DisguisedTensor,
    /// FW414: fewer bits than the reference's.
    LoweredPrecision,
    /// FW415: a result that is written out.
    HardCodedResult,
    /// FW416: a reference that is slow on purpose.
    SlowedReference,
    /// FW417: inputs that prove nothing.
    WeakInputs,
    /// FW418: an attempt at the verdict itself.
    ForgedVerdict,
    /// FW419: an argument that the candidate never reads.
    IgnoredArgument,
}

/// What is said about a rule. Its page in `docs/rules` is made of this.
#[derive(Clone, Copy)]
struct About {
    rule: Rule,
    code: &'static str,
    name: &'static str,
    severity: Severity,
    /// What it looks for, in one sentence.
    summary: &'static str,
    /// Why that matters.
    why: &'static str,
    /// What the quick fix does, and when there is one.
    fix: Option<&'static str>,
    /// A file that the rule finds fault with.
    bad: &'static str,
    /// The same file, mended.
    good: &'static str,
}

/// All rules, by code.
const TABLE: &[About] = &[
    missing_block::ABOUT,
    duplicate_block::ABOUT,
    block_out_of_order::ABOUT,
    unclosed_block::ABOUT,
    unmatched_marker::ABOUT,
    malformed_marker::ABOUT,
    empty_block::ABOUT,
    code_outside_blocks::ABOUT,
    syntax_error::ABOUT,
    no_entry_point::ABOUT,
    ambiguous_entry_point::ABOUT,
    signatures_disagree::ABOUT,
    no_kernel::ABOUT,
    no_test_inputs::ABOUT,
    inputs_not_on_cuda::ABOUT,
    undefined_name::ABOUT,
    no_description::ABOUT,
    unused_ignore::ABOUT,
    // FW3xx, Triton.
    triton::TABLE[0],
    triton::TABLE[1],
    triton::TABLE[2],
    triton::TABLE[3],
    triton::TABLE[4],
    triton::TABLE[5],
    triton::TABLE[6],
    triton::TABLE[7],
    triton::TABLE[8],
    triton::TABLE[9],
    triton::TABLE[10],
    triton::TABLE[11],
    triton::TABLE[12],
    triton::TABLE[13],
    triton::TABLE[14],
    triton::TABLE[15],
    triton::TABLE[16],
    // FW4xx, trust.
    trust::torch_compute::ABOUT,
    trust::kernel_never_launched::ABOUT,
    trust::kernel_result_unused::ABOUT,
    trust::fallback::ABOUT,
    trust::patched_library::ABOUT,
    trust::interpreter_internals::ABOUT,
    trust::work_out_of_sight::ABOUT,
    trust::outside_world::ABOUT,
    trust::code_from_data::ABOUT,
    trust::kept_between_calls::ABOUT,
    trust::global_switch::ABOUT,
    trust::reference_in_candidate::ABOUT,
    trust::disguised_tensor::ABOUT,
    trust::lowered_precision::ABOUT,
    trust::hard_coded_result::ABOUT,
    trust::slowed_reference::ABOUT,
    trust::weak_inputs::ABOUT,
    trust::forged_verdict::ABOUT,
    trust::ignored_argument::ABOUT,
];

impl Rule {
    /// All rules, by code.
    pub const ALL: &'static [Self] = &{
        let mut all = [Self::MissingBlock; TABLE.len()];
        let mut at = 0;
        while at < TABLE.len() {
            all[at] = TABLE[at].rule;
            at += 1;
        }
        all
    };

    /// The stable code, `FW101`.
    pub const fn code(self) -> &'static str {
        self.about().code
    }

    /// The stable name, `missing-block`.
    pub const fn name(self) -> &'static str {
        self.about().name
    }

    /// How bad its diagnostics are, unless one says otherwise.
    pub const fn severity(self) -> Severity {
        self.about().severity
    }

    /// What it looks for, in one sentence.
    pub const fn summary(self) -> &'static str {
        self.about().summary
    }

    /// Its documentation in Markdown: what it looks for, why, and a file before and after.
    pub fn page(self) -> String {
        page::page(self.about())
    }

    /// The index of all pages, in Markdown.
    pub fn index_page() -> String {
        page::index()
    }

    /// The rule of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.code() == code)
    }

    /// Whether a comment or the settings may silence it. What is about trust never is: the model writes the file.
    pub fn may_be_ignored(self) -> bool {
        !self.is_about_trust()
    }

    /// Whether it is about trust: a pair with such an error proves nothing, and is not run.
    pub fn is_about_trust(self) -> bool {
        self.code().starts_with("FW4")
    }

    /// Whether it is about the file's structure: a pair with such an error cannot be run.
    pub const fn is_structural(self) -> bool {
        (self as usize) <= Self::SyntaxError as usize
    }

    const fn about(self) -> &'static About {
        &TABLE[self as usize]
    }
}

/// Runs all rules.
pub(crate) fn check(file: &File<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for check in [
        missing_block::check,
        duplicate_block::check,
        block_out_of_order::check,
        unclosed_block::check,
        unmatched_marker::check,
        malformed_marker::check,
        empty_block::check,
        code_outside_blocks::check,
        syntax_error::check,
        no_entry_point::check,
        ambiguous_entry_point::check,
        signatures_disagree::check,
        no_kernel::check,
        no_test_inputs::check,
        inputs_not_on_cuda::check,
        undefined_name::check,
        no_description::check,
        // FW3xx, Triton.
        triton::check,
        // FW4xx, trust.
        trust::torch_compute::check,
        trust::kernel_never_launched::check,
        trust::kernel_result_unused::check,
        trust::fallback::check,
        trust::patched_library::check,
        trust::interpreter_internals::check,
        trust::work_out_of_sight::check,
        trust::outside_world::check,
        trust::code_from_data::check,
        trust::kept_between_calls::check,
        trust::global_switch::check,
        trust::reference_in_candidate::check,
        trust::disguised_tensor::check,
        trust::lowered_precision::check,
        trust::hard_coded_result::check,
        trust::slowed_reference::check,
        trust::weak_inputs::check,
        trust::forged_verdict::check,
        trust::ignored_argument::check,
    ] {
        check(file, &mut found);
    }
    unused_ignore::apply(file, &mut found);
    found.sort_by_key(|diagnostic: &Diagnostic| (diagnostic.range.start(), diagnostic.rule));
    found
}

#[cfg(test)]
mod cases;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod triton_cases;
