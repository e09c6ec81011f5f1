//! The imports that a block lacks.

use ruff_python_ast::Stmt;
use ruff_text_size::Ranged;

use crate::diagnostic::Edit;
use crate::file::{File, Section};
use crate::outline::Import;
use crate::syntax::{is_future_import, string_statement};

/// What a name stands for by a convention that nobody breaks.
const CUSTOMARY: &[(&str, &str)] = &[
    ("F", "import torch.nn.functional as F"),
    ("Optional", "from typing import Optional"),
    ("Tuple", "from typing import Tuple"),
    ("dataclass", "from dataclasses import dataclass"),
    ("functools", "import functools"),
    ("itertools", "import itertools"),
    ("libdevice", "from triton.language.extra import libdevice"),
    ("math", "import math"),
    ("nn", "import torch.nn as nn"),
    ("np", "import numpy as np"),
    ("os", "import os"),
    ("random", "import random"),
    ("sys", "import sys"),
    ("time", "import time"),
    ("tl", "import triton.language as tl"),
    ("torch", "import torch"),
    ("triton", "import triton"),
    ("typing", "import typing"),
];

/// The import of a name: as another place of the file writes it, else as everybody does.
pub(crate) fn import_of(file: &File<'_>, name: &str) -> Option<String> {
    let elsewhere =
        file.sections().flat_map(|section| &section.outline.imports).find(|import| import.name == name);
    if let Some(import) = elsewhere {
        return copyable(import).then(|| import.statement());
    }
    let outline =
        crate::outline::Outline::of_imports(file.outside.iter().copied().chain([file.main_statements]));
    if let Some(import) = outline.imports.iter().find(|import| import.name == name) {
        return copyable(import).then(|| import.statement());
    }
    CUSTOMARY.iter().find(|(customary, _)| *customary == name).map(|(_, statement)| (*statement).to_owned())
}

fn copyable(import: &Import<'_>) -> bool {
    !import.relative && import.imported != "*"
}

/// The edit that adds an import to a block.
pub(crate) fn add_import(file: &File<'_>, section: &Section<'_>, statement: &str) -> Edit {
    let mut at = section.block.content.start();
    let mut first_import = None;
    let statements = section.statements;
    for (index, existing) in statements.iter().enumerate() {
        let heads = index == 0 && string_statement(existing).is_some() || is_future_import(existing);
        let import = matches!(existing, Stmt::Import(_) | Stmt::ImportFrom(_));
        if !heads && !import {
            break;
        }
        if import && !heads {
            first_import.get_or_insert(existing.start());
        }
        let line_end = file.lines.next_line(existing.end());
        // A statement behind a semicolon may go on over several lines.
        if statements.get(index + 1).is_some_and(|next| next.start() < line_end) {
            break;
        }
        at = line_end.min(section.block.content.end());
    }
    // Plain imports come first, as formatters have it.
    if let Some(first) = first_import
        && statement.starts_with("import ")
        && !statement.contains(" as ")
    {
        at = file.lines.start_of_line(first);
    }
    Edit::insert(at, format!("{}{statement}{}", file.line_end_before(at), file.newline))
}
