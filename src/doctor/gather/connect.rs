//! Connects to the milters and maps that an MTA lists, all at one time, and speaks their protocol as far
//! as it takes to know who is there.
//!
//! Nothing is changed: a milter negotiates and is left, as by an MTA whose client goes away at once.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | time for one socket, the look-up of its name included | 3 s | it counts as dead |
//! | bytes of a map's answer | 4096 | it counts as dead |

use std::{io, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UnixStream},
    task::JoinSet,
    time::timeout,
};

use crate::{
    config::socket::Socket,
    doctor::{
        connect::key,
        facts::Readdress,
        listed::{Answer, Connection, Listed, Protocol},
    },
    mta::{ClientError, MilterClient, Offer},
};

/// For one socket.
const PATIENCE: Duration = Duration::from_secs(3);

/// Longest answer of a map.
const LONGEST: u64 = 4096;

/// Asks all of them; in the order of the list.
pub fn ask(listed: Vec<Listed>, readdress: &Readdress) -> Vec<Connection> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            let answer = Answer::Closed(error.to_string());
            let connection = |listed| Connection {
                listed,
                answer: answer.clone(),
            };
            return listed.into_iter().map(connection).collect();
        }
    };
    let mut connections = runtime.block_on(async {
        let mut tasks = JoinSet::new();
        for (place, listed) in listed.into_iter().enumerate() {
            let question = match &listed.protocol {
                Protocol::Milter => None,
                Protocol::Map(name) => Some(format!("{name} {}", key(name, readdress))),
            };
            tasks.spawn(async move {
                let answer = best(&listed.sockets, question.as_deref()).await;
                (place, Connection { listed, answer })
            });
        }
        tasks.join_all().await
    });
    connections.sort_by_key(|(place, _)| *place);
    connections
        .into_iter()
        .map(|(_, connection)| connection)
        .collect()
}

/// The first answer that serves, else the last one.
async fn best(sockets: &[Socket], question: Option<&str>) -> Answer {
    let mut last = Answer::Dead("no socket".to_owned());
    for socket in sockets {
        let answer = timeout(PATIENCE, one(socket, question)).await;
        last = answer
            .unwrap_or_else(|_| Answer::Dead(format!("no answer within {} s", PATIENCE.as_secs())));
        if last.serves() {
            break;
        }
    }
    last
}

async fn one(socket: &Socket, question: Option<&str>) -> Answer {
    match question {
        None => milter(socket).await,
        Some(question) => map(socket, question).await.unwrap_or_else(failed),
    }
}

/// Why there is no answer, as the system says it.
fn failed(error: io::Error) -> Answer {
    let reason = match error.kind() {
        io::ErrorKind::PermissionDenied => return Answer::Closed(error.to_string()),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => {
            "the connection is closed without an answer".to_owned()
        }
        io::ErrorKind::InvalidData => error.to_string(),
        _ => {
            let text = error.to_string();
            let end = text.find(" (os error").unwrap_or(text.len());
            text.get(..end).unwrap_or_default().to_owned()
        }
    };
    Answer::Dead(reason)
}

async fn milter(socket: &Socket) -> Answer {
    match MilterClient::connect(socket, Offer::default()).await {
        Ok(client) => {
            // It answered; how it takes the end of the connection does not matter.
            let _ = client.quit().await;
            Answer::Milter
        }
        Err(ClientError::Connect { source, .. } | ClientError::Io(source)) => failed(source),
        Err(ClientError::Closed) => failed(io::ErrorKind::UnexpectedEof.into()),
        Err(ClientError::Unexpected(_)) => {
            Answer::Dead("something answers, but it is not a milter".to_owned())
        }
        Err(error @ ClientError::Silent(_)) => Answer::Dead(error.to_string()),
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

async fn dial(socket: &Socket) -> io::Result<Box<dyn Stream>> {
    Ok(match socket {
        Socket::Inet { host, port } | Socket::Inet6 { host, port } => {
            Box::new(TcpStream::connect((host.as_str(), *port)).await?)
        }
        Socket::Unix(path) => Box::new(UnixStream::connect(path).await?),
    })
}

/// One question and its answer, each a netstring: its length, a colon, its bytes, a comma.
async fn map(socket: &Socket, question: &str) -> io::Result<Answer> {
    let mut stream = dial(socket).await?;
    let request = format!("{}:{question},", question.len());
    stream.write_all(request.as_bytes()).await?;
    let odd = || {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "something answers, but it is not a socketmap",
        )
    };
    let mut length = 0;
    loop {
        match stream.read_u8().await? {
            digit @ b'0'..=b'9' => length = length * 10 + u64::from(digit - b'0'),
            b':' => break,
            _ => return Err(odd()),
        }
        if length > LONGEST {
            return Err(odd());
        }
    }
    let mut reply = Vec::new();
    stream.take(length + 1).read_to_end(&mut reply).await?;
    let whole = u64::try_from(reply.len()) == Ok(length + 1);
    if !whole || reply.pop() != Some(b',') {
        return Err(odd());
    }
    let reply = String::from_utf8_lossy(&reply).into_owned();
    match reply.split(' ').next() {
        Some("OK" | "NOTFOUND") => Ok(Answer::Map(reply)),
        Some("TEMP" | "TIMEOUT" | "PERM") => Ok(Answer::Failing(reply)),
        _ => Err(odd()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    /// Something that says this to whoever connects, and what `question` makes of it.
    fn told(says: &'static [u8], question: Option<&str>) -> Answer {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(says).unwrap();
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let socket = Socket::Inet {
            host: "127.0.0.1".to_owned(),
            port,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let answer = runtime.block_on(best(&[socket], question));
        server.join().unwrap();
        answer
    }

    #[test]
    fn a_map_answers_in_its_own_protocol() {
        let asked = |says| told(says, Some("recipients x@y"));
        assert_eq!(asked(b"9:NOTFOUND ,"), Answer::Map("NOTFOUND ".to_owned()));
        assert_eq!(asked(b"4:OK x,"), Answer::Map("OK x".to_owned()));
        assert_eq!(
            asked(b"9:TEMP away,"),
            Answer::Failing("TEMP away".to_owned())
        );
        for odd in [
            &b"220 mx ESMTP\r\n"[..],
            b"",
            b"5:OK x,",
            b"4:OK xx",
            b"7:MAYBE x,",
            b"99999999999999999999:x,",
            b"4",
        ] {
            assert!(matches!(asked(odd), Answer::Dead(_)), "{odd:?}");
        }
    }

    #[test]
    fn a_milter_negotiates() {
        assert_eq!(
            told(b"\0\0\0\x0dO\0\0\0\x06\0\0\0\0\0\0\0\0", None),
            Answer::Milter
        );
        assert!(matches!(told(b"220 mx ESMTP\r\n", None), Answer::Dead(_)));
        assert!(matches!(told(b"", None), Answer::Dead(_)));
    }
}
