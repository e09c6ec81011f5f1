//! Answers kept in files: what was once answered, or what a test wants answered.

use std::path::{Path, PathBuf};

use super::error::ModelError;
use super::prompt::{Prompt, Purpose};
use super::{Completion, Listener};
use crate::config::ModelSettings;

/// A folder of answers. For the subject `softmax` and attempt 2 the first of these counts: `softmax-2.md`,
/// `softmax.md`, `answer-2.md`, `answer.md`; for the analysis of that attempt `softmax-2-analysis.md` and so on.
#[derive(Debug)]
pub(super) struct Recorded {
    folder: PathBuf,
}

impl Recorded {
    pub(super) fn of(settings: &ModelSettings, root: &Path) -> Result<Self, ModelError> {
        let folder = settings
            .answers
            .as_ref()
            .ok_or(ModelError::Unset { what: "folder of answers", key: "answers" })?;
        Ok(Self { folder: root.join(folder) })
    }

    pub(super) fn label(&self) -> String {
        format!("recorded answers in {}", self.folder.display())
    }

    pub(super) fn complete(
        &self,
        prompt: &Prompt,
        listener: &dyn Listener,
    ) -> Result<Completion, ModelError> {
        let Prompt { subject, attempt, .. } = prompt;
        let end = match prompt.purpose {
            Purpose::Code => ".md",
            Purpose::Analysis => "-analysis.md",
        };
        let wanted = [
            format!("{subject}-{attempt}{end}"),
            format!("{subject}{end}"),
            format!("answer-{attempt}{end}"),
            format!("answer{end}"),
        ];
        let found = wanted.iter().find_map(|name| std::fs::read_to_string(self.folder.join(name)).ok());
        let Some(text) = found else {
            return Err(ModelError::NotRecorded { folder: self.folder.clone(), wanted: wanted.into() });
        };
        listener.text(&text);
        Ok(Completion { text, ..Completion::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Deaf;

    #[test]
    fn the_most_particular_answer_counts() {
        let folder = tempfile::tempdir().unwrap();
        let settings = ModelSettings { answers: Some("answers".into()), ..ModelSettings::default() };
        let recorded = Recorded::of(&settings, folder.path()).unwrap();
        let answers = folder.path().join("answers");
        std::fs::create_dir(&answers).unwrap();
        let ask = |subject: &str, attempt| {
            let prompt = Prompt { subject: subject.to_owned(), attempt, ..Prompt::default() };
            recorded.complete(&prompt, &Deaf).map(|answer| answer.text)
        };
        let missing = ask("softmax", 1).unwrap_err().to_string();
        assert!(missing.ends_with("softmax-1.md, softmax.md, answer-1.md, answer.md"), "{missing}");
        for name in ["answer", "answer-2", "softmax", "softmax-2"] {
            std::fs::write(answers.join(format!("{name}.md")), name).unwrap();
        }
        let said = [("softmax", 2), ("softmax", 1), ("norm", 2), ("norm", 1)]
            .map(|(subject, attempt)| ask(subject, attempt).unwrap());
        assert_eq!(said, ["softmax-2", "softmax", "answer-2", "answer"]);

        let analysis = Prompt {
            purpose: Purpose::Analysis,
            subject: "norm".to_owned(),
            attempt: 1,
            ..Prompt::default()
        };
        assert!(recorded.complete(&analysis, &Deaf).is_err(), "code is no analysis");
        std::fs::write(answers.join("norm-1-analysis.md"), "why").unwrap();
        assert_eq!(recorded.complete(&analysis, &Deaf).unwrap().text, "why");
    }
}
