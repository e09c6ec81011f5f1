//! The end of an idea or a task: what passed is taken to where it belongs, and how it ended is told.

use fusewright_pair::PairFile;

use super::{FINISHED, Shift, draft};
use crate::archive::{ArchiveError, archive};
use crate::compose;
use crate::config::Settings;
use crate::dataset::attempts::Attempt;
use crate::dataset::{Dataset, DatasetError};
use crate::progress::Event;
use crate::work::candidate::Candidate;
use crate::work::entry::{Kind, Step, Subject};
use crate::work::error::WorkError;
use crate::work::judgement::required;
use crate::work::ledger::{Ledger, State};
use crate::work::{End, Finished, Tools, tell};

impl Shift<'_> {
    /// Takes what passed to where it belongs. Done before, it is found there.
    pub(super) fn keep(
        &self,
        ledger: &Ledger,
        subject: &Subject,
        candidate: &Candidate,
        kept: &Attempt,
    ) -> Result<Step, WorkError> {
        let Tools { root, settings, .. } = self.tools;
        let draft = draft(ledger, subject, kept.attempt)?;
        let mut settings: Settings = settings.clone();
        settings.dataset.require = Some(required(subject.kind, &settings.dataset));
        let pair = PairFile::parse(draft.text.as_str());
        let archived = archive(&pair, candidate.path(), &kept.verdict, &settings);
        let archived = match archived {
            Ok(archived) => Ok((archived.line, archived.description, false)),
            Err(ArchiveError::Dataset(DatasetError::Twin { line, description, .. })) => {
                // Its own line, where a kill came before it was noted; otherwise another's.
                let noted = Dataset::open(self.dataset()).has_provenance(&kept.verdict.hash);
                let twin = !noted || ledger.owner_of(line).is_some_and(|owner| owner != subject);
                Ok((line, description, twin))
            }
            Err(error) => Err(error),
        };
        let attempts = kept.attempt;
        if subject.kind == Kind::Idea {
            let (line, description, twin) = archived?;
            return Ok(Step::Archived { attempts, line, description, twin });
        }
        let line = match archived {
            Ok((line, _, _)) => Some(line),
            Err(error @ ArchiveError::Dataset(_)) => return Err(error.into()),
            Err(error) => {
                self.progress.report(Event::Note(format!("the dataset does not take it: {error}")));
                None
            }
        };
        let to = candidate.move_into(&root.join(FINISHED), &draft.digest)?;
        self.progress.report(Event::Candidate(candidate.path().to_owned()));
        let name = to.file_name().unwrap_or_default().to_string_lossy();
        Ok(Step::Moved { attempts, to: format!("{FINISHED}/{name}"), line })
    }

    /// Tells how it ended.
    pub(super) fn finished(
        &self,
        ledger: &Ledger,
        subject: &Subject,
        number: Option<usize>,
        made: &[Attempt],
    ) -> Finished {
        let last = made.last();
        let (attempts, end) = match ledger.state(subject) {
            Some(State::Over(Step::Archived { attempts, line, description, twin })) => {
                let (line, description, twin) = (*line, description.clone(), *twin);
                (*attempts, End::Archived { path: self.dataset(), line, description, twin })
            }
            Some(State::Over(Step::Moved { attempts, to, line })) => {
                let report = last.map(|last| compose::final_report(last.attempt, &last.verdict));
                let (file, line) = (self.tools.root.join(to), *line);
                (*attempts, End::Moved { file, line, report: report.unwrap_or_default() })
            }
            Some(State::Over(Step::Abandoned { attempts, reason })) => {
                let report = last
                    .filter(|_| subject.kind == Kind::Task)
                    .map(|last| compose::final_failure(last.attempt, &last.verdict));
                let (reason, report) = (reason.clone(), report.unwrap_or_default());
                (*attempts, End::Abandoned { reason, report })
            }
            // Somebody skipped it at the last moment.
            _ => (0, End::Abandoned { reason: "skipped".to_owned(), report: String::new() }),
        };
        let finished = Finished { kind: subject.kind, number, about: subject.about.clone(), attempts, end };
        tell(self.progress, &finished);
        finished
    }
}
