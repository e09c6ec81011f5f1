//! The compile check of a saved pair, where the user switched it on.

use std::sync::Arc;

use fusewright_engine::harness::Compiled;
use fusewright_engine::progress::{Event, Progress};
use fusewright_engine::verdict::Implementation;
use fusewright_engine::verify::{Verifier, VerifyRequest};
use fusewright_pair::PairFile;
use tower_lsp::ls_types::Uri;

use super::jobs::Ticket;
use super::requests::refresh;
use super::session::{CompileCheck, Session, file_path};

/// Starts the check of a document that was saved; a newer save ends an older one's.
pub(crate) fn start(session: &Arc<Session>, uri: &Uri) {
    let (Some(file), Some(snapshot)) = (file_path(uri), session.snapshot(uri)) else { return };
    let wanted = session.folder(uri).settings.verify.compile_on_save;
    if !wanted || session.state().options.is_restricted() {
        return;
    }
    let pair = snapshot.pair.clone();
    if !pair.is_pair() || pair.structure_error().is_some() || is_known(session, uri, &pair) {
        return;
    }
    let ticket = session.jobs.enter(Some(uri.clone()), None);
    if let Some(outdated) = session.state().compiling.insert(uri.clone(), ticket.cancel.clone()) {
        outdated.cancel();
    }
    let request = VerifyRequest::new(file.clone(), pair.text());
    let check = Check { session: session.clone(), uri: uri.clone(), pair, ticket };
    let job = session.jobs.spawn(check.run(session.verifier(&file), request));
    session.detach(async move {
        if let Err(error) = job.await {
            tracing::error!(%error, "a saved pair was not compiled");
        }
    });
}

fn is_known(session: &Session, uri: &Uri, pair: &PairFile) -> bool {
    session.state().compiled.of(uri, pair).is_some()
}

struct Check {
    session: Arc<Session>,
    uri: Uri,
    pair: PairFile,
    ticket: Ticket,
}

impl Check {
    async fn run(self, verifier: Arc<Verifier>, request: VerifyRequest) {
        let outcome = verifier.compile(request, &Silent, &self.ticket.cancel).await;
        if self.ticket.cancel.is_cancelled() {
            return;
        }
        let compiled = match outcome {
            Ok(compiled) => compiled,
            Err(line) => match line.error {
                // What the pair's own code does wrong shows as an error of compiling would.
                Some(error) if error.implementation != Implementation::Harness => {
                    Compiled { kernels: Vec::new(), error: Some(error) }
                }
                error => {
                    let message = error.map_or_else(String::new, |error| error.message);
                    tracing::warn!(uri = self.uri.as_str(), message, "a saved pair was not compiled");
                    return;
                }
            },
        };
        if let Some(check) = CompileCheck::new(compiled, &self.pair) {
            self.session.state().compiled.enter(&self.uri, check);
            self.session.outgoing.publish(&self.uri);
            refresh::all(&self.session);
        }
    }
}

/// It is the editor's own doing, so it shows no progress.
struct Silent;

impl Progress for Silent {
    fn report(&self, _event: Event) {}
}
