//! The products whose tables are read. For each product: the command that makes the export, and the name of
//! the file.
//!
//! The table of README, the manual page readdress-formats(7) and the help of findings are made from this list;
//! tests check that.

use super::ImportFormat;

/// A product, and how to export its table.
#[derive(Clone, Copy, Debug)]
pub struct Product {
    /// The name of the product.
    pub name: &'static str,
    /// The command that makes the export, on one line; for a product without a command, where to click.
    pub export: &'static str,
    /// The name of the file in a rules directory.
    pub file: &'static str,
    /// The format for `readdress import`.
    pub format: ImportFormat,
    /// What else to know about the export.
    pub advice: &'static str,
}

/// The PowerShell command that writes one address in each row, so that no part of a long list is lost.
pub const POWERSHELL: &str = "Get-Recipient -ResultSize Unlimited | ForEach-Object { $r=$_; $r.EmailAddresses | Where-Object { \"$_\" -match '^smtp:' } | ForEach-Object { [pscustomobject]@{ PrimarySmtpAddress=$r.PrimarySmtpAddress; Address=\"$_\"; Type=$r.RecipientTypeDetails } } } | Export-Csv -NoTypeInformation -Encoding UTF8 addresses.csv";

/// All products, in the order of the manual.
pub const PRODUCTS: [Product; 16] = [
    Product {
        name: "Postfix virtual_alias_maps",
        export: "cp /etc/postfix/virtual company.virtual",
        file: "company.virtual",
        format: ImportFormat::Virtual,
        advice: "If only the compiled map exists, print it: postmap -s lmdb:/etc/postfix/virtual. Do not save maps of canonical_maps or relay_recipient_maps here: they have another meaning. If values have no domain, use `readdress import --myorigin`. Values may be written as in a To: field (Anna <anna@company.com>); readdress reads them as Postfix does. An alias file (/etc/aliases, cPanel's /etc/valiases) has another format: a line `key: value` is an error.",
    },
    Product {
        name: "Sendmail virtusertable",
        export: "cp /etc/mail/virtusertable company.virtusertable",
        file: "company.virtusertable",
        format: ImportFormat::Virtusertable,
        advice: "If only the compiled map exists, print it: makemap -u hash /etc/mail/virtusertable. If values are local users, use `readdress import --local-domain`. The options --virtuser-domains, --local-host-names and --relay-domains name the other files of Sendmail that the table needs. With makemap -f, keys that differ only in letter case are different; here they are the same address. error: values give the reply that Sendmail gives. A text that does not begin with an SMTP code is a warning, because Sendmail then replies 553 5.3.0.",
    },
    Product {
        name: "Exchange 4.0 to 5.5",
        export: "admin /e exchange55.csv /d SERVER /n /o options.ini",
        file: "exchange55.csv",
        format: ImportFormat::Exchange55,
        advice: "Before the export, write a header row into exchange55.csv: Obj-Class,Mode,Alias Name,Directory Name,E-mail Addresses,Secondary-Proxy-Addresses. Without it the last column is not exported. Write [Export] and ExportObject=Recipients into options.ini; otherwise lists and contacts are missing. In the menu: Tools, Directory Export. The routing table is another file: readdress import exchange55-routing.",
    },
    Product {
        name: "Exchange 2007 and newer, Exchange Online (PowerShell)",
        export: POWERSHELL,
        file: "addresses.csv",
        format: ImportFormat::Microsoft365,
        advice: "The command writes one address in each row, because PowerShell cuts off a list in one cell after four values. Lists with `;`, lists as JSON, and numbered columns (ProxyAddress_1) are read too. In a file with a column UPN and without a primary address, rows with the same UPN belong together, and `SMTP:` in upper case marks the primary address.",
    },
    Product {
        name: "Microsoft 365 admin centre",
        export: "Users, Active users, Export users",
        file: "users.csv",
        format: ImportFormat::Microsoft365,
        advice: "This file has no groups and no shared mailboxes. Export these with PowerShell.",
    },
    Product {
        name: "Active Directory (ldifde)",
        export: "ldifde -u -f ad.ldif -r \"(proxyAddresses=*)\" -l mail,proxyAddresses,targetAddress,objectClass,userAccountControl",
        file: "ad.ldif",
        format: ImportFormat::Ldif,
        advice: "The option -u writes UTF-16; without it letters may be lost. A disabled account may be a shared mailbox, so disabled accounts are read; `readdress import --skip-disabled` skips them.",
    },
    Product {
        name: "Active Directory, LDAP (ldapsearch)",
        export: "ldapsearch -LLL -o ldif-wrap=no -E pr=500/noprompt -H ldap://dc.company.com -D reader@company.com -W -b dc=company,dc=com \"(proxyAddresses=*)\" mail proxyAddresses targetAddress objectClass userAccountControl > ldap.ldif",
        file: "ldap.ldif",
        format: ImportFormat::Ldif,
        advice: "The option -E requests pages; without it a server returns only 1000 entries. In directories without proxyAddresses the first value of mail is the primary address. Secondary addresses are further values of mail, and the values of mailAlternateAddress, mailEquivalentAddress, mailLocalAddress, mailAlias, shadowAddress (iRedMail), gosaMailAlternateAddress, zimbraMailAlias and alias (Kolab). Name the attributes that your directory has, and use the filter \"(mail=*)\". rfc822MailMember lists the members of an alias (nisMailAlias); if the name of the alias has no domain, use `readdress import --local-domain`. An export that is not complete is an error: a result other than 0, a page after which another one follows, another number of entries than numEntries, a referral, or a last line without a line end.",
    },
    Product {
        name: "Google Workspace (GAM)",
        export: "gam print aliases > aliases.csv",
        file: "aliases.csv",
        format: ImportFormat::Google,
        advice: "The output of gam print users aliases, gam print users emails and gam print addresses, and a sheet with the columns Primary Email and Email Alias are read too. The list of users of the console has no aliases. For an alias domain write one rule: @domain2.com @company.com.",
    },
    Product {
        name: "PostfixAdmin, MySQL",
        export: "mysql -B -e 'SELECT address,goto,active FROM alias' postfix > postfixadmin.csv",
        file: "postfixadmin.csv",
        format: ImportFormat::Postfixadmin,
        advice: "For alias domains run the same command with SELECT alias_domain,target_domain,active FROM alias_domain, and save the output as postfixadmin-domains.csv. Or convert a whole dump: mysqldump postfix > postfix.sql; readdress import postfixadmin postfix.sql --output postfix.rules.",
    },
    Product {
        name: "PostfixAdmin, PostgreSQL",
        export: "psql -c \"\\copy (SELECT address,goto,active FROM alias) TO 'postfixadmin.csv' CSV HEADER\" postfix",
        file: "postfixadmin.csv",
        format: ImportFormat::Postfixadmin,
        advice: "For alias domains do the same with the table alias_domain. A whole dump (pg_dump postfix > postfix.sql) is converted as with MySQL.",
    },
    Product {
        name: "mailcow",
        export: ". ./mailcow.conf; docker compose exec -T mysql-mailcow mariadb -u$DBUSER -p$DBPASS $DBNAME -B -e 'SELECT address,goto,active FROM alias' > mailcow.csv",
        file: "mailcow.csv",
        format: ImportFormat::Postfixadmin,
        advice: "For alias domains do the same with SELECT alias_domain,target_domain,active FROM alias_domain.",
    },
    Product {
        name: "Mailu (SQLite)",
        export: "sqlite3 -header -csv /mailu/data/main.db 'SELECT email,wildcard,destination FROM alias' > mailu.csv",
        file: "mailu.csv",
        format: ImportFormat::Postfixadmin,
        advice: "For alternative domains do the same with SELECT name,domain_name FROM alternative.",
    },
    Product {
        name: "iRedMail (MySQL)",
        export: "mysql -B -e 'SELECT address,forwarding,domain,active FROM forwardings' vmail > iredmail.csv",
        file: "iredmail.csv",
        format: ImportFormat::Postfixadmin,
        advice: "For alias domains do the same with SELECT alias_domain,target_domain,active FROM alias_domain.",
    },
    Product {
        name: "Postfix with MySQL, as in the ISPmail guide",
        export: "mysql -B -e 'SELECT source,destination FROM virtual_aliases' mailserver > ispmail.csv",
        file: "ispmail.csv",
        format: ImportFormat::Postfixadmin,
        advice: "An address with several destinations has several rows, which become one rule. The tables of the oldest guide have local-parts and numbers of domains. Convert the whole dump: mysqldump mailserver > mailserver.sql; readdress import postfixadmin mailserver.sql --output mailserver.rules.",
    },
    Product {
        name: "hMailServer",
        export: "mysql -B -e 'SELECT aliasname,aliasvalue,aliasactive FROM hm_aliases' hmailserver > hmailserver.csv",
        file: "hmailserver.csv",
        format: ImportFormat::Postfixadmin,
        advice: "For MS SQL, make a script of the tables with their data in Management Studio, and convert the script: readdress import postfixadmin hmailserver.sql --output hmailserver.rules. It contains the domain aliases too. Distribution lists are not read; a warning counts their addresses.",
    },
    Product {
        name: "Spreadsheets, anything else",
        export: "two columns from,to under a header row",
        file: "company.csv",
        format: ImportFormat::Pairs,
        advice: "Both cells are written as in a native rule. Addresses may be written as Outlook pastes them (a@x; b@x, Name <a@x>). A warning reports addresses in other columns, except in a column comment or note. `readdress export csv` writes such a file.",
    },
];
