//! Answers of every shape.

use proptest::prelude::*;

use super::*;

const KERNEL: &str = "import triton\nimport triton.language as tl\n\n\n@triton.jit\ndef k(x, n: tl.constexpr):\n    tl.store(x, n)";
const WRAPPER: &str = "def scale_triton(x):\n    k[(1,)](x, 1)\n    return x";

fn found(answer: &str) -> Result<String, AnswerError> {
    find_code(answer, &Wanted { candidate: "scale_triton".to_owned() })
}

fn code() -> String {
    format!("{KERNEL}\n\n\n{WRAPPER}\n")
}

#[test]
fn the_code_is_found_in_every_wrapping() {
    let code = code();
    let answers = [
        code.clone(),
        format!("```python\n{code}```\n"),
        format!("Here it is:\n\n````py\n{code}````\n\nIt fuses both."),
        format!("<think>\n```python\ndef wrong(): pass\n```\n</think>\n```\n{code}\n```"),
        format!("reasoning without its tag</think>{code}"),
        format!("Here is the code.\n\n{code}\nThis is fast."),
        format!("~~~python\n{code}~~~"),
        format!("```python\n{code}"),
        format!("```python\n# <TRITON>\n{code}# </TRITON>\n```"),
        format!("# <PYTHON>\ndef scale_torch(x): return x\n# </PYTHON>\n# <TRITON>\n{code}# </TRITON>\n"),
        format!("First:\n```python\n{KERNEL}\n```\nthen:\n```python\n{WRAPPER}\n```\n"),
        format!("```python\ndef scale_triton(x): return x\n```\nNo, better:\n```python\n{code}```"),
        format!("```python\n{code}```\nUse it so:\n```bash\npython file.py\n```\n"),
        format!("```python\n{code}```\n```python\nprint(scale_triton(x))\n```"),
    ];
    for answer in answers {
        let got = found(&answer).unwrap_or_else(|error| panic!("{error}\n{answer}"));
        let squeezed: Vec<&str> = got.lines().filter(|line| !line.is_empty()).collect();
        let wanted: Vec<&str> = code.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(squeezed, wanted, "{answer}");
    }
}

/// A kernel, its wrapper and their imports as one text; what is to be found.
const WHOLE: &str = "import torch\nimport triton\nimport triton.language as tl\n\n\n@triton.jit\ndef scale_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):\n    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)\n    mask = offsets < n\n    tl.store(out_ptr + offsets, tl.load(x_ptr + offsets, mask=mask) * 2.0, mask=mask)\n\n\ndef scale_triton(x):\n    out = torch.empty_like(x)\n    n = out.numel()\n    if n > 0 and n >= 1:\n        scale_kernel[(triton.cdiv(n, 1024),)](x, out, n, BLOCK=1024)\n    return out\n";
const PYTHON: &str = "import torch\n\n\ndef scale_torch(x):\n    return x * 2.0\n";
const TEST: &str =
    "import torch\n\n\ndef get_test_inputs():\n    return (torch.randn(1000, device=\"cuda\"),)\n";

/// The text with `by` before each of its lines; where that is blank, an empty line stays one.
fn indented(text: &str, by: &str) -> String {
    let line = |line: &str| if line.is_empty() { by.trim().to_owned() } else { format!("{by}{line}") };
    text.lines().map(line).collect::<Vec<_>>().join("\n") + "\n"
}

fn parts() -> (String, String, String) {
    let (imports, rest) = WHOLE.split_once("\n\n\n").unwrap();
    let (kernel, wrapper) = rest.split_once("\n\n\n").unwrap();
    (imports.to_owned(), kernel.to_owned(), wrapper.to_owned())
}

