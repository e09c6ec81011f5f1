//! Starts the harness so that it and all it starts end with this process, and ends it with its whole tree.

#![allow(unsafe_code, reason = "the child's death signal can only be set between fork and exec")]

use std::process::Stdio;
use std::sync::OnceLock;
use std::sync::mpsc;

use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop};
use tokio::process::Command;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::launch::Launch;

type Spawned = std::io::Result<Box<dyn ChildWrapper>>;
type Job = (Handle, Launch, oneshot::Sender<Spawned>);

/// Starts the program in a process group of its own, its three streams piped.
pub(crate) async fn spawn(launch: &Launch) -> Spawned {
    let (answer, answered) = oneshot::channel();
    let gone = || std::io::Error::other("the thread that starts processes is gone");
    spawner().send((Handle::current(), launch.clone(), answer)).map_err(|_| gone())?;
    answered.await.map_err(|_| gone())?
}

/// The thread that starts harnesses. A death signal fires when the thread that forked ends, and the runtime's
/// own threads come and go, so one that lasts as long as the process does it.
fn spawner() -> &'static mpsc::Sender<Job> {
    static SPAWNER: OnceLock<mpsc::Sender<Job>> = OnceLock::new();
    SPAWNER.get_or_init(|| {
        let (sender, jobs) = mpsc::channel::<Job>();
        let started = std::thread::Builder::new().name("spawner".into()).spawn(move || {
            for (runtime, launch, answer) in jobs {
                let _entered = runtime.enter();
                let _ = answer.send(command(&launch).spawn());
            }
        });
        if let Err(error) = started {
            // The channel is closed then, and every start reports it.
            tracing::error!(%error, "cannot start a thread");
        }
        sender
    })
}

fn command(launch: &Launch) -> CommandWrap {
    let mut wrap = CommandWrap::with_new(&launch.program, |command| {
        command
            .args(&launch.arguments)
            .env_clear()
            .envs(launch.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&launch.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        end_with_parent(command);
    });
    #[cfg(unix)]
    wrap.wrap(process_wrap::tokio::ProcessGroup::leader());
    #[cfg(windows)]
    wrap.wrap(process_wrap::tokio::JobObject);
    wrap.wrap(KillOnDrop);
    wrap
}

/// Has the system kill the child should this process be killed itself.
#[cfg(target_os = "linux")]
fn end_with_parent(command: &mut Command) {
    use rustix::process::{Signal, getpid, getppid, set_parent_process_death_signal};

    let parent = getpid();
    let set = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // The parent may have died before the signal was set.
        if getppid() == Some(parent) { Ok(()) } else { Err(std::io::ErrorKind::BrokenPipe.into()) }
    };
    // SAFETY: between fork and exec the closure makes two system calls and allocates nothing.
    unsafe {
        command.pre_exec(set);
    }
}

#[cfg(not(target_os = "linux"))]
fn end_with_parent(_command: &mut Command) {}

/// Kills a process, its group and everything below it. The caller knows that the process was not yet waited for,
/// so that its number cannot have been given to another.
#[cfg(unix)]
pub(crate) fn kill_tree(process: u32) {
    use rustix::process::{Pid, Signal, kill_process, kill_process_group};

    let below = descendants(process);
    if let Some(leader) = i32::try_from(process).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(leader, Signal::KILL);
        let _ = kill_process(leader, Signal::KILL);
    }
    for process in below.into_iter().filter_map(|process| Pid::from_raw(i32::try_from(process).ok()?)) {
        let _ = kill_process(process, Signal::KILL);
    }
}

/// The job object ends with its handle.
#[cfg(not(unix))]
pub(crate) fn kill_tree(_process: u32) {}

/// Every process below one, whatever group or session it moved to; empty where there is no `/proc`.
#[cfg(unix)]
fn descendants(process: u32) -> Vec<u32> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let parents: Vec<(u32, u32)> = entries
        .filter_map(|entry| {
            let child = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let stat = std::fs::read_to_string(format!("/proc/{child}/stat")).ok()?;
            // The name before it may hold spaces and brackets: the parent is the second field after the last bracket.
            let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
            Some((child, parent))
        })
        .collect();
    let mut found = vec![process];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(child, _)| *child));
        next += 1;
    }
    found.split_off(1)
}
