//! `readdress try`: plays the MTA, asks the running milter, and shows what it would change.

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

/// The queue id of a trial. Log lines about the trial begin with it, so that nobody takes it for real mail.
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
        // This error names the socket.
        Err(error @ ClientError::Connect { .. }) => failed(&format!(
            "{error}; if the milter listens elsewhere, name its socket with --milter"
        )),
        Err(error) => failed(&format!(
            "{socket}: {error}; if the milter listens elsewhere, name its socket with --milter"
        )),
    }
}

/// Connects as Postfix does.
pub async fn connect(socket: &Socket) -> Result<MilterClient, ClientError> {
    let mut client = MilterClient::connect(socket, Offer::default()).await?;
    client.introduce("Postfix").await?;
    Ok(client)
}

/// Returns where the running daemon listens, which `run --listen` or systemd may have set. None if no daemon
/// answers.
fn running(config: &Config) -> Option<Socket> {
    let status = ask::status(&config.control)?;
    status.milter.first()?.parse().ok()
}

/// Sends one message on a connection of its own.
async fn play(
    socket: &Socket,
    from: &str,
    recipients: &[&str],
    paint: Paint,
) -> Result<(), ClientError> {
    let mut client = connect(socket).await?;
    message(&mut client, from, recipients, paint, &mut output::line).await?;
    client.quit().await
}

/// What became of a message.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Who gets the message.
    pub envelope: Vec<String>,
    /// What the client is told about refused recipients.
    pub refusals: Vec<String>,
}

/// Sends one message, and passes each line of the dialogue to `say`.
///
/// Sender and recipients are written as in SMTP: an address, then its parameters, with spaces between.
pub async fn message(
    client: &mut MilterClient,
    from: &str,
    recipients: &[&str],
    paint: Paint,
    say: &mut impl FnMut(&str),
) -> Result<Outcome, ClientError> {
    let (sender, parameters) = path_and_parameters(from);
    client
        .mail(sender.as_bytes(), &bytes(&parameters), &[TRIAL])
        .await?;
    say(&format!("  MAIL FROM:{}", joined(&sender, &parameters)));
    let mut outcome = Outcome::default();
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
        say(&format!(
            "  RCPT TO:{:<36} {}",
            joined(&path, &parameters),
            colored(&reply, paint)
        ));
        match reply {
            Reply::Continue => outcome.envelope.push(path),
            other => outcome.refusals.push(answer(&other)),
        }
    }
    if outcome.envelope.is_empty() {
        client.abort().await?;
        return Ok(outcome);
    }
    let end = client.end_of_message(&[TRIAL]).await?;
    print_end(&end, paint, say);
    apply(&end, &mut outcome.envelope);
    if outcome.envelope.is_empty() && end.verdict == Reply::Continue {
        say("    no recipient is left: the MTA discards the message");
    }
    Ok(outcome)
}

/// Returns the path without angle brackets and source route.
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

/// Changes the envelope as the MTA would. A deletion names a recipient byte for byte, with or without
/// angle brackets.
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

fn print_end(end: &EndOfMessage, paint: Paint, say: &mut impl FnMut(&str)) {
    say(&paint.dim(if end.edits.is_empty() {
        "  end of message: nothing is changed"
    } else {
        "  end of message:"
    }));
    for edit in &end.edits {
        say(&match edit {
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
        say(&format!("    {}", colored(&end.verdict, paint)));
    }
}

/// Returns what the MTA tells its client.
fn answer(reply: &Reply) -> String {
    match reply {
        Reply::Continue => "continue".to_owned(),
        Reply::Code(text) => text.replace("%%", "%"),
        Reply::Discard => "discard: the message is dropped without a word".to_owned(),
        other => format!("{other:?}").to_lowercase(),
    }
}

/// Returns the same in colour.
fn colored(reply: &Reply, paint: Paint) -> String {
    let text = answer(reply);
    match reply {
        Reply::Continue => paint.good(&text),
        Reply::Discard => paint.warn(&text),
        _ => paint.bad(&text),
    }
}

/// Splits `jd@domain2.com NOTIFY=NEVER` into its path, in angle brackets, and its parameters. A quoted
/// local-part may hold spaces.
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

/// Joins a path and its parameters with spaces.
fn joined(path: &str, parameters: &[String]) -> String {
    let words: Vec<_> = std::iter::once(path)
        .chain(parameters.iter().map(String::as_str))
        .collect();
    words.join(" ")
}
