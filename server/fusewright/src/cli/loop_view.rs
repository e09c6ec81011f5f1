//! Shows the loop: on a terminal one moving line under what has happened, else a plain log, or lines of JSON.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use fusewright_engine::progress::{Event, Progress};
use fusewright_engine::verdict::{Ruling, VerdictLine};
use fusewright_engine::work::{End, Finished, Kind};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::output::{self, ERROR, GOOD, QUIET, WARNING};

/// What the loop reports, as it happens.
pub(super) struct LoopView {
    json: bool,
    bar: Option<ProgressBar>,
    /// What was last said of a phase in the plain log.
    last: Mutex<String>,
}

impl LoopView {
    /// A view for people, or for a program that reads lines of JSON.
    pub(super) fn new(json: bool) -> Self {
        use std::io::IsTerminal;
        let bar = (!json && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::new_spinner();
            // The template is fixed text, and a wrong one would only cost the looks. The message is last: a line that
            // were filled to the terminal's edge would let the `^C` of a terminal fall on the next, and stay.
            if let Ok(style) = ProgressStyle::with_template("  {spinner} {prefix} {elapsed:>4}  {wide_msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Self { json, bar, last: Mutex::default() }
    }

    /// Takes the moving line away.
    pub(super) fn close(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn say(&self, print: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    fn phase(&self, message: String) {
        if let Some(bar) = &self.bar {
            bar.set_message(message);
            return;
        }
        // Tokens and seconds move on after the colon: in a log, once is enough.
        let doing = message.split(':').next().unwrap_or_default().to_owned();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if *last != doing {
            output::note(format_args!("  {QUIET}{doing}{QUIET:#}"));
            *last = doing;
        }
    }

    fn attempt(&self, number: u32, of: u32, about: &str) {
        if let Some(bar) = &self.bar {
            bar.reset_elapsed();
            bar.set_message("");
            bar.set_prefix(format!("attempt {number} of {of}"));
        }
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.say(|| output::note(format_args!("attempt {number} of {of}: {about}")));
    }
}

impl Drop for LoopView {
    fn drop(&mut self) {
        self.close();
    }
}

impl Progress for LoopView {
    fn report(&self, event: Event) {
        if self.json {
            // Nobody reads any more where this fails; the loop's own notes are on the disk.
            let _ = output::json(&as_json(&event));
            return;
        }
        match event {
            Event::Phase { message, .. } => self.phase(message),
            Event::Attempt { number, of, about, .. } => self.attempt(number, of, &about),
            Event::Verdict(line) => self.say(|| output::note(format_args!("  {}", verdict(&line)))),
            Event::Analysis(text) => self.say(|| output::note(text.trim_end())),
            Event::Note(text) => {
                self.say(|| output::note(format_args!("{WARNING}note{WARNING:#}: {text}")));
            }
            Event::Finished(finished) => {
                if let Some(bar) = &self.bar {
                    bar.set_prefix("");
                    bar.set_message("");
                }
                self.say(|| {
                    // Who reads no more is told by the next line that cannot be printed.
                    let _ = output::line(end(&finished));
                });
            }
            Event::First(_) | Event::Answer(_) | Event::Candidate(_) => {}
        }
    }
}

/// An event as one object; `event` names it.
fn as_json(event: &Event) -> Value {
    match event {
        Event::Phase { message, percent } => {
            json!({ "event": "phase", "message": message, "percent": percent })
        }
        Event::First(line) => json!({ "event": "first", "verdict": line }),
        Event::Note(text) => json!({ "event": "note", "text": text }),
        Event::Answer(text) => json!({ "event": "answer", "text": text }),
        Event::Attempt { number, of, about, .. } => {
            json!({ "event": "attempt", "attempt": number, "of": of, "about": about })
        }
        Event::Candidate(file) => json!({ "event": "candidate", "file": file, "exists": file.exists() }),
        Event::Verdict(line) => json!({ "event": "verdict", "verdict": line }),
        Event::Analysis(text) => json!({ "event": "analysis", "text": text }),
        Event::Finished(finished) => {
            let mut value = json!({ "event": "finished" });
            if let (Value::Object(all), Ok(Value::Object(more))) =
                (&mut value, serde_json::to_value(finished))
            {
                all.extend(more);
            }
            value
        }
    }
}

/// A verdict in one line.
fn verdict(line: &VerdictLine) -> String {
    let word = line.verdict.map_or("not judged", Ruling::word);
    let style = match line.verdict {
        Some(Ruling::Pass) => GOOD,
        Some(Ruling::Untimed | Ruling::Same | Ruling::Slower) => WARNING,
        Some(Ruling::Wrong | Ruling::Rejected | Ruling::Error) | None => ERROR,
    };
    let speed = line.speedup.map(|speedup| format!(" {speedup:.2}x")).unwrap_or_default();
    let place = line.error.as_ref().and_then(|error| error.line);
    let place = place.map(|line| format!(" (line {line})")).unwrap_or_default();
    let reason = line.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{style}{word}{speed}{style:#}{reason}{place}")
}

/// How something ended.
fn end(finished: &Finished) -> String {
    let Finished { kind, number, about, attempts, end } = finished;
    let what = match (kind, number) {
        (Kind::Idea, Some(number)) => format!("idea {number} ({about})"),
        (Kind::Idea, None) => format!("the idea \"{about}\""),
        (Kind::Task, _) => format!("the task \"{about}\""),
    };
    let tried = if *attempts == 1 { "1 attempt".to_owned() } else { format!("{attempts} attempts") };
    match end {
        End::Archived { path, line, description, twin: false } => {
            format!(
                "{GOOD}archived{GOOD:#} {what} as line {line} of {}: {description} ({tried})",
                path.display()
            )
        }
        End::Archived { path, line, description, twin: true } => format!(
            "{GOOD}known{GOOD:#} {what}: its code is that of line {line} of {}: {description}",
            path.display()
        ),
        End::Moved { file, line, report } => {
            let line = line
                .map(|line| format!(", and archived it as line {line} of the dataset"))
                .unwrap_or_default();
            format!("{}\n{GOOD}moved{GOOD:#} {what} to {}{line} ({tried})", report.trim_end(), file.display())
        }
        End::Abandoned { reason, report } => {
            let report = if report.is_empty() { String::new() } else { format!("{}\n", report.trim_end()) };
            format!("{report}{ERROR}abandoned{ERROR:#} {what} after {tried}: {reason}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(end: End) -> Finished {
        let about = "add, relu".to_owned();
        Finished { kind: Kind::Idea, number: Some(3), about, attempts: 2, end }
    }

    #[test]
    fn an_end_is_one_line_and_one_object() {
        let ends = [
            End::Archived {
                path: "d.jsonl".into(),
                line: 7,
                description: "Fused add, relu.".into(),
                twin: false,
            },
            End::Archived { path: "d.jsonl".into(), line: 2, description: "Fused relu.".into(), twin: true },
            End::Abandoned { reason: "wrong: 3 of 9 elements differ".into(), report: String::new() },
        ];
        let shown: Vec<_> = ends
            .iter()
            .map(|how| anstream::adapter::strip_str(&end(&finished(how.clone()))).to_string())
            .collect();
        insta::assert_snapshot!(shown.join("\n"), @"
        archived idea 3 (add, relu) as line 7 of d.jsonl: Fused add, relu. (2 attempts)
        known idea 3 (add, relu): its code is that of line 2 of d.jsonl: Fused relu.
        abandoned idea 3 (add, relu) after 2 attempts: wrong: 3 of 9 elements differ
        ");
        let event = Event::Finished(Box::new(finished(ends[2].clone())));
        insta::assert_snapshot!(as_json(&event), @r#"{"event":"finished","kind":"idea","number":3,"about":"add, relu","attempts":2,"end":"abandoned","reason":"wrong: 3 of 9 elements differ"}"#);
    }
}
