//! Long work: apart from the thread that answers the client, each job with a way to cancel it.
//!
//! The job's thread pool starts with the first job, so that a session which only edits never pays for it.
//! A panic ends its job and nothing else.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use fusewright_engine::progress::CancellationToken;
use tokio::runtime::Runtime;
use tower_lsp::ls_types::{ProgressToken, Uri};

use super::guarded::panic_message;

/// The threads that jobs share; a job mostly waits for other processes.
const THREADS: usize = 2;

/// Starts jobs and knows those that run.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    runtime: OnceLock<Option<Runtime>>,
    running: Arc<Mutex<HashMap<u64, Running>>>,
    next: AtomicU64,
}

#[derive(Debug)]
struct Running {
    uri: Option<Uri>,
    progress: Option<ProgressToken>,
    cancel: CancellationToken,
}

/// Why a job gave no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JobError {
    /// It panicked.
    #[error("Fusewright failed: {0}. This is a defect of Fusewright; the server goes on")]
    Panicked(String),
    /// Its thread pool could not be started, or the server is ending.
    #[error("the server could not start the work: {0}")]
    NotRun(&'static str),
}

/// A job's place in the list of those that run; leaves it when dropped.
#[derive(Debug)]
pub(crate) struct Ticket {
    /// The job's number.
    pub(crate) id: u64,
    /// Cancelled when somebody cancels the job.
    pub(crate) cancel: CancellationToken,
    running: Arc<Mutex<HashMap<u64, Running>>>,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        lock(&self.running).remove(&self.id);
    }
}

impl Jobs {
    /// Enters a job that is about to start. `progress` is the token under which the client may cancel it.
    pub(crate) fn enter(&self, uri: Option<Uri>, progress: Option<ProgressToken>) -> Ticket {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let cancel = CancellationToken::new();
        lock(&self.running).insert(id, Running { uri, progress, cancel: cancel.clone() });
        Ticket { id, cancel, running: self.running.clone() }
    }

    /// Says which document a job is about, once that is known.
    pub(crate) fn name(&self, id: u64, uri: &Uri) {
        if let Some(job) = lock(&self.running).get_mut(&id) {
            job.uri = Some(uri.clone());
        }
    }

    /// Runs `work` on the jobs' threads.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = Result<T, JobError>> + Send + 'static {
        let started = self.runtime().map(|runtime| runtime.spawn(work));
        async move {
            let job = started.ok_or(JobError::NotRun("its threads could not be started"))?;
            job.await.map_err(|error| match error.try_into_panic() {
                Ok(panic) => JobError::Panicked(panic_message(panic.as_ref()).to_owned()),
                Err(_) => JobError::NotRun("the server is ending"),
            })
        }
    }

    /// Runs `work`, which blocks, on a thread of its own.
    pub(crate) fn spawn_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = Result<T, JobError>> + Send + 'static {
        let started = self.runtime().map(|runtime| runtime.spawn_blocking(work));
        async move {
            let job = started.ok_or(JobError::NotRun("its threads could not be started"))?;
            job.await.map_err(|error| match error.try_into_panic() {
                Ok(panic) => JobError::Panicked(panic_message(panic.as_ref()).to_owned()),
                Err(_) => JobError::NotRun("the server is ending"),
            })
        }
    }

    /// Cancels the jobs of a document; says how many.
    pub(crate) fn cancel(&self, uri: &Uri) -> usize {
        self.cancel_where(|job| job.uri.as_ref() == Some(uri))
    }

    /// Cancels the job that reports under `progress`.
    pub(crate) fn cancel_progress(&self, progress: &ProgressToken) -> usize {
        self.cancel_where(|job| job.progress.as_ref() == Some(progress))
    }

    /// Cancels every job.
    pub(crate) fn cancel_all(&self) -> usize {
        self.cancel_where(|_| true)
    }

    fn cancel_where(&self, chosen: impl Fn(&Running) -> bool) -> usize {
        let running = lock(&self.running);
        let jobs = running.values().filter(|job| chosen(job));
        jobs.map(|job| job.cancel.cancel()).count()
    }

    fn runtime(&self) -> Option<&Runtime> {
        let start = || {
            tokio::runtime::Builder::new_multi_thread()
                .worker_threads(THREADS)
                .thread_name("fusewright-job")
                .enable_all()
                .build()
                .inspect_err(
                    |error| tracing::error!(%error, "the threads for long work could not be started"),
                )
                .ok()
        };
        self.runtime.get_or_init(start).as_ref()
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        self.cancel_all();
        // A runtime must not be dropped by waiting inside another one.
        if let Some(Some(runtime)) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_ends_its_job_alone() {
        let jobs = Jobs::default();
        let failed = jobs.spawn::<()>(async { panic!("on purpose") });
        let error = failed.await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "Fusewright failed: on purpose. This is a defect of Fusewright; the server goes on"
        );
        assert_eq!(jobs.spawn(async { 2 }).await.unwrap(), 2);
        assert_eq!(jobs.spawn_blocking(|| 3).await.unwrap(), 3);
    }

    #[test]
    fn a_job_is_cancelled_by_document_or_by_progress() {
        let jobs = Jobs::default();
        let uri: Uri = "file:///a.py".parse().unwrap();
        let first = jobs.enter(Some(uri.clone()), Some(ProgressToken::Number(1)));
        let second = jobs.enter(None, Some(ProgressToken::Number(2)));
        assert_eq!(jobs.cancel_progress(&ProgressToken::Number(2)), 1);
        assert!(second.cancel.is_cancelled() && !first.cancel.is_cancelled());
        assert_eq!(jobs.cancel(&uri), 1);
        assert!(first.cancel.is_cancelled());
        drop(first);
        assert_eq!(jobs.cancel(&uri), 0);
    }
}
