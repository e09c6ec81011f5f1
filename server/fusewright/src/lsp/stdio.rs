//! Standard input and output as the event loop reads and writes them.
//!
//! Where they are pipes or sockets, as under every editor, the event loop waits for them itself: a keystroke
//! then travels from the read to the written diagnostics without changing threads. Anything else (a
//! terminal, a file) goes through tokio's helper threads.

use std::io;
use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncWrite};

/// What the server reads from.
pub(crate) type Input = Pin<Box<dyn AsyncRead + Send>>;
/// What the server writes to.
pub(crate) type Output = Pin<Box<dyn AsyncWrite + Send>>;

/// Opens both.
#[cfg(unix)]
pub(crate) fn open() -> io::Result<(Input, Output)> {
    use std::os::fd::AsFd;
    Ok((
        descriptor::input(io::stdin().as_fd().try_clone_to_owned()?),
        descriptor::output(io::stdout().as_fd().try_clone_to_owned()?),
    ))
}

/// Opens both.
#[cfg(not(unix))]
pub(crate) fn open() -> io::Result<(Input, Output)> {
    Ok((Box::pin(tokio::io::stdin()), Box::pin(tokio::io::stdout())))
}

#[cfg(unix)]
mod descriptor {
    use std::os::fd::OwnedFd;
    use std::os::unix::fs::FileTypeExt;

    use tokio::net::UnixStream;
    use tokio::net::unix::pipe;

    use super::{Input, Output};

    enum Kind {
        Pipe,
        Socket,
        Other,
    }

    fn kind(descriptor: &OwnedFd) -> Kind {
        let metadata = descriptor.try_clone().and_then(|copy| std::fs::File::from(copy).metadata());
        match metadata.map(|metadata| metadata.file_type()) {
            Ok(kind) if kind.is_fifo() => Kind::Pipe,
            Ok(kind) if kind.is_socket() => Kind::Socket,
            _ => Kind::Other,
        }
    }

    pub(super) fn input(descriptor: OwnedFd) -> Input {
        let opened: std::io::Result<Input> = match kind(&descriptor) {
            Kind::Pipe => pipe::Receiver::from_owned_fd(descriptor).map(|pipe| Box::pin(pipe) as Input),
            Kind::Socket => socket(descriptor).map(|socket| Box::pin(socket) as Input),
            Kind::Other => Ok(Box::pin(tokio::io::stdin())),
        };
        opened.unwrap_or_else(|_| Box::pin(tokio::io::stdin()))
    }

    pub(super) fn output(descriptor: OwnedFd) -> Output {
        let opened: std::io::Result<Output> = match kind(&descriptor) {
            Kind::Pipe => pipe::Sender::from_owned_fd(descriptor).map(|pipe| Box::pin(pipe) as Output),
            Kind::Socket => socket(descriptor).map(|socket| Box::pin(socket) as Output),
            Kind::Other => Ok(Box::pin(tokio::io::stdout())),
        };
        opened.unwrap_or_else(|_| Box::pin(tokio::io::stdout()))
    }

    fn socket(descriptor: OwnedFd) -> std::io::Result<UnixStream> {
        let stream = std::os::unix::net::UnixStream::from(descriptor);
        stream.set_nonblocking(true)?;
        UnixStream::from_std(stream)
    }
}
