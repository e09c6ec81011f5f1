//! Reads a dataset without changing it: what is in it, and what is wrong with it.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{self, Read, Seek, SeekFrom};

use fusewright_pair::PairFile;
use serde::Serialize;
use serde_json::error::Category;
use serde_json::{Map, Value};

use super::{Dataset, DatasetError, Example, Provenance, lines};

/// The fields of a line, in their order.
const FIELDS: [&str; 4] = ["description", "python_code", "triton_code", "test_code"];

/// How much of a dataset is searched for worked pairs, in bytes: several thousand examples.
const RECENT: u64 = 16 << 20;

/// What a dataset holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Stats {
    /// How many lines are examples.
    pub examples: u64,
    /// How many lines are not.
    pub other_lines: u64,
    /// The size of the file.
    pub bytes: u64,
    /// How many examples have provenance.
    pub with_provenance: u64,
    /// How many examples each verdict let in.
    pub verdicts: BTreeMap<String, u64>,
    /// How many examples were judged on each device.
    pub devices: BTreeMap<String, u64>,
    /// The median of the speedups that were measured.
    pub median_speedup: Option<f64>,
}

/// Something wrong with one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineProblem {
    /// The 1-based line.
    pub line: u64,
    /// One sentence.
    pub message: String,
}

impl Dataset {
    /// Counts what the dataset holds.
    pub fn stats(&self) -> Result<Stats, DatasetError> {
        let content = self.content()?;
        let origins = self.origins();
        let mut stats = Stats { bytes: content.len() as u64, ..Stats::default() };
        let mut speedups = Vec::new();
        for (_, line) in lines(&content).filter(|(_, line)| !line.is_empty()) {
            let Some(example) = Example::from_line(line) else {
                stats.other_lines += 1;
                continue;
            };
            stats.examples += 1;
            let Some(origin) = origins.get(&example.code_hash()) else { continue };
            stats.with_provenance += 1;
            speedups.extend(origin.speedup);
            if let Some(verdict) = origin.verdict {
                *stats.verdicts.entry(verdict.word().to_owned()).or_default() += 1;
            }
            if let Some(device) = &origin.device {
                *stats.devices.entry(device.name.clone()).or_default() += 1;
            }
        }
        stats.median_speedup = median(speedups);
        Ok(stats)
    }

    /// The newest examples, oldest first, as far as they can be read quickly. A dataset that is not there has none.
    pub fn recent(&self) -> Vec<Example> {
        let Ok(content) = self.tail(RECENT) else { return Vec::new() };
        // The first line may have lost its beginning, and is then no example.
        content.split(|byte| *byte == b'\n').filter_map(Example::from_line).collect()
    }

    fn tail(&self, most: u64) -> io::Result<Vec<u8>> {
        let mut file = fs::File::open(&self.path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(most)))?;
        let mut content = Vec::new();
        file.take(most).read_to_end(&mut content)?;
        Ok(content)
    }

    /// Says what is wrong with each line.
    pub fn validate(&self) -> Result<Vec<LineProblem>, DatasetError> {
        let content = self.content()?;
        let mut problems = Vec::new();
        let mut seen: HashMap<String, u64> = HashMap::new();
        let mut last = 0;
        for (line, text) in lines(&content) {
            last = line;
            let mut say = |message| problems.push(LineProblem { line, message });
            match read_line(text) {
                Err(message) => say(message),
                Ok(example) => {
                    if let Some(first) = seen.get(&example.code_hash()) {
                        say(format!("the same code as line {first}"));
                    } else {
                        seen.insert(example.code_hash(), line);
                    }
                    if let Some(message) = fault_of_pair(&example) {
                        say(message);
                    }
                }
            }
        }
        let faulty = problems.last().is_some_and(|problem| problem.line == last);
        if !faulty && content.last().is_some_and(|byte| *byte != b'\n') {
            let message = "the line has no end: the next `fusewright archive` puts that right".to_owned();
            problems.push(LineProblem { line: last, message });
        }
        Ok(problems)
    }

    fn content(&self) -> Result<Vec<u8>, DatasetError> {
        fs::read(&self.path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => DatasetError::Missing(self.path.clone()),
            io::ErrorKind::IsADirectory => DatasetError::Directory(self.path.clone()),
            _ => DatasetError::Unreadable { path: self.path.clone(), source },
        })
    }

    /// What is known of the examples, by the hash of their code.
    fn origins(&self) -> HashMap<String, Provenance> {
        let content = fs::read(self.provenance()).unwrap_or_default();
        let known = lines(&content).filter_map(|(_, line)| serde_json::from_slice::<Provenance>(line).ok());
        known.map(|origin| (origin.code_hash.clone(), origin)).collect()
    }
}

