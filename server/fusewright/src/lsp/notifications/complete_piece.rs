//! `fusewright/completePiece`

use crate::lsp::requests::complete::Piece;
use crate::lsp::session::Session;

/// Hands on a piece of the answer that the client's own model is giving.
pub(crate) fn run(session: &Session, piece: Piece) {
    session.completions.take(piece);
}
