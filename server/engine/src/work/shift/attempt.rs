//! One attempt: written, judged, and recorded with the analysis of what went wrong.

use fusewright_pair::PairFile;

use super::{Shift, recorded};
use crate::compose;
use crate::dataset::attempts::{Attempt, AttemptKind, Blocks, WrittenAnalysis, now};
use crate::progress::Event;
use crate::verdict::VerdictLine;
use crate::verify::VerifyRequest;
use crate::work::candidate::Candidate;
use crate::work::entry::{Draft, Kind, Step, Subject};
use crate::work::error::WorkError;
use crate::work::judgement::{Judgement, judge};
use crate::work::ledger::{Ledger, Run};
use crate::work::writing::{self, Drafted};

impl Shift<'_> {
    /// Has an attempt written. One without a pair in it has failed, and is recorded at once.
    pub(super) async fn write(
        &self,
        ledger: &mut Ledger,
        subject: &Subject,
        attempt: u32,
        made: &mut Vec<Attempt>,
    ) -> Result<(), WorkError> {
        let Some(run) = ledger.run(subject).cloned() else { return Ok(()) };
        // Python starts while the model writes.
        let warm = async {
            self.tools.verifier.warm_up(self.cancel).await;
            std::future::pending().await
        };
        let drafted = tokio::select! {
            biased;
            drafted = writing::write(self, subject, &run, attempt, made) => drafted?,
            never = warm => never,
        };
        match drafted {
            Drafted::Pair(draft) => self.note(ledger, subject, Step::Written { attempt, draft }),
            Drafted::Nothing { draft, verdict } => {
                self.progress.report(Event::Verdict(verdict.clone()));
                self.record(subject, &run, attempt, &draft, *verdict, made).await
            }
        }
    }

    /// Has an attempt's candidate judged, and records the attempt.
    pub(super) async fn judge(
        &self,
        ledger: &Ledger,
        subject: &Subject,
        candidate: &Candidate,
        attempt: u32,
        draft: &Draft,
        made: &mut Vec<Attempt>,
    ) -> Result<(), WorkError> {
        let Some(run) = ledger.run(subject) else { return Ok(()) };
        let path = candidate.path().to_owned();
        let request = VerifyRequest::new(path.clone(), draft.text.as_str());
        let verdict = self.tools.verifier.verify(request, self.progress, self.cancel).await;
        if self.cancel.is_cancelled() {
            return Err(WorkError::Cancelled);
        }
        self.progress.report(Event::Verdict(Box::new(verdict.clone())));
        match judge(&verdict, subject.kind, &self.tools.settings.dataset) {
            Judgement::Unjudged(reason) => Err(WorkError::Unjudged { path, reason }),
            Judgement::Untimed => Err(WorkError::Untimed(path)),
            Judgement::Right | Judgement::Failed(_) => {
                self.record(subject, run, attempt, draft, verdict, made).await
            }
        }
    }

    /// Analyses a failed attempt that another will follow, shows the analysis, and records the attempt.
    async fn record(
        &self,
        subject: &Subject,
        run: &Run,
        attempt: u32,
        draft: &Draft,
        verdict: VerdictLine,
        made: &mut Vec<Attempt>,
    ) -> Result<(), WorkError> {
        let mut line = Attempt {
            time: now(),
            kind: match subject.kind {
                Kind::Idea => AttemptKind::Idea,
                Kind::Task => AttemptKind::Task,
            },
            about: subject.about.clone(),
            run: Some(run.id.clone()),
            attempt,
            of: run.of,
            writer: draft.writer.clone(),
            prompt: draft.prompt.clone(),
            answer: draft.answer.clone(),
            code: Blocks::of(&PairFile::parse(draft.text.as_str())),
            verdict,
            analysis: None,
            usage: draft.usage,
            seconds: draft.seconds,
        };
        let failed = !recorded(&line, self.tools.settings).right;
        if failed && attempt < run.of {
            // What the next attempt may begin with is made while the model says why this one failed.
            if !self.tools.writer.is_inductor() && !draft.text.is_empty() {
                let (file, text) = (self.tools.root.join(&run.file), draft.text.as_str().into());
                self.tools.verifier.begin_hint(&file, &text);
            }
            let analysis = writing::analyse(self, run, draft, &line, made).await?;
            let text = compose::failure_analysis(
                attempt,
                &line.verdict,
                &analysis.root_cause,
                &analysis.planned_fix,
            );
            self.progress.report(Event::Analysis(text.clone()));
            let (root_cause, planned_fix) = (analysis.root_cause, analysis.planned_fix);
            line.analysis = Some(WrittenAnalysis { root_cause, planned_fix, text });
        }
        self.attempts.append(&line).map_err(WorkError::not_noted)?;
        made.push(line);
        Ok(())
    }
}
