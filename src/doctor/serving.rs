//! The running daemon: does it run, does it decide as the files do, do its sockets answer?

use super::{
    Finding, codes,
    facts::{Answer, Daemon, Facts, SocketFailure},
};

/// Returns the findings about the daemon and its files.
pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    let readdress = &facts.readdress;
    let mut findings = files(facts);
    let control = readdress
        .control
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    match &facts.daemon {
        Daemon::Unasked => {}
        Daemon::Down(reason) => findings.push(Finding::new(
            codes::DAEMON_DOWN,
            control,
            format!("no daemon answers: {reason}"),
            format!(
                "start it: `systemctl start readdress`, or `readdress run --config {}`",
                readdress.file
            ),
        )),
        Daemon::Closed(reason) => findings.push(Finding::new(
            codes::UNSEEN,
            control,
            format!("the daemon could not be asked: {reason}"),
            "run doctor as root, or as a user in the group of the socket",
        )),
        Daemon::Up(answer) => findings.extend(answered(answer, facts)),
    }
    findings
}

/// The configuration file and the rules.
fn files(facts: &Facts) -> Vec<Finding> {
    let readdress = &facts.readdress;
    let rules = readdress.rules.display().to_string();
    let configuration = readdress
        .misconfigured
        .iter()
        .map(|(place, message, help)| {
            let message = format!("{message}; doctor checks the rest without it");
            Finding::new(codes::CONFIG_BROKEN, place, message, help)
        });
    let broken = readdress.broken.iter().map(|reason| {
        Finding::new(
            codes::RULES_BROKEN,
            &rules,
            format!(
                "{reason}; without them the domains are not known, and most checks are skipped"
            ),
            match readdress.missing {
                true => format!(
                    "make it, or write `rules = \"DIRECTORY\"` into {}",
                    readdress.file
                ),
                false => format!("fix what `readdress check {rules}` shows"),
            },
        )
    });
    let postmasters = readdress.postmasters.iter();
    let postmasters = postmasters
        .map(|(place, message, help)| Finding::new(codes::NO_POSTMASTER, place, message, help));
    let exposed = readdress.exposed.iter();
    let exposed =
        exposed.map(|(code, (place, message, help))| Finding::new(*code, place, message, help));
    let observes = readdress.observes.then(|| {
        Finding::new(
            codes::OBSERVES,
            &readdress.file,
            "`mode = \"observe\"`: decisions are logged, and nothing is rewritten",
            "write `mode = \"rewrite\"` when the log shows what you want",
        )
    });
    configuration
        .chain(broken)
        .chain(postmasters)
        .chain(exposed)
        .chain(observes)
        .collect()
}

fn answered(answer: &Answer, facts: &Facts) -> Vec<Finding> {
    let rules = facts.readdress.rules.display().to_string();
    let mut findings = Vec::new();
    if answer.directory != facts.readdress.rules {
        findings.push(Finding::new(
            codes::OTHER_RULES,
            &rules,
            format!("the daemon reads {} instead", answer.directory.display()),
            "restart the daemon, or name its configuration with `--config FILE`",
        ));
    }
    if let Some(reasons) = &answer.refused {
        let first = reasons.first().and_then(|reason| reason.lines().next());
        let serves = match answer.generation {
            0 => "it has no table, and every recipient is deferred".to_owned(),
            generation => format!("generation {generation} stays in force"),
        };
        findings.push(Finding::new(
            codes::RELOAD_REFUSED,
            &rules,
            format!(
                "the daemon refused these rules, and {serves}: {}",
                first.unwrap_or("no reason was given")
            ),
            format!("fix what `readdress check {rules}` shows"),
        ));
    } else if let Some((address, files, live)) = answer.differing.first() {
        let more = match answer.differing.len() - 1 {
            0 => String::new(),
            more => format!(", and differs for {more} more"),
        };
        findings.push(Finding::new(
            codes::NOT_LIVE,
            &rules,
            format!(
                "for `{address}` the files give `{files}`, but the daemon gives `{live}`{more}"
            ),
            "run `readdress reload`, which shows why",
        ));
    }
    let sockets = answer.dead.iter();
    findings.extend(sockets.map(|(socket, dead)| match dead {
        SocketFailure::Missing => Finding::new(
            codes::SOCKET_MISSING,
            socket.to_string(),
            "the daemon runs, but this socket of the configuration does not exist",
            "restart the daemon: a changed list of sockets takes effect only then",
        ),
        SocketFailure::Silent(reason) => Finding::new(
            codes::SOCKET_DEAD,
            socket.to_string(),
            format!("nothing answers on this socket of the configuration: {reason}"),
            format!(
                "restart the daemon, or take `{socket}` out of {}",
                facts.readdress.file
            ),
        ),
    }));
    findings
}
