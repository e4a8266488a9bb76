//! The milter server on the wire: the real server with a small filter, real sockets, and the client of an MTA.
//!
//! The filter rewrites every recipient: it deletes `<x@old>` and adds `<new-x@old>`. The first letters of a recipient
//! choose what else happens: `<slow…>` waits after each edit, `<very-slow…>` waits long; after the deletions `<panic…>`
//! panics, and `<hang…>` takes longer than the server waits at its end.

#![cfg(feature = "daemon")]

use indymilter::{Actions, MacroStage, ProtoOpts};
use readdress::config::socket::Socket;
use readdress::daemon::listen::{BoundSocket, bind, from_environment};
use readdress::daemon::milter::{
    Answer, Edits, Filter, Limits, Macros, Requests, Server as Milter, Strings, Workers,
};
use readdress::daemon::state::counters::Counters;
use readdress::daemon::state::health::Health;
use readdress::daemon::time_slice::TimeSlice;
use readdress::mta::{ClientError, Edit, MilterClient, Offer, Reply, frame};
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

const MS: Duration = Duration::from_millis(1);

const ACTIONS: Actions = Actions::ADD_RCPT
    .union(Actions::DELETE_RCPT)
    .union(Actions::REQUEST_MACROS);

const OPTIONS: ProtoOpts = ProtoOpts::NO_CONNECT
    .union(ProtoOpts::NO_HELO)
    .union(ProtoOpts::NOREPLY_MAIL)
    .union(ProtoOpts::NO_DATA)
    .union(ProtoOpts::NO_HEADER)
    .union(ProtoOpts::NO_EOH)
    .union(ProtoOpts::NO_BODY)
    .union(ProtoOpts::NO_UNKNOWN);

/// The values of `{rcpt_addr}` that the callbacks saw, one for each recipient.
type Seen = Arc<Mutex<Vec<Option<String>>>>;

struct Server {
    unix: Socket,
    tcp: Socket,
    counters: Arc<Counters>,
    seen: Seen,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<()>,
    _dir: tempfile::TempDir,
}

impl Server {
    fn start(limits: Limits) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let unix = bind(&Socket::Unix(dir.path().join("m.sock"))).unwrap();
        let tcp = bind(&"inet:127.0.0.1:0".parse().unwrap()).unwrap();
        let (unix_name, tcp_name) = (unix.socket().clone(), tcp.socket().clone());
        let (counters, seen) = (Arc::new(Counters::default()), Seen::default());
        let (stop, served) = run(vec![unix, tcp], limits, &counters, &seen);
        Self {
            unix: unix_name,
            tcp: tcp_name,
            counters,
            seen,
            stop: Some(stop),
            served,
            _dir: dir,
        }
    }

    async fn client(&self) -> MilterClient {
        MilterClient::connect(&self.unix, Offer::default())
            .await
            .unwrap()
    }

    async fn raw(&self, bytes: &[u8]) -> MilterClient {
        let mut client = MilterClient::open(&self.unix).await.unwrap();
        // These tests are about peers that close the connection during a write, so an error is fine.
        let _ = client.raw(bytes).await;
        client
    }

    fn stop(&mut self) {
        let _ = self.stop.take().unwrap().send(());
    }

    async fn open_connections(&self, wanted: usize) {
        let end = Instant::now() + 5000 * MS;
        while self.counters.open() != wanted {
            assert!(Instant::now() < end, "{} open", self.counters.open());
            sleep(5 * MS).await;
        }
    }
}

async fn served<F: Filter>(
    sockets: Vec<BoundSocket>,
    make: impl Fn() -> F + Send + Sync + 'static,
    limits: Limits,
    counters: Arc<Counters>,
    shutdown: impl Future<Output = ()>,
) {
    let (workers, _guard) = Workers::start().unwrap();
    let server = Milter::start(sockets, make, limits, counters, &workers, Health::default());
    server.unwrap().serve(shutdown).await;
}

fn run(
    sockets: Vec<BoundSocket>,
    limits: Limits,
    counters: &Arc<Counters>,
    seen: &Seen,
) -> (oneshot::Sender<()>, JoinHandle<()>) {
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async {
        let _ = stopped.await;
    };
    let seen = Arc::clone(seen);
    let served = served(
        sockets,
        move || Renaming {
            seen: Arc::clone(&seen),
            received: Vec::new(),
        },
        limits,
        Arc::clone(counters),
        shutdown,
    );
    (stop, tokio::spawn(served))
}