/// Answers as models give them, each with a word on what is odd about it. The code in all of them is `WHOLE`.
fn answers() -> Vec<(&'static str, String)> {
    let (imports, kernel, wrapper) = parts();
    let escaped =
        WHOLE.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let wrong = "def scale_triton(x):\n    return x * 2";
    let as_diff = indented(WHOLE, "+");
    let quoted = indented(&format!("```python\n{WHOLE}```\n"), "> ");
    let record = serde_json::json!({"description": "Scales.", "python_code": PYTHON, "triton_code": WHOLE, "test_code": TEST});
    vec![
        ("fenced", format!("```python\n{WHOLE}```")),
        ("fenced, with prose around", format!("Sure! Here is the kernel:\n\n```python\n{WHOLE}```\n\n### Notes\n- It masks.\n")),
        ("bare", WHOLE.to_owned()),
        ("bare, with prose around", format!("Here is the kernel.\n\n{WHOLE}\nIt launches once per 1024 elements.\n")),
        ("bare, with an indented list behind", format!("{WHOLE}\nNotes:\n  - masks the tail\n  - one launch\n")),
        ("the whole file, open markers", format!("```python\n# <PYTHON>\n{PYTHON}\n# <TRITON>\n{WHOLE}\n# <TEST>\n{TEST}```")),
        ("the whole file, closed markers, bare", format!("\"\"\"Scale.\"\"\"\n\n# <PYTHON>\n{PYTHON}# </PYTHON>\n\n# <TRITON>\n{WHOLE}# </TRITON>\n\n# <TEST>\n{TEST}# </TEST>\n")),
        ("the block with its marker", format!("```python\n# <TRITON>\n{WHOLE}```")),
        ("a block for each part of the file", format!("```python\n{PYTHON}```\n```python\n{WHOLE}```\n```python\n{TEST}```")),
        ("only the last of several is right", format!("```python\n{wrong}\n```\nWait, that is no kernel.\n```python\n{}```\nThe name is wrong. Finally:\n```python\n{WHOLE}```", WHOLE.replace("def scale_triton", "def scale"))),
        ("an example of its use behind", format!("```python\n{WHOLE}```\nUse it so:\n```python\nx = torch.randn(8, device=\"cuda\")\nprint(scale_triton(x))\n```")),
        ("kernel and wrapper apart", format!("The kernel:\n```python\n{imports}\n\n\n{kernel}\n```\nThe wrapper:\n```python\n{wrapper}\n```")),
        ("imports, kernel and wrapper apart, and an example", format!("```python\n{imports}\n```\n```python\n{kernel}\n```\n```python\n{wrapper}\n```\n```python\nx = torch.randn(8)\nscale_triton(x)\n```")),
        ("imports once, the rest behind", format!("```python\n{imports}\n```\n\n```python\n{kernel}\n\n\n{wrapper}\n```")),
        ("in an item of a list", format!("1. The kernel:\n\n   ```python\n{}   ```\n2. Done.\n", indented(WHOLE, "   "))),
        ("the fence on the bullet's line", format!("- ```python\n{}  ```\n", indented(WHOLE, "  "))),
        ("indented fence, code that is not", format!("  ```python\n{WHOLE}  ```\n")),
        ("tildes", format!("~~~python\n{WHOLE}~~~\n")),
        ("four backticks", format!("````python\n{WHOLE}````\n")),
        ("an answer within a fence of markdown", format!("````markdown\nThe kernel:\n```python\n{WHOLE}```\n````")),
        ("quoted", quoted),
        ("a fence that says a file", format!("```python:scale.py\n{WHOLE}```")),
        ("a fence in braces", format!("``` {{.python .numberLines}}\n{WHOLE}```")),
        ("a fence with another language", format!("```cuda\n{WHOLE}```")),
        ("no closing fence", format!("Here:\n```python\n{WHOLE}")),
        ("no closing fence, prose behind", format!("```python\n{WHOLE}\nThis kernel masks the tail of the last block.")),
        ("no opening fence", format!("{WHOLE}```\n\nThat is all.")),
        ("escaped for a page", format!("```python\n{escaped}```")),
        ("escaped for a page, bare", escaped),
        ("pretty quotes", format!("```python\n{}```", WHOLE.replace("    out =", "    assert x.device.type != \u{2018}cpu\u{2019} or True, \u{201c}needs a GPU\u{201d}\n    out ="))),
        ("spaces that do not break", format!("```python\n{}```", WHOLE.replace("    ", "\u{a0}\u{a0}\u{a0}\u{a0}"))),
        ("a mark of byte order", format!("```python\n\u{feff}{WHOLE}```")),
        ("a main block", format!("```python\n{WHOLE}\n\nif __name__ == \"__main__\":\n    x = torch.randn(8, device=\"cuda\")\n\n    print(scale_triton(x))\n```")),
        ("reasoning before it", format!("<think>\nFirst:\n```python\n{wrong}\n```\n</think>\n\n```python\n{WHOLE}```")),
        ("reasoning that never closes, then the answer", format!("<think>\nLet me see.\n```python\n{wrong}\n```\nSo:\n```python\n{WHOLE}```\n")),
        ("the channels of gpt-oss", format!("<|channel|>analysis<|message|>Let me see.<|end|><|start|>assistant<|channel|>final<|message|>```python\n{WHOLE}```<|return|>")),
        ("a token at its end", format!("```python\n{WHOLE}```<|im_end|>")),
        ("tags around bare code", format!("<answer>\n{WHOLE}</answer>\n")),
        ("a record", record.to_string()),
        ("a fenced record", format!("Here:\n```json\n{record}\n```")),
        ("all of a new file, as a diff", format!("```diff\n--- /dev/null\n+++ b/scale.py\n@@ -0,0 +1,19 @@\n{as_diff}```")),
        ("line ends of Windows", format!("Here:\n```python\n{WHOLE}```\n").replace('\n', "\r\n")),
        ("imports that were forgotten", format!("```python\n{kernel}\n\n\n{wrapper}\n```")),
    ]
}

#[test]
fn an_answer_of_any_shape_gives_its_code() {
    let lines = |text: &str| -> Vec<String> {
        let kept =
            text.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.contains("assert x"));
        kept.map(str::to_owned).collect()
    };
    let wanted = lines(WHOLE);
    for (about, answer) in answers() {
        let got = found(&answer).unwrap_or_else(|error| panic!("{about}: {error}\n{answer}"));
        let mut got = lines(&got);
        // The imports may come in another order, and the definitions with more or fewer lines between them.
        let imports = got.iter().take_while(|line| !line.starts_with('@')).count();
        got[..imports].sort();
        assert_eq!(got, wanted, "{about}:\n{answer}");
    }
}

