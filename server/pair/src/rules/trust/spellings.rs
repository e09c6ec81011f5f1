//! Many spellings of what the trust rules are about, and many that they leave alone, each in a pair of its own:
//! `spellings.txt` holds them behind lines such as `@ FW401 body` and `@ good code`.

use super::cases::{INPUTS, pair, trust, wrapper};

/// What is expected, where the spelling stands, and the spelling.
fn spellings() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    include_str!("spellings.txt").split("\n@ ").map(|one| {
        let (head, text) = one.strip_prefix("@ ").unwrap_or(one).split_once('\n').unwrap();
        let (expected, place) = head.split_once(' ').unwrap();
        (expected, place, text.trim_end())
    })
}

fn indented(text: &str) -> String {
    format!("    {}\n", text.replace('\n', "\n    "))
}

/// The pair that holds a spelling: in the wrapper behind a launch, in place of the wrapper, in the reference, in TEST.
fn with(place: &str, text: &str) -> String {
    match place {
        "body" => wrapper(text),
        "code" => pair(&format!("{text}\n")),
        "reference" => wrapper("pass").replace("    return torch.softmax(x, -1)\n", &indented(text)),
        "inputs" => wrapper("pass").replace(INPUTS, &indented(text)),
        other => panic!("{other}"),
    }
}

#[test]
fn every_spelling_is_told_and_no_good_one_is() {
    let mut wrong = Vec::new();
    let (mut bad, mut good) = (0, 0);
    for (expected, place, text) in spellings() {
        let found = trust(&with(place, text));
        if expected == "good" {
            good += 1;
            if !found.is_empty() {
                wrong.push(format!("{found:?} of what is good:\n{text}"));
            }
        } else {
            bad += 1;
            if !found.contains(&expected) {
                wrong.push(format!("{expected} not among {found:?}:\n{text}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(bad >= 750 && good >= 100, "{bad} {good}");
}