struct Renaming {
    seen: Seen,
    received: Vec<Vec<u8>>,
}

impl Filter for Renaming {
    fn negotiate(&mut self, actions: Actions, steps: ProtoOpts) -> Option<Requests> {
        Some(Requests {
            actions: actions & ACTIONS,
            steps: steps & OPTIONS,
            macros: &[(MacroStage::Rcpt, c"i {rcpt_addr}")],
        })
    }

    fn mail(&mut self, _: Strings<'_>) -> Answer {
        self.received.clear();
        Answer::Continue
    }

    fn rcpt(&mut self, arguments: Strings<'_>, macros: &Macros) -> Answer {
        let address = macros.of_recipient(b"{rcpt_addr}");
        let address = address.map(|address| String::from_utf8_lossy(address).into_owned());
        self.seen.lock().unwrap().push(address);
        self.received
            .extend(arguments.iter().next().map(<[u8]>::to_vec));
        Answer::Continue
    }

    fn header(&mut self, _: &[u8], _: &[u8]) {}

    async fn end(&mut self, _: &Macros, edits: &mut Edits<'_>, _: &mut TimeSlice) -> Answer {
        let begins = |text: &[u8]| {
            let first = self.received.first();
            first.is_some_and(|received| received.starts_with(text))
        };
        let pause = match () {
            () if begins(b"<slow") => 5 * MS,
            () if begins(b"<very-slow") => 300 * MS,
            () => Duration::ZERO,
        };
        for recipient in &self.received {
            edits.delete_recipient(recipient).unwrap();
            std::thread::sleep(pause);
        }
        assert!(!begins(b"<panic"), "asked for by the test");
        if begins(b"<hang") {
            std::thread::sleep(10_000 * MS);
        }
        for recipient in &self.received {
            edits.add_recipient(&renamed(recipient), b"").unwrap();
            std::thread::sleep(pause);
        }
        Answer::Continue
    }

    fn abort(&mut self) {
        self.received.clear();
    }
}

fn renamed(recipient: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(recipient)
        .replace('<', "<new-")
        .into_bytes()
}

fn wanted(recipients: &[&str]) -> Vec<Edit> {
    let deletions = recipients
        .iter()
        .map(|r| Edit::Delete(r.as_bytes().to_vec()));
    let additions = recipients.iter().map(|r| Edit::Add {
        address: r.replace('<', "<new-").into_bytes(),
        parameters: None,
    });
    deletions.chain(additions).collect()
}

async fn begin(client: &mut MilterClient, recipients: &[&str]) {
    client.mail(b"<s@sender.example>", &[], &[]).await.unwrap();
    for recipient in recipients {
        let reply = client.rcpt(recipient.as_bytes(), &[], &[("i", "4A")]).await;
        assert_eq!(reply.unwrap(), Reply::Continue);
    }
}

/// Sends one whole message, and checks the result.
async fn message(client: &mut MilterClient, recipients: &[&str]) {
    begin(client, recipients).await;
    let end = client.end_of_message(&[]).await.unwrap();
    assert_eq!(end.verdict, Reply::Continue);
    assert_eq!(end.edits, wanted(recipients));
}

/// Reads until the server closes the connection; panics if the server does not close it.
async fn closed(mut client: MilterClient) -> Vec<u8> {
    let mut all = Vec::new();
    let reading = async {
        loop {
            match client.read_once(65_536).await {
                Ok(bytes) if bytes.is_empty() => break,
                Ok(bytes) => all.extend(bytes),
                Err(ClientError::Closed) => break,
                Err(error) => panic!("{error}"),
            }
        }
    };
    timeout(5000 * MS, reading).await.expect("still open");
    all
}

/// Returns a valid session of one message, as its packets.
fn session() -> Vec<Vec<u8>> {
    vec![
        Offer::default().packet(),
        frame(b'D', b"Cj\0mx.example\0"),
        frame(b'M', b"<s@sender.example>\0SIZE=10\0"),
        frame(b'D', b"R{rcpt_addr}\0a@old\0"),
        frame(b'R', b"<a@old>\0"),
        frame(b'E', b""),
        frame(b'A', b""),
        frame(b'Q', b""),
    ]
}

