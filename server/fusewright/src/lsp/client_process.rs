//! The client's process: when it is gone, nobody will ever say exit.

use fusewright_engine::progress::CancellationToken;

/// Cancels `gone` when the process `id` has ended. Nothing happens where no such process can be seen: the
/// client may run in another container, and then the end of the input is the only sign.
pub(crate) fn watch(id: Option<u32>, gone: CancellationToken) {
    let Some(wait) = id.and_then(process::ending) else {
        tracing::info!(?id, "the client's process cannot be watched");
        return;
    };
    // It only sleeps, so it needs next to no stack.
    let thread = std::thread::Builder::new().name("fusewright-client".to_owned()).stack_size(64 * 1024);
    let started = thread.spawn(move || {
        if wait() {
            gone.cancel();
        }
    });
    if let Err(error) = started {
        tracing::warn!(%error, "the client's process cannot be watched");
    }
}

#[cfg(target_os = "linux")]
mod process {
    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::io::Errno;
    use rustix::process::{Pid, PidfdFlags, pidfd_open};

    /// A wait for the process's end, which says whether it came. A descriptor is held meanwhile, so that
    /// another process that is given the same number is not mistaken for it.
    pub(super) fn ending(id: u32) -> Option<impl FnOnce() -> bool + Send> {
        let pid = Pid::from_raw(i32::try_from(id).ok()?)?;
        let process = pidfd_open(pid, PidfdFlags::empty()).ok()?;
        Some(move || {
            loop {
                match poll(&mut [PollFd::new(&process, PollFlags::IN)], None) {
                    Ok(_) => return true,
                    Err(Errno::INTR) => {}
                    Err(_) => return false,
                }
            }
        })
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
mod process {
    use rustix::io::Errno;
    use rustix::process::{Pid, test_kill_process};

    /// A wait for the process's end, which says whether it came.
    pub(super) fn ending(id: u32) -> Option<impl FnOnce() -> bool + Send> {
        let pid = Pid::from_raw(i32::try_from(id).ok()?)?;
        let alive = move || !matches!(test_kill_process(pid), Err(Errno::SRCH));
        alive().then_some(move || {
            while alive() {
                std::thread::sleep(std::time::Duration::from_secs(2));
            }
            true
        })
    }
}

#[cfg(not(unix))]
mod process {
    /// There is no way to wait for it here; the end of the input is the sign.
    pub(super) fn ending(_id: u32) -> Option<fn() -> bool> {
        None
    }
}
