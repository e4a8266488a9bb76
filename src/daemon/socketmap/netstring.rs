//! Netstrings: a length in decimal, `:`, that many bytes, `,`.
//!
//! Memory is allocated for bytes that have arrived, never for an announced length.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Longest payload, in bytes.
const MAX_LENGTH: u64 = 100_000;

/// Bytes of the longest length, its `:` included.
const MAX_DIGITS: u64 = 7;

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "not a netstring")
}

/// Reads a netstring. Returns `None` at the end of the connection.
pub async fn read(stream: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Vec<u8>>> {
    let mut length = Vec::new();
    (&mut *stream)
        .take(MAX_DIGITS)
        .read_until(b':', &mut length)
        .await?;
    if length.is_empty() {
        return Ok(None);
    }
    let digits = length
        .strip_suffix(b":")
        .filter(|digits| digits.iter().all(u8::is_ascii_digit));
    let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
    let length: u64 = digits
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(malformed)?;
    if length > MAX_LENGTH {
        return Err(malformed());
    }
    let mut payload = Vec::new();
    (&mut *stream)
        .take(length + 1)
        .read_to_end(&mut payload)
        .await?;
    match payload.pop() {
        Some(b',') if payload.len() as u64 == length => Ok(Some(payload)),
        _ => Err(malformed()),
    }
}

/// Sends a netstring, in one write.
pub async fn write(stream: &mut (impl AsyncWrite + Unpin), payload: &[u8]) -> io::Result<()> {
    let mut text = format!("{}:", payload.len()).into_bytes();
    text.extend_from_slice(payload);
    text.push(b',');
    stream.write_all(&text).await?;
    stream.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn reads_one_after_the_other() {
        let mut stream = &b"3:abc,0:,5:a,b:c,"[..];
        let mut all = Vec::new();
        while let Some(text) = read(&mut stream).await.unwrap() {
            all.push(text);
        }
        assert_eq!(all, [b"abc".to_vec(), b"".to_vec(), b"a,b:c".to_vec()]);
    }

    #[tokio::test]
    async fn refuses_what_is_none() {
        for bad in [
            "3:abcd,",
            "3:ab,",
            "x:abc,",
            "99999999:a,",
            "100001:a,",
            "-1:a,",
            ":,",
            "3abc,",
            "GET / HTTP/1.0\r\n",
        ] {
            assert!(read(&mut bad.as_bytes()).await.is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn writes_what_it_reads() {
        let mut out = Vec::new();
        write(&mut out, b"OK a@b").await.unwrap();
        assert_eq!(out, b"6:OK a@b,");
        assert_eq!(read(&mut &out[..]).await.unwrap().unwrap(), b"OK a@b");
    }
}
