//! One task: drawn, worked at, and moved to the finished ones or deleted; then the loop stops.

use std::collections::HashSet;
use std::path::Path;

use super::Finished;
use super::entry::{Kind, Step, Subject};
use super::error::WorkError;
use super::ledger::{Ledger, State};
use super::script::{self, Drawn};
use super::shift::{FINISHED, Shift};
use crate::progress::Event;

/// What a task's file is called, after its number.
const NAME: &str = "_fused_kernels.py";
/// How often another task is drawn in the place of one that is done.
const DRAWS: usize = 20;

/// Works at the task that is not over, or at a new one.
pub(super) async fn work(shift: &Shift<'_>, seed: Option<u64>) -> Result<Finished, WorkError> {
    let mut ledger = shift.ledger()?;
    let root = shift.tools.root;
    let begun = ledger.at_work(Kind::Task).map(|(subject, run)| (subject.clone(), run.clone()));
    if let Some((subject, run)) = begun {
        if seed.is_some()
            && script::draw(root, shift.tools.settings, seed, shift.cancel).await?.about != subject.about
        {
            return Err(WorkError::TaskAtWork { about: subject.about, file: run.file });
        }
        shift
            .progress
            .report(Event::Note(format!("going on with the task \"{}\" ({})", subject.about, run.file)));
        return shift.work_at(&mut ledger, &subject, &run.file, &run.brief, None).await;
    }
    let Drawn { about, brief } = draw(shift, &ledger, seed).await?;
    let subject = Subject { kind: Kind::Task, about };
    if ledger.state(&subject).is_some() {
        // It was abandoned once: another try is another run.
        shift.note(&mut ledger, &subject, Step::Reopened)?;
    }
    let file = free_name(root)?;
    shift.work_at(&mut ledger, &subject, &file, &brief, None).await
}

/// A task that is not done yet.
async fn draw(shift: &Shift<'_>, ledger: &Ledger, seed: Option<u64>) -> Result<Drawn, WorkError> {
    for _ in 0..DRAWS {
        let drawn = script::draw(shift.tools.root, shift.tools.settings, seed, shift.cancel).await?;
        let subject = Subject { kind: Kind::Task, about: drawn.about.clone() };
        match (ledger.state(&subject), seed) {
            (Some(State::Over(Step::Moved { to, .. })), Some(_)) => {
                return Err(WorkError::TaskDone { about: drawn.about, file: to.clone() });
            }
            (Some(State::Over(Step::Moved { .. })), None) => {}
            _ => return Ok(drawn),
        }
    }
    Err(WorkError::NoTask {
        script: shift.tools.root.join("generate_fusion_task.py"),
        how: format!("drew {DRAWS} tasks that are all done: let it draw others"),
    })
}

/// The next number's file: above every number in the root and among the finished ones.
fn free_name(root: &Path) -> Result<String, WorkError> {
    let mut taken = HashSet::new();
    for folder in [root.to_owned(), root.join(FINISHED)] {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(cause) => return Err(WorkError::Unreadable { path: folder, cause }),
        };
        let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        taken.extend(names.filter_map(|name| name.strip_suffix(NAME)?.parse::<u32>().ok()));
    }
    let above = taken.iter().max().map_or(1, |most| most.saturating_add(1));
    // The numbers have three digits; behind the last one, gaps are filled.
    let number = if above <= 999 { Some(above) } else { (1..=999).find(|number| !taken.contains(number)) };
    let number = number.ok_or_else(|| WorkError::InTheWay(root.join(FINISHED)))?;
    Ok(format!("{number:03}{NAME}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_on_and_gaps_are_filled_last() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        assert_eq!(free_name(root).unwrap(), "001_fused_kernels.py");
        std::fs::create_dir(root.join(FINISHED)).unwrap();
        let take = |name: &str| std::fs::write(root.join(name), "").unwrap();
        take("data/002_fused_kernels.py");
        take("007_fused_kernels.py");
        take("abc_fused_kernels.py");
        assert_eq!(free_name(root).unwrap(), "008_fused_kernels.py");
        take("data/999_fused_kernels.py");
        assert_eq!(free_name(root).unwrap(), "001_fused_kernels.py");
    }
}
