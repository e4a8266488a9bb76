//! Broken and hostile milters: whatever arrives, and wherever it ends, the client returns an error in time.

use std::error::Error;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixListener,
    time::Instant,
};

use super::*;
use crate::config::socket::Socket;

/// Connects a client to a milter that sends these bytes at once. With `ends` the milter then ends the
/// stream; otherwise it keeps the connection and says nothing more.
async fn milter(answer: Vec<u8>, ends: bool) -> MilterClient {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("m");
    let listener = UnixListener::bind(&path).unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(&answer).await.unwrap();
        if ends {
            stream.shutdown().await.unwrap();
        }
        // What the client sends is read, so that the client can write.
        let _ = stream.read_to_end(&mut Vec::new()).await;
    });
    MilterClient::open(&Socket::Unix(path)).await.unwrap()
}

/// The answers of a milter to a whole message.
fn answers() -> Vec<u8> {
    let negotiation = [6_u32, 0x18, 0].map(u32::to_be_bytes).concat();
    [
        frame(b'O', &negotiation),
        frame(b'c', b""),
        frame(b'y', b"550 5.1.1 No such user\0"),
        frame(b'c', b""),
        frame(b'-', b"<jd@domain2.com>\0"),
        frame(b'p', b""),
        frame(b'2', b"<jdoe@company.com>\0NOTIFY=NEVER\0"),
        frame(b'h', b"X-Original-To\0jd@domain2.com\0"),
        frame(b'c', b""),
    ]
    .concat()
}

/// Plays a whole message.
async fn message(client: &mut MilterClient) -> Result<(Reply, Reply, EndOfMessage), ClientError> {
    client.negotiate(Offer::default()).await?;
    client.mail(b"<>", &[], &[]).await?;
    let refused = client.rcpt(b"<x@domain2.com>", &[], &[]).await?;
    let accepted = client.rcpt(b"<jd@domain2.com>", &[], &[]).await?;
    let end = client.end_of_message(&[]).await?;
    Ok((refused, accepted, end))
}

#[tokio::test]
async fn the_edits_of_a_whole_message_come_in_their_order() {
    let mut client = milter(answers(), true).await;
    let (refused, accepted, end) = message(&mut client).await.unwrap();
    assert_eq!(refused, Reply::Code("550 5.1.1 No such user".to_owned()));
    assert_eq!(accepted, Reply::Continue);
    let wanted = EndOfMessage {
        edits: vec![
            Edit::Delete(b"<jd@domain2.com>".to_vec()),
            Edit::Add {
                address: b"<jdoe@company.com>".to_vec(),
                parameters: Some(b"NOTIFY=NEVER".to_vec()),
            },
            Edit::Other {
                letter: b'h',
                payload: b"X-Original-To\0jd@domain2.com\0".to_vec(),
            },
        ],
        verdict: Reply::Continue,
    };
    assert_eq!(end, wanted);
}

#[tokio::test]
async fn a_milter_that_ends_after_any_byte_has_closed_the_connection() {
    let whole = answers();
    for length in 0..whole.len() {
        let mut client = milter(whole[..length].to_vec(), true).await;
        let result = message(&mut client).await;
        assert!(
            matches!(result, Err(ClientError::Closed)),
            "{length}: {result:?}"
        );
    }
}

/// The clock is paused: a wait ends at once, so this test does not take ten seconds.
#[tokio::test(start_paused = true)]
async fn a_milter_that_stops_after_any_byte_is_waited_for_once() {
    let whole = answers();
    for length in (0..whole.len()).step_by(7) {
        let mut client = milter(whole[..length].to_vec(), false).await;
        let begun = Instant::now();
        let result = message(&mut client).await;
        assert!(
            matches!(result, Err(ClientError::Silent(READ_TIMEOUT))),
            "{length}: {result:?}"
        );
        assert!(begun.elapsed() < READ_TIMEOUT * 2, "{length}");
    }
}

#[tokio::test]
async fn a_packet_of_an_impossible_length_is_refused_before_it_is_read() {
    let limit = u32::try_from(REPLY_LIMIT).unwrap();
    for length in [0, limit + 1, u32::MAX] {
        // Nothing follows the length: a client that believed it would wait.
        let mut client = milter(length.to_be_bytes().to_vec(), false).await;
        let error = client.read_packet().await.unwrap_err();
        assert!(
            matches!(error, ClientError::Unexpected(_)),
            "{length}: {error}"
        );
    }
    let payload = vec![b'x'; REPLY_LIMIT - 1];
    let mut client = milter(frame(b'b', &payload), true).await;
    assert_eq!(client.read_packet().await.unwrap(), (b'b', payload));
}

