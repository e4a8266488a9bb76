//! Every code of a finding, once: its word, how serious it is, and what it means.

use super::severity::Severity::{self, Error, Note, Warning};

/// A kind of finding.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Code {
    /// A stable short word (`mx-missing`).
    pub word: &'static str,
    /// How serious it is.
    pub severity: Severity,
    /// What it means, in one sentence.
    pub meaning: &'static str,
}

macro_rules! codes {
    ($($name:ident $word:literal $severity:ident $meaning:literal)*) => {
        $(
            #[doc = $meaning]
            pub const $name: Code = Code {
                word: $word,
                severity: $severity,
                meaning: $meaning,
            };
        )*

        /// All codes.
        pub const ALL: &[Code] = &[$($name),*];
    };
}

codes! {
    CONFIG_BROKEN "config-broken" Error
        "The configuration file has an error. doctor uses the keys that can be read."
    RULES_BROKEN "rules-broken" Error
        "The rules have an error, so doctor cannot compare them with anything."
    NO_POSTMASTER "no-postmaster" Warning
        "postmaster@ or abuse@ of a secondary domain reaches nobody; `check` finds it."
    WRITABLE_BY_EVERYBODY "writable-by-everybody" Warning
        "Every user may write a file that decides where mail goes, or the directory of the rules; `check` finds it."
    FOREIGN_OWNER "foreign-owner" Warning
        "A file that decides where mail goes belongs to a user who has no part in it; `check` finds it."
    DAEMON_DOWN "daemon-down" Error
        "Nobody answers on the control socket."
    RELOAD_REFUSED "reload-refused" Error
        "The daemon refused the files. An older table is live, or none."
    OTHER_RULES "other-rules" Warning
        "The daemon reads another directory than the configuration says."
    NOT_LIVE "not-live" Warning
        "The daemon decides about an address in another way than the files say."
    OBSERVES "observes" Note
        "Nothing is rewritten, because of `mode = \"observe\"`."
    SOCKET_MISSING "socket-missing" Error
        "The daemon runs, but a socket of the configuration does not exist."
    SOCKET_DEAD "socket-dead" Error
        "Nobody answers on a socket of the configuration."

    DOMAIN_UNKNOWN "domain-unknown" Error
        "DNS has no such domain (NXDOMAIN)."
    MX_MISSING "mx-missing" Error
        "A domain has neither an MX record nor an address of its own."
    MX_IMPLICIT "mx-implicit" Warning
        "A domain has no MX record, so mail goes to its own address (RFC 5321 section 5.1)."
    MX_NULL "mx-null" Error
        "A domain has a null MX: it says that it takes no mail (RFC 7505)."
    MX_CNAME "mx-cname" Error
        "An MX record points to an alias (RFC 2181 section 10.3)."
    MX_NO_ADDRESS "mx-no-address" Error
        "An MX record points to a name without an address."
    MX_ELSEWHERE "mx-elsewhere" Warning
        "The mail of a secondary domain goes to hosts that take no mail for the primary domains."
    DNS_FAILED "dns-failed" Note
        "DNS gave no answer, so doctor cannot say where mail for the domain goes."
    WILDCARD_DOMAINS "wildcard-domains" Note
        "A rule for `@*.domain` covers all subdomains. doctor does not look up their MX records."

    MILTER_NOT_LISTED "milter-not-listed" Error
        "The MTA does not ask readdress."
    MILTER_NOT_AT_EVERY_PORT "milter-not-at-every-port" Note
        "The MTA asks readdress at one port and not at another port."
    MILTER_NOT_LAST "milter-not-last" Warning
        "A milter is listed after readdress. readdress does not see which recipients that milter \
         refuses, and adds their targets all the same."
    MILTERS_SWITCHED_OFF "milters-switched-off" Error
        "`no_milters` makes Postfix skip all milters."
    MILTER_BEHIND_PROXY "milter-behind-proxy" Error
        "With `smtpd_proxy_filter` Postfix lets no milter change the envelope."
    PASSES_WHEN_DOWN "passes-when-down" Error
        "While readdress does not answer, mail passes without rewriting, or loses recipients."
    REFUSES_WHEN_DOWN "refuses-when-down" Warning
        "While readdress does not answer, mail is refused or held, and not deferred."
    LOCAL_MAIL_PASSES "local-mail-passes" Note
        "Mail from sendmail(1) is not rewritten."
    DOMAIN_NOT_ACCEPTED "domain-not-accepted" Error
        "The MTA refuses mail for a secondary domain before any milter is asked."
    PRIMARY_NOT_ACCEPTED "primary-not-accepted" Warning
        "The MTA takes no mail for a primary domain from outside."
    DOMAIN_IN_TWO_CLASSES "domain-in-two-classes" Error
        "A domain is in `relay_domains` and in a class of local domains."
    DOMAIN_IN_OTHER_CLASS "domain-in-other-class" Warning
        "A secondary domain is a local domain of the MTA, so the MTA looks for its users in its own lists."
    LABEL_FORM_MISSING "label-form-missing" Warning
        "The MTA accepts only one of the two spellings of an internationalised domain."
    RELAY_DOMAINS_LIVE "relay-domains-live" Warning
        "`relay_domains` is a socketmap. An smtpd process remembers its answers until it ends."
    SUBDOMAINS_ACCEPTED "subdomains-accepted" Warning
        "Postfix accepts mail for every subdomain of the domains in `relay_domains`."
    OPEN_RELAY "open-relay" Error
        "The MTA relays mail of strangers for domains that are not ours: its configuration says so, or it did \
         when it was asked by SMTP."
    RELAYS_FOR_TARGET "relays-for-target" Note
        "The MTA accepts mail for a domain that is only a target of rules."
    RECIPIENTS_UNCHECKED "recipients-unchecked" Warning
        "The MTA does not know which recipients exist."
    RECIPIENT_REFUSED "recipient-refused" Error
        "The list of recipients of the MTA does not contain an address that has a rule."
    REWRITTEN_AGAIN "rewritten-again" Warning
        "The MTA rewrites an address that came out of a rule."
    OLD_MAP "old-map" Note
        "A map of the MTA still contains addresses for which there are rules."
    ORIGINAL_RECIPIENT_OFF "original-recipient-off" Note
        "`enable_original_recipient = no` is set, and a map of Postfix rewrites addresses as well."
    VERIFIES_RECIPIENTS "verifies-recipients" Error
        "Probes of `reject_unverified_recipient` do not pass the milter, so they find no secondary address."
    DELIMITER_DIFFERS "delimiter-differs" Warning
        "The MTA and readdress use different characters between user and detail."
    NO_ADDRESS_MAPPINGS "no-address-mappings" Note
        "Because of `no_address_mappings`, Postfix does not look up in its maps what readdress adds."
    SOCKET_OUT_OF_REACH "socket-out-of-reach" Error
        "Postfix looks for the socket of the milter in another place, mostly because of a chroot."
    MAP_OUT_OF_REACH "map-out-of-reach" Error
        "Postfix looks for the socket of the socketmap in another place, mostly because of a chroot."
    SOCKET_CLOSED "socket-closed" Error
        "The user of the MTA has no right to open a socket."
    SOCKET_UNSAFE "socket-unsafe" Error
        "Sendmail refuses a socket below a directory that others may write to."
    MILTER_DEAD "milter-dead" Error
        "The MTA lists a milter that does not answer, and takes no mail until it does."
    MILTER_AWAY "milter-away" Warning
        "The MTA lists a milter that does not answer; mail passes without it."
    MAP_DEAD "map-dead" Error
        "A parameter of the MTA names a socketmap that gives no answer."
    SOCKET_MISSPELT "socket-misspelt" Error
        "A socket is written in the other MTA's notation."
    DSN_OFF "dsn-off" Note
        "The MTA does not accept ORCPT and NOTIFY, so a bounce shows the target of a rule instead of the \
         address that the sender wrote."
    CLIENTS_PASS "clients-pass" Warning
        "Because of `smtpd_milter_maps`, the mail of some clients does not pass readdress."
    ASKED_TWICE "asked-twice" Warning
        "The port to which a content filter returns mail asks readdress a second time, and a header is lost."
    ROUTE_LOOPS "route-loops" Error
        "Mail for a domain goes from this Postfix back to itself."
    ROUTE_REFUSES "route-refuses" Error
        "A transport refuses, defers or discards the mail for a domain."
    MTA_CONFIG_BROKEN "mta-config-broken" Error
        "Postfix cannot read its own configuration."
    MTA_CONFIG_ODD "mta-config-odd" Warning
        "A line in the configuration of Postfix has no effect, or another effect than it seems to have."
    MTA_CHECK "mta-check" Note
        "`postfix check` warns of owners or permissions."
    COPY_NOT_REWRITTEN "copy-not-rewritten" Note
        "Postfix itself adds a recipient that is a secondary address, which no milter sees."
    MTA_DOWN "mta-down" Error
        "The MTA does not answer where `--probe` asks it."
    PROBE_REFUSED "probe-refused" Error
        "When doctor asks by SMTP, the MTA refuses an address that the table accepts."
    PROBE_GREYLISTED "probe-greylisted" Note
        "When doctor asks by SMTP, the MTA greylists: it accepts the mail at the next attempt."
    UNKNOWN_ACCEPTED "unknown-accepted" Error
        "When doctor asks by SMTP, the MTA accepts an address that the table refuses."
    UNSEEN "unseen" Note
        "doctor could not look at something."
}

/// Kinds that compare the MTA's configuration with the sockets of the daemon.
pub const ABOUT_SOCKETS: &[Code] = &[
    MILTER_NOT_LISTED,
    MILTER_NOT_AT_EVERY_PORT,
    LOCAL_MAIL_PASSES,
    RECIPIENTS_UNCHECKED,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_stands_for_two_kinds() {
        let mut words: Vec<_> = ALL.iter().map(|code| code.word).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), ALL.len());
    }
}
