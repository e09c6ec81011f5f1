//! Whether a verdict is what the work is after. Pure.

use super::entry::Kind;
use crate::config::{DatasetSettings, Require};
use crate::verdict::{Ruling, VerdictLine};

/// What a verdict means for the loop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Judgement {
    /// This is what was wanted.
    Right,
    /// The attempt failed, for this reason.
    Failed(String),
    /// The kernel is right, and the machine cannot show that it is faster: another attempt would mend nothing.
    Untimed,
    /// There is no verdict, for this reason: another attempt would mend nothing.
    Unjudged(String),
}

/// What a pair must be: ideas are after what is right, tasks after what is faster, unless the settings say otherwise.
pub(super) fn required(kind: Kind, settings: &DatasetSettings) -> Require {
    settings.require.unwrap_or(match kind {
        Kind::Idea => Require::Correct,
        Kind::Task => Require::Faster,
    })
}

/// Rules on a final verdict.
pub(super) fn judge(verdict: &VerdictLine, kind: Kind, settings: &DatasetSettings) -> Judgement {
    let reason = || verdict.reason.clone().unwrap_or_default();
    match verdict.verdict {
        Some(Ruling::Pass) => Judgement::Right,
        Some(Ruling::Untimed) if settings.allow_untimed => Judgement::Right,
        Some(Ruling::Untimed) => Judgement::Untimed,
        Some(Ruling::Same | Ruling::Slower) if required(kind, settings) == Require::Correct => {
            Judgement::Right
        }
        Some(ruling) => {
            let word = ruling.word();
            Judgement::Failed(match reason() {
                reason if reason.is_empty() => word.to_owned(),
                reason => format!("{word}: {reason}"),
            })
        }
        None => Judgement::Unjudged(reason()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::{Implementation, PairError, Stage};

    #[test]
    fn ideas_want_what_is_right_and_tasks_what_is_faster() {
        let error = PairError {
            implementation: Implementation::Triton,
            stage: Stage::Run,
            kind: String::new(),
            message: "off by one".to_owned(),
            line: None,
            traceback: String::new(),
        };
        let line = |verdict| VerdictLine { verdict, ..VerdictLine::failed("x.py", error.clone()) };
        let rule = |verdict, kind, settings: &DatasetSettings| judge(&line(verdict), kind, settings);
        let plain = DatasetSettings::default();
        let untimed = DatasetSettings { allow_untimed: true, ..DatasetSettings::default() };
        let faster = DatasetSettings { require: Some(Require::Faster), ..DatasetSettings::default() };
        let correct = DatasetSettings { require: Some(Require::Correct), ..DatasetSettings::default() };
        let slower = Judgement::Failed("slower: off by one".to_owned());
        assert_eq!(rule(Some(Ruling::Slower), Kind::Idea, &plain), Judgement::Right);
        assert_eq!(rule(Some(Ruling::Slower), Kind::Task, &plain), slower);
        assert_eq!(rule(Some(Ruling::Slower), Kind::Idea, &faster), slower);
        assert_eq!(rule(Some(Ruling::Same), Kind::Task, &correct), Judgement::Right);
        for kind in [Kind::Idea, Kind::Task] {
            assert_eq!(rule(Some(Ruling::Pass), kind, &plain), Judgement::Right);
            assert_eq!(rule(Some(Ruling::Untimed), kind, &plain), Judgement::Untimed);
            assert_eq!(rule(Some(Ruling::Untimed), kind, &untimed), Judgement::Right);
            assert_eq!(rule(None, kind, &untimed), Judgement::Unjudged("off by one".to_owned()));
            for ruling in [Ruling::Wrong, Ruling::Rejected, Ruling::Error] {
                assert!(matches!(rule(Some(ruling), kind, &untimed), Judgement::Failed(_)));
            }
        }
    }
}
