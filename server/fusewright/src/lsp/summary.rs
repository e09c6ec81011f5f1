//! A verdict in few words, the same ones in lenses, hints, hovers and the status.

use fusewright_engine::verdict::{Kernel, Ruling, VerdictLine};

/// As much as fits into a lens: `✓ pass 2.31x`.
pub(crate) fn label(line: &VerdictLine) -> String {
    let sign = match line.verdict {
        Some(Ruling::Pass) => "✓",
        Some(Ruling::Untimed | Ruling::Same | Ruling::Slower) => "●",
        Some(Ruling::Wrong | Ruling::Rejected | Ruling::Error) => "✗",
        None => "!",
    };
    format!("{sign} {}", short(line))
}

/// The ruling and the speedup, where there is one.
pub(crate) fn short(line: &VerdictLine) -> String {
    let word = line.verdict.map_or("not judged", Ruling::word);
    match line.speedup {
        Some(speedup) => format!("{word} {}", times(speedup)),
        None => word.to_owned(),
    }
}

/// One sentence.
pub(crate) fn sentence(line: &VerdictLine) -> String {
    match (line.verdict, &line.reason) {
        (Some(Ruling::Pass), reason) => {
            let speed = match (line.speedup, line.speedup_ci) {
                (Some(speedup), Some([low, high])) => {
                    format!(
                        "Right, and {} as fast as the reference (between {} and {})",
                        times(speedup),
                        times(low),
                        times(high)
                    )
                }
                (Some(speedup), None) => format!("Right, and {} as fast as the reference", times(speedup)),
                _ => "Right, and faster than the reference".to_owned(),
            };
            match reason {
                Some(reason) => format!("{speed}: {reason}"),
                None => speed,
            }
        }
        (Some(Ruling::Untimed), Some(reason)) => format!("Right; {reason}"),
        (_, Some(reason)) => reason.clone(),
        (_, None) => short(line),
    }
}

/// What a kernel takes of a multiprocessor, where that is known: `32 registers, 2048 bytes of shared memory`.
pub(crate) fn resources(kernel: &Kernel) -> Option<String> {
    let parts: Vec<String> = [
        kernel.registers.map(|count| format!("{count} registers")),
        kernel.shared_bytes.map(|bytes| format!("{bytes} bytes of shared memory")),
        kernel.spills.filter(|count| *count > 0).map(|count| format!("{count} spilled registers")),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// A kernel and what it takes.
pub(crate) fn kernel(kernel: &Kernel) -> String {
    let mut parts =
        vec![format!("{} launch{}", kernel.launches, if kernel.launches == 1 { "" } else { "es" })];
    parts.extend(kernel.device_ms.map(milliseconds));
    parts.extend(resources(kernel));
    format!("{}: {}", kernel.name, parts.join(", "))
}

/// A speedup: `2.31x`.
pub(crate) fn times(speedup: f64) -> String {
    if speedup >= 100.0 { format!("{speedup:.0}x") } else { format!("{speedup:.2}x") }
}

/// A time: `0.0312 ms`.
pub(crate) fn milliseconds(time: f64) -> String {
    if time >= 100.0 { format!("{time:.0} ms") } else { format!("{time:.3} ms") }
}
