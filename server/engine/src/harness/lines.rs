//! Reads lines of bounded length from a stream that may send anything.

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _};

/// One step of reading.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// A whole line without its end.
    Whole(Vec<u8>),
    /// A line longer than the limit; the stream stands in its middle.
    TooLong,
    /// The stream ended.
    End,
}

/// Reads the next line, giving up on it once it is longer than `limit` bytes.
pub(crate) async fn next(reader: &mut (impl AsyncBufRead + Unpin), limit: usize) -> std::io::Result<Line> {
    let mut line = Vec::new();
    loop {
        let buffer = reader.fill_buf().await?;
        if buffer.is_empty() {
            return Ok(if line.is_empty() { Line::End } else { Line::Whole(line) });
        }
        let end = buffer.iter().position(|&byte| byte == b'\n');
        let taken = end.unwrap_or(buffer.len());
        if line.len() + taken > limit {
            return Ok(Line::TooLong);
        }
        line.extend_from_slice(&buffer[..taken]);
        reader.consume(taken + usize::from(end.is_some()));
        if end.is_some() {
            return Ok(Line::Whole(line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn keeps_lines_apart_and_stops_at_the_limit() {
        let mut reader = tokio::io::BufReader::with_capacity(3, &b"one\n\ntwo three\nend"[..]);
        assert_eq!(next(&mut reader, 9).await.unwrap(), Line::Whole(b"one".to_vec()));
        assert_eq!(next(&mut reader, 9).await.unwrap(), Line::Whole(Vec::new()));
        assert_eq!(next(&mut reader, 9).await.unwrap(), Line::Whole(b"two three".to_vec()));
        assert_eq!(next(&mut reader, 9).await.unwrap(), Line::Whole(b"end".to_vec()));
        assert_eq!(next(&mut reader, 9).await.unwrap(), Line::End);
        let mut reader = tokio::io::BufReader::with_capacity(3, &b"0123456789\n"[..]);
        assert_eq!(next(&mut reader, 9).await.unwrap(), Line::TooLong);
    }
}
