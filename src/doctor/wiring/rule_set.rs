//! The rule set `Local_check_rcpt` of Sendmail, which decides to which recipients a stranger may send mail.
//!
//! If this rule set says OK, Sendmail accepts the recipient from anybody. So only addresses in a primary or
//! secondary domain whose local-part names no other host reach the OK. All others leave the rule set before it,
//! and Sendmail's own rules decide, which relay nothing for strangers.
//!
//! `canonify` marks the domain of an address as `user < @ domain . >`, but omits the last dot for domains that a
//! look-up did not find, and for literals. The second and third line add the dot, so that every domain is checked.
//! An address without `< @ >` (`"user@domain"`) matches no line, and leaves the rule set without an OK.

use crate::doctor::facts::Readdress;

/// The class with the domains of the rules, if no map is asked.
const CLASS: &str = "ReaddressDomains";

/// The beginning of both forms.
const BEGIN: &str = "\
SLocal_check_rcpt
R$*\t\t\t$: $>canonify $1
R$* < @ $+ >\t\t$: $1 < @ $2 . >
R$* < @ $+ . . >\t$: $1 < @ $2 . >
";

/// Asks the table: first for the domain, then for the address.
const ASKING: &str = "\
R$+ < @ $+ . >\t\t$: <$(domains $2 $: NO $)> $1 @ $2
R<$* <TMPF>> $*\t\t$#error $@ 4.3.0 $: \"451 temporary lookup failure\"
R<NO> $*\t\t\t$@ $1
R<$*> $+ @ $+\t\t$: <$(recipients $2@$3 $: NO $)> $2 @ $3
R<$* <TMPF>> $*\t\t$#error $@ 4.3.0 $: \"451 temporary lookup failure\"
R<NO> $*\t\t\t$#error $@ 5.1.1 $: \"550 User unknown\"
R<$+> $+ @ $+\t\t$# OK";

/// Returns the lines of `LOCAL_CONFIG` and `LOCAL_RULESETS` for a socketmap, in the notation of a `K` line.
pub(super) fn asking(map: &str) -> Vec<String> {
    let maps = ["domains", "recipients"].map(|name| format!("K{name} socket -T<TMPF> {map}"));
    lines(&maps, ASKING)
}

/// Returns the same lines for a table that cannot be asked: the domains are listed, and the filter refuses
/// unknown recipients.
pub(super) fn listing(readdress: &Readdress) -> Vec<String> {
    let domains = readdress.inbound().flat_map(|domain| domain.spellings());
    let words: Vec<_> = domains.collect();
    let config = [
        format!("C{{{CLASS}}} {}", words.join(" ")),
        "Kroutes regex -a@ROUTES [%!@]".to_owned(),
    ];
    let rules = format!(
        "R$+ < @ $={{{CLASS}}} . >\t$: <$(routes $1 $)> $1 @ $2\n\
         R<@ROUTES> $*\t\t$#error $@ 5.1.3 $: \"550 the local-part names another host\"\n\
         R<$+> $+ @ $={{{CLASS}}}\t$# OK"
    );
    lines(&config, &rules)
}

fn lines(config: &[String], rules: &str) -> Vec<String> {
    let mut lines = vec!["LOCAL_CONFIG".to_owned()];
    lines.extend_from_slice(config);
    lines.push("LOCAL_RULESETS".to_owned());
    lines.push(format!("{BEGIN}{rules}"));
    lines
}
