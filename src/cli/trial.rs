//! `readdress try`: plays the MTA against the running milter, and shows what it would change.

use serde_json::json;

use super::{
    Exit, ask, failed, files,
    flags::Try,
    output::{self, Paint},
};
use crate::{
    config::{Config, socket::Socket},
    engine::address::outside_quotes,
    mta::{ClientError, Edit, EndOfMessage, MilterClient, Offer, Reply},
};

/// The queue id of a trial: every log line about it begins so, and is not taken for real mail.
const TRIAL: (&str, &str) = ("i", "TRY");

/// Runs the command.
pub fn run(flags: &Try) -> Exit {
    let socket = match &flags.milter {
        Some(socket) => socket.clone(),
        None => match files::configuration(flags.config.as_deref()) {
            Ok(config) => match running(&config).or(config.milter.listen.into_iter().next()) {
                Some(socket) => socket,
                None => return failed("no milter socket is configured; name one with --milter"),
            },
            Err(exit) => return exit,
        },
    };
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.to_string()),
    };
    let recipients: Vec<&str> = flags.rcpt.iter().map(String::as_str).collect();
    match runtime.block_on(play(&socket, &flags.from, &recipients, Paint::stdout())) {
        Ok(()) => Exit::Fine,
        Err(error) => failed(&format!(
            "{socket}: {error}; if the milter listens elsewhere, name its socket with --milter"
        )),
    }
}

/// A connection as Postfix has it.
pub async fn connect(socket: &Socket) -> Result<MilterClient, ClientError> {
    let mut client = MilterClient::connect(socket, Offer::default()).await?;
    client.introduce("Postfix").await?;
    Ok(client)
}

/// Where the running daemon really listens: `run --listen` and systemd know more than the file.
fn running(config: &Config) -> Option<Socket> {
    let Socket::Unix(control) = &config.control else {
        return None;
    };
    let status = ask::exchange(control, &json!({ "command": "status" })).ok()?;
    let first = status.first()?["milter"].as_array()?.first()?;
    first.as_str()?.parse().ok()
}

/// One message on a connection of its own.
async fn play(
    socket: &Socket,
    from: &str,
    recipients: &[&str],
    paint: Paint,
) -> Result<(), ClientError> {
    let mut client = connect(socket).await?;
    message(&mut client, from, recipients, paint).await?;
    client.quit().await
}

/// One message: sender and recipients with their parameters behind a space. Returns who gets it.
pub async fn message(
    client: &mut MilterClient,
    from: &str,
    recipients: &[&str],
    paint: Paint,
) -> Result<Vec<String>, ClientError> {
    let (sender, parameters) = path_and_parameters(from);
    client
        .mail(sender.as_bytes(), &bytes(&parameters), &[TRIAL])
        .await?;
    output::line(&format!("  MAIL FROM:{}", spelt(&sender, &parameters)));
    let mut envelope = Vec::new();
    for recipient in recipients {
        let (path, parameters) = path_and_parameters(recipient);
        let plain = path.trim_matches(['<', '>']).to_owned();
        let macros = [
            TRIAL,
            ("{rcpt_addr}", plain.as_str()),
            ("{rcpt_mailer}", "smtp"),
        ];
        let reply = client
            .rcpt(path.as_bytes(), &bytes(&parameters), &macros)
            .await?;
        output::line(&format!(
            "  RCPT TO:{:<36} {}",
            spelt(&path, &parameters),
            answer(&reply, paint)
        ));
        if reply == Reply::Continue {
            envelope.push(path);
        }
    }
    if envelope.is_empty() {
        client.abort().await?;
        return Ok(envelope);
    }
    let end = client.end_of_message(&[TRIAL]).await?;
    print_end(&end, paint);
    apply(&end, &mut envelope);
    if envelope.is_empty() && end.verdict == Reply::Continue {
        output::line("    nobody is left: the MTA discards the message");
    }
    Ok(envelope)
}

/// The path without brackets and source route.
fn bare(path: &str) -> &str {
    let inner = path
        .strip_prefix('<')
        .and_then(|rest| rest.strip_suffix('>'))
        .unwrap_or(path);
    match inner.split_once(':') {
        Some((_, rest)) if inner.starts_with('@') => rest,
        _ => inner,
    }
}

/// What the MTA makes of its envelope: deletions name a recipient byte for byte, with brackets or
/// without.
fn apply(end: &EndOfMessage, envelope: &mut Vec<String>) {
    for edit in &end.edits {
        match edit {
            Edit::Delete(path) => {
                let path = String::from_utf8_lossy(path);
                envelope.retain(|present| bare(present) != bare(&path));
            }
            Edit::Add { address, .. } => {
                envelope.push(String::from_utf8_lossy(address).into_owned())
            }
            Edit::Other { .. } => {}
        }
    }
    if end.verdict != Reply::Continue {
        envelope.clear();
    }
}

fn print_end(end: &EndOfMessage, paint: Paint) {
    output::line(&paint.dim(if end.edits.is_empty() {
        "  end of message: nothing is changed"
    } else {
        "  end of message:"
    }));
    for edit in &end.edits {
        output::line(&match edit {
            Edit::Delete(path) => paint.bad(&format!("    - {}", String::from_utf8_lossy(path))),
            Edit::Add {
                address,
                parameters,
            } => {
                let parameters = parameters
                    .as_deref()
                    .map(String::from_utf8_lossy)
                    .unwrap_or_default();
                let line = format!("    + {}  {parameters}", String::from_utf8_lossy(address));
                paint.good(line.trim_end())
            }
            other => format!("    {other:?}"),
        });
    }
    if end.verdict != Reply::Continue {
        output::line(&format!("    {}", answer(&end.verdict, paint)));
    }
}

/// What the MTA's client would be told.
fn answer(reply: &Reply, paint: Paint) -> String {
    match reply {
        Reply::Continue => paint.good("continue"),
        Reply::Code(text) => paint.bad(&text.replace("%%", "%")),
        Reply::Discard => paint.warn("discard: the message is dropped in silence"),
        other => paint.bad(&format!("{other:?}").to_lowercase()),
    }
}

/// `jd@domain2.com NOTIFY=NEVER` to its path in brackets and its parameters. A quoted local-part may
/// hold spaces.
fn path_and_parameters(text: &str) -> (String, Vec<String>) {
    let end = outside_quotes(text).find(|(_, c)| *c == ' ');
    let (path, rest) = text.split_at(end.map_or(text.len(), |(at, _)| at));
    let path = if path.starts_with('<') {
        path.to_owned()
    } else {
        format!("<{path}>")
    };
    (
        path,
        rest.split_whitespace().map(ToOwned::to_owned).collect(),
    )
}

fn bytes(parameters: &[String]) -> Vec<&[u8]> {
    parameters.iter().map(String::as_bytes).collect()
}

fn spelt(path: &str, parameters: &[String]) -> String {
    let words: Vec<_> = std::iter::once(path)
        .chain(parameters.iter().map(String::as_str))
        .collect();
    words.join(" ")
}