#[tokio::test]
async fn edits_arrive_in_order_over_both_kinds_of_socket() {
    let server = Server::start(Limits::default());
    for socket in [&server.unix, &server.tcp] {
        let mut client = MilterClient::connect(socket, Offer::default())
            .await
            .unwrap();
        for _ in 0..3 {
            message(&mut client, &["<a@old>", "<b@old>", "<C@Old>"]).await;
            client.abort().await.unwrap();
        }
        client.quit().await.unwrap();
    }
    server.open_connections(0).await;
    assert_eq!(server.counters.accepted.load(SeqCst), 2);
    assert_eq!(server.counters.violations.load(SeqCst), 0);
}

#[tokio::test]
async fn an_end_of_message_is_one_write() {
    let server = Server::start(Limits::default());
    for socket in [&server.unix, &server.tcp] {
        let mut client = MilterClient::connect(socket, Offer::default())
            .await
            .unwrap();
        // The filter pauses between its edits, so separate writes would show.
        begin(&mut client, &["<slow@old>", "<b@old>", "<c@old>"]).await;
        client.raw(&frame(b'E', b"")).await.unwrap();
        let once = client.read_once(65_536).await.unwrap();
        let all = ["<slow@old>", "<b@old>", "<c@old>"];
        let deletions = all
            .map(|r| frame(b'-', format!("{r}\0").as_bytes()))
            .concat();
        let additions = all
            .map(|r| frame(b'+', format!("{}\0", r.replace('<', "<new-")).as_bytes()))
            .concat();
        assert_eq!(once, [deletions, additions, frame(b'c', b"")].concat());
    }
}

#[tokio::test]
async fn a_message_with_thousands_of_recipients_is_answered() {
    let server = Server::start(Limits::default());
    let mut client = server.client().await;
    let names: Vec<String> = (0..3000)
        .map(|n| format!("<{n}-{}@old>", "x".repeat(200)))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    message(&mut client, &names).await;
}

#[tokio::test]
async fn bad_input_ends_its_own_connection_only() {
    let server = Server::start(Limits::default());
    let mut good = server.client().await;
    let offer = Offer::default().packet();
    let mail = frame(b'M', b"<s@sender.example>\0");
    let after = |bytes: &[u8]| [&offer[..], bytes].concat();
    let bad: Vec<(&str, Vec<u8>)> = vec![
        ("text", b"GET / HTTP/1.1\r\nHost: mx\r\n\r\n".to_vec()),
        ("SMTP", b"EHLO client.example\r\n".to_vec()),
        ("a TLS hello", b"\x16\x03\x01\x02\0\x01\0".to_vec()),
        ("length 0 first", b"\0\0\0\0".to_vec()),
        ("length 0 later", after(b"\0\0\0\0")),
        ("4 GiB first", b"\xff\xff\xff\xffO".to_vec()),
        ("4 GiB later", after(b"\xff\xff\xff\xffR")),
        ("1 MiB later", after(b"\0\x10\0\0B")),
        ("a short negotiation", frame(b'O', b"\0\0\0\x06")),
        ("a long negotiation", frame(b'O', &[0; 64])),
        (
            "version 1",
            frame(b'O', b"\0\0\0\x01\0\0\x01\xff\0\x1f\xff\xff"),
        ),
        ("MAIL first", mail.clone()),
        ("an unknown command", after(&frame(b'Z', b"x"))),
        (
            "MAIL without NUL",
            after(&frame(b'M', b"<s@sender.example>")),
        ),
        ("MAIL without anything", after(&frame(b'M', b""))),
        (
            "RCPT without NUL",
            after(&[mail.clone(), frame(b'R', b"<a@old>")].concat()),
        ),
        ("macros without anything", after(&frame(b'D', b""))),
    ];
    for (what, bytes) in &bad {
        let before = server.counters.violations.load(SeqCst);
        let client = server.raw(bytes).await;
        let answer = closed(client).await;
        assert!(
            answer.is_empty() || answer.get(4) == Some(&b'O'),
            "{what}: {answer:?}"
        );
        server.open_connections(1).await;
        assert_eq!(
            server.counters.violations.load(SeqCst),
            before + 1,
            "{what}"
        );
        message(&mut good, &["<a@old>"]).await;
    }
}