#[tokio::test]
async fn a_letter_that_does_not_belong_there_is_an_error_that_names_it() {
    for (at_negotiation, letter) in [
        (true, b'c'),
        (true, b'Z'),
        (false, b'Z'),
        (false, b'O'),
        (false, 0),
    ] {
        let negotiation = [6_u32, 0, 0].map(u32::to_be_bytes).concat();
        let first = match at_negotiation {
            true => Vec::new(),
            false => frame(b'O', &negotiation),
        };
        let mut client = milter([first, frame(letter, b"")].concat(), true).await;
        let error = message(&mut client).await.unwrap_err().to_string();
        let shown = format!("'{}'", letter.escape_ascii());
        assert!(error.contains(&shown), "{error}");
    }
}

#[tokio::test]
async fn a_milter_that_wants_more_than_was_offered_is_refused() {
    let offer = Offer {
        version: 6,
        actions: 0x0f,
        protocol: 0xff,
    };
    for (version, actions, protocol, fits) in [
        (6, 0x0f, 0xff, true),
        (2, 0, 0, true),
        (7, 0, 0, false),
        (6, 0x10, 0, false),
        (6, 0, 0x100, false),
    ] {
        let words = [version, actions, protocol].map(u32::to_be_bytes).concat();
        let mut client = milter(frame(b'O', &words), true).await;
        let result = client.negotiate(offer).await;
        assert_eq!(result.is_ok(), fits, "{version} {actions:#x} {protocol:#x}");
    }
}

#[tokio::test]
async fn nobody_at_the_socket_is_an_error_with_the_socket_and_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let socket = Socket::Unix(dir.path().join("nobody"));
    let result = MilterClient::connect(&socket, Offer::default()).await;
    let error = result.err().expect("an error");
    assert!(error.to_string().contains(&socket.to_string()), "{error}");
    assert!(error.source().is_some());
}

/// Each list of macros ends with a NUL, so a cut between two lists is not a broken negotiation.
#[test]
fn a_negotiation_is_read_whole_or_not_at_all() {
    let head = [6_u32, 1, 2].map(u32::to_be_bytes).concat();
    let first = b"\0\0\0\x03i {rcpt_addr}\0";
    let second = b"\0\0\0\x00j\0";
    let whole = [&head[..], first, second].concat();
    let complete = [head.len(), head.len() + first.len(), whole.len()];
    for length in 0..=whole.len() {
        let read = Negotiated::read(&whole[..length]);
        assert_eq!(read.is_some(), complete.contains(&length), "{length}");
    }
    let read = Negotiated::read(&whole).unwrap();
    assert_eq!(read.macros[&b'R'], ["i", "rcpt_addr"]);
    assert_eq!(read.macros[&b'C'], ["j"]);
    // There is no eighth stage.
    assert_eq!(
        Negotiated::read(&[&head[..], b"\0\0\0\x07i\0"].concat()),
        None
    );
}

#[test]
fn each_reply_is_its_letter() {
    for (letter, reply) in [
        (b'c', Reply::Continue),
        (b'a', Reply::Accept),
        (b'r', Reply::Reject),
        (b't', Reply::Tempfail),
        (b'd', Reply::Discard),
        (b's', Reply::Skip),
    ] {
        assert_eq!(Reply::read(letter, b""), Some(reply));
    }
    let others = (0..=u8::MAX).filter(|letter| !b"cartdsy".contains(letter));
    for letter in others {
        assert_eq!(Reply::read(letter, b""), None, "{}", letter.escape_ascii());
    }
}

#[test]
fn an_edit_is_read_whole_or_not_at_all() {
    let payload = b"<a@b>\0NOTIFY=NEVER\0";
    for length in 0..=payload.len() {
        let cut = &payload[..length];
        let ends = [6, payload.len()];
        assert_eq!(
            Edit::read(b'2', cut).is_some(),
            ends.contains(&length),
            "{length}"
        );
        assert_eq!(Edit::read(b'-', cut).is_some(), length >= 6, "{length}");
        assert_eq!(Edit::read(b'+', cut).is_some(), length >= 6, "{length}");
    }
}
