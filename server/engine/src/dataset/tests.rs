use std::fs;

use super::*;
use crate::verdict::{Implementation, PairError, Stage, VerdictLine};

fn example(number: u32) -> Example {
    Example {
        description: format!("Fused example {number}."),
        python_code: format!("def f_torch(x):\n    return x + {number}\n"),
        triton_code: format!("def f_triton(x):\n    return x + {number}\n"),
        test_code: "def get_test_inputs():\n    return ()\n".to_owned(),
    }
}

fn provenance(example: &Example) -> Provenance {
    let error = PairError {
        implementation: Implementation::Harness,
        stage: Stage::Run,
        kind: "None".to_owned(),
        message: String::new(),
        line: None,
        traceback: String::new(),
    };
    let line = VerdictLine::failed("pair.py", error);
    Provenance::of(&line, example.code_hash(), example.description.clone())
}

fn add(dataset: &Dataset, number: u32) -> Result<Appended, DatasetError> {
    let example = example(number);
    dataset.append(&example, &provenance(&example))
}

fn dataset() -> (tempfile::TempDir, PathBuf, Dataset) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.jsonl");
    let dataset = Dataset::open(&path);
    (folder, path, dataset)
}

/// The error's sentence, with the folder's name taken out.
fn sentence(folder: &tempfile::TempDir, error: &DatasetError) -> String {
    error.to_string().replace(&folder.path().display().to_string(), "DIR")
}

#[test]
fn examples_are_appended_one_a_line_with_their_provenance() {
    let (_folder, path, dataset) = dataset();
    assert_eq!(add(&dataset, 1).unwrap(), Appended { path: path.clone(), line: 1, mended: None });
    assert_eq!(add(&dataset, 2).unwrap().line, 2);
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text, format!("{}\n{}\n", example(1).to_line(), example(2).to_line()));
    let origins = fs::read_to_string(dataset.provenance()).unwrap();
    let hashes: Vec<_> =
        origins.lines().map(|line| serde_json::from_str::<Provenance>(line).unwrap().code_hash).collect();
    assert_eq!(hashes, [example(1).code_hash(), example(2).code_hash()]);
}

#[test]
fn a_twin_is_refused_by_name() {
    let (folder, path, dataset) = dataset();
    add(&dataset, 1).unwrap();
    add(&dataset, 2).unwrap();
    let before = fs::read(&path).unwrap();
    let mut twin = example(2);
    twin.description = "Another name".to_owned();
    twin.python_code = twin.python_code.replace(" + ", "+").replace('\n', "  # same\r\n");
    let error = dataset.append(&twin, &provenance(&twin)).unwrap_err();
    insta::assert_snapshot!(sentence(&folder, &error), @r#"DIR/data.jsonl has this example already: line 2, "Fused example 2.""#);
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read_to_string(dataset.provenance()).unwrap().lines().count(), 2);
}

#[test]
fn a_torn_last_line_is_set_aside_and_never_extended() {
    let (folder, path, dataset) = dataset();
    let torn = &example(2).to_line()[..40];
    fs::write(&path, format!("{}\n{torn}", example(1).to_line())).unwrap();
    let appended = add(&dataset, 3).unwrap();
    let aside = folder.path().join("data.jsonl.torn-1");
    assert_eq!(
        appended,
        Appended { path: path.clone(), line: 2, mended: Some(Mended::SetAside(aside.clone())) }
    );
    assert_eq!(fs::read_to_string(aside).unwrap(), torn);
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        format!("{}\n{}\n", example(1).to_line(), example(3).to_line())
    );
}

#[test]
fn a_whole_last_line_without_its_end_is_kept() {
    let (_folder, path, dataset) = dataset();
    fs::write(&path, example(1).to_line()).unwrap();
    let appended = add(&dataset, 2).unwrap();
    assert_eq!(appended, Appended { path: path.clone(), line: 2, mended: Some(Mended::Ended) });
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        format!("{}\n{}\n", example(1).to_line(), example(2).to_line())
    );
}