#[tokio::test]
async fn odd_input_that_is_let_pass_does_no_harm() {
    let server = Server::start(Limits::default());
    let mut good = server.client().await;
    let offer = Offer::default().packet();
    for odd in [
        frame(b'D', b"Ri\0"),
        frame(b'D', b"Ri\x004A\0{rcpt_addr}\0"),
        frame(b'D', b"Ri\x004A"),
        frame(b'D', b"?i\x004A\0"),
        frame(b'R', b"<a@old>\0"),
        frame(b'E', b""),
        frame(b'A', b""),
        frame(b'T', b""),
        offer.clone(),
    ] {
        let mut client = server.client().await;
        client.raw(&odd).await.unwrap();
        message(&mut client, &["<b@old>"]).await;
        message(&mut good, &["<a@old>"]).await;
    }
}

#[tokio::test]
async fn a_session_cut_anywhere_leaves_nothing_behind() {
    let server = Server::start(Limits::default());
    let mut good = server.client().await;
    let whole = session().concat();
    for cut in 0..=whole.len() {
        drop(server.raw(&whole[..cut]).await);
        if cut % 16 == 0 {
            message(&mut good, &["<a@old>"]).await;
        }
    }
    server.open_connections(1).await;
    message(&mut good, &["<a@old>"]).await;
}