#[test]
fn an_answer_without_the_code_says_what_came_instead() {
    let (imports, kernel, wrapper) = parts();
    let answers = [
        ("only imports", format!("```python\n{imports}\n```")),
        ("only the kernel", format!("```python\n{imports}\n\n\n{kernel}\n```")),
        ("only the wrapper", format!("```python\n{imports}\n\n\n{wrapper}\n```")),
        ("the reference once more", format!("```python\n{PYTHON}```")),
        ("the wrapper's name for the kernel", format!("```python\n{}```", WHOLE.replace("scale_triton", "scale_op").replace("scale_kernel", "scale_triton"))),
        ("both of the same name", format!("```python\n{}```", WHOLE.replace("scale_kernel", "scale_triton"))),
        ("changes to a file", "```diff\n--- a/scale.py\n+++ b/scale.py\n@@ -8,3 +8,3 @@\n     offsets = 1\n-    mask = offsets < n\n+    mask = offsets <= n\n```".to_owned()),
        ("changes without a fence that says so", "```\n@@ -8,3 +8,3 @@\n-    mask = offsets < n\n+    mask = offsets <= n\n```".to_owned()),
        ("the call of a tool, as text", "<tool_call>\n{\"name\": \"write_file\", \"arguments\": {\"path\": \"scale.py\"}}\n</tool_call>".to_owned()),
        ("reasoning alone", "<think>I should tile this, and".to_owned()),
        ("reasoning alone, with a draft", format!("<think>Perhaps\n```python\n{kernel}\n")),
        ("another language", "```cpp\n__global__ void scale(float* x) {}\n```".to_owned()),
        ("a link", "You can find the kernel at https://example.com/scale.py".to_owned()),
        ("half of it left out", format!("```python\n{}```", WHOLE.replace("    mask = offsets < n\n", "    ... existing code ...\n"))),
    ];
    let said: Vec<String> = answers
        .iter()
        .map(|(about, answer)| format!("{about}: {}", found(answer).expect_err(about)))
        .collect();
    insta::assert_snapshot!(said.join("\n"), @r#"
    only imports: the code in the answer has no function under `@triton.jit`
    only the kernel: the code in the answer does not define `scale_triton`, the wrapper that was asked for
    only the wrapper: the code in the answer has no function under `@triton.jit`
    the reference once more: the code in the answer has no function under `@triton.jit`
    the wrapper's name for the kernel: the code in the answer gives the name `scale_triton` to a kernel: it is the wrapper's, which launches it
    both of the same name: the code in the answer gives the name `scale_triton` to a kernel: it is the wrapper's, which launches it
    changes to a file: the answer gives changes (a diff), not the code: the whole block was asked for
    changes without a fence that says so: the answer gives changes (a diff), not the code: the whole block was asked for
    the call of a tool, as text: the answer holds no code; it begins: <tool_call> {"name": "write_file", "arguments": {"path": "scale.py"}} </tool_call>
    reasoning alone: the answer ends within its reasoning: no code came
    reasoning alone, with a draft: the answer ends within its reasoning: no code came
    another language: the answer holds no code; it begins: ```cpp __global__ void scale(float* x) {} ```
    a link: the answer holds no code; it begins: You can find the kernel at https://example.com/scale.py
    half of it left out: the code in the answer is no Python: line 9: simple statements must be separated by newlines or semicolons
    "#);
}

#[test]
fn what_came_instead_is_said() {
    let answers = [
        "",
        "<think>how about",
        "I cannot write that kernel, because the reference is stochastic and so on and on.",
        "```python\nimport triton\ndef broken(:\n    pass\n```",
        "```python\ndef scale_triton(x):\n    return x\n```",
        &format!("```python\n{KERNEL}\n```"),
        &format!("{KERNEL}\n\ndef scale_triton_backward(x):\n    return x"),
    ];
    let said: Vec<String> = answers.iter().map(|answer| found(answer).unwrap_err().to_string()).collect();
    insta::assert_snapshot!(said.join("\n"), @r"
    the answer is empty
    the answer ends within its reasoning: no code came
    the answer holds no code; it begins: I cannot write that kernel, because the reference is stochastic and so
    the code in the answer is no Python: line 2: expected a parameter or the end of the parameter list
    the code in the answer has no function under `@triton.jit`
    the code in the answer does not define `scale_triton`, the wrapper that was asked for
    the code in the answer does not define `scale_triton`, the wrapper that was asked for
    ");
}

#[test]
fn an_alias_is_a_wrapper() {
    assert!(found(&format!("{KERNEL}\n\nclass Op: pass\n\nscale_triton = Op.apply\n")).is_ok());
}

proptest! {
    #[test]
    fn no_answer_panics(answer in r"(```|<think>|</think>|# <TRITON>|~~~|@triton\.jit|def k\(|\n|é|[ -~]){0,40}") {
        let _ = found(&answer);
    }
}