fn read_line(text: &[u8]) -> Result<Example, String> {
    let fields: Map<String, Value> =
        serde_json::from_slice(text).map_err(|error| match error.classify() {
            _ if text.is_empty() => "an empty line".to_owned(),
            Category::Eof => "a torn line: it breaks off".to_owned(),
            Category::Data => "not a JSON object".to_owned(),
            Category::Syntax | Category::Io => format!("not JSON, from column {}", error.column()),
        })?;
    if !fields.keys().map(String::as_str).eq(FIELDS) {
        let found: Vec<_> = fields.keys().map(String::as_str).collect();
        return Err(format!("its fields are {}, and must be {}", found.join(", "), FIELDS.join(", ")));
    }
    if let Some((name, _)) =
        fields.iter().find(|(_, value)| value.as_str().is_none_or(|text| text.trim().is_empty()))
    {
        return Err(format!("`{name}` must be a text that says something"));
    }
    Example::from_line(text).ok_or_else(|| "not an example".to_owned())
}

/// What keeps the example's blocks from being a pair.
fn fault_of_pair(example: &Example) -> Option<String> {
    let pair = PairFile::parse(example.to_pair());
    pair.structure_error().map(|diagnostic| {
        let code = diagnostic.rule.code();
        format!("its code is not a pair: {code} {}", diagnostic.message)
    })
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = values.get(middle).copied()?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    values.get(middle.wrapping_sub(1)).map(|lower| f64::midpoint(*lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"description":"Fused add.","python_code":"def a_torch(x):\n    return x + 1\n","triton_code":"import triton\n\n@triton.jit\ndef k(x):\n    pass\n\ndef a_triton(x):\n    k[(1,)](x)\n    return x\n","test_code":"def get_test_inputs():\n    return ()\n"}"#;

    fn dataset(text: &str) -> (tempfile::TempDir, Dataset) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.jsonl");
        fs::write(&path, text).unwrap();
        (folder, Dataset::open(path))
    }

    #[test]
    fn every_fault_is_named_on_its_line() {
        let swapped = r#"{"python_code":"a","description":"d","triton_code":"b","test_code":"c"}"#;
        let empty = r#"{"description":" ","python_code":"a","triton_code":"b","test_code":"c"}"#;
        let broken = GOOD.replace("x + 1", "x +");
        let text = format!("{GOOD}\n[1]\n{swapped}\n{empty}\n{broken}\n{GOOD}\n\nhello\n{{\"descr");
        let (_folder, dataset) = dataset(&text);
        let problems = dataset.validate().unwrap();
        let report: Vec<_> =
            problems.iter().map(|problem| format!("{}: {}", problem.line, problem.message)).collect();
        insta::assert_snapshot!(report.join("\n"));
    }

    #[test]
    fn a_good_dataset_has_no_problems() {
        let (_folder, dataset) = dataset(&format!("{GOOD}\n"));
        assert_eq!(dataset.validate().unwrap(), []);
    }

    #[test]
    fn examples_are_counted() {
        let (_folder, dataset) = dataset(&format!("{GOOD}\n[1]\n"));
        let stats = dataset.stats().unwrap();
        assert_eq!((stats.examples, stats.other_lines, stats.with_provenance), (1, 1, 0));
    }

    #[test]
    fn a_median_lies_in_the_middle() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }

    #[test]
    fn what_cannot_be_read_has_its_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let missing = Dataset::open(folder.path().join("gone.jsonl")).stats().unwrap_err().to_string();
        assert!(missing.ends_with("gone.jsonl does not exist yet: `fusewright archive` creates it"));
        assert!(matches!(Dataset::open(folder.path()).validate(), Err(DatasetError::Directory(_))));
    }
}