#[tokio::test]
async fn a_session_in_one_piece_or_octet_by_octet_is_the_same() {
    let server = Server::start(Limits::default());
    let whole = session().concat();
    let at_once = closed(server.raw(&whole).await).await;
    let mut client = MilterClient::open(&server.unix).await.unwrap();
    for byte in &whole {
        client.raw(&[*byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(closed(client).await, at_once);
    assert!(at_once.ends_with(&frame(b'c', b"")));
    assert_eq!(server.counters.violations.load(SeqCst), 0);
}

#[tokio::test]
async fn macros_of_one_recipient_are_not_seen_at_the_next() {
    let server = Server::start(Limits::default());
    let mut client = server.client().await;
    client.mail(b"<>", &[], &[]).await.unwrap();
    client
        .rcpt(b"<a@old>", &[], &[("{rcpt_addr}", "a@old")])
        .await
        .unwrap();
    client.rcpt(b"<b@old>", &[], &[]).await.unwrap();
    client
        .rcpt(b"<c@old>", &[], &[("{rcpt_addr}", "c@old")])
        .await
        .unwrap();
    // Postfix sends a packet without any macro.
    client.raw(&frame(b'D', b"R")).await.unwrap();
    client.rcpt(b"<d@old>", &[], &[]).await.unwrap();
    let seen = server.seen.lock().unwrap().clone();
    let own = |text: &str| Some(text.to_owned());
    assert_eq!(seen, [own("a@old"), None, own("c@old"), None]);
}

#[tokio::test]
async fn a_panic_ends_one_session_and_sends_no_half_of_its_edits() {
    let server = Server::start(Limits::default());
    let mut good = server.client().await;
    let mut client = server.client().await;
    begin(&mut client, &["<panic@old>"]).await;
    client.raw(&frame(b'E', b"")).await.unwrap();
    assert_eq!(closed(client).await, b"");
    message(&mut good, &["<a@old>"]).await;
    server.open_connections(1).await;
}

#[tokio::test]
async fn each_kind_of_slowness_has_its_time() {
    let server = Server::start(Limits {
        handshake: 200 * MS,
        packet: 200 * MS,
        idle: 1000 * MS,
        ..Limits::default()
    });
    let offer = Offer::default().packet();
    let lasted = async |bytes: Vec<u8>| {
        let client = server.raw(&bytes).await;
        let start = Instant::now();
        closed(client).await;
        start.elapsed()
    };
    let nothing = lasted(Vec::new()).await;
    let half_offer = lasted(offer[..7].to_vec()).await;
    let half_packet = lasted([&offer[..], b"\0\0\0\x20M<"].concat()).await;
    let idle = lasted(offer.clone()).await;
    for short in [nothing, half_offer, half_packet] {
        assert!(short >= 150 * MS && short < 900 * MS, "{short:?}");
    }
    assert!(idle >= 900 * MS, "{idle:?}");
    assert_eq!(server.counters.timed_out.load(SeqCst), 4);
}

#[tokio::test]
async fn dribbling_does_not_stretch_the_time_of_a_packet() {
    let server = Server::start(Limits {
        packet: 300 * MS,
        ..Limits::default()
    });
    let mut client = server.client().await;
    let start = Instant::now();
    for byte in frame(b'M', &[b'a'; 200]) {
        if client.raw(&[byte]).await.is_err() {
            break;
        }
        sleep(20 * MS).await;
    }
    assert!(start.elapsed() < 2000 * MS, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_peer_that_reads_nothing_is_let_go() {
    let server = Server::start(Limits {
        packet: 300 * MS,
        ..Limits::default()
    });
    let mut client = server.client().await;
    client.mail(b"<>", &[], &[]).await.unwrap();
    for n in 0..4000 {
        let path = format!("<{n}-{}@old>", "x".repeat(200));
        client.rcpt(path.as_bytes(), &[], &[]).await.unwrap();
    }
    client.raw(&frame(b'E', b"")).await.unwrap();
    server.open_connections(0).await;
    assert_eq!(server.counters.timed_out.load(SeqCst), 1);
}

#[tokio::test]
async fn more_connections_than_allowed_are_closed_at_once() {
    let server = Server::start(Limits {
        max_connections: 2,
        ..Limits::default()
    });
    let mut first = server.client().await;
    let second = server.client().await;
    let third = MilterClient::open(&server.unix).await.unwrap();
    assert_eq!(closed(third).await, b"");
    assert_eq!(server.counters.refused.load(SeqCst), 1);
    message(&mut first, &["<a@old>"]).await;
    drop(second);
    server.open_connections(1).await;
    message(&mut server.client().await, &["<a@old>"]).await;
}

#[tokio::test]
async fn a_drain_ends_the_idle_and_lets_messages_finish() {
    let mut server = Server::start(Limits::default());
    let Socket::Unix(path) = server.unix.clone() else {
        unreachable!()
    };
    let silent = MilterClient::open(&server.unix).await.unwrap();
    let idle = server.client().await;
    let mut between = server.client().await;
    message(&mut between, &["<a@old>"]).await;
    let mut aborted = server.client().await;
    begin(&mut aborted, &["<a@old>"]).await;
    aborted.abort().await.unwrap();
    let mut inside = server.client().await;
    begin(&mut inside, &["<a@old>"]).await;
    server.open_connections(5).await;

    server.stop();
    for client in [silent, idle, between, aborted] {
        closed(client).await;
    }
    assert!(!path.exists());
    assert!(MilterClient::open(&server.tcp).await.is_err());
    assert!(!server.served.is_finished());

    inside.rcpt(b"<b@old>", &[], &[]).await.unwrap();
    let end = inside.end_of_message(&[]).await.unwrap();
    assert_eq!(end.edits, wanted(&["<a@old>", "<b@old>"]));
    assert_eq!(end.verdict, Reply::Continue);
    closed(inside).await;
    timeout(3000 * MS, server.served)
        .await
        .expect("still serving")
        .unwrap();
    assert_eq!(server.counters.open(), 0);
}

#[tokio::test]
async fn a_verdict_being_made_at_the_end_still_arrives() {
    // One message ends within the drain time, another one after it but within the grace time.
    for drain in [5000 * MS, 100 * MS] {
        let mut server = Server::start(Limits {
            drain,
            ..Limits::default()
        });
        let mut client = server.client().await;
        begin(&mut client, &["<very-slow@old>"]).await;
        client.raw(&frame(b'E', b"")).await.unwrap();
        sleep(50 * MS).await;
        server.stop();
        let answer = closed(client).await;
        assert!(answer.ends_with(&frame(b'c', b"")), "{answer:?}");
        assert_eq!(answer.get(4), Some(&b'-'));
        timeout(3000 * MS, server.served)
            .await
            .expect("still serving")
            .unwrap();
        assert_eq!(server.counters.violations.load(SeqCst), 0);
    }
}

#[tokio::test]
async fn a_drain_that_lasts_too_long_is_cut() {
    let mut server = Server::start(Limits {
        drain: 300 * MS,
        ..Limits::default()
    });
    let mut inside = server.client().await;
    begin(&mut inside, &["<a@old>"]).await;
    let start = Instant::now();
    server.stop();
    closed(inside).await;
    assert!(start.elapsed() >= 250 * MS, "{:?}", start.elapsed());
    timeout(3000 * MS, server.served)
        .await
        .expect("still serving")
        .unwrap();
}

#[tokio::test]
async fn a_filter_that_hangs_does_not_hold_up_the_end() {
    let mut server = Server::start(Limits {
        drain: 100 * MS,
        ..Limits::default()
    });
    let mut client = server.client().await;
    begin(&mut client, &["<hang@old>"]).await;
    client.raw(&frame(b'E', b"")).await.unwrap();
    sleep(50 * MS).await;
    server.stop();
    timeout(4000 * MS, server.served)
        .await
        .expect("still serving")
        .unwrap();
    client.set_timeout(50 * MS);
    let half = client.read_once(65_536).await;
    assert!(
        !matches!(half, Ok(bytes) if !bytes.is_empty()),
        "half of the edits"
    );
}

#[tokio::test]
async fn without_connections_the_end_is_at_once() {
    let mut server = Server::start(Limits::default());
    server.client().await.quit().await.unwrap();
    server.open_connections(0).await;
    let start = Instant::now();
    server.stop();
    server.served.await.unwrap();
    assert!(start.elapsed() < 500 * MS, "{:?}", start.elapsed());
}

/// Milter packets are small and come in pairs. The delayed acknowledgement of TCP would cost 40 ms for each pair. The
/// best of several rounds is compared with a Unix socket in the same run.
#[tokio::test]
async fn tcp_does_not_stall() {
    let server = Server::start(Limits::default());
    let mut unix = server.client().await;
    let mut tcp = MilterClient::connect(&server.tcp, Offer::default())
        .await
        .unwrap();
    let (mut best_unix, mut best_tcp) = (Duration::MAX, Duration::MAX);
    for _ in 0..5 {
        for (client, best) in [(&mut unix, &mut best_unix), (&mut tcp, &mut best_tcp)] {
            let start = Instant::now();
            for _ in 0..5 {
                message(client, &["<a@old>", "<b@old>"]).await;
                client.abort().await.unwrap();
            }
            *best = start.elapsed().min(*best);
        }
    }
    assert!(
        best_tcp < best_unix * 20,
        "TCP {best_tcp:?}, Unix {best_unix:?}"
    );
}

/// Runs one of the ignored tests below in a process of its own, through a shell.
fn child(shell: &str, test: &str) -> Command {
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(format!(
            "{shell} exec \"$0\" --exact {test} --ignored --nocapture"
        ))
        .arg(std::env::current_exe().unwrap());
    command
}

#[test]
fn a_shortage_of_descriptors_is_survived() {
    let status = child("ulimit -n 60 &&", "with_few_descriptors")
        .status()
        .unwrap();
    assert!(status.success());
}

#[tokio::test]
#[ignore = "needs a process with few descriptors"]
async fn with_few_descriptors() {
    let server = Server::start(Limits::default());
    let mut good = server.client().await;
    let mut crowd = Vec::new();
    // Both ends are in this process: if the descriptors run out for the client, they run out for the server.
    while let Ok(client) = MilterClient::open(&server.unix).await {
        crowd.push(client);
        assert!(crowd.len() < 60, "no shortage");
    }
    sleep(1000 * MS).await;
    let failures = server.counters.accept_failures.load(SeqCst);
    assert!(
        (1..20).contains(&failures),
        "{failures} failures in a second"
    );
    message(&mut good, &["<a@old>"]).await;
    crowd.clear();
    sleep(1200 * MS).await;
    message(&mut server.client().await, &["<a@old>"]).await;
}

#[test]
fn a_socket_of_systemd_is_served() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("handed.sock");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let environment =
        "export LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=milter; exec 3<&0 </dev/null;";
    let mut server = child(environment, "with_a_handed_socket")
        .stdin(Stdio::from(std::os::fd::OwnedFd::from(listener)))
        .spawn()
        .unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut client = MilterClient::connect(&Socket::Unix(path.clone()), Offer::default())
            .await
            .unwrap();
        message(&mut client, &["<a@old>"]).await;
        client.quit().await.unwrap();
    });
    assert!(server.wait().unwrap().success());
    assert!(path.exists(), "the socket file is systemd's");
}

#[tokio::test]
#[ignore = "needs a socket handed over"]
async fn with_a_handed_socket() {
    let sockets = from_environment().unwrap();
    assert_eq!(sockets.len(), 1);
    assert_eq!(sockets[0].name(), Some("milter"));
    let counters = Arc::new(Counters::default());
    let (stop, served) = run(sockets, Limits::default(), &counters, &Seen::default());
    // An earlier stop would end the client between two messages.
    while counters.accepted.load(SeqCst) == 0 || counters.open() > 0 {
        sleep(5 * MS).await;
    }
    stop.send(()).unwrap();
    served.await.unwrap();
}