#[test]
fn a_dataset_that_is_one_torn_line_is_mended() {
    let (_folder, path, dataset) = dataset();
    fs::write(&path, r#"{"description":"Fus"#).unwrap();
    assert_eq!(add(&dataset, 1).unwrap().line, 1);
    assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\n", example(1).to_line()));
}

#[test]
fn a_file_that_is_no_dataset_is_left_alone() {
    for text in ["export PATH=/bin\n", "ssh-rsa AAAA", "{\"a\": 1}\n", "\n[1]\n"] {
        let (folder, path, dataset) = dataset();
        fs::write(&path, text).unwrap();
        let error = add(&dataset, 1).unwrap_err();
        let line = if text.starts_with('\n') { 2 } else { 1 };
        assert_eq!(
            sentence(&folder, &error),
            format!(
                "DIR/data.jsonl is not a dataset of pairs (line {line} is not an example), so nothing was added: check `dataset.path`"
            )
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        assert!(!dataset.provenance().exists());
    }
}

#[test]
fn what_cannot_be_written_has_its_sentence() {
    let (folder, path, dataset) = dataset();
    fs::create_dir(&path).unwrap();
    insta::assert_snapshot!(sentence(&folder, &add(&dataset, 1).unwrap_err()), @"DIR/data.jsonl is a directory: `dataset.path` must name a file");
    fs::remove_dir(&path).unwrap();

    add(&dataset, 1).unwrap();
    let before = fs::read(&path).unwrap();
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).unwrap();
    insta::assert_snapshot!(sentence(&folder, &add(&dataset, 2).unwrap_err()), @"DIR/data.jsonl is read-only, so nothing was added: make it writable or set `dataset.path`");
    assert_eq!(fs::read(&path).unwrap(), before);

    #[cfg(unix)]
    assert_eq!(
        add(&Dataset::open("/dev/full"), 1).unwrap_err().to_string(),
        "/dev/full is not a regular file: `dataset.path` must name one"
    );
}

#[test]
fn a_refused_provenance_leaves_the_dataset_alone() {
    let (_folder, path, dataset) = dataset();
    add(&dataset, 1).unwrap();
    let before = fs::read(&path).unwrap();
    fs::remove_file(dataset.provenance()).unwrap();
    fs::create_dir(dataset.provenance()).unwrap();
    assert!(matches!(add(&dataset, 2), Err(DatasetError::Directory(_))));
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn threads_that_add_at_once_lose_nothing() {
    let (_folder, path, dataset) = dataset();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let dataset = dataset.clone();
            scope.spawn(move || {
                for number in 0..10 {
                    add(&dataset, thread * 10 + number).unwrap();
                }
            });
        }
    });
    let text = fs::read_to_string(&path).unwrap();
    let mut examples: Vec<_> =
        text.lines().map(|line| Example::from_line(line.as_bytes()).unwrap().to_line()).collect();
    let mut expected: Vec<_> = (0..40).map(|number| example(number).to_line()).collect();
    examples.sort();
    expected.sort();
    assert_eq!(examples, expected);
    assert_eq!(fs::read_to_string(dataset.provenance()).unwrap().lines().count(), 40);
}

#[test]
fn an_append_that_was_killed_and_is_made_again_leaves_nothing_behind() {
    let (folder, path, dataset) = dataset();
    add(&dataset, 1).unwrap();
    let whole = fs::read_to_string(&path).unwrap();
    let line = example(2).to_line();
    for cut in [1, line.len() / 2, line.len() - 1] {
        fs::write(&path, format!("{whole}{}", &line[..cut])).unwrap();
        fs::write(dataset.provenance(), "{\"hash\":\"to").unwrap();
        let appended = add(&dataset, 2).unwrap();
        assert_eq!((appended.line, appended.mended), (2, None));
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{whole}{line}\n"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
