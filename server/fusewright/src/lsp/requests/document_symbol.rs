//! `textDocument/documentSymbol`

use fusewright_pair::{BlockKind, Definition, PairFile, TextRange};
use tower_lsp::ls_types::{
    DocumentSymbol, DocumentSymbolParams, DocumentSymbolResponse, Location, SymbolInformation, SymbolKind,
};

use crate::lsp::document::Snapshot;
use crate::lsp::session::Session;

/// The blocks, and in each what it is known to define.
pub(crate) fn run(session: &Session, params: &DocumentSymbolParams) -> Option<DocumentSymbolResponse> {
    let snapshot = session.snapshot(&params.text_document.uri)?;
    if !snapshot.pair.is_pair() {
        return None;
    }
    let symbols: Vec<_> =
        symbols(&snapshot.pair).into_iter().map(|symbol| convert(&snapshot, symbol)).collect();
    Some(if session.features().symbol_tree {
        DocumentSymbolResponse::Nested(symbols)
    } else {
        let mut flat = Vec::new();
        flatten(&snapshot, symbols, None, &mut flat);
        DocumentSymbolResponse::Flat(flat)
    })
}

struct Symbol {
    name: String,
    detail: &'static str,
    kind: SymbolKind,
    range: TextRange,
    selection: TextRange,
    children: Vec<Symbol>,
}

fn symbols(pair: &PairFile) -> Vec<Symbol> {
    let mut definitions: Vec<(&Definition, &'static str)> =
        pair.kernels().iter().map(|kernel| (kernel, "kernel")).collect();
    if let Some(entry) = pair.entry_points() {
        definitions.push((&entry.reference, "reference"));
        definitions.push((&entry.candidate, "wrapper"));
    }
    definitions.sort_by_key(|(definition, _)| definition.range.start());
    let inside = |range: TextRange| -> Vec<Symbol> {
        let children = definitions.iter().filter(|(definition, _)| range.contains_range(definition.range));
        children
            .map(|&(definition, detail)| Symbol {
                name: definition.name.clone(),
                detail,
                kind: SymbolKind::FUNCTION,
                range: definition.range,
                selection: definition.name_range,
                children: Vec::new(),
            })
            .collect()
    };
    let mut symbols: Vec<_> = pair
        .blocks()
        .iter()
        .map(|block| Symbol {
            name: block.kind.tag().to_owned(),
            detail: match block.kind {
                BlockKind::Python => "reference",
                BlockKind::Triton => "candidate",
                BlockKind::Test => "inputs",
            },
            kind: SymbolKind::MODULE,
            range: block.range(),
            selection: block.opening,
            children: inside(block.content),
        })
        .collect();
    symbols.extend(pair.main_block().map(|main| Symbol {
        name: "__main__".to_owned(),
        detail: "main block",
        kind: SymbolKind::EVENT,
        range: main,
        selection: pair.line_range(pair.line_of(main.start())),
        children: Vec::new(),
    }));
    symbols
}

fn convert(snapshot: &Snapshot, symbol: Symbol) -> DocumentSymbol {
    let children: Vec<_> = symbol.children.into_iter().map(|child| convert(snapshot, child)).collect();
    #[allow(deprecated, reason = "the type has no other constructor")]
    DocumentSymbol {
        name: symbol.name,
        detail: Some(symbol.detail.to_owned()),
        kind: symbol.kind,
        tags: None,
        deprecated: None,
        range: snapshot.range(symbol.range),
        selection_range: snapshot.range(symbol.selection),
        children: (!children.is_empty()).then_some(children),
    }
}

fn flatten(
    snapshot: &Snapshot,
    symbols: Vec<DocumentSymbol>,
    parent: Option<&str>,
    flat: &mut Vec<SymbolInformation>,
) {
    for symbol in symbols {
        #[allow(deprecated, reason = "the type has no other constructor")]
        flat.push(SymbolInformation {
            name: symbol.name.clone(),
            kind: symbol.kind,
            tags: None,
            deprecated: None,
            location: Location::new(snapshot.uri.clone(), symbol.range),
            container_name: parent.map(str::to_owned),
        });
        flatten(snapshot, symbol.children.unwrap_or_default(), Some(&symbol.name), flat);
    }
}
